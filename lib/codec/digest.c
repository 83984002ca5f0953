/* SPDX-License-Identifier: Apache-2.0 */
#include "digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/err.h"

static void digest_hex(const EVP_MD *kind, struct fsv_str bytes, char *out)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	/* Only a library without this digest can refuse; then nothing that depends on it may go on. */
	FSV_BUG_ON(EVP_Digest(bytes.p ? bytes.p : "", bytes.n, sum, &n, kind, NULL) != 1);
	for (unsigned i = 0; i < n; i++) {
		*out++ = "0123456789abcdef"[sum[i] >> 4];
		*out++ = "0123456789abcdef"[sum[i] & 15];
	}
	*out = '\0';
}

void fsv_md5_hex(struct fsv_str bytes, char out[33])
{
	digest_hex(EVP_md5(), bytes, out);
}

void fsv_sha256_hex(struct fsv_str bytes, char out[65])
{
	digest_hex(EVP_sha256(), bytes, out);
}

void fsv_hmac_sha1(struct fsv_str key, struct fsv_str bytes, unsigned char out[FSV_HMAC_SHA1_SIZE])
{
	unsigned n = FSV_HMAC_SHA1_SIZE;

	FSV_BUG_ON(!HMAC(EVP_sha1(), key.p ? key.p : "", (int)key.n, (const unsigned char *)(bytes.p ? bytes.p : ""),
			 bytes.n, out, &n));
}

bool fsv_same_secret(struct fsv_str a, struct fsv_str b)
{
	return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}
