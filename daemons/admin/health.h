/* SPDX-License-Identifier: Apache-2.0 */
/* Health rounds: in the background and on demand. A node that cannot be reached is in the result, as an error. */
#ifndef FSV_ADMIN_HEALTH_H
#define FSV_ADMIN_HEALTH_H

#include "shared.h"

extern const struct fsv_shared_kind fsv_health_kind;

enum fsv_health_state { FSV_HEALTH_OK, FSV_HEALTH_WARN, FSV_HEALTH_ERROR };

/* One record of a node's report. */
struct fsv_health_record {
	struct fsv_str item, message, status;	/* as the node has it; a status of FSV_STR_NULL is null */
	enum fsv_health_state state;
	struct fsv_health_record *next;
};

/* The records of an answered question, in their order; NULL when there are none. What is no report, or no answer, is
 * one record of ours. */
struct fsv_health_record *fsv_health_records(const struct fsv_question *question, struct fsv_arena *arena);

#endif
