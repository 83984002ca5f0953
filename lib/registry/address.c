/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The address that others reach this machine at, in the reference's order: that of the host name unless it is a
 * loopback, else that of eth0, else of any interface that is up. Link-local ones are of no use to others.
 */
#include "registry-private.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <netdb.h>
#include <unistd.h>

static bool usable(const struct sockaddr *sa)
{
	uint32_t ip;

	if (!sa || sa->sa_family != AF_INET)
		return false;
	ip = ntohl(((const struct sockaddr_in *)(const void *)sa)->sin_addr.s_addr);
	return ip != 0 && ip >> 24 != 127 && ip >> 16 != 0xa9fe;
}

static char *text_of(const struct sockaddr *sa)
{
	char text[INET_ADDRSTRLEN];

	if (!inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, text, sizeof(text)))
		return NULL;
	return fsv_str_dup(fsv_str(text));
}

static char *by_host_name(void)
{
	const struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
	char name[HOST_NAME_MAX + 1] = "";
	struct addrinfo *list;
	char *found = NULL;

	if (gethostname(name, sizeof(name) - 1) < 0 || getaddrinfo(name, NULL, &hints, &list) != 0)
		return NULL;
	for (struct addrinfo *a = list; a && !found; a = a->ai_next)
		if (usable(a->ai_addr))
			found = text_of(a->ai_addr);
	freeaddrinfo(list);
	return found;
}

static char *by_interface(const struct ifaddrs *list, const char *name)
{
	for (const struct ifaddrs *i = list; i; i = i->ifa_next)
		if ((i->ifa_flags & IFF_UP) && (!name || strcmp(i->ifa_name, name) == 0) && usable(i->ifa_addr))
			return text_of(i->ifa_addr);
	return NULL;
}

char *fsv_address_find(void)
{
	struct ifaddrs *list;
	char *found = by_host_name();

	if (found || getifaddrs(&list) < 0)
		return found;
	found = by_interface(list, "eth0");
	if (!found)
		found = by_interface(list, NULL);
	freeifaddrs(list);
	return found;
}
