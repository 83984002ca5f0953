/* SPDX-License-Identifier: Apache-2.0 */
/* Calls and requests over real sockets: bytes, statuses, limits, deadlines, threads. */
#include "rpc-fixture.h"

struct pair {
	struct fsv_rpc *rpc, *client;
	struct app app;
	struct fsv_rpc_server *server;
	struct fsv_rpc_channel *channel;
};

static void pair_up(struct pair *p, unsigned n, unsigned max_inflight, size_t max_message)
{
	memset(p, 0, sizeof(*p));
	p->rpc = workers(n);
	p->client = workers(n);
	p->server = serve(p->rpc, &p->app, NULL, 0, max_inflight, max_message);
	p->channel = connect_server(p->server);
}

static void pair_down(struct pair *p)
{
	fsv_rpc_channel_unref(p->channel);
	assert_int_equal(fsv_rpc_server_stop(p->server, fsv_deadline_in_ms(10000)), 0);
	fsv_rpc_free(p->rpc);
	fsv_rpc_free(p->client);
}

static void echo_returns_the_bytes(void **state)
{
	static const size_t sizes[] = { 0, 1, 31, 32, 896, 16384, 100000, 3 * MIB };
	struct pair p;

	(void)state;
	pair_up(&p, 1, 100, 4 * MIB);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		FSV_AUTO_MEM char *bytes = fsv_malloc(sizes[i] + 1);
		struct answer a;

		for (size_t k = 0; k < sizes[i]; k++)
			bytes[k] = (char)(k * 131 + i);
		assert_int_equal(ask(p.client, p.channel, "/t.T/echo", fsv_str_n(bytes, sizes[i]), 10000, &a), FSV_RPC_OK);
		assert_int_equal(a.n, sizes[i]);
		assert_memory_equal(a.body, bytes, sizes[i]);
		answer_done(&a);
	}
	pair_down(&p);
}

static void messages_above_the_limit_are_refused_by_either_side(void **state)
{
	FSV_AUTO_MEM char *bytes = fsv_calloc(1, 70000);
	struct fsv_rpc_channel *small;
	struct answer a;
	struct pair p;

	(void)state;
	pair_up(&p, 1, 100, 65536);
	assert_int_equal(ask(p.client, p.channel, "/t.T/echo", fsv_str_n(bytes, 70000), 10000, &a),
			 FSV_RPC_RESOURCE_EXHAUSTED);
	answer_done(&a);
	small = connect_to(fsv_rpc_server_port(p.server), "127.0.0.1", NULL, 1000);
	assert_int_equal(ask(p.client, small, "/t.T/echo", fsv_str_n(bytes, 2000), 10000, &a),
			 FSV_RPC_RESOURCE_EXHAUSTED);
	answer_done(&a);
	assert_int_equal(ask_echo(p.client, p.channel, 10000), FSV_RPC_OK);
	fsv_rpc_channel_unref(small);
	pair_down(&p);
	assert_int_equal(p.app.handled, 2);	/* the large request reached no handler */
}

static void unknown_methods_and_failures_carry_their_texts(void **state)
{
	static const struct {
		const char *method;
		int status;
		const char *text;
	} cases[] = {
		{ "/t.T/none", FSV_RPC_UNIMPLEMENTED, "Method not found: t.T/none" },
		{ "/x.Y/echo", FSV_RPC_UNIMPLEMENTED, "Method not found: x.Y/echo" },
		{ "/t.T/fail", FSV_RPC_INTERNAL, "kaputt: größer als 100 %" },
	};
	struct pair p;

	(void)state;
	pair_up(&p, 1, 100, MIB);
	for (int round = 0; round < 5; round++) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct answer a;

			assert_int_equal(ask(p.client, p.channel, cases[i].method, FSV_STR("x"), 10000, &a),
					 cases[i].status);
			assert_string_equal(a.text, cases[i].text);
			assert_null(a.body);
			answer_done(&a);
		}
	}
	pair_down(&p);
}

static void metadata_and_peer_reach_the_handler(void **state)
{
	const struct fsv_rpc_meta meta[] = { { "case-id", FSV_STR("c-1") }, { "traceparent", FSV_STR("00-aa-bb-01") } };
	struct fsv_rpc_request_opt opt = { .method = "/t.T/describe", .meta = meta, .n_meta = 2 };
	struct answer a;
	struct pair p;

	(void)state;
	pair_up(&p, 1, 100, MIB);
	opt.channel = p.channel;
	opt.deadline = fsv_deadline_in_ms(10000);
	answer_init(&a);
	fsv_rpc_send(fsv_rpc_pick(p.client), &opt, on_answer, &a);
	answer_wait(&a);
	assert_int_equal(a.status, FSV_RPC_OK);
	assert_int_equal(strncmp(a.body, "c-1|absent||127.0.0.1:", 22), 0);
	answer_done(&a);
	pair_down(&p);
}

static void unsendable_requests_fail_instead_of_crashing(void **state)
{
	const struct fsv_rpc_meta bad[] = { { "case-id", FSV_STR("line\nbreak") } };
	struct fsv_rpc_request_opt opt = { .method = "/t.T/describe", .meta = bad, .n_meta = 1 };
	struct answer a;
	struct pair p;

	(void)state;
	pair_up(&p, 1, 100, MIB);
	opt.channel = p.channel;
	opt.deadline = fsv_deadline_in_ms(10000);
	answer_init(&a);
	fsv_rpc_send(fsv_rpc_pick(p.client), &opt, on_answer, &a);
	answer_wait(&a);
	assert_int_equal(a.status, FSV_RPC_INTERNAL);
	assert_true(a.text[0] != '\0');
	answer_done(&a);
	opt.n_meta = 0;
	opt.deadline = FSV_NO_DEADLINE;
	answer_init(&a);
	fsv_rpc_send(fsv_rpc_pick(p.client), &opt, on_answer, &a);
	answer_wait(&a);
	assert_int_equal(a.status, FSV_RPC_INTERNAL);
	answer_done(&a);
	pair_down(&p);
}

static void bad_targets_are_refused(void **state)
{
	static const char *const bad[] = { "", ":", "host", "host:", ":80", "host:0", "host:65536", "host:x", "a:b:1",
					   "[::1:1", "http://host:1", "ho st:1" };
	static const char *const good[] = { "host:1", "10.0.0.1:65535", "[::1]:8000" };
	struct fsv_rpc_channel *channel = NULL;
	struct fsv_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (fsv_rpc_channel_new(bad[i], NULL, MIB, &channel, &err) != FSV_E_SYNTAX)
			fail_msg("\"%s\" was accepted", bad[i]);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(fsv_rpc_channel_new(good[i], NULL, MIB, &channel, &err), 0);
		assert_string_equal(fsv_rpc_channel_target(channel), good[i]);
		channel = fsv_rpc_channel_unref(channel);
	}
}

static void a_deadline_ends_the_call_on_both_sides(void **state)
{
	int64_t before = fsv_now_ns(), after;
	struct answer a;
	struct pair p;

	(void)state;
	pair_up(&p, 1, 100, MIB);
	assert_int_equal(ask(p.client, p.channel, "/t.T/hold", FSV_STR("x"), 300, &a), FSV_RPC_DEADLINE_EXCEEDED);
	after = fsv_now_ns();
	assert_true(after - before >= 290 * FSV_MS);
	assert_true(after - before < 5 * FSV_S);
	wait_for(&p.app.cancelled, 1);
	assert_true(p.app.seen_deadline > before);
	assert_true(p.app.seen_deadline < before + 400 * FSV_MS);
	answer_done(&a);
	pair_down(&p);
	assert_int_equal(p.app.handled, 1);
}

static void a_deadline_in_the_past_fails_at_once(void **state)
{
	struct answer a;
	struct pair p;

	(void)state;
	pair_up(&p, 1, 100, MIB);
	assert_int_equal(ask(p.client, p.channel, "/t.T/echo", FSV_STR("x"), -50, &a), FSV_RPC_DEADLINE_EXCEEDED);
	answer_done(&a);
	pair_down(&p);
	assert_int_equal(p.app.handled, 0);
}

/* The only worker is stuck meanwhile, so the call waits in its queue. */
static void calls_that_waited_past_their_deadline_reach_no_handler(void **state)
{
	struct answer stalled, a;
	struct pair p;

	(void)state;
	pair_up(&p, 1, 100, MIB);
	assert_int_equal(ask_echo(p.client, p.channel, 10000), FSV_RPC_OK);
	atomic_store(&p.app.stall, true);
	ask_later(p.client, p.channel, "/t.T/stall", FSV_STR("x"), 20000, &stalled);
	while (fsv_rpc_stall_ns(p.rpc) < 10 * FSV_MS)
		usleep(1000);
	assert_int_equal(ask(p.client, p.channel, "/t.T/echo", FSV_STR("x"), 100, &a), FSV_RPC_DEADLINE_EXCEEDED);
	answer_done(&a);
	usleep(100000);	/* the server counts from when the call came in */
	atomic_store(&p.app.stall, false);
	answer_wait(&stalled);
	assert_int_equal(stalled.status, FSV_RPC_OK);
	answer_done(&stalled);
	assert_int_equal(ask_echo(p.client, p.channel, 10000), FSV_RPC_OK);
	pair_down(&p);
	assert_int_equal(p.app.handled, 2);
}

struct cancel {
	struct pair *p;
	struct fsv_rpc_request *request;
	struct fsv_rpc_worker *worker;
	struct answer a;
};

static void start_held(void *arg)
{
	struct cancel *c = arg;
	const struct fsv_rpc_request_opt opt = { .channel = c->p->channel, .method = "/t.T/hold", .body = FSV_STR("x"),
						 .deadline = fsv_deadline_in_ms(20000) };

	c->request = fsv_rpc_send(c->worker, &opt, on_answer, &c->a);
}

static void cancel_it(void *arg)
{
	struct cancel *c = arg;

	fsv_rpc_cancel(c->request);
}

static void cancelling_reaches_the_handler(void **state)
{
	struct cancel c;
	struct pair p;

	(void)state;
	pair_up(&p, 1, 100, MIB);
	c.p = &p;
	c.worker = fsv_rpc_pick(p.client);
	answer_init(&c.a);
	fsv_rpc_post(c.worker, start_held, &c);
	wait_for(&p.app.n_held, 1);
	fsv_rpc_post(c.worker, cancel_it, &c);
	answer_wait(&c.a);
	assert_int_equal(c.a.status, FSV_RPC_CANCELLED);
	wait_for(&p.app.cancelled, 1);
	answer_done(&c.a);
	pair_down(&p);
}

static void calls_above_max_inflight_are_refused_at_once(void **state)
{
	struct answer held[3], a;
	struct pair p;

	(void)state;
	pair_up(&p, 1, 3, MIB);
	for (int i = 0; i < 3; i++)
		ask_later(p.client, p.channel, "/t.T/hold", FSV_STR("x"), 20000, &held[i]);
	wait_for(&p.app.n_held, 3);
	assert_int_equal(fsv_rpc_server_inflight(p.server), 3);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(ask(p.client, p.channel, "/t.T/echo", FSV_STR("x"), 10000, &a),
				 FSV_RPC_RESOURCE_EXHAUSTED);
		assert_string_equal(a.text, "too many requests in progress (3)");
		answer_done(&a);
	}
	assert_int_equal(p.app.handled, 3);
	fsv_rpc_post(fsv_rpc_pick(p.rpc), release_all, &p.app);
	for (int i = 0; i < 3; i++) {
		answer_wait(&held[i]);
		assert_int_equal(held[i].status, FSV_RPC_OK);
		answer_done(&held[i]);
	}
	/* A call counts until its last byte has gone. */
	for (int64_t end = fsv_deadline_in_ms(10000); fsv_rpc_server_inflight(p.server) > 0; usleep(200))
		assert_true(fsv_now_ns() < end);
	assert_int_equal(ask_echo(p.client, p.channel, 10000), FSV_RPC_OK);
	pair_down(&p);
}

/* Chains of requests, each sent by the completion of the one before it. */
struct chain {
	struct pair *p;
	struct fsv_rpc_worker *worker;
	const char *method;
	unsigned left, bad;
	char body[64];
	sem_t *over;
};

static void chain_next(void *arg);

static void chain_answer(void *arg, int status, struct fsv_rpc_msg *reply, const char *text)
{
	struct chain *c = arg;

	(void)text;
	if (status != FSV_RPC_OK || !fsv_str_is(fsv_rpc_msg_body(reply), c->body))
		c->bad++;
	chain_next(c);
}

static void chain_next(void *arg)
{
	struct chain *c = arg;
	struct fsv_rpc_request_opt opt = { .channel = c->p->channel, .method = c->method,
					   .deadline = fsv_deadline_in_ms(20000) };

	if (c->left-- == 0) {
		sem_post(c->over);
		return;
	}
	snprintf(c->body, sizeof(c->body), "%p %u of a chain", (void *)c, c->left);
	opt.body = fsv_str(c->body);
	fsv_rpc_send(c->worker, &opt, chain_answer, c);
}

static void run_chains(struct pair *p, const char *method, unsigned n, unsigned length)
{
	struct chain *chains = fsv_calloc(n, sizeof(*chains));
	sem_t over;

	sem_init(&over, 0, 0);
	for (unsigned i = 0; i < n; i++) {
		chains[i] = (struct chain){ .p = p, .worker = fsv_rpc_pick(p->client), .method = method, .left = length,
					    .over = &over };
		fsv_rpc_post(chains[i].worker, chain_next, &chains[i]);
	}
	for (unsigned i = 0; i < n; i++)
		while (sem_wait(&over) != 0)
			;
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(chains[i].bad, 0);
	free(chains);
	sem_destroy(&over);
}

static void ten_thousand_calls_over_several_workers(void **state)
{
	struct pair p;

	(void)state;
	pair_up(&p, 3, 1000, MIB);
	run_chains(&p, "/t.T/echo", 100, 100);
	pair_down(&p);
	assert_int_equal(p.app.handled, 10000);
}

static void a_hop_stays_on_its_worker_and_copies_nothing(void **state)
{
	struct fsv_rpc_server *last;
	struct app last_app = { 0 };
	struct pair p;

	(void)state;
	pair_up(&p, 3, 1000, MIB);
	last = serve(p.rpc, &last_app, NULL, 0, 1000, MIB);
	p.app.next = connect_server(last);
	run_chains(&p, "/t.T/hop", 50, 20);
	assert_int_equal(last_app.handled, 1000);
	assert_int_equal(p.app.wrong_thread, 0);
	assert_int_equal(p.app.hop_copies, 0);
	fsv_rpc_channel_unref(p.app.next);
	assert_int_equal(fsv_rpc_server_stop(last, fsv_deadline_in_ms(10000)), 0);
	pair_down(&p);
}

/* Posts ---------------------------------------------------------------------------------------- */

struct post {
	_Atomic unsigned ran, wrong;
	struct fsv_rpc_worker *worker;
	_Atomic uintptr_t thread;
};

static void count_post(void *arg)
{
	struct post *post = arg;
	uintptr_t now = (uintptr_t)pthread_self(), none = 0;

	if (!atomic_compare_exchange_strong(&post->thread, &none, now) && none != now)
		atomic_fetch_add(&post->wrong, 1);
	atomic_fetch_add(&post->ran, 1);
}

static void *post_many(void *arg)
{
	struct post *post = arg;

	for (int i = 0; i < 5000; i++)
		fsv_rpc_post(post->worker, count_post, post);
	return NULL;
}

static void posts_all_run_on_their_worker(void **state)
{
	struct fsv_rpc *rpc = workers(2);
	struct post post = { .worker = fsv_rpc_pick(rpc) };
	pthread_t threads[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, post_many, &post), 0);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	wait_for(&post.ran, 15000);
	fsv_rpc_free(rpc);
	assert_int_equal(post.ran, 15000);
	assert_int_equal(post.wrong, 0);
}

static void freeing_runs_what_was_posted_before(void **state)
{
	struct fsv_rpc *rpc = workers(1);
	struct post post = { .worker = fsv_rpc_pick(rpc) };

	(void)state;
	post_many(&post);
	fsv_rpc_free(rpc);
	assert_int_equal(post.ran, 5000);
}

static void a_stuck_handler_shows_as_stall(void **state)
{
	int64_t end = fsv_deadline_in_ms(10000);
	struct answer a;
	struct pair p;

	(void)state;
	pair_up(&p, 2, 100, MIB);
	assert_int_equal(ask_echo(p.client, p.channel, 10000), FSV_RPC_OK);
	atomic_store(&p.app.stall, true);
	ask_later(p.client, p.channel, "/t.T/stall", FSV_STR("x"), 20000, &a);
	while (fsv_rpc_stall_ns(p.rpc) < 50 * FSV_MS) {
		assert_true(fsv_now_ns() < end);
		usleep(1000);
	}
	atomic_store(&p.app.stall, false);
	answer_wait(&a);
	assert_int_equal(a.status, FSV_RPC_OK);
	answer_done(&a);
	while (fsv_rpc_stall_ns(p.rpc) > 0)
		assert_true(fsv_now_ns() < end);
	pair_down(&p);
}

static void status_names(void **state)
{
	(void)state;
	assert_string_equal(fsv_rpc_status_name(FSV_RPC_OK), "OK");
	assert_string_equal(fsv_rpc_status_name(FSV_RPC_UNAVAILABLE), "UNAVAILABLE");
	assert_string_equal(fsv_rpc_status_name(FSV_RPC_RESOURCE_EXHAUSTED), "RESOURCE_EXHAUSTED");
	assert_string_equal(fsv_rpc_status_name(-1), "UNKNOWN");
	assert_string_equal(fsv_rpc_status_name(17), "UNKNOWN");
}

static void health_is_told(void **state)
{
	static const struct {
		struct fsv_str request;
		int status;
	} cases[] = {
		{ FSV_STR(""), FSV_RPC_OK },
		{ FSV_STR("\x0a\x00"), FSV_RPC_OK },
		{ FSV_STR("\x0a\x03t.T"), FSV_RPC_OK },
		{ FSV_STR("\x0a\x15grpc.health.v1.Health"), FSV_RPC_OK },
		{ FSV_STR("\x0a\x02t."), 5 },
		{ FSV_STR("\x0a\x05t.T/e"), 5 },
		{ FSV_STR("\x0a\x7fx"), FSV_RPC_INVALID_ARGUMENT },
	};
	struct answer a;
	struct pair p;

	(void)state;
	pair_up(&p, 1, 100, MIB);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(ask(p.client, p.channel, "/grpc.health.v1.Health/Check", cases[i].request, 10000, &a),
				 cases[i].status);
		if (cases[i].status == FSV_RPC_OK) {
			assert_int_equal(a.n, 2);
			assert_memory_equal(a.body, "\x08\x01", 2);
		}
		answer_done(&a);
	}
	assert_int_equal(ask(p.client, p.channel, "/grpc.health.v1.Health/Watch", FSV_STR(""), 10000, &a),
			 FSV_RPC_UNIMPLEMENTED);
	answer_done(&a);
	fsv_rpc_server_drain(p.server);
	assert_int_equal(ask(p.client, p.channel, "/grpc.health.v1.Health/Check", FSV_STR(""), 10000, &a), FSV_RPC_OK);
	assert_memory_equal(a.body, "\x08\x02", 2);
	answer_done(&a);
	pair_down(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(echo_returns_the_bytes),
		cmocka_unit_test(health_is_told),
		cmocka_unit_test(messages_above_the_limit_are_refused_by_either_side),
		cmocka_unit_test(unknown_methods_and_failures_carry_their_texts),
		cmocka_unit_test(metadata_and_peer_reach_the_handler),
		cmocka_unit_test(unsendable_requests_fail_instead_of_crashing),
		cmocka_unit_test(bad_targets_are_refused),
		cmocka_unit_test(a_deadline_ends_the_call_on_both_sides),
		cmocka_unit_test(a_deadline_in_the_past_fails_at_once),
		cmocka_unit_test(calls_that_waited_past_their_deadline_reach_no_handler),
		cmocka_unit_test(cancelling_reaches_the_handler),
		cmocka_unit_test(calls_above_max_inflight_are_refused_at_once),
		cmocka_unit_test(ten_thousand_calls_over_several_workers),
		cmocka_unit_test(a_hop_stays_on_its_worker_and_copies_nothing),
		cmocka_unit_test(posts_all_run_on_their_worker),
		cmocka_unit_test(freeing_runs_what_was_posted_before),
		cmocka_unit_test(a_stuck_handler_shows_as_stall),
		cmocka_unit_test(status_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
