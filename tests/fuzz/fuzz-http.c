/* SPDX-License-Identifier: Apache-2.0 */
/* Raw bytes against the HTTP server, which runs in this process; every answer must begin as one does. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "net/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(struct fsv_http_req *req, void *user)
{
	struct fsv_str q = fsv_http_query(req, "q"), h = fsv_http_header(req, "X");

	(void)user;
	/* Touch all that is shown. */
	(void)fsv_str_hash(q);
	(void)fsv_str_hash(h);
	(void)fsv_str_hash(fsv_http_path(req));
	(void)fsv_str_hash(fsv_http_method(req));
	fsv_http_reply(req, 200, "text/plain", fsv_http_body(req), NULL, 0);
}

static uint16_t server_port(void)
{
	static struct fsv_http *http;
	struct fsv_http_opt opt = {
		.host = "127.0.0.1", .max_header = 2048, .max_body = 4096, .timeout_ms = 20, .handler = answer,
	};
	struct fsv_err err;

	if (!http) {
		fsv_log_set_level(FSV_LOG_OFF);
		if (fsv_http_start(&opt, &http, &err) < 0) {
			fprintf(stderr, "%s\n", err.text);
			abort();
		}
	}
	return fsv_http_port(http);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(server_port()),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval limit = { .tv_sec = 10 };
	struct linger reset = { .l_onoff = 1 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char got[4096];
	ssize_t n;

	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		abort();
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));	/* no TIME_WAIT per input */
	if (size > 0)
		(void)!send(fd, data, size > 16384 ? 16384 : size, MSG_NOSIGNAL);	/* may be refused early */
	shutdown(fd, SHUT_WR);
	n = recv(fd, got, sizeof(got), MSG_WAITALL);
	if (n >= 9 && memcmp(got, "HTTP/1.1 ", 9) != 0)
		abort();
	close(fd);
	return 0;
}
