/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heap helpers. Sizes that come from outside are bounded before they get here, so running out of
 * memory is a broken environment: these functions print and abort instead of returning NULL.
 */
#ifndef FSV_BASE_MEM_H
#define FSV_BASE_MEM_H

#include <stddef.h>
#include <stdlib.h>

void *fsv_malloc(size_t size) __attribute__((malloc, returns_nonnull));
void *fsv_calloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
/* realloc with an overflow-checked product. */
void *fsv_realloc(void *p, size_t count, size_t size) __attribute__((returns_nonnull));

#define FSV_NEW(type)		((type *)fsv_calloc(1, sizeof(type)))
#define FSV_NEW_N(type, n)	((type *)fsv_calloc((n), sizeof(type)))

/* Hands a pointer over and clears the source. */
#define FSV_TAKE(p) __extension__({ __typeof__(p) fsv_taken = (p); (p) = NULL; fsv_taken; })

/* FSV_AUTO(fsv_x) struct fsv_x *x = NULL; frees with fsv_x_free at scope exit.
 * A module offers it with FSV_DEFINE_AUTO(fsv_x) in its header. */
#define FSV_DEFINE_AUTO(name) \
	static inline void name##_auto(struct name **p) { if (*p) name##_free(*p); }
#define FSV_AUTO(name)	__attribute__((cleanup(name##_auto))) struct name *

static inline void fsv_free_auto(void *p)
{
	free(*(void **)p);
}
/* FSV_AUTO_MEM char *text = NULL; for plain heap blocks. */
#define FSV_AUTO_MEM	__attribute__((cleanup(fsv_free_auto)))

#endif
