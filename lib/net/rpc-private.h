/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Insides of lib/net/rpc, shared by rpc*.c only. Nothing here has a lock unless it says so: what
 * belongs to a worker is touched by that worker's thread alone.
 */
#ifndef FSV_NET_RPC_PRIVATE_H
#define FSV_NET_RPC_PRIVATE_H

#include <grpc/grpc.h>
#include <grpc/slice_buffer.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#include "base/queue.h"
#include "rpc.h"
#include "tls-private.h"

#define FSV_CONTAINER_OF(ptr, type, member)	((type *)((char *)(ptr) - offsetof(type, member)))

/*
 * What a completion queue's tag points to. The function is stored when the operation starts and read
 * when it completes: this pair orders our own accesses when the two happen on different threads.
 */
struct fsv_rpc_op {
	void (*_Atomic fn)(struct fsv_rpc_op *op, bool ok);
};

static inline void fsv_rpc_op_set(struct fsv_rpc_op *op, void (*fn)(struct fsv_rpc_op *op, bool ok))
{
	atomic_store_explicit(&op->fn, fn, memory_order_release);
}

/* As the reference: a connection that is idle is asked every minute whether its peer is still there. */
enum { FSV_RPC_KEEPALIVE_MS = 60000, FSV_RPC_KEEPALIVE_TIMEOUT_MS = 20000 };

static inline grpc_arg fsv_rpc_arg(const char *key, size_t value)
{
	return (grpc_arg){ .type = GRPC_ARG_INTEGER, .key = (char *)key,
			   .value.integer = value > INT_MAX ? INT_MAX : (int)value };
}

/* Runtime (rpc.c) ------------------------------------------------------------------------------ */

/* Objects kept for reuse, per worker and kind; what a burst needs above it goes back to the heap. */
enum { FSV_RPC_KEEP = 512 };

struct fsv_rpc_worker {
	struct fsv_rpc *rpc;
	unsigned index;
	pthread_t thread;
	grpc_completion_queue *cq;
	_Atomic int64_t busy_since;	/* monotonic ns, 0 = waiting; written by the worker only */
	bool stopping;
	bool unsent;			/* what fsv_rpc_never_sent says while a done runs */
	_Atomic unsigned n_requests;	/* sent and not yet done, and holds */

	struct fsv_rpc_call *calls;	/* free ones */
	struct fsv_rpc_request *requests;
	struct fsv_rpc_msg *msgs;
	struct fsv_arena *arenas;	/* the newest is the warmest */
	unsigned n_calls, n_free_requests, n_msgs, n_arenas;

	/* An empty batch on a call that is never started completes at once: the only way to wake a
	 * completion queue with gRPC's C interface. */
	grpc_channel *lame;
	grpc_call *bell;
	struct fsv_rpc_op bell_op;

	/* Innermost lock; held for a few instructions. Guards what other threads reach. */
	pthread_mutex_t lock;
	struct fsv_job *posted;
	size_t n_posted, cap_posted;
	struct fsv_rpc_request *outside;	/* free requests for senders on other threads */

	struct fsv_job *jobs;		/* changes places with posted when they are run */
	size_t cap_jobs;
};

struct fsv_rpc {
	_Atomic unsigned next;
	_Atomic int64_t wait_restart_ms, wait_absent_ms;
	unsigned n;
	struct fsv_rpc_worker workers[];
};

/* The worker whose thread this is, or NULL. */
struct fsv_rpc_worker *fsv_rpc_self(void);

/* Messages (rpc-msg.c) ------------------------------------------------------------------------- */

struct fsv_rpc_msg {
	_Atomic unsigned refs;
	struct fsv_rpc_msg *next;	/* in a worker's free list */
	grpc_byte_buffer *bytes;
	char *flat;			/* in one piece when bytes are not, made on demand */
};

/* Takes bytes over. [any thread] */
struct fsv_rpc_msg *fsv_rpc_msg_new(grpc_byte_buffer *bytes);
/* Gives a worker's free ones back to the heap. */
void fsv_rpc_msg_pool_free(struct fsv_rpc_worker *worker);
/* An empty byte buffer in place, without heap memory; done releases what is in it. */
void fsv_rpc_out_init(grpc_byte_buffer *out);
void fsv_rpc_out_done(grpc_byte_buffer *out);
/* Fills it with references to the message's bytes (core empties what it sends) or with a copy. */
void fsv_rpc_out_msg(grpc_byte_buffer *out, const struct fsv_rpc_msg *msg);
void fsv_rpc_out_bytes(grpc_byte_buffer *out, struct fsv_str bytes);
/* Opens a compressed message in place (rpc-inflate.c). FSV_E_LIMIT when it holds more than max bytes,
 * FSV_E_SYNTAX when it is broken; *bytes is as before then. */
int fsv_rpc_open_message(grpc_byte_buffer **bytes, size_t max) FSV_MUST_CHECK;

/* Server (rpc-server.c, rpc-call.c) ------------------------------------------------------------ */

struct fsv_rpc_slot_kind {
	const struct fsv_rpc_method *method;	/* NULL: any other path */
	void *registered;			/* core's handle */
	unsigned armed;				/* slots kept ready on each worker */
};

/* One worker's share of a server. */
struct fsv_rpc_lane {
	struct fsv_rpc_server *server;
	struct fsv_rpc_worker *worker;
	_Atomic int64_t last_call;	/* when the newest one came, monotonic ns */
	unsigned n_calls;	/* contexts in use, armed or with a call; the last one ends the lane */
};

struct fsv_rpc_acceptor;

struct fsv_rpc_server {
	struct fsv_rpc *rpc;
	struct fsv_rpc_acceptor *acceptor;	/* of listen_fd, or NULL: core listens */
	bool held;				/* there was one; the socket outlives us */
	grpc_server *grpc;
	struct fsv_tls_listener tls;
	void *user;
	unsigned max_inflight;
	size_t max_message;
	uint16_t port;
	_Atomic unsigned inflight;	/* calls with a handler */
	_Atomic unsigned late;		/* those of them that came after draining began */
	_Atomic bool unready;		/* health says so */
	_Atomic bool draining;		/* calls do not count any more */
	_Atomic int64_t draining_since;	/* monotonic ns, 0 = not yet */
	_Atomic bool closing;		/* and do not reach a handler */
	_Atomic bool closed;		/* core's own shutdown has begun */
	struct fsv_rpc_op shutdown_op;
	struct fsv_rpc_lane *lanes;		/* one per worker */
	unsigned n_kinds;
	struct fsv_rpc_slot_kind *kinds;	/* one per method, then the one for any other path */

	pthread_mutex_t lock;	/* guards the two below */
	pthread_cond_t ended;	/* also: the last call with a handler */
	unsigned n_lanes_ended;
	bool shut_down;
};

struct fsv_rpc_call {
	struct fsv_rpc_op accept_op, close_op, reply_op;
	struct fsv_rpc_call *next;	/* in a worker's free list */
	struct fsv_rpc_lane *lane;
	const struct fsv_rpc_slot_kind *kind;
	grpc_call *grpc;
	gpr_timespec deadline;
	grpc_metadata_array meta;
	grpc_call_details details;	/* any other path only */
	grpc_byte_buffer *payload;
	grpc_byte_buffer out;
	struct fsv_rpc_msg *msg;
	struct fsv_arena arena;		/* the worker's, while it carries a call */
	void (*on_cancel)(void *arg);
	void *on_cancel_arg;
	int core_cancelled;		/* written by core */
	unsigned n_pending;		/* batches under way */
	bool watching;			/* close_op was started or rides with the reply */
	bool replied;
	bool cancelled;
	bool refused;			/* reached no handler */
	bool counted;			/* in server->inflight */
	bool late;			/* and in server->late */
};

/* Arms one more slot; runs on the lane's worker. */
void fsv_rpc_call_arm(struct fsv_rpc_lane *lane, const struct fsv_rpc_slot_kind *kind);
/* The last context of a lane has gone; nothing of the server may be touched afterwards. */
void fsv_rpc_lane_ended(struct fsv_rpc_lane *lane);
/* No call has a handler any more. */
void fsv_rpc_server_idle(struct fsv_rpc_server *s);
void fsv_rpc_call_pool_free(struct fsv_rpc_worker *worker);

/* grpc.health.v1 (rpc-health.c); every server has them. */
enum { FSV_RPC_HEALTH_METHODS = 2 };
extern const struct fsv_rpc_method fsv_rpc_health_methods[FSV_RPC_HEALTH_METHODS];
const struct fsv_rpc_server *fsv_rpc_call_server(const struct fsv_rpc_call *call);

/* Metadata between clients and servers of ours: a request that can be sent again says so, and in the same line how many
 * proxies it has passed; the answer of a server that
 * is being stopped tells such a client to leave: now, as somebody else is there already or the call was not begun, or
 * soon, when the connection ends. */
#define FSV_RPC_AGAIN		"fate-again"
#define FSV_RPC_LEAVE		"fate-leave"
#define FSV_RPC_LEAVE_NOW	"now"
#define FSV_RPC_LEAVE_NOT_BEGUN	"not-begun"
#define FSV_RPC_LEAVE_SOON	"soon"

/* Connections of a listening socket that is held by somebody else (rpc-accept.c) ------------------- */

/* Takes fd over and gives what it accepts to the server, from a thread of its own. */
int fsv_rpc_acceptor_start(struct fsv_rpc_server *server, int fd, struct fsv_rpc_acceptor **ret_acceptor,
			   struct fsv_err *err) FSV_MUST_CHECK;
/* No connection is accepted any more, soon. [any thread] */
void fsv_rpc_acceptor_quit(struct fsv_rpc_acceptor *acceptor);
/* Waits for that and frees it. NULL is fine. */
struct fsv_rpc_acceptor *fsv_rpc_acceptor_free(struct fsv_rpc_acceptor *acceptor);

/* Addresses (rpc-listen.c) --------------------------------------------------------------------- */

enum { FSV_RPC_LISTEN_MAX = 8, FSV_RPC_LISTEN_TEXT = 80 };

struct fsv_rpc_listen {
	unsigned n;
	char hosts[FSV_RPC_LISTEN_MAX][FSV_RPC_LISTEN_TEXT];	/* "127.0.0.1", "[::1]" */
};

/* Resolves host (NULL = every interface) and finds out whether the port can be had there. */
int fsv_rpc_listen_find(const char *host, uint16_t port, struct fsv_rpc_listen *ret_listen,
			struct fsv_err *err) FSV_MUST_CHECK;

/* Client (rpc-client.c) ------------------------------------------------------------------------ */

void fsv_rpc_request_pool_free(struct fsv_rpc_worker *worker);

#endif
