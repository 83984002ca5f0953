/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "plan-helper.h"

static const struct weight one[] = { { "a", 1 }, { NULL } };
static const struct weight none[] = { { NULL } };
static const struct input_spec dense = { .format = "dense" };

static void lr_model(struct test_model *m, const char *dsl, const struct weight *weights, double intercept)
{
	model_init(m);
	model_add_dsl(m, dsl);
	model_add_input(m, "in_0", &dense);
	model_add_lr(m, "lr_0", weights, intercept);
}

static void compiles_to(struct test_model *m, bool guest, const char *want)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_plan *plan = NULL;
	int r = model_compile(m, guest, &plan, &err);

	if (!want) {
		if (r < 0)
			fail_msg("%s", err.text);
		fsv_plan_free(plan);
	} else {
		assert_int_equal(r, FSV_E_MODEL_INIT);
		assert_int_equal(err.code, FSV_E_MODEL_INIT);
		assert_null(plan);
		if (!strstr(err.text, want))
			fail_msg("got \"%s\", want \"%s\"", err.text, want);
	}
	model_done(m);
}

#define LR(name, up) \
	"\"" name "\":{\"CodePath\":\"HeteroLRGuest\",\"input\":{\"data\":{\"data\":[\"" up "\"]}}}"
#define IN(name) "\"" name "\":{\"CodePath\":\"DataIO\"}"

static void models_that_cannot_be_served_do_not_load(void **state)
{
	struct test_model m;

	(void)state;
	model_init(&m);
	compiles_to(&m, true, "no pipeline");
	model_init(&m);
	model_add_bytes(&m, "pipeline.pipeline:Pipeline", FSV_STR("\x0a\xff"));
	compiles_to(&m, true, "not a valid Pipeline");
	model_init(&m);
	model_add_dsl(&m, "no JSON");
	compiles_to(&m, true, "inference DSL");
	model_init(&m);
	model_add_dsl(&m, DSL_LR("Guest"));
	compiles_to(&m, true, "component in_0 (DataTransform): the package has no Meta");
	model_init(&m);
	model_add_dsl(&m, DSL_LR("Guest"));
	model_add_input(&m, "in_0", &dense);
	compiles_to(&m, true, "component lr_0 (HeteroLRGuest): the package has no Param");
	model_init(&m);
	model_add_dsl(&m, DSL_LR("Guest"));
	model_add_input(&m, "in_0", &dense);
	model_add_bytes(&m, "lr_0.x:Param", FSV_STR("\x22\x7f"));
	compiles_to(&m, true, "its Param is not a valid LRModelParam");
	model_init(&m);
	model_add_dsl(&m, DSL_LR("Guest"));
	model_add_bytes(&m, "in_0.x:Meta", FSV_STR("\x0a\x06sparse"));
	compiles_to(&m, true, "component in_0 (DataTransform): the package has no Param");

	lr_model(&m, "{\"components\":{" IN("in_0") "}}", one, 0);
	compiles_to(&m, true, "no component that computes a score");
	lr_model(&m, "{\"components\":{" IN("in_0") ",\"x\":{\"CodePath\":\"HeteroNNGuest\"},"
		LR("lr_0", "in_0.d") "}}",
		 one, 0);
	compiles_to(&m, true, "component x (HeteroNNGuest): this class is not supported");
	lr_model(&m, DSL_LR("Host"), one, 0);
	compiles_to(&m, true, "component lr_0 (HeteroLRHost): this class belongs into the model of a host");
	lr_model(&m, DSL_LR("Guest"), one, 0);
	compiles_to(&m, false, "this class belongs into the model of a guest");
	lr_model(&m, "{\"components\":{" IN("in_0") "," LR("lr_0", "in_0.d") "," LR("lr_1",
		"lr_0.d") "}}", one, 0);
	model_add_lr(&m, "lr_1", one, 0);
	compiles_to(&m, true, "component lr_1 (HeteroLRGuest): it stands behind a predictor");
	lr_model(&m, DSL_LR("Guest"), (const struct weight[]){ { "\xff", 1 }, { NULL } }, 0);
	compiles_to(&m, true, "not UTF-8");
}

static void lr_variants_that_would_score_wrongly_do_not_load(void **state)
{
	Fsv__LRModelParam__EncryptedWeightEntry entry = FSV__LRMODEL_PARAM__ENCRYPTED_WEIGHT_ENTRY__INIT;
	Fsv__LRModelParam__EncryptedWeightEntry *entries[] = { &entry };
	Fsv__LRModelMeta meta = FSV__LRMODEL_META__INIT;
	Fsv__LRModelParam param = FSV__LRMODEL_PARAM__INIT;
	struct test_model m;

	(void)state;
	param.need_one_vs_rest = true;
	model_init(&m);
	model_add_dsl(&m, DSL_LR("Guest"));
	model_add_input(&m, "in_0", &dense);
	model_add(&m, "lr_0.x:Param", &param.base);
	compiles_to(&m, true, "component lr_0 (HeteroLRGuest): one-vs-rest");

	param = (Fsv__LRModelParam)FSV__LRMODEL_PARAM__INIT;
	meta.need_one_vs_rest = true;
	model_init(&m);
	model_add_dsl(&m, DSL_LR("Guest"));
	model_add_input(&m, "in_0", &dense);
	model_add(&m, "lr_0.x:Param", &param.base);
	model_add(&m, "lr_0.x:Meta", &meta.base);
	compiles_to(&m, true, "one-vs-rest");

	entry.key = (char *)"a";
	param.n_encrypted_weight = 1;
	param.encrypted_weight = entries;
	model_init(&m);
	model_add_dsl(&m, DSL_LR("Guest"));
	model_add_input(&m, "in_0", &dense);
	model_add(&m, "lr_0.x:Param", &param.base);
	compiles_to(&m, true, "encrypted weights");
}

static void fillers_are_empty_messages(void **state)
{
	struct fsv_str filler = FSV_STR("\x0a\x03set");
	struct test_model m;

	(void)state;
	model_init(&m);
	model_add_dsl(&m, DSL_LR("Guest"));
	model_add_bytes(&m, "in_0.x:DataIOMeta", filler);
	model_add_bytes(&m, "lr_0.x:HeteroLogisticRegressionParam", filler);
	compiles_to(&m, true, NULL);
}

static void unknown_components_pass_when_told_to(void **state)
{
	struct fsv_plan_opt opt = { .guest = true, .pass_unknown = true };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_plan *plan;
	struct test_model m;
	struct fsv_buf text;
	const char *steps;

	(void)state;
	lr_model(&m, "{\"components\":{"
		IN("in_0") ",\"x\":{\"CodePath\":\"Odd\",\"input\":{\"data\":{\"d\":[\"in_0\"]}}},"
		 LR("lr_0", "x.d") "}}", one, 2);
	assert_int_equal(fsv_plan_compile(&m.package, &opt, &plan, &err), 0);
	assert_string_equal(local_text(plan, "{\"a\":1}", false, &m.arena, &err), "\"lr_0\":{\"score\":3.0}");
	fsv_buf_init(&text, &m.arena, 0);
	fsv_plan_explain(plan, &text);
	assert_non_null(strstr(fsv_buf_cstr(&text), "role: guest\ncolumns known: 1: a\nvalues of a row: 1, operators: 1\nmemory: "));
	steps = strstr(fsv_buf_cstr(&text), "in_0");
	assert_string_equal(steps,
			    "in_0 (DataIO): passes its input on\n"
			    "x (Odd): unknown, passes its input on\n"
			    "lr_0 (HeteroLRGuest): logistic regression, weights: 1, "
			    "summed in the order of the request\n");
	assert_in_range(fsv_plan_memory(plan), 500, 20000);
	fsv_plan_free(plan);
	model_done(&m);
}

/* Merge ----------------------------------------------------------------------------------------- */

struct answer {
	int retcode;
	const char *message, *data;
};

/* Guest sum: own; answers: parties 10000, 10001 … Returns the members, or "" with err or merge set. */
static const char *merged(const char *features, const struct answer *answers, unsigned n,
	struct fsv_arena *arena,
			  struct fsv_merge *merge, struct fsv_err *err)
{
	struct fsv_buf *out = FSV_ARENA_NEW(arena, struct fsv_buf);
	struct fsv_remote *remotes = FSV_ARENA_NEW_N(arena, struct fsv_remote, n);
	struct fsv_plan *plan;
	struct fsv_row *row = NULL;
	struct test_model m;
	struct fsv_jsonw w;
	int r;

	*merge = (struct fsv_merge){ .retcode = -1 };
	*err = (struct fsv_err)FSV_ERR_INIT;
	fsv_buf_init(out, arena, 0);
	fsv_jsonw_init(&w, out);
	for (unsigned i = 0; i < n; i++)
		remotes[i] = (struct fsv_remote){
			.party_id = FSV_STR("10000"),
			.retcode = answers[i].retcode,
			.message = fsv_str(answers[i].message),
			.data = fsv_str(answers[i].data),
		};
	lr_model(&m, DSL_LR("Guest"), one, 0);
	assert_int_equal(model_compile(&m, true, &plan, err), 0);
	if (features)
		assert_int_equal(fsv_plan_local(plan, fsv_str(features), arena, &row, err), 0);
	r = fsv_plan_merge(plan, row, remotes, n, arena, &w, merge, err);
	assert_int_equal(r, err->code);
	if (r == 0)
		assert_in_range(merge->retcode, 0, INT32_MAX);
	fsv_plan_free(plan);
	model_done(&m);
	return fsv_buf_cstr(out);
}

static void scores_are_merged(void **state)
{
	static const struct {
		const char *features;
		struct answer answers[2];
		unsigned n;
		const char *want, *message;
	} cases[] = {
		{ "{\"a\":0.6}", { { 0, "", "{\"lr_0\":{\"score\":0.25},\"retcode\":0}" },
				   { 0, "hit host cache", "{\"lr_0\":{\"score\":1}}" } }, 2,
		  "\"score\":0.8641271029909058", "hit host cache" },
		{ "{\"a\":0}", { { 0, "", "{\"prob\":0.0}" } }, 1, "\"score\":0.5", "" },
		{ "{\"a\":0}", { { 0, "", "{\"lr_0\":null,\"prob\":0}" } }, 1, "\"score\":0.5", "" },
		{ "{\"a\":0}", { { 0, "", "{\"prob\":9,\"lr_0\":{\"x\":[1],\"score\":0.0}}" } }, 1,
		  "\"score\":0.5", "" },
		/* As in the reference's maps: the last of equal names. */
		{ "{\"a\":0}", { { 0, "",
		  "{\"lr_0\":{\"score\":7,\"score\":0},\"lr_0\":{\"score\":\"x\",\"score\":0}}" } }, 1,
		  "\"score\":0.5", "" },
		/* A local overflow is still a probability. */
		{ "{\"a\":1e999}", { { 0, "", "{\"prob\":0.0}" } }, 1, "\"score\":1.0", "" },
		{ "{\"a\":-1e999}", { { 0, "", "{\"prob\":0.0}" } }, 1, "\"score\":0.0", "" },
	};
	struct fsv_arena arena;
	struct fsv_merge merge;
	struct fsv_err err;

	(void)state;
	fsv_arena_init(&arena, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *got = merged(cases[i].features, cases[i].answers, cases[i].n, &arena,
			&merge, &err);

		if (strcmp(got, cases[i].want) != 0)
			fail_msg("case %zu: got %s (%s)", i, got, err.text);
		assert_int_equal(merge.retcode, 0);
		assert_true(fsv_str_is(merge.retmsg, cases[i].message));
	}
	fsv_arena_done(&arena);
}

static void answers_that_cannot_be_merged_are_typed_errors(void **state)
{
	static const struct {
		const char *features;
		struct answer answers[2];
		unsigned n;
		int code;
		const char *text;
	} cases[] = {
		{ "{}", { { 0 } }, 0, FSV_E_MERGE, "remote inference result is null" },
		{ NULL, { { 0 } }, 0, FSV_E_MERGE, "remote inference result is null" },
		{ "{}", { { 0, "", "" } }, 1, FSV_E_MERGE, "remote inference result is null" },
		{ NULL, { { 0, "", "{\"prob\":0.0}" } }, 1, FSV_E_MERGE, "local result is invalid " },
		{ "{}", { { 0, "", "{}" } }, 1, FSV_E_MERGE, "host data score is null" },
		{ "{}", { { 0, "", "{\"score\":0.2}" } }, 1, FSV_E_MERGE, "host data score is null" },
		{ "{}", { { 0, "", "{\"prob\":null}" } }, 1, FSV_E_MERGE, "host data score is null" },
		{ "{}", { { 0, "", "{\"lr_0\":{}}" } }, 1, FSV_E_SYSTEM, "no usable score" },
		{ "{}", { { 0, "", "{\"lr_0\":{\"score\":null}}" } }, 1, FSV_E_SYSTEM, "no usable score" },
		{ "{}", { { 0, "", "{\"lr_0\":{\"score\":\"NaN\"}}" } }, 1, FSV_E_SYSTEM, "no usable score" },
		{ "{}", { { 0, "", "{\"lr_0\":[0]}" } }, 1, FSV_E_SYSTEM, "no usable score" },
		{ "{}", { { 0, "", "{\"prob\":\"0\"}" } }, 1, FSV_E_SYSTEM, "no usable score" },
		{ "{}", { { 0, "", "{\"prob\":0" } }, 1, FSV_E_SYSTEM, "party 10000" },
		{ "{}", { { 0, "", "[]" } }, 1, FSV_E_SYSTEM, "no usable score" },
		{ "{}", { { 0, "", "{\"prob\":1}" }, { 0, "", "{}" } }, 2, FSV_E_MERGE,
		  "host data score is null" },
		{ "{\"a\":\"NaN\"}", { { 0, "", "{\"prob\":1}" } }, 1, FSV_E_SYSTEM, "not a finite number" },
		{ "{\"a\":1e999}", { { 0, "", "{\"prob\":-1e999}" } }, 1, FSV_E_SYSTEM,
		  "not a finite number" },
		{ "{}", { { -5, "", "{}" } }, 1, FSV_E_SYSTEM, "return code is out of range" },
		{ "{}", { { 2000000000, "", "{}" } }, 1, FSV_E_SYSTEM, "return code is out of range" },
	};
	struct fsv_arena arena;
	struct fsv_merge merge;
	struct fsv_err err;

	(void)state;
	fsv_arena_init(&arena, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *got = merged(cases[i].features, cases[i].answers, cases[i].n, &arena,
			&merge, &err);

		if (err.code != cases[i].code || !strstr(err.text, cases[i].text))
			fail_msg("case %zu: got %s, %d %s", i, got, err.code, err.text);
		assert_string_equal(got, "");
	}
	fsv_arena_done(&arena);
}

static void a_failing_host_is_reported_with_its_own_code_and_text(void **state)
{
	static const struct {
		const char *features;
		struct answer answers[2];
		int code;
		const char *message;
	} cases[] = {
		{ "{}", { { 113, "no data", "" }, { 0, "okmsg", "{\"prob\":0}" } }, 2113,
		  "host return code 113 host msg :no data" },
		{ "{}", { { 0, "okmsg", "{\"prob\":0}" }, { 113, "no data", "" } }, 2113,
		  "host return code 113 host msg :no data" },
		{ "{}", { { 104, "", "{}" }, { 113, "no data", "" } }, 2104,
		  "host return code 104 host msg :" },
		{ NULL, { { 0, "", "{}" }, { 605, "x", "" } }, 2605, "host return code 605 host msg :x" },
	};
	struct fsv_arena arena;
	struct fsv_merge merge;
	struct fsv_err err;

	(void)state;
	fsv_arena_init(&arena, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_string_equal(merged(cases[i].features, cases[i].answers, 2, &arena, &merge, &err), "");
		assert_int_equal(err.code, 0);
		assert_int_equal(merge.retcode, cases[i].code);
		assert_true(fsv_str_is(merge.retmsg, cases[i].message));
	}
	fsv_arena_done(&arena);
}

/* Two predictors side by side ------------------------------------------------------------------- */

static void of_several_predictors_the_last_one_answers(void **state)
{
	struct fsv_remote remote = {
		.data = FSV_STR("{\"lr_0\":{\"score\":0},\"lr_1\":{\"score\":0}}"),
	};
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_plan *plan;
	struct fsv_merge merge;
	struct fsv_row *row;
	struct test_model m;
	struct fsv_jsonw w;
	struct fsv_buf out;

	(void)state;
	lr_model(&m, "{\"components\":{" IN("in_0") "," LR("lr_0", "in_0.d") "," LR("lr_1",
		"in_0.d") "}}", none, 0);
	model_add_lr(&m, "lr_1", one, 5);
	assert_int_equal(model_compile(&m, true, &plan, &err), 0);
	assert_string_equal(local_text(plan, "{}", false, &m.arena, &err),
			    "\"lr_1\":{\"score\":5.0},\"lr_0\":{\"score\":0.0}");
	assert_string_equal(local_text(plan, "{}", true, &m.arena, &err),
			    "\"lr_1\":{\"score\":5.0},\"lr_0\":{\"score\":0.0},\"score\":0.0");
	assert_int_equal(fsv_plan_local(plan, FSV_STR("{}"), &m.arena, &row, &err), 0);
	fsv_buf_init(&out, &m.arena, 0);
	fsv_jsonw_init(&w, &out);
	assert_int_equal(fsv_plan_merge(plan, row, &remote, 1, &m.arena, &w, &merge, &err), 0);
	assert_string_equal(fsv_buf_cstr(&out), "\"score\":0.5");
	/* Both must merge. */
	remote.data = FSV_STR("{\"lr_0\":{\"score\":0}}");
	assert_int_equal(fsv_plan_merge(plan, row, &remote, 1, &m.arena, &w, &merge, &err), FSV_E_MERGE);
	fsv_plan_free(plan);
	model_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(models_that_cannot_be_served_do_not_load),
		cmocka_unit_test(lr_variants_that_would_score_wrongly_do_not_load),
		cmocka_unit_test(fillers_are_empty_messages),
		cmocka_unit_test(unknown_components_pass_when_told_to),
		cmocka_unit_test(scores_are_merged),
		cmocka_unit_test(answers_that_cannot_be_merged_are_typed_errors),
		cmocka_unit_test(a_failing_host_is_reported_with_its_own_code_and_text),
		cmocka_unit_test(of_several_predictors_the_last_one_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
