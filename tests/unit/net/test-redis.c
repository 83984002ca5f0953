/* SPDX-License-Identifier: Apache-2.0 */
/* The Redis client against a real server: replies, faults, a server that is down, dead, slow or no Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../../lib/net/redis-private.h"
#include "redis-server.h"

static struct {
	struct redis_server server;
	struct fsv_rpc *rpc;
	struct fsv_redis *redis;
	struct fsv_arena arena, worker_arena;	/* the worker's is its own while it runs */
} w;

static int set_up(void **state)
{
	struct fsv_err err;

	(void)state;
	memset(&w, 0, sizeof(w));
	fsv_log_set_level(FSV_LOG_OFF);
	fsv_arena_init(&w.arena, 0);
	fsv_arena_init(&w.worker_arena, 0);
	assert_int_equal(fsv_rpc_new(1, &w.rpc, &err), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	w.redis = fsv_redis_free(w.redis);
	fsv_rpc_free(w.rpc);
	if (w.server.pid > 0)
		redis_end(&w.server);
	fsv_arena_done(&w.arena);
	fsv_arena_done(&w.worker_arena);
	return 0;
}

static void connect_with(struct fsv_redis_opt opt)
{
	char node[32];
	const char *const nodes[] = { node, NULL };
	struct fsv_err err;

	snprintf(node, sizeof(node), "127.0.0.1:%u", w.server.port);
	opt.nodes = opt.nodes ? opt.nodes : nodes;
	opt.timeout_ms = opt.timeout_ms ? opt.timeout_ms : PATIENCE_S * 1000;
	opt.max_commands = opt.max_commands ? opt.max_commands : 10000;
	opt.max_connections = opt.max_connections ? opt.max_connections : 4;
	opt.max_bytes = opt.max_bytes ? opt.max_bytes : 64 << 20;
	opt.max_reply = opt.max_reply ? opt.max_reply : 1 << 20;
	if (fsv_redis_new(&opt, &w.redis, &err) < 0)
		fail_msg("%s", err.text);
}

/* A command at a time: its reply as text ---------------------------------------------------------------- */

struct got {
	unsigned done;
	struct fsv_buf text;
};

static void write_reply(struct fsv_buf *out, const struct fsv_redis_reply *r)
{
	switch (r->type) {
	case FSV_REDIS_NIL:
		fsv_buf_puts(out, "nil");
		break;
	case FSV_REDIS_TEXT:
		fsv_buf_printf(out, "\"%.*s\"", FSV_STR_ARG(r->text));
		break;
	case FSV_REDIS_INT:
		fsv_buf_printf(out, "%lld", (long long)r->integer);
		break;
	case FSV_REDIS_ARRAY:
		fsv_buf_putc(out, '[');
		for (size_t i = 0; i < r->n; i++) {
			fsv_buf_puts(out, i ? " " : "");
			write_reply(out, r->elems[i]);
		}
		fsv_buf_putc(out, ']');
		break;
	case FSV_REDIS_ERROR:
		fsv_buf_puts(out, "error");
	}
}

static void on_done(void *arg, const struct fsv_redis_result *results, unsigned n)
{
	struct got *got = arg;

	for (unsigned i = 0; i < n; i++) {
		fsv_buf_puts(&got->text, i ? " " : "");
		if (results[i].result == 0)
			write_reply(&got->text, results[i].reply);
		else
			fsv_buf_printf(&got->text, "(%s)", results[i].text);
	}
	(void)fsv_buf_cstr(&got->text);		/* room for its NUL, which whoever reads it must not make */
	redis_count(&got->done);
}

/* commands: words separated by blanks, commands by semicolons; ~ is a blank inside a word. */
static int start(struct got *got, const char *commands, int64_t deadline)
{
	struct fsv_redis_command list[64] = { 0 };
	struct fsv_str args[256];
	unsigned n = 0, n_args = 0;
	char *copy = fsv_arena_printf(&w.arena, "%s", commands), *save, *save2;

	memset(got, 0, sizeof(*got));
	fsv_buf_init(&got->text, &w.worker_arena, 0);
	for (char *c = strtok_r(copy, ";", &save); c; c = strtok_r(NULL, ";", &save)) {
		list[n].args = &args[n_args];
		for (char *a = strtok_r(c, " ", &save2); a; a = strtok_r(NULL, " ", &save2), list[n].n_args++) {
			for (char *p = a; *p; p++)
				*p = *p == '~' ? ' ' : *p;
			args[n_args++] = fsv_str(a);
		}
		n++;
	}
	return fsv_redis_run(w.redis, &(struct fsv_redis_run_opt){
		.commands = list, .n = n, .deadline = deadline, .worker = fsv_rpc_pick(w.rpc), .done = on_done, .arg = got,
	});
}

static const char *run(const char *commands)
{
	struct got *got = FSV_ARENA_NEW(&w.arena, struct got);
	int r = start(got, commands, FSV_NO_DEADLINE);

	if (r < 0)
		return r == -EHOSTDOWN ? "down" : r == -EAGAIN ? "busy" : "refused";
	redis_wait(&got->done, 1);
	return fsv_buf_cstr(&got->text);
}

static void expect(const char *got, const char *want)
{
	if (strcmp(got, want) != 0)
		fail_msg("\ngot  %s\nwant %s", got, want);
}

static void expect_part(const char *got, const char *part)
{
	if (!strstr(got, part))
		fail_msg("\ngot  %s\nwant %s", got, part);
}

static void test_replies_of_every_kind(void **state)
{
	(void)state;
	redis_start(&w.server, NULL);
	connect_with((struct fsv_redis_opt){ 0 });
	expect(run("GET nothing"), "nil");
	expect(run("SET a 1;GET a;INCR a;GET a;DEL a;GET a"), "\"OK\" \"1\" 2 \"2\" 1 nil");
	expect(run("HSET h x 1 y 2;HMGET h y z x;HGETALL h;HGETALL none"), "2 [\"2\" nil \"1\"] [\"x\" \"1\" \"y\" \"2\"] []");
	expect(run("EVAL return{1,{2,{'a',{}}}} 0"), "[1 [2 [\"a\" []]]]");
	expect(run("SET l 1;HGETALL l;GET l"), "\"OK\" (the server says: WRONGTYPE Operation against a key holding the wrong "
	       "kind of value) \"1\"");
	/* An argument may be a person's id: it is not repeated. */
	expect(run("NOSUCH secret"), "(the server says: ERR unknown command)");
}

static void test_passwords(void **state)
{
	char path[] = "/tmp/fsv-redis-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	redis_start(&w.server, "open sesame");
	connect_with((struct fsv_redis_opt){ .password = "open sesame" });
	expect(run("SET a 1"), "\"OK\"");
	w.redis = fsv_redis_free(w.redis);
	assert_int_equal(write(fd, "open sesame\nnote\n", 17), 17);
	connect_with((struct fsv_redis_opt){ .password_file = path });
	expect(run("GET a"), "\"1\"");
	w.redis = fsv_redis_free(w.redis);
	for (unsigned i = 0; i < 3; i++) {
		static const char *const bad[] = { "wrong", "", NULL };
		const char *got;

		connect_with((struct fsv_redis_opt){ .password = bad[i] });
		got = run("GET a");
		if (strcmp(got, "down") != 0)
			expect_part(got, i == 0 ? "(the password is refused: WRONGPASS" : "NOAUTH");
		w.redis = fsv_redis_free(w.redis);
	}
	unlink(path);
	connect_with((struct fsv_redis_opt){ .password_file = path });
	expect_part(fsv_arena_printf(&w.arena, "%s down", run("GET a")), "down");
	close(fd);
}

/* Waits until it serves again, which it finds out by itself. */
static void wait_until_up(void)
{
	int64_t until = fsv_now_ns() + PATIENCE_S * FSV_S;

	while (strcmp(run("EXISTS x"), "0") != 0) {
		if (fsv_now_ns() > until)
			fail_msg("it never came back");
		usleep(5000);
	}
}

static void test_down_is_told_at_once_and_back_is_found_out(void **state)
{
	(void)state;
	w.server.port = redis_free_port();
	connect_with((struct fsv_redis_opt){ 0 });
	while (strcmp(run("GET a"), "down") != 0)
		usleep(1000);
	redis_start(&w.server, NULL);
	wait_until_up();
	redis_end(&w.server);
	while (strcmp(run("GET a"), "down") != 0)
		usleep(1000);
	redis_start(&w.server, NULL);
	wait_until_up();
}

/* A connection that the server has closed is no reason to fail, nor to call it down. */
static void test_closed_connections_are_made_again(void **state)
{
	(void)state;
	redis_start(&w.server, NULL);
	connect_with((struct fsv_redis_opt){ 0 });
	for (unsigned i = 0; i < 50; i++) {
		struct got got[4];

		for (unsigned k = 0; k < 4; k++)
			assert_int_equal(start(&got[k], k == 1 ? "CLIENT KILL TYPE normal SKIPME no" : "EXISTS x", FSV_NO_DEADLINE), 0);
		for (unsigned k = 0; k < 4; k++)
			redis_wait(&got[k].done, 1);
		/* Each is sent once more, which the kill itself does not survive every time. */
		expect(fsv_buf_cstr(&got[0].text), "0");
	}
	expect(run("EXISTS x"), "0");
}

static void test_silence_costs_its_time_once(void **state)
{
	const char *last;
	int64_t began;
	struct got got;

	(void)state;
	redis_start(&w.server, NULL);
	connect_with((struct fsv_redis_opt){ .timeout_ms = 300 });
	wait_until_up();
	redis_stand_still(&w.server);
	began = fsv_now_ns();
	/* A caller with less patience is told earlier, and that alone does not make the server dead. */
	assert_int_equal(start(&got, "GET a;GET b", fsv_deadline_in_ms(20)), 0);
	redis_wait(&got.done, 1);
	expect(fsv_buf_cstr(&got.text), "(no reply by the deadline) (no reply by the deadline)");
	last = run("GET a");
	if (strcmp(last, "down") != 0)	/* on a machine that is slow enough */
		expect(last, "(no answer within redis.timeout)");
	assert_true(fsv_now_ns() - began >= 290 * FSV_MS);
	for (unsigned i = 0; i < 100; i++)
		expect(run("GET a"), "down");
	kill(w.server.pid, SIGCONT);
	wait_until_up();
}

static void test_commands_are_bounded(void **state)
{
	struct got got[11];

	(void)state;
	redis_start(&w.server, NULL);
	connect_with((struct fsv_redis_opt){ .max_commands = 20 });
	wait_until_up();
	redis_stand_still(&w.server);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(start(&got[i], "EXISTS a;EXISTS b", FSV_NO_DEADLINE), 0);
	assert_int_equal(start(&got[10], "EXISTS a", FSV_NO_DEADLINE), -EAGAIN);
	kill(w.server.pid, SIGCONT);
	for (unsigned i = 0; i < 10; i++) {
		redis_wait(&got[i].done, 1);
		expect(fsv_buf_cstr(&got[i].text), "0 0");
	}
	expect(run("EXISTS a"), "0");
}

static void test_bytes_under_way_are_bounded(void **state)
{
	struct got got[3];

	(void)state;
	redis_start(&w.server, NULL);
	connect_with((struct fsv_redis_opt){ .max_bytes = 20 });
	wait_until_up();
	redis_stand_still(&w.server);
	assert_int_equal(start(&got[0], "SET a 123456", FSV_NO_DEADLINE), 0);
	assert_int_equal(start(&got[1], "SET b 123456", FSV_NO_DEADLINE), 0);
	assert_int_equal(start(&got[2], "SET c", FSV_NO_DEADLINE), -EAGAIN);
	kill(w.server.pid, SIGCONT);
	redis_wait(&got[0].done, 1);
	redis_wait(&got[1].done, 1);
	expect(run("EXISTS c"), "0");
	expect(run("GET 12345678901234567"), "nil");
	expect(run("GET 123456789012345678"), "busy");
}

static void test_large_replies(void **state)
{
	(void)state;
	redis_start(&w.server, NULL);
	connect_with((struct fsv_redis_opt){ .max_reply = 100000 });
	assert_int_equal(strlen(run("EVAL return(string.rep('x',50000)) 0")), 50002);
	expect(run("SETRANGE a 200000 x"), "200001");
	expect(run("GET a"), "(a reply was too large)");
	expect(run("EVAL local~t={}~for~i=1,20000~do~t[i]=i~end~return~t 0"), "(a reply was too large)");
	expect(run("STRLEN a"), "200001");
}

static void test_stopping_ends_what_is_under_way(void **state)
{
	struct got got;

	(void)state;
	redis_start(&w.server, NULL);
	connect_with((struct fsv_redis_opt){ 0 });
	wait_until_up();
	redis_stand_still(&w.server);
	assert_int_equal(start(&got, "GET a", FSV_NO_DEADLINE), 0);
	fsv_redis_stop(w.redis);
	redis_wait(&got.done, 1);
	expect(fsv_buf_cstr(&got.text), "(the client is shutting down)");
	expect(run("GET a"), "refused");
}

/* More than fits into one write, over few connections; commands of one run may come in any order. */
static void test_many_at_a_time(void **state)
{
	static struct got got[300];
	struct fsv_str x = fsv_str_n(memset(fsv_arena_alloc(&w.arena, 20000), 'x', 20000), 20000);

	(void)state;
	redis_start(&w.server, NULL);
	connect_with((struct fsv_redis_opt){ .max_connections = 3 });
	for (unsigned i = 0; i < 300; i++)
		assert_int_equal(start(&got[i], fsv_arena_printf(&w.arena, "SET k%u %u%.*s;SET l%u 1", i, i, FSV_STR_ARG(x), i),
				       FSV_NO_DEADLINE), 0);
	for (unsigned i = 0; i < 300; i++) {
		redis_wait(&got[i].done, 1);
		expect(fsv_buf_cstr(&got[i].text), "\"OK\" \"OK\"");
	}
	for (unsigned i = 0; i < 300; i++)
		assert_int_equal(start(&got[i], fsv_arena_printf(&w.arena, "GET k%u;STRLEN l%u", i, i), FSV_NO_DEADLINE), 0);
	for (unsigned i = 0; i < 300; i++) {
		redis_wait(&got[i].done, 1);
		expect(fsv_buf_cstr(&got[i].text), fsv_arena_printf(&w.arena, "\"%u%.*s\" 1", i, FSV_STR_ARG(x)));
	}
}

static void test_names_are_looked_up(void **state)
{
	char node[64];
	const char *const nodes[] = { node, NULL };
	const char *const nobody[] = { "no-such-name.invalid:6379", NULL };

	(void)state;
	redis_start(&w.server, NULL);
	snprintf(node, sizeof(node), "localhost:%u", w.server.port);
	connect_with((struct fsv_redis_opt){ .nodes = nodes });
	expect(run("EXISTS x"), "0");
	w.redis = fsv_redis_free(w.redis);
	connect_with((struct fsv_redis_opt){ .nodes = nobody });
	while (strcmp(run("GET a"), "down") != 0)
		usleep(1000);
}

static void test_addresses_that_are_none(void **state)
{
	static const char *const bad[] = { "", "host", "host:", ":1", "host:0", "host:65536", "host:x" };
	struct fsv_redis *redis;
	struct fsv_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *const nodes[] = { bad[i], NULL };

		assert_int_equal(fsv_redis_new(&(struct fsv_redis_opt){ .nodes = nodes }, &redis, &err), FSV_E_CONFIG);
	}
}

/* Who says no word of Redis ------------------------------------------------------------------------------ */

struct odd {
	int listener;
	const char *says;
};

static void *odd_server(void *arg)
{
	struct odd *o = arg;
	int fd;

	while ((fd = accept(o->listener, NULL, NULL)) >= 0) {
		char data[4096];

		(void)!recv(fd, data, sizeof(data), 0);
		(void)!send(fd, o->says, strlen(o->says), MSG_NOSIGNAL);
		(void)!recv(fd, data, sizeof(data), 0);
		close(fd);
	}
	return NULL;
}

static void test_servers_that_are_no_redis(void **state)
{
	static const struct {
		const char *says, *want;
		int64_t patience_ms;	/* 0 = endless */
	} cases[] = {
		{ "HTTP/1.1 400 Bad Request\r\n\r\n", "(it does not speak Redis' protocol)", 0 },
		{ "+PONG\r\n*2147483647\r\n", "(a reply was too large)", 0 },
		{ "+PONG\r\n$2147483647\r\n", "(no reply by the deadline)", 200 },
		{ "+PONG\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", "(it does not speak Redis' protocol)", 0 },
		{ "+PONG\r\n:7\r\n:8\r\n", "7", 0 },
		{ "-LOADING Redis is loading the dataset in memory\r\n", "(it takes no commands: LOADING", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		socklen_t n = sizeof(a);
		struct odd o = { socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), cases[i].says };
		pthread_t thread;
		struct got got;

		assert_int_equal(bind(o.listener, (struct sockaddr *)&a, n), 0);
		assert_int_equal(listen(o.listener, 16), 0);
		getsockname(o.listener, (struct sockaddr *)&a, &n);
		w.server.port = ntohs(a.sin_port);
		connect_with((struct fsv_redis_opt){ 0 });
		assert_int_equal(start(&got, "GET a", cases[i].patience_ms ? fsv_deadline_in_ms(cases[i].patience_ms) :
				       FSV_NO_DEADLINE), 0);
		pthread_create(&thread, NULL, odd_server, &o);
		redis_wait(&got.done, 1);
		expect_part(fsv_buf_cstr(&got.text), cases[i].want);
		w.redis = fsv_redis_free(w.redis);
		shutdown(o.listener, SHUT_RDWR);
		pthread_join(thread, NULL);
		close(o.listener);
	}
}

/* Words of clusters -------------------------------------------------------------------------------------- */

static void test_slots_of_keys(void **state)
{
	/* As CLUSTER KEYSLOT has them. */
	static const struct {
		const char *key;
		unsigned slot;
	} cases[] = {
		{ "", 0 }, { "123456789", 12739 }, { "foo", 12182 }, { "{foo}.a", 12182 }, { "x{foo}{bar}", 12182 },
		{ "{}foo", 9500 }, { "f109129f108847ebe28067444e75f753", 9268 },
	};

	(void)state;
	redis_start(&w.server, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (fsv_redis_slot(fsv_str(cases[i].key)) != cases[i].slot)
			fail_msg("%s: %u", cases[i].key, fsv_redis_slot(fsv_str(cases[i].key)));
}

static void test_redirections(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "MOVED 3999 127.0.0.1:6381", "moved 3999 127.0.0.1 6381" }, { "ASK 0 host.example:1", "ask 0 host.example 1" },
		{ "MOVED 16383 ::1:65535", "moved 16383 ::1 65535" }, { "MOVED 1 :6379", "moved 1  6379" },
		{ "MOVED", "" }, { "MOVED ", "" }, { "MOVED 1", "" }, { "MOVED 1 ", "" }, { "MOVED 1 host", "" },
		{ "MOVED 1 host:", "" }, { "MOVED 1 host:0", "" }, { "MOVED 1 host:65536", "" }, { "MOVED 16384 h:1", "" },
		{ "MOVED -1 h:1", "" }, { "MOVED x h:1", "" }, { "ERR", "" }, { "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_str host, port;
		unsigned slot;
		bool ask;
		const char *got = "";

		if (fsv_redis_parse_redirect(fsv_str(cases[i].text), &ask, &slot, &host, &port))
			got = fsv_arena_printf(&w.arena, "%s %u %.*s %.*s", ask ? "ask" : "moved", slot, FSV_STR_ARG(host),
					       FSV_STR_ARG(port));
		expect(got, cases[i].want);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_replies_of_every_kind),
		TEST(test_passwords),
		TEST(test_down_is_told_at_once_and_back_is_found_out),
		TEST(test_closed_connections_are_made_again),
		TEST(test_silence_costs_its_time_once),
		TEST(test_commands_are_bounded),
		TEST(test_bytes_under_way_are_bounded),
		TEST(test_large_replies),
		TEST(test_stopping_ends_what_is_under_way),
		TEST(test_many_at_a_time),
		TEST(test_names_are_looked_up),
		TEST(test_addresses_that_are_none),
		TEST(test_servers_that_are_no_redis),
		TEST(test_slots_of_keys),
		TEST(test_redirections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
