/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State of the serving server and its life: start, reload, drain, stop. What a request needs to know
 * (settings, adaptors, the proxy) is one immutable view, taken once when the request begins and
 * given back when it ends, so that a reload never changes anything under a request that is under way.
 */
#ifndef FSV_SERVER_SERVER_H
#define FSV_SERVER_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/ref.h"
#include "call/gate.h"
#include "call/services.h"
#include "conf/conf.h"
#include "model/models.h"
#include "net/rpc.h"

struct fsv_adaptor;
struct fsv_cache;
struct fsv_crews;
struct fsv_gate;
struct fsv_http;
struct fsv_http_client;
struct fsv_http_works;
struct fsv_monitor;
struct fsv_log_tags;
struct fsv_loop;
struct fsv_models_work;
struct fsv_pool;
struct fsv_redis;
struct fsv_registry;
struct fsv_spans;

#define FSV_PROTOCOL_NUMBER	"216"

struct fsv_server_view {
	struct fsv_ref ref;
	struct fsv_conf *conf;
	struct fsv_rpc_channel *proxy;		/* NULL when proxy is not set */
	struct fsv_adaptor *single, *batch;	/* NULL: requests that need it are answered 116 */
	struct fsv_cache *cache;		/* the server's; NULL when it is switched off */
	int64_t single_ms, batch_ms;
	size_t batch_max, batch_slice;
	const char *role;
	bool print_input, print_output;
};

struct fsv_server {
	struct fsv_rpc *rpc;
	struct fsv_rpc_server *grpc;		/* NULL when not served */
	struct fsv_http *http;			/* NULL when not served */
	struct fsv_monitor *monitor;		/* /metrics */
	struct fsv_spans *spans;		/* NULL when none are exported */
	struct fsv_http_works *http_works;	/* what http has caused on the workers */
	struct fsv_http_client *client;		/* of the Http… adaptors */
	struct fsv_pool *pool;			/* reads feature files */
	struct fsv_pool *batch_pool;		/* helps with large batches; NULL: the workers are alone */
	unsigned batch_threads;
	struct fsv_crews *crews;		/* of databases and plugins */
	struct fsv_models *models;
	struct fsv_models_work *models_work;	/* changes of models, downloads */
	struct fsv_redis *redis;		/* of redis.…; NULL when it names no server */
	struct fsv_redis *feature_redis;	/* of feature.redis.nodes; NULL: features are in the other */
	struct fsv_cache *cache;		/* of hosts' answers */
	_Atomic(struct fsv_registry *) registry;	/* NULL when none is used, and while the daemon starts */
	struct fsv_loop *loop;			/* where the registry lives */
	_Atomic bool announce_waits;		/* word of changed models is on its way there */
	bool route_by_registry;			/* the proxy is looked for there */

	struct fsv_gate *gate;			/* flow control, and the counts for queryMetrics */
	struct fsv_snapshot view;		/* struct fsv_server_view */
	unsigned max_inflight;
	_Atomic unsigned inflight;
	_Atomic uint64_t requests;
	_Atomic bool cutting;			/* the time is up: look-ups of features end without them */

	/* Main thread only. */
	struct fsv_conf *conf;			/* one reference */
	struct fsv_conf *first_conf;		/* what needs a restart goes by it; one reference */
	bool leaving;				/* the registry, before requests are refused */
	uint64_t requests_shown;
	int64_t shown_at;
};

/* Life [main thread] ----------------------------------------------------------------------------- */

/* In place. Restores the models, binds the ports, serves. progress as in fsv_models_open. On failure call
 * fsv_server_stop. */
int fsv_server_start(struct fsv_server *server, struct fsv_conf *conf,
		     void (*progress)(void *arg, unsigned done, unsigned of), void *arg,
		     struct fsv_err *err) FSV_MUST_CHECK;
/* Takes over what can change without a restart; models stay. */
int fsv_server_reload(struct fsv_server *server, struct fsv_conf *conf, struct fsv_err *err) FSV_MUST_CHECK;
/* Leaves the registry first: while others may still find us, requests are accepted. */
void fsv_server_drain(struct fsv_server *server);
unsigned fsv_server_busy(struct fsv_server *server);
/* Returns the number of requests that were cut off. Accepts what start left half done. Look-ups of features
 * are cut off only when the deadline has passed by then; else they are waited for. */
unsigned fsv_server_stop(struct fsv_server *server, int64_t deadline_ns);
void fsv_server_status(struct fsv_server *server, struct fsv_buf *out);

/* Requests [any thread] --------------------------------------------------------------------------- */

/* too_late: fsv_rpc_call_too_late; over HTTP false, as connections end by themselves with their next answer.
 * Counts a request and admits it: 0 with a view, or FSV_E_SHUTDOWN, FSV_E_OVERLOAD. fsv_server_leave ends it
 * in any case and gives back what came in *ret_view, which may be NULL when the request was refused. */
int fsv_server_enter(struct fsv_server *server, const struct fsv_interface *interface, bool too_late,
		     struct fsv_server_view **ret_view, struct fsv_err *err) FSV_MUST_CHECK;
/* Before the reply: afterwards the process may be on its way out. */
void fsv_server_leave(struct fsv_server *server, struct fsv_server_view *view);

/* A request has ended: for what queryMetrics shows. retcode as on the wire; rows: of a batch, with model; else 0. */
void fsv_server_count(struct fsv_server *server, const struct fsv_interface *interface, const struct fsv_model *model,
		      int retcode, unsigned good_rows, unsigned bad_rows);

/* One line with the JSON text as it would be re-encoded, for print.input.data and print.output.data. */
void fsv_server_print(const char *what, struct fsv_str json, const struct fsv_log_tags *tags, struct fsv_arena *arena);

#endif
