/* SPDX-License-Identifier: Apache-2.0 */
#include "registry-walk.h"

#include <stdlib.h>

#include "base/loop.h"
#include "net/zk.h"

enum { NODES_MAX = 1000000, SESSION_MS = 10000 };

struct walk {
	struct fsv_loop *loop;
	struct fsv_zk *zk;
	struct fsv_tree tree;
	size_t open;		/* questions under way */
	bool started;
	struct fsv_err err;
};

struct step {
	struct walk *walk;
	struct fsv_str path;
};

static void stop(struct walk *w, int code)
{
	fsv_loop_quit(w->loop, code);
}

static void on_data(void *arg, const struct fsv_zk_result *result);

static void ask(struct walk *w, struct fsv_str path)
{
	struct step *step = FSV_ARENA_NEW(w->tree.arena, struct step);

	step->walk = w;
	step->path = fsv_arena_str(w->tree.arena, path);
	w->open++;
	fsv_zk_get(w->zk, step->path.p, on_data, step);
}

static void on_children(void *arg, const struct fsv_zk_result *result)
{
	struct step *step = arg;
	struct walk *w = step->walk;

	for (unsigned i = 0; i < result->n_children && w->tree.n + w->open < NODES_MAX; i++)
		ask(w, fsv_str(fsv_arena_printf(w->tree.arena, "%s/%s", step->path.p, result->children[i])));
	if (--w->open == 0)
		stop(w, 0);
}

static void add(struct fsv_tree *tree, struct fsv_str path, const struct fsv_zk_result *result)
{
	FSV_ARENA_MORE(tree->arena, tree->nodes, tree->n, tree->cap, 256);
	tree->nodes[tree->n++] = (struct fsv_tree_node){ path, fsv_arena_str(tree->arena, result->data), result->ephemeral };
}

static void on_data(void *arg, const struct fsv_zk_result *result)
{
	struct step *step = arg;
	struct walk *w = step->walk;

	if (result->rc == FSV_ZK_NO_AUTH) {
		(void)fsv_err_set(&w->err, FSV_E_PROXY_AUTH, "%s is protected: give the name and password of acl.username and "
				  "acl.password with --config FILE, or with --user NAME --password-file FILE", step->path.p);
		stop(w, w->err.code);
		return;
	}
	if (result->rc == FSV_ZK_OK) {
		add(&w->tree, step->path, result);
		if (!result->ephemeral) {
			fsv_zk_list(w->zk, step->path.p, false, on_children, step);
			return;
		}
	} else if (result->rc != FSV_ZK_NO_NODE) {
		(void)fsv_err_set(&w->err, FSV_E_NET, "%s cannot be read: %s", step->path.p, result->text);
		stop(w, w->err.code);
		return;
	}
	if (--w->open == 0)
		stop(w, 0);
}

static void on_state(void *arg, enum fsv_zk_state state)
{
	struct walk *w = arg;

	if (state == FSV_ZK_DOWN || w->started)
		return;
	w->started = true;
	ask(w, FSV_STR("/FATE-SERVICES"));
	ask(w, FSV_STR("/FATE-COMPONENTS"));
}

static void on_event(void *arg, const char *path)
{
	(void)arg;
	(void)path;
}

static void on_timeout(void *arg)
{
	struct walk *w = arg;

	(void)fsv_err_set(&w->err, FSV_E_DEADLINE, "%s; is it running, and are the addresses right? (zk.url, or --zk)",
			  w->started ? "ZooKeeper did not answer in time" : "no connection to ZooKeeper");
	stop(w, w->err.code);
}

static int by_path(const void *a, const void *b)
{
	const struct fsv_tree_node *x = a, *y = b;

	return strcmp(x->path.p, y->path.p);
}

int fsv_tree_read(const struct fsv_tree_opt *opt, struct fsv_arena *arena, struct fsv_tree *ret_tree, struct fsv_err *err)
{
	struct walk w = { .tree = { .arena = arena }, .err = FSV_ERR_INIT };
	const struct fsv_zk_opt zk = { .hosts = opt->hosts, .user = opt->user, .password = opt->password,
				       .session_ms = SESSION_MS, .on_state = on_state, .on_event = on_event, .arg = &w };
	struct fsv_timer *timer;
	int r = fsv_loop_new(&w.loop, err);

	if (r < 0)
		return r;
	r = fsv_zk_new(w.loop, &zk, &w.zk, err);
	if (r == 0) {
		timer = fsv_timer_new(w.loop, on_timeout, &w);
		fsv_timer_set(timer, opt->timeout_ms, 0);
		r = fsv_loop_run(w.loop);
		fsv_timer_free(timer);
		if (r < 0)
			r = fsv_err_set(err, w.err.code, "%s", w.err.text);
	}
	fsv_zk_free(w.zk);
	fsv_loop_free(w.loop);
	if (r < 0)
		return r;
	if (w.tree.n > 0)
		qsort(w.tree.nodes, w.tree.n, sizeof(w.tree.nodes[0]), by_path);
	*ret_tree = w.tree;
	return 0;
}
