/* SPDX-License-Identifier: Apache-2.0 */
#include "unary.h"

#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "base/log.h"
#include "base/time.h"
#include "call/counts.h"
#include "call/message.h"
#include "call/spans.h"
#include "call/trace.h"
#include "codec/json.h"
#include "forward-http.h"
#include "lenient.h"
#include "registry/registry.h"

enum { PACKET_PREFIX = 500 };	/* added to a status code when it travels in a packet */

static const struct fsv_interface interface = { "I_unaryCall", "unaryCall" };

struct unary {
	struct fsv_proxy *proxy;
	struct fsv_proxy_view *view;		/* NULL when it was not admitted */
	struct fsv_arena *arena;
	struct fsv_rpc_call *call;		/* either this … */
	struct fsv_http_req *req;		/* … or this */
	const char *content_type;
	bool own;				/* from our own nodes: it leaves this party */
	const char *entry;			/* "intra", "inter", "http" */
	struct fsv_rpc_worker *worker;
	struct fsv_rpc_request *request;
	struct fsv_rpc_msg *msg;		/* as received; NULL when it came over HTTP, or has been signed */
	Fsv__Packet *packet;
	struct fsv_hop hop;
	const char *target;			/* of hop, for answers and log */
	struct fsv_str key;			/* in the registry */
	int64_t deadline;
	bool again;				/* it has been sent elsewhere before */
	struct fsv_trace trace;
	int64_t caller_deadline, began;
};

/* Answers ---------------------------------------------------------------------------------------- */

static const char *party(const Fsv__Topic *topic)
{
	return topic && topic->partyid ? topic->partyid : "";
}

static void log_done(const struct unary *u)
{
	const struct fsv_log_tags tags = { .case_id = u->trace.case_id.p, .party_id = party(u->packet->header->dst) };

	fsv_log(FSV_LOG_DEBUG, &tags, "case %s: unaryCall over %s to %s took %lld us", tags.case_id, u->entry, u->target,
		(long long)((fsv_now_ns() - u->began) / 1000));
}

static void put_span(const struct unary *u, int code)
{
	const Fsv__Metadata *header = u->packet->header;

	fsv_spans_put(u->proxy->spans, &(struct fsv_span){
		.trace = &u->trace, .hop = u->entry, .name = "unaryCall", .began = u->began, .retcode = code,
		.party_id = header ? fsv_str(party(header->dst)) : FSV_STR_NULL,
	});
}

/* Gives back what the request holds. Last thing before the reply. */
static void leave(struct unary *u, int code)
{
	fsv_count_request(u->entry, "unaryCall", code, u->began);
	if (u->trace.sampled)
		put_span(u, code);
	if (u->call)
		fsv_rpc_call_on_cancel(u->call, NULL, NULL);
	if (u->view)
		fsv_proxy_leave(u->proxy, u->view, &interface, code == 0);
	u->view = NULL;
}

static void reply_http(struct unary *u, int code, const Fsv__Packet *packet)
{
	struct fsv_buf json;

	fsv_buf_init(&json, u->arena, 0);
	fsv_packet_to_json(packet, &json);
	leave(u, code);
	fsv_http_reply(u->req, 200, u->content_type, fsv_buf_str(&json), NULL, 0);
}

static void reply_body(struct unary *u, int code, struct fsv_str value)
{
	struct fsv_str bytes = fsv_packet_encode_body(value, u->arena);
	struct fsv_err err = FSV_ERR_INIT;
	Fsv__Packet *packet;

	if (u->call) {
		leave(u, code);
		fsv_rpc_reply(u->call, bytes);
		return;
	}
	FSV_BUG_ON(fsv_packet_decode(bytes, u->arena, &packet, &err) < 0);
	reply_http(u, code, packet);
}

/* A partner's text may come back in ours; JSON must stay valid whatever it held. */
static struct fsv_str valid_utf8(struct fsv_arena *arena, struct fsv_str text)
{
	char *copy;

	if (fsv_str_utf8(text) == text.n)
		return text;
	copy = fsv_arena_cstr(arena, text);
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)copy[i] >= 0x80)
			copy[i] = '?';
	return fsv_str_n(copy, text.n);
}

static struct fsv_str error_json(struct unary *u, int retcode, const char *text)
{
	struct fsv_jsonw w;
	struct fsv_buf json;

	fsv_buf_init(&json, u->arena, 0);
	fsv_jsonw_init(&w, &json);
	fsv_jsonw_begin(&w, '{');
	fsv_jsonw_kv_str(&w, "retmsg", valid_utf8(u->arena, fsv_str(text)));
	fsv_jsonw_kv_int(&w, "retcode", retcode);
	fsv_jsonw_end(&w, '}');
	return fsv_buf_str(&json);
}

/* why: more than the caller is told, for our own log; may be NULL. */
static void fail(struct unary *u, int code, const char *text, const char *why)
{
	const Fsv__Metadata *header = u->packet ? u->packet->header : NULL;
	const struct fsv_log_tags tags = {
		.case_id = u->trace.case_id.p, .party_id = header ? party(header->dst) : NULL,
	};
	int retcode = fsv_err_fate(code) + PACKET_PREFIX;

	fsv_log_limited(FSV_LOG_INFO, &tags, "unaryCall over %s from party %.64s to party %.64s failed with %d: %s%s%s",
			u->entry, header ? party(header->src) : "", header ? party(header->dst) : "", retcode, text,
			why ? ": " : "", why ? why : "");
	reply_body(u, retcode, error_json(u, retcode, text));
}

/* 605 names the hop and, like the reference, nothing more; the reason is in the log. */
static void fail_hop(struct unary *u, const char *why)
{
	fail(u, FSV_E_NET, fsv_arena_printf(u->arena, "grpc unaryCall error %s", u->target), why);
}

/* Forwarding --------------------------------------------------------------------------------------- */

static void on_cancel(void *arg)
{
	struct unary *u = arg;

	if (u->request)
		fsv_rpc_cancel(u->request);
}

static void reply_msg(struct unary *u, struct fsv_rpc_msg *msg)
{
	struct fsv_err err = FSV_ERR_INIT;
	Fsv__Packet *packet;

	if (u->call) {
		log_done(u);
		leave(u, 0);
		fsv_rpc_reply_msg(u->call, msg);
	} else if (fsv_packet_decode(fsv_rpc_msg_body(msg), u->arena, &packet, &err) < 0) {
		fail_hop(u, "its answer is no packet");
	} else {
		log_done(u);
		reply_http(u, 0, packet);
	}
}

static bool send_again(struct unary *u, const struct fsv_hop *failed);

static void on_answer(void *arg, int status, struct fsv_rpc_msg *reply, const char *text)
{
	struct unary *u = arg;
	struct fsv_hop hop = u->hop;
	bool sent_again;

	u->request = NULL;
	sent_again = fsv_rpc_never_sent() && send_again(u, &hop);
	fsv_hop_done(&hop, status);
	if (sent_again)
		return;
	fsv_count_partner(party(u->packet->header->dst), fsv_rpc_status_name(status), u->began);
	if (status == FSV_RPC_OK)
		reply_msg(u, reply);
	else
		fail_hop(u, fsv_arena_printf(u->arena, "%s %s", fsv_rpc_status_name(status), text));
}

static void on_http_answer(void *arg, const Fsv__Packet *answer, int code, const char *text, const char *why)
{
	struct unary *u = arg;
	struct fsv_str bytes;

	fsv_count_partner(party(u->packet->header->dst), answer ? "OK" : "UNAVAILABLE", u->began);
	if (!answer) {
		fail(u, code, text, why);
		return;
	}
	log_done(u);
	if (!u->call) {
		reply_http(u, 0, answer);
		return;
	}
	bytes = fsv_packet_encode(answer, u->arena);
	leave(u, 0);
	fsv_rpc_reply(u->call, bytes);
}

static void forward_http(struct unary *u)
{
	struct fsv_err err = FSV_ERR_INIT;
	int r = fsv_forward_http(u->proxy->client, &(struct fsv_forward){
		.url = u->hop.url, .packet = u->packet, .arena = u->arena, .worker = u->worker, .trace = &u->trace,
		.connect_ms = u->view->forward_connect_ms, .read_ms = u->view->forward_read_ms, .deadline = u->deadline,
		.max_answer = u->view->max_message / 3 * 4 + 4096,	/* base64 makes four bytes of three */
	}, on_http_answer, u, &err);

	if (r < 0)
		fail(u, r, err.text, NULL);
}

static struct fsv_str nonce(const Fsv__Packet *packet)
{
	return packet->auth && packet->auth->nonce ? fsv_str(packet->auth->nonce) : FSV_STR_NULL;
}

static void forward_grpc(struct unary *u)
{
	const struct fsv_rpc_meta meta[] = { { "traceparent", u->trace.traceparent }, { "caseid", u->trace.case_id } };
	bool told = fsv_str_eq(u->trace.case_id, nonce(u->packet));	/* by the packet itself */
	struct fsv_rpc_request_opt opt = {
		.channel = u->hop.channel, .method = FSV_UNARY_METHOD, .msg = u->msg, .deadline = u->deadline,
		.meta = meta, .n_meta = told ? 1 : 2, .hops = u->trace.hops + 1, .elsewhere = u->hop.others && !u->again,
	};

	if (!u->msg)
		opt.body = fsv_packet_encode(u->packet, u->arena);
	if (u->call) {
		fsv_rpc_call_on_cancel(u->call, on_cancel, u);
		u->request = fsv_rpc_send(u->worker, &opt, on_answer, u);
	} else {
		/* Not on the worker: the answer may have come and u be gone when this returns. */
		(void)fsv_rpc_send(u->worker, &opt, on_answer, u);
	}
}

static void forward(struct unary *u)
{
	if (u->hop.url)
		forward_http(u);
	else
		forward_grpc(u);
}

/* Choosing the way ----------------------------------------------------------------------------------- */

/* Packets for our own models carry the host model's name; the registry knows it by a digest. */
static struct fsv_str registry_key(struct unary *u)
{
	const Fsv__Task *task = u->packet->header->task;
	const char *operator = u->packet->header->operator_;
	char *end, key[FSV_REGISTRY_KEY_SIZE];
	double version = operator ? strtod(operator, &end) : 0;

	/* Earlier releases name the guest's model there, which no host registers. */
	if (!u->proxy->registry || u->own || !(version >= 200) || !task || !task->model)
		return FSV_STR_NULL;
	fsv_registry_host_key(fsv_str(task->model->tablename), fsv_str(task->model->namespace_), key);
	return fsv_view_key(u->arena, "serving", fsv_str(key), "unaryCall");
}

static int route(struct unary *u, const struct fsv_hop *failed, struct fsv_err *err)
{
	const Fsv__Topic *src = u->packet->header->src, *dst = u->packet->header->dst;
	struct fsv_route_query query = {
		.src = { fsv_str(src->partyid), fsv_str(src->role) },
		.dst = { fsv_str(dst->partyid), fsv_str(dst->role) },
		.dst_name = fsv_str(dst->name),
	};
	int r;

	if (u->trace.hops >= FSV_HOPS_MAX)
		return fsv_err_set(err, FSV_E_PROXY_ROUTER,
				   "the packet has passed %u proxies already; the routes to party %.64s lead in a circle",
				   u->trace.hops, dst->partyid);
	/* Who may talk to whom is the table's affair also where the registry finds the way. */
	if (u->view->table && !fsv_route_permitted(u->view->table, &query.src, &query.dst))
		u->key = FSV_STR_NULL;
	r = fsv_proxy_route(u->proxy, u->view, u->key, &query, u->trace.case_id, failed, &u->hop, err);
	if (r == 0)
		u->target = u->hop.node ? fsv_arena_cstr(u->arena, fsv_str(u->hop.target)) : u->hop.target;
	return r;
}

/* A packet that never left may go to another node; one that may have arrived is not sent twice. */
static bool send_again(struct unary *u, const struct fsv_hop *failed)
{
	struct fsv_err err;

	if (u->again || !failed->node || route(u, failed, &err) < 0)
		return false;
	u->again = true;
	forward(u);
	return true;
}

/* The way in ------------------------------------------------------------------------------------- */

static int check_parties(const struct unary *u, struct fsv_err *err)
{
	const Fsv__Metadata *header = u->packet->header;

	if (!header || !*party(header->dst))
		return fsv_err_set(err, FSV_E_SYSTEM, "host id is null");
	if (!*party(header->src))
		return fsv_err_set(err, FSV_E_SYSTEM, "guest id is null");
	return 0;
}

/* Own nodes do not sign: their port is for them alone. */
static int check_signature(struct unary *u, const char **ret_why, struct fsv_err *err)
{
	if (u->own || !u->view->auth)
		return 0;
	*ret_why = fsv_auth_check(u->view->auth, u->proxy->auth_seen, u->packet, u->arena, fsv_wall_ms());
	return *ret_why ? fsv_err_set(err, FSV_E_PROXY_AUTH, "check authentication failed") : 0;
}

/* Also what is passed on for others: the next party knows us. */
static void sign(struct unary *u)
{
	const struct fsv_auth_keys *keys = u->view->auth;

	if (!keys || strcmp(party(u->packet->header->dst), keys->self_party_id) == 0)
		return;
	fsv_auth_sign(keys, u->packet, u->arena, fsv_wall_ms());
	u->msg = NULL;
}

static void start(struct unary *u)
{
	const char *why = NULL;
	struct fsv_err err;
	int r = fsv_proxy_enter(u->proxy, &interface, u->call && fsv_rpc_call_too_late(u->call), &u->view, &err);

	if (r == 0)
		r = check_parties(u, &err);
	if (r == 0)
		r = check_signature(u, &why, &err);
	if (r == 0) {
		u->key = registry_key(u);
		r = route(u, NULL, &err);
	}
	if (r < 0) {
		fail(u, r, err.text, why);
		return;
	}
	sign(u);
	u->deadline = fsv_min_deadline(fsv_deadline_in_ms(u->view->unary_ms), u->caller_deadline);
	forward(u);
}

static void from_call(struct fsv_rpc_call *call, struct fsv_proxy *proxy, const char *entry, bool own)
{
	struct fsv_arena *arena = fsv_rpc_call_arena(call);
	struct unary *u = FSV_ARENA_NEW(arena, struct unary);
	struct fsv_str case_id = fsv_rpc_call_meta(call, "caseid");
	struct fsv_err err;

	*u = (struct unary){
		.proxy = proxy, .arena = arena, .call = call, .own = own, .entry = entry, .worker = fsv_rpc_call_worker(call),
		.msg = fsv_rpc_call_msg(call), .caller_deadline = fsv_rpc_call_deadline(call), .began = fsv_now_ns(),
	};
	if (fsv_packet_decode(fsv_rpc_call_body(call), arena, &u->packet, &err) < 0) {
		/* The reference's status; it sends no text. */
		fsv_rpc_fail(call, FSV_RPC_UNKNOWN, "the message is no Packet");
		return;
	}
	u->trace = fsv_trace_start(arena, case_id.n > 0 ? case_id : nonce(u->packet),
				   fsv_rpc_call_meta(call, "traceparent"), fsv_rpc_call_hops(call));
	start(u);
}

void fsv_unary_intra(struct fsv_rpc_call *call, void *user)
{
	from_call(call, user, "intra", true);
}

void fsv_unary_inter(struct fsv_rpc_call *call, void *user)
{
	from_call(call, user, "inter", false);
}

/* As the reference reads it: leniently. Nearly every body is strict and needs no second try. */
static int read_packet(struct fsv_str json, struct fsv_arena *arena, Fsv__Packet **ret_packet, struct fsv_err *err)
{
	struct fsv_lenient lenient;
	int r = fsv_packet_from_json(json, arena, ret_packet, err);

	if (r < 0 && fsv_lenient(json, arena, &lenient, err) == 0)
		r = fsv_packet_from_json(lenient.strict, arena, ret_packet, err);
	return r;
}

void fsv_unary_http(struct fsv_proxy *proxy, struct fsv_http_req *req, struct fsv_str body, bool form,
		    const char *content_type)
{
	struct fsv_arena *arena = fsv_http_arena(req);
	struct unary *u = FSV_ARENA_NEW(arena, struct unary);
	struct fsv_str case_id = fsv_http_header(req, "caseId");
	struct fsv_err err;

	*u = (struct unary){
		.proxy = proxy, .arena = arena, .req = req, .content_type = content_type, .entry = "http",
		.worker = fsv_rpc_pick(proxy->rpc), .caller_deadline = FSV_NO_DEADLINE, .began = fsv_now_ns(),
	};
	if (form || read_packet(body, arena, &u->packet, &err) < 0) {
		/* The one code that travels in a packet as it is. */
		reply_body(u, fsv_err_fate(FSV_E_PROXY_PARAM), error_json(u, fsv_err_fate(FSV_E_PROXY_PARAM), "invalid http param"));
		return;
	}
	u->trace = fsv_trace_start(arena, case_id.n > 0 ? case_id : nonce(u->packet), fsv_http_header(req, "traceparent"),
				   fsv_http_header(req, "fate-hops"));
	start(u);
}
