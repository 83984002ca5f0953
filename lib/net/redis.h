/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis client: the only user of hiredis, whose reader it uses. One thread, non-blocking connections, commands
 * pipelined over them; nobody who asks ever waits in a call. One server, or a cluster: slots, MOVED and ASK are
 * followed, and the slots are asked for again when a node is lost.
 *
 * A node that is silent for the time-out, or refuses, is taken to be down: what waits for it fails at once, so does
 * what comes later, and in the background it is tried again, after 100 ms at first and every 5 s at last. So a dead
 * node costs its time-out once. Being down and being back are logged, once each.
 *
 * Commands must do no harm when they are carried out twice: one whose connection breaks is sent once more.
 */
#ifndef FSV_NET_REDIS_H
#define FSV_NET_REDIS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct fsv_redis;
struct fsv_rpc_worker;

struct fsv_redis_opt {
	const char *const *nodes;	/* "host:port", NULL-terminated; the first is the server, or all belong to one cluster */
	bool cluster;
	const char *password;		/* NULL or "" = none */
	const char *password_file;	/* instead: its first line, read for each connection, so that it may be changed */
	int64_t timeout_ms;		/* silence after which a node is down */
	unsigned max_connections;	/* to each node; one more is opened while all are busy */
	unsigned max_idle;		/* of them stay open without work, at least 1 */
	unsigned max_commands;		/* under way; more are refused */
	size_t max_bytes;		/* of their arguments, 0 = 64 MiB */
	size_t max_reply;		/* bytes; the connection that brings a larger one is closed */
	bool tls;			/* TLS 1.2 and up, the server's name is checked */
	const char *ca_file;		/* NULL = the system's authorities */
	const char *cert_file, *key_file;	/* of our own; both or none */
};

/* Starts the thread and the first connection; says nothing about whether anybody is there. FSV_E_TLS and FSV_E_CONFIG
 * for files that cannot be used and addresses that are none. */
int fsv_redis_new(const struct fsv_redis_opt *opt, struct fsv_redis **ret_redis, struct fsv_err *err) FSV_MUST_CHECK;
/* What is under way ends with -ECANCELED before it returns, what comes later is refused. [not in done] */
void fsv_redis_stop(struct fsv_redis *redis);
/* Stops it, if that has not been done. NULL is fine. Returns NULL. [not in done] */
struct fsv_redis *fsv_redis_free(struct fsv_redis *redis);

enum fsv_redis_type {
	FSV_REDIS_NIL, FSV_REDIS_TEXT,	/* bulk string or status */
	FSV_REDIS_INT, FSV_REDIS_ARRAY, FSV_REDIS_ERROR,
};

struct fsv_redis_reply {
	enum fsv_redis_type type;
	int64_t integer;
	struct fsv_str text;		/* of TEXT and ERROR */
	struct fsv_redis_reply **elems;	/* of ARRAY */
	size_t n;
};

struct fsv_redis_result {
	/* 0 with a reply, or negative: -ETIMEDOUT (the deadline), -EHOSTDOWN (the node is down), -ECANCELED,
	 * FSV_E_LIMIT (reply too large), FSV_E_RESPONSE (an error reply), FSV_E_NET … */
	int result;
	const struct fsv_redis_reply *reply;	/* NULL when result is negative */
	const char *text;			/* why it failed, for logs; "" when it did not */
};

struct fsv_redis_command {
	const struct fsv_str *args;	/* the second is the key, by which a cluster's node is found */
	unsigned n_args;		/* at least 2 */
};

/* Runs on the worker, exactly once, with one result for each command in their order; all are gone when it returns. */
typedef void fsv_redis_done(void *arg, const struct fsv_redis_result *results, unsigned n);

struct fsv_redis_run_opt {
	const struct fsv_redis_command *commands;	/* copied */
	unsigned n;
	int64_t deadline;		/* monotonic ns: then what has no reply yet ends with -ETIMEDOUT */
	struct fsv_rpc_worker *worker;	/* may be NULL when done is */
	fsv_redis_done *done;		/* NULL: nobody cares */
	void *arg;
};

/* Sends them all; over several connections, so they may be carried out in any order. -EAGAIN when too many are under way, -EHOSTDOWN when the only server is known to be down,
 * -ESHUTDOWN after stop; done is not called then. [any thread] */
int fsv_redis_run(struct fsv_redis *redis, const struct fsv_redis_run_opt *opt) FSV_MUST_CHECK;

/* The slot of a key in a cluster. [any thread] */
unsigned fsv_redis_slot(struct fsv_str key);

#endif
