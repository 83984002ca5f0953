/* SPDX-License-Identifier: Apache-2.0 */
/* The calls take the way of model operations (model-op.h): some of them write files or connect somewhere. */
#include "common-service.h"

#include <stdlib.h>

#include "base/time.h"
#include "call/message.h"
#include "codec/json.h"
#include "codec/url.h"
#include "lib/proto/common-service.pb-c.h"
#include "lib/proto/relay.pb-c.h"
#include "model-op.h"
#include "net/probe.h"
#include "registration.h"
#include "registry/registry.h"
#include "serving-server-conf.h"
#include "svc/health.h"
#include "svc/process.h"

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
	fsv_gate_show(op->server->gate, &query, &out);
	if (out.n > 0)
		answer_data(op, fsv_buf_str(&out));
}

/* updateFlowRule ------------------------------------------------------------------------------------------- */

static void update_flow_rule(struct fsv_model_op *op)
{
	const Fsv__UpdateFlowRuleRequest *m = (const Fsv__UpdateFlowRuleRequest *)op->request;
	struct fsv_err err = FSV_ERR_INIT;
	int r = fsv_gate_set(op->server->gate, fsv_str(m->source), m->allowqps,
			     (size_t)fsv_conf_int(op->view->conf, FSV_SK_FLOW_MAX_RULES), &err);

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
	struct fsv_err err = FSV_ERR_INIT;
	int r = fsv_registry_update(atomic_load(&op->server->registry), fsv_str(m->url), fsv_str(m->routermode), m->weight, &err);

	(void)fsv_model_op_set(op, r < 0 ? r : 0, r < 0 ? err.text : r > 0 ? "success" : "no change");
}

/* checkHealthService ---------------------------------------------------------------------------------------------- */

static void check_flow(const struct fsv_model_op *op, struct fsv_health *health)
{
	const char *item = "check default fateflow config", *url = fsv_conf_str(op->view->conf, FSV_SK_TRANSFER_URL);
	char host[FSV_URL_HOST_MAX];
	struct fsv_probe flow = { .host = host };

	if (!url || !*url)
		return;
	if (fsv_url_address(url, host, &flow.port))
		fsv_probe_all(&flow, 1, fsv_deadline_in_ms(fsv_conf_int(op->view->conf, FSV_SK_HEALTH_TIMEOUT)));
	if (flow.reached)
		fsv_health_record(health, item, "ok", "default fateflow url is ok");
	else
		fsv_health_record(health, item, "warn", fsv_arena_printf(op->arena, " %s can not connected", url));
}

static void check_all(const struct fsv_model_op *op, struct fsv_health *health)
{
	fsv_health_memory(health);
	check_flow(op, health);
	if (fsv_server_has_registry(op->server) && fsv_server_flow_known(op->server))
		fsv_health_record(health, "check fateflow in zookeeper", "ok", "fateflow is found in zookeeper");
	else if (fsv_server_has_registry(op->server))
		fsv_health_record(health, "check fateflow in zookeeper", "warn", "fateflow is not found in zookeeper ");
	if (fsv_models_count(op->server->models) > 0)
		fsv_health_record(health, "check model loaded", "ok", "model is loaded");
	else
		fsv_health_record(health, "check model loaded", "warn", "model is not loaded");
}

static void check_health(struct fsv_model_op *op)
{
	struct fsv_health health;
	struct fsv_buf out;

	fsv_buf_init(&out, op->arena, 0);
	fsv_health_begin(&health, &out);
	if (fsv_conf_bool(op->view->conf, FSV_SK_HEALTH_CHECK))
		check_all(op, &health);
	fsv_health_end(&health);
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
