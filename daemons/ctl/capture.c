/* SPDX-License-Identifier: Apache-2.0 */
#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

extern char **environ;

static int start(const char *const *argv, int to, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	int e;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	e = posix_spawnp(ret_pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return e;
}

/* To the end, so that the program is not stopped by a full pipe; what is above the limit is dropped. */
static void read_all(int fd, struct fsv_buf *out)
{
	char chunk[16384];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			fsv_buf_append(out, chunk, (size_t)n);
}

int fsv_ctl_capture(const char *const *argv, struct fsv_buf *out, struct fsv_err *err)
{
	int fds[2], status, e;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return fsv_err_errno(err, errno, "cannot make a pipe to %s", argv[0]);
	e = start(argv, fds[1], &pid);
	fsv_close(fds[1]);
	if (e != 0) {
		fsv_close(fds[0]);
		return fsv_err_errno(err, e, "cannot run %s", argv[0]);
	}
	read_all(fds[0], out);
	fsv_close(fds[0]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fsv_err_errno(err, errno, "cannot wait for %s", argv[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
