/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Look-ups that a crew runs: the bridge between a request on its worker and a thread, or code of somebody else, that
 * answers when it pleases. An errand has copies of all it needs, so the request may have ended long before; the
 * answer is posted to the worker once, by the deadline at the latest, and later ones are dropped.
 */
#ifndef FSV_SERVER_ERRAND_H
#define FSV_SERVER_ERRAND_H

#include "adaptor.h"
#include "base/crew.h"

struct fsv_errand_row {
	struct fsv_str keys;		/* JSON object, a NUL behind it */
	int retcode;			/* answer */
	struct fsv_str features;
};

struct fsv_errand {
	struct fsv_crew_job job;
	const char *source;		/* static: "SQL", "plugin", for logs */
	const char *case_id;
	struct fsv_errand_row *rows;	/* one unless it is a batch */
	size_t n_rows;
	bool is_batch;
	/* The worker's. */
	struct fsv_rpc_worker *worker;
	struct fsv_lookup *lookup;
	struct fsv_batch_lookup *batch;
	int retcode;
	struct fsv_err why;
	char *answer;			/* heap: what features of the rows point into */
};

struct fsv_errand_opt {
	const char *source;
	struct fsv_crew *crew;
	int64_t limit_ms;		/* at most, whatever the caller leaves */
};

/* What comes of it if the crew is full: 110 at once. [the look-up's worker] */
void fsv_errand_find(const struct fsv_errand_opt *opt, struct fsv_lookup *lookup);
void fsv_errand_find_batch(const struct fsv_errand_opt *opt, struct fsv_batch_lookup *batch);

struct fsv_errand_answer {
	int retcode;
	struct fsv_str features;
};

/* Answers with as many rows as were asked for, copied; retcode: of the whole. why: for the log when retcode is not 0, or
 * NULL. False when it is too late. [any thread] */
bool fsv_errand_answer(struct fsv_crew *crew, uint64_t ticket, int retcode, const struct fsv_errand_answer *rows,
		       size_t n_rows, const char *why);

/* Features that are handed on are one JSON object and nothing else. */
bool fsv_errand_object(struct fsv_str text, struct fsv_arena *arena);

/* The crew's. */
void fsv_errand_unanswered(struct fsv_crew_job *job, const struct fsv_err *why);
void fsv_errand_free(struct fsv_crew_job *job);

#endif
