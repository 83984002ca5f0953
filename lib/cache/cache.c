/* SPDX-License-Identifier: Apache-2.0 */
#include "cache.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/time.h"
#include "cache-private.h"
#include "codec/digest.h"
#include "codec/json.h"

void fsv_cache_key(struct fsv_str host_party, struct fsv_str model_version, struct fsv_str model_id, struct fsv_str sent,
		   struct fsv_arena *arena, char key[FSV_CACHE_KEY_SIZE])
{
	struct fsv_buf text;

	fsv_buf_init(&text, arena, 0);
	fsv_buf_add(&text, host_party);
	fsv_buf_add(&text, model_version);
	fsv_buf_add(&text, model_id);
	fsv_buf_add(&text, sent);
	fsv_md5_hex(fsv_buf_str(&text), key);
}

bool fsv_cache_value_good(struct fsv_str value, size_t max, struct fsv_arena *arena)
{
	struct fsv_json j;

	if (value.n > max)
		return false;
	fsv_json_init(&j, value, arena);
	return fsv_json_skip(&j, NULL) == FSV_JSON_OBJECT && fsv_json_end(&j);
}

struct fsv_cache *fsv_cache_new(const struct fsv_cache_opt *opt)
{
	struct fsv_cache *cache = FSV_NEW(struct fsv_cache);

	cache->redis = opt->redis;
	cache->max_value = opt->max_value;
	cache->expire_ms = opt->expire_ms;
	if (!opt->redis)
		cache->local = fsv_cache_local_new(opt);
	return cache;
}

struct fsv_cache *fsv_cache_free(struct fsv_cache *cache)
{
	if (!cache)
		return NULL;
	fsv_cache_local_free(cache->local);
	free(cache);
	return NULL;
}

void fsv_cache_get(struct fsv_cache *cache, struct fsv_cache_lookup *lookup)
{
	int64_t now = fsv_now_ns();
	uint64_t hits = 0;

	if (cache->redis) {
		fsv_cache_redis_get(cache, lookup);
		return;
	}
	for (size_t i = 0; i < lookup->n; i++) {
		struct fsv_cache_item *item = &lookup->items[i];

		item->value = fsv_cache_local_get(cache->local, item->key, now, lookup->arena);
		hits += item->value.n > 0;
	}
	fsv_cache_count(&cache->hits, hits);
	fsv_cache_count(&cache->misses, lookup->n - hits);
	lookup->done(lookup);
}

void fsv_cache_put(struct fsv_cache *cache, const char key[FSV_CACHE_KEY_SIZE], struct fsv_str value)
{
	if (value.n == 0 || value.n > cache->max_value) {
		fsv_cache_count(&cache->refused, 1);
		return;
	}
	if (cache->redis) {
		fsv_cache_redis_put(cache, key, value);
		return;
	}
	fsv_cache_count(fsv_cache_local_put(cache->local, key, value, fsv_now_ns()) ? &cache->writes : &cache->refused, 1);
}

void fsv_cache_stats(struct fsv_cache *cache, struct fsv_cache_stats *ret_stats)
{
	struct fsv_cache_stats s = {
		.hits = atomic_load_explicit(&cache->hits, memory_order_relaxed),
		.misses = atomic_load_explicit(&cache->misses, memory_order_relaxed),
		.writes = atomic_load_explicit(&cache->writes, memory_order_relaxed),
		.refused = atomic_load_explicit(&cache->refused, memory_order_relaxed),
		.faults = atomic_load_explicit(&cache->faults, memory_order_relaxed),
	};

	if (cache->local)
		fsv_cache_local_size(cache->local, &s.entries, &s.bytes);
	*ret_stats = s;
}
