/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry client of one daemon. It keeps what the daemon offers in ZooKeeper and what others offer in a
 * view (view.h), all in the background: a daemon starts, serves and is ready without ZooKeeper, is registered
 * when it can be, and again after every lost session. Look-ups go on from the last view, after a restart from
 * the cache file.
 *
 * One reconciling loop: a set of wanted nodes beside what is known to exist. Everything here belongs to the main
 * thread but for what says otherwise.
 */
#ifndef FSV_REGISTRY_REGISTRY_H
#define FSV_REGISTRY_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"
#include "view.h"

#define FSV_REGISTRY_VERSION	216	/* what the reference registers */

struct fsv_registry;

/* One interface that is registered for as long as the daemon serves. */
struct fsv_registry_service {
	const char *protocol;		/* "grpc", "http" */
	uint16_t port;
	const char *project, *environment, *service;
};

struct fsv_registry_opt {
	const char *hosts;		/* zk.url: "host:port,host:port…" with an optional "/chroot" */
	const char *user, *password;	/* of the ACL; NULL = nodes are open to everyone */
	int64_t session_ms;
	const char *project;		/* of the daemon: "serving", "proxy"; names the component too */
	const char *address;		/* advertised; NULL = found out as the reference does */
	uint16_t port;			/* of the component node; 0 = nothing is registered */
	unsigned weight;		/* at start; 100 is left out of the URL, as in the reference's */
	const struct fsv_registry_service *services;	/* static */
	unsigned n_services;
	const char *const *subscribe;	/* projects, NULL-terminated, static */
	bool components;		/* know who is there too (components.h) */
	const char *cache_folder;	/* ".fate" lies in it */
	unsigned max_nodes;		/* that are kept; more are left out with a warning */
	size_t max_message;		/* of connections to providers */
};

/* Whether hosts can be used; the error names what is wrong. [any thread] */
int fsv_registry_check_hosts(const char *hosts, struct fsv_err *err) FSV_MUST_CHECK;

/* Reads the cache file and starts. Never waits for ZooKeeper. opt's texts are copied. */
int fsv_registry_new(struct fsv_loop *loop, const struct fsv_registry_opt *opt, struct fsv_registry **ret_registry,
		     struct fsv_err *err) FSV_MUST_CHECK;
/* Ends the session at once, so that nodes vanish. No view may be in use any more. NULL is fine. */
struct fsv_registry *fsv_registry_free(struct fsv_registry *registry);

/* The newest view with a reference (fsv_ref_put(&view->ref)); never NULL. [any thread, no lock] */
struct fsv_view *fsv_registry_view(struct fsv_registry *registry);

/* What the models of a serving-server are asked for by. */
struct fsv_registry_models {
	const struct fsv_str *service_ids;	/* bound: inference and batchInference under each */
	size_t n_service_ids;
	const struct fsv_str *host_keys;	/* fsv_registry_host_key: unaryCall under each */
	size_t n_host_keys;
};

/* Replaces the set of environments whole; nodes come and go in the background by difference, those that stay are
 * not touched (they keep their timestamp). Call it with the restored models at start, and after each load, bind,
 * unbind and unload. Copied. Ids that would break the registry ("online", "", or with one of / ? & : % or a
 * control character) are left out with a warning. Does nothing before start or while leaving. */
void fsv_registry_set_models(struct fsv_registry *registry, const struct fsv_registry_models *models);

/* Whether a service id can be registered: bind refuses others with this text. [any thread] */
int fsv_registry_check_service_id(struct fsv_str service_id, struct fsv_err *err) FSV_MUST_CHECK;

enum { FSV_REGISTRY_KEY_SIZE = 33 };	/* with its NUL */
/* Environment of a host model: lower-case hex MD5 of "tableName&namespace". [any thread] */
void fsv_registry_host_key(struct fsv_str table_name, struct fsv_str name_space, char ret_key[FSV_REGISTRY_KEY_SIZE]);

/* Whether ZooKeeper answers, as of a second ago. [any thread] */
bool fsv_registry_connected(const struct fsv_registry *registry);

/* updateService: changes the weight (-1 = leave) and router mode (blank or unknown = leave) of an own registration
 * named by its URL, keeps both over restarts, and replaces the node: the new one first. 1 = changed, 0 = nothing to change,
 * FSV_E_UNREGISTER = no such registration, other = error; NULL stands for no registry. Waits for the main thread, a few
 * seconds at most. [any thread but the main one and workers] */
int fsv_registry_update(struct fsv_registry *registry, struct fsv_str url, struct fsv_str router_mode, int32_t weight,
			struct fsv_err *err) FSV_MUST_CHECK;

/* Takes everything out of the registry, waits grace_ms for others to notice, then calls done(arg) once; at once when
 * nothing is registered. Look-ups go on. */
void fsv_registry_leave(struct fsv_registry *registry, int64_t grace_ms, void (*done)(void *arg), void *arg);

/* For STATUS=: "registered (20 nodes)", "registry: not connected". */
void fsv_registry_status(const struct fsv_registry *registry, struct fsv_buf *out);

#endif
