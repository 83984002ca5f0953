/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the reference scores wrongly or not at all. Wanted numbers are worked out outside of this project,
 * in IEEE doubles, from the formula that stands beside each (s is the sigmoid 1/(1+exp(-x))).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "maker.h"

static const struct fsv_plan_opt guest = { .guest = true, .party_id = { "9999", 4 }, .n_partners = 1 };
static const struct fsv_plan_opt host = { .guest = false, .party_id = { "10000", 5 } };

static struct fsv_plan *compiled(struct maker *m, const struct fsv_plan_opt *opt, const char *conf)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_plan *plan = NULL;

	if (maker_compile(m, opt, conf, &plan, &err) < 0)
		fail_msg("%s", err.text);
	return plan;
}

static void refused(struct maker *m, const struct fsv_plan_opt *opt, const char *conf, const char *want)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_plan *plan = NULL;

	assert_int_equal(maker_compile(m, opt, conf, &plan, &err), FSV_E_MODEL_INIT);
	if (!strstr(err.text, want))
		fail_msg("got \"%s\", want \"%s\"", err.text, want);
	maker_done(m);
}

/* A host's answer to each of these features. */
struct look {
	const char *features, *want;
};

static void host_says(struct maker *m, const struct look *looks)
{
	struct fsv_plan *plan = compiled(m, &host, NULL);
	struct fsv_err err;

	for (; looks->features; looks++) {
		const char *got = local_text(plan, looks->features, false, &m->model.arena, &err);
		const char *colon = strstr(got, ":{\"score\":");

		if (looks->want[0] == '<') {
			if (!strstr(err.text, looks->want + 1))
				fail_msg("%s: got %s %s, want %s", looks->features, got, err.text, looks->want);
			continue;
		}
		assert_non_null(colon);
		if (strncmp(colon + 10, looks->want, strlen(looks->want)) != 0 ||
		    strcmp(colon + 10 + strlen(looks->want), "}") != 0)
			fail_msg("%s: got %s, want %s", looks->features, got, looks->want);
	}
	fsv_plan_free(plan);
	maker_done(m);
}

static void guest_says(struct maker *m, const char *conf, const char *features, const char *answer, const char *want)
{
	const struct fsv_plan_opt opt = guest;
	struct fsv_plan *plan = compiled(m, &opt, conf);
	const char *got;
	const char *hosts[] = { NULL, NULL };

	if (answer)
		hosts[0] = fsv_arena_printf(&m->model.arena, "{\"%s\":%s}", m->last, answer);
	got = merged_text(plan, features, hosts, &m->model.arena);
	if (strcmp(got, want) != 0)
		fail_msg("got %s, want %s", got, want);
	fsv_plan_free(plan);
	maker_done(m);
}

static const struct weight one_x[] = { { "x", 2 }, { NULL } };

/* 2 * woe[bin(x)] + 0.5; points 1, 2, 3; bin = number of points below x; the fourth value is that of NaN. */
static void woe_takes_the_place_of_the_bin(void **state)
{
	static const struct bins with[] = { { "x", { 1, 2, 3 }, 3, { 0.1, -0.4, 0.7, 0.05 }, 4 }, { NULL } };
	static const struct bins without[] = { { "x", { 1, 2, 3 }, 3, { 0.1, -0.4, 0.7 }, 3 }, { NULL } };
	static const struct bins few[] = { { "x", { 1, 2, 3 }, 3, { 0.1 }, 1 }, { NULL } };
	struct maker m;

	(void)state;
	maker_init(&m);
	maker_dense(&m);
	maker_binning(&m, "HeteroFeatureBinningHost", with, "woe");
	maker_linear(&m, "HeteroLRHost", one_x, 0.5);
	host_says(&m, (const struct look[]){
		{ "{\"x\":0.5}", "0.7" }, { "{\"x\":1}", "0.7" }, { "{\"x\":\"1.5\"}", "-0.30000000000000004" },
		{ "{\"x\":99}", "1.9" }, { "{\"x\":\"NaN\"}", "0.6" },
		/* What is no number drops out. */
		{ "{\"x\":\"many\"}", "0.5" }, { "{\"x\":null}", "0.5" }, { "{}", "0.5" }, { NULL },
	});
	/* Without a bin for missing values NaN goes to the last one, as in the reference. */
	maker_init(&m);
	maker_dense(&m);
	maker_binning(&m, "HomoBinningClient", without, "woe");
	maker_linear(&m, "HeteroLRHost", one_x, 0.5);
	host_says(&m, (const struct look[]){ { "{\"x\":\"NaN\"}", "1.9" }, { NULL } });
	maker_init(&m);
	maker_dense(&m);
	maker_binning(&m, "HeteroFeatureBinningHost", few, "woe");
	maker_linear(&m, "HeteroLRHost", one_x, 0.5);
	refused(&m, &host, NULL, "column x is to become its weight of evidence, but has 1 such values for 3 bins");
}

static void no_split_points_are_one_bin(void **state)
{
	static const struct bins none[] = { { "x", { 0 }, 0, { 0 }, 0 }, { NULL } };
	struct maker m;

	(void)state;
	maker_init(&m);
	maker_dense(&m);
	maker_binning(&m, "HeteroFeatureBinningHost", none, "bin_num");
	maker_linear(&m, "HeteroLRHost", one_x, 0.5);
	host_says(&m, (const struct look[]){ { "{\"x\":7}", "0.5" }, { NULL } });
}

/* Worked example 6.9: exp(0.2*1.5 - 0.1*2 + 0.3 + 0.25*2.0) * 12. */
static void poisson_multiplies_by_the_exposure(void **state)
{
	static const struct weight weights[] = { { "a", 0.2 }, { "b", -0.1 }, { NULL } };
	static const struct {
		const char *exposure, *features, *want;
	} cases[] = {
		{ "e", "{\"a\":1.5,\"b\":2,\"e\":12}", "\"score\":29.515237333883398" },
		/* Without one it counts as 1. */
		{ "e", "{\"a\":1.5,\"b\":2}", "\"score\":2.45960311115695" },
		{ "", "{\"a\":1.5,\"b\":2,\"e\":12}", "\"score\":2.45960311115695" },
	};
	struct maker m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		maker_init(&m);
		maker_dense(&m);
		maker_linear(&m, "HeteroPoissonGuest", weights, 0.3);
		wire_text(&m.meta, 10, cases[i].exposure);
		guest_says(&m, NULL, cases[i].features, "{\"score\":0.5}", cases[i].want);
	}
	maker_init(&m);
	maker_dense(&m);
	maker_linear(&m, "HeteroPoissonHost", (const struct weight[]){ { "h", 0.25 }, { NULL } }, 0);
	host_says(&m, (const struct look[]){ { "{\"h\":2.0}", "0.5" }, { NULL } });
}

/* A model per class, weights of x and intercepts. */
static void add_classes(struct maker *m, const char *class_name, unsigned n, const double *weights,
			const double *intercepts, const char *const *names)
{
	struct fsv_buf result, model;

	maker_add(m, class_name);
	fsv_buf_init(&result, &m->model.arena, 0);
	for (unsigned i = 0; i < n; i++) {
		fsv_buf_init(&model, &m->model.arena, 0);
		wire_weight(&model, 4, "x", weights[i]);
		wire_double(&model, 5, intercepts[i]);
		wire_message(&result, 1, &model);
	}
	for (; *names; names++)
		wire_text(&result, 2, *names);
	wire_message(&m->param, 7, &result);
	wire_int(&m->param, 8, 1);
}

/* Worked example 6.9: s of guest and host together, not normalised. Guest sums at x = 1: w + b. */
static void one_vs_rest_scores_each_class(void **state)
{
	static const double w[] = { 0.4, -1.1, 0.2 }, no[] = { 0, 0, 0 };
	static const char *const names[] = { "0", "1", "2", NULL }, *const two[] = { "0", "1", NULL };
	struct maker m;

	(void)state;
	maker_init(&m);
	maker_dense(&m);
	add_classes(&m, "HeteroLRGuest", 3, w, no, names);
	guest_says(&m, NULL, "{\"x\":1}", "{\"score\":[0.3,0.5,-0.9]}",
		   "\"score\":[0.6681877721681662,0.35434369377420455,0.3318122278318339],\"label\":\"0\"");
	maker_init(&m);
	maker_dense(&m);
	add_classes(&m, "HeteroLRGuest", 3, w, no, names);
	guest_says(&m, NULL, "{\"x\":1}", "{\"score\":[0.3,0.5]}", "<party 10000: its answer has no usable score>");
	maker_init(&m);
	maker_dense(&m);
	add_classes(&m, "HeteroLRGuest", 3, w, no, names);
	guest_says(&m, NULL, "{\"x\":1}", "{\"score\":0.3}", "<party 10000: its answer has no usable score>");
	maker_init(&m);
	maker_dense(&m);
	add_classes(&m, "HeteroLRHost", 3, w, no, names);
	host_says(&m, (const struct look[]){ { "{\"x\":2}", "[0.8,-2.2,0.4]" }, { NULL } });
	maker_init(&m);
	maker_dense(&m);
	add_classes(&m, "HeteroLRHost", 3, w, no, two);
	refused(&m, &host, NULL, "one-vs-rest with 3 models for 2 classes");
}

/* Sums at x = 1: 0.5, -1, 2. liblinear: s each, over their sum. Else exp(z - max z) over their sum. */
static void the_local_baseline_makes_probabilities_that_sum_up(void **state)
{
	static const double w[] = { 0.5, -1, 2 }, no[] = { 0, 0, 0 };
	static const char *const names[] = { "a", "b", "c", NULL };
	struct maker m;

	(void)state;
	maker_init(&m);
	maker_dense(&m);
	add_classes(&m, "LocalBaseline", 3, w, no, names);
	wire_text(&m.meta, 4, "liblinear");
	guest_says(&m, NULL, "{\"x\":1}", NULL,
		   "\"score\":[0.35123580475706206,0.15175586874890262,0.49700832649403537],\"label\":\"c\"");
	maker_init(&m);
	maker_dense(&m);
	add_classes(&m, "LocalBaseline", 3, w, no, names);
	wire_text(&m.meta, 4, "lbfgs");
	guest_says(&m, NULL, "{\"x\":1}", NULL,
		   "\"score\":[0.1752903921400367,0.039112573270687456,0.7855970345892759],\"label\":\"c\"");
	/* s(1.35) */
	maker_init(&m);
	maker_dense(&m);
	maker_linear(&m, "LocalBaseline", (const struct weight[]){ { "x", 1.25 }, { NULL } }, 0.1);
	guest_says(&m, NULL, "{\"x\":1}", NULL, "\"score\":0.7941296281990528");
}

static void homogeneous_models_ask_nobody(void **state)
{
	struct fsv_plan *plan;
	struct maker m;

	(void)state;
	maker_init(&m);
	maker_dense(&m);
	maker_linear(&m, "HomoLRClient", (const struct weight[]){ { "x", 1.25 }, { NULL } }, 0.1);
	plan = compiled(&m, &guest, NULL);
	assert_false(fsv_plan_asks_partners(plan));
	assert_string_equal(merged_text(plan, "{\"x\":1}", NULL, &m.model.arena), "\"score\":0.7941296281990528");
	fsv_plan_free(plan);
	maker_done(&m);
	maker_init(&m);
	maker_dense(&m);
	maker_linear(&m, "HeteroLRGuest", one_x, 0);
	plan = compiled(&m, &guest, NULL);
	assert_true(fsv_plan_asks_partners(plan));
	assert_string_equal(merged_text(plan, "{\"x\":1}", NULL, &m.model.arena), "<remote inference result is null>");
	fsv_plan_free(plan);
	maker_done(&m);
}

/* Worked example 6.7: p = s(1.35), 500 + 20 / ln 2 * ln((1-p)/p) = 461.047… to two places. */
static void a_score_card_makes_points(void **state)
{
	static const char chosen[] = "{\"component_parameters\":{\"common\":{\"c3_0\":{\"offset\":600}},\"role\":{\"guest\":"
		"{\"0\":{\"c3_0\":{\"factor\":50}}}}}}";
	static const struct {
		const char *conf, *x, *want;
	} cases[] = {
		{ NULL, "1", "\"score\":461.05,\"probability\":0.7941296281990528" },
		{ "{}", "1", "\"score\":461.05,\"probability\":0.7941296281990528" },
		/* 600 + 50 / ln 2 * ln((1-p)/p) = 502.618… */
		{ chosen, "1", "\"score\":502.62,\"probability\":0.7941296281990528" },
		/* p = 1 and p = 0: the ends. */
		{ NULL, "1000", "\"score\":0.0,\"probability\":1.0" },
		{ NULL, "-1000", "\"score\":1500.0,\"probability\":0.0" },
	};
	struct maker m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fsv_plan *plan;
		const char *hosts[] = { NULL, NULL }, *got;

		maker_init(&m);
		maker_dense(&m);
		maker_linear(&m, "HeteroLRGuest", (const struct weight[]){ { "x", 1 }, { NULL } }, 0.1);
		hosts[0] = fsv_arena_printf(&m.model.arena, "{\"%s\":{\"score\":0.25}}", m.name);
		maker_add(&m, "Scorecard");
		plan = compiled(&m, &guest, cases[i].conf);
		got = merged_text(plan, fsv_arena_printf(&m.model.arena, "{\"x\":%s}", cases[i].x), hosts, &m.model.arena);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("got %s, want %s", got, cases[i].want);
		fsv_plan_free(plan);
		maker_done(&m);
	}
	/* A host says that it has one; before a predictor it makes no sense. */
	maker_init(&m);
	maker_dense(&m);
	maker_linear(&m, "HeteroLRHost", one_x, 0);
	maker_add(&m, "Scorecard");
	{
		struct fsv_plan *plan = compiled(&m, &host, NULL);
		struct fsv_err err;
		const char *got = local_text(plan, "{\"x\":1}", false, &m.model.arena, &err);

		if (!strstr(got, ":{\"score\":2.0},\"") || !strstr(got, "_0\":{}"))
			fail_msg("%s", got);
		fsv_plan_free(plan);
	}
	maker_done(&m);
	maker_init(&m);
	maker_dense(&m);
	maker_add(&m, "Scorecard");
	refused(&m, &guest, NULL, "it needs a score and stands behind no predictor");
	maker_init(&m);
	maker_dense(&m);
	maker_linear(&m, "HeteroLRGuest", one_x, 0);
	maker_add(&m, "Scorecard");
	refused(&m, &guest, "{\"component_parameters\":{\"common\":{\"c3_0\":{\"method\":\"x\"}}}}",
		"its method is not supported");
}

static void labels_get_their_names_back(void **state)
{
	static const double w[] = { 0.5, -1, 2 }, no[] = { 0, 0, 0 };
	static const char *const names[] = { "0", "1", "2", NULL };
	const char *want = "\"score\":[0.6224593312018546,0.2689414213699951,0.8807970779778823],\"label\":\"gold\"";
	struct fsv_plan *plan;
	struct maker m;
	const char *got;

	(void)state;
	maker_init(&m);
	/* In front it concerns training alone. */
	maker_dense(&m);
	maker_add(&m, "LabelTransformer");
	wire_pair(&m.param, 1, "2", "wrong");
	add_classes(&m, "HomoLRClient", 3, w, no, names);
	maker_add(&m, "LabelTransformer");
	wire_pair(&m.param, 1, "2", "gold");
	wire_pair(&m.param, 1, "0", "bronze");
	plan = compiled(&m, &guest, NULL);
	got = merged_text(plan, "{\"x\":1}", NULL, &m.model.arena);
	if (strcmp(got, want) != 0)
		fail_msg("got %s, want %s", got, want);
	fsv_plan_free(plan);
	maker_done(&m);
}

/* 2x + 3y + 10z + 100k: which values were put in shows in the digits. */
static const struct weight digits[] = { { "x", 1 }, { "y", 10 }, { "z", 100 }, { "k", 1000 }, { NULL } };

static void add_imputation(struct maker *m)
{
	struct fsv_buf imputer;

	maker_add(m, "FeatureImputation");
	fsv_buf_init(&imputer, &m->model.arena, 0);
	wire_int(&imputer, 1, 1);
	wire_text(&imputer, 3, "-999");
	wire_text(&imputer, 3, "none");
	wire_text(&imputer, 3, "None");
	wire_text(&imputer, 4, "int");
	wire_text(&imputer, 4, "str");
	wire_text(&imputer, 4, "NoneType");
	wire_message(&m->meta, 1, &imputer);
	wire_int(&m->meta, 2, 1);
	fsv_buf_init(&imputer, &m->model.arena, 0);
	wire_pair(&imputer, 1, "x", "1");
	wire_pair(&imputer, 1, "y", "2.0");
	wire_pair(&imputer, 1, "z", "3");
	wire_pair(&imputer, 3, "x", "int");
	wire_pair(&imputer, 3, "y", "float");
	wire_pair(&imputer, 3, "z", "int");
	wire_text(&imputer, 4, "z");
	wire_message(&m->param, 2, &imputer);
}

static void imputation_leaves_other_columns_alone(void **state)
{
	struct maker m;

	(void)state;
	maker_init(&m);
	maker_dense(&m);
	add_imputation(&m);
	maker_linear(&m, "HeteroLRHost", digits, 0);
	host_says(&m, (const struct look[]){
		{ "{}", "21.0" }, { "{\"x\":null,\"k\":4}", "4021.0" }, { "{\"x\":-999,\"y\":\"-999.0\"}", "21.0" },
		{ "{\"x\":\"NaN\",\"y\":\"none\"}", "21.0" }, { "{\"x\":5,\"y\":\"6\"}", "65.0" },
		/* A token of a type matches values of that type alone; capitals count. */
		{ "{\"x\":\"NONE\"}", "<is not a number" }, { "{\"x\":\"None\"}", "<is not a number" },
		/* z is skipped. */
		{ "{\"z\":7}", "721.0" }, { "{\"z\":-999}", "-99879.0" }, { NULL },
	});
}

static void add_expansion(struct maker *m, const char *const *columns, const char *const *values)
{
	maker_add(m, "ColumnExpand");
	for (; *columns; columns++)
		wire_text(&m->meta, 1, *columns);
	wire_text(&m->meta, 2, "manual");
	for (; *values; values++)
		wire_text(&m->meta, 3, *values);
	wire_int(&m->meta, 4, 1);
}

static void expansion_adds_constants(void **state)
{
	static const char *const columns[] = { "y", "z", NULL }, *const two[] = { "2", "3.5", NULL }, *const one[] = { "4", NULL };
	static const char *const three[] = { "1", "2", "3", NULL };
	struct maker m;

	(void)state;
	maker_init(&m);
	maker_dense(&m);
	add_expansion(&m, columns, two);
	maker_linear(&m, "HeteroLRHost", digits, 0);
	host_says(&m, (const struct look[]){ { "{\"x\":1}", "371.0" }, { "{\"y\":9,\"x\":1}", "371.0" }, { NULL } });
	maker_init(&m);
	maker_dense(&m);
	add_expansion(&m, columns, one);
	maker_linear(&m, "HeteroLRHost", digits, 0);
	host_says(&m, (const struct look[]){ { "{\"x\":1}", "441.0" }, { NULL } });
	maker_init(&m);
	maker_dense(&m);
	add_expansion(&m, columns, three);
	maker_linear(&m, "HeteroLRHost", digits, 0);
	refused(&m, &host, NULL, "it has 3 values for 2 columns");
}

static const char *const age_values[] = { "0", "1", NULL };
static const struct weight ages[] = { { "age", 1 }, { "age_0", 10 }, { "age_1", 100 }, { "k", 1000 }, { NULL } };

/* The request's own value of a column that was encoded must be gone. */
static void an_encoded_column_is_gone(void **state)
{
	struct maker m;

	(void)state;
	maker_init(&m);
	maker_dense(&m);
	maker_one_hot(&m, "OneHotEncoder");
	maker_categories(&m, "age", age_values);
	maker_linear(&m, "HeteroLRHost", ages, 0);
	host_says(&m, (const struct look[]){
		{ "{\"age\":1}", "100.0" }, { "{\"age\":0,\"k\":2}", "2010.0" }, { "{\"age\":7}", "0.0" }, { "{}", "0.0" },
		{ "{\"age\":\"1.0\"}", "100.0" }, { "{\"age\":\"one\"}", "0.0" }, { "{\"age\":null}", "0.0" },
		/* Of the request's own age_0 and the one made of age, the later stays. */
		{ "{\"age_0\":5}", "50.0" }, { "{\"age_0\":5,\"age\":1}", "100.0" }, { "{\"age\":1,\"age_0\":5}", "150.0" },
		{ NULL },
	});
	/* Behind scaling, imputation, expansion and selection as well. */
	maker_init(&m);
	maker_dense(&m);
	maker_one_hot(&m, "HomoOneHotBase");
	maker_categories(&m, "age", age_values);
	maker_scale(&m, "standard_scale", (const struct scaling[]){ { "age", 100, 0, 0, 1 }, { "k", 100, 0, 0, 1 }, { NULL } });
	maker_linear(&m, "HeteroLRHost", ages, 0);
	host_says(&m, (const struct look[]){ { "{\"age\":1,\"k\":3}", "3100.0" }, { NULL } });
	maker_init(&m);
	maker_dense(&m);
	maker_one_hot(&m, "OneHotEncoder");
	maker_categories(&m, "age", age_values);
	maker_selection(&m, "FeatureSelection", (const char *const[]){ "age", "age_1", NULL });
	maker_linear(&m, "HeteroLRHost", ages, 0);
	host_says(&m, (const struct look[]){ { "{\"age\":1,\"k\":3}", "100.0" }, { "{\"age\":0,\"k\":3}", "0.0" }, { NULL } });
	/* Expansion may bring it back: it is the constant then. */
	maker_init(&m);
	maker_dense(&m);
	maker_one_hot(&m, "OneHotEncoder");
	maker_categories(&m, "age", age_values);
	add_expansion(&m, (const char *const[]){ "age", "k", NULL }, (const char *const[]){ "7", "2", NULL });
	maker_linear(&m, "HeteroLRHost", ages, 0);
	host_says(&m, (const struct look[]){ { "{\"age\":1,\"k\":3}", "2107.0" }, { "{}", "2007.0" }, { NULL } });
}

/* Categories that are no whole numbers. */
static void categories_match_as_in_training(void **state)
{
	static const char *const values[] = { "red", "1.5", "2", "true", NULL };
	static const struct weight weights[] = { { "c_red", 1 }, { "c_1.5", 10 }, { "c_2", 100 }, { "c_true", 1000 }, { NULL } };
	struct maker m;

	(void)state;
	maker_init(&m);
	maker_dense(&m);
	maker_one_hot(&m, "OneHotEncoder");
	maker_categories(&m, "c", values);
	maker_linear(&m, "HeteroLRHost", weights, 0);
	host_says(&m, (const struct look[]){
		{ "{\"c\":\"red\"}", "1.0" }, { "{\"c\":1.5}", "10.0" }, { "{\"c\":\"1.50\"}", "10.0" }, { "{\"c\":2.0}", "100.0" },
		{ "{\"c\":\"+2\"}", "100.0" }, { "{\"c\":true}", "1000.0" }, { "{\"c\":false}", "0.0" }, { "{\"c\":\"Red\"}", "0.0" },
		{ "{\"c\":[1]}", "0.0" }, { "{\"c\":\"NaN\"}", "0.0" }, { NULL },
	});
}

static void add_kmeans(struct maker *m, const char *class_name, const double centres[][2], unsigned n, const char *const *header)
{
	struct fsv_buf centre;

	maker_add(m, class_name);
	for (unsigned i = 0; i < n; i++) {
		fsv_buf_init(&centre, &m->model.arena, 0);
		for (unsigned f = 0; header[f]; f++)
			wire_double(&centre, 1, centres[i][f]);
		wire_message(&m->param, 5, &centre);
	}
	for (; *header; header++)
		wire_text(&m->param, 6, *header);
}

/* d_k = sum of (centre - x)^2 over the header. Guest x = (1, 0.5): (0-1)^2 + (1-0.5)^2 = 1.25; (2-1)^2 +
 * (-1-0.5)^2 = 3.25. With the host's 4 and 1: 5.25 and 4.25, so cluster 1. Host y = 3 at centres 1 and 2: 4, 1. */
static void the_nearest_cluster_of_all_parties_wins(void **state)
{
	static const double own[][2] = { { 0, 1 }, { 2, -1 } }, theirs[][2] = { { 1 }, { 2 } };
	static const char *const ab[] = { "a", "b", NULL }, *const y[] = { "y", NULL };
	struct fsv_buf bad;
	struct maker m;

	(void)state;
	maker_init(&m);
	maker_dense(&m);
	add_kmeans(&m, "HeteroKmeansGuest", own, 2, ab);
	guest_says(&m, NULL, "{\"b\":0.5,\"a\":1}", "{\"score\":[4.0,1.0]}", "\"score\":[5.25,4.25],\"label\":\"1\"");
	maker_init(&m);
	maker_dense(&m);
	add_kmeans(&m, "HeteroKmeansGuest", own, 2, ab);
	guest_says(&m, NULL, "{\"a\":1}", "{\"score\":[4.0,1.0]}", "<c2_0: column b is not a number>");
	maker_init(&m);
	maker_dense(&m);
	add_kmeans(&m, "HeteroKmeansHost", theirs, 2, y);
	host_says(&m, (const struct look[]){ { "{\"y\":3}", "[4.0,1.0]" }, { NULL } });
	maker_init(&m);
	maker_dense(&m);
	add_kmeans(&m, "HeteroKmeansHost", theirs, 2, y);
	fsv_buf_init(&bad, &m.model.arena, 0);
	wire_message(&m.param, 5, &bad);
	refused(&m, &host, NULL, "the centre of cluster 2 has 0 numbers, its header 1 columns");
}

static void models_that_cannot_be_served_say_why(void **state)
{
	struct fsv_plan_opt two_hosts = guest;
	struct fsv_buf cipher;
	struct maker m;

	(void)state;
	maker_init(&m);
	maker_dense(&m);
	maker_add(&m, "FTLGuest");
	refused(&m, &guest, NULL, "this class is not supported: its layers are pickled objects");
	maker_init(&m);
	maker_dense(&m);
	maker_linear(&m, "HeteroLinRHost", one_x, 0);
	fsv_buf_init(&cipher, &m.model.arena, 0);
	wire_entry(&m.param, 8, "x", &cipher);
	refused(&m, &host, NULL, "encrypted weights are not supported");
	maker_init(&m);
	maker_dense(&m);
	maker_linear(&m, "HeteroLRGuest", one_x, 0);
	wire_text(&m.meta, 14, "encrypted_reveal_in_host");
	refused(&m, &guest, NULL, "encrypted weights are not supported, and the host of this model has such");
	maker_init(&m);
	maker_dense(&m);
	maker_linear(&m, "HeteroLRGuest", one_x, 0);
	wire_text(&m.meta, 14, "respectively");
	guest_says(&m, NULL, "{\"x\":0.5}", "{\"score\":0.35}", "\"score\":0.7941296281990528");
	two_hosts.n_partners = 2;
	maker_init(&m);
	maker_dense(&m);
	maker_add(&m, "HeteroFMGuest");
	wire_double(&m.param, 7, 0.5);
	refused(&m, &two_hosts, NULL, "a factorization machine works with one host, this model has 2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(woe_takes_the_place_of_the_bin),
		cmocka_unit_test(no_split_points_are_one_bin),
		cmocka_unit_test(poisson_multiplies_by_the_exposure),
		cmocka_unit_test(one_vs_rest_scores_each_class),
		cmocka_unit_test(the_local_baseline_makes_probabilities_that_sum_up),
		cmocka_unit_test(homogeneous_models_ask_nobody),
		cmocka_unit_test(a_score_card_makes_points),
		cmocka_unit_test(labels_get_their_names_back),
		cmocka_unit_test(imputation_leaves_other_columns_alone),
		cmocka_unit_test(expansion_adds_constants),
		cmocka_unit_test(an_encoded_column_is_gone),
		cmocka_unit_test(categories_match_as_in_training),
		cmocka_unit_test(the_nearest_cluster_of_all_parties_wins),
		cmocka_unit_test(models_that_cannot_be_served_say_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
