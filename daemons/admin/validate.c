/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trial calls of a model. The envelope always says success; what came of the call stands inside. Only what an inference
 * consists of is passed on.
 */
#include "api.h"

#include "admin-conf.h"
#include "base/log.h"
#include "call/message.h"
#include "call/trace.h"
#include "visit.h"

enum { PRINT_MAX = 2048 };

struct trial {
	bool batch;
	struct fsv_str body;		/* of the request */
};

static void reply(struct fsv_visit *v, struct fsv_str inner)
{
	fsv_visit_reply(v, 0, "", inner);
}

static void fail(struct fsv_visit *v, int code, const char *message)
{
	struct fsv_jsonw w;
	struct fsv_buf out;

	fsv_buf_init(&out, v->arena, 0);
	fsv_jsonw_init(&w, &out);
	fsv_jsonw_begin(&w, '{');
	fsv_jsonw_kv_str(&w, "retmsg", fsv_str(message));
	fsv_jsonw_kv_int(&w, "retcode", code);
	fsv_jsonw_end(&w, '}');
	reply(v, fsv_buf_str(&out));
}

/* The request ------------------------------------------------------------------------------------------------------------- */

static void kv_random(struct fsv_jsonw *w, const char *name)
{
	char id[33];

	fsv_random_hex32(id);
	fsv_jsonw_kv_str(w, name, fsv_str(id));
}

/* False when it is missing or no object, and the visit has been answered. */
static bool kv_object(struct fsv_visit *v, struct fsv_str from, const char *name, int code, struct fsv_jsonw *w)
{
	struct fsv_str span = fsv_field_span(from, name, v->arena);

	if (span.n == 0 || span.p[0] != '{') {
		fail(v, code, fsv_arena_printf(v->arena, "parameter %s is required", name));
		return false;
	}
	fsv_jsonw_key(w, fsv_str(name));
	fsv_jsonw_raw(w, span);
	return true;
}

static bool single(struct fsv_visit *v, struct fsv_jsonw *w)
{
	struct fsv_str apply = fsv_visit_str(v, "applyId");

	if (!kv_object(v, fsv_http_body(v->req), "featureData", 100, w) ||
	    !kv_object(v, fsv_http_body(v->req), "sendToRemoteFeatureData", 100, w))
		return false;
	if (apply.n > 0)
		fsv_jsonw_kv_str(w, "applyId", apply);
	return true;
}

static bool batch(struct fsv_visit *v, struct fsv_jsonw *w)
{
	struct fsv_str list = fsv_field_span(fsv_http_body(v->req), "batchDataList", v->arena), span;
	struct fsv_json j;
	int64_t index = 0;

	fsv_json_init(&j, list, v->arena);
	if (list.n == 0 || fsv_json_value(&j) != FSV_JSON_ARRAY) {
		fail(v, 110, "parameter batchDataList is required");
		return false;
	}
	fsv_buf_puts(w->out, ",\"featureData\":{},\"sendToRemoteFeatureData\":{}");
	fsv_jsonw_key(w, FSV_STR("batchDataList"));
	fsv_jsonw_begin(w, '[');
	for (; fsv_json_elem(&j) && fsv_json_skip(&j, &span) != FSV_JSON_ERROR; index++) {
		fsv_jsonw_begin(w, '{');
		fsv_jsonw_kv_int(w, "index", index);
		if (!kv_object(v, span, "featureData", 110, w) || !kv_object(v, span, "sendToRemoteFeatureData", 110, w))
			return false;
		fsv_jsonw_key(w, FSV_STR("needCheckFeature"));
		fsv_jsonw_bool(w, false);
		fsv_jsonw_end(w, '}');
	}
	fsv_jsonw_end(w, ']');
	return true;
}

static bool write_request(struct fsv_visit *v, struct trial *t)
{
	struct fsv_str service = fsv_visit_str(v, "serviceId");
	struct fsv_jsonw w;
	struct fsv_buf out;

	if (fsv_str_blank(service)) {
		fail(v, t->batch ? 110 : 100, "parameter serviceId is required");
		return false;
	}
	fsv_visit_note(v, "serviceId", service);
	fsv_visit_set_case_id(v);
	fsv_buf_init(&out, v->arena, 0);
	fsv_jsonw_init(&w, &out);
	fsv_jsonw_begin(&w, '{');
	kv_random(&w, "seqno");
	fsv_jsonw_kv_str(&w, "caseId", v->case_id);
	fsv_jsonw_kv_str(&w, "serviceId", service);
	if (!(t->batch ? batch(v, &w) : single(v, &w)))
		return false;
	fsv_jsonw_end(&w, '}');
	t->body = fsv_buf_str(&out);
	return true;
}

/* The call ---------------------------------------------------------------------------------------------------------------- */

static void print(struct fsv_visit *v, enum fsv_admin_key key, const char *what, struct fsv_str text)
{
	if (fsv_conf_bool(v->admin->w.conf, key))
		fsv_log_info("trial call %s at %s: %s %.*s", v->case_id.p, v->target.p, what, FSV_STR_ARG(fsv_str_sub(text, 0, PRINT_MAX)));
}

static void answered(struct fsv_visit *v)
{
	struct fsv_str body = FSV_STR_NULL;
	struct fsv_json_node *root;
	struct fsv_err err;

	if (v->question.fault) {
		fail(v, 110, v->question.fault);
		return;
	}
	if (fsv_inference_decode(v->question.reply, v->arena, &body, &err) < 0 ||
	    fsv_json_parse(body, v->arena, true, &root, &err) < 0) {
		fail(v, 110, fsv_arena_printf(v->arena, "%s answered with something that is no JSON", v->target.p));
		return;
	}
	print(v, FSV_AK_PRINT_OUTPUT, "answer", body);
	reply(v, body);
}

static void ask(struct fsv_visit *v, struct fsv_dir_node *node, const struct trial *t)
{
	print(v, FSV_AK_PRINT_INPUT, "request", t->body);
	v->question = (struct fsv_question){
		.node = node, .method = t->batch ? FSV_INFERENCE_SERVICE "batchInference" : FSV_INFERENCE_SERVICE "inference",
		.body = fsv_inference_encode(t->body, v->arena),
	};
	v->round = (struct fsv_round){ .questions = &v->question, .n = 1, .timeout_ms = 2 * fsv_visit_timeout(v) };
	fsv_visit_ask_all(v, answered);
}

/* NULL when the visit has been answered. */
static struct fsv_dir_node *node_of(struct fsv_visit *v)
{
	struct fsv_str host = fsv_str_trim(fsv_visit_str(v, "host"));
	struct fsv_dir_node *node;
	int64_t port = 0;

	if (host.n == 0) {
		fail(v, 120, "parameter host is required");
		return NULL;
	}
	if (fsv_visit_int(v, "port", &port) != FSV_FIELD_THERE || port == 0) {
		fail(v, 120, "parameter port is required");
		return NULL;
	}
	node = fsv_directory_find(fsv_admin_directory(v->admin), host, port);
	if (!node || strcmp(node->component, "serving") != 0) {
		fail(v, 105, fsv_arena_printf(v->arena, "no allow access, target: %.*s:%lld", FSV_STR_ARG(fsv_str_sub(host, 0, 256)),
					      (long long)port));
		return NULL;
	}
	v->target = fsv_arena_str(v->arena, fsv_str(node->address));
	return node;
}

void fsv_validate(struct fsv_visit *v)
{
	struct trial t = { .batch = fsv_str_is(v->tail, "batchInference") };
	struct fsv_dir_node *node;

	if (atomic_load(&v->admin->draining)) {
		fail(v, 110, "ShowDownReject");
		return;
	}
	node = node_of(v);
	if (!node)
		return;
	if (!t.batch && !fsv_str_is(v->tail, "inference"))
		fail(v, 110, "UnSupportMethod");
	else if (write_request(v, &t))
		ask(v, node, &t);
}
