/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest and a host server in this process. Between them, where the proxy would be, stands a peer of the
 * test's own that notes what the guest sends, hands it to the host, or answers as it is told. A small
 * feature service stands behind the host.
 *
 * Guest 9999, model T: 0.5 * x0 + 0.1, bound to "svc". Host 10000, model HT: 0.25 * x0.
 */
#ifndef FSV_TEST_SERVER_WORLD_H
#define FSV_TEST_SERVER_WORLD_H

#include <arpa/inet.h>
#include <ftw.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "../../../daemons/serving-server/server.h"
#include "../../../daemons/serving-server/serving-server-conf.h"
#include "../model/plan-helper.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/time.h"
#include "call/message.h"
#include "model/store-write.h"
#include "net/http.h"

#define GUEST_NS	"guest#9999#model"
#define HOST_NS		"host#10000#model"
#define SERVICE		"/com.webank.ai.fate.api.serving.InferenceService/"
#define MODEL_INFO	"\"modelId\":\"" GUEST_NS "\",\"modelVersion\":\"T\",\"timestamp\":42"

static struct {
	struct fsv_server guest, host;
	struct fsv_conf *guest_conf, *host_conf;
	struct fsv_rpc *rpc;			/* of the peer and the test's clients */
	struct fsv_rpc_server *peer;
	struct fsv_rpc_channel *to_guest, *to_host;
	struct fsv_http *features;
	struct fsv_arena arena;
	char folder[256];
} w;

/* What the peer is told and what it saw. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static const char *peer_says;		/* body of its answer; NULL: the host's own */
static const char *features_are;	/* answer of the feature service; NULL: as it does by itself */
static bool features_hold;		/* no answer */
static struct fsv_http_req *held_reqs[8];	/* those without */
static bool peer_fails, peer_holds;	/* UNAVAILABLE; no answer before it is cancelled */
static char seen[65536];		/* newest packet */
static size_t seen_n;
static unsigned held, cancelled, asked_features;

static UNUSED void count(unsigned *what)
{
	pthread_mutex_lock(&lock);
	(*what)++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static UNUSED void wait_for(const unsigned *what, unsigned n)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	pthread_mutex_lock(&lock);
	while (*what < n) {
		if (pthread_cond_timedwait(&changed, &lock, &until) != 0) {
			pthread_mutex_unlock(&lock);
			fail_msg("waited in vain");
		}
	}
	pthread_mutex_unlock(&lock);
}

/* Peer ---------------------------------------------------------------------------------------------- */

static UNUSED void host_answered(void *arg, int status, struct fsv_rpc_msg *reply, const char *text)
{
	if (status == FSV_RPC_OK)
		fsv_rpc_reply_msg(arg, reply);
	else
		fsv_rpc_fail(arg, status, text);
}

static UNUSED void peer_cancelled(void *arg)
{
	count(&cancelled);
	fsv_rpc_fail(arg, FSV_RPC_CANCELLED, "");
}

static UNUSED void peer_unary(struct fsv_rpc_call *call, void *user)
{
	struct fsv_str bytes = fsv_rpc_call_body(call);

	(void)user;
	pthread_mutex_lock(&lock);
	seen_n = bytes.n < sizeof(seen) ? bytes.n : sizeof(seen);
	memcpy(seen, bytes.p, seen_n);
	pthread_mutex_unlock(&lock);
	if (peer_fails) {
		fsv_rpc_fail(call, FSV_RPC_UNAVAILABLE, "secret inner words");
	} else if (peer_holds) {
		fsv_rpc_call_on_cancel(call, peer_cancelled, call);
		count(&held);
	} else if (peer_says) {
		fsv_rpc_reply(call, fsv_packet_encode_body(fsv_str(peer_says), fsv_rpc_call_arena(call)));
	} else {
		fsv_rpc_send(fsv_rpc_call_worker(call), &(struct fsv_rpc_request_opt){
			.channel = w.to_host, .method = FSV_UNARY_METHOD, .msg = fsv_rpc_call_msg(call),
			.deadline = fsv_deadline_in_ms(10000),
		}, host_answered, call);
	}
}

/* The feature service: who has "id" N has x0 = N; 404 is nobody. */
static UNUSED void feature_service(struct fsv_http_req *req, void *user)
{
	struct fsv_str body = fsv_http_body(req);
	const char *text = fsv_arena_cstr(fsv_http_arena(req), body);
	int n = 0;

	(void)user;
	count(&asked_features);
	if (features_hold) {
		pthread_mutex_lock(&lock);
		FSV_BUG_ON(held == 8);
		held_reqs[held] = req;
		pthread_mutex_unlock(&lock);
		count(&held);
	} else if (features_are) {
		fsv_http_reply(req, 200, NULL, fsv_str(features_are), NULL, 0);
	} else if (sscanf(text, "{\"id\":%d", &n) != 1) {
		fsv_http_reply(req, 200, NULL, FSV_STR("no JSON"), NULL, 0);
	} else if (n == 404) {
		fsv_http_reply(req, 200, NULL, FSV_STR("{\"code\":404}"), NULL, 0);
	} else {
		fsv_http_reply(req, 200, "application/json", fsv_str(fsv_arena_printf(fsv_http_arena(req),
			       "{\"code\":0,\"data\":{\"code\":200,\"data\":{\"x0\":%d}}}", n)), NULL, 0);
	}
}

/* Files --------------------------------------------------------------------------------------------- */

static UNUSED const char *file(const char *name)
{
	return fsv_arena_printf(&w.arena, "%s/%s", w.folder, name);
}

static UNUSED void write_file(const char *name, struct fsv_str bytes)
{
	struct fsv_err err = FSV_ERR_INIT;

	if (fsv_write_file(file(name), bytes.p, bytes.n, 0600, &err) < 0)
		fail_msg("%s", err.text);
}

static UNUSED void write_model(const char *folder, bool guest, double weight, double intercept)
{
	const struct weight weights[] = { { "x0", weight }, { NULL, 0 } };
	static const char *const header[] = { "x0", NULL };
	struct input_spec input = { .format = "dense", .header = header };
	struct fsv_stored_partner partner = {
		guest ? FSV_STR("10000") : FSV_STR("9999"), guest ? FSV_STR("HT") : FSV_STR("T"),
		guest ? FSV_STR(HOST_NS) : FSV_STR(GUEST_NS),
	};
	struct fsv_stored_model model = {
		.key = guest ? FSV_STR("T_" GUEST_NS) : FSV_STR("HT_" HOST_NS),
		.table_name = guest ? FSV_STR("T") : FSV_STR("HT"),
		.name_space = guest ? FSV_STR(GUEST_NS) : FSV_STR(HOST_NS),
		.role = guest ? FSV_STR("guest") : FSV_STR("host"),
		.party_id = guest ? FSV_STR("9999") : FSV_STR("10000"), .timestamp = 42, .partners = &partner, .n_partners = 1,
	};
	struct fsv_stored_binding binding = { FSV_STR("svc"), FSV_STR("T_" GUEST_NS), NULL };
	struct test_model m;
	struct fsv_buf out;

	model_init(&m);
	model_add_dsl(&m, guest ? DSL_LR("Guest") : DSL_LR("Host"));
	model_add_input(&m, "in_0", &input);
	model_add_lr(&m, "lr_0", weights, intercept);
	fsv_buf_init(&out, &w.arena, 0);
	fsv_package_format(&m.package, &out);
	model_done(&m);
	mkdir(file(folder), 0700);
	mkdir(file(fsv_arena_printf(&w.arena, "%s/.fate", folder)), 0700);
	write_file(fsv_arena_printf(&w.arena, "%s/.fate/model_%.*s_cache", folder, FSV_STR_ARG(model.key)), fsv_buf_str(&out));
	fsv_buf_clear(&out);
	fsv_store_write_models(&model, 1, &out);
	write_file(fsv_arena_printf(&w.arena, "%s/.fate/loadModelStore.cache", folder), fsv_buf_str(&out));
	if (!guest)
		return;
	fsv_buf_clear(&out);
	fsv_store_write_bindings(&binding, 1, &out);
	write_file(fsv_arena_printf(&w.arena, "%s/.fate/bindModelStore.cache", folder), fsv_buf_str(&out));
}

static UNUSED int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

/* World --------------------------------------------------------------------------------------------- */

static UNUSED uint16_t free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	fsv_close(fd);
	return ntohs(a.sin_port);
}

static UNUSED struct fsv_conf *load_conf(const char *folder, const char *more)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_conf *conf;
	char text[2048];

	snprintf(text, sizeof(text), "port: %u\ngrpc.address: 127.0.0.1\nserver.port: %u\nserver.address: 127.0.0.1\n"
		 "worker.threads: 2\nmodel.cache.path: %s/%s\nproxy: 127.0.0.1:%u\n"
		 "http.adapter.url: http://127.0.0.1:%u/\n%s", free_port(), free_port(), w.folder, folder,
		 fsv_rpc_server_port(w.peer), fsv_http_port(w.features), more);
	if (fsv_conf_load_text(&fsv_server_schema, fsv_str(text), "test.yaml", &conf, &err) < 0)
		fail_msg("%s", err.text);
	return conf;
}

static UNUSED void start_server(struct fsv_server *server, struct fsv_conf *conf, struct fsv_rpc_channel **ret_channel)
{
	struct fsv_err err = FSV_ERR_INIT;
	char target[64];

	if (fsv_server_start(server, conf, NULL, NULL, &err) < 0)
		fail_msg("%s", err.text);
	snprintf(target, sizeof(target), "127.0.0.1:%u", fsv_rpc_server_port(server->grpc));
	assert_int_equal(fsv_rpc_channel_new(target, NULL, 32 << 20, ret_channel, &err), 0);
}

static UNUSED void start_peer(void)
{
	static const struct fsv_rpc_method methods[] = { { FSV_UNARY_METHOD, peer_unary, false } };
	const struct fsv_rpc_server_opt opt = {
		.host = "127.0.0.1", .max_message = 32 << 20, .max_inflight = 100, .methods = methods, .n_methods = 1,
	};
	const struct fsv_http_opt http = {
		.host = "127.0.0.1", .max_body = 1 << 20, .timeout_ms = 5000, .max_connections = 100, .max_inflight = 100,
		.handler = feature_service,
	};
	struct fsv_err err = FSV_ERR_INIT;

	if (fsv_rpc_new(1, &w.rpc, &err) < 0 || fsv_rpc_server_start(w.rpc, &opt, &w.peer, &err) < 0 ||
	    fsv_http_start(&http, &w.features, &err) < 0)
		fail_msg("%s", err.text);
}

#define HOST_CONF	"feature.single.adaptor: MockAdapter\nfeature.batch.adaptor: MockBatchAdapter\n"

static UNUSED void set_up_with(const char *guest_more, const char *host_more)
{
	const char *tmp = getenv("TMPDIR");

	memset(&w, 0, sizeof(w));
	fsv_log_set_level(FSV_LOG_OFF);
	peer_says = features_are = NULL;
	peer_fails = peer_holds = features_hold = false;
	held = cancelled = asked_features = 0;
	fsv_arena_init(&w.arena, 0);
	snprintf(w.folder, sizeof(w.folder), "%s/fsv-server-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(w.folder));
	write_model("guest", true, 0.5, 0.1);
	write_model("host", false, 0.25, 0);
	start_peer();
	w.host_conf = load_conf("host", host_more);
	start_server(&w.host, w.host_conf, &w.to_host);
	w.guest_conf = load_conf("guest", guest_more);
	start_server(&w.guest, w.guest_conf, &w.to_guest);
}

static UNUSED int set_up(void **state)
{
	(void)state;
	set_up_with("", HOST_CONF);
	return 0;
}

static UNUSED int tear_down(void **state)
{
	(void)state;
	fsv_rpc_channel_unref(w.to_guest);
	fsv_server_stop(&w.guest, fsv_deadline_in_ms(5000));
	fsv_rpc_server_stop(w.peer, fsv_deadline_in_ms(5000));
	fsv_rpc_channel_unref(w.to_host);
	fsv_server_stop(&w.host, fsv_deadline_in_ms(5000));
	fsv_http_stop(w.features, fsv_deadline_in_ms(5000));
	fsv_rpc_free(w.rpc);
	fsv_conf_unref(w.guest_conf);
	fsv_conf_unref(w.host_conf);
	fsv_arena_done(&w.arena);
	return nftw(w.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Clients ------------------------------------------------------------------------------------------- */

struct got {
	unsigned done;
	int status;
	char body[65536];
	size_t n;
};

static UNUSED void on_done(void *arg, int status, struct fsv_rpc_msg *reply, const char *text)
{
	struct got *got = arg;
	struct fsv_str body = reply ? fsv_rpc_msg_body(reply) : FSV_STR_NULL;

	(void)text;
	got->status = status;
	got->n = body.n < sizeof(got->body) ? body.n : sizeof(got->body);
	if (got->n > 0)
		memcpy(got->body, body.p, got->n);
	count(&got->done);
}

/* Clients that are none of ours, which would ask another server. */
static bool foreign;

static UNUSED struct fsv_rpc_request *send_to(struct fsv_rpc_channel *channel, const char *method, struct fsv_str bytes,
					      struct got *got)
{
	static const struct fsv_rpc_meta meta = { "caseid", { "case-of-metadata", 16 } };

	memset(got, 0, sizeof(*got));
	return fsv_rpc_send(fsv_rpc_pick(w.rpc), &(struct fsv_rpc_request_opt){
		.once = foreign,
		.channel = channel, .method = method, .body = bytes, .deadline = fsv_deadline_in_ms(10000), .meta = &meta,
		.n_meta = 1,
	}, on_done, got);
}

/* A guest's JSON answer, or "status N". */
static UNUSED const char *ask(const char *method, const char *body)
{
	static struct got got;
	struct fsv_err err;
	struct fsv_str answer;

	send_to(w.to_guest, method, fsv_inference_encode(fsv_str(body), &w.arena), &got);
	wait_for(&got.done, 1);
	if (got.status != FSV_RPC_OK)
		return fsv_arena_printf(&w.arena, "status %d", got.status);
	assert_int_equal(fsv_inference_decode(fsv_str_n(got.body, got.n), &w.arena, &answer, &err), 0);
	return fsv_arena_cstr(&w.arena, answer);
}

#define infer(body)		ask(SERVICE "inference", body)
#define infer_batch(body)	ask(SERVICE "batchInference", body)

/* A host's JSON answer, or "status N". */
static UNUSED const char *ask_host(struct fsv_str packet_bytes)
{
	static struct got got;
	struct fsv_err err;
	Fsv__Packet *packet;

	send_to(w.to_host, FSV_UNARY_METHOD, packet_bytes, &got);
	wait_for(&got.done, 1);
	if (got.status != FSV_RPC_OK)
		return fsv_arena_printf(&w.arena, "status %d", got.status);
	assert_int_equal(fsv_packet_decode(fsv_str_n(got.body, got.n), &w.arena, &packet, &err), 0);
	return fsv_arena_cstr(&w.arena, fsv_packet_body(packet));
}

/* Members that are NULL are left out. */
struct packet {
	const char *command, *operator, *table, *name_space, *body;
};

static UNUSED struct fsv_str packet_bytes(const struct packet *p)
{
	Fsv__Packet packet = FSV__PACKET__INIT;
	Fsv__Metadata header = FSV__METADATA__INIT;
	Fsv__Command command = FSV__COMMAND__INIT;
	Fsv__Task task = FSV__TASK__INIT;
	Fsv__Model model = FSV__MODEL__INIT;
	Fsv__Data body = FSV__DATA__INIT;
	Fsv__AuthInfo auth = FSV__AUTH_INFO__INIT;

	if (p->command)
		command.name = (char *)p->command;
	if (p->operator)
		header.operator_ = (char *)p->operator;
	if (p->table)
		model.tablename = (char *)p->table;
	if (p->name_space)
		model.namespace_ = (char *)p->name_space;
	if (p->body)
		body.value = (ProtobufCBinaryData){ strlen(p->body), (uint8_t *)p->body };
	auth.nonce = (char *)"case-of-guest";
	task.model = &model;
	header.task = &task;
	header.command = &command;
	packet.header = &header;
	packet.body = &body;
	packet.auth = &auth;
	return fsv_packet_encode(&packet, &w.arena);
}

/* The packet that the peer saw last. */
static UNUSED Fsv__Packet *last_packet(void)
{
	struct fsv_err err;
	Fsv__Packet *packet;
	struct fsv_str copy;

	pthread_mutex_lock(&lock);
	copy = fsv_arena_str(&w.arena, fsv_str_n(seen, seen_n));
	pthread_mutex_unlock(&lock);
	assert_int_equal(fsv_packet_decode(copy, &w.arena, &packet, &err), 0);
	return packet;
}

#endif
