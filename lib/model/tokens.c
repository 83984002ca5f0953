/* SPDX-License-Identifier: Apache-2.0 */
#include "tokens.h"

#include <math.h>

#include "codec/number.h"
#include "plan-private.h"

/* Integers beyond are not told apart by a double. */
static const double exact_integers = 0x1p53;

static uint64_t length_bit(size_t n)
{
	return (uint64_t)1 << (n < 63 ? n : 63);
}

/* Spelt like a number of JSON or Java, not just readable as one ("5d", " 5"). */
static bool number_of(struct fsv_str text, double *ret_number)
{
	if (fsv_str_caseeq(text, FSV_STR("infinity")) || fsv_str_caseeq(text, FSV_STR("-infinity"))) {
		/* What 1e400 becomes. */
		*ret_number = text.p[0] == '-' ? -INFINITY : INFINITY;
		return true;
	}
	for (size_t i = 0; i < text.n; i++)
		if (!strchr("0123456789+-.eE", text.p[i]) || text.p[i] == '\0')
			return false;
	return fsv_double_from_java(text, ret_number);
}

void fsv_tokens_init(struct fsv_tokens *tokens, char *const *texts, size_t n, struct fsv_arena *arena)
{
	*tokens = (struct fsv_tokens){
		.texts = FSV_ARENA_NEW_N(arena, struct fsv_str, n),
		.numbers = FSV_ARENA_NEW_N(arena, double, n),
		.n_texts = n,
	};
	for (size_t i = 0; i < n; i++) {
		tokens->texts[i] = fsv_arena_str(arena, fsv_str(texts[i]));
		tokens->lengths |= length_bit(tokens->texts[i].n);
		tokens->n_numbers += number_of(tokens->texts[i], &tokens->numbers[tokens->n_numbers]);
	}
}

static bool equals(struct fsv_str token, const struct fsv_cell *cell)
{
	bool same = true, lower = true;

	if (token.n != cell->n)
		return false;
	for (size_t i = 0; i < token.n && (same || lower); i++) {
		char c = cell->p[i];

		same = same && c == token.p[i];
		lower = lower && (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) == token.p[i];
	}
	return same || lower;
}

static bool match_text(const struct fsv_tokens *tokens, const struct fsv_cell *cell)
{
	if (!(tokens->lengths & length_bit(cell->n)))
		return false;
	for (size_t i = 0; i < tokens->n_texts; i++)
		if (equals(tokens->texts[i], cell))
			return true;
	return false;
}

static bool match_number(const struct fsv_tokens *tokens, double number)
{
	for (size_t i = 0; i < tokens->n_numbers; i++)
		if (tokens->numbers[i] == number)
			return true;
	return false;
}

bool fsv_tokens_match(const struct fsv_tokens *tokens, const struct fsv_cell *cell)
{
	switch (cell->kind) {
	case FSV_CELL_INT:
		if (fabs(cell->number) >= exact_integers)
			return match_text(tokens, cell);
		return match_number(tokens, cell->number);
	case FSV_CELL_DOUBLE:
		return match_number(tokens, cell->number);
	case FSV_CELL_TEXT:
	case FSV_CELL_BOOL:
		return match_text(tokens, cell);
	default:
		return false;
	}
}
