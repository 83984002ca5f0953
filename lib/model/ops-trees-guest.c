/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SecureBoost on the guest. The local part reads the own features and never leaves the guest; the merge adds what the partners say of
 * their splits, walks all trees and makes the score. Features that are no number matter only where a walk
 * comes to them, as in the reference: what can be reached before any partner is asked fails at once.
 */
#include "trees.h"

struct guest {
	struct fsv_op op;
	struct fsv_forest forest;
	struct fsv_trees_features features;
	struct fsv_trees_partners partners;
	struct fsv_trees_score score;
};

/* In a row's results: whether all features are numbers, then inputs 0 … n_features. */
struct local {
	bool plain;
	double inputs[];
};

static struct local *local_of(const struct guest *g, const struct fsv_row *row)
{
	return (struct local *)(void *)(row->results + g->op.result_at);
}

static int add_tree(struct fsv_trees_build *b, uint32_t t, struct fsv_err *err)
{
	enum fsv_trees_kind kind;
	struct fsv_str party;
	int r = fsv_trees_kind(b, t, &kind, &party, err);

	if (r < 0)
		return r;
	return kind == FSV_TREE_HOST ? fsv_trees_add_held(b, t, party, err) : fsv_trees_add(b, t, err);
}

static int build(struct fsv_trees_build *b, struct fsv_err *err)
{
	int r = fsv_trees_begin(b, err);

	for (uint32_t t = 0; r == 0 && t < (uint32_t)b->param->tree_num; t++)
		r = add_tree(b, t, err);
	if (r == 0)
		fsv_trees_end(b);
	return r;
}

static int compile(struct fsv_compile *c, const struct fsv_dsl_component *component, const struct fsv_frame *in,
		   const struct fsv_frame **ret_out, struct fsv_err *err)
{
	struct fsv_trees_build b = { .c = c, .in = in };
	const Fsv__BoostingTreeModelMeta *meta;
	struct fsv_trees_score score = { 0 };
	struct guest *g;
	int r;

	(void)ret_out;
	r = fsv_trees_read(c, component, true, &meta, &b.param, err);
	if (r == 0)
		r = fsv_trees_score_compile(c, meta, b.param, &score, err);
	if (r < 0)
		return r;
	b.meta = meta;
	/* The reference does not add it; training always writes 0. */
	if (score.kind == FSV_TREES_BINARY)
		score.init[0] = 0;
	b.rate = meta->learning_rate;
	b.leaf = score.several ? FSV_LEAF_SEVERAL : FSV_LEAF_WEIGHT;
	b.n_several = score.n;
	r = build(&b, err);
	if (r < 0)
		return r;
	g = (struct guest *)fsv_compile_add(c, &fsv_op_trees_guest, component, sizeof(*g),
					    sizeof(struct local) + (b.features.n + 1) * sizeof(double));
	g->forest = b.forest;
	g->features = b.features;
	g->features.zero_missing = fsv_trees_zero_missing(meta);
	g->partners = b.partners;
	g->score = score;
	g->score.weights = b.several;
	return 0;
}

/* Local part ------------------------------------------------------------------------------------ */

static int run(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_row *row, struct fsv_err *err)
{
	const struct guest *g = (const struct guest *)op;
	struct local *local = local_of(g, row);
	uint32_t fault;

	local->plain = fsv_trees_features_read(&g->features, row, local->inputs);
	if (local->plain)
		return 0;
	fault = fsv_forest_walk_own(&g->forest, local->inputs);
	return fault ? fsv_trees_bad_feature(plan, op, &g->features, fault, local->inputs[fault], err) : 0;
}

/* Merge ----------------------------------------------------------------------------------------- */

/* What is known of a person when everybody has answered. */
struct person {
	double *inputs;
	uint32_t *leaves;		/* by tree */
	uint32_t *held_leaves;		/* by held tree; UINT32_MAX: nobody said */
	bool plain;
};

static void begin_person(const struct guest *g, const struct fsv_row *row, struct fsv_arena *arena, struct person *p)
{
	uint32_t n_own = g->forest.n_features + 1;

	p->inputs = fsv_arena_alloc(arena, g->forest.n_inputs * sizeof(double));
	p->leaves = fsv_arena_alloc(arena, g->forest.n_trees * sizeof(uint32_t));
	p->held_leaves = fsv_arena_alloc(arena, g->partners.n_held * sizeof(uint32_t));
	memcpy(p->inputs, local_of(g, row)->inputs, n_own * sizeof(double));
	for (uint32_t i = n_own; i < g->forest.n_inputs; i++)
		p->inputs[i] = fsv_forest_nan(FSV_INPUT_UNKNOWN);
	for (uint32_t i = 0; i < g->partners.n_held; i++)
		p->held_leaves[i] = UINT32_MAX;
}

static int take_answers(const struct guest *g, const struct fsv_row *row, const struct fsv_remote *remotes,
			unsigned n_remotes, struct fsv_arena *arena, struct person *p, struct fsv_err *err)
{
	uint32_t unknown = g->forest.n_inputs - g->forest.n_features - 1;

	for (unsigned i = 0; i < n_remotes; i++) {
		int r = fsv_trees_answer(&g->op, &g->forest, &g->partners, &remotes[i], n_remotes > 1, arena, p->inputs,
					 p->held_leaves, err);

		if (r < 0)
			return r;
		unknown -= (uint32_t)r;
	}
	p->plain = local_of(g, row)->plain && unknown == 0;
	return 0;
}

static int incomplete(struct fsv_err *err)
{
	return fsv_err_set(err, FSV_E_SBT_DATA, "sbt model data error");
}

static int walk_fault(const struct fsv_plan *plan, const struct guest *g, const struct person *p, uint32_t input, struct fsv_err *err)
{
	switch (fsv_forest_why(p->inputs[input])) {
	case FSV_INPUT_UNKNOWN:
		return incomplete(err);
	case FSV_INPUT_BROKEN:
		return fsv_err_set(err, FSV_E_SYSTEM, "%.*s: a party's answer has a direction that is neither true nor false",
				   FSV_STR_ARG(g->op.component));
	default:
		return fsv_trees_bad_feature(plan, &g->op, &g->features, input, p->inputs[input], err);
	}
}

static int walk(const struct fsv_plan *plan, const struct guest *g, struct person *p, struct fsv_err *err)
{
	uint32_t fault = fsv_forest_walk(&g->forest, p->inputs, p->plain, p->leaves);

	if (fault)
		return walk_fault(plan, g, p, fault, err);
	for (uint32_t i = 0; i < g->partners.n_held; i++) {
		if (p->held_leaves[i] == UINT32_MAX)
			return incomplete(err);
		p->leaves[g->partners.held[i].tree] = p->held_leaves[i];
	}
	return 0;
}

static int score(const struct fsv_plan *plan, const struct fsv_op *op, const struct fsv_row *row,
		 const struct fsv_remote *remotes, unsigned n_remotes, struct fsv_arena *arena,
		 struct fsv_result *ret_result, struct fsv_err *err)
{
	const struct guest *g = (const struct guest *)op;
	struct person p;
	int r;

	begin_person(g, row, arena, &p);
	r = take_answers(g, row, remotes, n_remotes, arena, &p, err);
	if (r == 0)
		r = walk(plan, g, &p, err);
	if (r == 0)
		fsv_trees_score(&g->score, &g->forest, p.leaves, arena, ret_result);
	return r;
}

static void explain(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_buf *out)
{
	const struct guest *g = (const struct guest *)op;

	(void)plan;
	fsv_buf_printf(out, "boosted trees: %u, nodes: %u, own columns: %u, splits of partners: %u", g->forest.n_trees,
		       g->forest.n_nodes, g->features.n, g->forest.n_inputs - 1 - g->features.n);
	if (g->partners.n_held > 0)
		fsv_buf_printf(out, ", trees that hosts hold: %u", g->partners.n_held);
	fsv_trees_score_explain(&g->score, out);
	if (g->features.zero_missing)
		fsv_buf_puts(out, ", zero counts as missing");
}

const struct fsv_op_kind fsv_op_trees_guest = {
	.what = "boosted trees",
	.predictor = true,
	.drops_host_text = true,
	.broken_row_is_110 = true,
	.compile = compile,
	.run = run,
	.explain = explain,
	.score = score,
};
