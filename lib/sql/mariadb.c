/* SPDX-License-Identifier: Apache-2.0 */
/* MariaDB and MySQL, by the binary protocol: numbers arrive as numbers, decimals as their digits. */
#include <errmsg.h>
#include <mysql.h>
#include <mysqld_error.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/time.h"
#include "sql-private.h"

enum {
	INLINE_TEXT = 128,		/* longer texts are fetched on their own */
	BINARY_CHARSET = 63,
	PASSWORD_FILE_MAX = 4096,
	PACKET_EXTRA = 64 * 1024,	/* above a row: what a packet of the server may hold */
	CONNECTION_KILLED = 1927, CLIENT_INACTIVE = 4031,	/* MariaDB's, MySQL's */
};

enum kind { SIGNED, UNSIGNED, FLOAT, DOUBLE, DECIMAL, BITS, TEXT, BINARY };

struct column {
	char *name;			/* in the connection's arena */
	enum kind kind;
	union {
		int64_t i;
		uint64_t u;
		float f;
		double d;
		char text[INLINE_TEXT];
	} value;
	unsigned long n;
	my_bool null, cut;
};

struct mariadb_conn {
	struct fsv_sql_conn base;
	MYSQL mysql;
	MYSQL_STMT *stmt;
	MYSQL_BIND params[FSV_SQL_PARAMS_MAX];
	unsigned long lengths[FSV_SQL_PARAMS_MAX];
	struct column *columns;
	MYSQL_BIND *binds;
	unsigned n_columns;
	struct fsv_arena arena;
};

static void close_conn(struct fsv_sql_conn *conn)
{
	struct mariadb_conn *c = (struct mariadb_conn *)conn;

	if (c->stmt)
		mysql_stmt_close(c->stmt);
	mysql_close(&c->mysql);
	fsv_arena_done(&c->arena);
	free(c);
}

/* Connecting ---------------------------------------------------------------------------------------- */

static const char *where(const struct fsv_sql *sql)
{
	return sql->opt.server ? sql->opt.server : sql->opt.socket;
}

static int read_password(const struct fsv_sql *sql, char **ret_password, struct fsv_err *err)
{
	size_t n;
	int r;

	if (!sql->opt.password_file)
		return 0;
	r = fsv_read_file(sql->opt.password_file, PASSWORD_FILE_MAX, ret_password, &n, err);
	if (r < 0)
		return fsv_err_wrap(err, "the password of %s", where(sql));
	(*ret_password)[strcspn(*ret_password, "\r\n")] = '\0';
	return 0;
}

static void set_options(struct mariadb_conn *c)
{
	const struct fsv_sql_opt *opt = &c->base.sql->opt;
	unsigned connect_s = (unsigned)((opt->connect_ms + 999) / 1000), answer_s = (unsigned)((opt->answer_ms + 999) / 1000);
	unsigned protocol = opt->server ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET, no = 0;
	unsigned long packet = (unsigned long)opt->max_row + PACKET_EXTRA;
	my_bool yes = 1;

	mysql_options(&c->mysql, MYSQL_OPT_PROTOCOL, &protocol);
	mysql_options(&c->mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	mysql_options(&c->mysql, MYSQL_OPT_READ_TIMEOUT, &answer_s);
	mysql_options(&c->mysql, MYSQL_OPT_WRITE_TIMEOUT, &answer_s);
	mysql_options(&c->mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
	mysql_options(&c->mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	/* A server must not be able to ask for our files or for the password as it is. */
	mysql_options(&c->mysql, MYSQL_OPT_LOCAL_INFILE, &no);
	mysql_options(&c->mysql, MARIADB_OPT_RESTRICTED_AUTH,
		      "mysql_native_password,client_ed25519,caching_sha2_password,sha256_password");
	if (opt->tls) {
		mysql_ssl_set(&c->mysql, opt->key_file, opt->cert_file, opt->ca_file, NULL, NULL);
		mysql_options(&c->mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
		mysql_options(&c->mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
	}
}

static int log_in(struct mariadb_conn *c, struct fsv_err *err)
{
	const struct fsv_sql *sql = c->base.sql;
	FSV_AUTO_MEM char *password = NULL;
	MYSQL *got;
	int r = read_password(sql, &password, err);

	if (r < 0)
		return r;
	got = mysql_real_connect(&c->mysql, sql->host, sql->opt.user, password, sql->opt.database, sql->port,
				 sql->opt.socket, 0);
	if (password)
		explicit_bzero(password, strlen(password));
	if (!got)
		return fsv_err_set(err, FSV_E_NET, "cannot connect to %.200s: %s (%u)", where(sql), mysql_error(&c->mysql),
				   mysql_errno(&c->mysql));
	if (sql->opt.tls && !mysql_get_ssl_cipher(&c->mysql))
		return fsv_err_set(err, FSV_E_TLS, "%.200s does not speak TLS", where(sql));
	return 0;
}

/* Columns ------------------------------------------------------------------------------------------- */

static enum kind kind_of(const MYSQL_FIELD *f)
{
	switch (f->type) {
	case MYSQL_TYPE_TINY:
	case MYSQL_TYPE_SHORT:
	case MYSQL_TYPE_INT24:
	case MYSQL_TYPE_LONG:
	case MYSQL_TYPE_LONGLONG:
	case MYSQL_TYPE_YEAR:
		return f->flags & UNSIGNED_FLAG ? UNSIGNED : SIGNED;
	case MYSQL_TYPE_FLOAT:
		return FLOAT;
	case MYSQL_TYPE_DOUBLE:
		return DOUBLE;
	case MYSQL_TYPE_DECIMAL:
	case MYSQL_TYPE_NEWDECIMAL:
		return DECIMAL;
	case MYSQL_TYPE_BIT:
		return BITS;
	case MYSQL_TYPE_GEOMETRY:
		return BINARY;
	case MYSQL_TYPE_TINY_BLOB:
	case MYSQL_TYPE_MEDIUM_BLOB:
	case MYSQL_TYPE_LONG_BLOB:
	case MYSQL_TYPE_BLOB:
	case MYSQL_TYPE_VARCHAR:
	case MYSQL_TYPE_VAR_STRING:
	case MYSQL_TYPE_STRING:
		return f->charsetnr == BINARY_CHARSET ? BINARY : TEXT;
	default:			/* dates, times, JSON, NULL */
		return TEXT;
	}
}

static void bind_column(struct column *col, MYSQL_BIND *b)
{
	*b = (MYSQL_BIND){ .buffer = &col->value, .buffer_length = sizeof(col->value), .length = &col->n,
			   .is_null = &col->null, .error = &col->cut };
	switch (col->kind) {
	case SIGNED:
	case UNSIGNED:
		b->buffer_type = MYSQL_TYPE_LONGLONG;
		b->is_unsigned = col->kind == UNSIGNED;
		break;
	case FLOAT:
		b->buffer_type = MYSQL_TYPE_FLOAT;
		break;
	case DOUBLE:
		b->buffer_type = MYSQL_TYPE_DOUBLE;
		break;
	case BITS:
		b->buffer_type = MYSQL_TYPE_BLOB;
		break;
	default:
		b->buffer_type = MYSQL_TYPE_STRING;
	}
}

static int read_columns(struct mariadb_conn *c, MYSQL_RES *meta, struct fsv_err *err)
{
	MYSQL_FIELD *fields = mysql_fetch_fields(meta);

	c->n_columns = mysql_num_fields(meta);
	c->columns = FSV_ARENA_NEW_N(&c->arena, struct column, c->n_columns);
	c->binds = FSV_ARENA_NEW_N(&c->arena, MYSQL_BIND, c->n_columns);
	for (unsigned i = 0; i < c->n_columns; i++) {
		struct column *col = &c->columns[i];

		col->name = fsv_arena_cstr(&c->arena, fsv_str_n(fields[i].name, fields[i].name_length));
		col->kind = kind_of(&fields[i]);
		if (col->kind == BINARY)
			return fsv_err_set(err, FSV_E_TYPE, "%.200s: column %.64s holds binary data; name the columns in the "
					   "statement and leave it out", where(c->base.sql), col->name);
		if (fsv_str_utf8(fsv_str(col->name)) != strlen(col->name))
			return fsv_err_set(err, FSV_E_TYPE, "%.200s: column %u has no name in UTF-8", where(c->base.sql), i + 1);
		bind_column(col, &c->binds[i]);
	}
	return 0;
}

static int prepare(struct mariadb_conn *c, struct fsv_err *err)
{
	const struct fsv_sql *sql = c->base.sql;
	MYSQL_RES *meta;
	int r;

	c->stmt = mysql_stmt_init(&c->mysql);
	if (!c->stmt || mysql_stmt_prepare(c->stmt, sql->statement.p, sql->statement.n) != 0)
		return fsv_err_set(err, FSV_E_CONFIG, "%.200s: the statement cannot be prepared: %s (%u)", where(sql),
				   mysql_error(&c->mysql), mysql_errno(&c->mysql));
	if (mysql_stmt_param_count(c->stmt) != sql->n_params)
		return fsv_err_set(err, FSV_E_CONFIG, "%.200s: the server counts %lu parameters in the statement, not %zu",
				   where(sql), mysql_stmt_param_count(c->stmt), sql->n_params);
	meta = mysql_stmt_result_metadata(c->stmt);
	if (!meta)
		return fsv_err_set(err, FSV_E_CONFIG, "%.200s: the statement returns no columns", where(sql));
	r = read_columns(c, meta, err);
	mysql_free_result(meta);
	return r;
}

static int open_conn(const struct fsv_sql *sql, struct fsv_sql_conn **ret_conn, struct fsv_err *err)
{
	struct mariadb_conn *c = FSV_NEW(struct mariadb_conn);
	int r;

	c->base.sql = sql;
	fsv_arena_init(&c->arena, 0);
	mysql_init(&c->mysql);
	set_options(c);
	r = log_in(c, err);
	if (r == 0)
		r = prepare(c, err);
	if (r < 0)
		close_conn(&c->base);
	else
		*ret_conn = &c->base;
	return r;
}

/* Looking up ---------------------------------------------------------------------------------------- */

/* Errors after which nothing more is to be had from this connection. */
static bool lost(unsigned code)
{
	switch (code) {
	case ER_SERVER_SHUTDOWN:
	case ER_NORMAL_SHUTDOWN:
	case ER_FORCING_CLOSE:
	case ER_UNKNOWN_STMT_HANDLER:
	case ER_NEED_REPREPARE:
	case CONNECTION_KILLED:
	case CLIENT_INACTIVE:
		return true;
	default:
		return code >= CR_MIN_ERROR && code <= CR_MAX_ERROR;
	}
}

/* The server's words may quote values, so only its number is told. */
static int fault(struct mariadb_conn *c, struct fsv_err *err)
{
	unsigned code = mysql_stmt_errno(c->stmt);

	/* libmariadb has no number for a row that does not fit into a packet. */
	if (code == 0 || code == CR_NET_PACKET_TOO_LARGE)
		return fsv_err_set(err, FSV_E_NET, "%.200s: a row may be larger than %zu bytes; the connection is given up",
				   where(c->base.sql), c->base.sql->opt.max_row);
	if (lost(code))
		return fsv_err_set(err, FSV_E_NET, "%.200s: the connection is lost (error %u)", where(c->base.sql), code);
	return fsv_err_set(err, FSV_E_SYSTEM, "%.200s: error %u (SQLSTATE %.5s)", where(c->base.sql), code,
			   mysql_stmt_sqlstate(c->stmt));
}

/* Somebody may have altered the table since the statement was prepared. */
static bool same_columns(struct mariadb_conn *c)
{
	MYSQL_RES *meta = mysql_stmt_result_metadata(c->stmt);
	bool same = meta && mysql_num_fields(meta) == c->n_columns;

	for (unsigned i = 0; same && i < c->n_columns; i++) {
		const MYSQL_FIELD *f = mysql_fetch_field_direct(meta, i);

		same = f->type == MYSQL_TYPE_NULL || kind_of(f) == c->columns[i].kind;
	}
	if (meta)
		mysql_free_result(meta);
	return same;
}

static int long_text(struct mariadb_conn *c, unsigned i, struct fsv_jsonw *w, struct fsv_err *err)
{
	struct column *col = &c->columns[i];
	FSV_AUTO_MEM char *text = NULL;
	unsigned long n = col->n;
	MYSQL_BIND b;

	if (n > c->base.sql->opt.max_row)
		return fsv_err_set(err, FSV_E_LIMIT, "column %.64s is larger than %zu bytes", col->name,
				   c->base.sql->opt.max_row);
	text = fsv_malloc(n + 1);
	b = (MYSQL_BIND){ .buffer_type = MYSQL_TYPE_STRING, .buffer = text, .buffer_length = n + 1, .length = &n,
			  .is_null = &col->null, .error = &col->cut };
	if (mysql_stmt_fetch_column(c->stmt, &b, i, 0) != 0)
		return fault(c, err);
	return fsv_sql_put_text(w, col->name, fsv_str_n(text, n), err);
}

static uint64_t bits(const char *bytes, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n && i < sizeof(v); i++)
		v = v << 8 | (unsigned char)bytes[i];
	return v;
}

static int put_column(struct mariadb_conn *c, unsigned i, struct fsv_jsonw *w, struct fsv_err *err)
{
	struct column *col = &c->columns[i];

	fsv_jsonw_key(w, fsv_str(col->name));
	if (col->null) {
		fsv_jsonw_null(w);
		return 0;
	}
	switch (col->kind) {
	case SIGNED:
		fsv_jsonw_int(w, col->value.i);
		return 0;
	case UNSIGNED:
		fsv_sql_put_unsigned(w, col->value.u);
		return 0;
	case FLOAT:
		fsv_sql_put_float(w, col->value.f);
		return 0;
	case DOUBLE:
		fsv_jsonw_double(w, col->value.d);
		return 0;
	case BITS:
		fsv_sql_put_unsigned(w, bits(col->value.text, col->n));
		return 0;
	case DECIMAL:
		return fsv_sql_put_decimal(w, col->name, fsv_str_n(col->value.text, col->n < INLINE_TEXT ? col->n : 0), err);
	default:
		if (col->n > INLINE_TEXT)
			return long_text(c, i, w, err);
		return fsv_sql_put_text(w, col->name, fsv_str_n(col->value.text, col->n), err);
	}
}

static int put_row(struct mariadb_conn *c, struct fsv_jsonw *w, struct fsv_err *err)
{
	int r = 0;

	fsv_jsonw_begin(w, '{');
	for (unsigned i = 0; r == 0 && i < c->n_columns; i++)
		r = put_column(c, i, w, err);
	fsv_jsonw_end(w, '}');
	return r < 0 ? r : 1;
}

static int fetch(struct mariadb_conn *c, struct fsv_jsonw *w, struct fsv_err *err)
{
	int r;

	if (mysql_stmt_execute(c->stmt) != 0)
		return fault(c, err);
	if (!same_columns(c))
		return fsv_err_set(err, FSV_E_NET, "%.200s: the statement's columns have changed", where(c->base.sql));
	if (mysql_stmt_bind_result(c->stmt, c->binds) != 0)
		return fault(c, err);
	r = mysql_stmt_fetch(c->stmt);
	if (r == MYSQL_NO_DATA)
		return 0;
	return r == 0 || r == MYSQL_DATA_TRUNCATED ? put_row(c, w, err) : fault(c, err);
}

static int find(struct fsv_sql_conn *conn, const struct fsv_str *params, int64_t deadline, struct fsv_jsonw *w,
		struct fsv_err *err)
{
	struct mariadb_conn *c = (struct mariadb_conn *)conn;
	int r;

	(void)deadline;		/* libmariadb has the time limit of the connection */
	for (size_t i = 0; i < conn->sql->n_params; i++) {
		c->lengths[i] = params[i].n;
		c->params[i] = (MYSQL_BIND){
			.buffer_type = MYSQL_TYPE_STRING, .buffer = (void *)(uintptr_t)(params[i].p ? params[i].p : ""),
			.buffer_length = params[i].n, .length = &c->lengths[i],
		};
	}
	if (conn->sql->n_params > 0 && mysql_stmt_bind_param(c->stmt, c->params) != 0)
		return fault(c, err);
	r = fetch(c, w, err);
	/* Reads over further rows. */
	if (mysql_stmt_free_result(c->stmt) != 0 && r != FSV_E_NET)
		r = fsv_err_set(err, FSV_E_NET, "%.200s: the connection is lost (error %u)", where(conn->sql),
				mysql_stmt_errno(c->stmt));
	return r;
}

const struct driver fsv_sql_mariadb = { .connect = open_conn, .find = find, .close = close_conn };
