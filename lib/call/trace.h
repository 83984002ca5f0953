/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows one request through all daemons: the case id (32 hex digits by default, whatever a client
 * gave otherwise), the W3C traceparent, and the number of proxies passed. In gRPC traceparent is metadata, the
 * hops are the request's (net/rpc.h), and the case id is in the message, auth.nonce in packets, or else metadata
 * "caseid"; over HTTP the headers are caseId (read: caseId, then caseid), traceparent, fate-hops.
 */
#ifndef FSV_CALL_TRACE_H
#define FSV_CALL_TRACE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

enum { FSV_CASE_ID_MAX = 128, FSV_HOPS_MAX = 8 };

struct fsv_trace {
	struct fsv_str case_id;		/* in the arena, NUL behind it */
	struct fsv_str traceparent;	/* own span: new parent-id, same trace-id */
	char parent_id[17];		/* the caller's span; "" when the trace begins here */
	bool sampled;			/* its span is to be exported; the traceparent says so to others */
	unsigned hops;
};

/* Case ids and header values from outside are cut at FSV_CASE_ID_MAX and kept only when they are printable
 * ASCII; else (and when empty) a fresh id is made. A malformed traceparent starts a new trace. */
struct fsv_trace fsv_trace_start(struct fsv_arena *arena, struct fsv_str case_id, struct fsv_str traceparent,
				 struct fsv_str hops);

/* From now on this share of requests (0 to 1) is sampled, and those whose traceparent asks for it. Which ones depends on
 * the trace id alone, so that all daemons with the same share choose the same. Before: none is. [any thread] */
void fsv_trace_sample(double share);
/* None again. */
void fsv_trace_sample_none(void);

/* 32 lower-case hex digits. Fast, not secret. [any thread] */
void fsv_random_hex32(char out[33]);

#endif
