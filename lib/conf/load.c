/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files to a configuration. A file's tree is walked depth first; the names on the way down, joined by
 * dots, are the key. So flat, nested and mixed spellings are the same by construction, and a key such
 * as "acl" may have a value although "acl.enable" exists, too.
 */
#include "conf-private.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"

enum { SNIPPETS_MAX = 256 };	/* files in FILE.d */

struct loading {
	struct fsv_conf *conf;
	const struct fsv_conf_schema *schema;
	const char *file;	/* the one being read */
	unsigned n_files;	/* so far, with this one */
	struct fsv_buf path;	/* names from the root down to the node at hand */
	struct fsv_buf retired;	/* "key (place), …" for the warning */
	unsigned n_retired;
	struct fsv_err *err;
};

static int fail(struct loading *l, int code, unsigned line, unsigned column, const char *why)
{
	char name[FSV_YAML_SHOW_MAX];

	return fsv_err_set(l->err, code, "%s:%u:%u: %s: %s", l->file, line, column,
			   fsv_yaml_show(fsv_buf_str(&l->path), name), why);
}

static int fail_unknown(struct loading *l, const struct fsv_yaml *node)
{
	const char *nearest = fsv_conf_nearest(l->schema, fsv_buf_str(&l->path));
	char why[160];

	if (nearest)
		snprintf(why, sizeof(why), "unknown key; did you mean %s?", nearest);
	else
		snprintf(why, sizeof(why), "unknown key; %s has no key of this name", l->schema->daemon);
	return fail(l, FSV_E_UNKNOWN_KEY, node->key_line, node->key_column, why);
}

/* Puts place and key before the sentence that a conversion failed with. */
static int wrap(struct loading *l, const struct fsv_yaml *node)
{
	char name[FSV_YAML_SHOW_MAX];

	return fsv_err_wrap(l->err, "%s:%u:%u: %s", l->file, node->line, node->column,
			    fsv_yaml_show(fsv_buf_str(&l->path), name));
}

static int fail_twice(struct loading *l, const struct fsv_yaml *node, const struct fsv_conf_value *v)
{
	char why[96];

	snprintf(why, sizeof(why), "this key is given twice, first at line %u column %u", v->line, v->column);
	return fail(l, FSV_E_SYNTAX, node->key_line, node->key_column, why);
}

static int one_value(struct loading *l, const struct fsv_conf_key *key, const struct fsv_yaml *node,
		     struct fsv_conf_value *v)
{
	struct fsv_arena *arena = &l->conf->arena;

	if (node->type == FSV_YAML_LIST)
		return fail(l, FSV_E_TYPE, node->line, node->column, "takes one value, not a list");
	if (fsv_conf_parse_item(key, node->text, l->conf->folder, arena, &v->item, l->err) < 0)
		return wrap(l, node);
	return 0;
}

static int list_value(struct loading *l, const struct fsv_conf_key *key, const struct fsv_yaml *node,
		      struct fsv_conf_value *v)
{
	struct fsv_arena *arena = &l->conf->arena;
	const char **list;
	size_t n = 0;

	if (node->type == FSV_YAML_SCALAR) {
		if (fsv_conf_parse_list(key, node->text, l->conf->folder, arena, &v->list, l->err) < 0)
			return wrap(l, node);
		return 0;
	}
	list = FSV_ARENA_NEW_N(arena, const char *, node->n + 1);
	for (const struct fsv_yaml *c = node->first; c; c = c->next) {
		struct fsv_conf_item item;

		if (c->type != FSV_YAML_SCALAR || fsv_yaml_is_null(c) || c->text.n == 0)
			return fail(l, FSV_E_TYPE, c->line, c->column,
				    "every item of the list must be a value");
		if (fsv_conf_parse_item(key, c->text, l->conf->folder, arena, &item, l->err) < 0)
			return wrap(l, c);
		list[n++] = item.text;
	}
	v->list = list;
	return 0;
}

/* A key of the reference that means nothing here: whatever its value, say so and go on. */
static void note_retired(struct loading *l, const struct fsv_conf_key *key, const struct fsv_yaml *node)
{
	fsv_buf_printf(&l->retired, "%s%s (%s:%u)", l->n_retired > 0 ? ", " : "", key->name, l->file,
		       node->key_line);
	l->n_retired++;
}

static int set_value(struct loading *l, unsigned i, const struct fsv_yaml *node)
{
	const struct fsv_conf_key *key = &l->schema->keys[i];
	struct fsv_conf_value *v = &l->conf->values[i];
	int rc;

	if (v->file == l->n_files)
		return fail_twice(l, node, v);
	v->file = l->n_files;
	v->line = node->key_line;
	v->column = node->key_column;
	if (key->flags & FSV_CONF_RETIRED) {
		note_retired(l, key, node);
		return 0;
	}
	fsv_conf_set_default(l->conf, i);
	if (fsv_yaml_is_null(node))
		return 0;
	rc = key->flags & FSV_CONF_LIST ? list_value(l, key, node, v) : one_value(l, key, node, v);
	if (rc < 0)
		return rc;
	v->set = true;
	v->where = fsv_arena_printf(&l->conf->arena, "%s:%u:%u", l->file, v->line, v->column);
	return 0;
}

static int walk(struct loading *l, const struct fsv_yaml *map, bool root);

static int on_node(struct loading *l, const struct fsv_yaml *node)
{
	int i = fsv_conf_find(l->schema, fsv_buf_str(&l->path));
	bool group = fsv_conf_is_group(l->schema, fsv_buf_str(&l->path));

	if (node->type == FSV_YAML_MAP) {
		if (i != FSV_CONF_NONE && !group)
			return fail(l, FSV_E_TYPE, node->line, node->column, "takes a value, not a mapping");
		if (!node->first && !group)
			return fail_unknown(l, node);
		return walk(l, node, false);
	}
	if (i != FSV_CONF_NONE)
		return set_value(l, (unsigned)i, node);
	if (!group)
		return fail_unknown(l, node);
	/* "http:" whose keys below are all commented out. */
	if (fsv_yaml_is_null(node))
		return 0;
	return fail(l, FSV_E_TYPE, node->line, node->column, "is a group of keys and takes no value itself");
}

/* At most FSV_YAML_DEPTH_MAX deep. */
static int walk(struct loading *l, const struct fsv_yaml *map, bool root)
{
	size_t was = l->path.n;

	for (const struct fsv_yaml *c = map->first; c; c = c->next) {
		int rc;

		if (!root)
			fsv_buf_putc(&l->path, '.');
		fsv_buf_add(&l->path, c->key);
		rc = on_node(l, c);
		if (rc < 0)
			return rc;
		l->path.n = was;
	}
	return 0;
}

static int add_text(struct loading *l, struct fsv_str text, const char *file)
{
	struct fsv_arena arena;
	struct fsv_yaml *root;
	int rc;

	l->file = file;
	l->n_files++;
	l->path.n = 0;
	fsv_arena_init(&arena, 0);
	rc = fsv_yaml_parse(text, file, &arena, &root, l->err);
	if (rc == 0 && root->type != FSV_YAML_MAP)
		rc = fsv_err_set(l->err, FSV_E_TYPE,
				 "%s:%u:%u: the file must hold lines of the form \"key: value\"", file,
				 root->line, root->column);
	if (rc == 0)
		rc = walk(l, root, true);
	fsv_arena_done(&arena);
	return rc;
}

static int add_file(struct loading *l, const char *path)
{
	FSV_AUTO_MEM char *data = NULL;
	size_t n;
	int rc = fsv_read_file(path, FSV_CONF_FILE_MAX, &data, &n, l->err);

	return rc < 0 ? rc : add_text(l, fsv_str_n(data, n), path);
}

/* FILE.d ---------------------------------------------------------------------------------------- */

static int is_snippet(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && fsv_str_ends(fsv_str(entry->d_name), FSV_STR(".yaml"));
}

/* Not alphasort: the order must not depend on the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_snippet(struct loading *l, const char *folder, const char *name)
{
	FSV_AUTO_MEM char *path = NULL;
	int rc;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return fsv_err_set(l->err, -ENOMEM, "%s: out of memory", folder);
	rc = add_file(l, path);
	/* A dangling link here does not mean that the daemon is not configured at all. */
	if (rc == -ENOENT)
		rc = l->err->code = FSV_E_CONFIG;
	return rc;
}

static int add_snippets(struct loading *l, const char *path)
{
	FSV_AUTO_MEM char *folder = NULL;
	struct dirent **list = NULL;
	int n, rc = 0;

	if (asprintf(&folder, "%s.d", path) < 0)
		return fsv_err_set(l->err, -ENOMEM, "%s: out of memory", path);
	n = scandir(folder, &list, is_snippet, by_name);
	if (n < 0)
		return errno == ENOENT ? 0 : fsv_err_errno(l->err, errno, "cannot list folder %s", folder);
	if (n > SNIPPETS_MAX)
		rc = fsv_err_set(l->err, FSV_E_LIMIT, "%s holds %d files; at most %d are read", folder, n,
				 SNIPPETS_MAX);
	for (int i = 0; i < n; i++) {
		if (rc == 0)
			rc = add_snippet(l, folder, list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return rc;
}

/* The file's folder, absolute, so that values mean the same whoever reads them later. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	FSV_AUTO_MEM char *cwd = path[0] == '/' ? NULL : getcwd(NULL, 0);
	char *folder = NULL;

	if (slash == path)
		return fsv_str_dup(FSV_STR("/"));
	if (path[0] == '/')
		return fsv_str_dup(fsv_str_n(path, (size_t)(slash - path)));
	if (!slash || !cwd)
		return fsv_str_dup(cwd ? fsv_str(cwd) : FSV_STR("."));
	if (asprintf(&folder, "%s/%.*s", strcmp(cwd, "/") == 0 ? "" : cwd, (int)(slash - path), path) < 0)
		return fsv_str_dup(FSV_STR("."));
	return folder;
}

/* Entry points ---------------------------------------------------------------------------------- */

static void begin(struct loading *l, const struct fsv_conf_schema *schema, const char *folder,
		  struct fsv_err *err)
{
	*l = (struct loading){ .schema = schema, .err = err, .conf = fsv_conf_new(schema, folder) };
	fsv_buf_init(&l->path, NULL, 0);
	fsv_buf_init(&l->retired, NULL, 1024);
}

static int finish(struct loading *l, int rc, const char *name, struct fsv_conf **ret_conf)
{
	if (rc == 0 && l->schema->check)
		rc = l->schema->check(l->conf, l->err);
	if (rc == 0 && l->n_retired > 0)
		fsv_log_warn("%s: %u key%s without effect here, can be removed: %s%s", name, l->n_retired,
			     l->n_retired > 1 ? "s" : "", fsv_buf_cstr(&l->retired),
			     fsv_buf_failed(&l->retired) ? " …" : "");
	if (rc == 0)
		*ret_conf = FSV_TAKE(l->conf);
	fsv_conf_unref(l->conf);
	fsv_buf_done(&l->path);
	fsv_buf_done(&l->retired);
	return rc < 0 ? rc : 0;
}

int fsv_conf_load(const struct fsv_conf_schema *schema, const char *path, struct fsv_conf **ret_conf,
		  struct fsv_err *err)
{
	FSV_AUTO_MEM char *folder = folder_of(path);
	struct fsv_err unseen = FSV_ERR_INIT;
	struct loading l;
	int rc;

	begin(&l, schema, folder, err ? err : &unseen);
	rc = add_file(&l, path);
	if (rc == 0)
		rc = add_snippets(&l, path);
	return finish(&l, rc, path, ret_conf);
}

int fsv_conf_load_text(const struct fsv_conf_schema *schema, struct fsv_str text, const char *file,
		       struct fsv_conf **ret_conf, struct fsv_err *err)
{
	struct fsv_err unseen = FSV_ERR_INIT;
	struct loading l;

	begin(&l, schema, NULL, err ? err : &unseen);
	return finish(&l, add_text(&l, text, file), file, ret_conf);
}
