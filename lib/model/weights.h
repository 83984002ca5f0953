/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weight times value, summed over the columns of a row in the order of the map which the reference
 * would iterate: that order belongs to the score, to the last bit. What all linear models have in common.
 */
#ifndef FSV_MODEL_WEIGHTS_H
#define FSV_MODEL_WEIGHTS_H

#include "plan-private.h"

struct fsv_weight {
	const char *name;
	double value;
};

/* The entries of a protobuf map<string,double>, in a compile's scratch arena. Evaluates to them. */
#define FSV_WEIGHTS_FROM(c, map, n_map)									\
({													\
	struct fsv_weight *list_ = FSV_ARENA_NEW_N(&(c)->scratch, struct fsv_weight, (n_map));		\
													\
	for (size_t i_ = 0; i_ < (n_map); i_++)								\
		list_[i_] = (struct fsv_weight){ (map)[i_]->key, (map)[i_]->value };			\
	list_;												\
})

struct fsv_weight_term {
	double weight;
	uint32_t column, slot;
};

struct fsv_weights {
	double intercept;
	uint32_t n_weights;		/* that the model has */
	struct fsv_weight_term *terms;	/* those that may meet a column, in the planned order */
	uint32_t n;
	bool open;			/* the order is the request's, else it only may change with what a row lacks */
	uint32_t chunk;			/* length of the chunks of the reference's fork-join sum */
	const struct fsv_order *order;	/* NULL: always the planned one */
	uint32_t *term_of;		/* with an order: by column, the term + 1 */
	uint32_t n_term_of;
	const struct fsv_fused *fused;	/* what makes some of its columns, or NULL: then they are in their cells */
};

/* Against the frame of the component's input; of equal names the last counts. With parallel the sum is
 * the reference's chunked one, if the plan's options say so. FSV_E_MODEL_INIT, FSV_E_RANGE when
 * lr.split.size is 0. */
int fsv_weights_compile(struct fsv_compile *c, const struct fsv_frame *in, const struct fsv_weight *weights,
			size_t n, double intercept, bool parallel, struct fsv_weights *ret_weights,
			struct fsv_err *err) FSV_MUST_CHECK;

/* The row's sum without the intercept. FSV_E_SYSTEM when a value is no number. *ret_hits, unless NULL, gets the
 * number of columns that have a weight. */
int fsv_weights_sum(const struct fsv_plan *plan, const struct fsv_op *op, const struct fsv_weights *w,
		    struct fsv_row *row, double *ret_sum, uint32_t *ret_hits, struct fsv_err *err) FSV_MUST_CHECK;

/* "weights: 12, summed in the order of the request": for people. */
void fsv_weights_explain(const struct fsv_weights *w, struct fsv_buf *out);

/* Encrypted weights, or the key for them: not served. FSV_E_MODEL_INIT. */
int fsv_weights_refuse_encrypted(size_t n_encrypted, const void *cipher, const char *reveal_strategy,
				 struct fsv_err *err) FSV_MUST_CHECK;

#endif
