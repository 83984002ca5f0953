/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP(S) client on curl's multi interface: one thread, kept connections, bounded transfers. Done runs
 * on the client's thread; hand over to a worker with fsv_rpc_post.
 */
#ifndef FSV_NET_HTTP_CLIENT_H
#define FSV_NET_HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct fsv_http_client;

struct fsv_http_client_opt {
	unsigned max_transfers;		/* running ones, 0 = 1,024; above it fsv_http_post says -EAGAIN */
	unsigned max_connections;	/* kept and open, 0 = 256; above it transfers wait for one */
};

int fsv_http_client_new(const struct fsv_http_client_opt *opt, struct fsv_http_client **ret_client,
			struct fsv_err *err) FSV_MUST_CHECK;
/* Running transfers end with -ECANCELED before it returns; later ones are refused with -EAGAIN. [not in done] */
void fsv_http_client_stop(struct fsv_http_client *client);
/* Stops it, if that has not been done. [not in done] */
struct fsv_http_client *fsv_http_client_free(struct fsv_http_client *client);

struct fsv_http_post_opt {
	const char *url;
	struct fsv_str body;			/* copied */
	const char *content_type;		/* NULL = application/json;charset=UTF-8 */
	const char *const *headers;		/* further "Name: value" lines, copied; one with a line
						 * break is left out */
	unsigned n_headers;
	/* connect: from the call on, name look-up and TLS included; read: whole transfer after connecting.
	 * 0 = only the deadline. */
	int64_t connect_timeout_ms, read_timeout_ms;
	int64_t idle_timeout_ms;		/* after connecting: without a byte for so long; 0 = no such limit */
	int64_t deadline;			/* monotonic ns, FSV_NO_DEADLINE = only the above */
	size_t max_answer;			/* bytes, 0 = 4 MiB */
	bool accept_self_signed;		/* https: public CAs or self-signed, host name checked */
	/* May be NULL. After each piece of the body: bytes so far, and in all, 0 = not known. [the client's
	 * thread] */
	void (*progress)(void *arg, size_t bytes, size_t of);
};

struct fsv_http_answer {
	/* 0, or negative: -ETIMEDOUT, -ECONNREFUSED, -ECANCELED, -EINVAL (URL), FSV_E_LIMIT, FSV_E_TLS,
	 * FSV_E_NET … */
	int result;
	unsigned status;	/* HTTP status when result is 0 */
	struct fsv_str body;	/* borrowed */
	const char *text;	/* why it failed, for logs: names host and port, never path or query */
};

typedef void fsv_http_done(void *arg, const struct fsv_http_answer *answer);

/* 0, or -EAGAIN when max_transfers are running (done is not called). [any thread] */
int fsv_http_post(struct fsv_http_client *client, const struct fsv_http_post_opt *opt,
		  fsv_http_done *done, void *arg) FSV_MUST_CHECK;

#endif
