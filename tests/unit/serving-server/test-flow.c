/* SPDX-License-Identifier: Apache-2.0 */
/* Requests through a guest and a host over gRPC: what travels, what is merged, and every way to fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "world.h"

#define SINGLE(code, text, members) \
	"{\"retcode\":" #code ",\"retmsg\":\"" text "\",\"caseid\":\"case-of-metadata\",\"data\":{" members "}," \
	"\"log\":{},\"warn\":{},\"flag\":0}"

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

/* Single -------------------------------------------------------------------------------------------- */

static void test_single_score(void **state)
{
	(void)state;
	expect(infer("{\"serviceId\":\"svc\",\"featureData\":{\"x0\":2},\"sendToRemoteFeatureData\":{\"id\":\"8\"}}"),
	       SINGLE(0, "", "\"score\":0.7941296281990528," MODEL_INFO));
	expect(infer("{\"serviceId\":\"svc\",\"caseId\":\"mine\"}"),
	       "{\"retcode\":0,\"retmsg\":\"\",\"caseid\":\"mine\",\"data\":{\"score\":0.5866175789173301," MODEL_INFO
	       "},\"log\":{},\"warn\":{},\"flag\":0}");
}

static void test_packet_of_a_single_request(void **state)
{
	Fsv__Packet *p;
	struct fsv_str body;

	(void)state;
	infer("{\"serviceId\":\"svc\",\"applyId\":7,\"caseId\":\"c1\",\"featureData\":{\"x0\":2},"
	      "\"sendToRemoteFeatureData\":{\"a\":0.10,\"b\":null,\"c\":[1,null],\"a\":1e-5}}");
	p = last_packet();
	expect(p->header->command->name, "federatedInference");
	expect(p->header->operator_, "216");
	expect(p->header->task->model->tablename, "HT");
	expect(p->header->task->model->namespace_, HOST_NS);
	expect(p->header->src->partyid, "9999");
	expect(p->header->src->role, "serving");
	expect(p->header->src->name, "partnerPartyName");
	expect(p->header->dst->partyid, "10000");
	expect(p->header->dst->name, "partyName");
	expect(p->auth->nonce, "c1");
	expect(p->auth->version, "216");
	expect(p->auth->serviceid, "svc");
	expect(p->auth->applyid, "7");
	body = fsv_packet_body(p);
	assert_memory_equal(body.p, "{\"seqno\":\"", 10);
	expect(fsv_arena_cstr(&w.arena, fsv_str_sub(body, 42, body.n)),
	       "\",\"caseId\":\"c1\",\"featureData\":{},\"sendToRemoteFeatureData\":{\"a\":1.0E-5,\"c\":[1,null]}}");
}

static void test_single_requests_that_are_refused(void **state)
{
	static const struct {
		const char *body, *want;
	} cases[] = {
		{ "", SINGLE(100, "request message parse error", "") },
		{ "{\"serviceId\":\"svc\",\"featureData\":[]}", SINGLE(100, "request message parse error", "") },
		{ "{\"serviceId\":\"svc\",\"featureData\":null}", SINGLE(100, "no feature data", "") },
		{ "{\"serviceId\":\" \"}", SINGLE(100, "no service id", "") },
		{ "{\"serviceId\":\"nobody\"}", SINGLE(104, "serviceId is not bind model", "") },
		{ "{\"serviceId\":\"svc\",\"featureData\":{\"x0\":\"abc\"}}",
		  SINGLE(110, "lr_0: column x0 is not a number", MODEL_INFO) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(infer(cases[i].body), cases[i].want);
	expect(ask(SERVICE "nothing", ""), "status 12");
}

static void test_what_hosts_and_proxies_answer(void **state)
{
	static const struct {
		const char *says, *want;
	} cases[] = {
		{ "{\"retcode\":0,\"data\":{\"lr_0\":{\"score\":2.0},\"retcode\":0}}",
		  SINGLE(0, "", "\"score\":0.9568927450589139," MODEL_INFO) },
		{ "{\"data\":{\"prob\":2},\"retmsg\":\"hit host cache\"}",
		  SINGLE(0, "hit host cache", "\"score\":0.9568927450589139," MODEL_INFO) },
		{ "{\"retcode\":113,\"retmsg\":\"no data\"}",
		  SINGLE(2113, "host return code 113 host msg :no data", MODEL_INFO) },
		{ "{\"retmsg\":\"grpc unaryCall error\",\"retcode\":605}",
		  SINGLE(2605, "host return code 605 host msg :grpc unaryCall error", MODEL_INFO) },
		{ "{\"retcode\":0,\"data\":null}", SINGLE(105, "host 10000 remote error : its answer has no data", MODEL_INFO) },
		{ "", SINGLE(108, "remote inference result is null", MODEL_INFO) },
		{ "no JSON", SINGLE(108, "remote inference result is null", MODEL_INFO) },
		{ "{\"data\":{}}", SINGLE(108, "host data score is null", MODEL_INFO) },
		{ "{\"data\":{\"lr_0\":{\"score\":\"NaN\"}}}",
		  SINGLE(110, "party 10000: its answer has no usable score", MODEL_INFO) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		peer_says = cases[i].says;
		expect(infer("{\"serviceId\":\"svc\",\"featureData\":{\"x0\":2}}"), cases[i].want);
	}
}

static void test_a_proxy_that_fails_is_a_105_without_inner_words(void **state)
{
	(void)state;
	peer_fails = true;
	expect(infer("{\"serviceId\":\"svc\"}"),
	       SINGLE(105, "host 10000 remote error : the proxy cannot be reached", MODEL_INFO));
	expect_part(infer_batch("{\"serviceId\":\"svc\",\"batchDataList\":[{}]}"),
		    "{\"retcode\":105,\"retmsg\":\"party id 10000 remote error\",");
}

static int set_up_hasty(void **state)
{
	(void)state;
	set_up_with("single.inference.rpc.timeout: 100ms\n", HOST_CONF);
	return 0;
}

static void test_a_host_that_is_too_slow_is_a_105_and_is_told(void **state)
{
	(void)state;
	peer_holds = true;
	expect(infer("{\"serviceId\":\"svc\"}"),
	       SINGLE(105, "host 10000 remote error : no answer within the time limit", MODEL_INFO));
	wait_for(&cancelled, 1);
}

static void cancel(void *request)
{
	fsv_rpc_cancel(request);
}

static void test_a_client_that_leaves_frees_the_host(void **state)
{
	static struct got got;
	struct fsv_rpc_request *request;

	(void)state;
	peer_holds = true;
	request = send_to(w.to_guest, SERVICE "inference",
			  fsv_inference_encode(FSV_STR("{\"serviceId\":\"svc\"}"), &w.arena), &got);
	wait_for(&held, 1);
	fsv_rpc_post(fsv_rpc_pick(w.rpc), cancel, request);
	wait_for(&cancelled, 1);
	wait_for(&got.done, 1);
	assert_int_equal(got.status, FSV_RPC_CANCELLED);
}

static void test_a_fault_of_the_own_part_does_not_wait_for_the_host(void **state)
{
	(void)state;
	peer_holds = true;
	expect_part(infer("{\"serviceId\":\"svc\",\"featureData\":{\"x0\":\"abc\"}}"), "{\"retcode\":110,");
	wait_for(&cancelled, held);
}

/* Batch --------------------------------------------------------------------------------------------- */

#define BATCH(code, text, members, list, map) \
	"{\"retcode\":" #code ",\"retmsg\":\"" text "\",\"caseid\":\"case-of-metadata\",\"data\":{" members "}," \
	"\"log\":{},\"warn\":{},\"flag\":0,\"batchDataList\":[" list "],\"singleInferenceResultMap\":{" map "}}"
#define ROW_OK(index, score) "{\"index\":" #index ",\"retcode\":0,\"retmsg\":\"\",\"data\":{\"score\":" score "}}"
#define ROW_LOCAL(index) "{\"index\":" #index ",\"retcode\":108,\"retmsg\":\"local result is invalid \",\"data\":null}"

static void test_batch_scores_each_row_by_itself(void **state)
{
	(void)state;
	expect(infer_batch("{\"serviceId\":\"svc\",\"batchDataList\":[{\"index\":7,\"featureData\":{\"x0\":2}},"
			   "{\"index\":-1},{\"index\":3,\"featureData\":{\"x0\":\"abc\"}},{\"index\":7,\"featureData\":{\"x0\":0}},"
			   "{\"index\":4,\"featureData\":null}]}"),
	       BATCH(0, "", MODEL_INFO,
		     ROW_OK(-1, "0.5866175789173301") "," ROW_LOCAL(3) "," ROW_LOCAL(4) "," ROW_OK(7, "0.5866175789173301"),
		     "\"-1\":" ROW_OK(-1, "0.5866175789173301") ",\"3\":" ROW_LOCAL(3) ",\"4\":" ROW_LOCAL(4)
		     ",\"7\":" ROW_OK(7, "0.5866175789173301")));
}

static void test_packet_of_a_batch(void **state)
{
	struct fsv_str body;
	Fsv__Packet *p;

	(void)state;
	infer_batch("{\"serviceId\":\"svc\",\"batchDataList\":[{\"index\":2,\"sendToRemoteFeatureData\":{\"id\":1}},"
		    "{\"index\":1,\"featureData\":{\"x0\":1}},{\"index\":2,\"sendToRemoteFeatureData\":{\"id\":2}}]}");
	p = last_packet();
	expect(p->header->command->name, "batch");
	body = fsv_packet_body(p);
	expect(fsv_arena_cstr(&w.arena, fsv_str_sub(body, 42, body.n)),
	       "\",\"caseId\":\"case-of-metadata\",\"featureData\":{},\"sendToRemoteFeatureData\":{},\"batchDataList\":["
	       "{\"index\":1,\"featureData\":{},\"sendToRemoteFeatureData\":{},\"needCheckFeature\":false},"
	       "{\"index\":2,\"featureData\":{},\"sendToRemoteFeatureData\":{\"id\":2},\"needCheckFeature\":false}],"
	       "\"hostTableName\":\"HT\",\"hostNamespace\":\"" HOST_NS "\",\"guestPartyId\":\"9999\",\"hostPartyId\":\"10000\"}");
}

static void test_batches_that_are_refused(void **state)
{
	static const struct {
		const char *body, *want;
	} cases[] = {
		{ "{", BATCH(100, "request message parse error", "", "", "") },
		{ "{\"batchDataList\":[{}]}", BATCH(100, "no service id", "", "", "") },
		{ "{\"serviceId\":\"svc\"}", BATCH(100, "batchDataList is missing or empty", "", "", "") },
		{ "{\"serviceId\":\"svc\",\"batchDataList\":[]}", BATCH(100, "batchDataList is missing or empty", "", "", "") },
		{ "{\"serviceId\":\"svc\",\"batchDataList\":[null]}", BATCH(100, "a row of batchDataList is null", "", "", "") },
		{ "{\"serviceId\":\"nobody\",\"batchDataList\":[{}]}", BATCH(104, "serviceId is not bind model", "", "", "") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(infer_batch(cases[i].body), cases[i].want);
}

static void test_what_a_host_says_of_a_batch(void **state)
{
	static const struct {
		const char *says, *want;
	} cases[] = {
		{ "{\"retcode\":100,\"retmsg\":\"batch size is big than 300\"}",
		  BATCH(2100, "host return code 100 host msg :batch size is big than 300", MODEL_INFO, "", "") },
		{ "no JSON", BATCH(105, "party id 10000 remote error", MODEL_INFO, "", "") },
		{ "{\"singleInferenceResultMap\":{\"0\":{\"retcode\":113,\"data\":{\"message\":\"no feature\"}}}}",
		  BATCH(0, "", MODEL_INFO,
			"{\"index\":0,\"retcode\":2113,\"retmsg\":\"host return code 113 host msg :no feature\",\"data\":{}}",
			"\"0\":{\"index\":0,\"retcode\":2113,\"retmsg\":\"host return code 113 host msg :no feature\","
			"\"data\":{}}") },
		{ "{\"batchDataList\":[{\"index\":0}]}",
		  BATCH(0, "", MODEL_INFO,
			"{\"index\":0,\"retcode\":108,\"retmsg\":\"remote inference result is null\",\"data\":null}",
			"\"0\":{\"index\":0,\"retcode\":108,\"retmsg\":\"remote inference result is null\",\"data\":null}") },
		{ "{\"batchDataList\":[{\"index\":5,\"data\":{\"lr_0\":{\"score\":1.0}}}]}",
		  BATCH(0, "", MODEL_INFO,
			"{\"index\":0,\"retcode\":108,\"retmsg\":\"remote inference result is null\",\"data\":null}",
			"\"0\":{\"index\":0,\"retcode\":108,\"retmsg\":\"remote inference result is null\",\"data\":null}") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		peer_says = cases[i].says;
		expect(infer_batch("{\"serviceId\":\"svc\",\"batchDataList\":[{}]}"), cases[i].want);
	}
}

static int set_up_small(void **state)
{
	(void)state;
	set_up_with("batch.inference.max: 2\nmax.inflight: 1\n", HOST_CONF "batch.inference.max: 2\n");
	return 0;
}

static void test_batch_limit_holds_on_both_sides(void **state)
{
	(void)state;
	expect_part(infer_batch("{\"serviceId\":\"svc\",\"batchDataList\":[{},{},{}]}"),
		    "{\"retcode\":100,\"retmsg\":\"batch size is big than 2\",");
	expect_part(ask_host(packet_bytes(&(struct packet){ "batch", "216", "HT", HOST_NS,
							    "{\"batchDataList\":[{},{},{}]}" })),
		    "{\"retcode\":100,\"retmsg\":\"batch size is big than 2\",");
}

/* A batch in slices ------------------------------------------------------------------------------- */

enum { MANY = 120 };
#define IN_SLICES	"batch.split.size: 4\nbatch.threads: 3\n"
#define EACH_BY_HTTP	"feature.single.adaptor: MockAdapter\nfeature.batch.adaptor: ParallelBatchToSingleFeatureAdaptor\n" \
			"feature.batch.single.adaptor: HttpAdapter\n"

/* Rows of all kinds: fine, no number, null, nothing known of the person. */
static const char *many_rows(void)
{
	struct fsv_buf b;

	fsv_buf_init(&b, &w.arena, 0);
	fsv_buf_puts(&b, "{\"serviceId\":\"svc\",\"batchDataList\":[");
	for (unsigned i = 0; i < MANY; i++)
		fsv_buf_printf(&b, "%s{\"index\":%u,\"featureData\":%s%u%s,\"sendToRemoteFeatureData\":{\"id\":%u}}",
			       i ? "," : "", i, i % 7 == 3 ? "{\"x0\":\"much" : "{\"x0\":", i, i % 7 == 3 ? "\"}" : "}",
			       i % 11 == 5 ? 404 : i);
	fsv_buf_puts(&b, "]}");
	return fsv_buf_cstr(&b);
}

static int set_up_whole(void **state)
{
	(void)state;
	set_up_with("", EACH_BY_HTTP);
	return 0;
}

static void test_slices_answer_as_one_piece_does(void **state)
{
	char *whole = fsv_str_dup(fsv_str(infer_batch(many_rows())));

	expect_part(whole, "{\"retcode\":0,");
	assert_non_null(strstr(whole, "{\"index\":119,\"retcode\":0,\"retmsg\":\"\",\"data\":{\"score\":1.0}}"));
	assert_non_null(strstr(whole, "{\"index\":3,\"retcode\":108,"));
	assert_non_null(strstr(whole, "{\"index\":5,\"retcode\":2113,"));
	tear_down(state);
	set_up_with(IN_SLICES, IN_SLICES EACH_BY_HTTP);
	for (unsigned i = 0; i < 20; i++)
		assert_string_equal(infer_batch(many_rows()), whole);
	free(whole);
}

/* Host ---------------------------------------------------------------------------------------------- */

#define HOST(code, text, members) \
	"{\"retcode\":" #code ",\"retmsg\":\"" text "\",\"caseid\":\"case-of-guest\",\"data\":{" members "}," \
	"\"log\":{},\"warn\":{},\"flag\":0}"

static void test_packets_and_their_answers(void **state)
{
	static const struct {
		struct packet packet;
		const char *want;
	} cases[] = {
		{ { "federatedInference", "216", "HT", HOST_NS, "{\"sendToRemoteFeatureData\":{\"id\":\"8\"}}" },
		  HOST(0, "", "\"lr_0\":{\"score\":0.25},\"retcode\":0") },
		{ { "federatedInference", "200", "HT", HOST_NS, "{\"sendToRemoteFeatureData\":null}" },
		  HOST(0, "", "\"lr_0\":{\"score\":0.25},\"retcode\":0") },
		{ { "federatedInference", "216", "nothing", HOST_NS, "{}" }, HOST(104, "mode is null", "") },
		{ { "federatedInference", "216", NULL, NULL, "{}" }, HOST(104, "mode is null", "") },
		{ { "federatedInference", "216", "HT", HOST_NS, "{{{" }, HOST(100, "parse inference params error", "") },
		{ { "federatedInference", "216", "HT", HOST_NS, NULL }, HOST(100, "parse inference params error", "") },
		{ { "federatedInference", "abc", "HT", HOST_NS, "{}" },
		  HOST(100, "header.operator of the packet is no protocol number", "") },
		{ { "federatedInference4Tree", "216", "HT", HOST_NS, "{}" },
		  HOST(125, "unsupported command; federatedInference and batch are served", "") },
		{ { NULL, NULL, NULL, NULL, NULL },
		  HOST(125, "unsupported command; federatedInference and batch are served", "") },
		{ { "federatedInference", NULL, NULL, NULL,
		    "{\"partnerModelInfo\":{\"name\":\"T\",\"namespace\":\"" GUEST_NS "\"},\"featureIdMap\":{\"id\":\"8\"}}" },
		  HOST(0, "", "\"lr_0\":{\"score\":0.25},\"score\":0.25,\"retcode\":0") },
		{ { "federatedInference", "199", NULL, NULL,
		    "{\"partnerModelInfo\":{\"name\":\"X\",\"namespace\":\"" GUEST_NS "\"},\"featureIdMap\":{}}" },
		  HOST(104, "mode is null", "") },
		{ { "federatedInference", "199.5", "HT", HOST_NS, "{}" },
		  HOST(100, "a packet without a protocol number of 200 or more needs partnerModelInfo and featureIdMap", "") },
		{ { "batch", "216", "HT", HOST_NS, "{\"batchDataList\":[{\"index\":3}]}" },
		  "{\"retcode\":0,\"retmsg\":\"\",\"caseid\":\"case-of-guest\",\"data\":{},\"log\":{},\"warn\":{},\"flag\":0,"
		  "\"batchDataList\":[{\"index\":3,\"retcode\":0,\"data\":{\"lr_0\":{\"score\":0.25}}}],"
		  "\"singleInferenceResultMap\":{\"3\":{\"index\":3,\"retcode\":0,\"data\":{\"lr_0\":{\"score\":0.25}}}}}" },
		{ { "batch", "216", "HT", HOST_NS, "{\"batchDataList\":[]}" },
		  "{\"retcode\":100,\"retmsg\":\"batchDataList is missing or empty\",\"caseid\":\"case-of-guest\",\"data\":{},"
		  "\"log\":{},\"warn\":{},\"flag\":0,\"batchDataList\":[],\"singleInferenceResultMap\":{}}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(ask_host(packet_bytes(&cases[i].packet)), cases[i].want);
	expect(ask_host(FSV_STR("")), "{\"retcode\":125,\"retmsg\":\"unsupported command; federatedInference and batch are "
				      "served\",\"caseid\":\"case-of-metadata\",\"data\":{},\"log\":{},\"warn\":{},\"flag\":0}");
	expect(ask_host(FSV_STR("\xff\xff")), "status 2");
}

static void test_a_guests_model_is_not_for_partners(void **state)
{
	static struct got got;
	struct fsv_err err;
	Fsv__Packet *packet;

	(void)state;
	send_to(w.to_guest, FSV_UNARY_METHOD,
		packet_bytes(&(struct packet){ "federatedInference", "216", "T", GUEST_NS, "{}" }), &got);
	wait_for(&got.done, 1);
	assert_int_equal(fsv_packet_decode(fsv_str_n(got.body, got.n), &w.arena, &packet, &err), 0);
	expect(fsv_arena_cstr(&w.arena, fsv_packet_body(packet)), HOST(104, "mode is null", ""));
}

static int set_up_http(void **state)
{
	(void)state;
	set_up_with("", "feature.single.adaptor: HttpAdapter\n");
	return 0;
}

static void test_partners_learn_nothing_of_a_fault_in_the_hosts_part(void **state)
{
	(void)state;
	features_are = "{\"code\":200,\"data\":{\"x0\":\"secret\"}}";
	expect(infer("{\"serviceId\":\"svc\"}"),
	       SINGLE(2110, "host return code 110 host msg :local inference failed", MODEL_INFO));
}

/* Admission and life --------------------------------------------------------------------------------- */

static void test_more_than_max_inflight_is_refused(void **state)
{
	static struct got got;
	struct fsv_rpc_request *request;

	(void)state;
	peer_holds = true;
	request = send_to(w.to_guest, SERVICE "inference",
			  fsv_inference_encode(FSV_STR("{\"serviceId\":\"svc\"}"), &w.arena), &got);
	wait_for(&held, 1);
	expect(infer("{\"serviceId\":\"svc\"}"),
	       SINGLE(124, "request was block by over load, service name: singleInference", ""));
	fsv_rpc_post(fsv_rpc_pick(w.rpc), cancel, request);
	wait_for(&got.done, 1);
	wait_for(&cancelled, 1);
}

static void reload(struct fsv_server *server, struct fsv_conf **conf, const char *folder, const char *more)
{
	struct fsv_err err = FSV_ERR_INIT;

	fsv_conf_unref(*conf);
	*conf = load_conf(folder, more);
	if (fsv_server_reload(server, *conf, &err) < 0)
		fail_msg("%s", err.text);
}

static void test_flow_rules_are_read_at_reload(void **state)
{
	(void)state;
	write_file("guest/.fate/flowRules.json", FSV_STR("[{\"source\":\"I_singleInference\",\"allow_qps\":0},"
							 "{\"source\":\"M_T_" GUEST_NS "\",\"allow_qps\":1}]"));
	expect_part(infer("{\"serviceId\":\"svc\"}"), "{\"retcode\":0,");
	reload(&w.guest, &w.guest_conf, "guest", "");
	expect(infer("{\"serviceId\":\"svc\"}"),
	       SINGLE(124, "request was block by over load, service name: singleInference", ""));
	expect(infer_batch("{\"serviceId\":\"svc\",\"batchDataList\":[{\"index\":0},{\"index\":1}]}"),
	       BATCH(124, "request was block by over load, model resource: M_T_" GUEST_NS, MODEL_INFO, "", ""));
	expect_part(infer_batch("{\"serviceId\":\"svc\",\"batchDataList\":[{}]}"), "{\"retcode\":0,");
}

static void test_draining_answers_111(void **state)
{
	(void)state;
	fsv_server_drain(&w.guest);
	fsv_server_drain(&w.host);
	expect_part(infer("{\"serviceId\":\"svc\"}"), "{\"retcode\":0,");
	foreign = true;
	expect_part(infer("{\"serviceId\":\"svc\"}"), "{\"retcode\":111,\"retmsg\":\"the server is shutting down");
	expect_part(infer_batch("{}"), "{\"retcode\":111,\"retmsg\":\"the server is shutting down");
	expect_part(ask_host(packet_bytes(&(struct packet){ "batch", "216", "HT", HOST_NS, "{}" })),
		    "{\"retcode\":111,\"retmsg\":\"the server is shutting down");
	foreign = false;
}

static void test_reload_swaps_adaptors(void **state)
{
	(void)state;
	reload(&w.host, &w.host_conf, "host", "");
	expect_part(infer("{\"serviceId\":\"svc\"}"),
		    "{\"retcode\":2116,\"retmsg\":\"host return code 116 host msg :adaptor not found\",");
	expect_part(infer_batch("{\"serviceId\":\"svc\",\"batchDataList\":[{}]}"), "{\"retcode\":2116,");
}

#define TEST(name)		cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_WITH(name, first)	cmocka_unit_test_setup_teardown(name, first, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_single_score),
		TEST(test_packet_of_a_single_request),
		TEST(test_single_requests_that_are_refused),
		TEST(test_what_hosts_and_proxies_answer),
		TEST(test_a_proxy_that_fails_is_a_105_without_inner_words),
		TEST_WITH(test_a_host_that_is_too_slow_is_a_105_and_is_told, set_up_hasty),
		TEST(test_a_client_that_leaves_frees_the_host),
		TEST(test_a_fault_of_the_own_part_does_not_wait_for_the_host),
		TEST(test_batch_scores_each_row_by_itself),
		TEST(test_packet_of_a_batch),
		TEST(test_batches_that_are_refused),
		TEST(test_what_a_host_says_of_a_batch),
		TEST_WITH(test_batch_limit_holds_on_both_sides, set_up_small),
		TEST_WITH(test_slices_answer_as_one_piece_does, set_up_whole),
		TEST(test_packets_and_their_answers),
		TEST(test_a_guests_model_is_not_for_partners),
		TEST_WITH(test_partners_learn_nothing_of_a_fault_in_the_hosts_part, set_up_http),
		TEST_WITH(test_more_than_max_inflight_is_refused, set_up_small),
		TEST(test_flow_rules_are_read_at_reload),
		TEST(test_draining_answers_111),
		TEST(test_reload_swaps_adaptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
