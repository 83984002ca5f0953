/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/metrics.h"

FSV_METRIC(plain, FSV_COUNTER, "test_plain_total", "", "Has no labels.");
FSV_METRIC(labelled, FSV_COUNTER, "test_labelled_total", "party,code", "Has two labels.");
FSV_METRIC(crowd, FSV_COUNTER, "test_crowd_total", "who", "Has more series than are kept.");
FSV_METRIC(level, FSV_GAUGE, "test_level", "side", "Goes up and down.");
FSV_METRIC(took, FSV_LATENCY, "test_took_seconds", "what", "Takes time.");
FSV_METRIC(state, FSV_GAUGE, "test_state", "name", "Is asked for.");
FSV_METRIC(race, FSV_COUNTER, "test_race_total", "who", "Counted by several threads.");

static bool has(const char *line)
{
	struct fsv_buf page;
	bool found;

	fsv_buf_init(&page, NULL, 0);
	fsv_metrics_write(&page);
	found = strstr(fsv_buf_cstr(&page), line) != NULL;
	if (!found)
		print_message("no line \"%s\" in:\n%s\n", line, fsv_buf_cstr(&page));
	fsv_buf_done(&page);
	return found;
}

static size_t lines_with(const char *word)
{
	struct fsv_buf page;
	size_t n = 0;

	fsv_buf_init(&page, NULL, 0);
	fsv_metrics_write(&page);
	for (const char *p = fsv_buf_cstr(&page); (p = strstr(p, word)) != NULL; p++)
		n++;
	fsv_buf_done(&page);
	return n;
}

static void counters(void **arg)
{
	(void)arg;
	assert_true(has("# HELP test_plain_total Has no labels.\n# TYPE test_plain_total counter\ntest_plain_total 0\n"));
	fsv_metric_count(&plain);
	fsv_metric_add(&plain, 41);
	assert_true(has("\ntest_plain_total 42\n"));
	fsv_metric_count(&labelled, "10000", "0");
	fsv_metric_count(&labelled, "10000", "0");
	fsv_metric_count(&labelled, "1000", "00");	/* not the same as above */
	assert_true(has("\ntest_labelled_total{party=\"10000\",code=\"0\"} 2\n"));
	assert_true(has("\ntest_labelled_total{party=\"1000\",code=\"00\"} 1\n"));
	fsv_metric_count(&labelled, "few");
	assert_true(has("\ntest_labelled_total{party=\"few\",code=\"\"} 1\n"));
}

static void odd_values(void **arg)
{
	char longer[300];

	(void)arg;
	fsv_metric_count(&labelled, "say \"hi\"\\", "a\nb");
	assert_true(has("\ntest_labelled_total{party=\"say \\\"hi\\\"\\\\\",code=\"a?b\"} 1\n"));
	fsv_metric_count(&labelled, "\xff\xfe", "\xc3\xa4");
	assert_true(has("\ntest_labelled_total{party=\"\?\?\",code=\"\xc3\xa4\"} 1\n"));
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	fsv_metric_count(&labelled, longer, "long");
	longer[128] = '\0';
	assert_true(has(longer));
	longer[127] = '\0';
	fsv_metric_count(&labelled, longer, "long");
	assert_true(has("\",code=\"long\"} 1\n"));
}

static void gauges(void **arg)
{
	(void)arg;
	fsv_metric_add(&level, 5, "left");
	fsv_metric_add(&level, -7, "left");
	assert_true(has("# TYPE test_level gauge\ntest_level{side=\"left\"} -2\n"));
}

static void latencies(void **arg)
{
	(void)arg;
	fsv_metric_observe(&took, 0, "x");
	fsv_metric_observe(&took, 100000, "x");		/* a bound belongs to its bucket */
	fsv_metric_observe(&took, 100001, "x");
	fsv_metric_observe(&took, 3000000, "x");
	fsv_metric_observe(&took, INT64_C(60000000000), "x");
	fsv_metric_observe(&took, -5, "x");		/* a clock that went back */
	assert_true(has("\ntest_took_seconds_bucket{what=\"x\",le=\"0.0001\"} 3\n"
			"test_took_seconds_bucket{what=\"x\",le=\"0.00025\"} 4\n"));
	assert_true(has("\ntest_took_seconds_bucket{what=\"x\",le=\"0.005\"} 5\n"));
	assert_true(has("\ntest_took_seconds_bucket{what=\"x\",le=\"+Inf\"} 6\n"
			"test_took_seconds_sum{what=\"x\"} 60.003200001\ntest_took_seconds_count{what=\"x\"} 6\n"));
}

static void bounded(void **arg)
{
	char text[24];

	(void)arg;
	for (int i = 0; i < 1000; i++)
		fsv_metric_count(&crowd, fsv_metric_number(i, text));
	assert_int_equal(lines_with("\ntest_crowd_total{"), FSV_METRIC_SERIES + 1);
	assert_true(has("\ntest_crowd_total{who=\"other\"} 744\n"));
	fsv_metric_count(&crowd, "3");		/* one that has its own goes on */
	assert_true(has("\ntest_crowd_total{who=\"3\"} 2\n"));
}

static void tell_state(struct fsv_metric *metric, struct fsv_metric_out *out, void *arg)
{
	assert_ptr_equal(metric, &state);
	fsv_metric_value(out, *(double *)arg, "door");
	fsv_metric_value(out, 1e15, "count");
}

static void states(void **arg)
{
	double value = 0.5, other = 1;

	(void)arg;
	fsv_metric_watch(&state, tell_state, &value);
	assert_true(has("\ntest_state{name=\"door\"} 0.5\ntest_state{name=\"count\"} 1e+15\n"));
	fsv_metric_unwatch(&state, &other);	/* not its own */
	assert_int_equal(lines_with("\ntest_state{"), 2);
	fsv_metric_unwatch(&state, &value);
	assert_int_equal(lines_with("\ntest_state{"), 0);
}

enum { THREADS = 12, TIMES = 20000 };

static void *count_all(void *arg)
{
	char text[24];

	(void)arg;
	for (int i = 0; i < TIMES; i++)
		fsv_metric_count(&race, fsv_metric_number(i % 50, text));
	return NULL;
}

static void threads(void **arg)
{
	pthread_t t[THREADS];

	(void)arg;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, count_all, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(lines_with("\ntest_race_total{"), 50);
	assert_int_equal(lines_with("\"} 4800\n"), 50);
}

static void manual(void **arg)
{
	struct fsv_buf text;

	(void)arg;
	fsv_buf_init(&text, NULL, 0);
	fsv_metrics_man(&text);
	assert_non_null(strstr(fsv_buf_cstr(&text), ".It Va test_labelled_total\n.Pq counter\nLabels: party,code.\n"
			       "Has two labels.\n"));
	fsv_buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters), cmocka_unit_test(odd_values), cmocka_unit_test(gauges),
		cmocka_unit_test(latencies), cmocka_unit_test(bounded), cmocka_unit_test(states),
		cmocka_unit_test(threads), cmocka_unit_test(manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
