/* SPDX-License-Identifier: Apache-2.0 */
#include "queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "mem.h"

struct fsv_queue {
	pthread_mutex_t lock;	/* leaf lock: nothing is called while it is held */
	pthread_cond_t filled;
	size_t head, n, cap;
	bool closed;
	struct fsv_job jobs[];
};

struct fsv_queue *fsv_queue_new(size_t capacity)
{
	struct fsv_queue *q = fsv_calloc(1, sizeof(*q) + capacity * sizeof(struct fsv_job));

	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->filled, NULL);
	q->cap = capacity;
	return q;
}

struct fsv_queue *fsv_queue_free(struct fsv_queue *q)
{
	if (q) {
		pthread_cond_destroy(&q->filled);
		pthread_mutex_destroy(&q->lock);
		free(q);
	}
	return NULL;
}

int fsv_queue_put(struct fsv_queue *q, fsv_job_fn *fn, void *arg)
{
	int r = 0;

	pthread_mutex_lock(&q->lock);
	if (q->closed) {
		r = -ESHUTDOWN;
	} else if (q->n == q->cap) {
		r = -EAGAIN;
	} else {
		q->jobs[(q->head + q->n++) % q->cap] = (struct fsv_job){ fn, arg };
		pthread_cond_signal(&q->filled);
	}
	pthread_mutex_unlock(&q->lock);
	return r;
}

static bool pop(struct fsv_queue *q, struct fsv_job *ret_job)
{
	if (q->n == 0)
		return false;
	*ret_job = q->jobs[q->head];
	q->head = (q->head + 1) % q->cap;
	q->n--;
	return true;
}

bool fsv_queue_try(struct fsv_queue *q, struct fsv_job *ret_job)
{
	bool got;

	pthread_mutex_lock(&q->lock);
	got = pop(q, ret_job);
	pthread_mutex_unlock(&q->lock);
	return got;
}

bool fsv_queue_take(struct fsv_queue *q, struct fsv_job *ret_job)
{
	bool got;

	pthread_mutex_lock(&q->lock);
	while (!(got = pop(q, ret_job)) && !q->closed)
		pthread_cond_wait(&q->filled, &q->lock);
	pthread_mutex_unlock(&q->lock);
	return got;
}

void fsv_queue_close(struct fsv_queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_cond_broadcast(&q->filled);
	pthread_mutex_unlock(&q->lock);
}

size_t fsv_queue_len(struct fsv_queue *q)
{
	size_t n;

	pthread_mutex_lock(&q->lock);
	n = q->n;
	pthread_mutex_unlock(&q->lock);
	return n;
}
