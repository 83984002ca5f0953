/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What requests see of the registry: an immutable, counted view of every list of providers. The main thread
 * makes a new one when something has changed and puts it in place of the old; lists that did not change are
 * shared between views. A request takes the view once and looks up, picks and reports on it without a lock.
 */
#ifndef FSV_REGISTRY_VIEW_H
#define FSV_REGISTRY_VIEW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/ref.h"
#include "base/str.h"

struct fsv_rpc_channel;

/* One address. All providers there share it, so that what one request learns of it serves the next. */
struct fsv_node {
	struct fsv_ref ref;
	char *target;					/* "host:port", "[v6]:port" */
	size_t max_message;
	_Atomic(struct fsv_rpc_channel *) channel;	/* made at first use */
	_Atomic unsigned failures;			/* in a row */
	_Atomic int64_t bad_until;			/* monotonic ns */
};

/* Order of fsv_router_mode_find's names; what is absent or unknown lets everything pass. */
enum fsv_router_mode {
	FSV_ROUTER_ALL_ALLOWED,
	FSV_ROUTER_VERSION_BIGER,
	FSV_ROUTER_VERSION_BIGTHAN_OR_EQUAL,
	FSV_ROUTER_VERSION_SMALLER,
	FSV_ROUTER_VERSION_EQUALS,
	FSV_ROUTER_NONE,
};

struct fsv_provider {
	struct fsv_node *node;
	int32_t weight;		/* 100 unless set; never negative */
	int64_t version;	/* 0 = none */
	enum fsv_router_mode mode;
};

/* The providers of one service in one environment. */
struct fsv_providers {
	struct fsv_ref ref;
	char *key;		/* "serving/lr-test/inference" */
	struct fsv_provider *all;
	unsigned n;
	char **urls;		/* decoded node names, usable as providers or not: the cache file's and FATE-Flow's */
	unsigned n_urls;
	/* The list is empty in the registry, since a moment ago; these were the last ones in it. Only for requests
	 * that have nowhere else to go: it may be that everybody just has to register again. */
	bool stale;
};

struct fsv_view {
	struct fsv_ref ref;
	struct fsv_map lists;	/* key → struct fsv_providers */
	struct fsv_view *next;	/* among those that wait for the main thread to free them */
	struct fsv_retired *retired;
};

/* "project/environment/service" in arena. */
struct fsv_str fsv_view_key(struct fsv_arena *arena, const char *project, struct fsv_str environment,
			    const char *service);

/* NULL when there is none; view may be NULL. Lives as long as the view. */
const struct fsv_providers *fsv_view_find(const struct fsv_view *view, struct fsv_str key);

/* Selection [any thread] --------------------------------------------------------------------------- */

enum fsv_balance {
	FSV_BALANCE_RANDOM_WEIGHTED,
	FSV_BALANCE_RANDOM,
	FSV_BALANCE_ROUND_ROBIN,
	FSV_BALANCE_ROUND_ROBIN_WEIGHTED,
};

struct fsv_pick {
	enum fsv_balance balance;
	int64_t version;		/* asked for; 0 = do not look at versions, as everybody in the suite */
	const struct fsv_node *not_this;	/* it has just failed; NULL = none */
	bool healthy;			/* none rather than one that failed lately */
};

/* One of the list, those that failed lately or cannot be reached only when no other is left; NULL when the
 * list is NULL or empty or nothing passes. */
struct fsv_node *fsv_providers_pick(const struct fsv_providers *providers, const struct fsv_pick *pick);

/* Whether another one than node works. */
bool fsv_providers_others(const struct fsv_providers *providers, const struct fsv_node *node);

/* Names on the wire, with the reference's spelling; case matters for ALL_ALLOWED alone. */
enum fsv_router_mode fsv_router_mode_find(struct fsv_str name);
const char *fsv_router_mode_name(enum fsv_router_mode mode);	/* NULL for NONE */

/* Nodes [any thread] ------------------------------------------------------------------------------- */

/* Borrowed from the node; NULL when its address is unusable. */
struct fsv_rpc_channel *fsv_node_channel(struct fsv_node *node);
/* How a request ended, by its gRPC status. A node that cannot be reached is left out for a while, longer each
 * time, until an answer comes; one that does not answer in time only after several times in a row. */
void fsv_node_report(struct fsv_node *node, int grpc_status);
bool fsv_node_bad(struct fsv_node *node);

/* FATE-Flow ---------------------------------------------------------------------------------------- */

/* URLs that a model can be fetched from, best first: those registered for this very model, in either coding of
 * '~', then those that serve every model. At most max; texts live as long as the view. */
unsigned fsv_view_model_urls(const struct fsv_view *view, struct fsv_str table_name, struct fsv_str name_space,
			     const char **ret_urls, unsigned max);

#endif
