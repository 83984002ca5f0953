/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hash table from text to a pointer. Keys are copied. Built once and then read by many threads,
 * or owned by one thread. Iteration is in insertion order (removed entries leave no hole).
 */
#ifndef FSV_BASE_MAP_H
#define FSV_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "str.h"

struct fsv_map_entry {
	struct fsv_str key;	/* NUL stands behind it */
	void *value;
	uint64_t hash;
};

struct fsv_map {
	struct fsv_map_entry *entries;	/* insertion order, 0..n-1: iterate here */
	size_t n, cap;
	uint32_t *slots;		/* index + 1, 0 = free */
	size_t n_slots;			/* power of two */
};

void fsv_map_init(struct fsv_map *m);
/* Values stay the caller's. */
void fsv_map_done(struct fsv_map *m);

/* Room for n entries in all, so that putting them in moves nothing. */
void fsv_map_reserve(struct fsv_map *m, size_t n);
/* Sets the value, replacing an older one in place; returns the old value or NULL. */
void *fsv_map_put(struct fsv_map *m, struct fsv_str key, void *value);
void *fsv_map_get(const struct fsv_map *m, struct fsv_str key);
/* Position in entries, or SIZE_MAX. */
size_t fsv_map_find(const struct fsv_map *m, struct fsv_str key);
/* Takes the entry out and returns its value, or NULL. Linear in n, but for the last entry: empty a map from its end. */
void *fsv_map_del(struct fsv_map *m, struct fsv_str key);

#endif
