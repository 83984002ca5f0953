/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inference DSL: which components a model has, of which class, and who feeds whom. The reference
 * reads it through hash maps and walks it with a stack, so among several possible topological orders
 * there is one that decides which predictor's answer is returned and which of several inputs counts.
 * This is that order.
 */
#ifndef FSV_MODEL_DSL_H
#define FSV_MODEL_DSL_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
	FSV_DSL_ARGS = -1,		/* as an input: the request's features */
	FSV_DSL_MAX_COMPONENTS = 4096,
};

struct fsv_dsl_component {
	struct fsv_str name;
	struct fsv_str class_name;	/* last part of CodePath */
	int *inputs;			/* distinct, in the order in which the reference visits them */
	unsigned n_inputs;		/* 0: the request's features */
};

struct fsv_dsl {
	struct fsv_dsl_component *components;	/* in topological order; inputs are places in it */
	unsigned n;
};

/* Everything lives in the arena. FSV_E_MODEL_INIT for what is no DSL, for an unknown upstream, a
 * component without CodePath, a cycle. */
int fsv_dsl_parse(struct fsv_str json, struct fsv_arena *arena, struct fsv_dsl *ret_dsl,
		  struct fsv_err *err) FSV_MUST_CHECK;

#endif
