/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every request to a daemon passes: flow control by rules that the console sets and that stay over restarts, and
 * the counts that it shows (traffic.h).
 */
#ifndef FSV_CALL_GATE_H
#define FSV_CALL_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "conf/conf.h"
#include "traffic.h"

/* For a daemon's table. */
#define FSV_FLOW_MAX_RULES_KEY \
	{ "flow.max.rules", FSV_CONF_INT, 0, NULL, "10000", 1, 1000000, NULL, \
	  "Most resources that rules for flow control may name; new rules beyond are refused.", NULL }

struct fsv_gate;

/* Interfaces under flow control: the resource's name, and that in the message of a refusal. */
struct fsv_interface {
	const char *resource;		/* "I_singleInference" */
	const char *service;		/* "singleInference" */
};

/* The rules lie in folder/.fate/name; folder NULL or empty: the working directory. */
struct fsv_gate *fsv_gate_new(const char *folder, const char *name);
/* Nobody may be on the way through any more. NULL is fine. */
struct fsv_gate *fsv_gate_free(struct fsv_gate *gate);
/* Reads the rules again. [blocks] */
void fsv_gate_reload(struct fsv_gate *gate);

/* Admits a request and counts it as passed, or counts it as blocked: FSV_E_OVERLOAD. full: there is no room for it in
 * any case. [any thread] */
int fsv_gate_enter(struct fsv_gate *gate, const struct fsv_interface *interface, bool full, struct fsv_err *err) FSV_MUST_CHECK;
/* The same for n units of a model. */
int fsv_gate_enter_model(struct fsv_gate *gate, const char *key, unsigned n, struct fsv_arena *arena,
			 struct fsv_err *err) FSV_MUST_CHECK;
/* How a request that was admitted ended. [any thread] */
void fsv_gate_count(struct fsv_gate *gate, const struct fsv_interface *interface, bool good);
/* Of a model, by rows. */
void fsv_gate_count_model(struct fsv_gate *gate, const char *key, unsigned good, unsigned bad);

/* updateFlowRule: on disk and in force, for a negative or infinite rate no more. FSV_E_LIMIT for more than max rules, or
 * more than their file may hold. A file that could not be read, or not all of it, gets ".broken" behind its name, in
 * the place of an earlier one. [any thread; blocks] */
int fsv_gate_set(struct fsv_gate *gate, struct fsv_str resource, double allowed, size_t max,
		 struct fsv_err *err) FSV_MUST_CHECK;
/* Whether a rule names the resource, and its rate. [any thread] */
bool fsv_gate_limit(struct fsv_gate *gate, struct fsv_str resource, double *ret_allowed);

/* queryMetrics, as fsv_traffic_show. [any thread] */
void fsv_gate_show(struct fsv_gate *gate, const struct fsv_traffic_query *query, struct fsv_buf *out);

#endif
