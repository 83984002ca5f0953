/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/map.h"
#include "base/time.h"
#include "folder.h"
#include "model/plan.h"
#include "model/store-write.h"

struct pack {
	struct fsv_arena arena;
	const char *output;
	bool force;
	struct fsv_ctl_text *texts;
	struct fsv_stored_model *models;	/* the same, as the store has them */
	size_t n;
	struct fsv_stored_binding *bindings;
	size_t n_bindings;
};

/* Reading --------------------------------------------------------------------------------------- */

static int read_text(struct pack *p, const char *path, struct fsv_ctl_text *text, struct fsv_err *err)
{
	char *data = NULL;
	size_t n = 0;
	int e = fsv_read_file(path, FSV_CTL_TEXT_MAX, &data, &n, err);

	if (e < 0)
		return e;
	/* What was read may point into its source. */
	e = fsv_ctl_text_read(fsv_arena_str(&p->arena, fsv_str_n(data, n)), path, fsv_wall_ms(), &p->arena, text,
			      err);
	free(data);
	if (e == 0 && text->model.key.n == 0)
		e = fsv_err_set(err, FSV_E_SYNTAX, "%s: \"model\" is missing: it names tableName and "
				"namespace, role and partyId", path);
	return e;
}

/* Packing a model that no server takes is allowed (it may be meant for another one), but worth a word. */
static void warn(const struct fsv_ctl_text *text, const char *path)
{
	struct fsv_plan_opt opt = {
		.guest = fsv_str_is(text->model.role, "guest"), .party_id = text->model.party_id,
		.n_partners = text->model.n_partners > 0 ? text->model.n_partners : 1,
	};
	struct fsv_plan *plan = NULL;
	struct fsv_err err = FSV_ERR_INIT;

	if (fsv_plan_compile(&text->package, &opt, &plan, &err) < 0)
		fsv_ctl_note("%s: packed, but a server would refuse this model: %s", path, err.text);
	else
		(void)fsv_plan_free(plan);
}

static int add_bindings(struct pack *p, const struct fsv_ctl_text *text, const char *path,
			struct fsv_map *bound, struct fsv_err *err)
{
	for (unsigned i = 0; i < text->n_service_ids; i++) {
		struct fsv_str id = text->service_ids[i];

		if (fsv_map_put(bound, id, p))
			return fsv_err_set(err, FSV_E_SYNTAX, "%s: service id %.*s is bound twice", path,
					   FSV_STR_ARG(id));
		p->bindings[p->n_bindings++] = (struct fsv_stored_binding){
			.service_id = id, .model_key = text->model.key,
		};
	}
	return 0;
}

static int read_all(struct pack *p, char **paths, size_t n, struct fsv_map *keys, struct fsv_map *bound,
		    struct fsv_err *err)
{
	size_t ids = 0;
	int e = 0;

	p->texts = FSV_ARENA_NEW_N(&p->arena, struct fsv_ctl_text, n);
	p->models = FSV_ARENA_NEW_N(&p->arena, struct fsv_stored_model, n);
	for (; p->n < n && e == 0; p->n++) {
		struct fsv_ctl_text *text = &p->texts[p->n];

		e = read_text(p, paths[p->n], text, err);
		if (e < 0)
			return e;
		if (fsv_map_put(keys, text->model.key, text))
			return fsv_err_set(err, FSV_E_SYNTAX, "%s: another text is the same model, by tableName and "
					   "namespace", paths[p->n]);
		p->models[p->n] = text->model;
		ids += text->n_service_ids;
	}
	p->bindings = FSV_ARENA_NEW_N(&p->arena, struct fsv_stored_binding, ids);
	for (size_t i = 0; i < n && e == 0; i++)
		e = add_bindings(p, &p->texts[i], paths[i], bound, err);
	return e;
}

/* Writing --------------------------------------------------------------------------------------- */

static int make_folder(const char *path, struct fsv_err *err)
{
	if (mkdir(path, 0750) == 0 || errno == EEXIST)
		return 0;
	return fsv_err_errno(err, errno, "folder %s cannot be made", path);
}

static int check_free(struct pack *p, const char *folder, struct fsv_err *err)
{
	static const char *const stores[] = { "loadModelStore.cache", "bindModelStore.cache" };
	struct stat st;

	for (unsigned i = 0; i < 2 && !p->force; i++)
		if (stat(fsv_arena_printf(&p->arena, "%s/%s", folder, stores[i]), &st) == 0)
			return fsv_err_set(err, -EEXIST, "%s/%s exists; --force replaces the stores, and with "
					   "them what they name", folder, stores[i]);
	return 0;
}

static int write_file(struct pack *p, const char *folder, const char *name, const struct fsv_buf *data,
		      struct fsv_err *err)
{
	return fsv_ctl_write(fsv_arena_printf(&p->arena, "%s/%s", folder, name), fsv_buf_str(data), p->force,
			     err);
}

/* The data first: a store never names what is not there. */
static int write_all(struct pack *p, const char *folder, struct fsv_err *err)
{
	struct fsv_buf out;
	int e = 0;

	fsv_buf_init(&out, NULL, 0);
	for (size_t i = 0; i < p->n && e == 0; i++) {
		fsv_buf_clear(&out);
		fsv_package_format(&p->texts[i].package, &out);
		e = write_file(p, folder, fsv_ctl_file_name(p->models[i].key, &p->arena), &out, err);
	}
	if (e == 0) {
		fsv_buf_clear(&out);
		fsv_store_write_models(p->models, p->n, &out);
		e = write_file(p, folder, "loadModelStore.cache", &out, err);
	}
	if (e == 0) {
		fsv_buf_clear(&out);
		fsv_store_write_bindings(p->bindings, p->n_bindings, &out);
		e = write_file(p, folder, "bindModelStore.cache", &out, err);
	}
	fsv_buf_done(&out);
	return e;
}

static int pack(struct pack *p, char **paths, size_t n, struct fsv_err *err)
{
	const char *folder = fsv_arena_printf(&p->arena, "%s/.fate", p->output);
	struct fsv_map keys, bound;
	int e;

	fsv_map_init(&keys);
	fsv_map_init(&bound);
	e = read_all(p, paths, n, &keys, &bound, err);
	fsv_map_done(&keys);
	fsv_map_done(&bound);
	if (e == 0)
		e = make_folder(p->output, err);
	if (e == 0)
		e = make_folder(folder, err);
	if (e == 0)
		e = check_free(p, folder, err);
	if (e == 0)
		e = write_all(p, folder, err);
	for (size_t i = 0; i < n && e == 0; i++)
		warn(&p->texts[i], paths[i]);
	return e;
}

int fsv_ctl_model_pack(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "force", no_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	struct pack p = { .output = NULL };
	struct fsv_err err = FSV_ERR_INIT;
	int c, e;

	optind = 0;
	while ((c = getopt_long(argc, argv, "o:f", longs, NULL)) != -1) {
		if (c == 'o')
			p.output = optarg;
		else if (c == 'f')
			p.force = true;
		else
			return FSV_CTL_USAGE;
	}
	if (!p.output || !*p.output)
		return fsv_ctl_usage("model pack needs --output DIR");
	if (optind == argc)
		return fsv_ctl_usage("model pack takes one or more texts");
	fsv_arena_init(&p.arena, 0);
	e = pack(&p, argv + optind, (size_t)(argc - optind), &err);
	fsv_arena_done(&p.arena);
	return e < 0 ? fsv_ctl_fail(&err) : FSV_CTL_OK;
}
