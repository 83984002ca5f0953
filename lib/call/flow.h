/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flow control: at most so many units a second for a resource, over a sliding window of ten tenths; of a fraction
 * what is whole counts, but below one a second there is one unit in each 1/allowed seconds. Only resources that the
 * rules file names cost anything. Admission is exact and takes no lock.
 */
#ifndef FSV_CALL_FLOW_H
#define FSV_CALL_FLOW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/ref.h"
#include "base/str.h"

enum { FSV_FLOW_BUCKETS = 10, FSV_FLOW_BUCKET_MS = 100, FSV_FLOW_FILE_MAX = 4 << 20 };

struct fsv_flow_rule {
	double allowed;					/* units a second */
	/* Tenth of a second since 1970, low 32 bits, above; units admitted in it below. */
	_Atomic uint64_t buckets[FSV_FLOW_BUCKETS];
	_Atomic int64_t last_ms;			/* of the last unit, where they are rarer than seconds */
};

/* n units at the given time. NULL admits everything. [any thread] */
bool fsv_flow_admit(struct fsv_flow_rule *rule, unsigned n, int64_t wall_ms);

/* Counted and never changed but for what was admitted; end it with fsv_ref_put(&flow->ref). */
struct fsv_flow {
	struct fsv_ref ref;
	struct fsv_map rules;		/* resource to struct fsv_flow_rule, on the heap */
	bool has_models;		/* any rule is for a model */
};

/* [{"source":"I_singleInference","allow_qps":2.5}]; allow_qps may be a text. Entries that are none, and
 * negative ones, are skipped and counted. FSV_E_SYNTAX for what is no such list. */
int fsv_flow_parse(struct fsv_str json, struct fsv_flow **ret_flow, unsigned *ret_skipped,
		   struct fsv_err *err) FSV_MUST_CHECK;
/* Of a file; NULL when there is none, or none that can be read, which is logged. *ret_broken: the file holds something
 * that is not in the rules. [blocks] */
struct fsv_flow *fsv_flow_load(const char *path, bool *ret_broken);

/* Another set of rules with this one in it, in the place of one for the same resource; what was admitted in the
 * present second stays counted. A negative or infinite rate is no limit: the rule for the resource goes. flow may be
 * NULL, stays the caller's. FSV_E_LIMIT for more than max rules. */
int fsv_flow_with(const struct fsv_flow *flow, struct fsv_str resource, double allowed, size_t max,
		  struct fsv_flow **ret_flow, struct fsv_err *err) FSV_MUST_CHECK;
/* Appends the file's text: sorted by resource. */
void fsv_flow_format(const struct fsv_flow *flow, struct fsv_buf *out);

/* NULL when no rule names it; accepts NULL. */
struct fsv_flow_rule *fsv_flow_rule(const struct fsv_flow *flow, struct fsv_str resource);

#endif
