/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch as single look-ups through another adaptor, so many at a time. The whole batch has one limit, below that
 * of the guest that waits for it: a row whose features have not come by then goes on without.
 *
 * Under the reference's name, ParallelBatchToSingleFeatureAdaptor, a row whose look-up failed is a row without
 * features, as there. SqlBatchAdapter, HttpBatchAdapter and plugins tell the two apart.
 */
#include "adaptor.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "conf/conf.h"
#include "serving-server-conf.h"

enum { NO_FEATURE = 113, FAULT = 110 };

struct parallel_adaptor {
	struct fsv_adaptor base;
	struct fsv_adaptor *single;	/* NULL: no row has features */
	int64_t limit_ms;
	unsigned at_once;
	bool tells;			/* of rows that their source failed */
};

struct spreading {
	struct parallel_adaptor *adaptor;
	struct fsv_batch_lookup *batch;
	struct fsv_lookup *lookups;	/* one for each row */
	int64_t deadline;
	size_t next;			/* row to start next */
	size_t row;
	size_t *again;			/* rows that were refused for now */
	size_t n_again;
	size_t n_failed;
	unsigned running;
	bool starting;			/* in start_some: a look-up that ends at once must not go in again */
};

static bool take_next(struct spreading *s, size_t *ret_row)
{
	if (s->n_again > 0)
		*ret_row = s->again[--s->n_again];
	else if (s->next < s->batch->n_rows)
		*ret_row = s->next++;
	else
		return false;
	return true;
}

static void start_some(struct spreading *s)
{
	size_t row;

	s->starting = true;
	while (s->running < s->adaptor->at_once && fsv_now_ns() < s->deadline && take_next(s, &row)) {
		size_t refused = s->n_again;

		s->running++;
		fsv_adaptor_find(s->adaptor->single, &s->lookups[row]);
		if (s->n_again > refused)
			break;		/* the place where it queues is full: wait for one of ours to end */
	}
	s->starting = false;
}

/* Rows that nobody was asked for have failed; a source that failed for all of them has failed for the batch. */
static void end(struct spreading *s)
{
	struct fsv_batch_lookup *batch = s->batch;
	bool all;

	while (s->adaptor->tells && take_next(s, &s->row)) {
		batch->rows[s->row].retcode = FAULT;
		s->n_failed++;
	}
	all = batch->n_rows > 0 && s->n_failed == batch->n_rows;
	if (s->n_failed > 0 && !all)
		fsv_log_limited(FSV_LOG_INFO, &(const struct fsv_log_tags){ .case_id = batch->case_id },
				"case %s: %zu of %zu rows have no features because their source failed", batch->case_id,
				s->n_failed, batch->n_rows);
	if (all)
		fsv_batch_lookup_fail(batch, "features", batch->rows[0].retcode, "the source failed for every row");
	else
		fsv_batch_lookup_end(batch, 0);
}

static void go_on(struct spreading *s)
{
	start_some(s);
	if (s->running == 0)
		end(s);
}

static void on_row(struct fsv_lookup *lookup)
{
	struct spreading *s = lookup->arg;
	size_t row = (size_t)(lookup - s->lookups);

	s->running--;
	if (lookup->retcode == 0)
		s->batch->rows[row].features = lookup->features;
	else if (lookup->busy && s->running > 0)
		s->again[s->n_again++] = row;
	else if (s->adaptor->tells && lookup->retcode != NO_FEATURE) {
		s->batch->rows[row].retcode = lookup->retcode;
		s->n_failed++;
	}
	lookup->busy = false;
	if (!s->starting)
		go_on(s);
}

static void find_batch(struct fsv_adaptor *adaptor, struct fsv_batch_lookup *batch)
{
	struct parallel_adaptor *a = (struct parallel_adaptor *)adaptor;
	struct spreading *s;

	if (!a->single) {
		fsv_batch_lookup_end(batch, 0);
		return;
	}
	s = FSV_ARENA_NEW(batch->arena, struct spreading);
	s->adaptor = a;
	s->batch = batch;
	s->lookups = FSV_ARENA_NEW_N(batch->arena, struct fsv_lookup, batch->n_rows);
	s->again = FSV_ARENA_NEW_N(batch->arena, size_t, batch->n_rows);
	s->deadline = fsv_lookup_limit(batch->deadline, a->limit_ms);
	for (size_t i = 0; i < batch->n_rows; i++)
		s->lookups[i] = (struct fsv_lookup){
			.keys = batch->rows[i].keys, .worker = batch->worker, .arena = batch->arena,
			.deadline = s->deadline, .case_id = batch->case_id, .done = on_row, .arg = s,
		};
	go_on(s);
}

static struct parallel_adaptor *make_over(struct fsv_adaptor *single, const struct fsv_conf *conf)
{
	struct parallel_adaptor *a = FSV_NEW(struct parallel_adaptor);
	int64_t timeout_ms = fsv_conf_int(conf, FSV_SK_GRPC_TIMEOUT);

	a->base.kind = &fsv_adaptor_parallel;
	a->single = single;
	a->limit_ms = timeout_ms > 1 ? timeout_ms - 1 : 1;
	a->at_once = (unsigned)fsv_conf_int(conf, FSV_SK_BATCH_CONCURRENCY);
	return a;
}

struct fsv_adaptor *fsv_parallel_over(struct fsv_adaptor *single, const struct fsv_conf *conf)
{
	struct parallel_adaptor *a = make_over(single, conf);

	a->tells = true;
	return &a->base;
}

static int make(const struct fsv_conf *conf, const struct fsv_adaptor_env *env, struct fsv_adaptor **ret_adaptor,
		struct fsv_err *err)
{
	struct fsv_adaptor *single = fsv_adaptor_new(conf, FSV_SK_BATCH_SINGLE_ADAPTOR, env);

	(void)err;
	if (!single)
		fsv_log_warn("feature.batch.adaptor: no adaptor behind feature.batch.single.adaptor; "
			     "every row of a batch will be without features");
	*ret_adaptor = &make_over(single, conf)->base;
	return 0;
}

static int make_of_kind(const struct fsv_adaptor_kind *kind, const struct fsv_conf *conf,
			const struct fsv_adaptor_env *env, struct fsv_adaptor **ret_adaptor, struct fsv_err *err)
{
	struct fsv_adaptor *single;
	int r = kind->make(conf, env, &single, err);

	if (r < 0)
		return r;
	single->kind = kind;
	*ret_adaptor = fsv_parallel_over(single, conf);
	return 0;
}

static int make_http(const struct fsv_conf *conf, const struct fsv_adaptor_env *env, struct fsv_adaptor **ret_adaptor,
		     struct fsv_err *err)
{
	return make_of_kind(&fsv_adaptor_http, conf, env, ret_adaptor, err);
}

static int make_sql(const struct fsv_conf *conf, const struct fsv_adaptor_env *env, struct fsv_adaptor **ret_adaptor,
		    struct fsv_err *err)
{
	return make_of_kind(&fsv_adaptor_sql, conf, env, ret_adaptor, err);
}

static void release(struct fsv_adaptor *adaptor)
{
	struct parallel_adaptor *a = (struct parallel_adaptor *)adaptor;

	fsv_adaptor_free(a->single);
	free(a);
}

const struct fsv_adaptor_kind fsv_adaptor_parallel = {
	.name = "ParallelBatchToSingleFeatureAdaptor", .batch = true, .make = make, .find_batch = find_batch,
	.free = release,
};

const struct fsv_adaptor_kind fsv_adaptor_http_batch = {
	.name = "HttpBatchAdapter", .batch = true, .make = make_http, .find_batch = find_batch, .free = release,
};

const struct fsv_adaptor_kind fsv_adaptor_sql_batch = {
	.name = "SqlBatchAdapter", .batch = true, .make = make_sql, .find_batch = find_batch, .free = release,
};
