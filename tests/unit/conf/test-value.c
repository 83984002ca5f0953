/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "schema.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static int load(const char *text, struct fsv_conf **ret_conf, struct fsv_err *err)
{
	return fsv_conf_load_text(&test_schema, fsv_str(text), "f", ret_conf, err);
}

static void numbers_are_taken_or_refused(void **state)
{
	static const struct {
		unsigned key;
		const char *text;
		int64_t want;		/* value, or a code */
		const char *why;	/* NULL = taken */
	} cases[] = {
		{ K_PORT, "0", 0, NULL },
		{ K_PORT, "65535", 65535, NULL },
		{ K_PORT, "'8000'", 8000, NULL },
		{ K_PORT, "65536", FSV_E_RANGE, "must be a port from 0 to 65535, not \"65536\"" },
		{ K_PORT, "-1", FSV_E_RANGE, "must be a port from 0 to 65535, not \"-1\"" },
		{ K_PORT, "'8000 '", FSV_E_TYPE, "must be a whole decimal number, not \"8000 \"" },
		{ K_PORT, "80x", FSV_E_TYPE, "must be a whole decimal number, not \"80x\"" },
		{ K_PORT, "0x50", FSV_E_TYPE, "must be a whole decimal number, not \"0x50\"" },
		{ K_PORT, "+5", FSV_E_TYPE, "must be a whole decimal number, not \"+5\"" },
		{ K_PORT, "'-'", FSV_E_TYPE, "must be a whole decimal number, not \"-\"" },
		{ K_PORT, "''", FSV_E_TYPE, "must be a whole decimal number, not \"\"" },
		{ K_PORT, "8_000", FSV_E_TYPE, "must be a whole decimal number, not \"8_000\"" },
		{ K_PORT, "1.0", FSV_E_TYPE, "must be a whole decimal number, not \"1.0\"" },
		{ K_SERVER_PORT, "1024", 1024, NULL },
		{ K_SERVER_PORT, "80", FSV_E_RANGE, "must be from 1024 to 65535, not \"80\"" },
		{ K_COUNT, "-1", -1, NULL },
		{ K_COUNT, "-2", FSV_E_RANGE, "must be from -1 to 5000, not \"-2\"" },
		{ K_COUNT, "5000", 5000, NULL },
		{ K_COUNT, "5001", FSV_E_RANGE, "must be from -1 to 5000, not \"5001\"" },
		{ K_COUNT, "9223372036854775808", FSV_E_RANGE,
		  "must be a number that fits 64 bits, not \"9223372036854775808\"" },
		{ K_TIMEOUT, "250", 250, NULL },
		{ K_TIMEOUT, "250ms", 250, NULL },
		{ K_TIMEOUT, "3s", 3000, NULL },
		{ K_TIMEOUT, "5min", 300000, NULL },
		{ K_TIMEOUT, "10min", 600000, NULL },
		{ K_TIMEOUT, "1h", FSV_E_RANGE, "must be from 1ms to 10min, not \"1h\"" },
		{ K_TIMEOUT, "0", FSV_E_RANGE, "must be from 1ms to 10min, not \"0\"" },
		{ K_TIMEOUT, "-5", FSV_E_TYPE, "must be a duration like 250ms, 3s, 5min or 2h, not \"-5\"" },
		{ K_TIMEOUT, "3 s", FSV_E_TYPE, "must be a duration like 250ms, 3s, 5min or 2h, not \"3 s\"" },
		{ K_TIMEOUT, "3S", FSV_E_TYPE, "must be a duration like 250ms, 3s, 5min or 2h, not \"3S\"" },
		{ K_TIMEOUT, "1.5s", FSV_E_TYPE, "must be a duration like 250ms, 3s, 5min or 2h, not \"1.5s\"" },
		{ K_TIMEOUT, "s", FSV_E_TYPE, "must be a duration like 250ms, 3s, 5min or 2h, not \"s\"" },
		{ K_EXPIRE, "5", 5000, NULL },
		{ K_EXPIRE, "5ms", 5, NULL },
		{ K_EXPIRE, "2h", 7200000, NULL },
		{ K_EXPIRE, "9223372036854775807", FSV_E_RANGE,
		  "must be a smaller number, not \"9223372036854775807\"" },
		{ K_EXPIRE, "99999999999999999999ms", FSV_E_RANGE,
		  "must be a smaller number, not \"99999999999999999999ms\"" },
		{ K_SIZE, "4096", 4096, NULL },
		{ K_SIZE, "64K", 65536, NULL },
		{ K_SIZE, "1G", 1 << 30, NULL },
		{ K_SIZE, "2G", FSV_E_RANGE, "must be at most 1G, not \"2G\"" },
		{ K_SIZE, "64k", FSV_E_TYPE, "must be a size like 4096, 64K, 16M or 1G, not \"64k\"" },
		{ K_SIZE, "64KB", FSV_E_TYPE, "must be a size like 4096, 64K, 16M or 1G, not \"64KB\"" },
		{ K_SIZE, "9999999999999G", FSV_E_RANGE, "must be a smaller number, not \"9999999999999G\"" },
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_conf *conf = NULL;
		char text[200], want[300];
		int rc;

		snprintf(text, sizeof(text), "%s: %s\n", test_keys[cases[i].key].name, cases[i].text);
		rc = load(text, &conf, &err);
		snprintf(want, sizeof(want), "f:1:%zu: %s: %s", strlen(test_keys[cases[i].key].name) + 3,
			 test_keys[cases[i].key].name, cases[i].why ? cases[i].why : "");
		if (cases[i].why && (rc != cases[i].want || strcmp(err.text, want) != 0))
			fail_msg("%s: got %d %s\nwant %s", text, rc, err.text, want);
		if (!cases[i].why && (rc != 0 || fsv_conf_int(conf, cases[i].key) != cases[i].want))
			fail_msg("%s: %d %s", text, rc, err.text);
		fsv_conf_unref(conf);
	}
}

static void other_types_are_taken_or_refused(void **state)
{
	static const struct {
		const char *text;
		const char *why;	/* NULL = taken */
	} cases[] = {
		{ "acl.enable: true", NULL }, { "acl.enable: No", NULL }, { "acl.enable: OFF", NULL },
		{ "acl.enable: 1", "must be true or false (yes, no, on and off do, too), not \"1\"" },
		{ "acl.enable: ''", "must be true or false (yes, no, on and off do, too), not \"\"" },
		{ "sample.ratio: 0", NULL }, { "sample.ratio: -1.25E+2", NULL }, { "sample.ratio: 0.1e-5", NULL },
		{ "sample.ratio: 1e999", "must be a smaller number, not \"1e999\"" },
		{ "sample.ratio: .5", "must be a decimal number like 0.5, not \".5\"" },
		{ "sample.ratio: 5.", "must be a decimal number like 0.5, not \"5.\"" },
		{ "sample.ratio: 1e", "must be a decimal number like 0.5, not \"1e\"" },
		{ "sample.ratio: 01", "must be a decimal number like 0.5, not \"01\"" },
		{ "sample.ratio: NaN", "must be a decimal number like 0.5, not \"NaN\"" },
		{ "sample.ratio: 0x1p3", "must be a decimal number like 0.5, not \"0x1p3\"" },
		{ "sample.ratio: '-'", "must be a decimal number like 0.5, not \"-\"" },
		{ "sample.ratio: ''", "must be a decimal number like 0.5, not \"\"" },
		{ "routeType: round_robin", NULL },
		{ "routeType: Random", "must be one of random|round_robin|consistent, not \"Random\"" },
		{ "routeType: 'random|round_robin'",
		  "must be one of random|round_robin|consistent, not \"random|round_robin\"" },
		{ "routeType: ''", "must be one of random|round_robin|consistent, not \"\"" },
		{ "model.cache.path: ''", "must be the path of a file or folder, not \"\"" },
		{ "proxy: host-1.example_x:80", NULL }, { "proxy: '[fe80::1%eth0]:1'", NULL }, { "proxy: h:0", NULL },
		{ "proxy: ''", "must be host:port or [v6]:port; the port is missing" },
		{ "proxy: host", "must be host:port or [v6]:port; the port is missing" },
		{ "proxy: ':80'", "must be host:port, or [address]:port with brackets around an IPv6 address" },
		{ "proxy: '::1:80'", "must be host:port, or [address]:port with brackets around an IPv6 address" },
		{ "proxy: '[::1'", "must be host:port, or [address]:port with brackets around an IPv6 address" },
		{ "proxy: '[x]:1'", "must be host:port, or [address]:port with brackets around an IPv6 address" },
		{ "proxy: '[]:1'", "must be host:port, or [address]:port with brackets around an IPv6 address" },
		{ "proxy: '[::1%]:1'", "must be host:port, or [address]:port with brackets around an IPv6 address" },
		{ "proxy: u:pw@h:1", "must be host:port, or [address]:port with brackets around an IPv6 address" },
		{ "proxy: http://h:1", "must be host:port, or [address]:port with brackets around an IPv6 address" },
		{ "proxy: 'h:'", "must be host:port with a port from 0 to 65535" },
		{ "proxy: h:+1", "must be host:port with a port from 0 to 65535" },
		{ "proxy: h:65536", "must be host:port with a port from 0 to 65535" },
		{ "proxy: h:1x", "must be host:port with a port from 0 to 65535" },
		{ "redis.cluster.nodes: ''", NULL }, { "redis.cluster.nodes: []", NULL },
		{ "redis.cluster.nodes: ' a:1 , b:2 '", NULL },
		{ "redis.cluster.nodes: 'a:1,'", "must be a list without empty items; item 2 is empty" },
		{ "service.name: \"a\\nb\"", NULL }, { "service.name: ''", NULL },
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_conf *conf = NULL;
		size_t key = fsv_str_find(fsv_str(cases[i].text), ':', 0);
		int rc = load(cases[i].text, &conf, &err);
		char want[300];

		snprintf(want, sizeof(want), "f:1:%zu: %.*s: %s", key + 3, (int)key, cases[i].text,
			 cases[i].why ? cases[i].why : "");
		if (cases[i].why ? rc >= 0 || strcmp(err.text, want) != 0 : rc != 0)
			fail_msg("%s: got %d %s\nwant %s", cases[i].text, rc, err.text, want);
		fsv_conf_unref(conf);
	}
}

/* Secrets of any type, a list too. */
static void secrets_stay_out_of_messages(void **state)
{
	static const struct fsv_conf_key keys[] = {
		{ "n", FSV_CONF_INT, FSV_CONF_SECRET, NULL, NULL, 1, 2, NULL, "N.", NULL },
		{ "e", FSV_CONF_ENUM, FSV_CONF_SECRET, NULL, NULL, 0, 0, "a|b", "E.", NULL },
		{ "l", FSV_CONF_DURATION, FSV_CONF_SECRET | FSV_CONF_LIST, "ms", NULL, 0, 0, NULL, "L.", NULL },
	};
	static const struct fsv_conf_schema schema = { .daemon = "d", .file = "/f", .keys = keys, .n_keys = N(keys) };
	static const char *const texts[] = {
		"n: hunter2", "n: 777", "n: [hunter2]", "n: {hunter2: hunter2}", "e: hunter2", "l: hunter2",
		"l: [1, hunter2]", "l: {hunter2: 1}", "l: [{hunter2: 1}]", "l: 1,hunter2,",
	};

	(void)state;
	for (size_t i = 0; i < N(texts); i++) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_conf *conf = NULL;

		if (fsv_conf_load_text(&schema, fsv_str(texts[i]), "f", &conf, &err) >= 0 || strstr(err.text, "hunter2") ||
		    strstr(err.text, "777"))
			fail_msg("%s: %s", texts[i], err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_taken_or_refused),
		cmocka_unit_test(other_types_are_taken_or_refused),
		cmocka_unit_test(secrets_stay_out_of_messages),
	};

	return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
