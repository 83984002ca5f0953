/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's request under way: what the files of its flow share. guest.c is the flow itself. */
#ifndef FSV_SERVER_GUEST_PRIVATE_H
#define FSV_SERVER_GUEST_PRIVATE_H

#include "base/buf.h"
#include "cache/cache.h"
#include "call/trace.h"
#include "envelope.h"
#include "guest.h"
#include "model/models.h"
#include "registration.h"

struct fsv_interface;
struct fsv_plan_row;
struct fsv_row;
struct fsv_server_view;
struct fsv_slices;

struct fsv_guest_party {
	struct fsv_guest *guest;
	const struct fsv_partner *partner;
	struct fsv_rpc_request *request;	/* NULL when it has ended */
	struct fsv_hop hop;			/* that it went over */
	struct fsv_str packet;
	bool again;				/* it is the second one */
	struct fsv_answer answer;

	const int32_t *asked;			/* batch: ascending indexes of the rows that it is asked about */
	size_t n_asked;
	struct fsv_cache_item *cached;		/* one for each row, one for a single; NULL without a cache */
	size_t n_cached;			/* those with a value */
	bool *left_out;				/* batch: by place of arrival; NULL when no row is */
};

struct fsv_guest {
	struct fsv_guest_in in;
	enum fsv_request_kind kind;
	const struct fsv_interface *interface;
	int64_t began;
	int64_t deadline;			/* of all parties' answers, monotonic ns */
	struct fsv_server_view *view;		/* NULL when it was not admitted */
	struct fsv_trace trace;
	struct fsv_request request;
	struct fsv_model *model;		/* one reference; NULL until found */

	struct fsv_guest_party *parties;	/* in the model's order */
	unsigned n_parties;
	unsigned n_waiting;			/* for: answers, the cache, the own part, the start itself */
	struct fsv_cache_lookup lookup;
	struct fsv_buf packet_body;		/* what all parties get, packet_common bytes; made for the first */
	size_t packet_common;

	struct fsv_row *row;			/* single: the own part */

	uint32_t *order;			/* batch: rows by ascending index */
	int32_t *indexes;			/* theirs */
	size_t n_rows;
	struct fsv_plan_row *rows;		/* the own parts, in that order */
	struct fsv_envelope_row *results;
	bool merging, merged;
	struct fsv_slices *local, *merge;	/* who works on them, and holds what came of it */

	int fault;				/* 0, or what ended the request */
	struct fsv_str fault_text;
};

/* guest-batch.c: the own parts of all rows. done may run before this returns. */
void fsv_guest_compute_rows(struct fsv_guest *g, void (*done)(void *guest));
/* Merges all rows into g->results. Likewise. */
void fsv_guest_merge_rows(struct fsv_guest *g, void (*done)(void *guest));

/* guest-packet.c: what is sent. What parties are sent of each person is encoded first; then one packet for each. */
void fsv_guest_encode_sent(struct fsv_guest *g);
struct fsv_str fsv_guest_packet(struct fsv_guest *g, const struct fsv_guest_party *party);

/* guest-cache.c: answers that need not be asked for. Looks all of them up and calls done, maybe at once. */
void fsv_guest_look_up(struct fsv_guest *g, void (*done)(struct fsv_cache_lookup *lookup));
/* True when the party need not be asked at all: its answer is there. Else its asked and left_out are set. */
bool fsv_guest_use_cached(struct fsv_guest_party *party);
/* The party has answered: keeps what is good for next time, and joins it with what was cached. */
void fsv_guest_keep(struct fsv_guest_party *party);

/* guest-merge.c: everybody has answered, or a fault ended the request; merges, answers, lets go. True when that
 * is done, and the guest gone; false when a large batch is still being merged. */
bool fsv_guest_finish(struct fsv_guest *g);

#endif
