/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies of inference requests, as clients send them to a guest and guests to a host. One pass; feature maps
 * are checked and kept as text, for the plan or the adaptor to read.
 */
#ifndef FSV_SERVER_REQUEST_H
#define FSV_SERVER_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct fsv_request_row {
	int32_t index;
	struct fsv_str features;	/* JSON object; "{}" by default */
	struct fsv_str remote;		/* likewise */
	bool features_null;		/* null was given in so many words; features is then "{}" */
	bool superseded;		/* a later row has the same index */
};

struct fsv_request {
	struct fsv_str service_id, apply_id;
	struct fsv_str case_id;		/* of "caseId", else of "caseid"; may be empty */
	struct fsv_str features;	/* JSON objects; "{}" by default */
	struct fsv_str remote;
	bool features_null, remote_null;

	/* batchDataList, in order of arrival, no more than max_rows of them. */
	struct fsv_request_row *rows;
	size_t n_rows;
	bool too_many;
	bool null_row;
};

enum fsv_request_kind { FSV_REQUEST_SINGLE, FSV_REQUEST_BATCH };

/* FSV_E_PARAM for anything that is no JSON object of the right shape; bytes behind it are not looked at.
 * The result points into body and the arena. */
int fsv_request_parse(struct fsv_str body, enum fsv_request_kind kind, size_t max_rows, struct fsv_arena *arena,
		      struct fsv_request *ret_request, struct fsv_err *err) FSV_MUST_CHECK;

/* What a guest asks of its client, in the reference's order and words: FSV_E_PARAM. */
int fsv_request_check(const struct fsv_request *request, enum fsv_request_kind kind, size_t max_rows,
		      struct fsv_err *err) FSV_MUST_CHECK;

/* The part of it about batchDataList, which hosts check, too. */
int fsv_request_check_rows(const struct fsv_request *request, size_t max_rows, struct fsv_err *err) FSV_MUST_CHECK;

/* The places of the rows in ascending order of index; of equal indexes the last row stands for all, the
 * others are marked superseded. Returns how many are left. */
size_t fsv_request_order(struct fsv_request *request, struct fsv_arena *arena, uint32_t **ret_order);

/* Body of a guest before 2.0: whose model, and what to look the person up by. */
struct fsv_request_1x {
	struct fsv_str table_name, name_space;	/* of the guest's model */
	struct fsv_str keys;			/* JSON object: sendToRemoteFeatureData and featureIdMap */
};
int fsv_request_parse_1x(struct fsv_str body, struct fsv_arena *arena, struct fsv_request_1x *ret_request,
			 struct fsv_err *err) FSV_MUST_CHECK;

/* The members of two JSON objects in one; of equal names that of b counts when it is read. */
struct fsv_str fsv_request_join(struct fsv_str a, struct fsv_str b, struct fsv_arena *arena);

#endif
