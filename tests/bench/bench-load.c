/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP load: one thread, kept connections, one request at a time on each. With a rate, requests are due at fixed
 * moments and latency counts from the moment they were due (a slow answer delays nobody's clock); without one,
 * every connection sends as soon as it has its answer.
 *
 *   bench-load PORT PATH BODY-FILE CONNECTIONS SECONDS RATE EXPECTED-TEXT
 *
 * SIGTERM ends it early. Prints one JSON object. An answer counts as bad when its body lacks EXPECTED-TEXT. As HTTP clients
 * do, it asks again over a new connection when one that it has kept ends before the first byte of an answer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/time.h"

enum { ANSWER_MAX = 4 << 20, SAMPLES_MAX = 4000000 };

struct conn {
	int fd;
	bool busy;
	bool kept;		/* has had an answer on this connection */
	int64_t since;		/* when the request was due */
	size_t sent;
	char *in;
	size_t n_in;
};

static struct {
	struct fsv_buf request;
	const char *expected;
	uint16_t port;
	int epfd;
	struct conn *conns;
	unsigned n_conns;
	int64_t interval;	/* ns between requests, 0 = as fast as it goes */
	int64_t next_due;
	unsigned *latency_us;
	size_t n_latency;
	unsigned long good, bad, again;
	volatile sig_atomic_t end;
} load;

static void die(const char *what)
{
	fprintf(stderr, "bench-load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void dial(struct conn *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(load.port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (epoll_ctl(load.epfd, EPOLL_CTL_ADD, c->fd, &ev) < 0)
		die("epoll_ctl");
}

static void redial(struct conn *c)
{
	fsv_close(c->fd);
	c->kept = false;
	dial(c);
}

static void send_request(struct conn *c, int64_t due)
{
	c->busy = true;
	c->since = due;
	c->n_in = 0;
	if (fsv_write_all(c->fd, load.request.p, load.request.n) == 0)
		return;
	if (!c->kept)
		die("write");
	load.again++;
	redial(c);
	if (fsv_write_all(c->fd, load.request.p, load.request.n) < 0)
		die("write");
}

/* The connection has ended. Nobody is told when nothing was asked. */
static void ended(struct conn *c, ssize_t r)
{
	if (c->busy && (c->n_in > 0 || !c->kept))
		die(r == 0 ? "connection closed" : "read");
	redial(c);
	if (!c->busy)
		return;
	load.again++;
	send_request(c, c->since);
}

/* Length of the whole answer once its header is there, 0 before. */
static size_t answer_length(struct conn *c)
{
	char *end, *p;

	c->in[c->n_in] = '\0';
	end = strstr(c->in, "\r\n\r\n");
	if (!end)
		return 0;
	p = strcasestr(c->in, "\r\nContent-Length:");
	if (!p || p > end) {
		fprintf(stderr, "bench-load: answer without Content-Length\n");
		exit(1);
	}
	return (size_t)(end + 4 - c->in) + strtoul(p + 17, NULL, 10);
}

static void note(struct conn *c, int64_t now)
{
	bool ok = strstr(c->in, load.expected) != NULL;

	load.good += ok;
	load.bad += !ok;
	if (load.n_latency < SAMPLES_MAX)
		load.latency_us[load.n_latency++] = (unsigned)((now - c->since) / 1000);
	c->busy = false;
}

static void on_readable(struct conn *c, bool more)
{
	ssize_t r = read(c->fd, c->in + c->n_in, ANSWER_MAX - 1 - c->n_in);
	size_t whole;
	int64_t now;

	if (r <= 0) {
		ended(c, r);
		return;
	}
	c->n_in += (size_t)r;
	whole = answer_length(c);
	if (whole == 0 || c->n_in < whole)
		return;
	now = fsv_now_ns();
	note(c, now);
	c->kept = true;
	if (strcasestr(c->in, "\r\nConnection: close\r\n"))
		redial(c);
	if (more && load.interval == 0)
		send_request(c, now);
}

/* Gives requests that are due to idle connections; returns how long to wait, ms. */
static int send_due(void)
{
	int64_t now = fsv_now_ns(), wait;

	for (unsigned i = 0; i < load.n_conns && load.next_due <= now; i++) {
		if (load.conns[i].busy)
			continue;
		send_request(&load.conns[i], load.next_due);
		load.next_due += load.interval;
	}
	if (load.next_due <= now)
		return 1;	/* all connections are busy */
	wait = (load.next_due - now) / FSV_MS;
	return wait > 10 ? 10 : (int)wait;
}

static unsigned busy(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < load.n_conns; i++)
		n += load.conns[i].busy;
	return n;
}

static void run(int64_t until)
{
	struct epoll_event ev[64];

	load.next_due = fsv_now_ns();
	for (unsigned i = 0; i < load.n_conns && load.interval == 0; i++)
		send_request(&load.conns[i], load.next_due);
	for (;;) {
		bool more = !load.end && fsv_now_ns() < until;
		int wait = more && load.interval ? send_due() : 100;
		int n;

		if (!more && busy() == 0)
			return;
		n = epoll_wait(load.epfd, ev, 64, wait);
		for (int i = 0; i < n; i++)
			on_readable(ev[i].data.ptr, more);
	}
}

static void on_term(int signo)
{
	(void)signo;
	load.end = 1;
}

static int by_value(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

static unsigned percentile(double p)
{
	size_t at = (size_t)((double)load.n_latency * p);

	return load.n_latency ? load.latency_us[at < load.n_latency ? at : load.n_latency - 1] : 0;
}

int main(int argc, char **argv)
{
	struct fsv_err err = FSV_ERR_INIT;
	char *body;
	size_t n;
	int64_t start;
	double seconds;

	if (argc != 8) {
		fprintf(stderr, "usage: bench-load PORT PATH BODY-FILE CONNECTIONS SECONDS RATE EXPECTED-TEXT\n");
		return 2;
	}
	if (fsv_read_file(argv[3], 64 << 20, &body, &n, &err) < 0) {
		fprintf(stderr, "bench-load: %s\n", err.text);
		return 1;
	}
	load.port = (uint16_t)strtoul(argv[1], NULL, 10);
	load.n_conns = (unsigned)strtoul(argv[4], NULL, 10);
	load.interval = strtol(argv[6], NULL, 10) > 0 ? FSV_S / strtol(argv[6], NULL, 10) : 0;
	load.expected = argv[7];
	fsv_buf_init(&load.request, NULL, 0);
	fsv_buf_printf(&load.request, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
		       "Content-Length: %zu\r\n\r\n", argv[2], n);
	fsv_buf_append(&load.request, body, n);
	free(body);
	load.latency_us = FSV_NEW_N(unsigned, SAMPLES_MAX);
	load.conns = FSV_NEW_N(struct conn, load.n_conns);
	load.epfd = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; i < load.n_conns; i++) {
		load.conns[i].in = fsv_malloc(ANSWER_MAX);
		dial(&load.conns[i]);
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, on_term);
	start = fsv_now_ns();
	run(start + strtol(argv[5], NULL, 10) * FSV_S);
	seconds = (double)(fsv_now_ns() - start) / 1e9;
	qsort(load.latency_us, load.n_latency, sizeof(unsigned), by_value);
	printf("{\"requests\":%lu,\"bad\":%lu,\"again\":%lu,\"seconds\":%.3f,\"qps\":%.1f,\"p50_us\":%u,\"p99_us\":%u,\"p999_us\":%u,"
	       "\"max_us\":%u}\n", load.good + load.bad, load.bad, load.again, seconds, (double)(load.good + load.bad) / seconds,
	       percentile(0.5), percentile(0.99), percentile(0.999), percentile(1));
	return load.bad > 0;
}
