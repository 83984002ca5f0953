/* SPDX-License-Identifier: Apache-2.0 */
/* A model's record as JSON: what queryModel shows of it, and what travels with a copy to another server. */
#ifndef FSV_MODEL_MODEL_JSON_H
#define FSV_MODEL_MODEL_JSON_H

#include "base/buf.h"
#include "models.h"
#include "package.h"
#include "store.h"

/* ModelInfoEx.content: with the parties as a list, and the characters < > & = ' as \u00XX. allow_qps: NULL when
 * no flow rule is set for it. */
void fsv_model_content(const struct fsv_model_listing *listing, const double *allow_qps, struct fsv_buf *out);

/* modelData of a transfer. */
void fsv_model_data(const struct fsv_model_listing *listing, struct fsv_buf *out);

/* Reads modelData; everything in the arena. Unknown members are ignored. FSV_E_SYNTAX, FSV_E_LIMIT. */
int fsv_model_data_parse(struct fsv_str json, struct fsv_arena *arena, struct fsv_stored_model *ret_record,
			 struct fsv_str **ret_service_ids, size_t *ret_n, struct fsv_err *err) FSV_MUST_CHECK;

/* One component of the pipeline, for people: its Param as pretty-printed proto3 JSON. */
struct fsv_model_node {
	struct fsv_str name, params;
};
/* In the order of the pipeline, those that have a Param of a known kind; in the arena. */
int fsv_model_nodes(const struct fsv_package *package, struct fsv_arena *arena, struct fsv_model_node **ret_nodes,
		    size_t *ret_n, struct fsv_err *err) FSV_MUST_CHECK;

#endif
