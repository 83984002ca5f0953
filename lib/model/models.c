/* SPDX-License-Identifier: Apache-2.0 */
#include "models.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "java-order.h"
#include "model-table.h"
#include "package.h"
#include "plan.h"
#include "store.h"

enum { PARTY_MAP_CAPACITY = 16 };

struct fsv_models {
	struct fsv_snapshot table;	/* struct fsv_model_table, never empty while this lives */
};

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

static void model_unref_auto(struct fsv_model **model)
{
	fsv_model_unref(*model);
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

static struct fsv_model *model_new(const struct fsv_stored_model *stored)
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

/* Restore --------------------------------------------------------------------------------------- */

struct restore {
	const struct fsv_models_opt *opt;
	const char *folder;		/* with .fate */
	struct fsv_arena arena;		/* what the stores say */
	struct fsv_model_table *table;
	struct fsv_map by_key;		/* restored models, borrowed from the table */
	struct fsv_models_report report;
};

/* For a log line: names come from a file. */
static const char *printable(struct restore *r, struct fsv_str name)
{
	char *text = fsv_arena_cstr(&r->arena, fsv_str_sub(name, 0, 200));

	for (char *p = text; p < text + fsv_str_sub(name, 0, 200).n; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return text;
}

/* The package is needed only to compile the plan. */
static int compile_file(const struct restore *r, struct fsv_model *model, struct fsv_err *err)
{
	struct fsv_plan_opt opt = {
		.guest = model->guest, .party_id = fsv_str(model->party_id),
		.n_partners = model->guest ? model->n_partners : 0, .lr_parallel = r->opt->lr_parallel,
		.lr_split = r->opt->lr_split, .pass_unknown = r->opt->pass_unknown,
	};
	struct fsv_package package = { .entries = NULL };
	struct fsv_arena arena;
	char *path, *data = NULL;
	size_t n = 0;
	int e;

	fsv_arena_init(&arena, 0);
	path = fsv_arena_printf(&arena, "%s/model_%s_cache", r->folder, model->key);
	e = fsv_read_file(path, FSV_PACKAGE_MAX_BYTES, &data, &n, err);
	if (e == 0) {
		e = fsv_package_parse(fsv_str_n(data, n), &arena, &package, err);
		free(data);
		if (e == 0)
			e = fsv_plan_compile(&package, &opt, &model->plan, err);
		if (e < 0)
			fsv_err_wrap(err, "%s", path);
	}
	fsv_arena_done(&arena);
	return e;
}

static void restore_model(struct restore *r, const struct fsv_stored_model *stored)
{
	__attribute__((cleanup(model_unref_auto))) struct fsv_model *model = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	const char *why = stored->fault;

	if (!why) {
		model = model_new(stored);
		if (compile_file(r, model, &err) < 0)
			why = err.text;
	}
	if (why) {
		r->report.failed++;
		fsv_log_warn("model %s is not restored: %s; it is not served until it is loaded again",
			     printable(r, stored->key), why);
		return;
	}
	if (!model->guest && !fsv_str_is(stored->role, "host"))
		fsv_log_warn("model %s has the role \"%s\"; it is served as a host's", model->key,
			     printable(r, stored->role));
	fsv_map_put(&r->by_key, stored->key, model);
	fsv_model_table_add(r->table, FSV_TAKE(model));
	r->report.restored++;
}

static void restore_binding(struct restore *r, const struct fsv_stored_binding *stored)
{
	struct fsv_model *model = stored->fault ? NULL : fsv_map_get(&r->by_key, stored->model_key);

	if (model) {
		fsv_model_table_bind(r->table, stored->service_id, model);
		return;
	}
	r->report.dropped_bindings++;
	if (stored->fault)
		fsv_log_warn("a binding of service id \"%s\" is left out: %s; bind it again",
			     printable(r, stored->service_id), stored->fault);
	else
		fsv_log_warn("service id \"%s\" is not bound: its model %s was not restored; "
			     "load the model and bind it again",
			     printable(r, stored->service_id), printable(r, stored->model_key));
}

/* Bytes of a store, malloc'ed; NULL when there is none or it cannot be read. */
static char *read_store(struct restore *r, const char *name, size_t *ret_n)
{
	const char *path = fsv_arena_printf(&r->arena, "%s/%s", r->folder, name);
	struct fsv_err err = FSV_ERR_INIT;
	char *data = NULL;
	int e = fsv_read_file(path, FSV_STORE_MAX_BYTES, &data, ret_n, &err);

	if (e == -ENOENT)
		fsv_log_info("%s does not exist yet; starting without what it would hold", path);
	else if (e < 0)
		fsv_log_err("model store: %s; starting without what it holds", err.text);
	return data;
}

static void bad_store(const struct restore *r, const char *name, const struct fsv_err *err)
{
	fsv_log_err("model store %s/%s cannot be read: %s; starting without what it holds", r->folder, name,
		    err->text);
}

static void restore_models(struct restore *r, void (*progress)(void *arg, unsigned done, unsigned of),
			   void *arg)
{
	static const char name[] = "loadModelStore.cache";
	struct fsv_stored_model *models = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	size_t n = 0, n_models = 0;
	FSV_AUTO_MEM char *data = read_store(r, name, &n);

	if (data && fsv_store_parse_models(fsv_str_n(data, n), &r->arena, &models, &n_models, &err) < 0)
		bad_store(r, name, &err);
	for (size_t i = 0; i < n_models; i++) {
		restore_model(r, &models[i]);
		if (progress)
			progress(arg, (unsigned)i + 1, (unsigned)n_models);
	}
}

static void restore_bindings(struct restore *r)
{
	static const char name[] = "bindModelStore.cache";
	struct fsv_stored_binding *bindings = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	size_t n = 0, n_bindings = 0;
	FSV_AUTO_MEM char *data = read_store(r, name, &n);

	if (data && fsv_store_parse_bindings(fsv_str_n(data, n), &r->arena, &bindings, &n_bindings, &err) < 0)
		bad_store(r, name, &err);
	for (size_t i = 0; i < n_bindings; i++)
		restore_binding(r, &bindings[i]);
	r->report.bound = (unsigned)r->table->by_service.n;
}

/* The reference makes it too. Only its owner has business with models. */
static int use_folder(const char *folder, struct fsv_err *err)
{
	struct stat st;

	if (mkdir(folder, 0750) < 0 && errno != EEXIST)
		return fsv_err_errno(err, errno, "cannot make the folder of the models, %s", folder);
	if (stat(folder, &st) < 0)
		return fsv_err_errno(err, errno, "cannot use the folder of the models, %s", folder);
	if (!S_ISDIR(st.st_mode))
		return fsv_err_errno(err, ENOTDIR, "cannot use the folder of the models, %s", folder);
	if (access(folder, R_OK | X_OK) < 0)
		return fsv_err_errno(err, errno, "cannot read the folder of the models, %s", folder);
	return 0;
}

int fsv_models_open(const struct fsv_models_opt *opt, void (*progress)(void *arg, unsigned done, unsigned of),
		    void *arg, struct fsv_models **ret_models, struct fsv_models_report *ret_report,
		    struct fsv_err *err)
{
	const char *base = opt->cache_path && opt->cache_path[0] ? opt->cache_path : ".";
	struct restore r = { .opt = opt };
	struct fsv_models *models;
	int e;

	fsv_arena_init(&r.arena, 0);
	r.folder = fsv_arena_printf(&r.arena, "%s/.fate", base);
	e = use_folder(r.folder, err);
	if (e < 0) {
		fsv_arena_done(&r.arena);
		return e;
	}
	fsv_map_init(&r.by_key);
	r.table = fsv_model_table_new();
	restore_models(&r, progress, arg);
	restore_bindings(&r);
	fsv_map_done(&r.by_key);
	fsv_arena_done(&r.arena);

	models = FSV_NEW(struct fsv_models);
	fsv_snapshot_set(&models->table, &r.table->ref);
	*ret_report = r.report;
	*ret_models = models;
	return 0;
}

struct fsv_models *fsv_models_free(struct fsv_models *models)
{
	if (models)
		fsv_snapshot_set(&models->table, NULL);
	free(models);
	return NULL;
}

/* Looking up ------------------------------------------------------------------------------------ */

static struct fsv_model_table *table_get(struct fsv_models *models)
{
	return (struct fsv_model_table *)fsv_snapshot_get(&models->table);
}

struct fsv_model *fsv_models_by_service(struct fsv_models *models, struct fsv_str service_id, bool *ret_bound)
{
	struct fsv_model_table *table = table_get(models);
	const struct fsv_model_entry *e = fsv_model_index_find(&table->by_service, service_id, FSV_STR(""));
	struct fsv_model *model = e ? fsv_model_ref(e->model) : NULL;

	*ret_bound = e != NULL;
	fsv_ref_put(&table->ref);
	return model;
}

struct fsv_model *fsv_models_by_name(struct fsv_models *models, struct fsv_str table_name,
				     struct fsv_str name_space)
{
	struct fsv_model_table *table = table_get(models);
	const struct fsv_model_entry *e = fsv_model_index_find(&table->by_name, table_name, name_space);
	struct fsv_model *model = e ? fsv_model_ref(e->model) : NULL;

	fsv_ref_put(&table->ref);
	return model;
}

struct fsv_model *fsv_models_by_partner(struct fsv_models *models, struct fsv_str table_name,
					struct fsv_str name_space)
{
	struct fsv_model_table *table = table_get(models);
	const struct fsv_model_entry *e = fsv_model_index_find(&table->by_partner, table_name, name_space);
	struct fsv_model *model = e ? fsv_model_ref(e->model) : NULL;

	fsv_ref_put(&table->ref);
	return model;
}

void fsv_models_names(struct fsv_models *models,
		      void (*fn)(void *arg, struct fsv_str service_id, const struct fsv_model *model), void *arg)
{
	struct fsv_model_table *table = table_get(models);

	for (size_t i = 0; i < table->by_service.n; i++)
		if (table->by_service.entries[i].model)
			fn(arg, table->by_service.entries[i].first, table->by_service.entries[i].model);
	for (size_t i = 0; i < table->by_name.n; i++)
		if (!table->by_name.entries[i].model->guest)
			fn(arg, FSV_STR_NULL, table->by_name.entries[i].model);
	fsv_ref_put(&table->ref);
}

unsigned fsv_models_count(struct fsv_models *models)
{
	struct fsv_model_table *table = table_get(models);
	unsigned n = (unsigned)table->by_name.n;

	fsv_ref_put(&table->ref);
	return n;
}

unsigned fsv_models_bound(struct fsv_models *models)
{
	struct fsv_model_table *table = table_get(models);
	unsigned n = (unsigned)table->by_service.n;

	fsv_ref_put(&table->ref);
	return n;
}
