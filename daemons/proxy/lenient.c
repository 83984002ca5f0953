/* SPDX-License-Identifier: Apache-2.0 */
#include "lenient.h"

#include <string.h>

#include "base/buf.h"

enum { DEPTH_MAX = 256 };

/* From this byte of the strict text on, positions in the original are `in - out` further. */
struct fsv_lenient_shift {
	size_t out, in;
};

struct convert {
	struct fsv_str in;
	size_t at;
	struct fsv_buf out;
	struct fsv_arena *arena;
	struct fsv_lenient_shift *shifts;
	size_t n_shifts, cap_shifts;
	char stack[DEPTH_MAX];	/* open brackets */
	unsigned depth;
	bool name;		/* the next word is the name of a member */
};

static struct fsv_text_pos position(struct fsv_str text, size_t offset)
{
	struct fsv_text_pos pos = { 1, 1 };

	for (size_t i = 0; i < offset && i < text.n; i++) {
		if (text.p[i] == '\n') {
			pos.line++;
			pos.column = 1;
		} else {
			pos.column++;
		}
	}
	return pos;
}

struct fsv_text_pos fsv_lenient_pos(const struct fsv_lenient *lenient, size_t offset)
{
	size_t low = 0, high = lenient->n_shifts;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (lenient->shifts[mid].out <= offset)
			low = mid + 1;
		else
			high = mid;
	}
	if (low > 0)
		offset = offset - lenient->shifts[low - 1].out + lenient->shifts[low - 1].in;
	return position(lenient->original, offset);
}

static int fail(const struct convert *c, size_t at, int code, const char *why, struct fsv_err *err)
{
	struct fsv_text_pos pos = position(c->in, at);

	return fsv_err_set(err, code, "line %u column %u: %s", pos.line, pos.column, why);
}

/* Notes that the next byte written stands for the byte at `in`. */
static void mark(struct convert *c, size_t in)
{
	struct fsv_lenient_shift *last = c->n_shifts > 0 ? &c->shifts[c->n_shifts - 1] : NULL;
	size_t lag = last ? last->in - last->out : 0;

	if (in - c->out.n == lag)
		return;
	if (last && last->out == c->out.n) {
		last->in = in;
		return;
	}
	if (c->n_shifts == c->cap_shifts) {
		size_t cap = c->cap_shifts ? c->cap_shifts * 2 : 64;
		struct fsv_lenient_shift *more = FSV_ARENA_NEW_N(c->arena, struct fsv_lenient_shift, cap);

		if (c->n_shifts > 0)
			memcpy(more, c->shifts, c->n_shifts * sizeof(*more));
		c->shifts = more;
		c->cap_shifts = cap;
	}
	c->shifts[c->n_shifts++] = (struct fsv_lenient_shift){ c->out.n, in };
}

static bool blank(char ch)
{
	return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r' || ch == '\f';
}

static char peek(const struct convert *c, size_t ahead)
{
	return ahead < c->in.n - c->at ? c->in.p[c->at + ahead] : '\0';
}

static void skip_line(struct convert *c)
{
	c->at = fsv_str_find(c->in, '\n', c->at);
}

static int skip_block(struct convert *c, struct fsv_err *err)
{
	size_t from = c->at;

	for (c->at += 2; c->at < c->in.n; c->at++) {
		if (c->in.p[c->at] == '*' && peek(c, 1) == '/') {
			c->at += 2;
			return 0;
		}
	}
	return fail(c, from, FSV_E_SYNTAX, "a comment begins here and does not end", err);
}

/* 1 when something was skipped, 0 when a token begins here. */
static int skip_space(struct convert *c, struct fsv_err *err)
{
	char ch = peek(c, 0);

	if (blank(ch)) {
		c->at++;
		return 1;
	}
	if (ch == '#' || (ch == '/' && peek(c, 1) == '/')) {
		skip_line(c);
		return 1;
	}
	if (ch == '/' && peek(c, 1) == '*') {
		int r = skip_block(c, err);

		return r < 0 ? r : 1;
	}
	return 0;
}

/* One byte of a text, as strict JSON has it. */
static void put_char(struct convert *c, char ch)
{
	switch (ch) {
	case '"':
		fsv_buf_puts(&c->out, "\\\"");
		break;
	case '\\':
		fsv_buf_puts(&c->out, "\\\\");
		break;
	default:
		if ((unsigned char)ch < 0x20)
			fsv_buf_printf(&c->out, "\\u%04x", (unsigned)ch);
		else
			fsv_buf_putc(&c->out, ch);
	}
}

static void put_escape(struct convert *c)
{
	char ch = peek(c, 0);

	if (ch == '\'' || ch == '\n') {	/* known to the lenient form alone */
		put_char(c, ch);
	} else {
		fsv_buf_putc(&c->out, '\\');
		fsv_buf_putc(&c->out, ch);
	}
	c->at++;
}

static int convert_quoted(struct convert *c, struct fsv_err *err)
{
	size_t from = c->at;
	char quote = c->in.p[c->at++];

	mark(c, from);
	fsv_buf_putc(&c->out, '"');
	while (c->at < c->in.n) {
		char ch = c->in.p[c->at++];

		if (ch == quote) {
			fsv_buf_putc(&c->out, '"');
			return 0;
		}
		if (ch != '\\')
			put_char(c, ch);
		else if (c->at < c->in.n)
			put_escape(c);
	}
	return fail(c, from, FSV_E_SYNTAX, "a text begins here and does not end", err);
}

static bool digit(char ch)
{
	return ch >= '0' && ch <= '9';
}

static size_t digits(struct fsv_str s, size_t i)
{
	while (i < s.n && digit(s.p[i]))
		i++;
	return i;
}

/* RFC 8259's number, whole. */
static bool is_number(struct fsv_str s)
{
	size_t i = s.n > 0 && s.p[0] == '-' ? 1 : 0;
	size_t end = digits(s, i);

	if (end == i || (s.p[i] == '0' && end > i + 1))
		return false;
	i = end;
	if (i < s.n && s.p[i] == '.') {
		end = digits(s, i + 1);
		if (end == i + 1)
			return false;
		i = end;
	}
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		if (i < s.n && (s.p[i] == '+' || s.p[i] == '-'))
			i++;
		end = digits(s, i);
		if (end == i)
			return false;
		i = end;
	}
	return i == s.n;
}

/* true, false, null in the spelling of JSON, or NULL. */
static const char *keyword(struct fsv_str word)
{
	static const char *const words[] = { "true", "false", "null" };

	for (unsigned i = 0; i < 3; i++)
		if (fsv_str_caseeq(word, fsv_str(words[i])))
			return words[i];
	return NULL;
}

static int convert_word(struct convert *c, struct fsv_err *err)
{
	size_t from = c->at;
	struct fsv_str word;

	while (c->at < c->in.n && !blank(c->in.p[c->at]) && !memchr("{}[]:,;=#/\\", c->in.p[c->at], 11))
		c->at++;
	if (c->at == from)
		return fail(c, from, FSV_E_SYNTAX, "this character has no meaning here", err);
	word = fsv_str_sub(c->in, from, c->at);
	mark(c, from);
	if (!c->name && keyword(word)) {
		fsv_buf_puts(&c->out, keyword(word));
	} else if (!c->name && is_number(word)) {
		fsv_buf_add(&c->out, word);
	} else {
		fsv_buf_putc(&c->out, '"');
		for (size_t i = 0; i < word.n; i++)
			put_char(c, word.p[i]);
		fsv_buf_putc(&c->out, '"');
	}
	return 0;
}

static void put_sign(struct convert *c, char sign, size_t taken)
{
	mark(c, c->at);
	fsv_buf_putc(&c->out, sign);
	c->at += taken;
}

static int open_bracket(struct convert *c, char ch, struct fsv_err *err)
{
	if (c->depth == DEPTH_MAX)
		return fail(c, c->at, FSV_E_LIMIT, "nested too deeply", err);
	c->stack[c->depth++] = ch;
	c->name = ch == '{';
	put_sign(c, ch, 1);
	return 0;
}

static int convert_token(struct convert *c, struct fsv_err *err)
{
	char ch = c->in.p[c->at];

	switch (ch) {
	case '{':
	case '[':
		return open_bracket(c, ch, err);
	case '}':
	case ']':
		if (c->depth > 0)
			c->depth--;
		c->name = false;
		put_sign(c, ch, 1);
		return 0;
	case ',':
	case ';':
		c->name = c->depth > 0 && c->stack[c->depth - 1] == '{';
		put_sign(c, ',', 1);
		return 0;
	case ':':
	case '=':
		c->name = false;
		put_sign(c, ':', ch == '=' && peek(c, 1) == '>' ? 2 : 1);
		return 0;
	case '"':
	case '\'':
		return convert_quoted(c, err);
	default:
		return convert_word(c, err);
	}
}

/* Words that touch ("a"b) must not grow together into something valid. */
static bool needs_gap(const struct convert *c, char next)
{
	char last = c->out.n > 0 ? c->out.p[c->out.n - 1] : ',';

	return !memchr("{}[]:,", last, 6) && !memchr("{}[]:,;=", next, 8);
}

int fsv_lenient(struct fsv_str text, struct fsv_arena *arena, struct fsv_lenient *ret_lenient,
		struct fsv_err *err)
{
	struct convert c = { .in = text, .arena = arena };
	int r;

	fsv_buf_init(&c.out, arena, 0);
	if (fsv_str_starts(text, FSV_STR("\xef\xbb\xbf")))
		c.at = 3;
	while (c.at < text.n) {
		r = skip_space(&c, err);
		if (r == 0) {
			if (needs_gap(&c, text.p[c.at]))
				fsv_buf_putc(&c.out, ' ');
			r = convert_token(&c, err);
		}
		if (r < 0)
			return r;
	}
	mark(&c, text.n);
	*ret_lenient = (struct fsv_lenient){ text, fsv_buf_str(&c.out), c.shifts, c.n_shifts };
	return 0;
}
