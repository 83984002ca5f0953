/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../../lib/sql/sql-private.h"
#include "../../../lib/sql/statement.h"
#include "base/arena.h"

/* "statement|name,name" or "CODE text". */
static const char *got(const char *text, bool mariadb, struct fsv_arena *arena)
{
	struct fsv_str names[3];
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_buf out;
	int n;

	fsv_buf_init(&out, arena, 0);
	n = fsv_sql_statement(fsv_str(text), mariadb, &out, names, 3, &err);
	if (n < 0)
		return fsv_arena_printf(arena, "%s %s", fsv_err_name(n), err.text);
	fsv_buf_putc(&out, '|');
	for (int i = 0; i < n; i++)
		fsv_buf_printf(&out, "%s%.*s", i ? "," : "", FSV_STR_ARG(names[i]));
	return fsv_buf_cstr(&out);
}

static void test_parameters(void **state)
{
	static const struct {
		const char *text;
		bool mariadb;
		const char *want;
	} cases[] = {
		{ "SELECT a FROM t WHERE id = :id", true, "SELECT a FROM t WHERE id = ?|id" },
		{ "SELECT :a,:b,:a", true, "SELECT ?,?,?|a,b,a" },
		{ "SELECT :_x9-:y", false, "SELECT ?-?|_x9,y" },
		{ "SELECT ':a', \":b\", `:c` -- :d\n, :e # :f", true, "SELECT ':a', \":b\", `:c` -- :d\n, ? # :f|e" },
		{ "SELECT ':a', \":b\", [:c] -- :d\n, :e", false, "SELECT ':a', \":b\", [:c] -- :d\n, ?|e" },
		{ "SELECT 'it''s :a', :b", true, "SELECT 'it''s :a', ?|b" },
		{ "SELECT 'it\\'s :a', :b", true, "SELECT 'it\\'s :a', ?|b" },
		{ "SELECT '\\', :b", false, "SELECT '\\', ?|b" },
		{ "SELECT /* ? :a */ :b", true, "SELECT /* ? :a */ ?|b" },
		{ "SELECT x::y, a:b, :1, :", true, "SELECT x::y, a:b, :1, :|" },
		{ "SELECT '?'", true, "SELECT '?'|" },
		{ "", true, "|" },
		{ "SELECT ?", true, "SYNTAX the statement has a ? at byte 8; parameters are written :name" },
		{ "SELECT 'a", true, "SYNTAX the statement has a quote or comment without end at byte 8" },
		{ "SELECT /*/", true, "SYNTAX the statement has a quote or comment without end at byte 8" },
		{ "SELECT 'a\\'", true, "SYNTAX the statement has a quote or comment without end at byte 8" },
		{ ":a:b :c :d :e", true, "LIMIT the statement has more than 3 parameters" },
	};
	struct fsv_arena arena;

	(void)state;
	fsv_arena_init(&arena, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *is = got(cases[i].text, cases[i].mariadb, &arena);

		if (strcmp(is, cases[i].want) != 0)
			fail_msg("%s\ngot  %s\nwant %s", cases[i].text, is, cases[i].want);
	}
	fsv_arena_done(&arena);
}

static void test_decimals(void **state)
{
	static const struct {
		const char *digits, *want;
	} cases[] = {
		{ "0", "0" }, { "-0.50", "-0.50" }, { "0012.50", "12.50" }, { "000", "0" }, { "00.10", "0.10" },
		{ "12345678901234567890.0123456789", "12345678901234567890.0123456789" },
		{ "", NULL }, { "-", NULL }, { "1.", NULL }, { ".5", NULL }, { "1e5", NULL }, { "1 ", NULL }, { "NaN", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_jsonw w;
		struct fsv_buf out;
		int r;

		fsv_buf_init(&out, NULL, 0);
		fsv_jsonw_init(&w, &out);
		r = fsv_sql_put_decimal(&w, "c", fsv_str(cases[i].digits), &err);
		if (cases[i].want) {
			assert_int_equal(r, 0);
			assert_string_equal(fsv_buf_cstr(&out), cases[i].want);
		} else {
			assert_int_equal(r, FSV_E_TYPE);
			assert_string_equal(err.text, "column c holds a decimal that is no number");
		}
		fsv_buf_done(&out);
	}
}

static void test_options(void **state)
{
	static const struct {
		struct fsv_sql_opt opt;
		const char *want;
	} cases[] = {
		{ { .statement = " " }, "no statement is given" },
		{ { .driver = FSV_SQL_SQLITE, .statement = "SELECT 1" }, "no database file is given" },
		{ { .statement = "SELECT 1" }, "either a server or a socket must be given" },
		{ { .statement = "SELECT 1", .server = "a:1", .socket = "/s" }, "either a server or a socket must be given" },
		{ { .statement = "SELECT 1", .server = "a" }, "the server a is not of the form host:port" },
		{ { .statement = "SELECT 1", .server = "a:0" }, "the server a:0 is not of the form host:port" },
		{ { .statement = "SELECT 1", .server = ":7" }, "the server :7 is not of the form host:port" },
		{ { .statement = "SELECT 1", .server = "a:7", .key_file = "k" },
		  "a certificate of our own needs its key and the other way round" },
		{ { .statement = "SELECT '", .server = "a:7" },
		  "the statement has a quote or comment without end at byte 8" },
		{ { .statement = "SELECT 1", .server = "[::1]:7" }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_sql *sql = NULL;
		int r = fsv_sql_new(&cases[i].opt, &sql, &err);

		if (cases[i].want) {
			assert_true(r < 0);
			assert_string_equal(err.text, cases[i].want);
		} else {
			assert_int_equal(r, 0);
			assert_string_equal(sql->host, "::1");
			assert_int_equal(sql->port, 7);
		}
		fsv_sql_free(sql);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_decimals),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
