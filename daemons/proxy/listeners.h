/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own addresses. An endpoint that is one of our own listeners would send every packet round in a circle
 * (the reference's shipped table does), so such endpoints are refused when the table is loaded.
 */
#ifndef FSV_PROXY_LISTENERS_H
#define FSV_PROXY_LISTENERS_H

#include "base/map.h"
#include "route-table.h"

struct fsv_listener {
	const char *address;	/* NULL = every interface */
	uint16_t port;		/* 0 = not served */
};

enum fsv_listener_kind { FSV_LISTEN_HTTP, FSV_LISTEN_INTER, FSV_LISTEN_INTRA, FSV_LISTENERS };

/* Refuses those endpoints of an unpublished table that are listeners of this process. Addresses of this
 * machine are looked up anew each time; names are not resolved, but "localhost" and the own host name
 * are known. [main thread] */
void fsv_listeners_refuse_own(const struct fsv_listener listeners[FSV_LISTENERS], struct fsv_route_table *table);

#endif
