/* SPDX-License-Identifier: Apache-2.0 */
#include "flow.h"

#include <errno.h>
#include <math.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "codec/json.h"
#include "codec/number.h"

static uint64_t bucket(uint32_t tenth, uint32_t units)
{
	return (uint64_t)tenth << 32 | units;
}

/* Units admitted in the window that ends with now, the current bucket left out. */
static uint64_t earlier(struct fsv_flow_rule *rule, uint32_t now)
{
	uint64_t sum = 0;

	for (uint32_t age = 1; age < FSV_FLOW_BUCKETS; age++) {
		uint32_t tenth = now - age;
		uint64_t b = atomic_load_explicit(&rule->buckets[tenth % FSV_FLOW_BUCKETS], memory_order_relaxed);

		if ((uint32_t)(b >> 32) == tenth)
			sum += (uint32_t)b;
	}
	return sum;
}

/* Less often than each second. A clock that was set back does not make anybody wait for the time that it had. */
static bool admit_rarely(struct fsv_flow_rule *rule, unsigned n, int64_t now_ms)
{
	int64_t last = atomic_load_explicit(&rule->last_ms, memory_order_relaxed);
	bool over = now_ms < last || (double)(now_ms - last) >= 1000 / rule->allowed;

	return n <= 1 && over && atomic_compare_exchange_strong(&rule->last_ms, &last, now_ms);
}

/* Whoever changes the current bucket first wins; the others count again. */
bool fsv_flow_admit(struct fsv_flow_rule *rule, unsigned n, int64_t wall_ms)
{
	uint32_t now = (uint32_t)(wall_ms / FSV_FLOW_BUCKET_MS);
	_Atomic uint64_t *current;
	uint64_t was;

	if (!rule)
		return true;
	if (rule->allowed > 0 && rule->allowed < 1)
		return admit_rarely(rule, n, wall_ms);
	current = &rule->buckets[now % FSV_FLOW_BUCKETS];
	was = atomic_load_explicit(current, memory_order_relaxed);
	for (;;) {
		uint32_t here = (uint32_t)(was >> 32) == now ? (uint32_t)was : 0;

		if ((double)(earlier(rule, now) + here + n) > rule->allowed || here > UINT32_MAX - n)
			return false;
		if (atomic_compare_exchange_weak(current, &was, bucket(now, here + n)))
			return true;
	}
}

static bool allowed_of(const struct fsv_json_node *node, double *ret_allowed)
{
	if (!node)
		return false;
	if (node->type == FSV_JSON_INT || node->type == FSV_JSON_DOUBLE)
		*ret_allowed = node->number;
	else if (node->type != FSV_JSON_STRING || !fsv_double_from_java(node->text, ret_allowed))
		return false;
	return *ret_allowed >= 0;	/* NaN is no rate */
}

static void flow_free(struct fsv_ref *ref)
{
	struct fsv_flow *flow = (struct fsv_flow *)ref;

	for (size_t i = 0; i < flow->rules.n; i++)
		free(flow->rules.entries[i].value);
	fsv_map_done(&flow->rules);
	free(flow);
}

static struct fsv_flow *flow_new(void)
{
	struct fsv_flow *flow = FSV_NEW(struct fsv_flow);

	fsv_ref_init(&flow->ref, flow_free);
	fsv_map_init(&flow->rules);
	return flow;
}

static bool add_rule(struct fsv_flow *flow, const struct fsv_json_node *entry)
{
	struct fsv_str source = fsv_json_get_str(entry, "source");
	struct fsv_flow_rule *rule;
	double allowed;

	if (source.n == 0 || !allowed_of(fsv_json_get(entry, "allow_qps"), &allowed))
		return false;
	rule = FSV_NEW(struct fsv_flow_rule);
	rule->allowed = allowed;
	free(fsv_map_put(&flow->rules, source, rule));
	flow->has_models |= fsv_str_starts(source, FSV_STR("M_"));
	return true;
}

int fsv_flow_parse(struct fsv_str json, struct fsv_flow **ret_flow, unsigned *ret_skipped, struct fsv_err *err)
{
	struct fsv_json_node *root;
	struct fsv_arena arena;
	struct fsv_flow *flow;
	unsigned skipped = 0;
	int r;

	fsv_arena_init(&arena, 0);
	r = fsv_json_parse(json, &arena, false, &root, err);
	if (r == 0 && root->type != FSV_JSON_ARRAY)
		r = fsv_err_set(err, FSV_E_SYNTAX, "flow rules are no JSON list");
	if (r == 0) {
		flow = flow_new();
		for (const struct fsv_json_node *entry = root->first; entry; entry = entry->next)
			skipped += !add_rule(flow, entry);
		*ret_flow = flow;
		*ret_skipped = skipped;
	}
	fsv_arena_done(&arena);
	return r;
}

static void copy_rule(struct fsv_flow *flow, struct fsv_str resource, struct fsv_flow_rule *from, double allowed)
{
	struct fsv_flow_rule *rule = FSV_NEW(struct fsv_flow_rule);

	rule->allowed = allowed;
	for (unsigned i = 0; from && i < FSV_FLOW_BUCKETS; i++)
		atomic_init(&rule->buckets[i], atomic_load_explicit(&from->buckets[i], memory_order_relaxed));
	if (from)
		atomic_init(&rule->last_ms, atomic_load_explicit(&from->last_ms, memory_order_relaxed));
	free(fsv_map_put(&flow->rules, resource, rule));
	flow->has_models |= fsv_str_starts(resource, FSV_STR("M_"));
}

int fsv_flow_with(const struct fsv_flow *was, struct fsv_str resource, double allowed, size_t max,
		  struct fsv_flow **ret_flow, struct fsv_err *err)
{
	struct fsv_flow_rule *old = fsv_flow_rule(was, resource);
	bool limits = allowed >= 0 && !isinf(allowed);
	struct fsv_flow *flow;

	if (limits && !old && was && was->rules.n >= max)
		return fsv_err_set(err, FSV_E_LIMIT, "there are rules for %zu resources, which is the most (flow.max.rules)",
				   was->rules.n);
	flow = flow_new();
	for (size_t i = 0; was && i < was->rules.n; i++) {
		struct fsv_flow_rule *rule = was->rules.entries[i].value;

		if (rule != old)
			copy_rule(flow, was->rules.entries[i].key, rule, rule->allowed);
	}
	if (limits)
		copy_rule(flow, resource, old, allowed);
	*ret_flow = flow;
	return 0;
}

static int by_key(const void *a, const void *b)
{
	return fsv_str_order((*(struct fsv_map_entry *const *)a)->key, (*(struct fsv_map_entry *const *)b)->key);
}

void fsv_flow_format(const struct fsv_flow *flow, struct fsv_buf *out)
{
	struct fsv_map_entry **sorted = FSV_NEW_N(struct fsv_map_entry *, flow->rules.n + 1);
	struct fsv_jsonw w;

	for (size_t i = 0; i < flow->rules.n; i++)
		sorted[i] = &flow->rules.entries[i];
	if (flow->rules.n > 0)
		qsort(sorted, flow->rules.n, sizeof(sorted[0]), by_key);
	fsv_jsonw_init(&w, out);
	fsv_jsonw_begin(&w, '[');
	for (size_t i = 0; i < flow->rules.n; i++) {
		fsv_jsonw_begin(&w, '{');
		fsv_jsonw_kv_str(&w, "source", sorted[i]->key);
		fsv_jsonw_key(&w, FSV_STR("allow_qps"));
		fsv_jsonw_double(&w, ((struct fsv_flow_rule *)sorted[i]->value)->allowed);
		fsv_jsonw_end(&w, '}');
	}
	fsv_jsonw_end(&w, ']');
	free(sorted);
}

struct fsv_flow *fsv_flow_load(const char *path, bool *ret_broken)
{
	FSV_AUTO_MEM char *text = NULL;
	struct fsv_flow *flow = NULL;
	unsigned skipped = 0;
	struct fsv_err err;
	size_t n;
	int r = fsv_read_file(path, FSV_FLOW_FILE_MAX, &text, &n, &err);

	*ret_broken = false;
	if (r == -ENOENT)
		return NULL;
	if (r == 0)
		r = fsv_flow_parse(fsv_str_n(text, n), &flow, &skipped, &err);
	*ret_broken = r < 0 || skipped > 0;
	if (r < 0) {
		fsv_log_err("flow rules %s: %s; nothing is limited", path, err.text);
		return NULL;
	}
	if (skipped > 0)
		fsv_log_err("flow rules %s: %u entries without source, or with an allow_qps that is none, are left out", path, skipped);
	fsv_log_info("flow rules %s: %zu resources are limited", path, flow->rules.n);
	return flow;
}

struct fsv_flow_rule *fsv_flow_rule(const struct fsv_flow *flow, struct fsv_str resource)
{
	return flow ? fsv_map_get(&flow->rules, resource) : NULL;
}
