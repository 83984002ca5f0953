/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers: the JSON envelope that guests give their clients and hosts their guests, and a guest's reading of
 * the host's.
 */
#ifndef FSV_SERVER_ENVELOPE_H
#define FSV_SERVER_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct fsv_model;

/* Writing ------------------------------------------------------------------------------------------ */

struct fsv_envelope_row {
	int32_t index;
	int retcode;
	struct fsv_str retmsg;		/* .p NULL: the member is left out, as hosts do */
	struct fsv_str members;		/* of "data", comma-separated */
	bool data_null;			/* "data" is null; members is empty */
};

struct fsv_envelope {
	int retcode;
	struct fsv_str retmsg, case_id;
	struct fsv_str members;		/* of "data", comma-separated */
	const struct fsv_model *model;	/* its names and load time go into "data"; may be NULL */
	bool batch;			/* there are rows, be there none */
	const struct fsv_envelope_row *rows;
	size_t n_rows;
	/* For HTTP clients: without log, warn, caseid and whatever is null. */
	bool bare;
};

/* Appends it. Texts are made valid UTF-8: a partner's may be anything. */
void fsv_envelope_write(const struct fsv_envelope *envelope, struct fsv_arena *arena, struct fsv_buf *out);

/* Reading ------------------------------------------------------------------------------------------ */

struct fsv_answer_row {
	int32_t index;
	int32_t retcode;
	struct fsv_str message;		/* data.message of a row that failed */
	struct fsv_str data;		/* JSON object, or empty when there is none */
};

struct fsv_answer {
	int32_t retcode;
	struct fsv_str retmsg;
	struct fsv_str data;		/* JSON object; "{}" when the member is absent, empty when it is null */
	struct fsv_answer_row *rows;	/* batch; ascending, one for each index */
	size_t n_rows;
};

/* A host's envelope. Only rows of the indexes asked for (ascending) are kept; n_asked 0 = a single answer.
 * FSV_E_RESPONSE for what is empty or no envelope. The result points into body and the arena. */
int fsv_answer_parse(struct fsv_str body, const int32_t *asked, size_t n_asked, struct fsv_arena *arena,
		     struct fsv_answer *ret_answer, struct fsv_err *err) FSV_MUST_CHECK;

/* Row of an index, or NULL. */
const struct fsv_answer_row *fsv_answer_row(const struct fsv_answer *answer, int32_t index);

#endif
