/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in slices: each is worked on once, done comes once and on the worker, whoever helps and however late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../daemons/serving-server/slices.h"
#include "base/pool.h"
#include "net/rpc.h"

enum { ROWS_MAX = 1000, THREADS = 3, QUEUE = 4 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned ended;

struct batch {
	struct fsv_slices_opt opt;
	struct fsv_slices *slices;
	char *results[ROWS_MAX];	/* text in a slice's arena */
	pthread_t by[ROWS_MAX], worker;
	_Atomic unsigned worked[ROWS_MAX], done;
	bool wait_for_helper;		/* the worker does not begin before somebody else has */
	_Atomic bool helped;
};

static void work(void *arg, size_t from, size_t to, struct fsv_arena *arena)
{
	struct batch *b = arg;

	assert_true(from < to && to <= b->opt.n_rows && to - from <= (b->opt.pool ? b->opt.rows : b->opt.n_rows));
	if (b->wait_for_helper && pthread_equal(pthread_self(), b->worker))
		while (!atomic_load(&b->helped))
			sched_yield();
	atomic_store(&b->helped, true);
	for (size_t i = from; i < to; i++) {
		b->results[i] = fsv_arena_printf(arena, "row %zu", i);
		b->by[i] = pthread_self();
		atomic_fetch_add(&b->worked[i], 1);
	}
}

static void done(void *arg)
{
	struct batch *b = arg;
	char want[32];

	assert_true(pthread_equal(pthread_self(), b->worker));
	assert_int_equal(atomic_fetch_add(&b->done, 1), 0);
	for (size_t i = 0; i < b->opt.n_rows; i++) {
		snprintf(want, sizeof(want), "row %zu", i);
		assert_string_equal(b->results[i], want);
		assert_int_equal(atomic_load(&b->worked[i]), 1);
	}
	fsv_slices_free(b->slices);
	pthread_mutex_lock(&lock);
	ended++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void start(void *arg)
{
	struct batch *b = arg;

	b->worker = pthread_self();
	b->opt.arg = b;
	b->opt.work = work;
	b->opt.done = done;
	fsv_slices_start(&b->opt, &b->slices);
}

static void run(struct fsv_rpc *rpc, struct batch *batches, unsigned n)
{
	ended = 0;
	for (unsigned i = 0; i < n; i++) {
		batches[i].opt.worker = fsv_rpc_pick(rpc);
		fsv_rpc_post(batches[i].opt.worker, start, &batches[i]);
	}
	pthread_mutex_lock(&lock);
	while (ended < n)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static struct batch *new_batch(size_t n_rows, size_t rows, struct fsv_pool *pool, unsigned n)
{
	struct batch *b = calloc(n, sizeof(*b));

	for (unsigned i = 0; i < n; i++)
		b[i].opt = (struct fsv_slices_opt){ .n_rows = n_rows, .rows = rows, .pool = pool, .n_threads = pool ? THREADS : 0 };
	return b;
}

struct world {
	struct fsv_rpc *rpc;
	struct fsv_pool *pool;
};

static void open_world(struct world *w)
{
	struct fsv_err err;

	assert_int_equal(fsv_rpc_new(2, &w->rpc, &err), 0);
	assert_int_equal(fsv_pool_new("batch", THREADS, QUEUE, &w->pool, &err), 0);
}

static void close_world(struct world *w)
{
	fsv_rpc_free(w->rpc);
	fsv_pool_free(w->pool);
}

static void every_row_once_whatever_the_sizes(void **state)
{
	static const size_t sizes[][2] = { { 1, 1 }, { 2, 1 }, { 7, 7 }, { 8, 7 }, { 100, 1 }, { 1000, 13 }, { 999, 500 } };
	struct world w;

	(void)state;
	open_world(&w);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct batch *b = new_batch(sizes[i][0], sizes[i][1], w.pool, 1);

		run(w.rpc, b, 1);
		free(b);
		b = new_batch(sizes[i][0], sizes[i][1], NULL, 1);
		run(w.rpc, b, 1);
		free(b);
	}
	close_world(&w);
}

static void many_batches_share_a_pool_that_overflows(void **state)
{
	struct batch *b;
	struct world w;

	(void)state;
	open_world(&w);
	b = new_batch(60, 3, w.pool, 200);
	run(w.rpc, b, 200);
	/* Workers end after what was given away has come back; jobs without work may be left. */
	close_world(&w);
	free(b);
}

static void other_threads_help(void **state)
{
	struct batch *b;
	struct world w;
	unsigned others = 0;

	(void)state;
	open_world(&w);
	b = new_batch(50, 1, w.pool, 1);
	b->wait_for_helper = true;
	run(w.rpc, b, 1);
	for (unsigned i = 0; i < 50; i++)
		others += !pthread_equal(b->by[i], b->worker);
	assert_in_range(others, 1, 50);
	close_world(&w);
	free(b);
}

static void a_small_batch_stays_on_its_worker(void **state)
{
	struct batch *b;
	struct world w;

	(void)state;
	open_world(&w);
	b = new_batch(50, 50, w.pool, 1);
	run(w.rpc, b, 1);
	for (unsigned i = 0; i < 50; i++)
		assert_true(pthread_equal(b->by[i], b->worker));
	close_world(&w);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_once_whatever_the_sizes),
		cmocka_unit_test(many_batches_share_a_pool_that_overflows),
		cmocka_unit_test(other_threads_help),
		cmocka_unit_test(a_small_batch_stays_on_its_worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
