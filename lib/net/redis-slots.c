/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which node of a cluster has which slot. A wrong entry costs a redirection, so the map is asked for again, from one
 * node after the other, when there was one, and when a node is lost: another may have taken its place.
 */
#include "redis-private.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "base/time.h"

/* Between two questions. */
#define PAUSE	(200 * FSV_MS)

/* CRC16 of polynomial 0x1021, over what stands between the first { and the next } when there is something. */
unsigned fsv_redis_slot(struct fsv_str key)
{
	static const uint16_t nibbles[16] = {
		0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7,
		0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef,
	};
	size_t open = fsv_str_find(key, '{', 0), close;
	uint16_t crc = 0;

	if (open < key.n) {
		close = fsv_str_find(key, '}', open + 1);
		if (close < key.n && close > open + 1)
			key = fsv_str_sub(key, open + 1, close);
	}
	for (size_t i = 0; i < key.n; i++) {
		uint8_t c = (uint8_t)key.p[i];

		crc = (uint16_t)(crc << 4) ^ nibbles[(crc >> 12) ^ (c >> 4)];
		crc = (uint16_t)(crc << 4) ^ nibbles[(crc >> 12) ^ (c & 15)];
	}
	return crc & (FSV_REDIS_SLOTS - 1);
}

bool fsv_redis_parse_redirect(struct fsv_str error, bool *ret_ask, unsigned *ret_slot, struct fsv_str *ret_host,
			      struct fsv_str *ret_port)
{
	bool ask = fsv_str_starts(error, FSV_STR("ASK "));
	size_t begin = fsv_str_find(error, ' ', 0) + 1, end, colon;
	int64_t slot, port;

	if (!ask && !fsv_str_starts(error, FSV_STR("MOVED ")))
		return false;
	end = fsv_str_find(error, ' ', begin);
	if (end >= error.n || !fsv_str_to_i64(fsv_str_sub(error, begin, end), &slot) || slot < 0 || slot >= FSV_REDIS_SLOTS)
		return false;
	/* The last colon: addresses of IPv6 come without brackets. */
	for (colon = error.n; colon > end + 1 && error.p[colon - 1] != ':'; colon--)
		;
	if (colon <= end + 1 || !fsv_str_to_i64(fsv_str_sub(error, colon, error.n), &port) || port < 1 || port > 65535)
		return false;
	*ret_ask = ask;
	*ret_slot = (unsigned)slot;
	*ret_host = fsv_str_sub(error, end + 1, colon - 1);
	*ret_port = fsv_str_sub(error, colon, error.n);
	return true;
}

bool fsv_redis_parse_range(const struct fsv_redis_reply *e, struct fsv_redis_range *ret_range)
{
	const struct fsv_redis_reply *master;
	struct fsv_redis_range range;

	if (e->type != FSV_REDIS_ARRAY || e->n < 3 || e->elems[0]->type != FSV_REDIS_INT || e->elems[1]->type != FSV_REDIS_INT)
		return false;
	master = e->elems[2];
	if (e->elems[0]->integer < 0 || e->elems[1]->integer >= FSV_REDIS_SLOTS ||
	    e->elems[0]->integer > e->elems[1]->integer || master->type != FSV_REDIS_ARRAY || master->n < 2 ||
	    master->elems[1]->type != FSV_REDIS_INT || master->elems[1]->integer < 1 || master->elems[1]->integer > 65535)
		return false;
	range.first = (unsigned)e->elems[0]->integer;
	range.last = (unsigned)e->elems[1]->integer;
	range.host = master->elems[0]->type == FSV_REDIS_TEXT ? master->elems[0]->text : FSV_STR_NULL;
	if (fsv_str_is(range.host, "?"))
		range.host = FSV_STR_NULL;
	range.port = master->elems[1]->integer;
	*ret_range = range;
	return true;
}

/* Any node that is not known to be down, beginning behind the one asked last. */
static struct fsv_redis_node *whom_to_ask(struct fsv_redis *redis)
{
	struct fsv_redis_node *n = redis->slots_from && redis->slots_from->next ? redis->slots_from->next : redis->nodes;

	for (unsigned i = 0; i < redis->n_nodes; i++, n = n->next ? n->next : redis->nodes)
		if (!n->down)
			return n;
	return NULL;
}

void fsv_redis_slots_tick(struct fsv_redis *redis, int64_t now)
{
	const struct fsv_str args[] = { FSV_STR("CLUSTER"), FSV_STR("SLOTS") };
	struct fsv_redis_node *node;
	struct fsv_redis_conn *conn;
	struct fsv_arena arena;

	if (redis->slots_at == 0 || redis->asking_slots)
		return;
	if (redis->slots_at > now) {
		fsv_redis_arm(redis, redis->slots_at);
		return;
	}
	do {
		node = whom_to_ask(redis);
		if (!node)
			return;		/* the first that is up again is asked */
		conn = fsv_redis_node_conn(node);
	} while (!conn);	/* which means that it is down now */
	redis->slots_from = node;
	redis->slots_at = 0;
	redis->slots_asked = now;
	redis->asking_slots = true;
	fsv_arena_init(&arena, 0);
	fsv_redis_conn_ask(conn, FSV_REDIS_ASK_SLOTS, NULL, fsv_redis_format(args, 2, &arena));
	fsv_arena_done(&arena);
}

void fsv_redis_want_slots(struct fsv_redis *redis)
{
	int64_t now = fsv_now_ns();

	if (!redis->cluster || redis->slots_at != 0)
		return;
	redis->slots_at = redis->slots_asked + PAUSE > now ? redis->slots_asked + PAUSE : now;
	fsv_redis_slots_tick(redis, now);
}

/* Nodes that nothing leads to any more; those with work are left for the next time. */
static void drop_strangers(struct fsv_redis *redis)
{
	struct fsv_redis_node **at = &redis->nodes;

	for (unsigned i = 0; i < FSV_REDIS_SLOTS; i++)
		if (redis->slots[i])
			redis->slots[i]->mark = true;
	while (*at) {
		struct fsv_redis_node *node = *at;
		bool busy = false;

		for (const struct fsv_redis_conn *c = node->conns; c; c = c->next)
			busy |= c->head != c->tail;
		if (node->seed || node->mark || busy) {
			node->mark = false;
			at = &node->next;
			continue;
		}
		*at = node->next;
		redis->n_nodes--;
		if (redis->slots_from == node)
			redis->slots_from = NULL;
		while (node->conns)
			fsv_redis_conn_close(node->conns, -ECONNRESET, "its node has left the cluster");
		fsv_redis_node_free(node);
	}
}

static bool take_range(struct fsv_redis_conn *conn, const struct fsv_redis_reply *elem)
{
	struct fsv_redis *redis = conn->redis;
	struct fsv_redis_range range;
	struct fsv_redis_node *node;
	char port[8];

	if (!fsv_redis_parse_range(elem, &range))
		return false;
	snprintf(port, sizeof(port), "%u", (unsigned)range.port);
	node = fsv_redis_node_get(redis, range.host.n > 0 ? range.host : fsv_str(conn->node->host), fsv_str(port));
	if (!node)
		return false;
	for (unsigned i = range.first; i <= range.last; i++)
		redis->slots[i] = node;
	return true;
}

void fsv_redis_take_slots(struct fsv_redis_conn *conn, const struct fsv_redis_reply *reply)
{
	struct fsv_redis *redis = conn->redis;
	size_t good = 0, n = reply && reply->type == FSV_REDIS_ARRAY ? reply->n : 0;

	redis->asking_slots = false;
	for (size_t i = 0; i < n; i++)
		good += take_range(conn, reply->elems[i]);
	if (good == n && n > 0) {
		drop_strangers(redis);
		return;
	}
	fsv_log_limited(FSV_LOG_WARNING, NULL, "redis: %s:%s does not tell the slots of its cluster; another node is asked",
			conn->node->host, conn->node->port);
	fsv_redis_want_slots(redis);
}
