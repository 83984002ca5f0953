/* SPDX-License-Identifier: Apache-2.0 */
/* The streams were written by Java's own ObjectOutputStream; those named bad-… are made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"
#include "codec/java-stream.h"
#include "codec/java-text.h"

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

static struct fsv_str file(const char *name)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_str text;
	char path[256], *data = NULL;
	size_t n = 0;

	snprintf(path, sizeof(path), "tests/fuzz/corpus/java-stream/%s", name);
	if (fsv_read_file(path, 1 << 20, &data, &n, &err) < 0)
		fail_msg("%s", err.text);
	text = fsv_arena_str(&arena, fsv_str_n(data, n));
	free(data);
	return text;
}

static const struct fsv_java_value *parse(const char *name)
{
	struct fsv_java_value *value = NULL;
	struct fsv_err err = FSV_ERR_INIT;

	if (fsv_java_stream_parse(file(name), &arena, &value, &err) < 0)
		fail_msg("%s: %s", name, err.text);
	return value;
}

static void assert_text(const struct fsv_java_value *value, const char *want)
{
	assert_non_null(value);
	assert_int_equal(value->type, FSV_JAVA_STRING);
	assert_int_equal(value->text.n, strlen(want));
	assert_memory_equal(value->text.p, want, strlen(want));
}

static int64_t integer(const struct fsv_java_value *object, const char *name)
{
	const struct fsv_java_value *value = fsv_java_field(object, name);

	assert_non_null(value);
	assert_int_equal(value->type, FSV_JAVA_INT);
	return value->i;
}

static void primitive_fields_have_java_s_values(void **state)
{
	const struct fsv_java_value *object = parse("derived");

	(void)state;
	assert_true(fsv_str_is(object->class_name, "Gen$Derived"));
	assert_int_equal(integer(object, "a"), 7);
	assert_int_equal(integer(object, "l"), -5);
	assert_int_equal(integer(object, "sh"), -2);
	assert_int_equal(integer(object, "c"), 0x4e2d);
	assert_int_equal(integer(object, "b"), -1);
	assert_int_equal(integer(object, "z"), 1);
	assert_int_equal(fsv_java_field(object, "f")->type, FSV_JAVA_FLOAT);
	assert_true(fsv_java_field(object, "f")->f == 1.5);
	assert_true(fsv_java_field(object, "d")->f == -0.25);
	assert_null(fsv_java_field(object, "nothing"));
}

static void fields_of_the_superclass_come_first(void **state)
{
	const struct fsv_java_value *object = parse("derived");

	(void)state;
	assert_true(fsv_str_is(object->fields->name, "a"));
	assert_true(fsv_str_is(object->fields->next->name, "s"));
	assert_true(fsv_str_is(object->fields->next->next->name, "b"));
}

static void arrays_enumerations_and_references_are_read(void **state)
{
	const struct fsv_java_value *object = parse("derived"), *v;

	(void)state;
	assert_ptr_equal(fsv_java_field(object, "s"), fsv_java_field(object, "same"));
	assert_text(fsv_java_field(object, "same"), "base");
	v = fsv_java_field(object, "ia");
	assert_int_equal(v->type, FSV_JAVA_ARRAY);
	assert_int_equal(v->n_items, 2);
	assert_int_equal(v->items[1].value->i, -1);
	v = fsv_java_field(object, "ba");
	assert_int_equal(v->text.n, 3);
	assert_memory_equal(v->text.p, "\0\1\xff", 3);
	v = fsv_java_field(object, "ss");
	assert_int_equal(v->n_items, 2);
	assert_text(v->items[0].value->items[0].value, "x");
	assert_int_equal(v->items[1].value->type, FSV_JAVA_NULL);
	v = fsv_java_field(object, "e");
	assert_true(fsv_str_is(v->class_name, "Gen$E"));
	assert_true(fsv_str_is(v->text, "TWO"));
}

static const struct fsv_java_value *lookup(const struct fsv_java_value *map, struct fsv_str key, size_t *ret_n)
{
	struct fsv_java_pair *pairs = NULL;
	struct fsv_err err = FSV_ERR_INIT;

	assert_int_equal(fsv_java_map(map, &arena, &pairs, ret_n, &err), 0);
	for (size_t i = 0; i < *ret_n; i++)
		if (pairs[i].key->type == FSV_JAVA_STRING && fsv_str_eq(pairs[i].key->text, key))
			return pairs[i].value;
	return NULL;
}

static void maps_of_three_kinds_give_their_pairs(void **state)
{
	size_t n = 0;

	(void)state;
	assert_text(lookup(parse("linked"), FSV_STR("a"), &n), "b");
	assert_int_equal(n, 1);
	assert_text(lookup(parse("chm"), FSV_STR("lr-test"), &n), "x");
	assert_int_equal(n, 2);
	assert_null(lookup(parse("chm-empty"), FSV_STR("a"), &n));
	assert_int_equal(n, 0);
	assert_text(lookup(parse("hashmap"), FSV_STR("k"), &n), "v");
	assert_int_equal(n, 3);
	assert_text(lookup(parse("bind-store"), FSV_STR("lr-test"), &n),
		    "2020080416153238910324_guest#9999#arbiter-10000#guest-9999#host-10000#model");
}

/* The key is U+0000, U+4E2D, U+1F600 and half a pair. */
static void texts_become_utf8(void **state)
{
	size_t n = 0;
	const struct fsv_java_value *v = lookup(parse("hashmap"),
		FSV_STR("\0\xe4\xb8\xad\xf0\x9f\x98\x80\xef\xbf\xbd"), &n);

	(void)state;
	assert_non_null(v);
	assert_true(fsv_str_is(v->class_name, "java.lang.Double"));
	assert_true(fsv_java_field(v, "value")->f == 1.5);
}

static void half_surrogates_become_replacement_characters(void **state)
{
	static const struct { struct fsv_str in; const char *want; } cases[] = {
		{ { "\xed\xb0\x80" "a", 4 }, "\xef\xbf\xbd" "a" },
		{ { "\xed\xa0\xbd" "a", 4 }, "\xef\xbf\xbd" "a" },
		{ { "\xed\xa0\xbd\xed\xa0\xbd\xed\xb8\x80", 9 }, "\xef\xbf\xbd\xf0\x9f\x98\x80" },
		{ { "\xc3\xa9", 2 }, "\xc3\xa9" },
		{ { "\xed\x9f\xbf\xee\x80\x80", 6 }, "\xed\x9f\xbf\xee\x80\x80" },
	};
	struct fsv_str got = FSV_STR_NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(fsv_java_text_decode(cases[i].in, &arena, &got));
		assert_true(fsv_str_is(got, cases[i].want));
	}
	assert_false(fsv_java_text_decode(FSV_STR("\xf0\x9f\x98\x80"), &arena, &got));
	assert_false(fsv_java_text_decode(FSV_STR("a\x80"), &arena, &got));
	assert_false(fsv_java_text_decode(FSV_STR("a\xe4\xb8"), &arena, &got));
	assert_false(fsv_java_text_decode(FSV_STR("\xc3" "a"), &arena, &got));
}

static void long_strings_are_read(void **state)
{
	size_t n = 70000;
	char *p = fsv_arena_alloc(&arena, n + 13);
	struct fsv_java_value *value = NULL;
	struct fsv_err err = FSV_ERR_INIT;

	(void)state;
	memcpy(p, "\xac\xed\0\5\x7c\0\0\0\0\0\1\x11\x70", 13);
	memset(p + 13, 'a', n);
	assert_int_equal(fsv_java_stream_parse(fsv_str_n(p, n + 13), &arena, &value, &err), 0);
	assert_int_equal(value->text.n, n);
	assert_int_equal(value->text.p[n - 1], 'a');
}

static void broken_streams_are_refused_with_a_reason(void **state)
{
	static const struct { const char *name; int code; const char *want; } cases[] = {
		{ "bad-head", FSV_E_SYNTAX, "byte 0: not a Java object stream" },
		{ "bad-cut", FSV_E_SYNTAX, "ends in the middle" },
		{ "bad-trailing", FSV_E_SYNTAX, "byte 8: more bytes than the object has" },
		{ "bad-reference", FSV_E_SYNTAX, "did not come before" },
		{ "bad-reference-low", FSV_E_SYNTAX, "did not come before" },
		{ "bad-text", FSV_E_SYNTAX, "modified UTF-8" },
		{ "bad-text-cut", FSV_E_SYNTAX, "modified UTF-8" },
		{ "bad-text-four", FSV_E_SYNTAX, "modified UTF-8" },
		{ "bad-length", FSV_E_SYNTAX, "ends in the middle" },
		{ "bad-long-length", FSV_E_SYNTAX, "ends in the middle" },
		{ "bad-flags", FSV_E_SYNTAX, "not stored field by field" },
		{ "bad-annotation", FSV_E_SYNTAX, "annotations" },
		{ "bad-annotation-open", FSV_E_SYNTAX, "middle of a value" },
		{ "bad-super-self", FSV_E_SYNTAX, "contains itself" },
		{ "bad-supers-many", FSV_E_LIMIT, "nested too deeply" },
		{ "bad-field-type", FSV_E_SYNTAX, "unknown type" },
		{ "bad-field-type-value", FSV_E_SYNTAX, "not a text" },
		{ "bad-fields-many", FSV_E_SYNTAX, "" },
		{ "bad-class-null", FSV_E_SYNTAX, "without a class" },
		{ "bad-class-is-text", FSV_E_SYNTAX, "names something else" },
		{ "bad-value-is-class", FSV_E_SYNTAX, "names a class" },
		{ "bad-array-long", FSV_E_SYNTAX, "more elements" },
		{ "bad-array-class", FSV_E_SYNTAX, "none of an array" },
		{ "bad-block-first", FSV_E_SYNTAX, "of a kind" },
		{ "class", FSV_E_SYNTAX, "of a kind" },
		{ "cycle", FSV_E_SYNTAX, "contains itself" },
		{ "deep", FSV_E_LIMIT, "nested too deeply" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_java_value *value = NULL;
		struct fsv_err err = FSV_ERR_INIT;
		int r = fsv_java_stream_parse(file(cases[i].name), &arena, &value, &err);

		if (r != cases[i].code || !strstr(err.text, cases[i].want))
			fail_msg("%s: got %d \"%s\"", cases[i].name, r, err.text);
		assert_null(value);
	}
}

static void every_prefix_of_a_stream_is_refused(void **state)
{
	struct fsv_str whole = file("load-store");
	struct fsv_java_value *value = NULL;
	struct fsv_err err = FSV_ERR_INIT;

	(void)state;
	for (size_t n = 0; n < whole.n; n++)
		assert_true(fsv_java_stream_parse(fsv_str_n(whole.p, n), &arena, &value, &err) < 0);
	assert_null(value);
	assert_int_equal(fsv_java_stream_parse(whole, &arena, &value, &err), 0);
}

/* Five bytes that ask for an array of two thousand million. */
static void memory_is_not_given_on_a_stream_s_word(void **state)
{
	struct fsv_java_value *value = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_str small = file("bad-array-long"), many;
	size_t n = (9 << 20) + 64, head, before = arena.total;
	char *p;

	(void)state;
	assert_int_equal(fsv_java_stream_parse(small, &arena, &value, &err), FSV_E_SYNTAX);
	assert_true(arena.total - before < 1 << 20);
	/* As many nulls as it says, but more than any store has. */
	p = calloc(1, n);
	memset(p, 0x70, n);
	head = small.n - 8;
	memcpy(p, small.p, head);
	memcpy(p + head, "\0\x90\0\0", 4);
	many = fsv_str_n(p, head + 4 + (9 << 20));
	memcpy(strstr(p + 8, "[I"), "[L", 2);
	assert_int_equal(fsv_java_stream_parse(many, &arena, &value, &err), FSV_E_LIMIT);
	assert_true(arena.total - before < 1 << 20);
	free(p);
}

static void what_is_no_map_is_refused(void **state)
{
	static const struct { const char *name, *want; } cases[] = {
		{ "list", "no map" }, { "treemap", "no map" }, { "null", "no map" },
		{ "array-nulls", "no map" }, { "map-size-wrong", "another size" },
		{ "map-size-missing", "without its size" }, { "map-raw-inside", "raw data" },
	};
	struct fsv_java_pair *pairs = NULL;
	size_t n = 99;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_err err = FSV_ERR_INIT;

		assert_int_equal(fsv_java_map(parse(cases[i].name), &arena, &pairs, &n, &err), FSV_E_TYPE);
		if (!strstr(err.text, cases[i].want))
			fail_msg("%s: got \"%s\"", cases[i].name, err.text);
	}
	assert_null(pairs);
	assert_int_equal(n, 99);
	assert_text(lookup(parse("map-block-long"), FSV_STR("a"), &n), "b");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(primitive_fields_have_java_s_values),
		TEST(fields_of_the_superclass_come_first),
		TEST(arrays_enumerations_and_references_are_read),
		TEST(maps_of_three_kinds_give_their_pairs),
		TEST(texts_become_utf8),
		TEST(half_surrogates_become_replacement_characters),
		TEST(long_strings_are_read),
		TEST(broken_streams_are_refused_with_a_reason),
		TEST(every_prefix_of_a_stream_is_refused),
		TEST(memory_is_not_given_on_a_stream_s_word),
		TEST(what_is_no_map_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
