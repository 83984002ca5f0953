/* SPDX-License-Identifier: Apache-2.0 */
#include "http-api.h"

#include "base/log.h"
#include "base/time.h"
#include "coerce.h"
#include "guest.h"
#include "http-fault.h"
#include "http-work.h"
#include "relay.h"
#include "request.h"
#include "server.h"
#include "svc/monitor.h"

/* Inference ------------------------------------------------------------------------------------------ */

struct http_guest {
	struct fsv_http_work work;
	struct fsv_guest *guest;
	struct fsv_http_req *req;
	const char *type;
	enum fsv_request_kind kind;
	struct fsv_guest_in in;
};

static void reply(void *arg, struct fsv_str envelope)
{
	struct http_guest *hg = arg;

	fsv_http_work_end(&hg->work);
	fsv_http_reply(hg->req, 200, hg->type, envelope, NULL, 0);
}

static void cancel(struct fsv_http_work *work)
{
	struct http_guest *hg = (struct http_guest *)work;

	fsv_guest_cancel(hg->guest);	/* it waits, or it would have ended */
}

/* [the worker] */
static void start(void *arg)
{
	struct http_guest *hg = arg;
	struct fsv_guest *guest;

	fsv_http_work_begin(&hg->work);
	hg->in.worker = fsv_http_work_worker(&hg->work);
	guest = fsv_guest_start(&hg->in, hg->kind);
	if (guest)
		hg->guest = guest;	/* else it has been answered, and hg is gone */
}

/* The case id of head must be a text, if there is one. */
static bool good_head(struct fsv_str head, struct fsv_arena *arena)
{
	struct fsv_str key;
	struct fsv_json j;
	bool good = true;

	fsv_json_init(&j, head, arena);
	fsv_json_value(&j);
	while (fsv_json_key(&j, &key)) {
		enum fsv_json_type type = fsv_json_skip(&j, NULL);

		if (fsv_str_is(key, "caseid"))
			good = type == FSV_JSON_STRING;
	}
	return good;
}

/* {"head":{…},"body":{…}} to one flat object without nulls; of equal names that of body counts. */
static bool flatten(struct fsv_str text, struct fsv_arena *arena, struct fsv_str *ret_body)
{
	struct fsv_str head = FSV_STR("{}"), body = FSV_STR("{}"), key;
	struct fsv_json j;
	struct fsv_buf out;
	struct fsv_err err;
	bool fits = true;

	fsv_json_init(&j, text, arena);
	if (fsv_json_value(&j) != FSV_JSON_OBJECT)
		return false;
	while (fits && fsv_json_key(&j, &key)) {
		if (fsv_str_is(key, "head"))
			fits = fsv_coerce_map(&j, &head) == FSV_MAP_OBJECT && good_head(head, arena);
		else if (fsv_str_is(key, "body"))
			fits = fsv_coerce_map(&j, &body) == FSV_MAP_OBJECT;
		else
			fsv_json_skip(&j, NULL);
	}
	if (!fits || fsv_json_failed(&j))
		return false;
	fsv_buf_init(&out, arena, 0);
	if (fsv_json_reencode(fsv_request_join(head, body, arena), true, arena, &out, &err) < 0)
		return false;
	*ret_body = fsv_buf_str(&out);
	return true;
}

static void infer(struct fsv_http_req *req, struct fsv_server *server, enum fsv_request_kind kind)
{
	struct fsv_arena *arena = fsv_http_arena(req);
	struct http_guest *hg = FSV_ARENA_NEW(arena, struct http_guest);
	struct fsv_str body;

	if (fsv_http_body(req).n == 0) {
		fsv_http_fault(req, 400, NULL);
		return;
	}
	if (!flatten(fsv_http_body(req), arena, &body)) {
		fsv_http_fault(req, 500, NULL);
		return;
	}
	*hg = (struct http_guest){
		.work = { .cancel = cancel }, .req = req, .type = fsv_http_text_type(req), .kind = kind,
		.in = {
			.server = server, .arena = arena, .deadline = FSV_NO_DEADLINE, .body = body,
			.case_id = fsv_http_header(req, "caseId"), .traceparent = fsv_http_header(req, "traceparent"),
			.hops = fsv_http_header(req, "fate-hops"), .bare = true, .reply = reply, .arg = hg,
		},
	};
	fsv_http_work_post(server->http_works, &hg->work, start, hg);
}

static void federation(struct fsv_http_req *req, struct fsv_server *server, struct fsv_str call)
{
	if (fsv_str_is(call, "inference"))
		infer(req, server, FSV_REQUEST_SINGLE);
	else if (fsv_str_is(call, "batchInference"))
		infer(req, server, FSV_REQUEST_BATCH);
	else
		fsv_http_reply(req, 200, fsv_http_text_type(req),
			       fsv_str(fsv_arena_printf(fsv_http_arena(req), "URI: {/federation/v1/%.*s} is Error!",
							FSV_STR_ARG(call))), NULL, 0);
}

/* Log levels ----------------------------------------------------------------------------------------- */

/* The switch has no password, so it is for this machine alone. */
static bool from_here(const struct fsv_http_req *req)
{
	struct fsv_str peer = fsv_http_peer(req);

	return fsv_str_starts(peer, FSV_STR("127.")) || fsv_str_is(peer, "::1") ||
	       fsv_str_starts(peer, FSV_STR("::ffff:127."));
}

static void set_level(struct fsv_http_req *req, struct fsv_str name, bool concerns_us)
{
	char *level_name = fsv_arena_cstr(fsv_http_arena(req), name);
	bool done = false;
	int level;

	if (!from_here(req)) {
		fsv_log_limited(FSV_LOG_WARNING, NULL, "%.*s asked for another log level; only this machine may",
				FSV_STR_ARG(fsv_http_peer(req)));
	} else if (fsv_log_level_parse(level_name, &level)) {
		done = true;
		if (concerns_us) {
			fsv_log_set_level(level);
			fsv_log_notice("log level set to %s over HTTP", level_name);
		}
	}
	fsv_http_reply(req, 200, fsv_http_text_type(req), done ? FSV_STR("ok") : FSV_STR("failed"), NULL, 0);
}

/* What the reference would log under other packages does not exist here, and setting the level of a logger
 * that nobody uses succeeds there as well. */
static void package_level(struct fsv_http_req *req)
{
	struct fsv_str level = fsv_http_query(req, "level"), package = fsv_http_query(req, "pkgName");

	if (!level.p || !package.p)
		fsv_http_fault(req, 400, NULL);
	else
		set_level(req, level, package.n == 0 || fsv_str_starts(package, FSV_STR("com.webank.ai")));
}

/* Paths ---------------------------------------------------------------------------------------------- */

/* A trailing slash is accepted. */
static bool path_is(struct fsv_str path, const char *name)
{
	if (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return fsv_str_is(path, name);
}

/* The last segment of a path that begins so; false when it is empty or there is more. */
static bool path_tail(struct fsv_str path, const char *head, struct fsv_str *ret_tail)
{
	struct fsv_str tail;

	if (!fsv_str_starts(path, fsv_str(head)))
		return false;
	tail = fsv_str_sub(path, strlen(head), path.n);
	if (tail.n > 1 && tail.p[tail.n - 1] == '/')
		tail.n--;
	*ret_tail = tail;
	return tail.n > 0 && fsv_str_find(tail, '/', 0) == tail.n;
}

static const struct {
	const char *path;
	enum fsv_relay relay;
} relays[] = {
	{ "/server/service/weight/update", FSV_RELAY_WEIGHT },
	{ "/server/model/unbind", FSV_RELAY_UNBIND },
	{ "/server/model/transfer", FSV_RELAY_TRANSFER },
};

/* True when the handler may go on; else it has been answered. */
static bool method_ok(struct fsv_http_req *req, bool get, bool post)
{
	const char *allow = get && post ? "POST,GET,HEAD" : get ? "GET,HEAD" : "POST";
	struct fsv_str method = fsv_http_method(req);

	if ((post && fsv_str_is(method, "POST")) ||
	    (get && (fsv_str_is(method, "GET") || fsv_str_is(method, "HEAD"))))
		return true;
	if (fsv_str_is(method, "OPTIONS")) {
		const struct fsv_http_header_out header = {
			"Allow", fsv_arena_printf(fsv_http_arena(req), "%s,OPTIONS", allow),
		};

		fsv_http_reply(req, 200, NULL, FSV_STR_NULL, &header, 1);
		return false;
	}
	fsv_http_fault(req, 405, get && !post ? "GET" : allow);
	return false;
}

void fsv_http_api(struct fsv_http_req *req, void *user)
{
	struct fsv_str path = fsv_http_path(req), tail;
	struct fsv_server *server = user;

	if (fsv_monitor_http(server->monitor, req))
		return;
	for (unsigned i = 0; i < sizeof(relays) / sizeof(relays[0]); i++) {
		if (!path_is(path, relays[i].path))
			continue;
		if (method_ok(req, false, true))
			fsv_relay(req, server, relays[i].relay);
		return;
	}
	if (path_tail(path, "/federation/v1/", &tail)) {
		if (method_ok(req, true, true))
			federation(req, server, tail);
	} else if (path_tail(path, "/server/alterSysLogLevel/", &tail)) {
		if (method_ok(req, true, false))
			set_level(req, tail, true);
	} else if (path_is(path, "/server/alterPkgLogLevel")) {
		if (method_ok(req, true, false))
			package_level(req);
	} else {
		fsv_http_fault(req, 404, NULL);
	}
}
