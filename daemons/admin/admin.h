/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State of the admin daemon and its life. HTTP threads serve files and look at who is asking; every call of the API is
 * worked on by one worker, which sends the questions to nodes too. So sessions, failures, the directory and the results
 * of health rounds are that worker's alone and need no lock; nothing blocks there: passwords are checked and the audit
 * is written by a pool.
 */
#ifndef FSV_ADMIN_ADMIN_H
#define FSV_ADMIN_ADMIN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "accounts.h"
#include "ask.h"
#include "audit.h"
#include "base/buf.h"
#include "base/loop.h"
#include "conf/conf.h"
#include "directory.h"
#include "session.h"
#include "shared.h"
#include "throttle.h"

struct fsv_http;
struct fsv_monitor;
struct fsv_pool;
struct fsv_registry;

struct fsv_admin {
	struct fsv_rpc *rpc;			/* one worker */
	struct fsv_http *http;
	struct fsv_monitor *monitor;
	struct fsv_pool *logins;		/* checks passwords */
	struct fsv_audit *audit;
	_Atomic(struct fsv_registry *) registry;	/* NULL when none is used, and while the daemon starts */
	_Atomic bool has_accounts;		/* somebody may log in from elsewhere */
	_Atomic bool draining;
	bool tls;				/* immutable from start on */
	_Atomic unsigned n_sessions, n_nodes;	/* for STATUS= and /metrics */

	/* Main thread only. */
	const struct fsv_conf *conf;		/* one reference */
	struct fsv_timer *sweep, *rounds;
	bool leaving;				/* the registry, before the port is closed */

	/* The worker only. */
	struct {
		const struct fsv_conf *conf;	/* one reference */
		struct fsv_accounts *accounts;	/* one reference */
		struct fsv_sessions *sessions;
		struct fsv_throttle *throttle;
		struct fsv_asker asker;
		struct fsv_components *components;	/* that the directory was made of; one reference or NULL */
		const struct fsv_conf *listed;		/* whose admin.nodes it has */
		struct fsv_directory *directory;	/* one reference; NULL = to be made */
		struct fsv_shared health, overview;
	} w;
};

/* Life [main thread] ------------------------------------------------------------------------------------ */

/* In place. Binds the port, serves. On failure call fsv_admin_stop. */
int fsv_admin_start(struct fsv_admin *admin, const struct fsv_conf *conf, struct fsv_loop *loop,
		    struct fsv_err *err) FSV_MUST_CHECK;
int fsv_admin_reload(struct fsv_admin *admin, const struct fsv_conf *conf, struct fsv_err *err) FSV_MUST_CHECK;
void fsv_admin_drain(struct fsv_admin *admin);
unsigned fsv_admin_busy(struct fsv_admin *admin);
/* Returns the number of requests that were cut off. Accepts what start left half done. */
unsigned fsv_admin_stop(struct fsv_admin *admin, int64_t deadline_ns);
void fsv_admin_status(struct fsv_admin *admin, struct fsv_buf *out);

/* The newest directory, borrowed until the worker goes on. [the worker] */
struct fsv_directory *fsv_admin_directory(struct fsv_admin *admin);

#endif
