/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/fd.h"
#include "../../../daemons/proxy/route-watch.h"

enum { PATIENCE_MS = 5000, QUIET_MS = 400 };

static char folder[256];
static struct fsv_loop *loop;
static struct fsv_route_watch *watch;
static struct fsv_timer *patience;

static void on_change(void *arg)
{
	(void)arg;
	fsv_loop_quit(loop, 1);
}

static void on_patience(void *arg)
{
	(void)arg;
	fsv_loop_quit(loop, 0);
}

/* 1 when the watch spoke within ms. */
static int spoke(int ms)
{
	fsv_timer_set(patience, ms, 0);
	return fsv_loop_run(loop);
}

static const char *in_folder(const char *name)
{
	static char path[2][512];
	static unsigned turn;

	turn ^= 1;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
	return path[turn];
}

static void write_text(const char *name, const char *text)
{
	FILE *f = fopen(in_folder(name), "w");

	assert_non_null(f);
	assert_int_equal(fputs(text, f) < 0, 0);
	assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	struct fsv_err err = FSV_ERR_INIT;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/fsv-watch-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(fsv_loop_new(&loop, &err), 0);
	patience = fsv_timer_new(loop, on_patience, NULL);
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "t.json", "t.new", "other", "v1", "v2", "..data", "..next" };

	(void)state;
	watch = fsv_route_watch_free(watch);
	fsv_timer_free(patience);
	loop = fsv_loop_free(loop);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		unlink(in_folder(names[i]));
		if (i >= 3 && i <= 4) {
			char file[600];

			snprintf(file, sizeof(file), "%s/t.json", in_folder(names[i]));
			unlink(file);
			rmdir(in_folder(names[i]));
		}
	}
	rmdir(folder);
	return 0;
}

static void start(void)
{
	struct fsv_err err = FSV_ERR_INIT;

	assert_int_equal(fsv_route_watch_new(loop, in_folder("t.json"), on_change, NULL, &watch, &err), 0);
}

static void writing_in_place_is_seen(void **state)
{
	(void)state;
	write_text("t.json", "1");
	start();
	write_text("t.json", "2");	/* same size */
	assert_int_equal(spoke(PATIENCE_MS), 1);
}

static void renaming_over_is_seen(void **state)
{
	(void)state;
	write_text("t.json", "1");
	start();
	write_text("t.new", "2");
	assert_int_equal(rename(in_folder("t.new"), in_folder("t.json")), 0);
	assert_int_equal(spoke(PATIENCE_MS), 1);
}

static void vanishing_and_coming_back_is_seen(void **state)
{
	(void)state;
	write_text("t.json", "1");
	start();
	assert_int_equal(unlink(in_folder("t.json")), 0);
	assert_int_equal(spoke(PATIENCE_MS), 1);
	write_text("t.json", "1");
	assert_int_equal(spoke(PATIENCE_MS), 1);
}

static void a_file_that_appears_late_is_seen(void **state)
{
	(void)state;
	start();
	write_text("t.json", "1");
	assert_int_equal(spoke(PATIENCE_MS), 1);
}

/* t.json → ..data/t.json, ..data → v1: a deployment swaps ..data. */
static void swapping_a_link_on_the_way_is_seen(void **state)
{
	(void)state;
	assert_int_equal(mkdir(in_folder("v1"), 0700), 0);
	assert_int_equal(mkdir(in_folder("v2"), 0700), 0);
	write_text("v1/t.json", "1");
	write_text("v2/t.json", "2");
	assert_int_equal(symlink("v1", in_folder("..data")), 0);
	assert_int_equal(symlink("..data/t.json", in_folder("t.json")), 0);
	start();
	assert_int_equal(symlink("v2", in_folder("..next")), 0);
	assert_int_equal(rename(in_folder("..next"), in_folder("..data")), 0);
	assert_int_equal(spoke(PATIENCE_MS), 1);
}

static void other_files_are_left_alone(void **state)
{
	(void)state;
	write_text("t.json", "1");
	start();
	write_text("other", "1");
	assert_int_equal(spoke(QUIET_MS), 0);
}

static void many_changes_are_one_call(void **state)
{
	(void)state;
	write_text("t.json", "1");
	start();
	for (int i = 0; i < 20; i++)
		write_text("t.json", "2");
	assert_int_equal(spoke(PATIENCE_MS), 1);
	assert_int_equal(spoke(QUIET_MS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(writing_in_place_is_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(renaming_over_is_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(vanishing_and_coming_back_is_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_that_appears_late_is_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(swapping_a_link_on_the_way_is_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(other_files_are_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(many_changes_are_one_call, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
