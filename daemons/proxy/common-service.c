/* SPDX-License-Identifier: Apache-2.0 */
#include "common-service.h"

#include "base/time.h"
#include "call/counts.h"
#include "call/message.h"
#include "codec/json.h"
#include "lib/proto/common-service.pb-c.h"
#include "proxy.h"
#include "svc/process.h"

enum { PROTOCOL_NUMBER = 216 };		/* as nodes have it in the registry */

/* One question; what answers it fills out. */
struct question {
	struct fsv_proxy *proxy;
	struct fsv_proxy_view *view;
	struct fsv_arena *arena;
	ProtobufCMessage *request;
	struct fsv_buf data;
	const char *message;			/* NULL = none */
};

struct subject {
	const char *service, *name;		/* for flow control, for metrics */
	const ProtobufCMessageDescriptor *type;
	int (*answer)(struct question *q, struct fsv_err *err);
};

static void reply(struct fsv_rpc_call *call, const struct question *q, int code, const char *message)
{
	Fsv__CommonResponse response = FSV__COMMON_RESPONSE__INIT;

	response.statuscode = fsv_err_fate(code);
	if (message)
		response.message = (char *)message;
	if (code == 0)
		response.data = (ProtobufCBinaryData){ q->data.n, (uint8_t *)q->data.p };
	fsv_rpc_reply(call, fsv_message_encode(&response.base, q->arena));
}

static void ask(struct fsv_rpc_call *call, struct fsv_proxy *proxy, const struct subject *subject)
{
	struct question q = { .proxy = proxy, .arena = fsv_rpc_call_arena(call) };
	struct fsv_err err = FSV_ERR_INIT;
	int64_t began = fsv_now_ns();
	int r;

	q.request = fsv_message_decode(subject->type, fsv_rpc_call_body(call), q.arena);
	if (!q.request) {
		fsv_rpc_fail(call, FSV_RPC_UNKNOWN, "the message is none of the method's");
		return;
	}
	fsv_buf_init(&q.data, q.arena, 0);
	r = fsv_proxy_enter(proxy, subject->service, fsv_rpc_call_too_late(call), &q.view, &err);
	if (r == 0)
		r = subject->answer(&q, &err);
	fsv_count_request("intra", subject->name, fsv_err_fate(r), began);
	if (q.view)
		fsv_proxy_leave(proxy, q.view);
	reply(call, &q, r, r < 0 ? err.text : q.message);
}

/* CommonService -------------------------------------------------------------------------------------------- */

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
	return 0;
}

static int query_jvm(struct question *q, struct fsv_err *err)
{
	(void)err;
	fsv_process_write(&q->data);
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

static int no_router(struct question *q, struct fsv_err *err)
{
	(void)q;
	return fsv_err_set(err, FSV_E_COMMAND, "the route table is one document: read it with queryRouter, change its file");
}

/* Calls ----------------------------------------------------------------------------------------------------- */

#define HANDLER(name, service, label, type, answer) \
	void fsv_proxy_##name(struct fsv_rpc_call *call, void *user) \
	{ \
		static const struct subject subject = { service, label, type, answer }; \
\
		ask(call, user, &subject); \
	}

HANDLER(list_props, "commonService", "listProps", &fsv__query_props_request__descriptor, list_props)
HANDLER(query_jvm, "commonService", "queryJvm", &fsv__any_request__descriptor, query_jvm)
HANDLER(query_router, "routerTableService", "queryRouter", &fsv__any_request__descriptor, query_router)
HANDLER(no_router, "routerTableService", "changeRouter", &fsv__any_request__descriptor, no_router)
