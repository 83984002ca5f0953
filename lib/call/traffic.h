/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many requests each resource (interface or model) has let in, blocked, finished and failed in each of the last
 * seconds: what queryMetrics shows. Counting takes no lock, and no memory but for the first time that a resource is
 * seen; resources beyond a bound are not counted.
 */
#ifndef FSV_CALL_TRAFFIC_H
#define FSV_CALL_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum { FSV_TRAFFIC_SECONDS = 300, FSV_TRAFFIC_RESOURCES = 2048 };

enum fsv_traffic_what { FSV_PASSED, FSV_BLOCKED, FSV_SUCCEEDED, FSV_FAILED, FSV_TRAFFIC_KINDS };

struct fsv_traffic;

struct fsv_traffic *fsv_traffic_new(void);
struct fsv_traffic *fsv_traffic_free(struct fsv_traffic *traffic);

/* name: of an interface's resource ("I_singleInference"), or a model's key. [any thread] */
void fsv_traffic_count(struct fsv_traffic *traffic, bool model, struct fsv_str name, enum fsv_traffic_what what,
		       unsigned n, int64_t wall_ms);

struct fsv_traffic_query {
	bool model;
	struct fsv_str source;		/* "I_…" or "M_…"; blank = all interfaces */
	int64_t begin_ms, end_ms;
};
/* Appends the JSON array of queryMetrics, or nothing when there is no second to tell about. Seconds that are over
 * before now_ms count. [any thread] */
void fsv_traffic_show(struct fsv_traffic *traffic, const struct fsv_traffic_query *query, int64_t now_ms,
		      struct fsv_buf *out);

#endif
