/* SPDX-License-Identifier: Apache-2.0 */
/* What a request sees of the settings: made of a configuration. */
#include "server-private.h"

#include <stdlib.h>

#include "adaptor.h"
#include "base/mem.h"
#include "serving-server-conf.h"

static void free_view(struct fsv_ref *ref)
{
	struct fsv_server_view *view = (struct fsv_server_view *)ref;

	fsv_adaptor_free(view->single);
	fsv_adaptor_free(view->batch);
	if (view->proxy)
		fsv_rpc_channel_unref(view->proxy);
	fsv_conf_unref(view->conf);
	free(view);
}

static int connect_proxy(const struct fsv_server *server, struct fsv_server_view *view, struct fsv_err *err)
{
	struct fsv_server_view *was = (struct fsv_server_view *)fsv_snapshot_get((struct fsv_snapshot *)&server->view);
	const char *target = fsv_conf_str(view->conf, FSV_SK_PROXY);
	int r = 0;

	/* The same address keeps its connections. */
	if (target && was && was->proxy && fsv_str_is(fsv_str(target), fsv_rpc_channel_target(was->proxy)))
		view->proxy = fsv_rpc_channel_ref(was->proxy);
	else if (target)
		r = fsv_rpc_channel_new(target, NULL, (size_t)fsv_conf_int(server->first_conf, FSV_SK_MAX_MESSAGE),
					&view->proxy, err);
	if (was)
		fsv_ref_put(&was->ref);
	return r;
}

int fsv_server_view_new(const struct fsv_server *server, struct fsv_conf *conf, struct fsv_server_view **ret_view,
			struct fsv_err *err)
{
	const struct fsv_adaptor_env env = { .client = server->client, .pool = server->pool, .crews = server->crews,
		.redis = server->feature_redis ? server->feature_redis : server->redis };
	struct fsv_server_view *view = FSV_NEW(struct fsv_server_view);
	int r;

	fsv_ref_init(&view->ref, free_view);
	view->conf = fsv_conf_ref(conf);
	view->single_ms = fsv_conf_int(conf, FSV_SK_SINGLE_TIMEOUT);
	view->batch_ms = fsv_conf_int(conf, FSV_SK_BATCH_TIMEOUT);
	view->batch_max = (size_t)fsv_conf_int(conf, FSV_SK_BATCH_MAX);
	view->batch_slice = (size_t)fsv_conf_int(conf, FSV_SK_BATCH_SLICE);
	view->role = fsv_conf_str(conf, FSV_SK_ROLE_NAME);
	view->print_input = fsv_conf_bool(conf, FSV_SK_PRINT_INPUT);
	view->print_output = fsv_conf_bool(conf, FSV_SK_PRINT_OUTPUT);
	r = connect_proxy(server, view, err);
	if (r < 0) {
		fsv_ref_put(&view->ref);
		return r;
	}
	view->single = fsv_adaptor_new(conf, FSV_SK_SINGLE_ADAPTOR, &env);
	view->batch = fsv_adaptor_new(conf, FSV_SK_BATCH_ADAPTOR, &env);
	view->cache = fsv_conf_bool(conf, FSV_SK_RESULT_CACHE) ? server->cache : NULL;
	*ret_view = view;
	return 0;
}
