/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The yardstick: what a request must cost that makes the same hops with the same payload and does nothing else.
 * Plain gRPC core and libmicrohttpd, none of our code. One process plays one of the four daemons:
 *
 *   bench-bare front HTTP-PORT GRPC-PORT SERVER-PORT PARTNER-PORT   guest's proxy: HTTP in, and a hop to the partner
 *   bench-bare hop GRPC-PORT NEXT-PORT                              guest's server, host's proxy
 *   bench-bare echo GRPC-PORT                                       host's server
 *
 * HTTP front -> guest's server -> guest's proxy -> host's proxy -> host's server, and all the way back.
 */
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/support/time.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARMED = 64, THREADS = 1 };	/* one poller is the cheapest */
#define METHOD "/bench.Bare/call"

static grpc_completion_queue *cq;
static grpc_server *server;
static void *registered;

/* One call out: to next, back to whoever waits for it. */
struct out {
	void (*done)(void *arg, grpc_byte_buffer *reply);
	void *arg;
	grpc_call *call;
	grpc_byte_buffer *reply;
	grpc_metadata_array initial, trailing;
	grpc_status_code status;
	grpc_slice details;
};

/* One slot for calls in. */
struct in {
	enum { WAITING, REPLYING } state;
	grpc_call *call;
	grpc_metadata_array metadata;
	gpr_timespec deadline;
	grpc_byte_buffer *message;
	int cancelled;
	grpc_channel *next;	/* NULL = echo */
};

struct tag {
	bool is_in;	/* which of the two it is */
	union {
		struct in in;
		struct out out;
	};
};

static void call_next(grpc_channel *next, grpc_byte_buffer *message, void (*done)(void *, grpc_byte_buffer *), void *arg)
{
	struct tag *t = calloc(1, sizeof(*t));
	grpc_slice host = grpc_empty_slice();
	grpc_op ops[6] = { 0 };

	t->out = (struct out){ .done = done, .arg = arg };
	grpc_metadata_array_init(&t->out.initial);
	grpc_metadata_array_init(&t->out.trailing);
	t->out.call = grpc_channel_create_call(next, NULL, 0, cq, grpc_slice_from_static_string(METHOD), &host,
					       gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(10, GPR_TIMESPAN)),
					       NULL);
	ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
	ops[1].op = GRPC_OP_SEND_MESSAGE;
	ops[1].data.send_message.send_message = message;
	ops[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
	ops[3].op = GRPC_OP_RECV_INITIAL_METADATA;
	ops[3].data.recv_initial_metadata.recv_initial_metadata = &t->out.initial;
	ops[4].op = GRPC_OP_RECV_MESSAGE;
	ops[4].data.recv_message.recv_message = &t->out.reply;
	ops[5].op = GRPC_OP_RECV_STATUS_ON_CLIENT;
	ops[5].data.recv_status_on_client.trailing_metadata = &t->out.trailing;
	ops[5].data.recv_status_on_client.status = &t->out.status;
	ops[5].data.recv_status_on_client.status_details = &t->out.details;
	grpc_call_start_batch(t->out.call, ops, 6, t, NULL);
}

static void arm(struct tag *t)
{
	t->in.state = WAITING;
	grpc_metadata_array_init(&t->in.metadata);
	grpc_server_request_registered_call(server, registered, &t->in.call, &t->in.deadline, &t->in.metadata,
					    &t->in.message, cq, cq, t);
}

static void reply(void *arg, grpc_byte_buffer *message)
{
	struct tag *t = arg;
	grpc_op ops[4] = { 0 };

	t->in.state = REPLYING;
	ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
	ops[1].op = GRPC_OP_SEND_MESSAGE;
	ops[1].data.send_message.send_message = message;
	ops[2].op = GRPC_OP_SEND_STATUS_FROM_SERVER;
	ops[2].data.send_status_from_server.status = message ? GRPC_STATUS_OK : GRPC_STATUS_UNAVAILABLE;
	ops[3].op = GRPC_OP_RECV_CLOSE_ON_SERVER;
	ops[3].data.recv_close_on_server.cancelled = &t->in.cancelled;
	if (!message)
		ops[1] = ops[3];
	grpc_call_start_batch(t->in.call, ops, message ? 4 : 3, t, NULL);
}

static void on_in(struct tag *t)
{
	if (t->in.state == WAITING && t->in.next) {
		call_next(t->in.next, t->in.message, reply, t);
		return;
	}
	if (t->in.state == WAITING) {
		reply(t, t->in.message);
		return;
	}
	grpc_byte_buffer_destroy(t->in.message);
	grpc_metadata_array_destroy(&t->in.metadata);
	grpc_call_unref(t->in.call);
	arm(t);
}

static void on_out(struct tag *t)
{
	t->out.done(t->out.arg, t->out.status == GRPC_STATUS_OK ? t->out.reply : NULL);
	if (t->out.reply)
		grpc_byte_buffer_destroy(t->out.reply);
	grpc_metadata_array_destroy(&t->out.initial);
	grpc_metadata_array_destroy(&t->out.trailing);
	grpc_slice_unref(t->out.details);
	grpc_call_unref(t->out.call);
	free(t);
}

static void *poll_queue(void *arg)
{
	(void)arg;
	for (;;) {
		grpc_event e = grpc_completion_queue_next(cq, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
		struct tag *t = e.tag;

		if (e.type != GRPC_OP_COMPLETE)
			return NULL;
		if (t->is_in)
			on_in(t);
		else
			on_out(t);
	}
}

/* HTTP: the connection sleeps until the answer has come back. */
struct http {
	struct MHD_Connection *connection;
	char *body;
	size_t n;
	grpc_byte_buffer *answer;
	bool answered;
};

static grpc_channel *front_next;

static void http_answer(void *arg, grpc_byte_buffer *message)
{
	struct http *h = arg;

	h->answered = true;
	h->answer = message ? grpc_byte_buffer_copy(message) : NULL;
	MHD_resume_connection(h->connection);
}

static enum MHD_Result http_reply(struct http *h)
{
	grpc_byte_buffer_reader reader;
	struct MHD_Response *r;
	enum MHD_Result ok;
	grpc_slice all;

	if (!h->answer)
		return MHD_NO;
	grpc_byte_buffer_reader_init(&reader, h->answer);
	all = grpc_byte_buffer_reader_readall(&reader);
	grpc_byte_buffer_reader_destroy(&reader);
	r = MHD_create_response_from_buffer(GRPC_SLICE_LENGTH(all), GRPC_SLICE_START_PTR(all), MHD_RESPMEM_MUST_COPY);
	grpc_slice_unref(all);
	ok = MHD_queue_response(h->connection, 200, r);
	MHD_destroy_response(r);
	return ok;
}

static enum MHD_Result on_http(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
			       const char *version, const char *data, size_t *n, void **own)
{
	struct http *h = *own;

	(void)cls;
	(void)url;
	(void)method;
	(void)version;
	if (!h) {
		*own = h = calloc(1, sizeof(*h));
		h->connection = connection;
		return MHD_YES;
	}
	if (*n > 0) {
		h->body = realloc(h->body, h->n + *n);
		memcpy(h->body + h->n, data, *n);
		h->n += *n;
		*n = 0;
		return MHD_YES;
	}
	if (!h->answered) {
		grpc_slice s = grpc_slice_from_copied_buffer(h->body, h->n);
		grpc_byte_buffer *message = grpc_raw_byte_buffer_create(&s, 1);

		grpc_slice_unref(s);
		MHD_suspend_connection(connection);
		call_next(front_next, message, http_answer, h);
		grpc_byte_buffer_destroy(message);
		return MHD_YES;
	}
	return http_reply(h);
}

static void on_http_end(void *cls, struct MHD_Connection *connection, void **own, enum MHD_RequestTerminationCode why)
{
	struct http *h = *own;

	(void)cls;
	(void)connection;
	(void)why;
	if (!h)
		return;
	if (h->answer)
		grpc_byte_buffer_destroy(h->answer);
	free(h->body);
	free(h);
}

static grpc_channel *channel_to(const char *port)
{
	grpc_channel_credentials *plain = grpc_insecure_credentials_create();
	char target[32];
	grpc_channel *c;

	snprintf(target, sizeof(target), "127.0.0.1:%s", port);
	c = grpc_channel_create(target, plain, NULL);
	grpc_channel_credentials_release(plain);
	return c;
}

static void serve(const char *port, grpc_channel *next)
{
	grpc_server_credentials *plain = grpc_insecure_server_credentials_create();
	char address[32];
	pthread_t thread;

	server = grpc_server_create(NULL, NULL);
	registered = grpc_server_register_method(server, METHOD, NULL, GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER, 0);
	grpc_server_register_completion_queue(server, cq, NULL);
	snprintf(address, sizeof(address), "127.0.0.1:%s", port);
	if (!grpc_server_add_http2_port(server, address, plain)) {
		fprintf(stderr, "bench-bare: cannot listen on %s\n", address);
		exit(1);
	}
	grpc_server_credentials_release(plain);
	grpc_server_start(server);
	for (int i = 0; i < ARMED; i++) {
		struct tag *t = calloc(1, sizeof(*t));

		t->is_in = true;
		t->in.next = next;
		arm(t);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread, NULL, poll_queue, NULL);
}

int main(int argc, char **argv)
{
	sigset_t none;

	signal(SIGPIPE, SIG_IGN);
	grpc_init();
	cq = grpc_completion_queue_create_for_next(NULL);
	if (argc == 6 && strcmp(argv[1], "front") == 0) {
		front_next = channel_to(argv[4]);
		serve(argv[3], channel_to(argv[5]));
		if (!MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME,
				      (uint16_t)strtoul(argv[2], NULL, 10), NULL, NULL, on_http, NULL,
				      MHD_OPTION_NOTIFY_COMPLETED, on_http_end, NULL, MHD_OPTION_END)) {
			fprintf(stderr, "bench-bare: cannot listen on %s\n", argv[2]);
			return 1;
		}
	} else if (argc == 4 && strcmp(argv[1], "hop") == 0) {
		serve(argv[2], channel_to(argv[3]));
	} else if (argc == 3 && strcmp(argv[1], "echo") == 0) {
		serve(argv[2], NULL);
	} else {
		fprintf(stderr, "usage: bench-bare front|hop|echo PORTS…\n");
		return 2;
	}
	sigemptyset(&none);
	sigsuspend(&none);
	return 0;
}
