/* SPDX-License-Identifier: Apache-2.0 */
#include "loop.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "mem.h"
#include "time.h"

enum { JOBS_MAX = 1024, EVENTS = 16 };

struct fsv_watch {
	struct fsv_loop *loop;
	int fd;
	bool dead;	/* freed inside the round that is being dispatched */
	fsv_watch_fn *fn;
	void *arg;
	struct fsv_watch *next_dead;
};

struct fsv_timer {
	struct fsv_loop *loop;
	fsv_timer_fn *fn;
	void *arg;
	int64_t at;	/* monotonic ns, 0 = not set */
	int64_t every;	/* ns, 0 = once */
	struct fsv_timer *next, **prev;
};

struct fsv_loop {
	int epfd, wakefd, sigfd;
	sigset_t signals;
	struct {
		fsv_signal_fn *fn;
		void *arg;
	} on_signal[NSIG];
	struct fsv_queue *jobs;
	struct fsv_timer *timers;	/* few, unsorted */
	struct fsv_watch *wake, *sig, *dead;
	bool quit;
	int code;
};

static void run_jobs(int fd, uint32_t events, void *arg)
{
	struct fsv_loop *loop = arg;
	struct fsv_job job;
	uint64_t n;

	(void)events;
	if (read(fd, &n, sizeof(n)) < 0)
		return;
	while (fsv_queue_try(loop->jobs, &job))
		job.fn(job.arg);
}

static void run_signals(int fd, uint32_t events, void *arg)
{
	struct fsv_loop *loop = arg;
	struct signalfd_siginfo si;

	(void)events;
	while (read(fd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		if (si.ssi_signo < NSIG && loop->on_signal[si.ssi_signo].fn)
			loop->on_signal[si.ssi_signo].fn((int)si.ssi_signo,
							 loop->on_signal[si.ssi_signo].arg);
}

int fsv_loop_new(struct fsv_loop **ret_loop, struct fsv_err *err)
{
	struct fsv_loop *loop = FSV_NEW(struct fsv_loop);
	int r;

	sigemptyset(&loop->signals);
	loop->sigfd = -1;
	loop->jobs = fsv_queue_new(JOBS_MAX);
	loop->epfd = epoll_create1(EPOLL_CLOEXEC);
	loop->wakefd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->epfd < 0 || loop->wakefd < 0)
		r = fsv_err_errno(err, errno, "cannot make an event loop");
	else
		r = fsv_loop_watch(loop, loop->wakefd, EPOLLIN, run_jobs, loop, &loop->wake, err);
	if (r < 0) {
		fsv_loop_free(loop);
		return r;
	}
	*ret_loop = loop;
	return 0;
}

/* One call on its way. Whoever comes last, the caller or the loop, frees it. */
struct call {
	pthread_mutex_t lock;
	pthread_cond_t over;
	enum { WAITS, RUNS, OVER, CALLED_OFF } state;
	fsv_job_fn *fn;
	void *arg;
};

static void call_free(struct call *call)
{
	pthread_mutex_destroy(&call->lock);
	pthread_cond_destroy(&call->over);
	free(call);
}

static void run_call(void *arg)
{
	struct call *call = arg;
	bool wanted;

	pthread_mutex_lock(&call->lock);
	wanted = call->state == WAITS;
	if (wanted)
		call->state = RUNS;
	pthread_mutex_unlock(&call->lock);
	if (!wanted) {
		call_free(call);
		return;
	}
	call->fn(call->arg);
	pthread_mutex_lock(&call->lock);
	call->state = OVER;
	pthread_cond_signal(&call->over);
	pthread_mutex_unlock(&call->lock);
}

static void bury(struct fsv_loop *loop)
{
	while (loop->dead) {
		struct fsv_watch *w = loop->dead;

		loop->dead = w->next_dead;
		free(w);
	}
}

struct fsv_loop *fsv_loop_free(struct fsv_loop *loop)
{
	struct fsv_job job;

	if (!loop)
		return NULL;
	while (fsv_queue_try(loop->jobs, &job))
		if (job.fn == run_call)		/* called off, as nobody may wait here any more */
			call_free(job.arg);
	fsv_watch_free(loop->wake);
	fsv_watch_free(loop->sig);
	bury(loop);
	while (loop->timers)
		fsv_timer_free(loop->timers);
	fsv_close(loop->epfd);
	fsv_close(loop->wakefd);
	fsv_close(loop->sigfd);
	fsv_queue_free(loop->jobs);
	free(loop);
	return NULL;
}

int fsv_loop_watch(struct fsv_loop *loop, int fd, uint32_t events, fsv_watch_fn *fn, void *arg,
		   struct fsv_watch **ret_watch, struct fsv_err *err)
{
	struct fsv_watch *w = FSV_NEW(struct fsv_watch);
	struct epoll_event ev = { .events = events, .data.ptr = w };

	*w = (struct fsv_watch){ .loop = loop, .fd = fd, .fn = fn, .arg = arg };
	if (epoll_ctl(loop->epfd, EPOLL_CTL_ADD, fd, &ev) < 0) {
		free(w);
		return fsv_err_errno(err, errno, "cannot watch descriptor %d", fd);
	}
	*ret_watch = w;
	return 0;
}

struct fsv_watch *fsv_watch_free(struct fsv_watch *watch)
{
	if (!watch)
		return NULL;
	(void)epoll_ctl(watch->loop->epfd, EPOLL_CTL_DEL, watch->fd, NULL);	/* fd may be closed */
	watch->dead = true;
	watch->next_dead = watch->loop->dead;
	watch->loop->dead = watch;
	return NULL;
}

struct fsv_timer *fsv_timer_new(struct fsv_loop *loop, fsv_timer_fn *fn, void *arg)
{
	struct fsv_timer *t = FSV_NEW(struct fsv_timer);

	*t = (struct fsv_timer){ .loop = loop, .fn = fn, .arg = arg, .next = loop->timers,
				 .prev = &loop->timers };
	if (t->next)
		t->next->prev = &t->next;
	loop->timers = t;
	return t;
}

void fsv_timer_set(struct fsv_timer *timer, int64_t first_ms, int64_t every_ms)
{
	timer->at = fsv_now_ns() + first_ms * FSV_MS;
	timer->every = every_ms * FSV_MS;
}

void fsv_timer_stop(struct fsv_timer *timer)
{
	timer->at = 0;
}

struct fsv_timer *fsv_timer_free(struct fsv_timer *timer)
{
	if (!timer)
		return NULL;
	*timer->prev = timer->next;
	if (timer->next)
		timer->next->prev = timer->prev;
	free(timer);
	return NULL;
}

/* Runs at most one due timer (its function may free any of them); true when one ran. */
static bool run_timer(struct fsv_loop *loop, int64_t now)
{
	for (struct fsv_timer *t = loop->timers; t; t = t->next) {
		if (t->at == 0 || t->at > now)
			continue;
		t->at = t->every ? now + t->every : 0;
		t->fn(t->arg);
		return true;
	}
	return false;
}

static int next_wait_ms(const struct fsv_loop *loop)
{
	int64_t first = INT64_MAX, ms;

	for (const struct fsv_timer *t = loop->timers; t; t = t->next)
		if (t->at && t->at < first)
			first = t->at;
	if (first == INT64_MAX)
		return -1;
	ms = (first - fsv_now_ns() + FSV_MS - 1) / FSV_MS;
	return ms < 0 ? 0 : ms > 60000 ? 60000 : (int)ms;
}

int fsv_loop_run(struct fsv_loop *loop)
{
	struct epoll_event ev[EVENTS];

	loop->quit = false;
	while (!loop->quit) {
		int64_t now;
		int n = epoll_wait(loop->epfd, ev, EVENTS, next_wait_ms(loop));

		FSV_BUG_ON(n < 0 && errno != EINTR);
		for (int i = 0; i < n; i++) {
			struct fsv_watch *w = ev[i].data.ptr;

			if (!w->dead)
				w->fn(w->fd, ev[i].events, w->arg);
		}
		now = fsv_now_ns();
		while (!loop->quit && run_timer(loop, now))
			;
		bury(loop);
	}
	return loop->code;
}

void fsv_loop_quit(struct fsv_loop *loop, int code)
{
	loop->quit = true;
	loop->code = code;
}

int fsv_loop_signal(struct fsv_loop *loop, int signo, fsv_signal_fn *fn, void *arg, struct fsv_err *err)
{
	int fd;

	sigaddset(&loop->signals, signo);
	sigprocmask(SIG_BLOCK, &loop->signals, NULL);
	loop->on_signal[signo].fn = fn;
	loop->on_signal[signo].arg = arg;
	fd = signalfd(loop->sigfd, &loop->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return fsv_err_errno(err, errno, "cannot take signal %d", signo);
	if (loop->sigfd >= 0)
		return 0;
	loop->sigfd = fd;
	return fsv_loop_watch(loop, fd, EPOLLIN, run_signals, loop, &loop->sig, err);
}

int fsv_loop_post(struct fsv_loop *loop, fsv_job_fn *fn, void *arg)
{
	uint64_t one = 1;
	int r = fsv_queue_put(loop->jobs, fn, arg);

	if (r == 0 && write(loop->wakefd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		return -errno;
	return r;
}

int fsv_loop_call(struct fsv_loop *loop, fsv_job_fn *fn, void *arg, int64_t patience_ms)
{
	struct call *call = FSV_NEW(struct call);
	int64_t until = fsv_deadline_in_ms(patience_ms);
	struct timespec at = { until / FSV_S, until % FSV_S };
	pthread_condattr_t monotonic;
	int r;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&call->lock, NULL);
	pthread_cond_init(&call->over, &monotonic);
	pthread_condattr_destroy(&monotonic);
	call->fn = fn;
	call->arg = arg;
	r = fsv_loop_post(loop, run_call, call);
	if (r < 0) {
		call_free(call);
		return r;
	}
	pthread_mutex_lock(&call->lock);
	while (call->state == WAITS && r == 0)
		r = -pthread_cond_timedwait(&call->over, &call->lock, &at);
	if (call->state == WAITS) {
		call->state = CALLED_OFF;	/* the loop frees it */
		pthread_mutex_unlock(&call->lock);
		return r;
	}
	while (call->state == RUNS)
		pthread_cond_wait(&call->over, &call->lock);
	pthread_mutex_unlock(&call->lock);
	call_free(call);
	return 0;
}
