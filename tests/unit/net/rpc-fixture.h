/* SPDX-License-Identifier: Apache-2.0 */
/* A server of a few methods and a client that waits, for the tests of lib/net/rpc. */
#ifndef FSV_TEST_RPC_FIXTURE_H
#define FSV_TEST_RPC_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "net/rpc.h"
#include "net/tls.h"

enum { HELD_MAX = 64, MIB = 1 << 20 };

/* What the handlers share with the test. */
struct app {
	_Atomic unsigned handled, cancelled, wrong_thread;
	_Atomic unsigned n_held;
	struct fsv_rpc_call *held[HELD_MAX];	/* worker 0 only; see release_held */
	_Atomic int64_t seen_deadline;
	_Atomic bool stall;			/* the "stall" handler blocks while it is set */
	struct fsv_rpc_channel *_Atomic next;	/* where "hop" sends to */
	_Atomic unsigned hop_copies;
};

struct answer {
	sem_t sem;
	int status;
	char text[512];
	char *body;
	size_t n;
};

static inline void on_answer(void *arg, int status, struct fsv_rpc_msg *reply, const char *text)
{
	struct answer *a = arg;

	a->status = status;
	snprintf(a->text, sizeof(a->text), "%s", text);
	if (reply) {
		struct fsv_str body = fsv_rpc_msg_body(reply);

		a->body = fsv_malloc(body.n + 1);
		memcpy(a->body, body.p, body.n);
		a->n = body.n;
	}
	sem_post(&a->sem);
}

static inline void answer_init(struct answer *a)
{
	memset(a, 0, sizeof(*a));
	sem_init(&a->sem, 0, 0);
}

static inline void answer_done(struct answer *a)
{
	free(a->body);
	sem_destroy(&a->sem);
}

static inline void answer_wait(struct answer *a)
{
	while (sem_wait(&a->sem) != 0)
		;
}

static inline struct fsv_rpc_request *ask_later(struct fsv_rpc *rpc, struct fsv_rpc_channel *channel,
						const char *method, struct fsv_str body, int64_t ms, struct answer *a)
{
	const struct fsv_rpc_request_opt opt = { .channel = channel, .method = method, .body = body,
						 .deadline = fsv_deadline_in_ms(ms) };

	answer_init(a);
	return fsv_rpc_send(fsv_rpc_pick(rpc), &opt, on_answer, a);
}

/* Status of one call; its text stays in *a until answer_done. */
static inline int ask(struct fsv_rpc *rpc, struct fsv_rpc_channel *channel, const char *method, struct fsv_str body,
		      int64_t ms, struct answer *a)
{
	ask_later(rpc, channel, method, body, ms, a);
	answer_wait(a);
	return a->status;
}

static inline int ask_echo(struct fsv_rpc *rpc, struct fsv_rpc_channel *channel, int64_t ms)
{
	struct answer a;
	int status = ask(rpc, channel, "/t.T/echo", FSV_STR("ping"), ms, &a);

	if (status == FSV_RPC_OK) {
		assert_int_equal(a.n, 4);
		assert_memory_equal(a.body, "ping", 4);
	}
	answer_done(&a);
	return status;
}

/* Waits for a counter that another thread raises; an event that never comes fails the test. */
static inline void wait_for(_Atomic unsigned *counter, unsigned want)
{
	int64_t end = fsv_deadline_in_ms(20000);

	while (atomic_load(counter) < want) {
		assert_true(fsv_now_ns() < end);
		usleep(200);
	}
}

/* Handlers -------------------------------------------------------------------------------------- */

static inline void echo_handler(struct fsv_rpc_call *call, void *user)
{
	struct app *app = user;

	atomic_fetch_add(&app->handled, 1);
	fsv_rpc_reply(call, fsv_rpc_call_body(call));
}

struct held {
	struct app *app;
	struct fsv_rpc_call *call;
	unsigned index;
};

static inline void held_cancelled(void *arg)
{
	struct held *h = arg;

	h->app->held[h->index] = NULL;
	atomic_fetch_add(&h->app->cancelled, 1);
	fsv_rpc_fail(h->call, FSV_RPC_CANCELLED, "gone");
}

/* Keeps the call until release_held or its end; for servers with one worker. */
static inline void hold_handler(struct fsv_rpc_call *call, void *user)
{
	struct app *app = user;
	struct held *h = FSV_ARENA_NEW(fsv_rpc_call_arena(call), struct held);

	*h = (struct held){ app, call, atomic_load(&app->n_held) };
	FSV_BUG_ON(h->index >= HELD_MAX);	/* no assert: this is not the test's thread */
	app->held[h->index] = call;
	atomic_store(&app->seen_deadline, fsv_rpc_call_deadline(call));
	fsv_rpc_call_on_cancel(call, held_cancelled, h);
	atomic_fetch_add(&app->handled, 1);
	atomic_store(&app->n_held, h->index + 1);
}

static inline void release_all(void *arg)
{
	struct app *app = arg;

	for (unsigned i = 0; i < HELD_MAX; i++) {
		if (app->held[i])
			fsv_rpc_reply(app->held[i], FSV_STR("released"));
		app->held[i] = NULL;
	}
	atomic_store(&app->n_held, 0);
}

static inline void stall_handler(struct fsv_rpc_call *call, void *user)
{
	struct app *app = user;

	while (atomic_load(&app->stall))
		usleep(100);
	fsv_rpc_reply(call, FSV_STR("moving again"));
}

static inline void describe_handler(struct fsv_rpc_call *call, void *user)
{
	struct fsv_str a = fsv_rpc_call_meta(call, "case-id"), b = fsv_rpc_call_meta(call, "absent");
	struct fsv_str who = fsv_rpc_call_identity(call), peer = fsv_rpc_call_peer(call);

	(void)user;
	fsv_rpc_reply(call, fsv_str(fsv_arena_printf(fsv_rpc_call_arena(call), "%.*s|%s|%.*s|%.*s", FSV_STR_ARG(a),
						     b.p ? "present" : "absent", FSV_STR_ARG(who),
						     FSV_STR_ARG(peer))));
}

static inline void fail_handler(struct fsv_rpc_call *call, void *user)
{
	(void)user;
	fsv_rpc_fail(call, FSV_RPC_INTERNAL, "kaputt: größer als 100 %");
}

struct hop {
	struct app *app;
	struct fsv_rpc_call *call;
	const char *sent;	/* where the bytes lay that came in */
	pthread_t thread;
};

static inline void hop_answer(void *arg, int status, struct fsv_rpc_msg *reply, const char *text)
{
	struct hop *h = arg;

	if (!pthread_equal(h->thread, pthread_self()))
		atomic_fetch_add(&h->app->wrong_thread, 1);
	if (fsv_rpc_call_body(h->call).p != h->sent)
		atomic_fetch_add(&h->app->hop_copies, 1);
	/* Sending must have left the bytes that came in as they were. */
	if (status == FSV_RPC_OK && !fsv_str_eq(fsv_rpc_call_body(h->call), fsv_rpc_msg_body(reply)))
		atomic_fetch_add(&h->app->hop_copies, 1);
	if (status == FSV_RPC_OK)
		fsv_rpc_reply_msg(h->call, reply);
	else
		fsv_rpc_fail(h->call, status, text);
}

static inline void hop_handler(struct fsv_rpc_call *call, void *user)
{
	struct app *app = user;
	struct hop *h = FSV_ARENA_NEW(fsv_rpc_call_arena(call), struct hop);
	const struct fsv_rpc_request_opt opt = { .channel = app->next, .method = "/t.T/echo",
						 .msg = fsv_rpc_call_msg(call), .deadline = fsv_rpc_call_deadline(call) };

	*h = (struct hop){ app, call, fsv_rpc_call_body(call).p, pthread_self() };
	fsv_rpc_send(fsv_rpc_call_worker(call), &opt, hop_answer, h);
}

static const struct fsv_rpc_method app_methods[] = {
	{ "/t.T/echo", echo_handler, true },
	{ "/t.T/hold", hold_handler, false },
	{ "/t.T/stall", stall_handler, false },
	{ "/t.T/describe", describe_handler, false },
	{ "/t.T/fail", fail_handler, false },
	{ "/t.T/hop", hop_handler, true },
};

static inline struct fsv_rpc_server *serve(struct fsv_rpc *rpc, struct app *app, struct fsv_tls *tls, uint16_t port,
					   unsigned max_inflight, size_t max_message)
{
	const struct fsv_rpc_server_opt opt = { .host = "127.0.0.1", .port = port, .tls = tls, .user = app,
						.max_message = max_message, .max_inflight = max_inflight,
						.methods = app_methods,
						.n_methods = sizeof(app_methods) / sizeof(app_methods[0]) };
	struct fsv_rpc_server *server = NULL;
	struct fsv_err err = FSV_ERR_INIT;

	if (fsv_rpc_server_start(rpc, &opt, &server, &err) != 0)
		fail_msg("%s", err.text);
	return server;
}

static inline struct fsv_rpc *workers(unsigned n)
{
	struct fsv_rpc *rpc = NULL;
	struct fsv_err err = FSV_ERR_INIT;

	if (fsv_rpc_new(n, &rpc, &err) != 0)
		fail_msg("%s", err.text);
	return rpc;
}

static inline struct fsv_rpc_channel *connect_to(uint16_t port, const char *host, struct fsv_tls *tls, size_t max)
{
	struct fsv_rpc_channel *channel = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	char target[64];

	snprintf(target, sizeof(target), "%s:%u", host, port);
	if (fsv_rpc_channel_new(target, tls, max, &channel, &err) != 0)
		fail_msg("%s", err.text);
	return channel;
}

static inline struct fsv_rpc_channel *connect_server(const struct fsv_rpc_server *server)
{
	return connect_to(fsv_rpc_server_port(server), "127.0.0.1", NULL, 32 * MIB);
}

#endif
