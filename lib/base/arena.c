/* SPDX-License-Identifier: Apache-2.0 */
#include "arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "mem.h"

enum { ALIGN = 16, FIRST = 4096, CHUNK_MAX = 1 << 20 };

struct fsv_arena_chunk {
	struct fsv_arena_chunk *older;
	size_t size;	/* of data */
	_Alignas(ALIGN) char data[];
};

void fsv_arena_init(struct fsv_arena *a, size_t first)
{
	*a = (struct fsv_arena){ .chunk_size = first ? first : FIRST };
}

void fsv_arena_init_steady(struct fsv_arena *a, size_t chunk)
{
	*a = (struct fsv_arena){ .chunk_size = chunk, .steady = true };
}

static void drop_until(struct fsv_arena *a, struct fsv_arena_chunk *last)
{
	while (a->chunks != last) {
		struct fsv_arena_chunk *c = a->chunks;

		a->chunks = c->older;
		a->total -= c->size;
		free(c);
	}
}

void fsv_arena_done(struct fsv_arena *a)
{
	drop_until(a, NULL);
	a->p = a->end = NULL;
}

void fsv_arena_reset(struct fsv_arena *a)
{
	struct fsv_arena_chunk *oldest = a->chunks;

	if (!oldest)
		return;
	while (oldest->older)
		oldest = oldest->older;
	drop_until(a, oldest);
	a->p = oldest->data;
	a->end = oldest->data + oldest->size;
	a->chunk_size = oldest->size;
}

/* A piece of its own, behind the newest chunk, which is filled further. */
static void *alone(struct fsv_arena *a, size_t size)
{
	struct fsv_arena_chunk *c;

	FSV_BUG_ON(size > SIZE_MAX / 2);
	c = fsv_malloc(sizeof(*c) + size);
	c->size = size;
	c->older = a->chunks->older;
	a->chunks->older = c;
	a->total += size;
	return c->data;
}

static void *grow(struct fsv_arena *a, size_t size)
{
	struct fsv_arena_chunk *c;
	size_t want = a->chunk_size;

	if (a->steady && a->chunks && size > want / 4)
		return alone(a, size);

	if (want < size)
		want = size;
	else if (a->chunks && !a->steady && a->chunk_size < CHUNK_MAX)
		want = a->chunk_size *= 2;
	FSV_BUG_ON(want > SIZE_MAX / 2);
	c = fsv_malloc(sizeof(*c) + want);
	c->size = want;
	c->older = a->chunks;
	a->chunks = c;
	a->total += want;
	a->p = c->data + size;
	a->end = c->data + want;
	return c->data;
}

void *fsv_arena_alloc(struct fsv_arena *a, size_t size)
{
	size_t need = size ? (size + ALIGN - 1) & ~(size_t)(ALIGN - 1) : ALIGN;
	void *p;

	FSV_BUG_ON(need < size);
	if (need > (size_t)(a->end - a->p))
		return grow(a, need);
	p = a->p;
	a->p += need;
	return p;
}

void *fsv_arena_zalloc(struct fsv_arena *a, size_t size)
{
	return memset(fsv_arena_alloc(a, size), 0, size);
}

void *fsv_arena_array(struct fsv_arena *a, size_t n, size_t size)
{
	size_t bytes;

	FSV_BUG_ON(__builtin_mul_overflow(n, size, &bytes));
	return fsv_arena_zalloc(a, bytes);
}

void *fsv_arena_grow(struct fsv_arena *a, const void *list, size_t n, size_t *cap, size_t first, size_t size)
{
	size_t bytes;
	void *grown;

	*cap = *cap > 0 ? 2 * *cap : first;
	FSV_BUG_ON(*cap <= n || __builtin_mul_overflow(*cap, size, &bytes));
	grown = fsv_arena_alloc(a, bytes);
	if (n > 0)
		memcpy(grown, list, n * size);
	return grown;
}

struct fsv_str fsv_arena_str(struct fsv_arena *a, struct fsv_str s)
{
	return (struct fsv_str){ fsv_arena_cstr(a, s), s.n };
}

char *fsv_arena_cstr(struct fsv_arena *a, struct fsv_str s)
{
	char *p = fsv_arena_alloc(a, s.n + 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

char *fsv_arena_printf(struct fsv_arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	FSV_BUG_ON(n < 0);
	p = fsv_arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}
