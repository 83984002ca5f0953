/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "model/store-write.h"
#include "models-helper.h"

static void changes_are_there_after_a_restart(void **state)
{
	struct fsv_models_report report;
	struct fsv_models *models = open_folder(&report);
	struct fsv_err err = FSV_ERR_INIT;
	const struct fsv_str ids[] = { FSV_STR("a"), FSV_STR("b") };

	(void)state;
	load(models, "t1", "guest#1", true, 0.5);
	load(models, "t2", "guest#1", true, 0.25);
	bind_id(models, "a", "t1", "guest#1");
	bind_id(models, "b", "t1", "guest#1");
	bind_id(models, "c", "t2", "guest#1");
	assert_string_equal(state_of(models), "t1=guest#1(a b) t2=guest#1(c)");
	models = reopen(models);
	assert_string_equal(state_of(models), "t1=guest#1(a b) t2=guest#1(c)");
	bind_id(models, "b", "t2", "guest#1");
	assert_string_equal(state_of(models), "t1=guest#1(a) t2=guest#1(b c)");
	assert_int_equal(fsv_models_unbind(models, ids, 2, FSV_STR("t1"), FSV_STR("guest#1"), &err), FSV_E_MODEL_NULL);
	assert_string_equal(err.text, "unbind request info is error");
	assert_string_equal(state_of(models), "t1=guest#1(a) t2=guest#1(b c)");
	assert_int_equal(fsv_models_unbind(models, ids, 1, FSV_STR("t1"), FSV_STR("guest#1"), &err), 0);
	models = reopen(models);
	assert_string_equal(state_of(models), "t1=guest#1() t2=guest#1(b c)");
	assert_int_equal(fsv_models_unload(models, FSV_STR("t2"), FSV_STR("guest#1"), &err), 0);
	assert_false(there("model_t2_guest#1_cache"));
	assert_true(there("model_t1_guest#1_cache"));
	models = reopen(models);
	assert_string_equal(state_of(models), "t1=guest#1()");
	fsv_models_free(models);
}

static void a_new_load_takes_the_place_of_the_old_one_and_keeps_its_bindings(void **state)
{
	struct fsv_models_report report;
	struct fsv_models *models = open_folder(&report);
	struct fsv_model *old;
	bool bound;

	(void)state;
	load(models, "t1", "host#1", false, 0.5);
	bind_id(models, "a", "t1", "host#1");
	old = fsv_models_by_service(models, FSV_STR("a"), &bound);
	assert_string_equal(score(models, "a"), "\"lr_0\":{\"score\":1.1}");
	load(models, "t1", "host#1", false, 0.25);
	assert_string_equal(score(models, "a"), "\"lr_0\":{\"score\":0.6}");
	/* Whoever took the old one goes on with it. */
	assert_non_null(old->plan);
	assert_string_equal(state_of(models), "t1=host#1(a)");
	models = reopen(models);
	assert_string_equal(score(models, "a"), "\"lr_0\":{\"score\":0.6}");
	fsv_model_unref(old);
	fsv_models_free(models);
}

static void what_cannot_be_loaded_changes_nothing(void **state)
{
	static const struct {
		const char *table, *space, *words;
	} bad[] = {
		{ "", "n", "tableName is empty" }, { "t", "", "namespace is empty" },
		{ "a/b", "n", "slash" }, { "t", "n\n", "control character" }, { "t\xff", "n", "not UTF-8" },
		{ "t1_guest", "x", "join to the same key" },
	};
	struct fsv_models_report report;
	struct fsv_models *models = open_folder(&report);
	struct fsv_stored_model record;
	struct fsv_err err = FSV_ERR_INIT;
	struct test_model m;
	struct fsv_str before, after;

	(void)state;
	load(models, "t1", "guest_x", true, 0.5);
	before = read_whole(fsv_arena_printf(&arena, "%s/.fate/loadModelStore.cache", folder));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		record = record_of(bad[i].table, bad[i].space, true);
		assert_int_equal(try_load(models, &record, 0.5, &err), FSV_E_PARAM);
		assert_non_null(strstr(err.text, bad[i].words));
	}
	/* The data of the running model survives a package that cannot be served. */
	make_package(&m, false, 0.5);
	record = record_of("t1", "guest_x", true);
	assert_int_equal(fsv_models_load(models, &record, &m.package, NULL, &err), FSV_E_MODEL_INIT);
	model_done(&m);
	after = read_whole(fsv_arena_printf(&arena, "%s/.fate/loadModelStore.cache", folder));
	assert_true(fsv_str_eq(before, after));
	models = reopen(models);
	assert_string_equal(state_of(models), "t1=guest_x()");
	assert_int_equal(fsv_models_bind(models, FSV_STR("a"), FSV_STR("t9"), FSV_STR("n"), &err), FSV_E_MODEL_NULL);
	assert_string_equal(err.text, "model t9_n is not exist ");
	assert_int_equal(fsv_models_unload(models, FSV_STR("t9"), FSV_STR("n"), &err), FSV_E_MODEL_NULL);
	assert_string_equal(err.text, " found model info, please check if the model is already loaded.");
	fsv_models_free(models);
}

static void limits_are_refused_by_the_key_that_sets_them(void **state)
{
	struct fsv_models_opt opt = { .cache_path = folder, .lr_split = 500, .max_models = 1, .max_bindings = 1 };
	struct fsv_models_report report;
	struct fsv_models *models = NULL;
	struct fsv_stored_model record = record_of("t2", "n", true);
	struct fsv_err err = FSV_ERR_INIT;

	(void)state;
	assert_int_equal(fsv_models_open(&opt, NULL, NULL, &models, &report, &err), 0);
	load(models, "t1", "n", true, 0.5);
	load(models, "t1", "n", true, 0.5);
	assert_int_equal(try_load(models, &record, 0.5, &err), FSV_E_LIMIT);
	assert_non_null(strstr(err.text, "model.max.loaded"));
	bind_id(models, "a", "t1", "n");
	bind_id(models, "a", "t1", "n");
	assert_int_equal(fsv_models_bind(models, FSV_STR("b"), FSV_STR("t1"), FSV_STR("n"), &err), FSV_E_LIMIT);
	assert_non_null(strstr(err.text, "model.max.bound"));
	fsv_models_free(models);
}

static void a_model_that_was_not_restored_stays_in_the_stores(void **state)
{
	struct fsv_models_report report;
	struct fsv_models *models = open_folder(&report);
	struct fsv_err err = FSV_ERR_INIT;

	(void)state;
	load(models, "t1", "n", true, 0.5);
	load(models, "t2", "n", true, 0.5);
	bind_id(models, "a", "t1", "n");
	write_fate_file("model_t1_n_cache", FSV_STR("{broken"));
	models = reopen(models);
	assert_string_equal(state_of(models), "t2=n()");
	assert_logged("<4>model t1_n is not restored");
	assert_logged("service id \"a\" is not bound: its model t1_n was not restored; load the model again");
	/* Writing both stores does not forget it. */
	load(models, "t3", "n", true, 0.5);
	bind_id(models, "c", "t3", "n");
	models = reopen(models);
	assert_string_equal(state_of(models), "t2=n() t3=n(c)");
	load(models, "t1", "n", true, 0.5);
	assert_string_equal(state_of(models), "t1=n(a) t2=n() t3=n(c)");
	write_fate_file("model_t1_n_cache", FSV_STR("{broken"));
	models = reopen(models);
	assert_int_equal(fsv_models_unload(models, FSV_STR("t1"), FSV_STR("n"), &err), 0);
	models = reopen(models);
	load(models, "t1", "n", true, 0.5);
	assert_string_equal(state_of(models), "t1=n() t2=n() t3=n(c)");
	fsv_models_free(models);
}

static void a_broken_store_is_kept_and_its_bindings_wait(void **state)
{
	struct fsv_models_report report;
	struct fsv_models *models = open_folder(&report);

	(void)state;
	load(models, "t1", "n", true, 0.5);
	bind_id(models, "a", "t1", "n");
	write_fate_file("loadModelStore.cache", FSV_STR("no stream"));
	models = reopen(models);
	assert_string_equal(state_of(models), "");
	assert_true(there("loadModelStore.cache.corrupt"));
	load(models, "t1", "n", true, 0.5);
	assert_string_equal(state_of(models), "t1=n(a)");
	assert_true(fsv_str_is(read_whole(fsv_arena_printf(&arena, "%s/.fate/loadModelStore.cache.corrupt", folder)),
			       "no stream"));
	models = reopen(models);
	assert_string_equal(state_of(models), "t1=n(a)");
	fsv_models_free(models);
}

static void remains_of_a_crash_are_cleared_away(void **state)
{
	struct fsv_models_report report;
	struct fsv_models *models = open_folder(&report);

	(void)state;
	load(models, "t1", "n", true, 0.5);
	write_fate_file("load-0123456789abcdef0123456789abcdef-17", FSV_STR("{}"));
	write_fate_file("bindModelStore.cache.Ab3dEf", FSV_STR("half"));
	write_fate_file("loadModelStore.cache.corrupt", FSV_STR("kept"));
	models = reopen(models);
	assert_false(there("load-0123456789abcdef0123456789abcdef-17"));
	assert_false(there("bindModelStore.cache.Ab3dEf"));
	assert_true(there("loadModelStore.cache.corrupt"));
	assert_string_equal(state_of(models), "t1=n()");
	fsv_models_free(models);
}

/* As the reference's own bytes: one binding, which needs no order. */
static void a_store_of_one_binding_has_the_bytes_of_the_reference(void **state)
{
	const struct fsv_stored_binding binding = { .service_id = FSV_STR("a"), .model_key = FSV_STR("t1_n") };
	struct fsv_models_report report;
	struct fsv_models *models = open_folder(&report);
	struct fsv_buf want;

	(void)state;
	load(models, "t1", "n", true, 0.5);
	bind_id(models, "a", "t1", "n");
	fsv_buf_init(&want, &arena, 0);
	fsv_store_write_bindings(&binding, 1, &want);
	assert_true(fsv_str_eq(fsv_buf_str(&want),
			       read_whole(fsv_arena_printf(&arena, "%s/.fate/bindModelStore.cache", folder))));
	fsv_models_free(models);
}

static void a_folder_that_cannot_be_written_is_an_error_and_changes_nothing(void **state)
{
	struct fsv_models_report report;
	struct fsv_models *models = open_folder(&report);
	struct fsv_stored_model record = record_of("t2", "n", true);
	struct fsv_err err = FSV_ERR_INIT;

	(void)state;
	load(models, "t1", "n", true, 0.5);
	bind_id(models, "a", "t1", "n");
	/* Works for root too: the lock's name is a folder. */
	assert_int_equal(remove(fsv_arena_printf(&arena, "%s/.fate/loadModelStore.cache.lock", folder)), 0);
	assert_int_equal(mkdir(fsv_arena_printf(&arena, "%s/.fate/loadModelStore.cache.lock", folder), 0700), 0);
	assert_true(try_load(models, &record, 0.5, &err) < 0);
	assert_non_null(strstr(err.text, "loadModelStore.cache.lock"));
	assert_true(fsv_models_unload(models, FSV_STR("t1"), FSV_STR("n"), &err) < 0);
	assert_string_equal(state_of(models), "t1=n(a)");
	assert_true(there("model_t1_n_cache"));
	models = reopen(models);
	assert_string_equal(state_of(models), "t1=n(a)");
	fsv_models_free(models);
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(changes_are_there_after_a_restart),
		TEST(a_new_load_takes_the_place_of_the_old_one_and_keeps_its_bindings),
		TEST(what_cannot_be_loaded_changes_nothing),
		TEST(limits_are_refused_by_the_key_that_sets_them),
		TEST(a_model_that_was_not_restored_stays_in_the_stores),
		TEST(a_broken_store_is_kept_and_its_bindings_wait),
		TEST(remains_of_a_crash_are_cleared_away),
		TEST(a_store_of_one_binding_has_the_bytes_of_the_reference),
		TEST(a_folder_that_cannot_be_written_is_an_error_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
