/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A round over all nodes whose result everybody shares who asks at about the same time: only one runs at once, and who
 * comes meanwhile waits for it. [the worker]
 */
#ifndef FSV_ADMIN_SHARED_H
#define FSV_ADMIN_SHARED_H

#include "ask.h"
#include "codec/json.h"

struct fsv_admin;
struct fsv_visit;
struct fsv_shared;

struct fsv_shared_kind {
	/* Fills round.questions and n for round.directory, from round.arena. */
	void (*plan)(struct fsv_shared *shared);
	/* Writes the result, an object. */
	void (*write)(struct fsv_shared *shared, struct fsv_jsonw *w);
};

struct fsv_shared {
	const struct fsv_shared_kind *kind;
	struct fsv_admin *admin;
	char *json;			/* the last result, or NULL */
	int64_t made_at;		/* monotonic ns */
	bool running;
	struct fsv_round round;
	struct fsv_arena arena;		/* the running round's */
	struct fsv_visit *waiting;	/* by visit->next */
};

void fsv_shared_init(struct fsv_shared *shared, const struct fsv_shared_kind *kind, struct fsv_admin *admin);
void fsv_shared_done(struct fsv_shared *shared);
/* Runs a round unless one is running. */
void fsv_shared_refresh(struct fsv_shared *shared);
/* Answers with a result that is no older, now or when the round is over. */
void fsv_shared_answer(struct fsv_shared *shared, struct fsv_visit *visit, int64_t max_age_ns);

#endif
