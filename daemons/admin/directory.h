/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom the daemon may talk to: the nodes of the registry and those of admin.nodes, and nobody else. Immutable and
 * counted, but for the connections, which nodes get at first use and keep from one directory to the next. [the worker,
 * but for check]
 */
#ifndef FSV_ADMIN_DIRECTORY_H
#define FSV_ADMIN_DIRECTORY_H

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/ref.h"
#include "codec/json.h"
#include "registry/components.h"

struct fsv_rpc_channel;

struct fsv_dir_node {
	const char *component;		/* "serving" */
	const char *address;		/* "10.0.0.7:8000", "[fd00::7]:8000", "node7:8000", as it was registered */
	struct fsv_str host;		/* of it, v6 addresses without brackets */
	uint16_t port;
	int64_t registered;		/* ms since 1970; 0 = of admin.nodes, or not told */
	struct fsv_rpc_channel *channel;	/* NULL until it is asked something */
};

struct fsv_directory {
	struct fsv_ref ref;
	struct fsv_arena arena;
	struct fsv_dir_node *nodes;	/* by component, in the registry's order */
	unsigned n;
	struct fsv_map by_address;	/* struct fsv_dir_node */
};

/* Whether entries are "serving host:port" or "proxy host:port". [any thread] */
int fsv_directory_check(const char *const *listed, struct fsv_err *err) FSV_MUST_CHECK;

/* registered may be NULL; was: gives its connections over; NULL = none. One reference. */
struct fsv_directory *fsv_directory_new(const struct fsv_components *registered, const char *const *listed,
					struct fsv_directory *was);

/* The node at host and port, or NULL. Names are compared in any case, v6 addresses with or without brackets. */
struct fsv_dir_node *fsv_directory_find(const struct fsv_directory *directory, struct fsv_str host, int64_t port);
/* The connection to a node, borrowed; NULL when its address is unusable. */
struct fsv_rpc_channel *fsv_dir_node_channel(struct fsv_dir_node *node, size_t max_message);

/* The console's tree. */
void fsv_directory_tree(const struct fsv_directory *directory, struct fsv_jsonw *w);

#endif
