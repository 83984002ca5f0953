/* SPDX-License-Identifier: Apache-2.0 */
/* SecureBoost among parties with the same columns: each has all of the model, nobody is asked. */
#include "trees.h"

struct homo {
	struct fsv_op op;
	struct fsv_forest forest;
	struct fsv_trees_features features;
	struct fsv_trees_score score;
};

/* In a row's results. */
static uint32_t *leaves_of(const struct homo *h, const struct fsv_row *row)
{
	return (uint32_t *)(void *)(row->results + h->op.result_at);
}

static int compile(struct fsv_compile *c, const struct fsv_dsl_component *component, const struct fsv_frame *in,
		   const struct fsv_frame **ret_out, struct fsv_err *err)
{
	struct fsv_trees_build b = { .c = c, .in = in, .complete = true, .slack = FSV_TREES_SLACK };
	const Fsv__BoostingTreeModelMeta *meta;
	struct fsv_trees_score score = { 0 };
	struct homo *h;
	int r;

	(void)ret_out;
	r = fsv_trees_read(c, component, true, &meta, &b.param, err);
	if (r == 0)
		r = fsv_trees_score_compile(c, meta, b.param, &score, err);
	if (r < 0)
		return r;
	b.rate = meta->learning_rate;
	b.leaf = score.several ? FSV_LEAF_SEVERAL : FSV_LEAF_WEIGHT;
	b.n_several = score.n;
	r = fsv_trees_begin(&b, err);
	for (uint32_t t = 0; r == 0 && t < (uint32_t)b.param->tree_num; t++)
		r = fsv_trees_add(&b, t, err);
	if (r < 0)
		return r;
	fsv_trees_end(&b);
	h = (struct homo *)fsv_compile_add(c, &fsv_op_trees_homo, component, sizeof(*h),
					   b.forest.n_trees * sizeof(uint32_t));
	h->forest = b.forest;
	h->features = b.features;
	h->features.missing = FSV_TREES_OFFLINE;
	h->features.zero_missing = fsv_trees_zero_missing(meta);
	h->score = score;
	h->score.weights = b.several;
	return 0;
}

static int run(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_row *row, struct fsv_err *err)
{
	const struct homo *h = (const struct homo *)op;
	double *inputs = fsv_arena_alloc(row->arena, (h->features.n + 1) * sizeof(double));
	bool plain = fsv_trees_features_read(&h->features, row, inputs);
	uint32_t fault = fsv_forest_walk(&h->forest, inputs, plain, leaves_of(h, row));

	return fault ? fsv_trees_bad_feature(plan, op, &h->features, fault, inputs[fault], err) : 0;
}

static int score(const struct fsv_plan *plan, const struct fsv_op *op, const struct fsv_row *row,
		 const struct fsv_remote *remotes, unsigned n_remotes, struct fsv_arena *arena,
		 struct fsv_result *ret_result, struct fsv_err *err)
{
	const struct homo *h = (const struct homo *)op;

	(void)plan, (void)remotes, (void)n_remotes, (void)err;
	fsv_trees_score(&h->score, &h->forest, leaves_of(h, row), arena, ret_result);
	return 0;
}

static void explain(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_buf *out)
{
	const struct homo *h = (const struct homo *)op;

	(void)plan;
	fsv_buf_printf(out, "boosted trees: %u, nodes: %u, columns: %u, no partner is asked", h->forest.n_trees,
		       h->forest.n_nodes, h->features.n);
	fsv_trees_score_explain(&h->score, out);
	if (h->features.zero_missing)
		fsv_buf_puts(out, ", zero counts as missing");
}

const struct fsv_op_kind fsv_op_trees_homo = {
	.what = "boosted trees",
	.predictor = true,
	.local = true,
	.drops_host_text = true,
	.broken_row_is_110 = true,
	.compile = compile,
	.run = run,
	.explain = explain,
	.score = score,
};
