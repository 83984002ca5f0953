/* SPDX-License-Identifier: Apache-2.0 */
/* A whole proxy in this process, between a serving node of the test's own and plain sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../../daemons/proxy/proxy-conf.h"
#include "../../../daemons/proxy/proxy.h"
#include "../../../daemons/proxy/unary.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "call/message.h"
#include "codec/json.h"
#include "net/http.h"

#define SERVICE "/com.webank.ai.fate.api.serving.InferenceService/"
#define ANSWER "{\"retcode\":0,\"retmsg\":\"\",\"data\":{\"score\":0.5},\"flag\":0}"
#define NODE_ANSWER "{\"retcode\":0,\"retmsg\":\"\",\"caseid\":\"x\",\"data\":{\"score\":0.5},\"log\":{},\"warn\":{},\"flag\":0}"

static struct {
	struct fsv_proxy proxy;
	struct fsv_conf *conf;
	struct fsv_loop *loop;
	struct fsv_rpc *rpc;			/* of the test's node and clients */
	struct fsv_rpc_server *node;
	struct fsv_http *partner;		/* reached by url */
	struct fsv_rpc_channel *intra, *inter;
	struct fsv_arena arena;
	char folder[256], table[300];
	uint16_t http, inter_port, intra_port, node_port;
} w;

/* What the node saw last, and a call that it does not answer before it is cancelled. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static char seen[65536], seen_meta[256];
static unsigned held, cancelled;

/* Node --------------------------------------------------------------------------------------------- */

static void note(struct fsv_rpc_call *call, struct fsv_str body)
{
	pthread_mutex_lock(&lock);
	snprintf(seen, sizeof(seen), "%.*s", FSV_STR_ARG(body));
	snprintf(seen_meta, sizeof(seen_meta), "%.*s %.*s %zu", FSV_STR_ARG(fsv_rpc_call_meta(call, "caseid")),
		 FSV_STR_ARG(fsv_rpc_call_hops(call)), fsv_rpc_call_meta(call, "traceparent").n);
	pthread_mutex_unlock(&lock);
}

static void count(unsigned *what)
{
	pthread_mutex_lock(&lock);
	(*what)++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void wait_for(const unsigned *what, unsigned n)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	pthread_mutex_lock(&lock);
	while (*what < n)
		assert_int_equal(pthread_cond_timedwait(&changed, &lock, &until), 0);
	pthread_mutex_unlock(&lock);
}

static void node_cancelled(void *arg)
{
	count(&cancelled);
	fsv_rpc_fail(arg, FSV_RPC_CANCELLED, "");
}

static bool hold(struct fsv_rpc_call *call, struct fsv_str body)
{
	if (!memmem(body.p, body.n, "hold", 4))
		return false;
	fsv_rpc_call_on_cancel(call, node_cancelled, call);
	count(&held);
	return true;
}

static void node_inference(struct fsv_rpc_call *call, void *user)
{
	struct fsv_arena *arena = fsv_rpc_call_arena(call);
	struct fsv_err err;
	struct fsv_str body;

	(void)user;
	assert_int_equal(fsv_inference_decode(fsv_rpc_call_body(call), arena, &body, &err), 0);
	note(call, body);
	if (!hold(call, body))
		fsv_rpc_reply(call, fsv_inference_encode(FSV_STR(NODE_ANSWER), arena));
}

static void node_unary(struct fsv_rpc_call *call, void *user)
{
	struct fsv_arena *arena = fsv_rpc_call_arena(call);

	(void)user;
	note(call, FSV_STR("packet"));
	if (!hold(call, fsv_rpc_call_body(call)))
		fsv_rpc_reply(call, fsv_packet_encode_body(FSV_STR("{\"retcode\":0}"), arena));
}

static void partner_http(struct fsv_http_req *req, void *user)
{
	(void)user;
	pthread_mutex_lock(&lock);
	snprintf(seen, sizeof(seen), "%.*s", FSV_STR_ARG(fsv_http_body(req)));
	snprintf(seen_meta, sizeof(seen_meta), "%.*s %.*s", FSV_STR_ARG(fsv_http_header(req, "caseId")),
		 FSV_STR_ARG(fsv_http_header(req, "fate-hops")));
	pthread_mutex_unlock(&lock);
	if (fsv_str_is(fsv_http_path(req), "/bad"))
		fsv_http_reply(req, 200, NULL, FSV_STR("no packet"), NULL, 0);
	else
		fsv_http_reply(req, 500, NULL, FSV_STR("{\"body\":{\"value\":\"e30=\"}}"), NULL, 0);
}

/* World -------------------------------------------------------------------------------------------- */

static uint16_t free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	fsv_close(fd);
	return ntohs(a.sin_port);
}

static void write_table(const char *text)
{
	struct fsv_err err = FSV_ERR_INIT;

	assert_int_equal(fsv_write_file(w.table, text, strlen(text), 0600, &err), 0);
}

/* Own party and 10000 → the node; 20000 → partner by url; 40000 → ourselves; 50000 → nobody listens. */
static void usual_table(void)
{
	char text[2048];

	snprintf(text, sizeof(text),
		 "// test\n{route_table:{9999:{serving:[{ip:127.0.0.1,port:%u}]},10000:{serving:[{ip:127.0.0.1,port:%u}]},"
		 "20000:{serving:[{url:'http://127.0.0.1:%u/unary'}]},20001:{serving:[{url:'http://127.0.0.1:%u/bad'}]},"
		 "40000:{serving:[{ip:127.0.0.1,port:%u}]},50000:{serving:[{ip:127.0.0.1,port:%u}]},"
		 "60000:{serving:[{ip:127.0.0.1,port:%u,useSSL:true}]}},"
		 "permission:{default_allow:true,deny:[{from:{coordinator:666,role:'*'},to:{coordinator:'*',role:'*'}}]}}",
		 w.node_port, w.node_port, fsv_http_port(w.partner), fsv_http_port(w.partner), w.inter_port, free_port(), w.node_port);
	write_table(text);
}

static struct fsv_conf *conf_of(const char *more)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_conf *conf;
	char text[1024];

	snprintf(text, sizeof(text), "coordinator: 9999\nroute.table: %s\nserver.port: %u\nserver.address: 127.0.0.1\n"
		 "proxy.grpc.inter.port: %u\nproxy.grpc.inter.address: 127.0.0.1\nproxy.grpc.intra.port: %u\n"
		 "proxy.grpc.intra.address: 127.0.0.1\nworker.threads: 2\n%s", w.table, w.http, w.inter_port, w.intra_port, more);
	if (fsv_conf_load_text(&fsv_proxy_schema, fsv_str(text), "test.yaml", &conf, &err) < 0)
		fail_msg("%s", err.text);
	return conf;
}

static void start_node(void)
{
	static const struct fsv_rpc_method methods[] = {
		{ FSV_UNARY_METHOD, node_unary, false },
		{ SERVICE "inference", node_inference, false },
		{ SERVICE "batchInference", node_inference, false },
	};
	const struct fsv_rpc_server_opt opt = {
		.host = "127.0.0.1", .max_message = 8 << 20, .max_inflight = 100, .methods = methods, .n_methods = 3,
	};
	const struct fsv_http_opt http = {
		.host = "127.0.0.1", .max_body = 1 << 20, .timeout_ms = 5000, .max_connections = 10, .max_inflight = 10,
		.handler = partner_http,
	};
	struct fsv_err err = FSV_ERR_INIT;

	assert_int_equal(fsv_rpc_new(1, &w.rpc, &err), 0);
	if (fsv_rpc_server_start(w.rpc, &opt, &w.node, &err) < 0 || fsv_http_start(&http, &w.partner, &err) < 0)
		fail_msg("%s", err.text);
	w.node_port = fsv_rpc_server_port(w.node);
}

static void start_proxy(const char *more_conf)
{
	struct fsv_err err = FSV_ERR_INIT;
	char target[64];

	w.conf = conf_of(more_conf);
	assert_int_equal(fsv_loop_new(&w.loop, &err), 0);
	if (fsv_proxy_start(&w.proxy, w.conf, w.loop, &err) < 0)
		fail_msg("%s", err.text);
	snprintf(target, sizeof(target), "127.0.0.1:%u", w.intra_port);
	assert_int_equal(fsv_rpc_channel_new(target, NULL, 8 << 20, &w.intra, &err), 0);
	snprintf(target, sizeof(target), "127.0.0.1:%u", w.inter_port);
	assert_int_equal(fsv_rpc_channel_new(target, NULL, 8 << 20, &w.inter, &err), 0);
}

static void setup_with(const char *more_conf)
{
	const char *tmp = getenv("TMPDIR");

	memset(&w, 0, sizeof(w));
	fsv_log_set_level(FSV_LOG_ERR);
	held = cancelled = 0;
	snprintf(w.folder, sizeof(w.folder), "%s/fsv-proxy-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(w.folder));
	snprintf(w.table, sizeof(w.table), "%s/route_table.json", w.folder);
	fsv_arena_init(&w.arena, 0);
	w.http = free_port();
	w.inter_port = free_port();
	w.intra_port = free_port();
	start_node();
	usual_table();
	start_proxy(more_conf);
}

static int setup(void **state)
{
	(void)state;
	setup_with("");
	return 0;
}

static int setup_small(void **state)
{
	(void)state;
	setup_with("max.inflight: 1\nproxy.grpc.unaryCall.timeout: 20s\n");
	return 0;
}

static int setup_hasty(void **state)
{
	(void)state;
	setup_with("proxy.grpc.unaryCall.timeout: 200ms\nproxy.grpc.inference.timeout: 200ms\n");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fsv_rpc_channel_unref(w.intra);
	fsv_rpc_channel_unref(w.inter);
	fsv_proxy_stop(&w.proxy, fsv_deadline_in_ms(5000));
	fsv_conf_unref(w.conf);
	fsv_loop_free(w.loop);
	fsv_http_stop(w.partner, fsv_deadline_in_ms(5000));
	fsv_rpc_server_stop(w.node, fsv_deadline_in_ms(5000));
	fsv_rpc_free(w.rpc);
	fsv_arena_done(&w.arena);
	unlink(w.table);
	rmdir(w.folder);
	return 0;
}

/* gRPC client ---------------------------------------------------------------------------------------- */

struct got {
	unsigned done;
	int status;
	char body[4096];
	size_t n;
	char text[256];
};

static void on_done(void *arg, int status, struct fsv_rpc_msg *reply, const char *text)
{
	struct got *got = arg;
	struct fsv_str body = reply ? fsv_rpc_msg_body(reply) : FSV_STR_NULL;

	got->status = status;
	got->n = body.n < sizeof(got->body) ? body.n : sizeof(got->body);
	if (got->n > 0)
		memcpy(got->body, body.p, got->n);
	snprintf(got->text, sizeof(got->text), "%s", text);
	count(&got->done);
}

/* Clients that are none of ours, which would ask another proxy. */
static bool foreign;

static struct fsv_rpc_request *call_async(struct fsv_rpc_channel *channel, struct fsv_str body, const char *hops,
					  struct got *got)
{
	const struct fsv_rpc_meta meta[] = { { "caseid", FSV_STR("case-1") }, { "fate-again", fsv_str(hops ? hops : "") } };

	memset(got, 0, sizeof(*got));
	return fsv_rpc_send(fsv_rpc_pick(w.rpc), &(struct fsv_rpc_request_opt){
		.once = foreign || hops,	/* then the line is not the sender's */
		.channel = channel, .method = FSV_UNARY_METHOD, .body = body, .deadline = fsv_deadline_in_ms(10000),
		.meta = meta, .n_meta = hops ? 2 : 1,
	}, on_done, got);
}

/* body.value of the answer, or the status when it is not OK. */
static const char *call(struct fsv_rpc_channel *channel, struct fsv_str body, const char *hops)
{
	struct fsv_err err = FSV_ERR_INIT;
	static struct got got;
	Fsv__Packet *packet;

	call_async(channel, body, hops, &got);
	wait_for(&got.done, 1);
	if (got.status != FSV_RPC_OK)
		return fsv_arena_printf(&w.arena, "status %d", got.status);
	assert_int_equal(fsv_packet_decode(fsv_str_n(got.body, got.n), &w.arena, &packet, &err), 0);
	return fsv_arena_cstr(&w.arena, fsv_packet_body(packet));
}

static struct fsv_str packet(const char *src, const char *dst, const char *value)
{
	Fsv__Packet p = FSV__PACKET__INIT;
	Fsv__Metadata header = FSV__METADATA__INIT;
	Fsv__Topic from = FSV__TOPIC__INIT, to = FSV__TOPIC__INIT;
	Fsv__Data body = FSV__DATA__INIT;

	from.partyid = (char *)src;
	from.role = to.role = (char *)"serving";
	to.partyid = (char *)dst;
	from.name = to.name = (char *)"partyName";
	header.src = &from;
	header.dst = &to;
	body.value = (ProtobufCBinaryData){ strlen(value), (uint8_t *)value };
	p.header = &header;
	p.body = &body;
	return fsv_packet_encode(&p, &w.arena);
}

/* HTTP client ---------------------------------------------------------------------------------------- */

static int http_connect(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(w.http), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval patience = { 10, 0 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static bool whole(const char *answer, size_t n, bool head)
{
	const char *end = memmem(answer, n, "\r\n\r\n", 4), *length;

	if (end && strncmp(answer, "HTTP/1.1 100", 12) == 0)
		return whole(end + 4, n - (size_t)(end + 4 - answer), head);
	if (!end)
		return false;
	if (head)
		return true;
	length = strcasestr(answer, "\r\nContent-Length:");
	if (length && length < end)
		return n - (size_t)(end + 4 - answer) >= strtoul(length + 17, NULL, 10);
	return strcasestr(answer, "\r\nTransfer-Encoding:") && n >= 5 && memcmp(answer + n - 5, "0\r\n\r\n", 5) == 0;
}

struct http_answer {
	int status;
	const char *head, *body;
};

static struct http_answer http(struct fsv_str request)
{
	struct http_answer a = { 0, "", "" };
	char *buf = fsv_arena_zalloc(&w.arena, 1 << 20), *end;
	int fd = http_connect();
	size_t n = 0;
	ssize_t got;

	(void)!fsv_write_all(fd, request.p, request.n);	/* refused early is an answer as well */
	while (!whole(buf, n, fsv_str_starts(request, FSV_STR("HEAD "))) && n < (1 << 20) - 1 &&
	       (got = recv(fd, buf + n, (1 << 20) - 1 - n, 0)) > 0)
		n += (size_t)got;
	fsv_close(fd);
	if (sscanf(buf, "HTTP/1.%*c %d", &a.status) != 1)
		return a;
	if (a.status == 100)
		memmove(buf, strstr(buf, "\r\n\r\n") + 4, strlen(strstr(buf, "\r\n\r\n") + 4) + 1);
	sscanf(buf, "HTTP/1.%*c %d", &a.status);
	a.head = buf;
	end = strstr(buf, "\r\n\r\n");
	if (end) {
		a.body = end + 4;
		end[2] = '\0';
	}
	return a;
}

static struct http_answer post(const char *path, const char *headers, const char *body)
{
	return http(fsv_str(fsv_arena_printf(&w.arena, "POST %s HTTP/1.1\r\nHost: h\r\n%sContent-Length: %zu\r\n\r\n%s", path,
					     headers, strlen(body), body)));
}

static void saw(const char *body, const char *meta)
{
	static char last[sizeof(seen)], last_meta[sizeof(seen_meta)];

	pthread_mutex_lock(&lock);	/* not across an assertion, which would keep it */
	memcpy(last, seen, sizeof(seen));
	memcpy(last_meta, seen_meta, sizeof(seen_meta));
	pthread_mutex_unlock(&lock);
	assert_string_equal(last, body);
	if (meta)
		assert_string_equal(last_meta, meta);
}

/* Tests ----------------------------------------------------------------------------------------------- */

static void federation_reaches_the_node_and_comes_back(void **state)
{
	struct http_answer a = post("/federation/v1/inference", "caseId: c7\r\n",
				    "{\"head\":{\"serviceId\":\"lr\"},\"body\":{\"featureData\":{\"x\":0.10}}}");

	(void)state;
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body, ANSWER);
	assert_non_null(strcasestr(a.head, "Content-Type: text/plain;charset=UTF-8"));
	saw("{\"caseid\":\"c7\",\"caseId\":\"c7\",\"serviceId\":\"lr\",\"featureData\":{\"x\":0.10}}", " 1 55");
	a = post("/federation/any/batchInference", "Accept: application/json\r\n", "{\"head\":{\"caseid\":\"c8\"}}");
	assert_string_equal(a.body, ANSWER);
	assert_non_null(strcasestr(a.head, "Content-Type: application/json;charset=UTF-8"));
	saw("{\"caseId\":\"c8\",\"caseid\":\"c8\"}", "c8 1 55");
}

static void unary_goes_through_both_ports_untouched(void **state)
{
	/* field 1005 is unknown to us and must survive */
	struct fsv_str known = packet("9999", "10000", "{}");
	struct fsv_str bytes = fsv_str(fsv_arena_printf(&w.arena, "\xea\x3e\x03" "abc"));
	char *both = fsv_arena_alloc(&w.arena, known.n + bytes.n);

	(void)state;
	memcpy(both, bytes.p, bytes.n);
	memcpy(both + bytes.n, known.p, known.n);
	assert_string_equal(call(w.intra, fsv_str_n(both, known.n + bytes.n), NULL), "{\"retcode\":0}");
	saw("packet", "case-1 1 55");
	assert_string_equal(call(w.inter, known, "3"), "{\"retcode\":0}");
	saw("packet", "case-1 4 55");
}

static void faults_are_packets_with_the_references_codes(void **state)
{
	static const struct {
		const char *src, *dst, *hops, *answer;
	} cases[] = {
		{ "9999", "", NULL, "{\"retmsg\":\"host id is null\",\"retcode\":610}" },
		{ "", "", NULL, "{\"retmsg\":\"host id is null\",\"retcode\":610}" },
		{ "", "10000", NULL, "{\"retmsg\":\"guest id is null\",\"retcode\":610}" },
		{ "9999", "7777", NULL, "{\"retmsg\":\"No available endpoint for the coordinator: 7777. Considering adding a "
		  "default endpoint?\",\"retcode\":610}" },
		{ "666", "10000", NULL, "{\"retmsg\":\"serving-proxy can not find router info \",\"retcode\":628}" },
		{ "9999", "10000", "8", "{\"retmsg\":\"the packet has passed 8 proxies already; the routes to party 10000 lead "
		  "in a circle\",\"retcode\":628}" },
		{ "9999", "40000", NULL, "{\"retmsg\":\"the route leads back to the proxy that the packet is at\",\"retcode\":628}" },
		{ "9999", "60000", NULL, "{\"retmsg\":\"useSSL is true, but negotiationType is not TLS\",\"retcode\":605}" },
		{ "9999", "a\"\xff", NULL, "{\"retmsg\":\"No available endpoint for the coordinator: a\\\"?. Considering adding a "
		  "default endpoint?\",\"retcode\":610}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_str p = packet(cases[i].src, cases[i].dst, "{}");

		assert_string_equal(call(w.inter, p, cases[i].hops), cases[i].answer);
		assert_string_equal(call(w.intra, p, cases[i].hops), cases[i].answer);
	}
	assert_string_equal(call(w.inter, FSV_STR_NULL, NULL), "{\"retmsg\":\"host id is null\",\"retcode\":610}");
	assert_string_equal(call(w.inter, FSV_STR("\xff\xff"), NULL), "status 2");
	assert_non_null(strstr(call(w.inter, packet("9999", "50000", "{}"), NULL), "{\"retmsg\":\"grpc unaryCall error 127.0.0.1:"));
}

static void a_slow_hop_ends_at_the_timeout_and_is_cancelled(void **state)
{
	char want[128];

	(void)state;
	snprintf(want, sizeof(want), "{\"retmsg\":\"grpc unaryCall error 127.0.0.1:%u\",\"retcode\":605}", w.node_port);
	assert_string_equal(call(w.inter, packet("9999", "10000", "hold"), NULL), want);
	wait_for(&cancelled, 1);
	assert_string_equal(post("/federation/v1/inference", "", "{\"body\":{\"a\":\"hold\"}}").body,
			    "{\"retmsg\":\"remote rpc exception\",\"retcode\":105}");
	wait_for(&cancelled, 2);
}

struct cancelling {
	struct fsv_rpc_worker *worker;
	struct fsv_rpc_request *request;
	struct got got;
	unsigned sent;
};

static void send_held(void *arg)
{
	struct cancelling *c = arg;

	c->request = fsv_rpc_send(c->worker, &(struct fsv_rpc_request_opt){
		.channel = w.intra, .method = FSV_UNARY_METHOD, .body = packet("9999", "10000", "hold"),
		.deadline = fsv_deadline_in_ms(10000),
	}, on_done, &c->got);
	count(&c->sent);
}

static void cancel_held(void *arg)
{
	fsv_rpc_cancel(((struct cancelling *)arg)->request);
}

static void a_caller_that_leaves_cancels_the_hop_and_overload_is_said(void **state)
{
	struct cancelling c = { .worker = fsv_rpc_pick(w.rpc) };
	static const char over[] = "{\"retmsg\":\"request was block by over load, service name: unaryCall\",\"retcode\":624}";

	(void)state;
	fsv_rpc_post(c.worker, send_held, &c);
	wait_for(&c.sent, 1);
	wait_for(&held, 1);
	assert_string_equal(call(w.inter, packet("9999", "10000", "{}"), NULL), over);
	assert_string_equal(post("/federation/v1/inference", "", "{}").body,
			    "{\"retmsg\":\"request was block by over load, service name: inference\",\"retcode\":124}");
	fsv_rpc_post(c.worker, cancel_held, &c);
	wait_for(&c.got.done, 1);
	assert_int_equal(c.got.status, FSV_RPC_CANCELLED);
	wait_for(&cancelled, 1);
}

static void unary_over_http_is_the_inter_port_in_json(void **state)
{
	(void)state;
	assert_string_equal(post("/unary", "", "{\"header\":{\"src\":{\"name\":\"n\",\"partyId\":9999,\"role\":\"serving\"},\"dst\":"
				 "{\"name\":\"n\",\"partyId\":\"10000\",\"role\":\"serving\"}}}").body,
			    "{\n  \"body\": {\n    \"value\": \"eyJyZXRjb2RlIjowfQ==\"\n  }\n}");
	saw("packet", NULL);
	assert_string_equal(post("/unary", "", "[]").body,
			    "{\n  \"body\": {\n    \"value\": \"eyJyZXRtc2ciOiJpbnZhbGlkIGh0dHAgcGFyYW0iLCJyZXRjb2RlIjoxMzR9\"\n  }\n}");
}

static void partners_by_url_get_packets_over_http(void **state)
{
	(void)state;
	assert_string_equal(call(w.intra, packet("9999", "20000", "x"), NULL), "{}");
	assert_non_null(strstr(seen, "\"partyId\": \"20000\""));
	saw(seen, "case-1 1");
	assert_string_equal(call(w.intra, packet("9999", "20001", "x"), NULL),
			    "{\"retmsg\":\"receive invalid http response\",\"retcode\":621}");
}

static void give_up(void *arg)
{
	fsv_loop_quit(arg, 0);
}

/* Runs the loop for so long that a change of the file has been taken up. */
static void settle(void)
{
	struct fsv_timer *timer = fsv_timer_new(w.loop, give_up, w.loop);

	fsv_timer_set(timer, 500, 0);
	fsv_loop_run(w.loop);
	fsv_timer_free(timer);
}

static void a_new_table_is_taken_up_and_a_broken_one_is_not(void **state)
{
	struct fsv_str p = packet("9999", "7777", "{}");
	struct fsv_buf status;
	char text[256];

	(void)state;
	fsv_buf_init(&status, &w.arena, 0);
	assert_non_null(strstr(call(w.intra, p, NULL), "610"));
	snprintf(text, sizeof(text), "{\"route_table\":{\"default\":{\"default\":[{\"ip\":\"127.0.0.1\",\"port\":%u}]}},"
		 "\"permission\":{\"default_allow\":true}}", w.node_port);
	write_table(text);
	settle();
	assert_string_equal(call(w.intra, p, NULL), "{\"retcode\":0}");

	fsv_log_set_level(FSV_LOG_OFF);
	write_table("{\"route_table\":{}");
	settle();
	fsv_proxy_status(&w.proxy, &status);
	assert_non_null(strstr(fsv_buf_cstr(&status), "newer file is broken"));
	assert_string_equal(call(w.intra, p, NULL), "{\"retcode\":0}");
	unlink(w.table);
	settle();
	assert_string_equal(call(w.intra, p, NULL), "{\"retcode\":0}");

	write_table("{\"route_table\":{},\"permission\":{}}");
	settle();
	assert_non_null(strstr(call(w.intra, p, NULL), "628"));
}

static void reload_takes_over_settings(void **state)
{
	struct fsv_conf *conf = conf_of("proxy.grpc.inference.timeout: 100ms\n");
	struct fsv_err err = FSV_ERR_INIT;

	(void)state;
	assert_int_equal(fsv_proxy_reload(&w.proxy, conf, w.loop, &err), 0);
	fsv_conf_unref(w.conf);
	w.conf = conf;
	assert_string_equal(post("/federation/v1/inference", "", "{\"body\":{\"a\":\"hold\"}}").body,
			    "{\"retmsg\":\"remote rpc exception\",\"retcode\":105}");
	wait_for(&cancelled, 1);
	assert_string_equal(call(w.intra, packet("9999", "10000", "{}"), NULL), "{\"retcode\":0}");
}

static void while_draining_requests_are_told_so(void **state)
{
	(void)state;
	fsv_proxy_drain(&w.proxy);
	assert_int_equal(fsv_proxy_busy(&w.proxy), 0);
	/* Own nodes need it to answer their clients, until the last of these has its answer. */
	foreign = true;
	assert_string_equal(call(w.intra, packet("9999", "10000", "{}"), NULL), "{\"retcode\":0}");
	fsv_rpc_server_drain(w.proxy.intra);
	assert_string_equal(call(w.intra, packet("9999", "10000", "{}"), NULL),
			    "{\"retmsg\":\"ShowDownReject: this proxy is being stopped\",\"retcode\":611}");
	foreign = false;
	assert_string_equal(call(w.intra, packet("9999", "10000", "{}"), NULL), "{\"retcode\":0}");
}

static void bad_configuration_is_refused(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "server.port: 8869\n", "server.port and proxy.grpc.inter.port are both 8869" },
		{ "auth.remember: 1\n", "auth.remember" },
		{ "proxy.grpc.inter.negotiationType: TLS\n", "proxy.grpc.inter.CA.file must name a file" },
		{ "routeType: nonsense\n", "routeType" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_conf *conf = NULL;

		assert_true(fsv_conf_load_text(&fsv_proxy_schema, fsv_str(cases[i].text), "t", &conf, &err) < 0);
		if (!strstr(err.text, cases[i].error))
			fail_msg("%s", err.text);
	}
}

/* Recorded answers of the reference ------------------------------------------------------------------- */

/* Cases that differ on purpose or cannot be compared; everything else must agree. */
static const char *const different[] = {
	"callName unaryCall", "callName commonService", "callName routerTableService",	/* 122 (D-17) */
	"serviceId empty", "serviceId number", "serviceId object",	/* faults of the registry's look-up */
	"body null",			/* text of the JVM */
	"deep nesting 500",		/* nesting is bounded at 256 */
	"lone surrogate escape",	/* not Unicode: refused */
	"model unknown, other party", "dst party unknown",	/* other tables */
	"operator text",		/* read for the registry only */
	"command unknown",		/* the recorded node never answered */
	"CONNECT with body", "CONNECT without body",	/* never framed: HTTP gives the answer no length */
	"short body", "no request line",	/* waited for, no answer */
	"length and chunked", "bad chunk",	/* malformed: 400 instead of a fault with 200 */
	"6 MB", "5 MB body", "20 MB body", "null members",
	"GET /metrics",		/* see test-monitor */
};

static bool is_different(struct fsv_str name)
{
	for (size_t i = 0; i < sizeof(different) / sizeof(different[0]); i++)
		if (fsv_str_is(name, different[i]))
			return true;
	return false;
}

/* Faults, refusals and the like are ours alone; what a serving node said is another node's here. */
static bool proxys_own(struct fsv_str body)
{
	return fsv_str_starts(body, FSV_STR("{\"code\":")) || fsv_str_starts(body, FSV_STR("{\"retcode\":122")) ||
	       fsv_str_is(body, "ok") || fsv_str_is(body, "failed") ||
	       memmem(body.p, body.n, "eyJyZXRtc2ciOi", 14);	/* a packet with {"retmsg": first */
}

static const char *header_of(const struct http_answer *a, const char *name)
{
	const char *line = strcasestr(a->head, fsv_arena_printf(&w.arena, "\r\n%s: ", name));
	size_t n = line ? strlen(name) + 4 : 0;

	return line ? fsv_arena_cstr(&w.arena, fsv_str_n(line + n, strcspn(line + n, "\r"))) : NULL;
}

static const char *recorded_type(const struct fsv_json_node *answer)
{
	const struct fsv_json_node *headers = fsv_json_get(answer, "headers");

	for (const struct fsv_json_node *h = headers ? headers->first : NULL; h; h = h->next)
		if (fsv_str_is(h->first->text, "Content-Type"))
			return fsv_arena_cstr(&w.arena, h->first->next->text);
	return NULL;
}

/* Requests that the reference's container refuses may be refused with another status, or be cut off. */
static bool same_status(int ours, int recorded)
{
	return ours == recorded || ((recorded == 400 || recorded == 501) && (ours == 0 || ours >= 400));
}

static void compare(const struct fsv_json_node *c, const char *file, unsigned *ret_bad)
{
	const struct fsv_json_node *answer = fsv_json_get(c, "response");
	struct fsv_str name = fsv_json_get_str(c, "name"), request = fsv_json_get_str(c, "request");
	struct fsv_str body = fsv_json_get_str(answer, "body");
	const struct fsv_json_node *status = fsv_json_get(answer, "status");
	const char *type = recorded_type(answer), *our_type;
	struct http_answer a;

	if (is_different(name) || request.n == 0 || !status || status->type != FSV_JSON_INT ||
	    memmem(request.p, request.n, "bytes in all)", 13))
		return;
	a = http(request);
	our_type = header_of(&a, "Content-Type");
	if (!same_status(a.status, (int)status->number)) {
		print_message("%s: %.*s: status %d, recorded %d\n", file, FSV_STR_ARG(name), a.status, (int)status->number);
		++*ret_bad;
	} else if (a.status / 100 == 2 && type && (!our_type || strcmp(type, our_type) != 0)) {
		print_message("%s: %.*s: type %s, recorded %s\n", file, FSV_STR_ARG(name), our_type ? our_type : "none", type);
		++*ret_bad;
	} else if (a.status / 100 == 2 && proxys_own(body) && !fsv_str_is(body, a.body)) {
		print_message("%s: %.*s: %s, recorded %.*s\n", file, FSV_STR_ARG(name), a.body, FSV_STR_ARG(body));
		++*ret_bad;
	}
}

static void replay(const char *file, unsigned *ret_bad)
{
	const char *shared = getenv("FSV_SHARED");
	char path[512];
	struct fsv_json_node *root;
	struct fsv_err err = FSV_ERR_INIT;
	FSV_AUTO_MEM char *text = NULL;
	size_t n;

	snprintf(path, sizeof(path), "%s/golden/wire/http/%s", shared ? shared : "../shared", file);
	if (fsv_read_file(path, 64 << 20, &text, &n, &err) < 0)
		skip();
	assert_int_equal(fsv_json_parse(fsv_str_n(text, n), &w.arena, true, &root, &err), 0);
	for (const struct fsv_json_node *c = fsv_json_get(root, "cases")->first; c; c = c->next)
		compare(c, file, ret_bad);
}

static void answers_agree_with_the_recorded_reference(void **state)
{
	unsigned bad = 0;

	(void)state;
	replay("proxy-federation.json", &bad);
	replay("proxy-unary.json", &bad);
	replay("proxy-loglevel.json", &bad);
	fsv_log_set_level(FSV_LOG_ERR);
	replay("proxy-paths.json", &bad);
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_configuration_is_refused),
		cmocka_unit_test_setup_teardown(federation_reaches_the_node_and_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(unary_goes_through_both_ports_untouched, setup, teardown),
		cmocka_unit_test_setup_teardown(faults_are_packets_with_the_references_codes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_slow_hop_ends_at_the_timeout_and_is_cancelled, setup_hasty, teardown),
		cmocka_unit_test_setup_teardown(a_caller_that_leaves_cancels_the_hop_and_overload_is_said, setup_small, teardown),
		cmocka_unit_test_setup_teardown(unary_over_http_is_the_inter_port_in_json, setup, teardown),
		cmocka_unit_test_setup_teardown(partners_by_url_get_packets_over_http, setup, teardown),
		cmocka_unit_test_setup_teardown(a_new_table_is_taken_up_and_a_broken_one_is_not, setup, teardown),
		cmocka_unit_test_setup_teardown(reload_takes_over_settings, setup, teardown),
		cmocka_unit_test_setup_teardown(while_draining_requests_are_told_so, setup, teardown),
		cmocka_unit_test_setup_teardown(answers_agree_with_the_recorded_reference, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
