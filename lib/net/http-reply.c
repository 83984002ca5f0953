/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers. A reply given inside the handler, on its thread, is queued when the handler returns. Any other
 * meets the request in one of three states under the lock: handler still running (the lane takes
 * the answer up when it returns), connection suspended (it is resumed), connection already cut off
 * (nobody waits any more; the request is freed).
 */
#include "http-private.h"

#include <poll.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"

FSV_METRIC(answers, FSV_COUNTER, "fate_serving_http_answers_total", "status",
	   "HTTP answers on all ports, by status, those that the HTTP layer gave by itself included.");

void fsv_http_count(unsigned status)
{
	char text[24];

	fsv_metric_count(&answers, status == 200 ? "200" : fsv_metric_number(status, text));
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
	/* Refused are values with line breaks, which would let a value start a header of its own. */
	if (MHD_add_response_header(response, name, value) != MHD_YES)
		fsv_log_limited(FSV_LOG_WARNING, NULL,
				"http: header %s of an answer is not valid and is left out", name);
}

struct MHD_Response *fsv_http_response(struct fsv_http *http, const char *content_type, struct fsv_str body,
				       const struct fsv_http_header_out *headers, unsigned n_headers)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(body.n, (void *)(uintptr_t)body.p, MHD_RESPMEM_MUST_COPY);

	FSV_BUG_ON(!response);	/* out of memory, as fsv_malloc has it */
	if (content_type)
		add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
	for (unsigned i = 0; i < n_headers; i++)
		add_header(response, headers[i].name, headers[i].value);
	if (atomic_load(&http->draining))
		add_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	return response;
}

static void unlink_waiting(struct fsv_http_req *req)
{
	*req->prev = req->next;
	if (req->next)
		req->next->prev = req->prev;
	req->next = NULL;
	req->prev = NULL;
}

/* Called with the lock held; lets it go. */
static void reply_to_nobody(struct fsv_http *http, struct fsv_http_req *req)
{
	bool free_req = req->conn_done, free_http;

	MHD_destroy_response(FSV_TAKE(req->response));
	req->owner_done = true;
	free_http = --http->orphans == 0 && http->stopped;
	pthread_mutex_unlock(&http->lock);
	if (free_req)
		fsv_http_req_free(req);
	if (free_http)
		fsv_http_free(http);
}

void fsv_http_reply(struct fsv_http_req *req, unsigned status, const char *content_type, struct fsv_str body,
		    const struct fsv_http_header_out *headers, unsigned n_headers)
{
	struct fsv_http *http = req->http;
	enum fsv_http_phase phase = atomic_load(&req->phase);
	struct MHD_Connection *mhd;

	FSV_BUG_ON(status < 200 || status > 999);
	FSV_BUG_ON(phase == FSV_HTTP_REPLIED);
	req->response = fsv_http_response(http, content_type, body, headers, n_headers);
	req->status = status;
	fsv_http_count(status);
	atomic_fetch_sub(&http->inflight, 1);
	if (phase == FSV_HTTP_RUNNING && pthread_equal(req->thread, pthread_self())) {
		atomic_store(&req->phase, FSV_HTTP_REPLIED);
		return;
	}
	pthread_mutex_lock(&http->lock);
	phase = atomic_load(&req->phase);
	if (phase == FSV_HTTP_CUT) {
		reply_to_nobody(http, req);
		return;
	}
	FSV_BUG_ON(phase == FSV_HTTP_REPLIED);
	mhd = req->mhd;
	if (phase == FSV_HTTP_WAITING) {
		unlink_waiting(req);
		/* Outside the lock, as it is a system call; fsv_http_stop waits for it. */
		atomic_fetch_add(&http->resuming, 1);
	}
	atomic_store(&req->phase, FSV_HTTP_REPLIED);
	/* From here on the lane may free the request at any moment. */
	pthread_mutex_unlock(&http->lock);
	if (phase == FSV_HTTP_WAITING) {
		MHD_resume_connection(mhd);
		atomic_fetch_sub(&http->resuming, 1);
	}
}

bool fsv_http_left(struct fsv_http_req *req)
{
	struct fsv_http *http = req->http;
	enum fsv_http_phase phase;
	bool left;

	/* While a request waits, its connection is not touched by anybody else. */
	pthread_mutex_lock(&http->lock);
	phase = atomic_load(&req->phase);
	left = phase == FSV_HTTP_CUT;
	if (phase == FSV_HTTP_WAITING) {
		struct pollfd fd = { .fd = req->conn->fd, .events = POLLRDHUP };

		left = poll(&fd, 1, 0) > 0;
	}
	pthread_mutex_unlock(&http->lock);
	return left;
}

void fsv_http_cut(struct fsv_http *http)
{
	pthread_mutex_lock(&http->lock);
	http->cutting = true;
	while (http->waiting) {
		struct fsv_http_req *req = http->waiting;

		unlink_waiting(req);
		atomic_store(&req->phase, FSV_HTTP_CUT);
		http->orphans++;
		MHD_resume_connection(req->mhd);
	}
	pthread_mutex_unlock(&http->lock);
}
