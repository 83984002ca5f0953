/* SPDX-License-Identifier: Apache-2.0 */
/* The whole cluster at a glance: how every node is, what it does, who talks to whom. */
#ifndef FSV_ADMIN_OVERVIEW_H
#define FSV_ADMIN_OVERVIEW_H

#include "shared.h"

extern const struct fsv_shared_kind fsv_overview_kind;

/* What a node's metrics of the last seconds come to, per second; for tests. */
struct fsv_rates {
	double passed, blocked, failed;
	double latency_ms;		/* 0 = not told */
};
void fsv_rates_read(struct fsv_str json, struct fsv_arena *arena, struct fsv_rates *ret_rates);

/* Adds the links of a route table (queryRouter's document) from a proxy; for tests and fuzzing. */
void fsv_route_links(const char *from, struct fsv_str json, struct fsv_arena *arena, struct fsv_jsonw *w);

#endif
