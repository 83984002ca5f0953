/* SPDX-License-Identifier: Apache-2.0 */
#include "model-table.h"

#include <stdlib.h>

#include "base/mem.h"

static uint64_t hash_pair(struct fsv_str first, struct fsv_str second)
{
	uint64_t a = fsv_str_hash(first), b = fsv_str_hash(second);

	/* Not symmetric: (x, y) and (y, x) are different pairs. */
	return (a ^ (b << 31 | b >> 33)) * UINT64_C(0x9e3779b97f4a7c15) >> 7;
}

static struct fsv_model_entry *find(const struct fsv_model_index *index, struct fsv_str first,
				    struct fsv_str second, uint64_t hash)
{
	size_t mask = index->n_slots - 1;

	if (index->n_slots == 0)
		return NULL;
	for (size_t at = hash & mask; index->slots[at]; at = (at + 1) & mask) {
		struct fsv_model_entry *e = &index->entries[index->slots[at] - 1];

		if (e->hash == hash && fsv_str_eq(e->first, first) && fsv_str_eq(e->second, second))
			return e;
	}
	return NULL;
}

static void place(struct fsv_model_index *index, size_t i)
{
	size_t at = index->entries[i].hash & (index->n_slots - 1);

	while (index->slots[at])
		at = (at + 1) & (index->n_slots - 1);
	index->slots[at] = (uint32_t)i + 1;
}

static void grow(struct fsv_model_index *index)
{
	index->cap = index->cap ? index->cap * 2 : 8;
	index->n_slots = index->cap * 2;
	index->entries = fsv_realloc(index->entries, index->cap, sizeof(*index->entries));
	free(index->slots);
	index->slots = FSV_NEW_N(uint32_t, index->n_slots);
	for (size_t i = 0; i < index->n; i++)
		place(index, i);
}

static void add(struct fsv_model_index *index, struct fsv_model_entry entry)
{
	if (index->n == index->cap)
		grow(index);
	index->entries[index->n] = entry;
	place(index, index->n++);
}

const struct fsv_model_entry *fsv_model_index_find(const struct fsv_model_index *index, struct fsv_str first,
						   struct fsv_str second)
{
	return find(index, first, second, hash_pair(first, second));
}

static void index_done(struct fsv_model_index *index)
{
	free(index->entries);
	free(index->slots);
}

static void table_free(struct fsv_ref *ref)
{
	struct fsv_model_table *table = (struct fsv_model_table *)ref;

	for (size_t i = 0; i < table->by_name.n; i++)
		fsv_model_unref(table->by_name.entries[i].model);
	for (size_t i = 0; i < table->n_lost; i++)
		fsv_model_unref(table->lost[i]);
	free(table->lost);
	free(table->lost_bindings);
	index_done(&table->by_name);
	index_done(&table->by_service);
	index_done(&table->by_partner);
	fsv_arena_done(&table->arena);
	free(table);
}

struct fsv_model_table *fsv_model_table_new(void)
{
	struct fsv_model_table *table = FSV_NEW(struct fsv_model_table);

	fsv_ref_init(&table->ref, table_free);
	fsv_arena_init(&table->arena, 0);
	return table;
}

static void add_partner(struct fsv_model_table *table, const struct fsv_partner *partner,
			struct fsv_model *model)
{
	struct fsv_model_entry entry = {
		.first = fsv_str(partner->table_name), .second = fsv_str(partner->name_space), .model = model,
	};
	struct fsv_model_entry *old;

	entry.hash = hash_pair(entry.first, entry.second);
	old = find(&table->by_partner, entry.first, entry.second, entry.hash);
	if (!old)
		add(&table->by_partner, entry);
	else if (model->timestamp >= old->model->timestamp)
		*old = entry;
}

void fsv_model_table_add(struct fsv_model_table *table, struct fsv_model *model)
{
	struct fsv_model_entry entry = {
		.first = fsv_str(model->table_name), .second = fsv_str(model->name_space), .model = model,
	};

	entry.hash = hash_pair(entry.first, entry.second);
	FSV_BUG_ON(find(&table->by_name, entry.first, entry.second, entry.hash));
	add(&table->by_name, entry);
	for (unsigned i = 0; i < model->n_partners && !model->guest; i++)
		add_partner(table, &model->partners[i], model);
}

void fsv_model_table_bind(struct fsv_model_table *table, struct fsv_str service_id, struct fsv_model *model)
{
	struct fsv_model_entry entry = { .first = service_id, .second = FSV_STR(""), .model = model };
	struct fsv_model_entry *old;

	entry.hash = hash_pair(entry.first, entry.second);
	old = find(&table->by_service, entry.first, entry.second, entry.hash);
	if (old) {
		old->model = model;
		return;
	}
	entry.first = fsv_arena_str(&table->arena, service_id);
	add(&table->by_service, entry);
}

void fsv_model_table_add_lost(struct fsv_model_table *table, struct fsv_model *model)
{
	table->lost = fsv_realloc(table->lost, table->n_lost + 1, sizeof(*table->lost));
	table->lost[table->n_lost++] = model;
}

void fsv_model_table_add_lost_binding(struct fsv_model_table *table, struct fsv_lost_binding binding)
{
	struct fsv_lost_binding copy = {
		.service_id = fsv_arena_str(&table->arena, binding.service_id),
		.model_key = fsv_arena_str(&table->arena, binding.model_key),
	};

	table->lost_bindings = fsv_realloc(table->lost_bindings, table->n_lost_bindings + 1,
					   sizeof(*table->lost_bindings));
	table->lost_bindings[table->n_lost_bindings++] = copy;
}
