/* SPDX-License-Identifier: Apache-2.0 */
#include "redis.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/time.h"
#include "redis-private.h"
#include "rpc.h"

enum { MAX_BYTES = 64 << 20 };

/* Calls --------------------------------------------------------------------------------------------- */

static void call_free(struct fsv_redis_call *call)
{
	struct fsv_arena arena = call->arena;	/* it lies in its own arena */

	fsv_arena_done(&arena);
}

/* [the call's worker] */
static void deliver(void *arg)
{
	struct fsv_redis_call *call = arg;

	call->done(call->arg, call->results, call->n);
	call_free(call);
}

static void call_end(struct fsv_redis_call *call)
{
	struct fsv_redis *redis = call->redis;

	*call->prev = call->next;
	if (call->next)
		call->next->prev = call->prev;
	pthread_mutex_lock(&redis->lock);
	redis->n_commands -= call->n;
	redis->n_bytes -= call->bytes;
	pthread_mutex_unlock(&redis->lock);
	if (call->done)
		fsv_rpc_post(call->worker, deliver, call);
	else
		call_free(call);
}

void fsv_redis_op_end(struct fsv_redis_op *op, int result, const struct fsv_redis_reply *reply, const char *text)
{
	struct fsv_redis_call *call = op->call;
	struct fsv_redis_result *r = &call->results[op - call->ops];

	FSV_BUG_ON(op->ended);
	op->ended = true;
	r->result = result;
	r->text = result == 0 ? "" : fsv_arena_cstr(&call->arena, fsv_str(text));
	if (reply)
		r->reply = fsv_redis_reply_copy(reply, &call->arena);
	if (--call->left == 0)
		call_end(call);
}

static void call_cut(struct fsv_redis_call *call, int result, const char *text)
{
	/* With the last one the call is gone. */
	for (unsigned i = 0, left = call->left; left > 0; i++) {
		struct fsv_redis_op *op = &call->ops[i];

		if (op->ended)
			continue;
		left--;
		fsv_redis_conn_forget(op);
		fsv_redis_op_end(op, result, NULL, text);
	}
}

void fsv_redis_dispatch(struct fsv_redis *redis, struct fsv_redis_op *op)
{
	struct fsv_redis_node *node = redis->cluster ? redis->slots[op->slot] : redis->nodes;

	if (!node) {
		fsv_redis_want_slots(redis);
		/* Whoever is there knows who has the slot. */
		for (node = redis->nodes; node->down && node->next; node = node->next)
			;
	}
	fsv_redis_node_send(node, op, false);
}

static void call_start(struct fsv_redis *redis, struct fsv_redis_call *call)
{
	call->next = redis->running;
	call->prev = &redis->running;
	if (call->next)
		call->next->prev = &call->next;
	redis->running = call;
	fsv_redis_arm(redis, call->deadline);
	for (unsigned i = 0, n = call->n; i < n; i++)
		fsv_redis_dispatch(redis, &call->ops[i]);
}

/* The thread ---------------------------------------------------------------------------------------- */

void fsv_redis_arm(struct fsv_redis *redis, int64_t at)
{
	int64_t now;

	if (at >= redis->timer_at)
		return;
	now = fsv_now_ns();
	redis->timer_at = at;
	fsv_timer_set(redis->timer, at > now ? (at - now) / FSV_MS + 1 : 0, 0);
}

void fsv_redis_turn_end(struct fsv_redis *redis)
{
	while (redis->dirty) {
		struct fsv_redis_conn *conn = redis->dirty;

		redis->dirty = conn->next_dirty;
		conn->dirty = false;
		fsv_redis_conn_write(conn);
	}
	while (redis->closed) {
		struct fsv_redis_conn *conn = redis->closed;

		redis->closed = conn->next;
		fsv_redis_conn_free(conn);
	}
}

static void on_timer(void *arg)
{
	struct fsv_redis *redis = arg;
	int64_t now = fsv_now_ns(), first = FSV_NO_DEADLINE;

	redis->timer_at = FSV_NO_DEADLINE;
	for (struct fsv_redis_node *n = redis->nodes; n; n = n->next)
		first = fsv_min_deadline(first, fsv_redis_node_tick(n, now));
	for (struct fsv_redis_call *c = redis->running, *next; c; c = next) {
		next = c->next;
		if (c->deadline > now)
			first = fsv_min_deadline(first, c->deadline);
		else
			call_cut(c, -ETIMEDOUT, "no reply by the deadline");
	}
	fsv_redis_slots_tick(redis, now);
	if (first != FSV_NO_DEADLINE)
		fsv_redis_arm(redis, first);
	fsv_redis_turn_end(redis);
}

static void on_woken(void *arg)
{
	struct fsv_redis *redis = arg;
	struct fsv_redis_lookup *found;
	struct fsv_redis_call *list;
	bool stopping;

	pthread_mutex_lock(&redis->lock);
	list = FSV_TAKE(redis->queued);
	redis->queue_end = &redis->queued;
	found = FSV_TAKE(redis->found);
	redis->woken = false;
	stopping = redis->stopping;
	pthread_mutex_unlock(&redis->lock);
	fsv_redis_lookups_done(found);
	while (list) {
		struct fsv_redis_call *call = list;

		list = call->next;
		call_start(redis, call);
	}
	fsv_redis_turn_end(redis);
	if (stopping)
		fsv_loop_quit(redis->loop, 0);
}

void fsv_redis_wake(struct fsv_redis *redis)
{
	if (redis->woken)
		return;
	redis->woken = true;
	FSV_BUG_ON(fsv_loop_post(redis->loop, on_woken, redis) < 0);	/* one at a time has room */
}

/* The first connections are made before anybody needs them. */
static void greet_nodes(struct fsv_redis *redis)
{
	for (struct fsv_redis_node *n = redis->nodes; n; n = n->next)
		(void)fsv_redis_node_conn(n);
	fsv_redis_want_slots(redis);
	fsv_redis_turn_end(redis);
}

static void end_all(struct fsv_redis *redis)
{
	for (struct fsv_redis_node *n = redis->nodes; n; n = n->next)
		n->down = true;
	while (redis->running)
		call_cut(redis->running, -ECANCELED, "the client is shutting down");
	for (struct fsv_redis_node *n = redis->nodes; n; n = n->next)
		while (n->conns)
			fsv_redis_conn_close(n->conns, -ECANCELED, "the client is shutting down");
	fsv_redis_turn_end(redis);
}

static void *run(void *arg)
{
	struct fsv_redis *redis = arg;

	greet_nodes(redis);
	fsv_loop_run(redis->loop);
	end_all(redis);
	return NULL;
}

/* Interface ----------------------------------------------------------------------------------------- */

static bool node_address(const char *text, struct fsv_str *ret_host, struct fsv_str *ret_port)
{
	struct fsv_str s = fsv_str_trim(fsv_str(text));
	size_t colon = s.n;
	int64_t port;

	while (colon > 0 && s.p[colon - 1] != ':')
		colon--;
	if (colon < 2 || !fsv_str_to_i64(fsv_str_sub(s, colon, s.n), &port) || port < 1 || port > 65535)
		return false;
	*ret_host = fsv_str_sub(s, 0, colon - 1);
	*ret_port = fsv_str_sub(s, colon, s.n);
	if (ret_host->n > 2 && ret_host->p[0] == '[' && ret_host->p[ret_host->n - 1] == ']')
		*ret_host = fsv_str_sub(*ret_host, 1, ret_host->n - 1);
	return ret_host->n > 0;
}

static int add_nodes(struct fsv_redis *redis, const char *const *nodes, struct fsv_err *err)
{
	for (size_t i = 0; nodes[i]; i++) {
		struct fsv_str host, port;
		struct fsv_redis_node *node = node_address(nodes[i], &host, &port) ? fsv_redis_node_get(redis, host, port) : NULL;

		if (!node)
			return fsv_err_set(err, FSV_E_CONFIG, "\"%s\" is no host:port", nodes[i]);
		node->seed = true;
		if (!redis->cluster)
			break;
	}
	return redis->nodes ? 0 : fsv_err_set(err, FSV_E_CONFIG, "no address of a Redis server is given");
}

static char *copy(const char *text)
{
	return text && *text ? fsv_str_dup(fsv_str(text)) : NULL;
}

static unsigned at_least_1(unsigned n)
{
	return n > 0 ? n : 1;
}

static int set_up(struct fsv_redis *redis, const struct fsv_redis_opt *opt, struct fsv_err *err)
{
	int r = add_nodes(redis, opt->nodes, err);

	if (r == 0 && opt->tls)
		r = fsv_redis_tls_ctx(opt, &redis->ssl_ctx, err);
	if (r == 0)
		r = fsv_loop_new(&redis->loop, err);
	if (r < 0)
		return r;
	redis->timer = fsv_timer_new(redis->loop, on_timer, redis);
	r = fsv_thread_start(&redis->thread, "redis", run, redis, err);
	redis->has_thread = r == 0;
	return r;
}

int fsv_redis_new(const struct fsv_redis_opt *opt, struct fsv_redis **ret_redis, struct fsv_err *err)
{
	struct fsv_redis *redis = FSV_NEW(struct fsv_redis);
	int r;

	pthread_mutex_init(&redis->lock, NULL);
	redis->cluster = opt->cluster;
	redis->password = copy(opt->password);
	redis->password_file = copy(opt->password_file);
	redis->timeout = (opt->timeout_ms > 0 ? opt->timeout_ms : 1) * FSV_MS;
	redis->max_connections = at_least_1(opt->max_connections);
	redis->max_idle = at_least_1(opt->max_idle);
	redis->max_commands = at_least_1(opt->max_commands);
	redis->max_reply = opt->max_reply;
	redis->max_bytes = opt->max_bytes ? opt->max_bytes : MAX_BYTES;
	redis->timer_at = FSV_NO_DEADLINE;
	redis->queue_end = &redis->queued;
	if (opt->cluster)
		redis->slots = FSV_NEW_N(struct fsv_redis_node *, FSV_REDIS_SLOTS);
	r = set_up(redis, opt, err);
	if (r < 0) {
		fsv_redis_free(redis);
		return r;
	}
	*ret_redis = redis;
	return 0;
}

void fsv_redis_stop(struct fsv_redis *redis)
{
	pthread_mutex_lock(&redis->lock);
	redis->stopping = true;
	if (redis->has_thread)
		fsv_redis_wake(redis);
	pthread_mutex_unlock(&redis->lock);
	if (!redis->has_thread)
		return;
	pthread_join(redis->thread, NULL);
	redis->has_thread = false;
	redis->pool = fsv_pool_free(redis->pool);	/* a name that is being looked up is waited for */
	fsv_redis_lookups_done(FSV_TAKE(redis->found));
}

struct fsv_redis *fsv_redis_free(struct fsv_redis *redis)
{
	if (!redis)
		return NULL;
	fsv_redis_stop(redis);
	while (redis->nodes) {
		struct fsv_redis_node *node = redis->nodes;

		redis->nodes = node->next;
		fsv_redis_node_free(node);
	}
	fsv_loop_free(redis->loop);
	SSL_CTX_free(redis->ssl_ctx);
	if (redis->password)
		explicit_bzero(redis->password, strlen(redis->password));
	free(redis->password);
	free(redis->password_file);
	free(redis->slots);
	pthread_mutex_destroy(&redis->lock);
	free(redis);
	return NULL;
}

static struct fsv_redis_call *call_new(struct fsv_redis *redis, const struct fsv_redis_run_opt *opt, size_t bytes)
{
	struct fsv_redis_call *call;
	struct fsv_arena arena;

	fsv_arena_init(&arena, 0);
	call = FSV_ARENA_NEW(&arena, struct fsv_redis_call);
	call->redis = redis;
	call->deadline = opt->deadline;
	call->worker = opt->worker;
	call->done = opt->done;
	call->arg = opt->arg;
	call->n = call->left = opt->n;
	call->bytes = bytes;
	call->ops = FSV_ARENA_NEW_N(&arena, struct fsv_redis_op, opt->n);
	call->results = FSV_ARENA_NEW_N(&arena, struct fsv_redis_result, opt->n);
	for (unsigned i = 0; i < opt->n; i++) {
		const struct fsv_redis_command *c = &opt->commands[i];

		call->ops[i].call = call;
		call->ops[i].slot = (uint16_t)(redis->cluster ? fsv_redis_slot(c->args[1]) : 0);
		call->ops[i].bytes = fsv_redis_format(c->args, c->n_args, &arena);
	}
	call->arena = arena;
	return call;
}

static size_t count_bytes(const struct fsv_redis_run_opt *opt)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < opt->n; i++)
		for (unsigned k = 0; k < opt->commands[i].n_args; k++)
			bytes += opt->commands[i].args[k].n;
	return bytes;
}

/* 0 when there is room for n more; they are counted then. */
static int take_room(struct fsv_redis *redis, unsigned n, size_t bytes)
{
	int r = 0;

	if (atomic_load_explicit(&redis->down, memory_order_relaxed))
		return -EHOSTDOWN;
	pthread_mutex_lock(&redis->lock);
	if (redis->stopping)
		r = -ESHUTDOWN;
	else if (n > redis->max_commands - redis->n_commands || bytes > redis->max_bytes - redis->n_bytes)
		r = -EAGAIN;
	if (r == 0) {
		redis->n_commands += n;
		redis->n_bytes += bytes;
	}
	pthread_mutex_unlock(&redis->lock);
	return r;
}

int fsv_redis_run(struct fsv_redis *redis, const struct fsv_redis_run_opt *opt)
{
	size_t bytes = count_bytes(opt);
	struct fsv_redis_call *call;
	int r = take_room(redis, opt->n, bytes);

	if (r < 0)
		return r;
	FSV_BUG_ON(opt->n == 0);
	call = call_new(redis, opt, bytes);
	pthread_mutex_lock(&redis->lock);
	if (redis->stopping) {
		redis->n_commands -= opt->n;
		redis->n_bytes -= bytes;
		r = -ESHUTDOWN;
	} else {
		*redis->queue_end = call;
		redis->queue_end = &call->next;
		fsv_redis_wake(redis);
	}
	pthread_mutex_unlock(&redis->lock);
	if (r < 0)
		call_free(call);
	return r;
}
