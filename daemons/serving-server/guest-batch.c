/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a batch: the guest's own parts, and the merge with what the parties say of each. */
#include "guest-private.h"

#include "base/log.h"
#include "codec/json.h"
#include "model/plan.h"
#include "server.h"
#include "slices.h"

static void start(struct fsv_guest *g, void (*work)(void *arg, size_t from, size_t to, struct fsv_arena *arena),
		  void (*done)(void *guest), struct fsv_slices **ret_slices)
{
	fsv_slices_start(&(struct fsv_slices_opt){
		.n_rows = g->n_rows, .rows = g->view->batch_slice, .pool = g->in.server->batch_pool,
		.n_threads = g->in.server->batch_threads, .worker = g->in.worker, .work = work, .done = done, .arg = g,
	}, ret_slices);
}

/* A row that fails is told of when it is merged. */
static void compute(void *arg, size_t from, size_t to, struct fsv_arena *arena)
{
	struct fsv_guest *g = arg;

	fsv_plan_local_rows(g->model->plan, &g->rows[from], to - from, arena);
}

void fsv_guest_compute_rows(struct fsv_guest *g, void (*done)(void *guest))
{
	g->rows = FSV_ARENA_NEW_N(g->in.arena, struct fsv_plan_row, g->n_rows);
	for (size_t i = 0; i < g->n_rows; i++) {
		const struct fsv_request_row *row = &g->request.rows[g->order[i]];

		g->rows[i].features = row->features_null ? FSV_STR_NULL : row->features;
	}
	start(g, compute, done, &g->local);
}

/* What each party says of a row; none where it says nothing. */
static void collect(const struct fsv_guest *g, int32_t index, struct fsv_remote *remotes)
{
	for (unsigned p = 0; p < g->n_parties; p++) {
		const struct fsv_answer_row *a = fsv_answer_row(&g->parties[p].answer, index);

		remotes[p] = (struct fsv_remote){ .party_id = fsv_str(g->parties[p].partner->party_id) };
		if (a) {
			remotes[p].retcode = a->retcode;
			remotes[p].message = a->message;
			remotes[p].data = a->data;
		}
	}
}

/* The result's members stay in arena; what is needed on the way goes to scratch. */
static void merge_row(const struct fsv_guest *g, size_t i, struct fsv_remote *remotes, struct fsv_arena *arena,
		      struct fsv_arena *scratch)
{
	const struct fsv_plan_row *own = &g->rows[i];
	struct fsv_envelope_row *row = &g->results[i];
	struct fsv_merge merge;
	struct fsv_buf members;
	struct fsv_jsonw w;
	struct fsv_err err;
	int r;

	collect(g, g->indexes[i], remotes);
	fsv_buf_init(&members, arena, 0);
	fsv_jsonw_init(&w, &members);
	r = fsv_plan_merge(g->model->plan, own->row, remotes, g->n_parties, scratch, &w, &merge, &err);
	*row = (struct fsv_envelope_row){ .index = g->indexes[i] };
	if (r < 0) {
		row->retcode = fsv_err_fate(r);
		row->data_null = true;
		row->retmsg = r == FSV_E_SYSTEM && !own->row ? own->why : fsv_arena_str(arena, fsv_str(err.text));
	} else {
		row->retcode = merge.retcode;
		row->retmsg = merge.retmsg.n > 0 ? fsv_arena_str(arena, merge.retmsg) : FSV_STR("");
		row->members = fsv_buf_str(&members);
	}
}

static void merge(void *arg, size_t from, size_t to, struct fsv_arena *arena)
{
	const struct fsv_guest *g = arg;
	struct fsv_remote *remotes = FSV_ARENA_NEW_N(arena, struct fsv_remote, g->n_parties);
	struct fsv_arena scratch;

	fsv_arena_init(&scratch, 16 * 1024);
	for (size_t i = from; i < to; i++) {
		merge_row(g, i, remotes, arena, &scratch);
		fsv_arena_reset(&scratch);
	}
	fsv_arena_done(&scratch);
}

void fsv_guest_merge_rows(struct fsv_guest *g, void (*done)(void *guest))
{
	g->results = FSV_ARENA_NEW_N(g->in.arena, struct fsv_envelope_row, g->n_rows);
	start(g, merge, done, &g->merge);
}
