/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Crews: a few threads for work that waits for something outside (a database, somebody else's code), behind a
 * bounded number of jobs, so that whoever asks never waits for it.
 *
 * Each thread has a seat: what it needs for the work, such as a connection. It takes a job only while it has
 * one. A thread without a seat tries to get one, at once when jobs wait and at growing intervals when none do,
 * and holds no job meanwhile; jobs that no thread has a seat for end when an attempt fails that began after
 * they came, so a source that is down costs no more than the attempt and one that is back is used at once.
 *
 * Every job is claimed exactly once: by whoever has its answer, or by the crew's clock when its deadline has
 * passed, be it queued, being worked on or forgotten. An answer that comes later finds it claimed and is dropped.
 */
#ifndef FSV_BASE_CREW_H
#define FSV_BASE_CREW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "err.h"

struct fsv_crew;
struct fsv_crews;		/* those that are cut off and waited for together */

/* First member of a job; heap. */
struct fsv_crew_job {
	int64_t deadline;	/* monotonic ns, set by the caller */
	uint64_t ticket;	/* names it, set by fsv_crew_submit; never that of another job of this crew */
	/* The crew's own. */
	TAILQ_ENTRY(fsv_crew_job) waiting, open;
	struct fsv_crew *crew;
	uint64_t number;
	_Atomic unsigned refs;
	bool queued;
};

/* What a crew does. No lock is held while one of these runs. */
struct fsv_crew_trade {
	const char *name;	/* of its threads, at most 12 characters */
	/* Gets the thread a seat. [its thread; may block] */
	int (*sit)(void *arg, void **ret_seat, struct fsv_err *err);
	void (*rise)(void *arg, void *seat);
	/* Does the job, which it claims by its ticket, now or later from another thread. false: the seat is gone
	 * and *seat NULL. [its thread; may block] */
	bool (*work)(void *arg, void **seat, struct fsv_crew_job *job);
	/* Claimed without an answer; why: FSV_E_DEADLINE, FSV_E_CANCELLED, or what sit said. [a crew's thread] */
	void (*unanswered)(struct fsv_crew_job *job, const struct fsv_err *why);
	void (*free_job)(struct fsv_crew_job *job);
	/* After the last thread has let go of its seat. [that thread] */
	void (*gone)(void *arg);
};

struct fsv_crew_opt {
	const struct fsv_crew_trade *trade;	/* static */
	void *arg;
	unsigned threads;
	unsigned max_jobs;			/* submitted and not claimed */
	struct fsv_crews *crews;
};

struct fsv_crews *fsv_crews_new(void);
/* Ends every job of every crew without an answer and refuses further ones. [any thread] */
void fsv_crews_cut(struct fsv_crews *crews);
/* Waits until the threads of all crews that were freed have gone, which takes as long as what they do, or until
 * the deadline; returns how many crews are left. [may block] */
unsigned fsv_crews_wait(struct fsv_crews *crews, int64_t deadline);
/* What is left of crews keeps what it needs. */
struct fsv_crews *fsv_crews_free(struct fsv_crews *crews);

/* arg is the crew's from here on, also on failure: gone is called. */
int fsv_crew_new(const struct fsv_crew_opt *opt, struct fsv_crew **ret_crew, struct fsv_err *err) FSV_MUST_CHECK;
/* Does not wait: jobs end without an answer, the threads end when they are done and the last one cleans up. */
struct fsv_crew *fsv_crew_free(struct fsv_crew *crew);

/* 0, and the job is the crew's; or -EAGAIN when max_jobs are under way, -ESHUTDOWN, and it stays the caller's.
 * [any thread] */
int fsv_crew_submit(struct fsv_crew *crew, struct fsv_crew_job *job) FSV_MUST_CHECK;
/* The job, for whoever is first, who now ends it and lets it go with fsv_crew_job_put; NULL when that has been
 * done. [any thread] */
struct fsv_crew_job *fsv_crew_claim(struct fsv_crew *crew, uint64_t ticket);
void fsv_crew_job_put(struct fsv_crew_job *job);

#endif
