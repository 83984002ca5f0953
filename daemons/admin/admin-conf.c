/* SPDX-License-Identifier: Apache-2.0 */
#include "admin-conf.h"

#include "accounts.h"
#include "directory.h"
#include "svc/svc.h"

#define DAY_MS		INT64_C(86400000)
#define RETIRED(key, type, instead) { key, type, FSV_CONF_RETIRED, NULL, NULL, 0, 0, NULL, instead, NULL }

static const struct fsv_conf_key keys[] = {
	[FSV_AK_PORT] = { "server.port", FSV_CONF_PORT, FSV_CONF_RESTART, NULL, "8350", 0, 0, NULL,
		"Port of the console and of its API; it is registered in ZooKeeper too.", "Port" },
	[FSV_AK_ADDRESS] = { "server.address", FSV_CONF_STRING, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL,
		"Address it is bound to; unset = every interface. Until an account exists, only this machine is answered.", NULL },
	[FSV_AK_TLS_CERT] = { "admin.tls.certChainFile", FSV_CONF_PATH, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL,
		"PEM file with the certificate chain. Set with admin.tls.privateKeyFile, the port speaks HTTPS; a renewed file is "
		"taken up without a restart. Unset: passwords cross the network in clear, unless a server before this one does "
		"TLS.", NULL },
	[FSV_AK_TLS_KEY] = { "admin.tls.privateKeyFile", FSV_CONF_PATH, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL,
		"PEM file with its private key.", NULL },

	[FSV_AK_USERNAME] = { "admin.username", FSV_CONF_STRING, 0, NULL, NULL, 0, 0, NULL,
		"Name of one account, an operator. More, and viewers, stand in admin.users.file.", "Accounts" },
	[FSV_AK_PASSWORD] = { "admin.password", FSV_CONF_STRING, FSV_CONF_SECRET, NULL, NULL, 0, 0, NULL,
		"Its password, or the bcrypt hash of it with admin.isEncrypt. There is no default; admin with the password admin, "
		"as the reference ships it, is taken from this machine alone.", NULL },
	[FSV_AK_IS_ENCRYPT] = { "admin.isEncrypt", FSV_CONF_BOOL, 0, NULL, "false", 0, 0, NULL,
		"admin.password is a bcrypt hash ($2a$, $2b$ or $2y$).", NULL },
	[FSV_AK_USERS_FILE] = { "admin.users.file", FSV_CONF_PATH, 0, NULL, NULL, 0, 0, NULL,
		"File with accounts, one a line: name:role:hash. role is viewer or operator, hash is of bcrypt; "
		"\"fate-servingctl admin passwd\" writes such lines. Read at start and at reload.", NULL },

	[FSV_AK_SESSION_IDLE] = { "local.cache.expire", FSV_CONF_DURATION, 0, "s", "15min", 1000, 30 * DAY_MS, NULL,
		"A session ends when its user has done nothing for so long; what a console polls does not count.", "Sessions" },
	[FSV_AK_SESSION_SWEEP] = { "local.cache.interval", FSV_CONF_DURATION, 0, "s", "3s", 100, DAY_MS, NULL,
		"How often ended sessions are thrown away; they are refused at once.", NULL },
	[FSV_AK_SESSION_MAX] = { "admin.session.max", FSV_CONF_DURATION, 0, "s", "12h", 1000, 365 * DAY_MS, NULL,
		"A session ends so long after its login in any case.", NULL },
	[FSV_AK_SESSIONS] = { "local.cache.maxsize", FSV_CONF_INT, 0, NULL, "10000", 1, 1000000, NULL,
		"Sessions at the same time; another login ends the one that has been idle for the longest time.", NULL },
	[FSV_AK_LOGIN_FAILURES] = { "admin.login.failures", FSV_CONF_INT, 0, NULL, "5", 1, 1000, NULL,
		"So many failed logins of one name from one address lock that pair, four times as many the address, twenty times "
		"as many the name.", NULL },
	[FSV_AK_LOGIN_LOCKOUT] = { "admin.login.lockout", FSV_CONF_DURATION, 0, "s", "5min", 1000, 30 * DAY_MS, NULL,
		"For how long, and how long failures are remembered.", NULL },
	[FSV_AK_LOGIN_TRACKED] = { "admin.login.tracked", FSV_CONF_INT, 0, NULL, "10000", 100, 1000000, NULL,
		"Names and addresses with failures that are remembered; the oldest make room.", NULL },
	[FSV_AK_LOGIN_THREADS] = { "admin.login.threads", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "1", 1, 16, NULL,
		"Threads that check passwords, which is made to be slow.", NULL },
	[FSV_AK_LOGIN_WAITING] = { "admin.login.waiting", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "32", 1, 10000, NULL,
		"Logins that wait for them; more are refused with code 124.", NULL },

	[FSV_AK_NODES] = { "admin.nodes", FSV_CONF_STRING, FSV_CONF_LIST, NULL, NULL, 0, 0, NULL,
		"Nodes that are known besides those of the registry, as \"serving 10.0.0.2:8000\" or \"proxy 10.0.0.1:8879\" with the "
		"gRPC port (a proxy's for its own nodes). Nobody else is ever connected to.", "Nodes" },
	[FSV_AK_TIMEOUT] = { "grpc.timeout", FSV_CONF_DURATION, 0, "ms", "5s", 1, DAY_MS, NULL,
		"How long a node may take to answer; a trial call of a model may take twice as long.", NULL },
	[FSV_AK_HEALTH_CHECK] = { "health.check.allow", FSV_CONF_BOOL, 0, NULL, "true", 0, 0, NULL,
		"Ask all nodes for their health in the background. On demand it is asked for in any case.", NULL },
	[FSV_AK_HEALTH_TIME] = { "health.check.time", FSV_CONF_DURATION, 0, "s", "30s", 1000, DAY_MS, NULL,
		"How often.", NULL },
	[FSV_AK_SURVEY_AGE] = { "admin.overview.age", FSV_CONF_DURATION, 0, "ms", "2s", 0, 60000, NULL,
		"The overview of the cluster is made anew when it is older; everybody who asks meanwhile gets the same.", NULL },

	[FSV_AK_AUDIT_FILE] = { "admin.audit.file", FSV_CONF_PATH, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL,
		"File that a line of JSON is appended to for every login and every call that changes something. It is opened for "
		"each line, so that it can be rotated. Unset: they are in the journal only.", "Audit" },
	[FSV_AK_AUDIT_KEEP] = { "admin.audit.keep", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "1000", 1, 100000, NULL,
		"Newest entries that the console can show.", NULL },

	[FSV_AK_MAX_INFLIGHT] = { "max.inflight", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "256", 1, 100000, NULL,
		"Requests under way; more are answered 503.", "Limits" },
	[FSV_AK_MAX_MESSAGE] = { "max.message.size", FSV_CONF_SIZE, FSV_CONF_RESTART, NULL, "32M", 1024, 1 << 30, NULL,
		"Largest answer of a node that is taken.", NULL },
	[FSV_AK_HTTP_THREADS] = { "http.threads", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "1", 1, 64, NULL,
		"Threads that read and write HTTP connections.", NULL },
	[FSV_AK_HTTP_MAX_BODY] = { "http.max.body", FSV_CONF_SIZE, FSV_CONF_RESTART, NULL, "8M", 1024, 1 << 30, NULL,
		"Largest HTTP request body; larger ones are answered 413.", NULL },
	[FSV_AK_HTTP_MAX_HEADER] = { "http.max.header", FSV_CONF_SIZE, FSV_CONF_RESTART, NULL, "8K", 1024, 1 << 20, NULL,
		"Largest HTTP request header.", NULL },
	[FSV_AK_HTTP_MAX_CONNECTIONS] = { "http.max.connections", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "512", 1, 1000000,
		NULL, "HTTP connections open at the same time.", NULL },
	[FSV_AK_HTTP_TIMEOUT] = { "http.timeout", FSV_CONF_DURATION, FSV_CONF_RESTART, "ms", "60s", 100, DAY_MS, NULL,
		"Idle HTTP connections and half-sent requests are closed after this time.", NULL },

	[FSV_AK_PRINT_INPUT] = { "print.input.data", FSV_CONF_BOOL, 0, NULL, "false", 0, 0, NULL,
		"Log the body of every trial call, features included; what is beyond 2 KiB is cut off.", "Trial calls in the log" },
	[FSV_AK_PRINT_OUTPUT] = { "print.output.data", FSV_CONF_BOOL, 0, NULL, "false", 0, 0, NULL,
		"The same for every answer, scores included.", NULL },

	FSV_SVC_KEYS,
	FSV_WAITS_KEYS,
	FSV_MONITOR_KEYS,
	[FSV_AK_REGISTRY] = FSV_REGISTRY_KEYS,

	RETIRED("useZkRouter", FSV_CONF_BOOL, "The registry is used when zk.url is set."),
	RETIRED("cache.type", FSV_CONF_STRING, "Sessions are kept in memory."),
	RETIRED("redis.ip", FSV_CONF_STRING, "Sessions are kept in memory."),
	RETIRED("redis.port", FSV_CONF_INT, "Sessions are kept in memory."),
	{ "redis.password", FSV_CONF_STRING, FSV_CONF_RETIRED | FSV_CONF_SECRET, NULL, NULL, 0, 0, NULL,
		"Sessions are kept in memory.", NULL },
	RETIRED("redis.timeout", FSV_CONF_INT, "Sessions are kept in memory."),
	RETIRED("redis.maxTotal", FSV_CONF_INT, "Sessions are kept in memory."),
	RETIRED("redis.maxIdle", FSV_CONF_INT, "Sessions are kept in memory."),
	RETIRED("redis.expire", FSV_CONF_INT, "Sessions are kept in memory."),
	RETIRED("fateflow.load.url", FSV_CONF_STRING, "Never had an effect."),
	RETIRED("spring.mvc.pathmatch.matching-strategy", FSV_CONF_STRING, "There is no such framework here."),
};

static int check_pair(const struct fsv_conf *conf, enum fsv_admin_key a, enum fsv_admin_key b, struct fsv_err *err)
{
	const char *first = fsv_conf_str(conf, a), *second = fsv_conf_str(conf, b);
	bool has_a = first && *first, has_b = second && *second;

	if (has_a == has_b)
		return 0;
	return fsv_err_set(err, FSV_E_CONFIG, "%s: %s and %s go together; set both or none",
			   fsv_conf_where(conf, has_a ? a : b), keys[a].name, keys[b].name);
}

static int check(const struct fsv_conf *conf, struct fsv_err *err)
{
	struct fsv_accounts *accounts;
	int r = check_pair(conf, FSV_AK_TLS_CERT, FSV_AK_TLS_KEY, err);

	if (r == 0)
		r = check_pair(conf, FSV_AK_USERNAME, FSV_AK_PASSWORD, err);
	if (r == 0)
		r = fsv_accounts_read(conf, &accounts, err);
	if (r < 0)
		return r;
	fsv_ref_put(&accounts->ref);
	r = fsv_directory_check(fsv_conf_list(conf, FSV_AK_NODES), err);
	if (r < 0)
		return fsv_err_wrap(err, "%s: admin.nodes", fsv_conf_where(conf, FSV_AK_NODES));
	if (fsv_conf_int(conf, FSV_AK_PORT) == 0)
		return fsv_err_set(err, FSV_E_CONFIG, "%s: server.port cannot be 0; there would be nothing to serve",
				   fsv_conf_where(conf, FSV_AK_PORT));
	r = fsv_registry_keys_check(conf, FSV_AK_REGISTRY, err);
	return r < 0 ? r : fsv_monitor_check(conf, FSV_AK_METRICS, err);
}

const struct fsv_conf_schema fsv_admin_schema = {
	.daemon = "fate-serving-admin",
	.file = FSV_SYSCONFDIR "/fate-serving/serving-admin.yaml",
	.keys = keys,
	.n_keys = sizeof(keys) / sizeof(keys[0]),
	.check = check,
};
