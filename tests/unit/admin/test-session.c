/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../../daemons/admin/session.h"
#include "../../../daemons/admin/throttle.h"
#include "base/time.h"

static struct fsv_sessions *sessions;
static struct fsv_throttle *throttle;

static int setup(void **state)
{
	(void)state;
	sessions = fsv_sessions_new();
	fsv_sessions_limit(sessions, &(struct fsv_session_limits){ .idle_ns = 10 * FSV_S, .max_ns = 60 * FSV_S, .sessions = 3 });
	throttle = fsv_throttle_new();
	fsv_throttle_limit(throttle, &(struct fsv_throttle_limits){ .failures = 3, .lockout_ns = 10 * FSV_S, .tracked = 100 });
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sessions = fsv_sessions_free(sessions);
	throttle = fsv_throttle_free(throttle);
	return 0;
}

static struct fsv_str open_at(int64_t now, const char *user)
{
	static char tokens[8][FSV_TOKEN_LEN + 1];
	static unsigned next;
	char *token = tokens[next++ % 8];
	struct fsv_err err;

	assert_int_equal(fsv_session_open(sessions, fsv_str(user), FSV_ROLE_OPERATOR, now, token, &err), 0);
	assert_int_equal(strlen(token), FSV_TOKEN_LEN);
	return fsv_str(token);
}

static bool there(struct fsv_str token, bool touch, int64_t now)
{
	return fsv_session_find(sessions, token, touch, now) != NULL;
}

static void idle_end(void **state)
{
	struct fsv_str token = open_at(0, "ann");

	(void)state;
	assert_true(there(token, false, 9 * FSV_S));
	assert_false(there(token, false, 10 * FSV_S));
	assert_int_equal(fsv_sessions_count(sessions), 0);
}

static void activity_prolongs_and_looking_does_not(void **state)
{
	struct fsv_str token = open_at(0, "ann");

	(void)state;
	assert_true(there(token, true, 8 * FSV_S));
	assert_true(there(token, false, 17 * FSV_S));
	assert_int_equal(fsv_session_idle_left(sessions, fsv_session_find(sessions, token, false, 17 * FSV_S), 17 * FSV_S), 1000);
	assert_false(there(token, true, 18 * FSV_S));
}

static void absolute_end(void **state)
{
	struct fsv_str token = open_at(0, "ann");

	(void)state;
	for (int64_t s = 5; s < 60; s += 5)
		assert_true(there(token, true, s * FSV_S));
	assert_false(there(token, true, 60 * FSV_S));
}

static void limit_takes_the_idlest(void **state)
{
	struct fsv_str first = open_at(0, "a"), second = open_at(1, "b"), third = open_at(2, "c"), fourth;

	(void)state;
	assert_true(there(first, true, FSV_S));
	fourth = open_at(FSV_S, "d");
	assert_true(there(first, false, FSV_S));
	assert_false(there(second, false, FSV_S));
	assert_true(there(third, false, FSV_S));
	assert_true(there(fourth, false, FSV_S));
}

static void tokens_that_are_none(void **state)
{
	struct fsv_str token = open_at(0, "ann");
	char near[FSV_TOKEN_LEN + 1];

	(void)state;
	memcpy(near, token.p, sizeof(near));
	near[63] = near[63] == 'a' ? 'b' : 'a';
	assert_false(there(fsv_str(near), false, 0));
	assert_false(there(fsv_str_n(token.p, 63), false, 0));
	assert_false(there(FSV_STR_NULL, false, 0));
	assert_false(fsv_session_close(sessions, fsv_str(near)));
	assert_true(fsv_session_close(sessions, token));
	assert_false(there(token, false, 0));
}

static void sweep_looks_at_accounts(void **state)
{
	struct fsv_accounts *accounts = fsv_accounts_new();
	struct fsv_account account = { .role = FSV_ROLE_OPERATOR };
	struct fsv_str ann = open_at(0, "ann"), bob = open_at(0, "bob");

	(void)state;
	(void)fsv_map_put(&accounts->by_name, FSV_STR("ann"), &account);
	fsv_sessions_sweep(sessions, accounts, 0);
	assert_true(there(ann, false, 0));
	assert_false(there(bob, false, 0));
	account.role = FSV_ROLE_VIEWER;
	fsv_sessions_sweep(sessions, accounts, 0);
	assert_false(there(ann, false, 0));
	fsv_ref_put(&accounts->ref);
}

static int64_t wait_of(const char *user, const char *peer, int64_t now)
{
	return fsv_throttle_wait(throttle, fsv_str(user), fsv_str(peer), now);
}

static void failed(const char *user, const char *peer, unsigned n, int64_t now)
{
	while (n-- > 0)
		fsv_throttle_failed(throttle, fsv_str(user), fsv_str(peer), now);
}

static void a_pair_is_locked(void **state)
{
	(void)state;
	failed("ann", "p1", 2, 0);
	assert_int_equal(wait_of("ann", "p1", 0), 0);
	failed("ann", "p1", 1, FSV_S);
	assert_int_equal(wait_of("ann", "p1", 2 * FSV_S), 9 * FSV_S);
	assert_int_equal(wait_of("bob", "p1", 2 * FSV_S), 0);
	assert_int_equal(wait_of("ann", "p2", 2 * FSV_S), 0);
	assert_int_equal(wait_of("ann", "p1", 11 * FSV_S), 0);
	failed("ann", "p1", 1, 11 * FSV_S);	/* counts from one again */
	assert_int_equal(wait_of("ann", "p1", 11 * FSV_S), 0);
}

static void an_address_and_a_name_are_locked(void **state)
{
	char text[16];

	(void)state;
	for (int i = 0; i < 12; i++) {
		snprintf(text, sizeof(text), "u%d", i);
		assert_int_equal(wait_of(text, "p1", 0), 0);
		failed(text, "p1", 1, 0);
	}
	assert_true(wait_of("new", "p1", 0) > 0);
	for (int i = 0; i < 60; i++) {
		snprintf(text, sizeof(text), "q%d", i);
		assert_int_equal(wait_of("ann", text, i), 0);
		failed("ann", text, 1, i);
	}
	assert_true(wait_of("ann", "elsewhere", 0) > 0);
}

static void success_forgets(void **state)
{
	(void)state;
	failed("ann", "p1", 2, 0);
	failed("ann", "p1", 1, 0);
	fsv_throttle_passed(throttle, FSV_STR("ann"), FSV_STR("p1"));
	assert_int_equal(wait_of("ann", "p1", 0), 0);
	failed("ann", "p1", 2, 0);
	assert_int_equal(wait_of("ann", "p1", 0), 0);
}

static void memory_is_bounded(void **state)
{
	char text[16];

	(void)state;
	failed("ann", "p1", 3, 0);
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "u%d", i);
		failed(text, text, 1, 1 + i);
	}
	assert_int_equal(wait_of("ann", "p1", 0), 0);	/* the oldest made room */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(idle_end, setup, teardown),
		cmocka_unit_test_setup_teardown(activity_prolongs_and_looking_does_not, setup, teardown),
		cmocka_unit_test_setup_teardown(absolute_end, setup, teardown),
		cmocka_unit_test_setup_teardown(limit_takes_the_idlest, setup, teardown),
		cmocka_unit_test_setup_teardown(tokens_that_are_none, setup, teardown),
		cmocka_unit_test_setup_teardown(sweep_looks_at_accounts, setup, teardown),
		cmocka_unit_test_setup_teardown(a_pair_is_locked, setup, teardown),
		cmocka_unit_test_setup_teardown(an_address_and_a_name_are_locked, setup, teardown),
		cmocka_unit_test_setup_teardown(success_forgets, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_is_bounded, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
