/* SPDX-License-Identifier: Apache-2.0 */
/* A small table with every type and flag; for the tests and fuzz targets of lib/conf. */
#ifndef TESTS_UNIT_CONF_SCHEMA_H
#define TESTS_UNIT_CONF_SCHEMA_H

#include "conf/conf.h"

enum {
	K_PORT, K_SERVER_PORT, K_ACL, K_ACL_ENABLE, K_TIMEOUT, K_EXPIRE, K_SIZE, K_COUNT, K_RATIO, K_NAME,
	K_PATH, K_ROUTE, K_PROXY, K_URL, K_PASSWORD, K_NODES, K_CERTS, K_WAITS, K_OLD, K_OLD_LIST, N_KEYS
};

static const struct fsv_conf_key test_keys[N_KEYS] = {
	[K_PORT] = { "port", FSV_CONF_PORT, FSV_CONF_RESTART, NULL, "8000", 0, 0, NULL,
		     "Port of the gRPC service. Clients connect here.", "Ports" },
	[K_SERVER_PORT] = { "server.port", FSV_CONF_PORT, FSV_CONF_RESTART, NULL, "8185", 1024, 65535, NULL,
			    "HTTP port.", NULL },
	[K_ACL] = { "acl", FSV_CONF_STRING, 0, NULL, NULL, 0, 0, NULL,
		    "A value of its own and a group, too; e.g. \\e or \"x\" or 'y'.", "Access, in short" },
	[K_ACL_ENABLE] = { "acl.enable", FSV_CONF_BOOL, 0, NULL, "false", 0, 0, NULL,
			   "Whether the registry wants a name and a password.", NULL },
	[K_TIMEOUT] = { "single.inference.rpc.timeout", FSV_CONF_DURATION, 0, "ms", "3000", 1, 600000, NULL,
			"How long the guest waits for each host before it gives up and answers with the code that "
			"tells so. A batch has a limit of its own.", "Limits" },
	[K_EXPIRE] = { "redis.expire", FSV_CONF_DURATION, 0, "s", "3000", 0, 0, NULL, "Life of an entry.", NULL },
	[K_SIZE] = { "max.size", FSV_CONF_SIZE, 0, NULL, "16M", 0, 1 << 30, NULL, "Largest message.", NULL },
	[K_COUNT] = { "batch.max", FSV_CONF_INT, 0, NULL, "-1", -1, 5000, NULL, "Rows, or -1 for no limit.", NULL },
	[K_RATIO] = { "sample.ratio", FSV_CONF_DOUBLE, 0, NULL, "0.5", 0, 0, NULL, "Share of requests.", NULL },
	[K_NAME] = { "service.name", FSV_CONF_STRING, 0, NULL, "serving", 0, 0, NULL, "Name.", NULL },
	[K_PATH] = { "model.cache.path", FSV_CONF_PATH, FSV_CONF_RESTART, NULL, "/var/lib/fate-serving", 0, 0, NULL,
		     "Folder of the models.", NULL },
	[K_ROUTE] = { "routeType", FSV_CONF_ENUM, 0, NULL, "random", 0, 0, "random|round_robin|consistent",
		      "How one of several addresses is chosen.", "No group" },
	[K_PROXY] = { "proxy", FSV_CONF_ADDRESS, 0, NULL, NULL, 0, 0, NULL, "Address of the proxy.", NULL },
	[K_URL] = { "http.adapter.url", FSV_CONF_STRING, 0, NULL, NULL, 0, 0, NULL, "Where features come from.", NULL },
	[K_PASSWORD] = { "redis.password", FSV_CONF_STRING, FSV_CONF_SECRET | FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL,
			 "Password.", NULL },
	[K_NODES] = { "redis.cluster.nodes", FSV_CONF_ADDRESS, FSV_CONF_LIST | FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL,
		      "Nodes of the cluster.", NULL },
	[K_CERTS] = { "tls.files", FSV_CONF_PATH, FSV_CONF_LIST, NULL, "/a.pem, /b,c.pem", 0, 0, NULL, "Files.", NULL },
	[K_WAITS] = { "retry.waits", FSV_CONF_DURATION, FSV_CONF_LIST, "s", "1,500ms", 0, 60000, NULL, "Steps.", NULL },
	[K_OLD] = { "redis.timeout", FSV_CONF_INT, FSV_CONF_RETIRED, NULL, NULL, 0, 0, NULL,
		    "Never had an effect.", "Old" },
	[K_OLD_LIST] = { "redis.maxIdle", FSV_CONF_INT, FSV_CONF_RETIRED, NULL, NULL, 0, 0, NULL,
			 "The pool has one size.", NULL },
};

static const struct fsv_conf_schema test_schema = {
	.daemon = "fate-serving-test", .file = "/etc/fate-serving/test.yaml", .keys = test_keys, .n_keys = N_KEYS,
};

#endif
