/* SPDX-License-Identifier: Apache-2.0 */
#include "relay.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/log.h"
#include "base/time.h"
#include "call/services.h"
#include "coerce.h"
#include "envelope.h"
#include "http-fault.h"
#include "http-work.h"
#include "lib/proto/relay.pb-c.h"
#include "server.h"
#include "serving-server-conf.h"

enum { SERVICE_IDS_MAX = 10000, HOST_MAX = 255, TARGET_MAX = HOST_MAX + 8 };

/* Reading -------------------------------------------------------------------------------------------- */

static bool read_service_ids(struct fsv_json *j, struct fsv_arena *arena, struct fsv_relay_order *o)
{
	enum fsv_json_type type = fsv_json_value(j);
	size_t cap = 0;

	o->n_service_ids = 0;
	if (type != FSV_JSON_ARRAY)
		return type == FSV_JSON_NULL;
	while (fsv_json_elem(j)) {
		if (o->n_service_ids == SERVICE_IDS_MAX)
			return false;
		FSV_ARENA_MORE(arena, o->service_ids, o->n_service_ids, cap, 8);
		if (!fsv_coerce_text(j, &o->service_ids[o->n_service_ids++]))
			return false;
	}
	return true;
}

static bool read_long(struct fsv_json *j, int64_t *ret_value)
{
	switch (fsv_json_value(j)) {
	case FSV_JSON_INT:
		return fsv_json_i64(j, ret_value);
	case FSV_JSON_STRING:
		return fsv_str_to_i64(fsv_str_trim(j->text), ret_value);
	case FSV_JSON_NULL:
		return true;
	default:
		return false;
	}
}

static bool member(struct fsv_json *j, struct fsv_str key, struct fsv_arena *arena, struct fsv_relay_order *o)
{
	const struct {
		const char *name;
		struct fsv_str *text;
		int32_t *number;
	} members[] = {
		{ "host", &o->host, NULL },		    { "targetHost", &o->target_host, NULL },
		{ "tableName", &o->table_name, NULL },	    { "namespace", &o->name_space, NULL },
		{ "url", &o->url, NULL },		    { "routerMode", &o->router_mode, NULL },
		{ "port", NULL, &o->port },		    { "targetPort", NULL, &o->target_port },
		{ "weight", NULL, &o->weight },
	};

	for (unsigned i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (fsv_str_is(key, members[i].name))
			return members[i].text ? fsv_coerce_text(j, members[i].text) :
						 fsv_coerce_int(j, members[i].number);
	if (fsv_str_is(key, "version"))
		return read_long(j, &o->version);
	if (fsv_str_is(key, "serviceIds"))
		return read_service_ids(j, arena, o);
	fsv_json_skip(j, NULL);
	return true;
}

int fsv_relay_parse(struct fsv_str body, struct fsv_arena *arena, struct fsv_relay_order *ret_order,
		    struct fsv_err *err)
{
	struct fsv_relay_order o = { .weight = -1, .version = -1 };
	struct fsv_str key;
	struct fsv_json j;
	bool fits;

	fsv_json_init(&j, body, arena);
	fits = fsv_json_value(&j) == FSV_JSON_OBJECT;
	while (fits && fsv_json_key(&j, &key))
		fits = member(&j, key, arena, &o);
	if (!fits || fsv_json_failed(&j))
		return fsv_err_set(err, FSV_E_SYNTAX, "the body is no JSON object of the right shape");
	*ret_order = o;
	return 0;
}

/* Checking ------------------------------------------------------------------------------------------- */

static bool loopback(struct fsv_str host)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr addr;

	if (host.n >= sizeof(text))
		return false;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	return inet_pton(AF_INET, text, &addr) == 1 && (ntohl(addr.s_addr) >> 24) == 127;
}

static bool listed(struct fsv_str host, int32_t port, const char *const *allow)
{
	char full[TARGET_MAX];

	snprintf(full, sizeof(full), "%.*s:%d", FSV_STR_ARG(host), (int)port);
	for (; *allow; allow++)
		if (fsv_str_is(host, *allow) || strcmp(full, *allow) == 0)
			return true;
	return false;
}

static bool host_chars(struct fsv_str host)
{
	for (size_t i = 0; i < host.n; i++) {
		unsigned char c = (unsigned char)host.p[i];

		if (!((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '.' || c == '-'))
			return false;
	}
	return host.n <= HOST_MAX;
}

static int check_node(const char *which, struct fsv_str host, int32_t port, const char *const *allow,
		      struct fsv_err *err)
{
	if (fsv_str_blank(host))
		return fsv_err_set(err, FSV_E_PARAM, "parameter %s is blank", which);
	if (port <= 0 || port > 65535)
		return fsv_err_set(err, FSV_E_PARAM, "parameter %s was wrong",
				   strcmp(which, "host") == 0 ? "port" : "targetPort");
	if (!host_chars(host))
		return fsv_err_set(err, FSV_E_PARAM, "invalid address");
	if (!loopback(host) && !listed(host, port, allow))
		return fsv_err_set(err, FSV_E_PARAM, "%.*s:%d is neither on this machine nor listed in http.relay.allow",
				   FSV_STR_ARG(host), (int)port);
	return 0;
}

static int check_text(const char *name, struct fsv_str text, struct fsv_err *err)
{
	return fsv_str_blank(text) ? fsv_err_set(err, FSV_E_PARAM, "parameter %s is blank", name) : 0;
}

int fsv_relay_check(const struct fsv_relay_order *o, enum fsv_relay relay, const char *const *allow,
		    struct fsv_err *err)
{
	int r = check_node("host", o->host, o->port, allow, err);

	if (relay == FSV_RELAY_WEIGHT)
		return r ? r : check_text("url", o->url, err);
	if (r == 0)
		r = check_text("tableName", o->table_name, err);
	if (r == 0)
		r = check_text("namespace", o->name_space, err);
	if (r == 0 && relay == FSV_RELAY_UNBIND && o->n_service_ids == 0)
		r = fsv_err_set(err, FSV_E_PARAM, "parameter serviceId is blank");
	if (r == 0 && relay == FSV_RELAY_TRANSFER)
		r = check_node("targetHost", o->target_host, o->target_port, allow, err);
	return r;
}

/* Passing on ----------------------------------------------------------------------------------------- */

struct relaying {
	struct fsv_http_work work;
	struct fsv_rpc_request *request;
	const char *method;
	struct fsv_str body;
	struct fsv_http_req *req;
	struct fsv_server *server;
	struct fsv_server_view *view;
	struct fsv_rpc_channel *channel;
};

static void answer(struct relaying *y, int retcode, struct fsv_str text)
{
	struct fsv_arena *arena = fsv_http_arena(y->req);
	struct fsv_buf out;

	if (y->channel)
		fsv_rpc_channel_unref(y->channel);
	fsv_buf_init(&out, arena, 0);
	fsv_envelope_write(&(struct fsv_envelope){ .retcode = retcode, .retmsg = text }, arena, &out);
	fsv_server_leave(y->server, y->view);
	fsv_http_reply(y->req, 200, "application/json", fsv_buf_str(&out), NULL, 0);
}

static void on_answer(void *arg, int status, struct fsv_rpc_msg *reply, const char *text)
{
	struct relaying *y = arg;
	Fsv__NodeResponse *response;
	struct fsv_str body;

	fsv_http_work_end(&y->work);
	if (status != FSV_RPC_OK) {
		fsv_log_limited(FSV_LOG_INFO, NULL, "a request passed on to %s failed: %s %s",
				fsv_rpc_channel_target(y->channel), fsv_rpc_status_name(status), text);
		answer(y, fsv_err_fate(FSV_E_SYSTEM), fsv_str(fsv_arena_printf(fsv_http_arena(y->req),
		       "the node did not answer: %s", fsv_rpc_status_name(status))));
		return;
	}
	body = fsv_rpc_msg_body(reply);
	response = fsv__node_response__unpack(NULL, body.n, (const uint8_t *)body.p);
	if (!response) {
		answer(y, fsv_err_fate(FSV_E_SYSTEM), FSV_STR("the node's answer cannot be read"));
		return;
	}
	body = fsv_arena_str(fsv_http_arena(y->req), fsv_str(response->message));
	status = response->statuscode;
	fsv__node_response__free_unpacked(response, NULL);
	answer(y, status, body);
}

static char *cstr(struct fsv_arena *arena, struct fsv_str s)
{
	return fsv_arena_cstr(arena, s);
}

static struct fsv_str encode_weight(const struct fsv_relay_order *o, struct fsv_arena *arena)
{
	Fsv__UpdateServiceRequest m = FSV__UPDATE_SERVICE_REQUEST__INIT;
	uint8_t *out;

	m.url = cstr(arena, o->url);
	m.routermode = cstr(arena, o->router_mode);
	m.weight = o->weight;
	m.version = o->version;
	out = fsv_arena_alloc(arena, fsv__update_service_request__get_packed_size(&m));
	return fsv_str_n((char *)out, fsv__update_service_request__pack(&m, out));
}

static struct fsv_str encode_unbind(const struct fsv_relay_order *o, struct fsv_arena *arena)
{
	Fsv__UnbindRequest m = FSV__UNBIND_REQUEST__INIT;
	uint8_t *out;

	m.n_serviceids = o->n_service_ids;
	m.serviceids = FSV_ARENA_NEW_N(arena, char *, o->n_service_ids);
	for (size_t i = 0; i < o->n_service_ids; i++)
		m.serviceids[i] = cstr(arena, o->service_ids[i]);
	m.tablename = cstr(arena, o->table_name);
	m.namespace_ = cstr(arena, o->name_space);
	out = fsv_arena_alloc(arena, fsv__unbind_request__get_packed_size(&m));
	return fsv_str_n((char *)out, fsv__unbind_request__pack(&m, out));
}

static struct fsv_str encode_fetch(const struct fsv_relay_order *o, struct fsv_arena *arena)
{
	Fsv__FetchModelRequest m = FSV__FETCH_MODEL_REQUEST__INIT;
	uint8_t *out;

	m.tablename = cstr(arena, o->table_name);
	m.namespace_ = cstr(arena, o->name_space);
	m.sourceip = cstr(arena, o->host);
	m.sourceport = o->port;
	out = fsv_arena_alloc(arena, fsv__fetch_model_request__get_packed_size(&m));
	return fsv_str_n((char *)out, fsv__fetch_model_request__pack(&m, out));
}

static const struct {
	const char *method;
	struct fsv_str (*encode)(const struct fsv_relay_order *o, struct fsv_arena *arena);
	bool to_target;
} calls[] = {
	[FSV_RELAY_WEIGHT] = { FSV_COMMON_SERVICE "updateService", encode_weight, false },
	[FSV_RELAY_UNBIND] = { FSV_MODEL_SERVICE "unbind", encode_unbind, false },
	[FSV_RELAY_TRANSFER] = { FSV_MODEL_SERVICE "fetchModel", encode_fetch, true },
};

static void cancel(struct fsv_http_work *work)
{
	fsv_rpc_cancel(((struct relaying *)work)->request);
}

/* [the worker] */
static void start(void *arg)
{
	struct relaying *y = arg;

	fsv_http_work_begin(&y->work);
	y->request = fsv_rpc_send(fsv_http_work_worker(&y->work), &(struct fsv_rpc_request_opt){
		.channel = y->channel, .method = y->method, .body = y->body,
		.deadline = fsv_deadline_in_ms(fsv_conf_int(y->view->conf, FSV_SK_GRPC_TIMEOUT)), .once = true,
	}, on_answer, y);
}

static int pass_on(struct relaying *y, const struct fsv_relay_order *o, enum fsv_relay relay, struct fsv_err *err)
{
	struct fsv_str host = calls[relay].to_target ? o->target_host : o->host;
	int32_t port = calls[relay].to_target ? o->target_port : o->port;
	char target[TARGET_MAX];
	int r;

	snprintf(target, sizeof(target), "%.*s:%d", FSV_STR_ARG(host), (int)port);
	r = fsv_rpc_channel_new(target, NULL, (size_t)fsv_conf_int(y->view->conf, FSV_SK_MAX_MESSAGE), &y->channel, err);
	if (r < 0)
		return r;
	y->method = calls[relay].method;
	y->body = calls[relay].encode(o, fsv_http_arena(y->req));
	y->work.cancel = cancel;
	fsv_http_work_post(y->server->http_works, &y->work, start, y);	/* y may be gone when this returns */
	return 0;
}

void fsv_relay(struct fsv_http_req *req, struct fsv_server *server, enum fsv_relay relay)
{
	static const struct fsv_interface interface = { "I_relay", "server" };
	enum fsv_http_json json = fsv_http_json_type(fsv_http_header(req, "Content-Type"));
	struct relaying *y = FSV_ARENA_NEW(fsv_http_arena(req), struct relaying);
	struct fsv_relay_order order;
	struct fsv_err err;
	int r;

	if (json != FSV_HTTP_JSON) {
		fsv_http_fault(req, json == FSV_HTTP_NOT_JSON ? 415 : 500, NULL);
		return;
	}
	if (fsv_relay_parse(fsv_http_body(req), fsv_http_arena(req), &order, &err) < 0) {
		fsv_http_fault(req, 400, NULL);
		return;
	}
	y->req = req;
	y->server = server;
	r = fsv_server_enter(server, &interface, false, &y->view, &err);
	if (r == 0)
		r = fsv_relay_check(&order, relay, fsv_conf_list(y->view->conf, FSV_SK_RELAY_ALLOW), &err);
	if (r == 0)
		r = pass_on(y, &order, relay, &err);
	if (r < 0)
		answer(y, fsv_err_fate(r), fsv_str(err.text));
}
