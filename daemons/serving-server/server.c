/* SPDX-License-Identifier: Apache-2.0 */
#include "server-private.h"

#include <stdio.h>
#include <stdlib.h>

#include "adaptor.h"
#include "base/crew.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/thread.h"
#include "base/time.h"
#include "cache/cache.h"
#include "call/spans.h"
#include "codec/json.h"
#include "common-service.h"
#include "guest.h"
#include "host.h"
#include "http-api.h"
#include "http-work.h"
#include "model-migrate.h"
#include "model-service.h"
#include "net/http-client.h"
#include "net/http.h"
#include "net/redis.h"
#include "registry/registry.h"
#include "serving-server-conf.h"
#include "svc/monitor.h"
#include "svc/svc.h"

enum { POOL_THREADS = 1, POOL_QUEUE = 1024, BATCH_QUEUE = 256, CREWS_GRACE_MS = 5000 };

/* Start ------------------------------------------------------------------------------------------- */

/* A worker takes part in what it gives away, so one thread less than cores is enough. */
static int start_batch_pool(struct fsv_server *server, struct fsv_err *err)
{
	int64_t threads = fsv_conf_int(server->conf, FSV_SK_BATCH_THREADS);

	server->batch_threads = threads > 0 ? (unsigned)threads : fsv_cpus() - 1;
	if (server->batch_threads == 0)
		return 0;
	return fsv_pool_new("batch", server->batch_threads, BATCH_QUEUE, &server->batch_pool, err);
}

static int start_threads(struct fsv_server *server, struct fsv_err *err)
{
	const struct fsv_conf *conf = server->conf;
	unsigned workers = (unsigned)fsv_conf_int(conf, FSV_SK_WORKER_THREADS);
	const struct fsv_http_client_opt client = {
		.max_transfers = (unsigned)fsv_conf_int(conf, FSV_SK_MAX_INFLIGHT),
		.max_connections = (unsigned)fsv_conf_int(conf, FSV_SK_HTTP_POOL),
	};
	int r = fsv_rpc_new(workers, &server->rpc, err);

	server->crews = fsv_crews_new();
	if (r == 0)
		fsv_waits_set(server->rpc, conf, FSV_SK_WAITS);
	if (r == 0)
		r = fsv_pool_new("features", POOL_THREADS, POOL_QUEUE, &server->pool, err);
	if (r == 0)
		r = start_batch_pool(server, err);
	if (r == 0)
		r = fsv_http_client_new(&client, &server->client, err);
	if (r == 0)
		r = fsv_models_work_new((unsigned)fsv_conf_int(conf, FSV_SK_LOAD_MAX), &server->models_work, err);
	return r;
}

static int open_models(struct fsv_server *server, void (*progress)(void *arg, unsigned done, unsigned of), void *arg,
		       struct fsv_err *err)
{
	const struct fsv_conf *conf = server->conf;
	const struct fsv_models_opt opt = {
		.cache_path = fsv_conf_str(conf, FSV_SK_CACHE_PATH),
		.lr_parallel = fsv_conf_bool(conf, FSV_SK_LR_PARALLEL),
		.lr_split = (unsigned)fsv_conf_int(conf, FSV_SK_LR_SPLIT),
		.pass_unknown = fsv_conf_enum(conf, FSV_SK_UNKNOWN_COMPONENTS) == 1,
		.max_models = (unsigned)fsv_conf_int(conf, FSV_SK_MAX_LOADED),
		.max_bindings = (unsigned)fsv_conf_int(conf, FSV_SK_MAX_BOUND),
	};
	struct fsv_models_report report;
	int r = fsv_models_open(&opt, progress, arg, &server->models, &report, err);

	if (r < 0)
		return r;
	fsv_log_info("%u models restored, %u service ids bound to them; %u models and %u bindings could not be used",
		     report.restored, report.bound, report.failed, report.dropped_bindings);
	return 0;
}

static int connect_redis(const struct fsv_conf *conf, const char *const *nodes, bool cluster, unsigned password_file,
			 struct fsv_redis **ret_redis, struct fsv_err *err)
{
	const struct fsv_redis_opt opt = {
		.nodes = nodes, .cluster = cluster,
		.password = password_file == FSV_SK_REDIS_PASSWORD_FILE ? fsv_conf_str(conf, FSV_SK_REDIS_PASSWORD) : NULL,
		.password_file = fsv_conf_str(conf, password_file),
		.timeout_ms = fsv_conf_int(conf, FSV_SK_REDIS_TIMEOUT),
		.max_connections = (unsigned)fsv_conf_int(conf, FSV_SK_REDIS_MAX_TOTAL),
		.max_idle = (unsigned)fsv_conf_int(conf, FSV_SK_REDIS_MAX_IDLE),
		.max_commands = (unsigned)fsv_conf_int(conf, FSV_SK_REDIS_MAX_COMMANDS),
		.max_bytes = (size_t)fsv_conf_int(conf, FSV_SK_REDIS_MAX_BYTES),
		.max_reply = (size_t)fsv_conf_int(conf, FSV_SK_REDIS_MAX_REPLY), .tls = fsv_conf_bool(conf, FSV_SK_REDIS_TLS),
		.ca_file = fsv_conf_str(conf, FSV_SK_REDIS_TLS_CA), .cert_file = fsv_conf_str(conf, FSV_SK_REDIS_TLS_CERT),
		.key_file = fsv_conf_str(conf, FSV_SK_REDIS_TLS_KEY),
	};
	int r = fsv_redis_new(&opt, ret_redis, err);

	return r < 0 ? fsv_err_wrap(err, "redis") : 0;
}

/* Whatever the configuration names; that nobody is there yet is no reason not to start. */
static int start_redis(struct fsv_server *server, struct fsv_err *err)
{
	const struct fsv_conf *conf = server->conf;
	const char *const *nodes = fsv_conf_list(conf, FSV_SK_REDIS_CLUSTER_NODES);
	const char *const *of_features = fsv_conf_list(conf, FSV_SK_FEATURE_REDIS_NODES);
	struct fsv_str ip = fsv_str_trim(fsv_str(fsv_conf_str(conf, FSV_SK_REDIS_IP)));
	bool cluster = *nodes != NULL, v6 = fsv_str_find(ip, ':', 0) < ip.n;
	char one[300];
	const char *const single[] = { one, NULL };
	int r = 0;

	snprintf(one, sizeof(one), v6 ? "[%.*s]:%lld" : "%.*s:%lld", FSV_STR_ARG(ip),
		 (long long)fsv_conf_int(conf, FSV_SK_REDIS_PORT));
	if (cluster || ip.n > 0)
		r = connect_redis(conf, cluster ? nodes : single, cluster, FSV_SK_REDIS_PASSWORD_FILE, &server->redis, err);
	if (r == 0 && *of_features)
		r = connect_redis(conf, of_features, fsv_conf_bool(conf, FSV_SK_FEATURE_REDIS_CLUSTER),
				  FSV_SK_FEATURE_REDIS_PASSWORD_FILE, &server->feature_redis, err);
	return r;
}

static void make_cache(struct fsv_server *server)
{
	const struct fsv_conf *conf = server->conf;
	bool redis = fsv_conf_enum(conf, FSV_SK_CACHE_TYPE) == 1;

	server->cache = fsv_cache_new(&(struct fsv_cache_opt){
		.max_value = (size_t)fsv_conf_int(conf, FSV_SK_CACHE_MAX_VALUE),
		.expire_ms = fsv_conf_int(conf, redis ? FSV_SK_REDIS_EXPIRE : FSV_SK_LOCAL_EXPIRE),
		.max_entries = (size_t)fsv_conf_int(conf, FSV_SK_LOCAL_MAX_SIZE),
		.max_bytes = (size_t)fsv_conf_int(conf, FSV_SK_LOCAL_MAX_BYTES),
		.sweep_ms = fsv_conf_int(conf, FSV_SK_LOCAL_INTERVAL), .redis = redis ? server->redis : NULL,
	});
}

static int start_grpc(struct fsv_server *server, struct fsv_err *err)
{
	static const struct fsv_rpc_method methods[] = {
		{ FSV_INFERENCE_SERVICE "inference", fsv_guest_inference, true },
		{ FSV_INFERENCE_SERVICE "batchInference", fsv_guest_batch_inference, true },
		{ FSV_UNARY_METHOD, fsv_host_unary_call, true },
		{ FSV_COMMON_SERVICE "queryMetrics", fsv_common_query_metrics, false },
		{ FSV_COMMON_SERVICE "updateFlowRule", fsv_common_update_flow_rule, false },
		{ FSV_COMMON_SERVICE "listProps", fsv_common_list_props, false },
		{ FSV_COMMON_SERVICE "queryJvmInfo", fsv_common_query_jvm, false },
		{ FSV_COMMON_SERVICE "updateService", fsv_common_update_service, false },
		{ FSV_COMMON_SERVICE "checkHealthService", fsv_common_check_health, false },
		{ FSV_COMMON_SERVICE "updateConfig", fsv_common_update_config, false },
		{ FSV_MODEL_SERVICE "publishLoad", fsv_model_publish_load, false },
		{ FSV_MODEL_SERVICE "publishBind", fsv_model_publish_bind, false },
		{ FSV_MODEL_SERVICE "publishOnline", fsv_model_publish_online, false },
		{ FSV_MODEL_SERVICE "queryModel", fsv_model_query, false },
		{ FSV_MODEL_SERVICE "unload", fsv_model_unload, false },
		{ FSV_MODEL_SERVICE "unbind", fsv_model_unbind, false },
		{ FSV_MODEL_SERVICE "fetchModel", fsv_model_fetch, false },
		{ FSV_MODEL_SERVICE "modelTransfer", fsv_model_transfer, false },
	};
	const struct fsv_rpc_server_opt opt = {
		.host = fsv_conf_str(server->conf, FSV_SK_ADDRESS),
		.port = (uint16_t)fsv_conf_int(server->conf, FSV_SK_PORT),
		.listen_fd = fsv_svc_socket((uint16_t)fsv_conf_int(server->conf, FSV_SK_PORT)),
		.max_message = (size_t)fsv_conf_int(server->conf, FSV_SK_MAX_MESSAGE),
		/* Our own count refuses first, with an answer that says why. */
		.max_inflight = server->max_inflight * 2,
		.methods = methods, .n_methods = sizeof(methods) / sizeof(methods[0]), .user = server,
	};

	return opt.port == 0 ? 0 : fsv_rpc_server_start(server->rpc, &opt, &server->grpc, err);
}

static int start_http(struct fsv_server *server, struct fsv_err *err)
{
	const struct fsv_conf *conf = server->conf;
	const struct fsv_http_opt opt = {
		.host = fsv_conf_str(conf, FSV_SK_HTTP_ADDRESS), .port = (uint16_t)fsv_conf_int(conf, FSV_SK_HTTP_PORT),
		.listen_fd = fsv_svc_socket((uint16_t)fsv_conf_int(conf, FSV_SK_HTTP_PORT)),
		.threads = (unsigned)fsv_conf_int(conf, FSV_SK_HTTP_THREADS),
		.max_header = (size_t)fsv_conf_int(conf, FSV_SK_HTTP_MAX_HEADER),
		.max_body = (size_t)fsv_conf_int(conf, FSV_SK_HTTP_MAX_BODY),
		.timeout_ms = (unsigned)fsv_conf_int(conf, FSV_SK_HTTP_TIMEOUT),
		.max_connections = (unsigned)fsv_conf_int(conf, FSV_SK_HTTP_MAX_CONNECTIONS),
		.max_inflight = server->max_inflight * 2,	/* as above */
		.handler = fsv_http_api, .user = server,
	};

	server->http_works = fsv_http_works_new(server->rpc);
	return opt.port == 0 ? 0 : fsv_http_start(&opt, &server->http, err);
}

int fsv_server_start(struct fsv_server *server, struct fsv_conf *conf,
		     void (*progress)(void *arg, unsigned done, unsigned of), void *arg, struct fsv_err *err)
{
	struct fsv_server_view *view;
	int r;

	*server = (struct fsv_server){
		.conf = fsv_conf_ref(conf), .first_conf = fsv_conf_ref(conf),
		.max_inflight = (unsigned)fsv_conf_int(conf, FSV_SK_MAX_INFLIGHT), .shown_at = fsv_now_ns(),
		.gate = fsv_gate_new(fsv_conf_str(conf, FSV_SK_CACHE_PATH), "flowRules.json"),
	};
	r = start_threads(server, err);
	if (r == 0)
		r = open_models(server, progress, arg, err);
	if (r == 0)
		r = start_redis(server, err);
	if (r == 0)
		make_cache(server);
	if (r == 0)
		r = fsv_server_view_new(server, conf, &view, err);
	if (r < 0)
		return r;
	fsv_snapshot_set(&server->view, &view->ref);
	fsv_model_migrate(server, progress, arg);
	fsv_server_watch(server);
	r = fsv_monitor_start(conf, FSV_SK_METRICS, &server->monitor, err);
	if (r == 0)
		r = fsv_spans_start(conf, FSV_SK_SPANS, fsv_server_schema.daemon, &server->spans, err);
	if (r == 0)
		r = start_grpc(server, err);
	if (r == 0)
		r = start_http(server, err);
	return r;
}

int fsv_server_reload(struct fsv_server *server, struct fsv_conf *conf, struct fsv_err *err)
{
	struct fsv_server_view *view;
	int r;

	r = fsv_server_view_new(server, conf, &view, err);
	if (r < 0)
		return r;
	fsv_snapshot_set(&server->view, &view->ref);
	fsv_gate_reload(server->gate);
	fsv_waits_set(server->rpc, conf, FSV_SK_WAITS);
	fsv_monitor_reload(server->monitor, conf, FSV_SK_METRICS);
	fsv_conf_unref(server->conf);
	server->conf = fsv_conf_ref(conf);
	return 0;
}

/* Stop -------------------------------------------------------------------------------------------- */

static void refuse_requests(void *arg)
{
	struct fsv_server *server = arg;

	server->leaving = false;
	if (server->http)
		fsv_http_drain(server->http);
	if (server->grpc)
		fsv_rpc_server_drain(server->grpc);
	/* A download may take longer than anybody waits for a restart. */
	if (server->models_work)
		fsv_models_work_cut(server->models_work);
}

void fsv_server_drain(struct fsv_server *server)
{
	if (!server->registry) {
		refuse_requests(server);
		return;
	}
	server->leaving = true;
	fsv_registry_leave(server->registry, fsv_conf_int(server->conf, FSV_SK_REGISTRY + FSV_RK_GRACE), refuse_requests, server);
}

unsigned fsv_server_busy(struct fsv_server *server)
{
	return server->leaving + (server->http ? fsv_http_inflight(server->http) : 0) +
	       (server->grpc ? fsv_rpc_server_inflight(server->grpc) : 0);
}

static void stop_redis(struct fsv_server *server)
{
	if (server->redis)
		fsv_redis_stop(server->redis);
	if (server->feature_redis)
		fsv_redis_stop(server->feature_redis);
}

/* Ends gRPC's calls. Those that wait for features when the time is up could not be interrupted, so what they
 * wait for is ended. Returns how many calls were open when the time was up. */
static unsigned stop_grpc(struct fsv_server *server, int64_t deadline_ns)
{
	unsigned open = 0, cut;

	if (fsv_now_ns() >= deadline_ns) {
		open = fsv_rpc_server_inflight(server->grpc);
		atomic_store(&server->cutting, true);
		fsv_http_client_stop(server->client);
		fsv_crews_cut(server->crews);
		stop_redis(server);
	}
	cut = fsv_rpc_server_stop(server->grpc, deadline_ns);
	return cut > open ? cut : open;
}

/* A thread that is stuck in a database or a plugin is left behind: nothing waits for it any more. */
static void stop_crews(struct fsv_server *server)
{
	unsigned left;

	if (!server->crews)
		return;
	left = fsv_crews_wait(server->crews, fsv_deadline_in_ms(CREWS_GRACE_MS));
	if (left > 0)
		fsv_log_warn("%u feature sources (databases or plugins) did not end in time and are left behind", left);
	server->crews = fsv_crews_free(server->crews);
}

unsigned fsv_server_stop(struct fsv_server *server, int64_t deadline_ns)
{
	unsigned cut = 0;

	if (!server->conf)
		return 0;
	if (server->http)
		cut += fsv_http_stop(server->http, deadline_ns);
	if (server->http_works)
		fsv_http_works_cut(server->http_works);
	if (server->grpc)
		cut += stop_grpc(server, deadline_ns);
	server->monitor = fsv_monitor_stop(server->monitor);
	fsv_server_unwatch(server);
	/* From here on no host asks an adaptor for anything, and nobody changes a model. */
	fsv_models_work_free(server->models_work);
	if (server->client)
		fsv_http_client_free(server->client);
	stop_redis(server);
	if (server->pool)
		fsv_pool_free(server->pool);
	fsv_snapshot_set(&server->view, NULL);
	stop_crews(server);
	if (server->rpc)
		fsv_rpc_free(server->rpc);
	fsv_spans_stop(server->spans);
	/* The workers have gone, and they have waited for it: nothing but jobs without work can be left. */
	if (server->batch_pool)
		fsv_pool_free(server->batch_pool);
	fsv_registry_free(server->registry);
	fsv_http_works_free(server->http_works);
	fsv_cache_free(server->cache);
	fsv_redis_free(server->redis);
	fsv_redis_free(server->feature_redis);
	fsv_models_free(server->models);
	fsv_gate_free(server->gate);
	fsv_conf_unref(server->conf);
	fsv_conf_unref(server->first_conf);
	*server = (struct fsv_server){ 0 };
	return cut;
}

/* Requests ---------------------------------------------------------------------------------------- */

int fsv_server_enter(struct fsv_server *server, const struct fsv_interface *interface, bool too_late,
		     struct fsv_server_view **ret_view, struct fsv_err *err)
{
	struct fsv_server_view *view = (struct fsv_server_view *)fsv_snapshot_get(&server->view);
	unsigned inflight = atomic_fetch_add_explicit(&server->inflight, 1, memory_order_relaxed);

	*ret_view = view;
	atomic_fetch_add_explicit(&server->requests, 1, memory_order_relaxed);
	if (!view || too_late)
		return fsv_err_set(err, FSV_E_SHUTDOWN, "the server is shutting down; ask another one");
	return fsv_gate_enter(server->gate, interface, inflight >= server->max_inflight, err);
}

void fsv_server_leave(struct fsv_server *server, struct fsv_server_view *view)
{
	if (view)
		fsv_ref_put(&view->ref);
	atomic_fetch_sub_explicit(&server->inflight, 1, memory_order_relaxed);
}

void fsv_server_count(struct fsv_server *server, const struct fsv_interface *interface, const struct fsv_model *model,
		      int retcode, unsigned good_rows, unsigned bad_rows)
{
	bool good = retcode == 0;

	if (retcode == fsv_err_fate(FSV_E_OVERLOAD))
		return;		/* counted as blocked */
	fsv_gate_count(server->gate, interface, good);
	if (!model)
		return;
	if (good_rows + bad_rows == 0)
		good_rows = good, bad_rows = !good;
	fsv_gate_count_model(server->gate, model->key, good_rows, bad_rows);
}

void fsv_server_print(const char *what, struct fsv_str json, const struct fsv_log_tags *tags, struct fsv_arena *arena)
{
	struct fsv_buf line;
	struct fsv_err err;

	fsv_buf_init(&line, arena, 0);
	if (fsv_json_reencode(json, false, arena, &line, &err) < 0)
		fsv_log(FSV_LOG_INFO, tags, "%s: %zu bytes that are no JSON", what, json.n);
	else
		fsv_log(FSV_LOG_INFO, tags, "%s: %.*s", what, FSV_STR_ARG(fsv_buf_str(&line)));
}
