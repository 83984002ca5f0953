/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of both drivers share: one connection that is asked, and its answers as text. */
#ifndef FSV_TEST_SQL_HELPER_H
#define FSV_TEST_SQL_HELPER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/time.h"
#include "sql/sql.h"

#define UNUSED	__attribute__((unused))

static struct fsv_sql *sql;
static struct fsv_sql_conn *conn;
static struct fsv_arena arena;
static char folder[] = "/tmp/fsv-sql-XXXXXX";

static UNUSED const char *file(const char *name)
{
	return fsv_arena_printf(&arena, "%s/%s", folder, name);
}

static UNUSED void close_all(void)
{
	conn = fsv_sql_close(conn);
	sql = fsv_sql_free(sql);
}

/* "" or what went wrong. */
static UNUSED const char *connect_with(const struct fsv_sql_opt *opt)
{
	struct fsv_err err = FSV_ERR_INIT;

	close_all();
	if (fsv_sql_new(opt, &sql, &err) < 0 || fsv_sql_connect(sql, &conn, &err) < 0)
		return fsv_arena_printf(&arena, "%s: %s", fsv_err_name(err.code), err.text);
	return "";
}

/* The row, "none", or what went wrong. */
static UNUSED const char *find_until(const char *id, int64_t deadline)
{
	const struct fsv_str params[] = { fsv_str(id) };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_buf out;
	int r;

	fsv_buf_init(&out, &arena, 0);
	r = fsv_sql_find(conn, params, deadline, &out, &err);
	if (r < 0)
		return fsv_arena_printf(&arena, "%s: %s", fsv_err_name(r), err.text);
	return r == 1 ? fsv_buf_cstr(&out) : "none";
}

static UNUSED const char *find(const char *id)
{
	return find_until(id, fsv_deadline_in_ms(120000));
}

static UNUSED void expect(const char *is, const char *want)
{
	if (strcmp(is, want) != 0)
		fail_msg("\ngot  %s\nwant %s", is, want);
}

static UNUSED void expect_part(const char *is, const char *part)
{
	if (!strstr(is, part))
		fail_msg("\ngot  %s\nwant … %s …", is, part);
}

#endif
