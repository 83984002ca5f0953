/* SPDX-License-Identifier: Apache-2.0 */
/* Values, imputer, outlier, formats: seen through a regression with weights that tell columns apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "plan-helper.h"

struct value_case {
	const char *features;
	const char *want;	/* the score's spelling; NULL: fails */
	const char *text;	/* of the failure */
};

static void check_cases(const struct input_spec *input, const struct weight *weights,
			const struct value_case *cases, size_t n)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_plan *plan;
	struct test_model m;

	model_init(&m);
	model_add_dsl(&m, DSL_LR("Host"));
	model_add_input(&m, "in_0", input);
	model_add_lr(&m, "lr_0", weights, 0);
	if (model_compile(&m, false, &plan, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < n; i++) {
		const char *got = local_text(plan, cases[i].features, false, &m.arena, &err);
		char want[64] = "";

		if (cases[i].want)
			snprintf(want, sizeof(want), "\"lr_0\":{\"score\":%s}", cases[i].want);
		if (strcmp(got, want) != 0)
			fail_msg("%s: got %s (%s), want %s", cases[i].features, got, err.text, want);
		if (!cases[i].want) {
			assert_int_equal(err.code, FSV_E_SYSTEM);
			if (!strstr(err.text, cases[i].text))
				fail_msg("%s: got \"%s\", want \"%s\"", cases[i].features, err.text,
					cases[i].text);
		}
	}
	fsv_plan_free(plan);
	model_done(&m);
}

#define CHECK(input, weights, cases)	check_cases(input, weights, cases, sizeof(cases) / sizeof(*(cases)))

static const struct weight one[] = { { "a", 1 }, { NULL } };
static const struct weight two[] = { { "a", 1 }, { "b", 100 }, { NULL } };

static void dense_values_are_read_as_java_reads_them(void **state)
{
	static const struct input_spec input = { .format = "dense" };
	static const struct value_case cases[] = {
		{ "{\"a\":5}", "5.0" },
		{ "{\"a\":-0}", "0.0" },
		{ "{\"a\":1e-5}", "1.0E-5" },
		{ "{\"a\":\"+0.78\"}", "0.78" },
		{ "{\"a\":\" 2 \"}", "2.0" },
		{ "{\"a\":\"3.278d\"}", "3.278" },
		{ "{\"a\":\"0x1p1\"}", "2.0" },
		{ "{\"a\":\"-3.61\\t\"}", "-3.61" },
		{ "{\"a\":123456789012345678901234567890}", "1.2345678901234568E29" },
		{ "{\"b\":7}", "0.0" },
		{ "{}", "0.0" },
		{ "{\"a\":1,\"z\":{\"a\":[2]},\"a\":3}", "3.0" },
		{ "{\"a\":\"x\"}", NULL, "column a is not a number" },
		{ "{\"a\":\"\"}", NULL, "column a is not a number" },
		{ "{\"a\":true}", NULL, "column a is not a number" },
		{ "{\"a\":[1]}", NULL, "column a is not a number" },
		{ "{\"a\":{}}", NULL, "column a is not a number" },
		{ "{\"a\":null}", NULL, "column a is null" },
		{ "{\"a\":\"1_000\"}", NULL, "column a is not a number" },
		{ "{\"a\":\"NaN\"}", NULL, "not a finite number" },
		{ "{\"a\":1e999}", NULL, "not a finite number" },
	};

	(void)state;
	CHECK(&input, one, cases);
}

static void errors_never_show_the_value(void **state)
{
	static const struct input_spec input = { .format = "dense" };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_plan *plan;
	struct test_model m;

	(void)state;
	model_init(&m);
	model_add_dsl(&m, DSL_LR("Host"));
	model_add_input(&m, "in_0", &input);
	model_add_lr(&m, "lr_0", one, 0);
	assert_int_equal(model_compile(&m, false, &plan, &err), 0);
	local_text(plan, "{\"a\":\"secret\"}", false, &m.arena, &err);
	assert_int_equal(err.code, FSV_E_SYSTEM);
	assert_null(strstr(err.text, "secret"));
	local_text(plan, "{\"secret\":1,\"a\":1 x}", false, &m.arena, &err);
	assert_int_equal(err.code, FSV_E_SYNTAX);
	assert_null(strstr(err.text, "secret"));
	local_text(plan, "[1]", false, &m.arena, &err);
	assert_int_equal(err.code, FSV_E_TYPE);
	fsv_plan_free(plan);
	model_done(&m);
}

static void sparse_input_has_exactly_the_header(void **state)
{
	static const char *const header[] = { "a", "a", NULL };
	static const struct input_spec input = { .format = "sparse", .header = header };
	static const struct value_case cases[] = {
		{ "{\"a\":5,\"b\":1}", "5.0" },
		{ "{}", "0.0" },
		{ "{\"a\":null}", NULL, "is null" },
	};
	static const struct input_spec other = { .format = "TAG", .header = header };
	static const struct value_case other_cases[] = { { "{\"a\":5,\"b\":1}", "105.0" } };

	(void)state;
	CHECK(&input, two, cases);
	/* Case counts: this is dense. */
	CHECK(&other, two, other_cases);
}

static const char *const tokens[] = { "", "none", "null", "na", "-999", "NA", "1.0e-5", "true", NULL };

static void the_imputer_replaces_what_is_missing(void **state)
{
	static const struct text_pair replacements[] = { { "a", "30" }, { "a", "40" }, { NULL } };
	static const struct input_spec input = { .format = "dense", .missing = tokens,
		.replacements = replacements };
	static const struct value_case cases[] = {
		{ "{}", "40.0" },
		{ "{\"a\":1,\"b\":1}", "1.0" },		/* b vanishes */
		{ "{\"a\":null}", "40.0" },
		{ "{\"a\":\"\"}", "40.0" },
		{ "{\"a\":\"NONE\"}", "40.0" },
		{ "{\"a\":\"Na\"}", "40.0" },
		{ "{\"a\":\"NA\"}", "40.0" },
		{ "{\"a\":\"-999\"}", "40.0" },
		{ "{\"a\":-999}", "40.0" },
		{ "{\"a\":-999.0}", "40.0" },		/* numerically equal */
		{ "{\"a\":-9.99e2}", "40.0" },
		{ "{\"a\":0.00001}", "40.0" },
		{ "{\"a\":true}", "40.0" },
		{ "{\"a\":false}", NULL, "not a number" },
		{ "{\"a\":\"-999.0\"}", "-999.0" },	/* texts match as texts */
		{ "{\"a\":\" none\"}", NULL, "not a number" },
		{ "{\"a\":[]}", NULL, "not a number" },
	};

	(void)state;
	CHECK(&input, two, cases);
}

static void big_integers_match_digit_by_digit(void **state)
{
	static const char *const big[] = { "9007199254740993", NULL };
	static const struct text_pair replacements[] = { { "a", "1" }, { NULL } };
	static const struct input_spec input = { .format = "dense", .missing = big,
		.replacements = replacements };
	static const struct value_case cases[] = {
		{ "{\"a\":9007199254740993}", "1.0" },
		{ "{\"a\":9007199254740992}", "9.007199254740992E15" },
	};

	(void)state;
	CHECK(&input, one, cases);
}

static void sparse_input_with_imputer_fills_with_the_empty_text(void **state)
{
	static const char *const header[] = { "a", NULL };
	static const char *const only_na[] = { "na", NULL };
	static const struct text_pair replacements[] = { { "a", "30" }, { "b", "2" }, { NULL } };
	static const struct input_spec input = {
		.format = "tag", .header = header, .missing = tokens, .replacements = replacements,
	};
	static const struct value_case cases[] = {
		{ "{}", "230.0" },
		{ "{\"a\":1,\"b\":1}", "201.0" },	/* b is not in the header */
	};
	static const struct input_spec strict = {
		.format = "tag", .header = header, .missing = only_na, .replacements = replacements,
	};
	static const struct value_case strict_cases[] = { { "{}", NULL, "column a is not a number" } };

	(void)state;
	CHECK(&input, two, cases);
	CHECK(&strict, two, strict_cases);
}

static void outliers_are_replaced_in_place(void **state)
{
	static const char *const outliers[] = { "-999", "error", NULL };
	static const struct text_pair replacements[] = { { "a", "7" }, { NULL } };
	static const struct input_spec input = {
		.format = "dense", .outliers = outliers, .outlier_replacements = replacements,
	};
	static const struct value_case cases[] = {
		{ "{\"a\":-999}", "7.0" },
		{ "{\"a\":\"Error\"}", "7.0" },
		{ "{\"a\":1}", "1.0" },
		{ "{}", "0.0" },
		{ "{\"a\":null}", NULL, "is null" },
		{ "{\"b\":-999}", "-99900.0" },		/* no replacement: stays */
		{ "{\"b\":\"error\"}", NULL, "column b is not a number" },
		{ "{\"b\":1,\"a\":-999}", "107.0" },
	};

	(void)state;
	CHECK(&input, two, cases);
}

static void outliers_come_after_the_imputer(void **state)
{
	static const char *const outliers[] = { "30", NULL };
	static const struct text_pair missing[] = { { "a", "30" }, { NULL } };
	static const struct text_pair replacements[] = { { "a", "7" }, { "b", "8" }, { NULL } };
	static const struct input_spec input = {
		.format = "dense", .missing = tokens, .replacements = missing,
		.outliers = outliers, .outlier_replacements = replacements,
	};
	static const struct value_case cases[] = {
		{ "{\"a\":\"na\"}", "7.0" },
		{ "{\"a\":5,\"b\":30}", "5.0" },
	};

	(void)state;
	CHECK(&input, two, cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dense_values_are_read_as_java_reads_them),
		cmocka_unit_test(errors_never_show_the_value),
		cmocka_unit_test(sparse_input_has_exactly_the_header),
		cmocka_unit_test(the_imputer_replaces_what_is_missing),
		cmocka_unit_test(big_integers_match_digit_by_digit),
		cmocka_unit_test(sparse_input_with_imputer_fills_with_the_empty_text),
		cmocka_unit_test(outliers_are_replaced_in_place),
		cmocka_unit_test(outliers_come_after_the_imputer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
