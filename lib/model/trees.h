/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SecureBoost: what its operators share.
 *
 * Every party's package holds the shape of all trees, but only the splits of its own: which column, which
 * threshold. A host says of each of its splits which way the person would go, whether or not the person
 * gets there, so that one question is enough; the guest walks. Where the reference wants splits in maps
 * beside the nodes ("masked"), trees that one party holds completely have them in the nodes.
 *
 *   ops-trees-guest.c   own features, partners' directions, walk, score
 *   ops-trees-host.c    directions of the own splits; of complete trees the leaf
 *   ops-trees-homo.c    all trees complete, nobody is asked
 *   trees-build.c       messages into a forest, checked
 *   trees-answer.c      a partner's answer into inputs of the forest
 *   trees-score.c       leaves into a score
 */
#ifndef FSV_MODEL_TREES_H
#define FSV_MODEL_TREES_H

#include "forest.h"
#include "lib/proto/model.pb-c.h"
#include "plan-private.h"

enum {
	FSV_TREES_MAX = 1 << 20,	/* a model beyond is refused */
	FSV_TREES_MAX_NODES = 1 << 24,
	FSV_TREES_MAX_CLASSES = 1 << 16,
	FSV_TREES_MAX_PARTIES = 256,
};

/* What values up to a threshold may exceed it by, in both the reference and the training software. */
#define FSV_TREES_SLACK	1e-8

/* Features --------------------------------------------------------------------------------------- */

/* How a value that is absent, null or NaN counts. */
enum fsv_trees_missing {
	FSV_TREES_ONLINE,	/* as the reference: absent is missing, null is no value, NaN is greater than all */
	FSV_TREES_OFFLINE,	/* complete trees, as in training: absent is 0, null and NaN are missing */
};

struct fsv_trees_features {
	uint32_t *slots;	/* of inputs 1 … n; FSV_NO_SLOT: nothing brings it */
	uint32_t *columns;
	uint32_t n;
	enum fsv_trees_missing missing;
	bool zero_missing;	/* zero counts as missing, too, and so does NaN */
};

/* Fills inputs 0 … n; true when none is NaN. */
bool fsv_trees_features_read(const struct fsv_trees_features *features, const struct fsv_row *row, double *inputs);

/* Error about an input that ended a walk: names the column, never the value. */
int fsv_trees_bad_feature(const struct fsv_plan *plan, const struct fsv_op *op,
			  const struct fsv_trees_features *features, uint32_t input, double value,
			  struct fsv_err *err) FSV_COLD;

/* Building --------------------------------------------------------------------------------------- */

/* Splits of other parties, in a guest's forest: which input stands for which node. */
struct fsv_trees_partners {
	uint32_t *first;	/* by tree: where its nodes begin in input; one more at the end */
	uint32_t *input;	/* by first + node id: the split's input, 0: not a split of another party */
	uint16_t *owner;	/* by input - n_features - 1: whose it is */
	struct fsv_str *parties;
	unsigned n_parties;
	/* Trees that a host holds completely: the guest knows leaves only, their places by node id. */
	struct fsv_trees_held {
		uint32_t tree, owner;
		uint32_t base, n;	/* nodes base … base + n - 1 */
	} *held;
	uint32_t n_held;
	bool *is_leaf;		/* by node, with held trees */
};

/* What a leaf's limit holds. */
enum fsv_trees_leaf {
	FSV_LEAF_WEIGHT,	/* weight times rate */
	FSV_LEAF_NODE,		/* its node id */
	FSV_LEAF_SEVERAL,	/* where its weights begin in several */
};

struct fsv_trees_build {
	/* In. */
	struct fsv_compile *c;
	const struct fsv_frame *in;
	const Fsv__BoostingTreeModelMeta *meta;
	const Fsv__BoostingTreeModelParam *param;
	enum fsv_trees_leaf leaf;
	double rate;
	bool complete;		/* every split is our own, its threshold in the node … */
	double slack;		/* … and this on top of it */
	unsigned n_several;
	/* Out, in the plan's arena. */
	struct fsv_forest forest;
	struct fsv_trees_features features;
	struct fsv_trees_partners partners;
	double *several;	/* weights times rate */
	uint32_t *trees;	/* numbers of the trees in the forest */

	/* Its own. */
	struct fsv_trees_fid *fids;
	uint32_t n_fids;
	uint32_t cap_features, cap_partner_splits, n_partner_splits, n_several_used, cap_several;
};

/* Checks counts and reads the mapping of feature numbers to columns. */
int fsv_trees_begin(struct fsv_trees_build *b, struct fsv_err *err) FSV_MUST_CHECK;
/* Appends tree t of the model. FSV_E_MODEL_INIT names tree and node. */
int fsv_trees_add(struct fsv_trees_build *b, uint32_t t, struct fsv_err *err) FSV_MUST_CHECK;
/* A tree that party holds completely. */
int fsv_trees_add_held(struct fsv_trees_build *b, uint32_t t, struct fsv_str party, struct fsv_err *err) FSV_MUST_CHECK;
void fsv_trees_end(struct fsv_trees_build *b);

/* Input of a feature number; refuses what the model gives no column for. */
int fsv_trees_feature(struct fsv_trees_build *b, int32_t fid, uint32_t *ret_input, struct fsv_err *err) FSV_MUST_CHECK;

/* Threshold and missing direction of a masked split, by node id. */
struct fsv_trees_mask {
	double *limit;
	bool *has_limit, *missing_right;
	uint32_t n;
};
struct fsv_trees_mask fsv_trees_mask(struct fsv_compile *c, const Fsv__DecisionTreeModelParam *tree);

/* Whether a node is a split of ours, of another party (its id in *ret_party), or nobody's. */
enum fsv_trees_owner { FSV_OWNER_NONE, FSV_OWNER_SELF, FSV_OWNER_PARTNER };
enum fsv_trees_owner fsv_trees_owner(const struct fsv_compile *c, const Fsv__NodeParam *node,
				     struct fsv_str *ret_party);

/* What tree_plan says of a tree, refused when the tree looks otherwise: this party has splits of a tree that is
 * somebody else's. */
enum fsv_trees_kind { FSV_TREE_SHARED, FSV_TREE_GUEST, FSV_TREE_HOST };
int fsv_trees_kind(const struct fsv_trees_build *b, uint32_t t, enum fsv_trees_kind *ret_kind,
		   struct fsv_str *ret_party, struct fsv_err *err) FSV_MUST_CHECK;

/* Reads Meta (required of those who calculate scores) and Param of a component. */
int fsv_trees_read(struct fsv_compile *c, const struct fsv_dsl_component *component, bool meta_required,
		   const Fsv__BoostingTreeModelMeta **ret_meta, const Fsv__BoostingTreeModelParam **ret_param,
		   struct fsv_err *err) FSV_MUST_CHECK;
/* use_missing and zero_as_missing. */
bool fsv_trees_zero_missing(const Fsv__BoostingTreeModelMeta *meta);

/* Answers ---------------------------------------------------------------------------------------- */

/* Reads a partner's answer: sets inputs of its splits, and the leaves of trees that it holds, and nothing of
 * anybody else's. With all_trees it must have a table for each tree, as the reference wants of several
 * hosts. held_leaves is by place in partners->held. Returns how many inputs that were NaN are no longer, or a
 * negative code. */
int fsv_trees_answer(const struct fsv_op *op, const struct fsv_forest *forest, const struct fsv_trees_partners *partners,
		     const struct fsv_remote *remote, bool all_trees, struct fsv_arena *arena, double *inputs,
		     uint32_t *held_leaves, struct fsv_err *err) FSV_MUST_CHECK;

/* Score ------------------------------------------------------------------------------------------ */

struct fsv_trees_score {
	enum { FSV_TREES_BINARY, FSV_TREES_CLASSES, FSV_TREES_VALUE } kind;
	bool exponential;	/* VALUE: of a logarithm */
	bool several;		/* each leaf has a weight for each class */
	unsigned n;		/* classes */
	double *init;
	struct fsv_str *classes;
	const double *weights;	/* several: the leaves' */
};

int fsv_trees_score_compile(struct fsv_compile *c, const Fsv__BoostingTreeModelMeta *meta,
			    const Fsv__BoostingTreeModelParam *param, struct fsv_trees_score *score,
			    struct fsv_err *err) FSV_MUST_CHECK;

/* The result's doubles are in the arena; that they are finite is the caller's to check. */
void fsv_trees_score(const struct fsv_trees_score *score, const struct fsv_forest *forest, const uint32_t *leaves,
		     struct fsv_arena *arena, struct fsv_result *result);
void fsv_trees_score_explain(const struct fsv_trees_score *score, struct fsv_buf *out);

#endif
