/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "codec/json.h"

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

/* Whole text is one value and nothing else; by skipping and by reading, which must agree. */
static bool accepts(struct fsv_str text)
{
	struct fsv_json_node *root;
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_json j;
	bool skipped, parsed;

	fsv_json_init(&j, text, &arena);
	skipped = fsv_json_skip(&j, NULL) > FSV_JSON_NONE && fsv_json_end(&j);
	parsed = fsv_json_parse(text, &arena, true, &root, &err) == 0;
	if (skipped != parsed)
		fail_msg("skip says %d, parse says %d (%s): %.*s", skipped, parsed, err.text, FSV_STR_ARG(text));
	if (!parsed)
		assert_true(err.text[0] != '\0');
	return parsed;
}

static void good_texts_are_accepted(void **state)
{
	static const char *const good[] = {
		"{}", "[]", " [ ] ", "null", "true", "false", "0", "-0", "-1", "10", "1.5", "1e5", "1E+05", "-0.0e-0",
		"\"\"", "\"a\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0041\\ud83d\\ude00\"", "\"\\u0000\"",
		"\"\xe6\xa8\xa1\xf0\x9f\x98\x80\x7f\"", "[1,[2,[3]],{\"a\":{\"b\":[]}}]", "{\"a\":1,\"a\":2}",
		"\t\r\n{\"a\" : [ true , null ] }\n", "123456789012345678901234567890",
		"\"0123456789abcdef0123456789abcdef\xc3\xa9" "0123456789abcdef\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!accepts(fsv_str(good[i])))
			fail_msg("refused: %s", good[i]);
}

static void bad_texts_are_refused(void **state)
{
	static const char *const bad[] = {
		"", " ", "{", "}", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,",
		"{\"a\":1,}", "{a:1}", "{'a':1}", "{\"a\" 1}", "{1:2}", "{\"a\":1 \"b\":2}", "[1}", "{\"a\":1]", "nul", "nulll",
		"True", "NaN", "Infinity", "-Infinity", "+1", "01", "-01", "00", "-", "1.", ".5", "1.e5", "1e", "1e+", "0x10", "1_0",
		"\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"",
		"\"\\ud800x\"", "\"\n\"", "\"\t\"", "\"\x01\"", "\"\x80\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf5\x80\x80\x80\"",
		"\"\xe6\xa8\"", "'a'", "// c\n1", "/* c */1", "1 2", "{} {}", "[1]x", "\xef\xbb\xbf{}", "\"0123456789abcde\n\"",
		"{\"a\":1}}", "\"\\",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (accepts(fsv_str(bad[i])))
			fail_msg("accepted: %s", bad[i]);
}

/* An exact-size copy, so that a read past the end is seen by the address checker. */
static void every_cut_of_a_text_is_handled(void **state)
{
	static const char text[] = "{\"a\\u00e9\":[1.5e3,-0,true,null,\"\\ud83d\\ude00\xe6\xa8\xa1\"],\"b\":{\"c\":false}}";

	(void)state;
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		char *copy = fsv_malloc(n);

		memcpy(copy, text, n);
		assert_false(accepts(fsv_str_n(copy, n)));
		free(copy);
	}
	assert_true(accepts(FSV_STR(text)));
}

static void depth_is_limited(void **state)
{
	char text[2 * (FSV_JSON_DEPTH_MAX + 1)];
	struct fsv_json_node *root;
	struct fsv_err err;
	struct fsv_str s;

	(void)state;
	memset(text, '[', sizeof(text) / 2);
	memset(text + sizeof(text) / 2, ']', sizeof(text) / 2);
	s = fsv_str_n(text + 1, sizeof(text) - 2);
	assert_true(accepts(s));
	s = fsv_str_n(text, sizeof(text));
	assert_false(accepts(s));
	assert_int_equal(fsv_json_parse(s, &arena, true, &root, &err), FSV_E_LIMIT);
}

static void faults_name_line_and_column(void **state)
{
	struct fsv_json_node *root;
	struct fsv_err err;

	(void)state;
	assert_int_equal(fsv_json_parse(FSV_STR("{\n  \"\xe6\xa8\xa1\": secret\n}"), &arena, true, &root, &err), FSV_E_SYNTAX);
	assert_string_equal(err.text, "line 2 column 8: a value is expected");
}

static void reader_walks_and_takes_spans(void **state)
{
	struct fsv_json j;
	struct fsv_str key, span;
	int64_t i;

	(void)state;
	fsv_json_init(&j, FSV_STR(" {\"a\\n\": 12, \"s\":\"x\\ty\" ,\"o\" : {\"k\":[1, 2]} , \"d\":2.50}tail"), &arena);
	assert_int_equal(fsv_json_value(&j), FSV_JSON_OBJECT);
	assert_true(fsv_json_key(&j, &key) && fsv_str_is(key, "a\n"));
	assert_int_equal(fsv_json_value(&j), FSV_JSON_INT);
	assert_true(fsv_json_i64(&j, &i) && i == 12);
	assert_true(fsv_json_key(&j, &key));
	assert_int_equal(fsv_json_value(&j), FSV_JSON_STRING);
	assert_true(fsv_str_is(j.text, "x\ty"));
	assert_true(fsv_json_key(&j, &key) && fsv_str_is(key, "o"));
	assert_int_equal(fsv_json_skip(&j, &span), FSV_JSON_OBJECT);
	assert_true(fsv_str_is(span, "{\"k\":[1, 2]}"));
	assert_true(fsv_json_key(&j, &key));
	assert_int_equal(fsv_json_value(&j), FSV_JSON_DOUBLE);
	assert_true(fsv_str_is(j.text, "2.50") && fsv_json_double(&j) == 2.5);
	assert_false(fsv_json_key(&j, &key));
	assert_false(fsv_json_failed(&j));
	assert_false(fsv_json_end(&j));
}

static void tree_keeps_first_place_and_last_value(void **state)
{
	struct fsv_json_node *root;
	struct fsv_err err;

	(void)state;
	assert_int_equal(fsv_json_parse(FSV_STR("{\"a\":1,\"b\":[1,{}],\"\\u0061\":\"z\",\"c\":null} x"), &arena, false, &root, &err), 0);
	assert_int_equal(root->n, 3);
	assert_true(fsv_str_is(root->first->key, "a"));
	assert_true(fsv_str_is(fsv_json_get_str(root, "a"), "z"));
	assert_int_equal(fsv_json_get(root, "b")->n, 2);
	assert_int_equal(fsv_json_get(root, "c")->type, FSV_JSON_NULL);
	assert_null(fsv_json_get(root, "d"));
	assert_null(fsv_json_get(NULL, "d"));
	assert_null(fsv_json_get_str(root, "b").p);
	/* The newest member was the one named again: what follows must still be appended. */
	assert_int_equal(fsv_json_parse(FSV_STR("{\"a\":1,\"a\":2,\"b\":3}"), &arena, true, &root, &err), 0);
	assert_int_equal(root->n, 2);
	assert_true(fsv_json_get(root, "a")->number == 2 && fsv_json_get(root, "b")->number == 3);
}

static void large_inputs_take_linear_time(void **state)
{
	struct fsv_arena own;
	struct fsv_buf text, out;
	struct fsv_json_node *root;
	struct fsv_err err;

	(void)state;
	fsv_arena_init(&own, 0);
	fsv_buf_init(&text, NULL, 0);
	fsv_buf_init(&out, NULL, 0);
	fsv_buf_putc(&text, '{');
	for (int i = 0; i < 100000; i++)
		fsv_buf_printf(&text, "%s\"x%d\":%d.5", i ? "," : "", i, i);
	for (int i = 99999; i >= 0; i--)	/* each of them a second time */
		fsv_buf_printf(&text, ",\"x%d\":%d", i, i);
	fsv_buf_putc(&text, '}');
	assert_int_equal(fsv_json_parse(fsv_buf_str(&text), &own, true, &root, &err), 0);
	assert_int_equal(root->n, 100000);
	assert_true(root->first->type == FSV_JSON_INT && root->first->next->number == 1);
	assert_int_equal(fsv_json_reencode(fsv_buf_str(&text), true, &own, &out, &err), 0);
	assert_memory_equal(out.p, "{\"x0\":0,\"x1\":1,", 15);
	fsv_buf_clear(&text);
	fsv_buf_putc(&text, '[');
	for (int i = 0; i < 1000001; i++)
		fsv_buf_puts(&text, i ? ",0" : "0");
	fsv_buf_putc(&text, ']');
	assert_int_equal(fsv_json_parse(fsv_buf_str(&text), &own, true, &root, &err), FSV_E_SYNTAX);
	assert_non_null(strstr(err.text, "more than 1,000,000 values"));
	fsv_buf_done(&text);
	fsv_buf_done(&out);
	fsv_arena_done(&own);
}

static void writer_spells_like_the_reference(void **state)
{
	struct fsv_jsonw w;
	struct fsv_buf out;

	(void)state;
	fsv_buf_init(&out, &arena, 0);
	fsv_jsonw_init(&w, &out);
	fsv_jsonw_begin(&w, '{');
	fsv_jsonw_kv_str(&w, "s", FSV_STR("\"\\/\b\t\n\f\r\x1f\x7f\xe6\xa8\xa1" "0123456789abcdef\x01"));
	fsv_jsonw_kv_int(&w, "i", INT64_MIN);
	fsv_jsonw_key(&w, FSV_STR("a"));
	fsv_jsonw_begin(&w, '[');
	fsv_jsonw_double(&w, 1e7);
	fsv_jsonw_double(&w, -0.0);
	fsv_jsonw_double(&w, __builtin_nan(""));
	fsv_jsonw_double(&w, -__builtin_inf());
	fsv_jsonw_bool(&w, true);
	fsv_jsonw_null(&w);
	fsv_jsonw_begin(&w, '{');
	fsv_jsonw_end(&w, '}');
	fsv_jsonw_raw(&w, FSV_STR("[1]"));
	fsv_jsonw_int(&w, 0);
	fsv_jsonw_end(&w, ']');
	fsv_jsonw_end(&w, '}');
	assert_string_equal(fsv_buf_cstr(&out),
			    "{\"s\":\"\\\"\\\\/\\b\\t\\n\\f\\r\\u001F\x7f\xe6\xa8\xa1" "0123456789abcdef\\u0001\","
			    "\"i\":-9223372036854775808,\"a\":[1.0E7,-0.0,\"NaN\",\"-Infinity\",true,null,{},[1],0]}");
}

static void reencoding_follows_the_reference(void **state)
{
	static const struct {
		const char *in;
		bool drop;
		const char *want;	/* NULL = refused */
	} cases[] = {
		{ " { \"a\" : 1e-5 , \"b\":0.10,\"c\":[ null, 1 ] } ", false, "{\"a\":1.0E-5,\"b\":0.1,\"c\":[null,1]}" },
		{ "{\"a\":null,\"b\":{\"c\":null,\"d\":[{\"e\":null}]},\"f\":1}", true, "{\"b\":{\"d\":[{}]},\"f\":1}" },
		{ "{\"a\":null}", false, "{\"a\":null}" },
		{ "{\"a\":1,\"b\":2,\"a\":3}", true, "{\"a\":3,\"b\":2}" },
		{ "{\"x\":{\"a\":1,\"b\":2,\"\\u0061\":3},\"y\":1E2}", true, "{\"x\":{\"a\":3,\"b\":2},\"y\":100.0}" },
		{ "{\"a\":1,\"a\":null}", true, "{}" },
		{ "{\"a\":null,\"a\":1}", true, "{\"a\":1}" },
		{ "[-0,-0.0,123456789012345678901234567890,1e400]", true,
		  "[0,-0.0,123456789012345678901234567890,\"Infinity\"]" },
		{ "\"\\u00e9\\/\\u001f\"", true, "\"\xc3\xa9/\\u001F\"" },
		{ "{\"a\":1} trailing", true, "{\"a\":1}" },
		{ "[{\"a\":1,\"b\":[1,2,3]},{\"a\":1}]", true, "[{\"a\":1,\"b\":[1,2,3]},{\"a\":1}]" },
		{ "{\"a\":nul}", true, NULL }, { "{\"a\":1", true, NULL }, { "", true, NULL }, { "{\"a\":1,\"a\":", true, NULL },
		{ "[1,", true, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_buf out;
		int r;

		fsv_buf_init(&out, &arena, 0);
		fsv_buf_putc(&out, '>');
		r = fsv_json_reencode(fsv_str(cases[i].in), cases[i].drop, &arena, &out, &err);
		if (cases[i].want) {
			assert_int_equal(r, 0);
			assert_string_equal(fsv_buf_cstr(&out) + 1, cases[i].want);
		} else {
			assert_true(r < 0 && err.text[0]);
			assert_string_equal(fsv_buf_cstr(&out), ">");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_texts_are_accepted),
		cmocka_unit_test(bad_texts_are_refused),
		cmocka_unit_test(every_cut_of_a_text_is_handled),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(faults_name_line_and_column),
		cmocka_unit_test(reader_walks_and_takes_spans),
		cmocka_unit_test(tree_keeps_first_place_and_last_value),
		cmocka_unit_test(large_inputs_take_linear_time),
		cmocka_unit_test(writer_spells_like_the_reference),
		cmocka_unit_test(reencoding_follows_the_reference),
	};

	return cmocka_run_group_tests(tests, open_arena, drop_arena);
}
