/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of requests: what is read, what is refused and with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "../../../daemons/serving-server/request.h"

enum { MAX_ROWS = 4 };

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

static struct fsv_request parse(enum fsv_request_kind kind, const char *body)
{
	struct fsv_request q;
	struct fsv_err err = FSV_ERR_INIT;

	if (fsv_request_parse(fsv_str(body), kind, MAX_ROWS, &arena, &q, &err) < 0)
		fail_msg("%s: %s", body, err.text);
	return q;
}

static void expect_str(struct fsv_str got, const char *want)
{
	assert_int_equal(got.n, strlen(want));
	assert_memory_equal(got.p ? got.p : "", want, got.n);
}

static void test_members_are_read_and_maps_default_to_empty(void **state)
{
	struct fsv_request q = parse(FSV_REQUEST_SINGLE, "{\"serviceId\":\"s\",\"applyId\":7,\"unknown\":[1,{\"a\":null}],"
							 "\"featureData\":{\"x\":1.50}} trailing bytes");

	(void)state;
	expect_str(q.service_id, "s");
	expect_str(q.apply_id, "7");
	expect_str(q.features, "{\"x\":1.50}");
	expect_str(q.remote, "{}");
	assert_false(q.features_null || q.remote_null);
}

static void test_texts_may_be_numbers_and_truth_values(void **state)
{
	(void)state;
	expect_str(parse(FSV_REQUEST_SINGLE, "{\"serviceId\":5}").service_id, "5");
	expect_str(parse(FSV_REQUEST_SINGLE, "{\"serviceId\":1.50}").service_id, "1.50");
	expect_str(parse(FSV_REQUEST_SINGLE, "{\"serviceId\":true}").service_id, "true");
	expect_str(parse(FSV_REQUEST_SINGLE, "{\"serviceId\":null}").service_id, "");
}

static void test_last_of_equally_named_members_counts(void **state)
{
	struct fsv_request q = parse(FSV_REQUEST_SINGLE, "{\"serviceId\":\"x\",\"featureData\":null,\"serviceId\":\"y\","
							 "\"featureData\":{\"a\":1}}");

	(void)state;
	expect_str(q.service_id, "y");
	assert_false(q.features_null);
	q = parse(FSV_REQUEST_BATCH, "{\"batchDataList\":[{},{},{},{},{}],\"batchDataList\":[{\"index\":3}]}");
	assert_int_equal(q.n_rows, 1);
	assert_int_equal(q.rows[0].index, 3);
	assert_false(q.too_many);
}

static void test_both_spellings_of_the_case_id_are_read(void **state)
{
	static const struct {
		const char *body, *want;
	} cases[] = {
		{ "{\"caseId\":\"a\"}", "a" },
		{ "{\"caseid\":\"b\"}", "b" },
		{ "{\"caseId\":\"a\",\"caseid\":\"b\"}", "a" },
		{ "{\"caseid\":\"b\",\"caseId\":\"a\"}", "a" },
		{ "{\"caseId\":\"\",\"caseid\":\"b\"}", "b" },
		{ "{\"caseId\":null,\"caseid\":5}", "5" },
		{ "{\"caseid\":{\"no\":[1]}}", "" },
		{ "{}", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_str(parse(FSV_REQUEST_SINGLE, cases[i].body).case_id, cases[i].want);
}

static void test_rows_are_read_with_defaults(void **state)
{
	struct fsv_request q = parse(FSV_REQUEST_BATCH,
		"{\"batchDataList\":[{\"index\":\"5\",\"featureData\":{\"x\":1},\"needCheckFeature\":true},"
		"{\"index\":1.7,\"featureData\":null,\"sendToRemoteFeatureData\":{\"id\":\"8\"}},{},"
		"{\"index\":-3,\"sendToRemoteFeatureData\":null}]}");

	(void)state;
	assert_int_equal(q.n_rows, 4);
	assert_int_equal(q.rows[0].index, 5);
	expect_str(q.rows[0].features, "{\"x\":1}");
	assert_int_equal(q.rows[1].index, 1);
	assert_true(q.rows[1].features_null);
	expect_str(q.rows[1].features, "{}");
	expect_str(q.rows[1].remote, "{\"id\":\"8\"}");
	assert_int_equal(q.rows[2].index, 0);
	expect_str(q.rows[2].features, "{}");
	assert_int_equal(q.rows[3].index, -3);
	expect_str(q.rows[3].remote, "{}");
}

static void test_what_is_no_request_is_refused(void **state)
{
	static const struct {
		enum fsv_request_kind kind;
		const char *body;
	} cases[] = {
		{ FSV_REQUEST_SINGLE, "" },
		{ FSV_REQUEST_SINGLE, "null" },
		{ FSV_REQUEST_SINGLE, "[]" },
		{ FSV_REQUEST_SINGLE, "\"x\"" },
		{ FSV_REQUEST_SINGLE, "{\"serviceId\":\"s\"," },
		{ FSV_REQUEST_SINGLE, "{\"featureData\":[]}" },
		{ FSV_REQUEST_SINGLE, "{\"featureData\":\"\"}" },
		{ FSV_REQUEST_SINGLE, "{\"sendToRemoteFeatureData\":\"dev001\"}" },
		{ FSV_REQUEST_SINGLE, "{\"serviceId\":{}}" },
		{ FSV_REQUEST_SINGLE, "{\"seqno\":[]}" },
		{ FSV_REQUEST_SINGLE, "{\"caseId\":[]}" },
		{ FSV_REQUEST_SINGLE, "{\"featureData\":{\"x\":NaN}}" },
		{ FSV_REQUEST_SINGLE, "{/*c*/\"serviceId\":\"s\"}" },
		{ FSV_REQUEST_BATCH, "{\"batchDataList\":{}}" },
		{ FSV_REQUEST_BATCH, "{\"batchDataList\":[[]]}" },
		{ FSV_REQUEST_BATCH, "{\"batchDataList\":[5]}" },
		{ FSV_REQUEST_BATCH, "{\"batchDataList\":[{\"index\":\"x\"}]}" },
		{ FSV_REQUEST_BATCH, "{\"batchDataList\":[{\"index\":true}]}" },
		{ FSV_REQUEST_BATCH, "{\"batchDataList\":[{\"index\":2147483648}]}" },
		{ FSV_REQUEST_BATCH, "{\"batchDataList\":[{\"index\":1e300}]}" },
		{ FSV_REQUEST_BATCH, "{\"batchDataList\":[{\"featureData\":[]}]}" },
		{ FSV_REQUEST_BATCH, "{\"batchDataList\":[{\"needCheckFeature\":\"perhaps\"}]}" },
		{ FSV_REQUEST_BATCH, "{\"batchDataList\":[{},{},{},{},{\"index\":[]}]}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_request q;
		struct fsv_err err = FSV_ERR_INIT;

		if (fsv_request_parse(fsv_str(cases[i].body), cases[i].kind, MAX_ROWS, &arena, &q, &err) != FSV_E_PARAM)
			fail_msg("%s: not refused", cases[i].body);
		assert_string_equal(err.text, "request message parse error");
	}
}

static void test_checks_have_the_references_order_and_words(void **state)
{
	static const struct {
		enum fsv_request_kind kind;
		const char *body, *text;
	} cases[] = {
		{ FSV_REQUEST_SINGLE, "{\"featureData\":null,\"sendToRemoteFeatureData\":null}", "no feature data" },
		{ FSV_REQUEST_SINGLE, "{\"sendToRemoteFeatureData\":null}", "no send to remote feature data" },
		{ FSV_REQUEST_SINGLE, "{}", "no service id" },
		{ FSV_REQUEST_SINGLE, "{\"serviceId\":\" \"}", "no service id" },
		{ FSV_REQUEST_SINGLE, "{\"serviceId\":\"s\"}", NULL },
		{ FSV_REQUEST_BATCH, "{\"batchDataList\":[{}]}", "no service id" },
		{ FSV_REQUEST_BATCH, "{\"serviceId\":\"s\"}", "batchDataList is missing or empty" },
		{ FSV_REQUEST_BATCH, "{\"serviceId\":\"s\",\"batchDataList\":null}", "batchDataList is missing or empty" },
		{ FSV_REQUEST_BATCH, "{\"serviceId\":\"s\",\"batchDataList\":[]}", "batchDataList is missing or empty" },
		{ FSV_REQUEST_BATCH, "{\"serviceId\":\"s\",\"batchDataList\":[{},null]}", "a row of batchDataList is null" },
		{ FSV_REQUEST_BATCH, "{\"serviceId\":\"s\",\"batchDataList\":[{},{},{},{},{}]}", "batch size is big than 4" },
		{ FSV_REQUEST_BATCH, "{\"serviceId\":\"s\",\"batchDataList\":[{},{},{},{}]}", NULL },
		{ FSV_REQUEST_BATCH, "{\"serviceId\":\"s\",\"featureData\":null,\"batchDataList\":[{}]}", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_request q = parse(cases[i].kind, cases[i].body);
		struct fsv_err err = FSV_ERR_INIT;
		int r = fsv_request_check(&q, cases[i].kind, MAX_ROWS, &err);

		if (r != (cases[i].text ? FSV_E_PARAM : 0))
			fail_msg("%s: got %d %s", cases[i].body, r, err.text);
		if (cases[i].text)
			assert_string_equal(err.text, cases[i].text);
	}
}

static void expect_order(const char *body, const char *want)
{
	struct fsv_request q = parse(FSV_REQUEST_BATCH, body);
	char got[64] = "";
	uint32_t *order;
	size_t n = fsv_request_order(&q, &arena, &order), at = 0;

	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(got + at, sizeof(got) - at, "%d@%u ", q.rows[order[i]].index, order[i]);
	assert_string_equal(got, want);
}

static void test_rows_are_ordered_and_the_last_of_equal_indexes_stands(void **state)
{
	(void)state;
	expect_order("{\"batchDataList\":[{\"index\":0},{\"index\":1},{\"index\":2}]}", "0@0 1@1 2@2 ");
	expect_order("{\"batchDataList\":[{\"index\":7},{\"index\":5},{\"index\":6}]}", "5@1 6@2 7@0 ");
	expect_order("{\"batchDataList\":[{\"index\":1},{\"index\":-1},{\"index\":1}]}", "-1@1 1@2 ");
	expect_order("{\"batchDataList\":[{},{},{},{}]}", "0@3 ");
}

static void test_superseded_rows_are_marked(void **state)
{
	struct fsv_request q = parse(FSV_REQUEST_BATCH, "{\"batchDataList\":[{\"index\":1},{\"index\":2},{\"index\":1}]}");
	uint32_t *order;

	(void)state;
	assert_int_equal(fsv_request_order(&q, &arena, &order), 2);
	assert_true(q.rows[0].superseded);
	assert_false(q.rows[1].superseded);
	assert_false(q.rows[2].superseded);
}

static void test_1x_bodies_name_the_guests_model(void **state)
{
	struct fsv_request_1x q;
	struct fsv_err err = FSV_ERR_INIT;

	(void)state;
	assert_int_equal(fsv_request_parse_1x(FSV_STR("{\"partnerModelInfo\":{\"name\":\"T\",\"namespace\":\"N\"},"
						      "\"featureIdMap\":{\"id\":\"8\"},"
						      "\"sendToRemoteFeatureData\":{\"a\":1}}"), &arena, &q, &err), 0);
	expect_str(q.table_name, "T");
	expect_str(q.name_space, "N");
	expect_str(q.keys, "{\"a\":1,\"id\":\"8\"}");
}

static void test_1x_bodies_that_lack_something_are_refused(void **state)
{
	static const char *const bodies[] = {
		"", "[]", "{}", "{\"partnerModelInfo\":null,\"featureIdMap\":{}}",
		"{\"partnerModelInfo\":{\"name\":\"T\"},\"featureIdMap\":{}}",
		"{\"partnerModelInfo\":{\"name\":\"T\",\"namespace\":\"N\"}}",
		"{\"partnerModelInfo\":{\"name\":\"T\",\"namespace\":\"N\"},\"featureIdMap\":null}",
		"{\"partnerModelInfo\":{\"name\":{},\"namespace\":\"N\"},\"featureIdMap\":{}}",
		"{\"partnerModelInfo\":{\"name\":\"T\",\"namespace\":\"N\"},\"featureIdMap\":{}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct fsv_request_1x q;
		struct fsv_err err = FSV_ERR_INIT;

		if (fsv_request_parse_1x(fsv_str(bodies[i]), &arena, &q, &err) != FSV_E_PARAM)
			fail_msg("%s: not refused", bodies[i]);
	}
}

static void test_objects_are_joined(void **state)
{
	(void)state;
	expect_str(fsv_request_join(FSV_STR("{}"), FSV_STR("{ }"), &arena), "{}");
	expect_str(fsv_request_join(FSV_STR("{\"a\":1}"), FSV_STR("{}"), &arena), "{\"a\":1}");
	expect_str(fsv_request_join(FSV_STR("{ }"), FSV_STR("{\"b\":2}"), &arena), "{\"b\":2}");
	expect_str(fsv_request_join(FSV_STR("{ \"a\":1 }"), FSV_STR("{\"b\":2}"), &arena), "{\"a\":1,\"b\":2}");
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_members_are_read_and_maps_default_to_empty),
		TEST(test_texts_may_be_numbers_and_truth_values),
		TEST(test_last_of_equally_named_members_counts),
		TEST(test_both_spellings_of_the_case_id_are_read),
		TEST(test_rows_are_read_with_defaults),
		TEST(test_what_is_no_request_is_refused),
		TEST(test_checks_have_the_references_order_and_words),
		TEST(test_rows_are_ordered_and_the_last_of_equal_indexes_stands),
		TEST(test_superseded_rows_are_marked),
		TEST(test_1x_bodies_name_the_guests_model),
		TEST(test_1x_bodies_that_lack_something_are_refused),
		TEST(test_objects_are_joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
