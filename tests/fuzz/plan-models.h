/* SPDX-License-Identifier: Apache-2.0 */
/* A few small plans to throw hostile requests and answers at. */
#ifndef FSV_FUZZ_PLAN_MODELS_H
#define FSV_FUZZ_PLAN_MODELS_H

#include "../unit/model/plan-helper.h"

enum { FUZZ_PLANS = 5 };

static UNUSED struct fsv_plan *fuzz_plan(unsigned which)
{
	static const struct weight weights[] = {
		{ "a", 1.5 }, { "b", -2 }, { "\xe9\xbe\x84", 0.25 }, { "longer_than_eight",
		  1e-300 }, { NULL },
	};
	static const char *const header[] = { "a", "b", "c", NULL };
	static const char *const tokens[] = { "", "na", "-999", "1.0e-5", "true", NULL };
	static const struct text_pair replacements[] = { { "a", "1" }, { "b", "x" }, { "c", "0" }, { NULL } };
	static const struct input_spec inputs[FUZZ_PLANS] = {
		{ .format = "dense" },
		{ .format = "sparse", .header = header },
		{ .format = "dense", .missing = tokens, .replacements = replacements },
		{ .format = "tag", .header = header, .missing = tokens, .replacements = replacements,
		  .outliers = tokens, .outlier_replacements = replacements },
		{ .format = "dense", .outliers = tokens, .outlier_replacements = replacements },
	};
	static struct fsv_plan *plans[2 * FUZZ_PLANS];
	struct fsv_plan_opt opt = { .n_partners = 2, .lr_split = 2 };
	struct fsv_err err = FSV_ERR_INIT;
	struct test_model m;

	which %= 2 * FUZZ_PLANS;
	if (plans[which])
		return plans[which];
	opt.guest = which % 2;
	opt.lr_parallel = which % 3 == 0;
	model_init(&m);
	model_add_dsl(&m, opt.guest ? DSL_LR("Guest") : DSL_LR("Host"));
	model_add_input(&m, "in_0", &inputs[which / 2]);
	model_add_lr(&m, "lr_0", weights, 0.5);
	FSV_BUG_ON(fsv_plan_compile(&m.package, &opt, &plans[which], &err) < 0);
	model_done(&m);
	return plans[which];
}

#endif
