/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publishLoad. The loaders differ in where a package comes from: FATE-Flow over HTTP, an archive that FATE-Flow
 * exported, or a model file of this server's own kind. When FATE-Flow cannot be asked, the copy on disk of an
 * earlier load serves, and the answer says so; when it answers that it has no such model, that counts.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/time.h"
#include "codec/json.h"
#include "codec/url.h"
#include "model-op.h"
#include "model/archive.h"
#include "models-work.h"
#include "registration.h"
#include "serving-server-conf.h"

enum { PROGRESS_LINE_S = 10, URL_MAX = 8192 };

static const char no_data[] = "model initialization error, please check if the model exists and the configuration of the "
			      "FATEFLOW load model process is correct.";

struct loaded {
	struct fsv_package package;
	const char *from;		/* for the log */
	const char *remark;		/* for the caller, or NULL */
};

static size_t max_bytes(const struct fsv_model_op *op)
{
	return (size_t)fsv_conf_int(op->view->conf, FSV_SK_MODEL_MAX_SIZE);
}

/* The reference's text, and the reason beside it. */
static int without_data(struct fsv_model_op *op, const char *why)
{
	op->detail = fsv_arena_str(op->arena, fsv_str(why));
	return fsv_model_op_set(op, FSV_E_MODEL_INIT, no_data);
}

/* A file's bytes in the arena. */
static int read_file(struct fsv_model_op *op, const char *path, struct fsv_str *ret_bytes, struct fsv_err *err)
{
	char *data = NULL;
	size_t n = 0;
	int r = fsv_read_file(path, max_bytes(op), &data, &n, err);

	if (r < 0)
		return r;
	*ret_bytes = fsv_arena_str(op->arena, fsv_str_n(data, n));
	free(data);
	return 0;
}

/* Paths of the machine as the reference shows them: absolute. */
static const char *absolute(struct fsv_model_op *op)
{
	char *path = fsv_arena_cstr(op->arena, op->publish.file_path);
	char *folder;

	if (path[0] == '/')
		return path;
	folder = get_current_dir_name();
	path = fsv_arena_printf(op->arena, "%s%s%s", folder ? folder : ".", path[0] ? "/" : "", path);
	free(folder);
	return path;
}

/* CACHE and FILE --------------------------------------------------------------------------------------- */

static int load_cache(struct fsv_model_op *op, struct loaded *l)
{
	const char *path = absolute(op);
	struct fsv_str json = FSV_STR_NULL;
	struct fsv_err err = FSV_ERR_INIT;
	struct stat st;

	l->from = path;
	if (op->publish.file_path.n == 0 || stat(path, &st) < 0)
		return fsv_model_op_set(op, FSV_E_MODEL_NULL,
					fsv_arena_printf(op->arena, "model cache file %s is not exist", path));
	if (read_file(op, path, &json, &err) < 0 || fsv_package_parse(json, op->arena, &l->package, &err) < 0)
		return without_data(op, fsv_arena_printf(op->arena, "%s: %s", path, err.text));
	return 0;
}

static bool is_zip(struct fsv_str path)
{
	return path.n > 4 && fsv_str_caseeq(fsv_str_sub(path, path.n - 4, path.n), FSV_STR(".zip"));
}

static int load_archive(struct fsv_model_op *op, struct loaded *l)
{
	const struct fsv_archive_limits limits = {
		.max_bytes = max_bytes(op), .deadline = op->deadline,
		.max_entries = (uint64_t)fsv_conf_int(op->view->conf, FSV_SK_ARCHIVE_MAX_ENTRIES),
	};
	const char *path = absolute(op);
	struct fsv_str zip = FSV_STR_NULL;
	struct fsv_err err = FSV_ERR_INIT;
	unsigned missing = 0;
	struct stat st;

	l->from = path;
	if (op->publish.file_path.n == 0 || stat(path, &st) < 0)
		return fsv_model_op_set(op, FSV_E_MODEL_NULL,
					fsv_arena_printf(op->arena, "model file%s is not exist", path));
	if (!is_zip(fsv_str(path)))
		return without_data(op, fsv_arena_printf(op->arena, "%s: its name does not end in .zip", path));
	if (read_file(op, path, &zip, &err) < 0 ||
	    fsv_archive_parse(zip, &limits, op->arena, &l->package, &missing, &err) < 0)
		return without_data(op, fsv_arena_printf(op->arena, "%s: %s", path, err.text));
	if (missing > 0)
		fsv_log_warn("model archive %s: %u messages that define_meta.yaml names are missing or empty; they are left "
			     "out", path, missing);
	if (l->package.n == 0)
		return without_data(op, fsv_arena_printf(op->arena, "%s: it has no messages", path));
	return 0;
}

/* FATEFLOW ---------------------------------------------------------------------------------------------- */

/* The copy of an earlier load; why says what is wrong with FATE-Flow. */
static int fall_back(struct fsv_model_op *op, struct loaded *l, const char *why)
{
	const struct fsv_stored_model *m = &op->publish.record;
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_str json = FSV_STR_NULL;
	int r = fsv_models_read_data(op->server->models, m->table_name, m->name_space, op->arena, &json, &err);

	if (r == 0)
		r = fsv_package_parse(json, op->arena, &l->package, &err);
	if (r < 0)
		return without_data(op, why);
	l->from = "the copy on disk";
	l->remark = fsv_arena_printf(op->arena, "loaded from the copy on disk of an earlier load, because %s", why);
	return 0;
}

static int load_flow(struct fsv_model_op *op, struct loaded *l)
{
	struct fsv_err err = FSV_ERR_INIT;
	int r;

	if (!op->url)
		return fall_back(op, l, "no URL is known: the request has no filePath, nobody has registered the model, and "
				 "model.transfer.url is not set");
	if (op->got == -ECANCELED)
		return fsv_model_op_set(op, FSV_E_SHUTDOWN, "the server is shutting down; load the model again when it is back");
	if (op->got < 0)
		return fall_back(op, l, op->answer.p);
	l->from = op->url;
	r = fsv_package_parse_flow(op->answer, op->arena, &l->package, &err);
	if (r == FSV_E_MODEL_NULL || r == FSV_E_MODEL_INIT)
		return without_data(op, err.text);
	if (r < 0)
		return fall_back(op, l, fsv_arena_printf(op->arena, "FATE-Flow's answer (HTTP status %u) cannot be used: %s",
							 op->status, err.text));
	return 0;
}

/* Without user and query, which may hold secrets. */
static const char *shown_url(const char *url, struct fsv_arena *arena)
{
	struct fsv_str s = fsv_str(url);
	size_t at = fsv_str_find(s, '@', 0), slashes = strstr(url, "//") ? (size_t)(strstr(url, "//") - url) + 2 : 0;

	s = fsv_str_sub(s, 0, fsv_str_find(s, '?', 0));
	if (at >= s.n)
		return fsv_arena_cstr(arena, s);
	return fsv_arena_printf(arena, "%.*s…%.*s", FSV_STR_ARG(fsv_str_sub(s, 0, slashes)),
				FSV_STR_ARG(fsv_str_sub(s, at, s.n)));
}

static int install(struct fsv_model_op *op, const struct loaded *l)
{
	const struct fsv_log_tags tags = { .case_id = op->case_id };
	const struct fsv_stored_model *m = &op->publish.record;
	struct fsv_err err = FSV_ERR_INIT;
	char sha256[65];
	int r = fsv_models_load(op->server->models, m, &l->package, sha256, &err);

	if (r == FSV_E_MODEL_INIT) {
		op->detail = fsv_arena_str(op->arena, fsv_str(err.text));
		return fsv_model_op_set(op, FSV_E_SYSTEM, "initModel error");
	}
	if (r < 0)
		return fsv_model_op_set(op, r, err.text);
	fsv_log(l->remark ? FSV_LOG_WARNING : FSV_LOG_INFO, &tags, "model %.*s_%.*s of %s %.*s loaded from %s: %zu messages, "
		"sha256 %s%s%s", FSV_STR_ARG(m->table_name), FSV_STR_ARG(m->name_space), m->role.p, FSV_STR_ARG(m->party_id),
		op->url && l->from == op->url ? shown_url(op->url, op->arena) : l->from, l->package.n, sha256,
		l->remark ? "; " : "", l->remark ? l->remark : "");
	if (op->publish.odd_role)
		fsv_log(FSV_LOG_WARNING, &tags, "the request's local role is neither guest nor host; the model is served as a "
			"host's");
	fsv_server_models_changed(op->server);
	return fsv_model_op_set(op, 0, l->remark ? l->remark : "");
}

/* [the pool] */
static void run(struct fsv_model_op *op)
{
	static int (*const loaders[])(struct fsv_model_op *op, struct loaded *l) = {
		[FSV_LOAD_FATEFLOW] = load_flow, [FSV_LOAD_FILE] = load_archive, [FSV_LOAD_CACHE] = load_cache,
	};
	struct loaded l = { .from = "" };

	if (loaders[op->publish.load_type](op, &l) == 0)
		(void)install(op, &l);
}

/* The download ------------------------------------------------------------------------------------------ */

static const char *choose_url(struct fsv_model_op *op, struct fsv_err *err)
{
	const struct fsv_stored_model *m = &op->publish.record;
	const char *configured = fsv_conf_str(op->view->conf, FSV_SK_TRANSFER_URL);
	struct fsv_str url;

	if (fsv_str_blank(op->publish.file_path)) {
		url = fsv_server_flow_url(op->server, m->table_name, m->name_space, op->arena);
		return url.n > 0 ? url.p : configured && *configured ? configured : NULL;
	}
	if (!fsv_url_decode(op->publish.file_path, true, op->arena, &url) || memchr(url.p, '\0', url.n) || url.n > URL_MAX) {
		(void)fsv_err_set(err, FSV_E_SYSTEM, "filePath is no URL that can be decoded");
		return NULL;
	}
	return fsv_arena_cstr(op->arena, url);
}

/* host:port, or "" for an URL without a path, as the reference takes it. */
static struct fsv_str resource_address(const char *url, struct fsv_arena *arena)
{
	const char *from = strstr(url, "//");
	const char *to = from ? strchr(from + 2, '/') : NULL;

	return to ? fsv_arena_str(arena, fsv_str_n(from + 2, (size_t)(to - from) - 2)) : FSV_STR("");
}

/* [curl's thread] */
static void on_progress(void *arg, size_t bytes, size_t of)
{
	struct fsv_model_op *op = arg;
	int64_t now = fsv_now_ns();

	atomic_store_explicit(&op->bytes, bytes, memory_order_relaxed);
	atomic_store_explicit(&op->of, of, memory_order_relaxed);
	if (now - op->told_at < PROGRESS_LINE_S * FSV_S)
		return;
	op->told_at = now;
	fsv_log_info("model %.*s_%.*s: %zu of %zu KiB fetched from FATE-Flow (0 = not known)",
		     FSV_STR_ARG(op->publish.record.table_name), FSV_STR_ARG(op->publish.record.name_space), bytes >> 10,
		     of >> 10);
}

static void keep_answer(struct fsv_model_op *op, const struct fsv_http_answer *answer)
{
	op->got = answer->result;
	op->status = answer->status;
	op->answer = fsv_arena_str(op->arena, answer->result < 0 ? fsv_str(answer->text) : answer->body);
}

/* [curl's thread] */
static void on_answer(void *arg, const struct fsv_http_answer *answer)
{
	keep_answer(arg, answer);
	fsv_model_op_submit(arg, run);
}

static struct fsv_str transfer_body(struct fsv_model_op *op)
{
	struct fsv_buf body;
	struct fsv_jsonw w;

	fsv_buf_init(&body, op->arena, 0);
	fsv_jsonw_init(&w, &body);
	fsv_jsonw_begin(&w, '{');
	fsv_jsonw_kv_str(&w, "name", op->publish.record.table_name);
	fsv_jsonw_kv_str(&w, "namespace", op->publish.record.name_space);
	fsv_jsonw_end(&w, '}');
	return fsv_buf_str(&body);
}

/* 0, or -EAGAIN. done gets the op. */
static int post(struct fsv_model_op *op, fsv_http_done *done)
{
	const struct fsv_http_post_opt opt = {
		.url = op->url, .body = transfer_body(op), .deadline = op->deadline, .max_answer = max_bytes(op),
		.connect_timeout_ms = fsv_conf_int(op->view->conf, FSV_SK_TRAN_CONNECT_TIMEOUT),
		.idle_timeout_ms = fsv_conf_int(op->view->conf, FSV_SK_TRAN_SOCKET_TIMEOUT),
		.accept_self_signed = true, .progress = on_progress,
	};

	op->told_at = fsv_now_ns();
	return fsv_http_post(op->server->models_work->client, &opt, done, op);
}

static void download(struct fsv_model_op *op)
{
	if (post(op, on_answer) == 0)
		return;
	(void)fsv_model_op_set(op, FSV_E_OVERLOAD, "request was block by over load, service name: modelService");
	fsv_model_op_end(op);
}

/* Without a call -------------------------------------------------------------------------------------------- */

/* [curl's thread] */
static void on_awaited(void *arg, const struct fsv_http_answer *answer)
{
	struct fsv_model_op *op = arg;
	struct fsv_models_work *work = op->server->models_work;

	keep_answer(op, answer);
	pthread_mutex_lock(&work->lock);
	op->counted = false;
	pthread_cond_signal(&work->awaited);
	pthread_mutex_unlock(&work->lock);
}

static void await_download(struct fsv_model_op *op)
{
	struct fsv_models_work *work = op->server->models_work;

	op->counted = true;
	if (post(op, on_awaited) < 0) {
		op->got = -EAGAIN;
		op->answer = FSV_STR("too many downloads are under way");
		return;
	}
	pthread_mutex_lock(&work->lock);
	while (op->counted)
		pthread_cond_wait(&work->awaited, &work->lock);
	pthread_mutex_unlock(&work->lock);
}

void fsv_model_load_now(struct fsv_model_op *op, bool ask_flow)
{
	struct fsv_err err = FSV_ERR_INIT;

	if (op->publish.load_type == FSV_LOAD_FATEFLOW)
		op->url = choose_url(op, &err);
	if (op->url && op->publish.flow_named)
		op->publish.record.resource_address = resource_address(op->url, op->arena);
	if (op->url && ask_flow) {
		await_download(op);
	} else if (op->url) {
		op->got = -ETIMEDOUT;
		op->answer = FSV_STR("FATE-Flow did not answer before");
	}
	run(op);
}

/* publishLoad ------------------------------------------------------------------------------------------------- */

void fsv_model_load_begin(struct fsv_model_op *op)
{
	struct fsv_err err = FSV_ERR_INIT;
	int r = fsv_publish_load((const Fsv__PublishRequest *)op->request, op->arena, &op->publish, &err);

	if (r == 0 && op->publish.load_type == FSV_LOAD_FATEFLOW) {
		op->url = choose_url(op, &err);
		r = err.code;
	}
	if (r < 0)
		(void)fsv_model_op_set(op, r, err.text);
	if (r < 0 || !fsv_model_op_count(op)) {
		fsv_model_op_end(op);
		return;
	}
	if (op->url && op->publish.flow_named)
		op->publish.record.resource_address = resource_address(op->url, op->arena);
	if (op->url)
		download(op);
	else
		fsv_model_op_submit(op, run);
}
