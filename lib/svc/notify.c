/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sd_notify(3) waits for as long as the service manager's socket is full. A daemon whose main thread hangs
 * there no longer hears SIGTERM, so messages are sent here with a bound on the wait.
 */
#include "svc-private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/fd.h"

enum { MESSAGE_MAX = 2048, VITAL_WAIT_S = 1 };

/* Length of the address, 0 when no manager listens. */
static socklen_t manager(struct sockaddr_un *at)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t n = path ? strlen(path) : 0;

	if (n < 2 || n >= sizeof(at->sun_path) || (path[0] != '/' && path[0] != '@'))
		return 0;
	*at = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(at->sun_path, path, n);
	if (path[0] == '@') {	/* an abstract name ends where the address does */
		at->sun_path[0] = '\0';
		return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	}
	return sizeof(*at);
}

static int send_message(const struct sockaddr_un *at, socklen_t at_n, const char *text, bool vital)
{
	const struct timeval wait = { .tv_sec = VITAL_WAIT_S };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r = 0;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));	/* known to every Linux */
	if (sendto(fd, text, strlen(text), MSG_NOSIGNAL | (vital ? 0 : MSG_DONTWAIT), (const struct sockaddr *)at,
		   at_n) < 0)
		r = -errno;
	fsv_close(fd);
	return r;
}

int fsv_svc_notify(bool vital, const char *fmt, ...)
{
	struct sockaddr_un at;
	socklen_t at_n = manager(&at);
	char text[MESSAGE_MAX];
	va_list ap;

	if (at_n == 0)
		return 0;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return send_message(&at, at_n, text, vital);
}
