/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every daemon has in common: options, configuration, log, signals, readiness, watchdog, reload,
 * drain. A daemon is a struct fsv_svc_desc and fsv_svc_run from main.
 *
 *   start   options → config → log → init → READY=1
 *   SIGHUP  RELOADING=1 → load and check the new configuration → reload → READY=1; any fault keeps the old
 *   SIGTERM STOPPING=1 → drain → wait until drained or the deadline → done → exit 0; a second one: at once
 */
#ifndef FSV_SVC_SVC_H
#define FSV_SVC_SVC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/loop.h"
#include "conf/conf.h"

struct fsv_http;
struct fsv_rpc;
struct fsv_svc;

enum fsv_exit { FSV_EXIT_OK = 0, FSV_EXIT_FAILURE = 1, FSV_EXIT_USAGE = 2, FSV_EXIT_NOT_CONFIGURED = 6, FSV_EXIT_CONFIG = 78 };

struct fsv_svc_desc {
	const struct fsv_conf_schema *schema;
	const char *summary;		/* one line for --help */
	/* Keys every daemon's table has, by index. */
	unsigned key_log_level, key_log_target, key_drain_timeout, key_stall_limit;
	void *user;			/* the daemon's state */

	/* Everything up to serving. A failure is logged and ends the process with 1. */
	int (*init)(struct fsv_svc *svc, struct fsv_err *err);
	/* The new configuration is checked and now current; take over what can change. A failure puts the
	 * old one back. May be NULL. */
	int (*reload)(struct fsv_svc *svc, const struct fsv_conf *was, struct fsv_err *err);
	/* Stop accepting; must not block. */
	void (*drain)(struct fsv_svc *svc);
	/* Work in progress; the process waits for 0. */
	unsigned (*busy)(struct fsv_svc *svc);
	/* Stop and free everything, cutting off what is left after deadline_ns (monotonic); returns how many requests
	 * that were. Runs after a failed init too, on whatever init had made. */
	unsigned (*done)(struct fsv_svc *svc, int64_t deadline_ns);
	/* How long the slowest handler has been running, ns; 0 idle. The watchdog is fed only while this is
	 * below stall.limit. */
	int64_t (*stall_ns)(struct fsv_svc *svc);
	/* One line for STATUS=, at most every 5 s. */
	void (*status)(struct fsv_svc *svc, struct fsv_buf *out);
};

/* For the hook: of the handlers on both, either NULL. [any thread] */
int64_t fsv_svc_stall_ns(const struct fsv_rpc *rpc, const struct fsv_http *http);

/* Whole life of the process; returns the exit status. */
int fsv_svc_run(const struct fsv_svc_desc *desc, int argc, char **argv);

/* The listening socket that a socket unit holds on this port, the caller's from now on; 0 when there is none. A port
 * has one socket. [main thread] */
int fsv_svc_socket(uint16_t port);
struct fsv_loop *fsv_svc_loop(struct fsv_svc *svc);
void *fsv_svc_user(struct fsv_svc *svc);
/* Current configuration, borrowed until the next reload. [main thread] */
const struct fsv_conf *fsv_svc_conf(struct fsv_svc *svc);
const char *fsv_svc_conf_path(struct fsv_svc *svc);
/* During long starts: EXTEND_TIMEOUT_USEC and STATUS=. [main thread] */
void fsv_svc_progress(struct fsv_svc *svc, const char *fmt, ...) FSV_PRINTF(2, 3);
/* Common keys for a daemon's table, in the order of the key_ members above. */
#define FSV_SVC_KEYS \
	{ "log.level", FSV_CONF_ENUM, 0, NULL, "info", 0, 0, "err|warning|notice|info|debug", \
	  "Most detailed kind of line that is logged.", "Log and life cycle" }, \
	{ "log.target", FSV_CONF_ENUM, FSV_CONF_RESTART, NULL, "auto", 0, 0, "auto|journal|stderr", \
	  "Where lines go. auto: the journal when the service manager connected stderr to it, else stderr.", NULL }, \
	{ "drain.timeout", FSV_CONF_DURATION, 0, "ms", "30s", 0, 3600000, NULL, \
	  "How long a stop waits for accepted requests before it cuts them off.", NULL }, \
	{ "stall.limit", FSV_CONF_DURATION, 0, "ms", "10s", 100, 3600000, NULL, \
	  "A request handler that runs longer than this stops the watchdog from being fed.", NULL }

#endif
