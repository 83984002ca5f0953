/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regressions with one sum a party: logistic (its sigmoid), linear (the sum itself), Poisson (its
 * exponential, times an exposure). Each party sums weight times value over its columns; the guest adds the
 * parties' sums in the order of the reference's party map and applies the link function.
 */
#include "weights.h"

#include <math.h>

#include "java-math.h"
#include "lib/proto/model.pb-c.h"
#include "remote-part.h"

struct linear {
	struct fsv_op op;
	struct fsv_weights weights;
	uint32_t exposure;		/* Poisson, guest: its slot, or FSV_NO_SLOT */
	uint32_t exposure_column;
};

/* Of one row. */
struct sums {
	double score;
	double exposure;
};

static struct sums *sums_of(const struct fsv_op *op, const struct fsv_row *row)
{
	return (struct sums *)(void *)(row->results + op->result_at);
}

/* Compiling ------------------------------------------------------------------------------------------- */

static struct linear *add_op(struct fsv_compile *c, const struct fsv_op_kind *kind,
			     const struct fsv_dsl_component *component, const struct fsv_weights *weights)
{
	struct linear *l = (struct linear *)fsv_compile_add(c, kind, component, sizeof(*l), sizeof(struct sums));

	l->weights = *weights;
	l->exposure = FSV_NO_SLOT;
	return l;
}

static int compile_linear(struct fsv_compile *c, const struct fsv_dsl_component *component,
			  const struct fsv_frame *in, const struct fsv_frame **ret_out, struct fsv_err *err)
{
	struct ProtobufCMessage *message;
	const Fsv__LinRModelMeta *meta;
	const Fsv__LinRModelParam *param;
	struct fsv_weights weights;
	int r;

	(void)ret_out;
	r = fsv_compile_proto(c, component, FSV_META, false, &fsv__lin_rmodel_meta__descriptor, &message, err);
	if (r < 0)
		return r;
	meta = (const Fsv__LinRModelMeta *)message;
	r = fsv_compile_proto(c, component, FSV_PARAM, true, &fsv__lin_rmodel_param__descriptor, &message, err);
	if (r < 0)
		return r;
	param = (const Fsv__LinRModelParam *)message;
	r = fsv_weights_refuse_encrypted(param->n_encrypted_weight, param->cipher, meta->reveal_strategy, err);
	if (r < 0)
		return r;
	r = fsv_weights_compile(c, in, FSV_WEIGHTS_FROM(c, param->weight, param->n_weight), param->n_weight,
				param->intercept, true, &weights, err);
	if (r == 0)
		(void)add_op(c, &fsv_op_linear, component, &weights);
	return r;
}

static int compile_poisson(struct fsv_compile *c, const struct fsv_dsl_component *component,
			   const struct fsv_frame *in, const struct fsv_frame **ret_out, struct fsv_err *err)
{
	struct ProtobufCMessage *message;
	const Fsv__PoissonModelMeta *meta;
	const Fsv__PoissonModelParam *param;
	struct fsv_weights weights;
	struct linear *l;
	uint32_t column = 0;
	int r;

	(void)ret_out;
	/* Without Meta nobody knows whether there is an exposure. */
	r = fsv_compile_proto(c, component, FSV_META, c->opt->guest, &fsv__poisson_model_meta__descriptor, &message,
			      err);
	if (r < 0)
		return r;
	meta = (const Fsv__PoissonModelMeta *)message;
	r = fsv_compile_proto(c, component, FSV_PARAM, true, &fsv__poisson_model_param__descriptor, &message, err);
	if (r < 0)
		return r;
	param = (const Fsv__PoissonModelParam *)message;
	if (c->opt->guest && meta->exposure_colname[0])
		r = fsv_compile_column(c, fsv_str(meta->exposure_colname), &column, err);
	if (r < 0)
		return r;
	r = fsv_weights_compile(c, in, FSV_WEIGHTS_FROM(c, param->weight, param->n_weight), param->n_weight,
				param->intercept, false, &weights, err);
	if (r < 0)
		return r;
	l = add_op(c, &fsv_op_poisson, component, &weights);
	if (c->opt->guest && meta->exposure_colname[0]) {
		l->exposure = fsv_frame_slot(c->plan, in, column);
		l->exposure_column = column;
	}
	return 0;
}

/* Local part ------------------------------------------------------------------------------------------ */

static int run(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_row *row, struct fsv_err *err)
{
	const struct linear *l = (const struct linear *)op;
	struct sums *sums = sums_of(op, row);
	double s;
	int r;

	r = fsv_weights_sum(plan, op, &l->weights, row, &s, NULL, err);
	if (r < 0)
		return r;
	sums->score = s + l->weights.intercept;
	sums->exposure = 1;
	if (l->exposure != FSV_NO_SLOT && row->cells[l->exposure].kind != FSV_CELL_ABSENT &&
	    !fsv_cell_number(&row->cells[l->exposure], &sums->exposure))
		return fsv_row_bad_value(plan, op, l->exposure_column, &row->cells[l->exposure], err);
	return 0;
}

static int check(const struct fsv_op *op, const struct fsv_row *row, struct fsv_err *err)
{
	if (isfinite(sums_of(op, row)->score))
		return 0;
	return fsv_err_set(err, FSV_E_SYSTEM, "%.*s: the score is not a finite number",
			   FSV_STR_ARG(op->component));
}

static void write(const struct fsv_op *op, const struct fsv_row *row, struct fsv_jsonw *out)
{
	fsv_jsonw_key(out, FSV_STR("score"));
	fsv_jsonw_double(out, sums_of(op, row)->score);
}

/* Merge ------------------------------------------------------------------------------------------------ */

static int add_parties(const struct fsv_op *op, const struct fsv_row *row, const struct fsv_remote *remotes,
		       unsigned n_remotes, struct fsv_arena *arena, struct fsv_result *ret_result, struct fsv_err *err)
{
	double s = sums_of(op, row)->score;

	for (unsigned i = 0; i < n_remotes; i++) {
		double remote = 0;
		int r = fsv_remote_sum(op, &remotes[i], arena, &remote, err);

		if (r < 0)
			return r;
		s += remote;
	}
	ret_result->scores = FSV_ARENA_NEW(arena, double);
	ret_result->scores[0] = s;
	ret_result->n = 1;
	return 0;
}

static int score_linear(const struct fsv_plan *plan, const struct fsv_op *op, const struct fsv_row *row,
			const struct fsv_remote *remotes, unsigned n_remotes, struct fsv_arena *arena,
			struct fsv_result *ret_result, struct fsv_err *err)
{
	(void)plan;
	return add_parties(op, row, remotes, n_remotes, arena, ret_result, err);
}

static int score_poisson(const struct fsv_plan *plan, const struct fsv_op *op, const struct fsv_row *row,
			 const struct fsv_remote *remotes, unsigned n_remotes, struct fsv_arena *arena,
			 struct fsv_result *ret_result, struct fsv_err *err)
{
	int r = add_parties(op, row, remotes, n_remotes, arena, ret_result, err);

	(void)plan;
	if (r == 0)
		ret_result->scores[0] = fsv_java_exp(ret_result->scores[0]) * sums_of(op, row)->exposure;
	return r;
}

static struct fsv_weights *sum(struct fsv_op *op)
{
	struct linear *l = (struct linear *)op;

	return l->exposure == FSV_NO_SLOT ? &l->weights : NULL;
}

static void explain(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_buf *out)
{
	const struct linear *l = (const struct linear *)op;

	fsv_buf_printf(out, "%s, ", op->kind->what);
	fsv_weights_explain(&l->weights, out);
	if (l->exposure != FSV_NO_SLOT) {
		fsv_buf_puts(out, ", exposure: ");
		fsv_buf_add(out, fsv_column_name(&plan->columns[l->exposure_column]));
	}
}

const struct fsv_op_kind fsv_op_linear = {
	.what = "linear regression",
	.predictor = true,
	.compile = compile_linear,
	.run = run,
	.explain = explain,
	.sum = sum,
	.check = check,
	.write = write,
	.score = score_linear,
};

const struct fsv_op_kind fsv_op_poisson = {
	.what = "Poisson regression",
	.predictor = true,
	.compile = compile_poisson,
	.run = run,
	.explain = explain,
	.sum = sum,
	.check = check,
	.write = write,
	.score = score_poisson,
};
