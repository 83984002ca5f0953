/* SPDX-License-Identifier: Apache-2.0 */
/* What the two drivers share. */
#ifndef FSV_SQL_PRIVATE_H
#define FSV_SQL_PRIVATE_H

#include "base/arena.h"
#include "codec/json.h"
#include "sql.h"

struct driver {
	int (*connect)(const struct fsv_sql *sql, struct fsv_sql_conn **ret_conn, struct fsv_err *err);
	int (*find)(struct fsv_sql_conn *conn, const struct fsv_str *params, int64_t deadline, struct fsv_jsonw *w,
		    struct fsv_err *err);
	void (*close)(struct fsv_sql_conn *conn);
};

struct fsv_sql {
	struct fsv_sql_opt opt;		/* texts are in the arena */
	const struct driver *driver;
	struct fsv_str statement;	/* with ?; a NUL stands behind it */
	struct fsv_str params[FSV_SQL_PARAMS_MAX];
	size_t n_params;
	char *host;			/* of opt.server */
	uint16_t port;
	struct fsv_arena arena;
};

/* First member of a driver's. */
struct fsv_sql_conn {
	const struct fsv_sql *sql;
};

extern const struct driver fsv_sql_mariadb, fsv_sql_sqlite;

/* Values of a column into the row. FSV_E_TYPE names the column. */
int fsv_sql_put_text(struct fsv_jsonw *w, const char *column, struct fsv_str text, struct fsv_err *err) FSV_MUST_CHECK;
/* A decimal's digits as they are, but for zeros in front, which JSON does not have. */
int fsv_sql_put_decimal(struct fsv_jsonw *w, const char *column, struct fsv_str digits,
			struct fsv_err *err) FSV_MUST_CHECK;
void fsv_sql_put_unsigned(struct fsv_jsonw *w, uint64_t v);
void fsv_sql_put_float(struct fsv_jsonw *w, float v);

#endif
