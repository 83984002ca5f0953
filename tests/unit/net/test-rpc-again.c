/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests may be sent to somebody else, and how soon the sender learns it. */
#include "rpc-fixture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

struct told {
	struct answer answer;
	bool never_sent, says_wait;
};

static void on_told(void *arg, int status, struct fsv_rpc_msg *reply, const char *text)
{
	struct told *told = arg;

	told->never_sent = fsv_rpc_never_sent();
	told->says_wait = strstr(text, "cannot be reached") != NULL;
	on_answer(&told->answer, status, reply, text);
}

static void tell_within(struct fsv_rpc *rpc, struct fsv_rpc_channel *channel, const char *method, bool elsewhere,
			int64_t ms, struct told *told)
{
	const struct fsv_rpc_request_opt opt = {
		.channel = channel, .method = method, .body = FSV_STR("x"), .deadline = fsv_deadline_in_ms(ms),
		.elsewhere = elsewhere,
	};

	answer_init(&told->answer);
	fsv_rpc_send(fsv_rpc_pick(rpc), &opt, on_told, told);
}

static void tell_later(struct fsv_rpc *rpc, struct fsv_rpc_channel *channel, const char *method, bool elsewhere,
		       struct told *told)
{
	tell_within(rpc, channel, method, elsewhere, 120000, told);
}

static void tell(struct fsv_rpc *rpc, struct fsv_rpc_channel *channel, const char *method, bool elsewhere, struct told *told)
{
	tell_later(rpc, channel, method, elsewhere, told);
	answer_wait(&told->answer);
	answer_done(&told->answer);
}

/* Bound and without a listener: connections are refused, and nobody else takes the number. */
static int dead_port(uint16_t *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

static void a_dead_port_gets_nothing(void **state)
{
	struct fsv_rpc *rpc = workers(1);
	struct fsv_rpc_channel *channel;
	struct told told;
	uint16_t port;
	int fd = dead_port(&port);

	(void)state;
	channel = connect_to(port, "127.0.0.1", NULL, MIB);
	for (int i = 0; i < 4; i++) {
		tell(rpc, channel, "/t.T/echo", i % 2, &told);
		assert_int_equal(told.answer.status, FSV_RPC_UNAVAILABLE);
		assert_true(told.never_sent);
	}
	fsv_rpc_channel_unref(channel);
	close(fd);
	fsv_rpc_free(rpc);
}

/* A client that has just started, whose target starts a moment later: what it asks waits for a while. */
static void a_target_that_comes_is_waited_for(void **state)
{
	struct fsv_rpc *rpc = workers(1), *client = workers(1);
	struct app app = { 0 };
	struct fsv_rpc_server *server;
	struct fsv_rpc_channel *channel;
	struct told first, waiting[5];
	uint16_t port;
	int fd = dead_port(&port);

	(void)state;
	channel = connect_to(port, "127.0.0.1", NULL, MIB);
	tell_within(client, channel, "/t.T/echo", false, 300, &first);
	for (int i = 0; i < 5; i++)
		tell_later(client, channel, "/t.T/echo", false, &waiting[i]);
	/* Its own deadline is the limit, and it learns why. */
	answer_wait(&first.answer);
	assert_int_equal(first.answer.status, FSV_RPC_UNAVAILABLE);
	assert_non_null(strstr(first.answer.text, "refused"));
	assert_true(first.never_sent);
	close(fd);
	server = serve(rpc, &app, NULL, port, 10, MIB);
	for (int i = 0; i < 5; i++) {
		answer_wait(&waiting[i].answer);
		assert_int_equal(waiting[i].answer.status, FSV_RPC_OK);
		answer_done(&waiting[i].answer);
	}
	/* Having been there it is waited for once more. */
	assert_int_equal(fsv_rpc_server_stop(server, fsv_deadline_in_ms(20000)), 0);
	tell_later(client, channel, "/t.T/echo", false, &waiting[0]);
	server = serve(rpc, &app, NULL, port, 10, MIB);
	answer_wait(&waiting[0].answer);
	assert_int_equal(waiting[0].answer.status, FSV_RPC_OK);
	answer_done(&waiting[0].answer);
	answer_done(&first.answer);
	fsv_rpc_channel_unref(channel);
	assert_int_equal(fsv_rpc_server_stop(server, fsv_deadline_in_ms(20000)), 0);
	fsv_rpc_free(client);
	fsv_rpc_free(rpc);
}

/* What a handler says stays what it is, even in the words that core has for a dead port. */
static void fail_as_core_handler(struct fsv_rpc_call *call, void *user)
{
	(void)user;
	fsv_rpc_fail(call, FSV_RPC_UNAVAILABLE, "failed to connect to all addresses; last error: UNKNOWN: Connection refused");
}

static void answers_were_sent(void **state)
{
	static const struct fsv_rpc_method methods[] = {
		{ "/t.T/echo", echo_handler, false }, { "/t.T/fail", fail_as_core_handler, false },
	};
	const struct fsv_rpc_server_opt opt = {
		.host = "127.0.0.1", .max_message = MIB, .max_inflight = 10, .methods = methods, .n_methods = 2,
		.user = &(struct app){ 0 },
	};
	struct fsv_rpc *rpc = workers(1);
	struct fsv_rpc_server *server;
	struct fsv_rpc_channel *channel;
	struct fsv_err err;
	struct told told;

	(void)state;
	assert_int_equal(fsv_rpc_server_start(rpc, &opt, &server, &err), 0);
	channel = connect_server(server);
	tell(rpc, channel, "/t.T/fail", false, &told);
	assert_int_equal(told.answer.status, FSV_RPC_UNAVAILABLE);
	assert_non_null(strstr(told.answer.text, "failed to connect to all addresses"));
	assert_false(told.never_sent);
	tell(rpc, channel, "/t.T/echo", true, &told);
	assert_int_equal(told.answer.status, FSV_RPC_OK);
	assert_false(told.never_sent);
	fsv_rpc_channel_unref(channel);
	assert_int_equal(fsv_rpc_server_stop(server, fsv_deadline_in_ms(5000)), 0);
	fsv_rpc_free(rpc);
}

/* A process of its own that answers nothing and is killed when it has all of the requests. It shows its port, then one
 * byte for each of them. */
static int shout;

static void swallow_handler(struct fsv_rpc_call *call, void *user)
{
	(void)call;
	(void)user;
	if (write(shout, "!", 1) != 1)
		_exit(1);
}

static void be_a_server(void)
{
	static const struct fsv_rpc_method methods[] = { { "/t.T/swallow", swallow_handler, false } };
	const struct fsv_rpc_server_opt opt = {
		.host = "127.0.0.1", .max_message = MIB, .max_inflight = 100, .methods = methods, .n_methods = 1,
	};
	struct fsv_rpc_server *server;
	struct fsv_err err;
	struct fsv_rpc *rpc;
	uint16_t port;

	if (fsv_rpc_new(1, &rpc, &err) < 0 || fsv_rpc_server_start(rpc, &opt, &server, &err) < 0)
		_exit(1);
	port = fsv_rpc_server_port(server);
	if (write(shout, &port, sizeof(port)) != sizeof(port))
		_exit(1);
	for (;;)
		(void)pause();
}

static pid_t victim;
static int victim_says;

/* Before core has threads in this process. */
static int start_victim(void **state)
{
	int ends[2];

	(void)state;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	victim = fork();
	if (victim == 0) {
		shout = ends[1];
		close(ends[0]);
		be_a_server();
	}
	close(ends[1]);
	victim_says = ends[0];
	return victim < 0 ? -1 : 0;
}

static int end_victim(void **state)
{
	(void)state;
	if (victim > 0) {
		kill(victim, SIGKILL);
		(void)waitpid(victim, NULL, 0);
	}
	close(victim_says);
	return 0;
}

static void a_server_that_dies_with_it_had_it(void **state)
{
	enum { N = 20 };
	struct fsv_rpc *rpc = workers(1);
	struct fsv_rpc_channel *channel;
	struct told told[N], late;
	uint16_t port;
	char byte;

	(void)state;
	assert_int_equal(read(victim_says, &port, sizeof(port)), sizeof(port));
	channel = connect_to(port, "127.0.0.1", NULL, MIB);
	for (int i = 0; i < N; i++)
		tell_later(rpc, channel, "/t.T/swallow", i % 2, &told[i]);
	for (int i = 0; i < N; i++)
		assert_int_equal(read(victim_says, &byte, 1), 1);
	kill(victim, SIGKILL);
	assert_int_equal(waitpid(victim, NULL, 0), victim);
	victim = 0;
	for (int i = 0; i < N; i++) {
		answer_wait(&told[i].answer);
		assert_int_equal(told[i].answer.status, FSV_RPC_UNAVAILABLE);
		assert_false(told[i].never_sent);
		answer_done(&told[i].answer);
	}
	tell(rpc, channel, "/t.T/swallow", true, &late);
	assert_int_equal(late.answer.status, FSV_RPC_UNAVAILABLE);
	assert_true(late.never_sent);
	fsv_rpc_channel_unref(channel);
	fsv_rpc_free(rpc);
}

/* A server that has told its client to wait for the next one, which never comes: who can ask somebody else learns it
 * at once, who cannot waits. */
static void only_who_has_nobody_else_waits(void **state)
{
	struct fsv_rpc *rpc = workers(1), *client = workers(1);
	struct app app = { 0 };
	struct fsv_rpc_server *server = serve(rpc, &app, NULL, 0, 10, MIB);
	struct fsv_rpc_channel *channel = connect_server(server);
	uint16_t port = fsv_rpc_server_port(server);
	struct told last, waiting, other;

	(void)state;
	fsv_rpc_server_drain(server);
	tell(client, channel, "/t.T/echo", false, &last);
	assert_int_equal(last.answer.status, FSV_RPC_OK);
	assert_int_equal(fsv_rpc_server_stop(server, fsv_deadline_in_ms(20000)), 0);
	tell_later(client, channel, "/t.T/echo", false, &waiting);
	for (int i = 0; i < 3; i++) {
		tell(client, channel, "/t.T/echo", true, &other);
		assert_int_equal(other.answer.status, FSV_RPC_UNAVAILABLE);
		assert_true(other.never_sent);
	}
	server = serve(rpc, &app, NULL, port, 10, MIB);
	answer_wait(&waiting.answer);
	/* On a machine that was slow enough the time for the next one was over before it came. */
	if (waiting.answer.status != FSV_RPC_OK)
		assert_true(waiting.never_sent);
	answer_done(&waiting.answer);
	fsv_rpc_channel_unref(channel);
	assert_int_equal(fsv_rpc_server_stop(server, fsv_deadline_in_ms(20000)), 0);
	fsv_rpc_free(client);
	fsv_rpc_free(rpc);
}

/* Whether the next request would wait: who has somebody else to ask is told so instead. */
static bool others_wait(struct fsv_rpc *client, struct fsv_rpc_channel *channel)
{
	struct told told;

	tell(client, channel, "/t.T/echo", true, &told);
	assert_int_equal(told.answer.status, FSV_RPC_UNAVAILABLE);
	assert_true(told.never_sent);
	return told.says_wait;
}

static void requests_wait_as_long_as_was_set(void **state)
{
	enum { LONG_MS = 600000 };

	(void)state;
	for (int i = 0; i < 4; i++) {
		bool restart = i & 1, absent = i & 2;
		struct fsv_rpc *rpc = workers(1), *client = workers(1);
		struct app app = { 0 };
		struct fsv_rpc_server *server = serve(rpc, &app, NULL, 0, 10, MIB);
		struct fsv_rpc_channel *leaves = connect_server(server), *never_there;
		struct told told;
		uint16_t port;
		int fd = dead_port(&port);

		fsv_rpc_set_waits(client, restart ? LONG_MS : 0, absent ? LONG_MS : 0);
		never_there = connect_to(port, "127.0.0.1", NULL, MIB);
		assert_false(others_wait(client, never_there));		/* the first has to find out */
		assert_int_equal(others_wait(client, never_there), absent);
		fsv_rpc_server_drain(server);
		tell(client, leaves, "/t.T/echo", false, &told);
		assert_int_equal(told.answer.status, FSV_RPC_OK);
		assert_int_equal(fsv_rpc_server_stop(server, fsv_deadline_in_ms(20000)), 0);
		/* The connection that has just ended may be news to the first. */
		if (!restart)
			assert_false(others_wait(client, leaves));
		else
			while (!others_wait(client, leaves))
				;
		fsv_rpc_channel_unref(never_there);
		fsv_rpc_channel_unref(leaves);
		close(fd);
		fsv_rpc_free(client);
		fsv_rpc_free(rpc);
	}
}

/* With nothing beside its answers that would tell. */
static void a_target_that_was_back_is_waited_for_again(void **state)
{
	enum { LONG_MS = 600000, TRIES = 100 };
	struct fsv_rpc *rpc = workers(1), *client = workers(1);
	struct app app = { 0 };
	struct fsv_rpc_server *server;
	struct fsv_rpc_channel *channel;
	struct told told;
	unsigned tries = 0;
	uint16_t port;
	int fd = dead_port(&port);

	(void)state;
	fsv_rpc_set_waits(client, 0, 0);
	channel = connect_to(port, "127.0.0.1", NULL, MIB);
	assert_false(others_wait(client, channel));
	close(fd);
	server = serve(rpc, &app, NULL, port, 10, MIB);
	do
		tell(client, channel, "/t.T/echo", false, &told);
	while (told.answer.status != FSV_RPC_OK);
	assert_int_equal(fsv_rpc_server_stop(server, fsv_deadline_in_ms(20000)), 0);
	fsv_rpc_set_waits(client, 0, LONG_MS);
	/* The connection that has just ended may be news to the first. */
	while (tries < TRIES && !others_wait(client, channel))
		tries++;
	assert_in_range(tries, 0, TRIES - 1);
	fsv_rpc_channel_unref(channel);
	fsv_rpc_free(client);
	fsv_rpc_free(rpc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_server_that_dies_with_it_had_it, start_victim, end_victim),
		cmocka_unit_test(a_dead_port_gets_nothing),
		cmocka_unit_test(a_target_that_comes_is_waited_for),
		cmocka_unit_test(answers_were_sent),
		cmocka_unit_test(only_who_has_nobody_else_waits),
		cmocka_unit_test(requests_wait_as_long_as_was_set),
		cmocka_unit_test(a_target_that_was_back_is_waited_for_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
