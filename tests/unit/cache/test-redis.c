/* SPDX-License-Identifier: Apache-2.0 */
/* The cache in a real Redis: what stands there, what others have put there, and a server that goes away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../net/redis-server.h"
#include "cache/cache.h"

static struct {
	struct redis_server server;
	struct fsv_rpc *rpc;
	struct fsv_redis *redis;
	struct fsv_cache *cache;
	struct fsv_arena arena;
} w;

static int set_up(void **state)
{
	char node[32];
	const char *const nodes[] = { node, NULL };
	struct fsv_err err;

	(void)state;
	memset(&w, 0, sizeof(w));
	fsv_log_set_level(FSV_LOG_OFF);
	fsv_arena_init(&w.arena, 0);
	redis_start(&w.server, NULL);
	assert_int_equal(fsv_rpc_new(1, &w.rpc, &err), 0);
	snprintf(node, sizeof(node), "127.0.0.1:%u", w.server.port);
	assert_int_equal(fsv_redis_new(&(struct fsv_redis_opt){
		.nodes = nodes, .timeout_ms = PATIENCE_S * 1000, .max_connections = 2, .max_commands = 100, .max_reply = 1 << 20,
	}, &w.redis, &err), 0);
	w.cache = fsv_cache_new(&(struct fsv_cache_opt){ .max_value = 50, .expire_ms = 100000, .redis = w.redis });
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fsv_redis_free(w.redis);
	fsv_rpc_free(w.rpc);
	fsv_cache_free(w.cache);
	redis_end(&w.server);
	fsv_arena_done(&w.arena);
	return 0;
}

struct got {
	struct fsv_cache_lookup lookup;
	struct fsv_cache_item items[20];
	unsigned done;
};

static void on_done(struct fsv_cache_lookup *lookup)
{
	redis_count(&((struct got *)lookup)->done);
}

/* Values of keys that begin with these digits, "-" for none. */
static const char *get(const char *digits)
{
	struct got *got = FSV_ARENA_NEW(&w.arena, struct got);
	struct fsv_buf out;

	for (unsigned i = 0; digits[i]; i++)
		snprintf(got->items[i].key, FSV_CACHE_KEY_SIZE, "%c0000000000000000000000000000000", digits[i]);
	got->lookup = (struct fsv_cache_lookup){
		.items = got->items, .n = strlen(digits), .worker = fsv_rpc_pick(w.rpc), .arena = &w.arena,
		.deadline = FSV_NO_DEADLINE, .done = on_done,
	};
	fsv_cache_get(w.cache, &got->lookup);
	redis_wait(&got->done, 1);
	fsv_buf_init(&out, &w.arena, 0);
	for (unsigned i = 0; digits[i]; i++)
		fsv_buf_printf(&out, "%s%.*s", i ? " " : "", FSV_STR_ARG(got->items[i].value.n ? got->items[i].value : FSV_STR("-")));
	return fsv_buf_cstr(&out);
}

static void put(char digit, const char *value)
{
	char key[FSV_CACHE_KEY_SIZE];

	snprintf(key, sizeof(key), "%c0000000000000000000000000000000", digit);
	fsv_cache_put(w.cache, key, fsv_str(value));
}

/* Any command, as others would give it; one reply as text. */
struct reply {
	char text[200];
	unsigned done;
};

static void on_reply(void *arg, const struct fsv_redis_result *results, unsigned n)
{
	struct reply *reply = arg;

	assert_int_equal(n, 1);
	assert_int_equal(results[0].result, 0);
	if (results[0].reply->type == FSV_REDIS_INT)
		snprintf(reply->text, sizeof(reply->text), "%lld", (long long)results[0].reply->integer);
	else
		snprintf(reply->text, sizeof(reply->text), "%.*s", FSV_STR_ARG(results[0].reply->text));
	redis_count(&reply->done);
}

static const char *redis(const char *name, char digit, const char *value)
{
	struct reply *reply = FSV_ARENA_NEW(&w.arena, struct reply);
	const char *key = fsv_arena_printf(&w.arena, "%c0000000000000000000000000000000", digit);
	const struct fsv_str args[] = { fsv_str(name), fsv_str(key), fsv_str(value) };
	const struct fsv_redis_command command = { args, value ? 3 : 2 };

	assert_int_equal(fsv_redis_run(w.redis, &(struct fsv_redis_run_opt){
		.commands = &command, .n = 1, .deadline = FSV_NO_DEADLINE, .worker = fsv_rpc_pick(w.rpc), .done = on_reply, .arg = reply,
	}), 0);
	redis_wait(&reply->done, 1);
	return reply->text;
}

static void expect(const char *got, const char *want)
{
	if (strcmp(got, want) != 0)
		fail_msg("\ngot  %s\nwant %s", got, want);
}

static void test_values_stand_there_as_the_reference_has_them(void **state)
{
	long ttl;

	(void)state;
	expect(get("12"), "- -");
	put('1', "{\"lr_0\":{\"score\":0.5},\"retcode\":0}");
	expect(get("1"), "{\"lr_0\":{\"score\":0.5},\"retcode\":0}");
	expect(redis("GET", '1', NULL), "{\"lr_0\":{\"score\":0.5},\"retcode\":0}");
	ttl = strtol(redis("PTTL", '1', NULL), NULL, 10);
	assert_true(ttl > 0 && ttl <= 100000);
	redis("SET", '2', "{\"of\":\"another guest\"}");
	expect(get("312"), "- {\"lr_0\":{\"score\":0.5},\"retcode\":0} {\"of\":\"another guest\"}");
}

static void test_without_expiry_values_stay(void **state)
{
	struct fsv_cache *expiring = w.cache;

	(void)state;
	w.cache = fsv_cache_new(&(struct fsv_cache_opt){ .max_value = 50, .redis = w.redis });
	put('1', "{}");
	expect(get("1"), "{}");
	expect(redis("PTTL", '1', NULL), "-1");
	fsv_cache_free(w.cache);
	w.cache = expiring;
}

static void test_what_is_no_value_is_a_miss(void **state)
{
	static const char *const bad[] = {
		"", "null", "[]", "{", "{}x", "\xac\xed", "{\"much\":\"too long to have been written by one of us\"}", "{\"a\":nan}",
	};
	struct fsv_cache_stats s;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		redis("SET", '1', bad[i]);
		expect(get("1"), "-");
	}
	fsv_cache_stats(w.cache, &s);
	assert_int_equal(s.refused, sizeof(bad) / sizeof(bad[0]));
	assert_int_equal(s.faults, 0);
	redis("DEL", '1', NULL);
	redis("LPUSH", '1', "x");
	redis("SET", '2', "{}");
	expect(get("12"), "- {}");
	fsv_cache_stats(w.cache, &s);
	assert_int_equal(s.faults, 1);
}

static void test_a_server_that_is_gone_is_a_miss(void **state)
{
	struct fsv_cache_stats s;

	(void)state;
	put('1', "{}");
	expect(get("1"), "{}");
	redis_end(&w.server);
	for (unsigned i = 0; i < 20; i++) {
		expect(get("12"), "- -");
		put('1', "{}");
	}
	fsv_cache_stats(w.cache, &s);
	assert_int_equal(s.hits, 1);
	assert_int_equal(s.misses, 40);
	assert_true(s.faults >= 40);
	redis_start(&w.server, NULL);
	put('1', "{}");
	for (int64_t until = fsv_now_ns() + PATIENCE_S * FSV_S; strcmp(get("1"), "{}") != 0; put('1', "{}"), usleep(5000))
		if (fsv_now_ns() > until)
			fail_msg("it never came back");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_values_stand_there_as_the_reference_has_them),
		TEST(test_without_expiry_values_stay),
		TEST(test_what_is_no_value_is_a_miss),
		TEST(test_a_server_that_is_gone_is_a_miss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
