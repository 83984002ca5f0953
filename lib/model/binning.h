/* SPDX-License-Identifier: Apache-2.0 */
/* What binning knows of its columns, for the operators that are fused with it (plan-fuse.c). */
#ifndef FSV_MODEL_BINNING_H
#define FSV_MODEL_BINNING_H

#include <math.h>

#include "plan-private.h"

struct fsv_binning_item {
	uint32_t from, to;
	uint32_t points, n_points;	/* in points[] */
	uint32_t woe;			/* in woe[]: n_points of them, and one for a missing value */
	bool has_missing;		/* the last bin is that of missing values */
	bool ascending;			/* points ascend, none is NaN or -0.0 */
};

struct fsv_binning {
	struct fsv_op op;
	bool woe_wanted;
	struct fsv_binning_item *items;
	uint32_t n;
	double *points, *woe;
};

/* Java's Arrays.binarySearch: equal elements are those of the same bits, -0.0 is below 0.0, NaN above all. */
uint32_t fsv_binning_search(const double *points, uint32_t n, double x);

/* The same for ascending points and n > 0, without a branch that depends on x. */
static inline uint32_t fsv_binning_count(const double *points, uint32_t n, double x)
{
	uint32_t at = 0, last = n - 1;

	while (n > 1) {
		uint32_t half = n / 2;

		at += points[at + half - 1] < x ? half : 0;
		n -= half;
	}
	at += points[at] < x;
	return at < last ? at : last;
}

/* Into which bin a number falls: below n_points, or n_points where a missing value has a bin of its own. */
static inline uint32_t fsv_binning_bin(const struct fsv_binning *b, const struct fsv_binning_item *item, double x)
{
	const double *points = b->points + item->points;

	if (item->n_points == 0)
		return 0;
	if (isnan(x) && item->has_missing)
		return item->n_points;
	if (item->ascending && !isnan(x))
		return fsv_binning_count(points, item->n_points, x);
	return fsv_binning_search(points, item->n_points, x);
}

/* What a bin stands for. */
static inline double fsv_binning_value(const struct fsv_binning *b, const struct fsv_binning_item *item, uint32_t bin)
{
	return b->woe_wanted ? b->woe[item->woe + bin] : bin;
}

static inline void fsv_binning_put(const struct fsv_binning *b, const struct fsv_binning_item *item, uint32_t bin,
				   struct fsv_cell *to)
{
	to->number = fsv_binning_value(b, item, bin);
	to->numeric = true;
	to->kind = b->woe_wanted ? FSV_CELL_DOUBLE : FSV_CELL_INT;
}

#endif
