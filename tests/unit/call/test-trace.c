/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "call/trace.h"

#define PARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static struct fsv_arena arena;

static struct fsv_trace start(const char *case_id, const char *traceparent, const char *hops)
{
	return fsv_trace_start(&arena, fsv_str(case_id), fsv_str(traceparent), fsv_str(hops));
}

static void case_id_is_kept_or_made(void **state)
{
	char longer[FSV_CASE_ID_MAX + 10];
	struct fsv_trace a, b;

	(void)state;
	assert_string_equal(start("my case 1", NULL, NULL).case_id.p, "my case 1");
	a = start(NULL, NULL, NULL);
	b = start("  ", NULL, NULL);
	assert_int_equal(a.case_id.n, 32);
	assert_int_equal(strspn(a.case_id.p, "0123456789abcdef"), 32);
	assert_int_equal(b.case_id.n, 32);
	assert_string_not_equal(a.case_id.p, b.case_id.p);
	assert_int_equal(start("a\nb", NULL, NULL).case_id.n, 32);
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(start(longer, NULL, NULL).case_id.n, FSV_CASE_ID_MAX);
}

static void traceparent_keeps_trace_and_gets_a_new_span(void **state)
{
	struct fsv_trace t = start(NULL, PARENT, NULL);

	(void)state;
	assert_int_equal(t.traceparent.n, 55);
	assert_memory_equal(t.traceparent.p, PARENT, 36);
	assert_memory_not_equal(t.traceparent.p + 36, &PARENT[36], 16);
	assert_memory_equal(t.traceparent.p + 52, "-01", 3);
}

static void malformed_traceparents_start_a_new_trace(void **state)
{
	static const char *const bad[] = {
		"", "00", "ff" PARENT, "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g", PARENT "-x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fsv_trace t = start(NULL, bad[i], NULL);

		assert_int_equal(t.traceparent.n, 55);
		assert_memory_not_equal(t.traceparent.p + 3, "4bf92f3577b34da6a3ce929d0e0e4736", 32);
		assert_memory_equal(t.traceparent.p + 52, "-00", 3);
	}
}

static void the_callers_span_is_the_parent(void **state)
{
	(void)state;
	assert_string_equal(start(NULL, PARENT, NULL).parent_id, "00f067aa0ba902b7");
	assert_string_equal(start(NULL, NULL, NULL).parent_id, "");
	assert_string_equal(start(NULL, "nonsense", NULL).parent_id, "");
}

/* Its random bits are a third of the way up. */
#define UNASKED "00-4bf92f3577b34da6a355555555555555-00f067aa0ba902b7-00"

static void the_trace_id_and_the_caller_choose_what_is_sampled(void **state)
{
	struct fsv_trace t;

	(void)state;
	assert_false(start(NULL, PARENT, NULL).sampled);
	fsv_trace_sample(0);
	assert_true(start(NULL, PARENT, NULL).sampled);
	assert_false(start(NULL, UNASKED, NULL).sampled);
	fsv_trace_sample(0.33);
	t = start(NULL, UNASKED, NULL);
	assert_false(t.sampled);
	assert_memory_equal(t.traceparent.p + 52, "-00", 3);
	fsv_trace_sample(0.34);
	t = start(NULL, UNASKED, NULL);
	assert_true(t.sampled);
	assert_memory_equal(t.traceparent.p + 52, "-01", 3);
	fsv_trace_sample(1);
	for (int i = 0; i < 1000; i++)
		assert_true(start(NULL, NULL, NULL).sampled);
	fsv_trace_sample_none();
	assert_false(start(NULL, PARENT, NULL).sampled);
}

static void hops_count_and_nonsense_hits_the_bound(void **state)
{
	(void)state;
	assert_int_equal(start(NULL, NULL, NULL).hops, 0);
	assert_int_equal(start(NULL, NULL, "3").hops, 3);
	assert_int_equal(start(NULL, NULL, "-1").hops, FSV_HOPS_MAX);
	assert_int_equal(start(NULL, NULL, "99999999999999999999").hops, FSV_HOPS_MAX);
	assert_int_equal(start(NULL, NULL, "x").hops, FSV_HOPS_MAX);
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(case_id_is_kept_or_made),
		cmocka_unit_test(traceparent_keeps_trace_and_gets_a_new_span),
		cmocka_unit_test(malformed_traceparents_start_a_new_trace),
		cmocka_unit_test(the_callers_span_is_the_parent),
		cmocka_unit_test(the_trace_id_and_the_caller_choose_what_is_sampled),
		cmocka_unit_test(hops_count_and_nonsense_hits_the_bound),
	};

	return cmocka_run_group_tests(tests, open_arena, drop_arena);
}
