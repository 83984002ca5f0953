/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spans on their way from the workers to the one thread that exports them: a ring of places of fixed size. Putting
 * takes no lock and no memory and never waits; when the ring is full it is refused.
 */
#ifndef FSV_CALL_SPAN_QUEUE_H
#define FSV_CALL_SPAN_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FSV_SPAN_CASE_MAX = 128, FSV_SPAN_SERVICE_MAX = 96, FSV_SPAN_PARTY_MAX = 32 };

/* What one daemon did for one request. */
struct fsv_span_record {
	char trace_id[32], span_id[16], parent_id[16];	/* hex digits */
	bool root;					/* there is no parent */
	const char *hop, *name;				/* static */
	int64_t start_ns, end_ns;			/* since 1970 */
	int64_t retcode;
	size_t case_len, service_len, party_len;
	char case_id[FSV_SPAN_CASE_MAX], service_id[FSV_SPAN_SERVICE_MAX], party_id[FSV_SPAN_PARTY_MAX];
};

struct fsv_span_queue;

struct fsv_span_queue *fsv_span_queue_new(size_t capacity);
struct fsv_span_queue *fsv_span_queue_free(struct fsv_span_queue *queue);

/* Copies the record; false when the queue is full. [any thread] */
bool fsv_span_queue_put(struct fsv_span_queue *queue, const struct fsv_span_record *record);
/* The oldest; false when there is none. [one thread at a time] */
bool fsv_span_queue_take(struct fsv_span_queue *queue, struct fsv_span_record *ret_record);

#endif
