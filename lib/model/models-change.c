/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes: the next table is built beside the present one, written, then put in its place.
 *
 * A load touches two files, so the load store decides: the data is laid down under a name made of the key and
 * the load's timestamp, the store that names this timestamp follows in one step, and only then is the data
 * moved to its place. A crash before that step leaves the old state (the next start removes the data that
 * nobody names), one after it the new (the next start moves it). An unload is done when the load store has
 * lost the model: bindings to models that it does not name are dropped by the next start.
 */
#include "models-private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "codec/digest.h"
#include "package.h"
#include "plan.h"

enum { DATA_MODE = 0640 };

int fsv_model_compile(struct fsv_model *model, const struct fsv_package *package, const struct fsv_models_opt *opt,
		      struct fsv_err *err)
{
	const struct fsv_plan_opt plan = {
		.guest = model->guest, .party_id = fsv_str(model->party_id),
		.n_partners = model->guest ? model->n_partners : 0, .lr_parallel = opt->lr_parallel,
		.lr_split = opt->lr_split, .pass_unknown = opt->pass_unknown,
	};

	return fsv_plan_compile(package, &plan, &model->plan, err);
}

/* The next table -------------------------------------------------------------------------------- */

/* Where bindings of the old model go. */
struct swap {
	const char *key;		/* models of this key are left out, served or lost */
	struct fsv_model *in;		/* and this one comes in their place; NULL = none */
};

static bool is_out(const struct swap *swap, struct fsv_str key)
{
	return swap->key && fsv_str_is(key, swap->key);
}

static bool among(struct fsv_str id, const struct fsv_str *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fsv_str_eq(id, ids[i]))
			return true;
	return false;
}

static void copy_models(const struct fsv_model_table *was, const struct swap *swap, struct fsv_model_table *next)
{
	for (size_t i = 0; i < was->by_name.n; i++)
		if (!is_out(swap, fsv_str(was->by_name.entries[i].model->key)))
			fsv_model_table_add(next, fsv_model_ref(was->by_name.entries[i].model));
	if (swap->in)
		fsv_model_table_add(next, fsv_model_ref(swap->in));
	for (size_t i = 0; i < was->n_lost; i++)
		if (!is_out(swap, fsv_str(was->lost[i]->key)))
			fsv_model_table_add_lost(next, fsv_model_ref(was->lost[i]));
}

/* Bindings to a key that comes back are in force again. */
static void copy_bindings(const struct fsv_model_table *was, const struct swap *swap, const struct fsv_str *without,
			  size_t n_without, struct fsv_model_table *next)
{
	for (size_t i = 0; i < was->by_service.n; i++) {
		const struct fsv_model_entry *e = &was->by_service.entries[i];
		struct fsv_model *model = is_out(swap, fsv_str(e->model->key)) ? swap->in : e->model;

		if (model && !among(e->first, without, n_without))
			fsv_model_table_bind(next, e->first, model);
	}
	for (size_t i = 0; i < was->n_lost_bindings; i++) {
		const struct fsv_lost_binding *b = &was->lost_bindings[i];

		if (among(b->service_id, without, n_without))
			continue;
		if (!is_out(swap, b->model_key))
			fsv_model_table_add_lost_binding(next, *b);
		else if (swap->in)
			fsv_model_table_bind(next, b->service_id, swap->in);
	}
}

static struct fsv_model_table *next_table(const struct fsv_model_table *was, const struct swap *swap,
					  const struct fsv_str *without, size_t n_without)
{
	struct fsv_model_table *next = fsv_model_table_new();

	copy_models(was, swap, next);
	copy_bindings(was, swap, without, n_without, next);
	return next;
}

/* Writes and puts in; takes next over. When a later file fails, or the disk cannot say that a file is there,
 * what was there before is written again. */
static int commit(struct fsv_models *models, const struct fsv_model_table *was, struct fsv_model_table *next,
		  unsigned which, struct fsv_err *err)
{
	struct fsv_err again = FSV_ERR_INIT;
	int r = fsv_models_write(models->folder, next, which, err);

	if (r == 0) {
		fsv_snapshot_set(&models->table, &next->ref);
		return 0;
	}
	fsv_ref_put(&next->ref);
	if (fsv_models_write(models->folder, was, which, &again) < 0)
		fsv_log_warn("after a change that failed the stores could not be written anew: %s", again.text);
	return r;
}

static const struct fsv_model_entry *by_name(const struct fsv_model_table *table, struct fsv_str table_name,
					     struct fsv_str name_space)
{
	return fsv_model_index_find(&table->by_name, table_name, name_space);
}

/* Loading --------------------------------------------------------------------------------------- */

/* Names are joined to a key, and that is part of a file name. */
static int check_name(const char *what, struct fsv_str name, struct fsv_err *err)
{
	if (name.n == 0)
		return fsv_err_set(err, FSV_E_PARAM, "the model's %s is empty", what);
	if (fsv_str_utf8(name) < name.n)
		return fsv_err_set(err, FSV_E_PARAM, "the model's %s is not UTF-8", what);
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < 0x20 || name.p[i] == 0x7f || name.p[i] == '/')
			return fsv_err_set(err, FSV_E_PARAM, "the model's %s has a slash or a control character, which "
					   "no file name can have", what);
	return 0;
}

static int check_record(const struct fsv_stored_model *record, struct fsv_err *err)
{
	int r = check_name("tableName", record->table_name, err);

	if (r == 0)
		r = check_name("namespace", record->name_space, err);
	if (r == 0 && record->n_partners > FSV_STORE_MAX_PARTNERS)
		r = fsv_err_set(err, FSV_E_LIMIT, "the model has more than %d partners", FSV_STORE_MAX_PARTNERS);
	for (unsigned i = 0; i < record->n_partners && r == 0; i++) {
		r = check_name("partner's tableName", record->partners[i].table_name, err);
		if (r == 0)
			r = check_name("partner's namespace", record->partners[i].name_space, err);
	}
	return r;
}

/* "a_b" + "c" and "a" + "b_c" would share files and bindings. */
static int check_room(struct fsv_models *models, const struct fsv_model_table *was, const struct fsv_model *model,
		      struct fsv_err *err)
{
	unsigned max = models->opt.max_models ? models->opt.max_models : FSV_STORE_MAX_MODELS;

	if (by_name(was, fsv_str(model->table_name), fsv_str(model->name_space)))
		return 0;
	for (size_t i = 0; i < was->by_name.n; i++)
		if (strcmp(was->by_name.entries[i].model->key, model->key) == 0)
			return fsv_err_set(err, FSV_E_PARAM, "another model's names join to the same key, %s; unload "
					   "that one first", model->key);
	if (was->by_name.n + was->n_lost >= max)
		return fsv_err_set(err, FSV_E_LIMIT, "%u models are loaded, which is the most this server takes; unload "
				   "one, or raise model.max.loaded", max);
	return 0;
}

/* Every load has a timestamp of its own, by which its data is told from an earlier load's. */
static void stamp(const struct fsv_model_table *was, struct fsv_model *model, bool now)
{
	const struct fsv_model_entry *old = by_name(was, fsv_str(model->table_name), fsv_str(model->name_space));

	if (now)
		model->timestamp = fsv_wall_ms();
	if (now && old && model->timestamp <= old->model->timestamp)
		model->timestamp = old->model->timestamp + 1;
}

/* From the disk's point of view the load is done already; a start would do the same. */
static void settle(const struct fsv_models *models, const struct fsv_model *model, const char *staged,
		   struct fsv_arena *arena)
{
	const char *path = fsv_models_data_path(models->folder, fsv_str(model->key), arena);

	if (rename(staged, path) < 0)
		fsv_log_warn("%s cannot be renamed to %s: %s; the next start tries again", staged, path, strerror(errno));
}

static int install(struct fsv_models *models, struct fsv_model *model, bool now, struct fsv_str json,
		   struct fsv_arena *arena, struct fsv_err *err)
{
	struct fsv_model_table *was = fsv_models_table(models);
	const struct swap swap = { .key = model->key, .in = model };
	int r = check_room(models, was, model, err);
	const char *staged;

	stamp(was, model, now);
	staged = fsv_models_staged_path(models->folder, fsv_str(model->key), model->timestamp, arena);
	if (r == 0) {
		r = fsv_write_file(staged, json.p, json.n, DATA_MODE, err);
		if (r == 0)
			r = commit(models, was, next_table(was, &swap, NULL, 0), FSV_WRITE_MODELS, err);
		if (r == 0)
			settle(models, model, staged, arena);
		else
			(void)unlink(staged);	/* mostly it is not there */
	}
	fsv_ref_put(&was->ref);
	return r;
}

static struct fsv_model *model_of(const struct fsv_stored_model *record, struct fsv_arena *arena)
{
	struct fsv_stored_model copy = *record;

	copy.key = fsv_str(fsv_arena_printf(arena, "%.*s_%.*s", FSV_STR_ARG(record->table_name),
					    FSV_STR_ARG(record->name_space)));
	return fsv_model_new(&copy);
}

int fsv_models_load(struct fsv_models *models, const struct fsv_stored_model *record,
		    const struct fsv_package *package, char ret_sha256[65], struct fsv_err *err)
{
	struct fsv_model *model;
	struct fsv_arena arena;
	struct fsv_buf json;
	int r = check_record(record, err);

	if (r < 0)
		return r;
	fsv_arena_init(&arena, 0);
	fsv_buf_init(&json, NULL, 0);
	model = model_of(record, &arena);
	r = fsv_model_compile(model, package, &models->opt, err);
	if (r == 0) {
		fsv_package_format(package, &json);
		if (json.n > FSV_PACKAGE_MAX_BYTES)
			r = fsv_err_set(err, FSV_E_LIMIT, "the model's data file would have %zu bytes, at most %d can be "
					"restored", json.n, FSV_PACKAGE_MAX_BYTES);
	}
	if (r == 0) {
		if (ret_sha256)
			fsv_sha256_hex(fsv_buf_str(&json), ret_sha256);
		pthread_mutex_lock(&models->lock);
		r = install(models, model, record->timestamp == 0, fsv_buf_str(&json), &arena, err);
		pthread_mutex_unlock(&models->lock);
	}
	fsv_model_unref(model);
	fsv_buf_done(&json);
	fsv_arena_done(&arena);
	return r;
}

/* Binding --------------------------------------------------------------------------------------- */

static int bind(struct fsv_models *models, const struct fsv_model_table *was, struct fsv_str service_id,
		struct fsv_str table_name, struct fsv_str name_space, struct fsv_err *err)
{
	const struct fsv_model_entry *model = by_name(was, table_name, name_space);
	unsigned max = models->opt.max_bindings ? models->opt.max_bindings : FSV_STORE_MAX_BINDINGS;
	const struct fsv_model_entry *old = fsv_model_index_find(&was->by_service, service_id, FSV_STR(""));
	const struct swap same = { .key = NULL };
	struct fsv_model_table *next;

	/* The reference's words, its trailing blank included. */
	if (!model)
		return fsv_err_set(err, FSV_E_MODEL_NULL, "model %.*s_%.*s is not exist ", FSV_STR_ARG(table_name),
				   FSV_STR_ARG(name_space));
	if (!old && was->by_service.n + was->n_lost_bindings >= max)
		return fsv_err_set(err, FSV_E_LIMIT, "%u service ids are bound, which is the most this server takes; "
				   "unbind one, or raise model.max.bound", max);
	/* Left out and put in, so that a lost binding of this id goes; a bound id keeps its place. */
	next = old ? next_table(was, &same, NULL, 0) : next_table(was, &same, &service_id, 1);
	fsv_model_table_bind(next, service_id, model->model);
	return commit(models, was, next, FSV_WRITE_BINDINGS, err);
}

int fsv_models_bind(struct fsv_models *models, struct fsv_str service_id, struct fsv_str table_name,
		    struct fsv_str name_space, struct fsv_err *err)
{
	struct fsv_model_table *was;
	int r;

	pthread_mutex_lock(&models->lock);
	was = fsv_models_table(models);
	r = bind(models, was, service_id, table_name, name_space, err);
	fsv_ref_put(&was->ref);
	pthread_mutex_unlock(&models->lock);
	return r;
}

static int unbind(struct fsv_models *models, const struct fsv_model_table *was, const struct fsv_str *ids, size_t n,
		  struct fsv_str table_name, struct fsv_str name_space, struct fsv_err *err)
{
	const struct fsv_model_entry *model = by_name(was, table_name, name_space);
	const struct swap same = { .key = NULL };

	if (!model)
		return fsv_err_set(err, FSV_E_MODEL_NULL,
				   "not found model info, please check if the model is already loaded.");
	for (size_t i = 0; i < n; i++) {
		const struct fsv_model_entry *e = fsv_model_index_find(&was->by_service, ids[i], FSV_STR(""));

		if (!e || e->model != model->model)
			return fsv_err_set(err, FSV_E_MODEL_NULL, "unbind request info is error");
	}
	return commit(models, was, next_table(was, &same, ids, n), FSV_WRITE_BINDINGS, err);
}

int fsv_models_unbind(struct fsv_models *models, const struct fsv_str *service_ids, size_t n,
		      struct fsv_str table_name, struct fsv_str name_space, struct fsv_err *err)
{
	struct fsv_model_table *was;
	int r;

	pthread_mutex_lock(&models->lock);
	was = fsv_models_table(models);
	r = unbind(models, was, service_ids, n, table_name, name_space, err);
	fsv_ref_put(&was->ref);
	pthread_mutex_unlock(&models->lock);
	return r;
}

/* Unloading -------------------------------------------------------------------------------------- */

/* Key of the model of these names, served or lost, or NULL. */
static const char *find_key(const struct fsv_model_table *table, struct fsv_str table_name, struct fsv_str name_space)
{
	const struct fsv_model_entry *e = by_name(table, table_name, name_space);

	if (e)
		return e->model->key;
	for (size_t i = 0; i < table->n_lost; i++)
		if (fsv_str_is(table_name, table->lost[i]->table_name) &&
		    fsv_str_is(name_space, table->lost[i]->name_space))
			return table->lost[i]->key;
	return NULL;
}

static void remove_data(const struct fsv_models *models, const char *key)
{
	struct fsv_arena arena;
	const char *path;

	fsv_arena_init(&arena, 0);
	path = fsv_models_data_path(models->folder, fsv_str(key), &arena);
	if (unlink(path) < 0 && errno != ENOENT)
		fsv_log_warn("%s cannot be removed: %s; it is of no use any more", path, strerror(errno));
	(void)unlink(fsv_arena_printf(&arena, "%s.lock", path));	/* the reference's; we make none */
	fsv_arena_done(&arena);
}

int fsv_models_unload(struct fsv_models *models, struct fsv_str table_name, struct fsv_str name_space,
		      struct fsv_err *err)
{
	struct fsv_model_table *was;
	struct swap swap;
	int r;

	pthread_mutex_lock(&models->lock);
	was = fsv_models_table(models);
	swap = (struct swap){ .key = find_key(was, table_name, name_space) };
	if (swap.key)
		r = commit(models, was, next_table(was, &swap, NULL, 0), FSV_WRITE_MODELS | FSV_WRITE_BINDINGS, err);
	else	/* with the reference's leading blank */
		r = fsv_err_set(err, FSV_E_MODEL_NULL, " found model info, please check if the model is already loaded.");
	if (r == 0)
		remove_data(models, swap.key);
	fsv_ref_put(&was->ref);
	pthread_mutex_unlock(&models->lock);
	return r;
}

/* Data -------------------------------------------------------------------------------------------- */

int fsv_models_read_data(struct fsv_models *models, struct fsv_str table_name, struct fsv_str name_space,
			 struct fsv_arena *arena, struct fsv_str *ret_json, struct fsv_err *err)
{
	size_t n = 0;
	struct fsv_str key;
	char *data = NULL;
	int r = check_name("tableName", table_name, err);

	if (r == 0)
		r = check_name("namespace", name_space, err);
	if (r < 0)
		return r;
	key = fsv_str(fsv_arena_printf(arena, "%.*s_%.*s", FSV_STR_ARG(table_name), FSV_STR_ARG(name_space)));
	r = fsv_read_file(fsv_models_data_path(models->folder, key, arena), FSV_PACKAGE_MAX_BYTES, &data, &n, err);
	if (r < 0)
		return r;
	*ret_json = fsv_arena_str(arena, fsv_str_n(data, n));
	free(data);
	return 0;
}
