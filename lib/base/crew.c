/* SPDX-License-Identifier: Apache-2.0 */
#include "crew.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "mem.h"
#include "thread.h"
#include "time.h"

/* Between attempts to get a seat: at most, with jobs that wait for one and without. */
#define PAUSE_FIRST	(20 * FSV_MS)
#define PAUSE_WANTED	(100 * FSV_MS)
#define PAUSE_MAX	(10 * FSV_S)

TAILQ_HEAD(jobs, fsv_crew_job);

struct slot {
	struct fsv_crew_job *job;	/* NULL = free */
	uint32_t turn;			/* how often it has been used */
	uint32_t next_free;
};

struct fsv_crew {
	const struct fsv_crew_trade *trade;
	void *arg;
	struct fsv_crews *crews;
	LIST_ENTRY(fsv_crew) in_crews;
	pthread_mutex_t lock;		/* for what follows; leaf */
	pthread_cond_t filled;		/* a job for a thread with a seat */
	pthread_cond_t wanted;		/* a job, and no thread with a seat is free */
	pthread_cond_t tick;		/* the clock has something to look at */
	struct jobs waiting;		/* in order of arrival */
	struct jobs open;		/* not claimed, by deadline */
	struct slot *slots;
	uint32_t n_slots, first_free;	/* == n_slots: none */
	uint64_t n_submitted;
	unsigned n_threads, n_seated, n_trying, n_idle;
	int64_t failed_at, pause;	/* newest attempt that failed, what is waited after it; 0 after a success */
	bool cut, closing;
};

struct fsv_crews {
	pthread_mutex_t lock;		/* before a crew's lock */
	pthread_cond_t fewer;
	LIST_HEAD(, fsv_crew) list;
	unsigned n, n_refs;		/* crews; they and the owner */
};

static void cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

static void wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until)
{
	const struct timespec at = { .tv_sec = until / FSV_S, .tv_nsec = until % FSV_S };

	pthread_cond_timedwait(cond, lock, &at);
}

/* Jobs ---------------------------------------------------------------------------------------------- */

void fsv_crew_job_put(struct fsv_crew_job *job)
{
	if (atomic_fetch_sub_explicit(&job->refs, 1, memory_order_acq_rel) == 1)
		job->crew->trade->free_job(job);
}

static void give_slot(struct fsv_crew *crew, struct fsv_crew_job *job)
{
	struct slot *slot = &crew->slots[crew->first_free];

	job->ticket = (uint64_t)++slot->turn << 32 | crew->first_free;
	crew->first_free = slot->next_free;
	slot->job = job;
}

/* Nearly all jobs have the same limit, so the place is found from the end at once. */
static void insert_open(struct fsv_crew *crew, struct fsv_crew_job *job)
{
	struct fsv_crew_job *before = TAILQ_LAST(&crew->open, jobs);

	while (before && before->deadline > job->deadline)
		before = TAILQ_PREV(before, jobs, open);
	if (before)
		TAILQ_INSERT_AFTER(&crew->open, before, job, open);
	else
		TAILQ_INSERT_HEAD(&crew->open, job, open);
}

int fsv_crew_submit(struct fsv_crew *crew, struct fsv_crew_job *job)
{
	int r = 0;

	pthread_mutex_lock(&crew->lock);
	if (crew->cut || crew->closing) {
		r = -ESHUTDOWN;
	} else if (crew->first_free == crew->n_slots) {
		r = -EAGAIN;
	} else {
		job->crew = crew;
		job->number = crew->n_submitted++;
		job->queued = true;
		atomic_init(&job->refs, 2);	/* of who claims it and of the queue */
		give_slot(crew, job);
		TAILQ_INSERT_TAIL(&crew->waiting, job, waiting);
		insert_open(crew, job);
		pthread_cond_signal(crew->n_idle > 0 ? &crew->filled : &crew->wanted);
		if (TAILQ_FIRST(&crew->open) == job)
			pthread_cond_signal(&crew->tick);
	}
	pthread_mutex_unlock(&crew->lock);
	return r;
}

/* [locked] */
static void claim(struct fsv_crew *crew, struct fsv_crew_job *job)
{
	uint32_t index = (uint32_t)job->ticket;

	TAILQ_REMOVE(&crew->open, job, open);
	crew->slots[index].job = NULL;
	crew->slots[index].next_free = crew->first_free;
	crew->first_free = index;
	if (job->queued) {
		TAILQ_REMOVE(&crew->waiting, job, waiting);
		job->queued = false;
		atomic_fetch_sub_explicit(&job->refs, 1, memory_order_relaxed);
	}
}

struct fsv_crew_job *fsv_crew_claim(struct fsv_crew *crew, uint64_t ticket)
{
	uint32_t index = (uint32_t)ticket;
	struct fsv_crew_job *job = NULL;

	pthread_mutex_lock(&crew->lock);
	if (index < crew->n_slots && crew->slots[index].job && crew->slots[index].job->ticket == ticket) {
		job = crew->slots[index].job;
		claim(crew, job);
	}
	pthread_mutex_unlock(&crew->lock);
	return job;
}

/* Threads ------------------------------------------------------------------------------------------- */

static void put_crews(struct fsv_crews *crews)
{
	bool last;

	pthread_mutex_lock(&crews->lock);
	last = --crews->n_refs == 0;
	pthread_mutex_unlock(&crews->lock);
	if (last) {
		pthread_cond_destroy(&crews->fewer);
		pthread_mutex_destroy(&crews->lock);
		free(crews);
	}
}

static void leave(struct fsv_crew *crew)
{
	struct fsv_crews *crews = crew->crews;
	bool last;

	pthread_mutex_lock(&crew->lock);
	last = --crew->n_threads == 0;
	pthread_mutex_unlock(&crew->lock);
	if (!last)
		return;
	crew->trade->gone(crew->arg);
	pthread_mutex_lock(&crews->lock);
	LIST_REMOVE(crew, in_crews);
	crews->n--;
	pthread_cond_broadcast(&crews->fewer);
	pthread_mutex_unlock(&crews->lock);
	put_crews(crews);
	pthread_cond_destroy(&crew->filled);
	pthread_cond_destroy(&crew->wanted);
	pthread_cond_destroy(&crew->tick);
	pthread_mutex_destroy(&crew->lock);
	free(crew->slots);
	free(crew);
}

/* While no thread has a seat, one at a time tries for all. [locked] */
static bool may_try(struct fsv_crew *crew, int64_t *ret_until)
{
	int64_t pause = crew->pause;

	*ret_until = FSV_NO_DEADLINE;
	if (crew->n_seated == 0 && crew->n_trying > 0)
		return false;
	if (pause > PAUSE_WANTED && !TAILQ_EMPTY(&crew->waiting))
		pause = PAUSE_WANTED;
	*ret_until = crew->failed_at + pause;
	return fsv_now_ns() >= *ret_until;
}

/* Until it is time for an attempt; false when the crew closes. ret_before: the number of jobs so far. */
static bool begin_try(struct fsv_crew *crew, uint64_t *ret_before)
{
	int64_t until;
	bool closing;

	pthread_mutex_lock(&crew->lock);
	while (!crew->closing && !may_try(crew, &until)) {
		if (until == FSV_NO_DEADLINE)
			pthread_cond_wait(&crew->wanted, &crew->lock);
		else
			wait_until(&crew->wanted, &crew->lock, until);
	}
	closing = crew->closing;
	crew->n_trying += !closing;
	*ret_before = crew->n_submitted;
	pthread_mutex_unlock(&crew->lock);
	return !closing;
}

/* After a failure jobs of before the attempt have no hope when no thread at all has a seat. */
static void end_try(struct fsv_crew *crew, bool seated, uint64_t before, const struct fsv_err *why)
{
	struct fsv_crew_job *job;

	pthread_mutex_lock(&crew->lock);
	crew->n_trying--;
	crew->n_seated += seated;
	if (seated) {
		crew->pause = 0;
	} else {
		crew->failed_at = fsv_now_ns();
		crew->pause = crew->pause == 0 ? PAUSE_FIRST : crew->pause * 2 < PAUSE_MAX ? crew->pause * 2 : PAUSE_MAX;
	}
	pthread_cond_broadcast(&crew->wanted);
	while (crew->n_seated == 0 && (job = TAILQ_FIRST(&crew->waiting)) && job->number < before) {
		claim(crew, job);
		pthread_mutex_unlock(&crew->lock);
		crew->trade->unanswered(job, why);
		pthread_mutex_lock(&crew->lock);
	}
	pthread_mutex_unlock(&crew->lock);
}

static bool sit(struct fsv_crew *crew, void **ret_seat)
{
	struct fsv_err err;
	uint64_t before;

	while (begin_try(crew, &before)) {
		bool seated = crew->trade->sit(crew->arg, ret_seat, &err) == 0;

		end_try(crew, seated, before, &err);
		if (seated)
			return true;
	}
	return false;
}

/* The next job; NULL when the crew closes. */
static struct fsv_crew_job *take(struct fsv_crew *crew)
{
	struct fsv_crew_job *job = NULL;

	pthread_mutex_lock(&crew->lock);
	while (!crew->closing && TAILQ_EMPTY(&crew->waiting)) {
		crew->n_idle++;
		pthread_cond_wait(&crew->filled, &crew->lock);
		crew->n_idle--;
	}
	if (!crew->closing) {
		job = TAILQ_FIRST(&crew->waiting);
		TAILQ_REMOVE(&crew->waiting, job, waiting);
		job->queued = false;
	}
	pthread_mutex_unlock(&crew->lock);
	return job;
}

static void *member(void *arg)
{
	struct fsv_crew *crew = arg;
	struct fsv_crew_job *job;
	void *seat = NULL;
	bool sits = true;

	while (sit(crew, &seat)) {
		while (sits && (job = take(crew))) {
			sits = crew->trade->work(crew->arg, &seat, job);
			fsv_crew_job_put(job);
		}
		pthread_mutex_lock(&crew->lock);
		crew->n_seated--;
		pthread_mutex_unlock(&crew->lock);
		if (sits)
			crew->trade->rise(crew->arg, seat);
		sits = true;
	}
	leave(crew);
	return NULL;
}

/* The next job that ends without an answer; NULL when the crew closes and none is left. */
static struct fsv_crew_job *take_unanswered(struct fsv_crew *crew, struct fsv_err *why)
{
	struct fsv_crew_job *job;

	pthread_mutex_lock(&crew->lock);
	for (;;) {
		job = TAILQ_FIRST(&crew->open);
		if (!job && crew->closing)
			break;
		if (job && (crew->cut || crew->closing)) {
			fsv_err_set(why, FSV_E_CANCELLED, "the server stops");
			claim(crew, job);
			break;
		}
		if (job && job->deadline <= fsv_now_ns()) {
			fsv_err_set(why, FSV_E_DEADLINE, "no answer within its time");
			claim(crew, job);
			break;
		}
		if (job)
			wait_until(&crew->tick, &crew->lock, job->deadline);
		else
			pthread_cond_wait(&crew->tick, &crew->lock);
	}
	pthread_mutex_unlock(&crew->lock);
	return job;
}

static void *clock_thread(void *arg)
{
	struct fsv_crew *crew = arg;
	struct fsv_crew_job *job;
	struct fsv_err why;

	while ((job = take_unanswered(crew, &why)))
		crew->trade->unanswered(job, &why);
	leave(crew);
	return NULL;
}

/* Life ---------------------------------------------------------------------------------------------- */

struct fsv_crews *fsv_crews_new(void)
{
	struct fsv_crews *crews = FSV_NEW(struct fsv_crews);

	pthread_mutex_init(&crews->lock, NULL);
	cond_init(&crews->fewer);
	LIST_INIT(&crews->list);
	crews->n_refs = 1;
	return crews;
}

void fsv_crews_cut(struct fsv_crews *crews)
{
	struct fsv_crew *crew;

	pthread_mutex_lock(&crews->lock);
	LIST_FOREACH(crew, &crews->list, in_crews) {
		pthread_mutex_lock(&crew->lock);
		crew->cut = true;
		pthread_cond_signal(&crew->tick);
		pthread_mutex_unlock(&crew->lock);
	}
	pthread_mutex_unlock(&crews->lock);
}

unsigned fsv_crews_wait(struct fsv_crews *crews, int64_t deadline)
{
	unsigned n;

	pthread_mutex_lock(&crews->lock);
	while (crews->n > 0 && fsv_now_ns() < deadline)
		wait_until(&crews->fewer, &crews->lock, deadline);
	n = crews->n;
	pthread_mutex_unlock(&crews->lock);
	return n;
}

struct fsv_crews *fsv_crews_free(struct fsv_crews *crews)
{
	if (crews)
		put_crews(crews);
	return NULL;
}

static int start_thread(struct fsv_crew *crew, void *(*fn)(void *), struct fsv_err *err)
{
	pthread_t thread;
	int r;

	pthread_mutex_lock(&crew->lock);
	crew->n_threads++;
	pthread_mutex_unlock(&crew->lock);
	r = fsv_thread_start(&thread, crew->trade->name, fn, crew, err);
	if (r == 0)
		pthread_detach(thread);
	else
		leave(crew);
	return r;
}

static struct fsv_crew *make(const struct fsv_crew_opt *opt)
{
	struct fsv_crew *crew = FSV_NEW(struct fsv_crew);

	crew->trade = opt->trade;
	crew->arg = opt->arg;
	crew->crews = opt->crews;
	pthread_mutex_init(&crew->lock, NULL);
	cond_init(&crew->filled);
	cond_init(&crew->wanted);
	cond_init(&crew->tick);
	TAILQ_INIT(&crew->waiting);
	TAILQ_INIT(&crew->open);
	crew->n_slots = opt->max_jobs;
	crew->slots = FSV_NEW_N(struct slot, opt->max_jobs);
	for (uint32_t i = 0; i < crew->n_slots; i++)
		crew->slots[i].next_free = i + 1;
	crew->n_threads = 1;	/* whoever makes it, until that is done */
	pthread_mutex_lock(&crew->crews->lock);
	LIST_INSERT_HEAD(&crew->crews->list, crew, in_crews);
	crew->crews->n++;
	crew->crews->n_refs++;
	pthread_mutex_unlock(&crew->crews->lock);
	return crew;
}

int fsv_crew_new(const struct fsv_crew_opt *opt, struct fsv_crew **ret_crew, struct fsv_err *err)
{
	struct fsv_crew *crew = make(opt);
	int r = start_thread(crew, clock_thread, err);

	for (unsigned i = 0; r == 0 && i < opt->threads; i++)
		r = start_thread(crew, member, err);
	if (r < 0)
		fsv_crew_free(crew);
	else
		*ret_crew = crew;
	leave(crew);
	return r;
}

struct fsv_crew *fsv_crew_free(struct fsv_crew *crew)
{
	if (!crew)
		return NULL;
	pthread_mutex_lock(&crew->lock);
	crew->closing = true;
	pthread_cond_broadcast(&crew->filled);
	pthread_cond_broadcast(&crew->wanted);
	pthread_cond_signal(&crew->tick);
	pthread_mutex_unlock(&crew->lock);
	return NULL;
}
