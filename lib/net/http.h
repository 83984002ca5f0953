/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 server on libmicrohttpd. A handler gets a request whose body has arrived whole; it answers
 * at once or later from any thread. Limits on header, body, time and connections hold for every
 * request; one that breaks them is answered (400, 408, 413, 431, 501 …) and closed without reaching a
 * handler. So is one that a proxy before us could read differently: two Content-Length, Content-Length
 * with Transfer-Encoding, no or two Host, names of header fields that are no tokens.
 */
#ifndef FSV_NET_HTTP_H
#define FSV_NET_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct fsv_http;
struct fsv_http_req;

/* Must lead to exactly one fsv_http_reply. [an HTTP thread] */
typedef void fsv_http_handler(struct fsv_http_req *req, void *user);

struct fsv_http_opt {
	const char *host;		/* NULL = every interface, v4 and v6 */
	uint16_t port;			/* 0 = the system chooses */
	/* A listening socket that somebody else holds open for us, instead of host and port; 0 = none. The server's
	 * from now on. Draining leaves connections that come from then on to whoever listens next. */
	int listen_fd;
	/* PEM files: HTTPS, one such server in a process; NULL = HTTP. Renewed files are taken up within a second. */
	const char *cert_file, *key_file;
	unsigned threads;		/* 0 = 1; one more accepts connections */
	size_t max_header;		/* bytes, default 8 KiB when 0; above it 431 */
	size_t max_body;		/* bytes; above it 413 */
	/* A connection without a request is closed after it. A header must be complete within it, a body
	 * within it and one second per 16 KiB; else 408. 0 = 60 s. */
	unsigned timeout_ms;
	unsigned max_connections;	/* 0 = 1,024; further ones wait in the system's backlog */
	unsigned max_inflight;		/* unanswered requests; above it 503 at once. 0 = max_connections */
	fsv_http_handler *handler;
	void *user;
};

/* -EADDRINUSE and the like name the port and the reason. Each connection holds max_header + 6 KiB. */
int fsv_http_start(const struct fsv_http_opt *opt, struct fsv_http **ret_http,
		   struct fsv_err *err) FSV_MUST_CHECK;
uint16_t fsv_http_port(const struct fsv_http *http);
unsigned fsv_http_inflight(const struct fsv_http *http);	/* [any thread] */
/* Stops listening, after taking what has been connected so far (with listen_fd: leaving it); open requests go on;
 * answers carry "Connection: close". [not in a handler] */
void fsv_http_drain(struct fsv_http *http);
/* Drains, waits until the deadline (monotonic ns) for open requests and for connections whose last one is less than
 * a quarter of a second ago, so that their next one is answered too; then closes all and frees http.
 * Returns how many requests were cut off: half received, unanswered, or answered and not yet sent. Whoever
 * still holds an unanswered one owes its reply, which then only frees it. Waits for handlers that
 * run right now in any case. [not in a handler] */
unsigned fsv_http_stop(struct fsv_http *http, int64_t deadline_ns);
/* When the handler that has been running for the longest time was entered, monotonic ns; 0 = none
 * runs. [any thread] */
int64_t fsv_http_stall_ns(const struct fsv_http *http);

/* Views live until the reply. [whoever owns the request] */
struct fsv_str fsv_http_method(const struct fsv_http_req *req);	/* "POST" */
struct fsv_str fsv_http_path(const struct fsv_http_req *req);	/* as sent, without the query; not decoded */
/* FSV_STR_NULL when absent; of several with one name the first counts. Queries are decoded, names of
 * header fields are in any case. */
struct fsv_str fsv_http_query(const struct fsv_http_req *req, const char *name);
struct fsv_str fsv_http_header(const struct fsv_http_req *req, const char *name);
struct fsv_str fsv_http_body(const struct fsv_http_req *req);
struct fsv_str fsv_http_peer(const struct fsv_http_req *req);	/* address without port */
/* Whoever asked has closed the connection and will not see an answer. Costs a system call. [whoever owns the request] */
bool fsv_http_left(struct fsv_http_req *req);
struct fsv_arena *fsv_http_arena(struct fsv_http_req *req);
/* A slot for the owner's own state. */
void fsv_http_set_data(struct fsv_http_req *req, void *data);
void *fsv_http_data(const struct fsv_http_req *req);

struct fsv_http_header_out {
	const char *name, *value;
};

/* {"timestamp":…,"status":404,"error":"Not Found","path":…}, the body of the reference's own faults, in the arena. A
 * path that is no UTF-8 ends there; FSV_STR_NULL: none. */
struct fsv_str fsv_http_error_json(struct fsv_arena *arena, unsigned status, const char *error, struct fsv_str path);
/* Ends the request; body is copied. content_type NULL = none. The header of an answer has 2 KiB at
 * least. [any thread] */
void fsv_http_reply(struct fsv_http_req *req, unsigned status, const char *content_type, struct fsv_str body,
		    const struct fsv_http_header_out *headers, unsigned n_headers);

#endif
