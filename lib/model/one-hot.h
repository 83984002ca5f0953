/* SPDX-License-Identifier: Apache-2.0 */
/* What one-hot encoding knows of its columns, for the operators that are fused with it (plan-fuse.c). */
#ifndef FSV_MODEL_ONE_HOT_H
#define FSV_MODEL_ONE_HOT_H

#include "plan-private.h"

/* Open input only: the column that a category makes, as the request may bring it too. */
struct fsv_one_hot_own {
	uint32_t column;
	uint32_t slot;			/* or FSV_NO_SLOT */
};

struct fsv_one_hot_item {
	uint32_t column, from;
	uint32_t first, n;		/* categories */
};

struct fsv_one_hot {
	struct fsv_op op;
	struct fsv_one_hot_item *items;
	uint32_t n;
	uint32_t *categories;		/* numbers of constants */
	uint32_t n_categories;
	uint32_t to;			/* slot of the first one; the others follow */
	struct fsv_one_hot_own *own;	/* by category, or NULL */
	const struct fsv_order *order;	/* of an open input */
};

/* One column of a row. */
void fsv_one_hot_encode(const struct fsv_plan *plan, const struct fsv_one_hot *o, const struct fsv_one_hot_item *item,
			struct fsv_row *row);

#endif
