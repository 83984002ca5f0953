/* SPDX-License-Identifier: Apache-2.0 */
/* The calls take the way of model operations (model-op.h): some of them write files or connect somewhere. */
#include "common-service.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/time.h"
#include "call/message.h"
#include "codec/json.h"
#include "flow.h"
#include "lib/proto/common-service.pb-c.h"
#include "lib/proto/relay.pb-c.h"
#include "model-op.h"
#include "registration.h"
#include "serving-server-conf.h"
#include "svc/process.h"
#include "traffic.h"

enum { UNREGISTERED = 126, MEMORY_ALARM = 80, CONNECT_MS = 2000 };

static void answer_data(struct fsv_model_op *op, struct fsv_str data)
{
	Fsv__CommonResponse response = FSV__COMMON_RESPONSE__INIT;

	response.data = (ProtobufCBinaryData){ data.n, (uint8_t *)data.p };
	op->body = fsv_message_encode(&response.base, op->arena);
}

/* queryMetrics ------------------------------------------------------------------------------------------- */

static void query_metrics(struct fsv_model_op *op)
{
	const Fsv__QueryMetricRequest *m = (const Fsv__QueryMetricRequest *)op->request;
	const struct fsv_traffic_query query = {
		.model = m->type != 0, .source = m->type == 0 || m->type == 1 ? fsv_str(m->source) : FSV_STR("?"),
		.begin_ms = m->beginms, .end_ms = m->endms,
	};
	struct fsv_buf out;

	fsv_buf_init(&out, op->arena, 0);
	fsv_traffic_show(op->server->traffic, &query, fsv_wall_ms(), &out);
	if (out.n > 0)
		answer_data(op, fsv_buf_str(&out));
}

/* updateFlowRule ------------------------------------------------------------------------------------------- */

static void update_flow_rule(struct fsv_model_op *op)
{
	const Fsv__UpdateFlowRuleRequest *m = (const Fsv__UpdateFlowRuleRequest *)op->request;
	struct fsv_err err = FSV_ERR_INIT;
	int r = fsv_server_set_flow(op->server, fsv_str(m->source), m->allowqps, &err);

	(void)fsv_model_op_set(op, r, r < 0 ? err.text : "success");
}

/* listProps -------------------------------------------------------------------------------------------------- */

static void list_props(struct fsv_model_op *op)
{
	const Fsv__QueryPropsRequest *m = (const Fsv__QueryPropsRequest *)op->request;
	struct fsv_str keyword = fsv_str(m->keyword);
	struct fsv_buf out;
	struct fsv_jsonw w;

	fsv_buf_init(&out, op->arena, 0);
	fsv_jsonw_init(&w, &out);
	fsv_jsonw_begin(&w, '{');
	if (fsv_conf_wanted("currentVersion", keyword))
		fsv_jsonw_kv_int(&w, "currentVersion", atoi(FSV_PROTOCOL_NUMBER));
	/* The reference shows the gRPC port under this name, and consoles look for it there. */
	if (fsv_conf_wanted("server.port", keyword))
		fsv_jsonw_kv_int(&w, "server.port", fsv_conf_int(op->view->conf, FSV_SK_PORT));
	fsv_conf_props(op->view->conf, keyword, "server.port", &w);
	fsv_jsonw_end(&w, '}');
	answer_data(op, fsv_buf_str(&out));
}

/* queryJvmInfo ------------------------------------------------------------------------------------------------ */

static void query_jvm(struct fsv_model_op *op)
{
	struct fsv_buf out;

	fsv_buf_init(&out, op->arena, 0);
	fsv_process_write(&out);
	answer_data(op, fsv_buf_str(&out));
}

/* updateService ------------------------------------------------------------------------------------------------- */

static void update_service(struct fsv_model_op *op)
{
	const Fsv__UpdateServiceRequest *m = (const Fsv__UpdateServiceRequest *)op->request;
	Fsv__CommonResponse no_node = FSV__COMMON_RESPONSE__INIT;
	struct fsv_err err = FSV_ERR_INIT;
	int r;

	if (!m->url[0])
		r = fsv_err_set(&err, FSV_E_SYSTEM, "url == null");
	else
		r = fsv_server_update_service(op->server, fsv_str(m->url), fsv_str(m->routermode), m->weight, &err);
	if (r >= 0) {
		(void)fsv_model_op_set(op, 0, r > 0 ? "success" : "no change");
	} else if (r == -ENOENT) {
		no_node.statuscode = UNREGISTERED;
		no_node.message = (char *)"no node";
		op->body = fsv_message_encode(&no_node.base, op->arena);
	} else {
		(void)fsv_model_op_set(op, r, err.text);
	}
}

/* checkHealthService ---------------------------------------------------------------------------------------------- */

static void record(struct fsv_jsonw *w, const char *item, const char *message, const char *status)
{
	fsv_jsonw_begin(w, '{');
	fsv_jsonw_kv_str(w, "checkItemName", fsv_str(item));
	fsv_jsonw_kv_str(w, "msg", fsv_str(message));
	fsv_jsonw_kv_str(w, "healthCheckStatus", fsv_str(status));
	fsv_jsonw_end(w, '}');
}

static void check_memory(struct fsv_jsonw *w)
{
	int64_t all = fsv_proc_number("/proc/meminfo", "MemTotal:"), left = fsv_proc_number("/proc/meminfo", "MemAvailable:");
	double percent = all > 0 ? 100.0 * (double)(all - left) / (double)all : 0;
	char text[64];

	if (all <= 0)
		return;
	snprintf(text, sizeof(text), "%susage:%.2f%%", percent > MEMORY_ALARM ? " " : "", percent);
	record(w, "check memory usage", text, percent > MEMORY_ALARM ? "error" : "ok");
}

static bool connects_to(const struct addrinfo *to)
{
	FSV_AUTO_FD fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int fault = 1;
	socklen_t n = sizeof(fault);

	if (fd < 0)
		return false;
	if (connect(fd, to->ai_addr, to->ai_addrlen) == 0)
		return true;
	return poll(&p, 1, CONNECT_MS) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &n) == 0 && fault == 0;
}

/* host and port of an URL; false for what is none. */
static bool split_url(struct fsv_str url, struct fsv_arena *arena, char **ret_host, char **ret_port)
{
	bool tls = fsv_str_starts(url, FSV_STR("https://"));
	size_t from = tls ? 8 : 7, to = 0, colon = 0;
	struct fsv_str place;

	if (!tls && !fsv_str_starts(url, FSV_STR("http://")))
		return false;
	to = fsv_str_find(url, '/', from);
	place = fsv_str_sub(url, from, to);
	for (size_t i = 0; i < place.n; i++)
		if (place.p[i] == ':')
			colon = i;
	*ret_host = fsv_arena_cstr(arena, colon ? fsv_str_sub(place, 0, colon) : place);
	*ret_port = colon ? fsv_arena_cstr(arena, fsv_str_sub(place, colon + 1, place.n)) : (char *)(tls ? "443" : "80");
	return place.n > 0;
}

static bool reachable(const char *url, struct fsv_arena *arena)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	char *host, *port;
	bool yes = false;

	if (!split_url(fsv_str(url), arena, &host, &port) || getaddrinfo(host, port, &hints, &list) != 0)
		return false;
	for (const struct addrinfo *to = list; to && !yes; to = to->ai_next)
		yes = connects_to(to);
	freeaddrinfo(list);
	return yes;
}

static void check_flow(struct fsv_model_op *op, struct fsv_jsonw *w)
{
	const char *url = fsv_conf_str(op->view->conf, FSV_SK_TRANSFER_URL);

	if (!url || !*url)
		return;
	if (reachable(url, op->arena))
		record(w, "check default fateflow config", "default fateflow url is ok", "ok");
	else
		record(w, "check default fateflow config", fsv_arena_printf(op->arena, " %s can not connected", url), "warn");
}

static void check_health(struct fsv_model_op *op)
{
	struct fsv_buf out;
	struct fsv_jsonw w;

	fsv_buf_init(&out, op->arena, 0);
	fsv_jsonw_init(&w, &out);
	fsv_jsonw_begin(&w, '{');
	fsv_jsonw_key(&w, FSV_STR("records"));
	fsv_jsonw_begin(&w, '[');
	if (fsv_conf_bool(op->view->conf, FSV_SK_HEALTH_CHECK)) {
		check_memory(&w);
		check_flow(op, &w);
		if (fsv_server_has_registry(op->server) && fsv_server_flow_known(op->server))
			record(&w, "check fateflow in zookeeper", "fateflow is found in zookeeper", "ok");
		else if (fsv_server_has_registry(op->server))
			record(&w, "check fateflow in zookeeper", "fateflow is not found in zookeeper ", "warn");
		if (fsv_models_count(op->server->models) > 0)
			record(&w, "check model loaded", "model is loaded", "ok");
		else
			record(&w, "check model loaded", "model is not loaded", "warn");
	}
	fsv_jsonw_end(&w, ']');
	fsv_jsonw_end(&w, '}');
	answer_data(op, fsv_buf_str(&out));
}

/* Calls -------------------------------------------------------------------------------------------------------- */

#define HANDLER(name, resource, verb, type, run_it) \
	static void begin_##name(struct fsv_model_op *op) \
	{ \
		fsv_model_op_submit(op, run_it); \
	} \
\
	void fsv_common_##name(struct fsv_rpc_call *call, void *user) \
	{ \
		static const struct fsv_model_method method = { \
			{ "I_" resource, "commonService" }, "commonService", verb, type, begin_##name, false, \
		}; \
\
		fsv_model_op_start(call, user, &method); \
	}

HANDLER(query_metrics, "QUERY_METRICS", "queryMetrics", &fsv__query_metric_request__descriptor, query_metrics)
HANDLER(update_flow_rule, "UPDATE_FLOW_RULE", "updateFlowRule", &fsv__update_flow_rule_request__descriptor, update_flow_rule)
HANDLER(list_props, "LIST_PROPS", "listProps", &fsv__query_props_request__descriptor, list_props)
HANDLER(query_jvm, "QUERY_JVM", "listJvmMem", &fsv__any_request__descriptor, query_jvm)
HANDLER(update_service, "UPDATE_SERVICE", "updateService", &fsv__update_service_request__descriptor, update_service)
HANDLER(check_health, "CHECK_HEALTH", "checkHealthService", &fsv__any_request__descriptor, check_health)

/* Proxies have it. */
void fsv_common_update_config(struct fsv_rpc_call *call, void *user)
{
	(void)user;
	fsv_rpc_fail(call, FSV_RPC_UNIMPLEMENTED,
		     "Method com.webank.ai.fate.api.networking.common.CommonService/updateConfig is unimplemented");
}
