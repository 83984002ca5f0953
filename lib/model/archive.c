/* SPDX-License-Identifier: Apache-2.0 */
#include "archive.h"

#include <zip.h>

#include "base/time.h"
#include "codec/yaml.h"

enum { META_MAX = 4 << 20, PIECE = 64 * 1024 };

static const char meta_name[] = "define/define_meta.yaml";

struct archive {
	zip_t *zip;
	const struct fsv_archive_limits *limits;
	struct fsv_arena *arena;
	size_t bytes;			/* read so far */
	struct fsv_package_entry *entries;
	size_t n, cap;
	unsigned missing;
};

static int broken(zip_t *zip, const char *what, struct fsv_err *err)
{
	return fsv_err_set(err, FSV_E_SYNTAX, "%s: %s", what, zip_strerror(zip));
}

/* Names ------------------------------------------------------------------------------------------ */

/* Absolute, with a drive, or up and out. */
static bool leads_out(struct fsv_str name)
{
	size_t from = 0, to;

	if (name.n > 0 && (name.p[0] == '/' || name.p[0] == '\\' || (name.n > 1 && name.p[1] == ':')))
		return true;
	for (; from <= name.n; from = to + 1) {
		for (to = from; to < name.n && name.p[to] != '/' && name.p[to] != '\\'; to++)
			;
		if (fsv_str_is(fsv_str_sub(name, from, to), ".."))
			return true;
	}
	return false;
}

static int check_names(struct archive *a, struct fsv_err *err)
{
	zip_int64_t n = zip_get_num_entries(a->zip, 0);

	if (n < 0 || (uint64_t)n > a->limits->max_entries)
		return fsv_err_set(err, FSV_E_LIMIT, "%lld entries, at most %llu are taken", (long long)n,
				   (unsigned long long)a->limits->max_entries);
	for (zip_int64_t i = 0; i < n; i++) {
		const char *name = zip_get_name(a->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);

		if (!name)
			return broken(a->zip, "an entry's name", err);
		if (leads_out(fsv_str(name)))
			return fsv_err_set(err, FSV_E_SYNTAX, "an entry leads out of the archive; it is refused as a whole");
	}
	return 0;
}

/* Reading ---------------------------------------------------------------------------------------- */

/* What an entry says of its size is only believed as far as it goes. */
static int read_pieces(struct archive *a, zip_file_t *file, size_t max, struct fsv_str *ret_bytes, struct fsv_err *err)
{
	struct fsv_buf out;
	zip_int64_t got;

	fsv_buf_init(&out, a->arena, 0);
	do {
		char *room = fsv_buf_room(&out, PIECE);

		if (fsv_now_ns() > a->limits->deadline)
			return fsv_err_set(err, FSV_E_DEADLINE, "unpacking took longer than model.load.timeout");
		got = zip_fread(file, room, PIECE);
		if (got < 0)
			return fsv_err_set(err, FSV_E_SYNTAX, "an entry cannot be unpacked: %s", zip_file_strerror(file));
		out.n += (size_t)got;
		if (out.n > max)
			return fsv_err_set(err, FSV_E_LIMIT, "unpacked it is larger than %zu bytes", a->limits->max_bytes);
	} while (got > 0);
	*ret_bytes = fsv_buf_str(&out);
	return 0;
}

/* .p NULL when there is no such entry. */
static int read_entry(struct archive *a, const char *name, size_t max, struct fsv_str *ret_bytes, struct fsv_err *err)
{
	zip_int64_t at = zip_name_locate(a->zip, name, ZIP_FL_ENC_RAW);
	zip_file_t *file;
	int r;

	*ret_bytes = FSV_STR_NULL;
	if (at < 0)
		return 0;
	file = zip_fopen_index(a->zip, (zip_uint64_t)at, 0);
	if (!file)
		return broken(a->zip, "an entry cannot be opened", err);
	r = read_pieces(a, file, max, ret_bytes, err);
	(void)zip_fclose(file);		/* nothing was written */
	if (r == 0)
		a->bytes += ret_bytes->n;
	return r;
}

/* The messages ----------------------------------------------------------------------------------- */

static bool plain(struct fsv_str name)
{
	return name.n > 0 && fsv_str_find(name, '/', 0) == name.n && fsv_str_find(name, '.', 0) == name.n &&
	       fsv_str_find(name, ':', 0) == name.n && fsv_str_find(name, '\\', 0) == name.n;
}

static void add(struct archive *a, struct fsv_package_entry entry)
{
	FSV_ARENA_MORE(a->arena, a->entries, a->n, a->cap, 16);
	a->entries[a->n++] = entry;
}

static int read_message(struct archive *a, struct fsv_str component, struct fsv_str alias, struct fsv_str message,
			struct fsv_err *err)
{
	struct fsv_str bytes = FSV_STR_NULL;
	char *path;
	int r;

	if (!plain(component) || !plain(alias) || !plain(message))
		return fsv_err_set(err, FSV_E_SYNTAX, "%s: model_proto has a name that no component, alias or message "
				   "can have", meta_name);
	if (a->n == FSV_PACKAGE_MAX_ENTRIES)
		return fsv_err_set(err, FSV_E_LIMIT, "more than %d messages", FSV_PACKAGE_MAX_ENTRIES);
	path = fsv_arena_printf(a->arena, "variables/data/%.*s/%.*s/%.*s", FSV_STR_ARG(component), FSV_STR_ARG(alias),
				FSV_STR_ARG(message));
	r = read_entry(a, path, a->limits->max_bytes - a->bytes, &bytes, err);
	if (r < 0)
		return r;
	if (bytes.n == 0) {
		a->missing++;
		return 0;
	}
	path = fsv_arena_printf(a->arena, "%.*s.%.*s:%.*s", FSV_STR_ARG(component), FSV_STR_ARG(alias),
				FSV_STR_ARG(message));
	add(a, (struct fsv_package_entry){ .key = fsv_str(path), .bytes = bytes });
	return 0;
}

static int read_messages(struct archive *a, const struct fsv_yaml *model_proto, struct fsv_err *err)
{
	int r = 0;

	for (const struct fsv_yaml *c = model_proto->first; c; c = c->next)
		for (const struct fsv_yaml *alias = c->type == FSV_YAML_MAP ? c->first : NULL; alias; alias = alias->next)
			for (const struct fsv_yaml *m = alias->type == FSV_YAML_MAP ? alias->first : NULL; m && r == 0;
			     m = m->next)
				r = read_message(a, c->key, alias->key, m->key, err);
	return r;
}

static int read_all(struct archive *a, struct fsv_err *err)
{
	const struct fsv_yaml *model_proto;
	struct fsv_yaml *root = NULL;
	struct fsv_str meta;
	int r = check_names(a, err);

	if (r == 0)
		r = read_entry(a, meta_name, META_MAX < a->limits->max_bytes ? META_MAX : a->limits->max_bytes, &meta, err);
	if (r < 0)
		return r;
	if (!meta.p)
		return fsv_err_set(err, FSV_E_SYNTAX, "it has no %s, so it is no model of FATE-Flow", meta_name);
	r = fsv_yaml_parse(meta, meta_name, a->arena, &root, err);
	if (r < 0)
		return r;
	/* Older exports have it below "describe". */
	model_proto = fsv_yaml_get(root, "model_proto");
	if (!model_proto)
		model_proto = fsv_yaml_get(fsv_yaml_get(root, "describe"), "model_proto");
	if (!model_proto || model_proto->type != FSV_YAML_MAP)
		return fsv_err_set(err, FSV_E_SYNTAX, "%s has no model_proto", meta_name);
	return read_messages(a, model_proto, err);
}

int fsv_archive_parse(struct fsv_str bytes, const struct fsv_archive_limits *limits, struct fsv_arena *arena,
		      struct fsv_package *ret_package, unsigned *ret_missing, struct fsv_err *err)
{
	struct archive a = { .limits = limits, .arena = arena };
	struct fsv_package package;
	zip_source_t *source;
	zip_error_t fault;
	int r;

	zip_error_init(&fault);
	source = zip_source_buffer_create(bytes.p, bytes.n, 0, &fault);
	a.zip = source ? zip_open_from_source(source, ZIP_RDONLY, &fault) : NULL;
	if (!a.zip) {
		r = fsv_err_set(err, FSV_E_SYNTAX, "it is no zip archive: %s", zip_error_strerror(&fault));
		zip_source_free(source);
		zip_error_fini(&fault);
		return r;
	}
	r = read_all(&a, err);
	zip_discard(a.zip);
	zip_error_fini(&fault);
	package = (struct fsv_package){ .entries = a.entries, .n = a.n };
	if (r == 0)
		r = fsv_package_check(&package, err);
	if (r < 0)
		return r;
	*ret_package = package;
	*ret_missing = a.missing;
	return 0;
}
