/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values in Redis, as the reference writes them: the key alone, the JSON text alone. A key is read by a GET of its own,
 * pipelined, since those of one batch lie on all nodes of a cluster; it is written together with its expiry.
 */
#include "cache-private.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/time.h"
#include "net/redis.h"

struct reading {
	struct fsv_cache *cache;
	struct fsv_cache_lookup *lookup;
};

static struct fsv_str key_of(const char *key)
{
	return fsv_str_n(key, FSV_CACHE_KEY_SIZE - 1);
}

/* A value that somebody else has put there may be anything. */
static struct fsv_str take(struct fsv_cache *cache, const struct fsv_redis_result *r, struct fsv_arena *arena)
{
	if (r->result < 0) {
		fsv_cache_count(&cache->faults, 1);
		return FSV_STR_NULL;
	}
	if (r->reply->type == FSV_REDIS_NIL)
		return FSV_STR_NULL;
	if (r->reply->type == FSV_REDIS_TEXT && fsv_cache_value_good(r->reply->text, cache->max_value, arena))
		return fsv_arena_str(arena, r->reply->text);
	fsv_cache_count(&cache->refused, 1);
	return FSV_STR_NULL;
}

static void on_values(void *arg, const struct fsv_redis_result *results, unsigned n)
{
	struct reading *reading = arg;
	struct fsv_cache *cache = reading->cache;
	struct fsv_cache_lookup *lookup = reading->lookup;
	uint64_t hits = 0;

	for (unsigned i = 0; i < n; i++) {
		lookup->items[i].value = take(cache, &results[i], lookup->arena);
		hits += lookup->items[i].value.n > 0;
	}
	fsv_cache_count(&cache->hits, hits);
	fsv_cache_count(&cache->misses, n - hits);
	lookup->done(lookup);
}

void fsv_cache_redis_get(struct fsv_cache *cache, struct fsv_cache_lookup *lookup)
{
	struct fsv_str *args = FSV_ARENA_NEW_N(lookup->arena, struct fsv_str, 2 * lookup->n);
	struct fsv_redis_command *commands = FSV_ARENA_NEW_N(lookup->arena, struct fsv_redis_command, lookup->n);
	struct reading *reading = FSV_ARENA_NEW(lookup->arena, struct reading);

	*reading = (struct reading){ cache, lookup };
	for (size_t i = 0; i < lookup->n; i++) {
		args[2 * i] = FSV_STR("GET");
		args[2 * i + 1] = key_of(lookup->items[i].key);
		commands[i] = (struct fsv_redis_command){ .args = &args[2 * i], .n_args = 2 };
	}
	if (fsv_redis_run(cache->redis, &(struct fsv_redis_run_opt){
		.commands = commands, .n = (unsigned)lookup->n, .deadline = lookup->deadline, .worker = lookup->worker,
		.done = on_values, .arg = reading,
	}) == 0)
		return;
	fsv_cache_count(&cache->faults, lookup->n);
	fsv_cache_count(&cache->misses, lookup->n);
	lookup->done(lookup);
}

void fsv_cache_redis_put(struct fsv_cache *cache, const char *key, struct fsv_str value)
{
	char ms[24];
	int n = snprintf(ms, sizeof(ms), "%lld", (long long)cache->expire_ms);
	const struct fsv_str args[] = { FSV_STR("SET"), key_of(key), value, FSV_STR("PX"), fsv_str_n(ms, (size_t)n) };
	const struct fsv_redis_command command = { .args = args, .n_args = cache->expire_ms > 0 ? 5 : 3 };

	/* Nobody waits for it, so it has the time that the connection has. */
	if (fsv_redis_run(cache->redis, &(struct fsv_redis_run_opt){
		.commands = &command, .n = 1, .deadline = FSV_NO_DEADLINE,
	}) == 0)
		fsv_cache_count(&cache->writes, 1);
	else
		fsv_cache_count(&cache->faults, 1);
}
