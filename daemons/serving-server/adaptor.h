/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feature adaptors: where a host finds the features of the people that its guests ask about. One is chosen
 * for single requests, one for batches, by the name of the reference's class.
 *
 * A look-up runs on the worker of the request that it belongs to and must not block it: what takes time is
 * done elsewhere and comes back with fsv_rpc_post. Adaptors are shared by all workers and immutable but for
 * what they guard themselves; they live as long as the view that they were made for.
 */
#ifndef FSV_SERVER_ADAPTOR_H
#define FSV_SERVER_ADAPTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/pool.h"
#include "base/str.h"
#include "net/rpc.h"

struct fsv_adaptor;
struct fsv_conf;
struct fsv_crews;
struct fsv_http_client;
struct fsv_redis;

/* What one person's features are asked for with, and the answer. Lives in the request's arena. */
struct fsv_lookup {
	struct fsv_str keys;		/* JSON object: sendToRemoteFeatureData */
	struct fsv_rpc_worker *worker;
	struct fsv_arena *arena;
	int64_t deadline;		/* monotonic ns; the answer comes before it or not much later */
	const char *case_id;
	/* On the worker, exactly once; maybe before fsv_adaptor_find returns. */
	void (*done)(struct fsv_lookup *lookup);
	void *arg;

	/* The answer, set by the adaptor. */
	int retcode;			/* 0, or a status code of the reference */
	struct fsv_str features;	/* JSON object in the arena, or as long as the adaptor lives */
	bool busy;			/* refused for now: too much under way; retcode is not 0 */
};

struct fsv_batch_lookup_row {
	struct fsv_str keys;
	struct fsv_str features;	/* answer: JSON object; empty = none */
	int retcode;			/* answer: not 0 when the source failed, not when it knows nobody */
};

struct fsv_batch_lookup {
	struct fsv_batch_lookup_row *rows;
	size_t n_rows;
	struct fsv_rpc_worker *worker;
	struct fsv_arena *arena;
	int64_t deadline;
	const char *case_id;
	void (*done)(struct fsv_batch_lookup *lookup);
	void *arg;
	int retcode;			/* of the whole batch */
};

/* What adaptors may use; outlives them. */
struct fsv_adaptor_env {
	struct fsv_http_client *client;
	struct fsv_pool *pool;		/* for reading files */
	struct fsv_crews *crews;	/* of adaptors with threads of their own */
	struct fsv_redis *redis;	/* that holds features; NULL when there is none */
};

struct fsv_adaptor_kind {
	const char *name;		/* simple class name */
	bool batch;
	/* What the configuration lacks is an error; what may come right later is not. */
	int (*make)(const struct fsv_conf *conf, const struct fsv_adaptor_env *env, struct fsv_adaptor **ret_adaptor,
		    struct fsv_err *err);
	void (*find)(struct fsv_adaptor *adaptor, struct fsv_lookup *lookup);
	void (*find_batch)(struct fsv_adaptor *adaptor, struct fsv_batch_lookup *lookup);
	void (*free)(struct fsv_adaptor *adaptor);
};

/* First member of every adaptor. */
struct fsv_adaptor {
	const struct fsv_adaptor_kind *kind;
};

/* By full class name (com.webank.ai.fate.serving.adaptor.dataaccess.…) or simple name; NULL when unknown. */
const struct fsv_adaptor_kind *fsv_adaptor_kind(const char *name);
/* A known class of the wrong kind under one of the three keys: FSV_E_CONFIG. */
int fsv_adaptor_check(const struct fsv_conf *conf, struct fsv_err *err) FSV_MUST_CHECK;

/* The adaptor that the configuration names under key; NULL, with the reason logged, when there is none or it
 * cannot be made. Requests that need it are then answered 116. */
struct fsv_adaptor *fsv_adaptor_new(const struct fsv_conf *conf, unsigned key, const struct fsv_adaptor_env *env);
struct fsv_adaptor *fsv_adaptor_free(struct fsv_adaptor *adaptor);

static inline void fsv_adaptor_find(struct fsv_adaptor *adaptor, struct fsv_lookup *lookup)
{
	adaptor->kind->find(adaptor, lookup);
}

static inline void fsv_adaptor_find_batch(struct fsv_adaptor *adaptor, struct fsv_batch_lookup *lookup)
{
	adaptor->kind->find_batch(adaptor, lookup);
}

/* For adaptors: ends a look-up. */
static inline void fsv_lookup_end(struct fsv_lookup *lookup, int retcode, struct fsv_str features)
{
	lookup->retcode = retcode;
	lookup->features = features;
	lookup->done(lookup);
}

static inline void fsv_batch_lookup_end(struct fsv_batch_lookup *lookup, int retcode)
{
	lookup->retcode = retcode;
	lookup->done(lookup);
}

/* For adaptors: when to give up, so that the caller still learns of it: own_ms from now, or a little before the caller's
 * deadline. */
int64_t fsv_lookup_limit(int64_t callers, int64_t own_ms);

/* For adaptors: the log's line about a look-up that ends with a code. source: static, "SQL"; why holds no values. */
void fsv_lookup_log(const struct fsv_lookup *lookup, const char *source, int retcode, const char *why);
void fsv_batch_lookup_log(const struct fsv_batch_lookup *batch, const char *source, int retcode, const char *why);

/* The same, and the look-up ends. */
static inline void fsv_lookup_fail(struct fsv_lookup *lookup, const char *source, int retcode, const char *why)
{
	fsv_lookup_log(lookup, source, retcode, why);
	fsv_lookup_end(lookup, retcode, FSV_STR_NULL);
}

static inline void fsv_batch_lookup_fail(struct fsv_batch_lookup *batch, const char *source, int retcode, const char *why)
{
	fsv_batch_lookup_log(batch, source, retcode, why);
	fsv_batch_lookup_end(batch, retcode);
}

/* An adaptor for batches that asks single, which it takes, for each row, and tells rows whose source failed from rows
 * without features. single has its kind already. */
struct fsv_adaptor *fsv_parallel_over(struct fsv_adaptor *single, const struct fsv_conf *conf);

extern const struct fsv_adaptor_kind fsv_adaptor_mock, fsv_adaptor_mock_batch;
extern const struct fsv_adaptor_kind fsv_adaptor_file, fsv_adaptor_file_batch;
extern const struct fsv_adaptor_kind fsv_adaptor_pick, fsv_adaptor_pick_batch;
extern const struct fsv_adaptor_kind fsv_adaptor_http, fsv_adaptor_http_by_header;
extern const struct fsv_adaptor_kind fsv_adaptor_sql, fsv_adaptor_mysql;
extern const struct fsv_adaptor_kind fsv_adaptor_plugin, fsv_adaptor_plugin_batch;
extern const struct fsv_adaptor_kind fsv_adaptor_parallel, fsv_adaptor_http_batch, fsv_adaptor_sql_batch;
extern const struct fsv_adaptor_kind fsv_adaptor_redis, fsv_adaptor_redis_batch;

#endif
