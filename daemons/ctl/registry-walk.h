/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the registry's whole tree, once. */
#ifndef FSV_CTL_REGISTRY_WALK_H
#define FSV_CTL_REGISTRY_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct fsv_tree_node {
	struct fsv_str path;		/* as it is stored */
	struct fsv_str data;
	bool ephemeral;
};

struct fsv_tree {
	struct fsv_arena *arena;
	struct fsv_tree_node *nodes;	/* in order of their paths */
	size_t n, cap;
};

struct fsv_tree_opt {
	const char *hosts, *user, *password;	/* user NULL: as anybody */
	int64_t timeout_ms;			/* for all of it */
};

/* Everything below /FATE-SERVICES and /FATE-COMPONENTS. Errors say what to do next. [blocks] */
int fsv_tree_read(const struct fsv_tree_opt *opt, struct fsv_arena *arena, struct fsv_tree *ret_tree,
		  struct fsv_err *err) FSV_MUST_CHECK;

#endif
