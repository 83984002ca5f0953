/* SPDX-License-Identifier: Apache-2.0 */
/* Binning, one-hot and a sum in one step: when they are, when not, and that nobody can tell from a score. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "../../../lib/model/plan-private.h"
#include "maker.h"

/* a, b and f are binned and encoded, f with two categories of one value; c is binned only, d encoded only, e as it comes. */
static const struct bins bins[] = {
	{ .column = "a", .points = { -0.5, 0, 2 }, .n_points = 3 },
	{ .column = "b", .points = { 1, 10 }, .n_points = 2, .woe = { 0.25, 0.5, 0.75 }, .n_woe = 3 },
	{ .column = "c", .points = { 3, 4, 5, 6 }, .n_points = 4 },
	{ .column = "f", .points = { 0.5, 1.5 }, .n_points = 2 },
	{ NULL },
};
static const struct text_pair columns[] = {
	{ "a", "1" }, { "b", "na" }, { "c", "3.5" }, { "d", "7" }, { "e", "0.1" }, { "f", "0" }, { NULL },
};
static const char *const of_a[] = { "0", "1.0", "2", NULL }, *const of_b[] = { "0", "1", "2", NULL },
	*const of_d[] = { "7", "red", NULL },
	*const of_f[] = { "0", "0.0", "1", NULL };
static const struct weight weights[] = {
	{ "a_0", 0.1 }, { "a_1.0", 1e16 }, { "a_2", -1e16 }, { "b_0", 1 }, { "b_1", 0.3 }, { "b_2", -1 }, { "c", 0.7 },
	{ "d_7", 1e-3 }, { "d_red", -0.2 }, { "e", 3 },
	{ "f_0", 2 }, { "f_0.0", 4 }, { "f_1", 8 }, { NULL },
};

/* other_reads: the component whose output a second predictor reads, or NULL. */
static struct fsv_plan *make(const struct weight *w, bool scaled, const char *other_reads, bool fused)
{
	struct fsv_plan_opt opt = { .no_fusing = !fused };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_plan *plan = NULL;
	struct maker k;

	maker_init(&k);
	maker_imputed(&k, columns);
	maker_binning(&k, "HeteroFeatureBinningHost", bins, "bin_num");
	maker_one_hot(&k, "OneHotEncoder");
	maker_categories(&k, "a", of_a);
	maker_categories(&k, "b", of_b);
	maker_categories(&k, "d", of_d);
	maker_categories(&k, "f", of_f);
	if (scaled)
		maker_scale(&k, "standard_scale", (struct scaling[]){ { .column = "e", .upper = 1, .std = 1 }, { NULL } });
	maker_linear(&k, "HeteroLRHost", w, 0.5);
	if (other_reads) {
		maker_flush(&k);
		snprintf(k.last, sizeof(k.last), "%s", other_reads);
		maker_linear(&k, "HeteroLinRHost", w, 0.5);
	}
	if (maker_compile(&k, &opt, NULL, &plan, &err) < 0)
		fail_msg("%s", err.text);
	maker_done(&k);
	return plan;
}

static const char *const requests[] = {
	"{\"a\":1,\"b\":5,\"c\":4,\"d\":7,\"e\":0.25}",
	"{\"a\":1,\"b\":5,\"c\":4,\"d\":7,\"e\":0.25,\"f\":1}",
	"{\"a\":-0.0,\"b\":1,\"c\":99,\"d\":\"red\",\"e\":1}",
	"{\"a\":0,\"b\":1.0000001,\"c\":-1,\"d\":\"blue\",\"e\":\"2\"}",
	"{\"a\":0.0,\"b\":\"11\",\"c\":4.5,\"d\":7.0,\"e\":0.25}",
	"{\"a\":\"NaN\",\"b\":\"NaN\",\"c\":\"-Infinity\",\"d\":\"red\",\"e\":1}",
	"{\"a\":5,\"b\":\"na\",\"c\":4,\"d\":7,\"e\":0.25}",		/* b is no number: drops out */
	"{\"a\":\"x\",\"b\":\"y\",\"c\":\"z\",\"d\":1,\"e\":2}",
	"{\"a\":1,\"b\":5,\"c\":4,\"d\":7,\"e\":\"x\"}",		/* errors */
	"{\"a\":1,\"b\":[1],\"c\":4,\"d\":7,\"e\":\"x\"}",
	"{\"a\":null,\"b\":null,\"c\":null,\"d\":null,\"e\":null}",
	"{}",
};

static void scores_and_errors_are_those_of_each_operator_by_itself(void **state)
{
	struct fsv_plan *fused = make(weights, false, NULL, true), *plain = make(weights, false, NULL, false);

	(void)state;
	assert_int_equal(fused->n_fused, 2);
	assert_int_equal(fused->n_ops, 2);
	assert_int_equal(plain->n_fused, 0);
	assert_int_equal(plain->n_ops, 4);
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		struct fsv_err a = FSV_ERR_INIT, b = FSV_ERR_INIT;
		struct fsv_arena arena;

		fsv_arena_init(&arena, 0);
		assert_string_equal(local_text(fused, requests[i], false, &arena, &a),
				    local_text(plain, requests[i], false, &arena, &b));
		assert_string_equal(a.text, b.text);
		assert_int_equal(a.code, b.code);
		fsv_arena_done(&arena);
	}
	fsv_plan_free(fused);
	fsv_plan_free(plain);
}

/* Twelve columns behind one-hot have another order than thirteen: when g, which is binned before, drops out. */
static struct fsv_plan *make_thirteen(bool fused)
{
	static const char *const names[] = { "k0", "lm", "z14", "age", "k28", "q35", "w42", "pay", "k56", "k63" };
	static const char *const values[] = { "0", "1", NULL };
	struct fsv_plan_opt opt = { .no_fusing = !fused };
	struct text_pair pairs[13] = { { "g", "1" }, { "a", "1" } };
	struct weight w[14] = { { "g", 0.1 }, { "a_0", 1e2 / 7 }, { "a_1", 1e4 / 3 } };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_plan *plan = NULL;
	struct maker k;

	for (unsigned i = 0; i < 10; i++) {
		pairs[2 + i] = (struct text_pair){ names[i], "1" };
		w[3 + i] = (struct weight){ names[i], (i % 2 ? -1e3 : 1e3) / (7 * i + 3) };
	}
	maker_init(&k);
	maker_imputed(&k, pairs);
	maker_binning(&k, "HeteroFeatureBinningHost",
		      (struct bins[]){ { .column = "g", .points = { 1, 2 }, .n_points = 2 }, { NULL } }, "bin_num");
	maker_binning(&k, "HeteroFeatureBinningHost",
		      (struct bins[]){ { .column = "a", .points = { 1, 2 }, .n_points = 2 }, { NULL } }, "bin_num");
	maker_one_hot(&k, "OneHotEncoder");
	maker_categories(&k, "a", values);
	maker_linear(&k, "HeteroLRHost", w, 0);
	if (maker_compile(&k, &opt, NULL, &plan, &err) < 0)
		fail_msg("%s", err.text);
	maker_done(&k);
	return plan;
}

static void rows_that_lack_a_column_keep_their_own_order(void **state)
{
	static const char *const rows[] = { "{\"g\":2,\"a\":2}", "{\"g\":\"x\",\"a\":2}", "{\"g\":\"x\",\"a\":0}" };
	struct fsv_plan *fused = make_thirteen(true), *plain = make_thirteen(false);

	(void)state;
	assert_int_equal(fused->n_fused, 2);
	for (unsigned i = 0; i < 3; i++) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_arena arena;

		fsv_arena_init(&arena, 0);
		assert_string_equal(local_text(fused, rows[i], false, &arena, &err),
				    local_text(plain, rows[i], false, &arena, &err));
		fsv_arena_done(&arena);
	}
	fsv_plan_free(fused);
	fsv_plan_free(plain);
}

/* A weight times 0.0 must not be left out when that is NaN. */
static void weights_that_are_not_finite_are_not_fused(void **state)
{
	struct weight w[sizeof(weights) / sizeof(*weights)];
	struct fsv_plan *plan;

	(void)state;
	memcpy(w, weights, sizeof(w));
	w[2].weight = INFINITY;
	plan = make(w, false, NULL, true);
	assert_int_equal(plan->n_fused, 2);	/* b alone */
	fsv_plan_free(plan);
	w[3].weight = NAN;
	plan = make(w, false, NULL, true);
	assert_int_equal(plan->n_fused, 0);
	fsv_plan_free(plan);
}

static void nothing_is_fused_across_another_operator(void **state)
{
	struct fsv_plan *plan = make(weights, true, NULL, true);

	(void)state;
	assert_int_equal(plan->n_fused, 0);
	assert_int_equal(plan->n_ops, 5);
	fsv_plan_free(plan);
}

static void columns_that_others_read_are_not_fused(void **state)
{
	static const struct { const char *from; unsigned n_fused; } readers[] = { { "c1_0", 2 }, { "c2_0", 0 }, { "c3_0", 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(readers) / sizeof(*readers); i++) {
		struct fsv_plan *plan = make(weights, false, readers[i].from, true);

		assert_int_equal(plan->n_fused, readers[i].n_fused);
		fsv_plan_free(plan);
	}
}

static void what_was_fused_is_explained(void **state)
{
	struct fsv_plan *plan = make(weights, false, NULL, true);
	struct fsv_buf text;

	(void)state;
	fsv_buf_init(&text, NULL, 0);
	fsv_plan_explain(plan, &text);
	assert_non_null(strstr(fsv_buf_cstr(&text), "operators: 4, fused to 2\n"));
	assert_non_null(strstr(fsv_buf_cstr(&text), "as bin numbers, fused into c"));
	assert_non_null(strstr(fsv_buf_cstr(&text), "made of them: 11, fused into c"));
	assert_non_null(strstr(fsv_buf_cstr(&text), ", fused: binning and one-hot of 2 columns are a look-up in a table\n"));
	fsv_buf_done(&text);
	fsv_plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scores_and_errors_are_those_of_each_operator_by_itself),
		cmocka_unit_test(rows_that_lack_a_column_keep_their_own_order),
		cmocka_unit_test(weights_that_are_not_finite_are_not_fused),
		cmocka_unit_test(nothing_is_fused_across_another_operator),
		cmocka_unit_test(columns_that_others_read_are_not_fused),
		cmocka_unit_test(what_was_fused_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
