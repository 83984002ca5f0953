/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/mem.h"
#include "codec/digest.h"

/* RFC 1321 §A.5 and FIPS 180-2 §B. */
static void known_digests_come_out(void **state)
{
	static const struct {
		const char *text, *md5, *sha256;
	} cases[] = {
		{ "", "d41d8cd98f00b204e9800998ecf8427e", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "900150983cd24fb0d6963f7d28e17f72", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "message digest", "f96b697d7cb7938d525a2f31aaf161d0",
		  "f7846f55cf23e14eebeab5b4e1550cad5b509e3348fbc4efa3a1413d393cb650" },
	};
	char md5[33], sha256[65];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fsv_md5_hex(fsv_str(cases[i].text), md5);
		assert_string_equal(md5, cases[i].md5);
		fsv_sha256_hex(fsv_str(cases[i].text), sha256);
		assert_string_equal(sha256, cases[i].sha256);
	}
	fsv_md5_hex(FSV_STR_NULL, md5);
	assert_string_equal(md5, cases[0].md5);
}

static void a_million_bytes_are_digested(void **state)
{
	enum { N = 1000000 };
	FSV_AUTO_MEM char *text = fsv_malloc(N);
	char sha256[65];

	(void)state;
	memset(text, 'a', N);
	fsv_sha256_hex(fsv_str_n(text, N), sha256);
	assert_string_equal(sha256, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* RFC 2202 §3, cases 1, 2 and 6. */
static void known_codes_come_out(void **state)
{
	char long_key[80];
	struct {
		struct fsv_str key, text;
		const char *hex;
	} cases[] = {
		{ FSV_STR("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"), FSV_STR("Hi There"),
		  "b617318655057264e28bc0b6fb378c8ef146be00" },
		{ FSV_STR("Jefe"), FSV_STR("what do ya want for nothing?"), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
		{ fsv_str_n(long_key, sizeof(long_key)), FSV_STR("Test Using Larger Than Block-Size Key - Hash Key First"),
		  "aa4ae5e15272d00e95705637ce8a3b55ed402112" },
	};

	(void)state;
	memset(long_key, 0xaa, sizeof(long_key));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned char code[FSV_HMAC_SHA1_SIZE];
		char hex[2 * FSV_HMAC_SHA1_SIZE + 1];

		fsv_hmac_sha1(cases[i].key, cases[i].text, code);
		for (unsigned k = 0; k < FSV_HMAC_SHA1_SIZE; k++)
			snprintf(hex + 2 * k, 3, "%02x", code[k]);
		assert_string_equal(hex, cases[i].hex);
	}
	assert_true(fsv_same_secret(FSV_STR("ab"), FSV_STR("ab")));
	assert_false(fsv_same_secret(FSV_STR("ab"), FSV_STR("ac")));
	assert_false(fsv_same_secret(FSV_STR("ab"), FSV_STR("abc")));
	assert_true(fsv_same_secret(FSV_STR_NULL, FSV_STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_digests_come_out),
		cmocka_unit_test(a_million_bytes_are_digested),
		cmocka_unit_test(known_codes_come_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
