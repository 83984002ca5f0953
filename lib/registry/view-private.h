/* SPDX-License-Identifier: Apache-2.0 */
/* Making views and lists. [main thread] */
#ifndef FSV_REGISTRY_VIEW_PRIVATE_H
#define FSV_REGISTRY_VIEW_PRIVATE_H

#include "view.h"

/* Every address that some list names, so that lists share what is known of it. */
struct fsv_nodes {
	struct fsv_map by_target;	/* struct fsv_node, one reference each */
	size_t max_message;
};

void fsv_nodes_init(struct fsv_nodes *nodes, size_t max_message);
/* Forgets what no list names any more, or everything. */
void fsv_nodes_sweep(struct fsv_nodes *nodes, bool all);
struct fsv_node *fsv_node_new(struct fsv_str target, size_t max_message);

/* key: "project/environment/service"; urls: decoded texts, kept in their order. One reference. */
struct fsv_providers *fsv_providers_new(struct fsv_nodes *nodes, struct fsv_str key, const struct fsv_str *urls,
					unsigned n);
/* What is left of a list that has become empty. */
struct fsv_providers *fsv_providers_as_stale(const struct fsv_providers *providers);

/* Views whose last reader has gone; freed by fsv_retired_free. */
struct fsv_retired {
	_Atomic(struct fsv_view *) first;
};

/* With room for so many lists. */
struct fsv_view *fsv_view_new(struct fsv_retired *retired, size_t n_lists);
/* Before it is published. Takes a reference of its own. */
void fsv_view_add(struct fsv_view *view, struct fsv_providers *providers);
void fsv_retired_free(struct fsv_retired *retired);

#endif
