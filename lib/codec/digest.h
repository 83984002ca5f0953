/* SPDX-License-Identifier: Apache-2.0 */
/* Digests through libcrypto. */
#ifndef FSV_CODEC_DIGEST_H
#define FSV_CODEC_DIGEST_H

#include <stdbool.h>

#include "base/str.h"

/* Lower-case hex, NUL-terminated. */
void fsv_md5_hex(struct fsv_str bytes, char out[33]);
void fsv_sha256_hex(struct fsv_str bytes, char out[65]);

enum { FSV_HMAC_SHA1_SIZE = 20 };
void fsv_hmac_sha1(struct fsv_str key, struct fsv_str bytes, unsigned char out[FSV_HMAC_SHA1_SIZE]);
/* Takes the same time wherever they begin to differ. */
bool fsv_same_secret(struct fsv_str a, struct fsv_str b);

#endif
