/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What survives a restart, in <cache_folder>/.fate: the lists of providers, so that look-ups work before ZooKeeper
 * does, and what updateService has set. Our files name the port, so that two daemons on one host do not share them;
 * where there is none yet, the reference's is read once.
 */
#include "registry-private.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "codec/properties.h"
#include "provider.h"

enum { FILE_MAX = 64 << 20, SETTINGS_MAX = 100000 };

/* Reading -------------------------------------------------------------------------------------------------- */

static unsigned count(struct fsv_str s, char c)
{
	unsigned n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == c;
	return n;
}

int fsv_cache_parse(struct fsv_str text, unsigned max_urls,
		    void (*take)(void *arg, struct fsv_str key, const struct fsv_str *urls, unsigned n), void *arg,
		    struct fsv_err *err)
{
	struct fsv_property *first = NULL;
	struct fsv_arena arena;
	int r;

	fsv_arena_init(&arena, 0);
	r = fsv_properties_parse(text, "registry cache", &arena, &first, err);
	for (struct fsv_property *p = r < 0 ? NULL : first; p; p = p->next) {
		unsigned most = count(p->value, ' ') + 1, n = 0;
		struct fsv_str *urls;

		if (count(p->key, '/') < 2 || p->key.n > FSV_PROVIDER_MAX || most > max_urls)
			continue;
		urls = FSV_ARENA_NEW_N(&arena, struct fsv_str, most);
		for (size_t from = 0; from < p->value.n;) {
			size_t to = fsv_str_find(p->value, ' ', from);
			struct fsv_str one = fsv_str_sub(p->value, from, to);

			if (one.n <= FSV_PROVIDER_MAX && memmem(one.p, one.n, "://", 3) && !fsv_str_starts(one, FSV_STR("empty://")))
				urls[n++] = one;
			from = to + 1;
		}
		if (n > 0)
			take(arg, p->key, urls, n);
	}
	fsv_arena_done(&arena);
	return r;
}

int fsv_settings_parse(struct fsv_str text, struct fsv_map *settings, struct fsv_err *err)
{
	struct fsv_json_node *root = NULL;
	struct fsv_arena arena;
	struct fsv_str json;
	int r;

	fsv_arena_init(&arena, 0);
	r = fsv_base64_decode(fsv_str_trim(text), FSV_BASE64_STRICT, &arena, &json, err);
	if (r == 0)
		r = fsv_json_parse(json, &arena, false, &root, err);
	if (r == 0 && root->type != FSV_JSON_OBJECT)
		r = fsv_err_set(err, FSV_E_TYPE, "what it holds is no JSON object");
	for (struct fsv_json_node *m = r == 0 ? root->first : NULL; m && settings->n < SETTINGS_MAX; m = m->next) {
		const struct fsv_json_node *weight = fsv_json_get(m, "weight");
		struct fsv_reg_setting *setting, *was;
		int64_t w;

		if (m->type != FSV_JSON_OBJECT || count(m->key, '/') < 1)
			continue;
		setting = FSV_NEW(struct fsv_reg_setting);
		*setting = (struct fsv_reg_setting){ .weight = -1, .mode = fsv_router_mode_find(fsv_json_get_str(m, "routerMode")) };
		if (weight && weight->type == FSV_JSON_INT && fsv_str_to_i64(weight->text, &w) && w >= 0 && w <= 10000)
			setting->weight = (int32_t)w;
		was = fsv_map_put(settings, m->key, setting);
		free(was);
	}
	fsv_arena_done(&arena);
	return r;
}

static void take(void *arg, struct fsv_str key, const struct fsv_str *urls, unsigned n)
{
	struct fsv_registry *r = arg;

	if (r->lists.n < r->opt.max_nodes)
		fsv_watch_set_list(r, key, urls, n, false);
}

static char *file_name(const struct fsv_registry *r, const char *what, bool of_reference)
{
	struct fsv_str hosts = fsv_str(r->opt.hosts);
	struct fsv_str first = fsv_str_sub(hosts, 0, fsv_str_find(fsv_str_sub(hosts, 0, fsv_str_find(hosts, '/', 0)), ',', 0));
	size_t colon = fsv_str_find(first, ':', 0);
	struct fsv_buf path;
	char *copy;

	fsv_buf_init(&path, NULL, 0);
	if (of_reference)
		fsv_buf_printf(&path, "%s/.fate/fate-%s-%s-%.*s-%.*s.cache", r->opt.cache_folder, what, r->opt.project,
			       (int)colon, first.p, FSV_STR_ARG(fsv_str_sub(first, colon + 1, first.n)));
	else
		fsv_buf_printf(&path, "%s/.fate/%s-%s-%u.cache", r->opt.cache_folder, what, r->opt.project, r->opt.port);
	copy = fsv_str_dup(fsv_buf_str(&path));
	fsv_buf_done(&path);
	return copy;
}

static char *read_one(const struct fsv_registry *r, const char *what, size_t *ret_n)
{
	struct fsv_err err;
	char *data = NULL;

	for (int of_reference = 0; of_reference < 2 && !data; of_reference++) {
		FSV_AUTO_MEM char *path = file_name(r, what, of_reference);
		int e = fsv_read_file(path, FILE_MAX, &data, ret_n, &err);

		if (e < 0 && e != -ENOENT)
			fsv_log_warn("registry: %s; starting without what it holds", err.text);
	}
	return data;
}

void fsv_files_load(struct fsv_registry *r)
{
	size_t n = 0;
	FSV_AUTO_MEM char *lists = read_one(r, "registry", &n);
	FSV_AUTO_MEM char *settings = NULL;
	struct fsv_err err;

	if (lists && fsv_cache_parse(fsv_str_n(lists, n), r->opt.max_nodes, take, r, &err) < 0)
		fsv_log_warn("registry: the cache file cannot be read: %s; look-ups begin when ZooKeeper is there", err.text);
	settings = read_one(r, "service", &n);
	if (settings && fsv_settings_parse(fsv_str_n(settings, n), &r->settings, &err) < 0)
		fsv_log_warn("registry: the file with weights and router modes cannot be read: %s; registering without them",
			     err.text);
	r->cache_dirty = false;
}

/* Writing --------------------------------------------------------------------------------------------------- */

struct file_job {
	struct fsv_registry *r;
	char *path;
	struct fsv_buf text;
};

static void escape(struct fsv_buf *out, struct fsv_str text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < 0x20)
			fsv_buf_printf(out, "\\u%04x", c);
		else if (c < 0x80 && strchr("\\ :=#!", c))
			fsv_buf_printf(out, "\\%c", c);
		else
			fsv_buf_putc(out, (char)c);
	}
}

void fsv_cache_line(struct fsv_buf *out, const char *key, char *const *urls, unsigned n)
{
	bool first = true;

	escape(out, fsv_str(key));
	fsv_buf_putc(out, '=');
	for (unsigned i = 0; i < n; i++) {
		if (strchr(urls[i], ' '))
			continue;	/* blanks stand between URLs */
		if (!first)
			fsv_buf_putc(out, ' ');
		first = false;
		escape(out, fsv_str(urls[i]));
	}
	fsv_buf_putc(out, '\n');
}

static void write_file(void *arg)
{
	struct file_job *job = arg;
	FSV_AUTO_MEM char *folder = fsv_str_dup(fsv_str(job->path));
	struct fsv_err err;

	*strrchr(folder, '/') = '\0';
	(void)mkdir(folder, 0750);	/* there already, or the next line says why not */
	if (fsv_write_file(job->path, job->text.p, job->text.n, 0640, &err) < 0)
		fsv_log_limited(FSV_LOG_WARNING, NULL, "registry: %s; a restart without ZooKeeper would begin without it", err.text);
	atomic_store(&job->r->writing, false);
	fsv_buf_done(&job->text);
	free(job->path);
	free(job);
}

static void submit(struct fsv_registry *r, struct file_job *job)
{
	if (fsv_pool_submit(r->pool, write_file, job) == 0)
		return;
	fsv_buf_done(&job->text);
	free(job->path);
	free(job);
	atomic_store(&r->writing, false);
}

void fsv_files_tick(struct fsv_registry *r)
{
	struct file_job *job;

	if (!r->cache_dirty || !r->synced || atomic_exchange(&r->writing, true))
		return;
	r->cache_dirty = false;
	job = FSV_NEW(struct file_job);
	job->r = r;
	job->path = file_name(r, "registry", false);
	fsv_buf_init(&job->text, NULL, 0);
	fsv_buf_puts(&job->text, "#Fate Registry Cache\n");
	for (size_t i = 0; i < r->lists.n; i++) {
		const struct fsv_providers *p = ((struct fsv_reg_list *)r->lists.entries[i].value)->providers;

		if (!p->stale)
			fsv_cache_line(&job->text, p->key, p->urls, p->n_urls);
	}
	submit(r, job);
}

void fsv_files_save_settings(struct fsv_registry *r)
{
	struct file_job *job = FSV_NEW(struct file_job);
	struct fsv_jsonw w;
	struct fsv_buf json;

	fsv_buf_init(&json, NULL, 0);
	fsv_jsonw_init(&w, &json);
	fsv_jsonw_begin(&w, '{');
	for (size_t i = 0; i < r->settings.n; i++) {
		const struct fsv_reg_setting *setting = r->settings.entries[i].value;

		fsv_jsonw_key(&w, r->settings.entries[i].key);
		fsv_jsonw_begin(&w, '{');
		if (setting->weight >= 0)
			fsv_jsonw_kv_int(&w, "weight", setting->weight);
		if (setting->mode != FSV_ROUTER_NONE)
			fsv_jsonw_kv_str(&w, "routerMode", fsv_str(fsv_router_mode_name(setting->mode)));
		fsv_jsonw_end(&w, '}');
	}
	fsv_jsonw_end(&w, '}');
	job->r = r;
	job->path = file_name(r, "service", false);
	fsv_buf_init(&job->text, NULL, 0);
	fsv_base64_encode(&job->text, fsv_buf_str(&json));
	fsv_buf_done(&json);
	submit(r, job);
}
