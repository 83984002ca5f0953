/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work that HTTP requests have caused on the workers, so that it can be cut off when its clients have gone
 * with the port. Each worker has a lane of its own, which nobody else touches: no lock.
 */
#ifndef FSV_SERVER_HTTP_WORK_H
#define FSV_SERVER_HTTP_WORK_H

#include "net/rpc.h"

struct fsv_http_works;
struct fsv_http_lane;

/* Embedded in what the request keeps. */
struct fsv_http_work {
	struct fsv_http_lane *lane;
	struct fsv_http_work *next, *previous;
	void (*cancel)(struct fsv_http_work *work);	/* the work must not end before this returns */
};

struct fsv_http_works *fsv_http_works_new(struct fsv_rpc *rpc);
/* After the workers have ended. NULL is fine. */
struct fsv_http_works *fsv_http_works_free(struct fsv_http_works *works);

/* Picks a worker and runs start(arg) on it soon. [any thread] */
void fsv_http_work_post(struct fsv_http_works *works, struct fsv_http_work *work, void (*start)(void *arg), void *arg);
struct fsv_rpc_worker *fsv_http_work_worker(const struct fsv_http_work *work);

/* From begin to end the work may be cancelled. [its worker] */
void fsv_http_work_begin(struct fsv_http_work *work);
void fsv_http_work_end(struct fsv_http_work *work);

/* Cancels all that has been posted by now and goes on, soon. [any thread] */
void fsv_http_works_cut(struct fsv_http_works *works);

#endif
