/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is there: the tree below /FATE-COMPONENTS as an immutable, counted snapshot. It is watched, not polled; without
 * a connection the last one stays, and a node whose data cannot be used is there all the same.
 */
#ifndef FSV_REGISTRY_COMPONENTS_H
#define FSV_REGISTRY_COMPONENTS_H

#include "base/arena.h"
#include "base/ref.h"

struct fsv_registry;

struct fsv_component_node {
	const char *name;	/* "10.0.0.7:8000", as it was registered */
	int64_t timestamp;	/* of its registration, ms since 1970; 0 = not told */
};

struct fsv_component {
	const char *name;	/* "serving", "proxy", "admin" */
	struct fsv_component_node *nodes;	/* in ZooKeeper's order */
	unsigned n;
};

struct fsv_components {
	struct fsv_ref ref;
	struct fsv_arena arena;		/* everything in it */
	struct fsv_component *all;	/* in ZooKeeper's order */
	unsigned n;
};

/* The newest snapshot with a reference (fsv_ref_put(&components->ref)); NULL unless the registry was made with
 * opt.components. [any thread, no lock] */
struct fsv_components *fsv_registry_components(struct fsv_registry *registry);

#endif
