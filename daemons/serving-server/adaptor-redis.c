/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RedisAdapter and BatchRedisAdapter: features from hashes in Redis, one for each person. A batch is pipelined; in a
 * cluster its rows come from many nodes, and a row whose node is down ends with a fault of its own, which is not the
 * same as a person that nobody knows.
 */
#include "adaptor.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "feature-key.h"
#include "net/redis.h"
#include "redis-features.h"
#include "serving-server-conf.h"

enum { FAULT = 110, NO_FEATURE = 113, NO_KEY = 116 };

struct redis_adaptor {
	struct fsv_adaptor base;
	struct fsv_redis *redis;
	struct fsv_arena arena;
	struct fsv_feature_key *key;
	struct fsv_str *args;		/* HGETALL, a place for the key; or HMGET, the place, fields */
	unsigned n_args;
	int64_t limit_ms;		/* when the caller sets none */
};

/* Rows that are asked for; a single look-up is one row. */
struct asking {
	struct redis_adaptor *adaptor;
	struct fsv_batch_lookup *batch;
	struct fsv_lookup *lookup;	/* or this, with */
	struct fsv_batch_lookup row;
	struct fsv_batch_lookup_row one;
	size_t *places;			/* rows of the commands */
};

static void log_fault(const struct fsv_batch_lookup *batch, int retcode, const char *why)
{
	const struct fsv_log_tags tags = { .case_id = batch->case_id };

	fsv_log_limited(FSV_LOG_INFO, &tags, "case %s: features from Redis: %s; the look-up ends with %d", batch->case_id, why,
			retcode);
}

static void take_row(struct asking *q, size_t i, const struct fsv_redis_result *r)
{
	struct redis_adaptor *a = q->adaptor;
	struct fsv_batch_lookup_row *row = &q->batch->rows[i];
	const struct fsv_str *fields = a->n_args > 2 ? &a->args[2] : NULL;
	const char *why = r->text;

	if (r->result == 0 && fsv_redis_features(r->reply, fields, a->n_args - 2, q->batch->arena, &row->features))
		return;
	if (r->result == 0)
		why = "a hash holds what is no UTF-8";
	row->features = FSV_STR_NULL;
	row->retcode = FAULT;
	log_fault(q->batch, FAULT, why);
}

static void on_rows(void *arg, const struct fsv_redis_result *results, unsigned n)
{
	struct asking *q = arg;

	for (unsigned i = 0; i < n; i++)
		take_row(q, q->places[i], &results[i]);
	fsv_batch_lookup_end(q->batch, 0);
}

/* The commands of all rows that have a key; the others end here. */
static unsigned make_commands(struct asking *q, struct fsv_redis_command *commands)
{
	struct redis_adaptor *a = q->adaptor;
	struct fsv_arena *arena = q->batch->arena;
	unsigned n = 0;

	for (size_t i = 0; i < q->batch->n_rows; i++) {
		struct fsv_batch_lookup_row *row = &q->batch->rows[i];
		struct fsv_str key, *args;

		if (!fsv_feature_key_format(a->key, row->keys, arena, &key)) {
			row->retcode = NO_KEY;
			continue;
		}
		args = FSV_ARENA_NEW_N(arena, struct fsv_str, a->n_args);
		memcpy(args, a->args, a->n_args * sizeof(*args));
		args[1] = key;
		q->places[n] = i;
		commands[n++] = (struct fsv_redis_command){ args, a->n_args };
	}
	if (n < q->batch->n_rows)
		log_fault(q->batch, NO_KEY, "sendToRemoteFeatureData lacks what feature.redis.key asks for");
	return n;
}

static void ask(struct asking *q)
{
	struct fsv_batch_lookup *batch = q->batch;
	struct fsv_redis_command *commands = FSV_ARENA_NEW_N(batch->arena, struct fsv_redis_command, batch->n_rows);
	unsigned n;
	int r = 0;

	q->places = FSV_ARENA_NEW_N(batch->arena, size_t, batch->n_rows);
	n = make_commands(q, commands);
	if (n > 0)
		r = fsv_redis_run(q->adaptor->redis, &(struct fsv_redis_run_opt){
			.commands = commands, .n = n, .deadline = fsv_lookup_limit(batch->deadline, q->adaptor->limit_ms), .worker = batch->worker,
			.done = on_rows, .arg = q,
		});
	if (n > 0 && r == 0)
		return;
	for (unsigned i = 0; i < n; i++)
		batch->rows[q->places[i]].retcode = FAULT;
	if (n > 0)
		log_fault(batch, FAULT, r == -EAGAIN ? "redis.maxCommands are under way" : "the server is down");
	if (q->lookup && r == -EAGAIN)
		q->lookup->busy = true;
	fsv_batch_lookup_end(batch, 0);
}

static void find_batch(struct fsv_adaptor *adaptor, struct fsv_batch_lookup *batch)
{
	struct asking *q = FSV_ARENA_NEW(batch->arena, struct asking);

	q->adaptor = (struct redis_adaptor *)adaptor;
	q->batch = batch;
	ask(q);
}

static void one_done(struct fsv_batch_lookup *batch)
{
	struct asking *q = batch->arg;

	fsv_lookup_end(q->lookup, q->one.retcode ? q->one.retcode : q->one.features.n > 0 ? 0 : NO_FEATURE, q->one.features);
}

static void find(struct fsv_adaptor *adaptor, struct fsv_lookup *lookup)
{
	struct asking *q = FSV_ARENA_NEW(lookup->arena, struct asking);

	q->adaptor = (struct redis_adaptor *)adaptor;
	q->lookup = lookup;
	q->one.keys = lookup->keys;
	q->row = (struct fsv_batch_lookup){
		.rows = &q->one, .n_rows = 1, .worker = lookup->worker, .arena = lookup->arena, .deadline = lookup->deadline,
		.case_id = lookup->case_id, .done = one_done, .arg = q,
	};
	q->batch = &q->row;
	ask(q);
}

static void release(struct fsv_adaptor *adaptor)
{
	struct redis_adaptor *a = (struct redis_adaptor *)adaptor;

	fsv_arena_done(&a->arena);
	free(a);
}

static void set_args(struct redis_adaptor *a, const char *const *fields)
{
	unsigned n = 0;

	while (fields[n])
		n++;
	a->n_args = 2 + n;
	a->args = FSV_ARENA_NEW_N(&a->arena, struct fsv_str, a->n_args);
	a->args[0] = n > 0 ? FSV_STR("HMGET") : FSV_STR("HGETALL");
	for (unsigned i = 0; i < n; i++)
		a->args[2 + i] = fsv_arena_str(&a->arena, fsv_str(fields[i]));
}

static int make(const struct fsv_conf *conf, const struct fsv_adaptor_env *env, struct fsv_adaptor **ret_adaptor,
		struct fsv_err *err)
{
	struct redis_adaptor *a;
	struct fsv_str pattern;
	int r;

	if (!env->redis)
		return fsv_err_set(err, FSV_E_CONFIG, "this adaptor needs feature.redis.nodes, redis.ip or redis.cluster.nodes, "
				   "set when the server starts");
	a = FSV_NEW(struct redis_adaptor);
	a->redis = env->redis;
	a->limit_ms = fsv_conf_int(conf, FSV_SK_GRPC_TIMEOUT);
	fsv_arena_init(&a->arena, 0);
	pattern = fsv_arena_str(&a->arena, fsv_str(fsv_conf_str(conf, FSV_SK_FEATURE_REDIS_KEY)));
	r = fsv_feature_key_parse(pattern, &a->arena, &a->key, err);
	if (r < 0) {
		(void)fsv_err_wrap(err, "feature.redis.key");
		release(&a->base);
		return r;
	}
	set_args(a, fsv_conf_list(conf, FSV_SK_FEATURE_REDIS_FIELDS));
	*ret_adaptor = &a->base;
	return 0;
}

const struct fsv_adaptor_kind fsv_adaptor_redis = {
	.name = "RedisAdapter", .make = make, .find = find, .free = release,
};

const struct fsv_adaptor_kind fsv_adaptor_redis_batch = {
	.name = "BatchRedisAdapter", .batch = true, .make = make, .find_batch = find_batch, .free = release,
};
