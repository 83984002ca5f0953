/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's side of an inference: it has the request, asks the model's other parties for their parts,
 * computes its own meanwhile, merges and answers. A request runs on one worker from start to reply.
 */
#ifndef FSV_SERVER_GUEST_H
#define FSV_SERVER_GUEST_H

#include "base/arena.h"
#include "net/rpc.h"
#include "request.h"

struct fsv_guest;
struct fsv_server;

/* A request, wherever it came from. */
struct fsv_guest_in {
	struct fsv_server *server;
	struct fsv_rpc_worker *worker;
	struct fsv_arena *arena;
	int64_t deadline;		/* the caller's; monotonic ns or FSV_NO_DEADLINE */
	struct fsv_str body;		/* JSON */
	struct fsv_str case_id, traceparent, hops;	/* of metadata or headers; may be empty */
	bool too_late;			/* fsv_rpc_call_too_late */
	bool bare;			/* answer as HTTP clients get it */
	/* Runs on the worker, exactly once; maybe before fsv_guest_start returns. The guest and the arena are
	 * not touched afterwards. */
	void (*reply)(void *arg, struct fsv_str envelope);
	void *arg;
};

/* NULL when it has been answered already; else the handle is valid until the reply. [its worker] */
struct fsv_guest *fsv_guest_start(const struct fsv_guest_in *in, enum fsv_request_kind kind);
/* The caller has gone: what is under way ends soon; the reply still comes. [its worker] */
void fsv_guest_cancel(struct fsv_guest *guest);

/* InferenceService; user: struct fsv_server. */
void fsv_guest_inference(struct fsv_rpc_call *call, void *user);
void fsv_guest_batch_inference(struct fsv_rpc_call *call, void *user);

#endif
