/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "codec/yaml.h"
#include "folder.h"
#include "model/plan.h"

struct show {
	bool explain;
	const char *role;		/* of --role, or NULL */
	struct fsv_buf out;
	unsigned shown;
	int status;
};

static void failed(struct show *s, const struct fsv_err *err)
{
	s->status = fsv_ctl_fail(err);
}

/* Explaining ------------------------------------------------------------------------------------ */

static void explain(struct show *s, const struct fsv_ctl_text *text, const char *file)
{
	const struct fsv_stored_model *m = &text->model;
	struct fsv_str role = s->role ? fsv_str(s->role) : m->role;
	struct fsv_plan_opt opt = {
		.guest = fsv_str_is(role, "guest"), .party_id = m->party_id,
		.n_partners = m->n_partners > 0 ? m->n_partners : 1,
	};
	struct fsv_plan *plan = NULL;
	struct fsv_err err = FSV_ERR_INIT;

	if (role.n == 0) {
		fsv_ctl_note("%s: neither a store nor the file's name tells the role; say --role guest or "
			     "--role host", file);
		s->status = FSV_CTL_FAILURE;
		return;
	}
	fsv_buf_printf(&s->out, "%s\n", file);
	if (fsv_plan_compile(&text->package, &opt, &plan, &err) < 0) {
		fsv_buf_printf(&s->out, "A server would refuse this model: %s.\n", err.text);
		s->status = FSV_CTL_FAILURE;
		return;
	}
	fsv_plan_explain(plan, &s->out);
	(void)fsv_plan_free(plan);
}

/* Showing --------------------------------------------------------------------------------------- */

static void show_text(struct show *s, const struct fsv_ctl_text *text, const char *file,
		      struct fsv_arena *arena)
{
	if (s->shown++ > 0)
		fsv_buf_puts(&s->out, s->explain ? "\n" : "---\n");
	if (s->explain) {
		explain(s, text, file);
		return;
	}
	fsv_buf_puts(&s->out, "# ");
	fsv_yaml_scalar(&s->out, fsv_str(file));
	fsv_buf_putc(&s->out, '\n');
	fsv_ctl_text_show(text, arena, &s->out);
}

static void show_file(struct show *s, const struct fsv_ctl_folder *folder, const char *file)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_ctl_text text;
	struct fsv_arena arena;

	fsv_arena_init(&arena, 0);
	if (fsv_ctl_file_read(folder, file, &arena, &text, &err) < 0)
		failed(s, &err);
	else
		show_text(s, &text, file, &arena);
	fsv_arena_done(&arena);
}

static void show_folder(struct show *s, const struct fsv_ctl_folder *folder, struct fsv_arena *arena)
{
	if (folder->n_models == 0)
		fsv_ctl_note("%s: the store names no models", folder->path);
	for (size_t i = 0; i < folder->n_models; i++) {
		const struct fsv_stored_model *m = &folder->models[i];

		if (m->fault) {
			fsv_ctl_note("%s/loadModelStore.cache: an entry is of no use: %s", folder->path,
				     m->fault);
			s->status = FSV_CTL_FAILURE;
			continue;
		}
		show_file(s, folder, fsv_arena_printf(arena, "%s/%s", folder->path,
						      fsv_ctl_file_name(m->key, arena)));
	}
}

static bool exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

/* A folder .fate itself, or one that holds it. */
static const char *find_folder(const char *path, struct fsv_arena *arena)
{
	const char *below = fsv_arena_printf(arena, "%s/.fate", path);

	if (exists(below))
		return below;
	return exists(fsv_arena_printf(arena, "%s/loadModelStore.cache", path)) ? path : NULL;
}

static void show_path(struct show *s, const char *path)
{
	struct fsv_ctl_folder folder = { .n_models = 0 };
	struct fsv_err err = FSV_ERR_INIT;
	const char *slash = strrchr(path, '/'), *dir;
	struct fsv_arena arena;
	struct stat st;

	fsv_arena_init(&arena, 0);
	if (stat(path, &st) == -1) {
		(void)fsv_err_errno(&err, errno, "%s", path);
		failed(s, &err);
	} else if (!S_ISDIR(st.st_mode)) {
		dir = slash ? fsv_arena_cstr(&arena, fsv_str_n(path, (size_t)(slash - path) + (slash == path))) : ".";
		/* Without the stores there is less to say, but the file can be shown. */
		if (fsv_ctl_folder_read(dir, &arena, &folder, &err) < 0)
			fsv_ctl_note("%s", err.text);
		show_file(s, &folder, path);
	} else if (!(dir = find_folder(path, &arena))) {
		(void)fsv_err_set(&err, -ENOENT, "%s has neither .fate nor loadModelStore.cache in it", path);
		failed(s, &err);
	} else if (fsv_ctl_folder_read(dir, &arena, &folder, &err) < 0) {
		failed(s, &err);
	} else {
		show_folder(s, &folder, &arena);
	}
	fsv_arena_done(&arena);
}

int fsv_ctl_model_show(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "explain", no_argument, NULL, 'e' },
		{ "role", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	struct show s = { .explain = false };
	int c, printed;

	optind = 0;
	while ((c = getopt_long(argc, argv, "er:", longs, NULL)) != -1) {
		if (c == 'e')
			s.explain = true;
		else if (c == 'r' && strcmp(optarg, "guest") != 0 && strcmp(optarg, "host") != 0)
			return fsv_ctl_usage("--role is guest or host, not %s", optarg);
		else if (c == 'r')
			s.role = optarg;
		else
			return FSV_CTL_USAGE;
	}
	if (optind == argc)
		return fsv_ctl_usage("model show takes a model file or a folder");
	fsv_buf_init(&s.out, NULL, 0);
	for (; optind < argc; optind++)
		show_path(&s, argv[optind]);
	printed = fsv_ctl_print(fsv_buf_str(&s.out));
	fsv_buf_done(&s.out);
	return printed == FSV_CTL_OK ? s.status : printed;
}
