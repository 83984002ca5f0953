/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subscriptions: a project's directory has environments, these have services, these have providers. Each level is
 * listed and watched; an event lists it again. What comes out are lists by "project/environment/service".
 */
#include "registry-private.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "codec/url.h"
#include "provider.h"

enum { PUBLISH_MS = 50, STALE_EXTRA_MS = 10000 };
enum dir_level { PROJECT, ENVIRONMENT, PROVIDERS };

struct fsv_reg_dir {
	struct fsv_registry *r;
	enum dir_level level;
	struct fsv_reg_dir *parent;
	char *path, *key;		/* key: "project", "project/environment", "project/environment/service" */
	struct fsv_map children;	/* name → struct fsv_reg_dir */
	unsigned n_urls;
	bool busy;			/* a question is under way */
	bool again;			/* ask once more behind it */
	bool need;			/* the last question was not answered */
	bool gone;			/* only the question under way holds it */
	struct fsv_reg_dir *next_gone;
};

static void list_dir(struct fsv_reg_dir *dir);

static void dir_free(struct fsv_reg_dir *dir)
{
	fsv_map_done(&dir->children);
	free(dir->path);
	free(dir->key);
	free(dir);
}

static bool room(struct fsv_registry *r, size_t n)
{
	if (r->n_nodes + n <= r->opt.max_nodes)
		return true;
	fsv_log_limited(FSV_LOG_WARNING, NULL, "registry: there are more than %u nodes; those beyond are left out "
			"(registry.max.nodes)", r->opt.max_nodes);
	return false;
}

static void remove_dir(struct fsv_reg_dir *dir)
{
	struct fsv_registry *r = dir->r;

	while (dir->children.n > 0) {
		struct fsv_reg_dir *child = dir->children.entries[dir->children.n - 1].value;

		(void)fsv_map_del(&dir->children, dir->children.entries[dir->children.n - 1].key);
		remove_dir(child);
	}
	if (dir->level == PROVIDERS)
		fsv_watch_set_list(r, fsv_str(dir->key), NULL, 0, true);
	(void)fsv_map_del(&r->dirs, fsv_str(dir->path));
	r->n_nodes -= 1 + dir->n_urls;
	if (!dir->busy) {
		dir_free(dir);
		return;
	}
	dir->gone = true;
	dir->next_gone = r->gone;
	r->gone = dir;
}

static struct fsv_reg_dir *make_dir(struct fsv_registry *r, struct fsv_reg_dir *parent, enum dir_level level,
				    const char *name, struct fsv_str decoded)
{
	struct fsv_reg_dir *dir;
	struct fsv_buf path, key;

	if (!room(r, 1))
		return NULL;
	dir = FSV_NEW(struct fsv_reg_dir);
	fsv_buf_init(&path, NULL, 0);
	fsv_buf_init(&key, NULL, 0);
	fsv_buf_printf(&path, "%s/%s%s", parent ? parent->path : FSV_SERVICES_ROOT, name,
		       level == PROVIDERS ? "/providers" : "");
	if (parent)
		fsv_buf_printf(&key, "%s/", parent->key);
	fsv_buf_add(&key, decoded);
	*dir = (struct fsv_reg_dir){ .r = r, .level = level, .parent = parent, .path = fsv_str_dup(fsv_buf_str(&path)),
				     .key = fsv_str_dup(fsv_buf_str(&key)) };
	fsv_map_init(&dir->children);
	fsv_buf_done(&path);
	fsv_buf_done(&key);
	(void)fsv_map_put(&r->dirs, fsv_str(dir->path), dir);
	r->n_nodes++;
	return dir;
}

/* Lists ----------------------------------------------------------------------------------------------- */

static bool same(const struct fsv_providers *p, const struct fsv_str *urls, unsigned n)
{
	if (p->stale || p->n_urls != n)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (!fsv_str_is(urls[i], p->urls[i]))
			return false;
	return true;
}

static void replace(struct fsv_registry *r, struct fsv_reg_list *list, struct fsv_providers *providers)
{
	if (list->providers)
		fsv_ref_put(&list->providers->ref);
	list->providers = providers;
	r->dirty = r->cache_dirty = true;
}

static void forget(struct fsv_registry *r, struct fsv_str key)
{
	struct fsv_reg_list *list = fsv_map_del(&r->lists, key);

	fsv_ref_put(&list->providers->ref);
	free(list);
	r->dirty = r->cache_dirty = true;
}

void fsv_watch_set_list(struct fsv_registry *r, struct fsv_str key, const struct fsv_str *urls, unsigned n, bool confirmed)
{
	struct fsv_reg_list *list = fsv_map_get(&r->lists, key);

	if (!list && n == 0)
		return;
	if (!list) {
		list = FSV_NEW(struct fsv_reg_list);
		(void)fsv_map_put(&r->lists, key, list);
	}
	list->confirmed = confirmed;
	if (list->providers && same(list->providers, urls, n))
		return;
	if (n > 0) {
		replace(r, list, fsv_providers_new(&r->nodes, key, urls, n));
	} else if (list->providers->n > 0 && !list->providers->stale) {
		/* All of them gone at once: perhaps for good, perhaps they only have to register again. */
		replace(r, list, fsv_providers_as_stale(list->providers));
		list->stale_until = fsv_deadline_in_ms(r->opt.session_ms + STALE_EXTRA_MS);
	} else if (!list->providers->stale) {
		forget(r, key);
	}
}

void fsv_watch_publish(struct fsv_registry *r)
{
	struct fsv_view *view = fsv_view_new(&r->retired, r->lists.n);

	for (size_t i = 0; i < r->lists.n; i++)
		fsv_view_add(view, ((struct fsv_reg_list *)r->lists.entries[i].value)->providers);
	fsv_snapshot_set(&r->view, &view->ref);
	r->dirty = false;
	fsv_retired_free(&r->retired);
}

static void drop_unconfirmed(struct fsv_registry *r)
{
	for (size_t i = r->lists.n; i-- > 0;) {
		struct fsv_reg_list *list = r->lists.entries[i].value;

		if (!list->confirmed)
			fsv_watch_set_list(r, r->lists.entries[i].key, NULL, 0, true);
	}
}

static bool all_known(const struct fsv_registry *r)
{
	for (size_t i = 0; i < r->dirs.n; i++)
		if (((struct fsv_reg_dir *)r->dirs.entries[i].value)->need)
			return false;
	return true;
}

/* Many answers in a row make one view. */
static void settle(struct fsv_registry *r)
{
	if (r->outstanding == 0 && r->up && !r->synced && all_known(r)) {
		r->synced = true;
		r->cache_dirty = true;
		drop_unconfirmed(r);
		fsv_log_info("registry: %zu services are known", r->lists.n);
	}
	if (r->dirty && r->outstanding == 0)
		fsv_watch_publish(r);
	if (r->synced && !r->informed)
		fsv_own_go(r);
	if (r->dirty && r->outstanding > 0 && !r->soon_set) {
		r->soon_set = true;
		fsv_timer_set(r->soon, PUBLISH_MS, 0);
	}
}

/* Answers --------------------------------------------------------------------------------------------- */

static void take_providers(struct fsv_reg_dir *dir, const struct fsv_zk_result *result)
{
	struct fsv_registry *r = dir->r;
	struct fsv_str *urls;
	struct fsv_arena arena;
	unsigned n = 0;

	r->n_nodes -= dir->n_urls;
	dir->n_urls = 0;
	fsv_arena_init(&arena, 0);
	urls = FSV_ARENA_NEW_N(&arena, struct fsv_str, result->n_children + 1);
	for (unsigned i = 0; i < result->n_children; i++) {
		struct fsv_str name = fsv_str(result->children[i]);

		if (name.n <= 3 * FSV_PROVIDER_MAX && fsv_url_decode(name, true, &arena, &urls[n]) &&
		    memmem(urls[n].p, urls[n].n, "://", 3) && room(r, n + 1))
			n++;
	}
	dir->n_urls = n;
	r->n_nodes += n;
	fsv_watch_set_list(r, fsv_str(dir->key), urls, n, true);
	fsv_arena_done(&arena);
}

static bool listed(const struct fsv_zk_result *result, struct fsv_str name)
{
	for (unsigned i = 0; i < result->n_children; i++)
		if (fsv_str_is(name, result->children[i]))
			return true;
	return false;
}

static void drop_children(struct fsv_reg_dir *dir, const struct fsv_zk_result *result)
{
	struct fsv_map names;

	/* Few go at a time, but a directory may have thousands. */
	fsv_map_init(&names);
	if (dir->children.n > 16)
		for (unsigned i = 0; i < result->n_children; i++)
			(void)fsv_map_put(&names, fsv_str(result->children[i]), dir);
	for (size_t i = dir->children.n; i-- > 0;) {
		struct fsv_map_entry *e = &dir->children.entries[i];
		struct fsv_reg_dir *child = e->value;

		if (dir->children.n > 16 && names.n > 0 ? fsv_map_get(&names, e->key) != NULL : listed(result, e->key))
			continue;
		(void)fsv_map_del(&dir->children, e->key);
		remove_dir(child);
	}
	fsv_map_done(&names);
}

static void take_children(struct fsv_reg_dir *dir, const struct fsv_zk_result *result)
{
	enum dir_level level = dir->level + 1;
	struct fsv_arena arena;

	drop_children(dir, result);
	fsv_arena_init(&arena, 0);
	for (unsigned i = 0; i < result->n_children; i++) {
		const char *name = result->children[i];
		struct fsv_str decoded = fsv_str(name);
		struct fsv_reg_dir *child;

		if (fsv_map_get(&dir->children, fsv_str(name)))
			continue;
		/* Environments stand there as they are, services are coded. */
		if (level == PROVIDERS && !fsv_url_decode(fsv_str(name), true, &arena, &decoded))
			continue;
		child = make_dir(dir->r, dir, level, name, decoded);
		if (!child)
			break;
		(void)fsv_map_put(&dir->children, fsv_str(name), child);
		list_dir(child);
	}
	fsv_arena_done(&arena);
}

/* True when dir is gone. */
static bool answered(struct fsv_reg_dir *dir)
{
	struct fsv_registry *r = dir->r;

	dir->busy = false;
	r->outstanding--;
	if (!dir->gone)
		return false;
	for (struct fsv_reg_dir **p = &r->gone; *p; p = &(*p)->next_gone) {
		if (*p == dir) {
			*p = dir->next_gone;
			break;
		}
	}
	dir_free(dir);
	settle(r);
	return true;
}

static void go_on(struct fsv_reg_dir *dir)
{
	struct fsv_registry *r = dir->r;

	if (dir->again && r->up) {
		dir->again = false;
		list_dir(dir);
	}
	settle(r);
}

static void unanswered(struct fsv_reg_dir *dir, const struct fsv_zk_result *result)
{
	dir->need = true;
	if (result->rc != FSV_ZK_LOST)
		fsv_log_limited(FSV_LOG_WARNING, NULL, "registry: %s cannot be read: %s%s; what was known of it stays in use",
				dir->path, result->text,
				result->rc == FSV_ZK_NO_AUTH ? " (acl.enable, acl.username and acl.password must be those of "
				"the other nodes)" : "");
}

static void on_exists(void *arg, const struct fsv_zk_result *result)
{
	struct fsv_reg_dir *dir = arg;

	if (answered(dir))
		return;
	if (result->rc == FSV_ZK_OK)
		dir->again = true;	/* made in between */
	else if (result->rc != FSV_ZK_NO_NODE)
		unanswered(dir, result);
	go_on(dir);
}

static void on_list(void *arg, const struct fsv_zk_result *result)
{
	struct fsv_reg_dir *dir = arg;
	struct fsv_registry *r = dir->r;

	if (answered(dir))
		return;
	dir->need = false;
	if (result->rc != FSV_ZK_OK && result->rc != FSV_ZK_NO_NODE) {
		unanswered(dir, result);
	} else {
		if (dir->level == PROVIDERS)
			take_providers(dir, result);
		else
			take_children(dir, result);
		if (result->rc == FSV_ZK_NO_NODE && r->up) {
			/* A watch for the moment when it is made. */
			dir->busy = true;
			r->outstanding++;
			fsv_zk_exists(r->zk, dir->path, true, on_exists, dir);
			return;
		}
	}
	go_on(dir);
}

static void list_dir(struct fsv_reg_dir *dir)
{
	if (dir->busy) {
		dir->again = true;
		return;
	}
	dir->busy = true;
	dir->r->outstanding++;
	fsv_zk_list(dir->r->zk, dir->path, true, on_list, dir);
}

/* Life ------------------------------------------------------------------------------------------------ */

static void on_soon(void *arg)
{
	struct fsv_registry *r = arg;

	r->soon_set = false;
	if (r->dirty)
		fsv_watch_publish(r);
}

void fsv_watch_start(struct fsv_registry *r)
{
	r->soon = fsv_timer_new(r->loop, on_soon, r);
	for (const char *const *p = r->opt.subscribe; p && *p; p++)
		(void)make_dir(r, NULL, PROJECT, *p, fsv_str(*p));
}

void fsv_watch_on_state(struct fsv_registry *r, enum fsv_zk_state state)
{
	if (state == FSV_ZK_NEW) {
		r->synced = false;
		for (size_t i = 0; i < r->lists.n; i++)
			((struct fsv_reg_list *)r->lists.entries[i].value)->confirmed = false;
	}
	if (state == FSV_ZK_DOWN)
		return;
	for (size_t i = 0; i < r->dirs.n; i++) {
		struct fsv_reg_dir *dir = r->dirs.entries[i].value;

		if (state == FSV_ZK_NEW || dir->need)
			list_dir(dir);
	}
}

void fsv_watch_on_event(struct fsv_registry *r, const char *path)
{
	struct fsv_reg_dir *dir = fsv_map_get(&r->dirs, fsv_str(path));

	if (dir)
		list_dir(dir);
}

void fsv_watch_tick(struct fsv_registry *r)
{
	int64_t now = fsv_now_ns();

	for (size_t i = r->lists.n; i-- > 0;) {
		struct fsv_reg_list *list = r->lists.entries[i].value;

		if (list->providers->stale && list->stale_until < now && r->up)
			forget(r, r->lists.entries[i].key);
	}
	for (size_t i = 0; r->up && i < r->dirs.n; i++) {
		struct fsv_reg_dir *dir = r->dirs.entries[i].value;

		if (dir->need)
			list_dir(dir);
	}
	settle(r);
	fsv_retired_free(&r->retired);
	fsv_nodes_sweep(&r->nodes, false);
}

void fsv_watch_done(struct fsv_registry *r)
{
	r->soon = fsv_timer_free(r->soon);
	fsv_snapshot_set(&r->view, NULL);
	fsv_retired_free(&r->retired);
	for (size_t i = 0; i < r->lists.n; i++) {
		struct fsv_reg_list *list = r->lists.entries[i].value;

		fsv_ref_put(&list->providers->ref);
		free(list);
	}
	fsv_map_done(&r->lists);
	/* The session has ended, and with it every question. */
	while (r->gone) {
		struct fsv_reg_dir *dir = r->gone;

		r->gone = dir->next_gone;
		dir_free(dir);
	}
	for (size_t i = 0; i < r->dirs.n; i++)
		dir_free(r->dirs.entries[i].value);
	fsv_map_done(&r->dirs);
	fsv_nodes_sweep(&r->nodes, true);
}
