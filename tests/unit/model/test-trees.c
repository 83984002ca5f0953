/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SecureBoost by example: answers of hosts, scores, what a partner may and may not say, models that are
 * refused. Where no recording exists (mix mode, complete secure, homogeneous, several weights in a leaf,
 * tweedie) the comment beside a vector derives it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "trees-helper.h"

static void check_score(const struct t_plans *plans, const char *guest, const char *a, const char *b, int want_code,
			const char *want)
{
	const char *features[T_PARTIES] = { guest, a, b }, *text;
	struct fsv_arena arena;
	int code;

	fsv_arena_init(&arena, 0);
	code = t_score(plans, features, &arena, &text);
	if (code != want_code || strcmp(text, want) != 0)
		fail_msg("%s %s %s: got %d %s, want %d %s", guest, a, b ? b : "", code, text, want_code, want);
	fsv_arena_done(&arena);
}

static void check_answer(const struct fsv_plan *host, const char *features, const char *want)
{
	struct fsv_remote answer;
	struct fsv_arena arena;

	fsv_arena_init(&arena, 0);
	t_ask(host, "10000", features, &arena, &answer);
	if (!fsv_str_is(answer.data, want))
		fail_msg("%s: got %.*s, want %s", features, FSV_STR_ARG(answer.data), want);
	fsv_arena_done(&arena);
}

static void two_hosts_and_two_classes(void **state)
{
	struct t_plans p;

	(void)state;
	t_open(&p, &t_two_hosts);
	check_answer(p.plan[1], "{\"a0\":0.7}", "{\"sbt_0\":{\"0\":{\"1\":false},\"1\":{}}}");
	check_answer(p.plan[2], "{\"b0\":2}", "{\"sbt_0\":{\"0\":{\"2\":true},\"1\":{\"0\":true}}}");
	check_answer(p.plan[1], "{}", "{\"sbt_0\":{\"0\":{\"1\":true},\"1\":{}}}");
	check_answer(p.plan[2], "{}", "{\"sbt_0\":{\"0\":{\"2\":false},\"1\":{\"0\":false}}}");
	/* Up to 1e-8 more than the threshold is still left. */
	check_answer(p.plan[2], "{\"b0\":\"10.00000001\"}", "{\"sbt_0\":{\"0\":{\"2\":true},\"1\":{\"0\":false}}}");
	check_answer(p.plan[2], "{\"b0\":10.00000002}", "{\"sbt_0\":{\"0\":{\"2\":false},\"1\":{\"0\":false}}}");
	check_answer(p.plan[2], "{\"b0\":\"NaN\"}", "{\"sbt_0\":{\"0\":{\"2\":false},\"1\":{\"0\":false}}}");
	check_score(&p, "{\"g0\":1.5,\"g1\":-3}", "{\"a0\":0.7}", "{\"b0\":2}", 0, "\"score\":0.4329070950345457");
	check_score(&p, "{\"g0\":1.500000005,\"g1\":0}", "{}", "{\"b0\":\"10.00000001\"}", 0, "\"score\":0.5781052328843092");
	check_score(&p, "{\"g1\":-2}", "{\"a0\":0.5}", "{}", 0, "\"score\":0.4292283881055083");
	check_score(&p, "{\"g0\":2}", "{\"b\":1}", "{\"b0\":\"x\"}", 2110, "host return code 110 host msg :");
	check_score(&p, "{\"g0\":\"x\"}", "{}", "{}", 110, "sbt_0: column g0 is not a number");
	check_score(&p, "{\"g0\":null}", "{}", "{}", 110, "sbt_0: column g0 is null");
	/* Behind a host's split: only when the walk gets there. */
	check_score(&p, "{\"g0\":1.5,\"g1\":[]}", "{\"a0\":0.7}", "{\"b0\":2}", 110, "sbt_0: column g1 is not a number");
	check_score(&p, "{\"g0\":1.5,\"g1\":[]}", "{\"a0\":0.7}", "{\"b0\":4}", 0, "\"score\":0.4887518980531451");
	t_close(&p);
}

/* What partners say ------------------------------------------------------------------------------- */

static void check_merge(const struct fsv_plan *guest, const char *features, unsigned n, const char *a, const char *b,
			int want_code, const char *want)
{
	struct fsv_remote answers[2] = {
		{ .party_id = FSV_STR("10000"), .data = fsv_str(a) }, { .party_id = FSV_STR("10001"), .data = fsv_str(b) },
	};
	struct fsv_arena arena;
	const char *text;
	int code;

	fsv_arena_init(&arena, 0);
	code = t_merge(guest, features, answers, n, &arena, &text);
	if (code != want_code || strcmp(text, want) != 0)
		fail_msg("%s %s: got %d %s, want %d %s", a, b ? b : "", code, text, want_code, want);
	fsv_arena_done(&arena);
}

#define PERSON		"{\"g0\":1.5,\"g1\":-3}"
#define SAYS(tables)	"{\"sbt_0\":{" tables "},\"retcode\":0}"
#define A		SAYS("\"0\":{\"1\":false},\"1\":{}")
#define B		SAYS("\"0\":{\"2\":true},\"1\":{\"0\":true}")
#define SCORE		"\"score\":0.4329070950345457"
#define INCOMPLETE	"sbt model data error"
#define NO_TABLE(party)	"party " party ": its answer does not have a table for each tree"

static void a_party_speaks_for_its_own_splits_only(void **state)
{
	struct t_plans p;

	(void)state;
	t_open(&p, &t_two_hosts);
	check_merge(p.plan[0], PERSON, 2, A, B, 0, SCORE);
	/* The other's splits, the guest's, leaves, nodes and trees that do not exist, names that are no numbers. */
	check_merge(p.plan[0], PERSON, 2, A, SAYS("\"0\":{\"0\":false,\"1\":true,\"2\":true,\"3\":false,\"99\":true,\"01\":true,"
		    "\"-1\":1,\"\":[]},\"1\":{\"0\":true,\"1\":false},\"2\":{\"0\":true},\"x\":{},\"18446744073709551616\":{}"),
		    0, SCORE);
	check_merge(p.plan[0], PERSON, 2, SAYS("\"0\":{\"1\":false},\"1\":{\"0\":false}"), B, 0, SCORE);
	check_merge(p.plan[0], PERSON, 2, SAYS("\"0\":{\"1\":false},\"1\":{\"0\":true}"),
		    SAYS("\"0\":{\"2\":true},\"1\":{}"), 136, INCOMPLETE);
	/* Members named twice: the last counts. */
	check_merge(p.plan[0], PERSON, 2, SAYS("\"0\":{\"1\":true,\"1\":false},\"1\":{}"), B, 0, SCORE);
	check_merge(p.plan[0], PERSON, 2, SAYS("\"0\":{\"1\":false,\"1\":7},\"1\":{}"), B, 110,
		    "sbt_0: a party's answer has a direction that is neither true nor false");
	/* Where nobody looks, anything goes. */
	check_merge(p.plan[0], PERSON, 2, A, SAYS("\"0\":{\"2\":{\"a\":[null]}},\"1\":{\"0\":true}"), 0, SCORE);
	t_close(&p);
}

static void answers_that_lack_something(void **state)
{
	struct t_plans p;

	(void)state;
	t_open(&p, &t_two_hosts);
	check_merge(p.plan[0], PERSON, 2, SAYS("\"0\":{},\"1\":{}"), B, 136, INCOMPLETE);
	check_merge(p.plan[0], PERSON, 2, SAYS("\"0\":{\"1\":false}"), B, 110, NO_TABLE("10000"));
	check_merge(p.plan[0], PERSON, 2, A, "{}", 110, NO_TABLE("10001"));
	check_merge(p.plan[0], PERSON, 2, A, SAYS("\"0\":[],\"1\":{\"0\":true}"), 110, NO_TABLE("10001"));
	check_merge(p.plan[0], PERSON, 2, A, "{\"sbt_0\":7}", 110, NO_TABLE("10001"));
	check_merge(p.plan[0], PERSON, 2, A, "[]", 110, NO_TABLE("10001"));
	check_merge(p.plan[0], PERSON, 2, A, "{\"sbt_0\":", 110, NO_TABLE("10001"));
	/* One answer alone may lack whole tables; what is needed must be there. */
	check_merge(p.plan[0], PERSON, 1, A, "", 136, INCOMPLETE);
	/* Hosts from before components had names. */
	check_merge(p.plan[0], PERSON, 2, "{\"retcode\":0,\"0\":{\"1\":false},\"1\":{}}", B, 0, SCORE);
	check_merge(p.plan[0], PERSON, 2, "{\"sbt_0\":null,\"0\":{\"1\":false},\"1\":{}}", B, 0, SCORE);
	t_close(&p);
}

/* Classes and values ------------------------------------------------------------------------------ */

#define STUMP(o, b, l, r) { .n = 3, .holder = -1, .nodes = { SPLIT(o, 0, b, 1, 2, 1), LEAF(l), LEAF(r) } }

static void three_classes(void **state)
{
	static const struct t_forest f = {
		.n_trees = 6, .n_parties = 2, .n_columns = 1, .classes = 3, .rate = 0.3,
		.trees = { STUMP(0, 1.0, 0.5, -0.2), STUMP(1, 2.0, -0.1, 0.3), STUMP(0, 0.5, 0.2, 0.05), STUMP(1, 2.5, 0.4, -0.3),
			   STUMP(0, 1.5, -0.2, 0.6), STUMP(1, 0.0, 0.1, 0.15) },
	};
	struct t_plans p;

	(void)state;
	t_open(&p, &f);
	/* Of equals the first is the label. */
	check_score(&p, "{\"g0\":1.2}", "{\"a0\":2.2}", NULL, 0,
		    "\"score\":[0.33664983542229615,0.32670032915540764,0.33664983542229615],\"label\":\"zero\"");
	t_close(&p);
}

static void a_value(void **state)
{
	static const struct t_forest f = {
		.n_trees = 2, .n_parties = 2, .n_columns = 1, .classes = 1, .rate = 0.1, .init = { 22.5 },
		.trees = { STUMP(0, 1.0, 1.5, -2.0),
			   { .n = 3, .holder = -1, .nodes = { SPLIT(1, 0, 5.0, 1, 2, -1), LEAF(0.75), LEAF(0.25) } } },
	};
	struct t_plans p;

	(void)state;
	t_open(&p, &f);
	check_score(&p, "{\"g0\":\"1.00000001\"}", "{}", NULL, 0, "\"score\":22.724999999999998");
	check_merge(p.plan[0], "{\"g0\":1}", 1, "{\"retcode\":0,\"1\":{\"0\":false}}", NULL, 0, "\"score\":22.674999999999997");
	check_merge(p.plan[0], "{\"g0\":1}", 1, "{\"1\":{}}", NULL, 136, INCOMPLETE);
	check_merge(p.plan[0], "{\"g0\":1}", 1, "{}", NULL, 136, INCOMPLETE);
	t_close(&p);
}

/* 0.7 + 0.3 * 0.2 - 0.3 * 0.1 = 0.73, and exp of it. */
static void a_value_of_which_the_logarithm_was_trained(void **state)
{
	static const struct t_forest f = {
		.n_trees = 2, .n_parties = 2, .n_columns = 1, .classes = 1, .rate = 0.3, .init = { 0.7 }, .tweedie = true,
		.trees = { STUMP(0, 1.0, 0.2, 9), STUMP(1, 1.0, -0.1, 9) },
	};
	struct t_plans p;

	(void)state;
	t_open(&p, &f);
	check_score(&p, "{\"g0\":0}", "{\"a0\":0}", NULL, 0, "\"score\":2.0750806076741224");
	t_close(&p);
}

/* z = 0.3 * [0.5, -0.1, 0.2] + 0.3 * [-0.3, 0.6, 0.1] = [0.06, 0.15, 0.09]; softmax. */
static void leaves_with_a_weight_for_each_class(void **state)
{
	static const struct t_forest f = {
		.n_trees = 2, .n_parties = 2, .n_columns = 1, .classes = 3, .rate = 0.3, .several = true,
		.trees = {
			{ .n = 3, .holder = -1, .nodes = { SPLIT(0, 0, 1, 1, 2, 1), { .leaf = true, .weights = { 0.5, -0.1, 0.2 } },
							   { .leaf = true, .weights = { 9, 9, 9 } } } },
			{ .n = 3, .holder = -1, .nodes = { SPLIT(1, 0, 1, 1, 2, 1), { .leaf = true, .weights = { 9, 9, 9 } },
							   { .leaf = true, .weights = { -0.3, 0.6, 0.1 } } } },
		},
	};
	struct t_plans p;

	(void)state;
	t_open(&p, &f);
	check_score(&p, "{\"g0\":0}", "{\"a0\":2}", NULL, 0,
		    "\"score\":[0.32003801358693745,0.3501773642749257,0.3297846221381369],\"label\":\"one\"");
	t_close(&p);
}

/* Behind it, a transform of labels gives the classes the names that people know. z = [0.15, 0.27, 0.06]. */
static void labels_get_their_names(void **state)
{
	static const struct t_forest f = {
		.n_trees = 3, .n_parties = 2, .n_columns = 1, .classes = 3, .rate = 0.3,
		.trees = { STUMP(0, 1.0, 0.5, -0.2), STUMP(1, 2.0, 0.1, 0.9), STUMP(0, 0.5, 0.2, 0.05) },
	};
	Fsv__LabelTransformParam label = FSV__LABEL_TRANSFORM_PARAM__INIT;
	Fsv__LabelTransformParam__LabelEncoderEntry entry = FSV__LABEL_TRANSFORM_PARAM__LABEL_ENCODER_ENTRY__INIT, *entries[] = { &entry };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_plan *plan;
	struct test_model m;

	(void)state;
	entry.key = (char *)"one";
	entry.value = (char *)"fraud";
	label.label_encoder = entries;
	label.n_label_encoder = 1;
	model_init(&m);
	model_add_dsl(&m, "{\"components\":{\"sbt_0\":{\"CodePath\":\"HeteroSecureBoostingTreeGuest\"},\"names_0\":{\"CodePath\":"
		      "\"LabelTransformer\",\"input\":{\"data\":{\"data\":[\"sbt_0.data\"]}}}}}");
	t_add(&m, &f, 0);
	model_add(&m, "names_0.model:LabelTransformParam", &label.base);
	if (model_compile(&m, true, &plan, &err) < 0)
		fail_msg("%s", err.text);
	check_merge(plan, "{\"g0\":0}", 1, "{\"sbt_0\":{\"1\":{\"0\":false}}}", NULL, 0,
		    "\"score\":[0.3287929182883114,0.3707129801916661,0.30049410152002254],\"label\":\"fraud\"");
	fsv_plan_free(plan);
	model_done(&m);
}

/* Trees of one party ------------------------------------------------------------------------------ */

static void mix_mode(void **state)
{
	struct t_plans p;

	(void)state;
	t_open(&p, &t_mix);
	check_answer(p.plan[1], "{\"a0\":2}", "{\"sbt_0\":{\"0\":{},\"1\":{},\"2\":{},\"3\":{\"0\":true},\"leaf\":{\"1\":1}}}");
	/* A hair more than the threshold: right in the own tree, left in the shared one. */
	check_answer(p.plan[1], "{\"a0\":2.000000005}",
		     "{\"sbt_0\":{\"0\":{},\"1\":{},\"2\":{},\"3\":{\"0\":true},\"leaf\":{\"1\":3}}}");
	/* Absent is 0 in the own tree and missing in the shared one; NaN is missing in the own one. */
	check_answer(p.plan[1], "{}", "{\"sbt_0\":{\"0\":{},\"1\":{},\"2\":{},\"3\":{\"0\":false},\"leaf\":{\"1\":1}}}");
	check_answer(p.plan[1], "{\"a0\":\"NaN\"}",
		     "{\"sbt_0\":{\"0\":{},\"1\":{},\"2\":{},\"3\":{\"0\":false},\"leaf\":{\"1\":3}}}");
	check_answer(p.plan[2], "{\"b0\":1}", "{\"sbt_0\":{\"0\":{},\"1\":{},\"2\":{},\"3\":{},\"leaf\":{\"2\":2}}}");
	/* 0.5*1 + 0.5*-0.25 + 0.5*3 + 0.5*0.75 = 2.25: 1/(1+exp(-2.25)). */
	check_score(&p, "{\"g0\":1}", "{\"a0\":2.000000005}", "{\"b0\":1}", 0, "\"score\":0.9046505351008906");
	/* -0.5 + 1 + 0.5 - 0.375 = 0.625. */
	check_score(&p, "{\"g0\":2}", "{\"a0\":5}", "{\"b0\":0}", 0, "\"score\":0.6513548646660542");
	t_close(&p);
}

#define MIX_A(leaf)	SAYS("\"0\":{},\"1\":{},\"2\":{},\"3\":{\"0\":true}" leaf)
#define MIX_B(leaf)	SAYS("\"0\":{},\"1\":{},\"2\":{},\"3\":{}" leaf)

static void leaves_that_hosts_name(void **state)
{
	static const char *const wrong[] = {
		"", ",\"leaf\":{}", ",\"leaf\":7", ",\"leaf\":{\"1\":0}", ",\"leaf\":{\"1\":2}", ",\"leaf\":{\"1\":5}",
		",\"leaf\":{\"1\":-1}", ",\"leaf\":{\"1\":\"1\"}", ",\"leaf\":{\"1\":1.0}", ",\"leaf\":{\"2\":2,\"01\":1}",
		",\"leaf\":{\"1\":99999999999999999999}", ",\"leaf\":{\"0\":1,\"3\":1,\"9\":1}",
	};
	struct t_plans p;
	char a[256];

	(void)state;
	t_open(&p, &t_mix);
	check_merge(p.plan[0], "{\"g0\":1}", 2, MIX_A(",\"leaf\":{\"1\":3}"), MIX_B(",\"leaf\":{\"2\":2,\"1\":1}"), 0,
		    "\"score\":0.9046505351008906");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(a, sizeof(a), "{\"sbt_0\":{\"0\":{},\"1\":{},\"2\":{},\"3\":{\"0\":true}%s}}", wrong[i]);
		check_merge(p.plan[0], "{\"g0\":1}", 2, a, MIX_B(",\"leaf\":{\"2\":2}"), 136, INCOMPLETE);
	}
	/* A host from before this extension. */
	check_merge(p.plan[0], "{\"g0\":1}", 2, MIX_A(""), MIX_B(""), 136, INCOMPLETE);
	t_close(&p);
}

/* Complete secure: the first tree is all the guest's, in the ordinary form. 0.3 * 1 + 0.3 * 2 = 0.9. */
static void complete_secure(void **state)
{
	static const struct t_forest f = {
		.n_trees = 2, .n_parties = 2, .n_columns = 2, .classes = 2, .rate = 0.3,
		.trees = {
			{ .n = 5, .holder = -1, .nodes = { SPLIT(0, 0, 1, 1, 2, 1), LEAF(-1), SPLIT(0, 1, 0, 3, 4, -1), LEAF(1), LEAF(5) } },
			STUMP(1, 0, 2, -2),
		},
	};
	struct t_plans p;

	(void)state;
	t_open(&p, &f);
	check_answer(p.plan[1], "{\"a0\":0}", "{\"sbt_0\":{\"0\":{},\"1\":{\"0\":true}}}");
	check_score(&p, "{\"g0\":2,\"g1\":0}", "{\"a0\":0}", NULL, 0, "\"score\":0.7109495026250039");
	t_close(&p);
}

/* Homogeneous: thresholds in the nodes, 1e-8 more counts, absent is 0. 0.5 + 0.1 * 3 - 0.1 * 1 = 0.7. */
static void homogeneous(void **state)
{
	static const struct t_forest f = {
		.n_trees = 2, .n_parties = 1, .n_columns = 2, .classes = 1, .rate = 0.1, .init = { 0.5 }, .homo = true,
		.trees = {
			{ .n = 3, .holder = -1, .nodes = { SPLIT(0, 0, 0, 1, 2, -1), LEAF(3), LEAF(-3) } },
			{ .n = 3, .holder = -1, .nodes = { SPLIT(0, 1, 2, 1, 2, 1), LEAF(7), LEAF(-1) } },
		},
	};
	struct t_plans p;

	(void)state;
	t_open(&p, &f);
	assert_false(fsv_plan_asks_partners(p.plan[0]));
	check_score(&p, "{\"g1\":2.1}", NULL, NULL, 0, "\"score\":0.7000000000000001");
	check_score(&p, "{\"g0\":1e-8,\"g1\":\"NaN\"}", NULL, NULL, 0, "\"score\":0.7000000000000001");
	check_score(&p, "{\"g0\":2e-8,\"g1\":null}", NULL, NULL, 0, "\"score\":0.09999999999999995");
	check_score(&p, "{\"g0\":\"x\"}", NULL, NULL, 110, "sbt_0: column g0 is not a number");
	t_close(&p);
}

/* Zero counts as missing when training says so, and only together with use_missing. */
static void zero_as_missing(void **state)
{
	struct t_forest f = t_two_hosts;
	struct t_plans p;

	(void)state;
	f.zero_missing = true;
	t_open(&p, &f);
	check_answer(p.plan[2], "{\"b0\":0.9e-8}", "{\"sbt_0\":{\"0\":{\"2\":true},\"1\":{\"0\":true}}}");
	t_close(&p);
	f.use_missing = true;
	t_open(&p, &f);
	check_answer(p.plan[2], "{\"b0\":0.9e-8}", "{\"sbt_0\":{\"0\":{\"2\":false},\"1\":{\"0\":false}}}");
	check_answer(p.plan[2], "{\"b0\":1e-8}", "{\"sbt_0\":{\"0\":{\"2\":true},\"1\":{\"0\":true}}}");
	check_answer(p.plan[1], "{\"a0\":\"NaN\"}", "{\"sbt_0\":{\"0\":{\"1\":true},\"1\":{}}}");
	t_close(&p);
}

/* Models that are refused --------------------------------------------------------------------------- */

struct refused {
	const char *why;
	unsigned party;
	void (*spoil)(struct t_forest *f);
};

static void no_trees(struct t_forest *f) { f->n_trees = 0; }
static void own_cycle(struct t_forest *f) { f->trees[0].nodes[1].right = 0; }
static void same_children(struct t_forest *f) { f->trees[0].nodes[0].right = 1; }
static void no_such_child(struct t_forest *f) { f->trees[0].nodes[0].left = 7; }
static void negative_child(struct t_forest *f) { f->trees[0].nodes[0].left = -1; }
static void nan_limit(struct t_forest *f) { f->trees[0].nodes[0].limit = NAN; }
static void nan_host_limit(struct t_forest *f) { f->trees[0].nodes[1].limit = NAN; }
static void infinite_leaf(struct t_forest *f) { f->trees[0].nodes[3].weight = INFINITY; }
static void unknown_feature(struct t_forest *f) { f->trees[0].nodes[0].fid = 2; }
static void no_rate(struct t_forest *f) { f->rate = 0; }
static void nan_init(struct t_forest *f) { f->init[0] = NAN; }
static void several_of_two(struct t_forest *f) { f->several = true; }
static void empty_tree(struct t_forest *f) { f->trees[1].n = 0; }

static void models_that_would_score_wrongly_are_refused(void **state)
{
	static const struct refused cases[] = {
		{ "it has no trees", 0, no_trees }, { "it has no trees", 1, no_trees },
		{ "tree 0, node 0: two ways lead to it", 0, own_cycle },
		{ "tree 0, node 1: two ways lead to it", 0, same_children },
		{ "tree 0, node 0: it has a child that does not exist", 0, no_such_child },
		{ "tree 0, node 0: it has a child that does not exist", 0, negative_child },
		{ "tree 0, node 0: its threshold is missing", 0, nan_limit },
		{ "tree 0, node 1: its threshold is missing", 1, nan_host_limit },
		{ "tree 0, node 3: the weight of this leaf is not a finite number", 0, infinite_leaf },
		{ "feature 2 has no column", 0, unknown_feature },
		{ "its Meta has no learning rate", 0, no_rate },
		{ "its first score is not a finite number", 0, nan_init },
		{ "its leaves have several weights, but it does not tell more than two classes apart", 0, several_of_two },
		{ "tree 1 has no nodes", 0, empty_tree },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct t_forest f = t_two_hosts;
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_plan *plan = NULL;

		cases[i].spoil(&f);
		assert_int_equal(t_compile(&f, cases[i].party, &plan, &err), FSV_E_MODEL_INIT);
		assert_null(plan);
		if (!strstr(err.text, cases[i].why))
			fail_msg("want \"%s\", got \"%s\"", cases[i].why, err.text);
	}
}

/* What the helper cannot say wrongly. */
static int compile_raw(const Fsv__BoostingTreeModelParam *param, struct fsv_err *err)
{
	Fsv__BoostingTreeModelMeta meta = FSV__BOOSTING_TREE_MODEL_META__INIT;
	struct fsv_plan *plan = NULL;
	struct test_model m;
	int r;

	meta.learning_rate = 0.1;
	model_init(&m);
	model_add_dsl(&m, T_DSL("HeteroSecureBoostingTreeGuest"));
	model_add(&m, "sbt_0.model:Meta", &meta.base);
	model_add(&m, "sbt_0.model:Param", &param->base);
	r = model_compile(&m, true, &plan, err);
	fsv_plan_free(plan);
	model_done(&m);
	return r;
}

static void check_site(const char *site, const char *why)
{
	Fsv__NodeParam nodes[3] = { FSV__NODE_PARAM__INIT, FSV__NODE_PARAM__INIT, FSV__NODE_PARAM__INIT };
	Fsv__NodeParam *list[3] = { &nodes[0], &nodes[1], &nodes[2] };
	Fsv__DecisionTreeModelParam tree = FSV__DECISION_TREE_MODEL_PARAM__INIT, *trees[] = { &tree };
	Fsv__BoostingTreeModelParam param = FSV__BOOSTING_TREE_MODEL_PARAM__INIT;
	struct fsv_err err = FSV_ERR_INIT;
	double init = 0;

	nodes[0].sitename = (char *)site;
	nodes[0].left_nodeid = 1;
	nodes[0].right_nodeid = 2;
	nodes[1].is_leaf = nodes[2].is_leaf = true;
	tree.tree_ = list;
	tree.n_tree_ = 3;
	param.tree_num = 1;
	param.trees_ = trees;
	param.n_trees_ = 1;
	param.init_score = &init;
	param.n_init_score = 1;
	if (!why) {
		if (compile_raw(&param, &err) < 0)
			fail_msg("%s: %s", site, err.text);
		return;
	}
	assert_int_equal(compile_raw(&param, &err), FSV_E_MODEL_INIT);
	if (!strstr(err.text, why))
		fail_msg("%s: want \"%s\", got \"%s\"", site, why, err.text);
	param.tree_num = 2;
	assert_int_equal(compile_raw(&param, &err), FSV_E_MODEL_INIT);
	assert_non_null(strstr(err.text, "it should have 2 trees but there are 1"));
}

/* A plan that does not go with the trees. */
static void plans_that_contradict_the_trees_are_refused(void **state)
{
	static const struct {
		const char *entry, *why;
	} cases[] = {
		{ "1_10000", "tree 0: its tree_plan says that another party holds it, but it has splits here" },
		{ "3_-1", "tree 0: its tree_plan does not say who holds it" },
		{ "", "tree 0: its tree_plan does not say who holds it" },
	};
	Fsv__NodeParam nodes[3] = { FSV__NODE_PARAM__INIT, FSV__NODE_PARAM__INIT, FSV__NODE_PARAM__INIT };
	Fsv__NodeParam *list[3] = { &nodes[0], &nodes[1], &nodes[2] };
	Fsv__DecisionTreeModelParam tree = FSV__DECISION_TREE_MODEL_PARAM__INIT, *trees[] = { &tree };
	Fsv__BoostingTreeModelParam param = FSV__BOOSTING_TREE_MODEL_PARAM__INIT;
	struct fsv_err err = FSV_ERR_INIT;
	char *plan[1];
	double init = 0;

	(void)state;
	nodes[0].sitename = (char *)"guest:9999";
	nodes[1].is_leaf = nodes[2].is_leaf = true;
	tree.tree_ = list;
	tree.n_tree_ = 3;
	param.tree_num = 1;
	param.trees_ = trees;
	param.n_trees_ = 1;
	param.init_score = &init;
	param.n_init_score = 1;
	param.tree_plan = plan;
	param.n_tree_plan = 1;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		plan[0] = (char *)cases[i].entry;
		assert_int_equal(compile_raw(&param, &err), FSV_E_MODEL_INIT);
		if (!strstr(err.text, cases[i].why))
			fail_msg("%s: want \"%s\", got \"%s\"", plan[0], cases[i].why, err.text);
	}
	nodes[0].sitename = (char *)"";
	nodes[1].is_leaf = nodes[2].is_leaf = false;
	plan[0] = (char *)"1_10000";
	assert_int_equal(compile_raw(&param, &err), FSV_E_MODEL_INIT);
	assert_non_null(strstr(err.text, "tree 0, which a host holds, has no leaves here"));
}

/* Party and role both count: a guest and a host may have the same id. */
static void splits_belong_to_a_party_in_a_role(void **state)
{
	static const char *const nobody = "tree 0, node 0: it does not say which party the split belongs to";

	(void)state;
	check_site("host:10000", NULL);
	check_site("host:9999", NULL);
	check_site(" host:10000 ", NULL);
	check_site("guest:9998", "this split belongs to another guest");
	check_site("guest:9999", "its threshold is missing");
	check_site("host", nobody);
	check_site("host:", nobody);
	check_site("", nobody);
	check_site("arbiter:10000", nobody);
}

static void a_plan_is_explained(void **state)
{
	struct fsv_arena arena;
	struct t_plans p;
	struct fsv_buf out;

	(void)state;
	fsv_arena_init(&arena, 0);
	t_open(&p, &t_mix);
	fsv_buf_init(&out, &arena, 0);
	fsv_plan_explain(p.plan[0], &out);
	fsv_plan_explain(p.plan[1], &out);
	assert_non_null(strstr(fsv_buf_cstr(&out), "boosted trees: 4, nodes: 14, own columns: 1, splits of partners: 1, trees "
						   "that hosts hold: 2, a probability"));
	assert_non_null(strstr(fsv_buf_cstr(&out), "boosted trees, own splits: 1 on columns: 1, own trees: 1"));
	t_close(&p);
	fsv_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_hosts_and_two_classes),
		cmocka_unit_test(a_party_speaks_for_its_own_splits_only),
		cmocka_unit_test(answers_that_lack_something),
		cmocka_unit_test(three_classes),
		cmocka_unit_test(a_value),
		cmocka_unit_test(a_value_of_which_the_logarithm_was_trained),
		cmocka_unit_test(leaves_with_a_weight_for_each_class),
		cmocka_unit_test(labels_get_their_names),
		cmocka_unit_test(mix_mode),
		cmocka_unit_test(leaves_that_hosts_name),
		cmocka_unit_test(complete_secure),
		cmocka_unit_test(homogeneous),
		cmocka_unit_test(zero_as_missing),
		cmocka_unit_test(models_that_would_score_wrongly_are_refused),
		cmocka_unit_test(plans_that_contradict_the_trees_are_refused),
		cmocka_unit_test(splits_belong_to_a_party_in_a_role),
		cmocka_unit_test(a_plan_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
