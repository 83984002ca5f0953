/* SPDX-License-Identifier: Apache-2.0 */
/* Keys made of what the guest sent, and features made of Redis' replies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "../../../daemons/serving-server/feature-key.h"
#include "../../../daemons/serving-server/redis-features.h"

static struct fsv_arena arena;

static int set_up(void **state)
{
	(void)state;
	fsv_arena_init(&arena, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fsv_arena_done(&arena);
	return 0;
}

static const char *key_of(const char *pattern, const char *keys)
{
	struct fsv_feature_key *key;
	struct fsv_str text;
	struct fsv_err err;

	if (fsv_feature_key_parse(fsv_str(pattern), &arena, &key, &err) < 0)
		return fsv_arena_cstr(&arena, fsv_str(err.text));
	return fsv_feature_key_format(key, fsv_str(keys), &arena, &text) ? fsv_arena_cstr(&arena, text) : "(none)";
}

static void test_keys(void **state)
{
	static const struct {
		const char *pattern, *keys, *want;
	} cases[] = {
		{ "${id|device_id}", "{\"id\":\"8\"}", "8" },
		{ "${id|device_id}", "{\"device_id\":\"9\",\"id\":\"8\"}", "8" },
		{ "${id|device_id}", "{\"device_id\":\"9\"}", "9" },
		{ "${id|device_id}", "{\"device_id\":\"9\",\"id\":\"\"}", "9" },
		{ "${id|device_id}", "{\"device_id\":\"9\",\"id\":null}", "9" },
		{ "${id}", "{\"id\":123}", "123" },
		{ "${id}", "{\"id\":true}", "true" },
		{ "${id}", "{\"id\":\"1\",\"id\":\"2\"}", "2" },
		{ "f:{${a}}:${b}!", "{\"a\":\"x\",\"b\":\"y\"}", "f:{x}:y!" },
		{ "$${a}$", "{\"a\":\"x\"}", "$x$" },
		{ "${id}", "{}", "(none)" },
		{ "${id}", "{\"id\":[1]}", "(none)" },
		{ "${id}", "{\"id\":{\"id\":1}}", "(none)" },
		{ "${id}", "[]", "(none)" },
		{ "${a}${b}", "{\"a\":1}", "(none)" },
		{ "", "{}", "no ${name} stands in it, so everybody would have the same features" },
		{ "features", "{}", "no ${name} stands in it, so everybody would have the same features" },
		{ "f:${", "{}", "at character 3 there is no ${name} or ${name|other}" },
		{ "${}", "{}", "at character 1 there is no ${name} or ${name|other}" },
		{ "${a|}", "{}", "at character 1 there is no ${name} or ${name|other}" },
		{ "${|a}", "{}", "at character 1 there is no ${name} or ${name|other}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (strcmp(key_of(cases[i].pattern, cases[i].keys), cases[i].want) != 0)
			fail_msg("%s %s: got %s, want %s", cases[i].pattern, cases[i].keys, key_of(cases[i].pattern, cases[i].keys),
				 cases[i].want);
}

static void test_keys_are_bounded(void **state)
{
	char *text = fsv_arena_zalloc(&arena, FSV_FEATURE_KEY_MAX + 20);

	(void)state;
	memset(text, 'x', FSV_FEATURE_KEY_MAX + 1);
	assert_string_equal(key_of("${id}", fsv_arena_printf(&arena, "{\"id\":\"%s\"}", text)), "(none)");
	text[FSV_FEATURE_KEY_MAX] = '\0';
	assert_string_equal(key_of("${id}", fsv_arena_printf(&arena, "{\"id\":\"%s\"}", text)), text);
}

/* Texts; NULL is nil. */
static const char *features(const char *const *texts, size_t n, const struct fsv_str *fields, size_t n_fields)
{
	struct fsv_redis_reply array = { .type = FSV_REDIS_ARRAY, .n = n };
	struct fsv_str got;

	array.elems = FSV_ARENA_NEW_N(&arena, struct fsv_redis_reply *, n);
	for (size_t i = 0; i < n; i++) {
		array.elems[i] = FSV_ARENA_NEW(&arena, struct fsv_redis_reply);
		array.elems[i]->type = texts[i] ? FSV_REDIS_TEXT : FSV_REDIS_NIL;
		array.elems[i]->text = fsv_str(texts[i]);
	}
	if (!fsv_redis_features(&array, fields, n_fields, &arena, &got))
		return "(refused)";
	return fsv_arena_cstr(&arena, got);
}

static void test_features_are_texts_as_they_are_stored(void **state)
{
	static const char *const all[] = { "x0", "1.50", "a \"b\"", "\xc3\xa4", "e", "" };
	static const char *const some[] = { "1", NULL, "3" };
	static const char *const bad_name[] = { "\xff", "1" }, *const bad_value[] = { "a", "\xff" }, *const nil[] = { NULL, "1" };
	static const struct fsv_str fields[] = { { "x", 1 }, { "y", 1 }, { "z", 1 } };

	(void)state;
	assert_string_equal(features(all, 6, NULL, 0), "{\"x0\":\"1.50\",\"a \\\"b\\\"\":\"\xc3\xa4\",\"e\":\"\"}");
	assert_string_equal(features(all, 0, NULL, 0), "");
	assert_string_equal(features(all, 5, NULL, 0), "(refused)");
	assert_string_equal(features(bad_name, 2, NULL, 0), "(refused)");
	assert_string_equal(features(bad_value, 2, NULL, 0), "(refused)");
	assert_string_equal(features(nil, 2, NULL, 0), "(refused)");
	assert_string_equal(features(some, 3, fields, 3), "{\"x\":\"1\",\"z\":\"3\"}");
	assert_string_equal(features(some, 2, fields, 3), "(refused)");
	assert_string_equal(features((const char *const[]){ NULL, NULL, NULL }, 3, fields, 3), "");
}

static void test_replies_that_are_no_hash(void **state)
{
	static const enum fsv_redis_type types[] = { FSV_REDIS_NIL, FSV_REDIS_TEXT, FSV_REDIS_INT, FSV_REDIS_ERROR };
	struct fsv_str got;

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		assert_false(fsv_redis_features(&(struct fsv_redis_reply){ .type = types[i] }, NULL, 0, &arena, &got));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_keys),
		TEST(test_keys_are_bounded),
		TEST(test_features_are_texts_as_they_are_stored),
		TEST(test_replies_that_are_no_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
