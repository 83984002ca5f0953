/* SPDX-License-Identifier: Apache-2.0 */
/* Calls into the loop's thread: each runs once or not at all, and the caller knows which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>

#include "base/loop.h"
#include "base/thread.h"
#include "base/time.h"

enum { JOBS_MAX = 1024, PATIENCE_MS = 120000 };

static struct fsv_loop *loop;
static pthread_t thread;

static void *run(void *arg)
{
	(void)arg;
	(void)fsv_loop_run(loop);
	return NULL;
}

static void quit(void *arg)
{
	(void)arg;
	fsv_loop_quit(loop, 0);
}

static int start(void **state)
{
	struct fsv_err err;

	(void)state;
	return fsv_loop_new(&loop, &err) < 0 || fsv_thread_start(&thread, "loop", run, NULL, &err) < 0 ? -1 : 0;
}

static int stop(void **state)
{
	(void)state;
	if (fsv_loop_post(loop, quit, NULL) < 0)
		return -1;
	pthread_join(thread, NULL);
	loop = fsv_loop_free(loop);
	return 0;
}

/* What a job saw. Read after a call that succeeded, which is all the order there is: tsan watches. */
struct job {
	pthread_t thread;
	unsigned runs;
};

static void note(void *arg)
{
	struct job *job = arg;

	job->thread = pthread_self();
	job->runs++;
}

/* Holds the loop up until it is let go. */
static struct {
	sem_t begun, go;
} hold;

static void held(void *arg)
{
	(void)arg;
	sem_post(&hold.begun);
	sem_wait(&hold.go);
}

static void hold_loop(void)
{
	sem_init(&hold.begun, 0, 0);
	sem_init(&hold.go, 0, 0);
	assert_int_equal(fsv_loop_post(loop, held, NULL), 0);
	sem_wait(&hold.begun);
}

static void let_go(void)
{
	struct job fence = { 0 };

	sem_post(&hold.go);
	assert_int_equal(fsv_loop_call(loop, note, &fence, PATIENCE_MS), 0);	/* behind all that waited */
	sem_destroy(&hold.begun);
	sem_destroy(&hold.go);
}

static void it_runs_in_the_thread_of_the_loop(void **state)
{
	struct job job = { 0 };

	(void)state;
	for (unsigned i = 1; i <= 100; i++) {
		assert_int_equal(fsv_loop_call(loop, note, &job, PATIENCE_MS), 0);
		assert_int_equal(job.runs, i);
	}
	assert_true(pthread_equal(job.thread, thread));
}

static void what_came_too_late_is_not_run(void **state)
{
	struct job job = { 0 };
	int64_t began;

	(void)state;
	hold_loop();
	began = fsv_now_ns();
	assert_int_equal(fsv_loop_call(loop, note, &job, 50), -ETIMEDOUT);
	assert_true(fsv_now_ns() - began >= 50 * FSV_MS);
	assert_int_equal(fsv_loop_call(loop, note, &job, 0), -ETIMEDOUT);
	assert_int_equal(fsv_loop_call(loop, note, &job, -1), -ETIMEDOUT);
	let_go();
	assert_int_equal(job.runs, 0);
}

struct slow {
	_Atomic bool begun;
	int64_t until;
	bool over;
};

static void outlast(void *arg)
{
	struct slow *slow = arg;

	slow->begun = true;
	while (fsv_now_ns() < slow->until)
		sched_yield();
	slow->over = true;
}

static void what_has_begun_is_waited_for(void **state)
{
	struct slow slow = { 0 };
	int64_t patience_ms = 50;
	int r;

	(void)state;
	/* A machine under load may not come to it in time. */
	do {
		slow.until = fsv_deadline_in_ms(2 * patience_ms);
		r = fsv_loop_call(loop, outlast, &slow, patience_ms);
		assert_int_equal(r == 0, slow.begun);
		patience_ms *= 2;
	} while (r == -ETIMEDOUT);
	assert_int_equal(r, 0);
	assert_true(slow.over && fsv_now_ns() >= slow.until);
}

static void a_full_queue_refuses_at_once(void **state)
{
	struct job posted = { 0 }, called = { 0 };

	(void)state;
	hold_loop();
	for (unsigned i = 0; i < JOBS_MAX - 1; i++)
		assert_int_equal(fsv_loop_post(loop, note, &posted), 0);
	assert_int_equal(fsv_loop_call(loop, note, &called, 1), -ETIMEDOUT);	/* has the last place, called off or not */
	assert_int_equal(fsv_loop_call(loop, note, &called, PATIENCE_MS), -EAGAIN);
	sem_post(&hold.go);
	while (fsv_loop_call(loop, note, &called, PATIENCE_MS) == -EAGAIN)
		sched_yield();
	assert_int_equal(posted.runs, JOBS_MAX - 1);
	assert_int_equal(called.runs, 1);
	sem_destroy(&hold.begun);
	sem_destroy(&hold.go);
}

/* What is left in the queue goes with the loop. */
static void a_loop_that_has_ended_runs_nothing(void **state)
{
	struct job job = { 0 };

	(void)state;
	assert_int_equal(fsv_loop_post(loop, quit, NULL), 0);
	pthread_join(thread, NULL);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(fsv_loop_call(loop, note, &job, 1), -ETIMEDOUT);
	loop = fsv_loop_free(loop);
	assert_int_equal(job.runs, 0);
}

enum { CALLERS = 4, CALLS = 500 };

struct many {
	struct job *job;	/* of the loop's thread */
	unsigned done;
};

static void *call_many(void *arg)
{
	struct many *many = arg;

	for (unsigned i = 0; i < CALLS; i++)
		many->done += fsv_loop_call(loop, note, many->job, i % 3 ? PATIENCE_MS : 0) == 0;
	return NULL;
}

static void many_callers_each_know_what_became_of_theirs(void **state)
{
	struct job job = { 0 }, fence = { 0 };
	struct many many[CALLERS];
	pthread_t threads[CALLERS];
	struct fsv_err err;
	unsigned done = 0;

	(void)state;
	for (unsigned i = 0; i < CALLERS; i++) {
		many[i] = (struct many){ &job, 0 };
		assert_int_equal(fsv_thread_start(&threads[i], "caller", call_many, &many[i], &err), 0);
	}
	for (unsigned i = 0; i < CALLERS; i++) {
		pthread_join(threads[i], NULL);
		done += many[i].done;
	}
	assert_int_equal(fsv_loop_call(loop, note, &fence, PATIENCE_MS), 0);
	assert_int_equal(job.runs, done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_runs_in_the_thread_of_the_loop, start, stop),
		cmocka_unit_test_setup_teardown(what_came_too_late_is_not_run, start, stop),
		cmocka_unit_test_setup_teardown(what_has_begun_is_waited_for, start, stop),
		cmocka_unit_test_setup_teardown(a_full_queue_refuses_at_once, start, stop),
		cmocka_unit_test_setup_teardown(many_callers_each_know_what_became_of_theirs, start, stop),
		cmocka_unit_test_setup(a_loop_that_has_ended_runs_nothing, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
