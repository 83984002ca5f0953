/* SPDX-License-Identifier: Apache-2.0 */
/* Media types as the reference's web framework treats them: what Accept leads to, what a body may be. */
#ifndef FSV_PROXY_HTTP_TYPES_H
#define FSV_PROXY_HTTP_TYPES_H

#include "base/arena.h"
#include "base/str.h"

#define FSV_TYPE_JSON "application/json;charset=UTF-8"

/* Content-Type of a text answer for this Accept header ("" = absent): text/plain for none and for
 * wildcards, else the type the client likes best, with UTF-8 unless it names a charset. NULL when the
 * header cannot be parsed (406). */
const char *fsv_accept_text(struct fsv_str accept, struct fsv_arena *arena);

enum fsv_accept_error { FSV_ACCEPT_JSON, FSV_ACCEPT_HTML, FSV_ACCEPT_NOTHING };
/* Form of a 404's body. */
enum fsv_accept_error fsv_accept_error(struct fsv_str accept);

enum fsv_body_type {
	FSV_BODY_TEXT,
	FSV_BODY_FORM,		/* application/x-www-form-urlencoded */
	FSV_BODY_BAD,		/* multipart, no media type, unknown charset, bytes that are not of the charset */
};
/* Turns a body into UTF-8 by its Content-Type. Bytes that are no UTF-8 become U+FFFD, as in the reference.
 * *ret_text is the body itself or lies in the arena. */
enum fsv_body_type fsv_body_text(struct fsv_str content_type, struct fsv_str body, struct fsv_arena *arena,
				 struct fsv_str *ret_text);

#endif
