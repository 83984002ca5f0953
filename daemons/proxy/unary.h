/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unaryCall: a federated packet on its way through this proxy. It comes in over the intra port (own
 * serving node), the inter port (partner), or HTTP /unary (partner that sends over HTTP), and goes on
 * to the endpoint that the route table has for its destination, over gRPC or HTTP. gRPC messages are
 * passed on untouched in both directions. What goes wrong here is answered by a packet that says so.
 */
#ifndef FSV_PROXY_UNARY_H
#define FSV_PROXY_UNARY_H

#include "call/services.h"
#include "net/http.h"
#include "net/rpc.h"
#include "proxy.h"

/* user: struct fsv_proxy. */
void fsv_unary_intra(struct fsv_rpc_call *call, void *user);
void fsv_unary_inter(struct fsv_rpc_call *call, void *user);

/* Replies to req with content_type (lives as long as req). form: the body is a form, no packet. */
void fsv_unary_http(struct fsv_proxy *proxy, struct fsv_http_req *req, struct fsv_str body, bool form,
		    const char *content_type);

#endif
