/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a daemon's table that concern the registry: one block, the same in every daemon. */
#ifndef FSV_REGISTRY_KEYS_H
#define FSV_REGISTRY_KEYS_H

#include "conf/conf.h"
#include "registry.h"

/* Places in the block. */
enum fsv_registry_key {
	FSV_RK_URL, FSV_RK_ACL, FSV_RK_USER, FSV_RK_PASSWORD, FSV_RK_PASSWORD_FILE, FSV_RK_ADDRESS, FSV_RK_SESSION,
	FSV_RK_WEIGHT, FSV_RK_GRACE, FSV_RK_MAX_NODES, FSV_RK_CACHE,
	FSV_RK_COUNT,
};

#define FSV_REGISTRY_KEYS \
	{ "zk.url", FSV_CONF_STRING, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL, \
	  "ZooKeeper servers, as host:port,host:port,… with an optional /folder behind the last one. Unset: no registry " \
	  "is used. The daemon starts and serves without them and registers when one answers.", NULL }, \
	{ "acl.enable", FSV_CONF_BOOL, FSV_CONF_RESTART, NULL, "false", 0, 0, NULL, \
	  "Protect the own nodes in the registry. Every node of the cluster and FATE-Flow must use the same name and " \
	  "password.", NULL }, \
	{ "acl.username", FSV_CONF_STRING, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL, "Name for acl.enable.", NULL }, \
	{ "acl.password", FSV_CONF_STRING, FSV_CONF_RESTART | FSV_CONF_SECRET, NULL, NULL, 0, 0, NULL, \
	  "Password for acl.enable; acl.passwordFile keeps it out of this file.", NULL }, \
	{ "acl.passwordFile", FSV_CONF_PATH, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL, \
	  "File with nothing but the password for acl.enable.", NULL }, \
	{ "registry.address", FSV_CONF_STRING, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL, \
	  "Address or name that others reach this machine at; v6 addresses stand in brackets. Unset: the address of the " \
	  "host name, else of eth0, else of any interface, whichever is no loopback.", NULL }, \
	{ "registry.session.timeout", FSV_CONF_DURATION, FSV_CONF_RESTART, "ms", "10s", 1000, 600000, NULL, \
	  "How long after a crash the nodes stay in the registry; ZooKeeper's own limits apply.", NULL }, \
	{ "registry.weight", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "100", 0, 10000, NULL, \
	  "Share of the requests that this node asks for, beside the weights of the others; 0 = none while another has " \
	  "weight. A weight set over the console is kept and goes first.", NULL }, \
	{ "registry.grace", FSV_CONF_DURATION, 0, "ms", "1s", 0, 600000, NULL, \
	  "How long a stop goes on accepting requests after the node has left the registry, so that others notice " \
	  "before. It counts as part of drain.timeout.", NULL }, \
	{ "registry.max.nodes", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "100000", 100, 10000000, NULL, \
	  "Nodes of the registry that are kept in memory; those beyond are left out with a warning.", NULL }, \
	{ "registry.cache.path", FSV_CONF_PATH, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL, \
	  "The folder that holds .fate, where the newest state of the registry is kept for starts without ZooKeeper; " \
	  "unset = where models are kept, in a proxy the working directory. A proxy keeps its rules for flow control there too.", NULL }

/* What needs more than one key to judge. base: index of the block's first key. */
int fsv_registry_keys_check(const struct fsv_conf *conf, unsigned base, struct fsv_err *err) FSV_MUST_CHECK;

/* Fills hosts, user, password, session_ms, address, weight, max_nodes and cache_folder. *ret_password holds the password:
 * clear and free it. The rest is borrowed from conf. [blocks] */
int fsv_registry_keys_read(const struct fsv_conf *conf, unsigned base, struct fsv_registry_opt *opt, char **ret_password,
			   struct fsv_err *err) FSV_MUST_CHECK;

/* The same, and a registry of it; for daemons, which have no use for the password. */
int fsv_registry_from_conf(struct fsv_loop *loop, const struct fsv_conf *conf, unsigned base, struct fsv_registry_opt *opt,
			   struct fsv_registry **ret_registry, struct fsv_err *err) FSV_MUST_CHECK;

#endif
