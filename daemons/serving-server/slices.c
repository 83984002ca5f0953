/* SPDX-License-Identifier: Apache-2.0 */
#include "slices.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/pool.h"
#include "net/rpc.h"

struct fsv_slices {
	struct fsv_slices_opt opt;
	size_t n;
	/* The request's own, and one for each job in the pool: a job may come too late to find any work. */
	_Atomic unsigned refs;
	_Atomic size_t next, left;
	struct fsv_arena arenas[];
};

static void unref(struct fsv_slices *s)
{
	if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < s->n; i++)
		fsv_arena_done(&s->arenas[i]);
	free(s);
}

static void work_on(struct fsv_slices *s, size_t i)
{
	size_t from = i * s->opt.rows, to = s->n - i == 1 ? s->opt.n_rows : from + s->opt.rows;

	s->opt.work(s->opt.arg, from, to, &s->arenas[i]);
}

/* Works while there is work; true when this thread finished the last slice. */
static bool take_slices(struct fsv_slices *s)
{
	bool last = false;
	size_t i;

	while ((i = atomic_fetch_add_explicit(&s->next, 1, memory_order_relaxed)) < s->n) {
		work_on(s, i);
		last = atomic_fetch_sub_explicit(&s->left, 1, memory_order_acq_rel) == 1;
	}
	return last;
}

/* [the worker] */
static void tell(void *arg)
{
	struct fsv_slices *s = arg;

	fsv_rpc_release(s->opt.worker);
	s->opt.done(s->opt.arg);
}

/* [a thread of the pool] */
static void help(void *arg)
{
	struct fsv_slices *s = arg;

	if (take_slices(s))
		fsv_rpc_post(s->opt.worker, tell, s);
	unref(s);
}

static void call_for_help(struct fsv_slices *s)
{
	size_t wanted = s->n - 1 < s->opt.n_threads ? s->n - 1 : s->opt.n_threads;

	for (size_t i = 0; i < wanted; i++) {
		atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
		if (fsv_pool_submit(s->opt.pool, help, s) < 0) {
			/* Never the last one: the request has its own. */
			atomic_fetch_sub_explicit(&s->refs, 1, memory_order_relaxed);
			break;
		}
	}
}

void fsv_slices_start(const struct fsv_slices_opt *opt, struct fsv_slices **ret_slices)
{
	size_t n = opt->pool && opt->n_rows > opt->rows ? (opt->n_rows + opt->rows - 1) / opt->rows : 1;
	struct fsv_slices *s = fsv_calloc(1, sizeof(*s) + n * sizeof(s->arenas[0]));

	s->opt = *opt;
	s->n = n;
	for (size_t i = 0; i < n; i++)
		fsv_arena_init(&s->arenas[i], 16 * 1024);
	atomic_init(&s->refs, 1);
	atomic_init(&s->next, 0);
	atomic_init(&s->left, n);
	*ret_slices = s;
	if (n > 1) {
		fsv_rpc_hold(opt->worker);
		call_for_help(s);
	}
	if (!take_slices(s))
		return;
	if (n > 1)
		fsv_rpc_release(opt->worker);
	opt->done(opt->arg);
}

struct fsv_slices *fsv_slices_free(struct fsv_slices *s)
{
	if (s)
		unref(s);
	return NULL;
}
