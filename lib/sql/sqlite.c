/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite: a file that is only read. A file that was put in the place of the one that is open is noticed at the next
 * look-up.
 */
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/time.h"
#include "sql-private.h"

enum { STEPS = 10000 };		/* of SQLite's machine between looks at the clock */

struct sqlite_conn {
	struct fsv_sql_conn base;
	sqlite3 *db;
	sqlite3_stmt *stmt;
	dev_t device;
	ino_t inode;
	int64_t deadline;
};

static int on_steps(void *arg)
{
	const struct sqlite_conn *c = arg;

	return fsv_now_ns() >= c->deadline;
}

static void close_conn(struct fsv_sql_conn *conn)
{
	struct sqlite_conn *c = (struct sqlite_conn *)conn;

	sqlite3_finalize(c->stmt);
	sqlite3_close(c->db);
	free(c);
}

static int prepare(struct sqlite_conn *c, struct fsv_err *err)
{
	const struct fsv_sql *sql = c->base.sql;
	const char *rest = NULL;

	if (sqlite3_prepare_v3(c->db, sql->statement.p, -1, SQLITE_PREPARE_PERSISTENT, &c->stmt, &rest) != SQLITE_OK)
		return fsv_err_set(err, FSV_E_CONFIG, "%s: the statement cannot be prepared: %s", sql->opt.file,
				   sqlite3_errmsg(c->db));
	if (!c->stmt || !fsv_str_blank(fsv_str(rest)))
		return fsv_err_set(err, FSV_E_CONFIG, "%s: not one statement", sql->opt.file);
	if (sqlite3_column_count(c->stmt) == 0)
		return fsv_err_set(err, FSV_E_CONFIG, "%s: the statement returns no columns", sql->opt.file);
	if ((size_t)sqlite3_bind_parameter_count(c->stmt) != sql->n_params)
		return fsv_err_set(err, FSV_E_CONFIG, "%s: the statement has parameters that are not written :name",
				   sql->opt.file);
	return 0;
}

static int open_file(struct sqlite_conn *c, struct fsv_err *err)
{
	const struct fsv_sql *sql = c->base.sql;
	struct stat st;

	if (stat(sql->opt.file, &st) == -1)
		return fsv_err_errno(err, errno, "cannot open %s", sql->opt.file);
	c->device = st.st_dev;
	c->inode = st.st_ino;
	if (sqlite3_open_v2(sql->opt.file, &c->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return fsv_err_set(err, FSV_E_NET, "cannot open %s: %s", sql->opt.file,
				   c->db ? sqlite3_errmsg(c->db) : "no memory");
	sqlite3_limit(c->db, SQLITE_LIMIT_LENGTH, (int)sql->opt.max_row);
	sqlite3_progress_handler(c->db, STEPS, on_steps, c);
	c->deadline = fsv_deadline_in_ms(sql->opt.connect_ms);
	sqlite3_busy_timeout(c->db, (int)sql->opt.connect_ms);
	return prepare(c, err);
}

static int open_conn(const struct fsv_sql *sql, struct fsv_sql_conn **ret_conn, struct fsv_err *err)
{
	struct sqlite_conn *c = FSV_NEW(struct sqlite_conn);
	int r;

	c->base.sql = sql;
	r = open_file(c, err);
	if (r < 0)
		close_conn(&c->base);
	else
		*ret_conn = &c->base;
	return r;
}

static int put_column(struct sqlite_conn *c, int i, struct fsv_jsonw *w, struct fsv_err *err)
{
	const char *name = sqlite3_column_name(c->stmt, i);

	if (!name || fsv_str_utf8(fsv_str(name)) != strlen(name))
		return fsv_err_set(err, FSV_E_TYPE, "column %d has no name in UTF-8", i + 1);
	fsv_jsonw_key(w, fsv_str(name));
	switch (sqlite3_column_type(c->stmt, i)) {
	case SQLITE_INTEGER:
		fsv_jsonw_int(w, sqlite3_column_int64(c->stmt, i));
		return 0;
	case SQLITE_FLOAT:
		fsv_jsonw_double(w, sqlite3_column_double(c->stmt, i));
		return 0;
	case SQLITE_NULL:
		fsv_jsonw_null(w);
		return 0;
	case SQLITE_TEXT: {
		const char *text = (const char *)sqlite3_column_text(c->stmt, i);

		if (!text)
			return fsv_err_set(err, FSV_E_SYSTEM, "no memory for column %.64s", name);
		return fsv_sql_put_text(w, name, fsv_str_n(text, (size_t)sqlite3_column_bytes(c->stmt, i)), err);
	}
	default:
		return fsv_err_set(err, FSV_E_TYPE, "column %.64s holds binary data; name the columns in the statement and "
				   "leave it out", name);
	}
}

static int put_row(struct sqlite_conn *c, struct fsv_jsonw *w, struct fsv_err *err)
{
	int r = 0;

	fsv_jsonw_begin(w, '{');
	for (int i = 0; r == 0 && i < sqlite3_data_count(c->stmt); i++)
		r = put_column(c, i, w, err);
	fsv_jsonw_end(w, '}');
	return r < 0 ? r : 1;
}

static int fault(struct sqlite_conn *c, int code, struct fsv_err *err)
{
	switch (code & 0xff) {
	case SQLITE_INTERRUPT:
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fsv_err_set(err, FSV_E_DEADLINE, "%s: no answer within its time: %s", c->base.sql->opt.file,
				   sqlite3_errstr(code));
	case SQLITE_TOOBIG:
		return fsv_err_set(err, FSV_E_LIMIT, "%s: the row is larger than %zu bytes", c->base.sql->opt.file,
				   c->base.sql->opt.max_row);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_SCHEMA:
		return fsv_err_set(err, FSV_E_NET, "%s: %s", c->base.sql->opt.file, sqlite3_errstr(code));
	default:
		return fsv_err_set(err, FSV_E_SYSTEM, "%s: %s", c->base.sql->opt.file, sqlite3_errstr(code));
	}
}

static int step(struct sqlite_conn *c, struct fsv_jsonw *w, struct fsv_err *err)
{
	int code = sqlite3_step(c->stmt);

	if (code == SQLITE_ROW)
		return put_row(c, w, err);
	return code == SQLITE_DONE ? 0 : fault(c, code, err);
}

static bool still_there(const struct sqlite_conn *c)
{
	struct stat st;

	return stat(c->base.sql->opt.file, &st) == 0 && st.st_dev == c->device && st.st_ino == c->inode;
}

static int find(struct fsv_sql_conn *conn, const struct fsv_str *params, int64_t deadline, struct fsv_jsonw *w,
		struct fsv_err *err)
{
	struct sqlite_conn *c = (struct sqlite_conn *)conn;
	int64_t left = deadline - fsv_now_ns();
	int r = 0;

	if (!still_there(c))
		return fsv_err_set(err, FSV_E_NET, "%s: another file is in its place, or none", conn->sql->opt.file);
	c->deadline = deadline;
	sqlite3_busy_timeout(c->db, left > 0 ? (int)(left / FSV_MS < INT32_MAX ? left / FSV_MS : INT32_MAX) : 0);
	for (size_t i = 0; i < conn->sql->n_params; i++)
		if (sqlite3_bind_text64(c->stmt, (int)i + 1, params[i].p ? params[i].p : "", params[i].n, SQLITE_STATIC,
					SQLITE_UTF8) != SQLITE_OK)
			r = fsv_err_set(err, FSV_E_LIMIT, "a parameter is larger than %zu bytes", conn->sql->opt.max_row);
	if (r == 0)
		r = step(c, w, err);
	sqlite3_reset(c->stmt);
	sqlite3_clear_bindings(c->stmt);
	return r;
}

const struct driver fsv_sql_sqlite = { .connect = open_conn, .find = find, .close = close_conn };
