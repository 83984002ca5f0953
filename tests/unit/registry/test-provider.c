/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "registry/provider.h"

static const char *format(const struct fsv_provider_url *url)
{
	static char text[8192];
	struct fsv_buf out;

	fsv_buf_init(&out, NULL, 0);
	fsv_provider_format(url, &out);
	snprintf(text, sizeof(text), "%s", fsv_buf_cstr(&out));
	fsv_buf_done(&out);
	return text;
}

static const char *parts(const char *text)
{
	static char out[8192];
	struct fsv_provider_url u;

	if (!fsv_provider_parse(fsv_str(text), &u))
		return "refused";
	snprintf(out, sizeof(out), "%.*s|%.*s|%u|%.*s|%.*s|%.*s", FSV_STR_ARG(u.protocol), FSV_STR_ARG(u.host), u.port,
		 FSV_STR_ARG(u.project), FSV_STR_ARG(u.environment), FSV_STR_ARG(u.service));
	return out;
}

static void urls_fall_into_their_parts(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "grpc://192.0.2.2:8879/proxy/online/unaryCall?router_mode=ALL_ALLOWED&timestamp=1&version=216",
		  "grpc|192.0.2.2|8879|proxy|online|unaryCall" },
		{ "http://192.0.2.2:8059/federation/v1/inference", "http|192.0.2.2|8059|federation|v1|inference" },
		{ "serving/online/publishLoad", "||0|serving|online|publishLoad" },
		{ "http://127.0.0.1:9380/v1/model/transfer/guest~9999#model/2021", "http|127.0.0.1|9380|v1/model/transfer|guest~9999#model|2021" },
		{ "grpc://[2001:db8::1]:8000/serving/s1/inference", "grpc|[2001:db8::1]|8000|serving|s1|inference" },
		{ "grpc://h:1/serving/s1/inference?interface=other", "grpc|h|1|serving|s1|other" },
		{ "grpc://h:1/serving/\xe6\xa8\xa1 ~*+1/inference", "grpc|h|1|serving|\xe6\xa8\xa1 ~*+1|inference" },
		{ "grpc:/h:1/a/b/c", "grpc|h|1|a|b|c" }, { "grpc://h:1/c", "grpc|h|1|||c" },
		{ "empty:///serving/s1/inference?category=providers", "empty||0|serving|s1|inference" },
		{ "", "refused" }, { "grpc://h:1/a/b/", "refused" }, { "grpc://h:x/a/b/c", "refused" }, { "grpc://h:70000/a/b/c", "refused" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(parts(cases[i].text), cases[i].want);
}

static void parameters_come_out_in_order(void **state)
{
	struct fsv_provider_url u;

	(void)state;
	assert_true(fsv_provider_parse(FSV_STR("grpc://h:1/a/b/c? version = 216 &bare&router_mode=ALL_ALLOWED&default.weight=7&"), &u));
	assert_string_equal(format(&u), "grpc://h:1/a/b/c?bare=bare&default.weight=7&router_mode=ALL_ALLOWED&version=216");
	assert_true(fsv_str_is(fsv_provider_param(&u, "weight"), "7"));
	assert_int_equal(fsv_provider_param(&u, "timestamp").n, 0);
	assert_true(fsv_provider_set(&u, "version", FSV_STR("3")));
	assert_true(fsv_provider_set(&u, "weight", FSV_STR("50")));
	assert_true(fsv_str_is(fsv_provider_param(&u, "weight"), "50"));
	assert_string_equal(format(&u), "grpc://h:1/a/b/c?bare=bare&default.weight=7&router_mode=ALL_ALLOWED&version=3&weight=50");
}

static void consumers_take_what_is_meant_for_them(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} cases[] = {
		{ "grpc://h:1/a/b/c", true }, { "grpc://h:1/x/y/c?category=providers&enabled=true", true }, { "grpc://h:1/a/b/*", true },
		{ "grpc://h:1/a/b/d", false }, { "grpc://h:1/a/b/c?enabled=false", false }, { "grpc://h:1/a/b/c?group=g", false },
		{ "grpc://h:1/a/b/c?category=routers", false }, { "grpc://h/a/b/c", false }, { "a/b/c", false },
		{ "empty:///a/b/c", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_provider_url u;

		assert_true(fsv_provider_parse(fsv_str(cases[i].text), &u));
		if (fsv_provider_matches(&u, FSV_STR("c")) != cases[i].want)
			fail_msg("%s", cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_fall_into_their_parts),
		cmocka_unit_test(parameters_come_out_in_order),
		cmocka_unit_test(consumers_take_what_is_meant_for_them),
	};

	return cmocka_run_group_tests_name("registry/provider", tests, NULL, NULL);
}
