/* SPDX-License-Identifier: Apache-2.0 */
#include "password.h"

#include <crypt.h>
#include <string.h>

#include "base/mem.h"
#include "codec/digest.h"

enum { BCRYPT_BYTES = 72 };

bool fsv_password_is_hash(struct fsv_str t)
{
	if (t.n != FSV_BCRYPT_LEN || memcmp(t.p, "$2", 2) != 0 || !memchr("aby", t.p[2], 3) || t.p[3] != '$' || t.p[6] != '$')
		return false;
	for (size_t i = 7; i < t.n; i++)
		if (!memchr("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", t.p[i], 64))
			return false;
	return t.p[4] >= '0' && t.p[4] <= '3' && t.p[5] >= '0' && t.p[5] <= '9' &&
	       (t.p[4] != '0' || t.p[5] >= '4') && (t.p[4] != '3' || t.p[5] <= '1');
}

/* The library's scratch is 32 KiB and holds the password. */
static bool digest(const char *password, const char *setting, char out[FSV_BCRYPT_LEN + 1])
{
	struct crypt_data *scratch = FSV_NEW(struct crypt_data);
	const char *got = crypt_rn(password, setting, scratch, sizeof(*scratch));
	bool good = got && strlen(got) == FSV_BCRYPT_LEN;

	if (good)
		memcpy(out, got, FSV_BCRYPT_LEN + 1);
	explicit_bzero(scratch, sizeof(*scratch));
	free(scratch);
	return good;
}

bool fsv_password_matches_hash(struct fsv_str password, const char *hash)
{
	char text[FSV_PASSWORD_MAX + 1], got[FSV_BCRYPT_LEN + 1];
	bool same;

	if (password.n > FSV_PASSWORD_MAX || (password.n > 0 && memchr(password.p, '\0', password.n)))
		return false;
	memcpy(text, password.p ? password.p : "", password.n);
	text[password.n] = '\0';
	same = digest(text, hash, got) && fsv_same_secret(fsv_str(got), fsv_str(hash));
	explicit_bzero(text, sizeof(text));
	return same;
}

bool fsv_password_same(struct fsv_str a, struct fsv_str b)
{
	char left[65], right[65];

	/* Digests are equally long: the length of a password does not show. */
	fsv_sha256_hex(a, left);
	fsv_sha256_hex(b, right);
	return fsv_same_secret(fsv_str(left), fsv_str(right));
}

int fsv_password_hash(struct fsv_str password, unsigned cost, char ret_hash[FSV_BCRYPT_LEN + 1], struct fsv_err *err)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE], text[BCRYPT_BYTES + 1];
	bool good;

	if (password.n == 0 || password.n > BCRYPT_BYTES || memchr(password.p, '\0', password.n))
		return fsv_err_set(err, FSV_E_PARAM, "a password has 1 to %d bytes, which is all that bcrypt looks at",
				   BCRYPT_BYTES);
	if (!crypt_gensalt_rn("$2b$", cost, NULL, 0, setting, sizeof(setting)))
		return fsv_err_set(err, FSV_E_SYSTEM, "the system's libcrypt cannot make bcrypt hashes of cost %u", cost);
	memcpy(text, password.p, password.n);
	text[password.n] = '\0';
	good = digest(text, setting, ret_hash);
	explicit_bzero(text, sizeof(text));
	return good ? 0 : fsv_err_set(err, FSV_E_SYSTEM, "the system's libcrypt could not make the hash");
}
