/* SPDX-License-Identifier: Apache-2.0 */
/* A plain TCP peer for tests of the HTTP server: sends bytes, reads answers. */
#ifndef FSV_TEST_HTTP_PEER_H
#define FSV_TEST_HTTP_PEER_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"

enum { PEER_TIMEOUT_S = 20 };

struct answer {
	unsigned status;	/* 0 = closed without one */
	char head[8192];
	char *body;
	size_t n;
};

static inline void answer_done(struct answer *a)
{
	free(a->body);
	*a = (struct answer){ .status = 0 };
}

static inline int peer_connect(uint16_t port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval tv = { .tv_sec = PEER_TIMEOUT_S };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	return fd;
}

static inline bool peer_send(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n > 0) {
		ssize_t w = send(fd, p, n, MSG_NOSIGNAL);

		if (w <= 0)
			return false;
		p += w;
		n -= (size_t)w;
	}
	return true;
}

static inline bool peer_puts(int fd, const char *text)
{
	return peer_send(fd, text, strlen(text));
}

/* Value of a header field in the answer, in a static buffer; NULL when it is not there. */
static inline const char *answer_header(const struct answer *a, const char *name)
{
	static _Thread_local char value[1024];
	size_t n = strlen(name);

	for (const char *line = strstr(a->head, "\r\n"); line; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
			line += n + 2;
			snprintf(value, sizeof(value), "%.*s", (int)strcspn(line, "\r"), line);
			return value;
		}
	}
	return NULL;
}

/* Reads one answer; no_body for answers to HEAD. 0, or -1 when the peer closed before or in it. */
static inline int peer_read_as(int fd, struct answer *a, bool no_body)
{
	size_t n = 0, want = 0;
	const char *length;

	*a = (struct answer){ .status = 0 };
	while (n < sizeof(a->head) - 1 && !(n >= 4 && memcmp(a->head + n - 4, "\r\n\r\n", 4) == 0)) {
		ssize_t r = recv(fd, a->head + n, 1, 0);

		if (r <= 0)
			return -1;
		n++;
	}
	a->head[n] = '\0';
	if (sscanf(a->head, "HTTP/1.1 %u", &a->status) != 1)
		return -1;
	length = answer_header(a, "Content-Length");
	want = length && !no_body && a->status >= 200 ? strtoul(length, NULL, 10) : 0;
	a->body = calloc(1, want + 1);
	assert_non_null(a->body);
	while (a->n < want) {
		ssize_t r = recv(fd, a->body + a->n, want - a->n, 0);

		if (r <= 0)
			return -1;
		a->n += (size_t)r;
	}
	return 0;
}

static inline int peer_read(int fd, struct answer *a)
{
	return peer_read_as(fd, a, false);
}

/* Reads up to the end; false when it came as a reset or not at all. */
static inline bool peer_at_end(int fd)
{
	char waste[256];
	ssize_t r;

	do
		r = recv(fd, waste, sizeof(waste), 0);
	while (r > 0);
	return r == 0;
}

#endif
