/* SPDX-License-Identifier: Apache-2.0 */
/* The frames that components hand on: see plan-private.h. */
#include "plan-private.h"

#include "base/mem.h"
#include "java-order.h"

struct fsv_frame *fsv_frame_new(struct fsv_compile *c, enum fsv_order_kind kind, const struct fsv_frame *from,
				bool open, uint32_t room)
{
	struct fsv_frame *frame = FSV_ARENA_NEW(&c->scratch, struct fsv_frame);

	frame->kind = kind;
	frame->from = from;
	frame->open = open;
	frame->capacity = FSV_JAVA_MAP_CAPACITY;
	frame->cap = room;
	frame->entries = FSV_ARENA_NEW_N(&c->scratch, struct fsv_frame_entry, room);
	frame->n_place_of = c->plan->n_columns;
	frame->place_of = FSV_ARENA_NEW_N(&c->scratch, uint32_t, frame->n_place_of);
	return frame;
}

void fsv_frame_put(struct fsv_frame *frame, uint32_t column, uint32_t slot, bool maybe)
{
	struct fsv_frame_entry *entry = fsv_frame_entry(frame, column);

	if (entry) {
		entry->slot = slot;
		entry->maybe &= maybe;
		/* Its place is that of whichever comes first in a row. */
		frame->odd = true;
		return;
	}
	FSV_BUG_ON(frame->n >= frame->cap || column >= frame->n_place_of);
	frame->entries[frame->n++] = (struct fsv_frame_entry){ column, slot, maybe };
	frame->place_of[column] = frame->n;
}

/* Sorts the entries of a HashMap's frame; says whether fewer of them would fall into the same buckets. */
static bool settle_hashed(struct fsv_compile *c, struct fsv_frame *frame)
{
	uint32_t *columns = FSV_ARENA_NEW_N(&c->scratch, uint32_t, frame->n);
	uint32_t *hashes = FSV_ARENA_NEW_N(&c->scratch, uint32_t, frame->n);
	struct fsv_frame_entry *sorted = FSV_ARENA_NEW_N(&c->scratch, struct fsv_frame_entry, frame->n);
	uint32_t always = 0, full = fsv_java_capacity(frame->n, frame->capacity);

	for (uint32_t i = 0; i < frame->n; i++) {
		columns[i] = frame->entries[i].column;
		hashes[i] = fsv_java_spread(fsv_java_hash(fsv_column_name(&c->plan->columns[columns[i]])));
		always += !frame->entries[i].maybe;
	}
	if (fsv_java_capacity_of(hashes, frame->n, frame->capacity) != full)
		frame->odd = true;
	fsv_compile_java_order(c, columns, frame->n, frame->capacity);
	for (uint32_t i = 0; i < frame->n; i++)
		sorted[i] = frame->entries[frame->place_of[columns[i]] - 1];
	for (uint32_t i = 0; i < frame->n; i++)
		frame->place_of[columns[i]] = i + 1;
	frame->entries = sorted;
	return always == frame->n || (!frame->odd && fsv_java_capacity(always, frame->capacity) == full);
}

/* A column that is filled in where it was absent comes last then, else it stays in its place. */
static bool settle_appended(const struct fsv_frame *frame)
{
	for (uint32_t i = 0; i < frame->n; i++) {
		const struct fsv_frame_entry *before = fsv_frame_entry(frame->from, frame->entries[i].column);

		if (before && before->maybe && !frame->entries[i].maybe)
			return false;
	}
	return true;
}

void fsv_frame_finish(struct fsv_compile *c, struct fsv_frame *frame)
{
	bool settled = true;

	if (frame->kind == FSV_ORDER_HASHED)
		settled = settle_hashed(c, frame);
	else if (frame->kind == FSV_ORDER_APPENDED)
		settled = settle_appended(frame);
	frame->settled = settled && !frame->open && (!frame->from || frame->from->settled);
}

uint32_t fsv_frame_override(struct fsv_compile *c, const struct fsv_frame *in, const uint32_t *columns, uint32_t n,
			    struct fsv_frame **ret_frame, uint32_t **ret_made)
{
	struct fsv_frame *frame = fsv_frame_new(c, FSV_ORDER_SAME, in, in->open, in->n + n);
	uint32_t *made = FSV_ARENA_NEW_N(&c->scratch, uint32_t, n), n_made = 0;

	for (uint32_t i = 0; i < in->n; i++)
		fsv_frame_put(frame, in->entries[i].column, in->entries[i].slot, in->entries[i].maybe);
	for (uint32_t i = 0; i < n; i++) {
		struct fsv_frame_entry *entry = fsv_frame_entry(frame, columns[i]);

		if (entry ? entry->slot == FSV_EMPTY_SLOT : !in->open)
			continue;
		if (entry)
			entry->slot = fsv_compile_slot(c);
		else
			fsv_frame_put(frame, columns[i], fsv_compile_slot(c), true);
		made[n_made++] = columns[i];
	}
	fsv_frame_finish(c, frame);
	*ret_frame = frame;
	*ret_made = made;
	return n_made;
}

uint32_t fsv_frame_slot(const struct fsv_plan *plan, const struct fsv_frame *frame, uint32_t column)
{
	const struct fsv_frame_entry *entry = fsv_frame_entry(frame, column);

	if (entry)
		return entry->slot == FSV_EMPTY_SLOT ? FSV_NO_SLOT : entry->slot;
	return frame->open ? plan->columns[column].slot : FSV_NO_SLOT;
}
