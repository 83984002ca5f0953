/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP port: who may be answered at all, files of the console, calls of the API to the worker; header lines that
 * every answer carries. */
#ifndef FSV_ADMIN_FRONT_H
#define FSV_ADMIN_FRONT_H

#include "net/http.h"

/* user: struct fsv_admin. [an HTTP thread] */
void fsv_front(struct fsv_http_req *req, void *user);

/* As fsv_http_reply, with the lines that keep browsers safe. [any thread] */
void fsv_front_reply(struct fsv_http_req *req, unsigned status, const char *content_type, struct fsv_str body,
		     const struct fsv_http_header_out *headers, unsigned n_headers);
/* {"timestamp","status","error","path"} of what has no handler. */
void fsv_front_fault(struct fsv_http_req *req, unsigned status, const char *error);

/* Whether who asks sits on this machine and asks for himself. */
bool fsv_front_is_here(const struct fsv_http_req *req);

#endif
