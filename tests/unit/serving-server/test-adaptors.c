/* SPDX-License-Identifier: Apache-2.0 */
/* A host's features from files, an HTTP service and SQLite, seen from its guests; and names of adaptors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "../../../daemons/serving-server/adaptor.h"
#include "world.h"

static void expect(const char *got, const char *want)
{
	if (strcmp(got, want) != 0)
		fail_msg("\ngot  %s\nwant %s", got, want);
}

/* "0 0.25" for a score, "113 no feature" for what a host says otherwise. */
static const char *single(const char *keys)
{
	const char *body = fsv_arena_printf(&w.arena, "{\"sendToRemoteFeatureData\":%s}", keys);
	const char *answer = ask_host(packet_bytes(&(struct packet){ "federatedInference", "216", "HT", HOST_NS, body }));
	char text[128] = "";
	double score = 0;
	int code = 0;

	if (sscanf(answer, "{\"retcode\":%d,\"retmsg\":\"%127[^\"]", &code, text) >= 1 && code != 0)
		return fsv_arena_printf(&w.arena, "%d %s", code, text);
	if (sscanf(strstr(answer, "\"score\":"), "\"score\":%lf", &score) != 1)
		fail_msg("%s", answer);
	return fsv_arena_printf(&w.arena, "0 %g", score);
}

/* The same for each row, keys being the rows' objects. */
static const char *batch(const char *const *keys, size_t n)
{
	struct fsv_buf body, out;
	const char *answer, *at;

	fsv_buf_init(&body, &w.arena, 0);
	fsv_buf_init(&out, &w.arena, 0);
	fsv_buf_puts(&body, "{\"batchDataList\":[");
	for (size_t i = 0; i < n; i++)
		fsv_buf_printf(&body, "%s{\"index\":%zu,\"sendToRemoteFeatureData\":%s}", i ? "," : "", i, keys[i]);
	fsv_buf_puts(&body, "]}");
	answer = ask_host(packet_bytes(&(struct packet){ "batch", "216", "HT", HOST_NS, fsv_buf_cstr(&body) }));
	if (strncmp(answer, "{\"retcode\":0,", 13) != 0)
		return answer;
	at = strstr(answer, "\"singleInferenceResultMap\"");
	for (size_t i = 0; i < n; i++) {
		double score = 0;
		int code = 0;

		at = strstr(at + 1, "\"retcode\":");
		if (!at || sscanf(at, "\"retcode\":%d,\"data\":{\"lr_0\":{\"score\":%lf}", &code, &score) != 2)
			fail_msg("row %zu of %s", i, answer);
		fsv_buf_printf(&out, "%d:%g ", code, score);
	}
	return fsv_buf_cstr(&out);
}

static int start_with(const char *conf)
{
	set_up_with("", conf);
	return 0;
}

/* Files --------------------------------------------------------------------------------------------- */

static void use_conf(const char *more)
{
	struct fsv_err err = FSV_ERR_INIT;

	fsv_conf_unref(w.host_conf);
	w.host_conf = load_conf("host", fsv_arena_printf(&w.arena, "feature.file.path: %s\n%s", file("people.csv"), more));
	if (fsv_server_reload(&w.host, w.host_conf, &err) < 0)
		fail_msg("%s", err.text);
}

static void test_one_file_for_everybody(void **state)
{
	static const char *const rows[] = { "{}", "{\"id\":\"5\"}" };

	(void)state;
	use_conf("feature.single.adaptor: com.webank.ai.fate.serving.adaptor.dataaccess.TestFileAdapter\n"
		 "feature.batch.adaptor: BatchTestFileAdapter\n");
	expect(single("{}"), "102 adaptor return error");
	write_file("people.csv", FSV_STR("x0:2,x1:3\nx0:4\n"));
	expect(single("{}"), "0 1");
	expect(batch(rows, 2), "0:1 0:1 ");
	write_file("people.csv", FSV_STR("x0:8"));
	expect(batch(rows, 2), "0:2 0:2 ");
	expect(single("{}"), "0 2");
	write_file("people.csv", FSV_STR("x0"));
	expect(single("{}"), "102 adaptor return error");
	assert_memory_equal(batch(rows, 2), "{\"retcode\":102,", 15);
}

static void test_people_by_id(void **state)
{
	static const char *const rows[] = { "{\"device_id\":\"8\"}", "{\"device_id\":8}", "{\"device_id\":\"9\"}", "{}",
					    "{\"device_id\":\"x\"}" };

	(void)state;
	write_file("people.csv", FSV_STR("8,x0:4\n1.0,x0:8\ntrue,x0:12\n"));
	use_conf("feature.single.adaptor: TestFilePickAdapter\nfeature.batch.adaptor: BatchTestFilePickAdapter\n");
	expect(single("{\"id\":\"8\"}"), "0 1");
	expect(single("{\"id\":8}"), "0 1");
	expect(single("{\"id\":1.00}"), "0 2");
	expect(single("{\"id\":true}"), "0 3");
	expect(single("{\"id\":\"nobody\"}"), "113 adaptor return error");
	expect(single("{\"id\":[8]}"), "113 adaptor return error");
	expect(single("{\"id\":null}"), "102 adaptor return error");
	expect(single("{}"), "102 adaptor return error");
	expect(batch(rows, 5), "0:1 113:0 113:0 113:0 113:0 ");
	/* Singles want the whole file; batches take the lines before the bad one. */
	write_file("people.csv", FSV_STR("8,x0:8\nbad line\n9,x0:4\n"));
	expect(batch(rows, 5), "0:2 113:0 113:0 113:0 113:0 ");
	expect(single("{\"id\":8}"), "102 adaptor return error");
}

/* HTTP ----------------------------------------------------------------------------------------------- */

static int set_up_http(void **state)
{
	(void)state;
	return start_with("feature.single.adaptor: HttpAdapter\nfeature.batch.adaptor: ParallelBatchToSingleFeatureAdaptor\n"
			  "feature.batch.single.adaptor: HttpAdapter\nfeature.batch.concurrency: 3\nhttp.max.pool.size: 8\n");
}

static void test_features_over_http(void **state)
{
	(void)state;
	expect(single("{\"id\":8}"), "0 2");
	expect(single("{\"a\":null,\"id\":4}"), "0 1");
	expect(single("{\"id\":404}"), "116 adaptor return error");
	expect(single("{}"), "110 adaptor return error");
}

static void test_a_batch_asks_for_each_row(void **state)
{
	enum { N = 50 };
	const char *rows[N];
	struct fsv_buf want;

	(void)state;
	fsv_buf_init(&want, &w.arena, 0);
	for (unsigned i = 0; i < N; i++) {
		rows[i] = fsv_arena_printf(&w.arena, "{\"id\":%u}", i % 10 == 7 ? 404 : 4 * i);
		if (i % 10 == 7)
			fsv_buf_puts(&want, "113:0 ");
		else
			fsv_buf_printf(&want, "0:%u ", i);
	}
	expect(batch(rows, N), fsv_buf_cstr(&want));
	assert_int_equal(asked_features, N);
}

static void test_a_stop_cuts_off_look_ups(void **state)
{
	static const struct packet packets[] = {
		{ "federatedInference", "216", "HT", HOST_NS, "{}" },
		{ "batch", "216", "HT", HOST_NS, "{\"batchDataList\":[{\"index\":0},{\"index\":1},{\"index\":2},{\"index\":3}]}" },
	};

	for (size_t i = 0; i < 2; i++) {
		static struct got got;
		int64_t began;

		features_hold = true;
		send_to(w.to_host, FSV_UNARY_METHOD, packet_bytes(&packets[i]), &got);
		wait_for(&held, 1);
		began = fsv_now_ns();
		assert_int_equal(fsv_server_stop(&w.host, fsv_now_ns()), 1);
		assert_true(fsv_now_ns() - began < 5 * FSV_S);	/* the service would have 10 */
		wait_for(&got.done, 1);
		/* Told, or cut off with the connection; never a person without features. */
		if (got.status == FSV_RPC_OK && !memmem(got.body, got.n, "{\"retcode\":111,", 15))
			fail_msg("%.*s", (int)got.n, got.body);
		features_hold = false;
		while (held > 0)
			fsv_http_reply(held_reqs[--held], 200, NULL, FSV_STR("{}"), NULL, 0);
		tear_down(state);
		set_up_http(state);
	}
}

static int set_up_crowded(void **state)
{
	(void)state;
	return start_with("feature.batch.adaptor: ParallelBatchToSingleFeatureAdaptor\nmax.inflight: 2\n"
			  "feature.batch.single.adaptor: HttpAdapter\nfeature.batch.concurrency: 32\n");
}

static void test_rows_refused_for_now_are_asked_for_again(void **state)
{
	static const char *const rows[] = { "{\"id\":4}", "{\"id\":8}", "{\"id\":12}", "{\"id\":16}", "{\"id\":20}" };

	(void)state;
	expect(batch(rows, 5), "0:1 0:2 0:3 0:4 0:5 ");
}

static int set_up_without_single(void **state)
{
	(void)state;
	return start_with("feature.batch.adaptor: ParallelBatchToSingleFeatureAdaptor\nfeature.single.adaptor: Nothing\n");
}

static void test_without_an_adaptor_behind_it_no_row_has_features(void **state)
{
	static const char *const rows[] = { "{\"id\":4}", "{\"id\":8}" };

	(void)state;
	expect(batch(rows, 2), "113:0 113:0 ");
	expect(single("{}"), "116 adaptor not found");
}

static int set_up_dead_service(void **state)
{
	(void)state;
	set_up_http(state);
	fsv_http_stop(w.features, fsv_deadline_in_ms(5000));
	w.features = NULL;
	return 0;
}

static int tear_down_dead_service(void **state)
{
	/* The common part stops it once more. */
	const struct fsv_http_opt http = { .host = "127.0.0.1", .max_body = 1024, .handler = feature_service };
	struct fsv_err err;

	if (fsv_http_start(&http, &w.features, &err) < 0)
		return -1;
	return tear_down(state);
}

static void test_a_service_that_is_down_is_a_110(void **state)
{
	static const char *const rows[] = { "{\"id\":4}", "{\"id\":8}" };

	(void)state;
	expect(single("{\"id\":8}"), "110 adaptor return error");
	expect(batch(rows, 2), "113:0 113:0 ");
}

static int set_up_http_batch(void **state)
{
	(void)state;
	return start_with("feature.batch.adaptor: HttpBatchAdapter\n");
}

static void test_http_batch_tells_no_features_from_no_service(void **state)
{
	static const char *const rows[] = { "{\"id\":4}", "{\"id\":8}" };

	(void)state;
	expect(batch(rows, 2), "0:1 0:2 ");
	fsv_http_stop(w.features, fsv_deadline_in_ms(5000));
	w.features = NULL;
	assert_memory_equal(batch(rows, 2), "{\"retcode\":110,", 15);
}

/* SQL ------------------------------------------------------------------------------------------------- */

static void make_db(const char *script)
{
	char *text = NULL;
	sqlite3 *db;

	unlink(file("new.db"));
	assert_int_equal(sqlite3_open(file("new.db"), &db), SQLITE_OK);
	if (sqlite3_exec(db, script, NULL, NULL, &text) != SQLITE_OK)
		fail_msg("%s", text);
	sqlite3_close(db);
	assert_int_equal(rename(file("new.db"), file("people.db")), 0);
}

static void use_sql(const char *name, const char *statement)
{
	use_conf(fsv_arena_printf(&w.arena, "feature.single.adaptor: %s\nfeature.batch.adaptor: SqlBatchAdapter\n"
				  "feature.sql.driver: sqlite\nfeature.sql.file: %s\nfeature.sql.connections: 3\n"
				  "feature.sql.timeout: 60s\nfeature.sql.statement: \"%s\"\n", name, file("people.db"), statement));
}

static void test_people_in_a_database(void **state)
{
	enum { N = 50 };
	static const char *const nobody[] = { "{\"id\":8}", "{\"id\":\"nobody\"}", "{\"id\":[8]}" };
	const char *rows[N];
	struct fsv_buf want;

	(void)state;
	make_db("CREATE TABLE p (id TEXT, x0 REAL, photo BLOB); WITH RECURSIVE r(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM r "
		"WHERE i < 60) INSERT INTO p SELECT i, 4 * i, NULL FROM r; UPDATE p SET photo = x'00' WHERE id = '60';");
	use_sql("SqlAdapter", "SELECT * FROM p WHERE id = :id");
	expect(single("{\"id\":8}"), "0 8");
	expect(single("{\"id\":\"8\",\"other\":null}"), "0 8");
	expect(single("{\"id\":\"nobody\"}"), "113 adaptor return error");
	expect(single("{\"id\":null}"), "116 adaptor return error");
	expect(single("{}"), "116 adaptor return error");
	expect(single("{\"id\":60}"), "110 adaptor return error");
	expect(batch(nobody, 3), "0:8 113:0 113:0 ");
	fsv_buf_init(&want, &w.arena, 0);
	for (unsigned i = 0; i < N; i++) {
		rows[i] = fsv_arena_printf(&w.arena, "{\"id\":%u}", i);
		fsv_buf_printf(&want, "0:%u ", i);
	}
	expect(batch(rows, N), fsv_buf_cstr(&want));
	use_sql("com.webank.ai.fate.serving.adaptor.dataaccess.MysqlAdapter", "SELECT x0 FROM p WHERE id = :id");
	expect(single("{\"id\":8}"), "0 8");
	expect(single("{\"id\":\"nobody\"}"), "116 adaptor return error");
}

static void test_a_database_that_goes_and_comes(void **state)
{
	static const char *const rows[] = { "{\"id\":8}", "{\"id\":9}" };

	(void)state;
	use_sql("SqlAdapter", "SELECT x0 FROM p WHERE id = :id");
	expect(single("{\"id\":8}"), "110 adaptor return error");
	assert_memory_equal(batch(rows, 2), "{\"retcode\":110,", 15);
	make_db("CREATE TABLE p (id TEXT, x0 REAL); INSERT INTO p VALUES (8, 4), (9, 8);");
	expect(single("{\"id\":8}"), "0 1");
	expect(batch(rows, 2), "0:1 0:2 ");
	make_db("CREATE TABLE p (id TEXT, x0 REAL); INSERT INTO p VALUES (8, 12), (9, 16);");
	expect(single("{\"id\":8}"), "0 3");
	expect(batch(rows, 2), "0:3 0:4 ");
	unlink(file("people.db"));
	expect(single("{\"id\":8}"), "110 adaptor return error");
	use_sql("SqlAdapter", "");
	expect(single("{\"id\":8}"), "116 adaptor not found");
}

/* Names ---------------------------------------------------------------------------------------------- */

static void test_names_of_adaptors(void **state)
{
	(void)state;
	assert_ptr_equal(fsv_adaptor_kind("MockAdapter"), &fsv_adaptor_mock);
	assert_ptr_equal(fsv_adaptor_kind(" com.webank.ai.fate.serving.adaptor.dataaccess.HttpAdapter "), &fsv_adaptor_http);
	assert_ptr_equal(fsv_adaptor_kind("com.webank.ai.fate.serving.adaptor.dataaccess.MysqlAdapter"), &fsv_adaptor_mysql);
	assert_ptr_equal(fsv_adaptor_kind("HttpBatchAdapter"), &fsv_adaptor_http_batch);
	assert_null(fsv_adaptor_kind("com.example.MockAdapter"));
	assert_null(fsv_adaptor_kind("mockadapter"));
	assert_null(fsv_adaptor_kind(""));
}

static void test_adaptors_of_the_wrong_kind_are_a_configuration_error(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "feature.single.adaptor: MockBatchAdapter", "test.yaml:1:1: feature.single.adaptor: MockBatchAdapter serves "
		  "batches, this key needs an adaptor for single look-ups" },
		{ "feature.batch.adaptor: HttpAdapter", "test.yaml:1:1: feature.batch.adaptor: HttpAdapter serves single "
		  "look-ups, this key needs an adaptor for batches" },
		{ "port: 7\nserver.port: 7", "port and server.port are both 7; give each its own port" },
		{ "feature.batch.adaptor: com.example.Own", NULL },
		{ "port: 0\nserver.port: 0", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_conf *conf = NULL;
		int r = fsv_conf_load_text(&fsv_server_schema, fsv_str(cases[i].text), "test.yaml", &conf, &err);

		if ((r < 0) != (cases[i].error != NULL) || (r < 0 && !strstr(err.text, cases[i].error)))
			fail_msg("%s: got %d %s", cases[i].text, r, err.text);
		if (r == 0)
			fsv_conf_unref(conf);
	}
}

#define TEST(name, first)	cmocka_unit_test_setup_teardown(name, first, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_file_for_everybody, set_up),
		TEST(test_people_by_id, set_up),
		TEST(test_features_over_http, set_up_http),
		TEST(test_a_batch_asks_for_each_row, set_up_http),
		TEST(test_a_stop_cuts_off_look_ups, set_up_http),
		TEST(test_rows_refused_for_now_are_asked_for_again, set_up_crowded),
		TEST(test_without_an_adaptor_behind_it_no_row_has_features, set_up_without_single),
		cmocka_unit_test_setup_teardown(test_a_service_that_is_down_is_a_110, set_up_dead_service,
						tear_down_dead_service),
		cmocka_unit_test_setup_teardown(test_http_batch_tells_no_features_from_no_service, set_up_http_batch,
						tear_down_dead_service),
		TEST(test_people_in_a_database, set_up),
		TEST(test_a_database_that_goes_and_comes, set_up),
		cmocka_unit_test(test_names_of_adaptors),
		cmocka_unit_test(test_adaptors_of_the_wrong_kind_are_a_configuration_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
