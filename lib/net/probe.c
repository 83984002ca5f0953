/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking a name up cannot be interrupted, so threads of their own do the work and share a counted job with the caller:
 * those that are late end when they can, and find nothing but the job. There is a bound on how many may be on the way.
 */
#include "probe.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/thread.h"
#include "base/time.h"

enum { AT_A_TIME = 32, ALIVE_MAX = 128, ONE_MS = 1500, LOOK_MS = 50 };

struct target {
	char *host;
	uint16_t port;
	bool reached;
};

struct job {
	_Atomic unsigned refs;
	_Atomic size_t next;
	size_t n;
	int64_t deadline;
	pthread_mutex_t lock;		/* for what follows */
	pthread_cond_t over;
	size_t done;
	struct target *targets;
};

static _Atomic unsigned alive;
static _Atomic int64_t limit = INT64_MAX;	/* looked at every LOOK_MS by those who wait */

static int64_t until(const struct job *job)
{
	return fsv_min_deadline(job->deadline, atomic_load(&limit));
}

static void job_unref(struct job *job)
{
	if (atomic_fetch_sub(&job->refs, 1) > 1)
		return;
	for (size_t i = 0; i < job->n; i++)
		free(job->targets[i].host);
	free(job->targets);
	pthread_mutex_destroy(&job->lock);
	pthread_cond_destroy(&job->over);
	free(job);
}

static bool connects_to(const struct addrinfo *to, int64_t until)
{
	FSV_AUTO_FD fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int64_t left = (until - fsv_now_ns()) / FSV_MS;
	int fault = 1;
	socklen_t n = sizeof(fault);

	if (fd < 0)
		return false;
	if (connect(fd, to->ai_addr, to->ai_addrlen) == 0)
		return true;
	if (errno != EINPROGRESS || left <= 0)
		return false;
	return poll(&p, 1, (int)left) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &n) == 0 && fault == 0;
}

static bool reaches(const struct target *target, int64_t deadline)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	bool yes = false;
	char port[8];

	snprintf(port, sizeof(port), "%u", target->port);
	if (getaddrinfo(target->host, port, &hints, &list) != 0)
		return false;
	for (const struct addrinfo *to = list; to && !yes; to = to->ai_next)
		yes = connects_to(to, fsv_min_deadline(deadline, fsv_deadline_in_ms(ONE_MS)));
	freeaddrinfo(list);
	return yes;
}

static void *work(void *arg)
{
	struct job *job = arg;
	size_t i;

	while ((i = atomic_fetch_add(&job->next, 1)) < job->n && fsv_now_ns() < until(job)) {
		bool reached = reaches(&job->targets[i], job->deadline);

		pthread_mutex_lock(&job->lock);
		job->targets[i].reached = reached;
		if (++job->done == job->n)
			pthread_cond_signal(&job->over);
		pthread_mutex_unlock(&job->lock);
	}
	job_unref(job);
	atomic_fetch_sub(&alive, 1);
	return NULL;
}

static struct job *job_new(const struct fsv_probe *probes, size_t n, int64_t deadline)
{
	struct job *job = FSV_NEW(struct job);
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&job->lock, NULL);
	pthread_cond_init(&job->over, &monotonic);
	pthread_condattr_destroy(&monotonic);
	atomic_init(&job->refs, 1);
	job->n = n;
	job->deadline = deadline;
	job->targets = FSV_NEW_N(struct target, n);
	for (size_t i = 0; i < n; i++)
		job->targets[i] = (struct target){ fsv_str_dup(fsv_str(probes[i].host)), probes[i].port, false };
	return job;
}

static bool start_helper(struct job *job)
{
	pthread_t thread;

	if (atomic_fetch_add(&alive, 1) >= ALIVE_MAX) {
		atomic_fetch_sub(&alive, 1);
		return false;
	}
	atomic_fetch_add(&job->refs, 1);
	if (fsv_thread_start(&thread, "probe", work, job, NULL) < 0) {
		atomic_fetch_sub(&job->refs, 1);
		atomic_fetch_sub(&alive, 1);
		return false;
	}
	pthread_detach(thread);
	return true;
}

/* With its lock held: until all have an outcome, or there is no time left. */
static void await(struct job *job)
{
	int64_t left;

	while (job->done < job->n && (left = until(job) - fsv_now_ns()) > 0) {
		int64_t at = fsv_now_ns() + fsv_min_deadline(left, LOOK_MS * FSV_MS);
		struct timespec ts = { at / FSV_S, at % FSV_S };

		(void)pthread_cond_timedwait(&job->over, &job->lock, &ts);	/* both are looked at */
	}
}

void fsv_probe_all(struct fsv_probe *probes, size_t n, int64_t deadline)
{
	struct job *job;
	size_t helpers = 0;

	if (n == 0)
		return;
	job = job_new(probes, n, deadline);
	while (helpers < n && helpers < AT_A_TIME && start_helper(job))
		helpers++;
	pthread_mutex_lock(&job->lock);
	if (helpers > 0)
		await(job);
	for (size_t i = 0; i < n; i++)
		probes[i].reached = job->targets[i].reached;
	pthread_mutex_unlock(&job->lock);
	job_unref(job);
}

void fsv_probe_limit(int64_t deadline_ns)
{
	atomic_store(&limit, deadline_ns);
}
