/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: written to the byte as the reference does, read as it reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "../../../daemons/serving-server/envelope.h"
#include "model/models.h"

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

static void expect_written(const struct fsv_envelope *e, const char *want)
{
	struct fsv_buf out;

	fsv_buf_init(&out, &arena, 0);
	fsv_envelope_write(e, &arena, &out);
	assert_string_equal(fsv_buf_cstr(&out), want);
}

static const struct fsv_model model = { .table_name = (char *)"T", .name_space = (char *)"guest#1", .timestamp = 42 };

static void test_guests_single_answer(void **state)
{
	(void)state;
	expect_written(&(struct fsv_envelope){ .retmsg = FSV_STR(""), .case_id = FSV_STR("c1"), .model = &model,
					       .members = FSV_STR("\"score\":0.5") },
		       "{\"retcode\":0,\"retmsg\":\"\",\"caseid\":\"c1\",\"data\":{\"score\":0.5,\"modelId\":\"guest#1\","
		       "\"modelVersion\":\"T\",\"timestamp\":42},\"log\":{},\"warn\":{},\"flag\":0}");
}

static void test_error_before_a_model_was_found(void **state)
{
	(void)state;
	expect_written(&(struct fsv_envelope){ .retcode = 104, .retmsg = FSV_STR("serviceId is not bind model") },
		       "{\"retcode\":104,\"retmsg\":\"serviceId is not bind model\",\"caseid\":\"\",\"data\":{},\"log\":{},"
		       "\"warn\":{},\"flag\":0}");
}

static const struct fsv_envelope_row rows[] = {
	{ .index = -1, .retmsg = { "", 0 }, .members = { "\"score\":0.5", 11 } },
	{ .index = 2, .retcode = 2113, .retmsg = { "no", 2 } },
	{ .index = 10, .retcode = 108, .retmsg = { "bad", 3 }, .data_null = true },
};

static void test_guests_batch_answer(void **state)
{
	(void)state;
	expect_written(&(struct fsv_envelope){ .retmsg = FSV_STR(""), .case_id = FSV_STR("c"), .batch = true, .rows = rows,
					       .n_rows = 3 },
		       "{\"retcode\":0,\"retmsg\":\"\",\"caseid\":\"c\",\"data\":{},\"log\":{},\"warn\":{},\"flag\":0,"
		       "\"batchDataList\":[{\"index\":-1,\"retcode\":0,\"retmsg\":\"\",\"data\":{\"score\":0.5}},"
		       "{\"index\":2,\"retcode\":2113,\"retmsg\":\"no\",\"data\":{}},"
		       "{\"index\":10,\"retcode\":108,\"retmsg\":\"bad\",\"data\":null}],"
		       "\"singleInferenceResultMap\":{\"-1\":{\"index\":-1,\"retcode\":0,\"retmsg\":\"\",\"data\":"
		       "{\"score\":0.5}},\"2\":{\"index\":2,\"retcode\":2113,\"retmsg\":\"no\",\"data\":{}},"
		       "\"10\":{\"index\":10,\"retcode\":108,\"retmsg\":\"bad\",\"data\":null}}}");
}

static void test_http_clients_get_no_nulls_and_no_inner_members(void **state)
{
	(void)state;
	expect_written(&(struct fsv_envelope){ .retmsg = FSV_STR(""), .case_id = FSV_STR("c"), .batch = true, .bare = true,
					       .rows = &rows[2], .n_rows = 1 },
		       "{\"retcode\":0,\"retmsg\":\"\",\"data\":{},\"flag\":0,"
		       "\"batchDataList\":[{\"index\":10,\"retcode\":108,\"retmsg\":\"bad\"}],"
		       "\"singleInferenceResultMap\":{\"10\":{\"index\":10,\"retcode\":108,\"retmsg\":\"bad\"}}}");
}

static void test_hosts_rows_have_no_retmsg(void **state)
{
	const struct fsv_envelope_row row = { .index = 0, .members = FSV_STR("\"hetero_lr_0\":{\"score\":0.45}") };

	(void)state;
	expect_written(&(struct fsv_envelope){ .retmsg = FSV_STR(""), .batch = true, .rows = &row, .n_rows = 1 },
		       "{\"retcode\":0,\"retmsg\":\"\",\"caseid\":\"\",\"data\":{},\"log\":{},\"warn\":{},\"flag\":0,"
		       "\"batchDataList\":[{\"index\":0,\"retcode\":0,\"data\":{\"hetero_lr_0\":{\"score\":0.45}}}],"
		       "\"singleInferenceResultMap\":{\"0\":{\"index\":0,\"retcode\":0,\"data\":{\"hetero_lr_0\":"
		       "{\"score\":0.45}}}}}");
}

static void test_batch_error_has_empty_rows(void **state)
{
	(void)state;
	expect_written(&(struct fsv_envelope){ .retcode = 100, .retmsg = FSV_STR("x"), .batch = true },
		       "{\"retcode\":100,\"retmsg\":\"x\",\"caseid\":\"\",\"data\":{},\"log\":{},\"warn\":{},\"flag\":0,"
		       "\"batchDataList\":[],\"singleInferenceResultMap\":{}}");
}

static void test_texts_that_are_no_utf8_are_made_so(void **state)
{
	(void)state;
	expect_written(&(struct fsv_envelope){ .retcode = 2110, .retmsg = FSV_STR("a\xff\"b") },
		       "{\"retcode\":2110,\"retmsg\":\"a?\\\"b\",\"caseid\":\"\",\"data\":{},\"log\":{},\"warn\":{},\"flag\":0}");
}

/* Reading -------------------------------------------------------------------------------------------- */

static struct fsv_answer read_answer(const char *body, const int32_t *asked, size_t n)
{
	struct fsv_answer a;
	struct fsv_err err = FSV_ERR_INIT;

	if (fsv_answer_parse(fsv_str(body), asked, n, &arena, &a, &err) < 0)
		fail_msg("%s: %s", body, err.text);
	return a;
}

static void expect_str(struct fsv_str got, const char *want)
{
	assert_int_equal(got.n, strlen(want));
	assert_memory_equal(got.p ? got.p : "", want, got.n);
}

static void test_single_answers(void **state)
{
	struct fsv_answer a = read_answer("{\"retcode\":113,\"retmsg\":\"no\",\"data\":{\"a\":1},\"else\":[]}", NULL, 0);

	(void)state;
	assert_int_equal(a.retcode, 113);
	expect_str(a.retmsg, "no");
	expect_str(a.data, "{\"a\":1}");
	a = read_answer("{\"retcode\":\"605\",\"retmsg\":null}", NULL, 0);
	assert_int_equal(a.retcode, 605);
	expect_str(a.retmsg, "");
	expect_str(a.data, "{}");
	a = read_answer("{\"data\":null}", NULL, 0);
	assert_int_equal(a.retcode, 0);
	assert_int_equal(a.data.n, 0);
}

static void test_what_is_no_envelope_is_refused(void **state)
{
	static const char *const bodies[] = {
		"", "null", "[]", "\"x\"", "{", "{\"retcode\":[]}", "{\"retcode\":\"x\"}", "{\"data\":[]}", "{\"data\":5}",
		"{\"retmsg\":{}}", "{\"retcode\":0}garbage-is-fine-but-this{", "{\"batchDataList\":{}}",
		"{\"singleInferenceResultMap\":[]}", "{\"singleInferenceResultMap\":{\"x\":{}}}",
		"{\"batchDataList\":[5]}", "{\"batchDataList\":[{\"index\":\"x\"}]}", "{\"batchDataList\":[{\"data\":[]}]}",
		"{\"singleInferenceResultMap\":{\"99999999999\":{}}}",
	};
	const int32_t asked[] = { 0, 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct fsv_answer a;
		struct fsv_err err = FSV_ERR_INIT;
		int r = fsv_answer_parse(fsv_str(bodies[i]), asked, 2, &arena, &a, &err);

		if (r != (strstr(bodies[i], "garbage") ? 0 : FSV_E_RESPONSE))
			fail_msg("%s: got %d", bodies[i], r);
	}
}

static const int32_t asked[] = { -1, 3, 7 };

static void test_rows_come_from_the_map(void **state)
{
	struct fsv_answer a = read_answer(
		"{\"batchDataList\":[{\"index\":3,\"retcode\":1}],\"singleInferenceResultMap\":{"
		"\"7\":{\"index\":9,\"retcode\":113,\"data\":{\"hetero_lr_0\":{\"score\":1},\"message\":\"no feature\"}},"
		"\"-1\":{\"data\":{}},\"5\":{\"retcode\":9},\"3\":{\"data\":null}}}", asked, 3);

	(void)state;
	assert_int_equal(a.n_rows, 3);
	assert_int_equal(a.rows[0].index, -1);
	expect_str(a.rows[0].data, "{}");
	assert_int_equal(fsv_answer_row(&a, 3)->retcode, 0);
	assert_int_equal(fsv_answer_row(&a, 3)->data.n, 0);
	assert_int_equal(fsv_answer_row(&a, 7)->retcode, 113);
	expect_str(fsv_answer_row(&a, 7)->message, "no feature");
	assert_null(fsv_answer_row(&a, 5));
}

static void test_rows_come_from_the_list_when_there_is_no_map(void **state)
{
	struct fsv_answer a = read_answer("{\"batchDataList\":[{\"index\":7,\"retcode\":110,\"data\":{\"message\":5}},null,"
					  "{\"index\":3,\"data\":{\"a\":1}},{\"index\":3,\"data\":{\"a\":2}}],"
					  "\"singleInferenceResultMap\":null}", asked, 3);

	(void)state;
	assert_int_equal(a.n_rows, 2);
	expect_str(fsv_answer_row(&a, 3)->data, "{\"a\":2}");
	assert_int_equal(fsv_answer_row(&a, 7)->retcode, 110);
	expect_str(fsv_answer_row(&a, 7)->message, "");
	assert_null(fsv_answer_row(&a, -1));
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_guests_single_answer),
		TEST(test_error_before_a_model_was_found),
		TEST(test_guests_batch_answer),
		TEST(test_http_clients_get_no_nulls_and_no_inner_members),
		TEST(test_hosts_rows_have_no_retmsg),
		TEST(test_batch_error_has_empty_rows),
		TEST(test_texts_that_are_no_utf8_are_made_so),
		TEST(test_single_answers),
		TEST(test_what_is_no_envelope_is_refused),
		TEST(test_rows_come_from_the_map),
		TEST(test_rows_come_from_the_list_when_there_is_no_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
