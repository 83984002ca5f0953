/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transfer is set up on the thread that posts it and then belongs to the client's thread until done has
 * run. Transfers keep their curl handle and buffers for the next use, so that a request costs no set-up.
 * Time limits are ours: curl counts either from the start or per phase, we want "this long to connect,
 * then that long for the rest, but never past the deadline".
 */
#include "http-client.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/time.h"

#define JSON_TYPE	"application/json;charset=UTF-8"

enum {
	MAX_TRANSFERS = 1024,
	MAX_CONNECTIONS = 256,
	MAX_ANSWER = 4 * 1024 * 1024,
	MAX_HEAD = 64 * 1024,
	KEEP_BUF = 64 * 1024,	/* larger buffers are not kept for the next use */
	MAX_TARGET = 280,
	IDLE_POLL_MS = 60 * 1000,
};

struct transfer {
	struct fsv_http_client *client;
	struct transfer *next, **prev;	/* idle or queued (next only), or running */
	CURL *easy;
	struct curl_slist *headers;	/* of its own, when the content type is not the usual one */
	fsv_http_done *done;
	void *arg;
	struct fsv_buf body, answer;
	size_t max_answer, head_bytes;
	bool connected, too_large, expired;
	int64_t read_timeout_ms, idle_timeout_ms, deadline;
	int64_t limit;			/* of the present phase */
	int64_t read_limit;		/* limit as it would be if there were no idle timeout */
	void (*progress)(void *arg, size_t bytes, size_t of);
	char target[MAX_TARGET];	/* host and port, for texts */
	char curl_text[CURL_ERROR_SIZE];
};

struct fsv_http_client {
	CURLM *multi;
	struct curl_slist *headers;
	unsigned max_transfers;
	pthread_t thread;
	bool has_thread;
	struct transfer *running;	/* the client's thread only */

	pthread_mutex_t lock;		/* for what follows; never held across done */
	struct transfer *idle, *queued;
	struct transfer **queue_end;
	unsigned n_running;		/* posted and not done */
	bool quit;
};

/* Callbacks of curl ------------------------------------------------------------------------------- */

static int64_t after_ms(int64_t now, int64_t ms, int64_t deadline)
{
	return ms <= 0 || ms > INT32_MAX ? deadline : fsv_min_deadline(now + ms * FSV_MS, deadline);
}

/* Connected, TLS included; also called when a kept connection is taken. */
static int on_connected(void *arg, char *ip, char *local_ip, int port, int local_port)
{
	struct transfer *t = arg;

	(void)ip;
	(void)local_ip;
	(void)port;
	(void)local_port;
	t->connected = true;
	t->read_limit = after_ms(fsv_now_ns(), t->read_timeout_ms, t->deadline);
	t->limit = after_ms(fsv_now_ns(), t->idle_timeout_ms, t->read_limit);
	return CURL_PREREQFUNC_OK;
}

static void report(struct transfer *t)
{
	curl_off_t of = 0;

	if (!t->progress)
		return;
	(void)curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &of);	/* 0 says it as well */
	t->progress(t->arg, t->answer.n, of > 0 ? (size_t)of : 0);
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t bytes = size * n;

	if (bytes > t->max_answer - t->answer.n) {
		t->too_large = true;
		return 0;
	}
	fsv_buf_append(&t->answer, data, bytes);
	t->limit = after_ms(fsv_now_ns(), t->idle_timeout_ms, t->read_limit);
	report(t);
	return bytes;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t bytes = size * n;

	(void)data;
	t->head_bytes += bytes;
	if (t->head_bytes > MAX_HEAD) {
		t->too_large = true;
		return 0;
	}
	return bytes;
}

/* A certificate that signs itself is accepted, all other faults (expired, chain of an unknown CA) are not;
 * curl checks the host name in any case. */
static int verify_or_self_signed(int ok, X509_STORE_CTX *ctx)
{
	if (!ok && X509_STORE_CTX_get_error(ctx) == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT) {
		X509_STORE_CTX_set_error(ctx, X509_V_OK);
		return 1;
	}
	return ok;
}

static CURLcode on_ssl_ctx(CURL *easy, void *ctx, void *arg)
{
	(void)easy;
	(void)arg;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, verify_or_self_signed);
	return CURLE_OK;
}

/* Transfers --------------------------------------------------------------------------------------- */

static struct transfer *transfer_free(struct transfer *t)
{
	if (!t)
		return NULL;
	if (t->easy)
		curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	fsv_buf_done(&t->body);
	fsv_buf_done(&t->answer);
	free(t);
	return NULL;
}

/* What is the same for all requests. */
static struct transfer *transfer_new(struct fsv_http_client *client)
{
	struct transfer *t = FSV_NEW(struct transfer);
	CURL *easy = curl_easy_init();

	FSV_BUG_ON(!easy);	/* out of memory, as fsv_malloc has it */
	t->client = client;
	t->easy = easy;
	fsv_buf_init(&t->body, NULL, 0);
	fsv_buf_init(&t->answer, NULL, 0);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->curl_text);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);		/* no waiting for a slow resolver */
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_PROXY, "");		/* not from the environment */
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	return t;
}

/* "host:port" of an URL; without user, path and query, which may hold secrets. */
static void set_target(struct transfer *t, const char *url)
{
	struct fsv_str s = fsv_str(url), head = FSV_STR("://");
	const char *sep = strstr(url, head.p);
	size_t n, at;

	if (sep)
		s = fsv_str_sub(s, (size_t)(sep - url) + head.n, s.n);
	n = strcspn(s.n > 0 ? s.p : "", "/?#");
	s = fsv_str_sub(s, 0, n);
	while ((at = fsv_str_find(s, '@', 0)) < s.n)
		s = fsv_str_sub(s, at + 1, s.n);
	snprintf(t->target, sizeof(t->target), "%.*s", FSV_STR_ARG(s));
}

static void set_security(CURL *easy, bool accept_self_signed)
{
	/* The second form means the same to OpenSSL, but keeps curl from using a connection that was
	 * accepted with a self-signed certificate for a transfer that would not have accepted it. */
	long version = (long)CURL_SSLVERSION_TLSv1_2 |
		       (accept_self_signed ? (long)CURL_SSLVERSION_MAX_TLSv1_3 : 0);

	curl_easy_setopt(easy, CURLOPT_SSLVERSION, version);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, accept_self_signed ? on_ssl_ctx : NULL);
}

/* curl sends a line as it is; a line break in it would begin a field, or a request, of its own. */
static struct curl_slist *add_line(struct curl_slist *list, const char *line)
{
	if (strpbrk(line, "\r\n")) {
		fsv_log_limited(FSV_LOG_WARNING, NULL,
				"http: a header field with a line break in it is left out of a request");
		return list;
	}
	list = curl_slist_append(list, line);
	FSV_BUG_ON(!list);	/* out of memory, as fsv_malloc has it */
	return list;
}

static void set_headers(struct transfer *t, const struct fsv_http_post_opt *opt)
{
	const char *type = opt->content_type ? opt->content_type : JSON_TYPE;
	char line[256];

	if (opt->content_type || opt->n_headers > 0) {
		snprintf(line, sizeof(line), "Content-Type: %s", type);
		t->headers = add_line(add_line(NULL, line), "Expect:");
		for (unsigned i = 0; i < opt->n_headers; i++)
			t->headers = add_line(t->headers, opt->headers[i]);
	}
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers ? t->headers : t->client->headers);
}

static void set_up(struct transfer *t, const struct fsv_http_post_opt *opt, fsv_http_done *done, void *arg)
{
	long connect_ms = opt->connect_timeout_ms > 0 && opt->connect_timeout_ms <= INT32_MAX ?
			  (long)opt->connect_timeout_ms : 0;

	t->done = done;
	t->arg = arg;
	t->max_answer = opt->max_answer ? opt->max_answer : MAX_ANSWER;
	t->head_bytes = 0;
	t->connected = t->too_large = t->expired = false;
	t->curl_text[0] = '\0';
	t->read_timeout_ms = opt->read_timeout_ms;
	t->idle_timeout_ms = opt->idle_timeout_ms;
	t->progress = opt->progress;
	t->deadline = opt->deadline;
	t->limit = after_ms(fsv_now_ns(), opt->connect_timeout_ms, opt->deadline);
	fsv_buf_clear(&t->answer);
	fsv_buf_clear(&t->body);
	fsv_buf_add(&t->body, opt->body);
	set_target(t, opt->url);
	set_headers(t, opt);
	set_security(t->easy, opt->accept_self_signed);
	curl_easy_setopt(t->easy, CURLOPT_URL, opt->url);
	curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
	curl_easy_setopt(t->easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->max_answer);
	curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.n);
	curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->body.n > 0 ? t->body.p : "");
}

static void trim(struct fsv_buf *buf)
{
	if (buf->cap > KEEP_BUF) {
		fsv_buf_done(buf);
		fsv_buf_init(buf, NULL, 0);
	}
}

/* Outcome ----------------------------------------------------------------------------------------- */

static int connect_failure(struct transfer *t, char *text, size_t n)
{
	long e = 0;

	curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &e);
	if (e == ECONNREFUSED)
		snprintf(text, n, "connection refused by %s", t->target);
	else
		snprintf(text, n, "cannot connect to %s: %s", t->target,
			 e > 0 ? strerror((int)e) : t->curl_text);
	return e > 0 ? -(int)e : FSV_E_NET;
}

static int timeout_failure(const struct transfer *t, char *text, size_t n)
{
	snprintf(text, n, t->connected ? "no complete answer from %s in time" : "no connection to %s in time",
		 t->target);
	return -ETIMEDOUT;
}

static int limit_failure(const struct transfer *t, char *text, size_t n)
{
	snprintf(text, n, "answer of %s is larger than %zu bytes", t->target,
		 t->head_bytes > MAX_HEAD ? (size_t)MAX_HEAD : t->max_answer);
	return FSV_E_LIMIT;
}

/* Words and code for what curl says. */
static int explain(struct transfer *t, CURLcode code, char *text, size_t n)
{
	if (t->expired || code == CURLE_OPERATION_TIMEDOUT)
		return timeout_failure(t, text, n);
	if (t->too_large || code == CURLE_FILESIZE_EXCEEDED)
		return limit_failure(t, text, n);
	if (code == CURLE_UNSUPPORTED_PROTOCOL && !t->connected) {
		snprintf(text, n, "the URL of %s is neither http nor https", t->target);
		return -EINVAL;
	}
	switch (code) {
	case CURLE_COULDNT_CONNECT:
		return connect_failure(t, text, n);
	case CURLE_COULDNT_RESOLVE_HOST:
		snprintf(text, n, "the name %s cannot be resolved", t->target);
		return FSV_E_NET;
	case CURLE_URL_MALFORMAT:
		snprintf(text, n, "the URL of %s is not valid", t->target);
		return -EINVAL;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		snprintf(text, n, "%s does not speak HTTP", t->target);
		return FSV_E_NET;
	case CURLE_GOT_NOTHING:
		snprintf(text, n, "%s closed the connection without an answer", t->target);
		return FSV_E_NET;
	case CURLE_PARTIAL_FILE:
		snprintf(text, n, "%s closed the connection in the middle of its answer", t->target);
		return FSV_E_NET;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
		snprintf(text, n, "TLS with %s failed: %s", t->target, t->curl_text);
		return FSV_E_TLS;
	default:
		snprintf(text, n, "transfer to %s failed: %s", t->target,
			 t->curl_text[0] ? t->curl_text : curl_easy_strerror(code));
		return FSV_E_NET;
	}
}

static void uncount(struct fsv_http_client *client)
{
	pthread_mutex_lock(&client->lock);
	client->n_running--;
	pthread_mutex_unlock(&client->lock);
}

/* Keeps the transfer for the next use. */
static void recycle(struct transfer *t)
{
	struct fsv_http_client *client = t->client;

	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(FSV_TAKE(t->headers));
	trim(&t->body);
	trim(&t->answer);
	pthread_mutex_lock(&client->lock);
	t->next = client->idle;
	client->idle = t;
	pthread_mutex_unlock(&client->lock);
}

static void finish(struct transfer *t, const struct fsv_http_answer *answer)
{
	uncount(t->client);	/* before done, so that done may post the next one */
	t->done(t->arg, answer);
	recycle(t);
}

static void end_running(struct transfer *t, CURLcode code)
{
	struct fsv_http_answer answer = { .body = fsv_buf_str(&t->answer), .text = "" };
	char text[MAX_TARGET + CURL_ERROR_SIZE + 64];
	long status = 0;

	if (code == CURLE_OK) {
		curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
		answer.status = (unsigned)status;
	} else {
		answer.result = explain(t, code, text, sizeof(text));
		answer.body = FSV_STR_NULL;
		answer.text = text;
	}
	curl_multi_remove_handle(t->client->multi, t->easy);
	*t->prev = t->next;
	if (t->next)
		t->next->prev = t->prev;
	finish(t, &answer);
}

static void cancel(struct transfer *t)
{
	const struct fsv_http_answer answer = { .result = -ECANCELED, .text = "the client is shutting down" };

	finish(t, &answer);
}

/* The client's thread ----------------------------------------------------------------------------- */

static void start(struct fsv_http_client *client, struct transfer *t)
{
	CURLMcode m = curl_multi_add_handle(client->multi, t->easy);
	struct fsv_http_answer answer = { .result = FSV_E_SYSTEM };

	if (m != CURLM_OK) {
		answer.text = curl_multi_strerror(m);
		finish(t, &answer);
		return;
	}
	t->next = client->running;
	t->prev = &client->running;
	if (t->next)
		t->next->prev = &t->next;
	client->running = t;
}

/* Takes all that were posted; true when the client is to end. */
static bool take_queued(struct fsv_http_client *client, struct transfer **ret_list)
{
	bool quit;

	pthread_mutex_lock(&client->lock);
	*ret_list = FSV_TAKE(client->queued);
	client->queue_end = &client->queued;
	quit = client->quit;
	pthread_mutex_unlock(&client->lock);
	return quit;
}

static void end_completed(struct fsv_http_client *client)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(client->multi, &left))) {
		CURLcode code = msg->data.result;
		struct transfer *t = NULL;

		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		end_running(t, code);
	}
}

/* Ends what is over time; returns when the next one is. */
static int64_t end_expired(struct fsv_http_client *client, int64_t now)
{
	int64_t first = FSV_NO_DEADLINE;

	for (struct transfer *t = client->running, *next; t; t = next) {
		next = t->next;
		if (t->limit > now) {
			first = fsv_min_deadline(first, t->limit);
			continue;
		}
		t->expired = true;
		end_running(t, CURLE_OPERATION_TIMEDOUT);
	}
	return first;
}

static int poll_ms(int64_t until)
{
	int64_t ms;

	if (until == FSV_NO_DEADLINE)
		return IDLE_POLL_MS;
	ms = (until - fsv_now_ns() + FSV_MS - 1) / FSV_MS;
	return ms < 0 ? 0 : ms > IDLE_POLL_MS ? IDLE_POLL_MS : (int)ms;
}

static void cancel_queued(struct transfer *list)
{
	for (struct transfer *t = list, *next; t; t = next) {
		next = t->next;
		cancel(t);
	}
}

static void *run(void *arg)
{
	struct fsv_http_client *client = arg;
	struct transfer *list;
	int n;

	while (!take_queued(client, &list)) {
		for (struct transfer *t = list, *next; t; t = next) {
			next = t->next;
			start(client, t);
		}
		curl_multi_perform(client->multi, &n);
		end_completed(client);
		curl_multi_poll(client->multi, NULL, 0, poll_ms(end_expired(client, fsv_now_ns())), NULL);
	}
	cancel_queued(list);
	while (client->running) {
		struct transfer *t = client->running;

		curl_multi_remove_handle(client->multi, t->easy);
		client->running = t->next;
		cancel(t);
	}
	return NULL;
}

/* Interface --------------------------------------------------------------------------------------- */

int fsv_http_client_new(const struct fsv_http_client_opt *opt, struct fsv_http_client **ret_client,
			struct fsv_err *err)
{
	struct fsv_http_client *client = FSV_NEW(struct fsv_http_client);
	long connections = opt->max_connections ? (long)opt->max_connections : MAX_CONNECTIONS;
	int r;

	pthread_mutex_init(&client->lock, NULL);
	client->queue_end = &client->queued;
	client->max_transfers = opt->max_transfers ? opt->max_transfers : MAX_TRANSFERS;
	FSV_BUG_ON(curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK);
	client->multi = curl_multi_init();
	FSV_BUG_ON(!client->multi);
	curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, connections);
	curl_multi_setopt(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections);
	curl_multi_setopt(client->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	client->headers = add_line(add_line(NULL, "Content-Type: " JSON_TYPE), "Expect:");
	r = fsv_thread_start(&client->thread, "http-client", run, client, err);
	if (r < 0) {
		fsv_http_client_free(client);
		return r;
	}
	client->has_thread = true;
	*ret_client = client;
	return 0;
}

void fsv_http_client_stop(struct fsv_http_client *client)
{
	if (!client->has_thread)
		return;
	pthread_mutex_lock(&client->lock);
	client->quit = true;
	pthread_mutex_unlock(&client->lock);
	curl_multi_wakeup(client->multi);
	pthread_join(client->thread, NULL);
	client->has_thread = false;
}

struct fsv_http_client *fsv_http_client_free(struct fsv_http_client *client)
{
	if (!client)
		return NULL;
	fsv_http_client_stop(client);
	while (client->idle) {
		struct transfer *t = client->idle;

		client->idle = t->next;
		transfer_free(t);
	}
	curl_multi_cleanup(client->multi);
	curl_slist_free_all(client->headers);
	curl_global_cleanup();
	pthread_mutex_destroy(&client->lock);
	free(client);
	return NULL;
}

/* A transfer to fill in, counted as running; NULL when there are enough. */
static struct transfer *reserve(struct fsv_http_client *client)
{
	struct transfer *t = NULL;
	bool ok;

	pthread_mutex_lock(&client->lock);
	ok = !client->quit && client->n_running < client->max_transfers;
	if (ok) {
		client->n_running++;
		t = client->idle;
		if (t)
			client->idle = t->next;
	}
	pthread_mutex_unlock(&client->lock);
	return ok && !t ? transfer_new(client) : t;
}

int fsv_http_post(struct fsv_http_client *client, const struct fsv_http_post_opt *opt, fsv_http_done *done,
		  void *arg)
{
	struct transfer *t = reserve(client);
	bool late;

	if (!t)
		return -EAGAIN;
	set_up(t, opt, done, arg);
	t->next = NULL;
	pthread_mutex_lock(&client->lock);
	late = client->quit;	/* the thread may not look at the queue again */
	if (!late) {
		*client->queue_end = t;
		client->queue_end = &t->next;
	}
	pthread_mutex_unlock(&client->lock);
	if (late) {
		uncount(client);
		recycle(t);
		return -EAGAIN;
	}
	curl_multi_wakeup(client->multi);
	return 0;
}
