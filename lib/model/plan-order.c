/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In which order the columns of one row come, for sums. Where a row has all that its model knows, or
 * lacks too little to make one of the reference's maps smaller, it is the order worked out when the
 * model was loaded. Else the maps are filled again, by name and number only: no value is touched.
 */
#include "plan-private.h"

#include <stdlib.h>

#include "java-order.h"

struct fsv_order {
	enum fsv_order_kind kind;
	const struct fsv_order *from;
	uint32_t capacity, full;	/* HASHED: initial, and with all columns there */
	bool open, settled, odd;
	uint32_t *columns;		/* of the entries, in the planned order */
	uint32_t n;
	uint32_t *maybe, n_maybe;	/* columns that may be absent; those of all entries when most of them are */
	uint32_t *slot_of;		/* by column, FSV_NO_SLOT where there is no entry */
	uint32_t n_slot_of;
	const struct fsv_spread *spread;
	uint32_t *appended, n_appended;
	uint32_t room;			/* columns that it may have more than the one before */
};

/* Compiling ------------------------------------------------------------------------------------------- */

/* Are the columns in place of each one numbered one after the other? */
static bool are_consecutive(const struct fsv_spread *s)
{
	for (uint32_t i = 0; i < s->n_first; i++)
		for (uint32_t k = 1; k < s->n[i]; k++)
			if (s->columns[s->first[i] + k] != s->columns[s->first[i]] + k)
				return false;
	return true;
}

static struct fsv_spread *keep_spread(struct fsv_compile *c, const struct fsv_spread *s, uint32_t *ret_room)
{
	struct fsv_spread *kept = FSV_ARENA_NEW(fsv_compile_arena(c), struct fsv_spread);
	bool consecutive = are_consecutive(s);
	uint32_t total = 0;

	/* The columns that it makes mostly have the highest numbers, and none of them is spread. */
	for (kept->n_first = s->n_first; kept->n_first > 0 && s->n[kept->n_first - 1] == 0;)
		kept->n_first--;
	kept->first = FSV_ARENA_NEW_N(fsv_compile_arena(c), uint32_t, kept->n_first);
	kept->n = FSV_ARENA_NEW_N(fsv_compile_arena(c), uint32_t, kept->n_first);
	for (uint32_t i = 0; i < kept->n_first; i++) {
		kept->first[i] = consecutive && s->n[i] > 0 ? s->columns[s->first[i]] : s->first[i];
		kept->n[i] = s->n[i];
		total += s->n[i];
	}
	*ret_room = total;
	if (consecutive)
		return kept;
	kept->columns = FSV_ARENA_NEW_N(fsv_compile_arena(c), uint32_t, total);
	memcpy(kept->columns, s->columns, total * sizeof(*kept->columns));
	return kept;
}

static void keep_entries(struct fsv_compile *c, const struct fsv_frame *frame, struct fsv_order *o)
{
	o->n = frame->n;
	o->columns = FSV_ARENA_NEW_N(fsv_compile_arena(c), uint32_t, o->n);
	o->n_slot_of = frame->n_place_of;
	o->slot_of = FSV_ARENA_NEW_N(fsv_compile_arena(c), uint32_t, o->n_slot_of);
	for (uint32_t i = 0; i < o->n_slot_of; i++)
		o->slot_of[i] = FSV_NO_SLOT;
	for (uint32_t i = 0; i < o->n; i++) {
		const struct fsv_frame_entry *e = &frame->entries[i];

		o->columns[i] = e->column;
		o->slot_of[e->column] = e->slot;
		o->n_maybe += e->maybe;
	}
	if (o->n_maybe > o->n / 2) {
		o->maybe = o->columns;
		o->n_maybe = o->n;
		return;
	}
	o->maybe = FSV_ARENA_NEW_N(fsv_compile_arena(c), uint32_t, o->n_maybe);
	o->n_maybe = 0;
	for (uint32_t i = 0; i < o->n; i++)
		if (frame->entries[i].maybe)
			o->maybe[o->n_maybe++] = frame->entries[i].column;
}

static const struct fsv_order *keep_order(struct fsv_compile *c, struct fsv_frame *frame)
{
	struct fsv_order *o;

	if (frame->order)
		return frame->order;
	o = FSV_ARENA_NEW(fsv_compile_arena(c), struct fsv_order);
	o->kind = frame->kind;
	o->open = frame->open;
	o->settled = frame->settled;
	o->odd = frame->odd;
	o->capacity = frame->capacity;
	o->full = fsv_java_capacity(frame->n, frame->capacity);
	o->room = frame->n;
	o->n_appended = frame->n_appended;
	o->appended = FSV_ARENA_NEW_N(fsv_compile_arena(c), uint32_t, o->n_appended);
	if (o->n_appended > 0)
		memcpy(o->appended, frame->appended, o->n_appended * sizeof(*o->appended));
	keep_entries(c, frame, o);
	frame->order = o;
	if (frame->spread)
		o->spread = keep_spread(c, frame->spread, &o->room);
	if (frame->kind == FSV_ORDER_HASHED)
		c->plan->needs_hashes = true;
	if (frame->kind == FSV_ORDER_HASHED && frame->open)
		c->plan->count_names = true;
	if (frame->kind == FSV_ORDER_REQUEST)
		c->plan->keep_arrival = true;
	if (frame->from && !frame->settled)
		o->from = keep_order(c, (struct fsv_frame *)frame->from);
	return o;
}

const struct fsv_order *fsv_compile_order(struct fsv_compile *c, const struct fsv_frame *frame)
{
	return frame->settled ? NULL : keep_order(c, (struct fsv_frame *)frame);
}

/* A row ------------------------------------------------------------------------------------------------ */

static bool is_there(const struct fsv_plan *plan, const struct fsv_order *o, const struct fsv_row *row,
		     uint32_t column)
{
	uint32_t slot = column < o->n_slot_of ? o->slot_of[column] : FSV_NO_SLOT;

	if (slot == FSV_NO_SLOT && o->open)
		slot = plan->columns[column].slot;
	return slot != FSV_NO_SLOT && row->cells[slot].kind != FSV_CELL_ABSENT;
}

static struct fsv_sequence planned(const struct fsv_order *o)
{
	return (struct fsv_sequence){ .columns = o->columns, .n = o->n, .planned = true };
}

/* Is the map as big as if all columns were there? */
static bool as_planned(const struct fsv_order *o, const struct fsv_row *row)
{
	uint32_t missing = 0;

	for (uint32_t i = 0; i < o->n_maybe; i++)
		missing += row->cells[o->slot_of[o->maybe[i]]].kind == FSV_CELL_ABSENT;
	return missing == 0 || (!o->odd && fsv_java_capacity(o->n - missing, o->capacity) == o->full);
}

struct filling {
	const struct fsv_plan *plan;
	const struct fsv_order *order;
	const struct fsv_row *row;
	uint32_t *columns, n;
	uint8_t *seen;			/* by column */
};

static void put(struct filling *f, uint32_t column)
{
	if (f->seen[column] || !is_there(f->plan, f->order, f->row, column))
		return;
	f->seen[column] = 1;
	f->columns[f->n++] = column;
}

static struct filling start_filling(const struct fsv_plan *plan, const struct fsv_order *o, const struct fsv_row *row,
				    uint32_t n)
{
	return (struct filling){
		.plan = plan, .order = o, .row = row,
		.columns = FSV_ARENA_NEW_N(row->arena, uint32_t, (size_t)n + o->room),
		.seen = FSV_ARENA_NEW_N(row->arena, uint8_t, plan->n_columns),
	};
}

static void fill(struct filling *f, struct fsv_sequence from, const struct fsv_spread *s)
{
	for (uint32_t i = 0; i < from.n; i++) {
		uint32_t column = from.columns[i], n = s && column < s->n_first ? s->n[column] : 0;

		if (n == 0)
			put(f, column);
		for (uint32_t k = 0; k < n; k++)
			put(f, s->columns ? s->columns[s->first[column] + k] : s->first[column] + k);
	}
}

static int compare_places(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* As a HashMap iterates them: bucket by bucket, in each as they came. */
static void hash(struct filling *f)
{
	uint64_t *places = FSV_ARENA_NEW_N(f->row->arena, uint64_t, f->n);
	uint32_t *columns = FSV_ARENA_NEW_N(f->row->arena, uint32_t, f->n);
	uint32_t *hashes = columns, capacity;

	for (uint32_t i = 0; i < f->n; i++)
		hashes[i] = f->plan->hashes[f->columns[i]];
	if (f->order->open && f->row->n_foreign > 0)
		capacity = fsv_java_capacity((size_t)f->n + f->row->n_foreign, f->order->capacity);
	else
		capacity = fsv_java_capacity_of(hashes, f->n, f->order->capacity);
	for (uint32_t i = 0; i < f->n; i++)
		places[i] = (uint64_t)(hashes[i] & (capacity - 1)) << 32 | i;
	if (f->n > 0)
		qsort(places, f->n, sizeof(*places), compare_places);
	for (uint32_t i = 0; i < f->n; i++)
		columns[i] = f->columns[(uint32_t)places[i]];
	f->columns = columns;
}

static struct fsv_sequence resolve(const struct fsv_plan *plan, const struct fsv_order *o, const struct fsv_row *row)
{
	struct fsv_sequence from;
	struct filling f;

	if (o->settled)
		return planned(o);
	if (o->kind == FSV_ORDER_REQUEST)
		return (struct fsv_sequence){ .columns = row->arrival, .n = row->n_arrival };
	from = resolve(plan, o->from, row);
	if (o->kind == FSV_ORDER_SAME)
		return from;
	if (o->kind == FSV_ORDER_HASHED && from.planned && !o->open && as_planned(o, row))
		return planned(o);
	f = start_filling(plan, o, row, from.n);
	if (o->kind == FSV_ORDER_APPENDED) {
		/* What was there keeps its place. */
		f.order = o->from;
		fill(&f, from, NULL);
		f.order = o;
		fill(&f, (struct fsv_sequence){ .columns = o->appended, .n = o->n_appended }, NULL);
	} else {
		fill(&f, from, o->spread);
		hash(&f);
	}
	return (struct fsv_sequence){ .columns = f.columns, .n = f.n };
}

struct fsv_sequence fsv_row_sequence(const struct fsv_plan *plan, const struct fsv_order *order,
				     const struct fsv_row *row)
{
	return resolve(plan, order, row);
}
