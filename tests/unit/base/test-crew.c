/* SPDX-License-Identifier: Apache-2.0 */
/* Crews: every job ends once, whatever becomes of the seats, the deadline or the crew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/crew.h"
#include "base/mem.h"
#include "base/time.h"

enum { PATIENCE_MS = 120000 };

/* What the trade is told and what it saw; seats are numbers from 1. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct fsv_crews *crews;
	struct fsv_crew *crew;
	bool down;			/* sit fails */
	bool hold;			/* work waits */
	bool forget;			/* work claims nothing */
	bool broken;			/* work loses the seat and does the job nevertheless */
	unsigned seats, open_seats, tries, working, done, unanswered, freed, gone, late;
	int why;
	uint64_t forgotten;
} t = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

#define CHANGE(what) \
	do { \
		pthread_mutex_lock(&t.lock); \
		what; \
		pthread_cond_broadcast(&t.changed); \
		pthread_mutex_unlock(&t.lock); \
	} while (0)

#define WAIT_FOR(condition) \
	do { \
		struct timespec until; \
		clock_gettime(CLOCK_REALTIME, &until); \
		until.tv_sec += PATIENCE_MS / 1000; \
		pthread_mutex_lock(&t.lock); \
		while (!(condition)) \
			if (pthread_cond_timedwait(&t.changed, &t.lock, &until) != 0) \
				break; \
		if (!(condition)) \
			fail_msg("never happened: " #condition); \
		pthread_mutex_unlock(&t.lock); \
	} while (0)

static int sit(void *arg, void **ret_seat, struct fsv_err *err)
{
	int r = 0;

	(void)arg;
	pthread_mutex_lock(&t.lock);
	t.tries++;
	if (t.down) {
		r = fsv_err_set(err, -ECONNREFUSED, "down");
	} else {
		t.open_seats++;
		*ret_seat = (void *)(uintptr_t)++t.seats;
	}
	pthread_cond_broadcast(&t.changed);
	pthread_mutex_unlock(&t.lock);
	return r;
}

static void rise(void *arg, void *seat)
{
	(void)arg;
	assert_non_null(seat);
	CHANGE(t.open_seats--);
}

static bool work(void *arg, void **seat, struct fsv_crew_job *job)
{
	bool broken, forget;

	(void)arg;
	assert_non_null(*seat);
	CHANGE(t.working++);
	WAIT_FOR(!t.hold);
	pthread_mutex_lock(&t.lock);
	broken = t.broken;
	forget = t.forget;
	t.broken = false;
	t.working--;
	t.open_seats -= broken;
	t.forgotten = job->ticket;
	pthread_mutex_unlock(&t.lock);
	if (broken)
		*seat = NULL;
	if (!forget) {
		struct fsv_crew_job *mine = fsv_crew_claim(job->crew, job->ticket);

		if (mine) {
			assert_ptr_equal(mine, job);
			CHANGE(t.done++);
			fsv_crew_job_put(mine);
		} else {
			CHANGE(t.late++);
		}
	}
	return !broken;
}

static void unanswered(struct fsv_crew_job *job, const struct fsv_err *why)
{
	CHANGE((t.unanswered++, t.why = why->code));
	fsv_crew_job_put(job);
}

static void free_job(struct fsv_crew_job *job)
{
	free(job);
	CHANGE(t.freed++);
}

static void gone(void *arg)
{
	(void)arg;
	CHANGE(t.gone++);
}

static const struct fsv_crew_trade trade = { "test", sit, rise, work, unanswered, free_job, gone };

static int submit(int64_t ms)
{
	struct fsv_crew_job *job = FSV_NEW(struct fsv_crew_job);
	int r;

	job->deadline = fsv_deadline_in_ms(ms);
	r = fsv_crew_submit(t.crew, job);
	if (r < 0)
		free(job);
	return r;
}

static void start(unsigned threads, unsigned max_jobs)
{
	struct fsv_err err = FSV_ERR_INIT;

	t.crews = fsv_crews_new();
	t.down = t.hold = t.forget = t.broken = false;
	t.seats = t.open_seats = t.tries = t.working = t.done = t.unanswered = t.freed = t.gone = t.late = 0;
	t.why = 0;
	t.forgotten = 0;
	if (fsv_crew_new(&(struct fsv_crew_opt){
		.trade = &trade, .threads = threads, .max_jobs = max_jobs, .crews = t.crews }, &t.crew, &err) < 0)
		fail_msg("%s", err.text);
}

static void stop(void)
{
	t.crew = fsv_crew_free(t.crew);
	assert_int_equal(fsv_crews_wait(t.crews, fsv_deadline_in_ms(PATIENCE_MS)), 0);
	assert_int_equal(t.gone, 1);
	assert_int_equal(t.open_seats, 0);
	t.crews = fsv_crews_free(t.crews);
}

static void test_jobs_are_done(void **state)
{
	(void)state;
	start(3, 100);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(submit(PATIENCE_MS), 0);
	WAIT_FOR(t.done == 100 && t.freed == 100);
	stop();
	assert_int_equal(t.unanswered, 0);
}

static void test_a_full_crew_refuses(void **state)
{
	(void)state;
	start(1, 2);
	CHANGE(t.hold = true);
	assert_int_equal(submit(PATIENCE_MS), 0);
	assert_int_equal(submit(PATIENCE_MS), 0);
	assert_int_equal(submit(PATIENCE_MS), -EAGAIN);
	CHANGE(t.hold = false);
	WAIT_FOR(t.freed == 2);
	assert_int_equal(submit(PATIENCE_MS), 0);
	WAIT_FOR(t.done == 3);
	stop();
}

static void test_the_clock_ends_what_is_late(void **state)
{
	(void)state;
	start(1, 10);
	CHANGE(t.hold = true);
	assert_int_equal(submit(PATIENCE_MS), 0);
	WAIT_FOR(t.working == 1);
	/* Behind it in the queue, before it in time. */
	assert_int_equal(submit(20), 0);
	WAIT_FOR(t.unanswered == 1 && t.freed == 1);
	assert_int_equal(t.why, FSV_E_DEADLINE);
	CHANGE(t.hold = false);
	WAIT_FOR(t.done == 1);
	/* Under work: what comes then is dropped. */
	CHANGE(t.hold = true);
	assert_int_equal(submit(20), 0);
	WAIT_FOR(t.unanswered == 2);
	CHANGE(t.hold = false);
	WAIT_FOR(t.late == 1 && t.freed == 3);
	stop();
}

static void test_forgotten_jobs_cost_their_deadline(void **state)
{
	uint64_t old;

	(void)state;
	start(2, 2);
	CHANGE(t.forget = true);
	assert_int_equal(submit(20), 0);
	WAIT_FOR(t.unanswered == 1 && t.freed == 1);
	old = t.forgotten;
	assert_null(fsv_crew_claim(t.crew, old));
	/* The same place, another ticket. */
	assert_int_equal(submit(PATIENCE_MS), 0);
	assert_int_equal(submit(PATIENCE_MS), 0);
	assert_null(fsv_crew_claim(t.crew, old));
	assert_null(fsv_crew_claim(t.crew, UINT64_MAX));
	fsv_crews_cut(t.crews);
	WAIT_FOR(t.unanswered == 3);
	assert_int_equal(t.why, FSV_E_CANCELLED);
	assert_int_equal(submit(PATIENCE_MS), -ESHUTDOWN);
	stop();
}

static void test_without_a_seat_jobs_end_and_with_one_they_are_done(void **state)
{
	(void)state;
	start(4, 100);
	WAIT_FOR(t.open_seats == 4);
	/* Every seat breaks while the source is down. */
	for (unsigned i = 0; i < 4; i++) {
		unsigned tries = t.tries;

		CHANGE((t.broken = true, t.down = true));
		assert_int_equal(submit(PATIENCE_MS), 0);
		WAIT_FOR(t.open_seats == 3 - i && t.done == i + 1);
		WAIT_FOR(i > 0 || t.tries > tries);
	}
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(submit(PATIENCE_MS), 0);
		WAIT_FOR(t.unanswered == i + 1);
		assert_int_equal(t.why, -ECONNREFUSED);
	}
	CHANGE(t.down = false);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(submit(PATIENCE_MS), 0);
	WAIT_FOR(t.done == 9 && t.open_seats == 4);
	assert_int_equal(t.unanswered, 5);
	stop();
}

static void test_a_thread_that_is_stuck_is_left_behind(void **state)
{
	(void)state;
	start(1, 4);
	CHANGE(t.hold = true);
	assert_int_equal(submit(20), 0);
	WAIT_FOR(t.working == 1 && t.unanswered == 1);
	t.crew = fsv_crew_free(t.crew);
	assert_int_equal(fsv_crews_wait(t.crews, fsv_deadline_in_ms(20)), 1);
	t.crews = fsv_crews_free(t.crews);
	CHANGE(t.hold = false);
	WAIT_FOR(t.gone == 1 && t.freed == 1 && t.open_seats == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jobs_are_done),
		cmocka_unit_test(test_a_full_crew_refuses),
		cmocka_unit_test(test_the_clock_ends_what_is_late),
		cmocka_unit_test(test_forgotten_jobs_cost_their_deadline),
		cmocka_unit_test(test_without_a_seat_jobs_end_and_with_one_they_are_done),
		cmocka_unit_test(test_a_thread_that_is_stuck_is_left_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
