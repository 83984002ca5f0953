/* SPDX-License-Identifier: Apache-2.0 */
#include "listeners.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "codec/url.h"

struct own {
	const struct fsv_listener *listeners;
	struct fsv_map addresses;	/* a set of texts as inet_ntop prints them */
};

static void add(struct own *own, const char *text)
{
	(void)fsv_map_put(&own->addresses, fsv_str(text), own);
}

static void collect(struct own *own)
{
	char text[INET6_ADDRSTRLEN], name[256];
	struct ifaddrs *all = NULL;

	add(own, "localhost");
	if (gethostname(name, sizeof(name) - 1) == 0) {
		name[sizeof(name) - 1] = '\0';
		add(own, name);
	}
	if (getifaddrs(&all) != 0)
		return;	/* loopback is recognised without the list */
	for (struct ifaddrs *i = all; i; i = i->ifa_next) {
		if (!i->ifa_addr)
			continue;
		if (i->ifa_addr->sa_family == AF_INET)
			inet_ntop(AF_INET, &((struct sockaddr_in *)i->ifa_addr)->sin_addr, text, sizeof(text));
		else if (i->ifa_addr->sa_family == AF_INET6)
			inet_ntop(AF_INET6, &((struct sockaddr_in6 *)i->ifa_addr)->sin6_addr, text, sizeof(text));
		else
			continue;
		add(own, text);
	}
	freeifaddrs(all);
}

/* One spelling per address: "0:0::1" and "::1", "::ffff:127.0.0.1" and "127.0.0.1" are the same. */
static void canonical(const char *host, char out[256])
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, host, &v4) == 1) {
		inet_ntop(AF_INET, &v4, out, 256);
	} else if (inet_pton(AF_INET6, host, &v6) == 1) {
		if (IN6_IS_ADDR_V4MAPPED(&v6))
			inet_ntop(AF_INET, &v6.s6_addr[12], out, 256);
		else
			inet_ntop(AF_INET6, &v6, out, 256);
	} else {
		snprintf(out, 256, "%s", host);
	}
}

static bool is_local(const struct own *own, const char *host)
{
	return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0 || strcmp(host, "0.0.0.0") == 0 ||
	       strcmp(host, "::") == 0 || fsv_map_get(&own->addresses, fsv_str(host));
}

static bool listens_at(const struct own *own, const struct fsv_listener *listener, const char *host, unsigned port)
{
	char bound[256];

	if (listener->port == 0 || listener->port != port)
		return false;
	if (listener->address && *listener->address) {
		canonical(listener->address, bound);
		if (strcmp(bound, "0.0.0.0") != 0 && strcmp(bound, "::") != 0)
			return strcmp(bound, host) == 0;
	}
	return is_local(own, host);
}

static void judge(struct fsv_route_table *table, struct fsv_endpoint *endpoint, void *arg)
{
	struct own *own = arg;
	char text[FSV_URL_HOST_MAX], host[256];
	bool is_own = false;
	uint16_t port;

	if (endpoint->refused)
		return;
	if (endpoint->url) {
		if (fsv_url_address(endpoint->url, text, &port)) {
			canonical(text, host);
			is_own = listens_at(own, &own->listeners[FSV_LISTEN_HTTP], host, port);
		}
	} else {
		canonical(endpoint->host, host);
		is_own = listens_at(own, &own->listeners[FSV_LISTEN_INTER], host, endpoint->port) ||
			 listens_at(own, &own->listeners[FSV_LISTEN_INTRA], host, endpoint->port);
	}
	if (is_own)
		fsv_endpoint_refuse(table, endpoint, FSV_E_PROXY_ROUTER,
				    "the route leads back to the proxy that the packet is at");
}

void fsv_listeners_refuse_own(const struct fsv_listener listeners[FSV_LISTENERS], struct fsv_route_table *table)
{
	struct own own = { .listeners = listeners };

	fsv_map_init(&own.addresses);
	collect(&own);
	fsv_route_table_each(table, judge, &own);
	fsv_map_done(&own.addresses);
}
