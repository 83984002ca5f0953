/* SPDX-License-Identifier: Apache-2.0 */
/* Packets to partners that are reached by `url`: proto3 JSON over HTTP POST. */
#ifndef FSV_PROXY_FORWARD_HTTP_H
#define FSV_PROXY_FORWARD_HTTP_H

#include "call/message.h"
#include "call/trace.h"
#include "net/http-client.h"
#include "net/rpc.h"

struct fsv_forward {
	const char *url;
	const Fsv__Packet *packet;
	struct fsv_arena *arena;	/* the request's; the answer's packet lives there */
	struct fsv_rpc_worker *worker;
	const struct fsv_trace *trace;
	int64_t connect_ms, read_ms, deadline;
	size_t max_answer;
};

/* answer: NULL on failure; then code is FSV_E_… and text what the partner's caller is told, why for
 * the log. Runs on the worker. */
typedef void fsv_forward_done(void *arg, const Fsv__Packet *answer, int code, const char *text, const char *why);

/* 0, or negative when the packet was not sent; done is not called then. [any thread that owns the request] */
int fsv_forward_http(struct fsv_http_client *client, const struct fsv_forward *opt, fsv_forward_done *done,
		     void *arg, struct fsv_err *err) FSV_MUST_CHECK;

#endif
