/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../../daemons/admin/directory.h"
#include "../../../daemons/admin/fields.h"
#include "../../../daemons/admin/overview.h"

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

static const struct fsv_json_node *parse(const char *json)
{
	struct fsv_json_node *root;
	struct fsv_err err;

	assert_int_equal(fsv_json_parse(fsv_str(json), &arena, true, &root, &err), 0);
	return root;
}

static void integers(void **state)
{
	static const struct {
		const char *json;
		enum fsv_field there;
		int64_t value;
	} cases[] = {
		{ "8000", FSV_FIELD_THERE, 8000 }, { "\"8000\"", FSV_FIELD_THERE, 8000 }, { "\" 8000 \"", FSV_FIELD_THERE, 8000 },
		{ "90.7", FSV_FIELD_THERE, 90 }, { "-1.9", FSV_FIELD_THERE, -1 }, { "1e3", FSV_FIELD_THERE, 1000 },
		{ "-2147483648", FSV_FIELD_THERE, INT32_MIN }, { "2147483647", FSV_FIELD_THERE, INT32_MAX },
		{ "null", FSV_FIELD_ABSENT, 0 }, { "\"\"", FSV_FIELD_ABSENT, 0 }, { "\"  \"", FSV_FIELD_ABSENT, 0 },
		{ "\"abc\"", FSV_FIELD_BAD, 0 }, { "\"90.5\"", FSV_FIELD_BAD, 0 }, { "2147483648", FSV_FIELD_BAD, 0 },
		{ "1e300", FSV_FIELD_BAD, 0 }, { "2147483648.5", FSV_FIELD_BAD, 0 }, { "true", FSV_FIELD_BAD, 0 },
		{ "[]", FSV_FIELD_BAD, 0 }, { "{}", FSV_FIELD_BAD, 0 }, { "99999999999999999999", FSV_FIELD_BAD, 0 },
	};

	(void)state;
	assert_int_equal(fsv_field_int(NULL, NULL), FSV_FIELD_ABSENT);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t value = 0;

		if (fsv_field_int(parse(cases[i].json), &value) != cases[i].there || value != cases[i].value)
			fail_msg("%s: got %lld", cases[i].json, (long long)value);
	}
}

static void doubles(void **state)
{
	double value = 0;

	(void)state;
	assert_int_equal(fsv_field_double(parse("2.5"), &value), FSV_FIELD_THERE);
	assert_true(value == 2.5);
	assert_int_equal(fsv_field_double(parse("\"7\""), &value), FSV_FIELD_THERE);
	assert_true(value == 7);
	assert_int_equal(fsv_field_double(parse("\"\""), &value), FSV_FIELD_ABSENT);
	assert_int_equal(fsv_field_double(parse("\"Infinity\""), &value), FSV_FIELD_BAD);
	assert_int_equal(fsv_field_double(parse("\"NaN\""), &value), FSV_FIELD_BAD);
	assert_int_equal(fsv_field_double(parse("\"x\""), &value), FSV_FIELD_BAD);
	assert_int_equal(fsv_field_double(parse("[1]"), &value), FSV_FIELD_BAD);
}

static void spans_and_cookies(void **state)
{
	struct fsv_str text = FSV_STR("{\"a\":1,\"b\":{\"x\":[2]},\"a\":\"last\",\"n\":null}");

	(void)state;
	assert_true(fsv_str_is(fsv_field_span(text, "a", &arena), "\"last\""));
	assert_true(fsv_str_is(fsv_field_span(text, "b", &arena), "{\"x\":[2]}"));
	assert_null(fsv_field_span(text, "n", &arena).p);
	assert_null(fsv_field_span(text, "z", &arena).p);
	assert_null(fsv_field_span(FSV_STR("[1]"), "a", &arena).p);
	assert_null(fsv_field_span(FSV_STR("{\"a\":1"), "a", &arena).p);
	assert_true(fsv_str_is(fsv_field_cookie(FSV_STR("x=1; t = 2 ;t=3"), "t"), "2"));
	assert_null(fsv_field_cookie(FSV_STR("xt=1; t2=2; t"), "t").p);
	assert_null(fsv_field_cookie(FSV_STR_NULL, "t").p);
}

static void nodes_are_found_by_what_they_are(void **state)
{
	static struct fsv_component_node serving[] = { { "10.0.0.1:8000", 7 }, { "[fd00::1]:8000", 8 }, { "Node:8000", 9 }, { "rubbish", 1 } };
	static struct fsv_component all[] = { { "serving", serving, 4 } };
	const struct fsv_components registered = { .all = all, .n = 1 };
	static const char *const listed[] = { "proxy 10.0.0.2:8879", " serving  10.0.0.1:8000", NULL };
	struct fsv_directory *d = fsv_directory_new(&registered, listed, NULL);
	struct fsv_buf out;
	struct fsv_jsonw w;

	(void)state;
	assert_int_equal(d->n, 5);	/* what is registered and listed is there once */
	assert_int_equal(fsv_directory_find(d, FSV_STR("10.0.0.1"), 8000)->registered, 7);
	assert_int_equal(fsv_directory_find(d, FSV_STR("fd00::1"), 8000)->registered, 8);
	assert_int_equal(fsv_directory_find(d, FSV_STR("[FD00::1]"), 8000)->registered, 8);
	assert_int_equal(fsv_directory_find(d, FSV_STR("node"), 8000)->registered, 9);
	assert_string_equal(fsv_directory_find(d, FSV_STR("10.0.0.2"), 8879)->component, "proxy");
	assert_null(fsv_directory_find(d, FSV_STR("10.0.0.1"), 8001));
	assert_null(fsv_directory_find(d, FSV_STR("10.0.0.01"), 8000));
	assert_null(fsv_directory_find(d, FSV_STR("10.0.0.1:8000"), 8000));
	assert_null(fsv_directory_find(d, FSV_STR_NULL, 8000));
	assert_null(fsv_dir_node_channel(&d->nodes[3], 1000));
	fsv_buf_init(&out, &arena, 0);
	fsv_jsonw_init(&w, &out);
	fsv_directory_tree(d, &w);
	assert_non_null(strstr(fsv_buf_cstr(&out), "{\"name\":\"Node:8000\",\"leaf\":true,\"label\":\"cluster-serving-Node:8000\",\"timestamp\":9,\"children\":[]}"));
	fsv_ref_put(&d->ref);
}

static void entries_of_the_configuration(void **state)
{
	static const char *const bad[] = { "", "serving", "10.0.0.1:8000", "admin 10.0.0.1:8350", "serving 10.0.0.1", "serving :8000",
					   "serving 10.0.0.1:0", "serving 10.0.0.1:70000" };
	struct fsv_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *const list[] = { "proxy a:1", bad[i], NULL };

		if (fsv_directory_check(list, &err) == 0)
			fail_msg("\"%s\" counts as a node", bad[i]);
	}
}

static void rates_and_links(void **state)
{
	struct fsv_rates rates;
	struct fsv_buf out;
	struct fsv_jsonw w;

	(void)state;
	fsv_rates_read(FSV_STR("[{\"resource\":\"I_singleInference\",\"passQps\":30,\"successQps\":20,\"exceptionQps\":10,\"rt\":2},"
			       "{\"resource\":\"I_batch\",\"passQps\":10,\"blockQps\":5,\"successQps\":20,\"rt\":4},"
			       "{\"resource\":\"I_LIST_PROPS\",\"passQps\":99}]"), &arena, &rates);
	assert_true(rates.passed == 4 && rates.failed == 1 && rates.blocked == 0.5 && rates.latency_ms == 3);
	fsv_rates_read(FSV_STR("null"), &arena, &rates);
	assert_true(rates.passed == 0 && rates.latency_ms == 0);
	fsv_buf_init(&out, &arena, 0);
	fsv_jsonw_init(&w, &out);
	fsv_jsonw_begin(&w, '[');
	fsv_route_links("p:1", FSV_STR("{\"route_table\":{\"10000\":{\"serving\":[{\"ip\":\"10.0.0.9\",\"port\":8869,\"useSSL\":true}],\"bad\":5},"
					 "\"9\":[],\"8\":{\"default\":[{\"hostname\":\"fd00::1\",\"port\":1},{\"url\":\"https://x/y\"},{}]}}}"), &arena, &w);
	fsv_jsonw_end(&w, ']');
	assert_string_equal(fsv_buf_cstr(&out),
		"[{\"from\":\"p:1\",\"to\":\"10.0.0.9:8869\",\"kind\":\"route\",\"party\":\"10000\",\"role\":\"serving\",\"secure\":true},"
		"{\"from\":\"p:1\",\"to\":\"[fd00::1]:1\",\"kind\":\"route\",\"party\":\"8\",\"role\":\"default\",\"secure\":false},"
		"{\"from\":\"p:1\",\"to\":\"https://x/y\",\"kind\":\"route\",\"party\":\"8\",\"role\":\"default\",\"secure\":true}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers), cmocka_unit_test(doubles), cmocka_unit_test(spans_and_cookies),
		cmocka_unit_test(nodes_are_found_by_what_they_are), cmocka_unit_test(entries_of_the_configuration),
		cmocka_unit_test(rates_and_links),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
