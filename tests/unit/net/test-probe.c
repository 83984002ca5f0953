/* SPDX-License-Identifier: Apache-2.0 */
/* Who listens and who does not, and that nobody holds the caller up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "net/probe.h"

enum { DEADLINE_MS = 60000, EACH_MS = 1500, SLACK_MS = 10, MANY = 100, MORE_THAN_A_MINUTE = 1500 };

/* A port that is bound; with listen, somebody accepts there. */
static int bound(bool listens, uint16_t *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	if (listens)
		assert_int_equal(listen(fd, 4096), 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

/* One that says neither yes nor no: its queue is full, and what comes on top of it is dropped. */
static int silent(uint16_t *ret_port, int clients[2])
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = bound(false, ret_port);

	assert_int_equal(listen(fd, 0), 0);
	to.sin_port = htons(*ret_port);
	for (unsigned i = 0; i < 2; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		assert_true(clients[i] >= 0);
		assert_true(connect(clients[i], (struct sockaddr *)&to, sizeof(to)) == 0 || errno == EINPROGRESS);
	}
	assert_int_equal(poll(&(struct pollfd){ clients[0], POLLOUT, 0 }, 1, DEADLINE_MS), 1);
	return fd;
}

static void those_who_listen_are_reached(void **state)
{
	uint16_t open_port, closed_port;
	int open_fd = bound(true, &open_port), closed_fd = bound(false, &closed_port);
	struct fsv_probe probes[] = {
		{ "127.0.0.1", open_port, false }, { "127.0.0.1", closed_port, true }, { "localhost", open_port, false },
		{ "", 0, true }, { "no-such-host.invalid", open_port, true }, { "1.2.3.4.5", open_port, true },
	};
	size_t n = sizeof(probes) / sizeof(probes[0]);

	(void)state;
	fsv_probe_all(probes, n, fsv_deadline_in_ms(DEADLINE_MS));
	for (size_t i = 0; i < n; i++)
		if (probes[i].reached != (i == 0 || i == 2))
			fail_msg("%s:%u: reached is %d", probes[i].host, probes[i].port, probes[i].reached);
	close(open_fd);
	close(closed_fd);
}

static void nobody_is_asked(void **state)
{
	(void)state;
	fsv_probe_all(NULL, 0, 0);
	fsv_probe_all(NULL, 0, INT64_MAX);
}

/* More than are tried at the same time, and answers in the order of the questions. */
static void many_are_asked(void **state)
{
	uint16_t open_port, closed_port;
	int open_fd = bound(true, &open_port), closed_fd = bound(false, &closed_port);
	struct fsv_probe probes[MANY];

	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		probes[i] = (struct fsv_probe){ "127.0.0.1", i % 3 ? open_port : closed_port, i % 3 == 0 };
	fsv_probe_all(probes, MANY, fsv_deadline_in_ms(DEADLINE_MS));
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(probes[i].reached, i % 3 != 0);
	close(open_fd);
	close(closed_fd);
}

static void silence_ends_with_the_deadline(void **state)
{
	uint16_t open_port, silent_port;
	int clients[2], open_fd = bound(true, &open_port), silent_fd = silent(&silent_port, clients);
	struct fsv_probe probes[] = {
		{ "127.0.0.1", silent_port, true }, { "127.0.0.1", open_port, false }, { "192.0.2.1", 7, true },
	};
	int64_t began = fsv_now_ns();

	(void)state;
	fsv_probe_all(probes, 3, began + 300 * FSV_MS);
	assert_in_range((fsv_now_ns() - began) / FSV_MS, 300 - SLACK_MS, EACH_MS * 10);
	assert_false(probes[0].reached);
	assert_false(probes[2].reached);
	/* Before its time somebody gives up by himself. */
	began = fsv_now_ns();
	probes[0].reached = true;
	fsv_probe_all(probes, 3, fsv_deadline_in_ms(DEADLINE_MS));
	assert_in_range((fsv_now_ns() - began) / FSV_MS, EACH_MS - SLACK_MS, DEADLINE_MS / 2);
	assert_false(probes[0].reached);
	assert_true(probes[1].reached);
	/* A deadline that is over leaves time for nobody. */
	probes[1].reached = true;
	fsv_probe_all(probes, 3, fsv_now_ns() - 1);
	assert_false(probes[1].reached);
	close(clients[0]);
	close(clients[1]);
	close(open_fd);
	close(silent_fd);
}

static void *set_limit(void *arg)
{
	fsv_probe_limit(*(int64_t *)arg);
	return NULL;
}

/* The last one: threads that nobody waits for any more are still busy with it. */
static void a_limit_ends_those_who_wait(void **state)
{
	FSV_AUTO_MEM struct fsv_probe *probes = FSV_NEW_N(struct fsv_probe, MORE_THAN_A_MINUTE);
	int64_t began = fsv_now_ns(), limit = began + 100 * FSV_MS;
	uint16_t silent_port;
	int clients[2], silent_fd = silent(&silent_port, clients);
	pthread_t thread;

	(void)state;
	for (unsigned i = 0; i < MORE_THAN_A_MINUTE; i++)
		probes[i] = (struct fsv_probe){ "127.0.0.1", silent_port, true };
	assert_int_equal(pthread_create(&thread, NULL, set_limit, &limit), 0);
	fsv_probe_all(probes, MORE_THAN_A_MINUTE, fsv_deadline_in_ms(DEADLINE_MS));
	assert_in_range((fsv_now_ns() - began) / FSV_MS, 100 - SLACK_MS, DEADLINE_MS / 2);
	assert_false(probes[0].reached);
	pthread_join(thread, NULL);
	/* Who comes later finds it over. */
	fsv_probe_all(probes, MORE_THAN_A_MINUTE, fsv_deadline_in_ms(DEADLINE_MS));
	assert_in_range((fsv_now_ns() - began) / FSV_MS, 0, DEADLINE_MS / 2);
	assert_false(probes[0].reached);
	fsv_probe_limit(INT64_MAX);
	close(clients[0]);
	close(clients[1]);
	close(silent_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_who_listen_are_reached),
		cmocka_unit_test(nobody_is_asked),
		cmocka_unit_test(many_are_asked),
		cmocka_unit_test(silence_ends_with_the_deadline),
		cmocka_unit_test(a_limit_ends_those_who_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
