/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One listening port. Every worker has a lane of its own: slots armed on the worker's completion queue
 * that core fills with calls. Core gives a connection's calls to one worker while that one has free
 * slots and to the others above it, so the number of slots is also the length of the queue at which
 * work spills over to another core.
 */
#include "rpc-private.h"

#include "listen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/time.h"

enum {
	ARMED_HOT = 16, ARMED_COLD = 2, ARMED_OTHER = 2,
	/* Streams of one connection above max_inflight: room to refuse calls in words. */
	SPARE_STREAMS = 128,
	HANDSHAKE_MS = 10000,
	/* After the last call has ended: for peers to take the end of their connections. */
	GOODBYE_MS = 2000,
	/* Before connections are closed: clients that call are refused, and told to leave, until none has called for the
	 * first time; at most for the second. */
	QUIET_MS = 50, LEAVING_MS = 1000,
	/* On a port that nobody holds for the next process: so long clients that have called lately are told to be patient
	 * when their connection ends. */
	NOTICE_MS = 100, LATELY_MS = 1000,
};

static grpc_server *create(const struct fsv_rpc_server_opt *opt)
{
	grpc_arg args[] = {
		fsv_rpc_arg(GRPC_ARG_ALLOW_REUSEPORT, 0),
		fsv_rpc_arg(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, opt->max_message),
		fsv_rpc_arg(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0),	/* ours is bounded */
		fsv_rpc_arg(GRPC_ARG_MAX_CONCURRENT_STREAMS, (size_t)opt->max_inflight + SPARE_STREAMS),
		fsv_rpc_arg(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, HANDSHAKE_MS),
		/* Finds peers that have gone without a word. */
		fsv_rpc_arg(GRPC_ARG_KEEPALIVE_TIME_MS, FSV_RPC_KEEPALIVE_MS),
		fsv_rpc_arg(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, FSV_RPC_KEEPALIVE_TIMEOUT_MS),
		fsv_rpc_arg(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1),
		fsv_rpc_arg(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0),
		/* Clients of the reference ping often, also without calls. */
		fsv_rpc_arg(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 0),
		fsv_rpc_arg(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0),
		fsv_rpc_arg(GRPC_ARG_ENABLE_CHANNELZ, 0),
	};
	const grpc_channel_args list = { sizeof(args) / sizeof(args[0]), args };

	return grpc_server_create(&list, NULL);
}

static void register_all(struct fsv_rpc_server *s, const struct fsv_rpc_server_opt *opt)
{
	unsigned n_methods = opt->n_methods + FSV_RPC_HEALTH_METHODS;

	s->n_kinds = n_methods + 1;
	s->kinds = FSV_NEW_N(struct fsv_rpc_slot_kind, s->n_kinds);
	for (unsigned i = 0; i < n_methods; i++) {
		const struct fsv_rpc_method *m = i < opt->n_methods ? &opt->methods[i] :
						 &fsv_rpc_health_methods[i - opt->n_methods];

		s->kinds[i].method = m;
		s->kinds[i].armed = m->hot ? ARMED_HOT : ARMED_COLD;
		s->kinds[i].registered = grpc_server_register_method(s->grpc, m->path, NULL,
								     GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER, 0);
		FSV_BUG_ON(!s->kinds[i].registered);	/* two methods of one path */
	}
	s->kinds[n_methods].armed = ARMED_OTHER;
	s->lanes = FSV_NEW_N(struct fsv_rpc_lane, s->rpc->n);
	for (unsigned i = 0; i < s->rpc->n; i++) {
		s->lanes[i].server = s;
		s->lanes[i].worker = &s->rpc->workers[i];
		grpc_server_register_completion_queue(s->grpc, s->rpc->workers[i].cq, NULL);
	}
}

static int add_ports(struct fsv_rpc_server *s, const struct fsv_rpc_listen *listen, uint16_t port,
		     grpc_server_credentials *credentials, struct fsv_err *err)
{
	for (unsigned i = 0; i < listen->n; i++) {
		char address[FSV_RPC_LISTEN_TEXT + 8];
		int bound;

		snprintf(address, sizeof(address), "%s:%u", listen->hosts[i], port);
		bound = grpc_server_add_http2_port(s->grpc, address, credentials);
		if (bound <= 0)
			return fsv_err_set(err, FSV_E_NET, "cannot listen on %s", address);
		port = (uint16_t)bound;
	}
	s->port = port;
	return 0;
}

/* Core takes accepted connections as they are, so it cannot put TLS on them. */
static int adopt(struct fsv_rpc_server *s, const struct fsv_rpc_server_opt *opt, struct fsv_err *err)
{
	s->port = fsv_listen_port(opt->listen_fd);
	if (opt->tls)
		return fsv_err_set(err, FSV_E_CONFIG,
				   "port %u is held by a socket unit, which works for plaintext only; take it out of the unit",
				   s->port);
	return 0;
}

static int bind_all(struct fsv_rpc_server *s, const struct fsv_rpc_server_opt *opt, struct fsv_err *err)
{
	grpc_server_credentials *credentials;
	struct fsv_rpc_listen listen;
	int r;

	if (opt->listen_fd > 0)
		return adopt(s, opt, err);
	r = fsv_rpc_listen_find(opt->host, opt->port, &listen, err);
	if (r < 0)
		return r;
	s->tls.tls = opt->tls;
	credentials = opt->tls ? fsv_tls_server_credentials(&s->tls) : grpc_insecure_server_credentials_create();
	r = add_ports(s, &listen, opt->port, credentials, err);
	grpc_server_credentials_release(credentials);
	return r;
}

/* Ends a lane's life together with its last context. */
void fsv_rpc_lane_ended(struct fsv_rpc_lane *lane)
{
	struct fsv_rpc_server *s = lane->server;

	pthread_mutex_lock(&s->lock);
	s->n_lanes_ended++;
	pthread_cond_signal(&s->ended);
	pthread_mutex_unlock(&s->lock);
}

void fsv_rpc_server_idle(struct fsv_rpc_server *s)
{
	pthread_mutex_lock(&s->lock);
	pthread_cond_signal(&s->ended);
	pthread_mutex_unlock(&s->lock);
}

static void on_shutdown(struct fsv_rpc_op *op, bool ok)
{
	struct fsv_rpc_server *s = FSV_CONTAINER_OF(op, struct fsv_rpc_server, shutdown_op);

	(void)ok;	/* core's shutdown cannot fail */
	pthread_mutex_lock(&s->lock);
	s->shut_down = true;
	pthread_cond_signal(&s->ended);
	pthread_mutex_unlock(&s->lock);
}

static void open_lane(void *arg)
{
	struct fsv_rpc_lane *lane = arg;

	for (unsigned k = 0; k < lane->server->n_kinds; k++)
		for (unsigned i = 0; i < lane->server->kinds[k].armed; i++)
			fsv_rpc_call_arm(lane, &lane->server->kinds[k]);
}

static struct fsv_rpc_server *server_free(struct fsv_rpc_server *s)
{
	grpc_server_destroy(s->grpc);
	pthread_cond_destroy(&s->ended);
	pthread_mutex_destroy(&s->lock);
	free(s->lanes);
	free(s->kinds);
	free(s);
	return NULL;
}

static bool is_idle(const struct fsv_rpc_server *s)
{
	return atomic_load(&s->inflight) == 0;
}

static bool lanes_ended(const struct fsv_rpc_server *s)
{
	return s->n_lanes_ended == s->rpc->n;
}

static bool has_ended(const struct fsv_rpc_server *s)
{
	return s->shut_down && lanes_ended(s);
}

/* Until the given point, or FSV_NO_DEADLINE. Called with the lock held. */
static void wait_until(struct fsv_rpc_server *s, int64_t deadline_ns, bool (*reached)(const struct fsv_rpc_server *s))
{
	const struct timespec ts = { .tv_sec = deadline_ns / FSV_S, .tv_nsec = deadline_ns % FSV_S };

	while (!reached(s)) {
		if (deadline_ns == FSV_NO_DEADLINE)
			pthread_cond_wait(&s->ended, &s->lock);
		else if (pthread_cond_timedwait(&s->ended, &s->lock, &ts) == ETIMEDOUT)
			return;
	}
}

static void init_waiting(struct fsv_rpc_server *s)
{
	pthread_condattr_t monotonic;

	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&s->ended, &monotonic);
	pthread_condattr_destroy(&monotonic);
	fsv_rpc_op_set(&s->shutdown_op, on_shutdown);
}

int fsv_rpc_server_start(struct fsv_rpc *rpc, const struct fsv_rpc_server_opt *opt,
			 struct fsv_rpc_server **ret_server, struct fsv_err *err)
{
	struct fsv_rpc_server *s = FSV_NEW(struct fsv_rpc_server);
	int r;

	s->rpc = rpc;
	s->user = opt->user;
	s->max_inflight = opt->max_inflight;
	s->held = opt->listen_fd > 0;
	s->max_message = opt->max_message;
	init_waiting(s);
	s->grpc = create(opt);
	register_all(s, opt);
	r = bind_all(s, opt, err);
	if (r < 0) {
		/* No lane is open, so core's own part is all there is to wait for. */
		s->n_lanes_ended = rpc->n;
		grpc_server_shutdown_and_notify(s->grpc, rpc->workers[0].cq, &s->shutdown_op);
		pthread_mutex_lock(&s->lock);
		wait_until(s, FSV_NO_DEADLINE, has_ended);
		pthread_mutex_unlock(&s->lock);
		server_free(s);
		if (opt->listen_fd > 0)
			fsv_close(opt->listen_fd);
		return r;
	}
	grpc_server_start(s->grpc);
	for (unsigned i = 0; i < rpc->n; i++)
		fsv_rpc_post(&rpc->workers[i], open_lane, &s->lanes[i]);
	if (opt->listen_fd > 0)
		r = fsv_rpc_acceptor_start(s, opt->listen_fd, &s->acceptor, err);
	if (r < 0) {
		(void)fsv_rpc_server_stop(s, fsv_now_ns());	/* nobody is connected */
		return r;
	}
	*ret_server = s;
	return 0;
}

uint16_t fsv_rpc_server_port(const struct fsv_rpc_server *server)
{
	return server->port;
}

unsigned fsv_rpc_server_inflight(const struct fsv_rpc_server *server)
{
	unsigned late = atomic_load_explicit(&server->late, memory_order_relaxed);
	unsigned all = atomic_load_explicit(&server->inflight, memory_order_relaxed);

	return all > late ? all - late : 0;
}

void fsv_rpc_server_unready(struct fsv_rpc_server *server)
{
	atomic_store(&server->unready, true);
}

void fsv_rpc_server_drain(struct fsv_rpc_server *server)
{
	atomic_store(&server->unready, true);
	if (!atomic_exchange(&server->draining, true))
		atomic_store(&server->draining_since, fsv_now_ns());
	if (server->acceptor)
		fsv_rpc_acceptor_quit(server->acceptor);
}

static int64_t last_call(const struct fsv_rpc_server *s)
{
	int64_t last = 0;

	for (unsigned i = 0; i < s->rpc->n; i++) {
		int64_t at = atomic_load_explicit(&s->lanes[i].last_call, memory_order_relaxed);

		last = at > last ? at : last;
	}
	return last;
}

static void sleep_for(int64_t ns)
{
	const struct timespec ts = { .tv_sec = ns / FSV_S, .tv_nsec = ns % FSV_S };

	(void)nanosleep(&ts, NULL);	/* woken early, callers look again */
}

static void give_notice(const struct fsv_rpc_server *s, int64_t deadline_ns)
{
	int64_t end = fsv_min_deadline(deadline_ns, atomic_load(&s->draining_since) + NOTICE_MS * FSV_MS), now;

	while ((now = fsv_now_ns()) < end && last_call(s) > now - LATELY_MS * FSV_MS)
		sleep_for(end - now);
}

/* Core cancels calls that arrive while it closes their connection. Clients that have just called will call again, unless
 * they have been told to leave and have a place to go to. */
static void wait_until_quiet(const struct fsv_rpc_server *s, int64_t deadline_ns)
{
	int64_t end = fsv_min_deadline(deadline_ns, fsv_deadline_in_ms(LEAVING_MS)), now;

	while ((now = fsv_now_ns()) < end) {
		int64_t left = last_call(s) + QUIET_MS * FSV_MS - now;

		if (left <= 0)
			return;
		sleep_for(left);
	}
}

/*
 * Core's shutdown sends GOAWAY with a ping, waits for the ping's answer, and closes a connection as soon as it
 * has no call left. When that is right behind an answer, and the client has just written something, the
 * client's kernel gets a reset and its end of the call may be an error. So no call may be left when the
 * shutdown begins: every answer then is in front of the ping, and read when the ping is answered.
 */
static void close_when_idle(struct fsv_rpc_server *server, int64_t deadline_ns)
{
	fsv_rpc_server_drain(server);
	server->acceptor = fsv_rpc_acceptor_free(server->acceptor);
	if (!server->held)
		give_notice(server, deadline_ns);
	atomic_store(&server->closing, true);
	pthread_mutex_lock(&server->lock);
	wait_until(server, deadline_ns, is_idle);
	pthread_mutex_unlock(&server->lock);
	if (server->held)
		wait_until_quiet(server, deadline_ns);
	atomic_store(&server->closed, true);
	grpc_server_shutdown_and_notify(server->grpc, server->rpc->workers[0].cq, &server->shutdown_op);
}

unsigned fsv_rpc_server_stop(struct fsv_rpc_server *server, int64_t deadline_ns)
{
	unsigned cut = 0;

	if (!server)
		return 0;
	FSV_BUG_ON(fsv_rpc_self() != NULL);
	close_when_idle(server, deadline_ns);
	pthread_mutex_lock(&server->lock);
	wait_until(server, deadline_ns, lanes_ended);
	if (!lanes_ended(server))
		cut = atomic_load(&server->inflight);
	else
		wait_until(server, fsv_min_deadline(deadline_ns, fsv_deadline_in_ms(GOODBYE_MS)), has_ended);
	if (!has_ended(server)) {
		pthread_mutex_unlock(&server->lock);
		grpc_server_cancel_all_calls(server->grpc);
		pthread_mutex_lock(&server->lock);
		wait_until(server, FSV_NO_DEADLINE, has_ended);
	}
	pthread_mutex_unlock(&server->lock);
	return server_free(server), cut;
}
