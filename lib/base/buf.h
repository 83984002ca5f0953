/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growable byte buffer. With an arena its memory is dropped with the arena; without one it is on
 * the heap and fsv_buf_done gives it back. A limit (0 = none) turns growth into a sticky error
 * instead of memory: check fsv_buf_failed once at the end.
 */
#ifndef FSV_BASE_BUF_H
#define FSV_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "str.h"

struct fsv_arena;

struct fsv_buf {
	char *p;
	size_t n, cap;
	size_t limit;		/* most bytes it may hold, 0 = no limit */
	bool failed;		/* the limit was hit; appends are ignored since */
	struct fsv_arena *arena;
};

void fsv_buf_init(struct fsv_buf *b, struct fsv_arena *arena_or_null, size_t limit);
void fsv_buf_done(struct fsv_buf *b);

static inline void fsv_buf_clear(struct fsv_buf *b)
{
	b->n = 0;
	b->failed = false;
}

static inline bool fsv_buf_failed(const struct fsv_buf *b)
{
	return b->failed;
}

static inline struct fsv_str fsv_buf_str(const struct fsv_buf *b)
{
	return (struct fsv_str){ b->p, b->n };
}

/* Room for n more bytes behind b->p + b->n, or NULL over the limit. The caller adds to b->n. */
char *fsv_buf_room(struct fsv_buf *b, size_t n);
void fsv_buf_append_slow(struct fsv_buf *b, const void *data, size_t n);

static inline void fsv_buf_append(struct fsv_buf *b, const void *data, size_t n)
{
	if (n <= b->cap - b->n && !b->failed) {
		if (n > 0)
			memcpy(b->p + b->n, data, n);
		b->n += n;
	} else {
		fsv_buf_append_slow(b, data, n);
	}
}

static inline void fsv_buf_add(struct fsv_buf *b, struct fsv_str s)
{
	fsv_buf_append(b, s.p, s.n);
}

static inline void fsv_buf_puts(struct fsv_buf *b, const char *text)
{
	fsv_buf_append(b, text, strlen(text));
}

static inline void fsv_buf_putc(struct fsv_buf *b, char c)
{
	if (b->n < b->cap && !b->failed)
		b->p[b->n++] = c;
	else
		fsv_buf_append_slow(b, &c, 1);
}

void fsv_buf_printf(struct fsv_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* NUL-terminated view; the NUL is not counted. "" when empty. */
const char *fsv_buf_cstr(struct fsv_buf *b);

#endif
