/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP port: paths, methods, media types and the bodies of faults. Every answer has status 200, as the
 * reference's clients expect, but for unknown paths and broken requests.
 */
#ifndef FSV_PROXY_HTTP_FRONT_H
#define FSV_PROXY_HTTP_FRONT_H

#include "net/http.h"

/* user: struct fsv_proxy. [an HTTP thread] */
void fsv_http_front(struct fsv_http_req *req, void *user);

#endif
