/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root is listed and watched, so is the folder of each component below it; what a node says of itself is read once.
 * Every question under way is in a list, for the session may end before its answer comes.
 */
#include "components.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/mem.h"
#include "codec/json.h"
#include "registry-private.h"

enum { DATA_MAX = 4096 };

struct folder {
	struct fsv_reg_components *all;
	char *path;
	bool is_root;
	struct fsv_map members;		/* name → struct folder in the root, else struct member; in ZooKeeper's order */
	unsigned asked;			/* questions under way */
	bool listing, again;		/* the list is asked for; once more behind it */
	bool need;			/* the last question was not answered */
	bool gone;			/* only questions hold it */
};

struct member {
	int64_t timestamp;
	bool read;
};

struct question {
	LIST_ENTRY(question) link;
	struct folder *folder;
	char name[];			/* of the member; "" = the list */
};

struct fsv_reg_components {
	struct fsv_registry *r;
	struct folder *root;
	LIST_HEAD(, question) open;
	bool dirty;
	struct fsv_snapshot snapshot;
};

static void list_folder(struct folder *folder);

/* Questions ------------------------------------------------------------------------------------------- */

static struct question *ask(struct folder *folder, struct fsv_str name)
{
	struct question *q = fsv_calloc(1, sizeof(*q) + name.n + 1);

	q->folder = folder;
	memcpy(q->name, name.p ? name.p : "", name.n);
	LIST_INSERT_HEAD(&folder->all->open, q, link);
	folder->asked++;
	return q;
}

static void folder_free(struct folder *folder)
{
	for (size_t i = 0; i < folder->members.n; i++)
		free(folder->members.entries[i].value);
	fsv_map_done(&folder->members);
	free(folder->path);
	free(folder);
}

/* NULL when the folder has gone meanwhile. */
static struct folder *answered(struct question *q)
{
	struct folder *folder = q->folder;

	LIST_REMOVE(q, link);
	folder->asked--;
	if (!folder->gone)
		return folder;
	if (folder->asked == 0)
		folder_free(folder);
	return NULL;
}

static void let_go(struct folder *folder)
{
	folder->all->r->n_nodes -= 1 + folder->members.n;
	folder->gone = true;
	if (folder->asked == 0)
		folder_free(folder);
}

/* The snapshot ---------------------------------------------------------------------------------------- */

static void snapshot_free(struct fsv_ref *ref)
{
	struct fsv_components *components = (struct fsv_components *)ref;

	fsv_arena_done(&components->arena);
	free(components);
}

static void copy_members(struct fsv_components *to, struct fsv_component *component, const struct folder *folder)
{
	component->nodes = FSV_ARENA_NEW_N(&to->arena, struct fsv_component_node, folder->members.n);
	for (size_t i = 0; i < folder->members.n; i++) {
		const struct fsv_map_entry *e = &folder->members.entries[i];

		component->nodes[component->n++] = (struct fsv_component_node){
			fsv_arena_cstr(&to->arena, e->key), ((struct member *)e->value)->timestamp };
	}
}

static void publish(struct fsv_reg_components *all)
{
	struct fsv_components *to = FSV_NEW(struct fsv_components);
	const struct fsv_map *folders = &all->root->members;

	fsv_ref_init(&to->ref, snapshot_free);
	fsv_arena_init(&to->arena, 0);
	to->all = FSV_ARENA_NEW_N(&to->arena, struct fsv_component, folders->n);
	for (size_t i = 0; i < folders->n; i++) {
		to->all[to->n] = (struct fsv_component){ .name = fsv_arena_cstr(&to->arena, folders->entries[i].key) };
		copy_members(to, &to->all[to->n++], folders->entries[i].value);
	}
	fsv_snapshot_set(&all->snapshot, &to->ref);
	all->dirty = false;
}

/* Many answers in a row make one snapshot. */
static void settle(struct fsv_reg_components *all)
{
	if (all->dirty && LIST_EMPTY(&all->open))
		publish(all);
}

struct fsv_components *fsv_registry_components(struct fsv_registry *r)
{
	return r->components ? (struct fsv_components *)fsv_snapshot_get(&r->components->snapshot) : NULL;
}

/* What a node says of itself -------------------------------------------------------------------------- */

static int64_t timestamp_of(struct fsv_str data)
{
	struct fsv_json_node *root;
	int64_t timestamp = 0;
	struct fsv_arena arena;
	struct fsv_err err;

	fsv_arena_init(&arena, 0);
	if (data.n <= DATA_MAX && fsv_json_parse(data, &arena, false, &root, &err) == 0) {
		const struct fsv_json_node *node = fsv_json_get(root, "timestamp");

		if (node && node->type == FSV_JSON_INT && !fsv_str_to_i64(node->text, &timestamp))
			timestamp = 0;
	}
	fsv_arena_done(&arena);
	return timestamp;
}

static void on_data(void *arg, const struct fsv_zk_result *result)
{
	struct question *q = arg;
	struct fsv_reg_components *all = q->folder->all;
	struct folder *folder = answered(q);
	struct member *member = folder ? fsv_map_get(&folder->members, fsv_str(q->name)) : NULL;

	if (member && result->rc == FSV_ZK_OK) {
		member->timestamp = timestamp_of(result->data);
		all->dirty = member->read = true;
	} else if (member && result->rc == FSV_ZK_LOST) {
		folder->need = true;
	}
	free(q);
	settle(all);
}

static void read_member(struct folder *folder, struct fsv_str name)
{
	struct fsv_buf path;

	fsv_buf_init(&path, NULL, 0);
	fsv_buf_printf(&path, "%s/%.*s", folder->path, FSV_STR_ARG(name));
	fsv_zk_get(folder->all->r->zk, fsv_buf_cstr(&path), on_data, ask(folder, name));
	fsv_buf_done(&path);
}

/* Lists ------------------------------------------------------------------------------------------------ */

static struct folder *folder_new(struct fsv_reg_components *all, const char *path, const char *name)
{
	struct folder *folder = FSV_NEW(struct folder);
	struct fsv_buf text;

	fsv_buf_init(&text, NULL, 0);
	fsv_buf_printf(&text, "%s%s%s", path, name ? "/" : "", name ? name : "");
	*folder = (struct folder){ .all = all, .path = fsv_str_dup(fsv_buf_str(&text)), .is_root = !name };
	fsv_map_init(&folder->members);
	fsv_buf_done(&text);
	return folder;
}

static void *new_member(struct folder *folder, const char *name)
{
	struct folder *child;

	if (!folder->is_root) {
		read_member(folder, fsv_str(name));
		return FSV_NEW(struct member);
	}
	child = folder_new(folder->all, folder->path, name);
	list_folder(child);
	return child;
}

static void drop_member(struct folder *folder, void *value)
{
	if (folder->is_root) {
		let_go(value);
		return;
	}
	folder->all->r->n_nodes--;
	free(value);
}

static void take_list(struct folder *folder, const struct fsv_zk_result *result)
{
	struct fsv_registry *r = folder->all->r;
	struct fsv_map now;

	fsv_map_init(&now);
	for (unsigned i = 0; i < result->n_children; i++) {
		struct fsv_str name = fsv_str(result->children[i]);
		size_t at = fsv_map_find(&folder->members, name);
		void *value = at == SIZE_MAX ? NULL : FSV_TAKE(folder->members.entries[at].value);

		if (!value) {
			if (r->n_nodes >= r->opt.max_nodes)	/* which the lists of services warn of */
				continue;
			r->n_nodes++;
			value = new_member(folder, result->children[i]);
		} else if (!folder->is_root && !((struct member *)value)->read) {
			read_member(folder, name);
		}
		(void)fsv_map_put(&now, name, value);
	}
	for (size_t i = 0; i < folder->members.n; i++)
		if (folder->members.entries[i].value)
			drop_member(folder, folder->members.entries[i].value);
	fsv_map_done(&folder->members);
	folder->members = now;
	folder->all->dirty = true;
}

static void unanswered(struct folder *folder, const struct fsv_zk_result *result)
{
	folder->need = true;
	if (result->rc != FSV_ZK_LOST)
		fsv_log_limited(FSV_LOG_WARNING, NULL, "registry: %s cannot be read: %s; what was known of it stays in use",
				folder->path, result->text);
}

static void go_on(struct folder *folder)
{
	bool again = folder->again;

	folder->again = false;
	if (again && folder->all->r->up)
		list_folder(folder);
}

static void on_exists(void *arg, const struct fsv_zk_result *result)
{
	struct question *q = arg;
	struct fsv_reg_components *all = q->folder->all;
	struct folder *folder = answered(q);

	free(q);
	if (folder) {
		folder->listing = false;
		if (result->rc == FSV_ZK_OK)
			folder->again = true;	/* made in between */
		else if (result->rc != FSV_ZK_NO_NODE)
			unanswered(folder, result);
		go_on(folder);
	}
	settle(all);
}

static void on_list(void *arg, const struct fsv_zk_result *result)
{
	struct question *q = arg;
	struct fsv_reg_components *all = q->folder->all;
	struct folder *folder = answered(q);

	free(q);
	if (folder) {
		folder->listing = folder->need = false;
		if (result->rc == FSV_ZK_OK || result->rc == FSV_ZK_NO_NODE)
			take_list(folder, result);
		else
			unanswered(folder, result);
		if (result->rc == FSV_ZK_NO_NODE && all->r->up) {
			/* A watch for the moment when it is made. */
			folder->listing = true;
			fsv_zk_exists(all->r->zk, folder->path, true, on_exists, ask(folder, FSV_STR_NULL));
		} else {
			go_on(folder);
		}
	}
	settle(all);
}

static void list_folder(struct folder *folder)
{
	if (folder->listing) {
		folder->again = true;
		return;
	}
	folder->listing = true;
	fsv_zk_list(folder->all->r->zk, folder->path, true, on_list, ask(folder, FSV_STR_NULL));
}

/* Life -------------------------------------------------------------------------------------------------- */

static void again(struct fsv_reg_components *all, bool everything)
{
	if (everything || all->root->need)
		list_folder(all->root);
	for (size_t i = 0; i < all->root->members.n; i++) {
		struct folder *folder = all->root->members.entries[i].value;

		if (everything || folder->need)
			list_folder(folder);
	}
}

void fsv_components_start(struct fsv_registry *r)
{
	struct fsv_reg_components *all = FSV_NEW(struct fsv_reg_components);

	all->r = r;
	LIST_INIT(&all->open);
	all->root = folder_new(all, FSV_COMPONENTS_ROOT, NULL);
	r->n_nodes++;
	r->components = all;
	publish(all);
}

void fsv_components_on_state(struct fsv_registry *r, enum fsv_zk_state state)
{
	if (r->components && state != FSV_ZK_DOWN)
		again(r->components, state == FSV_ZK_NEW);
}

void fsv_components_on_event(struct fsv_registry *r, const char *path)
{
	size_t root = sizeof(FSV_COMPONENTS_ROOT) - 1;
	struct folder *folder;

	if (!r->components || strncmp(path, FSV_COMPONENTS_ROOT, root) != 0)
		return;
	if (path[root] == '\0') {
		list_folder(r->components->root);
	} else if (path[root] == '/') {
		folder = fsv_map_get(&r->components->root->members, fsv_str(path + root + 1));
		if (folder)
			list_folder(folder);
	}
}

void fsv_components_tick(struct fsv_registry *r)
{
	if (r->components && r->up)
		again(r->components, false);
}

void fsv_components_done(struct fsv_registry *r)
{
	struct fsv_reg_components *all = r->components;
	struct question *q;

	if (!all)
		return;
	/* The session has ended, and with it every question. */
	while ((q = LIST_FIRST(&all->open))) {
		(void)answered(q);
		free(q);
	}
	for (size_t i = 0; i < all->root->members.n; i++)
		folder_free(FSV_TAKE(all->root->members.entries[i].value));
	folder_free(all->root);
	fsv_snapshot_set(&all->snapshot, NULL);
	free(all);
	r->components = NULL;
}
