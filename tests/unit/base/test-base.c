/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/random.h"
#include "base/ref.h"
#include "base/str.h"
#include "base/thread.h"
#include "base/time.h"

static void err_carries_code_and_words(void **state)
{
	struct fsv_err err = FSV_ERR_INIT;

	(void)state;
	assert_int_equal(fsv_err_set(&err, FSV_E_MODEL_NULL, "model %s is gone", "m"), FSV_E_MODEL_NULL);
	assert_string_equal(err.text, "model m is gone");
	assert_int_equal(fsv_err_wrap(&err, "service %d", 7), FSV_E_MODEL_NULL);
	assert_string_equal(err.text, "service 7: model m is gone");
	assert_int_equal(fsv_err_errno(&err, ENOENT, "cannot open x"), -ENOENT);
	assert_string_equal(err.text, "cannot open x: No such file or directory");
	assert_int_equal(fsv_err_set(NULL, -EIO, "nobody listens"), -EIO);
}

static void err_table_maps_codes(void **state)
{
	(void)state;
	assert_int_equal(fsv_err_fate(FSV_E_MODEL_NULL), 104);
	assert_int_equal(fsv_err_fate(-EIO), 110);
	assert_int_equal(fsv_err_fate(0), 0);
	assert_int_equal(fsv_err_grpc(FSV_E_OVERLOAD), 8);
	assert_string_equal(fsv_err_name(FSV_E_NO_FEATURE), "NO_FEATURE");
	assert_string_equal(fsv_err_name(-ENOENT), "ENOENT");
	assert_string_equal(fsv_err_name(-99999), "UNKNOWN");
}

static void err_text_is_cut_between_characters(void **state)
{
	struct fsv_err err;
	char text[FSV_ERR_TEXT_MAX + 10];
	size_t n;

	(void)state;
	for (size_t i = 0; i + 3 <= sizeof(text); i += 3)
		memcpy(text + i, "\xe6\xa8\xa1", 3);
	text[sizeof(text) - 1] = '\0';
	for (int shift = 0; shift < 3; shift++) {
		fsv_err_set(&err, -EIO, "%.*s%s", shift, "xx", text);
		n = strlen(err.text);
		assert_in_range(n, FSV_ERR_TEXT_MAX - 4, FSV_ERR_TEXT_MAX - 1);
		assert_int_equal(fsv_str_utf8(fsv_str_n(err.text, n)), n);
	}
}

static void str_numbers_and_edges(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t want;
	} cases[] = {
		{ "0", true, 0 }, { "-0", true, 0 }, { "+5", true, 5 }, { "", false, 0 }, { "-", false, 0 },
		{ "9223372036854775807", true, INT64_MAX }, { "9223372036854775808", false, 0 },
		{ "-9223372036854775808", true, INT64_MIN }, { "-9223372036854775809", false, 0 },
		{ "1.0", false, 0 }, { " 1", false, 0 }, { "99999999999999999999", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t v = 0;
		bool ok = fsv_str_to_i64(fsv_str(cases[i].text), &v);

		if (ok != cases[i].ok || v != cases[i].want)
			fail_msg("%s: got %d %ld", cases[i].text, ok, (long)v);
	}
	assert_true(fsv_str_eq(fsv_str_trim(fsv_str(" \t a b \n")), FSV_STR("a b")));
	assert_true(fsv_str_blank(FSV_STR(" \x01 ")));
	assert_true(fsv_str_caseeq(FSV_STR("CaseId"), FSV_STR("caseid")));
	assert_true(fsv_str_case_holds(FSV_STR("feature.Redis.key"), FSV_STR("rEDIS")));
	assert_true(fsv_str_case_holds(FSV_STR("redis"), FSV_STR("redis")));
	assert_true(fsv_str_case_holds(FSV_STR(""), FSV_STR("")));
	assert_false(fsv_str_case_holds(FSV_STR("redi"), FSV_STR("redis")));
	assert_int_equal(fsv_str_find(FSV_STR("a.b"), '.', 2), 3);
	assert_int_equal(fsv_str_sub(FSV_STR("abc"), 5, 9).n, 0);
	assert_true(fsv_str_ends(FSV_STR("x.Meta"), FSV_STR("Meta")));
	assert_false(fsv_str_starts(FSV_STR("x"), FSV_STR("xy")));
}

static void str_order_is_that_of_bytes(void **state)
{
	const struct fsv_str sorted[] = {
		FSV_STR(""), FSV_STR("\0"), FSV_STR("a"), FSV_STR("a\0"), FSV_STR("ab"), FSV_STR("b"), FSV_STR("\xff"),
	};
	const int n = sizeof(sorted) / sizeof(sorted[0]);

	(void)state;
	for (int i = 0; i < n; i++)
		for (int k = 0; k < n; k++) {
			int order = fsv_str_order(sorted[i], sorted[k]);

			if ((order > 0) - (order < 0) != (i > k) - (i < k))
				fail_msg("%d before %d: %d", i, k, order);
		}
	assert_int_equal(fsv_str_order(FSV_STR_NULL, FSV_STR("")), 0);
	assert_true(fsv_str_order(FSV_STR_NULL, FSV_STR("a")) < 0);
}

static void str_utf8_finds_the_first_bad_byte(void **state)
{
	static const struct {
		const char *text;
		size_t good;
	} cases[] = {
		{ "plain", 5 }, { "\xc3\xa9", 2 }, { "a\xff", 1 }, { "\xc0\x80", 0 }, { "\xed\xa0\x80", 0 },
		{ "\xf4\x8f\xbf\xbf", 4 }, { "\xf4\x90\x80\x80", 0 }, { "ab\xe6\xa8", 2 }, { "\xe0\x80\x80", 0 },
		{ "\xf0\x8f\xbf\xbf", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (fsv_str_utf8(fsv_str(cases[i].text)) != cases[i].good)
			fail_msg("case %zu: got %zu want %zu", i, fsv_str_utf8(fsv_str(cases[i].text)), cases[i].good);
}

static void arena_grows_and_resets(void **state)
{
	struct fsv_arena a;
	size_t held;
	char *big;

	(void)state;
	fsv_arena_init(&a, 64);
	for (int i = 0; i < 100; i++)
		assert_int_equal((uintptr_t)fsv_arena_alloc(&a, (size_t)i) % 16, 0);
	big = fsv_arena_alloc(&a, 1 << 21);
	memset(big, 1, 1 << 21);
	assert_string_equal(fsv_arena_printf(&a, "%d-%s", 5, "x"), "5-x");
	held = a.total;
	fsv_arena_reset(&a);
	assert_true(a.total < held && a.total > 0);
	assert_non_null(fsv_arena_alloc(&a, 10));
	fsv_arena_done(&a);
	assert_int_equal(a.total, 0);
}

static void lists_grow_in_an_arena(void **state)
{
	struct fsv_arena a;
	unsigned *list = NULL;
	size_t n = 0, cap = 0;

	(void)state;
	fsv_arena_init(&a, 0);
	for (unsigned i = 0; i < 1000; i++) {
		FSV_ARENA_MORE(&a, list, n, cap, 3);
		assert_true(cap > n && cap >= 3 && cap <= 3 + 2 * n);
		list[n++] = i;
	}
	assert_int_equal(cap, 3 << 9);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(list[i], i);
	fsv_arena_done(&a);
}

static void buf_keeps_its_limit(void **state)
{
	struct fsv_buf b;

	(void)state;
	fsv_buf_init(&b, NULL, 10);
	fsv_buf_puts(&b, "12345");
	fsv_buf_putc(&b, '6');
	assert_string_equal(fsv_buf_cstr(&b), "123456");
	fsv_buf_puts(&b, "78901");
	assert_true(fsv_buf_failed(&b));
	fsv_buf_puts(&b, "x");
	assert_int_equal(b.n, 6);
	fsv_buf_clear(&b);
	fsv_buf_printf(&b, "%s%d", "123456789", 0);
	assert_false(fsv_buf_failed(&b));
	assert_string_equal(fsv_buf_cstr(&b), "1234567890");
	fsv_buf_putc(&b, '1');
	assert_true(fsv_buf_failed(&b));
	fsv_buf_done(&b);
}

static void map_finds_replaces_and_removes(void **state)
{
	struct fsv_map m;
	char key[16];

	(void)state;
	fsv_map_init(&m);
	assert_null(fsv_map_get(&m, FSV_STR("nothing")));
	for (uintptr_t i = 1; i <= 1000; i++) {
		snprintf(key, sizeof(key), "k%lu", (unsigned long)i);
		assert_null(fsv_map_put(&m, fsv_str(key), (void *)i));
	}
	assert_ptr_equal(fsv_map_put(&m, FSV_STR("k7"), (void *)77), (void *)7);
	assert_ptr_equal(fsv_map_get(&m, FSV_STR("k7")), (void *)77);
	assert_int_equal(fsv_map_find(&m, FSV_STR("k1000")), 999);
	for (uintptr_t i = 1; i <= 1000; i += 2) {
		snprintf(key, sizeof(key), "k%lu", (unsigned long)i);
		assert_non_null(fsv_map_del(&m, fsv_str(key)));
	}
	assert_int_equal(m.n, 500);
	assert_null(fsv_map_get(&m, FSV_STR("k1")));
	assert_ptr_equal(fsv_map_get(&m, FSV_STR("k500")), (void *)500);
	assert_string_equal(m.entries[0].key.p, "k2");
	fsv_map_done(&m);
}

/* A map that is full of neighbours keeps finding all of them, whatever goes. */
static void map_removes_in_any_order(void **state)
{
	enum { KEYS = 200 };
	bool there[KEYS] = { false };
	struct fsv_map m;
	char key[16];
	size_t n = 0;
	unsigned seed = 7;

	(void)state;
	fsv_map_init(&m);
	for (unsigned round = 0; round < 20000; round++) {
		unsigned k = (unsigned)rand_r(&seed) % KEYS;

		snprintf(key, sizeof(key), "%u", k);
		if (there[k])
			assert_ptr_equal(fsv_map_del(&m, fsv_str(key)), &there[k]);
		else
			assert_null(fsv_map_put(&m, fsv_str(key), &there[k]));
		there[k] = !there[k];
		n = there[k] ? n + 1 : n - 1;
		assert_int_equal(m.n, n);
		for (unsigned i = 0; round % 10 == 0 && i < KEYS; i++) {
			snprintf(key, sizeof(key), "%u", i);
			assert_ptr_equal(fsv_map_get(&m, fsv_str(key)), there[i] ? &there[i] : NULL);
		}
	}
	while (m.n > 0)
		assert_non_null(fsv_map_del(&m, m.entries[m.n - 1].key));
	assert_null(fsv_map_del(&m, FSV_STR("1")));
	fsv_map_done(&m);
}

/* What was reserved is enough: nothing moves, and what was there stays. */
static void map_reserves_room(void **state)
{
	const struct fsv_map_entry *entries;
	const uint32_t *slots;
	struct fsv_map m;
	char key[16];

	(void)state;
	fsv_map_init(&m);
	fsv_map_reserve(&m, 0);
	assert_null(m.entries);
	(void)fsv_map_put(&m, FSV_STR("first"), &m);
	fsv_map_reserve(&m, 1001);
	entries = m.entries;
	slots = m.slots;
	for (uintptr_t i = 1; i <= 1000; i++) {
		snprintf(key, sizeof(key), "k%lu", (unsigned long)i);
		assert_null(fsv_map_put(&m, fsv_str(key), (void *)i));
	}
	assert_ptr_equal(m.entries, entries);
	assert_ptr_equal(m.slots, slots);
	assert_ptr_equal(fsv_map_get(&m, FSV_STR("first")), &m);
	assert_ptr_equal(fsv_map_get(&m, FSV_STR("k1000")), (void *)1000);
	fsv_map_reserve(&m, 1);
	assert_ptr_equal(m.entries, entries);
	(void)fsv_map_put(&m, FSV_STR("one more"), &m);	/* more than was reserved is fine */
	assert_int_equal(m.n, 1002);
	assert_ptr_equal(fsv_map_get(&m, FSV_STR("one more")), &m);
	fsv_map_done(&m);
}

static int folder(void **state)
{
	char path[] = "/tmp/fsv-base-XXXXXX";

	*state = mkdtemp(path) ? fsv_str_dup(fsv_str(path)) : NULL;
	return *state ? 0 : -1;
}

static int remove_folder(void **state)
{
	char cmd[256];

	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", (char *)*state);
	free(*state);
	return system(cmd);
}

static void files_are_replaced_whole(void **state)
{
	FSV_AUTO_MEM char *data = NULL;
	struct fsv_err err;
	char path[128];
	struct stat st;
	size_t n;

	snprintf(path, sizeof(path), "%s/f", (char *)*state);
	assert_int_equal(fsv_read_file(path, 100, &data, &n, &err), -ENOENT);
	assert_int_equal(fsv_write_file(path, "first", 5, 0640, &err), 0);
	assert_int_equal(fsv_write_file(path, "second", 6, 0640, &err), 0);
	assert_int_equal(fsv_read_file(path, 6, &data, &n, &err), 0);
	assert_int_equal(n, 6);
	assert_string_equal(data, "second");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	free(FSV_TAKE(data));
	assert_int_equal(fsv_read_file(path, 5, &data, &n, &err), FSV_E_LIMIT);
	assert_int_equal(fsv_read_file(*state, 5, &data, &n, &err), -EISDIR);
	snprintf(path, sizeof(path), "%s/none/f", (char *)*state);
	assert_int_equal(fsv_write_file(path, "x", 1, 0600, &err), -ENOENT);
}

static void queue_refuses_when_full(void **state)
{
	struct fsv_queue *q = fsv_queue_new(2);
	struct fsv_job job;

	(void)state;
	assert_int_equal(fsv_queue_put(q, free, NULL), 0);
	assert_int_equal(fsv_queue_put(q, free, NULL), 0);
	assert_int_equal(fsv_queue_put(q, free, NULL), -EAGAIN);
	assert_true(fsv_queue_try(q, &job));
	assert_int_equal(fsv_queue_put(q, free, NULL), 0);
	fsv_queue_close(q);
	assert_int_equal(fsv_queue_put(q, free, NULL), -ESHUTDOWN);
	assert_true(fsv_queue_take(q, &job));
	assert_true(fsv_queue_take(q, &job));
	assert_false(fsv_queue_take(q, &job));
	fsv_queue_free(q);
}

static void add_one(void *arg)
{
	atomic_fetch_add((_Atomic int *)arg, 1);
}

static void pool_finishes_what_it_took(void **state)
{
	struct fsv_pool *pool = NULL;
	struct fsv_err err;
	_Atomic int done = 0;

	(void)state;
	assert_int_equal(fsv_pool_new("test", 3, 1000, &pool, &err), 0);
	for (int i = 0; i < 1000; i++)
		while (fsv_pool_submit(pool, add_one, &done) == -EAGAIN)
			sched_yield();
	fsv_pool_free(pool);
	assert_int_equal(done, 1000);
}

struct loop_state {
	struct fsv_loop *loop;
	struct fsv_timer *timer;
	int ticks, signals, posted;
};

static void on_tick(void *arg)
{
	struct loop_state *s = arg;

	if (++s->ticks == 3)
		kill(getpid(), SIGUSR1);
}

static void on_post(void *arg)
{
	struct loop_state *s = arg;

	s->posted++;
}

static void on_usr1(int signo, void *arg)
{
	struct loop_state *s = arg;

	(void)signo;
	s->signals++;
	s->timer = fsv_timer_free(s->timer);
	fsv_loop_quit(s->loop, 42);
}

static void *poster(void *arg)
{
	struct loop_state *s = arg;

	for (int i = 0; i < 100; i++)
		while (fsv_loop_post(s->loop, on_post, s) == -EAGAIN)
			sched_yield();
	return NULL;
}

static void loop_runs_timers_signals_and_posts(void **state)
{
	struct loop_state s = { 0 };
	struct fsv_err err;
	pthread_t t;

	(void)state;
	assert_int_equal(fsv_loop_new(&s.loop, &err), 0);
	assert_int_equal(fsv_loop_signal(s.loop, SIGUSR1, on_usr1, &s, &err), 0);
	assert_int_equal(fsv_thread_start(&t, "poster", poster, &s, &err), 0);
	pthread_join(t, NULL);
	s.timer = fsv_timer_new(s.loop, on_tick, &s);
	fsv_timer_set(s.timer, 1, 1);
	assert_int_equal(fsv_loop_run(s.loop), 42);
	assert_true(s.ticks >= 3);
	assert_int_equal(s.signals, 1);
	assert_int_equal(s.posted, 100);
	fsv_loop_free(s.loop);
}

static char logged[256];

static void keep_line(int level, const struct fsv_log_tags *tags, const char *file, int line,
		      const char *func, const char *text)
{
	(void)file;
	(void)line;
	(void)func;
	snprintf(logged, sizeof(logged), "%d %s %s", level, tags && tags->case_id ? tags->case_id : "-", text);
}

static void log_is_one_line_and_limited(void **state)
{
	struct fsv_log_limit limit = { 0 };
	struct fsv_log_tags tags = { .case_id = "c1" };
	unsigned dropped, passed = 0;
	int level;

	(void)state;
	fsv_log_set_sink(keep_line);
	fsv_log(FSV_LOG_WARNING, &tags, "two\nlines %d", 1);
	assert_string_equal(logged, "4 c1 two lines 1");
	logged[0] = '\0';
	fsv_log_debug("not now");
	assert_string_equal(logged, "");
	fsv_log_set_sink(NULL);
	for (int i = 0; i < 50; i++)
		passed += fsv_log_limit_pass(&limit, &dropped);
	assert_int_equal(passed, 10);
	assert_int_equal(limit.dropped, 40);
	assert_true(fsv_log_level_parse("WARN", &level));
	assert_int_equal(level, FSV_LOG_WARNING);
	assert_false(fsv_log_level_parse("loud", &level));
}

struct thing {
	struct fsv_ref ref;
	uint64_t magic;
};

static _Atomic int things_alive;

static void free_thing(struct fsv_ref *ref)
{
	struct thing *t = (struct thing *)ref;

	if (t->magic != 0x600d600d600d600dULL)
		abort();
	t->magic = 0;
	atomic_fetch_sub(&things_alive, 1);
	free(t);
}

static struct fsv_ref *new_thing(void)
{
	struct thing *t = FSV_NEW(struct thing);

	fsv_ref_init(&t->ref, free_thing);
	t->magic = 0x600d600d600d600dULL;
	atomic_fetch_add(&things_alive, 1);
	return &t->ref;
}

static struct fsv_snapshot place;
static _Atomic bool stop_reading;

static void *read_things(void *arg)
{
	uintptr_t bad = 0;

	(void)arg;
	while (!atomic_load(&stop_reading)) {
		struct fsv_ref *a = fsv_snapshot_get(&place);
		struct fsv_ref *b = fsv_snapshot_get(&place);

		bad += !a || ((struct thing *)a)->magic != 0x600d600d600d600dULL;
		fsv_ref_put(a);
		bad += !b || ((struct thing *)b)->magic != 0x600d600d600d600dULL;
		fsv_ref_put(b);
	}
	return (void *)bad;
}

static void snapshot_swaps_under_readers(void **state)
{
	struct fsv_err err;
	pthread_t t[3];
	void *bad;

	(void)state;
	assert_null(fsv_snapshot_get(&place));
	fsv_snapshot_set(&place, new_thing());
	for (int i = 0; i < 3; i++)
		assert_int_equal(fsv_thread_start(&t[i], "reader", read_things, NULL, &err), 0);
	for (int i = 0; i < 20000; i++) {
		struct fsv_ref *now = fsv_snapshot_get(&place);

		fsv_snapshot_set(&place, new_thing());
		if (i % 3 == 0)
			fsv_snapshot_set(&place, now);	/* an old one comes back */
		else
			fsv_ref_put(now);
	}
	atomic_store(&stop_reading, true);
	for (int i = 0; i < 3; i++) {
		pthread_join(t[i], &bad);
		assert_null(bad);
	}
	assert_int_equal(things_alive, 1);
	fsv_snapshot_set(&place, NULL);
	assert_int_equal(things_alive, 0);
	assert_null(fsv_snapshot_get(&place));
}

static void time_does_not_overflow(void **state)
{
	(void)state;
	assert_true(fsv_deadline_in_ms(1000) > fsv_now_ns());
	assert_true(fsv_deadline_in_ms(INT64_MAX / 2) == FSV_NO_DEADLINE);
}

static void times_are_spelled_out(void **state)
{
	char out[FSV_ISO_SIZE];

	(void)state;
	assert_string_equal(fsv_iso_time(0, out), "1970-01-01T00:00:00.000+00:00");
	assert_string_equal(fsv_iso_time(1795942658042, out), "2026-11-29T08:57:38.042+00:00");
	assert_string_equal(fsv_iso_time(951868799999, out), "2000-02-29T23:59:59.999+00:00");
	assert_string_equal(fsv_iso_time(INT64_MAX, out), "292278994-08-17T07:12:55.807+00:00");
}

/* Each of 64 places is hit, and none by far too often. */
static void numbers_by_chance_are_spread(void **state)
{
	unsigned hits[64] = { 0 };

	(void)state;
	for (int i = 0; i < 64000; i++)
		hits[fsv_random64() % 64]++;
	for (int i = 0; i < 64; i++)
		if (hits[i] < 700 || hits[i] > 1300)
			fail_msg("place %d was hit %u times of 64000", i, hits[i]);
	assert_true(fsv_mix64(1) != fsv_mix64(2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(err_carries_code_and_words),
		cmocka_unit_test(err_table_maps_codes),
		cmocka_unit_test(err_text_is_cut_between_characters),
		cmocka_unit_test(str_numbers_and_edges),
		cmocka_unit_test(str_order_is_that_of_bytes),
		cmocka_unit_test(str_utf8_finds_the_first_bad_byte),
		cmocka_unit_test(arena_grows_and_resets),
		cmocka_unit_test(lists_grow_in_an_arena),
		cmocka_unit_test(buf_keeps_its_limit),
		cmocka_unit_test(map_finds_replaces_and_removes),
		cmocka_unit_test(map_removes_in_any_order),
		cmocka_unit_test(map_reserves_room),
		cmocka_unit_test_setup_teardown(files_are_replaced_whole, folder, remove_folder),
		cmocka_unit_test(queue_refuses_when_full),
		cmocka_unit_test(pool_finishes_what_it_took),
		cmocka_unit_test(loop_runs_timers_signals_and_posts),
		cmocka_unit_test(log_is_one_line_and_limited),
		cmocka_unit_test(snapshot_swaps_under_readers),
		cmocka_unit_test(time_does_not_overflow),
		cmocka_unit_test(times_are_spelled_out),
		cmocka_unit_test(numbers_by_chance_are_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
