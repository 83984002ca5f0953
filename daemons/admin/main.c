/* SPDX-License-Identifier: Apache-2.0 */
/* fate-serving-admin: the operator's console and its API, for all nodes of one party. */
#include "admin-conf.h"
#include "admin.h"
#include "svc/svc.h"

static int init(struct fsv_svc *svc, struct fsv_err *err)
{
	return fsv_admin_start(fsv_svc_user(svc), fsv_svc_conf(svc), fsv_svc_loop(svc), err);
}

static int reload(struct fsv_svc *svc, const struct fsv_conf *was, struct fsv_err *err)
{
	(void)was;
	return fsv_admin_reload(fsv_svc_user(svc), fsv_svc_conf(svc), err);
}

static void drain(struct fsv_svc *svc)
{
	fsv_admin_drain(fsv_svc_user(svc));
}

static unsigned busy(struct fsv_svc *svc)
{
	return fsv_admin_busy(fsv_svc_user(svc));
}

static unsigned done(struct fsv_svc *svc, int64_t deadline_ns)
{
	return fsv_admin_stop(fsv_svc_user(svc), deadline_ns);
}

static int64_t stall_ns(struct fsv_svc *svc)
{
	const struct fsv_admin *admin = fsv_svc_user(svc);

	return fsv_svc_stall_ns(admin->rpc, admin->http);
}

static void status(struct fsv_svc *svc, struct fsv_buf *out)
{
	fsv_admin_status(fsv_svc_user(svc), out);
}

int main(int argc, char **argv)
{
	static struct fsv_admin admin;
	static const struct fsv_svc_desc desc = {
		.schema = &fsv_admin_schema,
		.summary = "Console and HTTP API for the nodes of one party: models, routes, traffic, health.",
		.key_log_level = FSV_AK_LOG_LEVEL,
		.key_log_target = FSV_AK_LOG_TARGET,
		.key_drain_timeout = FSV_AK_DRAIN_TIMEOUT,
		.key_stall_limit = FSV_AK_STALL_LIMIT,
		.user = &admin,
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
