/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main thread's epoll loop: descriptors, timers, signals, and jobs posted by other threads.
 * Everything but fsv_loop_post belongs to the thread that runs it.
 */
#ifndef FSV_BASE_LOOP_H
#define FSV_BASE_LOOP_H

#include <stdint.h>

#include "err.h"
#include "queue.h"

struct fsv_loop;
struct fsv_watch;
struct fsv_timer;

typedef void fsv_watch_fn(int fd, uint32_t epoll_events, void *arg);
typedef void fsv_timer_fn(void *arg);
typedef void fsv_signal_fn(int signo, void *arg);

int fsv_loop_new(struct fsv_loop **ret_loop, struct fsv_err *err) FSV_MUST_CHECK;
struct fsv_loop *fsv_loop_free(struct fsv_loop *loop);

/* Runs until fsv_loop_quit; returns the code given there. */
int fsv_loop_run(struct fsv_loop *loop);
void fsv_loop_quit(struct fsv_loop *loop, int code);

/* Watches fd (stays the caller's) for EPOLLIN/EPOLLOUT…, level-triggered. */
int fsv_loop_watch(struct fsv_loop *loop, int fd, uint32_t events, fsv_watch_fn *fn, void *arg,
		   struct fsv_watch **ret_watch, struct fsv_err *err) FSV_MUST_CHECK;
struct fsv_watch *fsv_watch_free(struct fsv_watch *watch);

/* Calls fn after first_ms and, when every_ms > 0, each every_ms from then on. A one-shot timer may
 * be set again. */
struct fsv_timer *fsv_timer_new(struct fsv_loop *loop, fsv_timer_fn *fn, void *arg);
void fsv_timer_set(struct fsv_timer *timer, int64_t first_ms, int64_t every_ms);
void fsv_timer_stop(struct fsv_timer *timer);
struct fsv_timer *fsv_timer_free(struct fsv_timer *timer);

/* Blocks signo in this thread and delivers it through the loop. Call before threads start. */
int fsv_loop_signal(struct fsv_loop *loop, int signo, fsv_signal_fn *fn, void *arg,
		    struct fsv_err *err) FSV_MUST_CHECK;

/* Runs fn(arg) in the loop's thread soon. -EAGAIN when 1,024 jobs wait already. [any thread] */
int fsv_loop_post(struct fsv_loop *loop, fsv_job_fn *fn, void *arg);
/* The same, and waits for its end. -ETIMEDOUT when the loop did not come to it within patience_ms; fn is not run then any
 * more. What has begun is waited for. [any thread but the loop's and those that must not wait] */
int fsv_loop_call(struct fsv_loop *loop, fsv_job_fn *fn, void *arg, int64_t patience_ms) FSV_MUST_CHECK;

#endif
