/* SPDX-License-Identifier: Apache-2.0 */
/* Answers from other threads, limits on what is in flight, draining and stopping. */
#include "http-peer.h"

#include "net/http.h"
#include "net/listen.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/thread.h"
#include "base/time.h"

enum { HELD_MAX = 64 };

static struct {
	struct fsv_http *http;
	struct fsv_pool *pool;
	uint16_t port;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct fsv_http_req *held[HELD_MAX];
	unsigned n_held;
	bool release;
} t;

static void reply_ok(void *arg)
{
	struct fsv_http_req *req = arg;

	fsv_http_reply(req, 200, "text/plain", fsv_http_body(req), NULL, 0);
}

struct racer {
	struct fsv_http_req *req;
	atomic_bool done;
};

static void reply_first(void *arg)
{
	struct racer *racer = arg;

	reply_ok(racer->req);
	atomic_store(&racer->done, true);
}

static void handle(struct fsv_http_req *req, void *user)
{
	struct fsv_str path = fsv_http_path(req);

	(void)user;
	if (fsv_str_is(path, "/later")) {
		assert_int_equal(fsv_pool_submit(t.pool, reply_ok, req), 0);
	} else if (fsv_str_is(path, "/race")) {
		struct racer racer = { .req = req };

		assert_int_equal(fsv_pool_submit(t.pool, reply_first, &racer), 0);
		while (!atomic_load(&racer.done))
			sched_yield();
	} else if (fsv_str_is(path, "/hold")) {
		fsv_http_set_data(req, &t);
		pthread_mutex_lock(&t.lock);
		t.held[t.n_held++] = req;
		pthread_cond_broadcast(&t.changed);
		pthread_mutex_unlock(&t.lock);
	} else if (fsv_str_is(path, "/block")) {
		pthread_mutex_lock(&t.lock);
		t.n_held++;
		pthread_cond_broadcast(&t.changed);
		while (!t.release)
			pthread_cond_wait(&t.changed, &t.lock);
		pthread_mutex_unlock(&t.lock);
		reply_ok(req);
	} else {
		reply_ok(req);
	}
}

static void start(unsigned threads, unsigned max_inflight, unsigned max_connections)
{
	const struct fsv_http_opt opt = {
		.host = "127.0.0.1", .threads = threads, .max_body = 1 << 20, .timeout_ms = 10000,
		.max_inflight = max_inflight, .max_connections = max_connections, .handler = handle,
	};
	struct fsv_err err = FSV_ERR_INIT;

	fsv_log_set_level(FSV_LOG_OFF);
	t.n_held = 0;
	t.release = false;
	pthread_mutex_init(&t.lock, NULL);
	pthread_cond_init(&t.changed, NULL);
	assert_int_equal(fsv_pool_new("reply", 2, 4096, &t.pool, &err), 0);
	assert_int_equal(fsv_http_start(&opt, &t.http, &err), 0);
	t.port = fsv_http_port(t.http);
}

static void done(void)
{
	t.pool = fsv_pool_free(t.pool);
	pthread_mutex_destroy(&t.lock);
	pthread_cond_destroy(&t.changed);
}

static void stop(void)
{
	assert_int_equal(fsv_http_inflight(t.http), 0);
	assert_int_equal(fsv_http_stop(t.http, fsv_deadline_in_ms(20000)), 0);
	done();
}

static void wait_held(unsigned n)
{
	pthread_mutex_lock(&t.lock);
	while (t.n_held < n)
		pthread_cond_wait(&t.changed, &t.lock);
	pthread_mutex_unlock(&t.lock);
}

static int must_connect(void)
{
	int fd = peer_connect(t.port);

	assert_true(fd >= 0);
	return fd;
}

static void format(char *text, size_t n, const char *path, const char *body)
{
	snprintf(text, n, "POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n%s",
		 path, strlen(body), body);
}

static void ask(int fd, const char *path, const char *body)
{
	char text[512];

	format(text, sizeof(text), path, body);
	assert_true(peer_puts(fd, text));
}

static void expect(int fd, unsigned status, const char *body, bool closes)
{
	struct answer a;

	assert_int_equal(peer_read(fd, &a), 0);
	assert_int_equal(a.status, status);
	if (body)
		assert_string_equal(a.body, body);
	assert_int_equal(answer_header(&a, "Connection") != NULL, closes);
	answer_done(&a);
}

static void reply_may_come_later_from_another_thread(void **state)
{
	int fd;

	(void)state;
	start(1, 0, 0);
	fd = must_connect();
	for (unsigned i = 0; i < 100; i++) {
		ask(fd, i % 2 ? "/later" : "/now", "abc");
		expect(fd, 200, "abc", false);
	}
	close(fd);
	stop();
}

static void reply_may_come_from_another_thread_before_the_handler_returns(void **state)
{
	int fd;

	(void)state;
	start(1, 0, 0);
	fd = must_connect();
	for (unsigned i = 0; i < 100; i++) {
		ask(fd, "/race", "xyz");
		expect(fd, 200, "xyz", false);
	}
	close(fd);
	stop();
}

static void half_closed_peer_gets_a_late_answer(void **state)
{
	int fd;

	(void)state;
	start(1, 0, 0);
	fd = must_connect();
	ask(fd, "/hold", "abc");
	shutdown(fd, SHUT_WR);
	wait_held(1);
	reply_ok(t.held[0]);
	expect(fd, 200, "abc", false);
	close(fd);
	stop();
}

static void request_outlives_its_peer(void **state)
{
	struct linger reset = { .l_onoff = 1 };
	int fd;

	(void)state;
	start(1, 0, 0);
	for (unsigned i = 0; i < 4; i++) {
		fd = must_connect();
		assert_true(peer_puts(fd, "POST /hold?a=b HTTP/1.1\r\nHost: h\r\nX-Id: 7\r\n"
					  "Content-Length: 3\r\n\r\nabc"));
		wait_held(i + 1);
		if (i % 2)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
	}
	assert_int_equal(fsv_http_inflight(t.http), 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_true(fsv_str_is(fsv_http_header(t.held[i], "X-Id"), "7"));
		assert_true(fsv_str_is(fsv_http_query(t.held[i], "a"), "b"));
		assert_true(fsv_str_is(fsv_http_body(t.held[i]), "abc"));
		assert_ptr_equal(fsv_http_data(t.held[i]), &t);
		reply_ok(t.held[i]);
	}
	stop();
}

static void inflight_limit_is_answered_at_once(void **state)
{
	int fds[3];

	(void)state;
	start(1, 2, 0);
	for (unsigned i = 0; i < 3; i++)
		fds[i] = must_connect();
	ask(fds[0], "/hold", "0");
	ask(fds[1], "/hold", "1");
	wait_held(2);
	ask(fds[2], "/now", "2");
	expect(fds[2], 503, NULL, false);
	reply_ok(t.held[0]);
	expect(fds[0], 200, "0", false);
	ask(fds[2], "/now", "2");
	expect(fds[2], 200, "2", false);
	reply_ok(t.held[1]);
	for (unsigned i = 0; i < 3; i++)
		close(fds[i]);
	stop();
}

static void connections_above_the_limit_wait(void **state)
{
	int a, b, c;

	(void)state;
	start(1, 0, 2);
	a = must_connect();
	b = must_connect();
	ask(a, "/now", "a");
	expect(a, 200, "a", false);
	ask(b, "/hold", "b");
	wait_held(1);
	c = must_connect();	/* in the backlog */
	ask(c, "/now", "c");
	close(a);
	expect(c, 200, "c", false);
	reply_ok(t.held[0]);
	expect(b, 200, "b", false);
	close(b);
	close(c);
	stop();
}

static void running_handler_shows_as_stall(void **state)
{
	int64_t before, since;
	int fd;

	(void)state;
	start(1, 0, 0);
	assert_int_equal(fsv_http_stall_ns(t.http), 0);
	fd = must_connect();
	before = fsv_now_ns();
	ask(fd, "/block", "x");
	wait_held(1);
	since = fsv_http_stall_ns(t.http);
	assert_true(since >= before && since <= fsv_now_ns());
	pthread_mutex_lock(&t.lock);
	t.release = true;
	pthread_cond_broadcast(&t.changed);
	pthread_mutex_unlock(&t.lock);
	expect(fd, 200, "x", false);
	assert_int_equal(fsv_http_stall_ns(t.http), 0);
	close(fd);
	stop();
}

struct client {
	pthread_t thread;
	_Atomic unsigned answered;
	unsigned asked, refused, lost;
	unsigned n;		/* requests to make, 0 = until refused */
	unsigned connections;
};

static void *run_client(void *arg);

static void client_start(struct client *c)
{
	struct fsv_err err;

	assert_int_equal(fsv_thread_start(&c->thread, "client", run_client, c, &err), 0);
}

/* Asks on several connections in turn; a connection that the server announces to close is opened anew. */
static void *run_client(void *arg)
{
	struct client *c = arg;
	int *fds = fsv_malloc(c->connections * sizeof(int));

	for (unsigned i = 0; i < c->connections; i++)
		fds[i] = -1;
	for (unsigned i = 0; c->n == 0 || i < c->n; i++) {
		static const char *const paths[] = { "/later", "/now", "/later", "/race" };
		int *fd = &fds[i % c->connections];
		char text[256], body[32];
		struct answer a;

		if (*fd < 0 && (*fd = peer_connect(t.port)) < 0) {
			c->refused++;
			break;
		}
		snprintf(body, sizeof(body), "%u", i);
		format(text, sizeof(text), paths[i % 4], body);
		c->asked++;
		if (!peer_puts(*fd, text) || peer_read(*fd, &a) < 0) {
			c->lost++;
			break;
		}
		if (a.status == 200 && strcmp(a.body, body) == 0)
			c->answered++;
		if (answer_header(&a, "Connection")) {
			close(*fd);
			*fd = -1;
		}
		answer_done(&a);
	}
	for (unsigned i = 0; i < c->connections; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(fds);
	return NULL;
}

static void thousand_requests_over_fifty_connections(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads <= 3; threads += 2) {
		struct client clients[5];

		start(threads, 0, 0);
		for (unsigned i = 0; i < 5; i++) {
			clients[i] = (struct client){ .n = 200, .connections = 10 };
			client_start(&clients[i]);
		}
		for (unsigned i = 0; i < 5; i++) {
			pthread_join(clients[i].thread, NULL);
			assert_int_equal(clients[i].answered, 200);
		}
		stop();
	}
}

/* All together; clients that end early are seen by what is asserted of them. */
static void wait_for_answers(struct client *clients, unsigned n, unsigned answers)
{
	int64_t give_up = fsv_deadline_in_ms(60000);
	unsigned sum = 0;

	while (sum < answers && fsv_now_ns() < give_up) {
		usleep(1000);
		sum = 0;
		for (unsigned i = 0; i < n; i++)
			sum += atomic_load(&clients[i].answered);
	}
	assert_true(sum >= answers);
}

static void drain_under_load_loses_nothing(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 4; round++) {
		struct client clients[4];
		unsigned cut, asked = 0;

		start(1 + round % 2, 0, 0);
		for (unsigned i = 0; i < 4; i++) {
			clients[i] = (struct client){ .connections = 1 };
			client_start(&clients[i]);
		}
		wait_for_answers(clients, 4, 20);
		fsv_http_drain(t.http);
		for (unsigned i = 0; i < 4; i++) {
			pthread_join(clients[i].thread, NULL);
			assert_int_equal(clients[i].lost, 0);
			assert_int_equal(clients[i].refused, 1);
			assert_int_equal(clients[i].answered, clients[i].asked);
			asked += clients[i].asked;
		}
		cut = fsv_http_stop(t.http, fsv_deadline_in_ms(10000));
		assert_int_equal(cut, 0);
		assert_true(asked > 0);
		done();
	}
}

static void drained_server_closes_after_the_answer(void **state)
{
	int held, idle;

	(void)state;
	start(1, 0, 0);
	held = must_connect();
	idle = must_connect();
	ask(held, "/hold", "1");
	ask(idle, "/now", "2");
	expect(idle, 200, "2", false);
	wait_held(1);
	fsv_http_drain(t.http);
	assert_int_equal(peer_connect(t.port), -1);
	ask(idle, "/now", "3");
	expect(idle, 200, "3", true);
	assert_true(peer_at_end(idle));
	reply_ok(t.held[0]);
	expect(held, 200, "1", true);
	assert_true(peer_at_end(held));
	close(held);
	close(idle);
	stop();
}

static void *reply_after_pause(void *arg)
{
	(void)arg;
	usleep(100000);
	reply_ok(t.held[0]);
	return NULL;
}

static void stop_waits_for_the_answer(void **state)
{
	struct fsv_err err;
	pthread_t thread;
	int fd;

	(void)state;
	start(1, 0, 0);
	fd = must_connect();
	ask(fd, "/hold", "1");
	wait_held(1);
	assert_int_equal(fsv_thread_start(&thread, "late", reply_after_pause, NULL, &err), 0);
	assert_int_equal(fsv_http_stop(t.http, fsv_deadline_in_ms(20000)), 0);
	pthread_join(thread, NULL);
	expect(fd, 200, "1", true);
	close(fd);
	done();
}

static void stop_cuts_off_at_the_deadline_and_late_replies_are_harmless(void **state)
{
	struct answer a;
	int fds[3];

	(void)state;
	start(2, 0, 0);
	for (unsigned i = 0; i < 3; i++)
		fds[i] = must_connect();
	ask(fds[0], "/hold", "1");
	ask(fds[1], "/hold", "2");
	wait_held(2);
	/* Never complete: counts as open. */
	assert_true(peer_puts(fds[2], "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n1"));
	assert_int_equal(fsv_http_stop(t.http, fsv_deadline_in_ms(200)), 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(peer_read(fds[i], &a), -1);
		assert_int_equal(a.status, 0);
		answer_done(&a);
		close(fds[i]);
	}
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(fsv_http_body(t.held[i]).n, 1);
		reply_ok(t.held[i]);
	}
	done();
}

static void port_can_be_taken_again_after_stop(void **state)
{
	struct fsv_http_opt opt = { .host = "127.0.0.1", .handler = handle };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_http *again;
	int fd;

	(void)state;
	start(1, 0, 0);
	fd = must_connect();
	ask(fd, "/now", "1");
	expect(fd, 200, "1", false);
	opt.port = t.port;
	stop();
	assert_int_equal(fsv_http_start(&opt, &again, &err), 0);
	assert_int_equal(fsv_http_port(again), opt.port);
	fsv_http_stop(again, 0);
	close(fd);
}

/* Who connects while nobody serves behind the socket is answered by the next one. */
static void a_held_port_keeps_who_comes_between(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct fsv_http_opt opt = { .handler = handle, .max_body = 1024 };
	struct fsv_err err = FSV_ERR_INIT;
	socklen_t n = sizeof(at);
	struct fsv_http *http;
	int held = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd, early;

	(void)state;
	assert_int_equal(bind(held, (struct sockaddr *)&at, n), 0);
	assert_int_equal(listen(held, 10), 0);
	assert_int_equal(getsockname(held, (struct sockaddr *)&at, &n), 0);
	t.port = ntohs(at.sin_port);
	opt.listen_fd = fcntl(held, F_DUPFD_CLOEXEC, 3);
	assert_int_equal(fsv_http_start(&opt, &http, &err), 0);
	assert_int_equal(fsv_http_port(http), t.port);
	early = must_connect();
	ask(early, "/now", "1");
	expect(early, 200, "1", false);
	fsv_http_drain(http);
	fd = must_connect();
	ask(fd, "/now", "2");
	/* The connection that is there is answered, and then closed. */
	ask(early, "/now", "3");
	expect(early, 200, "3", true);
	assert_int_equal(fsv_http_stop(http, fsv_deadline_in_ms(20000)), 0);
	opt.listen_fd = fcntl(held, F_DUPFD_CLOEXEC, 3);
	assert_int_equal(fsv_http_start(&opt, &http, &err), 0);
	expect(fd, 200, "2", false);
	fsv_http_stop(http, 0);
	close(fd);
	close(early);
	close(held);
}

/* How closing_a_port_resets_nobody is possible: who has begun is served, who comes later begins with the next. */
static void a_hushed_port_begins_no_connection(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int first = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), next = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int early, late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1, fd;
	struct pollfd connected = { .fd = late, .events = POLLOUT };
	socklen_t n = sizeof(at);

	(void)state;
	setsockopt(first, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(next, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(first, (struct sockaddr *)&at, n), 0);
	assert_int_equal(listen(first, 10), 0);
	assert_int_equal(getsockname(first, (struct sockaddr *)&at, &n), 0);
	early = peer_connect(ntohs(at.sin_port));
	assert_true(early >= 0);
	assert_true(fsv_listen_hush(first));
	assert_int_equal(connect(late, (struct sockaddr *)&at, sizeof(at)), -1);
	assert_int_equal(errno, EINPROGRESS);
	assert_int_equal(poll(&connected, 1, 100), 0);
	fd = accept(first, NULL, NULL);
	assert_true(fd >= 0);
	assert_true(peer_puts(early, "x"));
	assert_int_equal(recv(fd, &(char){ 0 }, 1, 0), 1);
	close(first);
	assert_int_equal(bind(next, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(next, 10), 0);
	assert_int_equal(poll(&connected, 1, 60000), 1);	/* its first packet is repeated after a second */
	assert_int_equal(connected.revents, POLLOUT);
	close(fd);
	close(early);
	close(late);
	close(next);
}

struct comer {
	_Atomic unsigned answered, refused, lost;
	_Atomic bool go_on;
};

static void *come_and_ask(void *arg)
{
	struct comer *comer = arg;

	while (atomic_load(&comer->go_on)) {
		struct answer a = { .status = 0 };
		int fd = peer_connect(t.port);
		char text[512];

		if (fd < 0) {
			atomic_fetch_add(&comer->refused, 1);
			break;
		}
		format(text, sizeof(text), "/now", "x");
		(void)peer_puts(fd, text);	/* what comes back tells */
		(void)peer_read(fd, &a);
		atomic_fetch_add(a.status == 200 ? &comer->answered : &comer->lost, 1);
		answer_done(&a);
		close(fd);
	}
	return NULL;
}

/* Nobody whose connection was made is reset when the port is closed. */
static void closing_a_port_resets_nobody(void **state)
{
	struct comer comer = { .go_on = true };
	pthread_t threads[8];

	(void)state;
	start(2, 0, 0);
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_ask, &comer), 0);
	while (atomic_load(&comer.answered) < 500)
		sched_yield();
	/* Some are just being answered, so this is not stop(). */
	assert_int_equal(fsv_http_stop(t.http, fsv_deadline_in_ms(20000)), 0);
	atomic_store(&comer.go_on, false);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(comer.lost, 0);
	done();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reply_may_come_later_from_another_thread),
		cmocka_unit_test(reply_may_come_from_another_thread_before_the_handler_returns),
		cmocka_unit_test(half_closed_peer_gets_a_late_answer),
		cmocka_unit_test(request_outlives_its_peer),
		cmocka_unit_test(inflight_limit_is_answered_at_once),
		cmocka_unit_test(connections_above_the_limit_wait),
		cmocka_unit_test(running_handler_shows_as_stall),
		cmocka_unit_test(thousand_requests_over_fifty_connections),
		cmocka_unit_test(drain_under_load_loses_nothing),
		cmocka_unit_test(drained_server_closes_after_the_answer),
		cmocka_unit_test(stop_waits_for_the_answer),
		cmocka_unit_test(stop_cuts_off_at_the_deadline_and_late_replies_are_harmless),
		cmocka_unit_test(port_can_be_taken_again_after_stop),
		cmocka_unit_test(a_held_port_keeps_who_comes_between),
		cmocka_unit_test(closing_a_port_resets_nobody),
		cmocka_unit_test(a_hushed_port_begins_no_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
