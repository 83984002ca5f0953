/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binning, one-hot and a sum of weights in one step. A number falls into a bin, the bin is one category,
 * the category has one weight: so the bin picks the weight, and the columns in between need not be made.
 *
 * The sum stays the same to the last bit. Its terms keep their order; what is left out is a finite weight
 * times 0.0, and adding 0.0 or -0.0 changes no sum that began with 0.0; what is picked is a weight times
 * 1.0. Rows that lack a column, or where a binned one is no number, are none of this: their order may be
 * another, so the operators run one by one, and errors are theirs.
 */
#ifndef FSV_MODEL_PLAN_FUSE_H
#define FSV_MODEL_PLAN_FUSE_H

#include "plan-private.h"

struct fsv_weights;

enum {
	FSV_FUSED_WORDS = 512,			/* of 64 terms: a longer sum is not fused */
	FSV_FUSED_NONE = UINT16_MAX,		/* a bin without weight */
	FSV_FUSED_PLAIN = UINT32_MAX,		/* a binned column that is not encoded */
};

struct fsv_fused {
	const struct fsv_op *binning, *one_hot;	/* as they would run by themselves */
	const struct fsv_order *order;		/* in front of binning, or NULL */
	uint32_t *there, n_there;		/* slots that must not be absent */
	uint32_t *first;			/* by item of binning: where in table[] its bins begin, or PLAIN */
	uint16_t *table;			/* terms of the sum, or NONE */
	uint32_t *plain, n_plain;		/* one-hot's items whose columns are not binned before */
	uint64_t *always;			/* bits of terms that are not picked */
	uint32_t n_words, n_columns;
};

/* After the last component, before fsv_compile_index: takes what it can out of plan->ops. */
void fsv_compile_fuse(struct fsv_compile *c);

/* Sets the bits of the terms that count in this row: those of always, whose columns are in their cells then, and
 * the picked ones. False: the operators have run, all columns are in their cells. */
bool fsv_fused_pick(const struct fsv_plan *plan, const struct fsv_fused *f, struct fsv_row *row, uint64_t *picked);

/* ", fused into hetero_lr_0", ", 30 columns by table" or nothing, for people. */
void fsv_fused_explain(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_buf *out);

#endif
