/* SPDX-License-Identifier: Apache-2.0 */
/* Flow control: the rules file, the sliding window, and threads that ask at the same time. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/thread.h"
#include "call/flow.h"

static struct fsv_flow *parse(const char *json, unsigned want_skipped)
{
	struct fsv_flow *flow = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	unsigned skipped;

	if (fsv_flow_parse(fsv_str(json), &flow, &skipped, &err) < 0)
		fail_msg("%s: %s", json, err.text);
	assert_int_equal(skipped, want_skipped);
	return flow;
}

static void parse_none(const char *json)
{
	struct fsv_flow *flow = parse(json, 1);

	assert_int_equal(flow->rules.n, 0);
	fsv_ref_put(&flow->ref);
}

static void test_rules_are_read(void **state)
{
	struct fsv_flow *flow = parse("[{\"source\":\"I_a\",\"allow_qps\":2.5},{\"source\":\"I_b\",\"allow_qps\":\"7\"},"
				      "{\"source\":\"I_a\",\"allow_qps\":3},{\"source\":5,\"allow_qps\":1},"
				      "{\"source\":\"I_c\"},{\"source\":\"I_d\",\"allow_qps\":\"NaN\"},7]", 4);

	(void)state;
	assert_true(fsv_flow_rule(flow, FSV_STR("I_a"))->allowed == 3);
	assert_true(fsv_flow_rule(flow, FSV_STR("I_b"))->allowed == 7);
	assert_null(fsv_flow_rule(flow, FSV_STR("I_c")));
	assert_false(flow->has_models);
	fsv_ref_put(&flow->ref);
	flow = parse("[{\"source\":\"M_1_guest\",\"allow_qps\":0}]", 0);
	assert_true(flow->has_models);
	fsv_ref_put(&flow->ref);
}

static void test_what_is_no_list_is_refused(void **state)
{
	static const char *const texts[] = { "", "{}", "null", "[", "[{\"source\":}]" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct fsv_flow *flow;
		struct fsv_err err = FSV_ERR_INIT;
		unsigned skipped;

		assert_int_equal(fsv_flow_parse(fsv_str(texts[i]), &flow, &skipped, &err), FSV_E_SYNTAX);
	}
}

static void test_the_window_slides_by_tenths(void **state)
{
	struct fsv_flow_rule rule = { .allowed = 3 };
	int64_t t = INT64_C(1795413729800);

	(void)state;
	assert_true(fsv_flow_admit(&rule, 2, t));
	assert_false(fsv_flow_admit(&rule, 2, t + 99));
	assert_true(fsv_flow_admit(&rule, 1, t + 500));
	assert_false(fsv_flow_admit(&rule, 1, t + 999));
	assert_true(fsv_flow_admit(&rule, 2, t + 1000));	/* the first two are out of it */
	assert_false(fsv_flow_admit(&rule, 1, t + 1499));
	assert_true(fsv_flow_admit(&rule, 1, t + 1500));
	assert_true(fsv_flow_admit(&rule, 3, t + 100000));
}

static void test_zero_negative_and_fractional_rates(void **state)
{
	struct fsv_flow_rule none = { .allowed = 0 }, less = { .allowed = -1 }, half = { .allowed = 2.5 };

	(void)state;
	assert_false(fsv_flow_admit(&none, 1, 1000));
	assert_false(fsv_flow_admit(&less, 1, 1000));
	assert_true(fsv_flow_admit(&half, 2, 1000));
	assert_false(fsv_flow_admit(&half, 1, 1000));
	assert_true(fsv_flow_admit(NULL, 1000000, 1000));
}

static void test_less_than_one_a_second(void **state)
{
	struct fsv_flow_rule rule = { .allowed = 0.25 }, never = { .allowed = 1e-300 };
	int64_t t = INT64_C(1795413729800);

	(void)state;
	assert_false(fsv_flow_admit(&rule, 2, t));	/* more at once than ever */
	assert_true(fsv_flow_admit(&rule, 1, t));
	assert_false(fsv_flow_admit(&rule, 1, t + 3999));
	assert_true(fsv_flow_admit(&rule, 1, t + 4000));
	assert_false(fsv_flow_admit(&rule, 1, t + 7999));
	assert_true(fsv_flow_admit(&rule, 1, t - 100000));	/* the clock was set back */
	assert_false(fsv_flow_admit(&rule, 1, t - 99999));
	assert_false(fsv_flow_admit(&never, 1, t));
}

static void test_a_negative_or_infinite_rate_ends_a_rule(void **state)
{
	struct fsv_flow *flow = parse("[{\"source\":\"M_b\",\"allow_qps\":1},{\"source\":\"I_a\",\"allow_qps\":3}]", 0), *next;
	struct fsv_err err = FSV_ERR_INIT;

	(void)state;
	/* Also when there are as many as there may be, or more. */
	assert_int_equal(fsv_flow_with(flow, FSV_STR("I_a"), -1, 1, &next, &err), 0);
	assert_null(fsv_flow_rule(next, FSV_STR("I_a")));
	assert_non_null(fsv_flow_rule(next, FSV_STR("M_b")));
	fsv_ref_put(&flow->ref);
	assert_int_equal(fsv_flow_with(next, FSV_STR("M_b"), 1 / 0.0, 1, &flow, &err), 0);
	assert_int_equal(flow->rules.n, 0);
	assert_false(flow->has_models);
	fsv_ref_put(&next->ref);
	assert_int_equal(fsv_flow_with(flow, FSV_STR("never was"), -0.5, 1, &next, &err), 0);
	assert_int_equal(next->rules.n, 0);
	fsv_ref_put(&flow->ref);
	fsv_ref_put(&next->ref);
	parse_none("[{\"source\":\"I_a\",\"allow_qps\":-1}]");
}

enum { THREADS = 4, TRIES = 20000, ALLOWED = 12345 };
static struct fsv_flow_rule shared = { .allowed = ALLOWED };
static _Atomic unsigned admitted;

static void *admit_many(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < TRIES; i++)
		if (fsv_flow_admit(&shared, 1, 5000))
			atomic_fetch_add(&admitted, 1);
	return NULL;
}

static void test_admission_is_exact_under_contention(void **state)
{
	pthread_t threads[THREADS];
	struct fsv_err err;

	(void)state;
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(fsv_thread_start(&threads[i], "admit", admit_many, NULL, &err), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(admitted, ALLOWED);
}

static void test_a_changed_rule_keeps_what_was_admitted(void **state)
{
	struct fsv_flow *flow = parse("[{\"source\":\"M_b\",\"allow_qps\":1},{\"source\":\"I_a\",\"allow_qps\":3}]", 0), *next;
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_buf text;

	(void)state;
	assert_true(fsv_flow_admit(fsv_flow_rule(flow, FSV_STR("I_a")), 2, 1000000));
	assert_int_equal(fsv_flow_with(flow, FSV_STR("I_a"), 4, 2, &next, &err), 0);
	fsv_ref_put(&flow->ref);
	assert_false(fsv_flow_admit(fsv_flow_rule(next, FSV_STR("I_a")), 3, 1000000));
	assert_true(fsv_flow_admit(fsv_flow_rule(next, FSV_STR("I_a")), 2, 1000000));
	assert_true(next->has_models);
	/* As many as there may be: a new one is refused, and named the key. */
	assert_int_equal(fsv_flow_with(next, FSV_STR("I_new"), 1, 2, &flow, &err), FSV_E_LIMIT);
	assert_non_null(strstr(err.text, "flow.max.rules"));
	fsv_buf_init(&text, NULL, 0);
	fsv_flow_format(next, &text);
	assert_string_equal(fsv_buf_cstr(&text),
			    "[{\"source\":\"I_a\",\"allow_qps\":4.0},{\"source\":\"M_b\",\"allow_qps\":1.0}]");
	fsv_buf_done(&text);
	fsv_ref_put(&next->ref);
	/* Without any rules before. */
	assert_int_equal(fsv_flow_with(NULL, FSV_STR("I_a"), 1, 2, &next, &err), 0);
	assert_non_null(fsv_flow_rule(next, FSV_STR("I_a")));
	fsv_ref_put(&next->ref);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules_are_read),
		cmocka_unit_test(test_what_is_no_list_is_refused),
		cmocka_unit_test(test_the_window_slides_by_tenths),
		cmocka_unit_test(test_zero_negative_and_fractional_rates),
		cmocka_unit_test(test_less_than_one_a_second),
		cmocka_unit_test(test_a_negative_or_infinite_rate_ends_a_rule),
		cmocka_unit_test(test_admission_is_exact_under_contention),
		cmocka_unit_test(test_a_changed_rule_keeps_what_was_admitted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
