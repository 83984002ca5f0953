/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy.h"

#include <stdlib.h>

#include "auth.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/pool.h"
#include "base/time.h"
#include "call/spans.h"
#include "channels.h"
#include "common-service.h"
#include "http-front.h"
#include "net/http-client.h"
#include "net/http.h"
#include "net/tls.h"
#include "proxy-conf.h"
#include "registration.h"
#include "registry/registry.h"
#include "route-watch.h"
#include "svc/monitor.h"
#include "svc/svc.h"
#include "unary.h"

enum { RENEWAL_MS = 10000, POOL_THREADS = 2, POOL_QUEUE = 64 };

FSV_METRIC(route_parties, FSV_GAUGE, "fate_serving_route_parties", "", "Parties in the route table in use.");
FSV_METRIC(route_endpoints, FSV_GAUGE, "fate_serving_route_endpoints", "", "Endpoints in it.");
FSV_METRIC(route_broken, FSV_GAUGE, "fate_serving_route_table_broken", "",
	   "1 while the newest route table is missing or broken and an older one, or none, is in use.");

/* States that /metrics shows. */
static void show(struct fsv_metric *metric, struct fsv_metric_out *out, void *arg)
{
	struct fsv_proxy *proxy = arg;
	struct fsv_proxy_view *view = (struct fsv_proxy_view *)fsv_snapshot_get(&proxy->view);

	if (metric == &route_broken)
		fsv_metric_value(out, atomic_load(&proxy->routes_broken));
	else if (metric == &route_parties)
		fsv_metric_value(out, view && view->table ? (double)view->table->parties.n : 0);
	else
		fsv_metric_value(out, view && view->table ? view->table->n_endpoints : 0);
	if (view)
		fsv_ref_put(&view->ref);
}

static struct fsv_metric *const shown[] = { &route_parties, &route_endpoints, &route_broken };

static void watch(struct fsv_proxy *proxy)
{
	for (unsigned i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		fsv_metric_watch(shown[i], show, proxy);
}

static void unwatch(const struct fsv_proxy *proxy)
{
	for (unsigned i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		fsv_metric_unwatch(shown[i], proxy);
}

static void on_route_file(void *arg)
{
	fsv_proxy_load_routes(arg, FSV_ROUTES_IF_CHANGED);
}

static void on_auth_file(void *arg)
{
	struct fsv_proxy *proxy = arg;
	struct fsv_err err = FSV_ERR_INIT;

	if (fsv_proxy_load_keys(proxy, &err) < 0)
		fsv_log_err("keys for signatures: %s; the previous ones stay in use", err.text);
	else
		fsv_proxy_publish(proxy);
}

static void on_renewal(void *arg)
{
	struct fsv_proxy *proxy = arg;

	if (proxy->inter_tls && fsv_tls_refresh(proxy->inter_tls))
		fsv_log_info("inter port: renewed certificate taken up");
	if (fsv_channels_refresh(proxy->channels) || proxy->retry_tls)
		fsv_proxy_reconnect(proxy);
}

static uint16_t port_of(const struct fsv_conf *conf, unsigned key)
{
	return (uint16_t)fsv_conf_int(conf, key);
}

static void note_listeners(struct fsv_proxy *proxy)
{
	const struct fsv_conf *conf = proxy->conf;

	proxy->listeners[FSV_LISTEN_HTTP] = (struct fsv_listener){
		fsv_conf_str(conf, FSV_PK_HTTP_ADDRESS), port_of(conf, FSV_PK_HTTP_PORT) };
	proxy->listeners[FSV_LISTEN_INTER] = (struct fsv_listener){
		fsv_conf_str(conf, FSV_PK_INTER_ADDRESS), port_of(conf, FSV_PK_INTER_PORT) };
	proxy->listeners[FSV_LISTEN_INTRA] = (struct fsv_listener){
		fsv_conf_str(conf, FSV_PK_INTRA_ADDRESS), port_of(conf, FSV_PK_INTRA_PORT) };
}

static int start_inter_tls(struct fsv_proxy *proxy, struct fsv_err *err)
{
	const struct fsv_conf *conf = proxy->conf;
	const struct fsv_tls_opt opt = {
		.ca_file = fsv_conf_str(conf, FSV_PK_INTER_CA), .cert_file = fsv_conf_str(conf, FSV_PK_INTER_CERT),
		.key_file = fsv_conf_str(conf, FSV_PK_INTER_KEY),
	};

	if (fsv_conf_enum(conf, FSV_PK_INTER_NEGOTIATION) == 0)
		return 0;
	return fsv_tls_new(&opt, &proxy->inter_tls, err);
}

static int start_grpc(struct fsv_proxy *proxy, enum fsv_listener_kind kind, struct fsv_tls *tls,
		      const struct fsv_rpc_method *methods, unsigned n_methods, struct fsv_rpc_server **ret_server, struct fsv_err *err)
{
	const struct fsv_conf *conf = proxy->conf;
	const struct fsv_rpc_server_opt opt = {
		.host = proxy->listeners[kind].address, .port = proxy->listeners[kind].port, .tls = tls,
		.listen_fd = fsv_svc_socket(proxy->listeners[kind].port),
		.max_message = (size_t)fsv_conf_int(conf, FSV_PK_MAX_MESSAGE),
		/* Our own count refuses first, with a packet that says why. */
		.max_inflight = proxy->max_inflight * 2,
		.methods = methods, .n_methods = n_methods, .user = proxy,
	};

	return opt.port == 0 ? 0 : fsv_rpc_server_start(proxy->rpc, &opt, ret_server, err);
}

static int start_http(struct fsv_proxy *proxy, struct fsv_err *err)
{
	const struct fsv_conf *conf = proxy->conf;
	const struct fsv_http_opt opt = {
		.host = proxy->listeners[FSV_LISTEN_HTTP].address, .port = proxy->listeners[FSV_LISTEN_HTTP].port,
		.listen_fd = fsv_svc_socket(proxy->listeners[FSV_LISTEN_HTTP].port),
		.threads = (unsigned)fsv_conf_int(conf, FSV_PK_HTTP_THREADS),
		.max_header = (size_t)fsv_conf_int(conf, FSV_PK_HTTP_MAX_HEADER),
		.max_body = (size_t)fsv_conf_int(conf, FSV_PK_HTTP_MAX_BODY),
		.timeout_ms = (unsigned)fsv_conf_int(conf, FSV_PK_HTTP_TIMEOUT),
		.max_connections = (unsigned)fsv_conf_int(conf, FSV_PK_HTTP_MAX_CONNECTIONS),
		.max_inflight = proxy->max_inflight * 2,	/* as above */
		.handler = fsv_http_front, .user = proxy,
	};

	return opt.port == 0 ? 0 : fsv_http_start(&opt, &proxy->http, err);
}

static int start_clients(struct fsv_proxy *proxy, struct fsv_err *err)
{
	const struct fsv_conf *conf = proxy->conf;
	const struct fsv_http_client_opt opt = {
		.max_transfers = (unsigned)fsv_conf_int(conf, FSV_PK_FORWARD_MAX),
		.max_connections = (unsigned)fsv_conf_int(conf, FSV_PK_FORWARD_CONNECTIONS),
	};
	unsigned workers = (unsigned)fsv_conf_int(conf, FSV_PK_WORKER_THREADS);
	int r = fsv_rpc_new(workers, &proxy->rpc, err);

	if (r < 0)
		return r;
	fsv_waits_set(proxy->rpc, conf, FSV_PK_WAITS);
	r = fsv_pool_new("console", POOL_THREADS, POOL_QUEUE, &proxy->pool, err);
	if (r < 0)
		return r;
	proxy->channels = fsv_channels_new((size_t)fsv_conf_int(conf, FSV_PK_MAX_MESSAGE));
	return fsv_http_client_new(&opt, &proxy->client, err);
}

static int start_ports(struct fsv_proxy *proxy, struct fsv_err *err)
{
	static const struct fsv_rpc_method intra[] = {
		{ FSV_UNARY_METHOD, fsv_unary_intra, true },
		{ FSV_COMMON_SERVICE "queryMetrics", fsv_proxy_query_metrics, false },
		{ FSV_COMMON_SERVICE "updateFlowRule", fsv_proxy_update_flow_rule, false },
		{ FSV_COMMON_SERVICE "listProps", fsv_proxy_list_props, false },
		{ FSV_COMMON_SERVICE "queryJvmInfo", fsv_proxy_query_jvm, false },
		{ FSV_COMMON_SERVICE "updateService", fsv_proxy_update_service, false },
		{ FSV_COMMON_SERVICE "updateConfig", fsv_proxy_update_config, false },
		{ FSV_COMMON_SERVICE "checkHealthService", fsv_proxy_check_health, false },
		{ FSV_ROUTER_SERVICE "queryRouter", fsv_proxy_query_router, false },
		{ FSV_ROUTER_SERVICE "saveRouter", fsv_proxy_save_router, false },
		{ FSV_ROUTER_SERVICE "addRouter", fsv_proxy_no_router, false },
		{ FSV_ROUTER_SERVICE "updateRouter", fsv_proxy_no_router, false },
		{ FSV_ROUTER_SERVICE "deleteRouter", fsv_proxy_no_router, false },
	};
	static const struct fsv_rpc_method inter = { FSV_UNARY_METHOD, fsv_unary_inter, true };
	int r = start_inter_tls(proxy, err);

	if (r == 0)
		r = start_grpc(proxy, FSV_LISTEN_INTER, proxy->inter_tls, &inter, 1, &proxy->inter, err);
	if (r == 0)
		r = start_grpc(proxy, FSV_LISTEN_INTRA, NULL, intra, sizeof(intra) / sizeof(intra[0]), &proxy->intra, err);
	if (r == 0)
		r = start_http(proxy, err);
	return r;
}

static int watch_routes(struct fsv_proxy *proxy, struct fsv_loop *loop, struct fsv_err *err)
{
	struct fsv_route_watch *watch;
	int r = fsv_route_watch_new(loop, fsv_conf_str(proxy->conf, FSV_PK_ROUTE_TABLE), on_route_file, proxy, &watch, err);

	if (r < 0)
		return r;
	fsv_route_watch_free(proxy->watch);
	proxy->watch = watch;
	return 0;
}

/* Serving on without signatures would take a protection away that the operator asked for. */
static int start_auth(struct fsv_proxy *proxy, struct fsv_loop *loop, struct fsv_err *err)
{
	const struct fsv_conf *conf = proxy->conf;
	int r;

	if (!fsv_conf_bool(conf, FSV_PK_AUTH_OPEN))
		return 0;
	proxy->auth_seen = fsv_auth_seen_new((size_t)fsv_conf_int(conf, FSV_PK_AUTH_REMEMBER));
	r = fsv_route_watch_new(loop, fsv_conf_str(conf, FSV_PK_AUTH_FILE), on_auth_file, proxy, &proxy->auth_watch, err);
	if (r == 0)
		r = fsv_proxy_load_keys(proxy, err);
	return r < 0 ? fsv_err_wrap(err, "auth.open is true") : 0;
}

int fsv_proxy_start(struct fsv_proxy *proxy, const struct fsv_conf *conf, struct fsv_loop *loop, struct fsv_err *err)
{
	int r;

	*proxy = (struct fsv_proxy){
		.conf = fsv_conf_ref((struct fsv_conf *)conf), .first_conf = fsv_conf_ref((struct fsv_conf *)conf),
		.max_inflight = (unsigned)fsv_conf_int(conf, FSV_PK_MAX_INFLIGHT), .shown_at = fsv_now_ns(), .loop = loop,
		.save_lock = PTHREAD_MUTEX_INITIALIZER,
		/* A server on this machine may keep its rules in the same folder. */
		.gate = fsv_gate_new(fsv_conf_str(conf, FSV_PK_REGISTRY + FSV_RK_CACHE), "proxyFlowRules.json"),
	};
	note_listeners(proxy);
	r = start_clients(proxy, err);
	if (r == 0)
		r = watch_routes(proxy, loop, err);	/* first, so that no change falls between */
	if (r == 0)
		r = start_auth(proxy, loop, err);
	if (r < 0)
		return r;
	fsv_proxy_load_routes(proxy, FSV_ROUTES_ANEW);
	fsv_proxy_publish(proxy);
	watch(proxy);
	r = fsv_monitor_start(conf, FSV_PK_METRICS, &proxy->monitor, err);
	if (r == 0)
		r = fsv_spans_start(conf, FSV_PK_SPANS, fsv_proxy_schema.daemon, &proxy->spans, err);
	if (r == 0)
		r = start_ports(proxy, err);
	if (r < 0)
		return r;
	proxy->renewal = fsv_timer_new(loop, on_renewal, proxy);
	fsv_timer_set(proxy->renewal, RENEWAL_MS, RENEWAL_MS);
	return fsv_proxy_register(proxy, loop, err);
}

int fsv_proxy_reload(struct fsv_proxy *proxy, const struct fsv_conf *conf, struct fsv_loop *loop, struct fsv_err *err)
{
	struct fsv_conf *was = (struct fsv_conf *)proxy->conf;
	int r;

	proxy->conf = conf;
	r = watch_routes(proxy, loop, err);
	if (r < 0) {
		proxy->conf = was;
		return r;
	}
	proxy->conf = fsv_conf_ref((struct fsv_conf *)conf);
	fsv_conf_unref(was);
	fsv_waits_set(proxy->rpc, conf, FSV_PK_WAITS);
	fsv_monitor_reload(proxy->monitor, conf, FSV_PK_METRICS);
	fsv_gate_reload(proxy->gate);
	fsv_proxy_publish(proxy);
	fsv_proxy_load_routes(proxy, FSV_ROUTES_ANEW);
	if (proxy->auth)
		on_auth_file(proxy);
	return 0;
}

/* The intra port goes on as before: what clients of the HTTP port wait for sends its packets through it. It is drained
 * when they have their answers, in fsv_proxy_stop. */
static void refuse_requests(void *arg)
{
	struct fsv_proxy *proxy = arg;

	proxy->leaving = false;
	atomic_store(&proxy->draining, true);
	if (proxy->http)
		fsv_http_drain(proxy->http);
	if (proxy->inter)
		fsv_rpc_server_drain(proxy->inter);
	if (proxy->intra)
		fsv_rpc_server_unready(proxy->intra);
}

void fsv_proxy_drain(struct fsv_proxy *proxy)
{
	if (!proxy->registry) {
		refuse_requests(proxy);
		return;
	}
	proxy->leaving = true;
	fsv_registry_leave(proxy->registry, fsv_conf_int(proxy->conf, FSV_PK_REGISTRY + FSV_RK_GRACE), refuse_requests, proxy);
}

unsigned fsv_proxy_busy(struct fsv_proxy *proxy)
{
	unsigned doors = proxy->leaving + (proxy->http ? fsv_http_inflight(proxy->http) : 0) +
			 (proxy->inter ? fsv_rpc_server_inflight(proxy->inter) : 0);

	/* Packets of nodes that ask for other proxies' clients never stop coming; they are seen to in fsv_proxy_stop. */
	if (atomic_load(&proxy->draining))
		return doors;
	return doors + (proxy->intra ? fsv_rpc_server_inflight(proxy->intra) : 0);
}

unsigned fsv_proxy_stop(struct fsv_proxy *proxy, int64_t deadline_ns)
{
	unsigned cut = 0;

	if (!proxy->conf)
		return 0;
	if (proxy->renewal)
		proxy->renewal = fsv_timer_free(proxy->renewal);
	proxy->watch = fsv_route_watch_free(proxy->watch);
	proxy->auth_watch = fsv_route_watch_free(proxy->auth_watch);
	if (proxy->http)
		cut += fsv_http_stop(proxy->http, deadline_ns);
	/* Nothing else ends a packet that waits for a partner reached by url. */
	if (proxy->client && fsv_now_ns() >= deadline_ns)
		fsv_http_client_stop(proxy->client);
	if (proxy->intra)
		cut += fsv_rpc_server_stop(proxy->intra, deadline_ns);
	if (proxy->inter)
		cut += fsv_rpc_server_stop(proxy->inter, deadline_ns);
	if (proxy->pool)
		proxy->pool = fsv_pool_free(proxy->pool);
	proxy->monitor = fsv_monitor_stop(proxy->monitor);
	unwatch(proxy);
	if (proxy->client)
		proxy->client = fsv_http_client_free(proxy->client);
	fsv_snapshot_set(&proxy->view, NULL);
	if (proxy->table)
		fsv_ref_put(&proxy->table->ref);
	proxy->table = NULL;
	if (proxy->auth)
		fsv_ref_put(&proxy->auth->ref);
	proxy->auth = NULL;
	proxy->auth_seen = fsv_auth_seen_free(proxy->auth_seen);
	proxy->channels = fsv_channels_free(proxy->channels);
	if (proxy->rpc)
		proxy->rpc = fsv_rpc_free(proxy->rpc);
	fsv_spans_stop(proxy->spans);
	proxy->registry = fsv_registry_free(proxy->registry);
	if (proxy->inter_tls)
		proxy->inter_tls = fsv_tls_unref(proxy->inter_tls);
	proxy->gate = fsv_gate_free(proxy->gate);
	pthread_mutex_destroy(&proxy->save_lock);
	free(proxy->table_text);
	free(proxy->broken_text);
	fsv_conf_unref((struct fsv_conf *)proxy->conf);
	fsv_conf_unref((struct fsv_conf *)proxy->first_conf);
	*proxy = (struct fsv_proxy){ 0 };
	return cut;
}

void fsv_proxy_status(struct fsv_proxy *proxy, struct fsv_buf *out)
{
	uint64_t requests = atomic_load_explicit(&proxy->requests, memory_order_relaxed);
	int64_t now = fsv_now_ns();
	double rate = (double)(requests - proxy->requests_shown) * 1e9 / (double)(now > proxy->shown_at ? now - proxy->shown_at : 1);

	proxy->requests_shown = requests;
	proxy->shown_at = now;
	if (!proxy->table)
		fsv_buf_puts(out, "no route table");
	else
		fsv_buf_printf(out, "routes to %zu parties over %zu connections", proxy->table->parties.n,
			       fsv_channels_count(proxy->channels));
	if (proxy->broken_text)
		fsv_buf_puts(out, proxy->table ? " (newer file is broken)" : " (file is missing or broken)");
	if (proxy->registry) {
		fsv_buf_puts(out, "; ");
		fsv_registry_status(proxy->registry, out);
	}
	fsv_buf_printf(out, "; %u in flight, %.0f/s", atomic_load_explicit(&proxy->inflight, memory_order_relaxed), rate);
}
