/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decision trees as one array of nodes of 16 bytes, each tree in the order in which it is walked, the two
 * children of a node side by side. A step is a comparison and an addition, without a branch; several trees
 * are walked at a time, so that the memory answers for one while another waits.
 *
 * Inputs. What splits compare is a row of doubles. Input 0 is -Infinity: leaves read it, so that a walk
 * that has arrived stays where it is, and all walks may take as many steps as the deepest tree has levels.
 * Then come the features of the own party, then one input for each split of another party, which is 0
 * for left and 1 for right.
 *
 * What is not a number is a NaN that says why. While a row has none, nothing is asked at any node; else
 * each tree is walked on its own and the reason looked at where it matters.
 */
#ifndef FSV_MODEL_FOREST_H
#define FSV_MODEL_FOREST_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A leaf compares with input 0, its child is itself and its limit is its value. */
struct fsv_forest_node {
	double limit;		/* up to it goes left */
	uint32_t input;
	uint32_t left;		/* the right one stands behind it */
};

struct fsv_forest {
	struct fsv_forest_node *nodes;
	bool *missing_right;	/* by node: where the missing go */
	uint32_t n_nodes;
	uint32_t *roots;
	uint16_t *depths;	/* steps from the root to the farthest leaf */
	uint32_t n_trees;
	uint32_t n_features;	/* inputs 1 … n_features */
	uint32_t n_inputs;	/* all of them */
};

/* Why an input is no number. */
enum fsv_forest_nan {
	FSV_INPUT_NAN = 0,	/* it is: the feature's own value. Goes right */
	FSV_INPUT_MISSING,	/* goes where the node sends the missing */
	FSV_INPUT_NULL,		/* no value to compare: ends the walk */
	FSV_INPUT_TEXT,
	FSV_INPUT_UNKNOWN,	/* the other party did not say: ends the walk */
	FSV_INPUT_BROKEN,	/* it said something that is no direction */
};

static inline double fsv_forest_nan(enum fsv_forest_nan why)
{
	uint64_t bits = 0x7ff8000000000000u + (unsigned)why;
	double nan;

	memcpy(&nan, &bits, sizeof(nan));
	return nan;
}

static inline enum fsv_forest_nan fsv_forest_why(double nan)
{
	uint64_t bits;

	memcpy(&bits, &nan, sizeof(bits));
	return (enum fsv_forest_nan)(bits & 7);
}

static inline bool fsv_forest_is_leaf(const struct fsv_forest *forest, uint32_t node)
{
	return forest->nodes[node].input == 0;
}

/* Walks all trees; ret_leaves gets the node where each ends. Where an input ends the walk, returns its
 * number (ret_leaves is then of no use); else 0. plain: no input is NaN. [any thread] */
uint32_t fsv_forest_walk(const struct fsv_forest *forest, const double *inputs, bool plain, uint32_t *ret_leaves);

/* As far as the own features lead: a tree's walk stops at the first split of another party. Returns what
 * fsv_forest_walk returns; inputs behind the features are not looked at. */
uint32_t fsv_forest_walk_own(const struct fsv_forest *forest, const double *inputs);

#endif
