/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "call/message.h"

static struct fsv_arena arena;

static int open_arena(void **state)
{
	(void)state;
	fsv_arena_init(&arena, 0);
	return 0;
}

static int drop_arena(void **state)
{
	(void)state;
	fsv_arena_done(&arena);
	return 0;
}

static const char full[] =
	"{\n"
	"  \"header\": {\n"
	"    \"task\": {\n"
	"      \"model\": {\n"
	"        \"namespace\": \"host#10000\",\n"
	"        \"tableName\": \"2020\"\n"
	"      }\n"
	"    },\n"
	"    \"src\": {\n"
	"      \"name\": \"a\\u003d\\u003cb\\u003e\\u0026\\u0027\\\"\\\\/\\n\\u0001\xe6\xa8\xa1\\u2028\",\n"
	"      \"partyId\": \"9999\",\n"
	"      \"callback\": {\n"
	"        \"port\": -7,\n"
	"        \"useSSL\": true\n"
	"      }\n"
	"    },\n"
	"    \"operator\": \"216\",\n"
	"    \"version\": \"9007199254740993\"\n"
	"  },\n"
	"  \"body\": {\n"
	"    \"value\": \"eyJhIjoxfQ==\"\n"
	"  }\n"
	"}";

static void packet_survives_json_and_protobuf(void **state)
{
	Fsv__Packet *packet, *again;
	struct fsv_err err;
	struct fsv_buf out;

	(void)state;
	assert_int_equal(fsv_packet_from_json(FSV_STR(full), &arena, &packet, &err), 0);
	assert_string_equal(packet->header->src->name, "a=<b>&'\"\\/\n\x01\xe6\xa8\xa1\xe2\x80\xa8");
	assert_true(packet->header->version == 9007199254740993);
	assert_true(fsv_str_is(fsv_packet_body(packet), "{\"a\":1}"));
	assert_int_equal(fsv_packet_decode(fsv_packet_encode(packet, &arena), &arena, &again, &err), 0);
	fsv_buf_init(&out, &arena, 0);
	fsv_packet_to_json(again, &out);
	assert_string_equal(fsv_buf_cstr(&out), full);
}

static void empty_packet_prints_two_lines(void **state)
{
	Fsv__Packet packet = FSV__PACKET__INIT;
	struct fsv_buf out;

	(void)state;
	fsv_buf_init(&out, &arena, 0);
	fsv_packet_to_json(&packet, &out);
	assert_string_equal(fsv_buf_cstr(&out), "{\n}");
	assert_int_equal(fsv_packet_body(&packet).n, 0);
}

static void lenient_spellings_are_read(void **state)
{
	Fsv__Packet *p;
	struct fsv_err err;

	(void)state;
	assert_int_equal(fsv_packet_from_json(
		FSV_STR("{\"header\":{\"operator\":216,\"version\":7,\"ack\":\"8\",\"conf\":{\"maxRetries\":2.0,"
			"\"overallTimeout\":3e3},\"src\":null},\"body\":{\"value\":\"_-8\",\"key\":true}}"),
		&arena, &p, &err), 0);
	assert_string_equal(p->header->operator_, "216");
	assert_true(p->header->version == 7 && p->header->ack == 8);
	assert_true(p->header->conf->maxretries == 2 && p->header->conf->overalltimeout == 3000);
	assert_null(p->header->src);
	assert_int_equal(p->body->value.len, 2);
	assert_memory_equal(p->body->value.data, "\xff\xef", 2);
	assert_string_equal(p->body->key, "true");
}

static void bad_packets_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "null", "[]", "{", "{\"x\":1}", "{\"header\":1}", "{\"header\":[]}", "{} x",
		"{\"header\":{\"version\":\"x\"}}", "{\"header\":{\"version\":1.5}}",
		"{\"header\":{\"version\":9223372036854775808}}", "{\"header\":{\"operator\":{}}}",
		"{\"header\":{\"conf\":{\"maxRetries\":2147483648}}}", "{\"body\":{\"value\":\"*\"}}",
		"{\"header\":{\"src\":{\"callback\":{\"useSSL\":1}}}}", "{\"body\":{\"key\":\"a\\u0000b\"}}",
	};
	Fsv__Packet *p;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fsv_err err = FSV_ERR_INIT;

		if (fsv_packet_from_json(fsv_str(bad[i]), &arena, &p, &err) >= 0)
			fail_msg("accepted: %s", bad[i]);
		assert_true(err.text[0] != '\0');
	}
}

static void inference_message_wraps_a_body(void **state)
{
	struct fsv_str wire = fsv_inference_encode(FSV_STR("{}"), &arena), body;
	struct fsv_err err;
	Fsv__Packet *p;

	(void)state;
	assert_int_equal(wire.n, 4);
	assert_memory_equal(wire.p, "\x12\x02{}", 4);
	assert_int_equal(fsv_inference_decode(wire, &arena, &body, &err), 0);
	assert_true(fsv_str_is(body, "{}"));
	assert_int_equal(fsv_inference_decode(FSV_STR("\x12\x05{}"), &arena, &body, &err), FSV_E_SYNTAX);
	assert_int_equal(fsv_packet_decode(FSV_STR("not protobuf"), &arena, &p, &err), FSV_E_SYNTAX);
	wire = fsv_packet_encode_body(FSV_STR("ab"), &arena);
	assert_int_equal(wire.n, 6);
	assert_memory_equal(wire.p, "\x12\x04\x12\x02" "ab", 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packet_survives_json_and_protobuf),
		cmocka_unit_test(empty_packet_prints_two_lines),
		cmocka_unit_test(lenient_spellings_are_read),
		cmocka_unit_test(bad_packets_are_refused),
		cmocka_unit_test(inference_message_wraps_a_body),
	};

	return cmocka_run_group_tests(tests, open_arena, drop_arena);
}
