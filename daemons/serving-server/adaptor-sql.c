/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SqlAdapter, MysqlAdapter, SqlBatchAdapter: a person's features are a row of a database. Each thread of the adaptor's
 * crew has a connection of its own; one that turns out to be stale is made again at once, and the statement with it,
 * so that a restart of the database costs no look-up that begins after it.
 */
#include "adaptor.h"

#include <stdatomic.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "conf/conf.h"
#include "errand.h"
#include "keys.h"
#include "serving-server-conf.h"
#include "sql/sql.h"

enum { NO_ROW = 113, NO_ROW_MYSQL = 116, NO_KEY = 116, FAULT = 110 };

struct sql_source {
	struct fsv_sql *sql;
	struct fsv_crew *crew;
	int no_row;
	_Atomic bool complained;	/* of the connection, since it was last well */
};

struct sql_adaptor {
	struct fsv_adaptor base;
	struct sql_source *source;	/* the crew's: threads may outlive the adaptor */
	struct fsv_errand_opt errand;
};

/* Connections [the crew's threads] ------------------------------------------------------------------ */

static int sit(void *arg, void **ret_seat, struct fsv_err *err)
{
	struct sql_source *s = arg;
	int r = fsv_sql_connect(s->sql, (struct fsv_sql_conn **)ret_seat, err);

	if (r < 0 && !atomic_exchange(&s->complained, true))
		fsv_log_err("SQL: %s; look-ups are answered %d until that is over", err->text, FAULT);
	else if (r == 0 && atomic_exchange(&s->complained, false))
		fsv_log_notice("SQL: the database is back");
	return r;
}

static void rise(void *arg, void *seat)
{
	(void)arg;
	fsv_sql_close(seat);
}

/* 1 with the values, or 0 when the keys lack one. */
static int read_params(const struct sql_source *s, struct fsv_str keys, struct fsv_arena *arena, struct fsv_str *params)
{
	const struct fsv_str *names;
	size_t n = fsv_sql_params(s->sql, &names);

	for (size_t i = 0; i < n; i++)
		if (!fsv_keys_text(keys, names[i], false, arena, &params[i]))
			return 0;
	return 1;
}

/* Asks once more on a new connection when this one is stale. NULL is left in seat when that is not to be had. */
static int find(struct sql_source *s, void **seat, const struct fsv_str *params, int64_t deadline, struct fsv_buf *out,
		struct fsv_err *err)
{
	int r = fsv_sql_find(*seat, params, deadline, out, err);

	if (r != FSV_E_NET)
		return r;
	*seat = fsv_sql_close(*seat);
	if (fsv_now_ns() >= deadline)
		return r;
	fsv_log_limited(FSV_LOG_INFO, NULL, "SQL: %s; connecting again", err->text);
	r = sit(s, seat, err);
	if (r < 0)
		return r;
	r = fsv_sql_find(*seat, params, deadline, out, err);
	if (r == FSV_E_NET)
		*seat = fsv_sql_close(*seat);
	return r;
}

static void answer(struct sql_source *s, struct fsv_errand *e, int r, struct fsv_str row, const char *why)
{
	const struct fsv_errand_answer found = { 0, row };

	if (r == 1)
		fsv_errand_answer(s->crew, e->job.ticket, 0, &found, 1, NULL);
	else if (r == 0)
		fsv_errand_answer(s->crew, e->job.ticket, s->no_row, NULL, 0, "no row for this person");
	else
		fsv_errand_answer(s->crew, e->job.ticket, FAULT, NULL, 0, why);
}

static bool work(void *arg, void **seat, struct fsv_crew_job *job)
{
	struct fsv_errand *e = (struct fsv_errand *)job;
	struct fsv_str params[FSV_SQL_PARAMS_MAX];
	struct sql_source *s = arg;
	struct fsv_arena arena;
	struct fsv_buf out;
	struct fsv_err err;

	fsv_arena_init(&arena, 0);
	if (read_params(s, e->rows[0].keys, &arena, params)) {
		int r;

		fsv_buf_init(&out, &arena, 0);
		r = find(s, seat, params, job->deadline, &out, &err);
		answer(s, e, r, fsv_buf_str(&out), err.text);
	} else {
		fsv_errand_answer(s->crew, job->ticket, NO_KEY, NULL, 0, "the keys lack a parameter of feature.sql.statement");
	}
	fsv_arena_done(&arena);
	return *seat != NULL;
}

static void gone(void *arg)
{
	struct sql_source *s = arg;

	fsv_sql_free(s->sql);
	free(s);
}

static const struct fsv_crew_trade trade = {
	.name = "sql", .sit = sit, .rise = rise, .work = work, .unanswered = fsv_errand_unanswered,
	.free_job = fsv_errand_free, .gone = gone,
};

/* The adaptor --------------------------------------------------------------------------------------- */

static void find_one(struct fsv_adaptor *adaptor, struct fsv_lookup *lookup)
{
	fsv_errand_find(&((struct sql_adaptor *)adaptor)->errand, lookup);
}

static int open_sql(const struct fsv_conf *conf, struct fsv_sql **ret_sql, struct fsv_err *err)
{
	return fsv_sql_new(&(struct fsv_sql_opt){
		.driver = fsv_conf_enum(conf, FSV_SK_SQL_DRIVER) == 1 ? FSV_SQL_SQLITE : FSV_SQL_MARIADB,
		.statement = fsv_conf_str(conf, FSV_SK_SQL_STATEMENT),
		.connect_ms = fsv_conf_int(conf, FSV_SK_SQL_CONNECT_TIMEOUT),
		.answer_ms = fsv_conf_int(conf, FSV_SK_SQL_TIMEOUT),
		.max_row = (size_t)fsv_conf_int(conf, FSV_SK_SQL_MAX_ANSWER),
		.file = fsv_conf_str(conf, FSV_SK_SQL_FILE), .server = fsv_conf_str(conf, FSV_SK_SQL_SERVER),
		.socket = fsv_conf_str(conf, FSV_SK_SQL_SOCKET), .user = fsv_conf_str(conf, FSV_SK_SQL_USER),
		.database = fsv_conf_str(conf, FSV_SK_SQL_DATABASE),
		.password_file = fsv_conf_str(conf, FSV_SK_SQL_PASSWORD_FILE), .tls = fsv_conf_bool(conf, FSV_SK_SQL_TLS),
		.ca_file = fsv_conf_str(conf, FSV_SK_SQL_CA_FILE), .cert_file = fsv_conf_str(conf, FSV_SK_SQL_CERT_FILE),
		.key_file = fsv_conf_str(conf, FSV_SK_SQL_KEY_FILE),
	}, ret_sql, err);
}

static int make(const struct fsv_conf *conf, const struct fsv_adaptor_env *env, int no_row,
		struct fsv_adaptor **ret_adaptor, struct fsv_err *err)
{
	unsigned threads = (unsigned)fsv_conf_int(conf, FSV_SK_SQL_CONNECTIONS);
	struct sql_source *s = FSV_NEW(struct sql_source);
	struct sql_adaptor *a;
	int r = open_sql(conf, &s->sql, err);

	s->no_row = no_row;
	if (r < 0) {
		gone(s);
		return fsv_err_wrap(err, "feature.sql");
	}
	r = fsv_crew_new(&(struct fsv_crew_opt){
		.trade = &trade, .arg = s, .threads = threads, .crews = env->crews,
		.max_jobs = threads + (unsigned)fsv_conf_int(conf, FSV_SK_SQL_QUEUE),
	}, &s->crew, err);
	if (r < 0)
		return r;
	a = FSV_NEW(struct sql_adaptor);
	a->source = s;
	a->errand = (struct fsv_errand_opt){
		.source = "SQL", .crew = s->crew, .limit_ms = fsv_conf_int(conf, FSV_SK_SQL_TIMEOUT),
	};
	*ret_adaptor = &a->base;
	return 0;
}

static int make_sql(const struct fsv_conf *conf, const struct fsv_adaptor_env *env, struct fsv_adaptor **ret_adaptor,
		    struct fsv_err *err)
{
	return make(conf, env, NO_ROW, ret_adaptor, err);
}

static int make_mysql(const struct fsv_conf *conf, const struct fsv_adaptor_env *env, struct fsv_adaptor **ret_adaptor,
		      struct fsv_err *err)
{
	return make(conf, env, NO_ROW_MYSQL, ret_adaptor, err);
}

static void release(struct fsv_adaptor *adaptor)
{
	struct sql_adaptor *a = (struct sql_adaptor *)adaptor;

	fsv_crew_free(a->source->crew);
	free(a);
}

const struct fsv_adaptor_kind fsv_adaptor_sql = {
	.name = "SqlAdapter", .make = make_sql, .find = find_one, .free = release,
};

const struct fsv_adaptor_kind fsv_adaptor_mysql = {
	.name = "MysqlAdapter", .make = make_mysql, .find = find_one, .free = release,
};
