/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TestFileAdapter, BatchTestFileAdapter, TestFilePickAdapter, BatchTestFilePickAdapter: features from a file,
 * for trials and small lists. What was read stays until the file changes; a look-up that finds it changed
 * waits for the reading, which a pool's thread does, so that the worker goes on with other requests.
 */
#include "adaptor.h"

#include <pthread.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/ref.h"
#include "conf/conf.h"
#include "feature-file.h"
#include "keys.h"
#include "serving-server-conf.h"

#define SOURCE	"feature file"

enum { FEATURE_ERROR = 102, NO_FEATURE = 113 };

struct stamp {
	struct timespec changed, modified;
	uint64_t size, inode, device;
	bool exists;
};

/* One reading of the file. */
struct content {
	struct fsv_ref ref;
	struct stamp stamp;
	bool usable;
	struct fsv_str all;		/* not by id */
	struct fsv_map by_id;
	struct fsv_arena arena;
};

struct file_adaptor {
	struct fsv_adaptor base;
	char *path;
	bool by_id;
	bool keep_head;			/* of a file with a bad line, the lines before it */
	struct fsv_pool *pool;
	struct fsv_snapshot current;	/* struct content */
	pthread_mutex_t reading;	/* one thread reads at a time; nothing else is locked under it */
};

/* Reading the file ---------------------------------------------------------------------------------- */

static struct stamp stamp_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1)
		return (struct stamp){ .exists = false };
	return (struct stamp){
		.changed = st.st_ctim, .modified = st.st_mtim, .size = (uint64_t)st.st_size,
		.inode = (uint64_t)st.st_ino, .device = (uint64_t)st.st_dev, .exists = true,
	};
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_stamp(const struct stamp *a, const struct stamp *b)
{
	return a->exists == b->exists && a->size == b->size && a->inode == b->inode && a->device == b->device &&
	       same_time(a->changed, b->changed) && same_time(a->modified, b->modified);
}

static void free_content(struct fsv_ref *ref)
{
	struct content *c = (struct content *)ref;

	fsv_map_done(&c->by_id);
	fsv_arena_done(&c->arena);
	free(c);
}

static int parse(struct file_adaptor *a, struct content *c, struct fsv_err *err)
{
	FSV_AUTO_MEM char *text = NULL;
	size_t n;
	int r = fsv_read_file(a->path, FSV_FEATURE_FILE_MAX, &text, &n, err);

	if (r < 0)
		return r;
	if (a->by_id)
		return fsv_feature_file_by_id(fsv_str_n(text, n), &c->arena, &c->by_id, err);
	return fsv_feature_file_all(fsv_str_n(text, n), &c->arena, &c->all, err);
}

static struct content *read_content(struct file_adaptor *a)
{
	struct content *c = FSV_NEW(struct content);
	struct fsv_err err;
	int r;

	fsv_ref_init(&c->ref, free_content);
	fsv_map_init(&c->by_id);
	fsv_arena_init(&c->arena, 0);
	c->stamp = stamp_of(a->path);	/* before reading: what changes meanwhile is read again */
	r = parse(a, c, &err);
	c->usable = r == 0 || (r == FSV_E_SYNTAX && a->keep_head);
	if (r < 0)
		fsv_log_err("feature file %s: %s; %s", a->path, err.text,
			    c->usable ? "the lines before it are in use" : "look-ups are answered 102");
	else
		fsv_log_info("feature file %s: read anew", a->path);
	return c;
}

/* The reading that is still true, or NULL. */
static struct content *fresh(struct file_adaptor *a)
{
	struct content *c = (struct content *)fsv_snapshot_get(&a->current);
	struct stamp now = stamp_of(a->path);

	if (c && same_stamp(&c->stamp, &now))
		return c;
	if (c)
		fsv_ref_put(&c->ref);
	return NULL;
}

/* [pool] */
static struct content *read_again(struct file_adaptor *a)
{
	struct content *c;

	pthread_mutex_lock(&a->reading);
	c = fresh(a);
	if (!c) {
		c = read_content(a);
		fsv_ref_get(&c->ref);
		fsv_snapshot_set(&a->current, &c->ref);
	}
	pthread_mutex_unlock(&a->reading);
	return c;
}

/* Waiting for it ------------------------------------------------------------------------------------ */

struct waiting {
	struct file_adaptor *adaptor;
	struct content *content;
	struct fsv_rpc_worker *worker;
	void (*go)(struct file_adaptor *a, const struct content *c, void *lookup);
	void *lookup;
};

static void back(void *arg)
{
	struct waiting *w = arg;
	struct content *content = w->content;

	w->go(w->adaptor, content, w->lookup);
	fsv_ref_put(&content->ref);
}

static void read_job(void *arg)
{
	struct waiting *w = arg;

	w->content = read_again(w->adaptor);
	fsv_rpc_post(w->worker, back, w);
}

/* Calls go with the file's content, NULL when too many wait already. */
static void with_content(struct file_adaptor *a, struct fsv_rpc_worker *worker, struct fsv_arena *arena,
			 void (*go)(struct file_adaptor *a, const struct content *c, void *lookup), void *lookup)
{
	struct content *c = fresh(a);
	struct waiting *w;

	if (c) {
		go(a, c, lookup);
		fsv_ref_put(&c->ref);
		return;
	}
	w = FSV_ARENA_NEW(arena, struct waiting);
	*w = (struct waiting){ .adaptor = a, .worker = worker, .go = go, .lookup = lookup };
	if (fsv_pool_submit(a->pool, read_job, w) < 0)
		go(a, NULL, lookup);
}

/* Look-ups ------------------------------------------------------------------------------------------ */

static const char *why_not(const struct content *c)
{
	if (!c)
		return "too many look-ups wait for it to be read";
	return c->usable ? "the keys have no id" : "it is not usable; the log of its reading tells why";
}

static void find_all(struct file_adaptor *a, const struct content *c, void *arg)
{
	struct fsv_lookup *lookup = arg;

	(void)a;
	if (c && c->usable)
		fsv_lookup_end(lookup, 0, fsv_arena_str(lookup->arena, c->all));
	else
		fsv_lookup_fail(lookup, SOURCE, FEATURE_ERROR, why_not(c));
}

static void find_by_id(struct file_adaptor *a, const struct content *c, void *arg)
{
	struct fsv_lookup *lookup = arg;
	const struct fsv_str *features;
	struct fsv_str id;

	(void)a;
	if (!c || !c->usable || !fsv_keys_text(lookup->keys, FSV_STR("id"), false, lookup->arena, &id)) {
		fsv_lookup_fail(lookup, SOURCE, FEATURE_ERROR, why_not(c));
		return;
	}
	features = fsv_map_get(&c->by_id, id);
	if (features)
		fsv_lookup_end(lookup, 0, fsv_arena_str(lookup->arena, *features));
	else
		fsv_lookup_fail(lookup, SOURCE, NO_FEATURE, "cant find features for this id");
}

static void find_all_batch(struct file_adaptor *a, const struct content *c, void *arg)
{
	struct fsv_batch_lookup *lookup = arg;
	struct fsv_str features;

	(void)a;
	if (!c || !c->usable) {
		fsv_batch_lookup_fail(lookup, SOURCE, FEATURE_ERROR, why_not(c));
		return;
	}
	features = fsv_arena_str(lookup->arena, c->all);
	for (size_t i = 0; i < lookup->n_rows; i++)
		lookup->rows[i].features = features;
	fsv_batch_lookup_end(lookup, 0);
}

static void find_by_id_batch(struct file_adaptor *a, const struct content *c, void *arg)
{
	struct fsv_batch_lookup *lookup = arg;
	struct fsv_str id;

	(void)a;
	for (size_t i = 0; c && i < lookup->n_rows; i++) {
		struct fsv_batch_lookup_row *row = &lookup->rows[i];
		const struct fsv_str *features;

		if (!fsv_keys_text(row->keys, FSV_STR("device_id"), true, lookup->arena, &id))
			continue;
		features = fsv_map_get(&c->by_id, id);
		if (features)
			row->features = fsv_arena_str(lookup->arena, *features);
	}
	if (c && c->usable)
		fsv_batch_lookup_end(lookup, 0);
	else
		fsv_batch_lookup_fail(lookup, SOURCE, FEATURE_ERROR, why_not(c));
}

static void find(struct fsv_adaptor *adaptor, struct fsv_lookup *lookup)
{
	struct file_adaptor *a = (struct file_adaptor *)adaptor;

	with_content(a, lookup->worker, lookup->arena, a->by_id ? find_by_id : find_all, lookup);
}

static void find_batch(struct fsv_adaptor *adaptor, struct fsv_batch_lookup *lookup)
{
	struct file_adaptor *a = (struct file_adaptor *)adaptor;

	with_content(a, lookup->worker, lookup->arena, a->by_id ? find_by_id_batch : find_all_batch, lookup);
}

/* Life ---------------------------------------------------------------------------------------------- */

static struct fsv_adaptor *make(const struct fsv_conf *conf, const struct fsv_adaptor_env *env, bool by_id,
				bool keep_head)
{
	struct file_adaptor *a = FSV_NEW(struct file_adaptor);

	a->path = fsv_str_dup(fsv_str(fsv_conf_str(conf, FSV_SK_FEATURE_FILE)));
	a->by_id = by_id;
	a->keep_head = keep_head;
	a->pool = env->pool;
	pthread_mutex_init(&a->reading, NULL);
	/* The first request need not wait, and what is wrong with the file is said now. */
	fsv_snapshot_set(&a->current, &read_content(a)->ref);
	return &a->base;
}

static int make_all(const struct fsv_conf *conf, const struct fsv_adaptor_env *env, struct fsv_adaptor **ret_adaptor,
		    struct fsv_err *err)
{
	(void)err;
	*ret_adaptor = make(conf, env, false, false);
	return 0;
}

static int make_by_id(const struct fsv_conf *conf, const struct fsv_adaptor_env *env,
		      struct fsv_adaptor **ret_adaptor, struct fsv_err *err)
{
	(void)err;
	*ret_adaptor = make(conf, env, true, false);
	return 0;
}

static int make_by_id_batch(const struct fsv_conf *conf, const struct fsv_adaptor_env *env,
			    struct fsv_adaptor **ret_adaptor, struct fsv_err *err)
{
	(void)err;
	*ret_adaptor = make(conf, env, true, true);
	return 0;
}

static void release(struct fsv_adaptor *adaptor)
{
	struct file_adaptor *a = (struct file_adaptor *)adaptor;

	fsv_snapshot_set(&a->current, NULL);
	pthread_mutex_destroy(&a->reading);
	free(a->path);
	free(a);
}

const struct fsv_adaptor_kind fsv_adaptor_file = {
	.name = "TestFileAdapter", .make = make_all, .find = find, .free = release,
};

const struct fsv_adaptor_kind fsv_adaptor_file_batch = {
	.name = "BatchTestFileAdapter", .batch = true, .make = make_all, .find_batch = find_batch, .free = release,
};

const struct fsv_adaptor_kind fsv_adaptor_pick = {
	.name = "TestFilePickAdapter", .make = make_by_id, .find = find, .free = release,
};

const struct fsv_adaptor_kind fsv_adaptor_pick_batch = {
	.name = "BatchTestFilePickAdapter", .batch = true, .make = make_by_id_batch, .find_batch = find_batch,
	.free = release,
};
