/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a server that calls itself Redis: replies, slots, redirections, and the features made of them. */
#include <stdint.h>
#include <stdlib.h>

#include "../../daemons/serving-server/redis-features.h"
#include "../../lib/net/redis-private.h"
#include "base/mem.h"
#include "codec/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_features(const struct fsv_redis_reply *r, const struct fsv_str *fields, size_t n, struct fsv_arena *arena)
{
	struct fsv_str features;
	struct fsv_json j;

	if (!fsv_redis_features(r, fields, n, arena, &features) || features.n == 0)
		return;
	fsv_json_init(&j, features, arena);
	FSV_BUG_ON(fsv_json_skip(&j, NULL) != FSV_JSON_OBJECT || !fsv_json_end(&j));
}

static void check_reply(const struct fsv_redis_reply *r, struct fsv_arena *arena)
{
	static const struct fsv_str fields[] = { { "x", 1 }, { "y", 1 } };
	struct fsv_redis_range range;

	check_features(r, NULL, 0, arena);
	check_features(r, fields, 2, arena);
	if (fsv_redis_parse_range(r, &range))
		FSV_BUG_ON(range.first > range.last || range.last >= FSV_REDIS_SLOTS || range.port < 1 || range.port > 65535);
	for (size_t i = 0; i < r->n; i++)
		check_reply(r->elems[i], arena);
}

static void check_redirect(struct fsv_str text)
{
	struct fsv_str host, port;
	unsigned slot;
	bool ask;

	if (!fsv_redis_parse_redirect(text, &ask, &slot, &host, &port))
		return;
	FSV_BUG_ON(slot >= FSV_REDIS_SLOTS || port.n == 0);
	FSV_BUG_ON(host.n > 0 && (host.p < text.p || host.p + host.n > text.p + text.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_str text = fsv_str_n((const char *)data, size);
	struct fsv_redis_conn conn = { .budget = 4096 };
	struct fsv_arena arena;
	void *reply;

	fsv_arena_init(&conn.arena, 0);
	fsv_arena_init(&arena, 0);
	conn.reader = fsv_redis_reader_new(&conn);
	redisReaderFeed(conn.reader, text.p, text.n);
	while (redisReaderGetReply(conn.reader, &reply) == REDIS_OK && reply) {
		check_reply(fsv_redis_reply_copy(reply, &arena), &arena);
		fsv_arena_reset(&conn.arena);
		conn.budget = 4096;
	}
	redisReaderFree(conn.reader);
	check_redirect(text);
	FSV_BUG_ON(fsv_redis_slot(text) >= FSV_REDIS_SLOTS);
	fsv_arena_done(&arena);
	fsv_arena_done(&conn.arena);
	return 0;
}
