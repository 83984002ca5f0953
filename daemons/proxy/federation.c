/* SPDX-License-Identifier: Apache-2.0 */
#include "federation.h"

#include "base/log.h"
#include "base/time.h"
#include "call/counts.h"
#include "call/message.h"
#include "call/services.h"
#include "call/spans.h"
#include "call/trace.h"
#include "codec/json.h"
#include "registry/view.h"

static const struct call_kind {
	const char *name;
	const char *method;
	bool batch;
	struct fsv_interface interface;
} kinds[] = {
	{ "inference", FSV_INFERENCE_SERVICE "inference", false, { "I_inference", "inference" } },
	{ "batchInference", FSV_INFERENCE_SERVICE "batchInference", true, { "I_batchInference", "batchInference" } },
};

struct federation {
	struct fsv_proxy *proxy;
	struct fsv_proxy_view *view;	/* NULL when it was not admitted */
	struct fsv_http_req *req;
	const char *content_type;
	const struct call_kind *kind;
	struct fsv_federation body;
	struct fsv_hop hop;
	const char *target;		/* of hop, for the log */
	bool again;			/* it has been sent elsewhere before */
	bool delivered;			/* the answer is the node's */
	struct fsv_rpc_worker *worker;
	struct fsv_str key;		/* in the registry */
	struct fsv_str message;
	int64_t deadline;
	struct fsv_trace trace;
	int64_t began;
};

/* Answers ---------------------------------------------------------------------------------------- */

static void reply(struct federation *f, int code, struct fsv_str body)
{
	fsv_count_request("http", f->kind->name, code, f->began);
	if (f->trace.sampled)
		fsv_spans_put(f->proxy->spans, &(struct fsv_span){
			.trace = &f->trace, .hop = "http", .name = f->kind->name, .began = f->began, .retcode = code,
			.service_id = f->body.service_id,
		});
	if (f->view)
		fsv_proxy_leave(f->proxy, f->view, &f->kind->interface, f->delivered);
	fsv_http_reply(f->req, 200, f->content_type, body, NULL, 0);
}

/* Where the request came from, for the log: proxies in front name the client in a header. */
static struct fsv_str source(const struct fsv_http_req *req)
{
	static const char *const headers[] = { "x-forwarded-for", "Proxy-Client-IP", "WL-Proxy-Client-IP" };

	for (unsigned i = 0; i < 3; i++) {
		struct fsv_str value = fsv_http_header(req, headers[i]);

		if (value.n > 0 && !fsv_str_caseeq(value, FSV_STR("unknown")))
			return fsv_str_sub(value, 0, value.n > 15 ? fsv_str_find(value, ',', 0) : value.n);
	}
	return fsv_http_peer(req);
}

/* why: more than the client is told; may be NULL. */
static void fail(struct federation *f, int code, const char *text, const char *why)
{
	struct fsv_arena *arena = fsv_http_arena(f->req);
	const struct fsv_log_tags tags = {
		.case_id = f->trace.case_id.p,
		.service_id = f->body.service_id.n > 0 ? fsv_arena_cstr(arena, f->body.service_id) : NULL,
	};
	struct fsv_jsonw w;
	struct fsv_buf json;

	fsv_log_limited(FSV_LOG_INFO, &tags, "%s from %.*s failed with %d: %s%s%s", f->kind->name,
			FSV_STR_ARG(fsv_str_sub(source(f->req), 0, 64)), fsv_err_fate(code), text, why ? ": " : "",
			why ? why : "");
	fsv_buf_init(&json, arena, 0);
	fsv_jsonw_init(&w, &json);
	fsv_jsonw_begin(&w, '{');
	fsv_jsonw_kv_str(&w, "retmsg", fsv_str(text));
	fsv_jsonw_kv_int(&w, "retcode", fsv_err_fate(code));
	fsv_jsonw_end(&w, '}');
	reply(f, fsv_err_fate(code), fsv_buf_str(&json));
}

static void log_done(const struct federation *f)
{
	struct fsv_log_tags tags = { .case_id = f->trace.case_id.p };

	if (!fsv_log_on(FSV_LOG_DEBUG))
		return;
	if (f->body.service_id.n > 0)
		tags.service_id = fsv_arena_cstr(fsv_http_arena(f->req), f->body.service_id);
	fsv_log(FSV_LOG_DEBUG, &tags, "case %s: %s over %s took %lld us", tags.case_id, f->kind->name, f->target,
		(long long)((fsv_now_ns() - f->began) / 1000));
}

/* Sending ---------------------------------------------------------------------------------------- */

/* Where the own serving nodes are: those of the service id in the registry, else the entry of our own party. */
static int route(struct federation *f, const struct fsv_hop *failed, struct fsv_err *err)
{
	const struct fsv_proxy_view *view = f->view;
	struct fsv_route_query query = {
		.src = { fsv_str(view->coordinator), FSV_STR("proxy") },
		.dst = { fsv_str(view->coordinator), fsv_str(view->service_name) },
		.dst_name = FSV_STR("partnerPartyName"),
	};
	int r = fsv_proxy_route(f->proxy, view, f->key, &query, f->trace.case_id, failed, &f->hop, err);

	if (r == 0 && !f->hop.channel)
		return fsv_err_set(err, FSV_E_NET, "the own serving node stands in the route table with a url; "
				   "it needs ip and port");
	if (r == 0)
		f->target = f->hop.node ? fsv_arena_cstr(fsv_http_arena(f->req), fsv_str(f->hop.target)) : f->hop.target;
	return r;
}

static void on_answer(void *arg, int status, struct fsv_rpc_msg *msg, const char *text);

/* The answer may come on the worker, and f be gone, before this returns. */
static void send_message(struct federation *f)
{
	const struct fsv_rpc_meta meta[] = { { "traceparent", f->trace.traceparent }, { "caseid", f->trace.case_id } };
	bool told = !f->body.has_caseid;	/* ours is in the message */

	(void)fsv_rpc_send(f->worker, &(struct fsv_rpc_request_opt){
		.channel = f->hop.channel, .method = f->kind->method, .body = f->message, .deadline = f->deadline,
		.meta = meta, .n_meta = told ? 1 : 2, .hops = f->trace.hops + 1,
		.elsewhere = f->hop.others && !f->again,
	}, on_answer, f);
}

/* A request that never left may go to another node; one that may have arrived is not sent twice. */
static bool send_again(struct federation *f, const struct fsv_hop *failed)
{
	struct fsv_err err;

	if (f->again || !failed->node || route(f, failed, &err) < 0)
		return false;
	f->again = true;
	send_message(f);
	return true;
}

static void on_answer(void *arg, int status, struct fsv_rpc_msg *msg, const char *text)
{
	static const char failed[] = "remote rpc exception";
	struct federation *f = arg;
	struct fsv_arena *arena = fsv_http_arena(f->req);
	struct fsv_err err;
	struct fsv_hop hop = f->hop;
	struct fsv_str answer;
	struct fsv_buf out;
	bool sent_again;
	int code;

	sent_again = fsv_rpc_never_sent() && send_again(f, &hop);
	fsv_hop_done(&hop, status);
	if (sent_again)
		return;
	if (status != FSV_RPC_OK) {
		fail(f, FSV_E_NET, failed, fsv_arena_printf(arena, "%s: %s %s", f->target,
							    fsv_rpc_status_name(status), text));
		return;
	}
	if (fsv_inference_decode(fsv_rpc_msg_body(msg), arena, &answer, &err) < 0) {
		fail(f, FSV_E_NET, failed, fsv_arena_printf(arena, "%s: %s", f->target, err.text));
		return;
	}
	fsv_buf_init(&out, arena, 0);
	code = fsv_federation_answer(answer, arena, &out);
	log_done(f);
	f->delivered = true;
	reply(f, code, fsv_buf_str(&out));
}

/* The way in ------------------------------------------------------------------------------------- */

static int send(struct federation *f, struct fsv_err *err)
{
	struct fsv_arena *arena = fsv_http_arena(f->req);
	struct fsv_buf json;
	int r;

	if (f->trace.hops >= FSV_HOPS_MAX)
		return fsv_err_set(err, FSV_E_PROXY_ROUTER, "the request has passed %u proxies already; they lead in a circle",
				   f->trace.hops);
	if (f->proxy->registry && f->body.service_id.n > 0)
		f->key = fsv_view_key(arena, "serving", f->body.service_id, f->kind->name);
	fsv_buf_init(&json, arena, 0);
	r = fsv_federation_write(&f->body, f->trace.case_id, arena, &json, err);
	if (r == 0)
		r = route(f, NULL, err);
	if (r < 0)
		return r;
	f->worker = fsv_rpc_pick(f->proxy->rpc);
	f->message = fsv_inference_encode(fsv_buf_str(&json), arena);
	f->deadline = fsv_deadline_in_ms(f->kind->batch ? f->view->batch_ms : f->view->inference_ms);
	send_message(f);
	return 0;
}

static const struct call_kind *kind_of(struct fsv_str call_name)
{
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (fsv_str_is(call_name, kinds[i].name))
			return &kinds[i];
	return NULL;
}

static void start(struct federation *f)
{
	struct fsv_str case_id = fsv_http_header(f->req, "caseId");
	struct fsv_err err;
	int r;

	f->trace = fsv_trace_start(fsv_http_arena(f->req), case_id.n > 0 ? case_id : f->body.case_id,
				   fsv_http_header(f->req, "traceparent"), fsv_http_header(f->req, "fate-hops"));
	r = fsv_proxy_enter(f->proxy, &f->kind->interface, false, &f->view, &err);
	if (r == 0 && f->body.body_null) {	/* the reference has no words for it */
		fail(f, FSV_E_SYSTEM, "", "the member body is null");
		return;
	}
	if (r == 0)
		r = send(f, &err);
	if (r == FSV_E_NET)	/* said in the log; the client gets the reference's words */
		fail(f, r, "remote rpc exception", err.text);
	else if (r < 0)
		fail(f, r, err.text, NULL);
}

bool fsv_federation_http(struct fsv_proxy *proxy, struct fsv_http_req *req, struct fsv_str call_name,
			 struct fsv_str body, const char *content_type)
{
	struct federation *f = FSV_ARENA_NEW(fsv_http_arena(req), struct federation);
	struct fsv_err err;

	f->proxy = proxy;
	f->req = req;
	f->content_type = content_type;
	f->began = fsv_now_ns();
	f->kind = kind_of(call_name);
	if (fsv_federation_read(body, fsv_http_arena(req), &f->body, &err) < 0) {
		fsv_log_debug("a request over /federation was refused: %s", err.text);
		return false;
	}
	if (f->kind) {
		start(f);
	} else {
		fsv_count_request("http", "unknown", fsv_err_fate(FSV_E_SERVICE_NOT_FOUND), f->began);
		fsv_http_reply(req, 200, content_type,
			       FSV_STR("{\"retcode\":122,\"retmsg\":\"SERVICE_NOT_FOUND\",\"data\":{},\"flag\":0}"), NULL, 0);
	}
	return true;
}
