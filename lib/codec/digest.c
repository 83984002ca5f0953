/* SPDX-License-Identifier: Apache-2.0 */
#include "digest.h"

#include <openssl/evp.h>

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
