/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan is a model package compiled for one party: an immutable, checked program over numbered
 * columns. Names are interned once at compile time; a request's feature object is scanned once, each
 * name costs one hash probe, and only what the model reads is converted. Scores equal the reference's
 * to the last bit: the order of every sum is that of its hash maps (see java-order.h), exp() is Java's
 * (java-math.h), and these files are compiled without contraction.
 *
 * A plan is shared by all threads; what changes per row lives in a struct fsv_row in the caller's arena.
 */
#ifndef FSV_MODEL_PLAN_H
#define FSV_MODEL_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "codec/json.h"

struct fsv_package;
struct fsv_plan;
struct fsv_row;

struct fsv_plan_opt {
	bool guest;			/* role */
	struct fsv_str party_id;	/* own */
	unsigned n_partners;		/* parties that answer (guest) */
	bool lr_parallel;		/* lr.use.parallel: the reference's chunked sum, hosts only */
	unsigned lr_split;		/* lr.split.size */
	bool pass_unknown;		/* model.unknownComponents: pass */
	bool no_fusing;			/* each operator by itself, for comparison */
};

/* Compiles. FSV_E_MODEL_INIT names the component and the reason: unknown module, missing or broken
 * Meta/Param, no predictor, a cycle … FSV_E_RANGE when lr_split is 0 but needed. The package may be
 * dropped afterwards. */
int fsv_plan_compile(const struct fsv_package *package, const struct fsv_plan_opt *opt,
		     struct fsv_plan **ret_plan, struct fsv_err *err) FSV_MUST_CHECK;
struct fsv_plan *fsv_plan_free(struct fsv_plan *plan);
/* Guest: false when all that predicts is here; then no partner need be asked, and fsv_plan_merge takes none. */
bool fsv_plan_asks_partners(const struct fsv_plan *plan);
/* Bytes held. */
size_t fsv_plan_memory(const struct fsv_plan *plan);
/* What it does, for people: inputs, operators in order, what passes through. One line each. */
void fsv_plan_explain(const struct fsv_plan *plan, struct fsv_buf *out);

/* Runs the local part on one person's features, a JSON object (any text; the reader's limits hold). The
 * row refers to that text. Errors: FSV_E_SYSTEM for values that are no number, naming component and
 * column, never the value (a host keeps even that to itself: its partner gets a general text);
 * FSV_E_SYNTAX, FSV_E_TYPE, FSV_E_LIMIT for what is no JSON object or goes beyond the reader's limits. */
int fsv_plan_local(const struct fsv_plan *plan, struct fsv_str features, struct fsv_arena *arena,
		   struct fsv_row **ret_row, struct fsv_err *err) FSV_MUST_CHECK;

/* One row of a batch. */
struct fsv_plan_row {
	struct fsv_str features;	/* in; .p NULL: there are none, and the row fails */
	struct fsv_row *row;		/* out; NULL: its part failed … */
	int code;			/* … with this code, and why in words, in the arena */
	struct fsv_str why;
};

/* The same for many rows, operator by operator. Each row has its own outcome. */
void fsv_plan_local_rows(const struct fsv_plan *plan, struct fsv_plan_row *rows, size_t n, struct fsv_arena *arena);

/* Host: writes the members of "data", one per predicting component: "hetero_lr_0":{"score":0.45}. With
 * spread (guests before 2.0) each result's members are written at top level as well. A score that is not
 * finite is an error. */
int fsv_plan_write_local(const struct fsv_plan *plan, const struct fsv_row *row, bool spread,
			 struct fsv_jsonw *out, struct fsv_err *err) FSV_MUST_CHECK;

/* One party's answer for one row, in the order of the reference's party map. */
struct fsv_remote {
	struct fsv_str party_id;
	int retcode;			/* of the envelope (single) or the row (batch) */
	struct fsv_str message;		/* retmsg, or the row's data.message */
	struct fsv_str data;		/* JSON object; empty = none, an error where the code is 0 */
};

struct fsv_merge {
	int retcode;			/* 0, or "2" and the host's code */
	struct fsv_str retmsg;		/* in the arena or borrowed from a remote */
};

/* Guest: merges its row with the parties' answers and writes the result's members ("score":0.5) to out.
 * row may be NULL when the local part failed. A host's non-zero code is no error of this function: it
 * comes back in *ret_merge and nothing is written. Errors: FSV_E_MERGE, FSV_E_SYSTEM, FSV_E_SBT_DATA with
 * the reference's texts. */
int fsv_plan_merge(const struct fsv_plan *plan, const struct fsv_row *row, const struct fsv_remote *remotes,
		   unsigned n_remotes, struct fsv_arena *arena, struct fsv_jsonw *out,
		   struct fsv_merge *ret_merge, struct fsv_err *err) FSV_MUST_CHECK;

#endif
