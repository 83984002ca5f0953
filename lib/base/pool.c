/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include <stdlib.h>

#include "mem.h"
#include "thread.h"

struct fsv_pool {
	struct fsv_queue *queue;
	unsigned n;
	pthread_t threads[];
};

static void *work(void *arg)
{
	struct fsv_pool *pool = arg;
	struct fsv_job job;

	while (fsv_queue_take(pool->queue, &job))
		job.fn(job.arg);
	return NULL;
}

int fsv_pool_new(const char *name, unsigned threads, size_t queue, struct fsv_pool **ret_pool,
		 struct fsv_err *err)
{
	struct fsv_pool *pool = fsv_calloc(1, sizeof(*pool) + threads * sizeof(pthread_t));
	int r;

	pool->queue = fsv_queue_new(queue);
	for (; pool->n < threads; pool->n++) {
		r = fsv_thread_start(&pool->threads[pool->n], name, work, pool, err);
		if (r < 0) {
			fsv_pool_free(pool);
			return r;
		}
	}
	*ret_pool = pool;
	return 0;
}

struct fsv_pool *fsv_pool_free(struct fsv_pool *pool)
{
	if (!pool)
		return NULL;
	fsv_queue_close(pool->queue);
	for (unsigned i = 0; i < pool->n; i++)
		pthread_join(pool->threads[i], NULL);
	fsv_queue_free(pool->queue);
	free(pool);
	return NULL;
}

int fsv_pool_submit(struct fsv_pool *pool, fsv_job_fn *fn, void *arg)
{
	return fsv_queue_put(pool->queue, fn, arg);
}
