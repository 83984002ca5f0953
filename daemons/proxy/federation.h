/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP /federation: a client's inference request becomes one gRPC call to a serving node of our own party,
 * and the node's answer becomes the client's, minus what is only for the parties themselves.
 */
#ifndef FSV_PROXY_FEDERATION_H
#define FSV_PROXY_FEDERATION_H

#include "base/buf.h"
#include "net/http.h"
#include "proxy.h"

/* The body of a request, read once. */
struct fsv_federation {
	struct fsv_federation_member *members;	/* of head, then of body */
	size_t n;
	struct fsv_str case_id;		/* head's, or empty */
	struct fsv_str service_id;	/* for the log; head's, or empty */
	bool has_caseid, has_camel;	/* the client supplied caseid, caseId */
	bool body_null;			/* "body": null, which is answered differently from other faults */
};

/* {"head":{…},"body":{…}}, both optional. FSV_E_PARAM for anything else. Members live in the arena and in
 * the text. Linear in the text's length. */
int fsv_federation_read(struct fsv_str text, struct fsv_arena *arena, struct fsv_federation *ret_body,
			struct fsv_err *err) FSV_MUST_CHECK;

/* Appends the flat object that serving nodes read: both spellings of the case id, head's members, body's
 * members; the last of equal names at the place of the first, nulls left out. */
int fsv_federation_write(const struct fsv_federation *body, struct fsv_str case_id, struct fsv_arena *arena,
			 struct fsv_buf *out, struct fsv_err *err) FSV_MUST_CHECK;

/* Appends a serving node's answer as the client gets it: without log, warn, caseid and nulls. Nothing when
 * it is no JSON object, "{}" when it is empty. Returns the answer's retcode, -1 when it has none. */
int fsv_federation_answer(struct fsv_str answer, struct fsv_arena *arena, struct fsv_buf *out);

/* Replies to req with content_type (lives as long as req). call_name: "inference", "batchInference"; any
 * other is answered 122. body is as long as req. Returns false, without a reply, when the body is no
 * request. */
bool fsv_federation_http(struct fsv_proxy *proxy, struct fsv_http_req *req, struct fsv_str call_name,
			 struct fsv_str body, const char *content_type);

#endif
