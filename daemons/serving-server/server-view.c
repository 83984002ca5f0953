/* SPDX-License-Identifier: Apache-2.0 */
/* What a request sees of the settings: made of a configuration, and again when a rule of flow control changes. */
#include "server-private.h"

#include <math.h>
#include <stdlib.h>

#include "adaptor.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "flow.h"
#include "serving-server-conf.h"

static void free_view(struct fsv_ref *ref)
{
	struct fsv_server_view *view = (struct fsv_server_view *)ref;

	if (view->base) {
		fsv_ref_put(&view->base->ref);
		fsv_flow_free(view->flow);
		free(view);
		return;
	}
	fsv_adaptor_free(view->single);
	fsv_adaptor_free(view->batch);
	fsv_flow_free(view->flow);
	if (view->proxy)
		fsv_rpc_channel_unref(view->proxy);
	fsv_conf_unref(view->conf);
	free(view);
}

static void flow_path(const struct fsv_server *server, struct fsv_buf *path)
{
	const char *folder = fsv_conf_str(server->first_conf, FSV_SK_CACHE_PATH);

	fsv_buf_init(path, NULL, 0);
	fsv_buf_printf(path, "%s/.fate/flowRules.json", folder && *folder ? folder : ".");
}

static struct fsv_flow *load_flow(const struct fsv_server *server)
{
	struct fsv_flow *flow;
	struct fsv_buf path;

	flow_path(server, &path);
	flow = fsv_flow_load(fsv_buf_cstr(&path));
	fsv_buf_done(&path);
	return flow;
}

static int write_flow(const struct fsv_server *server, const struct fsv_flow *flow, struct fsv_err *err)
{
	struct fsv_buf path, text;
	int r;

	flow_path(server, &path);
	fsv_buf_init(&text, NULL, 0);
	fsv_flow_format(flow, &text);
	r = fsv_write_file(fsv_buf_cstr(&path), text.p, text.n, 0640, err);
	fsv_buf_done(&text);
	fsv_buf_done(&path);
	return r;
}

/* The present view with other rules. */
static void put_flow(struct fsv_server *server, struct fsv_server_view *was, struct fsv_flow *flow)
{
	struct fsv_server_view *view = FSV_NEW(struct fsv_server_view);

	*view = *was;
	fsv_ref_init(&view->ref, free_view);
	view->base = was->base ? was->base : was;
	fsv_ref_get(&view->base->ref);
	view->flow = flow;
	fsv_snapshot_set(&server->view, &view->ref);
}

int fsv_server_set_flow(struct fsv_server *server, struct fsv_str resource, double allowed, struct fsv_err *err)
{
	struct fsv_server_view *was;
	struct fsv_flow *flow = NULL;
	int r;

	if (isnan(allowed))
		return fsv_err_set(err, FSV_E_SYSTEM, "allowQps is not a number");
	pthread_mutex_lock(&server->view_lock);
	was = (struct fsv_server_view *)fsv_snapshot_get(&server->view);
	r = fsv_flow_with(was->flow, resource, allowed, (size_t)fsv_conf_int(was->conf, FSV_SK_FLOW_MAX_RULES), &flow, err);
	if (r == 0)
		r = write_flow(server, flow, err);
	if (r == 0)
		put_flow(server, was, flow);
	else
		fsv_flow_free(flow);
	fsv_ref_put(&was->ref);
	pthread_mutex_unlock(&server->view_lock);
	if (r == 0)
		fsv_log_info("flow control: at most %g a second for %.*s", allowed, FSV_STR_ARG(resource));
	return r;
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
	view->flow = load_flow(server);
	view->cache = fsv_conf_bool(conf, FSV_SK_RESULT_CACHE) ? server->cache : NULL;
	*ret_view = view;
	return 0;
}
