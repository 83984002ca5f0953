/* SPDX-License-Identifier: Apache-2.0 */
#include "models-private.h"

#include <stdlib.h>

#include "base/mem.h"
#include "java-order.h"
#include "plan.h"

enum { PARTY_MAP_CAPACITY = 16 };

/* Models ---------------------------------------------------------------------------------------- */

static void model_free(struct fsv_ref *ref)
{
	struct fsv_model *model = (struct fsv_model *)ref;

	for (unsigned i = 0; i < model->n_partners; i++) {
		free(model->partners[i].party_id);
		free(model->partners[i].table_name);
		free(model->partners[i].name_space);
	}
	free(model->partners);
	free(model->table_name);
	free(model->name_space);
	free(model->key);
	free(model->party_id);
	free(model->resource_address);
	fsv_plan_free(model->plan);
	free(model);
}

struct fsv_model *fsv_model_ref(struct fsv_model *model)
{
	if (model)
		fsv_ref_get(&model->ref);
	return model;
}

struct fsv_model *fsv_model_unref(struct fsv_model *model)
{
	if (model)
		fsv_ref_put(&model->ref);
	return NULL;
}

/* The order in which the reference merges the parties' results: it collects them in a map of its own. */
static void set_partners(struct fsv_model *model, const struct fsv_stored_model *stored)
{
	unsigned n = stored->n_partners;
	struct fsv_str ids[FSV_STORE_MAX_PARTNERS];
	uint32_t order[FSV_STORE_MAX_PARTNERS];

	for (unsigned i = 0; i < n; i++)
		ids[i] = stored->partners[i].party_id;
	model->partners = FSV_NEW_N(struct fsv_partner, n);
	model->n_partners = (unsigned)fsv_java_order(ids, n, PARTY_MAP_CAPACITY, order);
	for (unsigned i = 0; i < model->n_partners; i++) {
		const struct fsv_stored_partner *from = &stored->partners[order[i]];

		model->partners[i].party_id = fsv_str_dup(from->party_id);
		model->partners[i].table_name = fsv_str_dup(from->table_name);
		model->partners[i].name_space = fsv_str_dup(from->name_space);
	}
}

struct fsv_model *fsv_model_new(const struct fsv_stored_model *stored)
{
	struct fsv_model *model = FSV_NEW(struct fsv_model);

	fsv_ref_init(&model->ref, model_free);
	model->table_name = fsv_str_dup(stored->table_name);
	model->name_space = fsv_str_dup(stored->name_space);
	model->key = fsv_str_dup(stored->key);
	model->party_id = fsv_str_dup(stored->party_id);
	/* Any other role is a host's, as the reference has it. */
	model->guest = fsv_str_is(stored->role, "guest");
	model->timestamp = stored->timestamp;
	if (stored->resource_address.p)
		model->resource_address = fsv_str_dup(stored->resource_address);
	set_partners(model, stored);
	return model;
}

/* Life ------------------------------------------------------------------------------------------ */

struct fsv_models *fsv_models_free(struct fsv_models *models)
{
	if (!models)
		return NULL;
	fsv_snapshot_set(&models->table, NULL);
	pthread_mutex_destroy(&models->lock);
	free(models->folder);
	free(models);
	return NULL;
}

/* Looking up ------------------------------------------------------------------------------------ */

struct fsv_model *fsv_models_by_service(struct fsv_models *models, struct fsv_str service_id, bool *ret_bound)
{
	struct fsv_model_table *table = fsv_models_table(models);
	const struct fsv_model_entry *e = fsv_model_index_find(&table->by_service, service_id, FSV_STR(""));
	struct fsv_model *model = e ? fsv_model_ref(e->model) : NULL;

	*ret_bound = e != NULL;
	fsv_ref_put(&table->ref);
	return model;
}

struct fsv_model *fsv_models_by_name(struct fsv_models *models, struct fsv_str table_name,
				     struct fsv_str name_space)
{
	struct fsv_model_table *table = fsv_models_table(models);
	const struct fsv_model_entry *e = fsv_model_index_find(&table->by_name, table_name, name_space);
	struct fsv_model *model = e ? fsv_model_ref(e->model) : NULL;

	fsv_ref_put(&table->ref);
	return model;
}

struct fsv_model *fsv_models_by_partner(struct fsv_models *models, struct fsv_str table_name,
					struct fsv_str name_space)
{
	struct fsv_model_table *table = fsv_models_table(models);
	const struct fsv_model_entry *e = fsv_model_index_find(&table->by_partner, table_name, name_space);
	struct fsv_model *model = e ? fsv_model_ref(e->model) : NULL;

	fsv_ref_put(&table->ref);
	return model;
}

unsigned fsv_models_count(struct fsv_models *models)
{
	struct fsv_model_table *table = fsv_models_table(models);
	unsigned n = (unsigned)table->by_name.n;

	fsv_ref_put(&table->ref);
	return n;
}

unsigned fsv_models_bound(struct fsv_models *models)
{
	struct fsv_model_table *table = fsv_models_table(models);
	unsigned n = (unsigned)table->by_service.n;

	fsv_ref_put(&table->ref);
	return n;
}

/* Listing --------------------------------------------------------------------------------------- */

static size_t place_of(const struct fsv_model_table *table, const struct fsv_model *model)
{
	const struct fsv_model_entry *e = fsv_model_index_find(&table->by_name, fsv_str(model->table_name),
							       fsv_str(model->name_space));

	return (size_t)(e - table->by_name.entries);
}

/* By the places in the table: all of them get a listing at first. */
static void list_services(const struct fsv_model_table *table, struct fsv_arena *arena, struct fsv_model_listing *list)
{
	const struct fsv_model_index *bound = &table->by_service;

	for (size_t i = 0; i < bound->n; i++)
		list[place_of(table, bound->entries[i].model)].n_service_ids++;
	for (size_t i = 0; i < table->by_name.n; i++) {
		list[i].service_ids = FSV_ARENA_NEW_N(arena, struct fsv_str, list[i].n_service_ids);
		list[i].n_service_ids = 0;
	}
	for (size_t i = 0; i < bound->n; i++) {
		struct fsv_model_listing *l = &list[place_of(table, bound->entries[i].model)];

		l->service_ids[l->n_service_ids++] = fsv_arena_str(arena, bound->entries[i].first);
	}
}

size_t fsv_models_list(struct fsv_models *models, struct fsv_arena *arena, struct fsv_model_listing **ret_list)
{
	struct fsv_model_table *table = fsv_models_table(models);
	size_t n = table->by_name.n;
	struct fsv_model_listing *list = FSV_ARENA_NEW_N(arena, struct fsv_model_listing, n);

	for (size_t i = 0; i < n; i++)
		list[i].model = fsv_model_ref(table->by_name.entries[i].model);
	list_services(table, arena, list);
	fsv_ref_put(&table->ref);
	*ret_list = list;
	return n;
}

void fsv_models_list_done(struct fsv_model_listing *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		list[i].model = fsv_model_unref(list[i].model);
}
