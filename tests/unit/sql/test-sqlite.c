/* SPDX-License-Identifier: Apache-2.0 */
#include "sql-helper.h"

#include <sqlite3.h>

static struct fsv_sql_opt opt(const char *statement)
{
	return (struct fsv_sql_opt){
		.driver = FSV_SQL_SQLITE, .statement = statement, .connect_ms = 120000, .answer_ms = 120000,
		.max_row = 4096, .file = file("people.db"),
	};
}

static void make_db(const char *name, const char *script)
{
	char *text = NULL;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(file(name), &db), SQLITE_OK);
	if (sqlite3_exec(db, script, NULL, NULL, &text) != SQLITE_OK)
		fail_msg("%s", text);
	sqlite3_close(db);
}

static const char *use(const char *statement)
{
	struct fsv_sql_opt o = opt(statement);

	return connect_with(&o);
}

static int set_up(void **state)
{
	(void)state;
	fsv_arena_init(&arena, 0);
	if (!mkdtemp(folder))
		return -1;
	make_db("people.db", "CREATE TABLE p(id TEXT, a INTEGER, b REAL, c TEXT, d, e BLOB);"
		"INSERT INTO p VALUES('8', 9223372036854775807, 0.1, 'h\"\xc3\xa4', NULL, NULL);"
		"INSERT INTO p VALUES('9', -1, 1e7, '', 5, x'00ff');"
		"INSERT INTO p VALUES('10', 0, 1e-5, CAST(x'ff' AS TEXT), 5, NULL);"
		"INSERT INTO p VALUES('11', 0, 1, printf('%.5000c', 'x'), 5, NULL);"
		"CREATE TABLE n(id INTEGER, v INTEGER); INSERT INTO n VALUES(8, 1);");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close_all();
	unlink(file("people.db"));
	rmdir(folder);
	fsv_arena_done(&arena);
	return 0;
}

static void test_values(void **state)
{
	(void)state;
	expect(use("SELECT a, b, c, d, e FROM p WHERE id = :id"), "");
	expect(find("8"), "{\"a\":9223372036854775807,\"b\":0.1,\"c\":\"h\\\"\xc3\xa4\",\"d\":null,\"e\":null}");
	expect(find("nobody"), "none");
	expect(find("9"), "TYPE: column e holds binary data; name the columns in the statement and leave it out");
	expect(find("10"), "TYPE: column c holds a text that is not UTF-8");
	expect_part(find("11"), "LIMIT: ");
	/* Still good. */
	expect_part(find("8"), "{\"a\":9223372036854775807,");
}

static void test_texts_match_numbers(void **state)
{
	(void)state;
	expect(use("SELECT v FROM n WHERE id = :id"), "");
	expect(find("8"), "{\"v\":1}");
	expect(find("8x"), "none");
	expect(find(""), "none");
}

static void test_what_cannot_be_prepared(void **state)
{
	struct fsv_sql_opt gone = opt("SELECT 1");

	(void)state;
	expect_part(use("SELECT x FROM p"), "people.db: the statement cannot be prepared: no such column: x");
	expect_part(use("SELECT 1; SELECT 2"), "not one statement");
	expect_part(use("-- nothing"), "not one statement");
	expect_part(use("DELETE FROM p"), "the statement returns no columns");
	expect_part(use("SELECT $id"), "parameters that are not written :name");
	gone.file = file("gone.db");
	expect_part(connect_with(&gone), "ENOENT: cannot open");
	gone.file = folder;
	expect_part(connect_with(&gone), "cannot open");
}

static void test_an_endless_statement_ends_with_its_time(void **state)
{
	(void)state;
	expect(use("WITH RECURSIVE r(x) AS (VALUES(1) UNION ALL SELECT x + 1 FROM r) SELECT count(*) FROM r WHERE x = :id"), "");
	expect_part(find_until("8", fsv_deadline_in_ms(30)), "DEADLINE: ");
	expect(use("SELECT v FROM n WHERE id = :id"), "");
	expect(find("8"), "{\"v\":1}");
}

static void test_another_file_in_its_place(void **state)
{
	(void)state;
	expect(use("SELECT v FROM n WHERE id = :id"), "");
	make_db("new.db", "CREATE TABLE n(id INTEGER, v INTEGER); INSERT INTO n VALUES(8, 2);");
	assert_int_equal(rename(file("new.db"), file("people.db")), 0);
	expect_part(find("8"), "NET: ");
	expect(use("SELECT v FROM n WHERE id = :id"), "");
	expect(find("8"), "{\"v\":2}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_texts_match_numbers),
		cmocka_unit_test(test_what_cannot_be_prepared),
		cmocka_unit_test(test_an_endless_statement_ends_with_its_time),
		cmocka_unit_test(test_another_file_in_its_place),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
