/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bump allocator for things that live as long as one request or one load. Nothing in it is freed
 * alone; fsv_arena_reset drops everything and keeps the first chunk for the next use.
 * Not thread-safe: an arena belongs to whoever owns the request.
 */
#ifndef FSV_BASE_ARENA_H
#define FSV_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "str.h"

struct fsv_arena_chunk;

struct fsv_arena {
	char *p, *end;			/* free part of the newest chunk */
	struct fsv_arena_chunk *chunks;	/* newest first */
	size_t chunk_size;		/* size of the next ordinary chunk */
	bool steady;			/* chunks do not grow */
	size_t total;			/* bytes held from the heap */
};

/* In place, no allocation until first use. first: size of the first chunk (0 = 4 KiB). */
void fsv_arena_init(struct fsv_arena *a, size_t first);
/* For what lives long: chunks of this size and no growing ones, bigger pieces on their own, so that little is held
 * that is not used. */
void fsv_arena_init_steady(struct fsv_arena *a, size_t chunk);
/* Gives everything back. */
void fsv_arena_done(struct fsv_arena *a);
/* Empties it; keeps the oldest chunk, gives the rest back. */
void fsv_arena_reset(struct fsv_arena *a);

/* 16-byte aligned, uninitialised. Never NULL. */
void *fsv_arena_alloc(struct fsv_arena *a, size_t size) __attribute__((returns_nonnull));
void *fsv_arena_zalloc(struct fsv_arena *a, size_t size) __attribute__((returns_nonnull));
#define FSV_ARENA_NEW(a, type)		((type *)fsv_arena_zalloc((a), sizeof(type)))
/* n is overflow-checked. */
void *fsv_arena_array(struct fsv_arena *a, size_t n, size_t size) __attribute__((returns_nonnull));
#define FSV_ARENA_NEW_N(a, type, n)	((type *)fsv_arena_array((a), (n), sizeof(type)))

/* Room for one more behind the n elements of a list that has room for *cap: twice as much, at first for that many; the
 * new room is uninitialised. Returns where the list is from now on. */
void *fsv_arena_grow(struct fsv_arena *a, const void *list, size_t n, size_t *cap, size_t first,
		     size_t size) __attribute__((returns_nonnull));
/* The same where it is needed; cap is a size_t. */
#define FSV_ARENA_MORE(a, list, n, cap, first) \
	do { \
		if ((n) == (cap)) \
			(list) = fsv_arena_grow((a), (list), (n), &(cap), (first), sizeof(*(list))); \
	} while (0)

/* Copies; a NUL stands behind the copy (not counted). */
struct fsv_str fsv_arena_str(struct fsv_arena *a, struct fsv_str s);
char *fsv_arena_cstr(struct fsv_arena *a, struct fsv_str s);
/* Formatted text, NUL-terminated. */
char *fsv_arena_printf(struct fsv_arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
