/* SPDX-License-Identifier: Apache-2.0 */
/* Digests through libcrypto. */
#ifndef FSV_CODEC_DIGEST_H
#define FSV_CODEC_DIGEST_H

#include "base/str.h"

/* Lower-case hex, NUL-terminated. */
void fsv_md5_hex(struct fsv_str bytes, char out[33]);
void fsv_sha256_hex(struct fsv_str bytes, char out[65]);

#endif
