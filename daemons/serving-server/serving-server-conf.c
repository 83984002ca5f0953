/* SPDX-License-Identifier: Apache-2.0 */
#include "serving-server-conf.h"

#include "adaptor.h"
#include "call/gate.h"
#include "call/spans.h"
#include "svc/health.h"
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
	[FSV_SK_BATCH_SLICE] = { "batch.split.size", FSV_CONF_INT, 0, NULL, "100", 1, 1000000, NULL,
		"Rows of a batch that one thread calculates at a time. A batch with more rows is cut, and the threads of "
		"batch.threads help; a smaller one stays on the thread that carries it.", NULL },

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

	[FSV_SK_TRANSFER_URL] = { "model.transfer.url", FSV_CONF_STRING, 0, NULL, NULL, 0, 0, NULL,
		"FATE-Flow's URL for fetching models, used when a request to load one names none and nobody has registered "
		"the model: http://HOST:9380/v1/model/transfer.", NULL },
	[FSV_SK_SYNCHRONIZE] = { "model.synchronize", FSV_CONF_BOOL, 0, NULL, "false", 0, 0, NULL,
		"Give models to other servers, and fetch models from them, when somebody asks for that over gRPC.", NULL },
	[FSV_SK_TRAN_CONNECT_TIMEOUT] = { "httpclient.tran.connection.timeout", FSV_CONF_DURATION, 0, "ms", "60s", 1, DAY_MS,
		NULL, "How long connecting to FATE-Flow may take.", NULL },
	[FSV_SK_TRAN_SOCKET_TIMEOUT] = { "httpclient.tran.sockect.timeout", FSV_CONF_DURATION, 0, "ms", "60s", 1, DAY_MS, NULL,
		"How long a download from FATE-Flow may stand still.", NULL },
	[FSV_SK_LOAD_TIMEOUT] = { "model.load.timeout", FSV_CONF_DURATION, 0, "ms", "10min", 1, DAY_MS, NULL,
		"How long fetching a model, or unpacking it, may take in all.", NULL },
	[FSV_SK_LOAD_MAX] = { "model.load.max", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "8", 1, 1000, NULL,
		"Models that may be on their way in at the same time; more are refused with code 124.", NULL },
	[FSV_SK_MODEL_MAX_SIZE] = { "model.max.size", FSV_CONF_SIZE, 0, NULL, "256M", 1024, 1 << 30, NULL,
		"Largest model that is taken: of FATE-Flow's answer, of a model file, of an archive packed and unpacked.", NULL },
	[FSV_SK_ARCHIVE_MAX_ENTRIES] = { "model.archive.max.entries", FSV_CONF_INT, 0, NULL, "10000", 1, 1000000, NULL,
		"Most entries that a model archive may have.", NULL },
	[FSV_SK_MAX_LOADED] = { "model.max.loaded", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "10000", 1, 100000, NULL,
		"Models that may be loaded at the same time.", NULL },
	[FSV_SK_MAX_BOUND] = { "model.max.bound", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "100000", 1, 1000000, NULL,
		"Service ids that may be bound at the same time.", NULL },
	[FSV_SK_LEGACY_PATH] = { "model.legacy.path", FSV_CONF_PATH, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL,
		"The folder whose .fate holds the stores of FATE-Serving 1.2 or 1.3, which are taken over once; unset = the home "
		"of the user that the server runs as.", NULL },

	[FSV_SK_SINGLE_ADAPTOR] = { "feature.single.adaptor", FSV_CONF_STRING, 0, NULL, NULL, 0, 0, NULL,
		"Where the features for single requests come from: MockAdapter, TestFileAdapter, TestFilePickAdapter, "
		"HttpAdapter, HttpAdapterByHeader, SqlAdapter, MysqlAdapter, RedisAdapter or PluginAdapter, with or without the "
		"reference's package name.", "Host" },
	[FSV_SK_BATCH_ADAPTOR] = { "feature.batch.adaptor", FSV_CONF_STRING, 0, NULL, NULL, 0, 0, NULL,
		"The same for batches: MockBatchAdapter, BatchTestFileAdapter, BatchTestFilePickAdapter, HttpBatchAdapter, "
		"SqlBatchAdapter, BatchRedisAdapter, PluginBatchAdapter or ParallelBatchToSingleFeatureAdaptor.", NULL },
	[FSV_SK_BATCH_SINGLE_ADAPTOR] = { "feature.batch.single.adaptor", FSV_CONF_STRING, 0, NULL, NULL, 0, 0, NULL,
		"The adaptor for single requests that ParallelBatchToSingleFeatureAdaptor asks for each row.", NULL },
	[FSV_SK_BATCH_CONCURRENCY] = { "feature.batch.concurrency", FSV_CONF_INT, 0, NULL, "32", 1, 10000, NULL,
		"Rows of one batch that are asked for at the same time.", NULL },
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

	[FSV_SK_SQL_DRIVER] = { "feature.sql.driver", FSV_CONF_ENUM, 0, NULL, "mariadb", 0, 0, "mariadb|sqlite",
		"Which database SqlAdapter, MysqlAdapter and SqlBatchAdapter ask: MariaDB or MySQL, or a file of SQLite.",
		"Host: features from a database" },
	[FSV_SK_SQL_SERVER] = { "feature.sql.server", FSV_CONF_ADDRESS, 0, NULL, NULL, 0, 0, NULL,
		"host:port of the MariaDB or MySQL server.", NULL },
	[FSV_SK_SQL_SOCKET] = { "feature.sql.socket", FSV_CONF_PATH, 0, NULL, NULL, 0, 0, NULL,
		"Its socket on this machine, in place of feature.sql.server.", NULL },
	[FSV_SK_SQL_USER] = { "feature.sql.user", FSV_CONF_STRING, 0, NULL, NULL, 0, 0, NULL,
		"User of the database; one that may read the table and nothing else will do.", NULL },
	[FSV_SK_SQL_PASSWORD_FILE] = { "feature.sql.passwordFile", FSV_CONF_PATH, 0, NULL, NULL, 0, 0, NULL,
		"File whose first line is the user's password; read again for each connection.", NULL },
	[FSV_SK_SQL_DATABASE] = { "feature.sql.database", FSV_CONF_STRING, 0, NULL, NULL, 0, 0, NULL,
		"Name of the database.", NULL },
	[FSV_SK_SQL_FILE] = { "feature.sql.file", FSV_CONF_PATH, 0, NULL, NULL, 0, 0, NULL,
		"SQLite's file. It is only read; another one put in its place is taken up at once.", NULL },
	[FSV_SK_SQL_STATEMENT] = { "feature.sql.statement", FSV_CONF_STRING, 0, NULL, NULL, 0, 0, NULL,
		"The statement that finds a person, with :name in place of each member of sendToRemoteFeatureData. "
		"The columns of the first row are the features.", NULL },
	[FSV_SK_SQL_TLS] = { "feature.sql.tls.enable", FSV_CONF_BOOL, 0, NULL, "false", 0, 0, NULL,
		"Speak TLS to the server; its certificate and name are checked.", NULL },
	[FSV_SK_SQL_CA_FILE] = { "feature.sql.tls.caFile", FSV_CONF_PATH, 0, NULL, NULL, 0, 0, NULL,
		"Authorities that may have signed the server's certificate (PEM); unset = the system's.", NULL },
	[FSV_SK_SQL_CERT_FILE] = { "feature.sql.tls.certChainFile", FSV_CONF_PATH, 0, NULL, NULL, 0, 0, NULL,
		"Our own certificate, for servers that ask for one (PEM).", NULL },
	[FSV_SK_SQL_KEY_FILE] = { "feature.sql.tls.privateKeyFile", FSV_CONF_PATH, 0, NULL, NULL, 0, 0, NULL,
		"Its private key (PEM).", NULL },
	[FSV_SK_SQL_CONNECTIONS] = { "feature.sql.connections", FSV_CONF_INT, 0, NULL, "8", 1, 256, NULL,
		"Connections to the database, each with a thread of its own. A single and a batch adaptor have as many each.",
		NULL },
	[FSV_SK_SQL_QUEUE] = { "feature.sql.queue", FSV_CONF_INT, 0, NULL, "1000", 1, 1000000, NULL,
		"Look-ups that may wait for a connection; more are refused with code 110.", NULL },
	[FSV_SK_SQL_TIMEOUT] = { "feature.sql.timeout", FSV_CONF_DURATION, 0, "ms", "2s", 1, DAY_MS, NULL,
		"How long a look-up may take, waiting included; a shorter deadline of the caller wins.", NULL },
	[FSV_SK_SQL_CONNECT_TIMEOUT] = { "feature.sql.connect.timeout", FSV_CONF_DURATION, 0, "ms", "2s", 1, DAY_MS, NULL,
		"How long an attempt to connect may take.", NULL },
	[FSV_SK_SQL_MAX_ANSWER] = { "feature.sql.max.answer", FSV_CONF_SIZE, 0, NULL, "1M", 1024, 1 << 30, NULL,
		"Largest row that is taken.", NULL },

	[FSV_SK_PLUGIN_FOLDER] = { "feature.plugin.folder", FSV_CONF_PATH, 0, NULL, FSV_PLUGIN_FOLDER, 0, 0,
		NULL, "Folder of the plugins of PluginAdapter and PluginBatchAdapter. It, the folders above it and the plugin "
		"must belong to root and be writable by nobody else.", "Host: features from a plugin" },
	[FSV_SK_PLUGIN_FILE] = { "feature.plugin.file", FSV_CONF_STRING, 0, NULL, NULL, 0, 0, NULL,
		"Name of the plugin's file in that folder.", NULL },
	[FSV_SK_PLUGIN_OPTIONS] = { "feature.plugin.options", FSV_CONF_STRING, FSV_CONF_LIST, NULL, NULL, 0, 0, NULL,
		"What the plugin is told when it is opened, as key=value. No place for secrets: give it the path of a file.",
		NULL },
	[FSV_SK_PLUGIN_THREADS] = { "feature.plugin.threads", FSV_CONF_INT, 0, NULL, "4", 1, 256, NULL,
		"Threads that call the plugin.", NULL },
	[FSV_SK_PLUGIN_QUEUE] = { "feature.plugin.queue", FSV_CONF_INT, 0, NULL, "1000", 1, 1000000, NULL,
		"Look-ups that may wait for the plugin's threads or for its answers; more are refused with code 110.", NULL },
	[FSV_SK_PLUGIN_TIMEOUT] = { "feature.plugin.timeout", FSV_CONF_DURATION, 0, "ms", "2s", 1, DAY_MS, NULL,
		"How long the plugin may take to answer; a shorter deadline of the caller wins.", NULL },
	[FSV_SK_PLUGIN_MAX_ANSWER] = { "feature.plugin.max.answer", FSV_CONF_SIZE, 0, NULL, "1M", 1024, 1 << 30, NULL,
		"Largest answer for one person that is taken.", NULL },

	[FSV_SK_RESULT_CACHE] = { "remoteModelInferenceResultCacheSwitch", FSV_CONF_BOOL, 0, NULL, "false", 0, 0, NULL,
		"Keep what hosts answer, and do not ask them again about the same person while it is kept.",
		"Cache of hosts' answers" },
	[FSV_SK_CACHE_TYPE] = { "cache.type", FSV_CONF_ENUM, FSV_CONF_RESTART, NULL, "local", 0, 0, "local|redis",
		"Where answers are kept: in this process, or in Redis, where several guests share them.", NULL },
	[FSV_SK_CACHE_MAX_VALUE] = { "cache.value.max", FSV_CONF_SIZE, FSV_CONF_RESTART, NULL, "256K", 64, 64 << 20, NULL,
		"Largest answer about one person that is kept.", NULL },
	[FSV_SK_LOCAL_MAX_SIZE] = { "local.cache.maxsize", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "10000", 1, 100000000,
		NULL, "Answers that are kept in this process; the least recently used make room.", NULL },
	[FSV_SK_LOCAL_MAX_BYTES] = { "local.cache.maxbytes", FSV_CONF_SIZE, FSV_CONF_RESTART, NULL, "64M", 1 << 16,
		INT64_C(1) << 40, NULL, "Memory that they may take.", NULL },
	[FSV_SK_LOCAL_EXPIRE] = { "local.cache.expire", FSV_CONF_DURATION, FSV_CONF_RESTART, "s", "30s", 0, 365 * DAY_MS,
		NULL, "How long one is kept, from when the host gave it; 0 = until room is needed.", NULL },
	[FSV_SK_LOCAL_INTERVAL] = { "local.cache.interval", FSV_CONF_DURATION, FSV_CONF_RESTART, "s", "3s", 0, DAY_MS, NULL,
		"How often, while the cache is in use, those past it are thrown out.", NULL },

	[FSV_SK_REDIS_IP] = { "redis.ip", FSV_CONF_STRING, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL,
		"Host of the Redis server; unset = none. It keeps answers when cache.type is redis, and holds the features of "
		"RedisAdapter and BatchRedisAdapter unless feature.redis.nodes is set.", "Redis" },
	[FSV_SK_REDIS_PORT] = { "redis.port", FSV_CONF_PORT, FSV_CONF_RESTART, NULL, "3306", 0, 0, NULL,
		"Its port. The default is the reference's; Redis itself has 6379.", NULL },
	[FSV_SK_REDIS_CLUSTER_NODES] = { "redis.cluster.nodes", FSV_CONF_ADDRESS, FSV_CONF_RESTART | FSV_CONF_LIST, NULL, NULL,
		0, 0, NULL, "Nodes of a Redis cluster, as host:port, instead of redis.ip; some are enough to find the others.",
		NULL },
	[FSV_SK_REDIS_PASSWORD] = { "redis.password", FSV_CONF_STRING, FSV_CONF_RESTART | FSV_CONF_SECRET, NULL, NULL, 0, 0,
		NULL, "Its password. redis.passwordFile keeps it out of this file.", NULL },
	[FSV_SK_REDIS_PASSWORD_FILE] = { "redis.passwordFile", FSV_CONF_PATH, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL,
		"File whose first line is the password; read for each new connection, so that it can be changed.", NULL },
	[FSV_SK_REDIS_TIMEOUT] = { "redis.timeout", FSV_CONF_DURATION, FSV_CONF_RESTART, "ms", "2s", 1, DAY_MS, NULL,
		"Silence after which a Redis server counts as down. From then on nobody waits for it; it is tried again in the "
		"background, after 100 ms at first and every 5 s at last. A request waits for the cache no longer than half of "
		"its own time.", NULL },
	[FSV_SK_REDIS_EXPIRE] = { "redis.expire", FSV_CONF_DURATION, FSV_CONF_RESTART, "s", "3000s", 0, 365 * DAY_MS, NULL,
		"How long an answer is kept there; 0 = as long as the server likes.", NULL },
	[FSV_SK_REDIS_MAX_TOTAL] = { "redis.maxTotal", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "20", 1, 1000, NULL,
		"Connections to each server. Each carries many commands; another is opened when all have 32 under way.", NULL },
	[FSV_SK_REDIS_MAX_IDLE] = { "redis.maxIdle", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "2", 1, 1000, NULL,
		"Connections that stay open without work.", NULL },
	[FSV_SK_REDIS_MAX_COMMANDS] = { "redis.maxCommands", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "8192", 1, 1000000, NULL,
		"Commands under way, one for each person; over it the cache is passed by, and look-ups of features fail.", NULL },
	[FSV_SK_REDIS_MAX_BYTES] = { "redis.maxBytes", FSV_CONF_SIZE, FSV_CONF_RESTART, NULL, "64M", 1 << 16, INT64_C(1) << 40,
		NULL, "What they may be large together; likewise.", NULL },
	[FSV_SK_REDIS_MAX_REPLY] = { "redis.maxReply", FSV_CONF_SIZE, FSV_CONF_RESTART, NULL, "4M", 4096, 1 << 29, NULL,
		"Largest reply that is taken.", NULL },
	[FSV_SK_REDIS_TLS] = { "redis.tls.enable", FSV_CONF_BOOL, FSV_CONF_RESTART, NULL, "false", 0, 0, NULL,
		"TLS to Redis. The server's certificate must carry the name, or the address, that it is reached by.", NULL },
	[FSV_SK_REDIS_TLS_CA] = { "redis.tls.caFile", FSV_CONF_PATH, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL,
		"Authorities that it may be signed by; unset = those of the system.", NULL },
	[FSV_SK_REDIS_TLS_CERT] = { "redis.tls.certChainFile", FSV_CONF_PATH, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL,
		"Own certificate, for servers that ask for one.", NULL },
	[FSV_SK_REDIS_TLS_KEY] = { "redis.tls.privateKeyFile", FSV_CONF_PATH, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL,
		"Its key.", NULL },
	[FSV_SK_FEATURE_REDIS_NODES] = { "feature.redis.nodes", FSV_CONF_ADDRESS, FSV_CONF_RESTART | FSV_CONF_LIST, NULL, NULL,
		0, 0, NULL, "Redis servers with features, as host:port, when they are others than redis.ip or "
		"redis.cluster.nodes. Limits and TLS are those of redis.….", NULL },
	[FSV_SK_FEATURE_REDIS_CLUSTER] = { "feature.redis.cluster", FSV_CONF_BOOL, FSV_CONF_RESTART, NULL, "false", 0, 0, NULL,
		"They are nodes of a cluster.", NULL },
	[FSV_SK_FEATURE_REDIS_PASSWORD_FILE] = { "feature.redis.passwordFile", FSV_CONF_PATH, FSV_CONF_RESTART, NULL, NULL, 0, 0,
		NULL, "Their password, as in redis.passwordFile.", NULL },
	[FSV_SK_FEATURE_REDIS_KEY] = { "feature.redis.key", FSV_CONF_STRING, 0, NULL, "${id|device_id}", 0, 0, NULL,
		"Key of the hash with a person's features. ${a|b} stands for the member a of sendToRemoteFeatureData or, where "
		"that is missing or empty, for b.", NULL },
	[FSV_SK_FEATURE_REDIS_FIELDS] = { "feature.redis.fields", FSV_CONF_STRING, FSV_CONF_LIST, NULL, NULL, 0, 0, NULL,
		"Fields of the hash to ask for; unset = all.", NULL },

	[FSV_SK_WORKER_THREADS] = { "worker.threads", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "0", 0, 256, NULL,
		"Threads that carry requests; 0 = half of the cores, at least one.", "Limits" },
	[FSV_SK_BATCH_THREADS] = { "batch.threads", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "0", 0, 256, NULL,
		"Threads that help with large batches, see batch.split.size; 0 = one less than cores.", NULL },
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

	[FSV_SK_HEALTH_CHECK] = { "health.check.allow", FSV_CONF_BOOL, 0, NULL, "true", 0, 0, NULL,
		"Report on memory, FATE-Flow and models when the console asks for it; false: the report is empty.", NULL },
	[FSV_SK_HEALTH_TIMEOUT] = FSV_HEALTH_TIMEOUT_KEY,
	[FSV_SK_FLOW_MAX_RULES] = FSV_FLOW_MAX_RULES_KEY,

	[FSV_SK_PRINT_INPUT] = { "print.input.data", FSV_CONF_BOOL, 0, NULL, "false", 0, 0, NULL,
		"Log the body of every request, features included, as one line of JSON; what is beyond 2 KiB is cut off.",
		"Requests in the log" },
	[FSV_SK_PRINT_OUTPUT] = { "print.output.data", FSV_CONF_BOOL, 0, NULL, "false", 0, 0, NULL,
		"The same for every answer, scores included.", NULL },

	FSV_SVC_KEYS,
	FSV_WAITS_KEYS,
	FSV_MONITOR_KEYS,
	FSV_SPANS_KEYS,

	[FSV_SK_USE_REGISTER] = { "useRegister", FSV_CONF_BOOL, FSV_CONF_RESTART, NULL, "true", 0, 0, NULL,
		"Register this server and its models in ZooKeeper, and see proxies and FATE-Flow there. Needs zk.url; without "
		"it nothing is registered.", "Registry" },
	[FSV_SK_USE_ZK_ROUTER] = { "useZkRouter", FSV_CONF_BOOL, FSV_CONF_RESTART, NULL, "true", 0, 0, NULL,
		"Find the own proxy through the registry; the address under proxy, if there is one, is used when no proxy is "
		"known there. false, or without a registry: proxy alone.", NULL },
	[FSV_SK_REGISTRY] = FSV_REGISTRY_KEYS,

	{ "httpclinet.config.connection.req.timeout", FSV_CONF_DURATION, 0, "ms", "500ms", 0, 0, NULL,
		COMPAT("Wait for a connection to FATE-Flow."), "Read for compatibility" },
	IDLE("httpclient.config.connection.timeout", FSV_CONF_DURATION, 0, "ms", "500ms", "Connecting to FATE-Flow."),
	IDLE("httpclient.config.sockect.timeout", FSV_CONF_DURATION, 0, "ms", "2s", "Wait for FATE-Flow."),
	IDLE("httpclient.tran.connection.req.timeout", FSV_CONF_DURATION, 0, "ms", "60s",
	     "Wait for a connection to fetch a model."),

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

static int check_redis(const struct fsv_conf *conf, struct fsv_err *err)
{
	const char *ip = fsv_conf_str(conf, FSV_SK_REDIS_IP);
	bool cert = fsv_conf_str(conf, FSV_SK_REDIS_TLS_CERT), key = fsv_conf_str(conf, FSV_SK_REDIS_TLS_KEY);

	if (fsv_conf_bool(conf, FSV_SK_RESULT_CACHE) && fsv_conf_enum(conf, FSV_SK_CACHE_TYPE) == 1 &&
	    (!ip || fsv_str_blank(fsv_str(ip))) && !*fsv_conf_list(conf, FSV_SK_REDIS_CLUSTER_NODES))
		return fsv_err_set(err, FSV_E_CONFIG, "%s: cache.type: redis needs redis.ip or redis.cluster.nodes",
				   fsv_conf_where(conf, FSV_SK_CACHE_TYPE));
	if (cert != key)
		return fsv_err_set(err, FSV_E_CONFIG, "%s: redis.tls.certChainFile and redis.tls.privateKeyFile go together; "
				   "set both or none",
				   fsv_conf_where(conf, cert ? FSV_SK_REDIS_TLS_CERT : FSV_SK_REDIS_TLS_KEY));
	return 0;
}

static int check(const struct fsv_conf *conf, struct fsv_err *err)
{
	int64_t port = fsv_conf_int(conf, FSV_SK_PORT);

	if (port != 0 && port == fsv_conf_int(conf, FSV_SK_HTTP_PORT))
		return fsv_err_set(err, FSV_E_CONFIG, "port and server.port are both %lld; give each its own port",
				   (long long)port);
	if (check_redis(conf, err) < 0 || fsv_registry_keys_check(conf, FSV_SK_REGISTRY, err) < 0 ||
	    fsv_monitor_check(conf, FSV_SK_METRICS, err) < 0 || fsv_spans_check(conf, FSV_SK_SPANS, err) < 0)
		return err->code;
	return fsv_adaptor_check(conf, err);
}

const struct fsv_conf_schema fsv_server_schema = {
	.daemon = "fate-serving-server",
	.file = FSV_SYSCONFDIR "/fate-serving/serving-server.yaml",
	.keys = keys,
	.n_keys = sizeof(keys) / sizeof(keys[0]),
	.check = check,
};
