/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The acceptor thread: takes connections, hands them to the lanes in turn, ends those whose peer makes
 * no progress (libmicrohttpd knows whole seconds and idle time only, which a peer that sends one byte
 * a second never reaches), and keeps refused connections open for a moment so that the answer arrives:
 * closing a socket with unread data makes the system send a reset that can overtake it.
 */
#include "http-private.h"

#include "listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/thread.h"
#include "base/time.h"

FSV_METRIC(connections, FSV_GAUGE, "fate_serving_http_connections", "", "Open HTTP connections.");

enum {
	/* A connection whose last request is longer ago is idle, and closed like one. */
	QUIET_MS = 250,
	/* For handshakes that have begun when the port is closed. */
	LAST_ACKS_MS = 20,
};
enum { ACCEPT_ROUND = 64, LINGER_MS = 2000, PAUSE_MS = 100, SCAN_MIN_MS = 10 };

/* Listening socket ------------------------------------------------------------------------------ */

static int try_listen(const struct addrinfo *ai, int *ret_fd)
{
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1, zero = 0, e;

	if (fd < 0)
		return -errno;
	/* Failures of options show at bind. */
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (ai->ai_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0) {
		e = errno;
		fsv_close(fd);
		return -e;
	}
	*ret_fd = fd;
	return 0;
}

static int listen_everywhere(uint16_t port, int *ret_fd)
{
	struct sockaddr_in6 v6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_any,
	};
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct addrinfo both = {
		.ai_family = AF_INET6, .ai_addr = (struct sockaddr *)&v6, .ai_addrlen = sizeof(v6),
	};
	struct addrinfo old = {
		.ai_family = AF_INET, .ai_addr = (struct sockaddr *)&v4, .ai_addrlen = sizeof(v4),
	};
	int r = try_listen(&both, ret_fd);

	/* A kernel without IPv6, or one where it is switched off. */
	return r == -EAFNOSUPPORT || r == -EADDRNOTAVAIL ? try_listen(&old, ret_fd) : r;
}

static int listen_at(const char *host, uint16_t port, int *ret_fd, struct fsv_err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *list;
	char service[8];
	int r;

	snprintf(service, sizeof(service), "%u", port);
	r = getaddrinfo(host, service, &hints, &list);
	if (r != 0)
		return fsv_err_set(err, -EADDRNOTAVAIL, "cannot listen on %s: %s", host, gai_strerror(r));
	r = -EADDRNOTAVAIL;
	for (struct addrinfo *ai = list; ai && r < 0; ai = ai->ai_next)
		r = try_listen(ai, ret_fd);
	freeaddrinfo(list);
	return r < 0 ? fsv_err_errno(err, -r, "cannot listen on %s port %u", host, port) : 0;
}

int fsv_http_listen(struct fsv_http *http, struct fsv_err *err)
{
	int r = 0, flags;

	if (http->held) {
		http->listen_fd = http->opt.listen_fd;
		flags = fcntl(http->listen_fd, F_GETFL);
		if (flags < 0 || fcntl(http->listen_fd, F_SETFL, flags | O_NONBLOCK) < 0)
			r = fsv_err_errno(err, errno, "cannot use the listening socket that was given for HTTP");
	} else if (http->opt.host) {
		r = listen_at(http->opt.host, http->opt.port, &http->listen_fd, err);
	} else {
		r = listen_everywhere(http->opt.port, &http->listen_fd);
		if (r < 0)
			fsv_err_errno(err, -r, "cannot listen on port %u", http->opt.port);
	}
	if (r == 0)
		http->port = fsv_listen_port(http->listen_fd);
	return r;
}

/* Connections ----------------------------------------------------------------------------------- */

static void wake(struct fsv_http *http)
{
	uint64_t one = 1;

	/* Fails only when the counter is full, and then the thread is awake. */
	if (write(http->wake_fd, &one, sizeof(one)) < 0)
		return;
}

static void format_peer(const struct sockaddr *addr, char *text, size_t n)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)addr;

	text[0] = '\0';
	if (addr->sa_family == AF_INET)
		(void)inet_ntop(AF_INET, &((const struct sockaddr_in *)addr)->sin_addr, text, (socklen_t)n);
	else if (addr->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		(void)inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text, (socklen_t)n);
	else if (addr->sa_family == AF_INET6)
		(void)inet_ntop(AF_INET6, &v6->sin6_addr, text, (socklen_t)n);
}

static void conn_started(struct fsv_http *http, struct MHD_Connection *mhd, void **context)
{
	struct fsv_http_conn *conn = FSV_NEW(struct fsv_http_conn);

	conn->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	format_peer(MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr,
		    conn->peer, sizeof(conn->peer));
	atomic_init(&conn->deadline, fsv_now_ns() + http->timeout_ns);
	atomic_init(&conn->receiving, false);
	atomic_init(&conn->linger, false);
	conn->tls = http->tls != NULL;
	*context = conn;
	pthread_mutex_lock(&http->conn_lock);
	conn->next = http->conns;
	conn->prev = &http->conns;
	if (conn->next)
		conn->next->prev = &conn->next;
	http->conns = conn;
	http->n_started++;
	fsv_metric_add(&connections, 1);
	pthread_mutex_unlock(&http->conn_lock);
}

static void conn_closed(struct fsv_http *http, struct fsv_http_conn *conn)
{
	bool tell;

	pthread_mutex_lock(&http->conn_lock);
	*conn->prev = conn->next;
	if (conn->next)
		conn->next->prev = conn->prev;
	http->n_started--;
	fsv_metric_add(&connections, -1);
	tell = atomic_fetch_sub(&http->n_conns, 1) == http->opt.max_connections;
	if (atomic_load(&conn->linger) && !http->quit && http->n_lingers < FSV_HTTP_LINGERS) {
		int fd = fcntl(conn->fd, F_DUPFD_CLOEXEC, 0);

		if (fd >= 0) {
			http->lingers[http->n_lingers++] =
				(struct fsv_http_linger){ fd, fsv_deadline_in_ms(LINGER_MS) };
			tell = true;
		}
	}
	pthread_mutex_unlock(&http->conn_lock);
	free(conn);
	if (tell)
		wake(http);
}

void fsv_http_on_connection(void *cls, struct MHD_Connection *mhd, void **context,
			    enum MHD_ConnectionNotificationCode code)
{
	struct fsv_http_lane *lane = cls;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		conn_started(lane->http, mhd, context);
	else
		conn_closed(lane->http, FSV_TAKE(*context));
}

bool fsv_http_watch(struct fsv_http_conn *conn, int64_t deadline)
{
	int64_t old = atomic_load(&conn->deadline);

	while (old != FSV_HTTP_KILLED)
		if (atomic_compare_exchange_weak(&conn->deadline, &old, deadline))
			return true;
	return false;
}

void fsv_http_refuse(struct fsv_http_conn *conn, unsigned status)
{
	const char *words = MHD_get_reason_phrase_for(status);
	char answer[512], date[64];
	time_t now = time(NULL);
	struct tm tm;
	int n;

	fsv_http_count(status);
	if (conn->tls)		/* what is not encrypted would be none of the connection's */
		return;
	if (!gmtime_r(&now, &tm) || strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm) == 0)
		return;
	n = snprintf(answer, sizeof(answer),
		     "HTTP/1.1 %u %s\r\nDate: %s\r\nConnection: close\r\n"
		     "Content-Type: text/plain;charset=UTF-8\r\nContent-Length: %zu\r\n\r\n%s\n",
		     status, words, date, strlen(words) + 1, words);
	/* A peer that has filled its window with us does not get to hold the thread. */
	if (send(conn->fd, answer, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		fsv_log_debug("http: refusal %u could not be sent to %s", status, conn->peer);
	atomic_store(&conn->linger, true);
}

/* Its deadline was set when its last request was over. */
static bool is_lively(const struct fsv_http *http, int64_t deadline, int64_t now)
{
	return deadline - http->timeout_ns > now - QUIET_MS * FSV_MS;
}

bool fsv_http_has_more(struct fsv_http *http)
{
	int64_t now = fsv_now_ns();
	bool more;

	pthread_mutex_lock(&http->conn_lock);
	more = atomic_load(&http->n_conns) > http->n_started;
	for (struct fsv_http_conn *c = http->conns; c && !more; c = c->next) {
		int n = 0;

		if (atomic_load(&c->deadline) <= 0)
			continue;
		more = atomic_load(&c->receiving) || is_lively(http, atomic_load(&c->deadline), now) ||
		       (ioctl(c->fd, FIONREAD, &n) == 0 && n > 0);
	}
	pthread_mutex_unlock(&http->conn_lock);
	return more;
}

/* The acceptor thread ----------------------------------------------------------------------------- */

/* Ends connections whose time is over; returns when the next one's is. */
static int64_t reap(struct fsv_http *http, int64_t now)
{
	int64_t next = FSV_NO_DEADLINE;

	pthread_mutex_lock(&http->conn_lock);
	for (struct fsv_http_conn *c = http->conns; c; c = c->next) {
		int64_t deadline = atomic_load(&c->deadline);

		if (deadline <= 0)
			continue;
		if (deadline > now) {
			next = fsv_min_deadline(next, deadline);
		} else if (atomic_compare_exchange_strong(&c->deadline, &deadline, FSV_HTTP_KILLED)) {
			if (atomic_load(&c->receiving))
				fsv_http_refuse(c, MHD_HTTP_REQUEST_TIMEOUT);
			(void)shutdown(c->fd, SHUT_RDWR);	/* the lane sees it and closes */
		}
	}
	pthread_mutex_unlock(&http->conn_lock);
	return next;
}

static void hand_over(struct fsv_http *http, int fd, const struct sockaddr *addr, socklen_t n)
{
	struct fsv_http_lane *lane = &http->lanes[http->next_lane++ % http->n_lanes];

	atomic_fetch_add(&http->n_conns, 1);
	if (MHD_add_connection(lane->mhd, fd, addr, n) != MHD_YES) {	/* has closed it */
		atomic_fetch_sub(&http->n_conns, 1);
		fsv_log_limited(FSV_LOG_WARNING, NULL,
				"http: a connection could not be taken; it is closed");
	}
}

/* At most ACCEPT_ROUND connections; false when none is waiting any more or no more may be taken now. */
static bool accept_some(struct fsv_http *http, int64_t now)
{
	for (unsigned i = 0; i < ACCEPT_ROUND; i++) {
		struct sockaddr_storage addr;
		socklen_t n = sizeof(addr);
		int fd;

		if (atomic_load(&http->n_conns) >= http->opt.max_connections)
			return false;
		fd = accept4(http->listen_fd, (struct sockaddr *)&addr, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			hand_over(http, fd, (struct sockaddr *)&addr, n);
		} else if (errno == EAGAIN) {
			return false;
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			fsv_log_limited(FSV_LOG_ERR, NULL,
					"http: cannot accept on port %u: %s; trying again in %d ms",
					http->port, strerror(errno), PAUSE_MS);
			http->no_accept_until = now + PAUSE_MS * FSV_MS;
			return false;
		}	/* else the peer has gone before we came */
	}
	return true;
}

/* Reads what a refused peer still sends until it closes, or its time is over. Returns when to look
 * again at the latest. Called with conn_lock held. */
static int64_t tend_lingers(struct fsv_http *http, int64_t now)
{
	static const unsigned reads = 16;
	int64_t next = FSV_NO_DEADLINE;
	char waste[16 * 1024];

	for (unsigned i = 0; i < http->n_lingers;) {
		struct fsv_http_linger *l = &http->lingers[i];
		ssize_t r = 1;

		for (unsigned k = 0; k < reads && r > 0; k++)
			r = recv(l->fd, waste, sizeof(waste), MSG_DONTWAIT);
		if ((r < 0 && errno == EAGAIN && l->until > now) || (r > 0 && l->until > now)) {
			next = fsv_min_deadline(next, l->until);
			i++;
		} else {
			fsv_close(l->fd);
			*l = http->lingers[--http->n_lingers];
		}
	}
	return next;
}

/* Nobody who has been told that he is connected is reset, if the system lets us choose who comes last. */
static void empty_backlog(struct fsv_http *http, int64_t now)
{
	struct pollfd fd = { .fd = http->listen_fd, .events = POLLIN };
	bool hushed = fsv_listen_hush(http->listen_fd);

	do
		while (accept_some(http, now))
			;
	while (hushed && atomic_load(&http->n_conns) < http->opt.max_connections && poll(&fd, 1, LAST_ACKS_MS) > 0);
}

static void close_port_now(struct fsv_http *http, int64_t now)
{
	if (!http->held)
		empty_backlog(http, now);
	pthread_mutex_lock(&http->conn_lock);
	http->listen_fd = fsv_close(http->listen_fd);
	pthread_cond_broadcast(&http->closed);
	pthread_mutex_unlock(&http->conn_lock);
}

/* Fills fds and returns how many. fds[0] is the wake-up, fds[1] the port or -1. */
static unsigned poll_set(struct fsv_http *http, struct pollfd *fds, int64_t now, int64_t *next,
			 bool *ret_quit)
{
	bool take = atomic_load(&http->n_conns) < http->opt.max_connections && http->no_accept_until <= now;
	unsigned n = 2;

	fds[0] = (struct pollfd){ .fd = http->wake_fd, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = take ? http->listen_fd : -1, .events = POLLIN };
	if (http->no_accept_until > now)
		*next = fsv_min_deadline(*next, http->no_accept_until);
	pthread_mutex_lock(&http->conn_lock);
	*ret_quit = http->quit;
	*next = fsv_min_deadline(*next, tend_lingers(http, now));
	for (unsigned i = 0; i < http->n_lingers; i++)
		fds[n++] = (struct pollfd){ .fd = http->lingers[i].fd, .events = POLLIN };
	pthread_mutex_unlock(&http->conn_lock);
	return n;
}

static int wait_ms(int64_t until, int64_t now)
{
	if (until == FSV_NO_DEADLINE)
		return -1;
	if (until <= now)
		return 0;
	return (int)((fsv_min_deadline(until - now, 60 * FSV_S) + FSV_MS - 1) / FSV_MS);
}

static void *accept_loop(void *arg)
{
	struct fsv_http *http = arg;
	struct pollfd fds[2 + FSV_HTTP_LINGERS];
	int64_t scan = FSV_NO_DEADLINE;
	bool quit = false;

	for (;;) {
		int64_t now = fsv_now_ns(), next;
		uint64_t count;
		unsigned n;

		if (http->listen_fd >= 0 && atomic_load(&http->draining))
			close_port_now(http, now);
		if (scan <= now) {
			scan = reap(http, now);
			if (scan != FSV_NO_DEADLINE && scan < now + SCAN_MIN_MS * FSV_MS)
				scan = now + SCAN_MIN_MS * FSV_MS;
		}
		/* No deadline is ever set nearer than one timeout from now, so looking again then
		 * misses none; without connections there is nothing to look at. */
		if (atomic_load(&http->n_conns) > 0)
			scan = fsv_min_deadline(scan, now + http->timeout_ns);
		next = scan;
		n = poll_set(http, fds, now, &next, &quit);
		if (quit)
			return NULL;
		if (poll(fds, n, wait_ms(next, now)) <= 0)
			continue;
		if ((fds[0].revents & POLLIN) && read(http->wake_fd, &count, sizeof(count)) < 0)
			continue;
		if (fds[1].revents)
			(void)accept_some(http, now);	/* what is left is reported again */
	}
}

int fsv_http_acceptor_start(struct fsv_http *http, struct fsv_err *err)
{
	int r;

	http->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (http->wake_fd < 0)
		return fsv_err_errno(err, errno, "cannot make an event descriptor");
	r = fsv_thread_start(&http->acceptor, "http-accept", accept_loop, http, err);
	http->has_acceptor = r == 0;
	return r;
}

void fsv_http_close_port(struct fsv_http *http)
{
	wake(http);
	pthread_mutex_lock(&http->conn_lock);
	while (http->listen_fd >= 0)
		pthread_cond_wait(&http->closed, &http->conn_lock);
	pthread_mutex_unlock(&http->conn_lock);
}

void fsv_http_acceptor_stop(struct fsv_http *http)
{
	if (http->has_acceptor) {
		pthread_mutex_lock(&http->conn_lock);
		http->quit = true;
		pthread_mutex_unlock(&http->conn_lock);
		wake(http);
		pthread_join(http->acceptor, NULL);
		http->has_acceptor = false;
	}
	for (unsigned i = 0; i < http->n_lingers; i++)
		fsv_close(http->lingers[i].fd);
	http->n_lingers = 0;
	http->listen_fd = fsv_close(http->listen_fd);
}
