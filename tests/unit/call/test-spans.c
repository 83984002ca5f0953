/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "base/thread.h"
#include "base/time.h"
#include "call/span-json.h"
#include "call/spans.h"
#include "call/trace.h"

#define PARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

enum { PUTTERS = 4, PUTS = 20000, PLACES = 7 };

static const struct fsv_conf_key keys[] = { FSV_SPANS_KEYS };
static const struct fsv_conf_schema schema = { .daemon = "test", .file = "test.yaml", .keys = keys, .n_keys = 3 };

static struct fsv_span_record record(const char *case_id, int64_t retcode)
{
	struct fsv_span_record r = {
		.root = true, .hop = "http", .name = "inference", .start_ns = INT64_C(1700000000123456789),
		.end_ns = INT64_C(1700000000987654321), .retcode = retcode, .case_len = strlen(case_id),
	};

	memcpy(r.trace_id, &PARENT[3], 32);
	memcpy(r.span_id, "0102030405060708", 16);
	memcpy(r.case_id, case_id, r.case_len);
	return r;
}

static const char *encode(struct fsv_buf *out, const struct fsv_span_record *records, size_t n)
{
	static const struct fsv_span_source source = { "fate-serving-proxy", "box:7" };
	struct fsv_jsonw w;

	fsv_buf_init(out, NULL, 0);
	fsv_jsonw_init(&w, out);
	fsv_spans_json_begin(&w, &source);
	for (size_t i = 0; i < n; i++)
		fsv_spans_json_span(&w, &records[i]);
	fsv_spans_json_end(&w);
	return fsv_buf_cstr(out);
}

#define HEAD \
	"{\"resourceSpans\":[{\"resource\":{\"attributes\":[" \
	"{\"key\":\"service.name\",\"value\":{\"stringValue\":\"fate-serving-proxy\"}}," \
	"{\"key\":\"service.version\",\"value\":{\"stringValue\":\"" FSV_VERSION "\"}}," \
	"{\"key\":\"service.instance.id\",\"value\":{\"stringValue\":\"box:7\"}}]},\"scopeSpans\":[{\"spans\":["
#define TIMES "\"kind\":2,\"startTimeUnixNano\":\"1700000000123456789\",\"endTimeUnixNano\":\"1700000000987654321\""

static void messages_are_what_the_standard_wants(void **state)
{
	struct fsv_span_record r[2] = { record("a \"b\"", 0), record("c", 605) };
	struct fsv_buf out;

	(void)state;
	r[1].root = false;
	memcpy(r[1].parent_id, "1112131415161718", 16);
	memcpy(r[1].service_id, "svc", r[1].service_len = 3);
	memcpy(r[1].party_id, "10000", r[1].party_len = 5);
	assert_string_equal(encode(&out, r, 2), HEAD
		"{\"traceId\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"spanId\":\"0102030405060708\",\"name\":\"inference\"," TIMES
		",\"attributes\":[{\"key\":\"fate.hop\",\"value\":{\"stringValue\":\"http\"}},"
		"{\"key\":\"fate.case_id\",\"value\":{\"stringValue\":\"a \\\"b\\\"\"}},"
		"{\"key\":\"fate.retcode\",\"value\":{\"intValue\":\"0\"}}],\"status\":{}},"
		"{\"traceId\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"spanId\":\"0102030405060708\","
		"\"parentSpanId\":\"1112131415161718\",\"name\":\"inference\"," TIMES
		",\"attributes\":[{\"key\":\"fate.hop\",\"value\":{\"stringValue\":\"http\"}},"
		"{\"key\":\"fate.case_id\",\"value\":{\"stringValue\":\"c\"}},"
		"{\"key\":\"fate.service_id\",\"value\":{\"stringValue\":\"svc\"}},"
		"{\"key\":\"fate.party_id\",\"value\":{\"stringValue\":\"10000\"}},"
		"{\"key\":\"fate.retcode\",\"value\":{\"intValue\":\"605\"}}],\"status\":{\"code\":2}}"
		"]}]}]}");
	fsv_buf_done(&out);
}

static void a_full_queue_refuses_and_keeps_the_order(void **state)
{
	struct fsv_span_queue *q = fsv_span_queue_new(PLACES);
	struct fsv_span_record r = record("x", 0);

	(void)state;
	assert_false(fsv_span_queue_take(q, &r));
	for (int round = 0; round < 5; round++) {
		for (r.retcode = 0; r.retcode < PLACES; r.retcode++)
			assert_true(fsv_span_queue_put(q, &r));
		assert_false(fsv_span_queue_put(q, &r));
		for (int i = 0; i < PLACES - round; i++) {
			assert_true(fsv_span_queue_take(q, &r));
			assert_int_equal(r.retcode, i);
		}
		while (fsv_span_queue_take(q, &r))
			;
	}
	fsv_span_queue_free(q);
}

static struct fsv_span_queue *shared;
static _Atomic uint64_t put_count, putters_left;

static void *put_many(void *arg)
{
	struct fsv_span_record r = record("x", 0);
	uint64_t put = 0;

	r.start_ns = (int64_t)(intptr_t)arg;
	for (r.end_ns = 0; r.end_ns < PUTS; r.end_ns++) {
		memset(r.case_id, 'a' + (int)(r.end_ns % 26), sizeof(r.case_id));
		put += fsv_span_queue_put(shared, &r);
	}
	atomic_fetch_add(&put_count, put);
	atomic_fetch_sub(&putters_left, 1);
	return NULL;
}

static void check_taken(const struct fsv_span_record *r, int64_t *newest)
{
	assert_true(r->end_ns > newest[r->start_ns]);
	newest[r->start_ns] = r->end_ns;
	assert_int_equal(r->case_id[0], 'a' + r->end_ns % 26);
	assert_memory_equal(r->case_id, r->case_id + 1, sizeof(r->case_id) - 1);
}

static void every_span_put_by_any_thread_is_taken_whole(void **state)
{
	int64_t newest[PUTTERS];
	struct fsv_span_record r;
	pthread_t threads[PUTTERS];
	uint64_t taken = 0;
	bool over;

	(void)state;
	shared = fsv_span_queue_new(64);
	atomic_store(&putters_left, PUTTERS);
	for (int i = 0; i < PUTTERS; i++) {
		newest[i] = -1;
		assert_int_equal(fsv_thread_start(&threads[i], "put", put_many, (void *)(intptr_t)i, NULL), 0);
	}
	do {
		over = atomic_load(&putters_left) == 0;
		for (; fsv_span_queue_take(shared, &r); taken++)
			check_taken(&r, newest);
	} while (!over);
	for (int i = 0; i < PUTTERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(taken, atomic_load(&put_count));
	assert_true(taken >= 64);
	fsv_span_queue_free(shared);
}

static int load(const char *text, struct fsv_conf **ret_conf)
{
	struct fsv_err err;

	assert_int_equal(fsv_conf_load_text(&schema, fsv_str(text), "t", ret_conf, &err), 0);
	return fsv_spans_check(*ret_conf, 0, &err);
}

static void settings_are_checked(void **state)
{
	static const struct { const char *text; int want; } cases[] = {
		{ "", 0 }, { "trace.otlp.url: http://a:4318/v1/traces\ntrace.otlp.sample: 0.25\n", 0 },
		{ "trace.otlp.url: https://a/v1/traces\n", 0 }, { "trace.otlp.url: a:4318\n", FSV_E_CONFIG },
		{ "trace.otlp.url: file:///etc/passwd\n", FSV_E_CONFIG }, { "trace.otlp.sample: 1.5\n", FSV_E_CONFIG },
		{ "trace.otlp.sample: -0.1\n", FSV_E_CONFIG },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_conf *conf;

		assert_int_equal(load(cases[i].text, &conf), cases[i].want);
		fsv_conf_unref(conf);
	}
}

static void without_a_collector_nothing_is_sampled(void **state)
{
	struct fsv_spans *spans = NULL;
	struct fsv_conf *conf;
	struct fsv_arena arena;
	struct fsv_err err;

	(void)state;
	fsv_arena_init(&arena, 0);
	assert_int_equal(load("", &conf), 0);
	assert_int_equal(fsv_spans_start(conf, 0, "test", &spans, &err), 0);
	assert_null(spans);
	assert_false(fsv_trace_start(&arena, FSV_STR_NULL, FSV_STR(PARENT), FSV_STR_NULL).sampled);
	assert_null(fsv_spans_stop(spans));
	fsv_conf_unref(conf);
	fsv_arena_done(&arena);
}

static double counted(const char *result)
{
	struct fsv_buf page, name;
	const char *at;
	double n = 0;

	fsv_buf_init(&page, NULL, 0);
	fsv_buf_init(&name, NULL, 0);
	fsv_metrics_write(&page);
	fsv_buf_printf(&name, "\nfate_serving_spans_total{result=\"%s\"} ", result);
	at = strstr(fsv_buf_cstr(&page), fsv_buf_cstr(&name));
	if (at)
		n = strtod(at + name.n, NULL);
	fsv_buf_done(&page);
	fsv_buf_done(&name);
	return n;
}

/* Nobody listens on port 1. Texts that are no UTF-8 or too long do no harm either. */
static void a_dead_collector_costs_spans_and_nothing_else(void **state)
{
	struct fsv_spans *spans = NULL;
	struct fsv_conf *conf;
	struct fsv_arena arena;
	struct fsv_trace trace;
	struct fsv_err err;
	char longer[300];

	(void)state;
	memset(longer, '\xc3', sizeof(longer));
	fsv_arena_init(&arena, 0);
	assert_int_equal(load("trace.otlp.url: http://127.0.0.1:1/v1/traces\ntrace.otlp.queue: 64\n", &conf), 0);
	assert_int_equal(fsv_spans_start(conf, 0, "test", &spans, &err), 0);
	trace = fsv_trace_start(&arena, FSV_STR_NULL, FSV_STR_NULL, FSV_STR_NULL);
	assert_true(trace.sampled);
	for (int i = 0; i < 2000; i++)
		fsv_spans_put(spans, &(struct fsv_span){ .trace = &trace, .hop = "http", .name = "inference",
			.began = fsv_now_ns(), .service_id = fsv_str_n(longer, sizeof(longer)) });
	assert_null(fsv_spans_stop(spans));
	assert_true(counted("dropped") > 0);
	assert_true(counted("lost") >= 64);
	assert_int_equal(counted("dropped") + counted("lost"), 2000);
	assert_int_equal(counted("sent"), 0);
	fsv_conf_unref(conf);
	fsv_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_what_the_standard_wants),
		cmocka_unit_test(a_full_queue_refuses_and_keeps_the_order),
		cmocka_unit_test(every_span_put_by_any_thread_is_taken_whole),
		cmocka_unit_test(settings_are_checked),
		cmocka_unit_test(without_a_collector_nothing_is_sampled),
		cmocka_unit_test(a_dead_collector_costs_spans_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
