/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../../daemons/admin/accounts.h"
#include "../../../daemons/admin/password.h"

#define HASH	"$2b$04$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZabcde"

static void hashes_are_told_apart(void **state)
{
	static const char *const bad[] = {
		"", "x", "$2b$04$short", "$2x$04$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZabcde",
		"$2b$03$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZabcde",
		"$2b$32$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZabcde",
		"$2b$04$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZabc:e",
		"$1$abcdefgh$abcdefghijklmnopqrstuv", HASH "x",
	};

	(void)state;
	assert_true(fsv_password_is_hash(fsv_str(HASH)));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (fsv_password_is_hash(fsv_str(bad[i])))
			fail_msg("%s counts as a hash", bad[i]);
}

static void what_is_made_matches(void **state)
{
	char hash[FSV_BCRYPT_LEN + 1], again[FSV_BCRYPT_LEN + 1];
	struct fsv_err err;
	char long_one[80];

	(void)state;
	assert_int_equal(fsv_password_hash(FSV_STR("grüße"), 4, hash, &err), 0);
	assert_true(fsv_password_is_hash(fsv_str(hash)));
	assert_true(fsv_password_matches_hash(FSV_STR("grüße"), hash));
	assert_false(fsv_password_matches_hash(FSV_STR("grüß"), hash));
	assert_false(fsv_password_matches_hash(FSV_STR("grüße\0x"), hash));
	assert_false(fsv_password_matches_hash(FSV_STR_NULL, hash));
	assert_int_equal(fsv_password_hash(FSV_STR("grüße"), 4, again, &err), 0);
	assert_string_not_equal(hash, again);
	memset(long_one, 'x', sizeof(long_one));
	assert_int_equal(fsv_password_hash(fsv_str_n(long_one, 73), 4, hash, &err), FSV_E_PARAM);
	assert_int_equal(fsv_password_hash(FSV_STR_NULL, 4, hash, &err), FSV_E_PARAM);
}

static void letters_of_others_are_read(void **state)
{
	(void)state;
	/* Of crypt_blowfish's own vectors, and $2y$ as Java's framework writes it. */
	assert_true(fsv_password_matches_hash(FSV_STR("U*U"), "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
	assert_true(fsv_password_matches_hash(FSV_STR("U*U"), "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
	assert_false(fsv_password_matches_hash(FSV_STR("U*V"), "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
}

static void comparison(void **state)
{
	(void)state;
	assert_true(fsv_password_same(FSV_STR("a"), FSV_STR("a")));
	assert_true(fsv_password_same(FSV_STR(""), FSV_STR_NULL));
	assert_false(fsv_password_same(FSV_STR("a"), FSV_STR("b")));
	assert_false(fsv_password_same(FSV_STR("a"), FSV_STR("a\0")));
}

static void users_file(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "ann", "u:1: an account is name:role:hash" },
		{ "\n# note\nann:operator", "u:3: an account is name:role:hash" },
		{ "ann:root:" HASH, "u:1: the role is viewer or operator" },
		{ "ann:viewer:secret", "u:1: what stands behind the role is no bcrypt hash" },
		{ "a n:viewer:" HASH, "u:1: a name has" },
		{ ":viewer:" HASH, "u:1: a name has" },
		{ "ann:viewer:" HASH "\nann:operator:" HASH, "u:2: there is an account \"ann\" already" },
	};
	struct fsv_accounts *accounts = fsv_accounts_new();
	const struct fsv_account *account;
	struct fsv_err err = FSV_ERR_INIT;

	(void)state;
	assert_false(fsv_accounts_any(accounts));
	assert_int_equal(fsv_accounts_parse(accounts, FSV_STR("# who\n\n ann:operator:" HASH "\r\nbob:viewer:" HASH), "u", &err), 0);
	assert_true(fsv_accounts_any(accounts));
	account = fsv_map_get(&accounts->by_name, FSV_STR("bob"));
	assert_int_equal(account->role, FSV_ROLE_VIEWER);
	account = fsv_map_get(&accounts->by_name, FSV_STR("ann"));
	assert_int_equal(account->role, FSV_ROLE_OPERATOR);
	/* Names that are none cost the check of a hash, which must be one that libcrypt takes. */
	assert_true(fsv_password_is_hash(fsv_str(accounts->dummy)));
	assert_null(fsv_accounts_check(accounts, FSV_STR("carl"), FSV_STR("x"), true));
	fsv_ref_put(&accounts->ref);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		accounts = fsv_accounts_new();
		assert_true(fsv_accounts_parse(accounts, fsv_str(bad[i].text), "u", &err) < 0);
		if (strncmp(err.text, bad[i].why, strlen(bad[i].why)) != 0)
			fail_msg("got  %s\nwant %s", err.text, bad[i].why);
		assert_null(strstr(err.text, "secret"));
		fsv_ref_put(&accounts->ref);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_are_told_apart), cmocka_unit_test(what_is_made_matches),
		cmocka_unit_test(letters_of_others_are_read), cmocka_unit_test(comparison), cmocka_unit_test(users_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
