/* SPDX-License-Identifier: Apache-2.0 */
/* A guest that keeps its hosts' answers: who is asked about whom, and what the client sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cache/cache.h"
#include "world.h"

#define CACHE_ON	"remoteModelInferenceResultCacheSwitch: true\n"

static int set_up_cache(void **state)
{
	(void)state;
	set_up_with(CACHE_ON, "feature.single.adaptor: HttpAdapter\nfeature.batch.single.adaptor: HttpAdapter\n"
		    "feature.batch.adaptor: ParallelBatchToSingleFeatureAdaptor\n");
	seen_n = 0;
	return 0;
}

static void expect(const char *got, const char *want)
{
	if (strcmp(got, want) != 0)
		fail_msg("\ngot  %s\nwant %s", got, want);
}

static void expect_part(const char *got, const char *part)
{
	if (!strstr(got, part))
		fail_msg("\ngot  %s\nwant %s", got, part);
}

/* The body of the packet that the peer got since the last call, or NULL when it got none. */
static const char *asked(void)
{
	const char *body;

	if (seen_n == 0)
		return NULL;
	body = fsv_arena_cstr(&w.arena, fsv_packet_body(last_packet()));
	seen_n = 0;
	return body;
}

#define ENVELOPE(text, score) \
	"{\"retcode\":0,\"retmsg\":\"" text "\",\"caseid\":\"case-of-metadata\",\"data\":{\"score\":" score "," MODEL_INFO \
	"},\"log\":{},\"warn\":{},\"flag\":0}"
#define SINGLE(id)	"{\"serviceId\":\"svc\",\"featureData\":{\"x0\":0},\"sendToRemoteFeatureData\":{\"id\":" id "}}"

static void test_a_person_is_asked_about_once(void **state)
{
	struct fsv_cache_stats s;

	(void)state;
	/* 0.1 + 0.25 * 4 */
	expect(infer(SINGLE("4")), ENVELOPE("", "0.7502601055951177"));
	assert_non_null(asked());
	expect(infer(SINGLE("4")), ENVELOPE("hit host cache", "0.7502601055951177"));
	assert_null(asked());
	/* Nulls do not travel, so they make no other person; another spelling does, as in the reference. */
	expect_part(infer("{\"serviceId\":\"svc\",\"sendToRemoteFeatureData\":{\"id\":4,\"x\":null}}"), "hit host cache");
	assert_null(asked());
	infer(SINGLE("4.0"));
	assert_non_null(asked());
	infer("{\"serviceId\":\"svc\"}");
	assert_non_null(asked());
	fsv_cache_stats(w.guest.cache, &s);
	assert_int_equal(s.hits, 2);
	assert_int_equal(s.misses, 3);
}

/* Error answers, answers without data and cut connections leave nothing behind. */
static void test_only_good_answers_are_kept(void **state)
{
	static const char *const says[] = {
		"{\"retcode\":113,\"retmsg\":\"x\",\"data\":{\"lr_0\":{\"score\":1}}}", "{\"retcode\":0,\"data\":null}",
		"no JSON", "",
	};
	struct fsv_cache_stats s;

	(void)state;
	for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
		peer_says = says[i];
		infer(SINGLE("5"));
		assert_non_null(asked());
	}
	peer_says = NULL;
	peer_fails = true;
	infer(SINGLE("5"));
	assert_non_null(asked());
	peer_fails = false;
	infer(SINGLE("404"));
	assert_non_null(asked());
	fsv_cache_stats(w.guest.cache, &s);
	assert_int_equal(s.writes, 0);
	peer_says = "{\"retcode\":0,\"retmsg\":\"kind words\",\"data\":{\"lr_0\":{\"score\":0.50},\"x\":null,\"retcode\":0}}";
	expect_part(infer(SINGLE("5")), "kind words");
	peer_says = NULL;
	/* 0.1 + 0.5 */
	expect(infer(SINGLE("5")), ENVELOPE("hit host cache", "0.6456563062257954"));
	fsv_cache_stats(w.guest.cache, &s);
	assert_int_equal(s.writes, 1);
}

#define ROW(index, id)	"{\"index\":" #index ",\"featureData\":{\"x0\":0},\"sendToRemoteFeatureData\":{\"id\":" id "}}"
#define BATCH(rows)	"{\"serviceId\":\"svc\",\"batchDataList\":[" rows "]}"
#define OK_ROW(index, score) \
	"{\"index\":" #index ",\"retcode\":0,\"retmsg\":\"\",\"data\":{\"score\":" score "}}"
#define NO_ROW(index) \
	"{\"index\":" #index ",\"retcode\":2113,\"retmsg\":\"host return code 113 host msg :no feature\",\"data\":{}}"
#define SENT(index, id) \
	"{\"index\":" #index ",\"featureData\":{},\"sendToRemoteFeatureData\":{\"id\":" id "},\"needCheckFeature\":false}"

static void test_rows_that_are_there_are_left_out(void **state)
{
	const char *got;

	(void)state;
	/* A single's answer serves a batch, and the other way round. */
	infer(SINGLE("4"));
	asked();
	got = infer_batch(BATCH(ROW(9, "8") "," ROW(2, "4") "," ROW(5, "404") "," ROW(7, "12")));
	expect_part(asked(), "\"batchDataList\":[" SENT(9, "8") "," SENT(5, "404") "," SENT(7, "12") "],\"hostTableName\"");
	expect_part(got, "\"batchDataList\":[" OK_ROW(2, "0.7502601055951177") "," NO_ROW(5) "," OK_ROW(7, "0.9568927450589139")
		    "," OK_ROW(9, "0.8909031788043871") "]");
	/* Now the one row that failed is all that is asked for. */
	got = infer_batch(BATCH(ROW(9, "8") "," ROW(2, "4") "," ROW(5, "404") "," ROW(7, "12")));
	expect_part(asked(), "\"batchDataList\":[" SENT(5, "404") "],\"hostTableName\"");
	expect_part(got, "\"batchDataList\":[" OK_ROW(2, "0.7502601055951177") "," NO_ROW(5) "," OK_ROW(7, "0.9568927450589139")
		    "," OK_ROW(9, "0.8909031788043871") "]");
	/* And here nobody is. */
	got = infer_batch(BATCH(ROW(1, "12") "," ROW(0, "8")));
	assert_null(asked());
	expect_part(got, "{\"retcode\":0,\"retmsg\":\"\",");
	expect_part(got, "\"batchDataList\":[" OK_ROW(0, "0.8909031788043871") "," OK_ROW(1, "0.9568927450589139") "]");
	expect_part(infer(SINGLE("12")), "hit host cache");
	assert_null(asked());
}

static void test_of_equal_indexes_the_last_row_counts(void **state)
{
	(void)state;
	infer(SINGLE("8"));
	asked();
	expect_part(infer_batch(BATCH(ROW(1, "4") "," ROW(1, "8") "," ROW(2, "12"))),
		    "\"batchDataList\":[" OK_ROW(1, "0.8909031788043871") "," OK_ROW(2, "0.9568927450589139") "]");
	expect_part(asked(), "\"batchDataList\":[" SENT(2, "12") "],\"hostTableName\"");
}

static void test_a_refused_batch_is_refused_as_a_whole(void **state)
{
	(void)state;
	infer(SINGLE("4"));
	peer_says = "{\"retcode\":116,\"retmsg\":\"adaptor not found\"}";
	expect_part(infer_batch(BATCH(ROW(0, "4") "," ROW(1, "8"))),
		    "{\"retcode\":2116,\"retmsg\":\"host return code 116 host msg :adaptor not found\"");
}

static void test_own_faults_are_told_whatever_is_kept(void **state)
{
	(void)state;
	infer(SINGLE("4"));
	expect_part(infer("{\"serviceId\":\"svc\",\"featureData\":{\"x0\":\"abc\"},\"sendToRemoteFeatureData\":{\"id\":4}}"),
		    "{\"retcode\":110,");
}

static void use_conf(const char *more)
{
	struct fsv_err err = FSV_ERR_INIT;

	fsv_conf_unref(w.guest_conf);
	w.guest_conf = load_conf("guest", more);
	if (fsv_server_reload(&w.guest, w.guest_conf, &err) < 0)
		fail_msg("%s", err.text);
}

static void test_it_is_switched_by_a_reload(void **state)
{
	(void)state;
	infer(SINGLE("4"));
	asked();
	use_conf("");
	expect(infer(SINGLE("4")), ENVELOPE("", "0.7502601055951177"));
	assert_non_null(asked());
	use_conf(CACHE_ON);
	expect(infer(SINGLE("4")), ENVELOPE("hit host cache", "0.7502601055951177"));
	assert_null(asked());
}

static void test_configurations_that_cannot_work(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ CACHE_ON "cache.type: redis\n", "cache.type: redis needs redis.ip or redis.cluster.nodes" },
		{ CACHE_ON "cache.type: redis\nredis.ip: ' '\n", "cache.type: redis needs redis.ip or redis.cluster.nodes" },
		{ CACHE_ON "cache.type: redis\nredis.ip: h\n", NULL },
		{ CACHE_ON "cache.type: redis\nredis.cluster.nodes: 'a:1,b:2'\n", NULL },
		{ "cache.type: redis\n", NULL },
		{ "cache.type: disk\n", "cache.type" },
		{ "redis.cluster.nodes: host\n", "redis.cluster.nodes" },
		{ "redis.tls.certChainFile: /x\n", "redis.tls.certChainFile and redis.tls.privateKeyFile go together" },
		{ "redis.tls.privateKeyFile: /x\n", "redis.tls.certChainFile and redis.tls.privateKeyFile go together" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_conf *conf = NULL;
		int r = fsv_conf_load_text(&fsv_server_schema, fsv_str(cases[i].text), "test.yaml", &conf, &err);

		if ((r == 0) != (cases[i].want == NULL))
			fail_msg("%s: %s", cases[i].text, err.text);
		if (cases[i].want)
			expect_part(err.text, cases[i].want);
		fsv_conf_unref(conf);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_cache, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_person_is_asked_about_once),
		TEST(test_only_good_answers_are_kept),
		TEST(test_rows_that_are_there_are_left_out),
		TEST(test_of_equal_indexes_the_last_row_counts),
		TEST(test_a_refused_batch_is_refused_as_a_whole),
		TEST(test_own_faults_are_told_whatever_is_kept),
		TEST(test_it_is_switched_by_a_reload),
		cmocka_unit_test(test_configurations_that_cannot_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
