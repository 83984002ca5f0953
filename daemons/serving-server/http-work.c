/* SPDX-License-Identifier: Apache-2.0 */
#include "http-work.h"

#include <stdatomic.h>

#include "base/mem.h"

struct fsv_http_lane {
	struct fsv_rpc_worker *worker;
	struct fsv_http_work *first;
};

struct fsv_http_works {
	_Atomic unsigned next;
	unsigned n;
	struct fsv_http_lane lanes[];
};

struct fsv_http_works *fsv_http_works_new(struct fsv_rpc *rpc)
{
	unsigned n = fsv_rpc_workers(rpc);
	struct fsv_http_works *works = fsv_calloc(1, sizeof(*works) + n * sizeof(works->lanes[0]));

	works->n = n;
	for (unsigned i = 0; i < n; i++)
		works->lanes[i].worker = fsv_rpc_pick(rpc);	/* in turn: each of them once */
	return works;
}

struct fsv_http_works *fsv_http_works_free(struct fsv_http_works *works)
{
	free(works);
	return NULL;
}

void fsv_http_work_post(struct fsv_http_works *works, struct fsv_http_work *work, void (*start)(void *arg), void *arg)
{
	work->lane = &works->lanes[atomic_fetch_add_explicit(&works->next, 1, memory_order_relaxed) % works->n];
	fsv_rpc_post(work->lane->worker, start, arg);
}

struct fsv_rpc_worker *fsv_http_work_worker(const struct fsv_http_work *work)
{
	return work->lane->worker;
}

void fsv_http_work_begin(struct fsv_http_work *work)
{
	work->next = work->lane->first;
	work->previous = NULL;
	if (work->next)
		work->next->previous = work;
	work->lane->first = work;
}

void fsv_http_work_end(struct fsv_http_work *work)
{
	if (work->next)
		work->next->previous = work->previous;
	if (work->previous)
		work->previous->next = work->next;
	else
		work->lane->first = work->next;
}

static void cut_lane(void *arg)
{
	struct fsv_http_lane *lane = arg;

	for (struct fsv_http_work *work = lane->first; work; work = work->next)
		work->cancel(work);
}

void fsv_http_works_cut(struct fsv_http_works *works)
{
	for (unsigned i = 0; i < works->n; i++)
		fsv_rpc_post(works->lanes[i].worker, cut_lane, &works->lanes[i]);
}
