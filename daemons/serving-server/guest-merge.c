/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a guest's request: what the parties said becomes the client's answer. */
#include "guest-private.h"

#include "base/log.h"
#include "base/time.h"
#include "call/counts.h"
#include "call/spans.h"
#include "codec/json.h"
#include "model/plan.h"
#include "server.h"
#include "slices.h"

enum { HOST_CODES = 1000 };	/* from here on a code is "2" and a host's */

static struct fsv_log_tags tags_of(struct fsv_guest *g)
{
	return (struct fsv_log_tags){
		.case_id = g->trace.case_id.p,
		.service_id = g->request.service_id.n > 0 ? fsv_arena_cstr(g->in.arena, g->request.service_id) : NULL,
	};
}

static void log_end(struct fsv_guest *g, const struct fsv_envelope *e, struct fsv_str answer)
{
	bool print_in = g->view && g->view->print_input, print_out = g->view && g->view->print_output;
	struct fsv_log_tags tags;

	if (!print_in && !print_out && e->retcode == 0 && !fsv_log_on(FSV_LOG_DEBUG))
		return;
	tags = tags_of(g);
	if (print_in)
		fsv_server_print("request", g->in.body, &tags, g->in.arena);
	if (print_out)
		fsv_server_print("answer", answer, &tags, g->in.arena);
	fsv_log(FSV_LOG_DEBUG, &tags, "case %s: %s for service %.64s ended with %d in %lld us", tags.case_id,
		g->interface->service, tags.service_id ? tags.service_id : "-", e->retcode,
		(long long)((fsv_now_ns() - g->began) / 1000));
	/* What a host says may quote its features; it goes to the client, not into our log. */
	if (e->retcode != 0)
		fsv_log_limited(FSV_LOG_INFO, &tags, "case %s: %s for service %.64s failed with %d: %.*s", tags.case_id,
				g->interface->service, tags.service_id ? tags.service_id : "-", e->retcode,
				FSV_STR_ARG(e->retcode >= HOST_CODES ? FSV_STR("a host refused") : e->retmsg));
}

static unsigned good_rows(const struct fsv_envelope *e)
{
	unsigned n = 0;

	for (size_t i = 0; i < e->n_rows; i++)
		n += e->rows[i].retcode == 0;
	return n;
}

static void answer(struct fsv_guest *g, struct fsv_envelope *e)
{
	struct fsv_buf out;

	e->case_id = g->trace.case_id;
	e->model = g->model;
	e->batch = g->kind == FSV_REQUEST_BATCH;
	e->bare = g->in.bare;
	fsv_buf_init(&out, g->in.arena, 0);
	fsv_envelope_write(e, g->in.arena, &out);
	log_end(g, e, fsv_buf_str(&out));
	fsv_slices_free(g->local);
	fsv_slices_free(g->merge);
	fsv_server_count(g->in.server, g->interface, g->model, e->retcode, good_rows(e),
			 (unsigned)e->n_rows - good_rows(e));
	fsv_count_request("guest", g->interface->service, e->retcode, g->began);
	if (g->trace.sampled)
		fsv_spans_put(g->in.server->spans, &(struct fsv_span){
			.trace = &g->trace, .hop = "guest", .name = g->interface->service, .began = g->began,
			.retcode = e->retcode, .service_id = g->request.service_id,
		});
	fsv_model_unref(g->model);
	fsv_server_leave(g->in.server, g->view);
	g->in.reply(g->in.arg, fsv_buf_str(&out));
}

static void answer_fault(struct fsv_guest *g, int code, struct fsv_str text)
{
	answer(g, &(struct fsv_envelope){ .retcode = fsv_err_fate(code), .retmsg = text });
}

static void begin_members(struct fsv_guest *g, struct fsv_buf *members, struct fsv_jsonw *w)
{
	fsv_buf_init(members, g->in.arena, 0);
	fsv_jsonw_init(w, members);
}

/* Single -------------------------------------------------------------------------------------------- */

static void finish_single(struct fsv_guest *g)
{
	struct fsv_remote *remotes = FSV_ARENA_NEW_N(g->in.arena, struct fsv_remote, g->n_parties);
	struct fsv_merge merge;
	struct fsv_buf members;
	struct fsv_jsonw w;
	struct fsv_err err;
	int r;

	for (unsigned i = 0; i < g->n_parties; i++) {
		const struct fsv_answer *a = &g->parties[i].answer;

		remotes[i] = (struct fsv_remote){
			.party_id = fsv_str(g->parties[i].partner->party_id), .retcode = a->retcode, .message = a->retmsg,
			.data = a->data,
		};
	}
	begin_members(g, &members, &w);
	r = fsv_plan_merge(g->model->plan, g->row, remotes, g->n_parties, g->in.arena, &w, &merge, &err);
	if (r < 0)
		answer_fault(g, r, fsv_str(err.text));
	else
		answer(g, &(struct fsv_envelope){ .retcode = merge.retcode, .retmsg = merge.retmsg,
						  .members = fsv_buf_str(&members) });
}

/* Batch --------------------------------------------------------------------------------------------- */

/* One host that refuses the batch as a whole ends all of it. */
static const struct fsv_guest_party *refused(const struct fsv_guest *g)
{
	for (unsigned i = 0; i < g->n_parties; i++)
		if (g->parties[i].answer.retcode != 0)
			return &g->parties[i];
	return NULL;
}

static void finish_refused(struct fsv_guest *g, const struct fsv_guest_party *p)
{
	struct fsv_remote remote = {
		.party_id = fsv_str(p->partner->party_id), .retcode = p->answer.retcode, .message = p->answer.retmsg,
	};
	struct fsv_merge merge;
	struct fsv_buf members;
	struct fsv_jsonw w;
	struct fsv_err err;
	int r;

	begin_members(g, &members, &w);
	r = fsv_plan_merge(g->model->plan, NULL, &remote, 1, g->in.arena, &w, &merge, &err);
	if (r < 0)
		answer_fault(g, r, fsv_str(err.text));
	else
		answer(g, &(struct fsv_envelope){ .retcode = merge.retcode, .retmsg = merge.retmsg });
}

static void answer_batch(struct fsv_guest *g)
{
	answer(g, &(struct fsv_envelope){ .retmsg = FSV_STR(""), .rows = g->results, .n_rows = g->n_rows });
}

static void on_merged(void *arg)
{
	struct fsv_guest *g = arg;

	g->merged = true;
	if (!g->merging)
		return;
	/* The caller may have gone meanwhile. */
	if (g->fault)
		answer_fault(g, g->fault, g->fault_text);
	else
		answer_batch(g);
}

static bool finish_batch(struct fsv_guest *g)
{
	const struct fsv_guest_party *p = refused(g);

	if (p) {
		finish_refused(g, p);
		return true;
	}
	fsv_guest_merge_rows(g, on_merged);
	if (!g->merged) {
		g->merging = true;
		return false;
	}
	answer_batch(g);
	return true;
}

bool fsv_guest_finish(struct fsv_guest *g)
{
	if (!g->fault && g->kind == FSV_REQUEST_BATCH)
		return finish_batch(g);
	if (g->fault)
		answer_fault(g, g->fault, g->fault_text);
	else
		finish_single(g);
	return true;
}
