/* SPDX-License-Identifier: Apache-2.0 */
#include "http-front.h"

#include "base/log.h"
#include "codec/url.h"
#include "federation.h"
#include "http-types.h"
#include "proxy.h"
#include "svc/monitor.h"
#include "unary.h"

enum { SEGMENTS_MAX = 5 };

struct front {
	struct fsv_proxy *proxy;
	struct fsv_http_req *req;
	struct fsv_str method, path;
	struct fsv_str seg[SEGMENTS_MAX];	/* decoded */
	unsigned n_seg;
	const char *type;			/* of a text answer */
};

/* Fixed answers ----------------------------------------------------------------------------------- */

/* {"code":…,"message":…}: faults of the HTTP layer itself. */
static void fault(struct front *f)
{
	fsv_http_reply(f->req, 200, FSV_TYPE_JSON, FSV_STR("{\"code\":110,\"message\":\"SYSTEM_ERROR\"}"), NULL, 0);
}

static void text(struct front *f, const char *body)
{
	fsv_http_reply(f->req, 200, f->type, fsv_str(body), NULL, 0);
}

static void options(struct front *f, const char *allow)
{
	const struct fsv_http_header_out header = { "Allow", allow };

	fsv_http_reply(f->req, 200, NULL, FSV_STR_NULL, &header, 1);
}

static void bad_request(struct front *f)
{
	const struct fsv_http_header_out close = { "Connection", "close" };

	fsv_http_reply(f->req, 400, "text/html;charset=utf-8",
		       FSV_STR("<!doctype html><html lang=\"en\"><head><title>HTTP Status 400 – Bad Request</title></head>"
			       "<body><h1>HTTP Status 400 – Bad Request</h1></body></html>"), &close, 1);
}

static void not_found(struct front *f)
{
	static const struct fsv_http_header_out vary[] = {
		{ "Vary", "Origin" },
		{ "Vary", "Access-Control-Request-Method" },
		{ "Vary", "Access-Control-Request-Headers" },
	};

	switch (fsv_accept_error(fsv_http_header(f->req, "Accept"))) {
	case FSV_ACCEPT_JSON:
		fsv_http_reply(f->req, 404, FSV_TYPE_JSON, fsv_http_error_json(fsv_http_arena(f->req), 404, "Not Found", f->path),
			       vary, 3);
		return;
	case FSV_ACCEPT_HTML:
		fsv_http_reply(f->req, 404, "text/html;charset=UTF-8",
			       FSV_STR("<html><body><h1>Not Found</h1><p>There was an unexpected error (type=Not Found, "
				       "status=404).</p></body></html>"), vary, 3);
		return;
	case FSV_ACCEPT_NOTHING:
		fsv_http_reply(f->req, 404, NULL, FSV_STR_NULL, vary, 3);
		return;
	}
}

/* Requests ---------------------------------------------------------------------------------------- */

static bool method_is(const struct front *f, const char *name)
{
	return fsv_str_is(f->method, name);
}

/* What /unary and /federation have in common. True when there is a body to work on. */
static bool take_body(struct front *f, enum fsv_body_type *ret_type, struct fsv_str *ret_body)
{
	struct fsv_str body = fsv_http_body(f->req);

	if (method_is(f, "OPTIONS")) {
		options(f, "POST,GET,HEAD,OPTIONS");
		return false;
	}
	if (body.n == 0 || !(method_is(f, "POST") || method_is(f, "GET") || method_is(f, "HEAD"))) {
		fault(f);
		return false;
	}
	*ret_type = fsv_body_text(fsv_http_header(f->req, "Content-Type"), body, fsv_http_arena(f->req), ret_body);
	if (*ret_type == FSV_BODY_BAD) {
		fault(f);
		return false;
	}
	return true;
}

static void federation(struct front *f)
{
	enum fsv_body_type type;
	struct fsv_str body;

	if (!take_body(f, &type, &body))
		return;
	if (type == FSV_BODY_FORM || !fsv_federation_http(f->proxy, f->req, f->seg[2], body, f->type))
		fault(f);
}

static void unary(struct front *f)
{
	enum fsv_body_type type;
	struct fsv_str body;

	if (take_body(f, &type, &body))
		fsv_unary_http(f->proxy, f->req, body, type == FSV_BODY_FORM, f->type);
}

/* Log levels --------------------------------------------------------------------------------------- */

/* The switch has no password, so it is for this machine alone. */
static bool from_here(const struct fsv_http_req *req)
{
	struct fsv_str peer = fsv_http_peer(req);

	return fsv_str_starts(peer, FSV_STR("127.")) || fsv_str_is(peer, "::1") ||
	       fsv_str_starts(peer, FSV_STR("::ffff:127."));
}

static void set_level(struct front *f, struct fsv_str name, bool concerns_us)
{
	char *level_name = fsv_arena_cstr(fsv_http_arena(f->req), name);
	int level;

	if (!fsv_log_level_parse(level_name, &level)) {
		text(f, "failed");
		return;
	}
	if (!from_here(f->req)) {
		fsv_log_limited(FSV_LOG_WARNING, NULL, "%.*s asked for another log level; only this machine may",
				FSV_STR_ARG(fsv_http_peer(f->req)));
		text(f, "failed");
		return;
	}
	if (concerns_us) {
		fsv_log_set_level(level);
		fsv_log_notice("log level set to %s over HTTP", level_name);
	}
	text(f, "ok");
}

static bool is_get(struct front *f)
{
	if (method_is(f, "GET") || method_is(f, "HEAD"))
		return true;
	if (method_is(f, "OPTIONS"))
		options(f, "GET,HEAD,OPTIONS");
	else
		fault(f);
	return false;
}

static void system_level(struct front *f)
{
	if (is_get(f))
		set_level(f, f->seg[2], true);
}

/* Levels per package: what the reference would log under other packages does not exist here, and setting
 * the level of a logger that nobody uses succeeds there as well. */
static void package_level(struct front *f)
{
	struct fsv_str level = fsv_http_query(f->req, "level"), package = fsv_http_query(f->req, "pkgName");

	if (!is_get(f))
		return;
	if (!level.p || !package.p) {
		fault(f);
		return;
	}
	set_level(f, level, package.n == 0 || fsv_str_starts(package, FSV_STR("com.webank.ai")));
}

/* Paths -------------------------------------------------------------------------------------------- */

static bool path_chars_ok(struct fsv_str path)
{
	for (size_t i = 0; i < path.n; i++) {
		unsigned char ch = (unsigned char)path.p[i];

		if (ch <= 0x20 || ch >= 0x7f || memchr("\"#<>[\\]^`{|}", ch, 12))
			return false;
	}
	return true;
}

/* One segment: without ";parameters", percent-decoded. A slash in it would change the path's meaning. */
static bool decode_segment(struct front *f, struct fsv_str raw, struct fsv_str *ret_segment)
{
	raw = fsv_str_sub(raw, 0, fsv_str_find(raw, ';', 0));
	if (fsv_str_find(raw, '%', 0) == raw.n) {
		*ret_segment = raw;
		return true;
	}
	return fsv_url_decode(raw, false, fsv_http_arena(f->req), ret_segment) &&
	       fsv_str_find(*ret_segment, '/', 0) == ret_segment->n && !memchr(ret_segment->p, '\0', ret_segment->n);
}

/* "/a/b/" is a, b: one trailing slash is no segment. False: answered 400. More segments than any path of
 * ours are counted but not kept. */
static bool split(struct front *f)
{
	struct fsv_str path = f->path, segment;

	if (path.n == 0 || path.p[0] != '/' || !path_chars_ok(path))
		return false;
	for (size_t from = 1; from < path.n;) {
		size_t end = fsv_str_find(path, '/', from);

		if (!decode_segment(f, fsv_str_sub(path, from, end), &segment))
			return false;
		if (f->n_seg < SEGMENTS_MAX)
			f->seg[f->n_seg] = segment;
		f->n_seg++;
		from = end + 1;
	}
	return true;
}

static bool path_is(const struct front *f, unsigned n_seg, const char *first, const char *second)
{
	return f->n_seg == n_seg && fsv_str_is(f->seg[0], first) && (!second || fsv_str_is(f->seg[1], second));
}

static void dispatch(struct front *f)
{
	void (*handler)(struct front *f) = NULL;

	if (path_is(f, 3, "federation", NULL) && f->seg[1].n > 0 && f->seg[2].n > 0)
		handler = federation;
	else if (path_is(f, 1, "unary", NULL))
		handler = unary;
	else if (path_is(f, 3, "proxy", "alterSysLogLevel") && f->seg[2].n > 0)
		handler = system_level;
	else if (path_is(f, 2, "proxy", "alterPkgLogLevel"))
		handler = package_level;
	if (handler) {
		f->type = fsv_accept_text(fsv_http_header(f->req, "Accept"), fsv_http_arena(f->req));
		if (f->type)
			handler(f);
		else
			fsv_http_reply(f->req, 406, NULL, FSV_STR_NULL, NULL, 0);
	} else if (path_is(f, 1, "error", NULL)) {
		fsv_http_reply(f->req, 500, FSV_TYPE_JSON,
			       fsv_http_error_json(fsv_http_arena(f->req), 999, "None", FSV_STR_NULL), NULL, 0);
	} else {
		not_found(f);
	}
}

/* "http://host/path", as a client sends it to what it takes for a web proxy. */
static struct fsv_str without_authority(struct fsv_str path)
{
	struct fsv_str http = FSV_STR("http://");

	return fsv_str_starts(path, http) ? fsv_str_sub(path, fsv_str_find(path, '/', http.n), path.n) : path;
}

void fsv_http_front(struct fsv_http_req *req, void *user)
{
	struct front f = {
		.proxy = user, .req = req, .method = fsv_http_method(req),
		.path = without_authority(fsv_http_path(req)),
	};

	if (fsv_monitor_http(f.proxy->monitor, req))
		return;
	if (method_is(&f, "TRACE")) {
		const struct fsv_http_header_out allow = { "Allow", "HEAD, DELETE, POST, GET, OPTIONS, PUT" };

		fsv_http_reply(req, 405, "message/http", FSV_STR_NULL, &allow, 1);
	} else if (method_is(&f, "OPTIONS") && fsv_str_is(f.path, "*")) {
		const struct fsv_http_header_out allow = { "Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS" };

		fsv_http_reply(req, 200, NULL, FSV_STR_NULL, &allow, 1);
	} else if (!split(&f)) {
		bad_request(&f);
	} else {
		dispatch(&f);
	}
}
