/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One way that one request goes: over a node of the registry, or over a connection that a daemon's own settings name.
 * [any thread]
 */
#ifndef FSV_REGISTRY_HOP_H
#define FSV_REGISTRY_HOP_H

#include <stdbool.h>

#include "base/str.h"

struct fsv_node;
struct fsv_registry;
struct fsv_rpc_channel;

struct fsv_hop {
	const char *target;			/* for people; borrowed, as channel and url */
	const char *url;			/* reached over HTTP instead of channel */
	struct fsv_rpc_channel *channel;
	struct fsv_node *node;			/* one reference; NULL where settings name the way */
	bool others;				/* there is somebody else, should it not be there */
};

/* Over one of the key's providers. failed: where the request has just failed, NULL at first; not there again. healthy:
 * none rather than one that failed lately or has left. End it with fsv_hop_done. */
bool fsv_hop_by_registry(struct fsv_registry *registry, struct fsv_str key, const struct fsv_hop *failed, bool healthy,
			 struct fsv_hop *ret_hop);
/* The same node once more, when the first try went without waiting for it because there were others. */
bool fsv_hop_once_more(const struct fsv_hop *failed, struct fsv_hop *ret_hop);
/* status: gRPC's, so that nodes that fail are avoided. */
void fsv_hop_done(struct fsv_hop *hop, int status);

#endif
