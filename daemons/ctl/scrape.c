/* SPDX-License-Identifier: Apache-2.0 */
#include "scrape.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/time.h"

enum { PAGE_MAX = 16 << 20, PATIENCE_S = 5, BUCKETS_MAX = 64 };

/* Reading ----------------------------------------------------------------------------------------- */

struct reader {
	const char *p, *end;
	struct fsv_arena *arena;
};

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
}

static struct fsv_str read_name(struct reader *r)
{
	const char *from = r->p;

	while (r->p < r->end && is_name(*r->p))
		r->p++;
	return fsv_str_n(from, (size_t)(r->p - from));
}

static bool take(struct reader *r, char c)
{
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* Behind the opening quote, to behind the closing one. */
static bool read_value(struct reader *r, struct fsv_str *ret)
{
	char *out = fsv_arena_alloc(r->arena, (size_t)(r->end - r->p) + 1);
	size_t n = 0;

	while (r->p < r->end && *r->p != '"') {
		if (*r->p == '\\' && ++r->p == r->end)
			return false;
		out[n++] = *r->p++;
	}
	*ret = fsv_str_n(out, n);
	return take(r, '"');
}

static bool read_labels(struct reader *r, struct fsv_sample *s)
{
	while (!take(r, '}')) {
		struct fsv_str label = read_name(r), value;

		if (label.n == 0 || !take(r, '=') || !take(r, '"') || !read_value(r, &value))
			return false;
		if (s->n_labels < FSV_SCRAPE_LABELS) {
			s->labels[s->n_labels] = label;
			s->values[s->n_labels++] = value;
		}
		if (!take(r, ',') && (r->p == r->end || *r->p != '}'))
			return false;
	}
	return true;
}

/* name{label="value",…} number, and maybe a time, which nobody of us writes. */
static bool read_sample(struct reader *r, struct fsv_sample *s)
{
	char number[64], *end;

	*s = (struct fsv_sample){ .name = read_name(r) };
	if (s->name.n == 0 || (take(r, '{') && !read_labels(r, s)) || !take(r, ' '))
		return false;
	snprintf(number, sizeof(number), "%.*s", (int)(r->end - r->p), r->p);
	s->value = strtod(number, &end);
	return end > number && (*end == '\0' || *end == ' ');
}

static size_t count_lines(struct fsv_str text)
{
	size_t n = 1;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

int fsv_scrape_parse(struct fsv_str text, struct fsv_arena *arena, struct fsv_scrape *ret, struct fsv_err *err)
{
	struct fsv_scrape s = { .samples = FSV_ARENA_NEW_N(arena, struct fsv_sample, count_lines(text)) };
	unsigned line = 0;

	for (size_t from = 0; from < text.n; line++) {
		size_t end = fsv_str_find(text, '\n', from);
		struct reader r = { text.p + from, text.p + end, arena };

		from = end + 1;
		if (r.p == r.end || *r.p == '#')
			continue;
		if (!read_sample(&r, &s.samples[s.n++]))
			return fsv_err_set(err, FSV_E_SYNTAX, "line %u is no sample of a metric", line + 1);
	}
	*ret = s;
	return 0;
}

/* Asking ------------------------------------------------------------------------------------------ */

static int dial(const char *host, uint16_t port, struct fsv_err *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct addrinfo *list;
	char service[8];
	int fd = -1, r, e = EADDRNOTAVAIL;

	snprintf(service, sizeof(service), "%u", port);
	r = getaddrinfo(host, service, &hints, &list);
	if (r != 0)
		return fsv_err_set(err, FSV_E_NET, "%s: %s", host, gai_strerror(r));
	for (struct addrinfo *ai = list; ai && fd < 0; ai = ai->ai_next) {
		fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC, 0);
		if (fd < 0)
			continue;
		/* Both hold for connect, too. Without them we would wait as long as the system does. */
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		if (connect(fd, ai->ai_addr, ai->ai_addrlen) < 0) {
			e = errno == EINPROGRESS ? ETIMEDOUT : errno;
			fd = fsv_close(fd);
		}
	}
	freeaddrinfo(list);
	return fd < 0 ? fsv_err_errno(err, e, "%s:%u does not answer", host, port) : fd;
}

/* The peer closes when it has said everything. */
static int ask(int fd, const char *host, struct fsv_buf *answer, struct fsv_err *err)
{
	int64_t end = fsv_deadline_in_ms(PATIENCE_S * 1000);
	char chunk[16384];
	struct fsv_buf request;
	ssize_t n;
	int r;

	fsv_buf_init(&request, NULL, 0);
	fsv_buf_printf(&request, "GET /metrics HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", host);
	r = fsv_write_all(fd, request.p, request.n);
	fsv_buf_done(&request);
	if (r < 0)
		return fsv_err_errno(err, -r, "cannot ask for /metrics");
	while ((n = read(fd, chunk, sizeof(chunk))) > 0 && fsv_now_ns() < end)
		fsv_buf_append(answer, chunk, (size_t)n);
	if (n != 0)
		return fsv_err_errno(err, n < 0 && errno != EAGAIN ? errno : ETIMEDOUT, "/metrics did not come whole");
	return fsv_buf_failed(answer) ? fsv_err_set(err, FSV_E_LIMIT, "/metrics has more than %d bytes", PAGE_MAX) : 0;
}

static int body_of(struct fsv_str answer, struct fsv_str *ret_body, struct fsv_err *err)
{
	const char *end = answer.n > 0 ? memmem(answer.p, answer.n, "\r\n\r\n", 4) : NULL;
	struct fsv_str status = fsv_str_sub(answer, 9, 12);

	if (!end || !fsv_str_starts(answer, FSV_STR("HTTP/1.1 ")))
		return fsv_err_set(err, FSV_E_SYNTAX, "what answers there speaks no HTTP");
	if (fsv_str_is(status, "403"))
		return fsv_err_set(err, FSV_E_NET, "metrics.allow of the daemon does not name this machine");
	if (!fsv_str_is(status, "200"))
		return fsv_err_set(err, FSV_E_NET, "/metrics is answered with status %.*s", FSV_STR_ARG(status));
	*ret_body = fsv_str_n(end + 4, answer.n - (size_t)(end + 4 - answer.p));
	return 0;
}

int fsv_scrape_get(const char *host, uint16_t port, struct fsv_arena *arena, struct fsv_scrape *ret, struct fsv_err *err)
{
	FSV_AUTO_FD fd = dial(host, port, err);
	struct fsv_str body;
	struct fsv_buf answer;
	int r;

	if (fd < 0)
		return err->code;
	fsv_buf_init(&answer, arena, PAGE_MAX);
	r = ask(fd, host, &answer, err);
	if (r == 0)
		r = body_of(fsv_buf_str(&answer), &body, err);
	if (r == 0)
		r = fsv_scrape_parse(body, arena, ret, err);
	if (r < 0)
		return fsv_err_wrap(err, "%s:%u", host, port);
	ret->at = fsv_now_ns();
	return 0;
}

/* Looking ----------------------------------------------------------------------------------------- */

struct fsv_str fsv_sample_label(const struct fsv_sample *s, const char *label)
{
	for (unsigned i = 0; i < s->n_labels; i++)
		if (fsv_str_is(s->labels[i], label))
			return s->values[i];
	return FSV_STR_NULL;
}

static bool fits(const struct fsv_sample *s, const char *name, const char *suffix, const char *label, struct fsv_str value)
{
	size_t n = strlen(name);

	return fsv_str_starts(s->name, fsv_str_n(name, n)) && fsv_str_is(fsv_str_sub(s->name, n, s->name.n), suffix) &&
	       (!label || fsv_str_eq(fsv_sample_label(s, label), value));
}

double fsv_scrape_sum(const struct fsv_scrape *s, const char *name, const char *label, struct fsv_str value)
{
	double sum = 0;

	for (size_t i = 0; i < s->n; i++)
		if (fits(&s->samples[i], name, "", label, value))
			sum += s->samples[i].value;
	return sum;
}

struct bucket {
	double bound, count;
};

/* Adds a page's buckets, by bound. A page has them in rising order. */
static unsigned add_buckets(const struct fsv_scrape *s, const char *name, const char *label, struct fsv_str value,
			    double sign, struct bucket *buckets, unsigned n)
{
	for (size_t i = 0; s && i < s->n; i++) {
		const struct fsv_sample *sample = &s->samples[i];
		char bound[32];
		unsigned b = 0;

		if (!fits(sample, name, "_bucket", label, value))
			continue;
		snprintf(bound, sizeof(bound), "%.*s", FSV_STR_ARG(fsv_sample_label(sample, "le")));
		while (b < n && buckets[b].bound != strtod(bound, NULL))
			b++;
		if (b == n && n < BUCKETS_MAX)
			buckets[n++] = (struct bucket){ strtod(bound, NULL), 0 };
		if (b < n)
			buckets[b].count += sign * sample->value;
	}
	return n;
}

double fsv_scrape_quantile(const struct fsv_scrape *now, const struct fsv_scrape *was, const char *name, const char *label,
			   struct fsv_str value, double q)
{
	struct bucket buckets[BUCKETS_MAX];
	unsigned n = add_buckets(now, name, label, value, 1, buckets, 0);

	n = add_buckets(was, name, label, value, -1, buckets, n);
	if (n == 0 || !(buckets[n - 1].count > 0))	/* also for what is no number */
		return -1;
	for (unsigned i = 0; i < n; i++)
		if (buckets[i].count >= q * buckets[n - 1].count)
			return buckets[i].bound;
	return buckets[n - 1].bound;
}
