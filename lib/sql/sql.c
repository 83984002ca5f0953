/* SPDX-License-Identifier: Apache-2.0 */
#include "sql.h"

#include <stdlib.h>

#include "base/mem.h"
#include "sql-private.h"
#include "statement.h"

static const char *copy(struct fsv_sql *sql, const char *text)
{
	return text ? fsv_arena_cstr(&sql->arena, fsv_str(text)) : NULL;
}

static void copy_opt(struct fsv_sql *sql, const struct fsv_sql_opt *opt)
{
	sql->opt = *opt;
	sql->opt.statement = copy(sql, opt->statement);
	sql->opt.file = copy(sql, opt->file);
	sql->opt.server = copy(sql, opt->server);
	sql->opt.socket = copy(sql, opt->socket);
	sql->opt.user = copy(sql, opt->user);
	sql->opt.database = copy(sql, opt->database);
	sql->opt.password_file = copy(sql, opt->password_file);
	sql->opt.ca_file = copy(sql, opt->ca_file);
	sql->opt.cert_file = copy(sql, opt->cert_file);
	sql->opt.key_file = copy(sql, opt->key_file);
}

static int read_statement(struct fsv_sql *sql, struct fsv_err *err)
{
	struct fsv_str text = fsv_str(sql->opt.statement);
	struct fsv_buf out;
	int n;

	fsv_buf_init(&out, &sql->arena, 0);
	n = fsv_sql_statement(text, sql->opt.driver == FSV_SQL_MARIADB, &out, sql->params, FSV_SQL_PARAMS_MAX, err);
	if (n < 0)
		return n;
	sql->n_params = (size_t)n;
	sql->statement = fsv_str(fsv_buf_cstr(&out));
	return 0;
}

/* "host:port" or "[v6]:port". */
static int read_server(struct fsv_sql *sql, struct fsv_err *err)
{
	struct fsv_str s = fsv_str(sql->opt.server);
	size_t colon = s.n;
	int64_t port;

	while (colon > 0 && s.p[colon - 1] != ':')
		colon--;
	if (colon < 2 || !fsv_str_to_i64(fsv_str_sub(s, colon, s.n), &port) || port < 1 || port > UINT16_MAX)
		return fsv_err_set(err, FSV_E_CONFIG, "the server %.200s is not of the form host:port", sql->opt.server);
	s = fsv_str_sub(s, 0, colon - 1);
	if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
		s = fsv_str_sub(s, 1, s.n - 1);
	sql->host = fsv_arena_cstr(&sql->arena, s);
	sql->port = (uint16_t)port;
	return 0;
}

static int read_opt(struct fsv_sql *sql, const struct fsv_sql_opt *opt, struct fsv_err *err)
{
	int r;

	if (!opt->statement || fsv_str_blank(fsv_str(opt->statement)))
		return fsv_err_set(err, FSV_E_CONFIG, "no statement is given");
	copy_opt(sql, opt);
	r = read_statement(sql, err);
	if (r < 0)
		return r;
	if (opt->driver == FSV_SQL_SQLITE) {
		sql->driver = &fsv_sql_sqlite;
		return opt->file ? 0 : fsv_err_set(err, FSV_E_CONFIG, "no database file is given");
	}
	sql->driver = &fsv_sql_mariadb;
	if (!opt->server == !opt->socket)
		return fsv_err_set(err, FSV_E_CONFIG, "either a server or a socket must be given");
	if (!opt->cert_file != !opt->key_file)
		return fsv_err_set(err, FSV_E_CONFIG, "a certificate of our own needs its key and the other way round");
	return opt->server ? read_server(sql, err) : 0;
}

int fsv_sql_new(const struct fsv_sql_opt *opt, struct fsv_sql **ret_sql, struct fsv_err *err)
{
	struct fsv_sql *sql = FSV_NEW(struct fsv_sql);
	int r;

	fsv_arena_init(&sql->arena, 0);
	r = read_opt(sql, opt, err);
	if (r < 0) {
		fsv_sql_free(sql);
		return r;
	}
	*ret_sql = sql;
	return 0;
}

struct fsv_sql *fsv_sql_free(struct fsv_sql *sql)
{
	if (sql) {
		fsv_arena_done(&sql->arena);
		free(sql);
	}
	return NULL;
}

size_t fsv_sql_params(const struct fsv_sql *sql, const struct fsv_str **ret_names)
{
	*ret_names = sql->params;
	return sql->n_params;
}

int fsv_sql_connect(const struct fsv_sql *sql, struct fsv_sql_conn **ret_conn, struct fsv_err *err)
{
	return sql->driver->connect(sql, ret_conn, err);
}

struct fsv_sql_conn *fsv_sql_close(struct fsv_sql_conn *conn)
{
	if (conn)
		conn->sql->driver->close(conn);
	return NULL;
}

int fsv_sql_find(struct fsv_sql_conn *conn, const struct fsv_str *params, int64_t deadline, struct fsv_buf *out,
		 struct fsv_err *err)
{
	size_t before = out->n;
	struct fsv_jsonw w;
	int r;

	fsv_jsonw_init(&w, out);
	r = conn->sql->driver->find(conn, params, deadline, &w, err);
	if (r == 1 && out->n - before > conn->sql->opt.max_row)
		r = fsv_err_set(err, FSV_E_LIMIT, "the row is larger than %zu bytes", conn->sql->opt.max_row);
	if (r != 1)
		out->n = before;
	return r;
}
