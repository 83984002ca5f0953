/* SPDX-License-Identifier: Apache-2.0 */
/* Percent coding: Java's URLEncoder form (blank as '+', '~' escaped) and plain paths. Addresses in URLs. */
#ifndef FSV_CODEC_URL_H
#define FSV_CODEC_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"

/* URLEncoder.encode(text, UTF-8): A-Z a-z 0-9 . - * _ stay, blank becomes '+'. */
void fsv_url_encode(struct fsv_buf *out, struct fsv_str text);

/* Undoes %XX and, with plus, '+'. False when a '%' is not followed by two hex digits or the result
 * is not UTF-8. The result lives in the arena. */
bool fsv_url_decode(struct fsv_str text, bool plus, struct fsv_arena *arena, struct fsv_str *ret_text);

enum { FSV_URL_HOST_MAX = 256 };
/* Whom "http://[user@]host[:port]/…", or https, is for; without a port 80, or 443. False for what is none. Brackets of
 * v6 addresses are taken off. */
bool fsv_url_address(const char *url, char ret_host[FSV_URL_HOST_MAX], uint16_t *ret_port);

#endif
