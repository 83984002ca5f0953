/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SecureBoost on the host: which way the person goes at each of its splits, whether or not the person gets
 * there. The answer's text is a model's own but for the words true and false, so it is put together once.
 * Of trees that it holds completely it says the leaf.
 */
#include "trees.h"

#include <stdio.h>

/* A split; its result is a byte in the row. */
struct split {
	double limit;
	uint32_t input;
	bool missing_right;
};

struct host {
	struct fsv_op op;
	struct fsv_trees_features features, offline;	/* of splits, of complete trees */
	struct split *splits;
	uint32_t n_splits;
	char *text;			/* {"0":{"1":| then a direction, then ,"5":| and so on */
	uint32_t *ends;			/* n_splits + 1 pieces of it */
	struct fsv_forest forest;	/* the complete trees */
	uint32_t *trees;		/* their numbers */
};

/* In a row's results: the leaves, then the directions. */
static uint32_t *leaves_of(const struct host *h, const struct fsv_row *row)
{
	return (uint32_t *)(void *)(row->results + h->op.result_at);
}

static bool *lefts_of(const struct host *h, const struct fsv_row *row)
{
	return (bool *)(leaves_of(h, row) + h->forest.n_trees);
}

/* Compiling ------------------------------------------------------------------------------------- */

struct making {
	struct fsv_trees_build b;	/* the complete trees; its features are everybody's */
	struct split *splits;
	uint32_t *ends;
	uint32_t n;
	struct fsv_buf text;
};

static int split_fault(struct fsv_err *err, uint32_t t, size_t node, const char *what)
{
	return fsv_err_set(err, FSV_E_MODEL_INIT, "tree %u, node %zu: %s", t, node, what);
}

static int add_split(struct making *m, uint32_t t, size_t node, const struct fsv_trees_mask *mask,
		     const Fsv__NodeParam *from, bool first, struct fsv_err *err)
{
	struct split *split = &m->splits[m->n];

	if (!mask->has_limit[node])
		return split_fault(err, t, node, "its threshold is missing");
	split->limit = mask->limit[node];
	split->missing_right = mask->missing_right[node];
	fsv_buf_printf(&m->text, "%s\"%zu\":", first ? "" : ",", node);
	m->ends[m->n++] = (uint32_t)m->text.n;
	return fsv_trees_feature(&m->b, from->fid, &split->input, err);
}

/* All our splits of a tree, reached or not; leaves are the guest's. */
static int add_splits(struct making *m, uint32_t t, struct fsv_err *err)
{
	const Fsv__DecisionTreeModelParam *tree = m->b.param->trees_[t];
	struct fsv_trees_mask mask = fsv_trees_mask(m->b.c, tree);
	bool first = true;

	for (size_t i = 0; i < tree->n_tree_; i++) {
		const Fsv__NodeParam *node = tree->tree_[i];
		struct fsv_str party;
		int r;

		if (node->is_leaf || fsv_trees_owner(m->b.c, node, &party) != FSV_OWNER_SELF)
			continue;
		r = add_split(m, t, i, &mask, node, first, err);
		if (r < 0)
			return r;
		first = false;
	}
	return 0;
}

static int add_tree(struct making *m, uint32_t t, struct fsv_err *err)
{
	enum fsv_trees_kind kind;
	struct fsv_str party;
	int r = fsv_trees_kind(&m->b, t, &kind, &party, err);

	if (r < 0)
		return r;
	fsv_buf_printf(&m->text, "%s\"%u\":{", t == 0 ? "" : ",", t);
	if (kind == FSV_TREE_SHARED)
		r = add_splits(m, t, err);
	else if (kind == FSV_TREE_HOST && fsv_str_eq(party, m->b.c->opt->party_id))
		r = fsv_trees_add(&m->b, t, err);
	fsv_buf_putc(&m->text, '}');
	return r;
}

static int make(struct making *m, struct fsv_err *err)
{
	struct fsv_arena *scratch = &m->b.c->scratch;
	int r = fsv_trees_begin(&m->b, err);
	uint64_t n = 0;

	if (r < 0)
		return r;
	for (int32_t t = 0; t < m->b.param->tree_num; t++)
		n += m->b.param->trees_[t]->n_tree_;
	m->splits = FSV_ARENA_NEW_N(scratch, struct split, n);
	m->ends = FSV_ARENA_NEW_N(scratch, uint32_t, n + 1);
	fsv_buf_init(&m->text, NULL, UINT32_MAX);
	for (uint32_t t = 0; r == 0 && t < (uint32_t)m->b.param->tree_num; t++)
		r = add_tree(m, t, err);
	if (r == 0 && fsv_buf_failed(&m->text))
		r = fsv_err_set(err, FSV_E_MODEL_INIT, "its answers would be larger than 4 GiB");
	if (r == 0)
		fsv_trees_end(&m->b);
	m->ends[m->n] = (uint32_t)m->text.n;
	return r;
}

static void keep(struct fsv_compile *c, const struct making *m, struct host *h)
{
	struct fsv_arena *arena = fsv_compile_arena(c);

	h->splits = FSV_ARENA_NEW_N(arena, struct split, m->n);
	h->ends = FSV_ARENA_NEW_N(arena, uint32_t, m->n + 1);
	memcpy(h->splits, m->splits, m->n * sizeof(*h->splits));
	memcpy(h->ends, m->ends, (m->n + 1) * sizeof(*h->ends));
	h->n_splits = m->n;
	h->text = fsv_arena_cstr(arena, fsv_buf_str(&m->text));
	h->forest = m->b.forest;
	h->trees = m->b.trees;
	h->features = m->b.features;
	h->offline = m->b.features;
	h->offline.missing = FSV_TREES_OFFLINE;
}

static int compile(struct fsv_compile *c, const struct fsv_dsl_component *component, const struct fsv_frame *in,
		   const struct fsv_frame **ret_out, struct fsv_err *err)
{
	struct making m = { .b = { .c = c, .in = in, .leaf = FSV_LEAF_NODE, .rate = 1, .complete = true } };
	struct host *h;
	int r;

	(void)ret_out;
	r = fsv_trees_read(c, component, false, &m.b.meta, &m.b.param, err);
	if (r == 0)
		r = make(&m, err);
	if (r == 0) {
		h = (struct host *)fsv_compile_add(c, &fsv_op_trees_host, component, sizeof(*h),
						   m.b.forest.n_trees * sizeof(uint32_t) + m.n);
		keep(c, &m, h);
		h->features.zero_missing = h->offline.zero_missing = fsv_trees_zero_missing(m.b.meta);
	}
	fsv_buf_done(&m.text);
	return r;
}

/* Local part ------------------------------------------------------------------------------------ */

static int decide(const struct fsv_plan *plan, const struct host *h, const double *inputs, bool *lefts,
		  struct fsv_err *err)
{
	for (uint32_t i = 0; i < h->n_splits; i++) {
		const struct split *split = &h->splits[i];
		double x = inputs[split->input];

		lefts[i] = x <= split->limit;
		if (!isnan(x) || fsv_forest_why(x) == FSV_INPUT_NAN)
			continue;
		if (fsv_forest_why(x) != FSV_INPUT_MISSING)
			return fsv_trees_bad_feature(plan, &h->op, &h->features, split->input, x, err);
		lefts[i] = !split->missing_right;
	}
	return 0;
}

static int run(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_row *row, struct fsv_err *err)
{
	const struct host *h = (const struct host *)op;
	double *inputs = fsv_arena_alloc(row->arena, (h->features.n + 1) * sizeof(double));
	uint32_t fault;
	bool plain;
	int r;

	fsv_trees_features_read(&h->features, row, inputs);
	r = decide(plan, h, inputs, lefts_of(h, row), err);
	if (r < 0 || h->forest.n_trees == 0)
		return r;
	plain = fsv_trees_features_read(&h->offline, row, inputs);
	fault = fsv_forest_walk(&h->forest, inputs, plain, leaves_of(h, row));
	return fault ? fsv_trees_bad_feature(plan, op, &h->features, fault, inputs[fault], err) : 0;
}

static void write_leaves(const struct host *h, const struct fsv_row *row, struct fsv_jsonw *out)
{
	const uint32_t *leaves = leaves_of(h, row);
	char name[16];

	fsv_jsonw_key(out, FSV_STR("leaf"));
	fsv_jsonw_begin(out, '{');
	for (uint32_t i = 0; i < h->forest.n_trees; i++) {
		snprintf(name, sizeof(name), "%u", h->trees[i]);
		fsv_jsonw_kv_int(out, name, (int64_t)h->forest.nodes[leaves[i]].limit);
	}
	fsv_jsonw_end(out, '}');
}

static void write(const struct fsv_op *op, const struct fsv_row *row, struct fsv_jsonw *out)
{
	const struct host *h = (const struct host *)op;
	const bool *lefts = lefts_of(h, row);
	struct fsv_buf *b = out->out;
	uint32_t from = 0;

	if (out->comma)
		fsv_buf_putc(b, ',');
	fsv_buf_room(b, h->ends[h->n_splits] + (size_t)h->n_splits * 5);
	for (uint32_t i = 0; i < h->n_splits; i++) {
		fsv_buf_append(b, h->text + from, h->ends[i] - from);
		fsv_buf_add(b, lefts[i] ? FSV_STR("true") : FSV_STR("false"));
		from = h->ends[i];
	}
	fsv_buf_append(b, h->text + from, h->ends[h->n_splits] - from);
	out->comma = true;
	if (h->forest.n_trees > 0)
		write_leaves(h, row, out);
}

static void explain(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_buf *out)
{
	const struct host *h = (const struct host *)op;

	(void)plan;
	fsv_buf_printf(out, "boosted trees, own splits: %u on columns: %u", h->n_splits, h->features.n);
	if (h->forest.n_trees > 0)
		fsv_buf_printf(out, ", own trees: %u", h->forest.n_trees);
	if (h->features.zero_missing)
		fsv_buf_puts(out, ", zero counts as missing");
}

const struct fsv_op_kind fsv_op_trees_host = {
	.what = "boosted trees",
	.predictor = true,
	.compile = compile,
	.run = run,
	.explain = explain,
	.write = write,
};
