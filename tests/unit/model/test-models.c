/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stores in tests/fuzz/corpus/model-store were written by Java, from a class of the same name and
 * fields as the reference's Model; load-twice was changed by hand, load-cut is the head of load-good.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#include "model/store.h"
#include "models-helper.h"

#define EXAMPLE_TABLE	"2020080416153238910324"
#define EXAMPLE_MODEL	"arbiter-10000#guest-9999#host-10000#model"

/* Path of a shared file, or NULL. */
static const char *shared(const char *name)
{
	const char *base = getenv("FSV_SHARED");
	const char *path = fsv_arena_printf(&arena, "%s/%s", base ? base : "../shared", name);

	return access(path, R_OK) == 0 ? path : NULL;
}

/* What the stores say --------------------------------------------------------------------------- */

/* The values of the specification's worked example. The package is gone by now. */
static void check_example_score(const struct fsv_model *host)
{
	static const char *const values[] = {
		"-0.320167", "0.58883", "-0.18408", "-0.384207", "2.201839", "1.68401", "1.219096", "1.150692",
		"1.9656", "1.572462", "-0.35685", "-0.389818", "-0.227743", "-0.352403", "-0.436677", "0.53329",
		"0.120568", "0.075243", "0.107482", "-0.017363",
	};
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_buf features;

	fsv_buf_init(&features, &arena, 0);
	for (int i = 0; i < 20; i++)
		fsv_buf_printf(&features, "%c\"x%d\":%s", i ? ',' : '{', 300 + i, values[i]);
	fsv_buf_putc(&features, '}');
	assert_string_equal(local_text(host->plan, fsv_buf_cstr(&features), false, &arena, &err),
			    "\"hetero_lr_0\":{\"score\":-0.5006253310300264}");
}

static void the_example_is_restored(void **state)
{
	const char *zip = shared("data/model_cache_example.zip");
	struct fsv_models_report report;
	struct fsv_models *models;
	struct fsv_model *guest, *host;
	bool bound = false;

	(void)state;
	if (!zip)
		skip();
	zip = fsv_arena_printf(&arena, "python3 -m zipfile -e '%s' '%s/.fate'", zip, folder);
	assert_int_equal(system(zip), 0);
	models = open_folder(&report);
	assert_int_equal(report.restored, 2);
	assert_int_equal(report.failed, 0);
	assert_int_equal(report.bound, 1);
	assert_int_equal(fsv_models_count(models), 2);
	assert_int_equal(fsv_models_bound(models), 1);
	guest = fsv_models_by_service(models, FSV_STR("lr-test"), &bound);
	assert_true(bound);
	assert_non_null(guest);
	assert_true(guest->guest);
	assert_string_equal(guest->table_name, EXAMPLE_TABLE);
	assert_string_equal(guest->name_space, "guest#9999#" EXAMPLE_MODEL);
	assert_string_equal(guest->key, EXAMPLE_TABLE "_guest#9999#" EXAMPLE_MODEL);
	assert_string_equal(guest->party_id, "9999");
	assert_null(guest->resource_address);
	assert_true(guest->timestamp == INT64_C(1597051900508));
	assert_int_equal(guest->n_partners, 1);
	assert_string_equal(guest->partners[0].party_id, "10000");
	assert_string_equal(guest->partners[0].table_name, EXAMPLE_TABLE);
	assert_string_equal(guest->partners[0].name_space, "host#10000#" EXAMPLE_MODEL);
	host = fsv_models_by_partner(models, fsv_str(guest->table_name), fsv_str(guest->name_space));
	assert_non_null(host);
	assert_false(host->guest);
	assert_true(host->timestamp == INT64_C(1597051901274));
	assert_null(fsv_models_by_partner(models, fsv_str(host->table_name), fsv_str(host->name_space)));
	check_example_score(host);
	fsv_model_unref(host);
	fsv_model_unref(guest);
	fsv_models_free(models);
}

/* Returns how many models the store names. */
static size_t check_reference_store(const char *fate)
{
	struct fsv_str bytes = read_whole(fsv_arena_printf(&arena, "%s/loadModelStore.cache", fate));
	const char *bindings_path = fsv_arena_printf(&arena, "%s/bindModelStore.cache", fate);
	struct fsv_stored_binding *bindings = NULL;
	struct fsv_stored_model *stored = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	size_t n = 0, n_bindings = 0;

	if (fsv_store_parse_models(bytes, &arena, &stored, &n, &err) < 0)
		fail_msg("%s: %s", fate, err.text);
	for (size_t i = 0; i < n; i++) {
		struct fsv_package package = { .n = 0 };
		struct fsv_str json;

		if (stored[i].fault)
			fail_msg("%s: %s", fate, stored[i].fault);
		assert_true(stored[i].n_partners > 0);
		assert_true(fsv_str_is(stored[i].role, strstr(fate, "/host-") ? "host" : "guest"));
		json = read_whole(fsv_arena_printf(&arena, "%s/model_%.*s_cache", fate,
						   FSV_STR_ARG(stored[i].key)));
		if (fsv_package_parse(json, &arena, &package, &err) < 0)
			fail_msg("%s: %s", fate, err.text);
		assert_true(fsv_package_pipeline(&package).n > 0);
	}
	if (access(bindings_path, R_OK) < 0)
		return n;
	bytes = read_whole(bindings_path);
	if (fsv_store_parse_bindings(bytes, &arena, &bindings, &n_bindings, &err) < 0)
		fail_msg("%s: %s", fate, err.text);
	for (size_t i = 0; i < n_bindings; i++)
		assert_null(bindings[i].fault);
	return n;
}

static void stores_of_the_reference_are_read(void **state)
{
	static const char *const parties[] = { "guest", "host-10000", "host-10001" };
	const char *golden = shared("golden");
	struct dirent *entry;
	size_t n = 0, stores = 0;
	DIR *dir;

	(void)state;
	if (!golden)
		skip();
	dir = opendir(golden);
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		for (size_t i = 0; i < 3; i++) {
			const char *fate = fsv_arena_printf(&arena, "%s/%s/%s/.fate", golden, entry->d_name,
							    parties[i]);

			if (entry->d_name[0] == '.' || access(fate, R_OK) < 0)
				continue;
			n += check_reference_store(fate);
			stores++;
		}
	closedir(dir);
	assert_true(stores >= 80);
	assert_true(n >= stores);
}

static void partners_come_in_the_order_of_java_s_map(void **state)
{
	static const char *const want[] = { "22", "9998", "10000", "8", "10002", "10001" };
	struct fsv_models_report report;
	struct fsv_models *models;
	struct fsv_model *model;

	(void)state;
	use_store("loadModelStore.cache", "load-good");
	write_package("t1_guest#1", true);
	write_package("t1_host#10000", false);
	models = open_folder(&report);
	assert_int_equal(report.restored, 2);
	model = fsv_models_by_name(models, FSV_STR("t1"), FSV_STR("guest#1"));
	assert_non_null(model);
	assert_int_equal(model->n_partners, 6);
	for (int i = 0; i < 6; i++) {
		assert_string_equal(model->partners[i].party_id, want[i]);
		assert_string_equal(model->partners[i].name_space, fsv_arena_printf(&arena, "host#%s", want[i]));
	}
	fsv_model_unref(model);
	model = fsv_models_by_name(models, FSV_STR("t1"), FSV_STR("host#10000"));
	assert_string_equal(model->resource_address, "127.0.0.1:9380");
	fsv_model_unref(model);
	fsv_models_free(models);
}

static void unusual_entries_are_taken(void **state)
{
	struct fsv_models_report report;
	struct fsv_models *models;
	struct fsv_model *model;

	(void)state;
	use_store("loadModelStore.cache", "load-odd");
	write_package("t4_odd", false);
	write_package("t4_linked", true);
	models = open_folder(&report);
	assert_int_equal(report.restored, 2);
	assert_logged("<4>model t4_odd has the role \"arbiter\"; it is served as a host's");
	model = fsv_models_by_name(models, FSV_STR("t4"), FSV_STR("odd"));
	assert_false(model->guest);
	assert_string_equal(model->party_id, "");
	assert_int_equal(model->n_partners, 0);
	assert_true(model->timestamp == -1);
	fsv_model_unref(model);
	model = fsv_models_by_name(models, FSV_STR("t4"), FSV_STR("linked"));
	assert_int_equal(model->n_partners, 2);
	assert_string_equal(model->partners[0].party_id, "8");
	fsv_model_unref(model);
	fsv_models_free(models);
}

static void the_host_model_loaded_last_answers_for_a_shared_partner(void **state)
{
	struct fsv_models_report report;
	struct fsv_models *models;
	struct fsv_model *model;

	(void)state;
	use_store("loadModelStore.cache", "load-same-partner");
	write_package("t1_host#10000", false);
	write_package("t1_host#10001", false);
	write_package("t1_host#10002", false);
	models = open_folder(&report);
	assert_int_equal(report.restored, 3);
	model = fsv_models_by_partner(models, FSV_STR("t1"), FSV_STR("guest#1"));
	assert_string_equal(model->name_space, "host#10001");
	fsv_model_unref(model);
	fsv_models_free(models);
}

/* Looking up ------------------------------------------------------------------------------------ */

static void names_are_not_joined_when_looking_up(void **state)
{
	struct fsv_models_report report;
	struct fsv_models *models;
	bool bound = true;

	(void)state;
	use_store("loadModelStore.cache", "load-good");
	use_store("bindModelStore.cache", "bind-mixed");
	write_package("t1_guest#1", true);
	write_package("t1_host#10000", false);
	models = open_folder(&report);
	assert_null(fsv_models_by_name(models, FSV_STR("t1_guest#1"), FSV_STR("")));
	assert_null(fsv_models_by_name(models, FSV_STR(""), FSV_STR("t1_guest#1")));
	assert_null(fsv_models_by_name(models, FSV_STR("guest#1"), FSV_STR("t1")));
	assert_null(fsv_models_by_name(models, FSV_STR("t1"), FSV_STR("guest#2")));
	assert_null(fsv_models_by_name(models, FSV_STR_NULL, FSV_STR_NULL));
	assert_null(fsv_models_by_partner(models, FSV_STR("t1"), FSV_STR("host#10000")));
	assert_null(fsv_models_by_service(models, FSV_STR("LR-test"), &bound));
	assert_false(bound);
	fsv_models_free(models);
}

static void a_model_outlives_its_table(void **state)
{
	struct fsv_models_report report;
	struct fsv_models *models;
	struct fsv_model *model;

	(void)state;
	use_store("loadModelStore.cache", "load-good");
	write_package("t1_guest#1", true);
	models = open_folder(&report);
	model = fsv_models_by_name(models, FSV_STR("t1"), FSV_STR("guest#1"));
	models = fsv_models_free(models);
	assert_null(models);
	assert_string_equal(model->key, "t1_guest#1");
	assert_true(fsv_plan_memory(model->plan) > 0);
	assert_null(fsv_model_unref(model));
	assert_null(fsv_model_unref(NULL));
	assert_null(fsv_models_free(NULL));
}

/* Faults ---------------------------------------------------------------------------------------- */

static void a_bad_entry_costs_that_entry_alone(void **state)
{
	static const char *const lines[] = {
		"<4>model other_key is not restored: its key is not made of its tableName and its namespace;",
		"<4>model null_n is not restored: it has no tableName;",
		"<4>model t_null is not restored: it has no namespace;",
		"<4>model _n is not restored: it has no tableName;",
		"<4>model text is not restored: it is not a Model;",
		"<4>model  is not restored: its key is not a text;",
		"<4>model ../../etc_passwd is not restored: its names have a slash",
		"<4>model t?x_n is not restored: its names have a slash or a control",
		"<4>model t?x_n is not restored: it has no tableName;",
		"<4>model t3_badpartner is not restored: the model of one of its partners: it has no tableName;",
		"<4>model t3_badparty is not restored: a partner's party id is not a text;",
		"<4>model t3_badmap is not restored: its federationModelMap is an object that is no map;",
		"<4>model t3_manypartners is not restored: it has too many partners;",
		"/.fate/model_absent_file_cache: No such file or directory; it is not served until it is loaded again",
	};
	struct fsv_models_report report;
	struct fsv_models *models;

	(void)state;
	use_store("loadModelStore.cache", "load-faults");
	write_package("t1_host#10000", false);
	models = open_folder(&report);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_logged(lines[i]);
	assert_int_equal(report.restored, 1);
	assert_int_equal(report.failed, 14);
	assert_int_equal(fsv_models_count(models), 1);
	fsv_models_free(models);
}

static void a_model_that_stands_twice_counts_once(void **state)
{
	struct fsv_models_report report;
	struct fsv_models *models;

	(void)state;
	use_store("loadModelStore.cache", "load-twice");
	write_package("d_a", false);
	models = open_folder(&report);
	assert_logged("model d_a is not restored: it stands in the store twice;");
	assert_int_equal(report.restored, 1);
	assert_int_equal(report.failed, 1);
	fsv_models_free(models);
}

static void bindings_need_their_model(void **state)
{
	struct fsv_models_report report;
	struct fsv_models *models;
	struct fsv_model *model;
	bool bound = false;

	(void)state;
	use_store("loadModelStore.cache", "load-good");
	use_store("bindModelStore.cache", "bind-mixed");
	write_package("t1_guest#1", true);
	models = open_folder(&report);
	assert_int_equal(report.restored, 1);
	assert_int_equal(report.failed, 1);
	assert_int_equal(report.bound, 2);
	assert_int_equal(report.dropped_bindings, 4);
	assert_logged("<4>service id \"gone\" is not bound: its model t9_n was not restored;");
	assert_logged("<4>a binding of service id \"number\" is left out: its model key is not a text;");
	assert_logged("<4>a binding of service id \"\" is left out: its service id is not a text;");
	model = fsv_models_by_service(models, FSV_STR("second/\xe4\xb8\xad"), &bound);
	assert_non_null(model);
	assert_true(bound);
	fsv_model_unref(model);
	assert_null(fsv_models_by_service(models, FSV_STR("gone"), &bound));
	assert_false(bound);
	fsv_models_free(models);
}

static void a_broken_data_file_costs_that_model_alone(void **state)
{
	static const struct { const char *data, *want; } cases[] = {
		{ "", "not a JSON object" },
		{ "{\"a\":", "line 1" },
		{ "{}", "model_t1_guest#1_cache" },
		{ "{\"pipeline.pipeline:Pipeline\":\"/////w==\"}", "model_t1_guest#1_cache" },
		{ "{\"x.a:FooMeta\":\"\",\"x.b:BarMeta\":\"\"}", "mean the same message" },
	};

	(void)state;
	use_store("loadModelStore.cache", "load-good");
	use_store("bindModelStore.cache", "bind-mixed");
	write_package("t1_host#10000", false);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_models_report report;
		struct fsv_models *models;

		fsv_buf_clear(&log_lines);
		write_fate_file("model_t1_guest#1_cache", fsv_str(cases[i].data));
		models = open_folder(&report);
		assert_int_equal(report.restored, 1);
		assert_int_equal(report.failed, 1);
		assert_int_equal(report.bound, 0);
		assert_logged("<4>model t1_guest#1 is not restored: ");
		assert_logged(cases[i].want);
		fsv_models_free(models);
	}
}

static void a_broken_store_is_logged_and_empty(void **state)
{
	static const struct { const char *file, *want; } cases[] = {
		{ "load-cut", "the stream ends in the middle of a value" },
		{ "empty", "it is empty" },
		{ "load-list", "no map" },
		{ "bind-mixed", "" },
	};

	(void)state;
	use_store("bindModelStore.cache", "bind-mixed");
	write_package("t1_guest#1", true);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_models_report report;
		struct fsv_models *models;

		fsv_buf_clear(&log_lines);
		use_store("loadModelStore.cache", cases[i].file);
		models = open_folder(&report);
		assert_int_equal(report.restored, 0);
		assert_int_equal(report.bound, 0);
		assert_int_equal(report.dropped_bindings, 6);
		assert_logged(cases[i].want);
		if (i < 3)
			assert_logged("/.fate/loadModelStore.cache cannot be read: ");
		fsv_models_free(models);
	}
}

static void a_broken_bind_store_leaves_the_models(void **state)
{
	struct fsv_models_report report;
	struct fsv_models *models;

	(void)state;
	use_store("loadModelStore.cache", "load-good");
	use_store("bindModelStore.cache", "load-cut");
	write_package("t1_guest#1", true);
	write_package("t1_host#10000", false);
	models = open_folder(&report);
	assert_int_equal(report.restored, 2);
	assert_int_equal(report.bound, 0);
	assert_logged("<3>model store ");
	assert_logged("/.fate/bindModelStore.cache cannot be read: ");
	fsv_models_free(models);
}

static void a_store_beyond_its_limit_is_refused(void **state)
{
	struct fsv_models_report report;
	struct fsv_models *models;

	(void)state;
	use_store("loadModelStore.cache", "load-good");
	assert_int_equal(truncate(fsv_arena_printf(&arena, "%s/.fate/loadModelStore.cache", folder),
				  FSV_STORE_MAX_BYTES + 1), 0);
	models = open_folder(&report);
	assert_int_equal(report.restored + report.failed, 0);
	assert_logged("is larger than 67108864 bytes; starting without");
	fsv_models_free(models);
}

static void a_missing_folder_is_made_and_empty(void **state)
{
	struct fsv_models_report report;
	struct fsv_models *models = open_folder(&report);
	struct stat st;
	bool bound = true;

	(void)state;
	assert_int_equal(stat(fsv_arena_printf(&arena, "%s/.fate", folder), &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 07, 0);
	assert_int_equal(report.restored + report.failed + report.bound + report.dropped_bindings, 0);
	assert_int_equal(fsv_models_count(models), 0);
	assert_null(fsv_models_by_service(models, FSV_STR("a"), &bound));
	assert_false(bound);
	assert_null(strstr(fsv_buf_cstr(&log_lines), "<3>"));
	assert_null(strstr(fsv_buf_cstr(&log_lines), "<4>"));
	fsv_models_free(models);
}

static void a_folder_that_cannot_be_used_is_an_error(void **state)
{
	struct fsv_models_opt opt = { .cache_path = fsv_arena_printf(&arena, "%s/absent", folder) };
	struct fsv_models *models = NULL;
	struct fsv_models_report report;
	struct fsv_err err = FSV_ERR_INIT;

	(void)state;
	assert_int_equal(fsv_models_open(&opt, NULL, NULL, &models, &report, &err), -ENOENT);
	assert_non_null(strstr(err.text, "absent/.fate: No such file"));
	opt.cache_path = folder;
	assert_int_equal(fsv_write_file(fsv_arena_printf(&arena, "%s/.fate", folder), "x", 1, 0600, &err), 0);
	assert_int_equal(fsv_models_open(&opt, NULL, NULL, &models, &report, &err), -ENOTDIR);
	assert_null(models);
}

static void count_progress(void *arg, unsigned done, unsigned of)
{
	unsigned *seen = arg;

	assert_int_equal(done, *seen + 1);
	assert_int_equal(of, 15);
	*seen = done;
}

static void progress_runs_after_each_model(void **state)
{
	struct fsv_models_opt opt = { .cache_path = folder };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_models *models = NULL;
	struct fsv_models_report report;
	unsigned seen = 0;

	(void)state;
	use_store("loadModelStore.cache", "load-faults");
	assert_int_equal(fsv_models_open(&opt, count_progress, &seen, &models, &report, &err), 0);
	assert_int_equal(seen, 15);
	fsv_models_free(models);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(the_example_is_restored),
		TEST(stores_of_the_reference_are_read),
		TEST(partners_come_in_the_order_of_java_s_map),
		TEST(unusual_entries_are_taken),
		TEST(the_host_model_loaded_last_answers_for_a_shared_partner),
		TEST(names_are_not_joined_when_looking_up),
		TEST(a_model_outlives_its_table),
		TEST(a_bad_entry_costs_that_entry_alone),
		TEST(a_model_that_stands_twice_counts_once),
		TEST(bindings_need_their_model),
		TEST(a_broken_data_file_costs_that_model_alone),
		TEST(a_broken_store_is_logged_and_empty),
		TEST(a_broken_bind_store_leaves_the_models),
		TEST(a_store_beyond_its_limit_is_refused),
		TEST(a_missing_folder_is_made_and_empty),
		TEST(a_folder_that_cannot_be_used_is_an_error),
		TEST(progress_runs_after_each_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
