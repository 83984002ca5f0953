/* SPDX-License-Identifier: Apache-2.0 */
#include "admin.h"

#include <stdlib.h>

#include "admin-conf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/pool.h"
#include "base/time.h"
#include "console.h"
#include "front.h"
#include "health.h"
#include "net/http.h"
#include "overview.h"
#include "registry/registry.h"
#include "svc/monitor.h"
#include "svc/svc.h"
#include "visit.h"

FSV_METRIC(sessions, FSV_GAUGE, "fate_serving_admin_sessions", "", "Sessions that have not ended.");
FSV_METRIC(nodes, FSV_GAUGE, "fate_serving_admin_nodes", "", "Nodes that are known.");

enum { FIRST_ROUND_MS = 1000 };

static const char *const projects[] = { "serving", "proxy", NULL };

static void show(struct fsv_metric *metric, struct fsv_metric_out *out, void *arg)
{
	struct fsv_admin *admin = arg;

	fsv_metric_value(out, atomic_load(metric == &sessions ? &admin->n_sessions : &admin->n_nodes));
}

/* Settings -------------------------------------------------------------------------------------------------- */

/* On its way to the worker. */
struct settings {
	struct fsv_admin *admin;
	struct fsv_conf *conf;		/* one reference each */
	struct fsv_accounts *accounts;
};

static void take_limits(struct fsv_admin *admin)
{
	const struct fsv_conf *conf = admin->w.conf;
	const struct fsv_session_limits limits = {
		.idle_ns = fsv_conf_int(conf, FSV_AK_SESSION_IDLE) * FSV_MS, .max_ns = fsv_conf_int(conf, FSV_AK_SESSION_MAX) * FSV_MS,
		.sessions = (size_t)fsv_conf_int(conf, FSV_AK_SESSIONS),
	};
	const struct fsv_throttle_limits tries = {
		.failures = (unsigned)fsv_conf_int(conf, FSV_AK_LOGIN_FAILURES),
		.lockout_ns = fsv_conf_int(conf, FSV_AK_LOGIN_LOCKOUT) * FSV_MS,
		.tracked = (size_t)fsv_conf_int(conf, FSV_AK_LOGIN_TRACKED),
	};

	fsv_sessions_limit(admin->w.sessions, &limits);
	fsv_throttle_limit(admin->w.throttle, &tries);
}

/* [the worker] */
static void take_settings(void *arg)
{
	struct settings *settings = arg;
	struct fsv_admin *admin = settings->admin;

	fsv_conf_unref((struct fsv_conf *)admin->w.conf);
	admin->w.conf = settings->conf;
	if (admin->w.accounts)
		fsv_ref_put(&admin->w.accounts->ref);
	admin->w.accounts = settings->accounts;
	admin->w.listed = NULL;		/* a new configuration may lie where the old one was */
	take_limits(admin);
	fsv_sessions_sweep(admin->w.sessions, admin->w.accounts, fsv_now_ns());
	free(settings);
}

static void hand_settings(struct fsv_admin *admin, const struct fsv_conf *conf, struct fsv_accounts *accounts)
{
	struct settings *settings = FSV_NEW(struct settings);

	if (!fsv_accounts_any(accounts))
		fsv_log_warn("no account is set, so only this machine is answered; \"fate-servingctl admin passwd\" makes one for "
			     "admin.users.file");
	*settings = (struct settings){ admin, fsv_conf_ref((struct fsv_conf *)conf), accounts };
	atomic_store(&admin->has_accounts, fsv_accounts_any(accounts));
	fsv_rpc_post(admin->w.asker.worker, take_settings, settings);
}

/* The directory ------------------------------------------------------------------------------------------------ */

struct fsv_directory *fsv_admin_directory(struct fsv_admin *admin)
{
	struct fsv_registry *registry = atomic_load(&admin->registry);
	struct fsv_components *components = registry ? fsv_registry_components(registry) : NULL;
	struct fsv_directory *was = admin->w.directory;

	if (was && components == admin->w.components && admin->w.listed == admin->w.conf) {
		if (components)
			fsv_ref_put(&components->ref);
		return was;
	}
	admin->w.directory = fsv_directory_new(components, fsv_conf_list(admin->w.conf, FSV_AK_NODES), was);
	if (was)
		fsv_ref_put(&was->ref);
	if (admin->w.components)
		fsv_ref_put(&admin->w.components->ref);
	admin->w.components = components;
	admin->w.listed = admin->w.conf;
	atomic_store(&admin->n_nodes, admin->w.directory->n);
	return admin->w.directory;
}

/* Timers: the worker does the work ------------------------------------------------------------------------------ */

static void sweep(void *arg)
{
	struct fsv_admin *admin = arg;

	fsv_sessions_sweep(admin->w.sessions, admin->w.accounts, fsv_now_ns());
	atomic_store(&admin->n_sessions, (unsigned)fsv_sessions_count(admin->w.sessions));
	(void)fsv_admin_directory(admin);	/* counts nodes */
	fsv_visit_cancel_left(admin);
}

static void on_sweep(void *arg)
{
	struct fsv_admin *admin = arg;

	fsv_rpc_post(admin->w.asker.worker, sweep, admin);
}

static void look_round(void *arg)
{
	struct fsv_admin *admin = arg;

	fsv_shared_refresh(&admin->w.health);
}

static void on_rounds(void *arg)
{
	struct fsv_admin *admin = arg;

	if (fsv_conf_bool(admin->conf, FSV_AK_HEALTH_CHECK))
		fsv_rpc_post(admin->w.asker.worker, look_round, admin);
}

static void set_timers(struct fsv_admin *admin, int64_t first_ms)
{
	fsv_timer_set(admin->sweep, fsv_conf_int(admin->conf, FSV_AK_SESSION_SWEEP), fsv_conf_int(admin->conf, FSV_AK_SESSION_SWEEP));
	fsv_timer_set(admin->rounds, first_ms, fsv_conf_int(admin->conf, FSV_AK_HEALTH_TIME));
}

/* Life ------------------------------------------------------------------------------------------------------------ */

static int start_worker(struct fsv_admin *admin, struct fsv_err *err)
{
	const struct fsv_conf *conf = admin->conf;
	int r = fsv_rpc_new(1, &admin->rpc, err);

	if (r < 0)
		return r;
	fsv_waits_set(admin->rpc, conf, FSV_AK_WAITS);
	fsv_asker_init(&admin->w.asker, fsv_rpc_pick(admin->rpc), (size_t)fsv_conf_int(conf, FSV_AK_MAX_MESSAGE));
	admin->w.sessions = fsv_sessions_new();
	admin->w.throttle = fsv_throttle_new();
	fsv_shared_init(&admin->w.health, &fsv_health_kind, admin);
	fsv_shared_init(&admin->w.overview, &fsv_overview_kind, admin);
	r = fsv_pool_new("logins", (unsigned)fsv_conf_int(conf, FSV_AK_LOGIN_THREADS),
			 (size_t)fsv_conf_int(conf, FSV_AK_LOGIN_WAITING), &admin->logins, err);
	if (r == 0)
		r = fsv_audit_new(fsv_conf_str(conf, FSV_AK_AUDIT_FILE), (size_t)fsv_conf_int(conf, FSV_AK_AUDIT_KEEP), &admin->audit, err);
	return r;
}

static int start_http(struct fsv_admin *admin, struct fsv_err *err)
{
	const struct fsv_conf *conf = admin->conf;
	uint16_t port = (uint16_t)fsv_conf_int(conf, FSV_AK_PORT);
	const struct fsv_http_opt opt = {
		.host = fsv_conf_str(conf, FSV_AK_ADDRESS), .port = port, .listen_fd = fsv_svc_socket(port),
		.cert_file = fsv_conf_str(conf, FSV_AK_TLS_CERT), .key_file = fsv_conf_str(conf, FSV_AK_TLS_KEY),
		.threads = (unsigned)fsv_conf_int(conf, FSV_AK_HTTP_THREADS),
		.max_header = (size_t)fsv_conf_int(conf, FSV_AK_HTTP_MAX_HEADER),
		.max_body = (size_t)fsv_conf_int(conf, FSV_AK_HTTP_MAX_BODY),
		.timeout_ms = (unsigned)fsv_conf_int(conf, FSV_AK_HTTP_TIMEOUT),
		.max_connections = (unsigned)fsv_conf_int(conf, FSV_AK_HTTP_MAX_CONNECTIONS),
		.max_inflight = (unsigned)fsv_conf_int(conf, FSV_AK_MAX_INFLIGHT),
		.handler = fsv_front, .user = admin,
	};

	admin->tls = opt.cert_file != NULL;
	fsv_console_init();
	return fsv_http_start(&opt, &admin->http, err);
}

static int start_registry(struct fsv_admin *admin, struct fsv_loop *loop, struct fsv_err *err)
{
	const struct fsv_conf *conf = admin->conf;
	const char *url = fsv_conf_str(conf, FSV_AK_REGISTRY + FSV_RK_URL);
	struct fsv_registry_opt opt = {
		.project = "admin", .port = (uint16_t)fsv_conf_int(conf, FSV_AK_PORT), .subscribe = projects, .components = true,
		.max_message = (size_t)fsv_conf_int(conf, FSV_AK_MAX_MESSAGE),
	};
	struct fsv_registry *registry;
	int r;

	if (!url || !*url)
		return 0;
	r = fsv_registry_from_conf(loop, conf, FSV_AK_REGISTRY, &opt, &registry, err);
	if (r == 0)
		atomic_store(&admin->registry, registry);
	return r;
}

int fsv_admin_start(struct fsv_admin *admin, const struct fsv_conf *conf, struct fsv_loop *loop, struct fsv_err *err)
{
	struct fsv_accounts *accounts;
	int r;

	*admin = (struct fsv_admin){ .conf = fsv_conf_ref((struct fsv_conf *)conf) };
	r = fsv_accounts_read(conf, &accounts, err);
	if (r < 0)
		return r;
	r = start_worker(admin, err);
	if (r < 0) {
		fsv_ref_put(&accounts->ref);
		return r;
	}
	hand_settings(admin, conf, accounts);
	fsv_metric_watch(&sessions, show, admin);
	fsv_metric_watch(&nodes, show, admin);
	r = start_registry(admin, loop, err);
	if (r == 0)
		r = fsv_monitor_start(conf, FSV_AK_METRICS, &admin->monitor, err);
	if (r == 0)
		r = start_http(admin, err);
	if (r < 0)
		return r;
	admin->sweep = fsv_timer_new(loop, on_sweep, admin);
	admin->rounds = fsv_timer_new(loop, on_rounds, admin);
	set_timers(admin, FIRST_ROUND_MS);
	return 0;
}

int fsv_admin_reload(struct fsv_admin *admin, const struct fsv_conf *conf, struct fsv_err *err)
{
	struct fsv_accounts *accounts;
	int r = fsv_accounts_read(conf, &accounts, err);

	if (r < 0)
		return r;
	fsv_conf_unref((struct fsv_conf *)admin->conf);
	admin->conf = fsv_conf_ref((struct fsv_conf *)conf);
	hand_settings(admin, conf, accounts);
	fsv_waits_set(admin->rpc, conf, FSV_AK_WAITS);
	fsv_monitor_reload(admin->monitor, conf, FSV_AK_METRICS);
	set_timers(admin, fsv_conf_int(conf, FSV_AK_HEALTH_TIME));
	return 0;
}

static void close_port(void *arg)
{
	struct fsv_admin *admin = arg;

	admin->leaving = false;
	atomic_store(&admin->draining, true);
	fsv_http_drain(admin->http);
}

void fsv_admin_drain(struct fsv_admin *admin)
{
	struct fsv_registry *registry = atomic_load(&admin->registry);

	admin->leaving = true;
	if (registry)
		fsv_registry_leave(registry, 0, close_port, admin);
	else
		close_port(admin);
}

unsigned fsv_admin_busy(struct fsv_admin *admin)
{
	return admin->leaving + fsv_http_inflight(admin->http);
}

static void cut(void *arg)
{
	struct fsv_admin *admin = arg;

	fsv_asker_cancel(&admin->w.asker);
}

/* The worker has ended. */
static void free_desk(struct fsv_admin *admin)
{
	admin->w.sessions = fsv_sessions_free(admin->w.sessions);
	admin->w.throttle = fsv_throttle_free(admin->w.throttle);
	fsv_shared_done(&admin->w.health);
	fsv_shared_done(&admin->w.overview);
	if (admin->w.accounts)
		fsv_ref_put(&admin->w.accounts->ref);
	if (admin->w.directory)
		fsv_ref_put(&admin->w.directory->ref);
	if (admin->w.components)
		fsv_ref_put(&admin->w.components->ref);
	fsv_conf_unref((struct fsv_conf *)admin->w.conf);
}

unsigned fsv_admin_stop(struct fsv_admin *admin, int64_t deadline_ns)
{
	unsigned n_cut = 0;

	if (!admin->conf)
		return 0;
	admin->sweep = fsv_timer_free(admin->sweep);
	admin->rounds = fsv_timer_free(admin->rounds);
	if (admin->http)
		n_cut = fsv_http_stop(admin->http, deadline_ns);
	admin->monitor = fsv_monitor_stop(admin->monitor);
	if (admin->w.asker.worker)
		fsv_rpc_post(admin->w.asker.worker, cut, admin);
	if (admin->rpc)
		admin->rpc = fsv_rpc_free(admin->rpc);
	if (admin->logins)
		admin->logins = fsv_pool_free(admin->logins);
	fsv_metric_unwatch(&sessions, admin);
	fsv_metric_unwatch(&nodes, admin);
	free_desk(admin);
	admin->audit = fsv_audit_free(admin->audit);
	fsv_registry_free(atomic_load(&admin->registry));
	fsv_conf_unref((struct fsv_conf *)admin->conf);
	*admin = (struct fsv_admin){ 0 };
	return n_cut;
}

void fsv_admin_status(struct fsv_admin *admin, struct fsv_buf *out)
{
	fsv_buf_printf(out, "%u nodes, %u sessions", atomic_load(&admin->n_nodes), atomic_load(&admin->n_sessions));
	if (!atomic_load(&admin->has_accounts))
		fsv_buf_puts(out, ", no account: this machine only");
	if (atomic_load(&admin->registry)) {
		fsv_buf_puts(out, "; ");
		fsv_registry_status(atomic_load(&admin->registry), out);
	}
}
