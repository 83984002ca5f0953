/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Score card: a probability as points. It has no Meta and no Param: what the user chose stands in the
 * training configuration that comes with the pipeline; what was not chosen has FATE's defaults. Points
 * take the place of the score; the probability they stand for goes along as "probability".
 */
#include "plan-private.h"

#include <math.h>

#include "codec/number.h"

struct scorecard {
	struct fsv_op op;
	double offset, factor, base, upper, lower;
};

/* The number of that name in the component's parameters; false when it is there but no number. */
static bool take(const struct fsv_json_node *parameters, const char *name, double *number)
{
	const struct fsv_json_node *n = fsv_json_get(parameters, name);

	if (!n || n->type == FSV_JSON_NULL)
		return true;
	if (n->type != FSV_JSON_INT && n->type != FSV_JSON_DOUBLE)
		return false;
	*number = n->number;
	return true;
}

struct choice {
	double offset, factor, base, upper_ratio, lower;
	bool need_run;
};

static int read_choice(const struct fsv_json_node *parameters, struct choice *ch, struct fsv_err *err)
{
	struct fsv_str method = fsv_json_get_str(parameters, "method");
	const struct fsv_json_node *run = fsv_json_get(parameters, "need_run");

	if (method.n > 0 && !fsv_str_is(method, "credit"))
		return fsv_err_set(err, FSV_E_MODEL_INIT, "its method is not supported, only credit");
	if (!take(parameters, "offset", &ch->offset) || !take(parameters, "factor", &ch->factor) ||
	    !take(parameters, "factor_base", &ch->base) ||
	    !take(parameters, "upper_limit_ratio", &ch->upper_ratio) ||
	    !take(parameters, "lower_limit_value", &ch->lower))
		return fsv_err_set(err, FSV_E_MODEL_INIT, "a parameter of the training configuration is no number");
	if (run)
		ch->need_run = run->type != FSV_JSON_FALSE;
	return 0;
}

/* Parameters of a component: those common to all parties, then those of the role's first party. */
static int read_conf(struct fsv_compile *c, struct fsv_str component, struct choice *ch, struct fsv_err *err)
{
	const char *name = fsv_arena_cstr(&c->scratch, component), *role = c->opt->guest ? "guest" : "host";
	struct fsv_json_node *root;
	const struct fsv_json_node *all, *parties;
	int r;

	if (c->train_conf.n == 0)
		return 0;
	r = fsv_json_parse(c->train_conf, &c->scratch, false, &root, err);
	if (r < 0)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "the training configuration, where its points are chosen, is no "
				   "JSON");
	all = fsv_json_get(root, "component_parameters");
	r = read_choice(fsv_json_get(fsv_json_get(all, "common"), name), ch, err);
	parties = fsv_json_get(fsv_json_get(all, "role"), role);
	for (const struct fsv_json_node *p = parties ? parties->first : NULL; r == 0 && p; p = p->next)
		if (fsv_str_is(p->key, "0") || (p == parties->first && !p->next))
			r = read_choice(fsv_json_get(p, name), ch, err);
	return r;
}

static int compile(struct fsv_compile *c, const struct fsv_dsl_component *component,
		   const struct fsv_frame *in, const struct fsv_frame **ret_out, struct fsv_err *err)
{
	struct choice ch = { .offset = 500, .factor = 20, .base = 2, .upper_ratio = 3, .need_run = true };
	struct scorecard *s;
	int r;

	(void)in, (void)ret_out;
	r = read_conf(c, component->name, &ch, err);
	if (r < 0 || !ch.need_run)
		return r;
	if (!(ch.base > 0) || ch.base == 1 || !isfinite(ch.factor / log(ch.base)) || !isfinite(ch.offset * ch.upper_ratio) ||
	    !isfinite(ch.lower))
		return fsv_err_set(err, FSV_E_MODEL_INIT, "its parameters in the training configuration give no points");
	s = (struct scorecard *)fsv_compile_add(c, &fsv_op_scorecard, component, sizeof(*s), 0);
	s->offset = ch.offset;
	s->factor = ch.factor;
	s->base = ch.base;
	s->upper = ch.offset * ch.upper_ratio;
	s->lower = ch.lower;
	return 0;
}

static int run(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_row *row, struct fsv_err *err)
{
	(void)plan, (void)op, (void)row, (void)err;
	return 0;
}

static double points(const struct scorecard *s, double p)
{
	double c;

	if (fabs(p) <= 1e-8 && p >= 0)
		c = s->upper;
	else if (fabs(p - 1) <= 1e-8 && p > 0)
		c = s->lower;
	else if (!(p >= 0 && p <= 1))
		c = -1;
	else
		c = s->offset + s->factor / log(s->base) * log((1 - p) / p);
	if (c > s->upper)
		c = s->upper;
	if (c < s->lower)
		c = s->lower;
	return floor(c * 100 + 0.5) / 100;
}

static int adjust(const struct fsv_op *op, struct fsv_arena *arena, struct fsv_result *result, struct fsv_err *err)
{
	const struct scorecard *s = (const struct scorecard *)op;

	(void)arena;
	if (result->list || result->n != 1)
		return fsv_err_set(err, FSV_E_SYSTEM, "%.*s: it takes one score, not one a class",
				   FSV_STR_ARG(op->component));
	result->has_probability = true;
	result->probability = result->scores[0];
	result->scores[0] = points(s, result->scores[0]);
	return 0;
}

static void explain(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_buf *out)
{
	const struct scorecard *s = (const struct scorecard *)op;
	const double numbers[] = { s->offset, s->factor, s->base, s->lower, s->upper };
	char texts[5][FSV_DOUBLE_TEXT_MAX + 1];

	(void)plan;
	for (int i = 0; i < 5; i++)
		texts[i][fsv_double_to_java(numbers[i], texts[i])] = '\0';
	fsv_buf_printf(out, "score card, %s + %s / ln %s * ln((1-p)/p) within %s..%s", texts[0], texts[1], texts[2],
		       texts[3], texts[4]);
}

/* A host has nothing to add, and says so. */
static void write(const struct fsv_op *op, const struct fsv_row *row, struct fsv_jsonw *out)
{
	(void)op, (void)row, (void)out;
}

const struct fsv_op_kind fsv_op_scorecard = {
	.what = "score card",
	.compile = compile,
	.run = run,
	.write = write,
	.adjust = adjust,
	.explain = explain,
};
