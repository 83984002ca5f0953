/* SPDX-License-Identifier: Apache-2.0 */
#include "ref.h"

#include "err.h"

/*
 * A reader must not touch the object's count before it is sure that the object lives. So it first counts
 * itself in the snapshot's own word, in the same atomic step that reads the pointer. A writer that swaps
 * the word learns how many readers are on their way in and adds them to the object's count, together with
 * taking off HELD, which stands for the snapshot itself and is large enough that the count cannot reach
 * zero before that one step.
 */
#define POINTER	((UINT64_C(1) << 48) - 1)
#define READER	(UINT64_C(1) << 48)
#define HELD	(INT64_C(1) << 32)

static struct fsv_ref *pointer(uint64_t word)
{
	return (struct fsv_ref *)(uintptr_t)(word & POINTER);
}

struct fsv_ref *fsv_snapshot_get(struct fsv_snapshot *snapshot)
{
	uint64_t word = atomic_fetch_add_explicit(&snapshot->word, READER, memory_order_acq_rel);
	struct fsv_ref *ref = pointer(word);

	if (ref)
		fsv_ref_get(ref);
	/* Take the mark back, unless a writer has moved it into the object's count meanwhile. */
	word += READER;
	while (pointer(word) == ref && word >= READER)
		if (atomic_compare_exchange_weak_explicit(&snapshot->word, &word, word - READER,
							  memory_order_acq_rel, memory_order_acquire))
			return ref;
	if (ref)
		fsv_ref_put(ref);
	return ref;
}

void fsv_snapshot_set(struct fsv_snapshot *snapshot, struct fsv_ref *ref)
{
	uint64_t old;
	int64_t change;

	FSV_BUG_ON(((uintptr_t)ref & ~(uintptr_t)POINTER) != 0);
	if (ref)
		atomic_fetch_add_explicit(&ref->n, HELD - 1, memory_order_relaxed);
	old = atomic_exchange_explicit(&snapshot->word, (uint64_t)(uintptr_t)ref, memory_order_acq_rel);
	if (!pointer(old))
		return;
	change = (int64_t)(old >> 48) - HELD;
	if (atomic_fetch_add_explicit(&pointer(old)->n, change, memory_order_acq_rel) + change == 0)
		pointer(old)->free(pointer(old));
}
