/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process dies at any of the system calls of a change: what the next start finds is the state before the
 * change or the one after it. This program's own definitions of the calls that write stand before libc's; a
 * child counts them and kills itself at, or behind, the one it was told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "models-helper.h"

/* The calls ------------------------------------------------------------------------------------- */

enum how { UNTOUCHED, DIE_BEFORE, DIE_AFTER, DIE_HALF_WAY, FAIL };

static enum how how;		/* what happens … */
static int at;			/* … at which call, from 1 */
static int calls;

static void die(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

/* True when the call is to fail. */
static bool arrive(void)
{
	if (how == UNTOUCHED || ++calls != at)
		return false;
	if (how == DIE_BEFORE)
		die();
	return how == FAIL;
}

static void leave(void)
{
	if (how == DIE_AFTER && calls == at)
		die();
}

static int done(long r)
{
	leave();
	return (int)r;
}

static int broken(void)
{
	errno = EIO;
	return -1;
}

ssize_t write(int fd, const void *data, size_t n)
{
	ssize_t r;

	if (fd <= STDERR_FILENO)
		return syscall(SYS_write, fd, data, n);
	if (arrive())
		return broken();
	if (how == DIE_HALF_WAY && calls == at)
		n /= 2;
	r = syscall(SYS_write, fd, data, n);
	if (how == DIE_HALF_WAY && calls == at)
		die();
	leave();
	return r;
}

int fsync(int fd)
{
	return arrive() ? broken() : done(syscall(SYS_fsync, fd));
}

int rename(const char *from, const char *to)
{
	return arrive() ? broken() : done(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int unlink(const char *path)
{
	return arrive() ? broken() : done(syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

int fchmod(int fd, mode_t mode)
{
	return arrive() ? broken() : done(syscall(SYS_fchmod, fd, mode));
}

/* Changes --------------------------------------------------------------------------------------- */

static int load_new(struct fsv_models *models, struct fsv_err *err)
{
	struct fsv_stored_model record = record_of("t3", "n", false);

	return try_load(models, &record, 0.25, err);
}

/* Another party id, so that what the store says of it can be told from the old. */
static int load_again(struct fsv_models *models, struct fsv_err *err)
{
	struct fsv_stored_model record = record_of("t1", "n", false);

	record.party_id = FSV_STR("8888");
	return try_load(models, &record, 0.25, err);
}

static int bind_new(struct fsv_models *models, struct fsv_err *err)
{
	return fsv_models_bind(models, FSV_STR("c"), FSV_STR("t2"), FSV_STR("n"), err);
}

static int bind_again(struct fsv_models *models, struct fsv_err *err)
{
	return fsv_models_bind(models, FSV_STR("a"), FSV_STR("t2"), FSV_STR("n"), err);
}

static int unbind_two(struct fsv_models *models, struct fsv_err *err)
{
	const struct fsv_str ids[] = { FSV_STR("a"), FSV_STR("b") };

	return fsv_models_unbind(models, ids, 2, FSV_STR("t1"), FSV_STR("n"), err);
}

static int unload(struct fsv_models *models, struct fsv_err *err)
{
	return fsv_models_unload(models, FSV_STR("t1"), FSV_STR("n"), err);
}

static int open_again(struct fsv_models *models, struct fsv_err *err)
{
	struct fsv_models_report report;

	(void)models, (void)err;
	fsv_models_free(open_folder(&report));
	return 0;
}

#define BEFORE	"t1=n(a b) t2=n() | 9999 \"lr_0\":{\"score\":1.1}"

static const struct change {
	const char *name;
	int (*run)(struct fsv_models *models, struct fsv_err *err);
	const char *after;
} changes[] = {
	{ "load", load_new, "t1=n(a b) t2=n() t3=n() | 9999 \"lr_0\":{\"score\":1.1}" },
	{ "load again", load_again, "t1=n(a b) t2=n() | 8888 \"lr_0\":{\"score\":0.6}" },
	{ "bind", bind_new, "t1=n(a b) t2=n(c) | 9999 \"lr_0\":{\"score\":1.1}" },
	{ "bind again", bind_again, "t1=n(b) t2=n(a) | 9999 \"lr_0\":{\"score\":1.1}" },
	{ "unbind", unbind_two, "t1=n() t2=n() | 9999 \"lr_0\":{\"score\":1.1}" },
	{ "unload", unload, "t2=n() | " },
	{ "restore", open_again, BEFORE },
};

/* With the party id of t1 as the store has it, and its score, which tells what its data is. */
static const char *whole_state(struct fsv_models *models)
{
	struct fsv_model *model = fsv_models_by_name(models, FSV_STR("t1"), FSV_STR("n"));
	struct fsv_err err = FSV_ERR_INIT;
	const char *text = "";

	if (model)
		text = fsv_arena_printf(&arena, "%s %s", model->party_id,
					local_text(model->plan, "{\"x0\":2}", false, &arena, &err));
	fsv_model_unref(model);
	return fsv_arena_printf(&arena, "%s | %s", state_of(models), text);
}

/* Removes .fate and makes it anew in the state BEFORE. */
static void begin(void)
{
	char *fate = fsv_arena_printf(&arena, "%s/.fate", folder);
	struct fsv_models_report report;
	struct fsv_models *models;

	(void)nftw(fate, remove_one, 8, FTW_DEPTH | FTW_PHYS);	/* there is none at first */
	models = open_folder(&report);
	load(models, "t1", "n", false, 0.5);
	load(models, "t2", "n", false, 0.5);
	bind_id(models, "a", "t1", "n");
	bind_id(models, "b", "t1", "n");
	assert_string_equal(whole_state(models), BEFORE);
	fsv_models_free(models);
}

/* In a child: 0 done, 1 failed, 2 killed. */
static int run_change(const struct change *change, enum how what, int where)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_models_report report;
		struct fsv_models *models = open_folder(&report);
		int r;

		how = what;
		at = where;
		r = change->run(models, &err);
		how = UNTOUCHED;
		/* What is in memory must agree with what was said. */
		if (r < 0 && strcmp(whole_state(models), BEFORE) != 0)
			_exit(3);
		_exit(r < 0 ? 1 : calls < where ? 4 : 0);
	}
	assert_int_not_equal(child, -1);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return 2;
	if (!WIFEXITED(status))
		fail_msg("%s, call %d: the child ended with %#x", change->name, where, (unsigned)status);
	return WEXITSTATUS(status);
}

/* What two starts find: the first may have had something to put right. */
static const char *found(void)
{
	struct fsv_models_report report;
	struct fsv_models *models = open_folder(&report);
	const char *first = whole_state(models), *second;

	fsv_models_free(models);
	models = open_folder(&report);
	second = whole_state(models);
	fsv_models_free(models);
	assert_string_equal(first, second);
	return second;
}

/* Returns how many calls the change has. */
static int try_all(const struct change *change, enum how what, unsigned *states)
{
	for (int where = 1;; where++) {
		const char *state;
		int r;

		begin();
		r = run_change(change, what, where);
		if (r == 3)
			fail_msg("%s failed at call %d, but the models in memory have changed", change->name, where);
		state = found();
		if (strcmp(state, change->after) == 0)
			*states |= 2;
		else if (strcmp(state, BEFORE) == 0)
			*states |= 1;
		else
			fail_msg("%s, stopped at call %d (%d), left: %s", change->name, where, what, state);
		if (r == 0 && strcmp(state, change->after) != 0)
			fail_msg("%s said that it was done at call %d, but: %s", change->name, where, state);
		if (r == 1 && strcmp(state, BEFORE) != 0)
			fail_msg("%s said that it failed at call %d, but: %s", change->name, where, state);
		if (r == 4)	/* behind the last call */
			return where - 1;
		fsv_arena_reset(&arena);
	}
}

static void a_change_that_dies_anywhere_is_there_or_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		for (enum how what = DIE_BEFORE; what <= DIE_HALF_WAY; what++) {
			unsigned states = 0;
			int n = try_all(&changes[i], what, &states);

			/* A change that never gets to its end, or never away from its beginning, was not tried. */
			if (changes[i].run == open_again)
				continue;
			assert_true(n >= 5);
			assert_int_equal(states, 3);
		}
}

static void a_change_whose_writing_fails_is_not_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		unsigned states = 0;

		(void)try_all(&changes[i], FAIL, &states);
	}
}

/* A store that names data which was not yet moved, as after a power cut: the next start moves it, once. */
static void data_that_waits_is_settled_by_the_next_start(void **state)
{
	const struct change again = changes[1];
	unsigned settled = 0;

	(void)state;
	for (int where = 1; where < 64; where++) {
		struct fsv_models_report report;
		char *staged = fsv_arena_printf(&arena, "ls %s/.fate | grep -q ^load-[0-9a-f]", folder);
		int r;

		begin();
		r = run_change(&again, DIE_BEFORE, where);
		if (r == 4)
			break;
		if (system(staged) == 0) {
			struct fsv_models *models = open_folder(&report);

			settled += strcmp(whole_state(models), again.after) == 0;
			fsv_models_free(models);
		}
		(void)found();
		assert_int_not_equal(system(staged), 0);
	}
	assert_true(settled > 0);
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_change_that_dies_anywhere_is_there_or_not),
		TEST(a_change_whose_writing_fails_is_not_there),
		TEST(data_that_waits_is_settled_by_the_next_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
