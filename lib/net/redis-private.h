/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What redis*.c share. All of it belongs to the client's thread, but for what the lock of struct fsv_redis guards.
 *
 *   redis.c        calls: taken in, ended, timed
 *   redis-node.c   which node, up or down, which of its connections
 *   redis-conn.c   one connection: socket, TLS, what was asked on it
 *   redis-reply.c  replies out of hiredis' reader
 *   redis-slots.c  the slots of a cluster
 *
 * Within one turn of the loop connections that end are only put aside, and written to at its end, so that no function
 * finds anything freed under its hands.
 */
#ifndef FSV_NET_REDIS_PRIVATE_H
#define FSV_NET_REDIS_PRIVATE_H

#include <hiredis/read.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/loop.h"
#include "base/pool.h"
#include "redis.h"

enum {
	FSV_REDIS_SLOTS = 16384,
	FSV_REDIS_NODES_MAX = 1024,
	FSV_REDIS_HOPS_MAX = 5,		/* redirections of one command */
	FSV_REDIS_ADDRESSES = 4,	/* of one name that are tried */
	FSV_REDIS_WHY = 160,
};

struct addrinfo;
struct fsv_redis_call;
struct fsv_redis_conn;
struct fsv_redis_node;

struct fsv_redis_op {
	struct fsv_redis_call *call;
	struct fsv_str bytes;		/* as sent */
	struct fsv_redis_conn *conn;	/* that it waits on, or NULL */
	uint64_t seq;			/* its place there */
	uint16_t slot;
	uint8_t hops;
	bool again;			/* has been sent once more already */
	bool ended;
};

struct fsv_redis_call {
	struct fsv_redis *redis;
	struct fsv_redis_call *next, **prev;
	struct fsv_arena arena;
	int64_t deadline;
	struct fsv_rpc_worker *worker;
	fsv_redis_done *done;
	void *arg;
	unsigned n, left;
	size_t bytes;			/* of all arguments */
	struct fsv_redis_op *ops;
	struct fsv_redis_result *results;
};

enum fsv_redis_ask {
	FSV_REDIS_ASK_OP,		/* op NULL: nobody waits any more */
	FSV_REDIS_ASK_AUTH,
	FSV_REDIS_ASK_PING,		/* the end of the greeting: the node is there */
	FSV_REDIS_ASK_ASKING,
	FSV_REDIS_ASK_SLOTS,
};

struct fsv_redis_asked {
	enum fsv_redis_ask what;
	struct fsv_redis_op *op;
	int64_t since;
};

enum fsv_redis_state { FSV_REDIS_RESOLVING, FSV_REDIS_CONNECTING, FSV_REDIS_TLS, FSV_REDIS_OPEN, FSV_REDIS_CLOSED };

/* Of a name, on the pool's thread. */
struct fsv_redis_lookup {
	struct fsv_redis_conn *conn;	/* NULL when it has been closed; not for the pool's thread */
	struct fsv_redis_lookup *next;
	struct fsv_redis *redis;
	char *host, *port;
	struct addrinfo *list;
	int result;			/* getaddrinfo's */
};

struct fsv_redis_conn {
	struct fsv_redis *redis;
	struct fsv_redis_node *node;
	struct fsv_redis_conn *next;	/* of its node, or of those put aside */
	struct fsv_redis_conn *next_dirty;
	bool dirty;
	enum fsv_redis_state state;
	bool ready;			/* the greeting was answered */
	int fd;
	struct fsv_watch *watch;
	SSL *ssl;
	struct fsv_redis_lookup *lookup;
	struct sockaddr_storage addresses[FSV_REDIS_ADDRESSES];
	socklen_t address_len[FSV_REDIS_ADDRESSES];
	unsigned n_addresses, next_address;
	struct fsv_buf out;
	size_t sent;
	struct fsv_redis_asked *asked;	/* ring */
	size_t cap;			/* power of two */
	uint64_t head, tail;		/* numbers of the oldest, and of the next */
	int64_t heard;			/* when the last bytes came */
	redisReader *reader;
	struct fsv_arena arena;		/* of the reply that is being read */
	size_t budget;			/* elements that it may still have */
};

struct fsv_redis_node {
	struct fsv_redis *redis;
	struct fsv_redis_node *next;
	char *host, *port;
	bool seed;			/* named by the configuration: never dropped */
	bool mark;			/* in the newest slots */
	bool down;
	int64_t retry_at, backoff;	/* ns, while it is down and nothing tries it */
	struct fsv_redis_conn *conns;
	unsigned n_conns;
};

struct fsv_redis {
	bool cluster;
	char *password, *password_file;
	int64_t timeout;		/* ns */
	unsigned max_connections, max_idle, max_commands;
	size_t max_bytes;
	size_t max_reply;
	SSL_CTX *ssl_ctx;
	struct fsv_loop *loop;
	struct fsv_timer *timer;
	int64_t timer_at;
	pthread_t thread;
	bool has_thread;
	_Atomic bool down;		/* the only server is */

	struct fsv_redis_node *nodes;
	unsigned n_nodes;
	struct fsv_redis_node **slots;	/* of a cluster; NULL where unknown */
	struct fsv_redis_node *slots_from;	/* asked last */
	bool asking_slots;
	int64_t slots_at;		/* when to ask again; 0 = no need */
	int64_t slots_asked;

	struct fsv_redis_call *running;
	struct fsv_redis_conn *dirty, *closed;

	pthread_mutex_t lock;		/* innermost; for what follows */
	struct fsv_redis_call *queued, **queue_end;
	struct fsv_redis_lookup *found;
	bool woken, stopping;
	unsigned n_commands;
	size_t n_bytes;
	struct fsv_pool *pool;		/* looks names up; made for the first */
};

/* redis.c */
void fsv_redis_op_end(struct fsv_redis_op *op, int result, const struct fsv_redis_reply *reply, const char *text);
/* Sends it to the node of its slot, or ends it. */
void fsv_redis_dispatch(struct fsv_redis *redis, struct fsv_redis_op *op);
/* The clock is looked at by then. */
void fsv_redis_arm(struct fsv_redis *redis, int64_t at);
/* End of a turn: writes what has to be written, frees what is closed. */
void fsv_redis_turn_end(struct fsv_redis *redis);
void fsv_redis_wake(struct fsv_redis *redis);	/* [any thread, under the lock] */

/* redis-node.c */
/* NULL when it is no address, or there are too many. */
struct fsv_redis_node *fsv_redis_node_get(struct fsv_redis *redis, struct fsv_str host, struct fsv_str port);
void fsv_redis_node_free(struct fsv_redis_node *node);
/* A connection to send on; NULL while the node is down. */
struct fsv_redis_conn *fsv_redis_node_conn(struct fsv_redis_node *node);
/* Sends op there, or ends it. asking: behind ASKING. */
void fsv_redis_node_send(struct fsv_redis_node *node, struct fsv_redis_op *op, bool asking);
/* Ends all that waits for it, with result. why: for the log. */
void fsv_redis_node_fail(struct fsv_redis_node *node, int result, const char *why);
void fsv_redis_node_up(struct fsv_redis_node *node);
/* One connection too many without work is closed. */
void fsv_redis_node_idle(struct fsv_redis_node *node, struct fsv_redis_conn *conn);
/* What has to be done by now; returns when the next is. */
int64_t fsv_redis_node_tick(struct fsv_redis_node *node, int64_t now);

/* redis-conn.c */
struct fsv_redis_conn *fsv_redis_conn_new(struct fsv_redis_node *node);
void fsv_redis_conn_ask(struct fsv_redis_conn *conn, enum fsv_redis_ask what, struct fsv_redis_op *op, struct fsv_str bytes);
void fsv_redis_conn_write(struct fsv_redis_conn *conn);
/* Out of its node. What waits on it ends with result, or, with result 0, is sent once more. */
void fsv_redis_conn_close(struct fsv_redis_conn *conn, int result, const char *why);
void fsv_redis_conn_free(struct fsv_redis_conn *conn);
/* The op is not waited for any more. */
void fsv_redis_conn_forget(struct fsv_redis_op *op);
/* When silence becomes too long; FSV_NO_DEADLINE when nothing is waited for. */
int64_t fsv_redis_conn_limit(const struct fsv_redis_conn *conn);
void fsv_redis_lookups_done(struct fsv_redis_lookup *list);
int fsv_redis_tls_ctx(const struct fsv_redis_opt *opt, SSL_CTX **ret_ctx, struct fsv_err *err);

/* redis-reply.c */
redisReader *fsv_redis_reader_new(struct fsv_redis_conn *conn);
struct fsv_redis_reply *fsv_redis_reply_copy(const struct fsv_redis_reply *reply, struct fsv_arena *arena);
/* A command as it is sent. */
struct fsv_str fsv_redis_format(const struct fsv_str *args, unsigned n, struct fsv_arena *arena);

/* redis-slots.c */
/* "MOVED 3999 127.0.0.1:6381", "ASK …": true with its parts; an empty host means that of the node that says so. */
bool fsv_redis_parse_redirect(struct fsv_str error, bool *ret_ask, unsigned *ret_slot, struct fsv_str *ret_host,
			      struct fsv_str *ret_port);
/* Asks one node for the slots, soon. */
void fsv_redis_want_slots(struct fsv_redis *redis);
void fsv_redis_slots_tick(struct fsv_redis *redis, int64_t now);
/* reply: NULL when there was none. */
void fsv_redis_take_slots(struct fsv_redis_conn *conn, const struct fsv_redis_reply *reply);

/* One range of CLUSTER SLOTS and its master. False when it is none. */
struct fsv_redis_range {
	unsigned first, last;
	struct fsv_str host;		/* empty: of the node that said so */
	int64_t port;
};
bool fsv_redis_parse_range(const struct fsv_redis_reply *elem, struct fsv_redis_range *ret_range);

#endif
