/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hosts answered a guest, kept for the next request about the same person: in this process, or in Redis where
 * guests of one party, this suite's and the reference's, share it. Keys and values are the reference's: a key is the
 * MD5 of names and of what the host was sent, a value the JSON object that the host gave as "data".
 *
 * A cache only ever saves work. Whatever is wrong with it is a miss, counted and left alone.
 */
#ifndef FSV_CACHE_CACHE_H
#define FSV_CACHE_CACHE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

struct fsv_cache;
struct fsv_redis;
struct fsv_rpc_worker;

enum { FSV_CACHE_KEY_SIZE = 33 };	/* lower-case hex and a NUL */

/* Key of a host's answer: the guest's model and what the host is sent (JSON without nulls, as re-encoded). */
void fsv_cache_key(struct fsv_str host_party, struct fsv_str model_version, struct fsv_str model_id, struct fsv_str sent,
		   struct fsv_arena *arena, char key[FSV_CACHE_KEY_SIZE]);

struct fsv_cache_opt {
	size_t max_value;		/* bytes; larger values are neither written nor believed */
	int64_t expire_ms;		/* from writing on; 0 = never */
	/* In this process. */
	size_t max_entries, max_bytes;	/* the least recently used go first; one value has at most a 16th */
	int64_t sweep_ms;		/* how often a part in use is looked through for old entries */
	/* In Redis, when given; borrowed, outlives the cache. */
	struct fsv_redis *redis;
};

struct fsv_cache *fsv_cache_new(const struct fsv_cache_opt *opt);
/* No look-up may be under way. NULL is fine. Returns NULL. */
struct fsv_cache *fsv_cache_free(struct fsv_cache *cache);

struct fsv_cache_item {
	char key[FSV_CACHE_KEY_SIZE];
	struct fsv_str value;		/* answer: JSON object in the look-up's arena; empty = not there */
};

struct fsv_cache_lookup {
	struct fsv_cache_item *items;
	size_t n;
	struct fsv_rpc_worker *worker;
	struct fsv_arena *arena;
	int64_t deadline;		/* monotonic ns; done comes by then, or not much later */
	/* On the worker, exactly once; before fsv_cache_get returns when nothing has to be waited for. */
	void (*done)(struct fsv_cache_lookup *lookup);
	void *arg;
};

/* All keys in one go. [the lookup's worker] */
void fsv_cache_get(struct fsv_cache *cache, struct fsv_cache_lookup *lookup);
/* Writes it, now or soon, or drops it when too much waits to be written; value is copied. [any thread] */
void fsv_cache_put(struct fsv_cache *cache, const char key[FSV_CACHE_KEY_SIZE], struct fsv_str value);

struct fsv_cache_stats {
	uint64_t hits, misses;		/* of keys */
	uint64_t writes;
	uint64_t refused;		/* values that are no JSON object, or too large */
	uint64_t faults;		/* keys that could not be asked for, values that could not be written */
	size_t entries, bytes;		/* in this process */
};
/* [any thread] */
void fsv_cache_stats(struct fsv_cache *cache, struct fsv_cache_stats *ret_stats);

/* Whether a value from outside is what a host's "data" can be: one JSON object of at most max bytes and nothing
 * behind it. arena: for the look at it. [any thread] */
bool fsv_cache_value_good(struct fsv_str value, size_t max, struct fsv_arena *arena);

#endif
