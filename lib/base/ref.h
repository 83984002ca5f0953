/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counted objects, and snapshots of them: a place that readers on any thread take the current object
 * from without a lock while one writer puts another one in. The old object is freed when its last
 * reader lets go. Use: embed struct fsv_ref as the first member.
 */
#ifndef FSV_BASE_REF_H
#define FSV_BASE_REF_H

#include <stdatomic.h>
#include <stdint.h>

struct fsv_ref {
	_Atomic int64_t n;
	void (*free)(struct fsv_ref *ref);
};

/* One reference, the caller's. */
static inline void fsv_ref_init(struct fsv_ref *ref, void (*free_fn)(struct fsv_ref *ref))
{
	atomic_init(&ref->n, 1);
	ref->free = free_fn;
}

static inline void fsv_ref_get(struct fsv_ref *ref)
{
	atomic_fetch_add_explicit(&ref->n, 1, memory_order_relaxed);
}

static inline void fsv_ref_put(struct fsv_ref *ref)
{
	if (atomic_fetch_sub_explicit(&ref->n, 1, memory_order_acq_rel) == 1)
		ref->free(ref);
}

struct fsv_snapshot {
	_Atomic uint64_t word;	/* pointer in the low 48 bits, readers on their way in above */
};

/* Current object with a reference for the caller, or NULL when none was put in. [any thread, no lock] */
struct fsv_ref *fsv_snapshot_get(struct fsv_snapshot *snapshot);

/* Puts ref in (its reference is taken over; NULL empties the place) and lets the old one go. Writers
 * take turns by themselves. [any thread, no lock] */
void fsv_snapshot_set(struct fsv_snapshot *snapshot, struct fsv_ref *ref);

#endif
