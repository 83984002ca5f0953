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
	bool found;			/* the component's map */
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

static void set_direction(struct reading *r, uint32_t input, bool left)
{
	r->known += isnan(r->inputs[input]);
	r->inputs[input] = left ? 0 : 1;
}

static void read_direction(struct reading *r, uint32_t input)
{
	enum fsv_json_type type = fsv_json_value(&r->j);

	if (type == FSV_JSON_TRUE || type == FSV_JSON_FALSE) {
		set_direction(r, input, type == FSV_JSON_TRUE);
		return;
	}
	fsv_json_skip_rest(&r->j, type);
	r->known -= !isnan(r->inputs[input]);
	r->inputs[input] = fsv_forest_nan(FSV_INPUT_BROKEN);
}

/* One member of a table as all hosts write it, "12":true without blanks; the place behind it, or NULL when it
 * looks otherwise. */
static const char *scan_direction(const char *p, const char *end, uint32_t *ret_node, bool *ret_left)
{
	const char *first = ++p;	/* behind the quote */
	uint32_t node = 0;

	while (p < end && *p >= '0' && *p <= '9' && p - first < 9)
		node = node * 10 + (uint32_t)(*p++ - '0');
	if (p == first || (*first == '0' && p - first > 1) || end - p < 8 || p[0] != '"' || p[1] != ':')
		return NULL;
	*ret_node = node;
	*ret_left = p[2] == 't';
	if (*ret_left)
		return memcmp(p + 2, "true", 4) == 0 ? p + 6 : NULL;
	return memcmp(p + 2, "false", 5) == 0 ? p + 7 : NULL;
}

/* A table as all hosts write it; large answers are hardly anything else. The place behind it, or NULL when some of
 * it looks otherwise: then it is read again, which sets the same directions. */
static const char *scan_table(struct reading *r, uint32_t tree)
{
	const char *p = r->j.p, *end = r->j.end;

	if (end - p < 2 || *p != '{')
		return NULL;
	if (p[1] == '}')
		return p + 2;
	while (end - p > 1 && (*p == '{' || *p == ',') && p[1] == '"') {
		uint32_t node, input;
		bool left;

		p = scan_direction(p + 1, end, &node, &left);
		if (!p)
			return NULL;
		input = input_of(r, tree, node);
		if (input)
			set_direction(r, input, left);
		if (p < end && *p == '}')
			return p + 1;
		if (p == end || *p != ',')
			return NULL;
	}
	return NULL;
}

static void have_table(struct reading *r, uint32_t tree)
{
	if (r->tables && !r->tables[tree]) {
		r->tables[tree] = true;
		r->n_tables++;
	}
}

static void read_table(struct reading *r, uint32_t tree)
{
	const char *behind = scan_table(r, tree);
	enum fsv_json_type type;
	struct fsv_str key;

	if (behind) {
		fsv_json_behind(&r->j, behind);
		have_table(r, tree);
		return;
	}
	type = fsv_json_value(&r->j);
	if (type == FSV_JSON_OBJECT) {
		have_table(r, tree);
		while (fsv_json_key(&r->j, &key)) {
			uint32_t node, input = canonical(key, &node) ? input_of(r, tree, node) : 0;

			if (input)
				read_direction(r, input);
			else
				fsv_json_skip(&r->j, NULL);
		}
		return;
	}
	fsv_json_skip_rest(&r->j, type);
	r->broken |= type != FSV_JSON_NULL;
}

static void read_leaf(struct reading *r, uint32_t tree)
{
	enum fsv_json_type type = fsv_json_value(&r->j);
	const struct fsv_trees_partners *p = r->partners;
	int64_t node;

	if (type != FSV_JSON_INT || !fsv_json_i64(&r->j, &node)) {
		fsv_json_skip_rest(&r->j, type);
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
		fsv_json_skip_rest(&r->j, type);
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

/* Reads the component's map. */
static void read_component(struct reading *r, const struct fsv_op *op)
{
	struct fsv_str key;

	while (fsv_json_key(&r->j, &key)) {
		enum fsv_json_type type;

		if (!fsv_str_eq(key, op->component)) {
			fsv_json_skip(&r->j, NULL);
			continue;
		}
		type = fsv_json_value(&r->j);
		if (type == FSV_JSON_OBJECT) {
			r->found = true;
			read_trees(r);
			continue;
		}
		fsv_json_skip_rest(&r->j, type);
		r->broken |= type != FSV_JSON_NULL;
	}
}

static bool open_data(struct reading *r, struct fsv_str data, struct fsv_arena *arena)
{
	fsv_json_init(&r->j, data, arena);
	return data.n > 0 && fsv_json_value(&r->j) == FSV_JSON_OBJECT;
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

	if (all_trees)
		r.tables = FSV_ARENA_NEW_N(arena, bool, forest->n_trees);
	r.broken = !open_data(&r, remote->data, arena);
	if (!r.broken)
		read_component(&r, op);
	/* Hosts of old do not name their components. */
	if (!r.found && !r.broken && !fsv_json_failed(&r.j) && open_data(&r, remote->data, arena))
		read_trees(&r);
	if (r.broken || fsv_json_failed(&r.j) || (all_trees && r.n_tables < forest->n_trees))
		return fsv_err_set(err, FSV_E_SYSTEM, "party %.*s: its answer does not have a table for each tree",
				   FSV_STR_ARG(remote->party_id));
	return r.known;
}
