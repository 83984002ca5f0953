/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 4648. */
#ifndef FSV_CODEC_BASE64_H
#define FSV_CODEC_BASE64_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* Appends standard alphabet with padding. */
void fsv_base64_encode(struct fsv_buf *out, struct fsv_str bytes);

enum fsv_base64_rule {
	FSV_BASE64_STRICT,	/* standard alphabet, padding required */
	FSV_BASE64_LENIENT,	/* standard or URL-safe, padding optional (proto3 JSON input) */
};

/* Decodes into the arena. FSV_E_SYNTAX with the position of the first bad character, from 1. No line
 * breaks. Bits left over behind the last byte are ignored, as Java does. */
int fsv_base64_decode(struct fsv_str text, enum fsv_base64_rule rule, struct fsv_arena *arena,
		      struct fsv_str *ret_bytes, struct fsv_err *err) FSV_MUST_CHECK;

#endif
