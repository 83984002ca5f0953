/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves into a score. Sums in the order of the trees, each weight times the learning rate before. */
#include "trees.h"

#include "java-math.h"

static int fault(struct fsv_err *err, const char *what)
{
	return fsv_err_set(err, FSV_E_MODEL_INIT, "%s", what);
}

static void copy_init(struct fsv_compile *c, const Fsv__BoostingTreeModelParam *param, unsigned n,
		      struct fsv_trees_score *score)
{
	score->init = FSV_ARENA_NEW_N(fsv_compile_arena(c), double, n);
	for (unsigned i = 0; i < n; i++)
		score->init[i] = i < param->n_init_score ? param->init_score[i] : 0;
}

static int compile_classes(struct fsv_compile *c, const Fsv__BoostingTreeModelParam *param,
			   struct fsv_trees_score *score, struct fsv_err *err)
{
	int32_t n = score->several ? param->num_classes : param->tree_dim;

	if (n < 2 || n > FSV_TREES_MAX_CLASSES)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "it has %d classes but %d trees a round", param->num_classes,
				   param->tree_dim);
	if (param->n_classes_ < (size_t)n || param->n_init_score < (size_t)n)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "it has %d classes, but names for %zu and first scores for %zu", n,
				   param->n_classes_, param->n_init_score);
	score->n = (unsigned)n;
	score->classes = FSV_ARENA_NEW_N(fsv_compile_arena(c), struct fsv_str, score->n);
	for (unsigned i = 0; i < score->n; i++) {
		struct fsv_str name = fsv_str(param->classes_[i]);

		if (fsv_str_utf8(name) != name.n)
			return fault(err, "the name of a class is not UTF-8");
		score->classes[i] = fsv_arena_str(fsv_compile_arena(c), name);
	}
	copy_init(c, param, score->n, score);
	return 0;
}

/* Leaves that have a weight for each class. */
static bool several(const Fsv__BoostingTreeModelParam *param)
{
	for (size_t t = 0; t < param->n_trees_; t++)
		for (size_t i = 0; i < param->trees_[t]->n_tree_; i++)
			if (param->trees_[t]->tree_[i]->n_mo_weight > 0)
				return true;
	return false;
}

int fsv_trees_score_compile(struct fsv_compile *c, const Fsv__BoostingTreeModelMeta *meta,
			    const Fsv__BoostingTreeModelParam *param, struct fsv_trees_score *score,
			    struct fsv_err *err)
{
	const char *objective = meta->objective_meta ? meta->objective_meta->objective : "";

	if (!isfinite(meta->learning_rate) || meta->learning_rate == 0)
		return fault(err, "its Meta has no learning rate");
	for (size_t i = 0; i < param->n_init_score; i++)
		if (!isfinite(param->init_score[i]))
			return fault(err, "its first score is not a finite number");
	score->several = several(param);
	if (param->num_classes > 2) {
		score->kind = FSV_TREES_CLASSES;
		return compile_classes(c, param, score, err);
	}
	if (score->several)
		return fault(err, "its leaves have several weights, but it does not tell more than two classes apart");
	if (param->num_classes != 2 && strcmp(meta->task_type, "classification") == 0)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "it is to tell classes apart but has %d of them", param->num_classes);
	score->kind = param->num_classes == 2 ? FSV_TREES_BINARY : FSV_TREES_VALUE;
	if (score->kind == FSV_TREES_VALUE && param->n_init_score == 0)
		return fault(err, "it has no first score");
	score->exponential = score->kind == FSV_TREES_VALUE && strcmp(objective, "tweedie") == 0;
	copy_init(c, param, 1, score);
	return 0;
}

static void sum_classes(const struct fsv_trees_score *score, const struct fsv_forest *forest, const uint32_t *leaves,
			double *z)
{
	for (unsigned k = 0; k < score->n; k++)
		z[k] = 0;
	for (uint32_t t = 0, k = 0; t < forest->n_trees; t++) {
		double value = forest->nodes[leaves[t]].limit;

		if (score->several) {
			for (unsigned i = 0; i < score->n; i++)
				z[i] += score->weights[(size_t)value + i];
			continue;
		}
		z[k] += value;
		k = k + 1 < score->n ? k + 1 : 0;
	}
	for (unsigned k = 0; k < score->n; k++)
		z[k] += score->init[k];
}

/* Of equals the first is the label. */
static void score_classes(const struct fsv_trees_score *score, const struct fsv_forest *forest, const uint32_t *leaves,
			  struct fsv_result *result)
{
	double *p = result->scores, sum = 0, max;
	unsigned label = 0;

	sum_classes(score, forest, leaves, p);
	for (unsigned k = 1; k < score->n; k++)
		if (p[k] > p[label])
			label = k;
	max = p[label];
	for (unsigned k = 0; k < score->n; k++) {
		p[k] = fsv_java_exp(p[k] - max);
		sum += p[k];
	}
	for (unsigned k = 0; k < score->n; k++)
		p[k] /= sum;
	result->list = true;
	result->label = score->classes[label];
}

void fsv_trees_score(const struct fsv_trees_score *score, const struct fsv_forest *forest, const uint32_t *leaves,
		     struct fsv_arena *arena, struct fsv_result *result)
{
	double s = score->init[0];

	result->n = score->kind == FSV_TREES_CLASSES ? score->n : 1;
	result->scores = FSV_ARENA_NEW_N(arena, double, result->n);
	if (score->kind == FSV_TREES_CLASSES) {
		score_classes(score, forest, leaves, result);
		return;
	}
	for (uint32_t t = 0; t < forest->n_trees; t++)
		s += forest->nodes[leaves[t]].limit;
	if (score->kind == FSV_TREES_BINARY)
		s = fsv_java_sigmoid(s);
	else if (score->exponential)
		s = fsv_java_exp(s);
	result->scores[0] = s;
}

void fsv_trees_score_explain(const struct fsv_trees_score *score, struct fsv_buf *out)
{
	if (score->kind == FSV_TREES_CLASSES)
		fsv_buf_printf(out, ", %u classes%s", score->n, score->several ? ", a weight for each in every leaf" : "");
	else
		fsv_buf_puts(out, score->kind == FSV_TREES_BINARY ? ", a probability" :
			     score->exponential ? ", exponential of a value" : ", a value");
}
