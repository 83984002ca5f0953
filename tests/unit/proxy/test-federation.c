/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/time.h"
#include "../../../daemons/proxy/federation.h"

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

static const char *flat(const char *body)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_federation f;
	struct fsv_buf out;

	if (fsv_federation_read(fsv_str(body), &arena, &f, &err) < 0)
		return NULL;
	fsv_buf_init(&out, &arena, 0);
	if (fsv_federation_write(&f, FSV_STR("ID"), &arena, &out, &err) < 0)
		return NULL;
	return fsv_buf_cstr(&out);
}

#define IDS "\"caseid\":\"ID\",\"caseId\":\"ID\""

static void flattens_head_and_body(void **state)
{
	static const struct {
		const char *body, *flat;
	} cases[] = {
		{ "{}", "{" IDS "}" },
		{ "{\"x\":{\"y\":1}}", "{" IDS "}" },
		{ "{\"head\":{\"serviceId\":\"lr\"},\"body\":{\"featureData\":{\"a\":1}}}",
		  "{" IDS ",\"serviceId\":\"lr\",\"featureData\":{\"a\":1}}" },
		{ "{\"body\":{\"a\":1},\"head\":{\"b\":2}}", "{" IDS ",\"b\":2,\"a\":1}" },
		{ "{\"head\":{\"a\":1,\"b\":2},\"body\":{\"a\":3}}", "{" IDS ",\"a\":3,\"b\":2}" },
		{ "{\"head\":{\"a\":1},\"head\":{\"b\":2}}", "{" IDS ",\"b\":2}" },
		{ "{\"head\":{\"a\":1,\"a\":2,\"a\":3}}", "{" IDS ",\"a\":3}" },
		{ "{\"head\":{\"a\":null,\"b\":{\"c\":null,\"d\":[null,1]}}}", "{" IDS ",\"b\":{\"d\":[null,1]}}" },
		{ "{\"head\":{\"a\":1},\"body\":{\"a\":null}}", "{" IDS "}" },
		/* What means the same goes on as it came; nulls and numbers that may be beyond a double do not. */
		{ "{\"body\":{\"a\":1e-5,\"b\":0.10,\"c\":-0,\"d\":12345678901234567890,\"e\":1e999,\"f\":{\"g\":[1.50, null]}}}",
		  "{" IDS ",\"a\":1.0E-5,\"b\":0.10,\"c\":-0,\"d\":12345678901234567890,\"e\":\"Infinity\",\"f\":{\"g\":[1.5,null]}}" },
		{ "{\"body\":{\"a\":\"\\u0041\\/\",\"\\u0062\":\"x\"}}", "{" IDS ",\"a\":\"\\u0041\\/\",\"b\":\"x\"}" },
		{ "{\"body\":{\"a\":{\"b\":1,\"b\":2}}}", "{" IDS ",\"a\":{\"b\":1,\"b\":2}}" },
		{ "{\"body\":{\"a\":{\"b\":1,\"b\":2,\"c\":null}}}", "{" IDS ",\"a\":{\"b\":2}}" },
		{ "{\"head\":{\"a\":1},\"body\":{\"a\":{\"x\":null}}}", "{" IDS ",\"a\":{}}" },
		{ "{\"body\":{\"b\":1,\"\\u0062\":2}}", "{" IDS ",\"b\":2}" },
		{ "{\"head\":{\"caseid\":\"own\"}}", "{\"caseId\":\"ID\",\"caseid\":\"own\"}" },
		{ "{\"head\":{\"caseId\":\"own\"},\"body\":{\"caseid\":\"2\"}}", "{\"caseId\":\"own\",\"caseid\":\"2\"}" },
		{ "{\"head\":{\"caseid\":null}}", "{" IDS "}" },
		{ " {\"head\" : {\"a\" : [ 1 , 2 ] } } trailing", "{" IDS ",\"a\":[ 1 , 2 ]}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = flat(cases[i].body);

		if (!got || strcmp(got, cases[i].flat) != 0)
			fail_msg("%s\n got: %s\nwant: %s", cases[i].body, got ? got : "(refused)", cases[i].flat);
	}
}

static void refuses_what_is_no_request(void **state)
{
	static const char *const bodies[] = {
		"[]", "null", "\"x\"", "5", "   ", "{\"head\":", "{'head':{}}", "{\"head\":null}", "{\"head\":[]}",
		"{\"body\":\"x\"}", "{\"body\":5}", "{\"head\":{\"appid\":9999}}", "{\"head\":{\"appid\":{}}}",
		"\xef\xbb\xbf{}", "{\"head\":{\"a\":\"\x01\"}}", "{\"head\":{\"a\":1,}}", "{\"x\":[}",
		"{\"head\":{\"a\":01}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		if (flat(bodies[i]))
			fail_msg("accepted: %s", bodies[i]);
}

static void tells_what_routing_and_log_need(void **state)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_federation f;

	(void)state;
	assert_int_equal(fsv_federation_read(fsv_str("{\"head\":{\"caseid\":\"c\\u0031\",\"serviceId\":\"s\",\"appid\":null},"
						     "\"body\":null}"), &arena, &f, &err), 0);
	assert_true(fsv_str_is(f.case_id, "c1"));
	assert_true(fsv_str_is(f.service_id, "s"));
	assert_true(f.body_null);
	assert_int_equal(fsv_federation_read(fsv_str("{\"head\":{\"caseId\":\"c2\",\"serviceId\":5,\"appid\":\"1\"}}"), &arena, &f,
					     &err), 0);
	assert_true(fsv_str_is(f.case_id, "c2"));
	assert_int_equal(f.service_id.n, 0);
	assert_false(f.body_null);
}

static void many_members_take_linear_time(void **state)
{
	enum { N = 100000 };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_federation f;
	struct fsv_buf in, out;
	int64_t began;

	(void)state;
	fsv_buf_init(&in, &arena, 0);
	fsv_buf_init(&out, &arena, 0);
	fsv_buf_puts(&in, "{\"head\":{\"k5\":\"first\"},\"body\":{");
	for (unsigned i = 0; i < N; i++)
		fsv_buf_printf(&in, "%s\"k%u\":%u", i ? "," : "", i, i);
	fsv_buf_puts(&in, "}}");
	began = fsv_now_ns();
	assert_int_equal(fsv_federation_read(fsv_buf_str(&in), &arena, &f, &err), 0);
	assert_int_equal(f.n, N + 1);
	assert_int_equal(fsv_federation_write(&f, FSV_STR("ID"), &arena, &out, &err), 0);
	/* Quadratic work would be 10^10 comparisons: minutes, not seconds. */
	assert_true(fsv_now_ns() - began < 20 * FSV_S);
	assert_non_null(strstr(fsv_buf_cstr(&out), "{" IDS ",\"k5\":5,\"k0\":0,"));
	assert_null(strstr(fsv_buf_cstr(&out), "first"));
}

static void answers_lose_what_is_not_for_the_client(void **state)
{
	static const struct {
		const char *answer, *client;
	} cases[] = {
		{ "", "{}" },
		{ "{}", "{}" },
		{ "not json", "" },
		{ "[1]", "" },
		{ "{\"a\":", "" },
		{ "{\"retcode\":0,\"retmsg\":\"\",\"caseid\":\"x\",\"data\":{\"score\":0.53},\"log\":{},\"warn\":{},\"flag\":0}",
		  "{\"retcode\":0,\"retmsg\":\"\",\"data\":{\"score\":0.53},\"flag\":0}" },
		{ "{\"log\":{\"a\":\"b\"},\"retcode\":104,\"retmsg\":\"no \\\"model\\\"\"}",
		  "{\"retcode\":104,\"retmsg\":\"no \\\"model\\\"\"}" },
		{ "{\"data\":{\"log\":1,\"warn\":2,\"caseid\":3}}", "{\"data\":{\"log\":1,\"warn\":2,\"caseid\":3}}" },
		{ "{\"a\":null,\"b\":{\"c\":null,\"d\":[null]}}", "{\"b\":{\"d\":[null]}}" },
		{ "{ \"a\" : 1e-5 }", "{\"a\":1.0E-5}" },
		{ "{\"a\":{\"b\" :\"\\u0041\"},\"log\":null}", "{\"a\":{\"b\":\"A\"}}" },
		{ "{\"retcode\":0,\"data\":{ \"a\":}}", "" },
		{ "{\"retmsg\":\"null\",\"x\":true}", "{\"retmsg\":\"null\",\"x\":true}" },
		{ "{\"data\":{\"s\":1.0E-5},\"batchDataList\":[{\"index\":0,\"log\":1}]}",
		  "{\"data\":{\"s\":1.0E-5},\"batchDataList\":[{\"index\":0,\"log\":1}]}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_buf out;

		fsv_buf_init(&out, &arena, 0);
		fsv_federation_answer(fsv_str(cases[i].answer), &arena, &out);
		if (strcmp(fsv_buf_cstr(&out), cases[i].client) != 0)
			fail_msg("%s\n got: %s\nwant: %s", cases[i].answer, fsv_buf_cstr(&out), cases[i].client);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(flattens_head_and_body, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_what_is_no_request, setup, teardown),
		cmocka_unit_test_setup_teardown(tells_what_routing_and_log_need, setup, teardown),
		cmocka_unit_test_setup_teardown(many_members_take_linear_time, setup, teardown),
		cmocka_unit_test_setup_teardown(answers_lose_what_is_not_for_the_client, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
