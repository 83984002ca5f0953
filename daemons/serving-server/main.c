/* SPDX-License-Identifier: Apache-2.0 */
/* fate-serving-server: scores with the models of one party, as guest and as host. */
#include "registration.h"
#include "server.h"
#include "serving-server-conf.h"
#include "svc/svc.h"

static void progress(void *arg, unsigned n_done, unsigned of)
{
	fsv_svc_progress(arg, "restoring models: %u of %u", n_done, of);
}

static int init(struct fsv_svc *svc, struct fsv_err *err)
{
	struct fsv_server *server = fsv_svc_user(svc);
	int r = fsv_server_start(server, (struct fsv_conf *)fsv_svc_conf(svc), progress, svc, err);

	return r < 0 ? r : fsv_server_register(server, fsv_svc_loop(svc), err);
}

static int reload(struct fsv_svc *svc, const struct fsv_conf *was, struct fsv_err *err)
{
	(void)was;
	return fsv_server_reload(fsv_svc_user(svc), (struct fsv_conf *)fsv_svc_conf(svc), err);
}

static void drain(struct fsv_svc *svc)
{
	fsv_server_drain(fsv_svc_user(svc));
}

static unsigned busy(struct fsv_svc *svc)
{
	return fsv_server_busy(fsv_svc_user(svc));
}

static unsigned done(struct fsv_svc *svc, int64_t deadline_ns)
{
	return fsv_server_stop(fsv_svc_user(svc), deadline_ns);
}

static int64_t stall_ns(struct fsv_svc *svc)
{
	const struct fsv_server *server = fsv_svc_user(svc);

	return fsv_svc_stall_ns(server->rpc, server->http);
}

static void status(struct fsv_svc *svc, struct fsv_buf *out)
{
	fsv_server_status(fsv_svc_user(svc), out);
}

int main(int argc, char **argv)
{
	static struct fsv_server server;
	static const struct fsv_svc_desc desc = {
		.schema = &fsv_server_schema,
		.summary = "Scores with the models of this party, as guest and as host.",
		.key_log_level = FSV_SK_LOG_LEVEL,
		.key_log_target = FSV_SK_LOG_TARGET,
		.key_drain_timeout = FSV_SK_DRAIN_TIMEOUT,
		.key_stall_limit = FSV_SK_STALL_LIMIT,
		.user = &server,
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
