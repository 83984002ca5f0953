/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy-conf.h"

#include "call/gate.h"
#include "call/spans.h"
#include "svc/health.h"
#include "svc/monitor.h"
#include "svc/svc.h"

#define DAY_MS		INT64_C(86400000)
#define COMPAT(what)	what " Read for compatibility; has no effect in this version."
#define RETIRED(key, type, instead) { key, type, FSV_CONF_RETIRED, NULL, NULL, 0, 0, NULL, instead, NULL }
#define RETIRED_MS(key, instead) { key, FSV_CONF_DURATION, FSV_CONF_RETIRED, "ms", NULL, 0, 0, NULL, instead, NULL }

static const struct fsv_conf_key keys[] = {
	[FSV_PK_COORDINATOR] = { "coordinator", FSV_CONF_INT, 0, NULL, "9999", 0, INT64_MAX, NULL,
		"Own party id. Requests over /federation are routed to the entry of this party.", "Routing" },
	[FSV_PK_SERVICE_NAME] = { "inference.service.name", FSV_CONF_STRING, 0, NULL, "serving", 0, 0, NULL,
		"Role under which the own serving nodes stand in the route table.", NULL },
	[FSV_PK_ROUTE_TYPE] = { "routeType", FSV_CONF_ENUM, 0, NULL, "random", 0, 0,
		"random|round_robin|consistent",
		"How one of several endpoints is chosen. consistent: the same case id goes to the same endpoint.", NULL },
	[FSV_PK_ROUTE_TABLE] = { "route.table", FSV_CONF_PATH, 0, NULL, "route_table.json", 0, 0, NULL,
		"Route table with the addresses of partners and own nodes. Changes to the file are taken up at once; "
		"a file with a mistake is reported and the table in use stays.", NULL },
	[FSV_PK_ROUTE_CHANGE] = { "route.table.change.allow", FSV_CONF_BOOL, 0, NULL, "true", 0, 0, NULL,
		"Let consoles replace the route table over the intra port (saveRouter, updateConfig), where the proxy may write the "
		"file. The former table is kept beside it, with .bak behind its name.", NULL },

	[FSV_PK_HTTP_PORT] = { "server.port", FSV_CONF_PORT, FSV_CONF_RESTART, NULL, "8059", 0, 0, NULL,
		"HTTP port for clients of inference and for partners that send over HTTP; 0 = not served.", "Ports" },
	[FSV_PK_HTTP_ADDRESS] = { "server.address", FSV_CONF_STRING, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL,
		"Address the HTTP port is bound to; unset = every interface.", NULL },
	[FSV_PK_INTER_PORT] = { "proxy.grpc.inter.port", FSV_CONF_PORT, FSV_CONF_RESTART, NULL, "8869", 0, 0, NULL,
		"gRPC port for the proxies of other parties; 0 = not served.", NULL },
	[FSV_PK_INTER_ADDRESS] = { "proxy.grpc.inter.address", FSV_CONF_STRING, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL,
		"Address the inter port is bound to; unset = every interface.", NULL },
	[FSV_PK_INTRA_PORT] = { "proxy.grpc.intra.port", FSV_CONF_PORT, FSV_CONF_RESTART, NULL, "8879", 0, 0, NULL,
		"gRPC port for the own serving nodes, always plaintext; 0 = not served.", NULL },
	[FSV_PK_INTRA_ADDRESS] = { "proxy.grpc.intra.address", FSV_CONF_STRING, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL,
		"Address the intra port is bound to; unset = every interface.", NULL },

	[FSV_PK_INTER_NEGOTIATION] = { "proxy.grpc.inter.negotiationType", FSV_CONF_ENUM, FSV_CONF_RESTART, NULL,
		"PLAINTEXT", 0, 0, "PLAINTEXT|TLS",
		"TLS: the inter port asks every partner for a certificate and needs the three files below.",
		"TLS of the inter port" },
	[FSV_PK_INTER_CA] = { "proxy.grpc.inter.CA.file", FSV_CONF_PATH, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL,
		"PEM file with the authorities that partners' certificates are checked against.", NULL },
	[FSV_PK_INTER_CERT] = { "proxy.grpc.inter.server.certChain.file", FSV_CONF_PATH, FSV_CONF_RESTART, NULL, NULL,
		0, 0, NULL, "PEM file with the own certificate chain. A renewed file is taken up without a restart.", NULL },
	[FSV_PK_INTER_KEY] = { "proxy.grpc.inter.server.privateKey.file", FSV_CONF_PATH, FSV_CONF_RESTART, NULL, NULL,
		0, 0, NULL, "PEM file with the private key of the own certificate.", NULL },

	[FSV_PK_INFERENCE_TIMEOUT] = { "proxy.grpc.inference.timeout", FSV_CONF_DURATION, 0, "ms", "3s", 1, DAY_MS, NULL,
		"How long a single inference may take, the answer over HTTP included.", "Timeouts" },
	[FSV_PK_BATCH_TIMEOUT] = { "proxy.grpc.batch.inference.timeout", FSV_CONF_DURATION, 0, "ms", "10s", 1, DAY_MS, NULL,
		"How long a batch inference may take, the answer over HTTP included.", NULL },
	[FSV_PK_UNARY_TIMEOUT] = { "proxy.grpc.unaryCall.timeout", FSV_CONF_DURATION, 0, "ms", "3s", 1, DAY_MS, NULL,
		"How long the next hop of a federated packet may take; a shorter deadline of the caller wins.", NULL },
	[FSV_PK_FORWARD_CONNECT_TIMEOUT] = { "httpclient.config.connection.timeout", FSV_CONF_DURATION, 0, "ms", "500ms",
		1, DAY_MS, NULL, "How long connecting to a partner reached by url may take.", NULL },
	[FSV_PK_FORWARD_READ_TIMEOUT] = { "httpclient.config.sockect.timeout", FSV_CONF_DURATION, 0, "ms", "2s",
		1, DAY_MS, NULL, "How long a partner reached by url may take to answer.", NULL },

	[FSV_PK_FORWARD_MAX] = { "httpclient.init.pool.maxtotal", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "500", 1, 100000,
		NULL, "Packets under way to partners reached by url; more are refused.", "Limits" },
	[FSV_PK_FORWARD_CONNECTIONS] = { "httpclient.init.pool.def.max.pre.route", FSV_CONF_INT, FSV_CONF_RESTART, NULL,
		"200", 1, 100000, NULL, "Connections kept open to partners reached by url.", NULL },
	[FSV_PK_WORKER_THREADS] = { "worker.threads", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "0", 0, 256, NULL,
		"Threads that carry requests; 0 = half of the cores, at least one.", NULL },
	[FSV_PK_MAX_INFLIGHT] = { "max.inflight", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "4096", 1, 1000000, NULL,
		"Requests under way over all ports; more are refused with code 124.", NULL },
	[FSV_PK_MAX_MESSAGE] = { "max.message.size", FSV_CONF_SIZE, FSV_CONF_RESTART, NULL, "32M", 1024, 1 << 30, NULL,
		"Largest gRPC message that is accepted, in either direction.", NULL },
	[FSV_PK_HTTP_THREADS] = { "http.threads", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "2", 1, 64, NULL,
		"Threads that read and write HTTP connections.", NULL },
	[FSV_PK_HTTP_MAX_BODY] = { "http.max.body", FSV_CONF_SIZE, FSV_CONF_RESTART, NULL, "32M", 1024, 1 << 30, NULL,
		"Largest HTTP request body; larger ones are answered 413.", NULL },
	[FSV_PK_HTTP_MAX_HEADER] = { "http.max.header", FSV_CONF_SIZE, FSV_CONF_RESTART, NULL, "8K", 1024, 1 << 20, NULL,
		"Largest HTTP request header.", NULL },
	[FSV_PK_HTTP_MAX_CONNECTIONS] = { "http.max.connections", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "4096", 1, 1000000,
		NULL, "HTTP connections open at the same time.", NULL },
	[FSV_PK_HTTP_TIMEOUT] = { "http.timeout", FSV_CONF_DURATION, FSV_CONF_RESTART, "ms", "60s", 100, DAY_MS, NULL,
		"Idle HTTP connections and half-sent requests are closed after this time.", NULL },

	[FSV_PK_AUTH_OPEN] = { "auth.open", FSV_CONF_BOOL, FSV_CONF_RESTART, NULL, "false", 0, 0, NULL,
		"Packets to other parties are signed, those from others must be: over the inter port and HTTP /unary. Others are "
		"answered 629.", "Authentication" },
	[FSV_PK_AUTH_FILE] = { "auth.file", FSV_CONF_PATH, FSV_CONF_RESTART, NULL, "auth_config.json", 0, 0, NULL,
		"Keys of all parties, for auth.open. A party whose proxy relays packets of others signs them with its own key; list that "
		"key, with the same secret, under the party id of each of them too. Changes to the file are taken up at once; a file "
		"with a mistake is reported and the keys in use stay.", NULL },
	[FSV_PK_AUTH_REMEMBER] = { "auth.remember", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "262144", 16, 1 << 26, NULL,
		"Signatures that are remembered, so that no packet is accepted twice; the oldest give way. Four times the packets "
		"that come in within request_expire_seconds of auth.file.", NULL },

	[FSV_PK_USE_ZK] = { "useZkRouter", FSV_CONF_BOOL, FSV_CONF_RESTART, NULL, "true", 0, 0, NULL,
		"Register in ZooKeeper and find the own serving nodes there, by service id and by model; the route table is used "
		"when none is known there. Needs zk.url; without it, or with false: the route table alone.", "Registry" },
	[FSV_PK_REGISTRY] = FSV_REGISTRY_KEYS,
	[FSV_PK_HEALTH_CHECK] = { "health.check.allow", FSV_CONF_BOOL, 0, NULL, "true", 0, 0, NULL,
		"Report on route table, registry, endpoints, memory and certificates when the console asks for it; false: the "
		"report is empty.", "Console" },
	[FSV_PK_HEALTH_TIMEOUT] = FSV_HEALTH_TIMEOUT_KEY,
	[FSV_PK_FLOW_MAX_RULES] = FSV_FLOW_MAX_RULES_KEY,
	[FSV_PK_PRINT_INPUT] = { "print.input.data", FSV_CONF_BOOL, 0, NULL, "false", 0, 0, NULL,
		COMPAT("Requests in the flow log."), "Read for compatibility" },
	[FSV_PK_PRINT_OUTPUT] = { "print.output.data", FSV_CONF_BOOL, 0, NULL, "false", 0, 0, NULL,
		COMPAT("Answers in the flow log."), NULL },

	FSV_SVC_KEYS,
	FSV_WAITS_KEYS,
	FSV_MONITOR_KEYS,
	FSV_SPANS_KEYS,

	RETIRED_MS("proxy.async.timeout", "The time limit of an HTTP answer is that of its call."),
	RETIRED("proxy.async.coresize", FSV_CONF_INT, "See worker.threads."),
	RETIRED("proxy.async.maxsize", FSV_CONF_INT, "See max.inflight."),
	RETIRED_MS("proxy.grpc.inference.async.timeout", "Never had an effect."),
	RETIRED("proxy.grpc.threadpool.coresize", FSV_CONF_INT, "See worker.threads."),
	RETIRED("proxy.grpc.threadpool.maxsize", FSV_CONF_INT, "See max.inflight."),
	RETIRED("proxy.grpc.threadpool.queuesize", FSV_CONF_INT, "See max.inflight."),
	RETIRED("proxy.grpc.inter.client.certChain.file", FSV_CONF_STRING,
		"Client certificates are named by each endpoint of the route table."),
	RETIRED("proxy.grpc.inter.client.privateKey.file", FSV_CONF_STRING,
		"Client keys are named by each endpoint of the route table."),
	RETIRED_MS("httpclinet.config.connection.req.timeout", "A packet never waits for a connection."),
	RETIRED_MS("httpclient.init.pool.sockect.timeout", "See httpclient.config.sockect.timeout."),
	RETIRED_MS("httpclient.init.pool.connection.timeout", "See httpclient.config.connection.timeout."),
	RETIRED_MS("httpclient.init.pool.connection.req.timeout", "A packet never waits for a connection."),
	RETIRED_MS("httpclient.tran.sockect.timeout", "Never had an effect."),
	RETIRED_MS("httpclient.tran.connection.timeout", "Never had an effect."),
	RETIRED_MS("httpclient.tran.connection.req.timeout", "Never had an effect."),
	RETIRED_MS("http.connect.request.timeout", "Belongs to the serving server."),
	RETIRED_MS("http.connect.timeout", "Belongs to the serving server."),
	RETIRED_MS("http.socket.timeout", "Belongs to the serving server."),
	RETIRED("http.max.pool.size", FSV_CONF_INT, "Belongs to the serving server."),
	RETIRED("http.adapter.url", FSV_CONF_STRING, "Belongs to the serving server."),
};

static int check_ports(const struct fsv_conf *conf, struct fsv_err *err)
{
	static const enum fsv_proxy_key ports[] = { FSV_PK_HTTP_PORT, FSV_PK_INTER_PORT, FSV_PK_INTRA_PORT };

	for (unsigned i = 0; i < 3; i++) {
		for (unsigned k = 0; k < i; k++) {
			int64_t port = fsv_conf_int(conf, ports[i]);

			if (port != 0 && port == fsv_conf_int(conf, ports[k]))
				return fsv_err_set(err, FSV_E_CONFIG, "%s and %s are both %lld; give each its own port",
						   keys[ports[k]].name, keys[ports[i]].name, (long long)port);
		}
	}
	return 0;
}

static int check_inter_tls(const struct fsv_conf *conf, struct fsv_err *err)
{
	static const enum fsv_proxy_key files[] = { FSV_PK_INTER_CA, FSV_PK_INTER_CERT, FSV_PK_INTER_KEY };

	if (fsv_conf_enum(conf, FSV_PK_INTER_NEGOTIATION) == 0)
		return 0;
	for (unsigned i = 0; i < 3; i++) {
		const char *path = fsv_conf_str(conf, files[i]);

		if (!path || !*path)
			return fsv_err_set(err, FSV_E_CONFIG,
					   "%s: proxy.grpc.inter.negotiationType is TLS, so %s must name a file",
					   fsv_conf_where(conf, FSV_PK_INTER_NEGOTIATION), keys[files[i]].name);
	}
	return 0;
}

static int check(const struct fsv_conf *conf, struct fsv_err *err)
{
	int r = check_ports(conf, err);

	if (r == 0)
		r = check_inter_tls(conf, err);
	if (r == 0)
		r = fsv_registry_keys_check(conf, FSV_PK_REGISTRY, err);
	if (r == 0)
		r = fsv_monitor_check(conf, FSV_PK_METRICS, err);
	if (r == 0)
		r = fsv_spans_check(conf, FSV_PK_SPANS, err);
	return r;
}

const struct fsv_conf_schema fsv_proxy_schema = {
	.daemon = "fate-serving-proxy",
	.file = FSV_SYSCONFDIR "/fate-serving/serving-proxy.yaml",
	.keys = keys,
	.n_keys = sizeof(keys) / sizeof(keys[0]),
	.check = check,
};
