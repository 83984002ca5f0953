/* SPDX-License-Identifier: Apache-2.0 */
#include "buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "arena.h"
#include "err.h"
#include "mem.h"

void fsv_buf_init(struct fsv_buf *b, struct fsv_arena *arena_or_null, size_t limit)
{
	*b = (struct fsv_buf){ .arena = arena_or_null, .limit = limit };
}

void fsv_buf_done(struct fsv_buf *b)
{
	if (!b->arena)
		free(b->p);
	b->p = NULL;
	b->n = b->cap = 0;
}

/* cap never exceeds the limit, so the inline appends need not look at it; one byte more than cap is always
 * there, for a NUL that does not count. */
static void grow(struct fsv_buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : 256;
	char *p;

	while (cap < need)
		cap = cap < SIZE_MAX / 4 ? cap * 2 : need;
	if (b->limit && cap > b->limit)
		cap = b->limit;
	if (b->arena) {
		p = fsv_arena_alloc(b->arena, cap + 1);
		if (b->n > 0)
			memcpy(p, b->p, b->n);
	} else {
		p = fsv_realloc(b->p, cap + 1, 1);
	}
	b->p = p;
	b->cap = cap;
}

char *fsv_buf_room(struct fsv_buf *b, size_t n)
{
	if (b->failed || n > SIZE_MAX / 2 || (b->limit && (b->n > b->limit || n > b->limit - b->n))) {
		b->failed = true;
		return NULL;
	}
	if (n > b->cap - b->n || !b->p)
		grow(b, b->n + n);
	return b->p + b->n;
}

void fsv_buf_append_slow(struct fsv_buf *b, const void *data, size_t n)
{
	char *p = fsv_buf_room(b, n);

	if (!p || n == 0)
		return;
	memcpy(p, data, n);
	b->n += n;
}

void fsv_buf_printf(struct fsv_buf *b, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	FSV_BUG_ON(n < 0);
	p = fsv_buf_room(b, (size_t)n);
	if (!p)
		return;
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

const char *fsv_buf_cstr(struct fsv_buf *b)
{
	if (b->n == 0)
		return "";
	b->p[b->n] = '\0';
	return b->p;
}
