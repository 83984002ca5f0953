/* SPDX-License-Identifier: Apache-2.0 */
/* fate-serving-proxy: the door of one party, for its clients, its serving nodes and other parties. */
#include "proxy-conf.h"
#include "proxy.h"
#include "svc/svc.h"

static int init(struct fsv_svc *svc, struct fsv_err *err)
{
	return fsv_proxy_start(fsv_svc_user(svc), fsv_svc_conf(svc), fsv_svc_loop(svc), err);
}

static int reload(struct fsv_svc *svc, const struct fsv_conf *was, struct fsv_err *err)
{
	(void)was;
	return fsv_proxy_reload(fsv_svc_user(svc), fsv_svc_conf(svc), fsv_svc_loop(svc), err);
}

static void drain(struct fsv_svc *svc)
{
	fsv_proxy_drain(fsv_svc_user(svc));
}

static unsigned busy(struct fsv_svc *svc)
{
	return fsv_proxy_busy(fsv_svc_user(svc));
}

static unsigned done(struct fsv_svc *svc, int64_t deadline_ns)
{
	return fsv_proxy_stop(fsv_svc_user(svc), deadline_ns);
}

static int64_t stall_ns(struct fsv_svc *svc)
{
	const struct fsv_proxy *proxy = fsv_svc_user(svc);

	return fsv_svc_stall_ns(proxy->rpc, proxy->http);
}

static void status(struct fsv_svc *svc, struct fsv_buf *out)
{
	fsv_proxy_status(fsv_svc_user(svc), out);
}

int main(int argc, char **argv)
{
	static struct fsv_proxy proxy;
	static const struct fsv_svc_desc desc = {
		.schema = &fsv_proxy_schema,
		.summary = "Routes FATE inference requests between clients, serving nodes and other parties.",
		.key_log_level = FSV_PK_LOG_LEVEL,
		.key_log_target = FSV_PK_LOG_TARGET,
		.key_drain_timeout = FSV_PK_DRAIN_TIMEOUT,
		.key_stall_limit = FSV_PK_STALL_LIMIT,
		.user = &proxy,
		.init = init,
		.reload = reload,
		.drain = drain,
		.busy = busy,
		.done = done,
		.stall_ns = stall_ns,
		.status = status,
	};

	return fsv_svc_run(&desc, argc, argv);
}
