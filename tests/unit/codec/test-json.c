/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "codec/json.h"
#include "codec/number.h"

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
		"\"0123456789abcdef0123456789abcdef\303\2510123456789abcdef\"",
		"{\"1\":true,\"22\":false,\"3\":{\"4\":true},\"5\":null,\"6\" :true,\"7\":false }", "[{\"1\":true},{\"2\":false}]",
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
		"{\"a\":1}}", "\"\\", "{\"1\":true,}", "{\"1\":truex}", "{\"1\":true \"2\":false}", "{,\"1\":true}",
		"{\"1\":true,,\"2\":true}", "{\"1\":true,\"2\":tru}", "{\"1\":true\"2\":true}", "{\"1\":true]", "{\"1:true}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (accepts(fsv_str(bad[i])))
			fail_msg("accepted: %s", bad[i]);
}

/* An exact-size copy, so that a read past the end is seen by the address checker. */
static void every_cut_of_a_text_is_handled(void **state)
{
	static const char text[] = "{\"a\\u00e9\":[1.5e3,-0,true,null,\"\\ud83d\\ude00\xe6\xa8\xa1\"],\"b\":{\"1\":false,\"22\":true}}";

	(void)state;
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		char *copy = fsv_malloc(n);

		memcpy(copy, text, n);
		assert_false(accepts(fsv_str_n(copy, n)));
		free(copy);
	}
	assert_true(accepts(FSV_STR(text)));
}

/* Members read in one step are those read in two, and so is where it ends; in every cut of the text. */
static void members_in_one_step_or_two(void **state)
{
	static const char *const texts[] = {
		"{\"a\":1,\"b\":-0.50,\"c\":\"x\",\"d\":true,\"e\":false,\"f\":null,\"g\":{\"a\":1},\"h\":[1],\"i\":2} ",
		" { \"a\" : 1 , \"b\" : 1e5 ,\"c\":00}", "{\"a\":-}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":1.5.5}", "{\"a\":truE}",
		"{\"\\u0061\":\"\\n\",\"\xc3\xa9\":\"\xe6\xa8\xa1\",\"\xc3\":1}", "{\"a\":\"\x01\"}", "{\"a\":1 \"b\":2}", "{,\"a\":1}",
		"{\"a\":1,}", "{\"a\":1,,\"b\":2}", "{\"a\"1}", "{}", "{\"a\":false\"b\":1}", "{\"a\":1]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (size_t cut = 0; cut <= strlen(texts[i]); cut++) {
			char *copy = fsv_malloc(cut + 1);
			enum fsv_json_type one, two;
			struct fsv_str a, b;
			struct fsv_json j, k;

			memcpy(copy, texts[i], cut);
			fsv_json_init(&j, fsv_str_n(copy, cut), &arena);
			fsv_json_init(&k, fsv_str_n(copy, cut), &arena);
			assert_int_equal(fsv_json_value(&j), fsv_json_value(&k));
			do {
				one = fsv_json_member(&j, &a);
				two = fsv_json_key(&k, &b) ? fsv_json_value(&k) : fsv_json_failed(&k) ? FSV_JSON_ERROR : FSV_JSON_NONE;
				assert_int_equal(one, two);
				if (one > FSV_JSON_NONE)
					assert_true(fsv_str_eq(a, b));
				if (one == FSV_JSON_INT || one == FSV_JSON_DOUBLE || one == FSV_JSON_STRING)
					assert_true(fsv_str_eq(j.text, k.text));
				fsv_json_skip_rest(&j, one);
				fsv_json_skip_rest(&k, two);
				assert_ptr_equal(j.p, k.p);
				assert_int_equal(j.seen, k.seen);
			} while (one > FSV_JSON_NONE);
			free(copy);
		}
	}
}

/* The value of a number that is a member, wherever its text ends, is that of the text by itself. */
static void check_number(const char *spelling, bool accepted)
{
	static const char *const ends[] = { "}", "  }", ",\"b\":1}", ", \"a long name\": \"and a text behind\"}" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char text[200], *copy;
		int n = snprintf(text, sizeof(text), "{\"a\":%s%s", spelling, ends[i]);
		double want = fsv_double_from_json(fsv_str(spelling)), got;
		enum fsv_json_type type;
		struct fsv_str name;
		struct fsv_json j;

		copy = fsv_malloc((size_t)n);	/* its end is guarded by the sanitizer */
		memcpy(copy, text, (size_t)n);
		fsv_json_init(&j, fsv_str_n(copy, (size_t)n), &arena);
		assert_int_equal(fsv_json_value(&j), FSV_JSON_OBJECT);
		type = fsv_json_member(&j, &name);
		if (accepted) {
			assert_int_equal(type, strpbrk(spelling, ".eE") ? FSV_JSON_DOUBLE : FSV_JSON_INT);
			assert_true(fsv_str_is(j.text, spelling));
			got = fsv_json_double(&j);
			if (memcmp(&got, &want, sizeof(got)) != 0)
				fail_msg("%s: %.17g, not %.17g", spelling, got, want);
		}
		fsv_json_skip_rest(&j, type);
		while (fsv_json_member(&j, &name) > FSV_JSON_NONE)
			;
		assert_int_equal(!fsv_json_failed(&j), accepted);
		free(copy);
	}
}

static void numbers_of_members(void **state)
{
	static const char *const good[] = {
		"0", "-0", "0.0", "-0.0", "-0.00000000", "7", "-7", "999999", "-999999", "1000000", "123456.12345678", "-123456.12345678",
		"1234567.12345678", "123456.123456789", "0.1", "0.3", "-0.00000001", "0.000000001", "4.35", "0.1e1", "1e5", "-1E-5",
		"123456.12345678e1", "12345678901234567890", "0.12345678901234567890", "5e-324", "1.7976931348623157e308",
	};
	static const char *const bad[] = {
		"-", "00", "-01", "01.5", "1.", "-1.", ".5", "1.e5", "1e", "1e+", "1..5", "1.5.5", "--1", "+1", "1-1", "1.-5", "0x1", "1f",
		"999999.", "123456.12345678.", "123456.12345678e", "1/1", "1:1", "/1", ":1", "-/", "-:",
	};
	uint64_t random = 88172645463325252u;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		check_number(good[i], true);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_number(bad[i], false);
	for (unsigned i = 0; i < 20000; i++) {
		char spelling[80];

		random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
		snprintf(spelling, sizeof(spelling), "%.*f", (int)(random >> 60) % 11,
			 (double)(int64_t)random / 9.3e18 * pow(10, (int)(random >> 32 & 7)));
		check_number(spelling, true);
	}
}

static void what_a_reencoder_would_change_is_seen(void **state)
{
	static const struct {
		const char *text;
		unsigned seen;
	} cases[] = {
		{ "{\"a\":1,\"b\":[-1.5,\"x\",true]}", 0 },
		{ "{\"a\": 1}", FSV_JSON_SEEN_SPACE }, { "{\"a\" :1}", FSV_JSON_SEEN_SPACE }, { "{ \"a\":1}", FSV_JSON_SEEN_SPACE },
		{ "{\"a\":1 ,\"b\":2}", FSV_JSON_SEEN_SPACE }, { "{\"a\":1,\t\"b\":2}", FSV_JSON_SEEN_SPACE },
		{ "{\"a\":[1\n]}", FSV_JSON_SEEN_SPACE }, { "{\"a b\":\" \"}", 0 },
		{ "{\"a\":\"\\/\"}", FSV_JSON_SEEN_ESCAPE }, { "{\"\\u0061\":1}", FSV_JSON_SEEN_ESCAPE },
		{ "{\"a\":null}", FSV_JSON_SEEN_NULL }, { "[[null]]", FSV_JSON_SEEN_NULL }, { "{\"null\":\"null\"}", 0 },
		{ "{\"a\":1e5}", FSV_JSON_SEEN_FAR }, { "[1.5E-3]", FSV_JSON_SEEN_FAR },
		{ "{\"a\" :\"\\n\",\"b\":[null,1e1]}",
		  FSV_JSON_SEEN_SPACE | FSV_JSON_SEEN_ESCAPE | FSV_JSON_SEEN_NULL | FSV_JSON_SEEN_FAR },
	};
	char many[400] = "{\"a\":1,\"b\":";
	size_t n = strlen(many);
	struct fsv_json j;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fsv_json_init(&j, fsv_str(cases[i].text), &arena);
		fsv_json_skip(&j, NULL);
		if (j.seen != cases[i].seen)
			fail_msg("%s: %u seen, not %u", cases[i].text, j.seen, cases[i].seen);
	}
	memset(many + n, '7', 320);	/* a number of 320 digits is beyond a double */
	many[n + 320] = '}';
	fsv_json_init(&j, fsv_str(many), &arena);
	assert_int_equal(fsv_json_skip(&j, NULL), FSV_JSON_OBJECT);
	assert_int_equal(j.seen, FSV_JSON_SEEN_FAR);
}

/* Bytes in the middle of a text, at places around the width of a vector. */
static bool accepts_in_text(const char *bytes, size_t n, size_t before)
{
	struct fsv_json j;
	char text[64];

	memset(text, 'x', sizeof(text));
	text[0] = text[sizeof(text) - 1] = '"';
	memcpy(text + 1 + before, bytes, n);
	fsv_json_init(&j, fsv_str_n(text, sizeof(text)), &arena);
	return fsv_json_skip(&j, NULL) == FSV_JSON_STRING && fsv_json_end(&j);
}

static void every_lead_of_utf8_is_checked(void **state)
{
	static const unsigned char rest[] = { 'x', 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff };
	enum { N = sizeof(rest) };

	(void)state;
	for (unsigned lead = 0x7f; lead <= 0xff; lead++) {
		for (unsigned k = 0; k < N * N * N; k++) {
			unsigned char b[4] = { (unsigned char)lead, rest[k % N], rest[k / N % N], rest[k / N / N] };
			bool want = fsv_str_utf8(fsv_str_n((char *)b, 4)) == 4;

			if (accepts_in_text((char *)b, 4, k % 48) != want)
				fail_msg("%02x %02x %02x %02x at %u: want %d", b[0], b[1], b[2], b[3], k % 48, want);
		}
	}
}

static void every_byte_is_checked_at_every_place(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		char byte = (char)c;
		bool want = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';

		for (size_t at = 0; at < 62; at++)
			if (accepts_in_text(&byte, 1, at) != want)
				fail_msg("byte %02x at %zu: want %d", c, at, want);
	}
}

static void a_fault_sticks(void **state)
{
	struct fsv_str key = FSV_STR("untouched"), span = key;
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_json j;

	(void)state;
	fsv_json_init(&j, FSV_STR("[?,{\"a\":1}]"), &arena);
	assert_int_equal(fsv_json_value(&j), FSV_JSON_ARRAY);
	assert_true(fsv_json_elem(&j));
	assert_int_equal(fsv_json_value(&j), FSV_JSON_ERROR);
	assert_int_equal(fsv_json_value(&j), FSV_JSON_ERROR);
	assert_int_equal(fsv_json_skip(&j, &span), FSV_JSON_ERROR);
	assert_false(fsv_json_elem(&j));
	assert_false(fsv_json_key(&j, &key));
	assert_false(fsv_json_end(&j));
	assert_true(fsv_str_is(key, "untouched") && fsv_str_is(span, "untouched"));
	assert_int_equal(fsv_json_fail(&j, &err), FSV_E_SYNTAX);
	assert_string_equal(err.text, "line 1 column 2: a value is expected");
}

static void integers_are_taken_when_they_fit(void **state)
{
	static const struct {
		const char *text;
		bool fits;
		int64_t want;
		double number;
	} cases[] = {
		{ "0", true, 0, 0 }, { "-0", true, 0, 0 }, { "9223372036854775807", true, INT64_MAX, 0x1p63 },
		{ "-9223372036854775808", true, INT64_MIN, -0x1p63 }, { "9223372036854775808", false, 0, 0x1p63 },
		{ "-9223372036854775809", false, 0, -0x1p63 }, { "100000000000000000000", false, 0, 1e20 },
	};
	struct fsv_json j;
	int64_t i;

	(void)state;
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		fsv_json_init(&j, fsv_str(cases[k].text), &arena);
		assert_int_equal(fsv_json_value(&j), FSV_JSON_INT);
		assert_int_equal(fsv_json_i64(&j, &i), cases[k].fits);
		assert_true(!cases[k].fits || i == cases[k].want);
		assert_true(fsv_json_double(&j) == cases[k].number);
		assert_int_equal(signbit(fsv_json_double(&j)) != 0, signbit(cases[k].number) != 0);
	}
}

static void spans_are_exact_for_every_kind(void **state)
{
	static const char *const values[] = { "null", "true", "-1.5e+3", "\"a\\\"]\"", "[[],{}]", "{\"]\":[\"}\"]}" };
	struct fsv_str span;
	struct fsv_json j;

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct fsv_buf text;

		fsv_buf_init(&text, &arena, 0);
		fsv_buf_printf(&text, " [ 0 , %s , 1 ] ", values[i]);
		fsv_json_init(&j, fsv_buf_str(&text), &arena);
		assert_int_equal(fsv_json_value(&j), FSV_JSON_ARRAY);
		assert_true(fsv_json_elem(&j) && fsv_json_skip(&j, NULL) == FSV_JSON_INT);
		assert_true(fsv_json_elem(&j) && fsv_json_skip(&j, &span) > FSV_JSON_NONE);
		assert_true(fsv_str_is(span, values[i]));
		assert_true(fsv_json_elem(&j) && fsv_json_skip(&j, &span) == FSV_JSON_INT);
		assert_true(!fsv_json_elem(&j) && fsv_json_end(&j));
	}
}

static void depth_is_limited(void **state)
{
	char text[2 * (FSV_JSON_DEPTH_MAX + 1)];
	struct fsv_json_node *root;
	struct fsv_json j;
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
	fsv_json_init(&j, s, &arena);
	j.depth_max = 2 * FSV_JSON_DEPTH_MAX;	/* cannot be raised */
	assert_int_equal(fsv_json_skip(&j, NULL), FSV_JSON_ERROR);
	fsv_json_init(&j, FSV_STR("{\"a\":[0],\"b\":[[0]]}"), &arena);
	j.depth_max = 2;
	assert_int_equal(fsv_json_skip(&j, NULL), FSV_JSON_ERROR);
	assert_int_equal(fsv_json_fail(&j, &err), FSV_E_LIMIT);
	assert_string_equal(err.text, "line 1 column 15: nested too deeply");
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
	clock_t start = clock();
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
	/* Comparing each name with each other one would take minutes; this takes a tenth of a second. */
	assert_true((clock() - start) / CLOCKS_PER_SEC < 10);
	fsv_buf_clear(&text);
	fsv_buf_putc(&text, '[');
	for (int i = 0; i < 1000001; i++)
		fsv_buf_puts(&text, i ? ",0" : "0");
	fsv_buf_putc(&text, ']');
	assert_int_equal(fsv_json_parse(fsv_buf_str(&text), &own, true, &root, &err), FSV_E_LIMIT);
	assert_non_null(strstr(err.text, "more than 1,000,000 values"));
	fsv_buf_done(&text);
	fsv_buf_done(&out);
	fsv_arena_done(&own);
}

/* Ten megabytes: one text, one number, many escapes, many small values. */
static void a_body_of_ten_megabytes_is_read(void **state)
{
	static const struct {
		const char *head, *unit, *tail;
		size_t out;	/* bytes that a unit takes when written again */
	} cases[] = {
		{ "\"", "0123456789", "\"", 10 }, { "", "1234567890", "", 10 }, { "\"", "\\u6a21\\/\\n", "\"", 6 },
		{ "[0", ",{\"a\":1.0}", "]", 10 }, { "\"", "\xe6\xa8\xa1\xe5\x9e\x8b\xc3\xa9\xc3\xa9", "\"", 10 },
	};
	enum { UNITS = 1000000 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_arena own;
		struct fsv_buf text, out;
		struct fsv_err err;
		struct fsv_json j;

		fsv_arena_init(&own, 0);
		fsv_buf_init(&text, NULL, 0);
		fsv_buf_init(&out, NULL, 0);
		fsv_buf_puts(&text, cases[i].head);
		for (int k = 0; k < UNITS; k++)
			fsv_buf_puts(&text, cases[i].unit);
		fsv_buf_puts(&text, cases[i].tail);
		fsv_json_init(&j, fsv_buf_str(&text), &own);
		assert_true(fsv_json_skip(&j, NULL) > FSV_JSON_NONE && fsv_json_end(&j));
		assert_int_equal(fsv_json_reencode(fsv_buf_str(&text), false, &own, &out, &err), 0);
		assert_int_equal(out.n, strlen(cases[i].head) + strlen(cases[i].tail) + UNITS * cases[i].out);
		fsv_buf_done(&text);
		fsv_buf_done(&out);
		fsv_arena_done(&own);
	}
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
	fsv_jsonw_key_int(&w, -2147483648);
	fsv_jsonw_int(&w, 7);
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
			    "\"i\":-9223372036854775808,\"-2147483648\":7,\"a\":[1.0E7,-0.0,\"NaN\",\"-Infinity\",true,null,{},[1],0]}");
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

/* The full tree says what one pass has to give; here members are too many to be compared one by one. */
static void names_that_come_twice_are_seen_among_many(void **state)
{
	(void)state;
	for (int n = 1; n < 80; n++) {
		for (int again = 0; again < n; again += 1 + n / 9) {
			struct fsv_buf text, want, out;
			struct fsv_err err;

			fsv_buf_init(&text, &arena, 0);
			fsv_buf_init(&want, &arena, 0);
			fsv_buf_init(&out, &arena, 0);
			for (int i = 0; i < n; i++) {
				fsv_buf_printf(&text, "%c\"k%d\":%d", i ? ',' : '{', i, i);
				fsv_buf_printf(&want, "%c\"k%d\":%d", i ? ',' : '{', i, i == again ? -1 : i);
			}
			fsv_buf_printf(&text, ",\"k%d\":-1}", again);
			fsv_buf_putc(&want, '}');
			assert_int_equal(fsv_json_reencode(fsv_buf_str(&text), true, &arena, &out, &err), 0);
			assert_string_equal(fsv_buf_cstr(&out), fsv_buf_cstr(&want));
		}
	}
}

static void reencoding_honours_the_limit_of_its_buffer(void **state)
{
	struct fsv_err err;
	struct fsv_buf out;

	(void)state;
	fsv_buf_init(&out, &arena, 10);
	assert_int_equal(fsv_json_reencode(FSV_STR("[1,2,3,4,5,6]"), false, &arena, &out, &err), 0);
	assert_true(fsv_buf_failed(&out));
	fsv_buf_init(&out, &arena, 10);
	assert_int_equal(fsv_json_reencode(FSV_STR("{\"a\":11111111,\"a\":22}"), false, &arena, &out, &err), 0);
	assert_false(fsv_buf_failed(&out));
	assert_string_equal(fsv_buf_cstr(&out), "{\"a\":22}");
	fsv_buf_init(&out, &arena, 1);
	fsv_buf_putc(&out, '>');
	assert_int_equal(fsv_json_reencode(FSV_STR("1"), false, &arena, &out, &err), 0);
	assert_true(fsv_buf_failed(&out));
}

static void quoting_escapes_at_every_place(void **state)
{
	char text[40];

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		bool raw = c >= 0x20 && c != '"' && c != '\\';

		for (size_t at = 0; at < sizeof(text); at++) {
			struct fsv_json j;
			struct fsv_buf out;

			memset(text, 'x', sizeof(text));
			text[at] = (char)c;
			fsv_buf_init(&out, &arena, 0);
			fsv_json_quote(&out, fsv_str_n(text, sizeof(text)));
			assert_int_equal(out.n == sizeof(text) + 2, raw);
			if (c >= 0x80)
				continue;
			fsv_json_init(&j, fsv_buf_str(&out), &arena);
			assert_int_equal(fsv_json_value(&j), FSV_JSON_STRING);
			assert_true(fsv_str_eq(j.text, fsv_str_n(text, sizeof(text))));
		}
	}
}

static void nothing_is_written_as_an_empty_text(void **state)
{
	struct fsv_buf out;

	(void)state;
	fsv_buf_init(&out, &arena, 0);
	fsv_json_quote(&out, FSV_STR_NULL);
	assert_string_equal(fsv_buf_cstr(&out), "\"\"");
}

/* Most numbers are copied as they stand; whatever is copied must be what printing the value would give. */
static void reencoded_numbers_are_what_printing_gives(void **state)
{
	uint64_t seed = 88172645463325252u;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		char text[64], want[FSV_DOUBLE_TEXT_MAX + 3];
		struct fsv_buf out;
		struct fsv_err err;
		struct fsv_arena own;
		int whole, fraction;
		size_t n;

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		whole = (int)(seed % 9);
		fraction = (int)(seed / 16 % 17) + 1;
		snprintf(text, sizeof(text), "%s%llu.%0*llu", seed & 1024 ? "-" : "",
			 (unsigned long long)(whole ? seed / 7 % (uint64_t)__builtin_powi(10, whole) : 0), fraction,
			 (unsigned long long)(seed / 3 % (uint64_t)(__builtin_powi(10, fraction))));
		if (seed & 2048 && text[strlen(text) - 2] != '.')
			text[strlen(text) - 1] = '0';
		n = fsv_double_to_java(strtod(text, NULL), want);
		want[n] = '\0';
		fsv_arena_init(&own, 0);
		fsv_buf_init(&out, &own, 0);
		assert_int_equal(fsv_json_reencode(fsv_str(text), true, &own, &out, &err), 0);
		if (strcmp(fsv_buf_cstr(&out), want) != 0)
			fail_msg("%s became %s, not %s", text, fsv_buf_cstr(&out), want);
		fsv_arena_done(&own);
	}
}

static void indenting_changes_nothing_but_white_space(void **state)
{
	static const struct {
		const char *compact, *want;
	} cases[] = {
		{ "1", "1" }, { "\"a\"", "\"a\"" }, { "{}", "{\n   \n}" }, { "[]", "[\n   \n]" },
		{ "[1,\"x\",null]", "[\n   1,\n   \"x\",\n   null\n]" },
		{ "{\"a\":{\"b\":[[]]},\"c\":-1.5e3}",
		  "{\n   \"a\":{\n      \"b\":[\n         [\n            \n         ]\n      ]\n   },\n   \"c\":-1.5e3\n}" },
		/* What looks like structure inside of texts, and texts that seem to end. */
		{ "{\"[{,:}]\":\"]},\"}", "{\n   \"[{,:}]\":\"]},\"\n}" },
		{ "[\"\\\"[\",\"\\\\\",\"\\\\\\\",\"]", "[\n   \"\\\"[\",\n   \"\\\\\",\n   \"\\\\\\\",\"\n]" },
		{ "[\"\xe6\xa8\xa1 \\u0022,\"]", "[\n   \"\xe6\xa8\xa1 \\u0022,\"\n]" },
	};
	struct fsv_buf out, back;
	struct fsv_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fsv_buf_init(&out, &arena, 0);
		fsv_buf_init(&back, &arena, 0);
		fsv_json_indent(fsv_str(cases[i].compact), &out);
		assert_string_equal(fsv_buf_cstr(&out), cases[i].want);
		assert_true(accepts(fsv_buf_str(&out)));
		if (!strchr(cases[i].compact, '\\') && !strchr(cases[i].compact, 'e')) {
			assert_int_equal(fsv_json_reencode(fsv_buf_str(&out), false, &arena, &back, &err), 0);
			assert_string_equal(fsv_buf_cstr(&back), cases[i].compact);
		}
		/* It appends. */
		fsv_json_indent(FSV_STR("2"), &out);
		assert_int_equal(out.n, strlen(cases[i].want) + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_texts_are_accepted),
		cmocka_unit_test(bad_texts_are_refused),
		cmocka_unit_test(every_cut_of_a_text_is_handled),
		cmocka_unit_test(members_in_one_step_or_two),
		cmocka_unit_test(numbers_of_members),
		cmocka_unit_test(what_a_reencoder_would_change_is_seen),
		cmocka_unit_test(every_lead_of_utf8_is_checked),
		cmocka_unit_test(every_byte_is_checked_at_every_place),
		cmocka_unit_test(a_fault_sticks),
		cmocka_unit_test(integers_are_taken_when_they_fit),
		cmocka_unit_test(spans_are_exact_for_every_kind),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(faults_name_line_and_column),
		cmocka_unit_test(reader_walks_and_takes_spans),
		cmocka_unit_test(tree_keeps_first_place_and_last_value),
		cmocka_unit_test(large_inputs_take_linear_time),
		cmocka_unit_test(a_body_of_ten_megabytes_is_read),
		cmocka_unit_test(writer_spells_like_the_reference),
		cmocka_unit_test(reencoding_follows_the_reference),
		cmocka_unit_test(reencoded_numbers_are_what_printing_gives),
		cmocka_unit_test(names_that_come_twice_are_seen_among_many),
		cmocka_unit_test(reencoding_honours_the_limit_of_its_buffer),
		cmocka_unit_test(quoting_escapes_at_every_place),
		cmocka_unit_test(nothing_is_written_as_an_empty_text),
		cmocka_unit_test(indenting_changes_nothing_but_white_space),
	};

	return cmocka_run_group_tests(tests, open_arena, drop_arena);
}
