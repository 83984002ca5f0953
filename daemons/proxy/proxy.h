/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State of the proxy and its life: start, reload, drain, stop. What a request needs to know (settings and
 * route table) is one immutable view, taken once when the request begins and given back when it ends, so
 * that a reload never changes anything under a request that is under way.
 */
#ifndef FSV_PROXY_PROXY_H
#define FSV_PROXY_PROXY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/ref.h"
#include "call/gate.h"
#include "conf/conf.h"
#include "listeners.h"
#include "net/rpc.h"
#include "registry/hop.h"
#include "route-table.h"

struct fsv_http;
struct fsv_http_client;
struct fsv_monitor;
struct fsv_tls;
struct fsv_auth_keys;
struct fsv_auth_seen;
struct fsv_channels;
struct fsv_node;
struct fsv_pool;
struct fsv_registry;
struct fsv_route_watch;
struct fsv_spans;

struct fsv_proxy_view {
	struct fsv_ref ref;
	struct fsv_conf *conf;
	struct fsv_route_table *table;	/* NULL until a file could be read */
	struct fsv_auth_keys *auth;	/* NULL when packets are not signed */
	enum fsv_route_type route_type;
	int64_t inference_ms, batch_ms, unary_ms;
	int64_t forward_connect_ms, forward_read_ms;
	size_t max_message;
	char coordinator[24];
	char *service_name;
};

struct fsv_proxy {
	struct fsv_rpc *rpc;
	struct fsv_rpc_server *inter, *intra;	/* NULL when not served */
	struct fsv_http *http;			/* NULL when not served */
	struct fsv_monitor *monitor;		/* /metrics */
	struct fsv_spans *spans;		/* NULL when none are exported */
	struct fsv_tls *inter_tls;
	struct fsv_http_client *client;
	struct fsv_auth_seen *auth_seen;	/* NULL when packets are not signed */
	struct fsv_gate *gate;			/* flow control, and the counts for queryMetrics */
	struct fsv_pool *pool;			/* answers consoles where that takes time */
	pthread_mutex_t save_lock;		/* held while a route table is written */
	struct fsv_loop *loop;			/* where the rest lives */
	_Atomic(struct fsv_registry *) registry;	/* NULL when none is used, and while the daemon starts */

	struct fsv_snapshot view;		/* struct fsv_proxy_view */
	unsigned max_inflight;
	_Atomic bool draining;
	_Atomic unsigned inflight;
	_Atomic uint64_t requests;
	_Atomic bool routes_broken;		/* broken_text is set */

	/* Main thread only. */
	struct fsv_listener listeners[FSV_LISTENERS];
	struct fsv_channels *channels;
	struct fsv_route_watch *watch;
	struct fsv_route_watch *auth_watch;	/* NULL when packets are not signed, as auth */
	struct fsv_auth_keys *auth;		/* one reference */
	struct fsv_timer *renewal;		/* of certificates */
	const struct fsv_conf *conf;		/* one reference */
	const struct fsv_conf *first_conf;	/* the ports are bound by; one reference, listeners point into it */
	struct fsv_route_table *table;		/* one reference; NULL as above */
	char *table_text;			/* the file that it was read from */
	size_t table_text_len;
	char *broken_text;			/* the newest file that could not be used, so as to report it once */
	size_t broken_text_len;
	bool leaving;				/* the registry, before requests are refused */
	bool retry_tls;				/* some endpoint waits for usable TLS files */
	uint64_t requests_shown;
	int64_t shown_at;
};

/* Life [main thread] ----------------------------------------------------------------------------- */

/* In place. Reads the routes, binds the ports, serves. On failure call fsv_proxy_stop. */
int fsv_proxy_start(struct fsv_proxy *proxy, const struct fsv_conf *conf, struct fsv_loop *loop,
		    struct fsv_err *err) FSV_MUST_CHECK;
/* Takes over what can change without a restart and reads the routes again. */
int fsv_proxy_reload(struct fsv_proxy *proxy, const struct fsv_conf *conf, struct fsv_loop *loop,
		     struct fsv_err *err) FSV_MUST_CHECK;
/* Leaves the registry first: while others may still find us, requests are accepted. */
void fsv_proxy_drain(struct fsv_proxy *proxy);
unsigned fsv_proxy_busy(struct fsv_proxy *proxy);
/* Returns the number of requests that were cut off. Accepts what start left half done. */
unsigned fsv_proxy_stop(struct fsv_proxy *proxy, int64_t deadline_ns);
void fsv_proxy_status(struct fsv_proxy *proxy, struct fsv_buf *out);

/* Routes [main thread] (routing.c) ---------------------------------------------------------------- */

enum fsv_routes_load {
	FSV_ROUTES_IF_CHANGED,	/* compare with what is in use first */
	FSV_ROUTES_ANEW,	/* read and connect in any case */
};
/* Reads the table's file. A fault is logged with its place; the table in use stays then. */
void fsv_proxy_load_routes(struct fsv_proxy *proxy, enum fsv_routes_load how);
/* Reads the keys' file. On failure the keys in use stay. */
int fsv_proxy_load_keys(struct fsv_proxy *proxy, struct fsv_err *err) FSV_MUST_CHECK;
/* Connects the table in use again, with renewed certificates. */
void fsv_proxy_reconnect(struct fsv_proxy *proxy);
/* Puts configuration and table in use in front of requests. */
void fsv_proxy_publish(struct fsv_proxy *proxy);

/* A new route table (route-save.c): checked whole as one that stands in the file, written there with the former one kept
 * beside it, and, as a rule, in use when this returns. FSV_E_ROUTE_UPDATE: the table is as it was. [any thread but the main
 * one and workers; blocks] */
int fsv_proxy_save_routes(struct fsv_proxy *proxy, const struct fsv_proxy_view *view, struct fsv_str text, struct fsv_arena *arena,
			  struct fsv_err *err) FSV_MUST_CHECK;

/* Requests [any thread] (routing.c) ---------------------------------------------------------------- */

/* Admits a request: 0 with a view that fsv_proxy_leave gives back, or FSV_E_SHUTDOWN, FSV_E_OVERLOAD. too_late:
 * fsv_rpc_call_too_late; over HTTP false, as connections end by themselves with their next answer. */
int fsv_proxy_enter(struct fsv_proxy *proxy, const struct fsv_interface *interface, bool too_late,
		    struct fsv_proxy_view **ret_view, struct fsv_err *err) FSV_MUST_CHECK;
/* Before the reply: afterwards the process may be on its way out. good: it has an answer, whatever that says. */
void fsv_proxy_leave(struct fsv_proxy *proxy, struct fsv_proxy_view *view, const struct fsv_interface *interface, bool good);

/* The one place that decides where a request goes: a serving node of the registry that works, else an endpoint of the
 * route table, else whatever the registry knows. key: "serving/<environment>/<service>", empty for what is never looked
 * up there. failed: where it has just failed, NULL at first; there is no second try at the same node, unless that went
 * without waiting for it, as there were others, and now they are gone. End it with fsv_hop_done. */
int fsv_proxy_route(struct fsv_proxy *proxy, const struct fsv_proxy_view *view, struct fsv_str key,
		    const struct fsv_route_query *query, struct fsv_str case_id, const struct fsv_hop *failed,
		    struct fsv_hop *ret_hop, struct fsv_err *err) FSV_MUST_CHECK;

#endif
