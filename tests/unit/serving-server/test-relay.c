/* SPDX-License-Identifier: Apache-2.0 */
/* Requests passed on to other nodes: their shape, what they must name, and whom they may reach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "../../../daemons/serving-server/relay.h"

static struct fsv_arena arena;

static int setup(void **state)
{
	(void)state;
	fsv_arena_init(&arena, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fsv_arena_done(&arena);
	return 0;
}

#define MODEL	"\"tableName\":\"T\",\"namespace\":\"N\""

static void test_orders_are_checked(void **state)
{
	static const char *const allow[] = { "10.0.0.7:8000", "node-2.example", NULL };
	static const struct {
		enum fsv_relay relay;
		const char *body, *text;
	} cases[] = {
		{ FSV_RELAY_WEIGHT, "{\"host\":\"127.0.0.1\",\"port\":1,\"url\":\"x\"}", NULL },
		{ FSV_RELAY_WEIGHT, "{\"host\":\"127.8.9.1\",\"port\":\"65535\",\"url\":\"x\",\"zzz\":{}}", NULL },
		{ FSV_RELAY_WEIGHT, "{\"host\":\"10.0.0.7\",\"port\":8000,\"url\":\"x\"}", NULL },
		{ FSV_RELAY_WEIGHT, "{\"host\":\"node-2.example\",\"port\":9,\"url\":\"x\"}", NULL },
		{ FSV_RELAY_WEIGHT, "{}", "parameter host is blank" },
		{ FSV_RELAY_WEIGHT, "{\"host\":\" \",\"port\":1}", "parameter host is blank" },
		{ FSV_RELAY_WEIGHT, "{\"host\":\"127.0.0.1\"}", "parameter port was wrong" },
		{ FSV_RELAY_WEIGHT, "{\"host\":\"127.0.0.1\",\"port\":65536}", "parameter port was wrong" },
		{ FSV_RELAY_WEIGHT, "{\"host\":\"127.0.0.1\",\"port\":-1}", "parameter port was wrong" },
		{ FSV_RELAY_WEIGHT, "{\"host\":\"127.0.0.1\",\"port\":1}", "parameter url is blank" },
		{ FSV_RELAY_WEIGHT, "{\"host\":\"a/b@c\",\"port\":1,\"url\":\"x\"}", "invalid address" },
		{ FSV_RELAY_WEIGHT, "{\"host\":\"10.0.0.7\",\"port\":8001,\"url\":\"x\"}",
		  "10.0.0.7:8001 is neither on this machine nor listed in http.relay.allow" },
		{ FSV_RELAY_WEIGHT, "{\"host\":\"localhost\",\"port\":1,\"url\":\"x\"}",
		  "localhost:1 is neither on this machine nor listed in http.relay.allow" },
		{ FSV_RELAY_WEIGHT, "{\"host\":\"127.0.0.1.example.com\",\"port\":1,\"url\":\"x\"}",
		  "127.0.0.1.example.com:1 is neither on this machine nor listed in http.relay.allow" },
		{ FSV_RELAY_UNBIND, "{\"host\":\"127.0.0.1\",\"port\":1," MODEL ",\"serviceIds\":[\"a\",5]}", NULL },
		{ FSV_RELAY_UNBIND, "{\"host\":\"127.0.0.1\",\"port\":1," MODEL "}", "parameter serviceId is blank" },
		{ FSV_RELAY_UNBIND, "{\"host\":\"127.0.0.1\",\"port\":1," MODEL ",\"serviceIds\":[]}",
		  "parameter serviceId is blank" },
		{ FSV_RELAY_UNBIND, "{\"host\":\"127.0.0.1\",\"port\":1}", "parameter tableName is blank" },
		{ FSV_RELAY_UNBIND, "{\"host\":\"127.0.0.1\",\"port\":1,\"tableName\":\"T\"}", "parameter namespace is blank" },
		{ FSV_RELAY_TRANSFER, "{\"host\":\"127.0.0.1\",\"port\":1," MODEL ",\"targetHost\":\"127.0.0.2\","
				      "\"targetPort\":2}", NULL },
		{ FSV_RELAY_TRANSFER, "{\"host\":\"127.0.0.1\",\"port\":1," MODEL "}", "parameter targetHost is blank" },
		{ FSV_RELAY_TRANSFER, "{\"host\":\"127.0.0.1\",\"port\":1," MODEL ",\"targetHost\":\"127.0.0.1\"}",
		  "parameter targetPort was wrong" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_relay_order o;
		struct fsv_err err = FSV_ERR_INIT;
		int r = fsv_relay_parse(fsv_str(cases[i].body), &arena, &o, &err);

		if (r < 0)
			fail_msg("%s: %s", cases[i].body, err.text);
		r = fsv_relay_check(&o, cases[i].relay, allow, &err);
		if (r != (cases[i].text ? FSV_E_PARAM : 0) || (cases[i].text && strcmp(err.text, cases[i].text) != 0))
			fail_msg("%s: got %d %s", cases[i].body, r, err.text);
	}
}

static void test_what_has_the_wrong_shape_is_refused(void **state)
{
	static const char *const bodies[] = {
		"", "null", "[]", "{", "{\"port\":\"x\"}", "{\"host\":{}}", "{\"serviceIds\":\"x\"}", "{\"serviceIds\":[[]]}",
		"{\"weight\":\"a\"}", "{\"version\":1.5}", "{\"port\":99999999999}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct fsv_relay_order o;
		struct fsv_err err = FSV_ERR_INIT;

		if (fsv_relay_parse(fsv_str(bodies[i]), &arena, &o, &err) != FSV_E_SYNTAX)
			fail_msg("%s: not refused", bodies[i]);
	}
}

static void test_absent_numbers_are_minus_one(void **state)
{
	struct fsv_relay_order o;
	struct fsv_err err = FSV_ERR_INIT;

	(void)state;
	assert_int_equal(fsv_relay_parse(FSV_STR("{\"serviceIds\":null,\"url\":null}"), &arena, &o, &err), 0);
	assert_int_equal(o.weight, -1);
	assert_int_equal(o.version, -1);
	assert_int_equal(o.n_service_ids, 0);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_orders_are_checked),
		TEST(test_what_has_the_wrong_shape_is_refused),
		TEST(test_absent_numbers_are_minus_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
