/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hash of a column name, for tables that a model fixes and requests only probe: what a client sends
 * cannot lengthen a chain, so it need not be keyed. Eight bytes a step.
 */
#ifndef FSV_MODEL_PLAN_HASH_H
#define FSV_MODEL_PLAN_HASH_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

static inline uint64_t fsv_name_mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}

static inline uint64_t fsv_name_hash(struct fsv_str name)
{
	const char *p = name.p;
	size_t n = name.n;
	uint64_t h = n, v = 0;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&v, p, 8);
		h = fsv_name_mix(h, v);
	}
	v = 0;
	if (n >= 4) {
		uint32_t head, tail;

		memcpy(&head, p, 4);
		memcpy(&tail, p + n - 4, 4);
		v = (uint64_t)head << 32 | tail;
	} else if (n > 0) {
		v = (uint64_t)(unsigned char)p[0] << 16 | (uint64_t)(unsigned char)p[n / 2] << 8 |
		    (unsigned char)p[n - 1];
	}
	return fsv_name_mix(fsv_name_mix(h, v), 0);
}

/* Whether n bytes are the same; names are short. */
static inline bool fsv_name_same(const char *a, const char *b, size_t n)
{
	uint64_t x, y;

	for (; n >= 8; a += 8, b += 8, n -= 8) {
		memcpy(&x, a, 8);
		memcpy(&y, b, 8);
		if (x != y)
			return false;
	}
	if (n >= 4) {
		uint32_t head_a, head_b, tail_a, tail_b;

		memcpy(&head_a, a, 4);
		memcpy(&head_b, b, 4);
		memcpy(&tail_a, a + n - 4, 4);
		memcpy(&tail_b, b + n - 4, 4);
		return head_a == head_b && tail_a == tail_b;
	}
	return n == 0 || (a[0] == b[0] && a[n / 2] == b[n / 2] && a[n - 1] == b[n - 1]);
}

#endif
