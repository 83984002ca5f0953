/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a batch on all cores. A large batch is cut into slices; its worker and the threads of a pool take
 * them one after the other, by counting up one number, and whoever finishes the last one tells the worker.
 * Nobody waits and nobody locks on the way: the worker does its share and goes on with other requests. Small
 * batches stay on their worker. What is under way is bounded: when the pool's queue is full, the worker does
 * the slices by itself.
 */
#ifndef FSV_SERVER_SLICES_H
#define FSV_SERVER_SLICES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct fsv_pool;
struct fsv_rpc_worker;
struct fsv_slices;

struct fsv_slices_opt {
	size_t n_rows;
	size_t rows;		/* of a slice */
	struct fsv_pool *pool;	/* NULL: the worker does everything */
	unsigned n_threads;	/* of the pool */
	struct fsv_rpc_worker *worker;
	/* Rows from … to - 1, results in the arena of the slice. [any thread, several at a time] */
	void (*work)(void *arg, size_t from, size_t to, struct fsv_arena *arena);
	void (*done)(void *arg);
	void *arg;
};

/* Works on all rows. done runs on the worker: before this returns when the worker was the last to finish,
 * else later. *ret_slices, set before any work begins, holds the arenas that results are in. [the worker] */
void fsv_slices_start(const struct fsv_slices_opt *opt, struct fsv_slices **ret_slices);
/* After done, when the results are no longer needed. NULL is fine. Returns NULL. */
struct fsv_slices *fsv_slices_free(struct fsv_slices *slices);

#endif
