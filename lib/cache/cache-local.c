/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries stand in two lists of their shard: by their last use, whose end goes when there is no room, and by when they
 * were written, whose end is the oldest. An entry ends a fixed time after it was written, however often it is read:
 * what is stale must not live on because it is popular.
 */
#include "cache-private.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/time.h"

enum {
	SHARDS_MAX = 16,	/* power of two */
	SHARD_ENTRIES = 64,	/* fewer to a shard, and keys that happen to meet in one push each other out */
	FIRST_BUCKETS = 64,
	KEY_LEN = FSV_CACHE_KEY_SIZE - 1,
};

/* A doubly linked ring through its head. */
struct link {
	struct link *next, *prev;
};

struct entry {
	struct link used, written;
	struct entry *chain;		/* next of its bucket */
	uint64_t hash;
	int64_t ends;			/* monotonic ns */
	size_t n;
	char key[KEY_LEN];
	char value[];
};

struct shard {
	pthread_mutex_t lock;		/* innermost */
	struct link used, written;	/* newest first */
	struct entry **buckets;
	size_t n_buckets, entries, bytes;
	int64_t swept;
};

struct fsv_cache_local {
	struct shard shards[SHARDS_MAX];
	unsigned n_shards;		/* power of two */
	size_t max_entries, max_bytes;	/* of one shard */
	int64_t expire_ns, sweep_ns;
};

#define USED_ENTRY(l)		((struct entry *)((char *)(l) - offsetof(struct entry, used)))
#define WRITTEN_ENTRY(l)	((struct entry *)((char *)(l) - offsetof(struct entry, written)))

static void put_first(struct link *head, struct link *l)
{
	l->next = head->next;
	l->prev = head;
	head->next->prev = l;
	head->next = l;
}

static void take_out(struct link *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
}

/* One shard ----------------------------------------------------------------------------------------- */

static struct entry **place(struct shard *s, uint64_t hash, const char *key)
{
	struct entry **at = &s->buckets[(hash / SHARDS_MAX) & (s->n_buckets - 1)];

	while (*at && ((*at)->hash != hash || memcmp((*at)->key, key, KEY_LEN) != 0))
		at = &(*at)->chain;
	return at;
}

static size_t cost(const struct entry *e)
{
	return sizeof(*e) + e->n;
}

static void drop(struct shard *s, struct entry *e)
{
	*place(s, e->hash, e->key) = e->chain;
	take_out(&e->used);
	take_out(&e->written);
	s->entries--;
	s->bytes -= cost(e);
	free(e);
}

static void grow(struct shard *s)
{
	struct entry **was = s->buckets;
	size_t n = s->n_buckets;

	s->n_buckets = n ? 2 * n : FIRST_BUCKETS;
	s->buckets = FSV_NEW_N(struct entry *, s->n_buckets);
	for (size_t i = 0; i < n; i++) {
		while (was[i]) {
			struct entry *e = was[i];
			struct entry **at;

			was[i] = e->chain;
			at = &s->buckets[(e->hash / SHARDS_MAX) & (s->n_buckets - 1)];
			e->chain = *at;
			*at = e;
		}
	}
	free(was);
}

static void sweep(const struct fsv_cache_local *local, struct shard *s, int64_t now)
{
	if (now - s->swept < local->sweep_ns)
		return;
	s->swept = now;
	while (s->written.prev != &s->written && WRITTEN_ENTRY(s->written.prev)->ends <= now)
		drop(s, WRITTEN_ENTRY(s->written.prev));
}

/* Room for one more entry of this cost. */
static void make_room(const struct fsv_cache_local *local, struct shard *s, size_t bytes)
{
	while (s->used.prev != &s->used && (s->entries >= local->max_entries || s->bytes + bytes > local->max_bytes))
		drop(s, USED_ENTRY(s->used.prev));
}

/* All of them --------------------------------------------------------------------------------------- */

struct fsv_cache_local *fsv_cache_local_new(const struct fsv_cache_opt *opt)
{
	struct fsv_cache_local *local = FSV_NEW(struct fsv_cache_local);

	local->n_shards = SHARDS_MAX;
	while (local->n_shards > 1 && opt->max_entries / local->n_shards < SHARD_ENTRIES)
		local->n_shards /= 2;
	local->max_entries = opt->max_entries / local->n_shards;
	local->max_bytes = opt->max_bytes / local->n_shards;
	local->expire_ns = opt->expire_ms > 0 && opt->expire_ms < INT64_MAX / FSV_MS ? opt->expire_ms * FSV_MS : 0;
	local->sweep_ns = opt->sweep_ms * FSV_MS;
	for (unsigned i = 0; i < local->n_shards; i++) {
		struct shard *s = &local->shards[i];

		pthread_mutex_init(&s->lock, NULL);
		s->used.next = s->used.prev = &s->used;
		s->written.next = s->written.prev = &s->written;
	}
	return local;
}

struct fsv_cache_local *fsv_cache_local_free(struct fsv_cache_local *local)
{
	if (!local)
		return NULL;
	for (unsigned i = 0; i < local->n_shards; i++) {
		struct shard *s = &local->shards[i];

		while (s->used.next != &s->used)
			drop(s, USED_ENTRY(s->used.next));
		free(s->buckets);
		pthread_mutex_destroy(&s->lock);
	}
	free(local);
	return NULL;
}

static struct shard *shard_of(struct fsv_cache_local *local, const char *key, uint64_t *ret_hash)
{
	*ret_hash = fsv_str_hash(fsv_str_n(key, KEY_LEN));
	return &local->shards[*ret_hash & (local->n_shards - 1)];
}

struct fsv_str fsv_cache_local_get(struct fsv_cache_local *local, const char *key, int64_t now, struct fsv_arena *arena)
{
	struct fsv_str value = FSV_STR_NULL;
	struct entry *e = NULL;
	uint64_t hash;
	struct shard *s = shard_of(local, key, &hash);

	pthread_mutex_lock(&s->lock);
	sweep(local, s, now);
	if (s->n_buckets > 0)
		e = *place(s, hash, key);
	if (e && e->ends <= now) {
		drop(s, e);
	} else if (e) {
		take_out(&e->used);
		put_first(&s->used, &e->used);
		value = fsv_arena_str(arena, fsv_str_n(e->value, e->n));
	}
	pthread_mutex_unlock(&s->lock);
	return value;
}

bool fsv_cache_local_put(struct fsv_cache_local *local, const char *key, struct fsv_str value, int64_t now)
{
	struct entry *e, **at;
	struct shard *s;

	if (local->max_entries == 0 || sizeof(*e) + value.n > local->max_bytes)
		return false;
	e = fsv_malloc(sizeof(*e) + value.n);
	s = shard_of(local, key, &e->hash);

	e->ends = local->expire_ns > 0 ? now + local->expire_ns : INT64_MAX;
	e->n = value.n;
	memcpy(e->key, key, KEY_LEN);
	memcpy(e->value, value.p, value.n);
	pthread_mutex_lock(&s->lock);
	sweep(local, s, now);
	if (s->entries >= s->n_buckets)
		grow(s);
	at = place(s, e->hash, e->key);
	if (*at)
		drop(s, *at);
	make_room(local, s, cost(e));
	at = place(s, e->hash, e->key);
	e->chain = *at;
	*at = e;
	put_first(&s->used, &e->used);
	put_first(&s->written, &e->written);
	s->entries++;
	s->bytes += cost(e);
	pthread_mutex_unlock(&s->lock);
	return true;
}

void fsv_cache_local_size(struct fsv_cache_local *local, size_t *ret_entries, size_t *ret_bytes)
{
	*ret_entries = *ret_bytes = 0;
	for (unsigned i = 0; i < local->n_shards; i++) {
		struct shard *s = &local->shards[i];

		pthread_mutex_lock(&s->lock);
		*ret_entries += s->entries;
		*ret_bytes += s->bytes;
		pthread_mutex_unlock(&s->lock);
	}
}
