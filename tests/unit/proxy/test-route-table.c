/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../../daemons/proxy/listeners.h"
#include "../../../daemons/proxy/route-table.h"

#define ALLOW_ALL "\"permission\":{\"default_allow\":true}"

static struct fsv_route_table *load(const char *text)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_route_table *table = NULL;

	if (fsv_route_table_parse(fsv_str(text), "t.json", &table, &err) < 0)
		fail_msg("%s", err.text);
	fsv_route_table_seal(table);
	return table;
}

static const struct fsv_endpoint *route(const struct fsv_route_table *table, const char *party, const char *role,
					struct fsv_err *err)
{
	struct fsv_route_query query = {
		.src = { FSV_STR("9999"), FSV_STR("serving") }, .dst = { fsv_str(party), fsv_str(role) },
		.dst_name = FSV_STR("partyName"),
	};
	const struct fsv_endpoints *list;
	const struct fsv_endpoint *endpoint;

	if (fsv_route_find(table, &query, &list, err) < 0 ||
	    fsv_route_pick(list, FSV_ROUTE_RANDOM, FSV_STR_NULL, &endpoint, err) < 0)
		return NULL;
	return endpoint;
}

static void finds_party_and_role_with_their_defaults(void **state)
{
	struct fsv_route_table *table = load(
		"{\"route_table\":{"
		"\"default\":{\"default\":[{\"ip\":\"10.0.0.1\",\"port\":1}],\"serving\":[{\"ip\":\"10.0.0.2\",\"port\":2}]},"
		"\"10000\":{\"serving\":[{\"ip\":\"10.0.0.3\",\"port\":\"3\"}],\"createTime\":1,\"updateTime\":2},"
		"\"7\":{\"default\":[{\"hostname\":\"h\",\"ip\":\"\",\"port\":4}]}}," ALLOW_ALL "}");
	static const struct {
		const char *party, *role, *target, *error;
	} cases[] = {
		{ "10000", "serving", "10.0.0.3:3", NULL },
		{ "unknown", "serving", "10.0.0.2:2", NULL },
		{ "unknown", "other", "10.0.0.1:1", NULL },
		{ "7", "any", "h:4", NULL },
		/* a known party never falls back to the global default */
		{ "10000", "proxy", NULL, "No available endpoint for this service: proxy. Considering adding a default "
		  "endpoint, or check if the list is empty?" },
		{ "10000", "", NULL, "one of dstTopic name, coordinator, role is null. dstTopic: name: \"partyName\"\n"
		  "partyId: \"10000\"\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_err err = FSV_ERR_INIT;
		const struct fsv_endpoint *got = route(table, cases[i].party, cases[i].role, &err);

		if (cases[i].target) {
			assert_non_null(got);
			assert_string_equal(got->target, cases[i].target);
		} else {
			assert_null(got);
			assert_int_equal(err.code, FSV_E_SYSTEM);
			assert_string_equal(err.text, cases[i].error);
		}
	}
	assert_int_equal(table->n_endpoints, 4);
	fsv_ref_put(&table->ref);
}

static void without_default_an_unknown_party_is_named(void **state)
{
	struct fsv_route_table *table = load("{\"route_table\":{\"1\":{\"serving\":[]}}," ALLOW_ALL "}");
	struct fsv_err err = FSV_ERR_INIT;

	(void)state;
	assert_null(route(table, "7777", "serving", &err));
	assert_string_equal(err.text, "No available endpoint for the coordinator: 7777. Considering adding a default endpoint?");
	assert_null(route(table, "1", "serving", &err));
	assert_non_null(strstr(err.text, "No available endpoint for this service: serving."));
	assert_null(route(NULL, "1", "serving", &err));
	assert_int_equal(err.code, FSV_E_PROXY_ROUTER);
	assert_string_equal(err.text, "serving-proxy can not find router info ");
	fsv_ref_put(&table->ref);
}

static void reads_files_as_operators_write_them(void **state)
{
	struct fsv_route_table *table = load(
		"// routes of party 9999\n{\n  route_table: {\n    'default': { default: [ { ip: 127.0.0.1, port: 9999, useSSL: false } ] },\n"
		"    10000: { serving: [ { \"ip\": \"::1\", \"port\": 8869, \"note\": {\"x\":[1]} } ] } // host\n  },\n"
		"  /* all may talk */ permission: { default_allow: true }\n}\n");
	struct fsv_err err = FSV_ERR_INIT;

	(void)state;
	assert_string_equal(route(table, "1", "x", &err)->target, "127.0.0.1:9999");
	assert_string_equal(route(table, "10000", "serving", &err)->target, "[::1]:8869");
	fsv_ref_put(&table->ref);
}

static void a_mistake_is_named_with_its_place(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "", "t.json:1:1: the text ends too early" },
		{ "[]", "t.json:1:1: must be an object with route_table and permission" },
		{ "{}", "t.json:1:1: route_table: is missing" },
		{ "{\"route_table\":{}}", "t.json:1:1: permission: is missing; without it" },
		{ "{\"route_table\":[]}", "t.json:1:16: route_table: must be an object of parties" },
		{ "{\"route_table\":{\"1\":null}}", "t.json:1:21: party 1: must be an object of roles" },
		{ "{\"route_table\":{\"1\":{\"serving\":{}}}}", "t.json:1:32: party 1, role serving: must be a list of endpoints" },
		{ "{\"route_table\":{\"1\":{\"serving\":[null]}}}",
		  "t.json:1:33: party 1, role serving, endpoint 0: must be an object" },
		{ "{\"route_table\":{\n\"1\":{\"serving\":[{\"ip\":\"h\",\"port\":1},\n  {\"ip\":\"h\",\"port\":70000}]}}}",
		  "t.json:3:20: party 1, role serving, endpoint 1: port: must be between 1 and 65535" },
		{ "{\"route_table\":{\"1\":{\"serving\":[{\"ip\":\"h\",\"port\":\"x\"}]}}}", "port: must be a number" },
		{ "{\"route_table\":{\"1\":{\"serving\":[{\"ip\":\"h\",\"port\":1.5}]}}}", "port: must be a number" },
		{ "{\"route_table\":{\"1\":{\"serving\":[{\"ip\":\"h\"}]}}}", "endpoint 0: port: must be given, between 1 and 65535" },
		{ "{\"route_table\":{\"1\":{\"serving\":[{\"port\":1}]}}}", "ip: none of ip, hostname and url is given" },
		{ "{\"route_table\":{\"1\":{\"serving\":[{\"ip\":5,\"port\":1}]}}}", "ip: must be a text" },
		{ "{\"route_table\":{\"1\":{\"serving\":[{\"ip\":null,\"port\":1}]}}}", "ip: must be a text" },
		{ "{\"route_table\":{\"1\":{\"serving\":[{\"ip\":\"a b\",\"port\":1}]}}}", "ip: is no host name or address" },
		{ "{\"route_table\":{\"1\":{\"serving\":[{\"url\":\"ftp://x\"}]}}}", "url: must begin with http:// or https://" },
		{ "{\"route_table\":{\"1\":{\"serving\":[{\"ip\":\"h\",\"port\":1,\"useSSL\":5}]}}}", "useSSL: must be true or false" },
		{ "{\"route_table\":{\"1\":{\"serving\":[{\"ip\":\"h\",\"port\":1}", "the input ends inside an array" },
		{ "{\"route_table\":{},\"permission\":{\"default_allow\":null}}", "permission: default_allow: must be true or false" },
		{ "{\"route_table\":{},\"permission\":{\"allow\":[{\"from\":{}}]}}", "permission allow, rule 0: to is missing" },
		{ "{\"route_table\":{},\"permission\":{\"deny\":{}}}", "permission deny: must be a list of rules" },
		{ "{\"route_table\":{},\"route_table\":{}," ALLOW_ALL "}", "t.json:1:33: route_table: is given twice" },
		{ "{\"route_table\":{}," ALLOW_ALL "} x", "there is more text behind the end of the table" },
		{ "{\"route_table\":{} \"permission\":{}}", "t.json:1:" },
		{ "{'route_table", "t.json: line 1 column 2: a text begins here" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_route_table *table = NULL;
		struct fsv_err err = FSV_ERR_INIT;

		if (fsv_route_table_parse(fsv_str(cases[i].text), "t.json", &table, &err) >= 0)
			fail_msg("loads: %s", cases[i].text);
		assert_null(table);
		if (!strstr(err.text, cases[i].error) || strncmp(err.text, "t.json:", 7) != 0)
			fail_msg("%s\n got: %s\nwant: %s", cases[i].text, err.text, cases[i].error);
	}
}

static void permission_follows_the_reference(void **state)
{
	struct fsv_route_table *table = load(
		"{\"route_table\":{},\"permission\":{\"allow\":["
		"{\"from\":{\"coordinator\":9999,\"role\":\"serving\"},\"to\":{\"coordinator\":\"10000\",\"role\":\"serving\"}},"
		"{\"from\":{\"coordinator\":\"9999\",\"role\":\"*\"},\"to\":{\"coordinator\":\"*\",\"role\":\"*\"}},"
		"{\"from\":{\"coordinator\":\"1\",\"role\":\"*\"},\"to\":{\"coordinator\":\"2\",\"role\":\"*\"}},"
		"{\"from\":{\"coordinator\":\"*\",\"role\":\"*\"},\"to\":{\"coordinator\":\"3\",\"role\":\"serving\"}},"
		"{\"from\":{\"coordinator\":\"*\",\"role\":\"lonely\"},\"to\":{\"coordinator\":\"*\",\"role\":\"*\"}},"
		"{\"from\":{\"coordinator\":\"5\"},\"to\":{\"coordinator\":\"*\",\"role\":\"*\"}}],"
		"\"deny\":[{\"from\":{\"coordinator\":\"1\",\"role\":\"serving\"},\"to\":{\"coordinator\":\"2\",\"role\":\"secret\"}}]}}");
	static const struct {
		const char *from, *from_role, *to, *to_role;
		bool allowed;
	} cases[] = {
		{ "9999", "serving", "10000", "serving", true },
		{ "9999", "serving", "3", "serving", false },	/* the exact group hides the wider ones */
		{ "9999", "proxy", "3", "any", true },
		{ "1", "serving", "2", "serving", true },
		{ "1", "serving", "2", "secret", false },	/* deny wins */
		{ "1", "proxy", "2", "secret", true },
		{ "4", "serving", "3", "serving", true },
		{ "4", "serving", "3", "other", false },
		{ "4", "lonely", "8", "serving", false },	/* (*, role) is never looked up */
		{ "5", "", "8", "serving", true },		/* an omitted role is the empty text … */
		{ "5", "serving", "8", "serving", false },	/* … and not any */
		{ "6", "serving", "9", "serving", false },	/* default_allow absent */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_route_side src = { fsv_str(cases[i].from), fsv_str(cases[i].from_role) };
		struct fsv_route_side dst = { fsv_str(cases[i].to), fsv_str(cases[i].to_role) };

		if (fsv_route_permitted(table, &src, &dst) != cases[i].allowed)
			fail_msg("case %zu", i);
	}
	fsv_ref_put(&table->ref);
}

static void names_longer_than_any_rule_match_only_wildcards(void **state)
{
	struct fsv_route_table *table = load(
		"{\"route_table\":{},\"permission\":{\"allow\":[{\"from\":{\"coordinator\":\"*\",\"role\":\"*\"},"
		"\"to\":{\"coordinator\":\"*\",\"role\":\"*\"}}]}}");
	char name[5000];
	struct fsv_route_side side = { { name, sizeof(name) }, { name, sizeof(name) } };

	(void)state;
	memset(name, 'x', sizeof(name));
	assert_true(fsv_route_permitted(table, &side, &side));
	fsv_ref_put(&table->ref);
}

static void choice_of(enum fsv_route_type type, const char *case_id, unsigned count[3])
{
	struct fsv_route_table *table = load("{\"route_table\":{\"1\":{\"s\":[{\"ip\":\"a\",\"port\":1},{\"ip\":\"b\",\"port\":2},"
					     "{\"ip\":\"c\",\"port\":3}]}}," ALLOW_ALL "}");
	struct fsv_route_query query = { .src = { FSV_STR("1"), FSV_STR("s") }, .dst = { FSV_STR("1"), FSV_STR("s") },
					 .dst_name = FSV_STR("n") };
	const struct fsv_endpoints *list;
	const struct fsv_endpoint *endpoint;
	struct fsv_err err;

	memset(count, 0, 3 * sizeof(*count));
	assert_int_equal(fsv_route_find(table, &query, &list, &err), 0);
	for (unsigned i = 0; i < 300; i++) {
		assert_int_equal(fsv_route_pick(list, type, fsv_str(case_id), &endpoint, &err), 0);
		count[endpoint->port - 1]++;
	}
	fsv_ref_put(&table->ref);
}

static void chooses_by_route_type(void **state)
{
	unsigned n[3], seen = 0;

	(void)state;
	choice_of(FSV_ROUTE_ROUND_ROBIN, "", n);
	assert_int_equal(n[0], 100);
	assert_int_equal(n[1], 100);
	assert_int_equal(n[2], 100);
	choice_of(FSV_ROUTE_RANDOM, "same", n);
	assert_true(n[0] > 40 && n[1] > 40 && n[2] > 40);
	for (unsigned i = 0; i < 30; i++) {
		const char id[] = { (char)('a' + i), 'x', '\0' };

		choice_of(FSV_ROUTE_CONSISTENT, id, n);
		assert_true(n[0] == 300 || n[1] == 300 || n[2] == 300);
		seen |= n[0] ? 1 : n[1] ? 2 : 4;
	}
	assert_int_equal(seen, 7);	/* case ids are spread over all endpoints */
}

static void tls_is_never_left_out_silently(void **state)
{
	static const struct {
		const char *endpoint, *refused;
	} cases[] = {
		{ "\"useSSL\":true", "negotiationType is not TLS" },
		{ "\"useSSL\":true,\"negotiationType\":\"tls\"", "negotiationType is not TLS" },
		{ "\"useSSL\":true,\"negotiationType\":\"TLS\",\"caFile\":\"/ca\"", "are not all given" },
		{ "\"useSSL\":true,\"negotiationType\":\"TLS\",\"caFile\":\"/ca\",\"certChainFile\":\"/c\",\"privateKeyFile\":\" \"",
		  "are not all given" },
		{ "\"useSSL\":true,\"negotiationType\":\"TLS\",\"caFile\":\"/ca\",\"certChainFile\":\"/c\",\"privateKeyFile\":\"/k\"", NULL },
		{ "\"useSSL\":false,\"negotiationType\":\"TLS\"", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_err err = FSV_ERR_INIT;
		char text[512];
		struct fsv_route_table *table;
		const struct fsv_endpoint *got;

		snprintf(text, sizeof(text), "{\"route_table\":{\"1\":{\"s\":[{\"ip\":\"h\",\"port\":1,%s}]}}," ALLOW_ALL "}",
			 cases[i].endpoint);
		table = load(text);
		got = route(table, "1", "s", &err);
		if (cases[i].refused) {
			assert_null(got);
			assert_int_equal(err.code, FSV_E_NET);
			assert_non_null(strstr(err.text, cases[i].refused));
		} else {
			assert_non_null(got);
		}
		fsv_ref_put(&table->ref);
	}
}

static void own_listeners_are_refused_and_others_take_over(void **state)
{
	static const struct fsv_listener listeners[FSV_LISTENERS] = {
		[FSV_LISTEN_HTTP] = { NULL, 8059 }, [FSV_LISTEN_INTER] = { NULL, 8869 },
		[FSV_LISTEN_INTRA] = { "10.9.9.9", 8879 },
	};
	static const struct {
		const char *endpoint;
		bool own;
	} cases[] = {
		{ "\"ip\":\"127.0.0.1\",\"port\":8869", true },
		{ "\"ip\":\"127.0.0.9\",\"port\":8869", true },
		{ "\"ip\":\"localhost\",\"port\":8869", true },
		{ "\"ip\":\"::1\",\"port\":8869", true },
		{ "\"ip\":\"0:0:0:0:0:0:0:1\",\"port\":8869", true },
		{ "\"ip\":\"0.0.0.0\",\"port\":8869", true },
		{ "\"ip\":\"127.0.0.1\",\"port\":8870", false },
		{ "\"ip\":\"198.51.100.7\",\"port\":8869", false },
		{ "\"ip\":\"127.0.0.1\",\"port\":8879", false },	/* bound to one other address */
		{ "\"ip\":\"10.9.9.9\",\"port\":8879", true },
		{ "\"url\":\"http://127.0.0.1:8059/unary\"", true },
		{ "\"url\":\"http://localhost:8059\"", true },
		{ "\"url\":\"http://[::1]:8059/unary\"", true },
		{ "\"url\":\"https://127.0.0.1/unary\"", false },
		{ "\"url\":\"http://x@/unary\"", false },
		{ "\"url\":\"http://[::1/unary\"", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_route_table *table = NULL;
		char text[512];

		snprintf(text, sizeof(text), "{\"route_table\":{\"1\":{\"s\":[{%s}],\"t\":[{%s},{\"ip\":\"h\",\"port\":5}]}}," ALLOW_ALL "}",
			 cases[i].endpoint, cases[i].endpoint);
		assert_int_equal(fsv_route_table_parse(fsv_str(text), "t", &table, &err), 0);
		fsv_listeners_refuse_own(listeners, table);
		fsv_route_table_seal(table);
		if ((route(table, "1", "s", &err) == NULL) != cases[i].own)
			fail_msg("%s", cases[i].endpoint);
		if (cases[i].own) {
			assert_int_equal(err.code, FSV_E_PROXY_ROUTER);
			for (unsigned k = 0; k < 20; k++)
				assert_string_equal(route(table, "1", "t", &err)->target, "h:5");
		}
		fsv_ref_put(&table->ref);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_party_and_role_with_their_defaults),
		cmocka_unit_test(without_default_an_unknown_party_is_named),
		cmocka_unit_test(reads_files_as_operators_write_them),
		cmocka_unit_test(a_mistake_is_named_with_its_place),
		cmocka_unit_test(permission_follows_the_reference),
		cmocka_unit_test(names_longer_than_any_rule_match_only_wildcards),
		cmocka_unit_test(chooses_by_route_type),
		cmocka_unit_test(tls_is_never_left_out_silently),
		cmocka_unit_test(own_listeners_are_refused_and_others_take_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
