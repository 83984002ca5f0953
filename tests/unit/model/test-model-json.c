/* SPDX-License-Identifier: Apache-2.0 */
/* Records as JSON, messages as JSON, FATE-Flow's answers, text stores: what comes and goes as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/message-json.h"
#include "model/model-json.h"
#include "model/text-store.h"
#include "plan-helper.h"

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

static struct fsv_partner partners[] = { { (char *)"10000", (char *)"t", (char *)"host#10000#<m>" } };
static struct fsv_model model = {
	.table_name = (char *)"t", .name_space = (char *)"guest#9999#a=b&'<m>", .key = (char *)"t_guest#9999#a=b&'<m>",
	.party_id = (char *)"9999", .guest = true, .timestamp = INT64_C(1597051900508), .partners = partners,
	.n_partners = 1, .resource_address = (char *)"flow:9380",
};

static void content_has_the_members_and_escapes_of_the_reference(void **state)
{
	struct fsv_str ids[] = { FSV_STR("lr-test"), FSV_STR("\xc3\xa9") };
	const struct fsv_model_listing listing = { .model = &model, .service_ids = ids, .n_service_ids = 2 };
	const double qps = 10;
	struct fsv_buf out;

	(void)state;
	fsv_buf_init(&out, &arena, 0);
	fsv_model_content(&listing, &qps, &out);
	assert_string_equal(fsv_buf_cstr(&out),
		"{\"resourceName\":\"M_t_guest#9999#a\\u003db\\u0026\\u0027\\u003cm\\u003e\",\"timestamp\":1597051900508,"
		"\"tableName\":\"t\",\"namespace\":\"guest#9999#a\\u003db\\u0026\\u0027\\u003cm\\u003e\",\"role\":\"guest\","
		"\"partId\":\"9999\",\"federationModelMap\":{\"10000\":{\"timestamp\":1597051900508,\"tableName\":\"t\","
		"\"namespace\":\"host#10000#\\u003cm\\u003e\",\"role\":\"host\",\"partId\":\"10000\",\"federationModelMap\":{},"
		"\"serviceIds\":[]}},\"serviceIds\":[\"lr-test\",\"\xc3\xa9\"],\"rolePartyMapList\":[{\"role\":\"guest\","
		"\"partId\":\"9999\"},{\"role\":\"host\",\"partId\":\"10000\"}],\"allowQps\":10.0,"
		"\"resourceAdress\":\"flow:9380\"}");
}

static void a_copied_record_reads_back_as_it_was(void **state)
{
	struct fsv_str ids[] = { FSV_STR("a"), FSV_STR("b") }, *got = NULL;
	const struct fsv_model_listing listing = { .model = &model, .service_ids = ids, .n_service_ids = 2 };
	struct fsv_stored_model record = { .n_partners = 0 };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_buf out;
	size_t n = 0;

	(void)state;
	fsv_buf_init(&out, &arena, 0);
	fsv_model_data(&listing, &out);
	assert_null(strstr(fsv_buf_cstr(&out), "rolePartyMapList"));
	assert_non_null(strstr(fsv_buf_cstr(&out), "\"10000\":{\"resourceName\":\"M_t_host#10000#<m>\""));
	if (fsv_model_data_parse(fsv_buf_str(&out), &arena, &record, &got, &n, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(fsv_str_is(record.table_name, model.table_name));
	assert_true(fsv_str_is(record.name_space, model.name_space));
	assert_true(fsv_str_is(record.role, "guest"));
	assert_true(fsv_str_is(record.party_id, "9999"));
	assert_true(fsv_str_is(record.resource_address, "flow:9380"));
	assert_true(record.timestamp == model.timestamp);
	assert_int_equal(record.n_partners, 1);
	assert_true(fsv_str_is(record.partners[0].party_id, "10000"));
	assert_true(fsv_str_is(record.partners[0].name_space, "host#10000#<m>"));
	assert_int_equal(n, 2);
	assert_true(fsv_str_is(got[1], "b"));
}

static void messages_are_printed_as_java_prints_them(void **state)
{
	static const struct weight weights[] = { { "b", 0.5 }, { "a", 0 }, { NULL, 0 } };
	struct fsv_model_node *nodes = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	struct test_model m;
	size_t n = 0;

	(void)state;
	model_init(&m);
	model_add_dsl(&m, DSL_LR("Guest"));
	model_add_lr(&m, "lr_0", weights, 1e-5);
	if (fsv_model_nodes(&m.package, &arena, &nodes, &n, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(n, 1);
	assert_true(fsv_str_is(nodes[0].name, "lr_0"));
	assert_true(fsv_str_starts(nodes[0].params, FSV_STR("{\n  \"weight\": {\n    \"b\": 0.5,\n    \"a\": 0.0\n  },\n  "
							     "\"intercept\": 1.0E-5")));
	assert_true(fsv_str_ends(nodes[0].params, FSV_STR("\n}")));
	model_done(&m);
}

static void flow_s_answers_tell_who_is_at_fault(void **state)
{
	static const struct {
		const char *json;
		int code;
		const char *words;
	} cases[] = {
		{ "{\"retcode\":0,\"data\":{\"a\":\"AA==\"}}", 0, "" }, { "{\"data\":{\"a\":\"AA==\"}}", 0, "" },
		{ "{\"retcode\":null,\"data\":{\"a\":\"AA==\"}}", 0, "" },
		{ "{\"retmsg\": \"model not found\", \"retcode\": 404}", FSV_E_MODEL_NULL, "404: model not found" },
		{ "{\"retcode\":0,\"data\":{}}", FSV_E_MODEL_NULL, "no data" }, { "{\"retcode\":0}", FSV_E_MODEL_NULL, "no data" },
		{ "{\"retcode\":\"0\",\"data\":{\"a\":\"AA==\"}}", FSV_E_SYNTAX, "no answer of FATE-Flow" },
		{ "<html>", FSV_E_SYNTAX, "line 1" }, { "", FSV_E_SYNTAX, "" },
		{ "{\"retcode\":0,\"data\":{\"a\":\"?\"}}", FSV_E_SYNTAX, "base64" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_package package = { .n = 0 };
		struct fsv_err err = FSV_ERR_INIT;
		int r = fsv_package_parse_flow(fsv_str(cases[i].json), &arena, &package, &err);

		if (r != cases[i].code || !strstr(err.text, cases[i].words))
			fail_msg("%s: %d %s", cases[i].json, r, err.text);
	}
}

static void text_stores_keep_the_last_of_a_key_and_go_by_time(void **state)
{
	static const char text[] = "# a remark\n$1$b=Ag==:20\r\n$1$a=AQ==:30\n\n$1$c=Aw==\n$1$a=BA==:10\n=AA==\nx=?\ny=AA==:soon\n";
	struct fsv_text_store_line *lines = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	unsigned skipped = 0;
	size_t n = 0;

	(void)state;
	assert_int_equal(fsv_text_store_parse(fsv_str(text), &arena, &lines, &n, &skipped, &err), 0);
	assert_int_equal(n, 3);
	assert_int_equal(skipped, 4);
	assert_true(fsv_str_is(lines[0].request, "\3"));	/* its line's number is 5 */
	assert_true(lines[0].time == 5);
	assert_true(fsv_str_is(lines[1].request, "\4"));
	assert_true(fsv_str_is(lines[2].request, "\2"));
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(content_has_the_members_and_escapes_of_the_reference),
		TEST(a_copied_record_reads_back_as_it_was),
		TEST(messages_are_printed_as_java_prints_them),
		TEST(flow_s_answers_tell_who_is_at_fault),
		TEST(text_stores_keep_the_last_of_a_key_and_go_by_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
