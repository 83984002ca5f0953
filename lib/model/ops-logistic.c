/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logistic regression: binary, and one-vs-rest with a set of weights for each class. Federated (each
 * party sums, the guest adds), homogeneous (the guest has the whole model) and the local baseline,
 * which makes probabilities of several classes sum up to one.
 */
#include "weights.h"

#include <math.h>

#include "java-math.h"
#include "lib/proto/model.pb-c.h"
#include "remote-part.h"

/* How the classes' sums become scores. */
enum link { EACH_SIGMOID, SHARED_SIGMOID, SOFTMAX };

struct logistic {
	struct fsv_op op;
	struct fsv_weights *models;	/* one, or one a class */
	struct fsv_str *classes;	/* NULL: binary */
	uint32_t n;
	enum link link;
};

static double *sums_of(const struct fsv_op *op, const struct fsv_row *row)
{
	return (double *)(void *)(row->results + op->result_at);
}

/* Compiling ------------------------------------------------------------------------------------------- */

static int read_proto(struct fsv_compile *c, const struct fsv_dsl_component *component,
		      const Fsv__LRModelMeta **ret_meta, const Fsv__LRModelParam **ret_param, struct fsv_err *err)
{
	struct ProtobufCMessage *meta, *param;
	int r;

	r = fsv_compile_proto(c, component, FSV_META, false, &fsv__lrmodel_meta__descriptor, &meta, err);
	if (r < 0)
		return r;
	r = fsv_compile_proto(c, component, FSV_PARAM, true, &fsv__lrmodel_param__descriptor, &param, err);
	if (r < 0)
		return r;
	*ret_meta = (const Fsv__LRModelMeta *)meta;
	*ret_param = (const Fsv__LRModelParam *)param;
	return fsv_weights_refuse_encrypted((*ret_param)->n_encrypted_weight, (*ret_param)->cipher,
					    (*ret_meta)->reveal_strategy, err);
}

static struct logistic *add_op(struct fsv_compile *c, const struct fsv_op_kind *kind,
			       const struct fsv_dsl_component *component, struct fsv_weights *models, size_t n)
{
	struct logistic *l;

	l = (struct logistic *)fsv_compile_add(c, kind, component, sizeof(*l), n * sizeof(double));
	l->models = models;
	l->n = (uint32_t)n;
	return l;
}

static int compile_class(struct fsv_compile *c, const struct fsv_frame *in, const Fsv__SingleModel *model,
			 bool parallel, struct fsv_weights *ret_weights, struct fsv_err *err)
{
	int r = fsv_weights_refuse_encrypted(model->n_encrypted_weight, model->cipher, "", err);

	if (r < 0)
		return r;
	return fsv_weights_compile(c, in, FSV_WEIGHTS_FROM(c, model->weight, model->n_weight), model->n_weight,
				   model->intercept, parallel, ret_weights, err);
}

static int check_classes(const Fsv__OneVsRestResult *result, struct fsv_err *err)
{
	if (!result || result->n_completed_models == 0)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "one-vs-rest, but its Param has no models of the classes");
	if (result->n_completed_models > 10000)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "one-vs-rest of more than 10000 classes");
	if (result->n_completed_models != result->n_one_vs_rest_classes)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "one-vs-rest with %zu models for %zu classes",
				   result->n_completed_models, result->n_one_vs_rest_classes);
	return 0;
}

static int compile_classes(struct fsv_compile *c, const struct fsv_op_kind *kind,
			   const struct fsv_dsl_component *component, const struct fsv_frame *in,
			   const Fsv__OneVsRestResult *result, struct fsv_err *err)
{
	struct fsv_weights *models;
	struct logistic *l;
	int r;

	r = check_classes(result, err);
	if (r < 0)
		return r;
	models = FSV_ARENA_NEW_N(fsv_compile_arena(c), struct fsv_weights, result->n_completed_models);
	for (size_t i = 0; i < result->n_completed_models; i++) {
		r = compile_class(c, in, result->completed_models[i], !kind->local, &models[i], err);
		if (r < 0)
			return r;
	}
	l = add_op(c, kind, component, models, result->n_completed_models);
	l->classes = FSV_ARENA_NEW_N(fsv_compile_arena(c), struct fsv_str, l->n);
	for (uint32_t i = 0; i < l->n; i++)
		l->classes[i] = fsv_arena_str(fsv_compile_arena(c), fsv_str(result->one_vs_rest_classes[i]));
	return 0;
}

static int compile(struct fsv_compile *c, const struct fsv_op_kind *kind, const struct fsv_dsl_component *component,
		   const struct fsv_frame *in, struct fsv_err *err)
{
	const Fsv__LRModelMeta *meta;
	const Fsv__LRModelParam *param;
	struct fsv_weights *model;
	int r;

	r = read_proto(c, component, &meta, &param, err);
	if (r < 0)
		return r;
	if (meta->need_one_vs_rest || param->need_one_vs_rest ||
	    (param->one_vs_rest_result && param->one_vs_rest_result->n_completed_models > 0)) {
		r = compile_classes(c, kind, component, in, param->one_vs_rest_result, err);
		if (r == 0 && kind == &fsv_op_local_baseline)
			((struct logistic *)c->plan->ops[c->plan->n_ops - 1])->link =
				strcmp(meta->optimizer, "liblinear") == 0 ? SHARED_SIGMOID : SOFTMAX;
		return r;
	}
	model = FSV_ARENA_NEW(fsv_compile_arena(c), struct fsv_weights);
	r = fsv_weights_compile(c, in, FSV_WEIGHTS_FROM(c, param->weight, param->n_weight), param->n_weight,
				param->intercept, !kind->local, model, err);
	if (r == 0)
		(void)add_op(c, kind, component, model, 1);
	return r;
}

static int compile_hetero(struct fsv_compile *c, const struct fsv_dsl_component *component,
			  const struct fsv_frame *in, const struct fsv_frame **ret_out, struct fsv_err *err)
{
	(void)ret_out;
	return compile(c, &fsv_op_logistic, component, in, err);
}

static int compile_homo(struct fsv_compile *c, const struct fsv_dsl_component *component,
			const struct fsv_frame *in, const struct fsv_frame **ret_out, struct fsv_err *err)
{
	(void)ret_out;
	return compile(c, &fsv_op_homo_logistic, component, in, err);
}

static int compile_baseline(struct fsv_compile *c, const struct fsv_dsl_component *component,
			    const struct fsv_frame *in, const struct fsv_frame **ret_out, struct fsv_err *err)
{
	(void)ret_out;
	return compile(c, &fsv_op_local_baseline, component, in, err);
}

/* Local part ------------------------------------------------------------------------------------------ */

static int run(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_row *row, struct fsv_err *err)
{
	const struct logistic *l = (const struct logistic *)op;
	double *sums = sums_of(op, row);

	for (uint32_t i = 0; i < l->n; i++) {
		int r = fsv_weights_sum(plan, op, &l->models[i], row, &sums[i], NULL, err);

		if (r < 0)
			return r;
		sums[i] += l->models[i].intercept;
	}
	return 0;
}

static int check(const struct fsv_op *op, const struct fsv_row *row, struct fsv_err *err)
{
	const struct logistic *l = (const struct logistic *)op;

	for (uint32_t i = 0; i < l->n; i++)
		if (!isfinite(sums_of(op, row)[i]))
			return fsv_err_set(err, FSV_E_SYSTEM, "%.*s: the score is not a finite number",
					   FSV_STR_ARG(op->component));
	return 0;
}

static void write(const struct fsv_op *op, const struct fsv_row *row, struct fsv_jsonw *out)
{
	const struct logistic *l = (const struct logistic *)op;
	const double *sums = sums_of(op, row);

	fsv_jsonw_key(out, FSV_STR("score"));
	if (!l->classes) {
		fsv_jsonw_double(out, sums[0]);
		return;
	}
	fsv_jsonw_begin(out, '[');
	for (uint32_t i = 0; i < l->n; i++)
		fsv_jsonw_double(out, sums[i]);
	fsv_jsonw_end(out, ']');
}

/* Merge ------------------------------------------------------------------------------------------------ */

static int add_party(const struct logistic *l, const struct fsv_remote *remote, struct fsv_arena *arena, double *z,
		     double *room, struct fsv_err *err)
{
	int r;

	if (l->classes)
		r = fsv_remote_sums(&l->op, remote, arena, room, l->n, err);
	else
		r = fsv_remote_sum(&l->op, remote, arena, room, err);
	for (uint32_t i = 0; r == 0 && i < l->n; i++)
		z[i] += room[i];
	return r;
}

static uint32_t first_maximum(const double *z, uint32_t n)
{
	uint32_t at = 0;

	for (uint32_t i = 1; i < n; i++)
		if (z[i] > z[at])
			at = i;
	return at;
}

static void apply_link(enum link link, double *z, uint32_t n)
{
	double max = z[first_maximum(z, n)], sum = 0;

	for (uint32_t i = 0; i < n; i++) {
		z[i] = link == SOFTMAX ? fsv_java_exp(z[i] - max) : fsv_java_sigmoid(z[i]);
		sum += z[i];
	}
	for (uint32_t i = 0; link != EACH_SIGMOID && i < n; i++)
		z[i] /= sum;
}

static int score(const struct fsv_plan *plan, const struct fsv_op *op, const struct fsv_row *row,
		 const struct fsv_remote *remotes, unsigned n_remotes, struct fsv_arena *arena,
		 struct fsv_result *ret_result, struct fsv_err *err)
{
	const struct logistic *l = (const struct logistic *)op;
	double *z = FSV_ARENA_NEW_N(arena, double, l->n), *room = FSV_ARENA_NEW_N(arena, double, l->n);

	(void)plan;
	memcpy(z, sums_of(op, row), l->n * sizeof(*z));
	for (unsigned i = 0; !op->kind->local && i < n_remotes; i++) {
		int r = add_party(l, &remotes[i], arena, z, room, err);

		if (r < 0)
			return r;
	}
	apply_link(l->link, z, l->n);
	ret_result->scores = z;
	ret_result->n = l->n;
	if (l->classes) {
		ret_result->list = true;
		ret_result->label = l->classes[first_maximum(z, l->n)];
	}
	return 0;
}

static struct fsv_weights *sum(struct fsv_op *op)
{
	struct logistic *l = (struct logistic *)op;

	return l->n == 1 ? &l->models[0] : NULL;
}

static void explain(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_buf *out)
{
	const struct logistic *l = (const struct logistic *)op;

	(void)plan;
	fsv_buf_printf(out, "%s, ", op->kind->what);
	if (l->classes)
		fsv_buf_printf(out, "classes: %u, each with ", l->n);
	fsv_weights_explain(&l->models[0], out);
}

const struct fsv_op_kind fsv_op_logistic = {
	.what = "logistic regression",
	.predictor = true,
	.compile = compile_hetero,
	.run = run,
	.explain = explain,
	.sum = sum,
	.check = check,
	.write = write,
	.score = score,
};

const struct fsv_op_kind fsv_op_homo_logistic = {
	.what = "homogeneous logistic regression",
	.predictor = true,
	.local = true,
	.compile = compile_homo,
	.run = run,
	.explain = explain,
	.sum = sum,
	.check = check,
	.write = write,
	.score = score,
};

const struct fsv_op_kind fsv_op_local_baseline = {
	.what = "local baseline",
	.predictor = true,
	.local = true,
	.compile = compile_baseline,
	.run = run,
	.explain = explain,
	.sum = sum,
	.check = check,
	.write = write,
	.score = score,
};
