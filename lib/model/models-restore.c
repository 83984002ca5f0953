/* SPDX-License-Identifier: Apache-2.0 */
/* What the stores on disk say, brought back to life: one broken thing costs itself alone. */
#include "models-private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "package.h"
#include "plan.h"

struct restore {
	const struct fsv_models_opt *opt;
	const char *folder;		/* with .fate */
	struct fsv_arena arena;		/* what the stores say */
	struct fsv_model_table *table;
	struct fsv_map by_key;		/* restored models, borrowed from the table */
	struct fsv_map lost;		/* keys of those that were not */
	struct fsv_map ids;		/* service ids of all bindings */
	bool models_broken;		/* the load store could not be read, so any key may be a model's */
	bool rewrite_bindings;
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

/* Data that was laid down for the very load that the store names belongs in its place. */
static const char *settle_data(struct restore *r, const struct fsv_stored_model *stored)
{
	const char *path = fsv_models_data_path(r->folder, stored->key, &r->arena);
	const char *staged = fsv_models_staged_path(r->folder, stored->key, stored->timestamp, &r->arena);

	if (access(staged, F_OK) < 0)
		return path;
	if (rename(staged, path) == 0)
		return path;
	fsv_log_warn("%s cannot be renamed to %s (%s); it is used where it is", staged, path, strerror(errno));
	return staged;
}

/* The package is needed only to compile the plan. */
static int compile_file(const struct restore *r, const char *path, struct fsv_model *model, struct fsv_err *err)
{
	size_t n = 0;
	struct fsv_package package = { .entries = NULL };
	struct fsv_arena arena;
	char *data = NULL;
	int e = fsv_read_file(path, FSV_PACKAGE_MAX_BYTES, &data, &n, err);

	if (e < 0)
		return e;
	fsv_arena_init(&arena, 0);
	e = fsv_package_parse(fsv_str_n(data, n), &arena, &package, err);
	free(data);
	if (e == 0)
		e = fsv_model_compile(model, &package, r->opt, err);
	fsv_arena_done(&arena);
	if (e < 0)
		fsv_err_wrap(err, "%s", path);
	return e;
}

static void not_restored(struct restore *r, const struct fsv_stored_model *stored, const char *why)
{
	r->report.failed++;
	fsv_log_warn("model %s is not restored: %s; it is not served until it is loaded again",
		     printable(r, stored->key), why);
}

static void restore_model(struct restore *r, const struct fsv_stored_model *stored)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_model *model;

	if (stored->fault) {
		not_restored(r, stored, stored->fault);
		return;
	}
	model = fsv_model_new(stored);
	if (compile_file(r, settle_data(r, stored), model, &err) < 0) {
		not_restored(r, stored, err.text);
		fsv_map_put(&r->lost, stored->key, model);
		fsv_model_table_add_lost(r->table, model);
		return;
	}
	if (!model->guest && !fsv_str_is(stored->role, "host"))
		fsv_log_warn("model %s has the role \"%s\"; it is served as a host's", model->key,
			     printable(r, stored->role));
	fsv_map_put(&r->by_key, stored->key, model);
	fsv_model_table_add(r->table, model);
	r->report.restored++;
}

/* A binding to a model that the load store does not name is what an unload had no time for. */
static void lose_binding(struct restore *r, const struct fsv_stored_binding *stored)
{
	r->report.dropped_bindings++;
	fsv_log_warn("service id \"%s\" is not bound: its model %s was not restored; load the model%s",
		     printable(r, stored->service_id), printable(r, stored->model_key),
		     r->models_broken || fsv_map_get(&r->lost, stored->model_key) ? " again" : " and bind it again");
	if (r->models_broken || fsv_map_get(&r->lost, stored->model_key))
		fsv_model_table_add_lost_binding(r->table, (struct fsv_lost_binding){
			.service_id = stored->service_id, .model_key = stored->model_key });
	else
		r->rewrite_bindings = true;
}

static void restore_binding(struct restore *r, const struct fsv_stored_binding *stored)
{
	struct fsv_model *model = stored->fault ? NULL : fsv_map_get(&r->by_key, stored->model_key);
	const char *fault = stored->fault;

	if (!fault && fsv_map_put(&r->ids, stored->service_id, r))
		fault = "it stands in the store twice";
	if (fault) {
		r->report.dropped_bindings++;
		fsv_log_warn("a binding of service id \"%s\" is left out: %s; bind it again",
			     printable(r, stored->service_id), fault);
	} else if (model) {
		fsv_model_table_bind(r->table, stored->service_id, model);
	} else {
		lose_binding(r, stored);
	}
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

/* The next change replaces the store, so what is in it gets another name. */
static void keep_store(struct restore *r, const char *name)
{
	const char *path = fsv_arena_printf(&r->arena, "%s/%s", r->folder, name);
	const char *aside = fsv_arena_printf(&r->arena, "%s.corrupt", path);

	(void)unlink(aside);	/* of an earlier start; mostly there is none */
	if (link(path, aside) == 0)
		fsv_log_notice("%s is kept as %s", path, aside);
	else
		fsv_log_warn("%s cannot be kept as %s: %s; the next change of a model replaces it", path, aside,
			     strerror(errno));
}

static void bad_store(struct restore *r, const char *name, const struct fsv_err *err)
{
	fsv_log_err("model store %s/%s cannot be read: %s; starting without what it holds", r->folder, name,
		    err->text);
	keep_store(r, name);
}

static bool any_fault(const struct fsv_stored_model *models, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (models[i].fault)
			return true;
	return false;
}

static void restore_models(struct restore *r, void (*progress)(void *arg, unsigned done, unsigned of), void *arg)
{
	struct fsv_stored_model *models = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	size_t n = 0, n_models = 0;
	FSV_AUTO_MEM char *data = read_store(r, FSV_MODELS_STORE, &n);

	if (!data) {
		r->models_broken = true;	/* or never written: then there are no bindings either */
	} else if (fsv_store_parse_models(fsv_str_n(data, n), &r->arena, &models, &n_models, &err) < 0) {
		bad_store(r, FSV_MODELS_STORE, &err);
		r->models_broken = true;
	} else if (any_fault(models, n_models)) {
		keep_store(r, FSV_MODELS_STORE);
	}
	/* Without the store nobody can tell whether data that waits belongs to a model. */
	if (!r->models_broken)
		fsv_models_clear(r->folder, models, n_models);
	for (size_t i = 0; i < n_models; i++) {
		restore_model(r, &models[i]);
		if (progress)
			progress(arg, (unsigned)i + 1, (unsigned)n_models);
	}
}

static void restore_bindings(struct restore *r)
{
	struct fsv_stored_binding *bindings = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	size_t n = 0, n_bindings = 0;
	FSV_AUTO_MEM char *data = read_store(r, FSV_BINDINGS_STORE, &n);

	if (data && fsv_store_parse_bindings(fsv_str_n(data, n), &r->arena, &bindings, &n_bindings, &err) < 0)
		bad_store(r, FSV_BINDINGS_STORE, &err);
	for (size_t i = 0; i < n_bindings; i++)
		restore_binding(r, &bindings[i]);
	r->report.bound = (unsigned)r->table->by_service.n;
}

/* What is dropped must not come back when its model is loaded some day. */
static void rewrite_bindings(const struct restore *r)
{
	struct fsv_err err = FSV_ERR_INIT;

	if (r->rewrite_bindings && fsv_models_write(r->folder, r->table, FSV_WRITE_BINDINGS, &err) < 0)
		fsv_log_warn("%s; bindings to models that are gone are still in the store", err.text);
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

static struct fsv_models *models_new(const struct restore *r)
{
	struct fsv_models *models = FSV_NEW(struct fsv_models);

	pthread_mutex_init(&models->lock, NULL);
	models->opt = *r->opt;
	models->opt.cache_path = NULL;
	models->folder = fsv_str_dup(fsv_str(r->folder));
	fsv_snapshot_set(&models->table, &r->table->ref);
	return models;
}

int fsv_models_open(const struct fsv_models_opt *opt, void (*progress)(void *arg, unsigned done, unsigned of),
		    void *arg, struct fsv_models **ret_models, struct fsv_models_report *ret_report,
		    struct fsv_err *err)
{
	const char *base = opt->cache_path && opt->cache_path[0] ? opt->cache_path : ".";
	struct restore r = { .opt = opt };
	int e;

	fsv_arena_init(&r.arena, 0);
	r.folder = fsv_arena_printf(&r.arena, "%s/.fate", base);
	e = use_folder(r.folder, err);
	if (e < 0) {
		fsv_arena_done(&r.arena);
		return e;
	}
	fsv_map_init(&r.by_key);
	fsv_map_init(&r.lost);
	fsv_map_init(&r.ids);
	r.table = fsv_model_table_new();
	restore_models(&r, progress, arg);
	restore_bindings(&r);
	rewrite_bindings(&r);
	*ret_report = r.report;
	*ret_models = models_new(&r);
	fsv_map_done(&r.ids);
	fsv_map_done(&r.lost);
	fsv_map_done(&r.by_key);
	fsv_arena_done(&r.arena);
	return 0;
}
