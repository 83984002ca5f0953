/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of hosts that a guest has kept. They are looked up before a party is asked, all parties and rows in one go;
 * a batch's rows that are there are left out of what the party is sent, and joined with its answer.
 */
#include "guest-private.h"

#include "base/time.h"
#include "codec/json.h"
#include "server.h"

static size_t n_items(const struct fsv_guest *g)
{
	return g->kind == FSV_REQUEST_BATCH ? g->n_rows : 1;
}

static struct fsv_str sent(const struct fsv_guest *g, size_t i)
{
	return g->kind == FSV_REQUEST_BATCH ? g->request.rows[g->order[i]].remote : g->request.remote;
}

/* A look-up that gets no answer leaves the parties half of the time. */
static int64_t half_way(int64_t deadline)
{
	int64_t now = fsv_now_ns();

	return deadline > now ? now + (deadline - now) / 2 : now;
}

void fsv_guest_look_up(struct fsv_guest *g, void (*done)(struct fsv_cache_lookup *lookup))
{
	size_t n = n_items(g);
	struct fsv_cache_item *items = FSV_ARENA_NEW_N(g->in.arena, struct fsv_cache_item, g->n_parties * n);

	for (unsigned p = 0; p < g->n_parties; p++) {
		struct fsv_guest_party *party = &g->parties[p];

		party->cached = &items[p * n];
		for (size_t i = 0; i < n; i++)
			fsv_cache_key(fsv_str(party->partner->party_id), fsv_str(g->model->table_name),
				      fsv_str(g->model->name_space), sent(g, i), g->in.arena, party->cached[i].key);
	}
	g->lookup = (struct fsv_cache_lookup){
		.items = items, .n = g->n_parties * n, .worker = g->in.worker, .arena = g->in.arena,
		.deadline = half_way(g->deadline), .done = done, .arg = g,
	};
	fsv_cache_get(g->view->cache, &g->lookup);
}

/* Rows of the cache and rows of the answer, ascending. */
static void join(struct fsv_guest_party *p)
{
	struct fsv_guest *g = p->guest;
	struct fsv_answer_row *rows = FSV_ARENA_NEW_N(g->in.arena, struct fsv_answer_row, g->n_rows);
	size_t n = 0;

	for (size_t i = 0; i < g->n_rows; i++) {
		const struct fsv_answer_row *asked;

		if (p->cached[i].value.n > 0) {
			rows[n++] = (struct fsv_answer_row){ .index = g->indexes[i], .data = p->cached[i].value };
			continue;
		}
		asked = fsv_answer_row(&p->answer, g->indexes[i]);
		if (asked)
			rows[n++] = *asked;
	}
	p->answer.rows = rows;
	p->answer.n_rows = n;
}

static void leave_out(struct fsv_guest_party *p)
{
	struct fsv_guest *g = p->guest;
	int32_t *asked = FSV_ARENA_NEW_N(g->in.arena, int32_t, g->n_rows - p->n_cached);

	p->left_out = FSV_ARENA_NEW_N(g->in.arena, bool, g->request.n_rows);
	p->n_asked = 0;
	for (size_t i = 0; i < g->n_rows; i++) {
		if (p->cached[i].value.n > 0)
			p->left_out[g->order[i]] = true;
		else
			asked[p->n_asked++] = g->indexes[i];
	}
	p->asked = asked;
}

bool fsv_guest_use_cached(struct fsv_guest_party *p)
{
	struct fsv_guest *g = p->guest;
	size_t n = n_items(g);

	for (size_t i = 0; i < n; i++)
		p->n_cached += p->cached[i].value.n > 0;
	if (p->n_cached < n) {
		if (p->n_cached > 0)
			leave_out(p);
		return false;
	}
	/* In the reference's words, which a single's client sees. */
	p->answer = (struct fsv_answer){ .retmsg = FSV_STR("hit host cache"), .data = p->cached[0].value };
	if (g->kind == FSV_REQUEST_BATCH)
		join(p);
	return true;
}

static void put(struct fsv_guest *g, const struct fsv_cache_item *item, struct fsv_str data)
{
	struct fsv_buf value;
	struct fsv_err err;

	fsv_buf_init(&value, g->in.arena, 0);
	if (fsv_json_reencode(data, true, g->in.arena, &value, &err) == 0)
		fsv_cache_put(g->view->cache, item->key, fsv_buf_str(&value));
}

void fsv_guest_keep(struct fsv_guest_party *p)
{
	struct fsv_guest *g = p->guest;

	if (p->answer.retcode != 0)
		return;
	if (g->kind == FSV_REQUEST_SINGLE) {
		put(g, &p->cached[0], p->answer.data);
		return;
	}
	for (size_t i = 0; i < g->n_rows; i++) {
		const struct fsv_answer_row *row = p->cached[i].value.n > 0 ? NULL :
						   fsv_answer_row(&p->answer, g->indexes[i]);

		if (row && row->retcode == 0 && row->data.n > 0)
			put(g, &p->cached[i], row->data);
	}
	if (p->n_cached > 0)
		join(p);
}
