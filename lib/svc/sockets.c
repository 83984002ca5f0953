/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets that the service manager holds for us, found by their port. */
#include "svc-private.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "base/fd.h"
#include "base/log.h"

enum { SOCKETS_MAX = 16 };

static struct {
	int fd;
	uint16_t port;
} held[SOCKETS_MAX];
static unsigned n_held;

static uint16_t port_of(int fd)
{
	struct sockaddr_storage addr;
	socklen_t n = sizeof(addr);

	if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0 || getsockname(fd, (struct sockaddr *)&addr, &n) < 0)
		return 0;
	if (addr.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&addr)->sin6_port);
	return addr.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)&addr)->sin_port) : 0;
}

void fsv_svc_sockets_open(void)
{
	int n = sd_listen_fds(1);

	for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++) {
		uint16_t port = port_of(fd);

		if (port == 0 || n_held == SOCKETS_MAX) {
			fsv_log_warn("a socket unit gives descriptor %d, which is no listening TCP socket or one of more than %d; "
				     "it is not used", fd, SOCKETS_MAX);
			fsv_close(fd);
			continue;
		}
		held[n_held].fd = fd;
		held[n_held++].port = port;
	}
}

int fsv_svc_socket(uint16_t port)
{
	for (unsigned i = 0; i < n_held; i++) {
		int fd = held[i].fd;

		if (held[i].port != port || port == 0)
			continue;
		held[i] = held[--n_held];
		return fd;
	}
	return 0;
}

void fsv_svc_sockets_close(void)
{
	while (n_held > 0) {
		n_held--;
		fsv_log_warn("a socket unit holds port %u, which no key of the configuration names (or a second time); "
			     "connections to it are not answered", held[n_held].port);
		fsv_close(held[n_held].fd);
	}
}
