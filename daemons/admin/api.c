/* SPDX-License-Identifier: Apache-2.0 */
#include "api.h"

#include "base/time.h"
#include "front.h"
#include "visit.h"

#define READ	(FSV_EP_POST)		/* reads, and is a POST all the same */
#define CHANGE	(FSV_EP_POST | FSV_EP_OPERATOR | FSV_EP_AUDIT)
#define LEVEL	(FSV_EP_OPERATOR | FSV_EP_AUDIT | FSV_EP_TEXT | FSV_EP_NO_BODY)

static const struct fsv_endpoint endpoints[] = {
	{ "/api/admin/login", FSV_EP_POST | FSV_EP_OPEN | FSV_EP_AUDIT, "admin/login", fsv_login },
	{ "/api/admin/logout", FSV_EP_POST | FSV_EP_NO_BODY | FSV_EP_AUDIT, "admin/logout", fsv_logout },
	{ "/api/session", FSV_EP_POLL, "session", fsv_session_show },
	{ "/api/session", READ | FSV_EP_NO_BODY, "session", fsv_session_show },
	{ "/api/component/list", FSV_EP_POLL, "component/list", fsv_component_list },
	{ "/api/component/listProps", 0, "component/listProps", fsv_component_props },
	{ "/api/component/updateConfig", CHANGE, "component/updateConfig", fsv_component_config },
	{ "/api/model/query", 0, "model/query", fsv_model_query },
	{ "/api/model/transfer", CHANGE, "model/transfer", fsv_model_transfer },
	{ "/api/model/unload", CHANGE, "model/unload", fsv_model_unload },
	{ "/api/model/unbind", CHANGE, "model/unbind", fsv_model_unbind },
	{ "/api/monitor/queryJvm", FSV_EP_POLL, "monitor/queryJvm", fsv_monitor_jvm },
	{ "/api/monitor/query", FSV_EP_POLL, "monitor/query", fsv_monitor_query },
	{ "/api/monitor/queryModel", FSV_EP_POLL, "monitor/queryModel", fsv_monitor_model },
	{ "/api/monitor/checkHealth", FSV_EP_POLL, "monitor/checkHealth", fsv_health_last },
	{ "/api/monitor/selfCheck", 0, "monitor/selfCheck", fsv_health_check },
	{ "/api/router/query", READ, "router/query", fsv_router_query },
	{ "/api/router/save", CHANGE, "router/save", fsv_router_save },
	{ "/api/service/list", 0, "service/list", fsv_service_list },
	{ "/api/service/update", CHANGE, "service/update", fsv_service_update },
	{ "/api/service/updateFlowRule", CHANGE, "service/updateFlowRule", fsv_service_flow },
	{ "/api/service/deleteFlowRule", CHANGE, "service/deleteFlowRule", fsv_service_flow_delete },
	{ "/api/validate", READ | FSV_EP_OPERATOR | FSV_EP_TAIL, "validate", fsv_validate },
	{ "/api/cluster/overview", FSV_EP_POLL, "cluster/overview", fsv_overview },
	{ "/api/cluster/models", FSV_EP_POLL, "cluster/models", fsv_all_models },
	{ "/api/audit", FSV_EP_OPERATOR | FSV_EP_POLL, "audit", fsv_audit_query },
	{ "/admin/alterSysLogLevel", LEVEL | FSV_EP_TAIL, "admin/alterSysLogLevel", fsv_level_system },
	{ "/admin/alterPkgLogLevel", LEVEL, "admin/alterPkgLogLevel", fsv_level_package },
	{ "/api/admin/alterSysLogLevel", LEVEL | FSV_EP_POST | FSV_EP_TAIL, "admin/alterSysLogLevel", fsv_level_system },
	{ "/admin/alterSysLogLevel", LEVEL | FSV_EP_POST | FSV_EP_TAIL, "admin/alterSysLogLevel", fsv_level_system },
};

enum { N_ENDPOINTS = sizeof(endpoints) / sizeof(endpoints[0]) };

static bool path_is(const struct fsv_endpoint *e, struct fsv_str path, struct fsv_str *ret_tail)
{
	struct fsv_str base = fsv_str(e->path);

	if (!(e->flags & FSV_EP_TAIL))
		return fsv_str_eq(path, base);
	if (!fsv_str_starts(path, base) || path.n < base.n + 2 || path.p[base.n] != '/')
		return false;
	*ret_tail = fsv_str_sub(path, base.n + 1, path.n);
	return fsv_str_find(*ret_tail, '/', 0) == ret_tail->n;
}

static bool method_is(const struct fsv_endpoint *e, struct fsv_str method)
{
	if (e->flags & FSV_EP_POST)
		return fsv_str_is(method, "POST");
	return fsv_str_is(method, "GET") || fsv_str_is(method, "HEAD");
}

/* Its endpoint, or, for another method, whichever has the path; allow: methods of the path. */
static bool find(struct fsv_visit *v, struct fsv_str path, const char **ret_allow)
{
	struct fsv_str method = fsv_http_method(v->req);
	bool get = false, post = false, found = false;

	for (unsigned i = 0; i < N_ENDPOINTS; i++) {
		const struct fsv_endpoint *e = &endpoints[i];

		if (!path_is(e, path, &v->tail))
			continue;
		get = get || !(e->flags & FSV_EP_POST);
		post = post || (e->flags & FSV_EP_POST);
		if (!found)
			v->endpoint = e;
		found = found || method_is(e, method);
	}
	*ret_allow = get && post ? "GET,HEAD,POST,OPTIONS" : get ? "GET,HEAD,OPTIONS" : "POST,OPTIONS";
	return found;
}

/* The session ------------------------------------------------------------------------------------------------ */

/* A cookie is sent by every page that the browser shows, so it counts only beside a header line that no other site's
 * page can send. */
static struct fsv_str token_of(const struct fsv_http_req *req)
{
	struct fsv_str token = fsv_str_trim(fsv_http_header(req, "sessionToken"));

	if (token.n == 0 && fsv_str_is(fsv_http_header(req, "X-FSV-Console"), "1"))
		token = fsv_field_cookie(fsv_http_header(req, "Cookie"), "sessionToken");
	return token;
}

static bool is_poll(const struct fsv_visit *v)
{
	return (v->endpoint && (v->endpoint->flags & FSV_EP_POLL)) || fsv_str_is(fsv_http_header(v->req, "X-FSV-Poll"), "1");
}

/* False when the visit has been answered. */
static bool enter(struct fsv_visit *v)
{
	const struct fsv_session *session;

	v->token = token_of(v->req);
	if (v->token.n == 0) {
		if (v->endpoint)
			fsv_visit_bad_parameter(v, NULL);
		else
			fsv_front_fault(v->req, 500, "Internal Server Error");
		return false;
	}
	session = fsv_session_find(v->admin->w.sessions, v->token, !is_poll(v), v->began);
	if (!session) {
		fsv_visit_reply(v, FSV_NO_SESSION, "session token unavailable", FSV_STR_NULL);
		return false;
	}
	v->session = *session;
	return true;
}

/* The request -------------------------------------------------------------------------------------------------- */

static bool is_json(struct fsv_str type)
{
	return fsv_str_caseeq(fsv_str_trim(fsv_str_sub(type, 0, fsv_str_find(type, ';', 0))), FSV_STR("application/json"));
}

static bool read_body(struct fsv_visit *v)
{
	struct fsv_json_node *root;
	struct fsv_err err;

	if (!(v->endpoint->flags & FSV_EP_POST) || (v->endpoint->flags & FSV_EP_NO_BODY))
		return true;
	if (is_json(fsv_http_header(v->req, "Content-Type")) &&
	    fsv_json_parse(fsv_http_body(v->req), v->arena, false, &root, &err) == 0 && root->type == FSV_JSON_OBJECT) {
		v->body = root;
		return true;
	}
	fsv_visit_system_error(v, NULL);
	return false;
}

static bool may(struct fsv_visit *v)
{
	/* Strangers' requests are no affair of the audit's; a login sees to itself. */
	v->audited = (v->endpoint->flags & FSV_EP_AUDIT) && !(v->endpoint->flags & FSV_EP_OPEN);
	if ((v->endpoint->flags & FSV_EP_OPERATOR) && v->session.role != FSV_ROLE_OPERATOR) {
		fsv_visit_reply(v, 120, fsv_arena_printf(v->arena, "user %s is a viewer; this needs an operator", v->session.user),
				FSV_STR_NULL);
		return false;
	}
	if ((v->endpoint->flags & FSV_EP_AUDIT) && !fsv_audit_ready(v->admin->audit)) {
		fsv_visit_reply(v, 124, "the audit's file takes no more entries, so nothing may be changed; see the daemon's log",
				FSV_STR_NULL);
		return false;
	}
	return true;
}

/* [the worker] */
static void arrive(void *arg)
{
	struct fsv_visit *v = arg;
	bool open = v->endpoint && (v->endpoint->flags & FSV_EP_OPEN);

	/* The one path that needs no session, and only as it is written. */
	if (open && fsv_str_ends(fsv_http_path(v->req), FSV_STR("/")))
		open = false;
	if (!open && !enter(v))
		return;
	if (!v->endpoint)
		fsv_front_fault(v->req, 404, "Not Found");
	else if (!method_is(v->endpoint, fsv_http_method(v->req)))
		fsv_visit_system_error(v, NULL);
	else if (may(v) && read_body(v))
		v->endpoint->handler(v);
}

void fsv_api(struct fsv_admin *admin, struct fsv_http_req *req, struct fsv_str path)
{
	struct fsv_arena *arena = fsv_http_arena(req);
	struct fsv_visit *v = FSV_ARENA_NEW(arena, struct fsv_visit);
	const char *allow;
	bool known;

	*v = (struct fsv_visit){ .admin = admin, .req = req, .arena = arena, .began = fsv_now_ns() };
	known = find(v, path, &allow) || v->endpoint;
	if (fsv_str_is(fsv_http_method(req), "OPTIONS") && known) {
		const struct fsv_http_header_out header = { "Allow", allow };

		fsv_front_reply(req, 200, NULL, FSV_STR_NULL, &header, 1);
	} else {
		fsv_rpc_post(admin->w.asker.worker, arrive, v);
	}
}
