/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "codec/base64.h"

static struct fsv_arena arena;

static int open_arena(void **state)
{
	(void)state;
	fsv_arena_init(&arena, 0);
	return 0;
}

static int drop_arena(void **state)
{
	(void)state;
	fsv_arena_done(&arena);
	return 0;
}

/* RFC 4648 §10 and the two characters that differ between the alphabets. */
static void known_pairs_go_both_ways(void **state)
{
	static const struct {
		struct fsv_str bytes, text;
	} cases[] = {
		{ FSV_STR(""), FSV_STR("") }, { FSV_STR("f"), FSV_STR("Zg==") }, { FSV_STR("fo"), FSV_STR("Zm8=") },
		{ FSV_STR("foo"), FSV_STR("Zm9v") }, { FSV_STR("foob"), FSV_STR("Zm9vYg==") },
		{ FSV_STR("fooba"), FSV_STR("Zm9vYmE=") }, { FSV_STR("foobar"), FSV_STR("Zm9vYmFy") },
		{ FSV_STR("\xfb\xef\xff"), FSV_STR("++//") }, { FSV_STR("\0\0"), FSV_STR("AAA=") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_str back;
		struct fsv_buf out;

		fsv_buf_init(&out, &arena, 0);
		fsv_base64_encode(&out, cases[i].bytes);
		assert_true(fsv_str_eq(fsv_buf_str(&out), cases[i].text));
		assert_int_equal(fsv_base64_decode(cases[i].text, FSV_BASE64_STRICT, &arena, &back, &err), 0);
		assert_true(fsv_str_eq(back, cases[i].bytes));
		assert_int_equal(fsv_base64_decode(cases[i].text, FSV_BASE64_LENIENT, &arena, &back, &err), 0);
		assert_true(fsv_str_eq(back, cases[i].bytes));
	}
}

static void every_byte_survives(void **state)
{
	char bytes[256 * 3];
	struct fsv_err err;
	struct fsv_str back;
	struct fsv_buf out;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7 + i / 256);
	for (size_t n = 0; n <= sizeof(bytes); n += 1 + n / 16) {
		fsv_buf_init(&out, &arena, 0);
		fsv_base64_encode(&out, fsv_str_n(bytes, n));
		assert_int_equal(out.n, (n + 2) / 3 * 4);
		assert_int_equal(fsv_base64_decode(fsv_buf_str(&out), FSV_BASE64_STRICT, &arena, &back, &err), 0);
		assert_true(fsv_str_eq(back, fsv_str_n(bytes, n)));
	}
}

static void lenient_takes_the_url_alphabet_and_no_padding(void **state)
{
	static const struct {
		const char *text, *bytes;
	} cases[] = {
		{ "--__", "\xfb\xef\xff" }, { "+-/_", "\xfb\xef\xff" }, { "Zg", "f" }, { "Zm8", "fo" }, { "Zm9vYg", "foob" }, { "Zh", "f" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_str back = FSV_STR("untouched");
		struct fsv_err err = FSV_ERR_INIT;

		assert_int_equal(fsv_base64_decode(fsv_str(cases[i].text), FSV_BASE64_LENIENT, &arena, &back, &err), 0);
		assert_true(fsv_str_is(back, cases[i].bytes));
		back = FSV_STR("untouched");
		assert_int_equal(fsv_base64_decode(fsv_str(cases[i].text), FSV_BASE64_STRICT, &arena, &back, &err), FSV_E_SYNTAX);
		assert_true(fsv_str_is(back, "untouched"));
	}
}

static void faults_name_the_character(void **state)
{
	static const struct {
		struct fsv_str text;
		const char *want;
	} cases[] = {
		{ FSV_STR("Z"), "after 1 characters" }, { FSV_STR("Zm9vY"), "after 5 characters" }, { FSV_STR("Zg="), "after 3 characters" },
		{ FSV_STR("="), "after 1 characters" }, { FSV_STR("=="), "after 2 characters" }, { FSV_STR("Zm9v="), "after 5 characters" },
		{ FSV_STR("===="), "character 1 " }, { FSV_STR("Z==="), "character 2 " }, { FSV_STR("Zg==Zg=="), "character 3 " },
		{ FSV_STR("Zm 9v"), "character 3 " }, { FSV_STR("Zm9v\n"), "character 5 " }, { FSV_STR("\0AAA"), "character 1 " },
		{ FSV_STR("AAA\xff"), "character 4 " }, { FSV_STR("AA*A"), "character 3 " }, { FSV_STR("Zm9vYg==="), "character 7 " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_str back;

		assert_int_equal(fsv_base64_decode(cases[i].text, FSV_BASE64_LENIENT, &arena, &back, &err), FSV_E_SYNTAX);
		if (!strstr(err.text, cases[i].want))
			fail_msg("%.*s: %s", FSV_STR_ARG(cases[i].text), err.text);
	}
}

static void encoding_honours_the_limit(void **state)
{
	struct fsv_buf out;

	(void)state;
	fsv_buf_init(&out, &arena, 7);
	fsv_base64_encode(&out, FSV_STR("foob"));
	assert_true(fsv_buf_failed(&out));
	assert_int_equal(out.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_pairs_go_both_ways),
		cmocka_unit_test(every_byte_survives),
		cmocka_unit_test(lenient_takes_the_url_alphabet_and_no_padding),
		cmocka_unit_test(faults_name_the_character),
		cmocka_unit_test(encoding_honours_the_limit),
	};

	return cmocka_run_group_tests(tests, open_arena, drop_arena);
}
