/* SPDX-License-Identifier: Apache-2.0 */
#include "audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/pool.h"
#include "base/time.h"

FSV_METRIC(lost, FSV_COUNTER, "fate_serving_admin_audit_lost_total", "",
	   "Entries of the audit that could not be written to its file; they are in the journal.");

/* Entries that wait for the file; the margin is for calls that were let in before it filled up. */
enum { WAITING_MAX = 2048, WAITING_READY = 1024, TAIL_MAX = 64 << 20 };

struct line {
	struct fsv_audit *audit;
	size_t n;
	char text[];
};

struct fsv_audit {
	char *path;
	struct fsv_pool *pool;
	_Atomic unsigned waiting;
	/* A ring: the newest is before next. */
	char **kept;
	size_t size, n, next;
};

static void keep(struct fsv_audit *a, struct fsv_str text)
{
	free(a->kept[a->next]);
	a->kept[a->next] = fsv_str_dup(text);
	a->next = (a->next + 1) % a->size;
	if (a->n < a->size)
		a->n++;
}

/* What cannot be read does not keep the daemon from starting; that it can be written does. */
static void load(struct fsv_audit *a)
{
	struct fsv_err err;
	char *data;
	size_t n;

	if (fsv_read_file(a->path, TAIL_MAX, &data, &n, &err) < 0) {
		fsv_log_warn("audit: %s; the console shows entries from now on", err.text);
		return;
	}
	for (size_t from = 0; from < n;) {
		size_t end = fsv_str_find(fsv_str_n(data, n), '\n', from);

		if (end > from && end < n)
			keep(a, fsv_str_n(data + from, end - from));
		from = end + 1;
	}
	free(data);
}

static int open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
}

int fsv_audit_new(const char *path, size_t size, struct fsv_audit **ret_audit, struct fsv_err *err)
{
	struct fsv_audit *a = FSV_NEW(struct fsv_audit);
	int r = fsv_pool_new("audit", 1, WAITING_MAX, &a->pool, err);
	FSV_AUTO_FD fd = -1;

	a->size = size;
	a->kept = FSV_NEW_N(char *, size);
	if (r == 0 && path && *path) {
		a->path = fsv_str_dup(fsv_str(path));
		fd = open_file(path);
		if (fd < 0)
			r = fsv_err_errno(err, errno, "admin.audit.file: cannot append to %s", path);
		else
			load(a);
	}
	if (r < 0)
		fsv_audit_free(a);
	else
		*ret_audit = a;
	return r;
}

struct fsv_audit *fsv_audit_free(struct fsv_audit *a)
{
	if (!a)
		return NULL;
	if (a->pool)
		fsv_pool_free(a->pool);
	for (size_t i = 0; i < a->size; i++)
		free(a->kept[i]);
	free(a->kept);
	free(a->path);
	free(a);
	return NULL;
}

bool fsv_audit_ready(const struct fsv_audit *a)
{
	return atomic_load(&a->waiting) < WAITING_READY;
}

/* [the pool] */
static void write_line(void *arg)
{
	struct line *line = arg;
	FSV_AUTO_FD fd = open_file(line->audit->path);
	int r = fd < 0 ? -errno : fsv_write_all(fd, line->text, line->n);

	if (r < 0) {
		fsv_metric_count(&lost);
		fsv_log_limited(FSV_LOG_ERR, NULL, "audit: cannot append to %s: %s; entries are in this log only", line->audit->path,
				strerror(-r));
	}
	atomic_fetch_sub(&line->audit->waiting, 1);
	free(line);
}

static void append(struct fsv_audit *a, struct fsv_str text)
{
	struct line *line = fsv_malloc(sizeof(*line) + text.n + 1);

	*line = (struct line){ .audit = a, .n = text.n + 1 };
	memcpy(line->text, text.p, text.n);
	line->text[text.n] = '\n';
	atomic_fetch_add(&a->waiting, 1);
	if (fsv_pool_submit(a->pool, write_line, line) < 0) {
		atomic_fetch_sub(&a->waiting, 1);
		fsv_metric_count(&lost);
		free(line);
	}
}

void fsv_audit_add(struct fsv_audit *a, const struct fsv_audit_entry *e)
{
	struct fsv_arena arena;
	struct fsv_jsonw w;
	struct fsv_buf out;

	fsv_arena_init(&arena, 0);
	fsv_buf_init(&out, &arena, 0);
	fsv_jsonw_init(&w, &out);
	fsv_jsonw_begin(&w, '{');
	fsv_jsonw_kv_int(&w, "timestamp", fsv_wall_ms());
	fsv_jsonw_kv_str(&w, "user", e->user);
	fsv_jsonw_kv_str(&w, "role", fsv_str(e->role));
	fsv_jsonw_kv_str(&w, "peer", e->peer);
	fsv_jsonw_kv_str(&w, "action", fsv_str(e->action));
	fsv_jsonw_kv_str(&w, "target", e->target);
	fsv_jsonw_key(&w, FSV_STR("parameters"));
	fsv_jsonw_raw(&w, e->parameters.n > 0 ? e->parameters : FSV_STR("{}"));
	fsv_jsonw_kv_int(&w, "retcode", e->retcode);
	fsv_jsonw_kv_str(&w, "retmsg", e->retmsg);
	fsv_jsonw_kv_str(&w, "caseid", e->case_id);
	fsv_jsonw_end(&w, '}');
	fsv_log_notice("audit: %.*s", FSV_STR_ARG(fsv_buf_str(&out)));
	keep(a, fsv_buf_str(&out));
	if (a->path)
		append(a, fsv_buf_str(&out));
	fsv_arena_done(&arena);
}

static bool wanted(const char *line, struct fsv_str user, struct fsv_str action, struct fsv_arena *arena)
{
	struct fsv_json_node *root;
	struct fsv_err err;

	if (fsv_json_parse(fsv_str(line), arena, true, &root, &err) < 0 || root->type != FSV_JSON_OBJECT)
		return false;	/* somebody else has written to the file */
	return (user.n == 0 || fsv_str_eq(fsv_json_get_str(root, "user"), user)) &&
	       (action.n == 0 || fsv_str_case_holds(fsv_json_get_str(root, "action"), action));
}

size_t fsv_audit_show(const struct fsv_audit *a, struct fsv_str user, struct fsv_str action, size_t from, size_t to,
		      struct fsv_jsonw *w)
{
	struct fsv_arena arena;
	size_t found = 0;

	fsv_arena_init(&arena, 0);
	for (size_t i = 0; i < a->n; i++) {
		const char *line = a->kept[(a->next + a->size - 1 - i) % a->size];

		fsv_arena_reset(&arena);
		if (!wanted(line, user, action, &arena))
			continue;
		if (found >= from && found < to)
			fsv_jsonw_raw(w, fsv_str(line));
		found++;
	}
	fsv_arena_done(&arena);
	return found;
}
