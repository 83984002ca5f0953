/* SPDX-License-Identifier: Apache-2.0 */
/* A few threads for work that blocks (disk, SQL, bcrypt), with a bounded queue in front. */
#ifndef FSV_BASE_POOL_H
#define FSV_BASE_POOL_H

#include "err.h"
#include "queue.h"

struct fsv_pool;

/* name: at most 12 characters, shown by ps -L. Signals are blocked in the threads. */
int fsv_pool_new(const char *name, unsigned threads, size_t queue, struct fsv_pool **ret_pool,
		 struct fsv_err *err) FSV_MUST_CHECK;
/* Finishes what is queued, then joins. */
struct fsv_pool *fsv_pool_free(struct fsv_pool *pool);
/* 0 or -EAGAIN when the queue is full. [any thread] */
int fsv_pool_submit(struct fsv_pool *pool, fsv_job_fn *fn, void *arg) FSV_MUST_CHECK;

#endif
