/* SPDX-License-Identifier: Apache-2.0 */
/* A private folder with .fate in it, and what the server's models log, for the tests of stores. */
#ifndef FSV_TEST_MODELS_HELPER_H
#define FSV_TEST_MODELS_HELPER_H

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "model/models.h"
#include "model/store.h"
#include "plan-helper.h"

static struct fsv_arena arena;
static char folder[256];		/* holds .fate */
static struct fsv_buf log_lines;

static void keep_line(int level, const struct fsv_log_tags *tags, const char *file, int line, const char *func,
		      const char *text)
{
	(void)tags, (void)file, (void)line, (void)func;
	fsv_buf_printf(&log_lines, "<%d>%s\n", level, text);
}

static UNUSED int set_up(void **state)
{
	const char *base = getenv("TMPDIR");

	(void)state;
	fsv_arena_init(&arena, 0);
	fsv_buf_init(&log_lines, NULL, 0);
	fsv_log_set_sink(keep_line);
	snprintf(folder, sizeof(folder), "%s/fsv-models-XXXXXX", base && base[0] ? base : "/tmp");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static UNUSED int tear_down(void **state)
{
	(void)state;
	fsv_log_set_sink(NULL);
	fsv_buf_done(&log_lines);
	fsv_arena_done(&arena);
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static UNUSED void assert_logged(const char *want)
{
	if (!strstr(fsv_buf_cstr(&log_lines), want))
		fail_msg("no line with \"%s\" in:\n%s", want, fsv_buf_cstr(&log_lines));
}

static UNUSED struct fsv_str read_whole(const char *path)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_str text;
	char *data = NULL;
	size_t n = 0;

	if (fsv_read_file(path, 64 << 20, &data, &n, &err) < 0)
		fail_msg("%s", err.text);
	text = fsv_arena_str(&arena, fsv_str_n(data, n));
	free(data);
	return text;
}

static UNUSED void write_fate_file(const char *name, struct fsv_str bytes)
{
	const char *fate = fsv_arena_printf(&arena, "%s/.fate", folder);
	struct fsv_err err = FSV_ERR_INIT;

	(void)mkdir(fate, 0700);	/* is there from the second file on */
	if (fsv_write_file(fsv_arena_printf(&arena, "%s/%s", fate, name), bytes.p, bytes.n, 0600, &err) < 0)
		fail_msg("%s", err.text);
}

static UNUSED void use_store(const char *name, const char *corpus_file)
{
	corpus_file = fsv_arena_printf(&arena, "tests/fuzz/corpus/model-store/%s", corpus_file);
	write_fate_file(name, read_whole(corpus_file));
}

/* A package that can be served. */
static UNUSED void make_package(struct test_model *m, bool guest, double weight)
{
	const struct weight weights[] = { { "x0", weight }, { NULL, 0 } };
	static const char *const header[] = { "x0", NULL };
	struct input_spec input = { .format = "dense", .header = header };

	model_init(m);
	model_add_dsl(m, guest ? DSL_LR("Guest") : DSL_LR("Host"));
	model_add_input(m, "in_0", &input);
	model_add_lr(m, "lr_0", weights, 0.1);
}

/* The same as a data file. */
static UNUSED void write_package(const char *key, bool guest)
{
	struct test_model m;
	struct fsv_buf json;

	make_package(&m, guest, 0.5);
	fsv_buf_init(&json, &arena, 0);
	fsv_package_format(&m.package, &json);
	write_fate_file(fsv_arena_printf(&arena, "model_%s_cache", key), fsv_buf_str(&json));
	model_done(&m);
}

static UNUSED struct fsv_models *open_folder(struct fsv_models_report *ret_report)
{
	struct fsv_models_opt opt = { .cache_path = folder, .lr_split = 500 };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_models *models = NULL;

	if (fsv_models_open(&opt, NULL, NULL, &models, ret_report, &err) < 0)
		fail_msg("%s", err.text);
	return models;
}

/* Changing --------------------------------------------------------------------------------------- */

static UNUSED struct fsv_stored_model record_of(const char *table, const char *space, bool guest)
{
	static struct fsv_stored_partner partner;

	partner = (struct fsv_stored_partner){ FSV_STR("10000"), FSV_STR("t-partner"), FSV_STR("n-partner") };
	return (struct fsv_stored_model){
		.table_name = fsv_str(table), .name_space = fsv_str(space),
		.role = guest ? FSV_STR("guest") : FSV_STR("host"), .party_id = FSV_STR("9999"),
		.partners = &partner, .n_partners = 1,
	};
}

static UNUSED int try_load(struct fsv_models *models, const struct fsv_stored_model *record, double weight, struct fsv_err *err)
{
	struct test_model m;
	int r;

	make_package(&m, fsv_str_is(record->role, "guest"), weight);
	r = fsv_models_load(models, record, &m.package, NULL, err);
	model_done(&m);
	return r;
}

static UNUSED void load(struct fsv_models *models, const char *table, const char *space, bool guest, double weight)
{
	struct fsv_stored_model record = record_of(table, space, guest);
	struct fsv_err err = FSV_ERR_INIT;

	if (try_load(models, &record, weight, &err) < 0)
		fail_msg("%s", err.text);
}

static UNUSED void bind_id(struct fsv_models *models, const char *id, const char *table, const char *space)
{
	struct fsv_err err = FSV_ERR_INIT;

	if (fsv_models_bind(models, fsv_str(id), fsv_str(table), fsv_str(space), &err) < 0)
		fail_msg("%s", err.text);
}

static UNUSED int compare_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static UNUSED const char *joined(const char **texts, size_t n)
{
	struct fsv_buf text;

	fsv_buf_init(&text, &arena, 0);
	if (n > 0)
		qsort(texts, n, sizeof(*texts), compare_text);
	for (size_t i = 0; i < n; i++)
		fsv_buf_printf(&text, "%s%s", i ? " " : "", texts[i]);
	return fsv_buf_cstr(&text);
}

/* "table=space(id id) …", sorted. */
static UNUSED const char *state_of(struct fsv_models *models)
{
	struct fsv_model_listing *list = NULL;
	size_t n = fsv_models_list(models, &arena, &list);
	const char **texts = FSV_ARENA_NEW_N(&arena, const char *, n);

	for (size_t i = 0; i < n; i++) {
		const char **ids = FSV_ARENA_NEW_N(&arena, const char *, list[i].n_service_ids);

		for (size_t k = 0; k < list[i].n_service_ids; k++)
			ids[k] = list[i].service_ids[k].p;
		texts[i] = fsv_arena_printf(&arena, "%s=%s(%s)", list[i].model->table_name, list[i].model->name_space,
					    joined(ids, list[i].n_service_ids));
	}
	fsv_models_list_done(list, n);
	return joined(texts, n);
}

static UNUSED bool there(const char *name)
{
	return access(fsv_arena_printf(&arena, "%s/.fate/%s", folder, name), F_OK) == 0;
}

static UNUSED struct fsv_models *reopen(struct fsv_models *models)
{
	struct fsv_models_report report;

	fsv_models_free(models);
	return open_folder(&report);
}

static UNUSED const char *score(struct fsv_models *models, const char *id)
{
	bool bound;
	struct fsv_model *model = fsv_models_by_service(models, fsv_str(id), &bound);
	struct fsv_err err = FSV_ERR_INIT;
	const char *text;

	assert_non_null(model);
	text = local_text(model->plan, "{\"x0\":2}", false, &arena, &err);
	fsv_model_unref(model);
	return text;
}

#endif
