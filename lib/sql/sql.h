/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One prepared statement on one database, to look a row up: MariaDB and MySQL through libmariadb, SQLite
 * through its library. A connection belongs to one thread; everything here blocks, for as long as the options
 * say, so it runs on a crew's threads (base/crew.h).
 *
 * The statement is SQL with parameters written :name, of which each stands for a text. The row comes as a JSON
 * object, one member a column: integers and decimals as the database spells them, floating numbers as Java spells
 * them, dates and times as texts, NULL as null. Binary columns are refused, BIT is an integer.
 */
#ifndef FSV_SQL_SQL_H
#define FSV_SQL_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct fsv_sql;			/* which database and statement; immutable, shared */
struct fsv_sql_conn;		/* one thread's connection with the statement prepared */

enum { FSV_SQL_PARAMS_MAX = 32 };

enum fsv_sql_driver { FSV_SQL_MARIADB, FSV_SQL_SQLITE };

struct fsv_sql_opt {
	enum fsv_sql_driver driver;
	const char *statement;
	int64_t connect_ms, answer_ms;		/* rounded up to seconds by libmariadb */
	size_t max_row;				/* bytes of the JSON object */
	const char *file;			/* SQLite's; opened for reading only */
	/* MariaDB. */
	const char *server;			/* "host:port", or … */
	const char *socket;			/* … a socket's path */
	const char *user, *database;
	const char *password_file;		/* its first line; read for each connection. NULL = no password */
	bool tls;				/* certificate and host name are checked */
	const char *ca_file;			/* NULL = the system's authorities */
	const char *cert_file, *key_file;	/* of our own, or NULL */
};

/* Copies opt and checks what can be checked without the database: FSV_E_CONFIG, FSV_E_SYNTAX. */
int fsv_sql_new(const struct fsv_sql_opt *opt, struct fsv_sql **ret_sql, struct fsv_err *err) FSV_MUST_CHECK;
struct fsv_sql *fsv_sql_free(struct fsv_sql *sql);
/* Names of the parameters in their order; one that is written twice comes twice. */
size_t fsv_sql_params(const struct fsv_sql *sql, const struct fsv_str **ret_names);

/* sql must outlive the connection. Errors name the server and hold the database's words; no secrets. */
int fsv_sql_connect(const struct fsv_sql *sql, struct fsv_sql_conn **ret_conn, struct fsv_err *err) FSV_MUST_CHECK;
struct fsv_sql_conn *fsv_sql_close(struct fsv_sql_conn *conn);

/* Appends the first row to out: 1, or 0 when there is none. FSV_E_NET: the connection is of no use any more (the
 * server has gone, or what was prepared is no longer true) and only good for closing. Other errors leave it usable.
 * They never hold values. params: one for each name. */
int fsv_sql_find(struct fsv_sql_conn *conn, const struct fsv_str *params, int64_t deadline, struct fsv_buf *out,
		 struct fsv_err *err) FSV_MUST_CHECK;

#endif
