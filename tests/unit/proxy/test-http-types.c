/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../../daemons/proxy/http-types.h"

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

static void answers_follow_accept(void **state)
{
	static const struct {
		const char *accept, *type;
	} cases[] = {
		{ "", "text/plain;charset=UTF-8" },
		{ "*/*", "text/plain;charset=UTF-8" },
		{ "*", "text/plain;charset=UTF-8" },
		{ "text/*", "text/plain;charset=UTF-8" },
		{ "application/json", "application/json;charset=UTF-8" },
		{ "text/html", "text/html;charset=UTF-8" },
		{ "image/png", "image/png;charset=UTF-8" },
		{ "application/json;charset=GBK", "application/json;charset=GBK" },
		{ "application/json; charset=\"GBK\"; v=1", "application/json;charset=GBK" },
		{ "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html;charset=UTF-8" },
		{ "*/*, application/json", "application/json;charset=UTF-8" },
		{ "text/html;q=0.2, application/json;q=0.7", "application/json;charset=UTF-8" },
		{ "text/html;q=0, application/xml", "application/xml;charset=UTF-8" },
		{ "x", NULL },
		{ "text/html;q=2", NULL },
		{ "text/html;q=", NULL },
		{ "a/b/c", NULL },
		{ "*/json", NULL },
		{ "text/ht ml", NULL },
		{ "text/html;charset=a\tb", NULL },
		{ "text/\r\nX: y", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = fsv_accept_text(fsv_str(cases[i].accept), &arena);

		if (!got != !cases[i].type || (got && strcmp(got, cases[i].type) != 0))
			fail_msg("%s: %s", cases[i].accept, got ? got : "(refused)");
	}
}

static void not_found_has_the_form_that_the_client_takes(void **state)
{
	(void)state;
	assert_int_equal(fsv_accept_error(FSV_STR("")), FSV_ACCEPT_JSON);
	assert_int_equal(fsv_accept_error(FSV_STR("*/*")), FSV_ACCEPT_JSON);
	assert_int_equal(fsv_accept_error(FSV_STR("application/json")), FSV_ACCEPT_JSON);
	assert_int_equal(fsv_accept_error(FSV_STR("text/html,*/*;q=0.1")), FSV_ACCEPT_HTML);
	assert_int_equal(fsv_accept_error(FSV_STR("application/xml")), FSV_ACCEPT_NOTHING);
	assert_int_equal(fsv_accept_error(FSV_STR("application/xml,application/json;q=0.1")), FSV_ACCEPT_JSON);
}

static void bodies_are_decoded_by_their_charset(void **state)
{
	static const struct {
		const char *type, *body;
		enum fsv_body_type want;
		const char *text;
	} cases[] = {
		{ "", "{}", FSV_BODY_TEXT, "{}" },
		{ "application/json", "ü", FSV_BODY_TEXT, "ü" },
		{ "application/json;charset=UTF-8", "ü", FSV_BODY_TEXT, "ü" },
		{ "application/json; charset=\"utf-8\"", "ü", FSV_BODY_TEXT, "ü" },
		{ "text/plain", "{}", FSV_BODY_TEXT, "{}" },
		{ "application/json;charset=ISO-8859-1", "\xfc", FSV_BODY_TEXT, "ü" },
		{ "application/json; charset=GBK", "\xc4\xa3", FSV_BODY_TEXT, "模" },
		{ "application/json", "a\xfc" "b", FSV_BODY_TEXT, "a\xef\xbf\xbd" "b" },
		{ "application/json", "a\xe6\xa8", FSV_BODY_TEXT, "a\xef\xbf\xbd" },
		{ "application/x-www-form-urlencoded", "a=1", FSV_BODY_FORM, "a=1" },
		{ "multipart/form-data; boundary=x", "{}", FSV_BODY_BAD, NULL },
		{ "nonsense", "{}", FSV_BODY_BAD, NULL },
		{ "application/json;charset=nonsense", "{}", FSV_BODY_BAD, NULL },
		{ "application/json; charset=GBK", "\xff\xff", FSV_BODY_BAD, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_str text = FSV_STR_NULL;

		if (fsv_body_text(fsv_str(cases[i].type), fsv_str(cases[i].body), &arena, &text) != cases[i].want)
			fail_msg("case %zu", i);
		if (cases[i].text)
			assert_string_equal(fsv_arena_cstr(&arena, text), cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answers_follow_accept, setup, teardown),
		cmocka_unit_test_setup_teardown(not_found_has_the_form_that_the_client_takes, setup, teardown),
		cmocka_unit_test_setup_teardown(bodies_are_decoded_by_their_charset, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
