/* SPDX-License-Identifier: Apache-2.0 */
#include "registration.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "registry/registry.h"
#include "server.h"
#include "serving-server-conf.h"

/* Under these names the reference registers its two management services; two differ from those of the calls. */
static const char *const online[] = {
	"publishLoad", "publishOnline", "publishBind", "unload", "unbind", "fetchModel", "modelTransfer", "queryModel",
	"queryMetrics", "updateFlowRule", "listProps", "queryJvm", "updateService", "checkHealth",
};

enum { N_ONLINE = sizeof(online) / sizeof(online[0]), UPDATE_PATIENCE_S = 5 };

static const char *const projects[] = { "proxy", "flow", NULL };

static void announce(struct fsv_server *server, struct fsv_registry *registry);

int fsv_server_register(struct fsv_server *server, struct fsv_loop *loop, struct fsv_err *err)
{
	static struct fsv_registry_service services[N_ONLINE];
	const struct fsv_conf *conf = server->first_conf;
	uint16_t port = (uint16_t)fsv_conf_int(conf, FSV_SK_PORT);
	struct fsv_registry_opt opt = {
		.project = "serving", .port = port, .services = services, .n_services = N_ONLINE, .subscribe = projects,
		.cache_folder = fsv_conf_str(conf, FSV_SK_CACHE_PATH),
		.max_message = (size_t)fsv_conf_int(conf, FSV_SK_MAX_MESSAGE),
	};
	struct fsv_registry *registry;
	int r;

	if (!fsv_conf_bool(conf, FSV_SK_USE_REGISTER) || !fsv_conf_str(conf, FSV_SK_REGISTRY + FSV_RK_URL)) {
		if (fsv_conf_bool(conf, FSV_SK_USE_REGISTER) && fsv_conf_is_set(conf, FSV_SK_USE_REGISTER))
			fsv_log_warn("%s: useRegister is true, but zk.url is not set; nothing is registered, and packets go to the "
				     "address under proxy", fsv_conf_where(conf, FSV_SK_USE_REGISTER));
		return 0;
	}
	for (unsigned i = 0; i < N_ONLINE; i++)
		services[i] = (struct fsv_registry_service){ "grpc", port, "serving", "online", online[i] };
	r = fsv_registry_from_conf(loop, conf, FSV_SK_REGISTRY, &opt, &registry, err);
	if (r < 0)
		return r;
	/* Requests and changes of models are under way already: what they see of the registry is complete. */
	server->loop = loop;
	server->route_by_registry = fsv_conf_bool(conf, FSV_SK_USE_ZK_ROUTER);
	atomic_store(&server->registry, registry);
	announce(server, registry);
	return 0;
}

struct names {
	struct fsv_str *ids, *keys;
	size_t n_ids, n_keys, cap_ids, cap_keys;
};

static void append(struct fsv_str **list, size_t *n, size_t *cap, struct fsv_str text)
{
	if (*n == *cap) {
		*cap = *cap ? *cap * 2 : 16;
		*list = fsv_realloc(*list, *cap, sizeof(**list));
	}
	(*list)[(*n)++] = fsv_str_n(fsv_str_dup(text), text.n);
}

static void take_name(void *arg, struct fsv_str service_id, const struct fsv_model *model)
{
	struct names *names = arg;
	char key[33];

	if (service_id.n > 0) {
		append(&names->ids, &names->n_ids, &names->cap_ids, service_id);
		return;
	}
	fsv_registry_host_key(fsv_str(model->table_name), fsv_str(model->name_space), key);
	append(&names->keys, &names->n_keys, &names->cap_keys, fsv_str(key));
}

static void announce(struct fsv_server *server, struct fsv_registry *registry)
{
	struct names names = { .n_ids = 0 };

	fsv_models_names(server->models, take_name, &names);
	fsv_registry_set_models(registry, &(struct fsv_registry_models){
		.service_ids = names.ids, .n_service_ids = names.n_ids, .host_keys = names.keys, .n_host_keys = names.n_keys });
	for (size_t i = 0; i < names.n_ids; i++)
		free((char *)names.ids[i].p);
	for (size_t i = 0; i < names.n_keys; i++)
		free((char *)names.keys[i].p);
	free(names.ids);
	free(names.keys);
}

static void announce_job(void *arg)
{
	struct fsv_server *server = arg;

	/* First: a change from here on is told of again. */
	atomic_store(&server->announce_waits, false);
	announce(server, atomic_load(&server->registry));
}

/* NULL: there is none, or not yet. */
static struct fsv_registry *registry_of(struct fsv_server *server)
{
	return atomic_load_explicit(&server->registry, memory_order_acquire);
}

bool fsv_server_has_registry(struct fsv_server *server)
{
	return registry_of(server) != NULL;
}

void fsv_server_models_changed(struct fsv_server *server)
{
	if (!registry_of(server) || atomic_exchange(&server->announce_waits, true))
		return;
	if (fsv_loop_post(server->loop, announce_job, server) < 0) {
		atomic_store(&server->announce_waits, false);
		fsv_log_warn("the registry does not learn of a change of models: too much to do; the next change tells it");
	}
}

struct fsv_str fsv_server_flow_url(struct fsv_server *server, struct fsv_str table_name, struct fsv_str name_space,
				   struct fsv_arena *arena)
{
	struct fsv_registry *registry = registry_of(server);
	struct fsv_str url = FSV_STR_NULL;
	struct fsv_view *view;
	const char *found;

	if (!registry)
		return url;
	view = fsv_registry_view(registry);
	if (fsv_view_model_urls(view, table_name, name_space, &found, 1) > 0)
		url = fsv_str_n(fsv_arena_cstr(arena, fsv_str(found)), strlen(found));
	fsv_ref_put(&view->ref);
	return url;
}

bool fsv_server_flow_known(struct fsv_server *server)
{
	struct fsv_registry *registry = registry_of(server);
	const struct fsv_providers *flows;
	struct fsv_view *view;
	bool known;

	if (!registry)
		return false;
	view = fsv_registry_view(registry);
	flows = fsv_view_find(view, FSV_STR("flow/online/transfer"));
	known = flows && flows->n_urls > 0;
	fsv_ref_put(&view->ref);
	return known;
}

/* One update on its way to the main thread. Whoever comes last, the caller or the main thread, frees it. */
struct update {
	struct fsv_server *server;
	struct fsv_arena arena;
	struct fsv_str url, router_mode;
	int32_t weight;
	pthread_mutex_t lock;
	pthread_cond_t over;
	bool done, left;		/* the caller has gone */
	int result;
	struct fsv_err err;
};

static void update_free(struct update *u)
{
	pthread_mutex_destroy(&u->lock);
	pthread_cond_destroy(&u->over);
	fsv_arena_done(&u->arena);
	free(u);
}

/* [main thread] */
static void update(void *arg)
{
	struct update *u = arg;
	bool left;
	struct fsv_registry *registry = atomic_load(&u->server->registry);

	if (registry)
		u->result = fsv_registry_update(registry, u->url, u->router_mode, u->weight, &u->err);
	pthread_mutex_lock(&u->lock);
	u->done = true;
	left = u->left;
	pthread_cond_signal(&u->over);
	pthread_mutex_unlock(&u->lock);
	if (left)
		update_free(u);
}

int fsv_server_update_service(struct fsv_server *server, struct fsv_str url, struct fsv_str router_mode, int32_t weight,
			      struct fsv_err *err)
{
	struct timespec until;
	struct update *u;
	bool done;
	int r;

	if (!registry_of(server))
		return fsv_err_set(err, FSV_E_SYSTEM, "this server is not registered anywhere");
	u = FSV_NEW(struct update);
	fsv_arena_init(&u->arena, 0);
	pthread_mutex_init(&u->lock, NULL);
	pthread_cond_init(&u->over, NULL);
	u->server = server;
	u->url = fsv_arena_str(&u->arena, url);
	u->router_mode = fsv_arena_str(&u->arena, router_mode);
	u->weight = weight;
	u->result = fsv_err_set(&u->err, FSV_E_SHUTDOWN, "the server is shutting down");
	if (fsv_loop_post(server->loop, update, u) < 0) {
		update_free(u);
		return fsv_err_set(err, FSV_E_BUSY, "too much to do; try again");
	}
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += UPDATE_PATIENCE_S;
	pthread_mutex_lock(&u->lock);
	while (!u->done && pthread_cond_timedwait(&u->over, &u->lock, &until) == 0)
		;
	done = u->done;
	u->left = true;
	r = done ? u->result : fsv_err_set(err, FSV_E_DEADLINE, "the registry's side of this server did not answer in time");
	if (done)
		*err = u->err;
	pthread_mutex_unlock(&u->lock);
	if (done)
		update_free(u);
	return r;
}

/* Requests -------------------------------------------------------------------------------------------------- */

static bool take_node(const struct fsv_providers *proxies, struct fsv_node *node, struct fsv_hop *hop)
{
	struct fsv_rpc_channel *channel = node ? fsv_node_channel(node) : NULL;

	if (!channel)
		return false;
	fsv_ref_get(&node->ref);
	*hop = (struct fsv_hop){ .channel = channel, .node = node, .others = fsv_providers_others(proxies, node) };
	return true;
}

static bool by_registry(struct fsv_server *server, const struct fsv_hop *failed, bool healthy, struct fsv_hop *hop)
{
	struct fsv_view *view = fsv_registry_view(registry_of(server));
	const struct fsv_providers *proxies = fsv_view_find(view, FSV_STR("proxy/online/unaryCall"));
	struct fsv_pick pick = { .not_this = failed ? failed->node : NULL, .healthy = healthy };
	bool found = proxies && !(healthy && proxies->stale) && take_node(proxies, fsv_providers_pick(proxies, &pick), hop);

	fsv_ref_put(&view->ref);
	return found;
}

int fsv_server_hop(struct fsv_server *server, const struct fsv_server_view *view, const struct fsv_hop *failed,
		   struct fsv_hop *ret_hop, struct fsv_err *err)
{
	bool ask = registry_of(server) && server->route_by_registry;

	if (ask && by_registry(server, failed, true, ret_hop)) {
		ret_hop->others = ret_hop->others || view->proxy;
		return 0;
	}
	if (view->proxy && !(failed && !failed->node)) {
		*ret_hop = (struct fsv_hop){ .channel = view->proxy };
		return 0;
	}
	if (ask && by_registry(server, failed, false, ret_hop))
		return 0;
	if (failed && failed->node && failed->others) {
		*ret_hop = *failed;
		fsv_ref_get(&failed->node->ref);
		return 0;
	}
	if (ask)
		return fsv_err_set(err, FSV_E_ROUTER, "serving-proxy address is not found in zk");
	return fsv_err_set(err, FSV_E_ROUTER, "address is error in config file: proxy is not set");
}

void fsv_hop_done(struct fsv_hop *hop, int status)
{
	if (!hop->node)
		return;
	fsv_node_report(hop->node, status);
	fsv_ref_put(&hop->node->ref);
	hop->node = NULL;
}
