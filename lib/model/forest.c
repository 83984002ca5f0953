/* SPDX-License-Identifier: Apache-2.0 */
#include "forest.h"

enum { TOGETHER = 8 };	/* trees walked at a time */

static inline uint32_t step(const struct fsv_forest_node *nodes, uint32_t at, const double *inputs)
{
	const struct fsv_forest_node *node = &nodes[at];

	return node->left + !(inputs[node->input] <= node->limit);
}

static void walk_together(const struct fsv_forest *forest, const double *inputs, uint32_t from, uint32_t *ret_leaves)
{
	const struct fsv_forest_node *nodes = forest->nodes;
	uint32_t at[TOGETHER];
	unsigned depth = 0;

	for (unsigned i = 0; i < TOGETHER; i++) {
		at[i] = forest->roots[from + i];
		depth = forest->depths[from + i] > depth ? forest->depths[from + i] : depth;
	}
	/* Unrolled, the places stay in registers. */
	for (unsigned d = 0; d < depth; d++)
#pragma GCC unroll 8
		for (unsigned i = 0; i < TOGETHER; i++)
			at[i] = step(nodes, at[i], inputs);
	memcpy(ret_leaves, at, sizeof(at));
}

/* One tree, asking at each node. Stops at leaves and at inputs from end on. */
static uint32_t walk_one(const struct fsv_forest *forest, const double *inputs, uint32_t root, uint32_t end,
			 uint32_t *ret_at)
{
	uint32_t at = root;

	for (;;) {
		const struct fsv_forest_node *node = &forest->nodes[at];
		double x;

		if (node->input == 0 || node->input >= end)
			break;
		x = inputs[node->input];
		if (!isnan(x)) {
			at = node->left + !(x <= node->limit);
			continue;
		}
		switch (fsv_forest_why(x)) {
		case FSV_INPUT_NAN:
			at = node->left + 1;
			break;
		case FSV_INPUT_MISSING:
			at = node->left + forest->missing_right[at];
			break;
		default:
			return node->input;
		}
	}
	*ret_at = at;
	return 0;
}

uint32_t fsv_forest_walk(const struct fsv_forest *forest, const double *inputs, bool plain, uint32_t *ret_leaves)
{
	uint32_t t = 0;

	for (; plain && forest->n_trees - t >= TOGETHER; t += TOGETHER)
		walk_together(forest, inputs, t, &ret_leaves[t]);
	for (; t < forest->n_trees; t++) {
		uint32_t fault = walk_one(forest, inputs, forest->roots[t], UINT32_MAX, &ret_leaves[t]);

		if (fault)
			return fault;
	}
	return 0;
}

uint32_t fsv_forest_walk_own(const struct fsv_forest *forest, const double *inputs)
{
	for (uint32_t t = 0; t < forest->n_trees; t++) {
		uint32_t at, fault;

		fault = walk_one(forest, inputs, forest->roots[t], forest->n_features + 1, &at);
		if (fault)
			return fault;
	}
	return 0;
}
