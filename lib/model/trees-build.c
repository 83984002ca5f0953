/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages into a forest. Whatever could make a walk endless or lead it outside is refused here, so that
 * walking checks nothing: each node has one parent, splits have two children, leaves are finite.
 */
#include "trees.h"

#include <stdlib.h>

#include "java-order.h"

/* A feature's number in the messages and its column. */
struct fsv_trees_fid {
	int32_t fid;
	uint32_t input;			/* 0: not used yet */
	const char *name;
};

/* Another party's split until the number of features is known. */
#define PARTNER_SPLIT	(1u << 31)

/* Reading ---------------------------------------------------------------------------------------- */

int fsv_trees_read(struct fsv_compile *c, const struct fsv_dsl_component *component, bool meta_required,
		   const Fsv__BoostingTreeModelMeta **ret_meta, const Fsv__BoostingTreeModelParam **ret_param,
		   struct fsv_err *err)
{
	struct ProtobufCMessage *meta, *param;
	int r;

	r = fsv_compile_proto(c, component, FSV_META, meta_required, &fsv__boosting_tree_model_meta__descriptor, &meta,
			      err);
	if (r < 0)
		return r;
	r = fsv_compile_proto(c, component, FSV_PARAM, true, &fsv__boosting_tree_model_param__descriptor, &param, err);
	if (r < 0)
		return r;
	*ret_meta = (const Fsv__BoostingTreeModelMeta *)meta;
	*ret_param = (const Fsv__BoostingTreeModelParam *)param;
	return 0;
}

bool fsv_trees_zero_missing(const Fsv__BoostingTreeModelMeta *meta)
{
	const Fsv__DecisionTreeModelMeta *tree = meta->tree_meta;

	return (tree && tree->use_missing && tree->zero_as_missing) || (meta->use_missing && meta->zero_as_missing);
}

enum fsv_trees_owner fsv_trees_owner(const struct fsv_compile *c, const Fsv__NodeParam *node,
				     struct fsv_str *ret_party)
{
	struct fsv_str site = fsv_str_trim(fsv_str(node->sitename)), role, party;
	size_t colon = fsv_str_find(site, ':', 0);
	bool guest, host;

	role = fsv_str_sub(site, 0, colon);
	party = fsv_str_trim(fsv_str_sub(site, colon + 1, fsv_str_find(site, ':', colon + 1)));
	guest = fsv_str_is(role, "guest");
	host = fsv_str_is(role, "host");
	if (colon >= site.n || party.n == 0 || (!guest && !host))
		return FSV_OWNER_NONE;
	*ret_party = party;
	if (guest == c->opt->guest && fsv_str_eq(party, c->opt->party_id))
		return FSV_OWNER_SELF;
	return FSV_OWNER_PARTNER;
}

/* Entry of tree_plan. Training writes one for each round, which has a tree for each class. */
static size_t plan_entry(const struct fsv_trees_build *b, uint32_t t)
{
	const Fsv__BoostingTreeModelParam *param = b->param;
	size_t n = param->n_tree_plan, trees = (size_t)param->tree_num;

	if (param->tree_dim > 1 && (n < trees || (n == (size_t)b->meta->num_trees && n != trees)))
		return t / (uint32_t)param->tree_dim;
	return t;
}

static bool has_splits(const struct fsv_trees_build *b, uint32_t t)
{
	const Fsv__DecisionTreeModelParam *tree = b->param->trees_[t];
	struct fsv_str party;

	for (size_t i = 0; i < tree->n_tree_; i++)
		if (!tree->tree_[i]->is_leaf && fsv_trees_owner(b->c, tree->tree_[i], &party) != FSV_OWNER_NONE)
			return true;
	return false;
}

int fsv_trees_kind(const struct fsv_trees_build *b, uint32_t t, enum fsv_trees_kind *ret_kind,
		   struct fsv_str *ret_party, struct fsv_err *err)
{
	const Fsv__BoostingTreeModelParam *param = b->param;
	size_t entry = plan_entry(b, t);
	struct fsv_str plan;
	bool own;

	*ret_kind = FSV_TREE_SHARED;
	*ret_party = FSV_STR_NULL;
	if (param->n_tree_plan == 0)
		return 0;
	plan = entry < param->n_tree_plan ? fsv_str(param->tree_plan[entry]) : FSV_STR_NULL;
	if (plan.n < 2 || plan.p[0] < '0' || plan.p[0] > '2' || plan.p[1] != '_')
		return fsv_err_set(err, FSV_E_MODEL_INIT, "tree %u: its tree_plan does not say who holds it", t);
	*ret_party = fsv_str_sub(plan, 2, plan.n);
	if (plan.p[0] == '0')
		*ret_kind = FSV_TREE_GUEST;
	else if (plan.p[0] == '1')
		*ret_kind = FSV_TREE_HOST;
	own = *ret_kind == FSV_TREE_GUEST ? b->c->opt->guest :
	      !b->c->opt->guest && fsv_str_eq(*ret_party, b->c->opt->party_id);
	if (*ret_kind != FSV_TREE_SHARED && !own && has_splits(b, t))
		return fsv_err_set(err, FSV_E_MODEL_INIT, "tree %u: its tree_plan says that another party holds it, but it has "
				   "splits here", t);
	return 0;
}

struct fsv_trees_mask fsv_trees_mask(struct fsv_compile *c, const Fsv__DecisionTreeModelParam *tree)
{
	uint32_t n = (uint32_t)tree->n_tree_;
	struct fsv_trees_mask m = {
		.limit = FSV_ARENA_NEW_N(&c->scratch, double, n), .has_limit = FSV_ARENA_NEW_N(&c->scratch, bool, n),
		.missing_right = FSV_ARENA_NEW_N(&c->scratch, bool, n), .n = n,
	};

	for (size_t i = 0; i < tree->n_split_maskdict; i++) {
		int32_t node = tree->split_maskdict[i]->key;

		if (node < 0 || (uint32_t)node >= n)
			continue;
		m.limit[node] = tree->split_maskdict[i]->value + FSV_TREES_SLACK;
		m.has_limit[node] = !isnan(m.limit[node]);
	}
	/* As in training: right, unless it says -1. (The reference sends 0 left; training never writes it.) */
	memset(m.missing_right, true, n);
	for (size_t i = 0; i < tree->n_missing_dir_maskdict; i++) {
		int32_t node = tree->missing_dir_maskdict[i]->key;

		if (node >= 0 && (uint32_t)node < n)
			m.missing_right[node] = tree->missing_dir_maskdict[i]->value != -1;
	}
	return m;
}

/* Features --------------------------------------------------------------------------------------- */

static int compare_fids(const void *a, const void *b)
{
	int32_t x = ((const struct fsv_trees_fid *)a)->fid, y = ((const struct fsv_trees_fid *)b)->fid;

	return (x > y) - (x < y);
}

static void read_fids(struct fsv_trees_build *b)
{
	size_t n = b->param->n_feature_name_fid_mapping;

	b->fids = FSV_ARENA_NEW_N(&b->c->scratch, struct fsv_trees_fid, n);
	b->n_fids = (uint32_t)n;
	for (size_t i = 0; i < n; i++)
		b->fids[i] = (struct fsv_trees_fid){
			.fid = b->param->feature_name_fid_mapping[i]->key,
			.name = b->param->feature_name_fid_mapping[i]->value,
		};
	if (n > 0)
		qsort(b->fids, n, sizeof(*b->fids), compare_fids);
}

static void grow(struct fsv_arena *arena, void *array, size_t size, uint32_t n, uint32_t cap)
{
	void *grown = fsv_arena_array(arena, cap, size), *old;

	memcpy(&old, array, sizeof(old));
	if (n > 0)
		memcpy(grown, old, n * size);
	memcpy(array, &grown, sizeof(grown));
}

int fsv_trees_feature(struct fsv_trees_build *b, int32_t fid, uint32_t *ret_input, struct fsv_err *err)
{
	struct fsv_trees_fid key = { .fid = fid }, *found = NULL;
	uint32_t column;
	int r;

	if (b->n_fids > 0)
		found = bsearch(&key, b->fids, b->n_fids, sizeof(key), compare_fids);
	if (!found)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "feature %d has no column", fid);
	if (found->input == 0) {
		r = fsv_compile_column(b->c, fsv_str(found->name), &column, err);
		if (r < 0)
			return r;
		if (b->features.n == b->cap_features) {
			uint32_t cap = b->cap_features ? b->cap_features * 2 : 32;

			grow(&b->c->scratch, &b->features.slots, sizeof(uint32_t), b->features.n, cap);
			grow(&b->c->scratch, &b->features.columns, sizeof(uint32_t), b->features.n, cap);
			b->cap_features = cap;
		}
		b->features.slots[b->features.n] = fsv_frame_slot(b->c->plan, b->in, column);
		b->features.columns[b->features.n] = column;
		found->input = ++b->features.n;
	}
	*ret_input = found->input;
	return 0;
}

static double cell_input(const struct fsv_trees_features *features, const struct fsv_cell *cell)
{
	bool offline = features->missing == FSV_TREES_OFFLINE;
	double x;

	if (cell->kind == FSV_CELL_ABSENT)
		return offline && !features->zero_missing ? 0 : fsv_forest_nan(FSV_INPUT_MISSING);
	if (cell->kind == FSV_CELL_NULL)
		return fsv_forest_nan(offline ? FSV_INPUT_MISSING : FSV_INPUT_NULL);
	if (!fsv_cell_number(cell, &x))
		return fsv_forest_nan(FSV_INPUT_TEXT);
	if (isnan(x))
		return fsv_forest_nan(offline || features->zero_missing ? FSV_INPUT_MISSING : FSV_INPUT_NAN);
	if (features->zero_missing && fabs(x) < FSV_TREES_SLACK)
		return fsv_forest_nan(FSV_INPUT_MISSING);
	return x;
}

bool fsv_trees_features_read(const struct fsv_trees_features *features, const struct fsv_row *row, double *inputs)
{
	static const struct fsv_cell absent = { .kind = FSV_CELL_ABSENT };
	bool plain = true;

	inputs[0] = -INFINITY;
	for (uint32_t i = 0; i < features->n; i++) {
		uint32_t slot = features->slots[i];
		double x = cell_input(features, slot == FSV_NO_SLOT ? &absent : &row->cells[slot]);

		inputs[i + 1] = x;
		plain &= !isnan(x);
	}
	return plain;
}

int fsv_trees_bad_feature(const struct fsv_plan *plan, const struct fsv_op *op,
			  const struct fsv_trees_features *features, uint32_t input, double value,
			  struct fsv_err *err)
{
	struct fsv_str name = fsv_column_name(&plan->columns[features->columns[input - 1]]);

	return fsv_err_set(err, FSV_E_SYSTEM, "%.*s: column %.*s %s", FSV_STR_ARG(op->component), FSV_STR_ARG(name),
			   fsv_forest_why(value) == FSV_INPUT_NULL ? "is null" : "is not a number");
}

/* Building --------------------------------------------------------------------------------------- */

int fsv_trees_begin(struct fsv_trees_build *b, struct fsv_err *err)
{
	const Fsv__BoostingTreeModelParam *param = b->param;
	uint64_t n = 0;

	if (param->tree_num < 1)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "it has no trees");
	if (param->tree_num > FSV_TREES_MAX || (size_t)param->tree_num > param->n_trees_)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "it should have %d trees but there are %zu", param->tree_num,
				   param->n_trees_);
	for (int32_t t = 0; t < param->tree_num; t++)
		n += param->trees_[t]->n_tree_;
	if (n > FSV_TREES_MAX_NODES)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "its trees have more than %d nodes", FSV_TREES_MAX_NODES);
	read_fids(b);
	b->forest.nodes = FSV_ARENA_NEW_N(&b->c->scratch, struct fsv_forest_node, n);
	b->forest.missing_right = FSV_ARENA_NEW_N(&b->c->scratch, bool, n);
	b->forest.roots = FSV_ARENA_NEW_N(fsv_compile_arena(b->c), uint32_t, (size_t)param->tree_num);
	b->forest.depths = FSV_ARENA_NEW_N(fsv_compile_arena(b->c), uint16_t, (size_t)param->tree_num);
	b->trees = FSV_ARENA_NEW_N(fsv_compile_arena(b->c), uint32_t, (size_t)param->tree_num);
	b->partners.is_leaf = FSV_ARENA_NEW_N(fsv_compile_arena(b->c), bool, param->n_tree_plan > 0 ? n : 0);
	b->partners.held = FSV_ARENA_NEW_N(&b->c->scratch, struct fsv_trees_held,
					   param->n_tree_plan > 0 ? (size_t)param->tree_num : 0);
	b->partners.parties = FSV_ARENA_NEW_N(&b->c->scratch, struct fsv_str, FSV_TREES_MAX_PARTIES);
	b->partners.first = FSV_ARENA_NEW_N(fsv_compile_arena(b->c), uint32_t, (size_t)param->tree_num + 1);
	for (int32_t t = 0; t < param->tree_num; t++)
		b->partners.first[t + 1] = b->partners.first[t] + (uint32_t)param->trees_[t]->n_tree_;
	b->partners.input = FSV_ARENA_NEW_N(fsv_compile_arena(b->c), uint32_t, n);
	return 0;
}

struct walk {
	struct fsv_trees_build *b;
	const Fsv__DecisionTreeModelParam *tree;
	struct fsv_trees_mask mask;
	uint32_t t, base, n;
	uint32_t *id, *depth;		/* by place in the tree */
	bool *seen;			/* by node id */
};

static int node_fault(const struct walk *w, int32_t id, struct fsv_err *err, const char *what)
{
	return fsv_err_set(err, FSV_E_MODEL_INIT, "tree %u, node %d: %s", w->t, id, what);
}

static int add_several(struct fsv_trees_build *b, const Fsv__NodeParam *node, double *ret_at)
{
	if (node->n_mo_weight != b->n_several)
		return -1;
	if (b->n_several_used + b->n_several > b->cap_several) {
		uint32_t cap = b->cap_several ? b->cap_several * 2 : 16 * b->n_several;

		grow(&b->c->scratch, &b->several, sizeof(double), b->n_several_used, cap);
		b->cap_several = cap;
	}
	*ret_at = b->n_several_used;
	for (unsigned k = 0; k < b->n_several; k++) {
		if (!isfinite(node->mo_weight[k] * b->rate))
			return -1;
		b->several[b->n_several_used++] = node->mo_weight[k] * b->rate;
	}
	return 0;
}

static int make_leaf(const struct walk *w, uint32_t at, int32_t id, const Fsv__NodeParam *node, struct fsv_err *err)
{
	struct fsv_trees_build *b = w->b;
	double value = node->weight * b->rate;

	if (b->leaf == FSV_LEAF_NODE)
		value = id;
	else if (b->leaf == FSV_LEAF_SEVERAL && add_several(b, node, &value) < 0)
		return node_fault(w, id, err, "this leaf does not have a finite weight for each class");
	if (!isfinite(value))
		return node_fault(w, id, err, "the weight of this leaf is not a finite number");
	b->forest.nodes[at] = (struct fsv_forest_node){ .limit = value, .left = at };
	return 0;
}

static int party_number(struct fsv_trees_build *b, struct fsv_str party, uint16_t *ret_number)
{
	struct fsv_trees_partners *p = &b->partners;
	unsigned i = 0;

	while (i < p->n_parties && !fsv_str_eq(p->parties[i], party))
		i++;
	if (i == p->n_parties) {
		if (i == FSV_TREES_MAX_PARTIES)
			return -1;
		p->parties[p->n_parties++] = fsv_arena_str(fsv_compile_arena(b->c), party);
	}
	*ret_number = (uint16_t)i;
	return 0;
}

static int add_partner_split(const struct walk *w, int32_t id, struct fsv_str party,
			     struct fsv_forest_node *node, struct fsv_err *err)
{
	struct fsv_trees_build *b = w->b;
	uint32_t n = b->n_partner_splits;

	if (n == b->cap_partner_splits) {
		b->cap_partner_splits = n ? n * 2 : 64;
		grow(&b->c->scratch, &b->partners.owner, sizeof(uint16_t), n, b->cap_partner_splits);
	}
	if (party_number(b, party, &b->partners.owner[n]) < 0)
		return node_fault(w, id, err, "there are too many parties");
	node->limit = 0.5;
	node->input = PARTNER_SPLIT + n;
	b->partners.input[b->partners.first[w->t] + (uint32_t)id] = PARTNER_SPLIT + n;
	b->n_partner_splits++;
	return 0;
}

/* A split of our own whose threshold stands in the node. */
static int make_open(const struct walk *w, uint32_t at, int32_t id, const Fsv__NodeParam *from, struct fsv_err *err)
{
	struct fsv_forest_node *node = &w->b->forest.nodes[at];

	node->limit = from->bid + w->b->slack;
	if (isnan(node->limit))
		return node_fault(w, id, err, "its threshold is not a number");
	w->b->forest.missing_right[at] = from->missing_dir == 1;
	return fsv_trees_feature(w->b, from->fid, &node->input, err);
}

static int make_masked(const struct walk *w, uint32_t at, int32_t id, const Fsv__NodeParam *from,
		       struct fsv_err *err)
{
	struct fsv_forest_node *node = &w->b->forest.nodes[at];

	if (!w->mask.has_limit[id])
		return node_fault(w, id, err, "its threshold is missing");
	node->limit = w->mask.limit[id];
	w->b->forest.missing_right[at] = w->mask.missing_right[id];
	return fsv_trees_feature(w->b, from->fid, &node->input, err);
}

static int make_split(const struct walk *w, uint32_t at, int32_t id, const Fsv__NodeParam *from, struct fsv_err *err)
{
	const Fsv__DecisionTreeModelParam *tree = w->tree;
	struct fsv_str party;

	if (w->b->complete)
		return make_open(w, at, id, from, err);
	switch (fsv_trees_owner(w->b->c, from, &party)) {
	case FSV_OWNER_SELF:
		/* Trees of a single party may have everything in the nodes. */
		if (w->b->param->n_tree_plan > 0 && tree->n_split_maskdict == 0 && tree->n_missing_dir_maskdict == 0)
			return make_open(w, at, id, from, err);
		return make_masked(w, at, id, from, err);
	case FSV_OWNER_PARTNER:
		if (w->b->c->opt->guest && fsv_str_starts(fsv_str_trim(fsv_str(from->sitename)), FSV_STR("host:")))
			return add_partner_split(w, id, party, &w->b->forest.nodes[at], err);
		return node_fault(w, id, err, "this split belongs to another guest");
	default:
		return node_fault(w, id, err, "it does not say which party the split belongs to");
	}
}

/* Gives a child its place in the tree. */
static int place_child(struct walk *w, int32_t parent, int32_t id, uint32_t depth, struct fsv_err *err)
{
	if (id < 0 || (uint32_t)id >= w->tree->n_tree_)
		return node_fault(w, parent, err, "it has a child that does not exist");
	if (w->seen[id])
		return node_fault(w, id, err, "two ways lead to it");
	if (depth > UINT16_MAX)
		return node_fault(w, id, err, "it is too far from the root");
	w->seen[id] = true;
	w->id[w->n] = (uint32_t)id;
	w->depth[w->n++] = depth;
	return 0;
}

static int make_node(struct walk *w, uint32_t place, struct fsv_err *err)
{
	struct fsv_trees_build *b = w->b;
	int32_t id = (int32_t)w->id[place];
	const Fsv__NodeParam *from = w->tree->tree_[id];
	uint32_t at = w->base + place;
	int r;

	if (from->is_leaf)
		return make_leaf(w, at, id, from, err);
	r = make_split(w, at, id, from, err);
	if (r < 0)
		return r;
	b->forest.nodes[at].left = w->base + w->n;
	r = place_child(w, id, from->left_nodeid, w->depth[place] + 1, err);
	if (r == 0)
		r = place_child(w, id, from->right_nodeid, w->depth[place] + 1, err);
	return r;
}

int fsv_trees_add(struct fsv_trees_build *b, uint32_t t, struct fsv_err *err)
{
	const Fsv__DecisionTreeModelParam *tree = b->param->trees_[t];
	struct walk w = { .b = b, .tree = tree, .t = t, .base = b->forest.n_nodes };
	int r;

	if (tree->n_tree_ == 0)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "tree %u has no nodes", t);
	w.mask = fsv_trees_mask(b->c, tree);
	w.id = FSV_ARENA_NEW_N(&b->c->scratch, uint32_t, tree->n_tree_);
	w.depth = FSV_ARENA_NEW_N(&b->c->scratch, uint32_t, tree->n_tree_);
	w.seen = FSV_ARENA_NEW_N(&b->c->scratch, bool, tree->n_tree_);
	r = place_child(&w, 0, 0, 0, err);
	for (uint32_t place = 0; r == 0 && place < w.n; place++)
		r = make_node(&w, place, err);
	if (r < 0)
		return r;
	b->forest.n_nodes += w.n;
	b->forest.roots[b->forest.n_trees] = w.base;
	b->forest.depths[b->forest.n_trees] = (uint16_t)w.depth[w.n - 1];
	b->trees[b->forest.n_trees++] = t;
	return 0;
}

int fsv_trees_add_held(struct fsv_trees_build *b, uint32_t t, struct fsv_str party, struct fsv_err *err)
{
	const Fsv__DecisionTreeModelParam *tree = b->param->trees_[t];
	struct walk w = { .b = b, .tree = tree, .t = t, .base = b->forest.n_nodes };
	struct fsv_trees_partners *p = &b->partners;
	uint16_t owner;
	bool any = false;

	if (party_number(b, party, &owner) < 0)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "there are too many parties");
	for (uint32_t i = 0; i < tree->n_tree_; i++) {
		uint32_t at = w.base + i;
		int r = 0;

		b->forest.nodes[at].left = at;
		if (tree->tree_[i]->is_leaf)
			r = make_leaf(&w, at, (int32_t)i, tree->tree_[i], err);
		if (r < 0)
			return r;
		p->is_leaf[at] = tree->tree_[i]->is_leaf;
		any |= tree->tree_[i]->is_leaf;
	}
	if (!any)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "tree %u, which a host holds, has no leaves here", t);
	p->held[p->n_held++] = (struct fsv_trees_held){ .tree = t, .owner = owner, .base = w.base,
							.n = (uint32_t)tree->n_tree_ };
	b->forest.roots[b->forest.n_trees] = w.base;
	b->forest.depths[b->forest.n_trees] = 0;
	b->trees[b->forest.n_trees++] = t;
	b->forest.n_nodes += (uint32_t)tree->n_tree_;
	return 0;
}

static void *keep(struct fsv_trees_build *b, const void *array, size_t n, size_t size)
{
	void *kept = fsv_arena_array(fsv_compile_arena(b->c), n, size);

	if (n > 0)
		memcpy(kept, array, n * size);
	return kept;
}

void fsv_trees_end(struct fsv_trees_build *b)
{
	struct fsv_forest *f = &b->forest;
	uint32_t n_ids = b->partners.first[b->param->tree_num];

	f->nodes = keep(b, f->nodes, f->n_nodes, sizeof(*f->nodes));
	f->missing_right = keep(b, f->missing_right, f->n_nodes, sizeof(bool));
	f->n_features = b->features.n;
	f->n_inputs = 1 + b->features.n + b->n_partner_splits;
	for (uint32_t i = 0; i < f->n_nodes; i++)
		if (f->nodes[i].input & PARTNER_SPLIT)
			f->nodes[i].input = 1 + b->features.n + (f->nodes[i].input & ~PARTNER_SPLIT);
	for (uint32_t i = 0; i < n_ids; i++)
		if (b->partners.input[i] & PARTNER_SPLIT)
			b->partners.input[i] = 1 + b->features.n + (b->partners.input[i] & ~PARTNER_SPLIT);
	b->features.slots = keep(b, b->features.slots, b->features.n, sizeof(uint32_t));
	b->features.columns = keep(b, b->features.columns, b->features.n, sizeof(uint32_t));
	b->partners.parties = keep(b, b->partners.parties, b->partners.n_parties, sizeof(struct fsv_str));
	b->partners.held = keep(b, b->partners.held, b->partners.n_held, sizeof(struct fsv_trees_held));
	b->partners.owner = keep(b, b->partners.owner, b->n_partner_splits, sizeof(uint16_t));
	b->several = keep(b, b->several, b->n_several_used, sizeof(double));
}
