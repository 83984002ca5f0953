/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

#include "adaptor.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "call/counts.h"
#include "call/message.h"
#include "call/spans.h"
#include "call/trace.h"
#include "codec/number.h"
#include "envelope.h"
#include "model/plan.h"
#include "request.h"
#include "server.h"
#include "slices.h"

enum { NO_FEATURE = 113, SYSTEM_ERROR = 110, PROTOCOL_2X = 200 };

/* All that a partner learns of a fault in our own part: values and columns are none of its business. */
#define LOCAL_FAULT	"local inference failed"

FSV_METRIC(lookups, FSV_COUNTER, "fate_serving_adaptor_lookups_total", "adaptor,code",
	   "Look-ups of features (a batch is one), by adaptor and code (0: found).");
FSV_METRIC(lookup_seconds, FSV_LATENCY, "fate_serving_adaptor_seconds", "adaptor",
	   "From asking an adaptor for features to its answer.");

struct host {
	struct fsv_server *server;
	struct fsv_rpc_call *call;
	struct fsv_arena *arena;
	const struct fsv_interface *interface;	/* NULL for a command that does not exist */
	enum fsv_request_kind kind;
	bool before_2;				/* the guest speaks 1.x */
	int64_t began;
	struct fsv_server_view *view;		/* NULL when it was not admitted */
	Fsv__Packet *packet;
	struct fsv_trace trace;
	struct fsv_model *model;		/* one reference; NULL until found */
	struct fsv_request request;
	struct fsv_str keys;			/* single: what the person is looked up by */
	uint32_t *order;			/* batch: rows by ascending index */
	size_t n_rows;
	int64_t asked;				/* when the adaptor was */
	struct fsv_lookup lookup;
	struct fsv_batch_lookup batch_lookup;
	struct fsv_envelope_row *results;
	struct fsv_slices *slices;		/* hold what the results refer to */
};

static const struct {
	const char *command;
	struct fsv_interface interface;
	enum fsv_request_kind kind;
} commands[] = {
	{ "federatedInference", { "I_federatedInference", "hostInferenceProvider" }, FSV_REQUEST_SINGLE },
	{ "batch", { "I_batch", "batchInference" }, FSV_REQUEST_BATCH },
};

/* Answers ------------------------------------------------------------------------------------------- */

static struct fsv_log_tags tags_of(const struct host *h)
{
	const Fsv__Topic *guest = h->packet->header ? h->packet->header->src : NULL;

	return (struct fsv_log_tags){ .case_id = h->trace.case_id.p, .party_id = guest ? guest->partyid : NULL };
}

static void log_end(struct host *h, const struct fsv_envelope *e, struct fsv_str answer)
{
	const struct fsv_log_tags tags = tags_of(h);
	const char *service = h->interface ? h->interface->service : "unaryCall";

	if (h->view && h->view->print_input)
		fsv_server_print("request", fsv_packet_body(h->packet), &tags, h->arena);
	if (h->view && h->view->print_output)
		fsv_server_print("answer", answer, &tags, h->arena);
	fsv_log(FSV_LOG_DEBUG, &tags, "case %s: %s for model %.160s ended with %d in %lld us", tags.case_id, service,
		h->model ? h->model->key : "-", e->retcode, (long long)((fsv_now_ns() - h->began) / 1000));
	if (e->retcode != 0)
		fsv_log_limited(FSV_LOG_INFO, &tags, "case %s: %s failed with %d: %.*s", tags.case_id, service,
				e->retcode, FSV_STR_ARG(e->retmsg));
}

static void put_span(const struct host *h, int retcode)
{
	fsv_spans_put(h->server->spans, &(struct fsv_span){
		.trace = &h->trace, .hop = "host", .name = h->interface ? h->interface->service : "unaryCall",
		.began = h->began, .retcode = retcode, .party_id = fsv_str(tags_of(h).party_id),
	});
}

static void answer(struct host *h, struct fsv_envelope *e)
{
	struct fsv_str bytes;
	struct fsv_buf out;
	unsigned good_rows = 0;

	e->case_id = h->trace.case_id;
	e->batch = h->kind == FSV_REQUEST_BATCH;
	fsv_buf_init(&out, h->arena, 0);
	fsv_envelope_write(e, h->arena, &out);
	log_end(h, e, fsv_buf_str(&out));
	fsv_count_request("host", h->interface ? h->interface->service : "unaryCall", e->retcode, h->began);
	if (h->trace.sampled)
		put_span(h, e->retcode);
	bytes = fsv_packet_encode_body(fsv_buf_str(&out), h->arena);
	fsv_slices_free(h->slices);
	for (size_t i = 0; i < e->n_rows; i++)
		good_rows += e->rows[i].retcode == 0;
	if (h->interface)
		fsv_server_count(h->server, h->interface, h->model, e->retcode, good_rows,
				 (unsigned)e->n_rows - good_rows);
	fsv_model_unref(h->model);
	fsv_server_leave(h->server, h->view);
	fsv_rpc_reply(h->call, bytes);
}

static void answer_fault(struct host *h, int retcode, const char *text)
{
	answer(h, &(struct fsv_envelope){ .retcode = retcode, .retmsg = fsv_str(text) });
}

/* Our own part -------------------------------------------------------------------------------------- */

/* The members of "data" for one person. */
static int score(struct host *h, struct fsv_str features, struct fsv_jsonw *w, struct fsv_err *err)
{
	struct fsv_row *row;
	int r = fsv_plan_local(h->model->plan, features, h->arena, &row, err);

	if (r == 0)
		r = fsv_plan_write_local(h->model->plan, row, h->before_2, w, err);
	return r;
}

static void log_local_fault(struct host *h, struct fsv_str why)
{
	const struct fsv_log_tags tags = tags_of(h);

	fsv_log_limited(FSV_LOG_INFO, &tags, "case %s: model %.160s: %.*s; the guest is told that it failed",
			h->trace.case_id.p, h->model->key, FSV_STR_ARG(why));
}

static void begin_members(struct fsv_arena *arena, struct fsv_buf *members, struct fsv_jsonw *w)
{
	fsv_buf_init(members, arena, 0);
	fsv_jsonw_init(w, members);
}

/* Features that did not come because the time is up must not look like features that do not exist. */
static bool cut_off(struct host *h)
{
	if (!atomic_load_explicit(&h->server->cutting, memory_order_relaxed))
		return false;
	answer_fault(h, fsv_err_fate(FSV_E_SHUTDOWN), "the server is shutting down; ask another one");
	return true;
}

static void count_lookup(const struct host *h, const struct fsv_adaptor *adaptor, int code)
{
	char text[24];

	fsv_metric_count(&lookups, adaptor->kind->name, fsv_metric_number(code, text));
	fsv_metric_observe(&lookup_seconds, fsv_now_ns() - h->asked, adaptor->kind->name);
}

static void on_features(struct fsv_lookup *lookup)
{
	struct host *h = lookup->arg;
	struct fsv_buf members;
	struct fsv_jsonw w;
	struct fsv_err err;

	count_lookup(h, h->view->single, lookup->retcode);
	if (cut_off(h))
		return;
	if (lookup->retcode != 0) {
		answer_fault(h, lookup->retcode, "adaptor return error");
		return;
	}
	begin_members(h->arena, &members, &w);
	if (score(h, lookup->features, &w, &err) < 0) {
		log_local_fault(h, fsv_str(err.text));
		answer_fault(h, SYSTEM_ERROR, LOCAL_FAULT);
		return;
	}
	fsv_jsonw_kv_int(&w, "retcode", 0);
	answer(h, &(struct fsv_envelope){ .retmsg = FSV_STR(""), .members = fsv_buf_str(&members) });
}

static bool no_features(struct fsv_str object)
{
	return fsv_str_blank(fsv_str_sub(object, 1, object.n - 1));
}

/* What a person is scored on: what the adaptor found, else what the guest sent. */
static struct fsv_str features_of(const struct host *h, size_t i)
{
	struct fsv_str found = h->batch_lookup.rows[i].features;

	return found.n > 0 ? found : h->request.rows[h->order[i]].features;
}

static void answer_row(struct host *h, size_t i, const struct fsv_plan_row *own, struct fsv_arena *arena)
{
	struct fsv_envelope_row *row = &h->results[i];
	struct fsv_str why = own->why;
	struct fsv_buf members;
	struct fsv_jsonw w;
	struct fsv_err err;
	bool failed = !own->row;

	*row = (struct fsv_envelope_row){ .index = h->request.rows[h->order[i]].index };
	begin_members(arena, &members, &w);
	if (h->batch_lookup.rows[i].retcode != 0) {
		row->retcode = h->batch_lookup.rows[i].retcode;
		fsv_jsonw_kv_str(&w, "message", FSV_STR("adaptor return error"));
		row->members = fsv_buf_str(&members);
		return;
	}
	if (!failed && fsv_plan_write_local(h->model->plan, own->row, h->before_2, &w, &err) < 0) {
		failed = true;
		why = fsv_str(err.text);
	}
	if (failed) {
		log_local_fault(h, why);
		begin_members(arena, &members, &w);
		fsv_jsonw_kv_str(&w, "message", FSV_STR(LOCAL_FAULT));
		row->retcode = SYSTEM_ERROR;
	} else if (no_features(own->features)) {
		fsv_jsonw_kv_str(&w, "message", FSV_STR("no feature"));
		row->retcode = NO_FEATURE;
	}
	row->members = fsv_buf_str(&members);
}

static void score_rows(void *arg, size_t from, size_t to, struct fsv_arena *arena)
{
	struct host *h = arg;
	struct fsv_plan_row *own = FSV_ARENA_NEW_N(arena, struct fsv_plan_row, to - from);

	for (size_t i = from; i < to; i++)
		own[i - from].features = features_of(h, i);
	fsv_plan_local_rows(h->model->plan, own, to - from, arena);
	for (size_t i = from; i < to; i++)
		answer_row(h, i, &own[i - from], arena);
}

static void on_scored(void *arg)
{
	struct host *h = arg;

	answer(h, &(struct fsv_envelope){ .retmsg = FSV_STR(""), .rows = h->results, .n_rows = h->n_rows });
}

static void on_batch_features(struct fsv_batch_lookup *lookup)
{
	struct host *h = lookup->arg;

	count_lookup(h, h->view->batch, lookup->retcode);
	if (cut_off(h))
		return;
	if (lookup->retcode != 0) {
		answer_fault(h, lookup->retcode, "adaptor return error");
		return;
	}
	h->results = FSV_ARENA_NEW_N(h->arena, struct fsv_envelope_row, h->n_rows);
	fsv_slices_start(&(struct fsv_slices_opt){
		.n_rows = h->n_rows, .rows = h->view->batch_slice, .pool = h->server->batch_pool,
		.n_threads = h->server->batch_threads, .worker = fsv_rpc_call_worker(h->call), .work = score_rows,
		.done = on_scored, .arg = h,
	}, &h->slices);
}

/* Features ------------------------------------------------------------------------------------------ */

static void look_up(struct host *h)
{
	if (!h->view->single) {
		answer_fault(h, fsv_err_fate(FSV_E_ADAPTOR), "adaptor not found");
		return;
	}
	h->lookup = (struct fsv_lookup){
		.keys = h->keys, .worker = fsv_rpc_call_worker(h->call), .arena = h->arena,
		.deadline = fsv_rpc_call_deadline(h->call), .case_id = h->trace.case_id.p, .done = on_features, .arg = h,
	};
	h->asked = fsv_now_ns();
	fsv_adaptor_find(h->view->single, &h->lookup);
}

static void look_up_batch(struct host *h)
{
	struct fsv_batch_lookup_row *rows = FSV_ARENA_NEW_N(h->arena, struct fsv_batch_lookup_row, h->n_rows);

	if (!h->view->batch) {
		answer_fault(h, fsv_err_fate(FSV_E_ADAPTOR), "adaptor not found");
		return;
	}
	for (size_t i = 0; i < h->n_rows; i++)
		rows[i].keys = h->request.rows[h->order[i]].remote;
	h->batch_lookup = (struct fsv_batch_lookup){
		.rows = rows, .n_rows = h->n_rows, .worker = fsv_rpc_call_worker(h->call), .arena = h->arena,
		.deadline = fsv_rpc_call_deadline(h->call), .case_id = h->trace.case_id.p, .done = on_batch_features,
		.arg = h,
	};
	h->asked = fsv_now_ns();
	fsv_adaptor_find_batch(h->view->batch, &h->batch_lookup);
}

/* The packet ---------------------------------------------------------------------------------------- */

static struct fsv_str nonce(const Fsv__Packet *packet)
{
	return packet->auth ? fsv_str(packet->auth->nonce) : FSV_STR_NULL;
}

static int read_command(struct host *h, struct fsv_err *err)
{
	const Fsv__Metadata *header = h->packet->header;
	const char *name = header && header->command ? header->command->name : "";

	for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(name, commands[i].command) == 0) {
			h->interface = &commands[i].interface;
			h->kind = commands[i].kind;
			return 0;
		}
	}
	return fsv_err_set(err, FSV_E_COMMAND, "unsupported command; federatedInference and batch are served");
}

/* The number of the guest's protocol decides how its body is read. */
static int read_protocol(struct host *h, struct fsv_err *err)
{
	struct fsv_str operator = fsv_str(h->packet->header->operator_);
	double number;

	if (fsv_str_blank(operator)) {
		h->before_2 = true;
		return 0;
	}
	if (!fsv_double_from_java(operator, &number))
		return fsv_err_set(err, FSV_E_PARAM, "header.operator of the packet is no protocol number");
	h->before_2 = number < PROTOCOL_2X;
	return 0;
}

static int find_by_partner(struct host *h, struct fsv_err *err)
{
	struct fsv_request_1x request;
	int r;

	if (h->kind == FSV_REQUEST_BATCH)
		return fsv_err_set(err, FSV_E_PARAM, "guests with a protocol number below 200 have no batches");
	r = fsv_request_parse_1x(fsv_packet_body(h->packet), h->arena, &request, err);
	if (r < 0)
		return r;
	h->keys = request.keys;
	h->model = fsv_models_by_partner(h->server->models, request.table_name, request.name_space);
	return 0;
}

static int find_by_name(struct host *h, struct fsv_err *err)
{
	const Fsv__Task *task = h->packet->header->task;
	size_t max = h->view->batch_max;

	if (fsv_request_parse(fsv_packet_body(h->packet), h->kind, max, h->arena, &h->request, err) < 0)
		return fsv_err_set(err, FSV_E_PARAM, "parse inference params error");
	h->keys = h->request.remote;
	if (h->kind == FSV_REQUEST_BATCH) {
		int r = fsv_request_check_rows(&h->request, max, err);

		if (r < 0)
			return r;
		h->n_rows = fsv_request_order(&h->request, h->arena, &h->order);
	}
	if (task && task->model)
		h->model = fsv_models_by_name(h->server->models, fsv_str(task->model->tablename),
					      fsv_str(task->model->namespace_));
	return 0;
}

static int find_model(struct host *h, struct fsv_err *err)
{
	int r = h->before_2 ? find_by_partner(h, err) : find_by_name(h, err);

	if (r < 0)
		return r;
	/* A guest's own part is nothing that anybody else may ask for. */
	if (!h->model || h->model->guest)
		return fsv_err_set(err, FSV_E_MODEL_NULL, "mode is null");
	return fsv_gate_enter_model(h->server->gate, h->model->key, h->kind == FSV_REQUEST_BATCH ? (unsigned)h->n_rows : 1,
				    h->arena, err);
}

static void start(struct host *h)
{
	static const struct fsv_interface none = { "I_unaryCall", "unaryCall" };
	struct fsv_err err;
	int r = read_command(h, &err), entered;

	entered = fsv_server_enter(h->server, h->interface ? h->interface : &none, fsv_rpc_call_too_late(h->call), &h->view,
				   r == 0 ? &err : NULL);
	if (r == 0)
		r = entered;
	if (r == 0)
		r = read_protocol(h, &err);
	if (r == 0)
		r = find_model(h, &err);
	if (r < 0)
		answer_fault(h, fsv_err_fate(r), err.text);
	else if (h->kind == FSV_REQUEST_BATCH)
		look_up_batch(h);
	else
		look_up(h);
}

void fsv_host_unary_call(struct fsv_rpc_call *call, void *user)
{
	struct fsv_arena *arena = fsv_rpc_call_arena(call);
	struct host *h = FSV_ARENA_NEW(arena, struct host);
	struct fsv_str case_id;
	struct fsv_err err;

	if (fsv_packet_decode(fsv_rpc_call_body(call), arena, &h->packet, &err) < 0) {
		/* The reference's status; it sends no text. */
		fsv_rpc_fail(call, FSV_RPC_UNKNOWN, err.text);
		return;
	}
	h->server = user;
	h->call = call;
	h->arena = arena;
	h->began = fsv_now_ns();
	case_id = nonce(h->packet);
	h->trace = fsv_trace_start(arena, case_id.n > 0 ? case_id : fsv_rpc_call_meta(call, "caseid"),
				   fsv_rpc_call_meta(call, "traceparent"), fsv_rpc_call_hops(call));
	start(h);
}
