/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request from its first header line to its handler. libmicrohttpd calls fsv_http_on_access when the
 * header is there, for each piece of the body, when all is there, and again after a resume.
 */
#include "http-private.h"

#include "base/mem.h"
#include "base/time.h"

enum {
	ARENA_FIRST = 8 * 1024,
	ARENA_BODY = 64 * 1024,		/* larger bodies are on the heap, so that arenas stay small */
	RESERVE_MAX = 256 * 1024,	/* most that is reserved on the word of a Content-Length */
	SPARE_MAX = 64,			/* requests kept per lane */
	BODY_RATE = 16 * 1024,		/* bytes per second that a body must make */
};

static struct fsv_http_conn *conn_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info->socket_context;
}

static struct fsv_http_req *take_req(struct fsv_http_lane *lane)
{
	struct fsv_http_req *req = lane->spare;

	if (req) {
		lane->spare = req->next;
		lane->n_spare--;
	} else {
		req = FSV_NEW(struct fsv_http_req);
		fsv_arena_init(&req->arena, ARENA_FIRST);
		req->http = lane->http;
		atomic_init(&req->phase, FSV_HTTP_RECEIVING);
	}
	return req;
}

void fsv_http_req_free(struct fsv_http_req *req)
{
	fsv_buf_done(&req->body);
	fsv_arena_done(&req->arena);
	free(req);
}

static void release(struct fsv_http_lane *lane, struct fsv_http_req *req)
{
	if (req->response)
		MHD_destroy_response(req->response);
	if (lane->n_spare >= SPARE_MAX) {
		fsv_http_req_free(req);
		return;
	}
	fsv_buf_done(&req->body);
	fsv_arena_reset(&req->arena);
	*req = (struct fsv_http_req){ .http = req->http, .arena = req->arena, .next = lane->spare };
	lane->spare = req;
	lane->n_spare++;
}

void *fsv_http_on_uri(void *cls, const char *uri, struct MHD_Connection *mhd)
{
	struct fsv_http_lane *lane = cls;
	struct fsv_http_conn *conn = conn_of(mhd);

	(void)uri;
	atomic_store(&conn->receiving, true);
	(void)fsv_http_watch(conn, fsv_now_ns() + lane->http->timeout_ns);	/* seen at the next call */
	return NULL;
}

/* The owner gets the path as it was sent. */
size_t fsv_http_on_unescape(void *cls, struct MHD_Connection *mhd, char *text)
{
	(void)cls;
	(void)mhd;
	return strlen(text);
}

static enum MHD_Result begin(struct fsv_http_lane *lane, struct MHD_Connection *mhd, const char *url,
			     const char *method, const char *version, void **context)
{
	struct fsv_http *http = lane->http;
	struct fsv_http_conn *conn = conn_of(mhd);
	struct fsv_http_req *req = take_req(lane);
	uint64_t length = 0;
	unsigned refused;

	req->conn = conn;
	req->mhd = mhd;
	req->thread = pthread_self();
	refused = fsv_http_read_head(req, url, method, version, &length);
	conn->body_since = fsv_now_ns();
	conn->body_bytes = 0;
	if (!fsv_http_watch(conn, conn->body_since + http->timeout_ns) || refused) {
		if (refused)
			fsv_http_refuse(conn, refused);
		release(lane, req);
		return MHD_NO;
	}
	fsv_buf_init(&req->body, length > 0 && length <= ARENA_BODY ? &req->arena : NULL, http->opt.max_body);
	if (length > 0)
		(void)fsv_buf_room(&req->body, length < RESERVE_MAX ? length : RESERVE_MAX);	/* a hint */
	atomic_fetch_add(&http->open, 1);
	*context = req;
	return MHD_YES;
}

static enum MHD_Result gather(struct fsv_http_req *req, const char *data, size_t *size)
{
	struct fsv_http *http = req->http;
	struct fsv_http_conn *conn = req->conn;

	if (*size > http->opt.max_body - req->body.n) {
		fsv_http_refuse(conn, MHD_HTTP_CONTENT_TOO_LARGE);
		return MHD_NO;
	}
	fsv_buf_append(&req->body, data, *size);
	conn->body_bytes += *size;
	*size = 0;
	return fsv_http_watch(conn, conn->body_since + http->timeout_ns +
			      (int64_t)(conn->body_bytes * (FSV_S / BODY_RATE))) ? MHD_YES : MHD_NO;
}

static enum MHD_Result queue(struct fsv_http_req *req)
{
	struct MHD_Response *response = FSV_TAKE(req->response);
	enum MHD_Result r;

	/* NULL: libmicrohttpd asks again after it was told to shut down. */
	if (!response)
		return MHD_NO;
	r = MHD_queue_response(req->mhd, req->status, response);
	MHD_destroy_response(response);
	return r;
}

/* The handler has returned without a reply of its own. Another thread may be replying right now. */
static enum MHD_Result wait_for_reply(struct fsv_http_req *req)
{
	struct fsv_http *http = req->http;
	bool cut = false, replied = false;

	MHD_suspend_connection(req->mhd);
	pthread_mutex_lock(&http->lock);
	if (atomic_load(&req->phase) == FSV_HTTP_REPLIED) {
		replied = true;
	} else if (http->cutting) {
		atomic_store(&req->phase, FSV_HTTP_CUT);
		http->orphans++;
		cut = true;
	} else {
		atomic_store(&req->phase, FSV_HTTP_WAITING);
		req->next = http->waiting;
		req->prev = &http->waiting;
		if (req->next)
			req->next->prev = &req->next;
		http->waiting = req;
	}
	pthread_mutex_unlock(&http->lock);
	if (replied || cut)
		MHD_resume_connection(req->mhd);
	return MHD_YES;
}

static enum MHD_Result dispatch(struct fsv_http_lane *lane, struct fsv_http_req *req)
{
	struct fsv_http *http = lane->http;

	if (!fsv_http_watch(req->conn, 0))
		return MHD_NO;
	atomic_store(&req->conn->receiving, false);
	if (atomic_fetch_add(&http->inflight, 1) >= http->opt.max_inflight) {
		atomic_fetch_sub(&http->inflight, 1);
		req->status = MHD_HTTP_SERVICE_UNAVAILABLE;
		req->response = fsv_http_response(http, "text/plain;charset=UTF-8",
						  FSV_STR("too many requests in progress\n"), NULL, 0);
		atomic_store(&req->phase, FSV_HTTP_REPLIED);
		return queue(req);
	}
	atomic_store(&req->phase, FSV_HTTP_RUNNING);
	atomic_store(&lane->busy_since, fsv_now_ns());
	http->opt.handler(req, http->opt.user);
	atomic_store(&lane->busy_since, 0);
	return atomic_load(&req->phase) == FSV_HTTP_REPLIED ? queue(req) : wait_for_reply(req);
}

enum MHD_Result fsv_http_on_access(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
				   const char *version, const char *data, size_t *size, void **context)
{
	struct fsv_http_req *req = *context;

	if (!req)
		return begin(cls, mhd, url, method, version, context);
	if (*size > 0)
		return gather(req, data, size);
	switch (atomic_load(&req->phase)) {
	case FSV_HTTP_RECEIVING:
		return dispatch(cls, req);
	case FSV_HTTP_REPLIED:
		return queue(req);
	default:
		return MHD_NO;
	}
}

void fsv_http_on_completed(void *cls, struct MHD_Connection *mhd, void **context,
			   enum MHD_RequestTerminationCode code)
{
	struct fsv_http_lane *lane = cls;
	struct fsv_http *http = lane->http;
	struct fsv_http_conn *conn = conn_of(mhd);
	struct fsv_http_req *req = *context;
	bool free_it = false;

	*context = NULL;
	/* What the peer has not got off its hands yet would turn our last words into a reset. */
	if (code == MHD_REQUEST_TERMINATED_WITH_ERROR && atomic_load(&conn->receiving))
		atomic_store(&conn->linger, true);
	atomic_store(&conn->receiving, false);
	(void)fsv_http_watch(conn, fsv_now_ns() + http->timeout_ns);	/* false: it is being closed anyway */
	if (!req)
		return;
	if (atomic_load(&req->phase) == FSV_HTTP_CUT) {
		pthread_mutex_lock(&http->lock);
		req->conn_done = true;
		free_it = req->owner_done;
		pthread_mutex_unlock(&http->lock);
		if (free_it)
			fsv_http_req_free(req);
	} else {
		FSV_BUG_ON(atomic_load(&req->phase) == FSV_HTTP_WAITING);
		release(lane, req);
	}
	if (atomic_fetch_sub(&http->open, 1) == 1 && atomic_load(&http->stopping)) {
		pthread_mutex_lock(&http->lock);
		pthread_cond_signal(&http->changed);
		pthread_mutex_unlock(&http->lock);
	}
}
