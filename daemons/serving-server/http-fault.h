/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of the HTTP layer itself, as the reference's framework gives them. */
#ifndef FSV_SERVER_HTTP_FAULT_H
#define FSV_SERVER_HTTP_FAULT_H

#include "net/http.h"

/* 400, 404, 405, 415, 500: JSON, a page, or nothing, as the client accepts. detail: for 405 the methods
 * allowed, else NULL. */
void fsv_http_fault(struct fsv_http_req *req, unsigned status, const char *detail);

/* Content type of an answer that is plain text: what the client asks for, text/plain by default. Lives as
 * long as req. */
const char *fsv_http_text_type(struct fsv_http_req *req);

/* Of a request: "application/json" and the like. */
enum fsv_http_json { FSV_HTTP_JSON, FSV_HTTP_NOT_JSON, FSV_HTTP_JSON_OTHER_CHARSET };
enum fsv_http_json fsv_http_json_type(struct fsv_str content_type);

#endif
