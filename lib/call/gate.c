/* SPDX-License-Identifier: Apache-2.0 */
#include "gate.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "flow.h"

struct fsv_gate {
	struct fsv_snapshot rules;	/* struct fsv_flow */
	_Atomic bool limited;		/* there are any, so that nobody else looks */
	struct fsv_traffic *traffic;
	pthread_mutex_t lock;		/* who makes the next rules; held while they are written */
	bool broken;			/* the file holds what no rule was made of; under lock */
	char *folder, *path, *aside;	/* aside: where a broken file goes before another takes its place */
};

/* Life ---------------------------------------------------------------------------------------------------- */

static void put(struct fsv_gate *gate, struct fsv_flow *flow)
{
	bool limited = flow && flow->rules.n > 0;

	fsv_snapshot_set(&gate->rules, flow ? &flow->ref : NULL);
	atomic_store(&gate->limited, limited);
}

struct fsv_gate *fsv_gate_new(const char *folder, const char *name)
{
	struct fsv_gate *gate = FSV_NEW(struct fsv_gate);
	struct fsv_buf path;

	pthread_mutex_init(&gate->lock, NULL);
	gate->traffic = fsv_traffic_new();
	fsv_buf_init(&path, NULL, 0);
	fsv_buf_printf(&path, "%s/.fate", folder && *folder ? folder : ".");
	gate->folder = fsv_str_dup(fsv_buf_str(&path));
	fsv_buf_printf(&path, "/%s", name);
	gate->path = fsv_str_dup(fsv_buf_str(&path));
	fsv_buf_puts(&path, ".broken");
	gate->aside = fsv_str_dup(fsv_buf_str(&path));
	fsv_buf_done(&path);
	fsv_gate_reload(gate);
	return gate;
}

struct fsv_gate *fsv_gate_free(struct fsv_gate *gate)
{
	if (!gate)
		return NULL;
	fsv_snapshot_set(&gate->rules, NULL);
	fsv_traffic_free(gate->traffic);
	pthread_mutex_destroy(&gate->lock);
	free(gate->folder);
	free(gate->path);
	free(gate->aside);
	free(gate);
	return NULL;
}

void fsv_gate_reload(struct fsv_gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	put(gate, fsv_flow_load(gate->path, &gate->broken));
	pthread_mutex_unlock(&gate->lock);
}

/* Requests -------------------------------------------------------------------------------------------------- */

static struct fsv_flow *rules(struct fsv_gate *gate)
{
	if (!atomic_load_explicit(&gate->limited, memory_order_relaxed))
		return NULL;
	return (struct fsv_flow *)fsv_snapshot_get(&gate->rules);
}

static bool admit(struct fsv_flow *flow, struct fsv_str resource, unsigned n, int64_t now)
{
	return fsv_flow_admit(fsv_flow_rule(flow, resource), n, now);
}

int fsv_gate_enter(struct fsv_gate *gate, const struct fsv_interface *interface, bool full, struct fsv_err *err)
{
	struct fsv_str resource = fsv_str(interface->resource);
	struct fsv_flow *flow = rules(gate);
	int64_t now = fsv_wall_ms();
	bool in = !full && admit(flow, resource, 1, now);

	if (flow)
		fsv_ref_put(&flow->ref);
	fsv_traffic_count(gate->traffic, false, resource, in ? FSV_PASSED : FSV_BLOCKED, 1, now);
	if (in)
		return 0;
	return fsv_err_set(err, FSV_E_OVERLOAD, "request was block by over load, service name: %s", interface->service);
}

int fsv_gate_enter_model(struct fsv_gate *gate, const char *key, unsigned n, struct fsv_arena *arena, struct fsv_err *err)
{
	struct fsv_flow *flow = rules(gate);
	const char *resource = flow && flow->has_models ? fsv_arena_printf(arena, "M_%s", key) : NULL;
	int64_t now = fsv_wall_ms();
	bool in = !resource || admit(flow, fsv_str(resource), n, now);

	if (flow)
		fsv_ref_put(&flow->ref);
	fsv_traffic_count(gate->traffic, true, fsv_str(key), in ? FSV_PASSED : FSV_BLOCKED, n, now);
	if (in)
		return 0;
	return fsv_err_set(err, FSV_E_OVERLOAD, "request was block by over load, model resource: %s", resource);
}

void fsv_gate_count(struct fsv_gate *gate, const struct fsv_interface *interface, bool good)
{
	fsv_traffic_count(gate->traffic, false, fsv_str(interface->resource), good ? FSV_SUCCEEDED : FSV_FAILED, 1, fsv_wall_ms());
}

void fsv_gate_count_model(struct fsv_gate *gate, const char *key, unsigned good, unsigned bad)
{
	int64_t now = fsv_wall_ms();

	fsv_traffic_count(gate->traffic, true, fsv_str(key), FSV_SUCCEEDED, good, now);
	fsv_traffic_count(gate->traffic, true, fsv_str(key), FSV_FAILED, bad, now);
}

/* Rules ------------------------------------------------------------------------------------------------------- */

/* Somebody meant something by a file that could not be read, or not all of it: it is kept beside the new one. */
static int replace_file(struct fsv_gate *gate, struct fsv_str text, struct fsv_err *err)
{
	bool moved = gate->broken && rename(gate->path, gate->aside) == 0;
	int r;

	if (gate->broken && !moved && errno != ENOENT)
		return fsv_err_errno(err, errno, "%s is broken and cannot be kept as %s", gate->path, gate->aside);
	r = fsv_write_file(gate->path, text.p, text.n, 0640, err);
	if (r < 0 && moved)
		(void)rename(gate->aside, gate->path);	/* where it is looked for; kept it is in either place */
	if (r < 0)
		return r;
	if (moved)
		fsv_log_warn("flow rules %s: the file that could not be read, or not all of it, is kept as %s; the new one "
			     "has what was in force and what is set from now on", gate->path, gate->aside);
	gate->broken = false;
	return 0;
}

static int write_rules(struct fsv_gate *gate, const struct fsv_flow *flow, struct fsv_err *err)
{
	struct fsv_buf text;
	int r;

	if (mkdir(gate->folder, 0750) < 0 && errno != EEXIST)
		return fsv_err_errno(err, errno, "cannot make %s", gate->folder);
	fsv_buf_init(&text, NULL, 0);
	fsv_flow_format(flow, &text);
	if (text.n > FSV_FLOW_FILE_MAX)
		r = fsv_err_set(err, FSV_E_LIMIT, "the rules would take more than %d bytes in %s", FSV_FLOW_FILE_MAX, gate->path);
	else
		r = replace_file(gate, fsv_buf_str(&text), err);
	fsv_buf_done(&text);
	return r;
}

int fsv_gate_set(struct fsv_gate *gate, struct fsv_str resource, double allowed, size_t max, struct fsv_err *err)
{
	struct fsv_flow *was, *flow = NULL;
	int r;

	if (isnan(allowed))
		return fsv_err_set(err, FSV_E_SYSTEM, "allowQps is not a number");
	if (fsv_str_utf8(resource) != resource.n)
		return fsv_err_set(err, FSV_E_SYSTEM, "source is not UTF-8");	/* no rule could be read again */
	if (resource.n == 0)
		return 0;	/* the reference agrees; there is nothing to limit */
	pthread_mutex_lock(&gate->lock);
	was = (struct fsv_flow *)fsv_snapshot_get(&gate->rules);
	r = fsv_flow_with(was, resource, allowed, max, &flow, err);
	if (r == 0)
		r = write_rules(gate, flow, err);
	if (r == 0)
		put(gate, flow);
	else if (flow)
		fsv_ref_put(&flow->ref);
	if (was)
		fsv_ref_put(&was->ref);
	pthread_mutex_unlock(&gate->lock);
	if (r == 0 && allowed >= 0 && !isinf(allowed))
		fsv_log_info("flow control: at most %g a second for %.*s", allowed, FSV_STR_ARG(fsv_str_sub(resource, 0, 300)));
	else if (r == 0)
		fsv_log_info("flow control: no limit for %.*s", FSV_STR_ARG(fsv_str_sub(resource, 0, 300)));
	return r;
}

bool fsv_gate_limit(struct fsv_gate *gate, struct fsv_str resource, double *ret_allowed)
{
	struct fsv_flow *flow = rules(gate);
	const struct fsv_flow_rule *rule = fsv_flow_rule(flow, resource);

	if (rule)
		*ret_allowed = rule->allowed;
	if (flow)
		fsv_ref_put(&flow->ref);
	return rule != NULL;
}

void fsv_gate_show(struct fsv_gate *gate, const struct fsv_traffic_query *query, struct fsv_buf *out)
{
	fsv_traffic_show(gate->traffic, query, fsv_wall_ms(), out);
}
