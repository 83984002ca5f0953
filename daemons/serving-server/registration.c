/* SPDX-License-Identifier: Apache-2.0 */
#include "registration.h"

#include <stdlib.h>

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

enum { N_ONLINE = sizeof(online) / sizeof(online[0]) };

static const char *const projects[] = { "proxy", "flow", NULL };

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
	int r;

	if (!fsv_conf_bool(conf, FSV_SK_USE_REGISTER) || !fsv_conf_str(conf, FSV_SK_REGISTRY + FSV_RK_URL)) {
		if (fsv_conf_bool(conf, FSV_SK_USE_REGISTER) && fsv_conf_is_set(conf, FSV_SK_USE_REGISTER))
			fsv_log_warn("%s: useRegister is true, but zk.url is not set; nothing is registered, and packets go to the "
				     "address under proxy", fsv_conf_where(conf, FSV_SK_USE_REGISTER));
		return 0;
	}
	for (unsigned i = 0; i < N_ONLINE; i++)
		services[i] = (struct fsv_registry_service){ "grpc", port, "serving", "online", online[i] };
	server->route_by_registry = fsv_conf_bool(conf, FSV_SK_USE_ZK_ROUTER);
	r = fsv_registry_from_conf(loop, conf, FSV_SK_REGISTRY, &opt, &server->registry, err);
	if (r == 0)
		fsv_server_announce(server);
	return r;
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

void fsv_server_announce(struct fsv_server *server)
{
	struct names names = { .n_ids = 0 };

	if (!server->registry)
		return;
	fsv_models_names(server->models, take_name, &names);
	fsv_registry_set_models(server->registry, &(struct fsv_registry_models){
		.service_ids = names.ids, .n_service_ids = names.n_ids, .host_keys = names.keys, .n_host_keys = names.n_keys });
	for (size_t i = 0; i < names.n_ids; i++)
		free((char *)names.ids[i].p);
	for (size_t i = 0; i < names.n_keys; i++)
		free((char *)names.keys[i].p);
	free(names.ids);
	free(names.keys);
}

/* Requests -------------------------------------------------------------------------------------------------- */

static bool take_node(struct fsv_node *node, struct fsv_hop *hop)
{
	struct fsv_rpc_channel *channel = node ? fsv_node_channel(node) : NULL;

	if (!channel)
		return false;
	fsv_ref_get(&node->ref);
	*hop = (struct fsv_hop){ .channel = channel, .node = node };
	return true;
}

static bool by_registry(struct fsv_server *server, const struct fsv_hop *failed, bool healthy, struct fsv_hop *hop)
{
	struct fsv_view *view = fsv_registry_view(server->registry);
	const struct fsv_providers *proxies = fsv_view_find(view, FSV_STR("proxy/online/unaryCall"));
	struct fsv_pick pick = { .not_this = failed ? failed->node : NULL, .healthy = healthy };
	bool found = proxies && !(healthy && proxies->stale) && take_node(fsv_providers_pick(proxies, &pick), hop);

	fsv_ref_put(&view->ref);
	return found;
}

int fsv_server_hop(struct fsv_server *server, const struct fsv_server_view *view, const struct fsv_hop *failed,
		   struct fsv_hop *ret_hop, struct fsv_err *err)
{
	bool ask = server->registry && server->route_by_registry;

	if (ask && by_registry(server, failed, true, ret_hop))
		return 0;
	if (view->proxy && !(failed && !failed->node)) {
		*ret_hop = (struct fsv_hop){ .channel = view->proxy };
		return 0;
	}
	if (ask && by_registry(server, failed, false, ret_hop))
		return 0;
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
