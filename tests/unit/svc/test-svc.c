/* SPDX-License-Identifier: Apache-2.0 */
/* A small daemon in a child process; this process plays the service manager. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/time.h"
#include "svc/svc.h"

enum { LOG_LEVEL, LOG_TARGET, DRAIN_TIMEOUT, STALL_LIMIT, COLOUR, SHAPE, N_KEYS };

static const struct fsv_conf_key keys[] = {
	FSV_SVC_KEYS,
	{ "colour", FSV_CONF_STRING, 0, NULL, "red", 0, 0, NULL, "Colour of the thing.", "Thing" },
	{ "shape", FSV_CONF_STRING, FSV_CONF_RESTART, NULL, "round", 0, 0, NULL, "Shape of the thing.", NULL },
};
static const struct fsv_conf_schema schema = { "thingd", "/nonexistent/thing.yaml", keys, N_KEYS, NULL };

/* The child's state; busy and stall are steered by what the colour says. */
static struct {
	int64_t started;
	bool draining;
} thing;

static int thing_init(struct fsv_svc *svc, struct fsv_err *err)
{
	thing.started = fsv_now_ns();
	if (strcmp(fsv_conf_str(fsv_svc_conf(svc), COLOUR), "broken") == 0)
		return fsv_err_set(err, FSV_E_SYSTEM, "the thing is broken");
	fsv_svc_progress(svc, "painting it %s", fsv_conf_str(fsv_svc_conf(svc), COLOUR));
	return 0;
}

static int thing_reload(struct fsv_svc *svc, const struct fsv_conf *was, struct fsv_err *err)
{
	(void)was;
	if (strcmp(fsv_conf_str(fsv_svc_conf(svc), COLOUR), "refused") == 0)
		return fsv_err_set(err, FSV_E_CONFIG, "no such paint");
	return 0;
}

static void thing_drain(struct fsv_svc *svc)
{
	(void)svc;
	thing.draining = true;
}

static unsigned thing_busy(struct fsv_svc *svc)
{
	return strcmp(fsv_conf_str(fsv_svc_conf(svc), COLOUR), "busy") == 0 ? 2 : 0;
}

static unsigned thing_done(struct fsv_svc *svc, int64_t deadline_ns)
{
	(void)deadline_ns;
	return thing_busy(svc);
}

static int64_t thing_stall(struct fsv_svc *svc)
{
	return strcmp(fsv_conf_str(fsv_svc_conf(svc), COLOUR), "stuck") == 0 ? fsv_now_ns() - thing.started : 0;
}

static void thing_status(struct fsv_svc *svc, struct fsv_buf *out)
{
	fsv_buf_printf(out, "%s and %s", fsv_conf_str(fsv_svc_conf(svc), COLOUR),
		       fsv_conf_str(fsv_svc_conf(svc), SHAPE));
}

static const struct fsv_svc_desc desc = {
	.schema = &schema, .summary = "A thing.", .key_log_level = LOG_LEVEL, .key_log_target = LOG_TARGET,
	.key_drain_timeout = DRAIN_TIMEOUT, .key_stall_limit = STALL_LIMIT,
	.init = thing_init, .reload = thing_reload, .drain = thing_drain, .busy = thing_busy,
	.done = thing_done, .stall_ns = thing_stall, .status = thing_status,
};

/* The manager's side. */
static char folder[64], conf_path[96];
static int notify_fd = -1;
static pid_t child;

static int open_manager(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof(folder), "%.40s/fsv-svc-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(folder))
		return -1;
	snprintf(conf_path, sizeof(conf_path), "%s/thing.yaml", folder);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/notify", folder);
	notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setenv("NOTIFY_SOCKET", at.sun_path, 1);
	return bind(notify_fd, (struct sockaddr *)&at, sizeof(at));
}

static int close_manager(void **state)
{
	char cmd[128];

	(void)state;
	notify_fd = fsv_close(notify_fd);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", folder);
	return system(cmd);
}

static void configure(const char *text)
{
	struct fsv_err err;

	assert_int_equal(fsv_write_file(conf_path, text, strlen(text), 0600, &err), 0);
}

static void run(const char *option)
{
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		char *argv[] = { (char *)"thingd", (char *)"--config", conf_path, (char *)option, NULL };
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(null, 1);
		dup2(null, 2);
		exit(fsv_svc_run(&desc, option ? 4 : 3, argv));
	}
}

static int status_of_child(void)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* Waits until a notification holds text; a minute is for ever here. */
static void expect(const char *text)
{
	char got[2048];

	for (;;) {
		struct pollfd p = { .fd = notify_fd, .events = POLLIN };
		ssize_t n;

		if (poll(&p, 1, 60000) <= 0)
			fail_msg("no notification with \"%s\"", text);
		n = recv(notify_fd, got, sizeof(got) - 1, 0);
		assert_true(n >= 0);
		got[n] = '\0';
		if (strstr(got, text))
			return;
	}
}

static void life_is_told_to_the_manager(void **state)
{
	(void)state;
	configure("colour: blue\n");
	run(NULL);
	expect("EXTEND_TIMEOUT_USEC=30000000\nSTATUS=painting it blue");
	expect("READY=1");
	expect("STATUS=blue and round");
	kill(child, SIGTERM);
	expect("STOPPING=1");
	assert_int_equal(status_of_child(), 0);
}

static void reload_swaps_or_keeps(void **state)
{
	(void)state;
	configure("colour: blue\n");
	run(NULL);
	expect("STATUS=blue and round");
	configure("colour: green\nshape: flat\n");
	kill(child, SIGHUP);
	expect("RELOADING=1\nMONOTONIC_USEC=");
	expect("READY=1");
	expect("STATUS=green and flat");
	configure("color: yellow\n");
	kill(child, SIGHUP);
	expect("RELOADING=1");
	expect("READY=1");
	expect("configuration not reloaded (");
	configure("colour: refused\n");
	kill(child, SIGHUP);
	expect("configuration not reloaded (no such paint); green and flat");
	configure("colour: white\n");
	kill(child, SIGHUP);
	expect("STATUS=white and round");
	kill(child, SIGTERM);
	assert_int_equal(status_of_child(), 0);
}

static void drain_ends_at_its_deadline_or_at_a_second_signal(void **state)
{
	int64_t t0;

	(void)state;
	configure("colour: busy\ndrain.timeout: 100ms\n");
	run(NULL);
	expect("READY=1");
	t0 = fsv_now_ns();
	kill(child, SIGTERM);
	assert_int_equal(status_of_child(), 0);
	assert_true(fsv_now_ns() - t0 >= 100 * FSV_MS);

	configure("colour: busy\ndrain.timeout: 1h\n");
	run(NULL);
	expect("READY=1");
	kill(child, SIGTERM);
	expect("STOPPING=1");
	kill(child, SIGTERM);
	assert_int_equal(status_of_child(), 0);
}

static void watchdog_is_fed_only_while_work_gets_on(void **state)
{
	char got[256];
	int fed = 0;

	(void)state;
	setenv("WATCHDOG_USEC", "30000", 1);
	configure("colour: blue\n");
	run(NULL);
	expect("WATCHDOG=1");
	expect("WATCHDOG=1");
	kill(child, SIGTERM);
	assert_int_equal(status_of_child(), 0);

	configure("colour: stuck\nstall.limit: 100ms\n");
	run(NULL);
	expect("READY=1");
	/* Silence of ten periods: it has stopped feeding. */
	for (;;) {
		struct pollfd p = { .fd = notify_fd, .events = POLLIN };
		ssize_t n;

		if (poll(&p, 1, 300) == 0)
			break;
		n = recv(notify_fd, got, sizeof(got) - 1, 0);
		got[n > 0 ? n : 0] = '\0';
		fed += strstr(got, "WATCHDOG=1") != NULL;
		assert_true(fed < 1000);
	}
	kill(child, SIGTERM);
	assert_int_equal(status_of_child(), 0);
	unsetenv("WATCHDOG_USEC");
}

static void exit_statuses_tell_what_is_wrong(void **state)
{
	(void)state;
	configure("colour: broken\n");
	run(NULL);
	assert_int_equal(status_of_child(), FSV_EXIT_FAILURE);
	configure("colour: [1, 2]\n");
	run("--check-config");
	assert_int_equal(status_of_child(), FSV_EXIT_CONFIG);
	configure("colour: blue\n");
	run("--check-config");
	assert_int_equal(status_of_child(), FSV_EXIT_OK);
	run("--dump-config");
	assert_int_equal(status_of_child(), FSV_EXIT_OK);
	run("--version");
	assert_int_equal(status_of_child(), FSV_EXIT_OK);
	run("--sample-config");
	assert_int_equal(status_of_child(), FSV_EXIT_OK);
	run("--nonsense");
	assert_int_equal(status_of_child(), FSV_EXIT_USAGE);
	run("extra");
	assert_int_equal(status_of_child(), FSV_EXIT_USAGE);
	unlink(conf_path);
	run(NULL);
	assert_int_equal(status_of_child(), FSV_EXIT_NOT_CONFIGURED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(life_is_told_to_the_manager),
		cmocka_unit_test(reload_swaps_or_keeps),
		cmocka_unit_test(drain_ends_at_its_deadline_or_at_a_second_signal),
		cmocka_unit_test(watchdog_is_fed_only_while_work_gets_on),
		cmocka_unit_test(exit_statuses_tell_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, open_manager, close_manager);
}
