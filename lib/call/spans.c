/* SPDX-License-Identifier: Apache-2.0 */
#include "spans.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/thread.h"
#include "base/time.h"
#include "net/http-client.h"
#include "span-json.h"
#include "trace.h"

enum {
	BATCH = 512,			/* spans in one message */
	ROUND_MS = 200,			/* between looks at the queue */
	RETRY_FIRST_MS = 500, RETRY_LAST_MS = 10000,
	CONNECT_MS = 3000, ANSWER_MS = 10000, ANSWER_MAX = 64 * 1024,
	STOP_MS = 5000,
};

FSV_METRIC(counted, FSV_COUNTER, "fate_serving_spans_total", "result",
	   "Spans of requests, by result: sent, dropped (the queue was full), refused (the collector did not want them), lost "
	   "(it did not answer while the daemon stopped).");

struct fsv_spans {
	struct fsv_span_queue *queue;
	struct fsv_http_client *client;
	struct fsv_conf *conf;			/* one reference; url points into it */
	const char *url;
	struct fsv_span_source source;
	char instance[160];
	pthread_t thread;

	pthread_mutex_t lock;			/* of what follows, up to the thread's own */
	pthread_cond_t changed;
	bool stopping, ended;
	bool answered;				/* the message under way has been */
	int result;				/* how */
	unsigned status;
	char why[256];

	/* The thread's own. */
	struct fsv_buf message;
	size_t n_message;			/* spans in it */
	bool broken;				/* it has been logged */
};

/* The requests' side --------------------------------------------------------------------------------- */

/* As much of the text as fits and is UTF-8: a message with anything else would be refused whole. */
static size_t copy(char *to, size_t max, struct fsv_str text)
{
	size_t n = fsv_str_utf8(fsv_str_sub(text, 0, max));

	if (n > 0)
		memcpy(to, text.p, n);
	return n;
}

static int64_t wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * FSV_S + now.tv_nsec;
}

void fsv_spans_put(struct fsv_spans *spans, const struct fsv_span *span)
{
	const struct fsv_trace *trace = span->trace;
	struct fsv_span_record r;

	r.hop = span->hop;
	r.name = span->name;
	r.retcode = span->retcode;
	r.end_ns = wall_ns();
	r.start_ns = r.end_ns - (fsv_now_ns() - span->began);
	memcpy(r.trace_id, trace->traceparent.p + 3, sizeof(r.trace_id));
	memcpy(r.span_id, trace->traceparent.p + 36, sizeof(r.span_id));
	r.root = trace->parent_id[0] == '\0';
	memcpy(r.parent_id, trace->parent_id, sizeof(r.parent_id));
	r.case_len = copy(r.case_id, sizeof(r.case_id), trace->case_id);
	r.service_len = copy(r.service_id, sizeof(r.service_id), span->service_id);
	r.party_len = copy(r.party_id, sizeof(r.party_id), span->party_id);
	if (!fsv_span_queue_put(spans->queue, &r))
		fsv_metric_count(&counted, "dropped");
}

/* Sending [the thread] ---------------------------------------------------------------------------------- */

/* Waits so long, or until the end is wanted; tells whether it is. */
static bool rest(struct fsv_spans *s, int64_t ms)
{
	int64_t until = fsv_deadline_in_ms(ms);
	const struct timespec ts = { .tv_sec = until / FSV_S, .tv_nsec = until % FSV_S };
	bool stopping;

	pthread_mutex_lock(&s->lock);
	while (!s->stopping && pthread_cond_timedwait(&s->changed, &s->lock, &ts) != ETIMEDOUT)
		;
	stopping = s->stopping;
	pthread_mutex_unlock(&s->lock);
	return stopping;
}

static bool make_message(struct fsv_spans *s)
{
	struct fsv_span_record r;
	struct fsv_jsonw w;

	fsv_buf_clear(&s->message);
	s->n_message = 0;
	if (!fsv_span_queue_take(s->queue, &r))
		return false;
	fsv_jsonw_init(&w, &s->message);
	fsv_spans_json_begin(&w, &s->source);
	do {
		fsv_spans_json_span(&w, &r);
		s->n_message++;
	} while (s->n_message < BATCH && fsv_span_queue_take(s->queue, &r));
	fsv_spans_json_end(&w);
	return true;
}

static void on_answer(void *arg, const struct fsv_http_answer *answer)
{
	struct fsv_spans *s = arg;

	pthread_mutex_lock(&s->lock);
	s->answered = true;
	s->result = answer->result;
	s->status = answer->status;
	snprintf(s->why, sizeof(s->why), "%s", answer->text ? answer->text : "");
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

/* Sends the message once and waits for what comes of it. */
static void post(struct fsv_spans *s)
{
	const struct fsv_http_post_opt opt = {
		.url = s->url, .body = fsv_buf_str(&s->message), .content_type = "application/json",
		.connect_timeout_ms = CONNECT_MS, .read_timeout_ms = ANSWER_MS, .deadline = FSV_NO_DEADLINE,
		.max_answer = ANSWER_MAX,
	};

	s->answered = false;	/* nothing is under way that could write it */
	if (fsv_http_post(s->client, &opt, on_answer, s) < 0) {
		s->result = -ECANCELED;
		return;
	}
	pthread_mutex_lock(&s->lock);
	while (!s->answered)
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

static void count(const struct fsv_spans *s, const char *result)
{
	fsv_series_add(fsv_series_of(&counted, FSV_LABELS(result)), (int64_t)s->n_message);
}

/* What the standard calls retryable, and no answer at all. */
static bool worth_another_try(const struct fsv_spans *s)
{
	return s->result < 0 || s->status == 429 || s->status == 502 || s->status == 503 || s->status == 504;
}

static void log_fault(struct fsv_spans *s, bool again)
{
	char status[32];

	if (s->broken)
		return;
	s->broken = true;
	snprintf(status, sizeof(status), "it answered HTTP status %u", s->status);
	fsv_log_warn("trace.otlp.url: the collector took no spans: %s; %s", s->result < 0 ? s->why : status,
		     again ? "they wait in the queue, which drops what does not fit, and are sent when it is back" :
			     "they are dropped");
}

/* Until the collector has taken or refused the message. false: neither, the end is wanted. */
static bool deliver(struct fsv_spans *s)
{
	for (int64_t pause = RETRY_FIRST_MS;; pause = pause * 2 < RETRY_LAST_MS ? pause * 2 : RETRY_LAST_MS) {
		post(s);
		if (s->result == 0 && s->status / 100 == 2) {
			count(s, "sent");
			if (s->broken)
				fsv_log_info("trace.otlp.url: the collector takes spans again");
			s->broken = false;
			return true;
		}
		log_fault(s, worth_another_try(s));
		if (!worth_another_try(s)) {
			count(s, "refused");
			return true;
		}
		if (rest(s, pause))
			return false;
	}
}

static void *run(void *arg)
{
	struct fsv_spans *s = arg;
	bool stopping, reached = true;

	do {
		stopping = rest(s, ROUND_MS);
		while (reached && make_message(s))
			reached = deliver(s);
	} while (!stopping && reached);
	/* The message that could not be delivered, and what is behind it. */
	if (!reached)
		do
			count(s, "lost");
		while (make_message(s));
	pthread_mutex_lock(&s->lock);
	s->ended = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* Life ------------------------------------------------------------------------------------------------- */

int fsv_spans_check(const struct fsv_conf *conf, unsigned first, struct fsv_err *err)
{
	const char *url = fsv_conf_str(conf, first + FSV_OK_URL);
	double share = fsv_conf_double(conf, first + FSV_OK_SAMPLE);

	if (url && strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		return fsv_err_set(err, FSV_E_CONFIG, "%s: trace.otlp.url must begin with http:// or https://",
				   fsv_conf_where(conf, first + FSV_OK_URL));
	if (!(share >= 0 && share <= 1))
		return fsv_err_set(err, FSV_E_CONFIG, "%s: trace.otlp.sample must be between 0 and 1",
				   fsv_conf_where(conf, first + FSV_OK_SAMPLE));
	return 0;
}

static void init_changed(struct fsv_spans *s)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->changed, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&s->lock, NULL);
}

static void name_instance(struct fsv_spans *s)
{
	char host[128] = "";

	if (gethostname(host, sizeof(host) - 1) < 0)
		host[0] = '\0';
	snprintf(s->instance, sizeof(s->instance), "%s:%d", host, (int)getpid());
	s->source.instance = s->instance;
}

static struct fsv_spans *drop(struct fsv_spans *s)
{
	if (s->client)
		fsv_http_client_free(s->client);
	s->queue = fsv_span_queue_free(s->queue);
	fsv_buf_done(&s->message);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	fsv_conf_unref(s->conf);
	free(s);
	return NULL;
}

int fsv_spans_start(const struct fsv_conf *conf, unsigned first, const char *service, struct fsv_spans **ret_spans,
		    struct fsv_err *err)
{
	static const struct fsv_http_client_opt client = { .max_transfers = 1, .max_connections = 1 };
	const char *url = fsv_conf_str(conf, first + FSV_OK_URL);
	struct fsv_spans *s;
	int r;

	if (!url)
		return 0;
	s = FSV_NEW(struct fsv_spans);
	s->conf = fsv_conf_ref((struct fsv_conf *)conf);
	s->url = url;
	s->source.service = service;
	name_instance(s);
	init_changed(s);
	fsv_buf_init(&s->message, NULL, 0);
	s->queue = fsv_span_queue_new((size_t)fsv_conf_int(conf, first + FSV_OK_QUEUE));
	r = fsv_http_client_new(&client, &s->client, err);
	if (r == 0)
		r = fsv_thread_start(&s->thread, "spans", run, s, err);
	if (r < 0) {
		drop(s);
		return r;
	}
	fsv_trace_sample(fsv_conf_double(conf, first + FSV_OK_SAMPLE));
	*ret_spans = s;
	return 0;
}

struct fsv_spans *fsv_spans_stop(struct fsv_spans *s)
{
	int64_t until = fsv_deadline_in_ms(STOP_MS);
	const struct timespec ts = { .tv_sec = until / FSV_S, .tv_nsec = until % FSV_S };

	if (!s)
		return NULL;
	fsv_trace_sample_none();
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_broadcast(&s->changed);
	while (!s->ended && pthread_cond_timedwait(&s->changed, &s->lock, &ts) != ETIMEDOUT)
		;
	pthread_mutex_unlock(&s->lock);
	/* A message that is under way ends now, and no other one begins. */
	fsv_http_client_stop(s->client);
	pthread_join(s->thread, NULL);
	return drop(s);
}
