/* SPDX-License-Identifier: Apache-2.0 */
#include "common-service.h"

#include "base/log.h"
#include "base/pool.h"
#include "base/time.h"
#include "call/counts.h"
#include "call/message.h"
#include "codec/json.h"
#include "health.h"
#include "lib/proto/common-service.pb-c.h"
#include "lib/proto/relay.pb-c.h"
#include "proxy-conf.h"
#include "proxy.h"
#include "registry/registry.h"
#include "svc/process.h"

enum { PROTOCOL_NUMBER = 216 };		/* as nodes have it in the registry */

static const struct fsv_interface common = { "I_commonService", "commonService" };
static const struct fsv_interface router = { "I_routerTableService", "routerTableService" };

/* Not with the others: a limit that keeps them out can be lifted. */
static const struct fsv_interface rules = { "I_UPDATE_FLOW_RULE", "commonService" };

/* One question; what answers it fills out. */
struct question {
	struct fsv_proxy *proxy;
	struct fsv_proxy_view *view;		/* NULL when it was not admitted */
	struct fsv_rpc_call *call;
	struct fsv_rpc_worker *worker;
	struct fsv_arena *arena;
	const struct subject *subject;
	ProtobufCMessage *request;
	int64_t began;
	struct fsv_buf data;
	const char *message;			/* of a success; NULL = none */
	int result;
	struct fsv_err err;
};

struct subject {
	const struct fsv_interface *interface;
	const char *name;			/* for metrics and log */
	const ProtobufCMessageDescriptor *type;
	int (*answer)(struct question *q, struct fsv_err *err);
	bool slow;				/* it writes files or waits for others: not on a worker */
};

/* [its worker] */
static void finish(void *arg)
{
	struct question *q = arg;
	Fsv__CommonResponse response = FSV__COMMON_RESPONSE__INIT;
	const char *message = q->result < 0 ? q->err.text : q->message;

	response.statuscode = fsv_err_fate(q->result);
	if (message)
		response.message = (char *)message;
	if (q->result == 0)
		response.data = (ProtobufCBinaryData){ q->data.n, (uint8_t *)q->data.p };
	if (q->result < 0)
		fsv_log_limited(FSV_LOG_INFO, NULL, "%s over intra failed with %d: %s", q->subject->name, response.statuscode, message);
	fsv_count_request("intra", q->subject->name, response.statuscode, q->began);
	if (q->view)
		fsv_proxy_leave(q->proxy, q->view, q->subject->interface, q->result == 0);
	fsv_rpc_reply(q->call, fsv_message_encode(&response.base, q->arena));
}

/* [a thread of the pool] */
static void work(void *arg)
{
	struct question *q = arg;

	/* Those in the queue together could take longer than there is time for. */
	if (atomic_load(&q->proxy->draining))
		q->result = fsv_err_set(&q->err, FSV_E_SHUTDOWN, "ShowDownReject: this proxy is being stopped");
	else
		q->result = q->subject->answer(q, &q->err);
	fsv_rpc_post(q->worker, finish, q);
}

static void ask(struct fsv_rpc_call *call, struct fsv_proxy *proxy, const struct subject *subject)
{
	struct fsv_arena *arena = fsv_rpc_call_arena(call);
	struct question *q = FSV_ARENA_NEW(arena, struct question);
	int r;

	*q = (struct question){
		.proxy = proxy, .call = call, .worker = fsv_rpc_call_worker(call), .arena = arena, .subject = subject,
		.began = fsv_now_ns(),
	};
	q->request = fsv_message_decode(subject->type, fsv_rpc_call_body(call), arena);
	if (!q->request) {
		fsv_rpc_fail(call, FSV_RPC_UNKNOWN, "the message is none of the method's");
		return;
	}
	fsv_buf_init(&q->data, arena, 0);
	r = fsv_proxy_enter(proxy, subject->interface, fsv_rpc_call_too_late(call), &q->view, &q->err);
	if (r == 0 && subject->slow) {
		if (fsv_pool_submit(proxy->pool, work, q) == 0)
			return;		/* a thread of the pool has it, and may have ended it */
		r = fsv_err_set(&q->err, FSV_E_OVERLOAD, "request was block by over load, service name: %s", subject->interface->service);
	} else if (r == 0) {
		r = subject->answer(q, &q->err);
	}
	q->result = r;
	finish(q);
}

/* CommonService -------------------------------------------------------------------------------------------- */

static int query_metrics(struct question *q, struct fsv_err *err)
{
	const Fsv__QueryMetricRequest *m = (const Fsv__QueryMetricRequest *)q->request;
	const struct fsv_traffic_query query = { .source = fsv_str(m->source), .begin_ms = m->beginms, .end_ms = m->endms };

	if (m->type != 0)	/* there are no models here */
		return fsv_err_set(err, FSV_E_SYSTEM, "find model metric error");
	fsv_gate_show(q->proxy->gate, &query, &q->data);
	return 0;
}

static int update_flow_rule(struct question *q, struct fsv_err *err)
{
	const Fsv__UpdateFlowRuleRequest *m = (const Fsv__UpdateFlowRuleRequest *)q->request;

	q->message = "success";
	return fsv_gate_set(q->proxy->gate, fsv_str(m->source), m->allowqps,
			    (size_t)fsv_conf_int(q->view->conf, FSV_PK_FLOW_MAX_RULES), err);
}

static int list_props(struct question *q, struct fsv_err *err)
{
	const Fsv__QueryPropsRequest *m = (const Fsv__QueryPropsRequest *)q->request;
	struct fsv_str keyword = fsv_str(m->keyword);
	struct fsv_jsonw w;

	(void)err;
	fsv_jsonw_init(&w, &q->data);
	fsv_jsonw_begin(&w, '{');
	if (fsv_conf_wanted("currentVersion", keyword))
		fsv_jsonw_kv_int(&w, "currentVersion", PROTOCOL_NUMBER);
	if (q->view->table && fsv_conf_wanted("proxy.router.table", keyword))
		fsv_jsonw_kv_str(&w, "proxy.router.table", q->view->table->text);
	fsv_conf_props(q->view->conf, keyword, "", &w);
	fsv_jsonw_end(&w, '}');
	q->message = "success";
	return 0;
}

static int query_jvm(struct question *q, struct fsv_err *err)
{
	(void)err;
	fsv_process_write(&q->data);
	return 0;
}

static int update_service(struct question *q, struct fsv_err *err)
{
	const Fsv__UpdateServiceRequest *m = (const Fsv__UpdateServiceRequest *)q->request;
	int r = fsv_registry_update(atomic_load(&q->proxy->registry), fsv_str(m->url), fsv_str(m->routermode), m->weight, err);

	q->message = r > 0 ? "success" : "no change";
	return r < 0 ? r : 0;
}

static int save(struct question *q, const char *text, struct fsv_err *err)
{
	q->message = "success";
	return fsv_proxy_save_routes(q->proxy, q->view, fsv_str(text), q->arena, err);
}

static struct fsv_str last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return fsv_str(slash ? slash + 1 : path);
}

/* The folder is the proxy's own affair. Consoles of the reference know the file by this one name. */
static int update_config(struct question *q, struct fsv_err *err)
{
	const Fsv__UpdateConfigRequest *m = (const Fsv__UpdateConfigRequest *)q->request;
	struct fsv_str name = last_part(m->filepath), own = last_part(fsv_conf_str(q->view->conf, FSV_PK_ROUTE_TABLE));

	if (fsv_str_blank(fsv_str(m->filepath)))
		return fsv_err_set(err, FSV_E_SYSTEM, "file path is blank");
	if (fsv_str_blank(fsv_str(m->data)))
		return fsv_err_set(err, FSV_E_SYSTEM, "data is blank");
	if (!fsv_str_eq(name, own) && !fsv_str_is(name, "route_table.json"))
		return fsv_err_set(err, FSV_E_SYSTEM, "only the route table, %.*s, can be changed over the network", FSV_STR_ARG(own));
	return save(q, m->data, err);
}

static int check_health(struct question *q, struct fsv_err *err)
{
	(void)err;
	fsv_proxy_health(q->proxy, q->view, q->arena, &q->data);
	return 0;
}

/* RouterTableService --------------------------------------------------------------------------------------- */

/* The table in use is the file's as long as that can be used. */
static int query_router(struct question *q, struct fsv_err *err)
{
	if (!q->view->table || atomic_load(&q->proxy->routes_broken))
		return fsv_err_set(err, FSV_E_ROUTE_LOAD, "proxy load router table error");
	fsv_buf_add(&q->data, q->view->table->text);
	q->message = "success";
	return 0;
}

static int save_router(struct question *q, struct fsv_err *err)
{
	return save(q, ((const Fsv__RouterOperatetRequest *)q->request)->routerinfo, err);
}

static int no_router(struct question *q, struct fsv_err *err)
{
	(void)q;
	return fsv_err_set(err, FSV_E_COMMAND, "the route table is one document: read it with queryRouter, replace it with saveRouter");
}

/* Calls ----------------------------------------------------------------------------------------------------- */

#define HANDLER(name, interface, label, type, answer, slow) \
	void fsv_proxy_##name(struct fsv_rpc_call *call, void *user) \
	{ \
		static const struct subject subject = { interface, label, type, answer, slow }; \
\
		ask(call, user, &subject); \
	}

HANDLER(query_metrics, &common, "queryMetrics", &fsv__query_metric_request__descriptor, query_metrics, false)
HANDLER(update_flow_rule, &rules, "updateFlowRule", &fsv__update_flow_rule_request__descriptor, update_flow_rule, true)
HANDLER(list_props, &common, "listProps", &fsv__query_props_request__descriptor, list_props, false)
HANDLER(query_jvm, &common, "queryJvm", &fsv__any_request__descriptor, query_jvm, false)
HANDLER(update_service, &common, "updateService", &fsv__update_service_request__descriptor, update_service, true)
HANDLER(update_config, &common, "updateConfig", &fsv__update_config_request__descriptor, update_config, true)
HANDLER(check_health, &common, "checkHealth", &fsv__any_request__descriptor, check_health, true)
HANDLER(query_router, &router, "queryRouter", &fsv__any_request__descriptor, query_router, false)
HANDLER(save_router, &router, "saveRouter", &fsv__router_operatet_request__descriptor, save_router, true)
HANDLER(no_router, &router, "changeRouter", &fsv__any_request__descriptor, no_router, false)
