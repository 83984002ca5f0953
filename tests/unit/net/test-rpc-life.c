/* SPDX-License-Identifier: Apache-2.0 */
/* Servers and channels come and go: ports, draining, stopping, dead and returning partners, odd peers. */
#include "rpc-fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/support/time.h>
#include <netinet/in.h>
#include <sys/socket.h>

static void a_taken_port_is_named(void **state)
{
	struct fsv_rpc *rpc = workers(1);
	struct app app = { 0 };
	struct fsv_rpc_server *server = serve(rpc, &app, NULL, 0, 10, MIB), *second = NULL;
	struct fsv_rpc_server_opt opt = { .port = fsv_rpc_server_port(server), .max_message = MIB, .max_inflight = 1,
					  .methods = app_methods, .n_methods = 1 };
	struct fsv_err err;
	char want[128];

	(void)state;
	/* In the way of one address, and of every address. */
	for (int i = 0; i < 2; i++) {
		opt.host = i == 0 ? "127.0.0.1" : NULL;
		snprintf(want, sizeof(want), "port %u is in use by another process (cannot listen on %s:%u)", opt.port,
			 i == 0 ? "127.0.0.1" : "[::]", opt.port);
		assert_int_equal(fsv_rpc_server_start(rpc, &opt, &second, &err), -EADDRINUSE);
		assert_string_equal(err.text, want);
		assert_null(second);
	}
	opt.host = "192.0.2.1";	/* nobody's */
	assert_int_equal(fsv_rpc_server_start(rpc, &opt, &second, &err), -EADDRNOTAVAIL);
	assert_non_null(strstr(err.text, "cannot listen on 192.0.2.1:"));
	opt.host = "no.such.host.invalid";
	assert_true(fsv_rpc_server_start(rpc, &opt, &second, &err) < 0);
	assert_non_null(strstr(err.text, "no.such.host.invalid"));
	fsv_rpc_server_stop(server, fsv_deadline_in_ms(5000));
	fsv_rpc_free(rpc);
}

static void every_interface_takes_v4_callers(void **state)
{
	struct fsv_rpc *rpc = workers(2);
	struct app app = { 0 };
	const struct fsv_rpc_server_opt opt = { .max_message = MIB, .max_inflight = 10, .methods = app_methods,
						.n_methods = 1, .user = &app };
	struct fsv_rpc_server *server = NULL;
	struct fsv_rpc_channel *channel;
	struct fsv_err err;

	(void)state;
	assert_int_equal(fsv_rpc_server_start(rpc, &opt, &server, &err), 0);
	channel = connect_server(server);
	assert_int_equal(ask_echo(rpc, channel, 10000), FSV_RPC_OK);
	fsv_rpc_channel_unref(channel);
	assert_int_equal(fsv_rpc_server_stop(server, fsv_deadline_in_ms(5000)), 0);
	fsv_rpc_free(rpc);
}

/* The port must be free again although old connections linger, and the channel must come back. */
static void a_restarted_server_gets_its_port_and_its_clients_back(void **state)
{
	struct fsv_rpc *rpc = workers(1), *client = workers(1);
	struct app app = { 0 };
	struct fsv_rpc_server *server = serve(rpc, &app, NULL, 0, 10, MIB);
	struct fsv_rpc_channel *channel = connect_server(server);
	uint16_t port = fsv_rpc_server_port(server);
	int64_t end;

	(void)state;
	for (int round = 0; round < 3; round++) {
		end = fsv_deadline_in_ms(15000);
		while (ask_echo(client, channel, 2000) != FSV_RPC_OK) {
			assert_true(fsv_now_ns() < end);
			usleep(20000);	/* the next attempt is due after the back-off */
		}
		assert_int_equal(fsv_rpc_server_stop(server, fsv_deadline_in_ms(5000)), 0);
		assert_int_not_equal(ask_echo(client, channel, 2000), FSV_RPC_OK);
		server = serve(rpc, &app, NULL, port, 10, MIB);
	}
	fsv_rpc_channel_unref(channel);
	fsv_rpc_server_stop(server, fsv_deadline_in_ms(5000));
	fsv_rpc_free(client);
	fsv_rpc_free(rpc);
}

static void a_dead_partner_fails_quickly(void **state)
{
	struct fsv_rpc *rpc = workers(1);
	struct app app = { 0 };
	struct fsv_rpc_server *server = serve(rpc, &app, NULL, 0, 10, MIB);
	struct fsv_rpc_channel *channel = connect_server(server);
	int64_t before;

	(void)state;
	fsv_rpc_server_stop(server, fsv_deadline_in_ms(5000));
	before = fsv_now_ns();
	for (int i = 0; i < 5; i++) {
		struct answer a;

		assert_int_equal(ask(rpc, channel, "/t.T/echo", FSV_STR("x"), 8000, &a), FSV_RPC_UNAVAILABLE);
		assert_non_null(strstr(a.text, "refused"));
		answer_done(&a);
	}
	assert_true(fsv_now_ns() - before < 4 * FSV_S);
	fsv_rpc_channel_unref(channel);
	fsv_rpc_free(rpc);
}

/* A partner that takes connections and never speaks. */
static void a_mute_partner_fails_at_the_deadline(void **state)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct fsv_rpc *rpc = workers(1);
	struct fsv_rpc_channel *channel;
	int64_t before = fsv_now_ns();
	int status;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	channel = connect_to(ntohs(sa.sin_port), "127.0.0.1", NULL, MIB);
	status = ask_echo(rpc, channel, 500);
	assert_true(status == FSV_RPC_DEADLINE_EXCEEDED || status == FSV_RPC_UNAVAILABLE);
	assert_true(fsv_now_ns() - before < 5 * FSV_S);
	fsv_rpc_channel_unref(channel);
	fsv_rpc_free(rpc);
	close(fd);
}

/* Draining ------------------------------------------------------------------------------------- */

struct hammer {
	struct fsv_rpc *rpc;
	struct fsv_rpc_channel *channel;
	struct fsv_rpc_worker *worker;
	_Atomic unsigned *ok, *refused, *lost;
	_Atomic bool *go_on;
	bool once;
	sem_t over;
};

static void hammer_next(void *arg);

static void hammer_answer(void *arg, int status, struct fsv_rpc_msg *reply, const char *text)
{
	struct hammer *h = arg;

	(void)reply;
	(void)text;
	if (status == FSV_RPC_OK)
		atomic_fetch_add(h->ok, 1);
	else if (status == FSV_RPC_UNAVAILABLE || status == FSV_RPC_CANCELLED)
		atomic_fetch_add(h->refused, 1);
	else
		atomic_fetch_add(h->lost, 1);
	hammer_next(h);
}

static void hammer_next(void *arg)
{
	struct hammer *h = arg;
	const struct fsv_rpc_request_opt opt = { .channel = h->channel, .method = "/t.T/echo", .body = FSV_STR("x"),
						 .deadline = fsv_deadline_in_ms(20000), .once = h->once };

	if (!atomic_load(h->go_on)) {
		sem_post(&h->over);
		return;
	}
	fsv_rpc_send(h->worker, &opt, hammer_answer, h);
}

static void draining_loses_no_accepted_call(void **state)
{
	struct fsv_rpc *rpc = workers(2), *client = workers(2);
	_Atomic unsigned ok = 0, refused = 0, lost = 0;
	_Atomic bool go_on = true;
	struct hammer h[64];
	struct app app = { 0 };
	struct fsv_rpc_server *server = serve(rpc, &app, NULL, 0, 1000, MIB);
	struct fsv_rpc_channel *channel = connect_server(server);

	(void)state;
	for (int i = 0; i < 64; i++) {
		h[i] = (struct hammer){ client, channel, fsv_rpc_pick(client), &ok, &refused, &lost, &go_on, true };
		sem_init(&h[i].over, 0, 0);
		fsv_rpc_post(h[i].worker, hammer_next, &h[i]);
	}
	wait_for(&ok, 2000);
	fsv_rpc_server_drain(server);
	wait_for(&ok, 4000);	/* whether they come too late is for the handlers to say */
	assert_int_equal(fsv_rpc_server_stop(server, fsv_deadline_in_ms(10000)), 0);
	wait_for(&refused, 1);
	atomic_store(&go_on, false);
	for (int i = 0; i < 64; i++) {
		while (sem_wait(&h[i].over) != 0)
			;
		sem_destroy(&h[i].over);
	}
	assert_int_equal(lost, 0);
	assert_int_equal(app.handled, ok);
	fsv_rpc_channel_unref(channel);
	fsv_rpc_free(client);
	fsv_rpc_free(rpc);
}

/* A socket as a service manager would hold it, and a duplicate for one server. */
static int hold_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd > 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 1024), 0);
	return fd;
}

static struct fsv_rpc_server *serve_held(struct fsv_rpc *rpc, struct app *app, int fd)
{
	struct fsv_rpc_server_opt opt = {
		.listen_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3), .max_message = MIB, .max_inflight = 1000, .methods = app_methods,
		.n_methods = sizeof(app_methods) / sizeof(app_methods[0]), .user = app,
	};
	struct fsv_rpc_server *server;
	struct fsv_err err = FSV_ERR_INIT;

	if (fsv_rpc_server_start(rpc, &opt, &server, &err) < 0)
		fail_msg("%s", err.text);
	return server;
}

/* Servers take turns behind one socket, with a pause between them, and nobody who asks notices. */
static void a_held_port_changes_hands_without_loss(void **state)
{
	struct fsv_rpc *rpc = workers(2), *client = workers(2);
	_Atomic unsigned ok = 0, refused = 0, lost = 0;
	_Atomic bool go_on = true;
	struct hammer h[32];
	struct app app = { 0 };
	int fd = hold_port();
	struct fsv_rpc_server *server = serve_held(rpc, &app, fd);
	struct fsv_rpc_channel *channel = connect_server(server);

	(void)state;
	for (int i = 0; i < 32; i++) {
		h[i] = (struct hammer){ client, channel, fsv_rpc_pick(client), &ok, &refused, &lost, &go_on };
		sem_init(&h[i].over, 0, 0);
		fsv_rpc_post(h[i].worker, hammer_next, &h[i]);
	}
	for (int round = 0; round < 6; round++) {
		wait_for(&ok, ok + 500);
		if (round % 2 == 0)
			fsv_rpc_server_drain(server);
		assert_int_equal(fsv_rpc_server_stop(server, fsv_deadline_in_ms(10000)), 0);
		usleep(50000);
		server = serve_held(rpc, &app, fd);
	}
	wait_for(&ok, ok + 500);
	atomic_store(&go_on, false);
	for (int i = 0; i < 32; i++) {
		while (sem_wait(&h[i].over) != 0)
			;
		sem_destroy(&h[i].over);
	}
	assert_int_equal(lost, 0);
	assert_int_equal(refused, 0);
	assert_int_equal(app.handled, ok);
	fsv_rpc_channel_unref(channel);
	assert_int_equal(fsv_rpc_server_stop(server, fsv_deadline_in_ms(10000)), 0);
	close(fd);
	fsv_rpc_free(client);
	fsv_rpc_free(rpc);
}

static void a_held_port_shows_its_peers(void **state)
{
	struct fsv_rpc *rpc = workers(1), *client = workers(1);
	struct app app = { 0 };
	int fd = hold_port();
	struct fsv_rpc_server *server = serve_held(rpc, &app, fd);
	struct fsv_rpc_channel *channel = connect_server(server);
	struct answer a;

	(void)state;
	assert_int_equal(ask(client, channel, "/t.T/describe", FSV_STR("x"), 10000, &a), FSV_RPC_OK);
	if (!a.body || memmem(a.body, a.n, "|127.0.0.1:", 11) == NULL)
		fail_msg("%.*s", (int)a.n, a.body);
	answer_done(&a);
	fsv_rpc_channel_unref(channel);
	assert_int_equal(fsv_rpc_server_stop(server, fsv_deadline_in_ms(10000)), 0);
	close(fd);
	fsv_rpc_free(client);
	fsv_rpc_free(rpc);
}

struct late {
	struct fsv_rpc *rpc;
	struct app *app;
};

static void *release_late(void *arg)
{
	struct late *late = arg;

	usleep(100000);
	fsv_rpc_post(fsv_rpc_pick(late->rpc), release_all, late->app);
	return NULL;
}

static void draining_waits_for_earlier_calls_alone(void **state)
{
	struct fsv_rpc *rpc = workers(1), *client = workers(1);
	struct app app = { 0 };
	struct fsv_rpc_server *server = serve(rpc, &app, NULL, 0, 10, MIB);
	struct fsv_rpc_channel *channel = connect_server(server);
	struct answer early, late;

	(void)state;
	ask_later(client, channel, "/t.T/hold", FSV_STR("x"), 20000, &early);
	wait_for(&app.n_held, 1);
	fsv_rpc_server_drain(server);
	ask_later(client, channel, "/t.T/hold", FSV_STR("x"), 20000, &late);
	wait_for(&app.n_held, 2);
	assert_int_equal(fsv_rpc_server_inflight(server), 1);
	fsv_rpc_post(fsv_rpc_pick(rpc), release_all, &app);
	answer_wait(&early);
	answer_wait(&late);
	assert_int_equal(early.status, FSV_RPC_OK);
	assert_int_equal(late.status, FSV_RPC_OK);
	answer_done(&early);
	answer_done(&late);
	assert_int_equal(fsv_rpc_server_stop(server, fsv_deadline_in_ms(10000)), 0);
	fsv_rpc_channel_unref(channel);
	fsv_rpc_free(client);
	fsv_rpc_free(rpc);
}

static void stopping_waits_for_calls_in_flight(void **state)
{
	struct fsv_rpc *rpc = workers(1), *client = workers(1);
	struct app app = { 0 };
	struct late late = { rpc, &app };
	struct fsv_rpc_server *server = serve(rpc, &app, NULL, 0, 10, MIB);
	struct fsv_rpc_channel *channel = connect_server(server);
	struct answer a;
	pthread_t thread;

	(void)state;
	ask_later(client, channel, "/t.T/hold", FSV_STR("x"), 20000, &a);
	wait_for(&app.n_held, 1);
	assert_int_equal(pthread_create(&thread, NULL, release_late, &late), 0);
	assert_int_equal(fsv_rpc_server_stop(server, fsv_deadline_in_ms(15000)), 0);
	pthread_join(thread, NULL);
	answer_wait(&a);
	assert_int_equal(a.status, FSV_RPC_OK);
	answer_done(&a);
	fsv_rpc_channel_unref(channel);
	fsv_rpc_free(client);
	fsv_rpc_free(rpc);
}

static void stopping_cuts_off_at_the_deadline(void **state)
{
	struct fsv_rpc *rpc = workers(1), *client = workers(1);
	struct app app = { 0 };
	struct fsv_rpc_server *server = serve(rpc, &app, NULL, 0, 10, MIB);
	struct fsv_rpc_channel *channel = connect_server(server);
	struct answer a[3];
	int64_t before;

	(void)state;
	for (int i = 0; i < 3; i++)
		ask_later(client, channel, "/t.T/hold", FSV_STR("x"), 30000, &a[i]);
	wait_for(&app.n_held, 3);
	before = fsv_now_ns();
	assert_int_equal(fsv_rpc_server_stop(server, fsv_deadline_in_ms(100)), 3);
	assert_true(fsv_now_ns() - before < 10 * FSV_S);
	assert_int_equal(app.cancelled, 3);
	for (int i = 0; i < 3; i++) {
		answer_wait(&a[i]);
		assert_true(a[i].status == FSV_RPC_UNAVAILABLE || a[i].status == FSV_RPC_CANCELLED);
		answer_done(&a[i]);
	}
	fsv_rpc_channel_unref(channel);
	fsv_rpc_free(client);
	fsv_rpc_free(rpc);
}

static void workers_and_servers_can_be_made_again_and_again(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		struct fsv_rpc *rpc = workers(1 + (unsigned)i % 3);
		struct app app = { 0 };
		struct fsv_rpc_server *server = serve(rpc, &app, NULL, 0, 10, MIB);
		struct fsv_rpc_channel *channel = connect_server(server);

		if (i % 2)
			assert_int_equal(ask_echo(rpc, channel, 10000), FSV_RPC_OK);
		fsv_rpc_channel_unref(channel);
		assert_int_equal(fsv_rpc_server_stop(server, fsv_deadline_in_ms(5000)), 0);
		fsv_rpc_free(rpc);
	}
}

/* Peers that are not ours ---------------------------------------------------------------------- */

static int dial(uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

static void read_all(int fd, unsigned char *p, size_t n)
{
	while (n > 0) {
		ssize_t r = read(fd, p, n);

		assert_true(r > 0);
		p += r;
		n -= (size_t)r;
	}
}

/* Clients of the reference ping without calls; the answer must not be "enhance your calm". */
static void frequent_pings_are_answered(void **state)
{
	static const unsigned char hello[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" "\0\0\0\4\0\0\0\0\0";
	static const unsigned char ping[17] = { 0, 0, 8, 6, 0, 0, 0, 0, 0, 'p', 'i', 'n', 'g', '-', 'm', 'e', '!' };
	struct fsv_rpc *rpc = workers(1);
	struct app app = { 0 };
	struct fsv_rpc_server *server = serve(rpc, &app, NULL, 0, 10, MIB);
	int fd = dial(fsv_rpc_server_port(server));
	unsigned char head[9], body[16384];
	unsigned acks = 0;

	(void)state;
	assert_int_equal(write(fd, hello, sizeof(hello) - 1), sizeof(hello) - 1);
	for (int i = 0; i < 100; i++)
		assert_int_equal(write(fd, ping, sizeof(ping)), sizeof(ping));
	while (acks < 100) {
		size_t n;

		read_all(fd, head, sizeof(head));
		n = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
		assert_true(n <= sizeof(body));
		read_all(fd, body, n);
		assert_int_not_equal(head[3], 7);	/* GOAWAY */
		if (head[3] == 6 && (head[4] & 1))
			acks++;
	}
	close(fd);
	fsv_rpc_server_stop(server, fsv_deadline_in_ms(5000));
	fsv_rpc_free(rpc);
}

/* One call made with core itself, in ways that our client has no words for. */
struct odd_call {
	bool gzip, no_message;
	size_t zeros;		/* bytes of the message */
};

static int call_oddly(uint16_t port, const struct odd_call *how, size_t *ret_n)
{
	grpc_completion_queue *cq = grpc_completion_queue_create_for_next(NULL);
	grpc_channel_credentials *plain = grpc_insecure_credentials_create();
	grpc_arg arg = { .type = GRPC_ARG_INTEGER, .key = (char *)GRPC_COMPRESSION_CHANNEL_DEFAULT_ALGORITHM,
			 .value.integer = how->gzip ? GRPC_COMPRESS_GZIP : GRPC_COMPRESS_NONE };
	grpc_channel_args args = { 1, &arg };
	char target[32];
	FSV_AUTO_MEM char *zeros = fsv_calloc(1, how->zeros + 1);
	grpc_slice slice = grpc_slice_from_copied_buffer(zeros, how->zeros), details = grpc_empty_slice();
	grpc_byte_buffer *out = grpc_raw_byte_buffer_create(&slice, 1), *in = NULL;
	grpc_metadata_array initial, trailing;
	grpc_status_code status;
	grpc_channel *channel;
	grpc_call *call;
	grpc_event e;
	grpc_op ops[6] = { 0 };
	size_t n = 0;

	snprintf(target, sizeof(target), "127.0.0.1:%u", port);
	channel = grpc_channel_create(target, plain, &args);
	call = grpc_channel_create_call(channel, NULL, 0, cq, grpc_slice_from_static_string("/t.T/echo"), NULL,
					gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(20, GPR_TIMESPAN)),
					NULL);
	grpc_metadata_array_init(&initial);
	grpc_metadata_array_init(&trailing);
	ops[n++].op = GRPC_OP_SEND_INITIAL_METADATA;
	ops[n++].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
	ops[n] = (grpc_op){ .op = GRPC_OP_RECV_INITIAL_METADATA };
	ops[n++].data.recv_initial_metadata.recv_initial_metadata = &initial;
	ops[n] = (grpc_op){ .op = GRPC_OP_RECV_MESSAGE };
	ops[n++].data.recv_message.recv_message = &in;
	ops[n] = (grpc_op){ .op = GRPC_OP_RECV_STATUS_ON_CLIENT };
	ops[n].data.recv_status_on_client.trailing_metadata = &trailing;
	ops[n].data.recv_status_on_client.status = &status;
	ops[n++].data.recv_status_on_client.status_details = &details;
	if (!how->no_message) {
		ops[n] = (grpc_op){ .op = GRPC_OP_SEND_MESSAGE };
		ops[n++].data.send_message.send_message = out;
	}
	assert_int_equal(grpc_call_start_batch(call, ops, n, NULL, NULL), GRPC_CALL_OK);
	e = grpc_completion_queue_next(cq, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
	assert_int_equal(e.type, GRPC_OP_COMPLETE);
	*ret_n = in ? grpc_byte_buffer_length(in) : 0;
	if (in)
		grpc_byte_buffer_destroy(in);
	grpc_byte_buffer_destroy(out);
	grpc_slice_unref(slice);
	grpc_slice_unref(details);
	grpc_metadata_array_destroy(&initial);
	grpc_metadata_array_destroy(&trailing);
	grpc_call_unref(call);
	grpc_channel_destroy(channel);
	grpc_channel_credentials_release(plain);
	grpc_completion_queue_shutdown(cq);
	while (grpc_completion_queue_next(cq, gpr_inf_future(GPR_CLOCK_REALTIME), NULL).type != GRPC_QUEUE_SHUTDOWN)
		;
	grpc_completion_queue_destroy(cq);
	return (int)status;
}

static void compressed_requests_are_read_and_bounded(void **state)
{
	static const struct {
		struct odd_call how;
		int status;
		size_t n;
	} cases[] = {
		{ { .gzip = true, .zeros = 50000 }, FSV_RPC_OK, 50000 },
		{ { .gzip = true, .zeros = MIB }, FSV_RPC_OK, MIB },
		/* 64 MiB of zeros in some 64 KiB: larger than allowed once it is opened. */
		{ { .gzip = true, .zeros = 64 * MIB }, FSV_RPC_RESOURCE_EXHAUSTED, 0 },
		{ { .no_message = true }, FSV_RPC_INTERNAL, 0 },
		{ { .zeros = 10 }, FSV_RPC_OK, 10 },
	};
	struct fsv_rpc *rpc = workers(1);
	struct app app = { 0 };
	struct fsv_rpc_server *server = serve(rpc, &app, NULL, 0, 10, MIB);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n;

		assert_int_equal(call_oddly(fsv_rpc_server_port(server), &cases[i].how, &n), cases[i].status);
		assert_int_equal(n, cases[i].n);
	}
	fsv_rpc_server_stop(server, fsv_deadline_in_ms(5000));
	fsv_rpc_free(rpc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_taken_port_is_named),
		cmocka_unit_test(every_interface_takes_v4_callers),
		cmocka_unit_test(a_restarted_server_gets_its_port_and_its_clients_back),
		cmocka_unit_test(a_dead_partner_fails_quickly),
		cmocka_unit_test(a_mute_partner_fails_at_the_deadline),
		cmocka_unit_test(draining_loses_no_accepted_call),
		cmocka_unit_test(a_held_port_changes_hands_without_loss),
		cmocka_unit_test(a_held_port_shows_its_peers),
		cmocka_unit_test(draining_waits_for_earlier_calls_alone),
		cmocka_unit_test(stopping_waits_for_calls_in_flight),
		cmocka_unit_test(stopping_cuts_off_at_the_deadline),
		cmocka_unit_test(workers_and_servers_can_be_made_again_and_again),
		cmocka_unit_test(frequent_pings_are_answered),
		cmocka_unit_test(compressed_requests_are_read_and_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
