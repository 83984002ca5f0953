/* SPDX-License-Identifier: Apache-2.0 */
#include "java-order.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"

enum {
	SMALL = 64,			/* keys that are ordered on the stack */
	MAX_KEYS = 1 << 28,
	CHAIN_MAX = 8,			/* TREEIFY_THRESHOLD */
	CAPACITY_MIN_TREE = 64,		/* MIN_TREEIFY_CAPACITY */
};

/* One character of UTF-8 text that has been found valid. */
static uint32_t decode(const unsigned char **p)
{
	const unsigned char *s = *p;

	if (s[0] < 0x80) {
		*p += 1;
		return s[0];
	}
	if (s[0] < 0xe0) {
		*p += 2;
		return (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu);
	}
	if (s[0] < 0xf0) {
		*p += 3;
		return (s[0] & 0x0fu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
	}
	*p += 4;
	return (s[0] & 0x07u) << 18 | (s[1] & 0x3fu) << 12 | (s[2] & 0x3fu) << 6 | (s[3] & 0x3fu);
}

static uint32_t hash_valid(uint32_t h, struct fsv_str text)
{
	const unsigned char *p = (const unsigned char *)text.p, *end = p + text.n;

	while (p < end) {
		uint32_t c = decode(&p);

		if (c >= 0x10000) {
			h = h * 31 + (0xd800 + ((c - 0x10000) >> 10));
			c = 0xdc00 + ((c - 0x10000) & 0x3ff);
		}
		h = h * 31 + c;
	}
	return h;
}

int32_t fsv_java_hash(struct fsv_str text)
{
	uint32_t h = 0;
	size_t valid;

	if (text.n == 0)
		return 0;
	while ((valid = fsv_str_utf8(text)) < text.n) {
		h = hash_valid(h, fsv_str_n(text.p, valid)) * 31 + 0xfffd;
		text = fsv_str_n(text.p + valid + 1, text.n - valid - 1);
	}
	return (int32_t)hash_valid(h, text);
}

/* Positions of distinct keys into ret_first, first ones only. slots: zeroed, a power of two. The hash is
 * the process's own: Java's can be made to collide. */
static size_t drop_repeats(const struct fsv_str *keys, size_t n, uint32_t *slots, size_t n_slots,
			   uint32_t *ret_first)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		size_t at = fsv_str_hash(keys[i]) & (n_slots - 1);

		while (slots[at] && !fsv_str_eq(keys[slots[at] - 1], keys[i]))
			at = (at + 1) & (n_slots - 1);
		if (slots[at])
			continue;
		slots[at] = (uint32_t)i + 1;
		ret_first[found++] = (uint32_t)i;
	}
	return found;
}

static size_t chain_length(const uint32_t *spreads, size_t n, uint32_t mask, uint32_t spread)
{
	size_t length = 0;

	for (size_t i = 0; i < n; i++)
		length += (spreads[i] & mask) == (spread & mask);
	return length;
}

/* A table grows when it is three quarters full, and a small one also when a key meets a long chain. */
uint32_t fsv_java_capacity_of(const uint32_t *spreads, size_t n, uint32_t capacity)
{
	for (size_t i = 0; i < n && capacity < CAPACITY_MIN_TREE; i++) {
		if (chain_length(spreads, i, capacity - 1, spreads[i]) >= CHAIN_MAX)
			capacity *= 2;
		if (i + 1 > capacity / 4 * 3)
			capacity *= 2;
	}
	return fsv_java_capacity(n, capacity);
}

/* Stable counting sort of keys by bucket. ends: room for capacity numbers. */
static void sort_by_bucket(const uint32_t *first, const uint32_t *spreads, size_t n, uint32_t *ends,
			   size_t capacity, uint32_t *ret_order)
{
	uint32_t mask = (uint32_t)capacity - 1, sum = 0;

	memset(ends, 0, capacity * sizeof(*ends));
	for (size_t i = 0; i < n; i++)
		ends[spreads[i] & mask]++;
	for (size_t b = 0; b < capacity; b++) {
		sum += ends[b];
		ends[b] = sum;
	}
	for (size_t i = n; i-- > 0;)
		ret_order[--ends[spreads[i] & mask]] = first[i];
}

size_t fsv_java_order(const struct fsv_str *keys, size_t n, unsigned capacity, uint32_t *ret_order)
{
	uint32_t small[SMALL * 2 + SMALL * 2], *room = small, *first, *spreads, *slots;
	size_t n_slots = CAPACITY_MIN_TREE, found;

	FSV_BUG_ON(capacity < 4 || (capacity & (capacity - 1)) != 0 || capacity > MAX_KEYS || n > MAX_KEYS);
	/* Serves both steps: half empty for the look-ups, and never fewer than the final buckets. */
	while (n_slots < n * 2 || n_slots < capacity)
		n_slots *= 2;
	if (n * 2 + n_slots > SMALL * 4)
		room = fsv_malloc((n * 2 + n_slots) * sizeof(*room));
	slots = room;
	first = slots + n_slots;
	spreads = first + n;
	memset(slots, 0, n_slots * sizeof(*slots));
	found = drop_repeats(keys, n, slots, n_slots, first);
	for (size_t i = 0; i < found; i++)
		spreads[i] = fsv_java_spread(fsv_java_hash(keys[first[i]]));
	capacity = fsv_java_capacity_of(spreads, found, capacity);
	sort_by_bucket(first, spreads, found, slots, capacity, ret_order);
	if (room != small)
		free(room);
	return found;
}
