/* SPDX-License-Identifier: Apache-2.0 */
/* A real redis-server in a private folder, for tests; and a client of ours with a worker to wait on. */
#ifndef FSV_TEST_REDIS_SERVER_H
#define FSV_TEST_REDIS_SERVER_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "net/redis.h"
#include "net/rpc.h"

#define UNUSED __attribute__((unused))

enum { PATIENCE_S = 60 };

struct redis_server {
	pid_t pid;
	uint16_t port;
};

static UNUSED uint16_t redis_free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	close(fd);
	return ntohs(a.sin_port);
}

/* True when something listens on the port and says PONG, or wants a password. */
static UNUSED bool redis_answers(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval tv = { .tv_sec = PATIENCE_S };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char reply[64] = "";
	bool good;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	good = connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 && send(fd, "PING\r\n", 6, MSG_NOSIGNAL) == 6 &&
	       recv(fd, reply, sizeof(reply) - 1, 0) > 0 && (reply[0] == '+' || strncmp(reply, "-NOAUTH", 7) == 0);
	close(fd);
	return good;
}

/* Starts it, or skips the test where it is not installed. password may be NULL. */
static UNUSED void redis_start(struct redis_server *s, const char *password)
{
	char port[8];
	int64_t until = fsv_now_ns() + PATIENCE_S * FSV_S;
	const char *const args[] = { "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
				     "--daemonize", "no", "--dir", "/tmp", "--loglevel", "warning",
				     password ? "--requirepass" : NULL, password, NULL };

	if (s->port == 0)
		s->port = redis_free_port();
	snprintf(port, sizeof(port), "%u", s->port);
	s->pid = fork();
	if (s->pid == 0) {
		int null = open("/dev/null", O_RDWR);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(null, 0);
		dup2(null, 1);
		execvp(args[0], (char *const *)args);
		_exit(127);
	}
	while (!redis_answers(s->port)) {
		int status;

		if (waitpid(s->pid, &status, WNOHANG) == s->pid) {
			if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
				skip();
			fail_msg("redis-server ended with status %d", status);
		}
		if (fsv_now_ns() > until)
			fail_msg("redis-server does not answer");
		usleep(5000);
	}
}

/* SIGSTOP, and back when its last thread has heard of it. SIGCONT ends it. */
static UNUSED void redis_stand_still(const struct redis_server *s)
{
	kill(s->pid, SIGSTOP);
	assert_int_equal(waitpid(s->pid, NULL, WUNTRACED), s->pid);
}

static UNUSED void redis_end(struct redis_server *s)
{
	kill(s->pid, SIGCONT);
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	s->pid = 0;
}

/* Something to wait for ------------------------------------------------------------------------------ */

static pthread_mutex_t redis_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t redis_changed = PTHREAD_COND_INITIALIZER;

static UNUSED void redis_count(unsigned *what)
{
	pthread_mutex_lock(&redis_lock);
	(*what)++;
	pthread_cond_broadcast(&redis_changed);
	pthread_mutex_unlock(&redis_lock);
}

static UNUSED void redis_wait(const unsigned *what, unsigned n)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	pthread_mutex_lock(&redis_lock);
	while (*what < n) {
		if (pthread_cond_timedwait(&redis_changed, &redis_lock, &until) != 0) {
			pthread_mutex_unlock(&redis_lock);
			fail_msg("waited in vain");
		}
	}
	pthread_mutex_unlock(&redis_lock);
}

#endif
