/* SPDX-License-Identifier: Apache-2.0 */
/* The two places where values are kept. */
#ifndef FSV_CACHE_PRIVATE_H
#define FSV_CACHE_PRIVATE_H

#include "cache.h"

/* In this process: a few shards, each with a lock of its own that is held for the time of one copy. */
struct fsv_cache_local;

struct fsv_cache_local *fsv_cache_local_new(const struct fsv_cache_opt *opt);
struct fsv_cache_local *fsv_cache_local_free(struct fsv_cache_local *local);
/* A copy in the arena, or empty. now: monotonic ns. [any thread] */
struct fsv_str fsv_cache_local_get(struct fsv_cache_local *local, const char *key, int64_t now, struct fsv_arena *arena);
/* False when it is too large to be kept. [any thread] */
bool fsv_cache_local_put(struct fsv_cache_local *local, const char *key, struct fsv_str value, int64_t now);
void fsv_cache_local_size(struct fsv_cache_local *local, size_t *ret_entries, size_t *ret_bytes);

struct fsv_cache {
	struct fsv_cache_local *local;	/* or */
	struct fsv_redis *redis;
	size_t max_value;
	int64_t expire_ms;
	_Atomic uint64_t hits, misses, writes, refused, faults;
};

static inline void fsv_cache_count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* cache-redis.c */
void fsv_cache_redis_get(struct fsv_cache *cache, struct fsv_cache_lookup *lookup);
void fsv_cache_redis_put(struct fsv_cache *cache, const char *key, struct fsv_str value);

#endif
