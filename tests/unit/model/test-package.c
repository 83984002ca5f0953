/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/arena.h"
#include "model/package.h"

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

static struct fsv_package parse(const char *json)
{
	struct fsv_package package = { .entries = NULL };
	struct fsv_err err = FSV_ERR_INIT;
	char *copy = fsv_str_dup(fsv_str(json));

	if (fsv_package_parse(fsv_str(copy), &arena, &package, &err) < 0)
		fail_msg("%s", err.text);
	free(copy);	/* nothing may point into it */
	return package;
}

static void entries_are_decoded_in_their_order(void **state)
{
	struct fsv_package p = parse(
		" {\"pipeline.pipeline:Pipeline\":\"cGlwZQ==\", \"lr_0.model:XMeta\" : \"AAH/\","
		"\"lr_0.model:XParam\":\"\",\"\\u0061.b.c\":\"eA==\"}\n");

	(void)state;
	assert_int_equal(p.n, 4);
	assert_true(fsv_str_is(p.entries[0].key, "pipeline.pipeline:Pipeline"));
	assert_true(fsv_str_is(p.entries[0].bytes, "pipe"));
	assert_true(fsv_str_is(fsv_package_pipeline(&p), "pipe"));
	assert_int_equal(p.entries[1].bytes.n, 3);
	assert_memory_equal(p.entries[1].bytes.p, "\0\1\xff", 3);
	assert_int_equal(p.entries[2].bytes.n, 0);
	assert_true(fsv_str_is(p.entries[3].key, "a.b.c"));
}

static void meta_and_param_are_found_by_component(void **state)
{
	struct fsv_package p = parse(
		"{\"lr.model:AMeta\":\"YQ==\",\"lr.other:BParam\":\"Yg==\",\"lr_0.m:XMeta\":\"Yw==\","
		"\"lr_0.m:Extra\":\"ZA==\",\"lr_0.m.n:XParam\":\"ZQ==\",\"empty.m:XParam\":\"CgNzZXQ=\"}");
	struct fsv_str bytes = FSV_STR_NULL;

	(void)state;
	assert_true(fsv_package_meta(&p, FSV_STR("lr"), &bytes));
	assert_true(fsv_str_is(bytes, "a"));
	assert_true(fsv_package_param(&p, FSV_STR("lr"), &bytes));
	assert_true(fsv_str_is(bytes, "b"));
	assert_true(fsv_package_meta(&p, FSV_STR("lr_0"), &bytes));
	assert_true(fsv_str_is(bytes, "c"));
	assert_false(fsv_package_param(&p, FSV_STR("lr_0"), &bytes));
	assert_false(fsv_package_meta(&p, FSV_STR("l"), &bytes));
	assert_true(fsv_str_is(bytes, "c"));
	assert_true(fsv_package_param(&p, FSV_STR("empty"), &bytes));
	assert_int_equal(bytes.n, 0);
	assert_null(fsv_package_pipeline(&p).p);
}

static void an_empty_pipeline_is_there(void **state)
{
	struct fsv_package p = parse("{\"pipeline.pipeline:Pipeline\":\"\"}");

	(void)state;
	assert_non_null(fsv_package_pipeline(&p).p);
	assert_int_equal(fsv_package_pipeline(&p).n, 0);
}

static void keys_say_what_they_mean(void **state)
{
	static const struct {
		const char *key;
		enum fsv_package_part part;
		const char *component, *alias, *message;
	} cases[] = {
		{ "hetero_lr_0.model:LRModelParam", FSV_PACKAGE_PARAM, "hetero_lr_0", "model", "LRModelParam" },
		{ "dataio_0.dataio:DataIOMeta", FSV_PACKAGE_META, "dataio_0", "dataio", "DataIOMeta" },
		{ "pipeline.pipeline:Pipeline", FSV_PACKAGE_PIPELINE, "pipeline", "pipeline", "Pipeline" },
		{ "x.Meta", FSV_PACKAGE_META, "x", "Meta", "" },
		{ "x.m:Model", FSV_PACKAGE_UNUSED, "x", "m", "Model" },
		{ "x.m:paramMETA", FSV_PACKAGE_UNUSED, "x", "m", "paramMETA" },
		{ "x", FSV_PACKAGE_UNUSED, "", "", "" },
		{ "x.y.zMeta", FSV_PACKAGE_UNUSED, "", "", "" },
		{ "", FSV_PACKAGE_UNUSED, "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_package_name name = fsv_package_name(fsv_str(cases[i].key));

		assert_int_equal(name.part, cases[i].part);
		assert_true(fsv_str_is(name.component, cases[i].component));
		assert_true(fsv_str_is(name.alias, cases[i].alias));
		assert_true(fsv_str_is(name.message, cases[i].message));
	}
}

static void broken_packages_are_refused_with_a_reason(void **state)
{
	static const struct { const char *json; int code; const char *want; } cases[] = {
		{ "", FSV_E_SYNTAX, "not a JSON object" },
		{ "[]", FSV_E_SYNTAX, "not a JSON object" },
		{ "{\"a\":\"YQ==\"", FSV_E_SYNTAX, "line 1" },
		{ "{\"a\":}", FSV_E_SYNTAX, "line 1" },
		{ "{\"a\":\"YQ==\"} x", FSV_E_SYNTAX, "behind" },
		{ "{a:\"YQ==\"}", FSV_E_SYNTAX, "line 1" },
		{ "{\"a.b:XMeta\":null}", FSV_E_SYNTAX, "\"a.b:XMeta\" is not a text" },
		{ "{\"a.b:XMeta\":{\"x\":\"YQ==\"}}", FSV_E_SYNTAX, "\"a.b:XMeta\" is not a text" },
		{ "{\"a.b:XMeta\":\"YQ\"}", FSV_E_SYNTAX, "\"a.b:XMeta\": base64" },
		{ "{\"a.b:XMeta\":\"Y-_=\"}", FSV_E_SYNTAX, "\"a.b:XMeta\": base64" },
		{ "{\"a.b:XMeta\":\"YQ==\\n\"}", FSV_E_SYNTAX, "\"a.b:XMeta\": base64" },
		{ "{\"k\":\"YQ==\",\"k\":\"YQ==\"}", FSV_E_MODEL_INIT, "\"k\" stands twice" },
		{ "{\"a.b:XMeta\":\"\",\"a.b:XMeta\":\"\"}", FSV_E_MODEL_INIT, "stands twice" },
		{ "{\"x.a:FooMeta\":\"\",\"x.b:BarMeta\":\"\"}", FSV_E_MODEL_INIT,
		  "\"x.a:FooMeta\" and \"x.b:BarMeta\" mean the same message" },
		{ "{\"x.a:FooParam\":\"\",\"x.Param\":\"\"}", FSV_E_MODEL_INIT, "mean the same message" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_package package = { .n = 77 };
		struct fsv_err err = FSV_ERR_INIT;
		int r = fsv_package_parse(fsv_str(cases[i].json), &arena, &package, &err);

		if (r != cases[i].code || !strstr(err.text, cases[i].want))
			fail_msg("%s: got %d \"%s\"", cases[i].json, r, err.text);
		assert_int_equal(package.n, 77);
	}
}

static void keys_that_only_look_alike_may_stand_together(void **state)
{
	struct fsv_package p = parse(
		"{\"x.a:M\":\"\",\"x.b:M\":\"\",\"x.y.aMeta\":\"\",\"x.y.bMeta\":\"\",\"x.aMeta\":\"\","
		"\"x.aParam\":\"\",\"y.aMeta\":\"\"}");

	(void)state;
	assert_int_equal(p.n, 7);
}

static void too_many_entries_are_refused(void **state)
{
	struct fsv_package package = { .n = 77 };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_buf json;

	(void)state;
	fsv_buf_init(&json, &arena, 0);
	for (int i = 0; i <= FSV_PACKAGE_MAX_ENTRIES; i++)
		fsv_buf_printf(&json, "%c\"%d\":\"\"", i ? ',' : '{', i);
	fsv_buf_putc(&json, '}');
	assert_int_equal(fsv_package_parse(fsv_buf_str(&json), &arena, &package, &err), FSV_E_LIMIT);
	assert_int_equal(package.n, 77);
}

static void what_is_written_reads_back(void **state)
{
	static const char json[] = "{\"pipeline.pipeline:Pipeline\":\"cGlwZQ==\","
		"\"a\\\"b.c:XMeta\":\"\",\"\xe4\xb8\xad.d:XParam\":\"AAH/\"}";
	struct fsv_package p = parse(json), none = { .n = 0 };
	struct fsv_buf out;

	(void)state;
	fsv_buf_init(&out, &arena, 0);
	fsv_package_format(&p, &out);
	assert_string_equal(fsv_buf_cstr(&out), json);
	fsv_buf_clear(&out);
	fsv_package_format(&none, &out);
	assert_string_equal(fsv_buf_cstr(&out), "{}");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(entries_are_decoded_in_their_order),
		TEST(meta_and_param_are_found_by_component),
		TEST(an_empty_pipeline_is_there),
		TEST(keys_say_what_they_mean),
		TEST(broken_packages_are_refused_with_a_reason),
		TEST(keys_that_only_look_alike_may_stand_together),
		TEST(too_many_entries_are_refused),
		TEST(what_is_written_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
