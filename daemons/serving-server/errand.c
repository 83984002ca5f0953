/* SPDX-License-Identifier: Apache-2.0 */
#include "errand.h"

#include <errno.h>

#include "base/log.h"
#include "base/mem.h"
#include "codec/json.h"

enum { FAULT = 110, NO_FEATURE = 113 };

static char *put(char **at, struct fsv_str s)
{
	char *p = *at;

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	*at += s.n + 1;
	return p;
}

/* In one piece: the errand, its rows, their keys and the case id. keys_of: of row i. */
static struct fsv_errand *new_errand(size_t n_rows, const char *case_id,
				     struct fsv_str (*keys_of)(const void *from, size_t i), const void *from)
{
	struct fsv_str id = fsv_str(case_id);
	size_t size = sizeof(struct fsv_errand) + n_rows * sizeof(struct fsv_errand_row) + id.n + 1;
	struct fsv_errand *e;
	char *at;

	for (size_t i = 0; i < n_rows; i++)
		size += keys_of(from, i).n + 1;
	e = fsv_calloc(1, size);
	e->rows = (struct fsv_errand_row *)(e + 1);
	e->n_rows = n_rows;
	at = (char *)(e->rows + n_rows);
	for (size_t i = 0; i < n_rows; i++) {
		struct fsv_str keys = keys_of(from, i);

		e->rows[i].keys = fsv_str_n(put(&at, keys), keys.n);
	}
	e->case_id = put(&at, id);
	return e;
}

static struct fsv_str key_of_one(const void *from, size_t i)
{
	(void)i;
	return ((const struct fsv_lookup *)from)->keys;
}

static struct fsv_str key_of_row(const void *from, size_t i)
{
	return ((const struct fsv_batch_lookup *)from)->rows[i].keys;
}

void fsv_errand_free(struct fsv_crew_job *job)
{
	struct fsv_errand *e = (struct fsv_errand *)job;

	free(e->answer);
	free(e);
}

/* Back on the worker -------------------------------------------------------------------------------- */

bool fsv_errand_object(struct fsv_str text, struct fsv_arena *arena)
{
	struct fsv_json j;

	fsv_json_init(&j, text, arena);
	return fsv_json_skip(&j, NULL) == FSV_JSON_OBJECT && fsv_json_end(&j);
}

static struct fsv_str take_features(struct fsv_errand_row *row, const char *source, const char *case_id,
				    struct fsv_arena *arena)
{
	const struct fsv_log_tags tags = { .case_id = case_id };

	if (row->retcode == 0 && !fsv_errand_object(row->features, arena)) {
		fsv_log_limited(FSV_LOG_INFO, &tags, "case %s: %s: the answer is no JSON object; the look-up ends with %d",
				case_id, source, FAULT);
		row->retcode = FAULT;
	}
	return row->retcode == 0 ? fsv_arena_str(arena, row->features) : FSV_STR_NULL;
}

/* The errand goes before the look-up ends: with that the crew may go. */
static void deliver_one(struct fsv_errand *e)
{
	struct fsv_lookup *lookup = e->lookup;
	struct fsv_str features = FSV_STR_NULL;
	int retcode = e->retcode;

	if (retcode != 0) {
		fsv_lookup_log(lookup, e->source, retcode, e->why.text);
	} else {
		features = take_features(&e->rows[0], e->source, lookup->case_id, lookup->arena);
		retcode = e->rows[0].retcode;
	}
	fsv_crew_job_put(&e->job);
	fsv_lookup_end(lookup, retcode, features);
}

static void deliver_batch(struct fsv_errand *e)
{
	struct fsv_batch_lookup *batch = e->batch;
	int retcode = e->retcode;

	if (retcode != 0)
		fsv_batch_lookup_log(batch, e->source, retcode, e->why.text);
	for (size_t i = 0; retcode == 0 && i < e->n_rows; i++) {
		batch->rows[i].features = take_features(&e->rows[i], e->source, batch->case_id, batch->arena);
		batch->rows[i].retcode = e->rows[i].retcode == NO_FEATURE ? 0 : e->rows[i].retcode;
	}
	fsv_crew_job_put(&e->job);
	fsv_batch_lookup_end(batch, retcode);
}

static void deliver(void *arg)
{
	struct fsv_errand *e = arg;

	if (e->is_batch)
		deliver_batch(e);
	else
		deliver_one(e);
}

/* Answers ------------------------------------------------------------------------------------------- */

static void copy_rows(struct fsv_errand *e, const struct fsv_errand_answer *rows)
{
	size_t size = 1;
	char *at;

	for (size_t i = 0; i < e->n_rows; i++)
		size += rows[i].features.n + 1;
	e->answer = at = fsv_malloc(size);
	for (size_t i = 0; i < e->n_rows; i++) {
		e->rows[i].retcode = rows[i].retcode;
		e->rows[i].features = fsv_str_n(put(&at, rows[i].features), rows[i].features.n);
	}
}

bool fsv_errand_answer(struct fsv_crew *crew, uint64_t ticket, int retcode, const struct fsv_errand_answer *rows,
		       size_t n_rows, const char *why)
{
	struct fsv_errand *e = (struct fsv_errand *)fsv_crew_claim(crew, ticket);

	if (!e)
		return false;
	e->retcode = retcode;
	if (retcode == 0 && n_rows != e->n_rows) {
		e->retcode = FAULT;
		why = "the answer has another number of rows than the question";
	}
	if (e->retcode == 0)
		copy_rows(e, rows);
	else
		fsv_err_set(&e->why, e->retcode, "%s", why ? why : "no reason given");
	fsv_rpc_post(e->worker, deliver, e);
	return true;
}

void fsv_errand_unanswered(struct fsv_crew_job *job, const struct fsv_err *why)
{
	struct fsv_errand *e = (struct fsv_errand *)job;

	e->retcode = FAULT;
	e->why = *why;
	fsv_rpc_post(e->worker, deliver, e);
}

/* Questions ----------------------------------------------------------------------------------------- */

static int submit(const struct fsv_errand_opt *opt, struct fsv_errand *e, int64_t callers)
{
	int r;

	e->source = opt->source;
	e->job.deadline = fsv_lookup_limit(callers, opt->limit_ms);
	r = fsv_crew_submit(opt->crew, &e->job);
	if (r < 0)
		free(e);
	return r;
}

static const char *refusal(int r)
{
	return r == -EAGAIN ? "too many look-ups are under way" : "the server stops";
}

void fsv_errand_find(const struct fsv_errand_opt *opt, struct fsv_lookup *lookup)
{
	struct fsv_errand *e = new_errand(1, lookup->case_id, key_of_one, lookup);
	int r;

	e->worker = lookup->worker;
	e->lookup = lookup;
	r = submit(opt, e, lookup->deadline);
	if (r == 0)
		return;
	lookup->busy = r == -EAGAIN;
	fsv_lookup_fail(lookup, opt->source, FAULT, refusal(r));
}

void fsv_errand_find_batch(const struct fsv_errand_opt *opt, struct fsv_batch_lookup *batch)
{
	struct fsv_errand *e = new_errand(batch->n_rows, batch->case_id, key_of_row, batch);
	int r;

	e->worker = batch->worker;
	e->batch = batch;
	e->is_batch = true;
	r = submit(opt, e, batch->deadline);
	if (r < 0)
		fsv_batch_lookup_fail(batch, opt->source, FAULT, refusal(r));
}
