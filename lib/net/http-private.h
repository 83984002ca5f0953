/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Insides of the HTTP server, shared by its files:
 *
 *   http.c          start, drain, stop
 *   http-accept.c   the listening socket, time limits of connections, orderly closing
 *   http-request.c  from libmicrohttpd's callbacks to the handler
 *   http-reply.c    from fsv_http_reply back to libmicrohttpd
 *   http-view.c     what a request shows to its owner
 *   http-tls.c      certificates for HTTPS
 *
 * A lane is one libmicrohttpd daemon, that is one thread with an epoll loop. It has no listening socket
 * of its own: one acceptor thread hands connections to the lanes in turn. That keeps draining exact (what
 * the system has already accepted is still served) and stays away from MHD_quiesce_daemon, which can
 * abort the process when it meets the loop removing the listening socket at the same moment.
 *
 * Locks: `lock` guards the waiting list, phases and orphans; `conn_lock` guards the list of
 * connections and what the acceptor is told. Neither is held while the other is taken or while a
 * handler runs.
 */
#ifndef FSV_NET_HTTP_PRIVATE_H
#define FSV_NET_HTTP_PRIVATE_H

#include "http.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

#include <gnutls/abstract.h>
#include <microhttpd.h>

#include "base/buf.h"

enum {
	FSV_HTTP_LINGERS = 64,		/* connections closed in an orderly way at the same time */
	FSV_HTTP_KILLED = -1,		/* a connection's deadline once its time is over */
};

struct fsv_http_lane {
	struct fsv_http *http;
	struct MHD_Daemon *mhd;
	_Atomic int64_t busy_since;	/* when the running handler was entered, 0 = none runs */
	struct fsv_http_req *spare;	/* requests for reuse; the lane's thread only */
	unsigned n_spare;
};

struct fsv_http_conn {
	struct fsv_http_conn *next, **prev;	/* http->conns */
	int fd;
	bool tls;
	/* When the peer must have made progress; 0 while it waits for us, FSV_HTTP_KILLED when its time
	 * was over and the acceptor has shut the socket down. */
	_Atomic int64_t deadline;
	atomic_bool receiving;		/* a request has begun and is not complete */
	atomic_bool linger;		/* refused with data still coming */
	int64_t body_since;
	size_t body_bytes;
	char peer[INET6_ADDRSTRLEN];
};

struct fsv_http_linger {
	int fd;
	int64_t until;
};

struct fsv_http {
	struct fsv_http_opt opt;
	uint16_t port;
	struct fsv_http_tls *tls;	/* NULL = plain */
	size_t pool_size;		/* of libmicrohttpd, per connection */
	int64_t timeout_ns;
	struct fsv_http_lane *lanes;
	unsigned n_lanes;

	atomic_uint inflight;		/* with a handler, unanswered */
	atomic_uint open;		/* header has arrived, answer not yet sent */
	atomic_uint resuming;		/* threads inside MHD_resume_connection */
	atomic_bool draining;
	atomic_bool stopping;

	pthread_mutex_t lock;
	pthread_cond_t changed;		/* open became 0 while stopping */
	struct fsv_http_req *waiting;	/* suspended, unanswered */
	bool cutting;			/* the time for answers is over */
	bool stopped;			/* libmicrohttpd is gone */
	unsigned orphans;		/* cut requests that their owners still hold */

	pthread_mutex_t conn_lock;
	pthread_cond_t closed;		/* the acceptor has let the port go */
	struct fsv_http_conn *conns;
	unsigned n_started;		/* in conns */
	atomic_uint n_conns;		/* accepted and not closed */
	struct fsv_http_linger lingers[FSV_HTTP_LINGERS];
	unsigned n_lingers;
	int listen_fd;
	int wake_fd;
	bool held;			/* opt.listen_fd: the socket outlives us */
	bool quit;
	bool has_acceptor;
	pthread_t acceptor;
	unsigned next_lane;
	int64_t no_accept_until;	/* out of descriptors: a pause */
};

enum fsv_http_phase {
	FSV_HTTP_RECEIVING,
	FSV_HTTP_RUNNING,	/* in its handler */
	FSV_HTTP_WAITING,	/* handler has returned, connection suspended */
	FSV_HTTP_REPLIED,
	FSV_HTTP_CUT,		/* connection gone before the reply; the owner's reply frees it */
};

struct fsv_http_pair {
	struct fsv_str name, value;
};

/* Owns copies of all it shows, so that no thread but the lane's ever looks into the connection. */
struct fsv_http_req {
	struct fsv_http *http;
	struct fsv_http_conn *conn;	/* the lane's thread only */
	struct MHD_Connection *mhd;
	pthread_t thread;		/* the lane's */
	struct fsv_arena arena;
	struct fsv_str method, path, peer;
	struct fsv_http_pair *headers, *args;
	unsigned n_headers, n_args;
	struct fsv_buf body;
	void *data;

	_Atomic enum fsv_http_phase phase;	/* changed under http->lock, or by the lane alone */
	bool conn_done, owner_done;		/* when cut: who has let go */
	struct MHD_Response *response;
	unsigned status;
	struct fsv_http_req *next, **prev;	/* http->waiting or lane->spare */
};

/* http-accept.c */
int fsv_http_listen(struct fsv_http *http, struct fsv_err *err) FSV_MUST_CHECK;
int fsv_http_acceptor_start(struct fsv_http *http, struct fsv_err *err) FSV_MUST_CHECK;
void fsv_http_acceptor_stop(struct fsv_http *http);
/* Accepts what is in the backlog unless that is somebody else's, closes the port, returns when that is done. */
void fsv_http_close_port(struct fsv_http *http);
/* MHD_OPTION_NOTIFY_CONNECTION; cls is the lane. */
void fsv_http_on_connection(void *cls, struct MHD_Connection *mhd, void **context,
			    enum MHD_ConnectionNotificationCode code);
/* Sets when the peer must have made progress, 0 = we are the ones to act; false when its time was over. */
bool fsv_http_watch(struct fsv_http_conn *conn, int64_t deadline);
/* Writes an answer past libmicrohttpd, which cannot answer before a request is complete. The connection
 * must be closed next. */
void fsv_http_refuse(struct fsv_http_conn *conn, unsigned status);
/* Connections hold bytes that libmicrohttpd has not looked at, were just accepted, or had a request a moment ago. */
bool fsv_http_has_more(struct fsv_http *http);

/* http-request.c: libmicrohttpd's callbacks; cls is the lane */
void *fsv_http_on_uri(void *cls, const char *uri, struct MHD_Connection *mhd);
size_t fsv_http_on_unescape(void *cls, struct MHD_Connection *mhd, char *text);
enum MHD_Result fsv_http_on_access(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
				   const char *version, const char *data, size_t *size, void **context);
void fsv_http_on_completed(void *cls, struct MHD_Connection *mhd, void **context,
			   enum MHD_RequestTerminationCode code);
void fsv_http_req_free(struct fsv_http_req *req);

/* http-view.c: copies header lines and arguments; returns 0 or the HTTP status to refuse with. */
unsigned fsv_http_read_head(struct fsv_http_req *req, const char *url, const char *method,
			    const char *version, uint64_t *ret_length);

/* http-tls.c */
int fsv_http_tls_new(const char *cert_file, const char *key_file, struct fsv_http_tls **ret_tls,
		     struct fsv_err *err) FSV_MUST_CHECK;
struct fsv_http_tls *fsv_http_tls_free(struct fsv_http_tls *tls);	/* NULL is fine */
/* MHD_OPTION_HTTPS_CERT_CALLBACK. */
int fsv_http_tls_retrieve(gnutls_session_t session, const gnutls_datum_t *req_ca_dn, int n_reqs,
			  const gnutls_pk_algorithm_t *pk_algos, int n_pk_algos, gnutls_pcert_st **ret_chain, unsigned *ret_n,
			  gnutls_privkey_t *ret_key);

/* http-reply.c */
struct MHD_Response *fsv_http_response(struct fsv_http *http, const char *content_type, struct fsv_str body,
				       const struct fsv_http_header_out *headers, unsigned n_headers);
/* For /metrics. */
void fsv_http_count(unsigned status);
/* Ends the connections of all waiting requests. */
void fsv_http_cut(struct fsv_http *http);
void fsv_http_free(struct fsv_http *http);	/* http.c */

#endif
