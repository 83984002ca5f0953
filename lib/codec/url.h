/* SPDX-License-Identifier: Apache-2.0 */
/* Percent coding: Java's URLEncoder form (blank as '+', '~' escaped) and plain paths. */
#ifndef FSV_CODEC_URL_H
#define FSV_CODEC_URL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"

/* URLEncoder.encode(text, UTF-8): A-Z a-z 0-9 . - * _ stay, blank becomes '+'. */
void fsv_url_encode(struct fsv_buf *out, struct fsv_str text);

/* Undoes %XX and, with plus, '+'. False when a '%' is not followed by two hex digits or the result
 * is not UTF-8. The result lives in the arena. */
bool fsv_url_decode(struct fsv_str text, bool plus, struct fsv_arena *arena, struct fsv_str *ret_text);

#endif
