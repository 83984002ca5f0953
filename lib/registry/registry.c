/* SPDX-License-Identifier: Apache-2.0 */
#include "registry-private.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"

FSV_METRIC(connected, FSV_GAUGE, "fate_serving_registry_connected", "", "1 while ZooKeeper answers, else 0.");
FSV_METRIC(registered, FSV_GAUGE, "fate_serving_registry_nodes", "", "Nodes of this daemon that stand in ZooKeeper.");

enum { TICK_MS = 1000, ADDRESS_MS = 20, POOL_QUEUE = 16, INFORM_TICKS = 3, PATIENCE_MS = 4000 };

/* Options ------------------------------------------------------------------------------------------------ */

static int check_host(struct fsv_str one, const char *hosts, struct fsv_err *err)
{
	size_t colon = one.n;
	int64_t port;

	while (colon > 0 && one.p[colon - 1] != ':')
		colon--;
	if (colon < 2 || !fsv_str_to_i64(fsv_str_sub(one, colon, one.n), &port) || port < 1 || port > 65535)
		return fsv_err_set(err, FSV_E_CONFIG, "zk.url \"%.200s\": every ZooKeeper server is a host:port, separated by commas, "
				   "as in zk1:2181,zk2:2181", hosts);
	return 0;
}

int fsv_registry_check_hosts(const char *hosts, struct fsv_err *err)
{
	struct fsv_str all = fsv_str(hosts);
	size_t end = fsv_str_find(all, '/', 0);
	int r = 0;

	if (all.n > 4096)
		return fsv_err_set(err, FSV_E_CONFIG, "zk.url is longer than 4096 bytes");
	for (size_t from = 0; r == 0 && from <= end;) {
		size_t to = fsv_str_find(fsv_str_sub(all, 0, end), ',', from);

		r = check_host(fsv_str_trim(fsv_str_sub(all, from, to)), hosts, err);
		from = to + 1;
	}
	return r;
}

/* The library takes no blanks. */
static char *without_blanks(const char *text)
{
	char *copy = fsv_str_dup(fsv_str(text)), *to = copy;

	for (const char *p = text; *p; p++)
		if (*p != ' ' && *p != '\t')
			*to++ = *p;
	*to = '\0';
	return copy;
}

static char *copy_of(const char *text)
{
	return text ? fsv_str_dup(fsv_str(text)) : NULL;
}

static void make_instance_id(char out[37])
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		memset(b, 0, sizeof(b));	/* it only tells instances apart for people */
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3], b[4],
		 b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

/* Events -------------------------------------------------------------------------------------------------- */

static void on_state(void *arg, enum fsv_zk_state state)
{
	struct fsv_registry *r = arg;

	r->up = state != FSV_ZK_DOWN;
	if (state == FSV_ZK_DOWN)
		fsv_log_warn("registry: ZooKeeper cannot be reached; requests go on by what was known last");
	else
		fsv_log_info("registry: connected to ZooKeeper (%s)", state == FSV_ZK_NEW ? "new session" : "same session");
	fsv_own_on_state(r, state);
	fsv_watch_on_state(r, state);
	fsv_components_on_state(r, state);
}

static void on_event(void *arg, const char *path)
{
	fsv_watch_on_event(arg, path);
	fsv_own_on_event(arg, path);
	fsv_components_on_event(arg, path);
}

/* The registry is the main thread's; pages are written by others. */
static void show(struct fsv_metric *metric, struct fsv_metric_out *out, void *arg)
{
	struct fsv_registry *r = arg;

	fsv_metric_value(out, metric == &connected ? atomic_load(&r->shown_up) : atomic_load(&r->shown_present));
}

static void on_tick(void *arg)
{
	struct fsv_registry *r = arg;

	atomic_store(&r->shown_up, r->up);
	atomic_store(&r->shown_present, fsv_own_present(r));
	if (!r->up && !r->told_down) {
		r->told_down = true;
		fsv_log_warn("registry: ZooKeeper at %s does not answer yet; serving without it and trying on", r->opt.hosts);
	}
	r->told_down = r->told_down || r->up;
	/* Better to be found and not to know everybody than not to be found. */
	if (r->up && !r->informed && ++r->ticks_up > INFORM_TICKS)
		fsv_own_go(r);
	fsv_own_tick(r);
	fsv_watch_tick(r);
	fsv_components_tick(r);
	fsv_files_tick(r);
}

/* The address ---------------------------------------------------------------------------------------------- */

static void find_address(void *arg)
{
	struct fsv_registry *r = arg;
	char *found = fsv_address_find();

	atomic_store(&r->address_found, found ? found : fsv_str_dup(FSV_STR("")));
}

static void on_address(void *arg)
{
	struct fsv_registry *r = arg;
	char *found = atomic_exchange(&r->address_found, NULL);

	if (!found)
		return;
	fsv_timer_stop(r->address_timer);
	if (!*found) {
		free(found);
		fsv_log_err("registry: this machine has no address that others could use; nothing is registered; "
			    "set registry.address and restart");
		return;
	}
	r->address = found;
	fsv_log_info("registry: registering as %s:%u (registry.address chooses another address)", found, r->opt.port);
	fsv_own_start(r);
}

static int start_address(struct fsv_registry *r, struct fsv_err *err)
{
	if (r->opt.port == 0)
		return 0;
	if (r->opt.address) {
		r->address = copy_of(r->opt.address);
		fsv_own_start(r);
		return 0;
	}
	r->address_timer = fsv_timer_new(r->loop, on_address, r);
	fsv_timer_set(r->address_timer, ADDRESS_MS, ADDRESS_MS);
	if (fsv_pool_submit(r->pool, find_address, r) < 0)
		return fsv_err_set(err, FSV_E_BUSY, "the own address cannot be looked up");
	return 0;
}

/* Life ------------------------------------------------------------------------------------------------------- */

static void take_options(struct fsv_registry *r, const struct fsv_registry_opt *opt)
{
	r->opt = *opt;
	r->opt.hosts = without_blanks(opt->hosts);
	r->opt.user = r->opt.password = NULL;	/* the session's affair */
	r->opt.address = copy_of(opt->address);
	r->opt.cache_folder = copy_of(opt->cache_folder ? opt->cache_folder : ".");
}

int fsv_registry_new(struct fsv_loop *loop, const struct fsv_registry_opt *opt, struct fsv_registry **ret_registry,
		     struct fsv_err *err)
{
	struct fsv_registry *r;
	struct fsv_zk_opt zk;
	int e = fsv_registry_check_hosts(opt->hosts, err);

	if (e < 0)
		return e;
	r = FSV_NEW(struct fsv_registry);
	r->loop = loop;
	take_options(r, opt);
	make_instance_id(r->instance_id);
	fsv_map_init(&r->dirs);
	fsv_map_init(&r->lists);
	fsv_map_init(&r->own);
	fsv_map_init(&r->own_paths);
	fsv_map_init(&r->wanted_models);
	fsv_map_init(&r->settings);
	fsv_nodes_init(&r->nodes, opt->max_message);
	fsv_watch_start(r);
	if (opt->components)
		fsv_components_start(r);
	fsv_files_load(r);
	fsv_watch_publish(r);
	zk = (struct fsv_zk_opt){ .hosts = r->opt.hosts, .user = opt->user, .password = opt->password,
				  .session_ms = opt->session_ms, .on_state = on_state, .on_event = on_event, .arg = r };
	e = fsv_pool_new("registry", 1, POOL_QUEUE, &r->pool, err);
	if (e == 0)
		e = fsv_zk_new(loop, &zk, &r->zk, err);
	if (e == 0)
		e = start_address(r, err);
	if (e < 0) {
		fsv_registry_free(r);
		return e;
	}
	r->tick = fsv_timer_new(loop, on_tick, r);
	fsv_timer_set(r->tick, TICK_MS, TICK_MS);
	fsv_metric_watch(&connected, show, r);
	fsv_metric_watch(&registered, show, r);
	*ret_registry = r;
	return 0;
}

struct fsv_registry *fsv_registry_free(struct fsv_registry *r)
{
	if (!r)
		return NULL;
	fsv_metric_unwatch(&connected, r);
	fsv_metric_unwatch(&registered, r);
	r->tick = fsv_timer_free(r->tick);
	r->address_timer = fsv_timer_free(r->address_timer);
	r->leave_timer = fsv_timer_free(r->leave_timer);
	r->zk = fsv_zk_free(r->zk);
	if (r->pool) {
		fsv_files_tick(r);
		r->pool = fsv_pool_free(r->pool);
	}
	fsv_watch_done(r);
	fsv_components_done(r);
	fsv_own_done(r);
	free(atomic_load(&r->address_found));
	free(r->address);
	free((char *)r->opt.hosts);
	free((char *)r->opt.address);
	free((char *)r->opt.cache_folder);
	free(r);
	return NULL;
}

struct fsv_view *fsv_registry_view(struct fsv_registry *r)
{
	return (struct fsv_view *)fsv_snapshot_get(&r->view);
}

void fsv_registry_status(const struct fsv_registry *r, struct fsv_buf *out)
{
	if (!r->up)
		fsv_buf_puts(out, "registry not connected");
	else if (r->opt.port == 0)
		fsv_buf_puts(out, "registry connected");
	else
		fsv_buf_printf(out, "registered (%u of %zu nodes)", fsv_own_present(r), r->own.n);
}

/* Other threads ------------------------------------------------------------------------------------------------ */

bool fsv_registry_connected(const struct fsv_registry *r)
{
	return atomic_load(&r->shown_up);
}

struct update {
	struct fsv_registry *registry;
	struct fsv_str url, router_mode;
	int32_t weight;
	int result;
	struct fsv_err *err;
};

static void update(void *arg)
{
	struct update *u = arg;

	u->result = fsv_own_update(u->registry, u->url, u->router_mode, u->weight, u->err);
}

int fsv_registry_update(struct fsv_registry *r, struct fsv_str url, struct fsv_str router_mode, int32_t weight, struct fsv_err *err)
{
	struct update u = { r, url, router_mode, weight, 0, err };

	if (url.n == 0)
		return fsv_err_set(err, FSV_E_SYSTEM, "url == null");
	if (!r)
		return fsv_err_set(err, FSV_E_SYSTEM, "this daemon is not registered anywhere: no registry is used, or not yet");
	if (fsv_loop_call(r->loop, update, &u, PATIENCE_MS) < 0)
		return fsv_err_set(err, FSV_E_BUSY, "the main thread has too much to do, or is on its way out; try again");
	return u.result;
}
