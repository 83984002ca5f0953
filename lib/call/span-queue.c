/* SPDX-License-Identifier: Apache-2.0 */
#include "span-queue.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"

/* Positions count up for ever and take the places in turn. A place's turn is the position that may be written there
 * next, or 1 more than the one that has been written and not been taken. */
struct place {
	_Atomic uint64_t turn;
	struct fsv_span_record record;
};

struct fsv_span_queue {
	size_t capacity;
	struct place *places;
	_Alignas(64) _Atomic uint64_t next;	/* position that is written next */
	_Alignas(64) uint64_t oldest;		/* the taker's */
};

struct fsv_span_queue *fsv_span_queue_new(size_t capacity)
{
	struct fsv_span_queue *q = aligned_alloc(_Alignof(struct fsv_span_queue), sizeof(*q));

	FSV_BUG_ON(!q);
	q->capacity = capacity;
	q->places = FSV_NEW_N(struct place, capacity);
	for (size_t i = 0; i < capacity; i++)
		atomic_init(&q->places[i].turn, i);
	atomic_init(&q->next, 0);
	q->oldest = 0;
	return q;
}

struct fsv_span_queue *fsv_span_queue_free(struct fsv_span_queue *q)
{
	if (q)
		free(q->places);
	free(q);
	return NULL;
}

bool fsv_span_queue_put(struct fsv_span_queue *q, const struct fsv_span_record *record)
{
	uint64_t at = atomic_load_explicit(&q->next, memory_order_relaxed);
	struct place *place;

	for (;;) {
		uint64_t turn;

		place = &q->places[at % q->capacity];
		turn = atomic_load_explicit(&place->turn, memory_order_acquire);
		if (turn < at)
			return false;
		if (turn > at)
			at = atomic_load_explicit(&q->next, memory_order_relaxed);
		else if (atomic_compare_exchange_weak_explicit(&q->next, &at, at + 1, memory_order_relaxed,
							       memory_order_relaxed))
			break;
	}
	place->record = *record;
	atomic_store_explicit(&place->turn, at + 1, memory_order_release);
	return true;
}

bool fsv_span_queue_take(struct fsv_span_queue *q, struct fsv_span_record *ret_record)
{
	struct place *place = &q->places[q->oldest % q->capacity];

	if (atomic_load_explicit(&place->turn, memory_order_acquire) != q->oldest + 1)
		return false;
	*ret_record = place->record;
	atomic_store_explicit(&place->turn, q->oldest + q->capacity, memory_order_release);
	q->oldest++;
	return true;
}
