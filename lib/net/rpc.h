/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unary RPC over gRPC: the only user of gRPC core. A worker is a thread with a completion queue of
 * its own that carries accepted calls and the calls they cause, so a request lives and dies on one
 * thread: handlers and completions of one request never run at the same time and need no lock.
 * Handlers never block.
 *
 * Every server answers grpc.health.v1.Health/Check: not serving once draining has begun.
 *
 * Names: a *call* came in, a *request* goes out.
 */
#ifndef FSV_NET_RPC_H
#define FSV_NET_RPC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct fsv_rpc;		/* the workers of this process */
struct fsv_rpc_worker;
struct fsv_rpc_server;	/* one port */
struct fsv_rpc_call;
struct fsv_rpc_request;
struct fsv_rpc_channel;	/* connections to one target, shared by all workers */
struct fsv_rpc_msg;	/* message bytes, immutable, counted */
struct fsv_tls;

/* gRPC status numbers used by us. */
enum fsv_rpc_status {
	FSV_RPC_OK = 0, FSV_RPC_CANCELLED = 1, FSV_RPC_UNKNOWN = 2, FSV_RPC_INVALID_ARGUMENT = 3,
	FSV_RPC_DEADLINE_EXCEEDED = 4, FSV_RPC_RESOURCE_EXHAUSTED = 8, FSV_RPC_UNIMPLEMENTED = 12,
	FSV_RPC_INTERNAL = 13, FSV_RPC_UNAVAILABLE = 14,
};
const char *fsv_rpc_status_name(int status);	/* "UNAVAILABLE" */

/* Runtime ------------------------------------------------------------------------------------- */

/* Starts n worker threads, 1 to 1024; 0 = half of the cores, at least one. (All queues of a process share one
 * epoll set, so a worker more than the work needs costs a fifth of the CPU; see docs/PERFORMANCE.md.) Call after
 * signals are blocked and after any fork. */
int fsv_rpc_new(unsigned n, struct fsv_rpc **ret_rpc, struct fsv_err *err) FSV_MUST_CHECK;
/* Servers must be gone. Joins the workers, after what was posted has run and all requests have ended. */
struct fsv_rpc *fsv_rpc_free(struct fsv_rpc *rpc);
unsigned fsv_rpc_workers(const struct fsv_rpc *rpc);
/* How long its requests wait, within their deadlines, for a target that says that it is being stopped, and for one
 * that cannot be reached, from the first failure on; 10 s and 2 s at first. What waits already goes on. [any thread] */
void fsv_rpc_set_waits(struct fsv_rpc *rpc, int64_t restart_ms, int64_t absent_ms);
/* For work that starts outside a call (HTTP): the workers in turn. [any thread] */
struct fsv_rpc_worker *fsv_rpc_pick(struct fsv_rpc *rpc);
/* Runs fn(arg) on the worker soon. Never refused: what is posted is bounded by the calls in flight
 * that it belongs to. [any thread] */
void fsv_rpc_post(struct fsv_rpc_worker *worker, void (*fn)(void *arg), void *arg);
/* Work that was given to other threads will post to this worker, which must not end before: hold when it is given
 * away, release when the post has run. [its worker] */
void fsv_rpc_hold(struct fsv_rpc_worker *worker);
void fsv_rpc_release(struct fsv_rpc_worker *worker);
/* How long the slowest handler that runs right now has been running, in ns; 0 when all are idle.
 * The watchdog's measure of progress. [any thread] */
int64_t fsv_rpc_stall_ns(const struct fsv_rpc *rpc);

/* Server --------------------------------------------------------------------------------------- */

/* Runs on the call's worker. Must lead to exactly one fsv_rpc_reply* or fsv_rpc_fail, at once or later
 * on the same worker. */
typedef void fsv_rpc_handler(struct fsv_rpc_call *call, void *user);

struct fsv_rpc_method {
	const char *path;	/* "/package.Service/method" */
	fsv_rpc_handler *handler;
	bool hot;		/* expects many calls: more slots are kept ready */
};

struct fsv_rpc_server_opt {
	const char *host;	/* NULL = every interface, v4 and v6 */
	uint16_t port;		/* 0 = the system chooses */
	/* A listening socket that somebody else holds open for us, instead of host and port; 0 = none. Plaintext only.
	 * The server's from now on. Draining leaves connections that come from then on to whoever listens next. */
	int listen_fd;
	struct fsv_tls *tls;	/* NULL = plaintext; stays the caller's, must outlive the server */
	size_t max_message;	/* inbound bytes, opened when compressed; above it RESOURCE_EXHAUSTED */
	unsigned max_inflight;	/* accepted and unanswered calls of this server; refused at once above */
	const struct fsv_rpc_method *methods;	/* static */
	unsigned n_methods;	/* any other path is answered UNIMPLEMENTED "Method not found: S/M" */
	void *user;		/* passed to handlers */
};

/* Binds and serves. A taken port fails with the port and the reason in words. */
int fsv_rpc_server_start(struct fsv_rpc *rpc, const struct fsv_rpc_server_opt *opt,
			 struct fsv_rpc_server **ret_server, struct fsv_err *err) FSV_MUST_CHECK;
uint16_t fsv_rpc_server_port(const struct fsv_rpc_server *server);
/* Calls with a handler; once draining has begun, only those of before. [any thread] */
unsigned fsv_rpc_server_inflight(const struct fsv_rpc_server *server);
/* Health says from now on that nothing is served; nothing else changes. [any thread] */
void fsv_rpc_server_unready(struct fsv_rpc_server *server);
/* Calls in flight go on. Calls that come from now on still reach their handlers, which say in the words of their
 * protocol that they come too late (fsv_rpc_call_too_late). With listen_fd no connection is accepted any more, and
 * every answer tells clients of ours to ask the next one over a new connection. Returns at once. [any thread] */
void fsv_rpc_server_drain(struct fsv_rpc_server *server);
/* New calls end with UNAVAILABLE, which tells clients of ours that they can be sent again. Waits until the last call has ended or the deadline (monotonic ns) has
 * passed, cancels what is left, releases the port. Handlers of cancelled calls still have to reply, and that is waited for: they
 * learn of it by fsv_rpc_call_on_cancel or by the deadline of what they wait for. Returns the number of
 * calls that had to be cut off. NULL is nothing to stop. [not on a worker] */
unsigned fsv_rpc_server_stop(struct fsv_rpc_server *server, int64_t deadline_ns);

/* Accepted call: borrowed views live until the reply. [its worker] */
struct fsv_str fsv_rpc_call_body(struct fsv_rpc_call *call);
struct fsv_rpc_msg *fsv_rpc_call_msg(struct fsv_rpc_call *call);	/* borrowed; for forwarding */
struct fsv_arena *fsv_rpc_call_arena(struct fsv_rpc_call *call);	/* emptied after the reply */
int64_t fsv_rpc_call_deadline(const struct fsv_rpc_call *call);		/* monotonic ns or FSV_NO_DEADLINE */
/* First value of a metadata key (lower case), or FSV_STR_NULL. */
struct fsv_str fsv_rpc_call_meta(const struct fsv_rpc_call *call, const char *key);
/* Proxies that it has passed, as its sender has it: a digit, or empty when it does not say. */
struct fsv_str fsv_rpc_call_hops(const struct fsv_rpc_call *call);
struct fsv_str fsv_rpc_call_peer(struct fsv_rpc_call *call);		/* "10.0.0.1:3456" */
/* Common name or first DNS name of a verified client certificate; FSV_STR_NULL without TLS. */
struct fsv_str fsv_rpc_call_identity(struct fsv_rpc_call *call);
struct fsv_rpc_worker *fsv_rpc_call_worker(const struct fsv_rpc_call *call);
/* It came when draining had begun, from a client that would not ask anybody else by itself. */
bool fsv_rpc_call_too_late(const struct fsv_rpc_call *call);
/* The caller has gone or its deadline has passed. */
bool fsv_rpc_call_cancelled(const struct fsv_rpc_call *call);
/* fn runs on the worker when that happens before the reply; at most once. NULL takes it back. */
void fsv_rpc_call_on_cancel(struct fsv_rpc_call *call, void (*fn)(void *arg), void *arg);

/* Ends the call: data is copied. The call and its arena are gone afterwards. */
void fsv_rpc_reply(struct fsv_rpc_call *call, struct fsv_str body);
/* Passes a message on without copying; the reference is not taken. */
void fsv_rpc_reply_msg(struct fsv_rpc_call *call, struct fsv_rpc_msg *msg);
void fsv_rpc_fail(struct fsv_rpc_call *call, int status, const char *text);

/* Client --------------------------------------------------------------------------------------- */

/* target: "host:port" or "[v6]:port"; tls NULL = plaintext. No connection is made yet. Peers' pings and
 * idle times are as the reference expects. One attempt to connect takes at most 5 s, and attempts back off
 * from 100 ms to 5 s; requests wait for the first one and fail UNAVAILABLE at once while the target is down.
 * A target that says that it is being stopped is given time to come back: requests go over a new connection and wait
 * for it. One that cannot be reached is given some too; see fsv_rpc_set_waits.
 * Renewed certificates are taken up within a second, on a new connection; max_message bounds replies. */
int fsv_rpc_channel_new(const char *target, struct fsv_tls *tls, size_t max_message,
			struct fsv_rpc_channel **ret_channel, struct fsv_err *err) FSV_MUST_CHECK;
struct fsv_rpc_channel *fsv_rpc_channel_ref(struct fsv_rpc_channel *channel);	/* [any thread] */
struct fsv_rpc_channel *fsv_rpc_channel_unref(struct fsv_rpc_channel *channel);	/* [any thread] */
const char *fsv_rpc_channel_target(const struct fsv_rpc_channel *channel);
/* The last attempt to connect has failed and none has succeeded since. Costs no more than a look. [any thread] */
bool fsv_rpc_channel_down(struct fsv_rpc_channel *channel);

struct fsv_rpc_meta {
	const char *key;	/* static, lower case */
	struct fsv_str value;
};

struct fsv_rpc_request_opt {
	struct fsv_rpc_channel *channel;
	const char *method;		/* static path */
	struct fsv_rpc_msg *msg;	/* what to send: this (borrowed) … */
	struct fsv_str body;		/* … or these bytes (copied) */
	int64_t deadline;		/* monotonic ns; without one the request is refused */
	const struct fsv_rpc_meta *meta;
	unsigned n_meta;		/* at most 8; each line costs both ends more than a microsecond */
	unsigned hops;			/* proxies that it has passed, at most 9; travels unless once */
	/* Never sent again. Without it a request that reached no handler (its connection ended before it was sent, or the
	 * server was being stopped and refused or cancelled it) is sent again over a new connection. */
	bool once;
	/* There is somebody else to ask. The request is not sent again here and does not wait for a target that is being
	 * restarted: it ends at once, so that fsv_rpc_never_sent can send the caller there. */
	bool elsewhere;
};

/* status: gRPC's, reply: borrowed, NULL unless OK, text: the status message, "" when there is none.
 * Runs on the worker that was given, exactly once, never inside fsv_rpc_send. */
typedef void fsv_rpc_done(void *arg, int status, struct fsv_rpc_msg *reply, const char *text);

/* [any thread for starting from outside; else the call's worker] The handle is valid until done runs. */
struct fsv_rpc_request *fsv_rpc_send(struct fsv_rpc_worker *worker, const struct fsv_rpc_request_opt *opt,
				     fsv_rpc_done *done, void *arg);
/* Whether the request that has just ended was not begun by anybody: there was no connection to send it on, or the server
 * was being stopped and said so. Only then is it safe to send it to somebody else. [inside done] */
bool fsv_rpc_never_sent(void);
/* Asks it to end soon with CANCELLED; done still runs. [its worker] */
void fsv_rpc_cancel(struct fsv_rpc_request *request);

/* Messages ------------------------------------------------------------------------------------- */

struct fsv_rpc_msg *fsv_rpc_msg_ref(struct fsv_rpc_msg *msg);
struct fsv_rpc_msg *fsv_rpc_msg_unref(struct fsv_rpc_msg *msg);
/* The bytes in one piece; lives as long as msg. One thread at a time. */
struct fsv_str fsv_rpc_msg_body(struct fsv_rpc_msg *msg);

#endif
