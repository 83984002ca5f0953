/* SPDX-License-Identifier: Apache-2.0 */
#include "weights.h"

#include "plan-fuse.h"

/* Weights by column; NaN cannot mark "none", so a second array does. */
static int by_column(struct fsv_compile *c, const struct fsv_weight *weights, size_t n, double **ret_value,
		     bool **ret_known, struct fsv_err *err)
{
	uint32_t *columns = FSV_ARENA_NEW_N(&c->scratch, uint32_t, n);

	for (size_t i = 0; i < n; i++) {
		int r = fsv_compile_column(c, fsv_str(weights[i].name), &columns[i], err);

		if (r < 0)
			return r;
	}
	*ret_value = FSV_ARENA_NEW_N(&c->scratch, double, c->plan->n_columns);
	*ret_known = FSV_ARENA_NEW_N(&c->scratch, bool, c->plan->n_columns);
	for (size_t i = 0; i < n; i++) {
		(*ret_value)[columns[i]] = weights[i].value;
		(*ret_known)[columns[i]] = true;
	}
	return 0;
}

/* The set of columns that the reference's parallel sum walks: hashed once more. */
static const struct fsv_frame *parallel_frame(struct fsv_compile *c, const struct fsv_frame *in)
{
	struct fsv_frame *set = fsv_frame_new(c, FSV_ORDER_HASHED, in, in->open, in->n);

	for (uint32_t i = 0; i < in->n; i++)
		fsv_frame_put(set, in->entries[i].column, in->entries[i].slot, in->entries[i].maybe);
	fsv_frame_finish(c, set);
	return set;
}

static void add_term(struct fsv_weights *w, double weight, uint32_t column, uint32_t slot)
{
	w->terms[w->n++] = (struct fsv_weight_term){ .weight = weight, .column = column, .slot = slot };
	if (w->term_of)
		w->term_of[column] = w->n;
}

static void make_terms(struct fsv_compile *c, const struct fsv_frame *in, const double *value, const bool *known,
		       struct fsv_weights *w)
{
	uint32_t n_columns = c->plan->n_columns;

	w->terms = FSV_ARENA_NEW_N(fsv_compile_arena(c), struct fsv_weight_term, w->n_weights);
	if (w->order) {
		w->n_term_of = n_columns;
		w->term_of = FSV_ARENA_NEW_N(fsv_compile_arena(c), uint32_t, n_columns);
	}
	for (uint32_t i = 0; !in->open && i < in->n; i++) {
		const struct fsv_frame_entry *e = &in->entries[i];

		if (e->column < n_columns && known[e->column] && e->slot != FSV_EMPTY_SLOT)
			add_term(w, value[e->column], e->column, e->slot);
	}
	for (uint32_t column = 0; in->open && column < n_columns; column++) {
		uint32_t slot = fsv_frame_slot(c->plan, in, column);

		if (known[column] && slot != FSV_NO_SLOT)
			add_term(w, value[column], column, slot);
	}
}

int fsv_weights_compile(struct fsv_compile *c, const struct fsv_frame *in, const struct fsv_weight *weights,
			size_t n, double intercept, bool parallel, struct fsv_weights *ret_weights,
			struct fsv_err *err)
{
	struct fsv_weights w = { .intercept = intercept, .chunk = UINT32_MAX };
	double *value;
	bool *known;
	int r;

	if (c->opt->lr_parallel && c->opt->lr_split == 0)
		return fsv_err_set(err, FSV_E_RANGE, "lr.split.size must be at least 1");
	r = by_column(c, weights, n, &value, &known, err);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < c->plan->n_columns; i++)
		w.n_weights += known[i];
	if (parallel && c->opt->lr_parallel && !c->opt->guest) {
		w.chunk = c->opt->lr_split;
		in = parallel_frame(c, in);
	}
	w.order = fsv_compile_order(c, in);
	w.open = in->open;
	make_terms(c, in, value, known, &w);
	*ret_weights = w;
	return 0;
}

/* A sum in chunks: each from 0.0 on, their sums added from 0.0 on. With one chunk it is one sum. */
struct sum {
	double whole, part;
	uint32_t n, chunk, hits;
};

static inline int add(const struct fsv_plan *plan, const struct fsv_op *op, const struct fsv_row *row,
		      const struct fsv_weight_term *term, struct sum *s, struct fsv_err *err)
{
	const struct fsv_cell *cell = &row->cells[term->slot];
	double x;

	if (cell->kind == FSV_CELL_ABSENT)
		return 0;
	if (!fsv_cell_number(cell, &x))
		return fsv_row_bad_value(plan, op, term->column, cell, err);
	s->part += term->weight * x;
	s->hits++;
	if (++s->n == s->chunk) {
		s->whole += s->part;
		s->part = 0;
		s->n = 0;
	}
	return 0;
}

/* Only these terms; those that are not always there count with their weight alone. */
static int sum_picked(const struct fsv_plan *plan, const struct fsv_op *op, const struct fsv_weights *w,
		      const struct fsv_row *row, const uint64_t *picked, double *ret_sum, struct fsv_err *err)
{
	struct sum s = { .chunk = w->chunk };
	int r;

	for (uint32_t word = 0; word < w->fused->n_words; word++) {
		for (uint64_t left = picked[word]; left; left &= left - 1) {
			const struct fsv_weight_term *term = &w->terms[word * 64 + (unsigned)__builtin_ctzll(left)];

			if (!(left & -left & w->fused->always[word]))
				s.part += term->weight;
			else if ((r = add(plan, op, row, term, &s, err)) < 0)
				return r;
		}
	}
	*ret_sum = s.whole + s.part;
	return 0;
}

int fsv_weights_sum(const struct fsv_plan *plan, const struct fsv_op *op, const struct fsv_weights *w,
		    struct fsv_row *row, double *ret_sum, uint32_t *ret_hits, struct fsv_err *err)
{
	struct fsv_sequence sequence = { .planned = true };
	struct sum s = { .chunk = w->chunk };
	uint64_t picked[FSV_FUSED_WORDS];
	int r;

	if (w->fused && fsv_fused_pick(plan, w->fused, row, picked))
		return sum_picked(plan, op, w, row, picked, ret_sum, err);
	if (w->order)
		sequence = fsv_row_sequence(plan, w->order, row);
	for (uint32_t i = 0; sequence.planned && i < w->n; i++)
		if ((r = add(plan, op, row, &w->terms[i], &s, err)) < 0)
			return r;
	for (uint32_t i = 0; !sequence.planned && i < sequence.n; i++) {
		uint32_t column = sequence.columns[i], term = column < w->n_term_of ? w->term_of[column] : 0;

		if (term > 0 && (r = add(plan, op, row, &w->terms[term - 1], &s, err)) < 0)
			return r;
	}
	*ret_sum = s.whole + s.part;
	if (ret_hits)
		*ret_hits = s.hits;
	return 0;
}

void fsv_weights_explain(const struct fsv_weights *w, struct fsv_buf *out)
{
	fsv_buf_printf(out, "weights: %u", w->n);
	if (w->order)
		fsv_buf_puts(out, w->open ? ", summed in the order of the request" :
				  ", summed in an order that changes when columns are absent");
	if (w->chunk < UINT32_MAX)
		fsv_buf_printf(out, ", in chunks of %u", w->chunk);
}

int fsv_weights_refuse_encrypted(size_t n_encrypted, const void *cipher, const char *reveal_strategy,
				 struct fsv_err *err)
{
	if (n_encrypted > 0)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "encrypted weights are not supported");
	if (cipher || strcmp(reveal_strategy, "encrypted_reveal_in_host") == 0)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "encrypted weights are not supported, and the host of this "
				   "model has such (reveal_strategy encrypted_reveal_in_host)");
	return 0;
}
