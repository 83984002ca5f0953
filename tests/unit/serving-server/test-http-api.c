/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP port, over plain sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/thread.h"
#include "world.h"

struct answer {
	int status;
	const char *head, *body;
};

static struct answer http(const char *request)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_port = htons(fsv_http_port(w.guest.http)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char *buf = fsv_arena_zalloc(&w.arena, 1 << 16), *end;
	struct timeval patience = { 10, 0 };
	struct answer answer = { 0, "", "" };
	size_t n = 0;
	ssize_t got;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(fsv_write_all(fd, request, strlen(request)), 0);
	while (n < (1 << 16) - 1 && (got = recv(fd, buf + n, (1 << 16) - 1 - n, 0)) > 0)
		n += (size_t)got;
	fsv_close(fd);
	end = strstr(buf, "\r\n\r\n");
	if (!end || sscanf(buf, "HTTP/1.1 %d", &answer.status) != 1)
		fail_msg("%s\nwas answered\n%s", request, buf);
	*end = '\0';
	answer.head = buf;
	answer.body = end + 4;
	return answer;
}

/* headers: whole lines. */
static struct answer call(const char *method, const char *path, const char *headers, const char *body)
{
	return http(fsv_arena_printf(&w.arena, "%s %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n%s",
				     method, path, headers, strlen(body), body));
}

#define JSON	"Content-Type: application/json\r\n"

static void expect(struct answer got, int status, const char *head_part, const char *body)
{
	if (got.status != status || !strstr(got.head, head_part) || strcmp(got.body, body) != 0)
		fail_msg("got %d\n%s\n%s\nwant %d %s\n%s", got.status, got.head, got.body, status, head_part, body);
}

static void expect_fault(struct answer got, int status, const char *error, const char *path, const char *head_part)
{
	const char *tail = fsv_arena_printf(&w.arena, "\",\"status\":%d,\"error\":\"%s\",\"path\":\"%s\"}", status, error, path);

	if (got.status != status || strncmp(got.body, "{\"timestamp\":\"2", 15) != 0 || !strstr(got.body, tail) ||
	    !strstr(got.head, head_part) || !strstr(got.head, "Content-Type: application/json"))
		fail_msg("got %d\n%s\n%s\nwant %d %s\n%s", got.status, got.head, got.body, status, head_part, tail);
}

/* Inference ------------------------------------------------------------------------------------------ */

static void test_inference(void **state)
{
	(void)state;
	expect(call("POST", "/federation/v1/inference", JSON, "{\"head\":{\"serviceId\":\"svc\"},\"body\":{\"featureData\":"
		    "{\"x0\":2}}}"), 200, "Content-Type: text/plain;charset=UTF-8",
	       "{\"retcode\":0,\"retmsg\":\"\",\"data\":{\"score\":0.7941296281990528," MODEL_INFO "},\"flag\":0}");
	expect(call("POST", "/federation/v1/inference/", "Accept: application/json\r\n", "{\"head\":{\"serviceId\":\"x\"},"
		    "\"body\":{\"serviceId\":\"svc\",\"featureData\":null}}"), 200, "Content-Type: application/json;charset=UTF-8",
	       "{\"retcode\":0,\"retmsg\":\"\",\"data\":{\"score\":0.5866175789173301," MODEL_INFO "},\"flag\":0}");
	expect(call("POST", "/federation/v1/inference", JSON, "{}"), 200, "text/plain",
	       "{\"retcode\":100,\"retmsg\":\"no service id\",\"data\":{},\"flag\":0}");
}

static void test_batch_inference(void **state)
{
	(void)state;
	expect(call("POST", "/federation/v1/batchInference", JSON, "{\"body\":{\"serviceId\":\"svc\",\"batchDataList\":["
		    "{\"index\":1,\"featureData\":{\"x0\":\"abc\"}}]}}"), 200, "text/plain",
	       "{\"retcode\":0,\"retmsg\":\"\",\"data\":{" MODEL_INFO "},\"flag\":0,\"batchDataList\":[{\"index\":1,\"retcode\":"
	       "108,\"retmsg\":\"local result is invalid \"}],\"singleInferenceResultMap\":{\"1\":{\"index\":1,\"retcode\":108,"
	       "\"retmsg\":\"local result is invalid \"}}}");
}

static void test_case_id_of_head_or_header_reaches_the_host(void **state)
{
	(void)state;
	call("POST", "/federation/v1/inference", JSON "caseId: c-header\r\n", "{\"body\":{\"serviceId\":\"svc\"}}");
	assert_string_equal(last_packet()->auth->nonce, "c-header");
	call("POST", "/federation/v1/inference", JSON, "{\"head\":{\"caseid\":\"c-head\",\"serviceId\":\"svc\"}}");
	assert_string_equal(last_packet()->auth->nonce, "c-head");
}

static void test_what_is_no_request_is_500_or_400(void **state)
{
	static const char *const bodies[] = {
		"null", "[]", "{", "{\"head\":null}", "{\"body\":null}", "{\"body\":[]}", "{\"head\":{\"caseid\":5}}",
		"{\"head\":{\"caseid\":null}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		expect_fault(call("POST", "/federation/v1/inference", JSON, bodies[i]), 500, "Internal Server Error",
			     "/federation/v1/inference", "");
	expect_fault(call("POST", "/federation/v1/inference", JSON, ""), 400, "Bad Request", "/federation/v1/inference", "");
	expect(call("POST", "/federation/v1/other", JSON, "{}"), 200, "text/plain", "URI: {/federation/v1/other} is Error!");
}

static int set_up_patient(void **state)
{
	(void)state;
	set_up_with("single.inference.rpc.timeout: 60s\n", HOST_CONF);
	return 0;
}

static void *ask_in_vain(void *arg)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_port = htons(*(uint16_t *)arg), .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	static const char request[] = "POST /federation/v1/inference HTTP/1.1\r\nHost: h\r\nContent-Length: 28\r\n\r\n"
				      "{\"body\":{\"serviceId\":\"svc\"}}";
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char answer[16];

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || fsv_write_all(fd, request, strlen(request)) < 0)
		return (void *)"no connection";
	arg = recv(fd, answer, sizeof(answer), 0) > 0 ? (void *)"an answer" : NULL;
	fsv_close(fd);
	return arg;
}

static void test_a_stop_cuts_off_what_waits(void **state)
{
	uint16_t port = fsv_http_port(w.guest.http);
	struct fsv_err err;
	pthread_t client;
	int64_t began;
	void *fault;

	(void)state;
	peer_holds = true;
	assert_int_equal(fsv_thread_start(&client, "client", ask_in_vain, &port, &err), 0);
	wait_for(&held, 1);
	began = fsv_now_ns();
	assert_int_equal(fsv_server_stop(&w.guest, fsv_now_ns()), 1);
	assert_true(fsv_now_ns() - began < 10 * FSV_S);		/* the host would have 60 */
	wait_for(&cancelled, 1);
	pthread_join(client, &fault);
	if (fault)
		fail_msg("%s", (const char *)fault);
}

/* Framework ------------------------------------------------------------------------------------------ */

static void test_unknown_paths_and_methods(void **state)
{
	(void)state;
	expect_fault(call("GET", "/", "", ""), 404, "Not Found", "/", "Vary: Origin");
	expect_fault(call("GET", "/server/model/load", "", ""), 404, "Not Found", "/server/model/load", "Vary");
	expect_fault(call("GET", "/federation/v1/", "", ""), 404, "Not Found", "/federation/v1/", "Vary");
	expect_fault(call("GET", "/federation/v1/a/b", "", ""), 404, "Not Found", "/federation/v1/a/b", "Vary");
	expect_fault(call("GET", "/server/model/unbind", "", ""), 405, "Method Not Allowed", "/server/model/unbind", "Allow: POST");
	expect_fault(call("POST", "/server/alterSysLogLevel/info", JSON, ""), 405, "Method Not Allowed",
		     "/server/alterSysLogLevel/info", "Allow: GET");
	expect(call("OPTIONS", "/server/model/unbind", "", ""), 200, "Allow: POST,OPTIONS", "");
	assert_int_equal(call("GET", "/x", "Accept: application/xml\r\n", "").status, 404);
	assert_string_equal(call("GET", "/x", "Accept: application/xml\r\n", "").body, "");
	assert_non_null(strstr(call("GET", "/x", "Accept: text/html\r\n", "").body, "(type=Not Found, status=404)"));
}

static void test_types_of_requests(void **state)
{
	static const struct {
		const char *type;
		int status;
		const char *error;
	} cases[] = {
		{ "", 415, "Unsupported Media Type" },
		{ "Content-Type: text/plain\r\n", 415, "Unsupported Media Type" },
		{ "Content-Type: application/x-www-form-urlencoded\r\n", 415, "Unsupported Media Type" },
		{ "Content-Type: application/json;charset=GBK\r\n", 500, "Internal Server Error" },
		{ "Content-Type: application/json; charset=utf-8\r\n", 400, "Bad Request" },
		{ "Content-Type: application/vnd.fate+json\r\n", 400, "Bad Request" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_fault(call("POST", "/server/model/unbind", cases[i].type, "[]"), cases[i].status, cases[i].error,
			     "/server/model/unbind", "");
}

static void test_log_levels(void **state)
{
	(void)state;
	expect(call("GET", "/server/alterSysLogLevel/ERROR", "", ""), 200, "Content-Type: text/plain;charset=UTF-8", "ok");
	assert_int_equal(fsv_log_level(), FSV_LOG_ERR);
	expect(call("GET", "/server/alterSysLogLevel/nonsense", "", ""), 200, "text/plain", "failed");
	expect(call("GET", "/server/alterPkgLogLevel?level=off&pkgName=org.example", "", ""), 200, "text/plain", "ok");
	assert_int_equal(fsv_log_level(), FSV_LOG_ERR);
	expect(call("GET", "/server/alterPkgLogLevel?level=off&pkgName=com.webank.ai", "", ""), 200, "text/plain", "ok");
	assert_int_equal(fsv_log_level(), FSV_LOG_OFF);
	expect_fault(call("GET", "/server/alterPkgLogLevel?level=off", "", ""), 400, "Bad Request", "/server/alterPkgLogLevel", "");
}

/* Relays --------------------------------------------------------------------------------------------- */

#define RELAYED(code, text) \
	"{\"retcode\":" #code ",\"retmsg\":\"" text "\",\"caseid\":\"\",\"data\":{},\"log\":{},\"warn\":{},\"flag\":0}"

static void test_relays_refuse_with_an_envelope(void **state)
{
	(void)state;
	expect(call("POST", "/server/service/weight/update", JSON, "{}"), 200, "Content-Type: application/json",
	       RELAYED(100, "parameter host is blank"));
	expect(call("POST", "/server/model/unbind/", JSON, "{\"host\":\"10.1.2.3\",\"port\":1,\"tableName\":\"T\","
		    "\"namespace\":\"N\",\"serviceIds\":[\"a\"]}"), 200, "application/json",
	       RELAYED(100, "10.1.2.3:1 is neither on this machine nor listed in http.relay.allow"));
}

static void node_ok(struct fsv_rpc_call *call, void *user)
{
	(void)user;
	fsv_rpc_reply(call, FSV_STR("\x08\x68\x12\x04gone"));
}

static void test_relays_pass_on_and_back(void **state)
{
	static const struct fsv_rpc_method methods[] = {
		{ "/com.webank.ai.fate.api.networking.common.CommonService/updateService", node_ok, false },
		{ "/com.webank.ai.fate.api.mlmodel.manager.ModelService/unbind", node_ok, false },
		{ "/com.webank.ai.fate.api.mlmodel.manager.ModelService/fetchModel", node_ok, false },
	};
	const struct fsv_rpc_server_opt opt = {
		.host = "127.0.0.1", .max_message = 1 << 20, .max_inflight = 10, .methods = methods, .n_methods = 3,
	};
	struct fsv_rpc_server *node;
	struct fsv_err err;
	unsigned port;

	(void)state;
	assert_int_equal(fsv_rpc_server_start(w.rpc, &opt, &node, &err), 0);
	port = fsv_rpc_server_port(node);
	expect(call("POST", "/server/service/weight/update", JSON, fsv_arena_printf(&w.arena, "{\"host\":\"127.0.0.1\","
		    "\"port\":\"%u\",\"url\":\"x\"}", port)), 200, "application/json", RELAYED(104, "gone"));
	expect(call("POST", "/server/model/unbind", JSON, fsv_arena_printf(&w.arena, "{\"host\":\"127.0.0.1\",\"port\":%u,"
		    "\"tableName\":\"T\",\"namespace\":\"N\",\"serviceIds\":[\"a\"]}", port)), 200, "application/json",
	       RELAYED(104, "gone"));
	expect(call("POST", "/server/model/transfer", JSON, fsv_arena_printf(&w.arena, "{\"host\":\"127.0.0.1\",\"port\":1,"
		    "\"targetHost\":\"127.0.0.1\",\"targetPort\":%u,\"tableName\":\"T\",\"namespace\":\"N\"}", port)), 200,
	       "application/json", RELAYED(104, "gone"));
	fsv_rpc_server_stop(node, fsv_deadline_in_ms(5000));
	expect(call("POST", "/server/service/weight/update", JSON, fsv_arena_printf(&w.arena, "{\"host\":\"127.0.0.1\","
		    "\"port\":%u,\"url\":\"x\"}", port)), 200, "application/json",
	       RELAYED(110, "the node did not answer: UNAVAILABLE"));
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_inference),
		TEST(test_batch_inference),
		TEST(test_case_id_of_head_or_header_reaches_the_host),
		TEST(test_what_is_no_request_is_500_or_400),
		cmocka_unit_test_setup_teardown(test_a_stop_cuts_off_what_waits, set_up_patient, tear_down),
		TEST(test_unknown_paths_and_methods),
		TEST(test_types_of_requests),
		TEST(test_log_levels),
		TEST(test_relays_refuse_with_an_envelope),
		TEST(test_relays_pass_on_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
