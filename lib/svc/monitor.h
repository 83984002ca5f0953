/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /metrics, for Prometheus: on the daemon's HTTP port, or on a port of its own when metrics.port is set. Only
 * this machine may read it, and whom metrics.allow names.
 */
#ifndef FSV_SVC_MONITOR_H
#define FSV_SVC_MONITOR_H

#include <stdbool.h>

#include "base/err.h"
#include "conf/conf.h"
#include "net/http.h"

struct fsv_monitor;

/* Keys for a daemon's table; first is the index of the first of them. */
#define FSV_MONITOR_KEYS \
	{ "metrics.port", FSV_CONF_PORT, FSV_CONF_RESTART, NULL, "0", 0, 0, NULL, \
	  "HTTP port for /metrics alone; 0 = /metrics is on server.port.", "Monitoring" }, \
	{ "metrics.address", FSV_CONF_STRING, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL, \
	  "Address that port is bound to; unset = every interface.", NULL }, \
	{ "metrics.allow", FSV_CONF_STRING, FSV_CONF_LIST, NULL, NULL, 0, 0, NULL, \
	  "Who may read /metrics besides this machine: addresses (10.1.2.3), networks (10.1.0.0/16, fd00::/8) or any.", \
	  NULL }

enum fsv_monitor_key { FSV_MK_PORT, FSV_MK_ADDRESS, FSV_MK_ALLOW, FSV_MONITOR_N_KEYS };

/* For a schema's check: entries of metrics.allow that are no addresses. */
int fsv_monitor_check(const struct fsv_conf *conf, unsigned first, struct fsv_err *err) FSV_MUST_CHECK;

/* Listens when metrics.port is set. [main thread] */
int fsv_monitor_start(const struct fsv_conf *conf, unsigned first, struct fsv_monitor **ret_monitor,
		      struct fsv_err *err) FSV_MUST_CHECK;
/* Takes metrics.allow over. [main thread] */
void fsv_monitor_reload(struct fsv_monitor *monitor, const struct fsv_conf *conf, unsigned first);
/* After the daemon's own HTTP server has stopped. NULL is fine. Returns NULL. [main thread] */
struct fsv_monitor *fsv_monitor_stop(struct fsv_monitor *monitor);

/* The page on the daemon's own port: answers req when its path is /metrics and the page is served there. false:
 * not answered, it is for somebody else. monitor may be NULL. [an HTTP thread] */
bool fsv_monitor_http(struct fsv_monitor *monitor, struct fsv_http_req *req);

/* How many answer right now there; they are no work of the daemon. [any thread] */
unsigned fsv_monitor_asking(void);

/* Whether peer, an address as text, is this machine or within an entry of list; for tests. */
bool fsv_monitor_allows(const char *const *list, struct fsv_str peer);

#endif
