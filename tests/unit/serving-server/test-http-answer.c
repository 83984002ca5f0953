/* SPDX-License-Identifier: Apache-2.0 */
/* What feature services answer: both success shapes, and everything that is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "../../../daemons/serving-server/http-answer.h"

static struct fsv_arena arena;

static int setup(void **state)
{
	(void)state;
	fsv_arena_init(&arena, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fsv_arena_done(&arena);
	return 0;
}

static void expect(const char *body, struct fsv_http_features f, int retcode, const char *features)
{
	if (f.retcode != retcode || f.features.n != strlen(features) ||
	    memcmp(f.features.n ? f.features.p : "", features, f.features.n) != 0)
		fail_msg("%s: got %d %.*s (%s)", body, f.retcode, FSV_STR_ARG(f.features), f.text ? f.text : "");
	if (retcode != 0)
		assert_non_null(f.text);
}

static void test_answers_with_codes(void **state)
{
	static const struct {
		const char *body;
		int retcode;
		const char *features;
	} cases[] = {
		{ "{\"code\":0,\"data\":{\"code\":200,\"data\":{\"x\":1}}}", 0, "{\"x\":1}" },
		{ "{\"data\":{\"data\":{\"x\":1},\"code\":200,\"more\":[]}}", 0, "{\"x\":1}" },
		{ "{\"code\":0,\"data\":{\"code\":200,\"data\":{}}}", 0, "{}" },
		{ "{\"code\":200,\"data\":{\"x\":1,\"code\":3}}", 0, "{\"x\":1,\"code\":3}" },
		{ "{\"code\":\"200\",\"data\":{\"x\":1}}", 0, "{\"x\":1}" },
		{ "{\"code\":200,\"data\":{\"x\":1}} trailing", 0, "{\"x\":1}" },
		{ "{\"code\":200}", 116, "" },
		{ "{\"code\":200,\"data\":null}", 116, "" },
		{ "{\"code\":200,\"data\":{ }}", 116, "" },
		{ "{\"code\":0,\"data\":{}}", 116, "" },
		{ "{\"code\":0,\"data\":{\"code\":404,\"data\":{\"x\":1}}}", 116, "" },
		{ "{\"code\":0,\"data\":{\"code\":404,\"data\":\"no such person\"}}", 116, "" },
		{ "{\"code\":404}", 116, "" },
		{ "{\"code\":404,\"data\":{\"x\":1}}", 116, "" },
		{ "{\"code\":500,\"data\":{\"x\":1}}", 116, "" },
		{ "{\"code\":-1}", 116, "" },
		{ "{\"code\":0,\"data\":{\"x\":1}}", 110, "" },
		{ "{\"code\":0,\"data\":{\"code\":\"200\",\"data\":{\"x\":1}}}", 110, "" },
		{ "{\"code\":0,\"data\":{\"code\":null,\"data\":{\"x\":1}}}", 110, "" },
		{ "{\"code\":0,\"data\":{\"code\":200}}", 110, "" },
		{ "{\"code\":0,\"data\":{\"code\":200,\"data\":null}}", 110, "" },
		{ "{\"code\":0,\"data\":{\"code\":200,\"data\":[1]}}", 110, "" },
		{ "{\"code\":200,\"data\":[1]}", 110, "" },
		{ "{\"code\":200,\"data\":\"x\"}", 110, "" },
		{ "{\"code\":[]}", 110, "" },
		{ "", 110, "" },
		{ "null", 110, "" },
		{ "[]", 110, "" },
		{ "<html>", 110, "" },
		{ "{\"code\":200,\"data\":{\"x\":1}", 110, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(cases[i].body, fsv_http_features_by_code(fsv_str(cases[i].body), &arena), cases[i].retcode,
		       cases[i].features);
}

static void test_answers_with_a_status(void **state)
{
	static const struct {
		unsigned status;
		const char *body;
		int retcode;
		const char *features;
	} cases[] = {
		{ 200, "{\"x\":1}", 0, "{\"x\":1}" },
		{ 200, "{}", 116, "" },
		{ 200, " { } ", 116, "" },
		{ 404, "{\"x\":1}", 116, "" },
		{ 500, "", 116, "" },
		{ 200, "", 110, "" },
		{ 200, "[]", 110, "" },
		{ 200, "{\"x\":1", 110, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(cases[i].body, fsv_http_features_by_status(cases[i].status, fsv_str(cases[i].body), &arena),
		       cases[i].retcode, cases[i].features);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answers_with_codes),
		TEST(test_answers_with_a_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
