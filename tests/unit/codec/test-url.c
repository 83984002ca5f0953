/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "codec/url.h"

static struct fsv_arena arena;

static int open_arena(void **state)
{
	(void)state;
	fsv_arena_init(&arena, 0);
	return 0;
}

static int drop_arena(void **state)
{
	(void)state;
	fsv_arena_done(&arena);
	return 0;
}

/* As java.net.URLEncoder writes them. */
static void texts_are_encoded_as_in_java(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" }, { "azAZ09.-*_", "azAZ09.-*_" }, { "a b", "a+b" }, { "+", "%2B" }, { "~", "%7E" }, { "%", "%25" },
		{ "a/b?c=d&e#f", "a%2Fb%3Fc%3Dd%26e%23f" }, { "\xe6\xa8\xa1", "%E6%A8%A1" }, { "\n\x7f", "%0A%7F" },
		{ "grpc://1.2.3.4:8000/9999/lr?weight=1", "grpc%3A%2F%2F1.2.3.4%3A8000%2F9999%2Flr%3Fweight%3D1" },
		{ "\xf0\x9f\x98\x80", "%F0%9F%98%80" }, { "(!)'\"", "%28%21%29%27%22" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_str back;
		struct fsv_buf out;

		fsv_buf_init(&out, &arena, 0);
		fsv_url_encode(&out, fsv_str(cases[i].text));
		assert_string_equal(fsv_buf_cstr(&out), cases[i].want);
		assert_true(fsv_url_decode(fsv_buf_str(&out), true, &arena, &back));
		assert_true(fsv_str_is(back, cases[i].text));
	}
}

static void decoding_undoes_escapes(void **state)
{
	static const struct {
		struct fsv_str text, plain, form;
	} cases[] = {
		{ FSV_STR("a+b"), FSV_STR("a+b"), FSV_STR("a b") }, { FSV_STR("%2b%2B"), FSV_STR("++"), FSV_STR("++") },
		{ FSV_STR("%e6%A8%a1"), FSV_STR("\xe6\xa8\xa1"), FSV_STR("\xe6\xa8\xa1") },
		{ FSV_STR("%00"), FSV_STR("\0"), FSV_STR("\0") }, { FSV_STR("%2525"), FSV_STR("%25"), FSV_STR("%25") },
		{ FSV_STR("\xe6\xa8\xa1"), FSV_STR("\xe6\xa8\xa1"), FSV_STR("\xe6\xa8\xa1") },
	};
	struct fsv_str got;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(fsv_url_decode(cases[i].text, false, &arena, &got));
		assert_true(fsv_str_eq(got, cases[i].plain));
		assert_true(fsv_url_decode(cases[i].text, true, &arena, &got));
		assert_true(fsv_str_eq(got, cases[i].form));
	}
	assert_true(fsv_url_decode(FSV_STR_NULL, true, &arena, &got));
	assert_int_equal(got.n, 0);
}

static void broken_escapes_and_bad_utf8_are_refused(void **state)
{
	static const char *const bad[] = {
		"%", "%2", "a%", "a%4", "%zz", "%4g", "%g4", "%%41", "% 41", "%ff", "%c0%80", "%ed%a0%80", "%e6%a8", "\xff", "%f5%80%80%80",
	};
	struct fsv_str got = FSV_STR("untouched");

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (fsv_url_decode(fsv_str(bad[i]), true, &arena, &got))
			fail_msg("accepted: %s", bad[i]);
		assert_true(fsv_str_is(got, "untouched"));
	}
	/* Digits behind the end are not part of the text. */
	assert_false(fsv_url_decode(fsv_str_n("a%41", 3), true, &arena, &got));
	assert_false(fsv_url_decode(fsv_str_n("a%41", 2), true, &arena, &got));
}

static void addresses_are_taken_out_of_urls(void **state)
{
	static const struct {
		const char *url, *host;
		uint16_t port;
	} cases[] = {
		{ "http://a", "a", 80 }, { "https://a", "a", 443 }, { "http://a:8059/unary", "a", 8059 }, { "https://a:1", "a", 1 },
		{ "http://10.0.0.1:65535?x", "10.0.0.1", 65535 }, { "http://a#b:1", "a", 80 }, { "http://a/b:1@c", "a", 80 },
		{ "http://[::1]:7/", "::1", 7 }, { "https://[fe80::1]", "fe80::1", 443 }, { "http://u:p@h:7/", "h", 7 },
		{ "http://@h", "h", 80 }, { "http://h:/x", "h", 80 }, { "http://u@[::1]", "::1", 80 },
	};
	static const char *const none[] = {
		"", "a", "a:80", "grpc://a:80", "http:/a", "HTTP://a", "http://", "https:///x", "http://:80", "http://?a", "http://u@", "http://a:0",
		"http://a:65536", "http://a:x", "http://a:1x", "http://a:-1", "http://a: 1", "http://[::1", "http://[::1]x", "http://[]:1",
		"http://a:99999999999999999999", "http://::1",
	};
	char host[FSV_URL_HOST_MAX], url[FSV_URL_HOST_MAX + 16] = "http://";
	uint16_t port;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!fsv_url_address(cases[i].url, host, &port))
			fail_msg("%s: none", cases[i].url);
		assert_string_equal(host, cases[i].host);
		assert_int_equal(port, cases[i].port);
	}
	strcpy(host, "as it was");
	port = 5;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (fsv_url_address(none[i], host, &port))
			fail_msg("%s: %s, %u", none[i], host, port);
	/* One more is too long. */
	memset(url + 7, 'h', FSV_URL_HOST_MAX);
	assert_false(fsv_url_address(url, host, &port));
	assert_string_equal(host, "as it was");
	assert_int_equal(port, 5);
	url[7 + FSV_URL_HOST_MAX - 1] = '\0';
	assert_true(fsv_url_address(url, host, &port));
	assert_int_equal(strlen(host), FSV_URL_HOST_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_encoded_as_in_java),
		cmocka_unit_test(decoding_undoes_escapes),
		cmocka_unit_test(broken_escapes_and_bad_utf8_are_refused),
		cmocka_unit_test(addresses_are_taken_out_of_urls),
	};

	return cmocka_run_group_tests(tests, open_arena, drop_arena);
}
