/* SPDX-License-Identifier: Apache-2.0 */
#include "visit.h"

#include "admin-conf.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "call/message.h"
#include "call/trace.h"
#include "front.h"
#include "lib/proto/relay.pb-c.h"

FSV_METRIC(calls, FSV_COUNTER, "fate_serving_admin_calls_total", "call,code", "Calls of the API, by call and return code.");
FSV_METRIC(seconds, FSV_LATENCY, "fate_serving_admin_call_seconds", "call", "How long they took, the nodes' time included.");

enum { PAGE_MAX = 1000 };

/* Answers -------------------------------------------------------------------------------------------------- */

static void count(struct fsv_visit *v, int retcode)
{
	const char *name = v->endpoint ? v->endpoint->name : "unknown";
	char code[24];

	fsv_metric_count(&calls, name, fsv_metric_number(retcode, code));
	fsv_metric_observe(&seconds, fsv_now_ns() - v->began, name);
}

static void audit(struct fsv_visit *v, int retcode, const char *retmsg)
{
	const struct fsv_audit_entry entry = {
		.user = fsv_str(v->session.user), .role = v->session.user[0] ? fsv_role_name(v->session.role) : "",
		.peer = fsv_http_peer(v->req), .action = v->endpoint->name, .target = v->target, .parameters = v->parameters,
		.retcode = retcode, .retmsg = fsv_str(retmsg), .case_id = v->case_id,
	};

	fsv_audit_add(v->admin->audit, &entry);
}

static void envelope(struct fsv_visit *v, int retcode, const char *retmsg, struct fsv_str data, struct fsv_buf *out)
{
	struct fsv_jsonw w;

	fsv_buf_init(out, v->arena, 0);
	fsv_jsonw_init(&w, out);
	fsv_jsonw_begin(&w, '{');
	fsv_jsonw_kv_int(&w, "retcode", retcode);
	fsv_jsonw_kv_str(&w, "retmsg", fsv_str(retmsg));
	fsv_jsonw_kv_str(&w, "caseid", v->case_id);
	fsv_jsonw_key(&w, FSV_STR("data"));
	fsv_jsonw_raw(&w, data.p ? data : FSV_STR("{}"));
	fsv_buf_puts(out, ",\"log\":{},\"warn\":{},\"flag\":0}");
}

void fsv_visit_reply_with(struct fsv_visit *v, int retcode, const char *retmsg, struct fsv_str data,
			  const struct fsv_http_header_out *headers, unsigned n_headers)
{
	/* Messages of nodes may be anything. */
	const char *text = retmsg && fsv_str_utf8(fsv_str(retmsg)) == strlen(retmsg) ? retmsg : "";
	struct fsv_buf out;

	if (v->audited)
		audit(v, retcode, text);
	count(v, retcode);
	envelope(v, retcode, text, data, &out);
	fsv_front_reply(v->req, 200, retcode == FSV_NO_SESSION ? NULL : "application/json", fsv_buf_str(&out), headers, n_headers);
}

void fsv_visit_reply(struct fsv_visit *v, int retcode, const char *retmsg, struct fsv_str data)
{
	fsv_visit_reply_with(v, retcode, retmsg, data, NULL, 0);
}

void fsv_visit_rows(struct fsv_visit *v, size_t total, struct fsv_buf *out, struct fsv_jsonw *w)
{
	fsv_buf_init(out, v->arena, 0);
	fsv_jsonw_init(w, out);
	fsv_jsonw_begin(w, '{');
	fsv_jsonw_kv_int(w, "total", (int64_t)total);
	fsv_jsonw_key(w, FSV_STR("rows"));
	fsv_jsonw_begin(w, '[');
}

void fsv_visit_reply_rows(struct fsv_visit *v, int retcode, const char *retmsg, struct fsv_jsonw *w)
{
	fsv_jsonw_end(w, ']');
	fsv_jsonw_end(w, '}');
	fsv_visit_reply(v, retcode, retmsg, fsv_buf_str(w->out));
}

static void fault(struct fsv_visit *v, int retcode, const char *words, const char *why)
{
	const char *text = why ? fsv_arena_printf(v->arena, "%s: %s", words, why) : words;

	if (retcode != 120)
		fsv_log_limited(FSV_LOG_INFO, NULL, "%s: %d %s", v->endpoint ? v->endpoint->name : "unknown call", retcode, text);
	fsv_visit_reply(v, retcode, text, FSV_STR_NULL);
}

void fsv_visit_bad_parameter(struct fsv_visit *v, const char *why)
{
	fault(v, 120, "request parameter error", why);
}

void fsv_visit_system_error(struct fsv_visit *v, const char *why)
{
	fault(v, 110, why ? "system error" : "system error, please check the log for detail", why);
}

void fsv_visit_remote_error(struct fsv_visit *v, const char *why)
{
	fault(v, 105, "remote rpc request exception", why);
}

void fsv_visit_text(struct fsv_visit *v, const char *text, int retcode)
{
	if (v->audited)
		audit(v, retcode, text);
	count(v, retcode);
	fsv_front_reply(v->req, 200, "text/plain;charset=UTF-8", fsv_str(text), NULL, 0);
}

/* Parameters ------------------------------------------------------------------------------------------------ */

struct fsv_str fsv_visit_str(struct fsv_visit *v, const char *name)
{
	if (!(v->endpoint->flags & FSV_EP_POST))
		return fsv_http_query(v->req, name);
	return fsv_field_text(fsv_json_get(v->body, name));
}

enum fsv_field fsv_visit_int(struct fsv_visit *v, const char *name, int64_t *ret_value)
{
	if (!(v->endpoint->flags & FSV_EP_POST))
		return fsv_field_int_text(fsv_http_query(v->req, name), ret_value);
	return fsv_field_int(fsv_json_get(v->body, name), ret_value);
}

struct fsv_str fsv_visit_json(struct fsv_visit *v, const char *name)
{
	struct fsv_str span = fsv_field_span(fsv_http_body(v->req), name, v->arena);
	struct fsv_buf out;
	struct fsv_err err;

	fsv_buf_init(&out, v->arena, 0);
	if (!span.p || fsv_json_reencode(span, false, v->arena, &out, &err) < 0)
		return FSV_STR_NULL;
	return fsv_buf_str(&out);
}

void fsv_visit_note(struct fsv_visit *v, const char *name, struct fsv_str value)
{
	struct fsv_buf out;

	fsv_buf_init(&out, v->arena, 0);
	if (v->parameters.n > 0)
		fsv_buf_add(&out, fsv_str_sub(v->parameters, 0, v->parameters.n - 1));
	fsv_buf_putc(&out, v->parameters.n > 0 ? ',' : '{');
	fsv_json_quote(&out, fsv_str(name));
	fsv_buf_putc(&out, ':');
	fsv_json_quote(&out, value);
	fsv_buf_putc(&out, '}');
	v->parameters = fsv_buf_str(&out);
}

/* Nodes ------------------------------------------------------------------------------------------------------ */

static bool right_kind(const struct fsv_dir_node *node, const char *component)
{
	if (component)
		return strcmp(node->component, component) == 0;
	return strcmp(node->component, "serving") == 0 || strcmp(node->component, "proxy") == 0;
}

struct fsv_dir_node *fsv_visit_node_at(struct fsv_visit *v, const char *host_name, const char *port_name, const char *component)
{
	struct fsv_str host = fsv_str_trim(fsv_visit_str(v, host_name));
	int64_t port = 0;
	enum fsv_field there = fsv_visit_int(v, port_name, &port);
	bool post = v->endpoint->flags & FSV_EP_POST;
	struct fsv_dir_node *node;

	if (there == FSV_FIELD_BAD || (there == FSV_FIELD_ABSENT && host.n > 0)) {
		/* Of a query the reference's framework speaks, of a body its converter. */
		if (there == FSV_FIELD_BAD && !post)
			fsv_visit_bad_parameter(v, fsv_arena_printf(v->arena, "%s is no number", port_name));
		else
			fsv_visit_system_error(v, fsv_arena_printf(v->arena, "%s is missing or no number", port_name));
		return NULL;
	}
	if (host.n == 0 || port == 0) {
		fsv_visit_bad_parameter(v, fsv_arena_printf(v->arena, "%s and %s are needed", host_name, port_name));
		return NULL;
	}
	node = fsv_directory_find(fsv_admin_directory(v->admin), host, port);
	if (!node || !right_kind(node, component)) {
		fsv_visit_remote_error(v, !node ?
			fsv_arena_printf(v->arena, "%.*s:%lld is no node of this cluster", FSV_STR_ARG(fsv_str_sub(host, 0, 256)), (long long)port) :
			fsv_arena_printf(v->arena, "%s is a %s node; this is for %s nodes", node->address, node->component,
					 component ? component : "serving and proxy"));
		return NULL;
	}
	if (v->target.n == 0)
		v->target = fsv_arena_str(v->arena, fsv_str(node->address));
	return node;
}

struct fsv_dir_node *fsv_visit_node(struct fsv_visit *v, const char *component)
{
	return fsv_visit_node_at(v, "host", "port", component);
}

int64_t fsv_visit_timeout(const struct fsv_visit *v)
{
	return fsv_conf_int(v->admin->w.conf, FSV_AK_TIMEOUT);
}

void fsv_visit_set_case_id(struct fsv_visit *v)
{
	v->case_id = fsv_trace_start(v->arena, fsv_http_header(v->req, "caseId"), FSV_STR_NULL, FSV_STR_NULL).case_id;
}

static void on_round(struct fsv_round *round)
{
	struct fsv_visit *v = round->arg;

	v->after(v);
}

void fsv_visit_cancel_left(struct fsv_admin *admin)
{
	struct fsv_round *round;

	TAILQ_FOREACH(round, &admin->w.asker.rounds, link)
		if (round->done == on_round && fsv_http_left(((struct fsv_visit *)round->arg)->req))
			fsv_round_cancel(round);
}

void fsv_visit_ask_all(struct fsv_visit *v, void (*after)(struct fsv_visit *v))
{
	if (v->case_id.n == 0)
		fsv_visit_set_case_id(v);
	v->after = after;
	v->round.arena = v->arena;
	v->round.directory = fsv_admin_directory(v->admin);
	v->round.case_id = v->case_id;
	v->round.done = on_round;
	v->round.arg = v;
	fsv_round_start(&v->admin->w.asker, &v->round);
}

void fsv_visit_ask(struct fsv_visit *v, struct fsv_dir_node *node, const char *method, const ProtobufCMessage *message,
		   int64_t timeout_ms, void (*after)(struct fsv_visit *v))
{
	v->question = (struct fsv_question){ .node = node, .method = method, .body = fsv_message_encode(message, v->arena) };
	v->round = (struct fsv_round){ .questions = &v->question, .n = 1, .timeout_ms = timeout_ms };
	fsv_visit_ask_all(v, after);
}

ProtobufCMessage *fsv_visit_answer(struct fsv_visit *v, const ProtobufCMessageDescriptor *type, bool sync)
{
	ProtobufCMessage *message = NULL;
	const char *why = v->question.fault;

	if (!why) {
		message = fsv_message_decode(type, v->question.reply, v->arena);
		if (!message)
			why = fsv_arena_printf(v->arena, "%s answered with something that is no %s", v->target.p, type->short_name);
	}
	if (message)
		return message;
	if (sync)
		fsv_visit_remote_error(v, why);
	else
		fsv_visit_system_error(v, why);
	return NULL;
}

static void pass(struct fsv_visit *v, bool sync)
{
	const Fsv__NodeResponse *answer = (const Fsv__NodeResponse *)fsv_visit_answer(v, &fsv__node_response__descriptor, sync);

	if (answer)
		fsv_visit_reply(v, answer->statuscode, answer->message, FSV_STR_NULL);
}

void fsv_visit_pass(struct fsv_visit *v)
{
	pass(v, true);
}

void fsv_visit_pass_async(struct fsv_visit *v)
{
	pass(v, false);
}

/* Pages ------------------------------------------------------------------------------------------------------ */

bool fsv_visit_page(struct fsv_visit *v, size_t n, size_t usual, struct fsv_page *ret_page)
{
	int64_t page = 1, size = (int64_t)usual;

	if (fsv_visit_int(v, "page", &page) == FSV_FIELD_BAD || fsv_visit_int(v, "pageSize", &size) == FSV_FIELD_BAD) {
		fsv_visit_bad_parameter(v, "page and pageSize are numbers");
		return false;
	}
	if (page <= 0)
		page = 1;
	if (size <= 0)
		size = (int64_t)usual;
	if (size > PAGE_MAX)
		size = PAGE_MAX;
	ret_page->from = (uint64_t)(page - 1) * (uint64_t)size < n ? (size_t)((page - 1) * size) : n;
	ret_page->to = n - ret_page->from > (size_t)size ? ret_page->from + (size_t)size : n;
	return true;
}
