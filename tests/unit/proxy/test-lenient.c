/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "../../../daemons/proxy/lenient.h"

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

static void makes_hand_written_json_strict(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "{\"a\":1}", "{\"a\":1}" },
		{ "", "" },
		{ " { \"a\" : [ 1 , 2 ] } ", "{\"a\":[1,2]}" },
		{ "{a:1}", "{\"a\":1}" },
		{ "{a:b}", "{\"a\":\"b\"}" },
		{ "{'a':'b'}", "{\"a\":\"b\"}" },
		{ "{'a':'it\\'s \"b\"'}", "{\"a\":\"it's \\\"b\\\"\"}" },
		{ "{a=1;b=>2}", "{\"a\":1,\"b\":2}" },
		{ "// first\n{a:1}", "{\"a\":1}" },
		{ "# first\n{a:1} // last", "{\"a\":1}" },
		{ "/* c */{a:/* d */1}", "{\"a\":1}" },
		{ "{default:default}", "{\"default\":\"default\"}" },
		{ "{10000:true}", "{\"10000\":true}" },
		{ "{true:null}", "{\"true\":null}" },
		{ "{a:TRUE,b:False,c:NULL}", "{\"a\":true,\"b\":false,\"c\":null}" },
		{ "[1,-2.5e3,007,1.,NaN]", "[1,-2.5e3,\"007\",\"1.\",\"NaN\"]" },
		{ "{ip:127.0.0.1}", "{\"ip\":\"127.0.0.1\"}" },
		{ "{\"url\":\"http://x//y#z\"}", "{\"url\":\"http://x//y#z\"}" },
		{ "{\"a\":\"one\ntwo\"}", "{\"a\":\"one\\u000atwo\"}" },
		{ "{\"a\":\"\\u00e9\\n\"}", "{\"a\":\"\\u00e9\\n\"}" },
		{ "\xef\xbb\xbf{a:1}", "{\"a\":1}" },
		{ "[a b]", "[\"a\" \"b\"]" },
		{ "[1 2]", "[1 2]" },
		{ "{a:{b:[{c:d}]},e:f}", "{\"a\":{\"b\":[{\"c\":\"d\"}]},\"e\":\"f\"}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_lenient got;

		assert_int_equal(fsv_lenient(fsv_str(cases[i].in), &arena, &got, &err), 0);
		assert_string_equal(fsv_arena_cstr(&arena, got.strict), cases[i].out);
	}
}

static void names_the_place_of_what_does_not_end(void **state)
{
	static const struct {
		const char *in, *text;
	} cases[] = {
		{ "{\n  'a", "line 2 column 3: a text begins here and does not end" },
		{ "{\"a\":\"\\", "line 1 column 6: a text begins here and does not end" },
		{ "{a:1}\n\n /* x", "line 3 column 2: a comment begins here and does not end" },
		{ "{a:\\}", "line 1 column 4: this character has no meaning here" },
		{ "/", "line 1 column 1: this character has no meaning here" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_lenient got;

		assert_int_equal(fsv_lenient(fsv_str(cases[i].in), &arena, &got, &err), FSV_E_SYNTAX);
		assert_string_equal(err.text, cases[i].text);
	}
}

static void refuses_endless_nesting(void **state)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_lenient got;
	char deep[300];

	(void)state;
	memset(deep, '[', sizeof(deep));
	assert_int_equal(fsv_lenient(fsv_str_n(deep, sizeof(deep)), &arena, &got, &err), FSV_E_LIMIT);
}

static void positions_lead_back_to_the_original(void **state)
{
	const char *in = "// head\n{\n  a : [1,  'x\ty', /* c */ bad ],\n\tlast:2 }";
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_lenient got;
	struct fsv_text_pos pos;
	const char *strict;

	(void)state;
	assert_int_equal(fsv_lenient(fsv_str(in), &arena, &got, &err), 0);
	strict = fsv_arena_cstr(&arena, got.strict);
	assert_string_equal(strict, "{\"a\":[1,\"x\\u0009y\",\"bad\"],\"last\":2}");
	pos = fsv_lenient_pos(&got, 0);
	assert_int_equal(pos.line, 2);
	assert_int_equal(pos.column, 1);
	pos = fsv_lenient_pos(&got, (size_t)(strstr(strict, "\"bad") - strict));
	assert_int_equal(pos.line, 3);
	assert_int_equal(pos.column, 27);
	pos = fsv_lenient_pos(&got, (size_t)(strstr(strict, "2}") - strict));
	assert_int_equal(pos.line, 4);
	assert_int_equal(pos.column, 7);
	pos = fsv_lenient_pos(&got, got.strict.n);
	assert_int_equal(pos.line, 4);
	assert_int_equal(pos.column, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(makes_hand_written_json_strict, setup, teardown),
		cmocka_unit_test_setup_teardown(names_the_place_of_what_does_not_end, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_endless_nesting, setup, teardown),
		cmocka_unit_test_setup_teardown(positions_lead_back_to_the_original, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
