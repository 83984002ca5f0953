/* SPDX-License-Identifier: Apache-2.0 */
#include "hop.h"

#include "registry.h"

bool fsv_hop_by_registry(struct fsv_registry *registry, struct fsv_str key, const struct fsv_hop *failed, bool healthy,
			 struct fsv_hop *ret_hop)
{
	struct fsv_view *view = fsv_registry_view(registry);
	const struct fsv_providers *nodes = fsv_view_find(view, key);
	struct fsv_pick pick = { .not_this = failed ? failed->node : NULL, .healthy = healthy };
	struct fsv_node *node = nodes && !(healthy && nodes->stale) ? fsv_providers_pick(nodes, &pick) : NULL;
	struct fsv_rpc_channel *channel = node ? fsv_node_channel(node) : NULL;

	if (channel) {
		fsv_ref_get(&node->ref);
		*ret_hop = (struct fsv_hop){ .target = node->target, .channel = channel, .node = node,
					     .others = fsv_providers_others(nodes, node) };
	}
	fsv_ref_put(&view->ref);
	return channel;
}

bool fsv_hop_once_more(const struct fsv_hop *failed, struct fsv_hop *ret_hop)
{
	if (!failed || !failed->node || !failed->others)
		return false;
	*ret_hop = *failed;
	fsv_ref_get(&failed->node->ref);
	return true;
}

void fsv_hop_done(struct fsv_hop *hop, int status)
{
	if (!hop->node)
		return;
	fsv_node_report(hop->node, status);
	fsv_ref_put(&hop->node->ref);
	hop->node = NULL;
}
