/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounds of questions to nodes: all are asked at once, with one deadline, and the round is done when the last answer is
 * there. A round of one is an ordinary call. [the worker]
 */
#ifndef FSV_ADMIN_ASK_H
#define FSV_ADMIN_ASK_H

#include <sys/queue.h>

#include "call/services.h"
#include "directory.h"
#include "net/rpc.h"

struct fsv_round;

struct fsv_question {
	struct fsv_dir_node *node;
	const char *method;		/* static */
	struct fsv_str body;
	/* The answer, in the round's arena. */
	int status;			/* gRPC's */
	const char *fault;		/* a sentence without a full stop, unless OK */
	struct fsv_str reply;
	int64_t took_ns;
	/* Insides. */
	struct fsv_round *round;
	struct fsv_rpc_request *request;
};

struct fsv_round {
	struct fsv_arena *arena;
	struct fsv_directory *directory;	/* that the nodes are of; the round holds a reference while it lasts */
	struct fsv_question *questions;
	unsigned n;
	int64_t timeout_ms;
	struct fsv_str case_id;
	void (*done)(struct fsv_round *round);	/* never inside start */
	void *arg;
	/* Insides. */
	struct fsv_asker *asker;
	unsigned left;
	TAILQ_ENTRY(fsv_round) link;
};

struct fsv_asker {
	struct fsv_rpc_worker *worker;
	size_t max_message;
	TAILQ_HEAD(fsv_rounds, fsv_round) rounds;
};

void fsv_asker_init(struct fsv_asker *asker, struct fsv_rpc_worker *worker, size_t max_message);
void fsv_round_start(struct fsv_asker *asker, struct fsv_round *round);
/* What is not answered yet ends soon with CANCELLED; done runs. */
void fsv_round_cancel(struct fsv_round *round);
void fsv_asker_cancel(struct fsv_asker *asker);

#endif
