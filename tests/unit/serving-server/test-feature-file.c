/* SPDX-License-Identifier: Apache-2.0 */
/* Feature files: lines, numbers, the order in which Java's maps give them, and what is no such file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "../../../daemons/serving-server/feature-file.h"

static struct fsv_arena arena;
static struct fsv_map map;

static int setup(void **state)
{
	(void)state;
	fsv_arena_init(&arena, 0);
	fsv_map_init(&map);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fsv_map_done(&map);
	fsv_arena_done(&arena);
	return 0;
}

static void expect_all(const char *text, const char *want)
{
	struct fsv_str features = FSV_STR_NULL;
	struct fsv_err err = FSV_ERR_INIT;
	int r = fsv_feature_file_all(fsv_str(text), &arena, &features, &err);

	if (r < 0)
		fail_msg("%s: %s", text, err.text);
	assert_int_equal(features.n, strlen(want));
	assert_memory_equal(features.p, want, features.n);
}

static void test_lines_are_merged_and_later_ones_win(void **state)
{
	(void)state;
	expect_all("", "{}");
	expect_all("x0:1,x1:-0.5\r\n\nx0:2e10\n", "{\"x0\":2.0E10,\"x1\":-0.5}");
	expect_all(",,x0::1:9,,x1: 2 ,", "{\"x0\":1.0,\"x1\":2.0}");
	expect_all("b:1d,a:0x10p0,c:NaN", "{\"a\":16.0,\"b\":1.0,\"c\":\"NaN\"}");
	expect_all(" x:1", "{\" x\":1.0}");
	expect_all("负债:1,\"q:2", "{\"负债\":1.0,\"\\\"q\":2.0}");
}

static void test_features_come_in_the_order_of_a_hash_map(void **state)
{
	(void)state;
	/* As Java iterates them, however they were put in. */
	expect_all("x10:1,x9:2,x8:3,x11:4", "{\"x8\":3.0,\"x9\":2.0,\"x10\":1.0,\"x11\":4.0}");
	expect_all("Aa:1,BB:2", "{\"Aa\":1.0,\"BB\":2.0}");
	expect_all("BB:2,Aa:1", "{\"BB\":2.0,\"Aa\":1.0}");
}

static void test_a_bad_line_is_named(void **state)
{
	static const char *const texts[] = { "x0:1\nx1", "x0:1\nx1:", "x0:1\nx1:abc", "x0:1\nx1:1,5", "x0:1\n\xff:1" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct fsv_str features;
		struct fsv_err err = FSV_ERR_INIT;

		assert_int_equal(fsv_feature_file_all(fsv_str(texts[i]), &arena, &features, &err), FSV_E_SYNTAX);
		if (!strstr(err.text, "line 2"))
			fail_msg("%s: %s", texts[i], err.text);
		assert_null(strstr(err.text, "abc"));
	}
}

static void expect_id(const char *id, const char *want)
{
	const struct fsv_str *features = fsv_map_get(&map, fsv_str(id));

	if (!want) {
		assert_null(features);
		return;
	}
	assert_non_null(features);
	assert_int_equal(features->n, strlen(want));
	assert_memory_equal(features->p, want, features->n);
}

static void test_people_are_found_by_id(void **state)
{
	struct fsv_err err = FSV_ERR_INIT;

	(void)state;
	assert_int_equal(fsv_feature_file_by_id(FSV_STR("8,x0:1;x1:2\n\n 9 ,x0:3;;\n8,x0:5\n10,\n"), &arena, &map, &err), 0);
	expect_id("8", "{\"x0\":5.0}");
	expect_id(" 9 ", "{\"x0\":3.0}");
	expect_id("9", NULL);
	expect_id("10", "{}");
}

static void test_reading_by_id_stops_at_a_bad_line(void **state)
{
	static const char *const texts[] = { "8,x0:1\n9;x0:1\n10,x0:1", "8,x0:1\n9,x0:1,x1:2\n10,x0:1",
					     "8,x0:1\n9,x0\n10,x0:1", "8,x0:1\n,x0:1\n10,x0:1", "8,x0:1\n9,x0:y\n10,x0:1" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct fsv_err err = FSV_ERR_INIT;

		assert_int_equal(fsv_feature_file_by_id(fsv_str(texts[i]), &arena, &map, &err), FSV_E_SYNTAX);
		assert_non_null(strstr(err.text, "line 2"));
		expect_id("8", "{\"x0\":1.0}");
		expect_id("10", NULL);
		teardown(state);
		setup(state);
	}
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lines_are_merged_and_later_ones_win),
		TEST(test_features_come_in_the_order_of_a_hash_map),
		TEST(test_a_bad_line_is_named),
		TEST(test_people_are_found_by_id),
		TEST(test_reading_by_id_stops_at_a_bad_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
