/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, what a value may be, and the cache in this process: bounds, expiry, order of leaving, many threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../../lib/cache/cache-private.h"
#include "base/time.h"

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

static const char *key_of(unsigned n)
{
	char *key = fsv_arena_alloc(&arena, FSV_CACHE_KEY_SIZE);

	fsv_cache_key(FSV_STR("1"), FSV_STR("T"), FSV_STR("N"), fsv_str(fsv_arena_printf(&arena, "%u", n)), &arena, key);
	return key;
}

static void test_keys_are_those_of_the_reference(void **state)
{
	char key[FSV_CACHE_KEY_SIZE];

	(void)state;
	fsv_cache_key(FSV_STR("10000"), FSV_STR("T"), FSV_STR("N"), FSV_STR("{\"id\":\"123\"}"), &arena, key);
	assert_string_equal(key, "f109129f108847ebe28067444e75f753");
}

static void test_what_a_value_may_be(void **state)
{
	static const struct {
		const char *value;
		bool good;
	} cases[] = {
		{ "{}", true }, { "{\"hetero_lr_0\":{\"score\":0.45},\"retcode\":0}", true }, { " {\"a\":[1,null]} ", true },
		{ "", false }, { "null", false }, { "[]", false }, { "1", false }, { "\"{}\"", false }, { "{", false },
		{ "{}{}", false }, { "{\"a\":01}", false }, { "{\"a\":\"\xff\"}", false }, { "\xac\xed\x05t", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (fsv_cache_value_good(fsv_str(cases[i].value), 100, &arena) != cases[i].good)
			fail_msg("%s", cases[i].value);
	assert_true(fsv_cache_value_good(FSV_STR("{\"a\":1}"), 7, &arena));
	assert_false(fsv_cache_value_good(FSV_STR("{\"a\":1}"), 6, &arena));
}

/* One place ------------------------------------------------------------------------------------------ */

static struct fsv_cache_local *new_local(size_t entries, size_t bytes, int64_t expire_ms, int64_t sweep_ms)
{
	return fsv_cache_local_new(&(struct fsv_cache_opt){
		.max_entries = entries, .max_bytes = bytes, .expire_ms = expire_ms, .sweep_ms = sweep_ms,
	});
}

static void expect_kept(struct fsv_cache_local *c, unsigned n, int64_t now, const char *want)
{
	struct fsv_str got = fsv_cache_local_get(c, key_of(n), now, &arena);

	if (!fsv_str_is(got, want))
		fail_msg("%u: got %.*s, want %s", n, FSV_STR_ARG(got), want);
}

static size_t entries(struct fsv_cache_local *c)
{
	size_t n, bytes;

	fsv_cache_local_size(c, &n, &bytes);
	assert_true((n == 0) == (bytes == 0));
	return n;
}

static void test_values_come_back(void **state)
{
	struct fsv_cache_local *c = new_local(10000, 1 << 20, 0, 0);

	(void)state;
	expect_kept(c, 1, 0, "");
	for (unsigned i = 0; i < 3000; i++)
		assert_true(fsv_cache_local_put(c, key_of(i), fsv_str(fsv_arena_printf(&arena, "{\"n\":%u}", i)), 0));
	assert_int_equal(entries(c), 3000);
	for (unsigned i = 0; i < 3000; i++)
		expect_kept(c, i, INT64_MAX - 1, fsv_arena_printf(&arena, "{\"n\":%u}", i));
	assert_true(fsv_cache_local_put(c, key_of(7), FSV_STR("{}"), 0));
	expect_kept(c, 7, 0, "{}");
	assert_int_equal(entries(c), 3000);
	fsv_cache_local_free(c);
}

static void test_reading_does_not_prolong(void **state)
{
	struct fsv_cache_local *c = new_local(100, 1 << 20, 30, 1000);

	(void)state;
	fsv_cache_local_put(c, key_of(1), FSV_STR("{}"), 1);
	expect_kept(c, 1, 29 * FSV_MS, "{}");
	expect_kept(c, 1, 30 * FSV_MS, "{}");
	expect_kept(c, 1, 30 * FSV_MS + 1, "");
	assert_int_equal(entries(c), 0);
	fsv_cache_local_free(c);
}

static void test_old_entries_are_swept(void **state)
{
	struct fsv_cache_local *c = new_local(100, 1 << 20, 10, 20);

	(void)state;
	for (unsigned i = 0; i < 50; i++)
		fsv_cache_local_put(c, key_of(i), FSV_STR("{}"), 1);
	expect_kept(c, 1000, 15 * FSV_MS, "");
	assert_int_equal(entries(c), 50);
	expect_kept(c, 1000, 25 * FSV_MS, "");
	assert_int_equal(entries(c), 0);
	fsv_cache_local_free(c);
}

static void test_the_least_recently_used_make_room(void **state)
{
	struct fsv_cache_local *c = new_local(3, 1 << 20, 0, 0);

	(void)state;
	for (unsigned i = 1; i <= 3; i++)
		fsv_cache_local_put(c, key_of(i), FSV_STR("{}"), 0);
	expect_kept(c, 1, 0, "{}");
	fsv_cache_local_put(c, key_of(4), FSV_STR("{}"), 0);
	expect_kept(c, 2, 0, "");
	expect_kept(c, 1, 0, "{}");
	expect_kept(c, 3, 0, "{}");
	expect_kept(c, 4, 0, "{}");
	assert_int_equal(entries(c), 3);
	fsv_cache_local_free(c);
}

static void test_bytes_are_bounded(void **state)
{
	struct fsv_cache_local *c = new_local(63, 4000, 0, 0);
	struct fsv_str kilo = fsv_str_n(fsv_arena_zalloc(&arena, 4000), 1000);
	size_t n, bytes;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		assert_true(fsv_cache_local_put(c, key_of(i), kilo, 0));
		fsv_cache_local_size(c, &n, &bytes);
		assert_true(bytes <= 4000);
	}
	assert_int_equal(n, 3);
	kilo.n = 4000;
	assert_false(fsv_cache_local_put(c, key_of(100), kilo, 0));
	assert_int_equal(entries(c), 3);
	fsv_cache_local_free(c);
}

static void test_many_keys_stay_within_bounds(void **state)
{
	struct fsv_cache_local *c = new_local(1024, 1 << 20, 0, 0);
	unsigned found = 0;

	(void)state;
	for (unsigned i = 0; i < 20000; i++)
		fsv_cache_local_put(c, key_of(i), FSV_STR("{}"), 0);
	assert_int_equal(entries(c), 1024);
	for (unsigned i = 0; i < 20000; i++)
		found += fsv_cache_local_get(c, key_of(i), 0, &arena).n > 0;
	assert_int_equal(found, 1024);
	fsv_cache_local_free(c);
}

/* Many threads ---------------------------------------------------------------------------------------- */

static const char *shared_keys[64];

static void *read_and_write(void *arg)
{
	struct fsv_cache_local *c = arg;
	struct fsv_arena own;

	fsv_arena_init(&own, 0);
	for (unsigned i = 0; i < 20000; i++) {
		const char *key = shared_keys[(i * 7) % 64];
		struct fsv_str value = fsv_cache_local_get(c, key, i, &own);

		/* A value belongs to its key, whoever wrote it. */
		if (value.n > 0 && memcmp(value.p, key, value.n) != 0)
			abort();
		fsv_cache_local_put(c, key, fsv_str_n(key, 8 + i % 24), i);
		fsv_arena_reset(&own);
	}
	fsv_arena_done(&own);
	return NULL;
}

static void test_threads_share_it(void **state)
{
	struct fsv_cache_local *c = new_local(40, 1 << 20, 1, 0);
	pthread_t threads[4];

	(void)state;
	for (unsigned i = 0; i < 64; i++)
		shared_keys[i] = key_of(i);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_and_write, c), 0);
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_true(entries(c) <= 40);
	fsv_cache_local_free(c);
}

/* From outside ----------------------------------------------------------------------------------------- */

static unsigned n_done;

static void on_done(struct fsv_cache_lookup *lookup)
{
	(void)lookup;
	n_done++;
}

static void test_look_ups_and_counts(void **state)
{
	struct fsv_cache *c = fsv_cache_new(&(struct fsv_cache_opt){ .max_value = 10, .max_entries = 10, .max_bytes = 5000 });
	struct fsv_cache_item items[2] = { 0 };
	struct fsv_cache_lookup lookup = { .items = items, .n = 2, .arena = &arena, .done = on_done };
	struct fsv_cache_stats s;

	(void)state;
	memcpy(items[0].key, key_of(1), FSV_CACHE_KEY_SIZE);
	memcpy(items[1].key, key_of(2), FSV_CACHE_KEY_SIZE);
	fsv_cache_get(c, &lookup);
	assert_int_equal(n_done, 1);
	fsv_cache_put(c, items[1].key, FSV_STR("{}"));
	fsv_cache_put(c, items[0].key, FSV_STR("{\"too\":\"large\"}"));
	fsv_cache_put(c, items[0].key, FSV_STR(""));
	fsv_cache_get(c, &lookup);
	assert_int_equal(n_done, 2);
	assert_int_equal(items[0].value.n, 0);
	assert_true(fsv_str_is(items[1].value, "{}"));
	fsv_cache_stats(c, &s);
	assert_int_equal(s.hits, 1);
	assert_int_equal(s.misses, 3);
	assert_int_equal(s.writes, 1);
	assert_int_equal(s.refused, 2);
	assert_int_equal(s.faults, 0);
	assert_int_equal(s.entries, 1);
	fsv_cache_free(c);
	fsv_cache_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_keys_are_those_of_the_reference, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_a_value_may_be, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_values_come_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reading_does_not_prolong, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_old_entries_are_swept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_least_recently_used_make_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bytes_are_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many_keys_stay_within_bounds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_threads_share_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_look_ups_and_counts, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
