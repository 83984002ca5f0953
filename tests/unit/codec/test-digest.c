/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_digests_come_out),
		cmocka_unit_test(a_million_bytes_are_digested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
