/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

#include "base/log.h"
#include "base/time.h"
#include "call/counts.h"
#include "call/message.h"
#include "call/trace.h"
#include "envelope.h"
#include "guest-private.h"
#include "model/plan.h"
#include "registry/view.h"
#include "server.h"

static const struct fsv_interface interfaces[] = {
	[FSV_REQUEST_SINGLE] = { "I_singleInference", "singleInference" },
	[FSV_REQUEST_BATCH] = { "I_batchInference", "batchInference" },
};

/* What a fault of transport is called to the client: no addresses, no inner words. */
static const char *cause(int status)
{
	switch (status) {
	case FSV_RPC_DEADLINE_EXCEEDED:
		return "no answer within the time limit";
	case FSV_RPC_UNAVAILABLE:
		return "the proxy cannot be reached";
	case FSV_RPC_RESOURCE_EXHAUSTED:
		return "the proxy is too busy, or a message is too large for it";
	case FSV_RPC_CANCELLED:
		return "cancelled by the caller";
	default:
		return fsv_rpc_status_name(status);
	}
}

/* Reading the request ------------------------------------------------------------------------------- */

static void order_rows(struct fsv_guest *g)
{
	g->n_rows = fsv_request_order(&g->request, g->in.arena, &g->order);
	g->indexes = FSV_ARENA_NEW_N(g->in.arena, int32_t, g->n_rows);
	for (size_t i = 0; i < g->n_rows; i++)
		g->indexes[i] = g->request.rows[g->order[i]].index;
}

static int read_request(struct fsv_guest *g, struct fsv_err *err)
{
	size_t max = g->view->batch_max;
	int r = fsv_request_parse(g->in.body, g->kind, max, g->in.arena, &g->request, err);

	if (r == 0 && g->request.case_id.n > 0)
		g->trace = fsv_trace_start(g->in.arena, g->request.case_id, g->in.traceparent, g->in.hops);
	if (r == 0)
		r = fsv_request_check(&g->request, g->kind, max, err);
	if (r == 0 && g->kind == FSV_REQUEST_BATCH)
		order_rows(g);
	return r;
}

static int find_model(struct fsv_guest *g, struct fsv_err *err)
{
	bool bound;

	g->model = fsv_models_by_service(g->in.server->models, g->request.service_id, &bound);
	if (!g->model && bound)
		return fsv_err_set(err, FSV_E_SYSTEM, "the model bound to the serviceId is not loaded");
	if (!g->model)
		return fsv_err_set(err, FSV_E_MODEL_NULL, "serviceId is not bind model");
	return fsv_gate_enter_model(g->in.server->gate, g->model->key, g->kind == FSV_REQUEST_BATCH ? (unsigned)g->n_rows : 1,
				    g->in.arena, err);
}

/* Asking the other parties --------------------------------------------------------------------------- */

static void give_up(struct fsv_guest *g, int code, const char *text)
{
	if (g->fault)
		return;
	g->fault = code;
	g->fault_text = fsv_arena_str(g->in.arena, fsv_str(text));
	for (unsigned i = 0; i < g->n_parties; i++)
		if (g->parties[i].request)
			fsv_rpc_cancel(g->parties[i].request);
}

static void no_answer(struct fsv_guest_party *p, const char *why)
{
	struct fsv_guest *g = p->guest;
	const char *id = p->partner->party_id;

	give_up(g, FSV_E_NET, g->kind == FSV_REQUEST_BATCH ?
		fsv_arena_printf(g->in.arena, "party id %s remote error", id) :
		fsv_arena_printf(g->in.arena, "host %s remote error : %s", id, why));
}

/* An answer that cannot be read counts as none: leaving the party out, as the reference does, would give a
 * score without it. */
static void take_answer(struct fsv_guest_party *p, struct fsv_rpc_msg *msg)
{
	struct fsv_guest *g = p->guest;
	bool batch = g->kind == FSV_REQUEST_BATCH;
	Fsv__Packet *packet;
	struct fsv_err err;
	int r = fsv_packet_decode(fsv_rpc_msg_body(msg), g->in.arena, &packet, &err);

	if (r == 0)
		r = fsv_answer_parse(fsv_packet_body(packet), p->asked, p->n_asked, g->in.arena, &p->answer, &err);
	if (r < 0 && batch)
		no_answer(p, NULL);
	else if (r < 0)
		give_up(g, FSV_E_MERGE, "remote inference result is null");
	else if (!batch && p->answer.retcode == 0 && p->answer.data.n == 0)
		no_answer(p, "its answer has no data");
	else if (p->cached)
		fsv_guest_keep(p);
}

static void part_done(void *arg)
{
	struct fsv_guest *g = arg;

	if (--g->n_waiting == 0)
		fsv_guest_finish(g);
}

static void on_answer(void *arg, int status, struct fsv_rpc_msg *reply, const char *text);

/* The packet itself tells the case id. */
static void send_packet(struct fsv_guest_party *p)
{
	struct fsv_guest *g = p->guest;
	const struct fsv_rpc_meta meta = { "traceparent", g->trace.traceparent };

	p->request = fsv_rpc_send(g->in.worker, &(struct fsv_rpc_request_opt){
		.channel = p->hop.channel, .method = FSV_UNARY_METHOD, .body = p->packet, .deadline = g->deadline,
		.meta = &meta, .n_meta = 1, .hops = g->trace.hops, .elsewhere = p->hop.others && !p->again,
	}, on_answer, p);
}

/* A packet that never left may go over another proxy; one that may have arrived is not sent twice. */
static bool send_again(struct fsv_guest_party *p, const struct fsv_hop *failed)
{
	struct fsv_err err;

	if (p->again || p->guest->fault ||
	    fsv_server_hop(p->guest->in.server, p->guest->view, failed, &p->hop, &err) < 0)
		return false;
	p->again = true;
	send_packet(p);
	return true;
}

static void on_answer(void *arg, int status, struct fsv_rpc_msg *reply, const char *text)
{
	struct fsv_guest_party *p = arg;
	struct fsv_guest *g = p->guest;
	const struct fsv_log_tags tags = { .case_id = g->trace.case_id.p, .party_id = p->partner->party_id };
	struct fsv_hop hop = p->hop;
	bool sent_again;

	p->request = NULL;
	sent_again = fsv_rpc_never_sent() && send_again(p, &hop);
	fsv_hop_done(&hop, status);
	if (sent_again)
		return;
	fsv_count_partner(p->partner->party_id, fsv_rpc_status_name(status), g->began);
	if (g->fault) {
		/* Known already what the client is told. */
	} else if (status == FSV_RPC_OK) {
		take_answer(p, reply);
	} else {
		fsv_log_limited(FSV_LOG_INFO, &tags, "party %s did not answer: %s %s", p->partner->party_id,
				fsv_rpc_status_name(status), text);
		no_answer(p, cause(status));
	}
	part_done(g);
}

/* Asks those whose answers the cache does not have, each over a proxy of its own choice. */
static int ask_parties(struct fsv_guest *g, struct fsv_err *err)
{
	for (unsigned i = 0; i < g->n_parties; i++) {
		struct fsv_guest_party *p = &g->parties[i];
		int r;

		if (p->cached && fsv_guest_use_cached(p))
			continue;
		r = fsv_server_hop(g->in.server, g->view, NULL, &p->hop, err);
		if (r < 0)
			return r;
		p->packet = fsv_guest_packet(g, p);
		g->n_waiting++;
		send_packet(p);
	}
	return 0;
}

static void on_cached(struct fsv_cache_lookup *lookup)
{
	struct fsv_guest *g = lookup->arg;
	struct fsv_err err;
	int r = g->fault ? 0 : ask_parties(g, &err);

	if (r < 0)
		give_up(g, r, err.text);
	part_done(g);
}

/* Asks them, at once or when it is known what the cache has. */
static int begin_asking(struct fsv_guest *g, struct fsv_err *err)
{
	bool batch = g->kind == FSV_REQUEST_BATCH;
	int64_t own_ms = batch ? g->view->batch_ms : g->view->single_ms;

	if (!fsv_plan_asks_partners(g->model->plan))
		return 0;
	g->deadline = fsv_min_deadline(g->in.deadline, fsv_deadline_in_ms(own_ms));
	fsv_guest_encode_sent(g);
	g->n_parties = g->model->n_partners;
	g->parties = FSV_ARENA_NEW_N(g->in.arena, struct fsv_guest_party, g->n_parties);
	for (unsigned i = 0; i < g->n_parties; i++)
		g->parties[i] = (struct fsv_guest_party){
			.guest = g, .partner = &g->model->partners[i], .asked = g->indexes, .n_asked = batch ? g->n_rows : 0,
		};
	if (!g->view->cache || g->n_parties == 0)
		return ask_parties(g, err);
	g->n_waiting++;
	fsv_guest_look_up(g, on_cached);
	return 0;
}

/* The own part ---------------------------------------------------------------------------------------- */

static int compute(struct fsv_guest *g, struct fsv_err *err)
{
	if (g->kind == FSV_REQUEST_SINGLE)
		return fsv_plan_local(g->model->plan, g->request.features, g->in.arena, &g->row, err);
	g->n_waiting++;
	fsv_guest_compute_rows(g, part_done);
	return 0;
}

/* From start to end ------------------------------------------------------------------------------------ */

struct fsv_guest *fsv_guest_start(const struct fsv_guest_in *in, enum fsv_request_kind kind)
{
	struct fsv_guest *g = FSV_ARENA_NEW(in->arena, struct fsv_guest);
	struct fsv_err err;
	int r;

	g->in = *in;
	g->kind = kind;
	g->interface = &interfaces[kind];
	g->began = fsv_now_ns();
	g->trace = fsv_trace_start(in->arena, in->case_id, in->traceparent, in->hops);
	g->n_waiting = 1;	/* this function: nothing ends the request before it does */
	r = fsv_server_enter(in->server, g->interface, in->too_late, &g->view, &err);
	if (r == 0)
		r = read_request(g, &err);
	if (r == 0)
		r = find_model(g, &err);
	if (r == 0)
		r = begin_asking(g, &err);
	if (r == 0)
		r = compute(g, &err);
	if (r < 0)
		give_up(g, r, err.text);
	if (--g->n_waiting > 0)
		return g;
	return fsv_guest_finish(g) ? NULL : g;
}

void fsv_guest_cancel(struct fsv_guest *g)
{
	give_up(g, FSV_E_CANCELLED, "cancelled by the caller");
}

/* Over gRPC --------------------------------------------------------------------------------------------- */

struct rpc_guest {
	struct fsv_rpc_call *call;
	struct fsv_arena *arena;
	struct fsv_guest *guest;
};

static void reply_rpc(void *arg, struct fsv_str envelope)
{
	struct rpc_guest *rg = arg;

	fsv_rpc_call_on_cancel(rg->call, NULL, NULL);
	fsv_rpc_reply(rg->call, fsv_inference_encode(envelope, rg->arena));
}

static void on_cancel(void *arg)
{
	fsv_guest_cancel(arg);
}

static void from_call(struct fsv_rpc_call *call, struct fsv_server *server, enum fsv_request_kind kind)
{
	struct fsv_arena *arena = fsv_rpc_call_arena(call);
	struct rpc_guest *rg = FSV_ARENA_NEW(arena, struct rpc_guest);
	struct fsv_guest *guest;
	struct fsv_str body;
	struct fsv_err err;

	if (fsv_inference_decode(fsv_rpc_call_body(call), arena, &body, &err) < 0) {
		/* The reference's status; it sends no text. */
		fsv_rpc_fail(call, FSV_RPC_UNKNOWN, err.text);
		return;
	}
	rg->call = call;
	rg->arena = arena;
	guest = fsv_guest_start(&(struct fsv_guest_in){
		.server = server, .worker = fsv_rpc_call_worker(call), .arena = arena,
		.deadline = fsv_rpc_call_deadline(call), .body = body, .case_id = fsv_rpc_call_meta(call, "caseid"),
		.traceparent = fsv_rpc_call_meta(call, "traceparent"), .hops = fsv_rpc_call_hops(call),
		.too_late = fsv_rpc_call_too_late(call),
		.reply = reply_rpc, .arg = rg,
	}, kind);
	if (guest)
		fsv_rpc_call_on_cancel(call, on_cancel, guest);
}

void fsv_guest_inference(struct fsv_rpc_call *call, void *user)
{
	from_call(call, user, FSV_REQUEST_SINGLE);
}

void fsv_guest_batch_inference(struct fsv_rpc_call *call, void *user)
{
	from_call(call, user, FSV_REQUEST_BATCH);
}
