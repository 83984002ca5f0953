/* SPDX-License-Identifier: Apache-2.0 */
#include "registration.h"

#include "base/log.h"
#include "proxy-conf.h"
#include "proxy.h"
#include "registry/registry.h"

static const struct {
	bool http;
	const char *name;
} offered[] = {
	{ false, "unaryCall" }, { false, "queryMetrics" }, { false, "updateFlowRule" }, { false, "listProps" },
	{ false, "queryJvm" }, { false, "updateService" }, { false, "checkHealth" }, { false, "queryRouter" },
	{ false, "addRouter" }, { false, "updateRouter" }, { false, "deleteRouter" }, { false, "saveRouter" },
	{ true, "inference" }, { true, "batchInference" },
};

enum { N_OFFERED = sizeof(offered) / sizeof(offered[0]) };

static const char *const projects[] = { "serving", NULL };

int fsv_proxy_register(struct fsv_proxy *proxy, struct fsv_loop *loop, struct fsv_err *err)
{
	static struct fsv_registry_service services[N_OFFERED];
	const struct fsv_conf *conf = proxy->first_conf;
	uint16_t intra = (uint16_t)fsv_conf_int(conf, FSV_PK_INTRA_PORT), http = (uint16_t)fsv_conf_int(conf, FSV_PK_HTTP_PORT);
	struct fsv_registry_opt opt = {
		.project = "proxy", .port = intra, .services = services, .n_services = N_OFFERED, .subscribe = projects,
		.max_message = (size_t)fsv_conf_int(conf, FSV_PK_MAX_MESSAGE),
	};
	struct fsv_registry *registry;
	int r;

	if (!fsv_conf_bool(conf, FSV_PK_USE_ZK) || !fsv_conf_str(conf, FSV_PK_REGISTRY + FSV_RK_URL)) {
		if (fsv_conf_bool(conf, FSV_PK_USE_ZK) && fsv_conf_is_set(conf, FSV_PK_USE_ZK))
			fsv_log_warn("%s: useZkRouter is true, but zk.url is not set; requests are routed by the route table alone",
				     fsv_conf_where(conf, FSV_PK_USE_ZK));
		return 0;
	}
	for (unsigned i = 0; i < N_OFFERED; i++)
		services[i] = offered[i].http ?
			(struct fsv_registry_service){ "http", http, "federation", "v1", offered[i].name } :
			(struct fsv_registry_service){ "grpc", intra, "proxy", "online", offered[i].name };
	r = fsv_registry_from_conf(loop, conf, FSV_PK_REGISTRY, &opt, &registry, err);
	/* Requests are under way already. */
	if (r == 0)
		atomic_store(&proxy->registry, registry);
	return r;
}
