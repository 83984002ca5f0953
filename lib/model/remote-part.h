/* SPDX-License-Identifier: Apache-2.0 */
/* A partner's part of a score, read out of its answer's data. What is read is hostile until checked. */
#ifndef FSV_MODEL_REMOTE_PART_H
#define FSV_MODEL_REMOTE_PART_H

#include "plan-private.h"

/* One sum: "score" of the component's map, or "prob" of parties before 2.0 that send no such map. FSV_E_MERGE
 * when there is neither, FSV_E_SYSTEM when it is no number. */
int fsv_remote_sum(const struct fsv_op *op, const struct fsv_remote *remote, struct fsv_arena *arena,
		   double *ret_sum, struct fsv_err *err) FSV_MUST_CHECK;

/* n sums, one a class: "score" of the component's map is an array of as many numbers. FSV_E_SYSTEM. */
int fsv_remote_sums(const struct fsv_op *op, const struct fsv_remote *remote, struct fsv_arena *arena, double *sums,
		    uint32_t n, struct fsv_err *err) FSV_MUST_CHECK;

/* Factorization machine: "score" and the array "fm_cross" of n numbers. FSV_E_SYSTEM. */
int fsv_remote_crossed(const struct fsv_op *op, const struct fsv_remote *remote, struct fsv_arena *arena,
		       double *ret_sum, double *cross, uint32_t n, struct fsv_err *err) FSV_MUST_CHECK;

#endif
