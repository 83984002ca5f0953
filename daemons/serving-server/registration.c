/* SPDX-License-Identifier: Apache-2.0 */
#include "registration.h"

#include "base/log.h"
#include "model/models.h"
#include "registry/registry.h"
#include "server.h"
#include "serving-server-conf.h"

/* Under these names the reference registers its two management services; two differ from those of the calls. */
static const char *const online[] = {
	"publishLoad", "publishOnline", "publishBind", "unload", "unbind", "fetchModel", "modelTransfer", "queryModel",
	"queryMetrics", "updateFlowRule", "listProps", "queryJvm", "updateService", "checkHealth",
};

enum { N_ONLINE = sizeof(online) / sizeof(online[0]) };

static const char *const projects[] = { "proxy", "flow", NULL };

/* What the models are asked for by: guests' by service ids, hosts' by the digest of their names. */
static void announce(struct fsv_server *server, struct fsv_registry *registry)
{
	struct fsv_registry_models models = { .n_service_ids = 0 };
	struct fsv_str *ids, *keys;
	struct fsv_model_listing *list;
	struct fsv_arena arena;
	size_t n, n_ids = 0;

	fsv_arena_init(&arena, 0);
	n = fsv_models_list(server->models, &arena, &list);
	for (size_t i = 0; i < n; i++)
		n_ids += list[i].n_service_ids;
	models.service_ids = ids = FSV_ARENA_NEW_N(&arena, struct fsv_str, n_ids);
	models.host_keys = keys = FSV_ARENA_NEW_N(&arena, struct fsv_str, n);
	for (size_t i = 0; i < n; i++) {
		const struct fsv_model *model = list[i].model;

		for (size_t k = 0; k < list[i].n_service_ids; k++)
			ids[models.n_service_ids++] = list[i].service_ids[k];
		if (!model->guest) {
			char *key = fsv_arena_alloc(&arena, FSV_REGISTRY_KEY_SIZE);

			fsv_registry_host_key(fsv_str(model->table_name), fsv_str(model->name_space), key);
			keys[models.n_host_keys++] = fsv_str(key);
		}
	}
	fsv_registry_set_models(registry, &models);
	fsv_models_list_done(list, n);
	fsv_arena_done(&arena);
}

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

/* Requests -------------------------------------------------------------------------------------------------- */

int fsv_server_hop(struct fsv_server *server, const struct fsv_server_view *view, const struct fsv_hop *failed,
		   struct fsv_hop *ret_hop, struct fsv_err *err)
{
	const struct fsv_str key = FSV_STR("proxy/online/unaryCall");
	struct fsv_registry *registry = registry_of(server);
	bool ask = registry && server->route_by_registry;

	if (ask && fsv_hop_by_registry(registry, key, failed, true, ret_hop)) {
		ret_hop->others = ret_hop->others || view->proxy;
		return 0;
	}
	if (view->proxy && !(failed && !failed->node)) {
		*ret_hop = (struct fsv_hop){ .target = fsv_rpc_channel_target(view->proxy), .channel = view->proxy };
		return 0;
	}
	if (ask && fsv_hop_by_registry(registry, key, failed, false, ret_hop))
		return 0;
	if (fsv_hop_once_more(failed, ret_hop))
		return 0;
	if (ask)
		return fsv_err_set(err, FSV_E_ROUTER, "serving-proxy address is not found in zk");
	return fsv_err_set(err, FSV_E_ROUTER, "address is error in config file: proxy is not set");
}
