/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"
#include "codec/digest.h"
#include "model/store-write.h"

static struct fsv_arena arena;
static struct fsv_buf out;

static int set_up(void **state)
{
	(void)state;
	fsv_arena_init(&arena, 0);
	fsv_buf_init(&out, NULL, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fsv_arena_done(&arena);
	fsv_buf_done(&out);
	return 0;
}

static const struct fsv_stored_model *read_models(size_t want)
{
	struct fsv_stored_model *models = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	size_t n = 0;

	if (fsv_store_parse_models(fsv_buf_str(&out), &arena, &models, &n, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(n, want);
	return models;
}

/* "The 999 bytes" that every store begins with. */
static void an_empty_store_is_the_constant_head_and_an_end(void **state)
{
	char digest[65] = "";

	(void)state;
	fsv_store_write_bindings(NULL, 0, &out);
	assert_int_equal(out.n, 1002);
	fsv_sha256_hex(fsv_str_n(out.p, 999), digest);
	assert_string_equal(digest, "fc6b111a22fdf706d474ec4e1cc75988feb4d23518f1f2196308623497fe3bfd");
	assert_memory_equal(out.p + 999, "\x70\x70\x78", 3);
}

static void bindings_read_back(void **state)
{
	static const struct fsv_stored_binding bindings[] = {
		{ { "credit-score", 12 }, { "1_guest#9999#m", 14 }, NULL },
		{ { "bad", 3 }, { "x", 1 }, "its model key is not a text" },
		{ { "\xe4\xb8\xad\xf0\x9f\x98\x80", 7 }, { "2_guest#9999#m", 14 }, NULL },
	};
	struct fsv_stored_binding *got = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	size_t n = 0;

	(void)state;
	fsv_store_write_bindings(bindings, 3, &out);
	assert_int_equal(fsv_store_parse_bindings(fsv_buf_str(&out), &arena, &got, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_true(fsv_str_eq(got[0].service_id, bindings[0].service_id));
	assert_true(fsv_str_eq(got[0].model_key, bindings[0].model_key));
	assert_true(fsv_str_eq(got[1].service_id, bindings[2].service_id));
}

static void models_read_back(void **state)
{
	struct fsv_stored_partner partners[] = {
		{ { "10000", 5 }, { "1", 1 }, { "host#10000#m", 12 } },
		{ { "10001", 5 }, { "1", 1 }, { "host#10001#m", 12 } },
	};
	const struct fsv_stored_model models[] = {
		{ .key = { "1_guest#9999#m", 14 }, .table_name = { "1", 1 }, .name_space = { "guest#9999#m", 12 },
		  .role = { "guest", 5 }, .party_id = { "9999", 4 }, .timestamp = INT64_C(1767225600000),
		  .resource_address = { "10.0.0.1:9380", 13 }, .partners = partners, .n_partners = 2 },
		{ .key = { "1_host#10000#m", 14 }, .table_name = { "1", 1 }, .name_space = { "host#10000#m", 12 },
		  .role = { "host", 4 }, .party_id = { "10000", 5 }, .timestamp = -1 },
	};
	const struct fsv_stored_model *got;

	(void)state;
	fsv_store_write_models(models, 2, &out);
	got = read_models(2);
	for (unsigned i = 0; i < 2; i++) {
		assert_null(got[i].fault);
		assert_true(fsv_str_eq(got[i].key, models[i].key));
		assert_true(fsv_str_eq(got[i].table_name, models[i].table_name));
		assert_true(fsv_str_eq(got[i].name_space, models[i].name_space));
		assert_true(fsv_str_eq(got[i].role, models[i].role));
		assert_true(fsv_str_eq(got[i].party_id, models[i].party_id));
		assert_true(fsv_str_eq(got[i].resource_address, models[i].resource_address));
		assert_true(got[i].timestamp == models[i].timestamp);
		assert_int_equal(got[i].n_partners, models[i].n_partners);
	}
	for (unsigned i = 0; i < 2; i++) {
		assert_true(fsv_str_eq(got[0].partners[i].party_id, partners[i].party_id));
		assert_true(fsv_str_eq(got[0].partners[i].table_name, partners[i].table_name));
		assert_true(fsv_str_eq(got[0].partners[i].name_space, partners[i].name_space));
	}
}

/* Java's map has 64 buckets for 30 entries; nothing may be lost on the way. */
static void many_partners_read_back(void **state)
{
	enum { N = 30 };
	struct fsv_stored_partner partners[N];
	struct fsv_stored_model m = {
		.key = { "1_guest#9999#m", 14 }, .table_name = { "1", 1 }, .name_space = { "guest#9999#m", 12 },
		.role = { "guest", 5 }, .partners = partners, .n_partners = N,
	};
	const struct fsv_stored_model *got;

	(void)state;
	for (unsigned i = 0; i < N; i++)
		partners[i] = (struct fsv_stored_partner){
			.party_id = fsv_str(fsv_arena_printf(&arena, "%u", 10000 + i)),
			.table_name = FSV_STR("1"), .name_space = FSV_STR("host"),
		};
	fsv_store_write_models(&m, 1, &out);
	got = read_models(1);
	assert_int_equal(got->n_partners, N);
	assert_true(fsv_str_is(got->partners[N - 1].party_id, "10029"));
}

static void texts_beyond_64k_and_bad_utf8_read_back(void **state)
{
	char *big = fsv_arena_alloc(&arena, 70000);
	struct fsv_stored_binding b = { .service_id = FSV_STR("a\xff" "b"), .model_key = { big, 70000 } }, *got = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	size_t n = 0;

	(void)state;
	memset(big, 'x', 70000);
	fsv_store_write_bindings(&b, 1, &out);
	assert_int_equal(fsv_store_parse_bindings(fsv_buf_str(&out), &arena, &got, &n, &err), 0);
	assert_true(fsv_str_is(got->service_id, "a\xef\xbf\xbd" "b"));
	assert_int_equal(got->model_key.n, 70000);
}

/* Stores as the reference wrote them ------------------------------------------------------------- */

static bool load(const char *path, struct fsv_str *ret_bytes)
{
	struct fsv_err err = FSV_ERR_INIT;
	char *data = NULL;
	size_t n = 0;

	if (fsv_read_file(path, FSV_STORE_MAX_BYTES, &data, &n, &err) < 0)
		return false;
	*ret_bytes = fsv_arena_str(&arena, fsv_str_n(data, n));
	free(data);
	return true;
}

static void same_bytes(const char *path, struct fsv_str want, unsigned may_differ)
{
	unsigned differ = 0;

	if (out.n != want.n)
		fail_msg("%s is written as %zu bytes, the reference has %zu", path, out.n, want.n);
	for (size_t i = 0; i < want.n; i++)
		differ += out.p[i] != want.p[i];
	if (differ > may_differ)
		fail_msg("%s is written differently, in %u bytes", path, differ);
	fsv_buf_clear(&out);
}

/* A partner has the model's own time here; there it was made a moment later: its last byte or two. */
static unsigned partner_times(const struct fsv_stored_model *models, size_t n)
{
	unsigned bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += 2 * models[i].n_partners;
	return bytes;
}

static unsigned rewrite_stores(const char *folder)
{
	struct fsv_stored_binding *bindings = NULL;
	struct fsv_stored_model *models = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_str bytes = FSV_STR_NULL;
	unsigned done = 0;
	char path[600];
	size_t n = 0;

	snprintf(path, sizeof(path), "%s/.fate/loadModelStore.cache", folder);
	if (load(path, &bytes)) {
		assert_int_equal(fsv_store_parse_models(bytes, &arena, &models, &n, &err), 0);
		fsv_store_write_models(models, n, &out);
		same_bytes(path, bytes, partner_times(models, n));
		done++;
	}
	snprintf(path, sizeof(path), "%s/.fate/bindModelStore.cache", folder);
	if (load(path, &bytes)) {
		assert_int_equal(fsv_store_parse_bindings(bytes, &arena, &bindings, &n, &err), 0);
		fsv_store_write_bindings(bindings, n, &out);
		same_bytes(path, bytes, 0);
		done++;
	}
	return done;
}

static void the_reference_s_stores_are_written_byte_for_byte(void **state)
{
	static const char *const parties[] = { "guest", "host-10000", "host-10001" };
	const char *shared = getenv("FSV_SHARED");	/* what the reference wrote itself is not part of the sources */
	const char *golden = fsv_arena_printf(&arena, "%s/golden", shared ? shared : "../shared");
	DIR *d = opendir(golden);
	struct dirent *e;
	unsigned done = 0;
	char path[500];

	(void)state;
	if (!d)
		skip();
	while ((e = readdir(d))) {
		for (unsigned i = 0; i < 3 && e->d_name[0] != '.'; i++) {
			snprintf(path, sizeof(path), "%s/%s/%s", golden, e->d_name, parties[i]);
			done += rewrite_stores(path);
		}
	}
	closedir(d);
	assert_true(done > 0);
}

/* A bind store that Java wrote. */
static void the_example_s_bindings_are_written_byte_for_byte(void **state)
{
	static const char path[] = "tests/fuzz/corpus/java-stream/bind-store";
	struct fsv_stored_binding *bindings = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_str bytes = FSV_STR_NULL;
	size_t n = 0;

	(void)state;
	assert_true(load(path, &bytes));
	assert_int_equal(fsv_store_parse_bindings(bytes, &arena, &bindings, &n, &err), 0);
	fsv_store_write_bindings(bindings, n, &out);
	same_bytes(path, bytes, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_empty_store_is_the_constant_head_and_an_end),
		T(bindings_read_back),
		T(models_read_back),
		T(many_partners_read_back),
		T(texts_beyond_64k_and_bad_utf8_read_back),
		T(the_reference_s_stores_are_written_byte_for_byte),
		T(the_example_s_bindings_are_written_byte_for_byte),
	};

	return cmocka_run_group_tests_name("store-write", tests, NULL, NULL);
}
