/* SPDX-License-Identifier: Apache-2.0 */
/* What checkHealthService tells of a proxy: route table, registry, endpoints, memory, certificates. */
#ifndef FSV_PROXY_HEALTH_H
#define FSV_PROXY_HEALTH_H

#include "proxy.h"

/* Appends the report. [any thread that may block, for health.check.timeout at most] */
void fsv_proxy_health(struct fsv_proxy *proxy, const struct fsv_proxy_view *view, struct fsv_arena *arena, struct fsv_buf *out);

#endif
