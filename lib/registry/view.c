/* SPDX-License-Identifier: Apache-2.0 */
#include "view-private.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/time.h"
#include "codec/url.h"
#include "net/rpc.h"
#include "provider.h"

enum { BAD_FIRST_MS = 500, BAD_MAX_MS = 10000, SLOW_MAX = 3 };

/* Nodes ------------------------------------------------------------------------------------------------ */

static void node_free(struct fsv_ref *ref)
{
	struct fsv_node *node = (struct fsv_node *)ref;
	struct fsv_rpc_channel *channel = atomic_load(&node->channel);

	if (channel)
		fsv_rpc_channel_unref(channel);
	free(node->target);
	free(node);
}

struct fsv_node *fsv_node_new(struct fsv_str target, size_t max_message)
{
	struct fsv_node *node = FSV_NEW(struct fsv_node);

	fsv_ref_init(&node->ref, node_free);
	node->target = fsv_str_dup(target);
	node->max_message = max_message;
	return node;
}

struct fsv_rpc_channel *fsv_node_channel(struct fsv_node *node)
{
	struct fsv_rpc_channel *channel = atomic_load_explicit(&node->channel, memory_order_acquire), *other = NULL;
	struct fsv_err err;

	if (channel)
		return channel;
	if (fsv_rpc_channel_new(node->target, NULL, node->max_message, &channel, &err) < 0)
		return NULL;
	if (atomic_compare_exchange_strong(&node->channel, &other, channel))
		return channel;
	fsv_rpc_channel_unref(channel);		/* another request was quicker */
	return other;
}

void fsv_node_report(struct fsv_node *node, int grpc_status)
{
	unsigned failures;
	int64_t ms;

	if (grpc_status != FSV_RPC_UNAVAILABLE && grpc_status != FSV_RPC_DEADLINE_EXCEEDED) {
		if (atomic_load_explicit(&node->failures, memory_order_relaxed) != 0) {
			atomic_store_explicit(&node->failures, 0, memory_order_relaxed);
			atomic_store_explicit(&node->bad_until, 0, memory_order_relaxed);
		}
		return;
	}
	failures = atomic_fetch_add_explicit(&node->failures, 1, memory_order_relaxed);
	if (grpc_status == FSV_RPC_DEADLINE_EXCEEDED && failures + 1 < SLOW_MAX)
		return;
	ms = failures < 5 ? (int64_t)BAD_FIRST_MS << failures : BAD_MAX_MS;
	atomic_store_explicit(&node->bad_until, fsv_deadline_in_ms(ms < BAD_MAX_MS ? ms : BAD_MAX_MS),
			      memory_order_relaxed);
}

bool fsv_node_bad(struct fsv_node *node)
{
	struct fsv_rpc_channel *channel;
	int64_t until = atomic_load_explicit(&node->bad_until, memory_order_relaxed);

	if (until != 0 && until > fsv_now_ns())
		return true;
	channel = atomic_load_explicit(&node->channel, memory_order_acquire);
	return channel && fsv_rpc_channel_down(channel);
}

/* Lists ------------------------------------------------------------------------------------------------ */

static void providers_free(struct fsv_ref *ref)
{
	struct fsv_providers *providers = (struct fsv_providers *)ref;

	for (unsigned i = 0; i < providers->n; i++)
		fsv_ref_put(&providers->all[i].node->ref);
	for (unsigned i = 0; i < providers->n_urls; i++)
		free(providers->urls[i]);
	free(providers->urls);
	free(providers->all);
	free(providers->key);
	free(providers);
}

static struct fsv_node *node_of(struct fsv_nodes *nodes, const struct fsv_provider_url *url)
{
	char target[300];
	struct fsv_node *node;
	int n = snprintf(target, sizeof(target), "%.*s:%u", FSV_STR_ARG(url->host), url->port);

	if (n < 0 || (size_t)n >= sizeof(target))
		return NULL;
	node = fsv_map_get(&nodes->by_target, fsv_str(target));
	if (!node) {
		node = fsv_node_new(fsv_str(target), nodes->max_message);
		(void)fsv_map_put(&nodes->by_target, fsv_str(target), node);
	}
	fsv_ref_get(&node->ref);
	return node;
}

static int64_t number(const struct fsv_provider_url *url, const char *key, int64_t otherwise)
{
	int64_t v;

	return fsv_str_to_i64(fsv_provider_param(url, key), &v) ? v : otherwise;
}

static void add(struct fsv_providers *providers, struct fsv_nodes *nodes, struct fsv_str service, struct fsv_str text)
{
	struct fsv_provider_url url;
	struct fsv_node *node;
	int64_t weight;

	if (!fsv_provider_parse(text, &url) || !fsv_provider_matches(&url, service))
		return;
	node = node_of(nodes, &url);
	if (!node)
		return;
	weight = number(&url, "weight", 100);
	providers->all[providers->n++] = (struct fsv_provider){
		.node = node, .weight = (int32_t)(weight < 0 ? 0 : weight > 10000 ? 10000 : weight),
		.version = number(&url, "version", 0), .mode = fsv_router_mode_find(fsv_provider_param(&url, "router_mode")),
	};
}

struct fsv_providers *fsv_providers_new(struct fsv_nodes *nodes, struct fsv_str key, const struct fsv_str *urls, unsigned n)
{
	struct fsv_providers *providers = FSV_NEW(struct fsv_providers);
	size_t slash = key.n;

	while (slash > 0 && key.p[slash - 1] != '/')
		slash--;
	fsv_ref_init(&providers->ref, providers_free);
	providers->key = fsv_str_dup(key);
	providers->urls = FSV_NEW_N(char *, n + 1);
	providers->all = FSV_NEW_N(struct fsv_provider, n + 1);
	for (unsigned i = 0; i < n; i++) {
		providers->urls[providers->n_urls++] = fsv_str_dup(urls[i]);
		add(providers, nodes, fsv_str_sub(key, slash, key.n), urls[i]);
	}
	return providers;
}

struct fsv_providers *fsv_providers_as_stale(const struct fsv_providers *providers)
{
	struct fsv_providers *copy = FSV_NEW(struct fsv_providers);

	fsv_ref_init(&copy->ref, providers_free);
	copy->key = fsv_str_dup(fsv_str(providers->key));
	copy->all = FSV_NEW_N(struct fsv_provider, providers->n + 1);
	for (unsigned i = 0; i < providers->n; i++) {
		copy->all[i] = providers->all[i];
		fsv_ref_get(&copy->all[i].node->ref);
	}
	copy->n = providers->n;
	copy->stale = true;
	return copy;
}

void fsv_nodes_init(struct fsv_nodes *nodes, size_t max_message)
{
	fsv_map_init(&nodes->by_target);
	nodes->max_message = max_message;
}

/* Nodes that only we still know are forgotten, and with them what was learned about them. */
void fsv_nodes_sweep(struct fsv_nodes *nodes, bool all)
{
	for (size_t i = nodes->by_target.n; i-- > 0;) {
		struct fsv_map_entry *e = &nodes->by_target.entries[i];
		struct fsv_node *node = e->value;

		if (!all && atomic_load(&node->ref.n) > 1)
			continue;
		(void)fsv_map_del(&nodes->by_target, e->key);
		fsv_ref_put(&node->ref);
	}
	if (all)
		fsv_map_done(&nodes->by_target);
}

/* Views ------------------------------------------------------------------------------------------------ */

struct fsv_str fsv_view_key(struct fsv_arena *arena, const char *project, struct fsv_str environment,
			    const char *service)
{
	return fsv_str(fsv_arena_printf(arena, "%s/%.*s/%s", project, FSV_STR_ARG(environment), service));
}

const struct fsv_providers *fsv_view_find(const struct fsv_view *view, struct fsv_str key)
{
	return view ? fsv_map_get(&view->lists, key) : NULL;
}

/* The last reader may be a worker, and a large view takes its time: the main thread takes it apart. */
static void view_retire(struct fsv_ref *ref)
{
	struct fsv_view *view = (struct fsv_view *)ref;
	struct fsv_retired *retired = view->retired;
	struct fsv_view *first = atomic_load(&retired->first);

	do
		view->next = first;
	while (!atomic_compare_exchange_weak(&retired->first, &first, view));
}

struct fsv_view *fsv_view_new(struct fsv_retired *retired, size_t n_lists)
{
	struct fsv_view *view = FSV_NEW(struct fsv_view);

	fsv_ref_init(&view->ref, view_retire);
	fsv_map_init(&view->lists);
	fsv_map_reserve(&view->lists, n_lists);
	view->retired = retired;
	return view;
}

void fsv_view_add(struct fsv_view *view, struct fsv_providers *providers)
{
	struct fsv_providers *was;

	fsv_ref_get(&providers->ref);
	was = fsv_map_put(&view->lists, fsv_str(providers->key), providers);
	if (was)
		fsv_ref_put(&was->ref);
}

void fsv_retired_free(struct fsv_retired *retired)
{
	struct fsv_view *view = atomic_exchange(&retired->first, NULL), *next;

	for (; view; view = next) {
		next = view->next;
		for (size_t i = 0; i < view->lists.n; i++)
			fsv_ref_put(&((struct fsv_providers *)view->lists.entries[i].value)->ref);
		fsv_map_done(&view->lists);
		free(view);
	}
}

/* FATE-Flow -------------------------------------------------------------------------------------------- */

/* "<namespace with ~ for #>/<tableName>" behind the last but one slash. The texts are decoded, so that both of the
 * codings of '~' are the same here. */
static bool ends_with_model(struct fsv_str url, struct fsv_str table_name, struct fsv_str name_space)
{
	struct fsv_str tail;

	if (url.n < table_name.n + name_space.n + 2 || !fsv_str_ends(url, table_name))
		return false;
	tail = fsv_str_sub(url, 0, url.n - table_name.n);
	if (tail.p[tail.n - 1] != '/')
		return false;
	tail.n--;
	if (tail.n <= name_space.n || tail.p[tail.n - name_space.n - 1] != '/')
		return false;
	for (size_t i = 0; i < name_space.n; i++) {
		char got = tail.p[tail.n - name_space.n + i], want = name_space.p[i];

		if (got != (want == '#' ? '~' : want))
			return false;
	}
	return true;
}

unsigned fsv_view_model_urls(const struct fsv_view *view, struct fsv_str table_name, struct fsv_str name_space,
			     const char **ret_urls, unsigned max)
{
	const struct fsv_providers *flow = fsv_view_find(view, FSV_STR("flow/online/transfer"));
	unsigned n = 0;

	if (!flow || table_name.n == 0 || name_space.n == 0)
		return 0;
	for (unsigned i = 0; i < flow->n_urls && n < max; i++)
		if (ends_with_model(fsv_str(flow->urls[i]), table_name, name_space))
			ret_urls[n++] = flow->urls[i];
	for (unsigned i = 0; i < flow->n_urls && n < max; i++)
		if (fsv_str_ends(fsv_str(flow->urls[i]), FSV_STR("/transfer")))
			ret_urls[n++] = flow->urls[i];
	return n;
}
