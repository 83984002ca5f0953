/* SPDX-License-Identifier: Apache-2.0 */
/* The archives are those of the fuzz target's corpus, written by Python's zipfile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/fd.h"
#include "base/time.h"
#include "model/archive.h"

static struct fsv_arena arena;

static int set_up(void **state)
{
	(void)state;
	fsv_arena_init(&arena, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fsv_arena_done(&arena);
	return 0;
}

static int parse(const char *name, const struct fsv_archive_limits *limits, struct fsv_package *package,
		 unsigned *missing, struct fsv_err *err)
{
	const char *path = fsv_arena_printf(&arena, "tests/fuzz/corpus/archive/%s", name);
	struct fsv_str bytes;
	char *data = NULL;
	size_t n = 0;

	if (fsv_read_file(path, 1 << 20, &data, &n, err) < 0)
		fail_msg("%s", err->text);
	bytes = fsv_arena_str(&arena, fsv_str_n(data, n));
	free(data);
	return fsv_archive_parse(bytes, limits, &arena, package, missing, err);
}

static const struct fsv_archive_limits wide = { .max_bytes = 1 << 20, .max_entries = 1000, .deadline = FSV_NO_DEADLINE };

static void every_layout_gives_the_same_messages(void **state)
{
	static const char *const names[] = { "good", "stored", "describe-scalar", "describe-map" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct fsv_package package = { .n = 0 };
		struct fsv_err err = FSV_ERR_INIT;
		unsigned missing = 7;
		struct fsv_str bytes;

		if (parse(names[i], &wide, &package, &missing, &err) < 0)
			fail_msg("%s: %s", names[i], err.text);
		assert_int_equal(package.n, 3);
		assert_int_equal(missing, 0);
		assert_true(fsv_package_param(&package, FSV_STR("lr_0"), &bytes));
		assert_true(fsv_str_eq(bytes, FSV_STR("\x08\x05")));
		assert_true(fsv_str_is(fsv_package_pipeline(&package), "\n\2{}"));
	}
}

static void messages_that_are_missing_are_left_out_and_counted(void **state)
{
	struct fsv_package package = { .n = 0 };
	struct fsv_err err = FSV_ERR_INIT;
	unsigned missing = 0;

	(void)state;
	assert_int_equal(parse("missing", &wide, &package, &missing, &err), 0);
	assert_int_equal(package.n, 1);
	assert_int_equal(missing, 2);
	assert_int_equal(parse("empty-message", &wide, &package, &missing, &err), 0);
	assert_int_equal(package.n, 0);
	assert_int_equal(missing, 3);
}

static void what_is_no_model_or_too_large_is_refused_with_the_reason(void **state)
{
	static const struct {
		const char *name;
		int code;
		const char *words;
	} bad[] = {
		{ "escape", FSV_E_SYNTAX, "leads out" }, { "absolute", FSV_E_SYNTAX, "leads out" },
		{ "drive", FSV_E_SYNTAX, "leads out" }, { "backslash", FSV_E_SYNTAX, "leads out" },
		{ "bomb", FSV_E_LIMIT, "larger than" }, { "many", FSV_E_LIMIT, "entries" },
		{ "no-meta", FSV_E_SYNTAX, "no define/define_meta.yaml" }, { "no-proto", FSV_E_SYNTAX, "no model_proto" },
		{ "bad-yaml", FSV_E_SYNTAX, "define_meta.yaml:2" }, { "odd-names", FSV_E_SYNTAX, "has a name" },
		{ "dotted", FSV_E_SYNTAX, "has a name" }, { "list", FSV_E_SYNTAX, "no model_proto" },
		{ "twice", FSV_E_MODEL_INIT, "mean the same message" }, { "text", FSV_E_SYNTAX, "no zip archive" },
		{ "empty", FSV_E_SYNTAX, "so it is no model" }, { "cut", FSV_E_SYNTAX, "no zip archive" },
		{ "encrypted", FSV_E_SYNTAX, "cannot be opened" }, { "bad-data", FSV_E_SYNTAX, "" },
	};
	const struct fsv_archive_limits narrow = { .max_bytes = 64 * 1024, .max_entries = 32, .deadline = FSV_NO_DEADLINE };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fsv_package package = { .n = 0 };
		struct fsv_err err = FSV_ERR_INIT;
		unsigned missing = 0;
		int r = parse(bad[i].name, &narrow, &package, &missing, &err);

		if (r != bad[i].code || !strstr(err.text, bad[i].words))
			fail_msg("%s: %d %s", bad[i].name, r, err.text);
	}
}

static void unpacking_has_a_deadline(void **state)
{
	const struct fsv_archive_limits late = { .max_bytes = 1 << 20, .max_entries = 32, .deadline = 1 };
	struct fsv_package package = { .n = 0 };
	struct fsv_err err = FSV_ERR_INIT;
	unsigned missing = 0;

	(void)state;
	assert_int_equal(parse("good", &late, &package, &missing, &err), FSV_E_DEADLINE);
	assert_non_null(strstr(err.text, "model.load.timeout"));
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_layout_gives_the_same_messages),
		TEST(messages_that_are_missing_are_left_out_and_counted),
		TEST(what_is_no_model_or_too_large_is_refused_with_the_reason),
		TEST(unpacking_has_a_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
