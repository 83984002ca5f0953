/* SPDX-License-Identifier: Apache-2.0 */
#include "model-migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "call/message.h"
#include "model-op.h"
#include "model/text-store.h"
#include "serving-server-conf.h"

struct migration {
	struct fsv_server *server;
	struct fsv_server_view *view;
	struct fsv_arena arena;
	const char *from, *to;		/* folders .fate */
	void (*progress)(void *arg, unsigned done, unsigned of);
	void *arg;
	bool again;			/* goes on with one that was cut off */
	bool flow_silent;		/* FATE-Flow let us wait once; that is enough */
	unsigned done, failed;
};

static bool there(const char *path)
{
	return access(path, F_OK) == 0;
}

static const char *in(struct migration *m, const char *folder, const char *name)
{
	return fsv_arena_printf(&m->arena, "%s/%s", folder, name);
}

static const char *home(struct migration *m)
{
	const char *set = fsv_conf_str(m->server->first_conf, FSV_SK_LEGACY_PATH);
	const struct passwd *user;

	if (set && *set)
		return set;
	user = getpwuid(getuid());	/* only the main thread runs yet that could ask for users */
	return user && user->pw_dir ? fsv_arena_printf(&m->arena, "%s", user->pw_dir) : NULL;
}

/* Requests --------------------------------------------------------------------------------------------- */

static struct fsv_model_op op_of(struct migration *m, struct fsv_arena *arena)
{
	return (struct fsv_model_op){
		.server = m->server, .view = m->view, .arena = arena, .case_id = "migration", .began = fsv_now_ns(),
		.deadline = fsv_deadline_in_ms(fsv_conf_int(m->view->conf, FSV_SK_LOAD_TIMEOUT)),
	};
}

/* A model that is there already came before the cut. */
static bool is_loaded(struct migration *m, const struct fsv_publish *p)
{
	struct fsv_model *model = fsv_models_by_name(m->server->models, p->record.table_name, p->record.name_space);

	fsv_model_unref(model);
	return model != NULL;
}

static int load(struct migration *m, const Fsv__PublishRequest *request, struct fsv_arena *arena, struct fsv_err *err)
{
	struct fsv_model_op op = op_of(m, arena);
	int r = fsv_publish_load(request, arena, &op.publish, err);

	if (r < 0 || (m->again && is_loaded(m, &op.publish)))
		return r;
	fsv_model_load_now(&op, !m->flow_silent);
	m->flow_silent |= op.got == -ETIMEDOUT;
	if (op.code == 0)
		return 0;
	return fsv_err_set(err, op.code, "%.*s%s%.*s", FSV_STR_ARG(op.message), op.detail.n ? "; " : "",
			   FSV_STR_ARG(op.detail));
}

static int bind_service(struct migration *m, const Fsv__PublishRequest *request, struct fsv_arena *arena,
			struct fsv_err *err)
{
	struct fsv_publish p;
	int r = fsv_publish_bind(request, &p, err);

	(void)arena;
	return r < 0 ? r : fsv_models_bind(m->server->models, p.service_id, p.record.table_name, p.record.name_space, err);
}

static const struct store {
	const char *old, *new;
	int (*replay)(struct migration *m, const Fsv__PublishRequest *request, struct fsv_arena *arena, struct fsv_err *err);
} stores[] = {
	{ "publishLoadStore.cache", "loadModelStore.cache", load },
	{ "publishOnlineStore.cache", "bindModelStore.cache", bind_service },
};

static void replay(struct migration *m, const struct store *store, const struct fsv_text_store_line *line, size_t i)
{
	Fsv__PublishRequest *request;
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_arena arena;
	int r;

	fsv_arena_init(&arena, 0);
	request = (Fsv__PublishRequest *)fsv_message_decode(&fsv__publish_request__descriptor, line->request, &arena);
	if (request)
		r = store->replay(m, request, &arena, &err);
	else
		r = fsv_err_set(&err, FSV_E_SYNTAX, "it is no PublishRequest");
	if (r < 0)
		fsv_log_warn("request %zu of %s/%s is not taken over: %s; load or bind the model anew", i + 1, m->from,
			     store->old, err.text);
	m->done += r == 0;
	m->failed += r < 0;
	fsv_arena_done(&arena);
}

/* Stores ------------------------------------------------------------------------------------------------ */

static void migrate_store(struct migration *m, const struct store *store)
{
	const char *path = in(m, m->from, store->old), *aside = fsv_arena_printf(&m->arena, "%s.migrated", path);
	struct fsv_text_store_line *lines = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	FSV_AUTO_MEM char *text = NULL;
	unsigned skipped = 0;
	size_t n = 0, n_lines = 0;
	int r = fsv_read_file(path, FSV_TEXT_STORE_MAX_BYTES, &text, &n, &err);

	if (r == 0)
		r = fsv_text_store_parse(fsv_str_n(text, n), &m->arena, &lines, &n_lines, &skipped, &err);
	if (r < 0) {
		fsv_log_err("%s: %s; nothing of it is taken over", path, err.text);
		return;
	}
	if (skipped > 0)
		fsv_log_warn("%s: %u lines are no requests; they are left out", path, skipped);
	for (size_t i = 0; i < n_lines; i++) {
		replay(m, store, &lines[i], i);
		if (m->progress)
			m->progress(m->arg, (unsigned)i + 1, (unsigned)n_lines);
	}
	fsv_log_notice("%s of FATE-Serving 1.x: %u requests taken over, %u not; the file is kept as %s", path, m->done,
		       m->failed, aside);
	m->done = m->failed = 0;
	if (rename(path, aside) < 0)
		fsv_log_warn("%s cannot be renamed to %s: %s; it is of no use any more", path, aside, strerror(errno));
}

static bool wanted(struct migration *m, const struct store *store)
{
	return there(in(m, m->from, store->old)) && (m->again || !there(in(m, m->to, store->new)));
}

/* While the mark is there, the text stores count although others exist. */
static void run(struct migration *m)
{
	const char *mark = in(m, m->to, "migrating"), *base = home(m);
	bool want[2];

	if (!base)
		return;
	m->from = fsv_arena_printf(&m->arena, "%s/.fate", base);
	m->again = there(mark);
	for (unsigned i = 0; i < 2; i++)	/* before the first change makes a store */
		want[i] = wanted(m, &stores[i]);
	if (want[0] || want[1])
		(void)fsv_close(open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0640));
	for (unsigned i = 0; i < 2; i++)
		if (want[i])
			migrate_store(m, &stores[i]);
	if (want[0] || want[1] || m->again)
		(void)unlink(mark);
}

void fsv_model_migrate(struct fsv_server *server, void (*progress)(void *arg, unsigned done, unsigned of), void *arg)
{
	const char *folder = fsv_conf_str(server->first_conf, FSV_SK_CACHE_PATH);
	struct migration m = {
		.server = server, .view = (struct fsv_server_view *)fsv_snapshot_get(&server->view), .progress = progress,
		.arg = arg,
	};

	fsv_arena_init(&m.arena, 0);
	m.to = fsv_arena_printf(&m.arena, "%s/.fate", folder && *folder ? folder : ".");
	run(&m);
	fsv_arena_done(&m.arena);
	fsv_ref_put(&m.view->ref);
}
