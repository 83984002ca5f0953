/* SPDX-License-Identifier: Apache-2.0 */
/* The gate: what rules admit, and what becomes of them on disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "call/flow.h"
#include "call/gate.h"

enum { MANY = 100 };

static const struct fsv_interface one = { "I_one", "first" }, other = { "I_other", "second" };
static char folder[64], file[96], aside[112];
static struct fsv_gate *gate;
static unsigned faults;

static void count_faults(int level, const struct fsv_log_tags *tags, const char *name, int line, const char *func, const char *text)
{
	(void)tags, (void)name, (void)line, (void)func, (void)text;
	faults += level <= FSV_LOG_ERR;
}

static int open_gate(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "%s/fsv-gate-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof(file), "%s/.fate/rules.json", folder);
	snprintf(aside, sizeof(aside), "%s.broken", file);
	fsv_log_set_sink(count_faults);
	faults = 0;
	gate = fsv_gate_new(folder, "rules.json");
	return 0;
}

static int drop_gate(void **state)
{
	char inner[80];

	(void)state;
	gate = fsv_gate_free(gate);
	fsv_log_set_sink(NULL);
	snprintf(inner, sizeof(inner), "%s/.fate", folder);
	(void)remove(file);
	(void)remove(aside);
	(void)remove(inner);
	return rmdir(folder);
}

static void restart(void)
{
	fsv_gate_free(gate);
	gate = fsv_gate_new(folder, "rules.json");
}

static int set(const char *resource, double allowed)
{
	struct fsv_err err = FSV_ERR_INIT;

	return fsv_gate_set(gate, fsv_str(resource), allowed, MANY, &err);
}

static bool enters(const struct fsv_interface *interface)
{
	struct fsv_err err = FSV_ERR_INIT;
	int r = fsv_gate_enter(gate, interface, false, &err);

	if (r < 0) {
		assert_int_equal(r, FSV_E_OVERLOAD);
		assert_string_equal(strrchr(err.text, ' ') + 1, interface->service);
	}
	return r == 0;
}

static bool limited(const char *resource, double want)
{
	double allowed = NAN;

	return fsv_gate_limit(gate, fsv_str(resource), &allowed) && allowed == want;
}

static void holds(const char *path, const char *want)
{
	FSV_AUTO_MEM char *text = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	size_t n;

	if (fsv_read_file(path, 1 << 20, &text, &n, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(text, want);
}

static void on_disk(const char *want)
{
	holds(file, want);
}

static void put_on_disk(const char *text)
{
	struct fsv_err err = FSV_ERR_INIT;

	if (fsv_write_file(file, text, strlen(text), 0640, &err) < 0)
		fail_msg("%s", err.text);
}

static void a_limit_holds_until_it_goes(void **state)
{
	struct fsv_err err;

	(void)state;
	assert_true(enters(&one));
	assert_false(limited("I_one", 0));
	assert_int_equal(set("I_one", 0), 0);
	assert_true(limited("I_one", 0));
	assert_false(enters(&one));
	assert_true(enters(&other));
	on_disk("[{\"source\":\"I_one\",\"allow_qps\":0.0}]");
	assert_int_equal(set("I_one", -1), 0);
	assert_true(enters(&one));
	on_disk("[]");
	assert_int_equal(set("I_other", 0.5), 0);
	assert_int_equal(set("I_other", INFINITY), 0);
	assert_false(limited("I_other", 0.5));
	on_disk("[]");
	/* No rule has a say when there is no room. */
	assert_int_equal(fsv_gate_enter(gate, &one, true, &err), FSV_E_OVERLOAD);
	assert_int_equal(faults, 0);
}

static void models_are_limited_by_units(void **state)
{
	struct fsv_arena arena;
	struct fsv_err err = FSV_ERR_INIT;

	(void)state;
	fsv_arena_init(&arena, 0);
	assert_int_equal(fsv_gate_enter_model(gate, "key", 1000, &arena, &err), 0);
	assert_int_equal(set("key", 0), 0);	/* of no model: those begin with M_ */
	assert_int_equal(fsv_gate_enter_model(gate, "key", 1000, &arena, &err), 0);
	assert_int_equal(set("M_key", 5), 0);
	assert_int_equal(fsv_gate_enter_model(gate, "key", 6, &arena, &err), FSV_E_OVERLOAD);
	assert_string_equal(err.text, "request was block by over load, model resource: M_key");
	assert_int_equal(fsv_gate_enter_model(gate, "key", 5, &arena, &err), 0);
	assert_int_equal(fsv_gate_enter_model(gate, "keys", 6, &arena, &err), 0);
	fsv_arena_done(&arena);
}

static void rules_outlive_the_daemon(void **state)
{
	(void)state;
	assert_int_equal(set("I_one", 0), 0);
	assert_int_equal(set("M_\xe6\xa8\xa1\"\\\n#1", 2.5), 0);
	restart();
	assert_false(enters(&one));
	assert_true(limited("M_\xe6\xa8\xa1\"\\\n#1", 2.5));
	assert_int_equal(set("I_one", -1), 0);
	restart();
	assert_true(enters(&one));
	assert_true(limited("M_\xe6\xa8\xa1\"\\\n#1", 2.5));
	/* By hand. */
	put_on_disk("[{\"source\":\"I_other\",\"allow_qps\":\"0\"}]");
	assert_true(enters(&other));
	fsv_gate_reload(gate);
	assert_false(enters(&other));
	assert_false(limited("M_\xe6\xa8\xa1\"\\\n#1", 2.5));
	assert_int_equal(remove(file), 0);
	fsv_gate_reload(gate);
	assert_true(enters(&other));
	assert_int_equal(faults, 0);
}

static void a_broken_file_limits_nothing_and_is_told(void **state)
{
	(void)state;
	assert_int_equal(set("I_one", 0), 0);
	put_on_disk("[{\"source\":\"I_one\",");
	restart();
	assert_int_equal(faults, 1);
	assert_true(enters(&one));
	assert_int_equal(set("I_other", 0), 0);
	on_disk("[{\"source\":\"I_other\",\"allow_qps\":0.0}]");
	put_on_disk("[{\"source\":\"I_one\",\"allow_qps\":0},{\"source\":\"I_other\",\"allow_qps\":\"none\"}]");
	fsv_gate_reload(gate);
	assert_int_equal(faults, 2);
	assert_false(enters(&one));
	assert_true(enters(&other));
}

/* Whoever wrote it finds it again, once. */
static void a_broken_file_is_kept_aside(void **state)
{
	const char *broken = "[{\"source\":\"I_one\",";
	const char *half = "[{\"source\":\"I_one\",\"allow_qps\":0},{\"source\":\"I_two\"}]";

	(void)state;
	assert_int_equal(set("I_one", 0), 0);
	assert_int_equal(set("I_one", 1), 0);
	assert_int_equal(access(aside, F_OK), -1);	/* a good one is not */
	put_on_disk(broken);
	fsv_gate_reload(gate);
	assert_int_equal(access(aside, F_OK), -1);
	assert_int_equal(set("I_other", 1), 0);
	holds(aside, broken);
	on_disk("[{\"source\":\"I_other\",\"allow_qps\":1.0}]");
	assert_int_equal(set("I_other", 2), 0);
	holds(aside, broken);
	on_disk("[{\"source\":\"I_other\",\"allow_qps\":2.0}]");
	/* Part of it was in force and stays so. */
	put_on_disk(half);
	restart();
	assert_int_equal(set("I_other", 1), 0);
	holds(aside, half);
	on_disk("[{\"source\":\"I_one\",\"allow_qps\":0.0},{\"source\":\"I_other\",\"allow_qps\":1.0}]");
	/* Taken away by hand in the meantime. */
	put_on_disk(broken);
	fsv_gate_reload(gate);
	assert_int_equal(remove(file), 0);
	assert_int_equal(set("I_other", 1), 0);
	holds(aside, half);
}

/* Rather no new rule than a lost file. */
static void a_broken_file_that_cannot_be_kept_stays(void **state)
{
	const char *broken = "[";

	(void)state;
	assert_int_equal(set("I_one", 0), 0);
	put_on_disk(broken);
	fsv_gate_reload(gate);
	assert_int_equal(mkdir(aside, 0700), 0);
	assert_int_equal(set("I_one", 0), -EISDIR);
	assert_true(enters(&one));
	on_disk(broken);
	assert_int_equal(rmdir(aside), 0);
	assert_int_equal(set("I_one", 0), 0);
	assert_false(enters(&one));
	holds(aside, broken);
}

/* Nothing may get into the file that keeps it from being read. */
static void what_could_not_be_read_again_is_refused(void **state)
{
	enum { LENGTH = FSV_FLOW_FILE_MAX / 2 };
	FSV_AUTO_MEM char *name = fsv_calloc(1, LENGTH + 1);
	const char *rules = "[{\"source\":\"I_one\",\"allow_qps\":0.0}]";

	(void)state;
	assert_int_equal(set("I_one", 0), 0);
	assert_int_equal(set("I_\xff", 1), FSV_E_SYSTEM);
	assert_int_equal(set("I_one", NAN), FSV_E_SYSTEM);
	assert_int_equal(set("", 0), 0);
	on_disk(rules);
	memset(name, '\n', LENGTH);	/* two bytes each in the file */
	assert_int_equal(set(name, 1), FSV_E_LIMIT);
	assert_false(limited(name, 1));
	on_disk(rules);
	restart();
	assert_false(enters(&one));
	assert_int_equal(faults, 0);
}

static void there_are_no_more_than_so_many(void **state)
{
	struct fsv_err err = FSV_ERR_INIT;

	(void)state;
	assert_int_equal(fsv_gate_set(gate, FSV_STR("I_one"), 1, 2, &err), 0);
	assert_int_equal(fsv_gate_set(gate, FSV_STR("I_two"), 1, 2, &err), 0);
	assert_int_equal(fsv_gate_set(gate, FSV_STR("I_three"), 1, 2, &err), FSV_E_LIMIT);
	assert_false(limited("I_three", 1));
	assert_int_equal(fsv_gate_set(gate, FSV_STR("I_two"), 2, 1, &err), 0);	/* is there already */
	on_disk("[{\"source\":\"I_one\",\"allow_qps\":1.0},{\"source\":\"I_two\",\"allow_qps\":2.0}]");
	assert_int_equal(fsv_gate_set(gate, FSV_STR("I_one"), -1, 1, &err), 0);
	assert_int_equal(fsv_gate_set(gate, FSV_STR("I_three"), 1, 2, &err), 0);
	assert_true(limited("I_three", 1));
}

/* What cannot be written is not in force either. */
static void a_rule_that_cannot_be_kept_is_refused(void **state)
{
	char inner[80];
	FILE *f;

	(void)state;
	snprintf(inner, sizeof(inner), "%s/.fate", folder);
	f = fopen(inner, "w");
	assert_non_null(f);
	fclose(f);
	assert_true(set("I_one", 0) < 0);
	assert_true(enters(&one));
	assert_int_equal(remove(inner), 0);
	assert_int_equal(set("I_one", 0), 0);
	assert_false(enters(&one));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_gate, drop_gate)
	const struct CMUnitTest tests[] = {
		TEST(a_limit_holds_until_it_goes),
		TEST(models_are_limited_by_units),
		TEST(rules_outlive_the_daemon),
		TEST(a_broken_file_limits_nothing_and_is_told),
		TEST(a_broken_file_is_kept_aside),
		TEST(a_broken_file_that_cannot_be_kept_stays),
		TEST(what_could_not_be_read_again_is_refused),
		TEST(there_are_no_more_than_so_many),
		TEST(a_rule_that_cannot_be_kept_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
