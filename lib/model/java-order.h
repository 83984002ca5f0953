/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order in which Java's HashMap iterates text keys. The reference sums, merges and picks in that
 * order, and a sum of doubles depends on its order: whoever wants the same last bit needs it.
 *
 * Buckets ascend; within a bucket the order of insertion holds, through every growth. One thing is left
 * out: from 64 buckets on, Java makes a tree of a bucket with more than eight keys and may then bring
 * another of its keys to the front. That takes names made for the purpose.
 */
#ifndef FSV_MODEL_JAVA_ORDER_H
#define FSV_MODEL_JAVA_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* String.hashCode() of UTF-8 text: over UTF-16 units, so a character beyond U+FFFF counts as its two
 * surrogates. A byte that is no UTF-8 counts as U+FFFD. [any thread] */
int32_t fsv_java_hash(struct fsv_str text);

/* What HashMap makes of a hash before it masks it with the number of buckets - 1. */
static inline uint32_t fsv_java_spread(int32_t hash)
{
	return (uint32_t)hash ^ (uint32_t)hash >> 16;
}

/*
 * Iteration order of a new HashMap(capacity), a power of two, after putting n keys in as they stand.
 * Fills ret_order with positions in keys and returns how many there are: fewer than n when keys repeat,
 * since putting a key again leaves it at its first place. Linear time; up to 64 keys without touching
 * the heap. [any thread]
 */
size_t fsv_java_order(const struct fsv_str *keys, size_t n, unsigned capacity, uint32_t *ret_order);

/* Number of buckets of a HashMap(capacity) that n keys were put into one by one, long chains aside. */
static inline uint32_t fsv_java_capacity(size_t n, uint32_t capacity)
{
	while (n > capacity / 4 * 3 && capacity < 1u << 30)
		capacity *= 2;
	return capacity;
}

/* The same, with the chains that n keys of these spread hashes make in a small table. */
uint32_t fsv_java_capacity_of(const uint32_t *spreads, size_t n, uint32_t capacity);

#endif
