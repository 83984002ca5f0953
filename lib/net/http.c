/* SPDX-License-Identifier: Apache-2.0 */
#include "http-private.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"

enum {
	MAX_HEADER = 8 * 1024,
	/* What libmicrohttpd keeps per connection besides the header itself: its lists, and the header
	 * of the answer. Idle connections hold all of it, so it decides what 10,000 of them cost. */
	POOL_EXTRA = 6 * 1024,
	MAX_CONNECTIONS = 1024,
	TIMEOUT_MS = 60 * 1000,
	MAX_LANES = 64,
	SETTLE_MS = 2,
};

static void log_line(void *cls, const char *fmt, va_list ap) FSV_PRINTF(2, 0);
static void log_line(void *cls, const char *fmt, va_list ap)
{
	char text[512];
	size_t n;

	(void)cls;
	if (!fsv_log_on(FSV_LOG_DEBUG))
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	n = strlen(text);
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	fsv_log_limited(FSV_LOG_DEBUG, NULL, "http: %s", text);
}

static int start_lane(struct fsv_http *http, struct fsv_http_lane *lane, struct fsv_err *err)
{
	/* Peers that do not read their answer are left to libmicrohttpd, which counts in seconds. */
	unsigned seconds = (http->opt.timeout_ms + 999) / 1000 + 1;

	/* TLS 1.2 and 1.3, with ciphers that keep what was said from whoever gets the key later. */
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)fsv_http_tls_retrieve },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (char *)"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:%SERVER_PRECEDENCE" },
		{ MHD_OPTION_END, 0, NULL },
	};

	lane->http = http;
	lane->mhd = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET |
			MHD_USE_ERROR_LOG | (http->tls ? MHD_USE_TLS : 0),
		0, NULL, NULL, fsv_http_on_access, lane,
		MHD_OPTION_EXTERNAL_LOGGER, log_line, NULL,
		MHD_OPTION_CONNECTION_LIMIT, http->opt.max_connections + 1,
		MHD_OPTION_CONNECTION_TIMEOUT, seconds,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, http->pool_size,
		MHD_OPTION_URI_LOG_CALLBACK, fsv_http_on_uri, lane,
		MHD_OPTION_UNESCAPE_CALLBACK, fsv_http_on_unescape, NULL,
		MHD_OPTION_NOTIFY_CONNECTION, fsv_http_on_connection, lane,
		MHD_OPTION_NOTIFY_COMPLETED, fsv_http_on_completed, lane,
		http->tls ? MHD_OPTION_ARRAY : MHD_OPTION_END, tls, MHD_OPTION_END);
	if (!lane->mhd)
		return fsv_err_set(err, FSV_E_SYSTEM, "cannot start an HTTP thread for port %u", http->port);
	return 0;
}

/* libmicrohttpd's threads inherit the mask: signals are the main loop's. */
static int start_lanes(struct fsv_http *http, struct fsv_err *err)
{
	sigset_t all, old;
	int r = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (unsigned i = 0; i < http->n_lanes && r == 0; i++)
		r = start_lane(http, &http->lanes[i], err);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

static void stop_lanes(struct fsv_http *http)
{
	for (unsigned i = 0; i < http->n_lanes; i++) {
		if (http->lanes[i].mhd)
			MHD_stop_daemon(http->lanes[i].mhd);
		http->lanes[i].mhd = NULL;
	}
}

void fsv_http_free(struct fsv_http *http)
{
	for (unsigned i = 0; i < http->n_lanes; i++) {
		while (http->lanes[i].spare) {
			struct fsv_http_req *req = http->lanes[i].spare;

			http->lanes[i].spare = req->next;
			fsv_http_req_free(req);
		}
	}
	fsv_http_tls_free(http->tls);
	fsv_close(http->wake_fd);
	pthread_cond_destroy(&http->changed);
	pthread_cond_destroy(&http->closed);
	pthread_mutex_destroy(&http->lock);
	pthread_mutex_destroy(&http->conn_lock);
	free((void *)(uintptr_t)http->opt.host);
	free(http->lanes);
	free(http);
}

static struct fsv_http *make(const struct fsv_http_opt *opt)
{
	struct fsv_http *http = FSV_NEW(struct fsv_http);
	pthread_condattr_t attr;

	http->opt = *opt;
	http->opt.host = opt->host ? fsv_str_dup(fsv_str(opt->host)) : NULL;
	http->opt.max_header = opt->max_header ? opt->max_header : MAX_HEADER;
	http->opt.timeout_ms = opt->timeout_ms ? opt->timeout_ms : TIMEOUT_MS;
	http->opt.max_connections = opt->max_connections ? opt->max_connections : MAX_CONNECTIONS;
	http->opt.max_inflight = opt->max_inflight ? opt->max_inflight : http->opt.max_connections;
	http->pool_size = http->opt.max_header + POOL_EXTRA;
	http->timeout_ns = (int64_t)http->opt.timeout_ms * FSV_MS;
	http->n_lanes = opt->threads == 0 ? 1 : opt->threads > MAX_LANES ? MAX_LANES : opt->threads;
	http->lanes = FSV_NEW_N(struct fsv_http_lane, http->n_lanes);
	http->listen_fd = http->wake_fd = -1;
	http->held = opt->listen_fd > 0;
	pthread_mutex_init(&http->lock, NULL);
	pthread_mutex_init(&http->conn_lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&http->changed, &attr);
	pthread_condattr_destroy(&attr);
	pthread_cond_init(&http->closed, NULL);
	return http;
}

int fsv_http_start(const struct fsv_http_opt *opt, struct fsv_http **ret_http, struct fsv_err *err)
{
	struct fsv_http *http = make(opt);
	int r = fsv_http_listen(http, err);

	if (r == 0 && opt->cert_file)
		r = fsv_http_tls_new(opt->cert_file, opt->key_file, &http->tls, err);
	if (r == 0)
		r = start_lanes(http, err);
	if (r == 0)
		r = fsv_http_acceptor_start(http, err);
	if (r < 0) {
		fsv_http_acceptor_stop(http);
		stop_lanes(http);
		fsv_http_free(http);
		return r;
	}
	*ret_http = http;
	return 0;
}

uint16_t fsv_http_port(const struct fsv_http *http)
{
	return http->port;
}

unsigned fsv_http_inflight(const struct fsv_http *http)
{
	return atomic_load(&http->inflight);
}

int64_t fsv_http_stall_ns(const struct fsv_http *http)
{
	int64_t first = 0;

	for (unsigned i = 0; i < http->n_lanes; i++) {
		int64_t since = atomic_load(&http->lanes[i].busy_since);

		if (since != 0 && (first == 0 || since < first))
			first = since;
	}
	return first;
}

void fsv_http_drain(struct fsv_http *http)
{
	atomic_store(&http->draining, true);
	fsv_http_close_port(http);
}

static void wait_changed(struct fsv_http *http, int64_t until)
{
	struct timespec ts = { .tv_sec = until / FSV_S, .tv_nsec = until % FSV_S };

	if (until == FSV_NO_DEADLINE)
		pthread_cond_wait(&http->changed, &http->lock);
	else	/* callers look at the clock */
		(void)pthread_cond_timedwait(&http->changed, &http->lock, &ts);
}

/* Until nothing is open, nothing that has arrived is unread and no connection is likely to send more, or the deadline
 * has passed. */
static void settle(struct fsv_http *http, int64_t deadline_ns)
{
	bool more;

	pthread_mutex_lock(&http->lock);
	for (;;) {
		while (atomic_load(&http->open) > 0 && fsv_now_ns() < deadline_ns)
			wait_changed(http, deadline_ns);
		pthread_mutex_unlock(&http->lock);
		more = fsv_now_ns() < deadline_ns && fsv_http_has_more(http);
		pthread_mutex_lock(&http->lock);
		if (!more)
			break;
		wait_changed(http, fsv_min_deadline(fsv_deadline_in_ms(SETTLE_MS), deadline_ns));
	}
	pthread_mutex_unlock(&http->lock);
}

unsigned fsv_http_stop(struct fsv_http *http, int64_t deadline_ns)
{
	bool orphans;
	unsigned cut;

	fsv_http_drain(http);
	atomic_store(&http->stopping, true);
	settle(http, deadline_ns);
	cut = atomic_load(&http->open);
	fsv_http_cut(http);
	fsv_http_acceptor_stop(http);
	/* Repliers are a few instructions away from leaving libmicrohttpd. */
	while (atomic_load(&http->resuming) > 0)
		sched_yield();
	stop_lanes(http);
	pthread_mutex_lock(&http->lock);
	http->stopped = true;
	orphans = http->orphans > 0;
	pthread_mutex_unlock(&http->lock);
	if (!orphans)
		fsv_http_free(http);
	return cut;
}
