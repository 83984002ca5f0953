/* SPDX-License-Identifier: Apache-2.0 */
/* The report of checkHealthService: records that consoles sort by their state. */
#ifndef FSV_SVC_HEALTH_H
#define FSV_SVC_HEALTH_H

#include "codec/json.h"
#include "conf/conf.h"

/* For a daemon's table. */
#define FSV_HEALTH_TIMEOUT_KEY \
	{ "health.check.timeout", FSV_CONF_DURATION, 0, "ms", "3s", 100, 60000, NULL, \
	  "How long a health report may wait for others; who has not accepted a connection by then counts as unreachable. " \
	  "A stop waits for a report no longer than drain.timeout.", NULL }

struct fsv_health {
	struct fsv_jsonw w;
};

/* {"records":[ … ]}: begin, any number of records, end. */
void fsv_health_begin(struct fsv_health *health, struct fsv_buf *out);
/* state: "ok", "warn" or "error". */
void fsv_health_record(struct fsv_health *health, const char *item, const char *state, const char *message);
/* The memory of this machine; none when it cannot be told. */
void fsv_health_memory(struct fsv_health *health);
void fsv_health_end(struct fsv_health *health);

#endif
