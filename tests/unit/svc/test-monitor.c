/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "svc/monitor.h"

enum { OTHER, METRICS, N_KEYS = METRICS + FSV_MONITOR_N_KEYS };

static const struct fsv_conf_key keys[N_KEYS] = {
	{ "other", FSV_CONF_STRING, 0, NULL, NULL, 0, 0, NULL, "Another key.", "Others" },
	FSV_MONITOR_KEYS,
};

static int check(const struct fsv_conf *conf, struct fsv_err *err)
{
	return fsv_monitor_check(conf, METRICS, err);
}

static const struct fsv_conf_schema schema = {
	.daemon = "test", .file = "/nowhere", .keys = keys, .n_keys = N_KEYS, .check = check,
};

static bool allows(const char *list, const char *peer)
{
	struct fsv_conf *conf;
	struct fsv_err err = FSV_ERR_INIT;
	char text[200];
	bool ok;

	snprintf(text, sizeof(text), "metrics.allow: \"%s\"\n", list);
	if (fsv_conf_load_text(&schema, fsv_str(text), "test.yaml", &conf, &err) < 0)
		fail_msg("%s", err.text);
	ok = fsv_monitor_allows(fsv_conf_list(conf, METRICS + FSV_MK_ALLOW), fsv_str(peer));
	fsv_conf_unref(conf);
	return ok;
}

static void who_may_read(void **state)
{
	static const struct {
		const char *list, *peer;
		bool may;
	} cases[] = {
		{ "", "127.0.0.1", true },
		{ "", "127.200.1.1", true },
		{ "", "::1", true },
		{ "", "10.0.0.1", false },
		{ "", "::2", false },
		{ "", "", false },
		{ "", "garbage", false },
		{ "10.0.0.1", "10.0.0.1", true },
		{ "10.0.0.1", "10.0.0.2", false },
		{ "10.0.0.1", "::ffff:10.0.0.1", true },
		{ "10.1.0.0/16", "10.1.255.3", true },
		{ "10.1.0.0/16", "10.2.0.0", false },
		{ "192.168.4.0/23", "192.168.5.77", true },
		{ "192.168.4.0/23", "192.168.6.0", false },
		{ "0.0.0.0/0", "8.8.8.8", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "fd00::/8", "fd12:3456::1", true },
		{ "fd00::/8", "fe80::1", false },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "10.0.0.1, 10.0.0.9", "10.0.0.9", true },
		{ "any", "2001:db8::1", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (allows(cases[i].list, cases[i].peer) != cases[i].may)
			fail_msg("case %zu: \"%s\" for %s", i, cases[i].list, cases[i].peer);
}

static void what_is_no_network(void **state)
{
	static const char *const bad[] = {
		"10.0.0", "10.0.0.1/33", "10.0.0.1/-1", "10.0.0.1/", "::1/129", "host.example", "10.0.0.1/8/8", "all",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc",
	};
	struct fsv_conf *conf;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fsv_err err = FSV_ERR_INIT;
		char text[200];

		snprintf(text, sizeof(text), "metrics.allow: \"%s\"\n", bad[i]);
		assert_int_equal(fsv_conf_load_text(&schema, fsv_str(text), "test.yaml", &conf, &err), FSV_E_CONFIG);
		assert_non_null(strstr(err.text, "metrics.allow"));
		assert_non_null(strstr(err.text, bad[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(who_may_read), cmocka_unit_test(what_is_no_network) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
