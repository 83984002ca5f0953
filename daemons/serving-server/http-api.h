/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP port: inference for HTTP clients, requests passed on to other nodes, log levels. */
#ifndef FSV_SERVER_HTTP_API_H
#define FSV_SERVER_HTTP_API_H

#include "net/http.h"

/* user: struct fsv_server. */
void fsv_http_api(struct fsv_http_req *req, void *user);

#endif
