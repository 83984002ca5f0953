/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded answers of all scenarios but those of trees. */
#include "golden-helper.h"

static void recorded_scores_are_met_to_the_last_digit(void **state)
{
	(void)state;
	check_scenarios(false, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_scores_are_met_to_the_last_digit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
