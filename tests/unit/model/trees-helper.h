/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boosted trees for tests, described once for all parties together. From it come each party's package, as
 * training would write it.
 */
#ifndef FSV_TEST_TREES_HELPER_H
#define FSV_TEST_TREES_HELPER_H

#include "plan-helper.h"

enum {
	T_NODES = 64,		/* of a tree, at most */
	T_TREES = 40,
	T_CLASSES = 5,
	T_PARTIES = 3,
};

/* Parties: 0 is the guest, the others are hosts. */
static UNUSED const char *const t_party[T_PARTIES] = { "9999", "10000", "10001" };

struct t_node {
	bool leaf;
	unsigned owner, fid;
	double limit;
	int missing;		/* -1, 0, 1; 9: no entry */
	double weight, weights[T_CLASSES];
	int left, right;
};

struct t_tree {
	struct t_node nodes[T_NODES];
	unsigned n;
	int holder;		/* mix: the party that holds all of it; -1: shared */
};

struct t_forest {
	struct t_tree trees[T_TREES];
	unsigned n_trees, n_parties, n_columns;	/* column c of party p is called "<letter of p><c>" */
	unsigned classes;			/* 2: binary; more: one tree for each in turn; 1: a value */
	bool mix, homo, several, tweedie, use_missing, zero_missing;
	bool plan_by_round;			/* mix: one entry for the trees of all classes */
	double rate, init[T_CLASSES];
};

static UNUSED char *t_column(struct fsv_arena *arena, unsigned party, unsigned column)
{
	return fsv_arena_printf(arena, "%c%u", "gab"[party], column);
}

static char *t_site(struct fsv_arena *arena, unsigned party)
{
	return fsv_arena_printf(arena, "%s:%s", party == 0 ? "guest" : "host", t_party[party]);
}

static void t_mask(struct fsv_arena *arena, Fsv__DecisionTreeModelParam *tree, int id, const struct t_node *node)
{
	Fsv__DecisionTreeModelParam__SplitMaskdictEntry *limit = FSV_ARENA_NEW(arena, Fsv__DecisionTreeModelParam__SplitMaskdictEntry);
	Fsv__DecisionTreeModelParam__MissingDirMaskdictEntry *dir =
		FSV_ARENA_NEW(arena, Fsv__DecisionTreeModelParam__MissingDirMaskdictEntry);

	fsv__decision_tree_model_param__split_maskdict_entry__init(limit);
	limit->key = id;
	limit->value = node->limit;
	tree->split_maskdict[tree->n_split_maskdict++] = limit;
	if (node->missing == 9)
		return;
	fsv__decision_tree_model_param__missing_dir_maskdict_entry__init(dir);
	dir->key = id;
	dir->value = node->missing;
	tree->missing_dir_maskdict[tree->n_missing_dir_maskdict++] = dir;
}

static Fsv__NodeParam *t_message(struct fsv_arena *arena, const struct t_forest *f, const struct t_tree *t, int id,
				 unsigned party)
{
	Fsv__NodeParam *m = FSV_ARENA_NEW(arena, Fsv__NodeParam);
	const struct t_node *node = &t->nodes[id];

	fsv__node_param__init(m);
	m->id = id;
	if (t->holder > 0 && party == 0) {
		/* Held by a host: all that the guest knows are the leaves. */
		m->is_leaf = node->leaf;
		m->weight = node->leaf ? node->weight : 0;
		return m;
	}
	m->sitename = t_site(arena, node->leaf && t->holder <= 0 ? 0 : node->owner);
	if (f->homo)
		m->sitename = (char *)"guest";
	m->is_leaf = node->leaf;
	m->left_nodeid = node->leaf ? -1 : node->left;
	m->right_nodeid = node->leaf ? -1 : node->right;
	if (node->leaf && party == 0) {
		m->weight = f->several ? -1 : node->weight;
		m->mo_weight = (double *)node->weights;
		m->n_mo_weight = f->several ? f->classes : 0;
	}
	if (!node->leaf && (node->owner == party || f->homo)) {
		m->fid = (int32_t)node->fid;
		m->bid = f->homo || t->holder > 0 ? node->limit : 12345;
		m->missing_dir = f->homo || t->holder > 0 ? node->missing : 0;
	}
	return m;
}

static Fsv__DecisionTreeModelParam *t_tree_message(struct fsv_arena *arena, const struct t_forest *f,
						   const struct t_tree *t, unsigned party)
{
	Fsv__DecisionTreeModelParam *m = FSV_ARENA_NEW(arena, Fsv__DecisionTreeModelParam);

	fsv__decision_tree_model_param__init(m);
	if (t->holder >= 0 && t->holder != (int)party && party != 0)
		return m;
	m->tree_ = FSV_ARENA_NEW_N(arena, Fsv__NodeParam *, t->n);
	m->split_maskdict = FSV_ARENA_NEW_N(arena, Fsv__DecisionTreeModelParam__SplitMaskdictEntry *, t->n);
	m->missing_dir_maskdict = FSV_ARENA_NEW_N(arena, Fsv__DecisionTreeModelParam__MissingDirMaskdictEntry *, t->n);
	m->n_tree_ = t->n;
	for (unsigned i = 0; i < t->n; i++) {
		m->tree_[i] = t_message(arena, f, t, (int)i, party);
		if (!t->nodes[i].leaf && t->nodes[i].owner == party && !f->homo && t->holder <= 0)
			t_mask(arena, m, (int)i, &t->nodes[i]);
	}
	return m;
}

static void t_param(struct fsv_arena *arena, const struct t_forest *f, unsigned party, Fsv__BoostingTreeModelParam *p)
{
	static const char *const names[] = { "zero", "one", "two", "three", "four" };

	p->tree_num = (int32_t)f->n_trees;
	p->trees_ = FSV_ARENA_NEW_N(arena, Fsv__DecisionTreeModelParam *, f->n_trees);
	p->n_trees_ = f->n_trees;
	p->tree_plan = FSV_ARENA_NEW_N(arena, char *, f->n_trees);
	for (unsigned t = 0; t < f->n_trees; t++) {
		int holder = f->trees[t].holder;

		p->trees_[t] = t_tree_message(arena, f, &f->trees[t], party);
		if (!f->mix || (f->plan_by_round && t % f->classes > 0))
			continue;
		p->tree_plan[p->n_tree_plan++] = holder < 0 ? (char *)"2_-1" : holder == 0 ? (char *)"0_-1" :
				  fsv_arena_printf(arena, "1_%s", t_party[holder]);
	}
	p->feature_name_fid_mapping =
		FSV_ARENA_NEW_N(arena, Fsv__BoostingTreeModelParam__FeatureNameFidMappingEntry *, f->n_columns);
	for (unsigned i = 0; i < f->n_columns; i++) {
		Fsv__BoostingTreeModelParam__FeatureNameFidMappingEntry *e =
			FSV_ARENA_NEW(arena, Fsv__BoostingTreeModelParam__FeatureNameFidMappingEntry);

		fsv__boosting_tree_model_param__feature_name_fid_mapping_entry__init(e);
		e->key = (int32_t)i;
		e->value = t_column(arena, party, i);
		p->feature_name_fid_mapping[p->n_feature_name_fid_mapping++] = e;
	}
	p->tree_dim = f->classes > 2 && !f->several ? (int32_t)f->classes : 1;
	p->num_classes = (int32_t)f->classes;
	p->classes_ = (char **)names;
	p->n_classes_ = f->classes > 1 ? f->classes : 0;
	p->init_score = (double *)f->init;
	p->n_init_score = f->classes > 2 ? f->classes : 1;
	p->model_name = (char *)(f->mix ? "hetero_fast_sbt_mix" : "hetero_sbt");
}

/* Adds Meta and Param of component sbt_0. */
static UNUSED void t_add(struct test_model *m, const struct t_forest *f, unsigned party)
{
	Fsv__BoostingTreeModelParam param = FSV__BOOSTING_TREE_MODEL_PARAM__INIT;
	Fsv__BoostingTreeModelMeta meta = FSV__BOOSTING_TREE_MODEL_META__INIT;
	Fsv__DecisionTreeModelMeta tree = FSV__DECISION_TREE_MODEL_META__INIT;
	Fsv__ObjectiveMeta objective = FSV__OBJECTIVE_META__INIT;

	tree.use_missing = f->use_missing;
	tree.zero_as_missing = f->zero_missing;
	objective.objective = (char *)(f->tweedie ? "tweedie" : "lse");
	meta.tree_meta = &tree;
	meta.objective_meta = &objective;
	meta.learning_rate = f->rate;
	meta.task_type = (char *)(f->classes > 1 ? "classification" : "regression");
	t_param(&m->arena, f, party, &param);
	model_add(m, "sbt_0.model:HeteroSecureBoostingTreeMeta", &meta.base);
	model_add(m, "sbt_0.model:HeteroSecureBoostingTreeParam", &param.base);
}

#define T_DSL(class) \
	"{\"components\":{\"sbt_0\":{\"CodePath\":\"" class "\",\"input\":{\"data\":{\"data\":[\"args.data\"]}}}}}"

/* A party's plan, straight from the request's features. */
static UNUSED int t_compile(const struct t_forest *f, unsigned party, struct fsv_plan **ret_plan, struct fsv_err *err)
{
	struct fsv_plan_opt opt = {
		.guest = party == 0, .party_id = fsv_str(t_party[party]), .n_partners = f->n_parties - 1,
	};
	struct test_model m;
	int r;

	model_init(&m);
	model_add_dsl(&m, f->homo ? T_DSL("HomoSecureBoostingTreeClient") :
			  party == 0 ? T_DSL("HeteroSecureBoostingTreeGuest") : T_DSL("HeteroSecureBoostingTreeHost"));
	t_add(&m, f, party);
	r = fsv_plan_compile(&m.package, &opt, ret_plan, err);
	model_done(&m);
	return r;
}

/* Examples ---------------------------------------------------------------------------------------- */

#define SPLIT(o, f, b, l, r, m) { .owner = (o), .fid = (f), .limit = (b), .left = (l), .right = (r), .missing = (m) }
#define LEAF(w)			{ .leaf = true, .weight = (w) }
#define NONE			9	/* no direction for the missing */

/* Two trees of a guest (columns g0, g1) and two hosts (a0; b0). */
static UNUSED const struct t_forest t_two_hosts = {
	.n_trees = 2, .n_parties = 3, .n_columns = 2, .classes = 2, .rate = 0.3,
	.trees = {
		{ .n = 7, .holder = -1, .nodes = {
			SPLIT(0, 0, 1.5, 1, 2, 1), SPLIT(1, 0, 0.5, 3, 4, -1), SPLIT(2, 0, 10, 5, 6, 1),
			LEAF(0.8), LEAF(-0.4), LEAF(0.1), LEAF(-1.2) } },
		{ .n = 5, .holder = -1, .nodes = {
			SPLIT(2, 0, 3, 1, 2, NONE), SPLIT(0, 1, -2, 3, 4, -1), LEAF(0.25), LEAF(-0.5), LEAF(0.6) } },
	},
};

/*
 * Mix mode. Tree 0 is the guest's (0_-1), tree 1 host 10000's (1_10000), tree 2 host 10001's, tree 3 shared.
 * Thresholds of a host's own tree hold exactly, in the others 1e-8 more counts. Rate 0.5, so the score is
 * the sigmoid of half the sum of the leaves.
 */
static UNUSED const struct t_forest t_mix = {
	.n_trees = 4, .n_parties = 3, .n_columns = 1, .classes = 2, .rate = 0.5, .mix = true,
	.trees = {
		{ .n = 3, .holder = 0, .nodes = { SPLIT(0, 0, 1, 1, 2, -1), LEAF(1), LEAF(-1) } },
		{ .n = 5, .holder = 1, .nodes = { SPLIT(1, 0, 2, 1, 2, 1), { .leaf = true, .owner = 1, .weight = 0.5 },
			SPLIT(1, 0, 4, 3, 4, -1), { .leaf = true, .owner = 1, .weight = -0.25 },
			{ .leaf = true, .owner = 1, .weight = 2 } } },
		{ .n = 3, .holder = 2, .nodes = { SPLIT(2, 0, 0, 1, 2, 1), { .leaf = true, .owner = 2, .weight = 1 },
			{ .leaf = true, .owner = 2, .weight = 3 } } },
		{ .n = 3, .holder = -1, .nodes = { SPLIT(1, 0, 2, 1, 2, 1), LEAF(0.75), LEAF(-0.75) } },
	},
};

/* Scores ------------------------------------------------------------------------------------------ */

/* One score as a guest and its hosts make it. */
struct t_plans {
	struct fsv_plan *plan[T_PARTIES];
	unsigned n;
};

static UNUSED void t_open(struct t_plans *p, const struct t_forest *f)
{
	struct fsv_err err = FSV_ERR_INIT;

	*p = (struct t_plans){ .n = f->homo ? 1 : f->n_parties };
	for (unsigned i = 0; i < p->n; i++)
		FSV_BUG_ON(t_compile(f, i, &p->plan[i], &err) < 0);
}

static UNUSED void t_close(struct t_plans *p)
{
	for (unsigned i = 0; i < p->n; i++)
		fsv_plan_free(p->plan[i]);
}

/* A host's whole data object, with its code in *answer. */
static UNUSED void t_ask(const struct fsv_plan *plan, const char *party, const char *features, struct fsv_arena *arena,
			 struct fsv_remote *answer)
{
	struct fsv_buf *out = FSV_ARENA_NEW(arena, struct fsv_buf);
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_row *row;
	struct fsv_jsonw w;

	fsv_buf_init(out, arena, 0);
	fsv_jsonw_init(&w, out);
	*answer = (struct fsv_remote){ .party_id = fsv_str(party) };
	fsv_jsonw_begin(&w, '{');
	if (fsv_plan_local(plan, fsv_str(features), arena, &row, &err) < 0 ||
	    fsv_plan_write_local(plan, row, false, &w, &err) < 0)
		answer->retcode = fsv_err_fate(err.code);
	fsv_jsonw_end(&w, '}');
	answer->data = fsv_buf_str(out);
}

/* The guest's part, given the answers: the return code; text gets the members, or the error's text. */
static UNUSED int t_merge(const struct fsv_plan *guest, const char *features, const struct fsv_remote *answers,
			  unsigned n, struct fsv_arena *arena, const char **ret_text)
{
	struct fsv_buf *out = FSV_ARENA_NEW(arena, struct fsv_buf);
	struct fsv_merge merge = { 0 };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_row *row;
	struct fsv_jsonw w;

	fsv_buf_init(out, arena, 0);
	fsv_jsonw_init(&w, out);
	if (fsv_plan_local(guest, fsv_str(features), arena, &row, &err) < 0 ||
	    fsv_plan_merge(guest, row, answers, n, arena, &w, &merge, &err) < 0) {
		*ret_text = fsv_arena_cstr(arena, fsv_str(err.text));
		return fsv_err_fate(err.code);
	}
	*ret_text = merge.retcode ? fsv_arena_cstr(arena, merge.retmsg) : fsv_buf_cstr(out);
	return merge.retcode;
}

static UNUSED int t_score(const struct t_plans *p, const char *const *features, struct fsv_arena *arena,
			  const char **ret_text)
{
	struct fsv_remote answers[T_PARTIES];

	for (unsigned i = 1; i < p->n; i++)
		t_ask(p->plan[i], t_party[i], features[i], arena, &answers[i - 1]);
	return t_merge(p->plan[0], features[0], answers, p->n - 1, arena, ret_text);
}

#endif
