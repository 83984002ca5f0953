/* SPDX-License-Identifier: Apache-2.0 */
#include "plan-fuse.h"

#include "binning.h"
#include "one-hot.h"
#include "weights.h"

/* Compiling ------------------------------------------------------------------------------------------- */

/* Bins times categories of a column: beyond, it is not worth the time at load. */
enum { PAIRS_MAX = 16384 };

/* Two operators and the sum behind them. */
struct chain {
	const struct fsv_frame *in;	/* of binning */
	const struct fsv_binning *binning;
	const struct fsv_one_hot *one_hot;
	struct fsv_weights *weights;
	uint32_t *term_of;		/* by slot: term + 1 */
	uint32_t *encoded_by;		/* by item of binning: item of one-hot + 1 */
	bool *by_table;			/* by item of one-hot */
	uint32_t n_table, n_columns;
};

/* Who makes a frame, when nobody else reads it; selections only leave columns out. */
static const struct fsv_op *only_maker(const struct fsv_frame **frame)
{
	const struct fsv_frame *f = *frame;

	while (f && f->n_readers == 1 && f->maker && f->maker->kind == &fsv_op_selection)
		f = f->from;
	*frame = f;
	return f && f->n_readers == 1 ? f->maker : NULL;
}

static bool find_chain(const struct fsv_frame *frame, struct fsv_weights *w, struct chain *ret_chain)
{
	const struct fsv_op *op = only_maker(&frame);

	if (!op || op->kind != &fsv_op_one_hot)
		return false;
	ret_chain->one_hot = (const struct fsv_one_hot *)op;
	frame = frame->from;
	op = only_maker(&frame);
	if (!op || op->kind != &fsv_op_binning)
		return false;
	ret_chain->binning = (const struct fsv_binning *)op;
	ret_chain->in = frame->from;
	ret_chain->weights = w;
	return true;
}

/* Do the terms come in the planned order when no column is absent? */
static bool order_is_planned(const struct fsv_frame *frame)
{
	for (; frame && !frame->settled; frame = frame->from)
		if (frame->open || (frame->kind != FSV_ORDER_HASHED && frame->kind != FSV_ORDER_SAME))
			return false;
	return true;
}

static uint32_t n_bins(const struct fsv_binning_item *item)
{
	return item->n_points > 0 ? item->n_points + item->has_missing : 1;
}

/* The term that a bin picks; false when that is not all that it does. */
static bool picks(const struct fsv_compile *c, const struct chain *h, uint32_t binned, uint32_t encoded, uint32_t bin,
		  uint16_t *ret_term)
{
	double value = fsv_binning_value(h->binning, &h->binning->items[binned], bin);
	const struct fsv_one_hot_item *item = &h->one_hot->items[encoded];
	unsigned n = 0;

	*ret_term = FSV_FUSED_NONE;
	for (uint32_t i = item->first; i < item->first + item->n; i++) {
		const struct fsv_cell *category = &c->plan->constants[h->one_hot->categories[i]];
		uint32_t term = h->term_of[h->one_hot->to + i];

		if (term > 0 && !isfinite(h->weights->terms[term - 1].weight))
			return false;
		if (term == 0 || !category->numeric || category->number != value)
			continue;
		*ret_term = (uint16_t)(term - 1);
		n++;
	}
	return n <= 1;
}

static bool fits(const struct fsv_compile *c, const struct chain *h, uint32_t binned, uint32_t encoded)
{
	uint32_t n = n_bins(&h->binning->items[binned]);
	uint16_t term;

	if ((uint64_t)n * h->one_hot->items[encoded].n > PAIRS_MAX)
		return false;
	for (uint32_t bin = 0; bin < n; bin++)
		if (!picks(c, h, binned, encoded, bin, &term))
			return false;
	return true;
}

static void find_columns(struct fsv_compile *c, struct chain *h)
{
	uint32_t *item_of = FSV_ARENA_NEW_N(&c->scratch, uint32_t, c->plan->n_slots);
	const struct fsv_weights *w = h->weights;

	h->term_of = FSV_ARENA_NEW_N(&c->scratch, uint32_t, c->plan->n_slots);
	h->encoded_by = FSV_ARENA_NEW_N(&c->scratch, uint32_t, h->binning->n);
	h->by_table = FSV_ARENA_NEW_N(&c->scratch, bool, h->one_hot->n);
	for (uint32_t i = 0; i < w->n; i++)
		h->term_of[w->terms[i].slot] = i + 1;
	for (uint32_t i = 0; i < h->binning->n; i++)
		if (h->term_of[h->binning->items[i].to] == 0)
			item_of[h->binning->items[i].to] = i + 1;
	for (uint32_t i = 0; i < h->one_hot->n; i++) {
		uint32_t binned = item_of[h->one_hot->items[i].from];

		if (binned == 0 || !fits(c, h, binned - 1, i))
			continue;
		h->encoded_by[binned - 1] = i + 1;
		h->by_table[i] = true;
		h->n_table += n_bins(&h->binning->items[binned - 1]);
		h->n_columns++;
	}
}

static void make_table(struct fsv_compile *c, const struct chain *h, struct fsv_fused *f)
{
	uint32_t at = 0;

	f->first = FSV_ARENA_NEW_N(fsv_compile_arena(c), uint32_t, h->binning->n);
	f->table = FSV_ARENA_NEW_N(fsv_compile_arena(c), uint16_t, h->n_table);
	for (uint32_t i = 0; i < h->binning->n; i++) {
		f->first[i] = h->encoded_by[i] > 0 ? at : FSV_FUSED_PLAIN;
		for (uint32_t bin = 0; h->encoded_by[i] > 0 && bin < n_bins(&h->binning->items[i]); bin++)
			(void)picks(c, h, i, h->encoded_by[i] - 1, bin, &f->table[at++]); /* fits said so */
	}
}

static void make_always(struct fsv_compile *c, const struct chain *h, struct fsv_fused *f)
{
	uint32_t n_plain = 0;

	f->always = FSV_ARENA_NEW_N(fsv_compile_arena(c), uint64_t, f->n_words);
	f->plain = FSV_ARENA_NEW_N(fsv_compile_arena(c), uint32_t, h->one_hot->n - h->n_columns);
	for (uint32_t i = 0; i < h->weights->n; i++)
		f->always[i / 64] |= UINT64_C(1) << i % 64;
	for (uint32_t i = 0; i < h->one_hot->n; i++) {
		const struct fsv_one_hot_item *item = &h->one_hot->items[i];

		if (!h->by_table[i])
			f->plain[n_plain++] = i;
		for (uint32_t k = item->first; h->by_table[i] && k < item->first + item->n; k++) {
			uint32_t term = h->term_of[h->one_hot->to + k];

			if (term > 0)
				f->always[(term - 1) / 64] &= ~(UINT64_C(1) << (term - 1) % 64);
		}
	}
	f->n_plain = n_plain;
}

/* Columns that have to be there so that all those behind are. */
static void make_there(struct fsv_compile *c, const struct chain *h, struct fsv_fused *f)
{
	f->order = fsv_compile_order(c, h->in);
	for (uint32_t i = 0; i < h->in->n; i++)
		f->n_there += h->in->entries[i].maybe;
	f->there = FSV_ARENA_NEW_N(fsv_compile_arena(c), uint32_t, f->n_there);
	f->n_there = 0;
	for (uint32_t i = 0; i < h->in->n; i++)
		if (h->in->entries[i].maybe)
			f->there[f->n_there++] = h->in->entries[i].slot;
}

static bool fuse(struct fsv_compile *c, struct fsv_op *op, const struct fsv_frame *in)
{
	struct fsv_weights *w = op->kind->sum ? op->kind->sum(op) : NULL;
	struct chain h = { 0 };
	struct fsv_fused *f;

	if (!w || w->open || w->chunk < UINT32_MAX || w->n > FSV_FUSED_WORDS * 64 || !find_chain(in, w, &h) ||
	    (w->order && !order_is_planned(in)))
		return false;
	find_columns(c, &h);
	if (h.n_columns == 0)
		return false;
	f = FSV_ARENA_NEW(fsv_compile_arena(c), struct fsv_fused);
	f->binning = &h.binning->op;
	f->one_hot = &h.one_hot->op;
	f->n_words = (w->n + 63) / 64;
	f->n_columns = h.n_columns;
	make_table(c, &h, f);
	make_always(c, &h, f);
	if (w->order)
		make_there(c, &h, f);
	w->fused = f;
	return true;
}

static void take_out(struct fsv_plan *plan, const struct fsv_op *op)
{
	unsigned n = 0;

	for (unsigned i = 0; i < plan->n_ops; i++)
		if (plan->ops[i] != op)
			plan->ops[n++] = plan->ops[i];
	plan->n_ops = n;
	plan->n_fused++;
}

void fsv_compile_fuse(struct fsv_compile *c)
{
	struct fsv_plan *plan = c->plan;
	unsigned n = plan->n_ops;
	struct fsv_op **ops = FSV_ARENA_NEW_N(&c->scratch, struct fsv_op *, n);

	if (c->opt->no_fusing)
		return;
	memcpy(ops, plan->ops, n * sizeof(*ops));
	for (unsigned i = 0; i < n; i++) {
		const struct fsv_fused *f;

		if (!fuse(c, ops[i], c->inputs[i]))
			continue;
		f = ops[i]->kind->sum(ops[i])->fused;
		take_out(plan, f->binning);
		take_out(plan, f->one_hot);
	}
}

/* A row ------------------------------------------------------------------------------------------------ */

static bool pick_by_table(const struct fsv_fused *f, struct fsv_row *row, uint64_t *picked)
{
	const struct fsv_binning *b = (const struct fsv_binning *)f->binning;

	for (uint32_t i = 0; i < b->n; i++) {
		const struct fsv_binning_item *item = &b->items[i];
		const struct fsv_cell *from = &row->cells[item->from];
		uint32_t bin, term;
		double x;

		if (from->kind == FSV_CELL_ABSENT || !fsv_cell_number(from, &x))
			return false;
		bin = fsv_binning_bin(b, item, x);
		if (f->first[i] == FSV_FUSED_PLAIN) {
			fsv_binning_put(b, item, bin, &row->cells[item->to]);
			continue;
		}
		term = f->table[f->first[i] + bin];
		if (term != FSV_FUSED_NONE)
			picked[term / 64] |= UINT64_C(1) << term % 64;
	}
	return true;
}

static bool all_there(const struct fsv_plan *plan, const struct fsv_fused *f, const struct fsv_row *row)
{
	for (uint32_t i = 0; i < f->n_there; i++)
		if (row->cells[f->there[i]].kind == FSV_CELL_ABSENT)
			return false;
	return !f->order || fsv_row_sequence(plan, f->order, row).planned;
}

bool fsv_fused_pick(const struct fsv_plan *plan, const struct fsv_fused *f, struct fsv_row *row, uint64_t *picked)
{
	const struct fsv_one_hot *o = (const struct fsv_one_hot *)f->one_hot;

	memcpy(picked, f->always, f->n_words * sizeof(*picked));
	if (!all_there(plan, f, row) || !pick_by_table(f, row, picked)) {
		(void)f->binning->kind->run(plan, f->binning, row, NULL);	/* neither has errors */
		(void)o->op.kind->run(plan, &o->op, row, NULL);
		return false;
	}
	for (uint32_t i = 0; i < f->n_plain; i++)
		fsv_one_hot_encode(plan, o, &o->items[f->plain[i]], row);
	return true;
}

void fsv_fused_explain(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_buf *out)
{
	for (unsigned i = 0; plan->n_fused > 0 && i < plan->n_ops; i++) {
		struct fsv_op *at = plan->ops[i];
		const struct fsv_weights *w = at->kind->sum ? at->kind->sum(at) : NULL;

		if (!w || !w->fused)
			continue;
		if (op == w->fused->binning || op == w->fused->one_hot)
			fsv_buf_printf(out, ", fused into %.*s", FSV_STR_ARG(at->component));
		else if (op == at)
			fsv_buf_printf(out, ", fused: binning and one-hot of %u columns are a look-up in a table",
				       w->fused->n_columns);
	}
}
