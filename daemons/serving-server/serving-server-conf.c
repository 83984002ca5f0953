/* SPDX-License-Identifier: Apache-2.0 */
#include "serving-server-conf.h"

#include "adaptor.h"
#include "svc/monitor.h"
#include "svc/svc.h"

#define DAY_MS		INT64_C(86400000)
#define COMPAT(what)	what " Read for compatibility; has no effect in this version."
#define IDLE(key, type, flags, unit, def, doc) { key, type, flags, unit, def, 0, 0, NULL, COMPAT(doc), NULL }
#define RETIRED(key, type, instead) { key, type, FSV_CONF_RETIRED, NULL, NULL, 0, 0, NULL, instead, NULL }
#define RETIRED_MS(key, instead) { key, FSV_CONF_DURATION, FSV_CONF_RETIRED, "ms", NULL, 0, 0, NULL, instead, NULL }

static const struct fsv_conf_key keys[] = {
	[FSV_SK_PORT] = { "port", FSV_CONF_PORT, FSV_CONF_RESTART, NULL, "8000", 0, 0, NULL,
		"gRPC port, for the proxy of the own party; 0 = not served.", "Ports" },
	[FSV_SK_ADDRESS] = { "grpc.address", FSV_CONF_STRING, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL,
		"Address the gRPC port is bound to; unset = every interface.", NULL },
	[FSV_SK_HTTP_PORT] = { "server.port", FSV_CONF_PORT, FSV_CONF_RESTART, NULL, "8185", 0, 0, NULL,
		"HTTP port; 0 = not served.", NULL },
	[FSV_SK_HTTP_ADDRESS] = { "server.address", FSV_CONF_STRING, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL,
		"Address the HTTP port is bound to; unset = every interface.", NULL },

	[FSV_SK_PROXY] = { "proxy", FSV_CONF_ADDRESS, 0, NULL, NULL, 0, 0, NULL,
		"host:port of the own proxy's intra port, through which a guest asks its hosts.", "Guest" },
	[FSV_SK_ROLE_NAME] = { "serviceRoleName", FSV_CONF_STRING, 0, NULL, "serving", 0, 0, NULL,
		"Role under which parties stand in the packets; routes are looked up by it.", NULL },
	[FSV_SK_SINGLE_TIMEOUT] = { "single.inference.rpc.timeout", FSV_CONF_DURATION, 0, "ms", "3s", 1, DAY_MS, NULL,
		"How long a guest waits for all its hosts; a shorter deadline of the caller wins.", NULL },
	[FSV_SK_BATCH_TIMEOUT] = { "batch.inference.rpc.timeout", FSV_CONF_DURATION, 0, "ms", "3s", 1, DAY_MS, NULL,
		"The same for a batch.", NULL },
	[FSV_SK_GRPC_TIMEOUT] = { "grpc.timeout", FSV_CONF_DURATION, 0, "ms", "5s", 1, DAY_MS, NULL,
		"How long calls to other nodes may take that are made for /server/…, and how long a batch waits for "
		"its features.", NULL },
	[FSV_SK_BATCH_MAX] = { "batch.inference.max", FSV_CONF_INT, 0, NULL, "300", 1, 1000000, NULL,
		"Rows of a batch, as guest and as host; larger ones are refused.", NULL },

	[FSV_SK_CACHE_PATH] = { "model.cache.path", FSV_CONF_PATH, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL,
		"The folder that holds .fate, where models and flow rules are kept; unset = the working directory.",
		"Models" },
	[FSV_SK_UNKNOWN_COMPONENTS] = { "model.unknownComponents", FSV_CONF_ENUM, FSV_CONF_RESTART, NULL, "refuse", 0, 0,
		"refuse|pass",
		"What to do with a model that has a component which this version does not know. pass: leave the "
		"component out, as the reference does, at the risk of wrong scores.", NULL },
	[FSV_SK_LR_PARALLEL] = { "lr.use.parallel", FSV_CONF_BOOL, FSV_CONF_RESTART, NULL, "false", 0, 0, NULL,
		"Add up linear models of a host in chunks. The last digit of a score may depend on it.", NULL },
	[FSV_SK_LR_SPLIT] = { "lr.split.size", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "500", 1, 1000000, NULL,
		"Columns in such a chunk.", NULL },

	[FSV_SK_SINGLE_ADAPTOR] = { "feature.single.adaptor", FSV_CONF_STRING, 0, NULL, NULL, 0, 0, NULL,
		"Where the features for single requests come from: MockAdapter, TestFileAdapter, TestFilePickAdapter, "
		"HttpAdapter or HttpAdapterByHeader, with or without the reference's package name.", "Host" },
	[FSV_SK_BATCH_ADAPTOR] = { "feature.batch.adaptor", FSV_CONF_STRING, 0, NULL, NULL, 0, 0, NULL,
		"The same for batches: MockBatchAdapter, BatchTestFileAdapter, BatchTestFilePickAdapter or "
		"ParallelBatchToSingleFeatureAdaptor.", NULL },
	[FSV_SK_BATCH_SINGLE_ADAPTOR] = { "feature.batch.single.adaptor", FSV_CONF_STRING, 0, NULL, NULL, 0, 0, NULL,
		"The adaptor that ParallelBatchToSingleFeatureAdaptor asks for each row.", NULL },
	[FSV_SK_BATCH_CONCURRENCY] = { "feature.batch.concurrency", FSV_CONF_INT, 0, NULL, "32", 1, 10000, NULL,
		"Rows of one batch that ParallelBatchToSingleFeatureAdaptor asks for at the same time.", NULL },
	[FSV_SK_FEATURE_FILE] = { "feature.file.path", FSV_CONF_PATH, 0, NULL, "host_data.csv", 0, 0, NULL,
		"The file of the …File… adaptors. Changes to it are taken up at once.", NULL },
	[FSV_SK_HTTP_URL] = { "http.adapter.url", FSV_CONF_STRING, 0, NULL, NULL, 0, 0, NULL,
		"URL that the Http… adaptors post to.", NULL },
	[FSV_SK_HTTP_CONNECT_TIMEOUT] = { "http.connect.timeout", FSV_CONF_DURATION, 0, "ms", "10s", 1, DAY_MS, NULL,
		"How long an Http… adaptor may take to connect.", NULL },
	[FSV_SK_HTTP_READ_TIMEOUT] = { "http.socket.timeout", FSV_CONF_DURATION, 0, "ms", "10s", 1, DAY_MS, NULL,
		"How long it waits for the answer.", NULL },
	[FSV_SK_HTTP_MAX_ANSWER] = { "http.adapter.max.answer", FSV_CONF_SIZE, 0, NULL, "4M", 1024, 1 << 30, NULL,
		"Largest answer that it takes.", NULL },
	[FSV_SK_HTTP_POOL] = { "http.max.pool.size", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "50", 1, 100000, NULL,
		"Connections that the Http… adaptors keep open.", NULL },

	[FSV_SK_WORKER_THREADS] = { "worker.threads", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "0", 0, 256, NULL,
		"Threads that carry requests; 0 = half of the cores, at least one.", "Limits" },
	[FSV_SK_MAX_INFLIGHT] = { "max.inflight", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "4096", 1, 1000000, NULL,
		"Requests under way over both ports; more are refused with code 124.", NULL },
	[FSV_SK_MAX_MESSAGE] = { "max.message.size", FSV_CONF_SIZE, FSV_CONF_RESTART, NULL, "32M", 1024, 1 << 30, NULL,
		"Largest gRPC message that is accepted, in either direction.", NULL },
	[FSV_SK_HTTP_THREADS] = { "http.threads", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "1", 1, 64, NULL,
		"Threads that read and write HTTP connections.", NULL },
	[FSV_SK_HTTP_MAX_BODY] = { "http.max.body", FSV_CONF_SIZE, FSV_CONF_RESTART, NULL, "32M", 1024, 1 << 30, NULL,
		"Largest HTTP request body; larger ones are answered 413.", NULL },
	[FSV_SK_HTTP_MAX_HEADER] = { "http.max.header", FSV_CONF_SIZE, FSV_CONF_RESTART, NULL, "8K", 1024, 1 << 20, NULL,
		"Largest HTTP request header.", NULL },
	[FSV_SK_HTTP_MAX_CONNECTIONS] = { "http.max.connections", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "1024", 1,
		1000000, NULL, "HTTP connections open at the same time.", NULL },
	[FSV_SK_HTTP_TIMEOUT] = { "http.timeout", FSV_CONF_DURATION, FSV_CONF_RESTART, "ms", "60s", 100, DAY_MS, NULL,
		"Idle HTTP connections and half-sent requests are closed after this time.", NULL },
	[FSV_SK_RELAY_ALLOW] = { "http.relay.allow", FSV_CONF_STRING, FSV_CONF_LIST, NULL, NULL, 0, 0, NULL,
		"Nodes, as host:port or host, that requests to /server/… may be passed on to, besides those of this "
		"machine (127.0.0.0/8).", NULL },

	[FSV_SK_PRINT_INPUT] = { "print.input.data", FSV_CONF_BOOL, 0, NULL, "false", 0, 0, NULL,
		"Log the body of every request, features included, as one line of JSON; what is beyond 2 KiB is cut off.",
		"Requests in the log" },
	[FSV_SK_PRINT_OUTPUT] = { "print.output.data", FSV_CONF_BOOL, 0, NULL, "false", 0, 0, NULL,
		"The same for every answer, scores included.", NULL },

	FSV_SVC_KEYS,
	FSV_MONITOR_KEYS,

	[FSV_SK_USE_REGISTER] = { "useRegister", FSV_CONF_BOOL, FSV_CONF_RESTART, NULL, "true", 0, 0, NULL,
		COMPAT("Register in ZooKeeper; this version finds its proxy by the key proxy alone."),
		"Read for compatibility" },
	[FSV_SK_USE_ZK_ROUTER] = IDLE("useZkRouter", FSV_CONF_BOOL, FSV_CONF_RESTART, NULL, "true",
				      "Find the proxy through ZooKeeper."),
	[FSV_SK_ZK_URL] = IDLE("zk.url", FSV_CONF_STRING, FSV_CONF_RESTART, NULL, NULL,
			       "Addresses of the ZooKeeper servers."),
	[FSV_SK_RESULT_CACHE] = IDLE("remoteModelInferenceResultCacheSwitch", FSV_CONF_BOOL, 0, NULL, "false",
				     "Keep the answers of hosts."),
	IDLE("acl.enable", FSV_CONF_BOOL, FSV_CONF_RESTART, NULL, "false", "Access control on the ZooKeeper nodes."),
	IDLE("acl.username", FSV_CONF_STRING, FSV_CONF_RESTART, NULL, NULL, "Name for the ZooKeeper nodes."),
	IDLE("acl.password", FSV_CONF_STRING, FSV_CONF_RESTART | FSV_CONF_SECRET, NULL, NULL,
	     "Password for the ZooKeeper nodes."),
	IDLE("cache.type", FSV_CONF_STRING, 0, NULL, "local", "Where they are kept: local or redis."),
	IDLE("local.cache.maxsize", FSV_CONF_INT, 0, NULL, "10000", "Answers kept in memory."),
	IDLE("local.cache.expire", FSV_CONF_DURATION, 0, "s", "30s", "How long one is kept."),
	IDLE("local.cache.interval", FSV_CONF_DURATION, 0, "s", "3s", "How often old ones are looked for."),
	IDLE("redis.ip", FSV_CONF_STRING, 0, NULL, NULL, "Redis server."),
	IDLE("redis.port", FSV_CONF_PORT, 0, NULL, "3306", "Its port."),
	IDLE("redis.password", FSV_CONF_STRING, FSV_CONF_SECRET, NULL, NULL, "Its password."),
	IDLE("redis.timeout", FSV_CONF_DURATION, 0, "ms", "2s", "How long it may take to answer."),
	IDLE("redis.expire", FSV_CONF_DURATION, 0, "s", "3000s", "How long an answer is kept there."),
	IDLE("redis.maxTotal", FSV_CONF_INT, 0, NULL, "20", "Connections to it."),
	IDLE("redis.maxIdle", FSV_CONF_INT, 0, NULL, "2", "Idle connections to it."),
	IDLE("redis.cluster.nodes", FSV_CONF_STRING, 0, NULL, NULL, "Nodes of a Redis cluster."),
	IDLE("model.transfer.url", FSV_CONF_STRING, 0, NULL, NULL, "FATE-Flow's URL for fetching models."),
	IDLE("model.synchronize", FSV_CONF_BOOL, 0, NULL, "false", "Let other nodes fetch models from here."),
	IDLE("httpclinet.config.connection.req.timeout", FSV_CONF_DURATION, 0, "ms", "500ms",
	     "Wait for a connection to FATE-Flow."),
	IDLE("httpclient.config.connection.timeout", FSV_CONF_DURATION, 0, "ms", "500ms", "Connecting to FATE-Flow."),
	IDLE("httpclient.config.sockect.timeout", FSV_CONF_DURATION, 0, "ms", "2s", "Wait for FATE-Flow."),
	IDLE("httpclient.tran.connection.req.timeout", FSV_CONF_DURATION, 0, "ms", "60s",
	     "Wait for a connection to fetch a model."),
	IDLE("httpclient.tran.connection.timeout", FSV_CONF_DURATION, 0, "ms", "60s", "Connecting to fetch a model."),
	IDLE("httpclient.tran.sockect.timeout", FSV_CONF_DURATION, 0, "ms", "60s", "Wait for a model."),
	IDLE("health.check.allow", FSV_CONF_BOOL, 0, NULL, "true", "Health report for the console."),
	IDLE("batch.split.size", FSV_CONF_INT, 0, NULL, "100", "Rows that one thread works on."),

	RETIRED("serving.core.pool.size", FSV_CONF_INT, "See worker.threads."),
	RETIRED("serving.max.pool.size", FSV_CONF_INT, "See max.inflight."),
	RETIRED_MS("serving.pool.alive.time", "See worker.threads."),
	RETIRED("serving.pool.queue.size", FSV_CONF_INT, "See max.inflight."),
	RETIRED_MS("http.connect.request.timeout", "See http.connect.timeout."),
	RETIRED("httpclient.init.pool.maxtotal", FSV_CONF_INT, "See http.max.pool.size."),
	RETIRED("httpclient.init.pool.def.max.pre.route", FSV_CONF_INT, "See http.max.pool.size."),
	RETIRED_MS("httpclient.init.pool.sockect.timeout", "See http.socket.timeout."),
	RETIRED_MS("httpclient.init.pool.connection.timeout", "See http.connect.timeout."),
	RETIRED_MS("httpclient.init.pool.connection.req.timeout", "See http.connect.timeout."),
};

static int check(const struct fsv_conf *conf, struct fsv_err *err)
{
	int64_t port = fsv_conf_int(conf, FSV_SK_PORT);

	if (port != 0 && port == fsv_conf_int(conf, FSV_SK_HTTP_PORT))
		return fsv_err_set(err, FSV_E_CONFIG, "port and server.port are both %lld; give each its own port",
				   (long long)port);
	if (fsv_monitor_check(conf, FSV_SK_METRICS, err) < 0)
		return FSV_E_CONFIG;
	return fsv_adaptor_check(conf, err);
}

const struct fsv_conf_schema fsv_server_schema = {
	.daemon = "fate-serving-server",
	.file = FSV_SYSCONFDIR "/fate-serving/serving-server.yaml",
	.keys = keys,
	.n_keys = sizeof(keys) / sizeof(keys[0]),
	.check = check,
};
