/* SPDX-License-Identifier: Apache-2.0 */
#include "folder.h"

#include <errno.h>
#include <stdlib.h>

#include "base/fd.h"

static const char head[] = "model_", tail[] = "_cache";

const char *fsv_ctl_file_name(struct fsv_str key, struct fsv_arena *arena)
{
	return fsv_arena_printf(arena, "%s%.*s%s", head, FSV_STR_ARG(key), tail);
}

/* A file's bytes in the arena; .p NULL when it does not exist. */
static int read_store(const char *path, struct fsv_arena *arena, struct fsv_str *ret_bytes, struct fsv_err *err)
{
	char *data = NULL;
	size_t n = 0;
	int e = fsv_read_file(path, FSV_STORE_MAX_BYTES, &data, &n, err);

	*ret_bytes = FSV_STR_NULL;
	if (e == -ENOENT)
		return 0;
	if (e < 0)
		return e;
	*ret_bytes = fsv_arena_str(arena, fsv_str_n(data, n));
	free(data);
	return 0;
}

int fsv_ctl_folder_read(const char *path, struct fsv_arena *arena, struct fsv_ctl_folder *ret_folder,
			struct fsv_err *err)
{
	struct fsv_ctl_folder f = { .path = path };
	struct fsv_str bytes = FSV_STR_NULL;
	const char *store = fsv_arena_printf(arena, "%s/loadModelStore.cache", path);
	int e = read_store(store, arena, &bytes, err);

	if (e == 0 && bytes.p)
		e = fsv_store_parse_models(bytes, arena, &f.models, &f.n_models, err);
	if (e < 0)
		return fsv_err_wrap(err, "%s", store);
	store = fsv_arena_printf(arena, "%s/bindModelStore.cache", path);
	e = read_store(store, arena, &bytes, err);
	if (e == 0 && bytes.p)
		e = fsv_store_parse_bindings(bytes, arena, &f.bindings, &f.n_bindings, err);
	if (e < 0)
		return fsv_err_wrap(err, "%s", store);
	*ret_folder = f;
	return 0;
}

/* "<role>#<party id>#…" */
static void split_namespace(struct fsv_stored_model *m)
{
	size_t first = fsv_str_find(m->name_space, '#', 0);
	size_t second = fsv_str_find(m->name_space, '#', first + 1);

	m->role = fsv_str_sub(m->name_space, 0, first);
	if (second < m->name_space.n && (fsv_str_is(m->role, "guest") || fsv_str_is(m->role, "host")))
		m->party_id = fsv_str_sub(m->name_space, first + 1, second);
	else
		m->role = FSV_STR_NULL;
}

/* Names by the file's: the namespace begins with a role, or behind the first underscore. */
static void names_of_file(struct fsv_str name, struct fsv_stored_model *m)
{
	size_t split;

	if (name.n <= sizeof(head) + sizeof(tail) - 2 || !fsv_str_starts(name, fsv_str(head)) ||
	    !fsv_str_ends(name, fsv_str(tail)))
		return;
	m->key = fsv_str_sub(name, sizeof(head) - 1, name.n - (sizeof(tail) - 1));
	split = fsv_str_find(m->key, '_', 0);
	for (size_t i = split; i < m->key.n; i = fsv_str_find(m->key, '_', i + 1)) {
		struct fsv_str rest = fsv_str_sub(m->key, i + 1, m->key.n);

		if (fsv_str_starts(rest, FSV_STR("guest#")) || fsv_str_starts(rest, FSV_STR("host#"))) {
			split = i;
			break;
		}
	}
	m->table_name = fsv_str_sub(m->key, 0, split);
	m->name_space = fsv_str_sub(m->key, split + 1, m->key.n);
	if (m->table_name.n == 0 || m->name_space.n == 0)
		m->key = FSV_STR_NULL;
	else
		split_namespace(m);
}

static void identify(const struct fsv_ctl_folder *folder, struct fsv_str name, struct fsv_arena *arena,
		     struct fsv_ctl_text *text)
{
	names_of_file(name, &text->model);
	for (size_t i = 0; i < folder->n_models; i++)
		if (!folder->models[i].fault && fsv_str_eq(folder->models[i].key, text->model.key))
			text->model = folder->models[i];
	if (text->model.key.n == 0)
		return;
	text->service_ids = FSV_ARENA_NEW_N(arena, struct fsv_str, folder->n_bindings);
	for (size_t i = 0; i < folder->n_bindings; i++)
		if (!folder->bindings[i].fault && fsv_str_eq(folder->bindings[i].model_key, text->model.key))
			text->service_ids[text->n_service_ids++] = folder->bindings[i].service_id;
}

int fsv_ctl_file_read(const struct fsv_ctl_folder *folder, const char *file, struct fsv_arena *arena,
		      struct fsv_ctl_text *ret_text, struct fsv_err *err)
{
	struct fsv_ctl_text text = { .n_service_ids = 0 };
	const char *slash = strrchr(file, '/');
	char *data = NULL;
	size_t n = 0;
	int e = fsv_read_file(file, FSV_PACKAGE_MAX_BYTES, &data, &n, err);

	if (e < 0)
		return e;
	e = fsv_package_parse(fsv_str_n(data, n), arena, &text.package, err);
	free(data);
	if (e < 0)
		return fsv_err_wrap(err, "%s", file);
	identify(folder, fsv_arena_str(arena, fsv_str(slash ? slash + 1 : file)), arena, &text);
	*ret_text = text;
	return 0;
}
