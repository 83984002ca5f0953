/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures beside those that the reference's own classes made, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <cmocka.h>

#include "../../../daemons/proxy/auth.h"
#include "base/mem.h"
#include "call/message.h"

#define KEYS(self, more) "{\"self_party_id\":" self ",\"apply_id\":\"app\",\"if_use_auth\":true,\"request_expire_seconds\":8," more "}"
#define ACCESS "\"access_keys\":[{\"party_id\":\"9999\",\"app_key\":\"11\",\"app_secret\":\"11111\"}," \
	       "{\"party_id\":\"10000\",\"app_key\":\"22\",\"app_secret\":\"22222\"}]"

enum { NOW = 1600000000 };

static struct fsv_arena arena;

static struct fsv_auth_keys *keys_of(const char *text)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_auth_keys *keys;

	if (fsv_auth_keys_parse(fsv_str(text), "f", &keys, &err) < 0)
		fail_msg("%s", err.text);
	return keys;
}

/* From 9999 to 10000. */
static Fsv__Packet *packet_of(const char *operator, const char *body)
{
	Fsv__Packet *packet = FSV_ARENA_NEW(&arena, Fsv__Packet);
	Fsv__Topic *topics[2];

	fsv__packet__init(packet);
	packet->header = FSV_ARENA_NEW(&arena, Fsv__Metadata);
	fsv__metadata__init(packet->header);
	for (unsigned i = 0; i < 2; i++) {
		topics[i] = FSV_ARENA_NEW(&arena, Fsv__Topic);
		fsv__topic__init(topics[i]);
		topics[i]->name = (char *)(i ? "partyName" : "partnerPartyName");
		topics[i]->partyid = (char *)(i ? "10000" : "9999");
		topics[i]->role = (char *)"serving";
	}
	packet->header->src = topics[0];
	packet->header->dst = topics[1];
	packet->header->command = FSV_ARENA_NEW(&arena, Fsv__Command);
	fsv__command__init(packet->header->command);
	packet->header->command->name = (char *)"federatedInference";
	packet->header->operator_ = (char *)operator;
	packet->body = FSV_ARENA_NEW(&arena, Fsv__Data);
	fsv__data__init(packet->body);
	packet->body->value = (ProtobufCBinaryData){ strlen(body), (uint8_t *)body };
	return packet;
}

static void signatures_are_those_of_the_reference(void **state)
{
	struct fsv_auth_keys *keys = keys_of(KEYS("\"9999\"", ACCESS));
	Fsv__Packet *packet = packet_of("216", "{\"a\":1}"), empty = FSV__PACKET__INIT, odd = FSV__PACKET__INIT;
	Fsv__Metadata header = FSV__METADATA__INIT;
	Fsv__Conf conf = FSV__CONF__INIT;
	Fsv__AuthInfo auth = FSV__AUTH_INFO__INIT;

	(void)state;
	fsv_auth_sign(keys, packet, &arena, 1600000000000);
	assert_string_equal(packet->auth->signature, "0lLGNn3kqgNbpOcbZ8DmXGCNm4E=");
	assert_string_equal(packet->auth->appkey, "11");
	assert_string_equal(packet->auth->applyid, "app");
	assert_int_equal(packet->auth->timestamp, 1600000000000);

	auth.applyid = (char *)"own";
	auth.nonce = (char *)"case";
	empty.auth = &auth;
	fsv_auth_sign(keys, &empty, &arena, 1600000000000);
	assert_string_equal(auth.signature, "FdFPghw4PH0oFkCYEi9bwxO3xWI=");
	assert_string_equal(auth.applyid, "own");
	assert_string_equal(auth.nonce, "case");

	header.operator_ = (char *)"a=b";
	header.version = 7;
	conf.overalltimeout = 3000;
	conf.maxretries = 2;
	header.conf = &conf;
	odd.header = &header;
	fsv_auth_sign(keys, &odd, &arena, 1600000000000);
	assert_string_equal(odd.auth->signature, "I22v8Ll+hWuN259ajngepe/9RhU=");
	fsv_ref_put(&keys->ref);
}

static const char *check(struct fsv_auth_keys *keys, struct fsv_auth_seen *seen, Fsv__Packet *packet, int64_t now)
{
	const char *why = fsv_auth_check(keys, seen, packet, &arena, now);

	return why ? why : "";
}

/* A party in the middle signs anew what it relays; who trusts it lists its key with the parties that it speaks for. */
static void a_key_may_speak_for_other_parties(void **state)
{
	static const char relay[] = "{\"party_id\":\"5\",\"app_key\":\"55\",\"app_secret\":\"55555\"}",
			  for_guest[] = "{\"party_id\":\"9999\",\"app_key\":\"55\",\"app_secret\":\"55555\"}";
	char own[600], trusting[600], wary[600];
	struct fsv_auth_keys *exchange, *host, *other;
	struct fsv_auth_seen *seen = fsv_auth_seen_new(64);
	const int64_t now = NOW * 1000LL;
	Fsv__Packet *packet = packet_of("216", "{\"a\":1}");

	(void)state;
	snprintf(own, sizeof(own), KEYS("\"5\"", "\"access_keys\":[%s]"), relay);
	snprintf(trusting, sizeof(trusting), KEYS("\"5\"", "\"access_keys\":[%s,%s]"), relay, for_guest);
	snprintf(wary, sizeof(wary), KEYS("\"5\"", "\"access_keys\":[%s]"), relay);
	exchange = keys_of(own);
	host = keys_of(trusting);
	other = keys_of(wary);
	fsv_auth_sign(exchange, packet, &arena, now);
	assert_string_equal(check(host, seen, packet, now), "");
	assert_non_null(strstr(check(other, seen, packet, now), "another party"));
	packet->header->src->partyid = (char *)"10000";
	fsv_auth_sign(exchange, packet, &arena, now);
	assert_non_null(strstr(check(host, seen, packet, now), "another party"));
	fsv_auth_seen_free(seen);
	fsv_ref_put(&exchange->ref);
	fsv_ref_put(&host->ref);
	fsv_ref_put(&other->ref);
}

static void only_genuine_packets_pass(void **state)
{
	struct fsv_auth_keys *guest = keys_of(KEYS("\"9999\"", ACCESS)), *host = keys_of(KEYS("\"10000\"", ACCESS));
	struct fsv_auth_seen *seen = fsv_auth_seen_new(64);
	const int64_t now = NOW * 1000LL;
	Fsv__Packet *packet = packet_of("216", "{\"a\":1}");

	(void)state;
	assert_string_equal(check(host, seen, packet, now), "it is not signed");
	fsv_auth_sign(guest, packet, &arena, now);
	assert_string_equal(check(host, seen, packet, now), "");
	assert_string_equal(check(host, seen, packet, now + 100), "it has been here before");

	fsv_auth_sign(guest, packet, &arena, now + 1);
	assert_string_equal(check(host, seen, packet, now + 7999), "");
	fsv_auth_sign(guest, packet, &arena, now + 2);
	assert_non_null(strstr(check(host, seen, packet, now + 8002), "its time is past"));
	assert_non_null(strstr(check(host, seen, packet, now - 7998), "its time is still to come"));

	packet->header->operator_ = (char *)"217";
	assert_string_equal(check(host, seen, packet, now), "its signature is wrong");
	packet->header->operator_ = (char *)"216";
	packet->auth->appkey = (char *)"22";
	assert_non_null(strstr(check(host, seen, packet, now), "another party"));
	/* What the reference lets pass: no signature for a key that it does not know. */
	packet->auth->appkey = (char *)"33";
	packet->auth->signature = (char *)"";
	assert_string_equal(check(host, seen, packet, now), "it is not signed");
	packet->auth->signature = (char *)"x";
	assert_string_equal(check(host, seen, packet, now), "its appKey is unknown");
	fsv_auth_seen_free(seen);
	fsv_ref_put(&guest->ref);
	fsv_ref_put(&host->ref);
}

/* Of releases before 2.1.6: 'a=b' is signed as it is. Both were made with Python's hmac. */
static void both_generations_of_signers_pass(void **state)
{
	struct fsv_auth_keys *host = keys_of(KEYS("\"10000\"", ACCESS));
	struct fsv_auth_seen *seen = fsv_auth_seen_new(64);
	Fsv__Packet *packet = packet_of("a=b", "{\"a\":1}");

	(void)state;
	packet->auth = FSV_ARENA_NEW(&arena, Fsv__AuthInfo);
	fsv__auth_info__init(packet->auth);
	packet->auth->appkey = (char *)"11";
	packet->auth->timestamp = 1600000000000;
	packet->auth->signature = (char *)"+awyMK9+q83LWRAsLgr192owcEU=";
	assert_string_equal(check(host, seen, packet, 1600000000000), "");
	packet->auth->signature = (char *)"vWjjHhU49fUr+nZAantLwVKV6k8=";
	assert_string_equal(check(host, seen, packet, 1600000000000), "");
	fsv_auth_seen_free(seen);
	fsv_ref_put(&host->ref);
}

static void wrong_files_are_refused(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "", "f: " },
		{ "[]", "f: self_party_id must be a text" },
		{ KEYS("9999", ACCESS), "f: self_party_id must be a text" },
		{ KEYS("\"9999\"", "\"access_keys\":{}"), "f: access_keys must be a list" },
		{ KEYS("\"9999\"", "\"access_keys\":[1]"), "something that is no object" },
		{ KEYS("\"9999\"", "\"access_keys\":[{\"party_id\":\"9999\",\"app_key\":\"1\"}]"), "app_secret must be a text" },
		{ KEYS("\"9999\"", "\"access_keys\":[{\"party_id\":10000,\"app_key\":\"1\",\"app_secret\":\"x\"}]"), "party_id must be a text" },
		{ KEYS("\"777\"", ACCESS), "no key for self_party_id 777" },
		{ "{\"self_party_id\":\"9999\"," ACCESS "}", "request_expire_seconds must be a number" },
		{ "{\"self_party_id\":\"9999\",\"request_expire_seconds\":0," ACCESS "}", "request_expire_seconds must be a number" },
		{ KEYS("\"9999\"", "\"access_keys\":[{\"party_id\":\"9999\",\"app_key\":\"1\",\"app_secret\":\"secret-1\"},"
		       "{\"party_id\":\"1\",\"app_key\":\"1\",\"app_secret\":\"secret-2\"}]"), "the app_key 1 has two secrets" },
		{ KEYS("\"9999\"", "\"access_keys\":[{\"party_id\":\"9999\",\"app_key\":\"1\",\"app_secret\":\"secret-1\"},"
		       "{\"party_id\":\"9999\",\"app_key\":\"1\",\"app_secret\":\"secret-1\"}]"), "party 9999 has the app_key 1 twice" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_auth_keys *keys;

		assert_true(fsv_auth_keys_parse(fsv_str(cases[i].text), "f", &keys, &err) < 0);
		if (!strstr(err.text, cases[i].error) || strstr(err.text, "secret-"))
			fail_msg("%zu: %s", i, err.text);
	}
}

static struct {
	struct fsv_auth_keys *keys;
	struct fsv_auth_seen *seen;
	Fsv__Packet *packets[64];
	_Atomic unsigned accepted;
} race;

static void *bring_all(void *arg)
{
	struct fsv_arena own;

	(void)arg;
	for (unsigned i = 0; i < 64; i++) {
		fsv_arena_init(&own, 0);
		if (!fsv_auth_check(race.keys, race.seen, race.packets[i], &own, NOW * 1000LL))
			atomic_fetch_add(&race.accepted, 1);
		fsv_arena_done(&own);
	}
	return NULL;
}

static void of_many_that_bring_a_packet_one_is_accepted(void **state)
{
	pthread_t threads[4];

	(void)state;
	race.keys = keys_of(KEYS("\"9999\"", ACCESS));
	race.seen = fsv_auth_seen_new(4096);
	for (unsigned i = 0; i < 64; i++) {
		race.packets[i] = packet_of("216", "{}");
		fsv_auth_sign(race.keys, race.packets[i], &arena, NOW * 1000LL + i);
	}
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, bring_all, NULL), 0);
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&race.accepted), 64);
	fsv_auth_seen_free(race.seen);
	fsv_ref_put(&race.keys->ref);
}

/* More than fit: the oldest give way, and packets go on to pass. */
static void the_memory_is_bounded(void **state)
{
	struct fsv_auth_keys *keys = keys_of(KEYS("\"9999\"", ACCESS));
	struct fsv_auth_seen *seen = fsv_auth_seen_new(16);
	Fsv__Packet *packet = packet_of("216", "{}");

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		int64_t now = NOW * 1000LL + i;

		fsv_auth_sign(keys, packet, &arena, now);
		assert_string_equal(check(keys, seen, packet, now), "");
		assert_string_equal(check(keys, seen, packet, now), "it has been here before");
	}
	fsv_auth_seen_free(seen);
	fsv_ref_put(&keys->ref);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_are_those_of_the_reference),
		cmocka_unit_test(only_genuine_packets_pass),
		cmocka_unit_test(a_key_may_speak_for_other_parties),
		cmocka_unit_test(both_generations_of_signers_pass),
		cmocka_unit_test(wrong_files_are_refused),
		cmocka_unit_test(of_many_that_bring_a_packet_one_is_accepted),
		cmocka_unit_test(the_memory_is_bounded),
	};
	int failed;

	fsv_arena_init(&arena, 0);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	fsv_arena_done(&arena);
	return failed;
}
