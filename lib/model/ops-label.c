/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Label transform. In front of a predictor it concerns training alone; behind a classifier it gives the
 * classes the names that the user knows.
 */
#include "plan-private.h"

#include "lib/proto/model.pb-c.h"

struct name {
	struct fsv_str from, to;
};

struct label {
	struct fsv_op op;
	struct name *names;
	uint32_t n;
};

static int compile(struct fsv_compile *c, const struct fsv_dsl_component *component,
		   const struct fsv_frame *in, const struct fsv_frame **ret_out, struct fsv_err *err)
{
	struct ProtobufCMessage *message;
	const Fsv__LabelTransformParam *param;
	struct label *l;
	int r;

	(void)in, (void)ret_out;
	/* A host has no labels. */
	if (!c->opt->guest)
		return 0;
	r = fsv_compile_proto(c, component, FSV_PARAM, true, &fsv__label_transform_param__descriptor, &message, err);
	if (r < 0)
		return r;
	param = (const Fsv__LabelTransformParam *)message;
	l = (struct label *)fsv_compile_add(c, &fsv_op_label, component, sizeof(*l), 0);
	l->n = (uint32_t)param->n_label_encoder;
	l->names = FSV_ARENA_NEW_N(fsv_compile_arena(c), struct name, l->n);
	for (uint32_t i = 0; i < l->n; i++) {
		l->names[i].from = fsv_arena_str(fsv_compile_arena(c), fsv_str(param->label_encoder[i]->key));
		l->names[i].to = fsv_arena_str(fsv_compile_arena(c), fsv_str(param->label_encoder[i]->value));
	}
	return 0;
}

static int run(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_row *row, struct fsv_err *err)
{
	(void)plan, (void)op, (void)row, (void)err;
	return 0;
}

/* The last of equal names counts, as in a map. A class without a name keeps its own. */
static int adjust(const struct fsv_op *op, struct fsv_arena *arena, struct fsv_result *result, struct fsv_err *err)
{
	const struct label *l = (const struct label *)op;

	(void)arena, (void)err;
	for (uint32_t i = l->n; result->label.p && i-- > 0;)
		if (fsv_str_eq(l->names[i].from, result->label)) {
			result->label = l->names[i].to;
			break;
		}
	return 0;
}

static void explain(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_buf *out)
{
	(void)plan;
	fsv_buf_printf(out, "names for labels: %u", ((const struct label *)op)->n);
}

const struct fsv_op_kind fsv_op_label = {
	.what = "names for labels",
	.compile = compile,
	.run = run,
	.adjust = adjust,
	.passes_features = true,
	.explain = explain,
};
