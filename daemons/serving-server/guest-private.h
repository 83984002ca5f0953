/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's request under way: what the files of its flow share. guest.c is the flow itself. */
#ifndef FSV_SERVER_GUEST_PRIVATE_H
#define FSV_SERVER_GUEST_PRIVATE_H

#include "base/buf.h"
#include "call/trace.h"
#include "envelope.h"
#include "guest.h"
#include "model/models.h"
#include "registration.h"

struct fsv_interface;
struct fsv_row;
struct fsv_server_view;

struct fsv_guest_party {
	struct fsv_guest *guest;
	const struct fsv_partner *partner;
	struct fsv_rpc_request *request;	/* NULL when it has ended */
	struct fsv_hop hop;			/* that it went over */
	struct fsv_str packet;
	bool again;				/* it is the second one */
	struct fsv_answer answer;
};

struct fsv_guest {
	struct fsv_guest_in in;
	enum fsv_request_kind kind;
	const struct fsv_interface *interface;
	int64_t began, deadline;
	struct fsv_server_view *view;		/* NULL when it was not admitted */
	struct fsv_trace trace;
	struct fsv_request request;
	struct fsv_model *model;		/* one reference; NULL until found */

	struct fsv_guest_party *parties;	/* in the model's order */
	unsigned n_parties, n_waiting;
	struct fsv_buf packet_body;		/* what all parties get */

	struct fsv_row *row;			/* single: the own part */

	uint32_t *order;			/* batch: rows by ascending index */
	int32_t *indexes;			/* theirs */
	size_t n_rows;
	struct fsv_row **rows;			/* the own parts; NULL where it failed */

	int fault;				/* 0, or what ended the request */
	struct fsv_str fault_text;
};

/* guest-packet.c: what is sent. Begin once, then one packet for each partner. */
void fsv_guest_begin_packets(struct fsv_guest *g);
struct fsv_str fsv_guest_packet(struct fsv_guest *g, const struct fsv_partner *partner);

/* guest-merge.c: everybody has answered, or a fault ended the request; merges, answers, lets go. */
void fsv_guest_finish(struct fsv_guest *g);

#endif
