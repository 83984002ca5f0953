/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded queue of (function, argument) jobs: any thread puts, one or more threads take. When it
 * is full a put is refused at once; nothing ever waits for room.
 */
#ifndef FSV_BASE_QUEUE_H
#define FSV_BASE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

typedef void fsv_job_fn(void *arg);

struct fsv_job {
	fsv_job_fn *fn;
	void *arg;
};

struct fsv_queue;

/* capacity > 0. */
struct fsv_queue *fsv_queue_new(size_t capacity);
struct fsv_queue *fsv_queue_free(struct fsv_queue *q);

/* 0, -EAGAIN when full, -ESHUTDOWN after fsv_queue_close. [any thread] */
int fsv_queue_put(struct fsv_queue *q, fsv_job_fn *fn, void *arg);
/* Takes the oldest without waiting. [any thread] */
bool fsv_queue_try(struct fsv_queue *q, struct fsv_job *ret_job);
/* Waits for a job; false when closed and empty. [any thread] */
bool fsv_queue_take(struct fsv_queue *q, struct fsv_job *ret_job);
/* No further puts; takers get what is left, then false. */
void fsv_queue_close(struct fsv_queue *q);
size_t fsv_queue_len(struct fsv_queue *q);

#endif
