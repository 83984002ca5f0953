/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "model/java-math.h"

static uint64_t bits(double v)
{
	uint64_t b;

	memcpy(&b, &v, sizeof(b));
	return b;
}

static void exp_is_that_of_java_to_the_last_bit(void **state)
{
	static const struct {
		double x, want;
	} cases[] = {
#include "java-exp.inc"
	};
	unsigned other = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (bits(fsv_java_exp(cases[i].x)) != bits(cases[i].want))
			fail_msg("exp(%a): got %a, want %a", cases[i].x, fsv_java_exp(cases[i].x),
				cases[i].want);
		other += bits(exp(cases[i].x)) != bits(cases[i].want);
	}
	/* The vectors are worth something only where the C library would be wrong. */
	assert_in_range(other, 30, sizeof(cases) / sizeof(*cases));
}

static void exp_at_its_edges(void **state)
{
	static const struct {
		double x, want;
	} cases[] = {
		{ 0.0, 1.0 },
		{ -0.0, 1.0 },
		{ 1e-300, 1.0 },
		{ 0x1.62e42fefa39efp+9, 0x1.fffffffffff2ap+1023 },	/* last before overflow */
		{ 0x1.62e42fefa39f0p+9, INFINITY },
		{ -0x1.74910d52d3051p+9, 0x1p-1074 },			/* last before zero */
		{ -0x1.74910d52d3052p+9, 0.0 },
		{ 1024, INFINITY },
		{ -1024, 0.0 },
		{ 1e300, INFINITY },
		{ -1e300, 0.0 },
		{ INFINITY, INFINITY },
		{ -INFINITY, 0.0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (bits(fsv_java_exp(cases[i].x)) != bits(cases[i].want))
			fail_msg("exp(%a): got %a, want %a", cases[i].x, fsv_java_exp(cases[i].x),
				cases[i].want);
	assert_true(isnan(fsv_java_exp(NAN)));
}

static void sigmoid_has_no_guard(void **state)
{
	(void)state;
	assert_true(fsv_java_sigmoid(-1000) == 0.0);
	assert_true(fsv_java_sigmoid(1000) == 1.0);
	assert_true(fsv_java_sigmoid(0) == 0.5);
	assert_true(fsv_java_sigmoid(INFINITY) == 1.0);
	/* Worked examples of logistic regression. */
	assert_true(fsv_java_sigmoid(1.85) == 0.8641271029909058);
	assert_true(fsv_java_sigmoid(0.7266247268820591) == 0.6740641555627144);
	assert_true(fsv_java_sigmoid(0.7250000000000001 + -1.4000000000000001) == 0.33737816282991745);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exp_is_that_of_java_to_the_last_bit),
		cmocka_unit_test(exp_at_its_edges),
		cmocka_unit_test(sigmoid_has_no_guard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
