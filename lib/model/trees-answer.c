/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partner's answer: for each tree an object of its splits, "0":{"3":true,"5":false}, true for left; beside
 * them "leaf":{"7":12} for trees that it holds completely. It is held to its own splits: what it says of
 * others' is not looked at.
 */
#include "trees.h"

struct reading {
	const struct fsv_forest *forest;
	const struct fsv_trees_partners *partners;
	uint32_t owner;			/* n_parties: owns nothing */
	double *inputs;
	uint32_t *held_leaves;		/* by held tree */
	struct fsv_json j;
	bool broken;
	int known;			/* inputs set that were NaN */
	bool *tables;			/* by tree; NULL: not asked for */
	uint32_t n_tables;
};

/* A number as the reference writes it: no sign, no leading zero. */
static bool canonical(struct fsv_str text, uint32_t *ret_number)
{
	uint64_t n = 0;

	if (text.n == 0 || text.n > 9 || (text.p[0] == '0' && text.n > 1))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(text.p[i] - '0');
	}
	*ret_number = (uint32_t)n;
	return true;
}

/* The input of a node of that tree, 0 when the split is not this party's. */
static uint32_t input_of(const struct reading *r, uint32_t tree, uint32_t node)
{
	const struct fsv_trees_partners *p = r->partners;
	uint32_t input;

	if (node >= p->first[tree + 1] - p->first[tree])
		return 0;
	input = p->input[p->first[tree] + node];
	if (input == 0 || p->owner[input - 1 - r->forest->n_features] != r->owner)
		return 0;
	return input;
}

static void read_direction(struct reading *r, uint32_t input)
{
	enum fsv_json_type type = fsv_json_value(&r->j);
	bool was_known = !isnan(r->inputs[input]);

	if (type == FSV_JSON_TRUE || type == FSV_JSON_FALSE) {
		r->inputs[input] = type == FSV_JSON_TRUE ? 0 : 1;
		r->known += !was_known;
		return;
	}
	fsv_plan_skip_rest(&r->j, type);
	r->inputs[input] = fsv_forest_nan(FSV_INPUT_BROKEN);
	r->known -= was_known;
}

static void read_table(struct reading *r, uint32_t tree)
{
	enum fsv_json_type type = fsv_json_value(&r->j);
	struct fsv_str key;

	if (type == FSV_JSON_OBJECT) {
		if (r->tables && !r->tables[tree]) {
			r->tables[tree] = true;
			r->n_tables++;
		}
		while (fsv_json_key(&r->j, &key)) {
			uint32_t node, input = canonical(key, &node) ? input_of(r, tree, node) : 0;

			if (input)
				read_direction(r, input);
			else
				fsv_json_skip(&r->j, NULL);
		}
		return;
	}
	fsv_plan_skip_rest(&r->j, type);
	r->broken |= type != FSV_JSON_NULL;
}

static void read_leaf(struct reading *r, uint32_t tree)
{
	enum fsv_json_type type = fsv_json_value(&r->j);
	const struct fsv_trees_partners *p = r->partners;
	int64_t node;

	if (type != FSV_JSON_INT || !fsv_json_i64(&r->j, &node)) {
		fsv_plan_skip_rest(&r->j, type);
		return;
	}
	for (uint32_t i = 0; i < p->n_held; i++) {
		const struct fsv_trees_held *held = &p->held[i];

		if (held->tree == tree && held->owner == r->owner && node >= 0 && node < held->n &&
		    p->is_leaf[held->base + (uint32_t)node])
			r->held_leaves[i] = held->base + (uint32_t)node;
	}
}

static void read_leaves(struct reading *r)
{
	enum fsv_json_type type = fsv_json_value(&r->j);
	struct fsv_str key;
	uint32_t tree;

	if (type != FSV_JSON_OBJECT) {
		fsv_plan_skip_rest(&r->j, type);
		return;
	}
	while (fsv_json_key(&r->j, &key)) {
		if (canonical(key, &tree) && tree < r->forest->n_trees)
			read_leaf(r, tree);
		else
			fsv_json_skip(&r->j, NULL);
	}
}

/* The members of a component's map, or of the whole answer of old hosts. */
static void read_trees(struct reading *r)
{
	struct fsv_str key;
	uint32_t tree;

	while (fsv_json_key(&r->j, &key)) {
		if (canonical(key, &tree) && tree < r->forest->n_trees)
			read_table(r, tree);
		else if (fsv_str_is(key, "leaf"))
			read_leaves(r);
		else
			fsv_json_skip(&r->j, NULL);
	}
}

/* The component's map in the answer, or the whole answer when it has none. .p NULL: neither is a map. */
static struct fsv_str find_map(const struct fsv_op *op, struct fsv_str data, struct fsv_arena *arena)
{
	struct fsv_str key, span, found = data;
	struct fsv_json j;

	fsv_json_init(&j, data, arena);
	if (fsv_json_value(&j) != FSV_JSON_OBJECT)
		return FSV_STR_NULL;
	while (fsv_json_key(&j, &key)) {
		enum fsv_json_type type = fsv_json_skip(&j, &span);

		if (!fsv_str_eq(key, op->component))
			continue;
		if (type == FSV_JSON_OBJECT)
			found = span;
		else
			found = type == FSV_JSON_NULL ? data : FSV_STR_NULL;
	}
	return fsv_json_failed(&j) ? FSV_STR_NULL : found;
}

static uint32_t owner_of(const struct fsv_trees_partners *p, struct fsv_str party)
{
	uint32_t i = 0;

	while (i < p->n_parties && !fsv_str_eq(p->parties[i], party))
		i++;
	return i;
}

int fsv_trees_answer(const struct fsv_op *op, const struct fsv_forest *forest, const struct fsv_trees_partners *partners,
		     const struct fsv_remote *remote, bool all_trees, struct fsv_arena *arena, double *inputs,
		     uint32_t *held_leaves, struct fsv_err *err)
{
	struct reading r = {
		.forest = forest, .partners = partners, .owner = owner_of(partners, remote->party_id), .inputs = inputs,
		.held_leaves = held_leaves,
	};
	struct fsv_str map = find_map(op, remote->data, arena);

	if (all_trees)
		r.tables = FSV_ARENA_NEW_N(arena, bool, forest->n_trees);
	fsv_json_init(&r.j, map, arena);
	if (map.n > 0 && fsv_json_value(&r.j) == FSV_JSON_OBJECT)
		read_trees(&r);
	else
		r.broken = true;
	if (r.broken || fsv_json_failed(&r.j) || (all_trees && r.n_tables < forest->n_trees))
		return fsv_err_set(err, FSV_E_SYSTEM, "party %.*s: its answer does not have a table for each tree",
				   FSV_STR_ARG(remote->party_id));
	return r.known;
}
