/* SPDX-License-Identifier: Apache-2.0 */
/* One gRPC call to a serving server, waited for. */
#ifndef FSV_CTL_CALL_H
#define FSV_CTL_CALL_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* The answer's bytes in the arena. Errors say what to do: nobody listens, no answer in time, no such service. */
int fsv_ctl_call(const char *server, const char *method, struct fsv_str request, int64_t timeout_ms,
		 struct fsv_arena *arena, struct fsv_str *ret_answer, struct fsv_err *err) FSV_MUST_CHECK;

#endif
