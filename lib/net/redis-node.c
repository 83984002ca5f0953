/* SPDX-License-Identifier: Apache-2.0 */
#include "redis-private.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"

#define BACKOFF_MIN	(100 * FSV_MS)
#define BACKOFF_MAX	(5 * FSV_S)

enum { BUSY = 32 };	/* commands under way on a connection before another one is worth its while */

struct fsv_redis_node *fsv_redis_node_get(struct fsv_redis *redis, struct fsv_str host, struct fsv_str port)
{
	struct fsv_redis_node **at = &redis->nodes;

	for (; *at; at = &(*at)->next)
		if (fsv_str_is(host, (*at)->host) && fsv_str_is(port, (*at)->port))
			return *at;
	if (redis->n_nodes >= FSV_REDIS_NODES_MAX || host.n == 0 || host.n > 255)
		return NULL;
	*at = FSV_NEW(struct fsv_redis_node);
	(*at)->redis = redis;
	(*at)->host = fsv_str_dup(host);
	(*at)->port = fsv_str_dup(port);
	redis->n_nodes++;
	return *at;
}

void fsv_redis_node_free(struct fsv_redis_node *node)
{
	free(node->host);
	free(node->port);
	free(node);
}

static struct fsv_redis_conn *add_conn(struct fsv_redis_node *node)
{
	struct fsv_redis_conn *conn = fsv_redis_conn_new(node);

	/* It may have failed already, and the node with it. */
	return conn && conn->state != FSV_REDIS_CLOSED ? conn : NULL;
}

struct fsv_redis_conn *fsv_redis_node_conn(struct fsv_redis_node *node)
{
	struct fsv_redis_conn *best = NULL, *more;

	if (node->down)
		return NULL;
	for (struct fsv_redis_conn *c = node->conns; c; c = c->next)
		if (!best || c->tail - c->head < best->tail - best->head)
			best = c;
	if (best && (best->tail - best->head < BUSY || node->n_conns >= node->redis->max_connections))
		return best;
	more = add_conn(node);
	return more ? more : node->down ? NULL : best;
}

void fsv_redis_node_send(struct fsv_redis_node *node, struct fsv_redis_op *op, bool asking)
{
	struct fsv_redis_conn *conn = fsv_redis_node_conn(node);

	if (!conn) {
		fsv_redis_want_slots(node->redis);	/* somebody else may have its slots by now */
		fsv_redis_op_end(op, -EHOSTDOWN, NULL, "the server is down");
		return;
	}
	if (asking)
		fsv_redis_conn_ask(conn, FSV_REDIS_ASK_ASKING, NULL, FSV_STR("*1\r\n$6\r\nASKING\r\n"));
	fsv_redis_conn_ask(conn, FSV_REDIS_ASK_OP, op, op->bytes);
}

static void note_down(struct fsv_redis_node *node, bool down)
{
	node->down = down;
	if (!node->redis->cluster)
		atomic_store_explicit(&node->redis->down, down, memory_order_relaxed);
}

void fsv_redis_node_fail(struct fsv_redis_node *node, int result, const char *why)
{
	struct fsv_redis *redis = node->redis;
	bool was_down = node->down;

	node->backoff = was_down ? 2 * node->backoff : BACKOFF_MIN;
	if (node->backoff > BACKOFF_MAX)
		node->backoff = BACKOFF_MAX;
	node->retry_at = fsv_now_ns() + node->backoff;
	note_down(node, true);
	if (!was_down)
		fsv_log_limited(FSV_LOG_WARNING, NULL, "redis: %s:%s: %s; it is left out and tried again in the background",
				node->host, node->port, why);
	while (node->conns)
		fsv_redis_conn_close(node->conns, result, why);
	fsv_redis_arm(redis, node->retry_at);
	fsv_redis_want_slots(redis);
}

void fsv_redis_node_up(struct fsv_redis_node *node)
{
	struct fsv_redis *redis = node->redis;

	if (node->down)
		fsv_log_limited(FSV_LOG_INFO, NULL, "redis: %s:%s answers again", node->host, node->port);
	note_down(node, false);
	fsv_redis_slots_tick(redis, fsv_now_ns());
}

void fsv_redis_node_idle(struct fsv_redis_node *node, struct fsv_redis_conn *conn)
{
	unsigned idle = 0;

	for (const struct fsv_redis_conn *c = node->conns; c; c = c->next)
		idle += c->head == c->tail;
	if (idle > node->redis->max_idle)
		fsv_redis_conn_close(conn, 0, "");
}

int64_t fsv_redis_node_tick(struct fsv_redis_node *node, int64_t now)
{
	int64_t first = FSV_NO_DEADLINE;

	for (const struct fsv_redis_conn *c = node->conns; c; c = c->next)
		first = fsv_min_deadline(first, fsv_redis_conn_limit(c));
	if (first <= now) {
		fsv_redis_node_fail(node, -ETIMEDOUT, "no answer within redis.timeout");
		return node->retry_at;
	}
	if (!node->down || node->conns)
		return first;
	if (node->retry_at <= now)
		(void)add_conn(node);	/* fails the node again when it fails */
	return node->conns ? fsv_redis_conn_limit(node->conns) : node->retry_at;
}
