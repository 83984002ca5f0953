/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where to listen. gRPC core says little about a port that cannot be had, so it is tried with a plain
 * bind first. SO_REUSEADDR is set as core does: connections of an earlier run that still linger do
 * not count, a listening socket does.
 */
#include "rpc-private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/fd.h"

static int try_bind(const struct sockaddr *sa, socklen_t len)
{
	FSV_AUTO_FD fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1, off = 0;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	if (sa->sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0)
		return -errno;
	if (bind(fd, sa, len) < 0)
		return -errno;
	/* Two sockets with SO_REUSEADDR may share a port until one of them listens. */
	return listen(fd, 1) < 0 ? -errno : 0;
}

static int refused(int r, const char *host, uint16_t port, struct fsv_err *err)
{
	if (r == -EADDRINUSE)
		return fsv_err_set(err, r, "port %u is in use by another process (cannot listen on %s:%u)",
				   port, host, port);
	if (r == -EACCES)
		return fsv_err_set(err, r, "port %u needs privileges that this process does not have "
				   "(cannot listen on %s:%u)", port, host, port);
	return fsv_err_errno(err, -r, "cannot listen on %s:%u", host, port);
}

/* v6 with v4 mapped; where the kernel has no v6, v4. */
static int find_everywhere(uint16_t port, struct fsv_rpc_listen *ret, struct fsv_err *err)
{
	const struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	const struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	const char *host = "[::]";
	int r = try_bind((const struct sockaddr *)&v6, sizeof(v6));

	if (r == -EAFNOSUPPORT || r == -EADDRNOTAVAIL || r == -EPROTONOSUPPORT) {
		host = "0.0.0.0";
		r = try_bind((const struct sockaddr *)&v4, sizeof(v4));
	}
	if (r < 0)
		return refused(r, host, port, err);
	ret->n = 1;
	snprintf(ret->hosts[0], sizeof(ret->hosts[0]), "%s", host);
	return 0;
}

static int host_text(const struct addrinfo *ai, char *text, size_t size)
{
	char host[FSV_RPC_LISTEN_TEXT - 2];

	if (getnameinfo(ai->ai_addr, ai->ai_addrlen, host, sizeof(host), NULL, 0, NI_NUMERICHOST) != 0)
		return -EINVAL;
	snprintf(text, size, ai->ai_family == AF_INET6 ? "[%s]" : "%s", host);
	return 0;
}

int fsv_rpc_listen_find(const char *host, uint16_t port, struct fsv_rpc_listen *ret_listen, struct fsv_err *err)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM,
					.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct fsv_rpc_listen found = { .n = 0 };
	struct addrinfo *list;
	char service[8];
	int r, last = -EADDRNOTAVAIL;

	if (!host)
		return find_everywhere(port, ret_listen, err);
	snprintf(service, sizeof(service), "%u", port);
	r = getaddrinfo(host, service, &hints, &list);
	if (r != 0)
		return fsv_err_set(err, FSV_E_NET, "cannot listen on %s: %s", host,
				   r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
	for (struct addrinfo *ai = list; ai && found.n < FSV_RPC_LISTEN_MAX; ai = ai->ai_next) {
		r = try_bind(ai->ai_addr, ai->ai_addrlen);
		if (r == 0)
			r = host_text(ai, found.hosts[found.n], sizeof(found.hosts[0]));
		if (r == 0)
			found.n++;
		else
			last = r;
		if (r == -EADDRINUSE)
			break;	/* half of a name's addresses would surprise more than none */
	}
	freeaddrinfo(list);
	if (found.n == 0 || last == -EADDRINUSE)
		return refused(last, host, port, err);
	*ret_listen = found;
	return 0;
}
