/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accepts connections of a listening socket that the service manager holds, and hands them to core. Core itself
 * can only listen on sockets that it made, and closes them when it stops; connections that nobody has accepted yet
 * are reset then. Here they stay in the socket's queue for the next process.
 */
#include "rpc-private.h"

#include <errno.h>
#include <fcntl.h>
#include <grpc/grpc_posix.h>
#include <grpc/grpc_security.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"

enum { PAUSE_MS = 100 };

struct fsv_rpc_acceptor {
	struct fsv_rpc_server *server;
	grpc_server_credentials *plain;
	int fd, wake_fd;
	_Atomic bool quit;
	bool running;
	pthread_t thread;
};

static bool short_of_something(int e)
{
	return e == EMFILE || e == ENFILE || e == ENOBUFS || e == ENOMEM;
}

/* Takes one connection; false when none is waiting, or when there is nothing to take it with. */
static bool accept_one(struct fsv_rpc_acceptor *a, bool *ret_short)
{
	int one = 1, fd = accept4(a->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0 && errno == EAGAIN)
		return false;
	if (fd < 0 && short_of_something(errno)) {
		fsv_log_limited(FSV_LOG_ERR, NULL, "gRPC: cannot accept on port %u: %s; trying again in %d ms",
				a->server->port, strerror(errno), PAUSE_MS);
		*ret_short = true;
		return false;
	}
	if (fd < 0)
		return true;	/* the peer has gone before we came */
	/* Fails on sockets that are no TCP, which do not need it. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	grpc_server_add_channel_from_fd(a->server->grpc, fd, a->plain);
	return true;
}

static void *accept_loop(void *arg)
{
	struct fsv_rpc_acceptor *a = arg;
	bool is_short = false;

	while (!atomic_load(&a->quit)) {
		struct pollfd fds[2] = {
			{ .fd = a->wake_fd, .events = POLLIN },
			{ .fd = is_short ? -1 : a->fd, .events = POLLIN },
		};

		(void)poll(fds, 2, is_short ? PAUSE_MS : -1);	/* whatever woke us, we look */
		is_short = false;
		while (!atomic_load(&a->quit) && accept_one(a, &is_short))
			;
	}
	return NULL;
}

int fsv_rpc_acceptor_start(struct fsv_rpc_server *server, int fd, struct fsv_rpc_acceptor **ret_acceptor,
			   struct fsv_err *err)
{
	struct fsv_rpc_acceptor *a = FSV_NEW(struct fsv_rpc_acceptor);
	int flags = fcntl(fd, F_GETFL), r;

	a->server = server;
	a->fd = fd;
	a->plain = grpc_insecure_server_credentials_create();
	a->wake_fd = eventfd(0, EFD_CLOEXEC);
	if (a->wake_fd < 0 || flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		r = fsv_err_errno(err, errno, "cannot use the listening socket of port %u", server->port);
	else
		r = fsv_thread_start(&a->thread, "rpc-accept", accept_loop, a, err);
	a->running = r == 0;
	if (r < 0) {
		fsv_rpc_acceptor_free(a);
		return r;
	}
	*ret_acceptor = a;
	return 0;
}

void fsv_rpc_acceptor_quit(struct fsv_rpc_acceptor *a)
{
	uint64_t one = 1;

	atomic_store(&a->quit, true);
	/* Fails only when the counter is full, and then the thread is awake. */
	if (write(a->wake_fd, &one, sizeof(one)) < 0)
		return;
}

struct fsv_rpc_acceptor *fsv_rpc_acceptor_free(struct fsv_rpc_acceptor *a)
{
	if (!a)
		return NULL;
	if (a->running) {
		fsv_rpc_acceptor_quit(a);
		pthread_join(a->thread, NULL);
	}
	grpc_server_credentials_release(a->plain);
	fsv_close(a->wake_fd);
	fsv_close(a->fd);
	free(a);
	return NULL;
}
