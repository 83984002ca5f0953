/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workers. Each polls one completion queue for ever; everything it does is the function of an
 * operation that has completed.
 */
#include "rpc-private.h"

#include <dlfcn.h>
#include <grpc/support/log.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/time.h"

static _Thread_local struct fsv_rpc_worker *self;

struct fsv_rpc_worker *fsv_rpc_self(void)
{
	return self;
}

const char *fsv_rpc_status_name(int status)
{
	static const char *const names[] = {
		"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
		"ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
		"OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
	};

	if (status < 0 || (size_t)status >= sizeof(names) / sizeof(names[0]))
		return "UNKNOWN";
	return names[status];
}

/* Core speaks up by itself when a handshake fails or a port breaks; peers can cause these lines. */
static void core_log(gpr_log_func_args *args)
{
	if (args->severity == GPR_LOG_SEVERITY_ERROR)
		fsv_log_limited(FSV_LOG_WARNING, NULL, "gRPC: %s", args->message);
	else
		fsv_log_debug("gRPC: %s", args->message);
}

/*
 * Debian builds abseil, whose mutexes core takes, with a detector for deadlocks that its authors mean for debugging: each
 * lock goes through a graph that all threads share, which takes an eighth of what a request costs, and a cycle aborts
 * the process. Its switch is C++, in a namespace that Debian counts on. Elsewhere it is off, and not found here.
 */
static void stop_deadlock_detector(void)
{
	enum { IGNORE = 0, NAMESPACES = 32 };

	for (int n = 1; n <= NAMESPACES; n++) {
		char name[96];
		void (*set_mode)(int mode);

		snprintf(name, sizeof(name), "_ZN4absl%ddebian%d29SetMutexDeadlockDetectionModeENS0_15OnDeadlockCycleE",
			 n < 10 ? 7 : 8, n);
		*(void **)&set_mode = dlsym(RTLD_DEFAULT, name);
		if (set_mode)
			set_mode(IGNORE);
	}
}

/* Jobs from other threads ---------------------------------------------------------------------- */

static void ring(struct fsv_rpc_worker *w)
{
	FSV_BUG_ON(grpc_call_start_batch(w->bell, NULL, 0, &w->bell_op, NULL) != GRPC_CALL_OK);
}

void fsv_rpc_post(struct fsv_rpc_worker *w, void (*fn)(void *arg), void *arg)
{
	bool first;

	pthread_mutex_lock(&w->lock);
	if (w->n_posted == w->cap_posted) {
		w->cap_posted = w->cap_posted ? 2 * w->cap_posted : 64;
		w->posted = fsv_realloc(w->posted, w->cap_posted, sizeof(*w->posted));
	}
	first = w->n_posted == 0;
	w->posted[w->n_posted++] = (struct fsv_job){ fn, arg };
	pthread_mutex_unlock(&w->lock);
	if (first)
		ring(w);
}

/* Counts as a request: those keep a worker that is asked to stop, too. */
void fsv_rpc_hold(struct fsv_rpc_worker *w)
{
	atomic_fetch_add_explicit(&w->n_requests, 1, memory_order_relaxed);
}

void fsv_rpc_release(struct fsv_rpc_worker *w)
{
	atomic_fetch_sub_explicit(&w->n_requests, 1, memory_order_release);
}

static void on_bell(struct fsv_rpc_op *op, bool ok)
{
	struct fsv_rpc_worker *w = FSV_CONTAINER_OF(op, struct fsv_rpc_worker, bell_op);
	struct fsv_job *jobs;
	size_t n, cap;

	(void)ok;	/* an empty batch cannot fail */
	pthread_mutex_lock(&w->lock);
	jobs = w->posted;
	n = w->n_posted;
	cap = w->cap_posted;
	w->posted = w->jobs;
	w->cap_posted = w->cap_jobs;
	w->n_posted = 0;
	pthread_mutex_unlock(&w->lock);
	w->jobs = jobs;
	w->cap_jobs = cap;
	for (size_t i = 0; i < n; i++)
		jobs[i].fn(jobs[i].arg);
}

/* Threads -------------------------------------------------------------------------------------- */

static void begin_stop(void *arg)
{
	struct fsv_rpc_worker *w = arg;

	w->stopping = true;
}

/* A queue that is shut down takes no new work, so requests that completions send must have ended. */
static void end_when_idle(struct fsv_rpc_worker *w)
{
	size_t posted;

	pthread_mutex_lock(&w->lock);
	posted = w->n_posted;
	pthread_mutex_unlock(&w->lock);
	if (posted > 0 || atomic_load_explicit(&w->n_requests, memory_order_acquire) > 0)
		return;
	w->stopping = false;
	grpc_completion_queue_shutdown(w->cq);
}

static void *work(void *arg)
{
	struct fsv_rpc_worker *w = arg;

	self = w;
	for (;;) {
		grpc_event e = grpc_completion_queue_next(w->cq, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
		struct fsv_rpc_op *op = e.tag;

		if (e.type == GRPC_QUEUE_SHUTDOWN)
			break;
		atomic_store_explicit(&w->busy_since, fsv_now_ns(), memory_order_relaxed);
		atomic_load_explicit(&op->fn, memory_order_acquire)(op, e.success != 0);
		atomic_store_explicit(&w->busy_since, 0, memory_order_relaxed);
		if (w->stopping)
			end_when_idle(w);
	}
	fsv_rpc_call_pool_free(w);
	fsv_rpc_request_pool_free(w);
	self = NULL;
	fsv_rpc_msg_pool_free(w);
	return NULL;
}

static int worker_start(struct fsv_rpc_worker *w, struct fsv_err *err)
{
	gpr_timespec never = gpr_inf_future(GPR_CLOCK_MONOTONIC);
	char name[16];

	pthread_mutex_init(&w->lock, NULL);
	fsv_rpc_op_set(&w->bell_op, on_bell);
	w->cq = grpc_completion_queue_create_for_next(NULL);
	w->lame = grpc_lame_client_channel_create("bell", GRPC_STATUS_UNAVAILABLE, "never called");
	w->bell = grpc_channel_create_call(w->lame, NULL, GRPC_PROPAGATE_DEFAULTS, w->cq,
					   grpc_slice_from_static_string("/"), NULL, never, NULL);
	snprintf(name, sizeof(name), "rpc-%u", w->index);
	return fsv_thread_start(&w->thread, name, work, w, err);
}

static void worker_done(struct fsv_rpc_worker *w)
{
	grpc_call_unref(w->bell);	/* only now is nobody left in the middle of ringing it */
	grpc_channel_destroy(w->lame);
	grpc_completion_queue_destroy(w->cq);
	pthread_mutex_destroy(&w->lock);
	free(w->posted);
	free(w->jobs);
}

void fsv_rpc_set_waits(struct fsv_rpc *rpc, int64_t restart_ms, int64_t absent_ms)
{
	atomic_store(&rpc->wait_restart_ms, restart_ms);
	atomic_store(&rpc->wait_absent_ms, absent_ms);
}

int fsv_rpc_new(unsigned n, struct fsv_rpc **ret_rpc, struct fsv_err *err)
{
	struct fsv_rpc *rpc;

	if (n == 0)
		n = (fsv_cpus() + 1) / 2;
	if (n > 1024)
		return fsv_err_set(err, FSV_E_RANGE, "%u workers; use 1 to 1024", n);
	gpr_set_log_function(core_log);
	stop_deadlock_detector();
	grpc_init();
	rpc = fsv_calloc(1, sizeof(*rpc) + n * sizeof(rpc->workers[0]));
	fsv_rpc_set_waits(rpc, 10000, 2000);
	for (unsigned i = 0; i < n; i++) {
		struct fsv_rpc_worker *w = &rpc->workers[i];
		int r;

		w->rpc = rpc;
		w->index = i;
		r = worker_start(w, err);
		if (r < 0) {
			grpc_completion_queue_shutdown(w->cq);
			worker_done(w);
			fsv_rpc_free(rpc);
			return r;
		}
		rpc->n = i + 1;
	}
	*ret_rpc = rpc;
	return 0;
}

struct fsv_rpc *fsv_rpc_free(struct fsv_rpc *rpc)
{
	if (!rpc)
		return NULL;
	for (unsigned i = 0; i < rpc->n; i++)
		fsv_rpc_post(&rpc->workers[i], begin_stop, &rpc->workers[i]);
	for (unsigned i = 0; i < rpc->n; i++) {
		pthread_join(rpc->workers[i].thread, NULL);
		worker_done(&rpc->workers[i]);
	}
	free(rpc);
	grpc_shutdown();
	return NULL;
}

unsigned fsv_rpc_workers(const struct fsv_rpc *rpc)
{
	return rpc->n;
}

struct fsv_rpc_worker *fsv_rpc_pick(struct fsv_rpc *rpc)
{
	return &rpc->workers[atomic_fetch_add_explicit(&rpc->next, 1, memory_order_relaxed) % rpc->n];
}

int64_t fsv_rpc_stall_ns(const struct fsv_rpc *rpc)
{
	int64_t now = fsv_now_ns(), worst = 0;

	for (unsigned i = 0; i < rpc->n; i++) {
		int64_t since = atomic_load_explicit(&rpc->workers[i].busy_since, memory_order_relaxed);

		if (since > 0 && now - since > worst)
			worst = now - since;
	}
	return worst;
}
