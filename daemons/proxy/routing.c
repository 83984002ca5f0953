/* SPDX-License-Identifier: Apache-2.0 */
/* From the route table's file to the view that requests read, and the request's side of it. */
#include "proxy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "channels.h"
#include "proxy-conf.h"

/* Loading ---------------------------------------------------------------------------------------- */

static void warn_refused(struct fsv_route_table *table, struct fsv_endpoint *endpoint, void *arg)
{
	const char *file = arg;

	(void)table;
	if (endpoint->refused)
		fsv_log_warn("%s:%u: %s (%s) is left out: %s", file, endpoint->line, endpoint->name, endpoint->target,
			     endpoint->refused);
}

static void note_tls(struct fsv_route_table *table, struct fsv_endpoint *endpoint, void *arg)
{
	bool *waiting = arg;

	(void)table;
	if (endpoint->refused && endpoint->key_file)
		*waiting = true;
}

/* Parses a file's text and makes it the table in use. */
static int take_over(struct fsv_proxy *proxy, struct fsv_str text, bool quiet, struct fsv_err *err)
{
	const char *path = fsv_conf_str(proxy->conf, FSV_PK_ROUTE_TABLE);
	struct fsv_route_table *table;
	int r = fsv_route_table_parse(text, path, &table, err);

	if (r < 0)
		return r;
	fsv_listeners_refuse_own(proxy->listeners, table);
	fsv_channels_connect(proxy->channels, table);
	proxy->retry_tls = false;
	fsv_route_table_each(table, note_tls, &proxy->retry_tls);
	if (!quiet)
		fsv_route_table_each(table, warn_refused, (void *)path);
	fsv_route_table_seal(table);
	if (proxy->table)
		fsv_ref_put(&proxy->table->ref);
	proxy->table = table;
	fsv_proxy_publish(proxy);
	return 0;
}

static void remember(char **text, size_t *len, char *data, size_t n)
{
	free(*text);
	*text = data;
	*len = n;
}

/* The newest file cannot be used; NULL: it can. */
static void note_broken(struct fsv_proxy *proxy, char *data, size_t n)
{
	remember(&proxy->broken_text, &proxy->broken_text_len, data, n);
	atomic_store(&proxy->routes_broken, data != NULL);
}

static bool same(const char *text, size_t len, const char *data, size_t n)
{
	return text && len == n && memcmp(text, data, n) == 0;
}

static void report_failure(struct fsv_proxy *proxy, const struct fsv_err *err)
{
	fsv_log_err("route table: %s; %s", err->text,
		    proxy->table ? "the previous one stays in use" : "no request can be routed until it is corrected");
}

void fsv_proxy_load_routes(struct fsv_proxy *proxy, enum fsv_routes_load how)
{
	const char *path = fsv_conf_str(proxy->conf, FSV_PK_ROUTE_TABLE);
	struct fsv_err err = FSV_ERR_INIT;
	char *data;
	size_t n;

	if (fsv_read_file(path, FSV_ROUTE_FILE_MAX, &data, &n, &err) < 0) {
		/* An empty text stands for the missing file: reported once, until it changes. */
		if (how == FSV_ROUTES_ANEW || !same(proxy->broken_text, proxy->broken_text_len, "", 0))
			report_failure(proxy, &err);
		note_broken(proxy, fsv_str_dup(FSV_STR("")), 0);
		return;
	}
	if (how == FSV_ROUTES_IF_CHANGED &&
	    (same(proxy->broken_text, proxy->broken_text_len, data, n) ||
	     (!proxy->broken_text && same(proxy->table_text, proxy->table_text_len, data, n)))) {
		free(data);
		return;
	}
	if (take_over(proxy, fsv_str_n(data, n), false, &err) < 0) {
		report_failure(proxy, &err);
		note_broken(proxy, data, n);
		return;
	}
	note_broken(proxy, NULL, 0);
	remember(&proxy->table_text, &proxy->table_text_len, data, n);
	fsv_log_info("route table: %zu parties, %u endpoints, %zu connections from %s", proxy->table->parties.n,
		     proxy->table->n_endpoints, fsv_channels_count(proxy->channels), path);
}

void fsv_proxy_reconnect(struct fsv_proxy *proxy)
{
	bool waited = proxy->retry_tls;
	struct fsv_err err = FSV_ERR_INIT;

	if (!proxy->table_text)
		return;
	/* This text was read before; nothing but the certificates can be different. */
	if (take_over(proxy, fsv_str_n(proxy->table_text, proxy->table_text_len), true, &err) < 0)
		report_failure(proxy, &err);
	else if (!waited || !proxy->retry_tls)
		fsv_log_info("route table: connected again with renewed certificates");
}

int fsv_proxy_load_keys(struct fsv_proxy *proxy, struct fsv_err *err)
{
	const char *path = fsv_conf_str(proxy->first_conf, FSV_PK_AUTH_FILE);
	struct fsv_auth_keys *keys;
	char *data;
	size_t n;
	int r = fsv_read_file(path, FSV_AUTH_FILE_MAX, &data, &n, err);

	if (r < 0)
		return r;
	r = fsv_auth_keys_parse(fsv_str_n(data, n), path, &keys, err);
	free(data);
	if (r < 0)
		return r;
	if (proxy->auth && strcmp(proxy->auth->sum, keys->sum) == 0) {
		fsv_ref_put(&keys->ref);
		return 0;
	}
	if (proxy->auth)
		fsv_ref_put(&proxy->auth->ref);
	proxy->auth = keys;
	fsv_log_info("keys of %u parties from %s; packets are signed for party %s", keys->n, path, keys->self_party_id);
	return 0;
}

/* View ------------------------------------------------------------------------------------------- */

static void view_free(struct fsv_ref *ref)
{
	struct fsv_proxy_view *view = (struct fsv_proxy_view *)ref;

	if (view->table)
		fsv_ref_put(&view->table->ref);
	if (view->auth)
		fsv_ref_put(&view->auth->ref);
	fsv_conf_unref(view->conf);
	free(view->service_name);
	free(view);
}

void fsv_proxy_publish(struct fsv_proxy *proxy)
{
	const struct fsv_conf *conf = proxy->conf;
	struct fsv_proxy_view *view = FSV_NEW(struct fsv_proxy_view);

	fsv_ref_init(&view->ref, view_free);
	view->conf = fsv_conf_ref((struct fsv_conf *)conf);
	view->table = proxy->table;
	if (view->table)
		fsv_ref_get(&view->table->ref);
	view->auth = proxy->auth;
	if (view->auth)
		fsv_ref_get(&view->auth->ref);
	view->route_type = (enum fsv_route_type)fsv_conf_enum(conf, FSV_PK_ROUTE_TYPE);
	view->inference_ms = fsv_conf_int(conf, FSV_PK_INFERENCE_TIMEOUT);
	view->batch_ms = fsv_conf_int(conf, FSV_PK_BATCH_TIMEOUT);
	view->unary_ms = fsv_conf_int(conf, FSV_PK_UNARY_TIMEOUT);
	view->forward_connect_ms = fsv_conf_int(conf, FSV_PK_FORWARD_CONNECT_TIMEOUT);
	view->forward_read_ms = fsv_conf_int(conf, FSV_PK_FORWARD_READ_TIMEOUT);
	view->max_message = (size_t)fsv_conf_int(conf, FSV_PK_MAX_MESSAGE);
	snprintf(view->coordinator, sizeof(view->coordinator), "%" PRId64, fsv_conf_int(conf, FSV_PK_COORDINATOR));
	view->service_name = fsv_str_dup(fsv_str(fsv_conf_str(conf, FSV_PK_SERVICE_NAME)));
	fsv_snapshot_set(&proxy->view, &view->ref);
}

/* Requests --------------------------------------------------------------------------------------- */

static void let_go(struct fsv_proxy *proxy, struct fsv_proxy_view *view)
{
	atomic_fetch_sub_explicit(&proxy->inflight, 1, memory_order_relaxed);
	fsv_ref_put(&view->ref);
}

int fsv_proxy_enter(struct fsv_proxy *proxy, const struct fsv_interface *interface, bool too_late,
		    struct fsv_proxy_view **ret_view, struct fsv_err *err)
{
	struct fsv_proxy_view *view;
	unsigned inflight;
	int r;

	atomic_fetch_add_explicit(&proxy->requests, 1, memory_order_relaxed);
	if (too_late)
		return fsv_err_set(err, FSV_E_SHUTDOWN, "ShowDownReject: this proxy is being stopped");
	view = (struct fsv_proxy_view *)fsv_snapshot_get(&proxy->view);
	if (!view)
		return fsv_err_set(err, FSV_E_SHUTDOWN, "ShowDownReject: this proxy is not ready");
	inflight = atomic_fetch_add_explicit(&proxy->inflight, 1, memory_order_relaxed);
	r = fsv_gate_enter(proxy->gate, interface, inflight >= proxy->max_inflight, err);
	if (r < 0)
		let_go(proxy, view);
	else
		*ret_view = view;
	return r;
}

void fsv_proxy_leave(struct fsv_proxy *proxy, struct fsv_proxy_view *view, const struct fsv_interface *interface, bool good)
{
	fsv_gate_count(proxy->gate, interface, good);
	let_go(proxy, view);
}

static int by_table(const struct fsv_proxy_view *view, const struct fsv_route_query *query, struct fsv_str case_id,
		    struct fsv_hop *hop, struct fsv_err *err)
{
	const struct fsv_endpoints *endpoints;
	const struct fsv_endpoint *endpoint;
	int r = fsv_route_find(view->table, query, &endpoints, err);

	if (r == 0)
		r = fsv_route_pick(endpoints, view->route_type, case_id, &endpoint, err);
	if (r == 0)
		*hop = (struct fsv_hop){ .target = endpoint->target, .url = endpoint->url, .channel = endpoint->channel };
	return r;
}

int fsv_proxy_route(struct fsv_proxy *proxy, const struct fsv_proxy_view *view, struct fsv_str key,
		    const struct fsv_route_query *query, struct fsv_str case_id, const struct fsv_hop *failed,
		    struct fsv_hop *ret_hop, struct fsv_err *err)
{
	struct fsv_registry *registry = key.n > 0 ? atomic_load_explicit(&proxy->registry, memory_order_acquire) : NULL;
	int r;

	if (registry && fsv_hop_by_registry(registry, key, failed, true, ret_hop))
		return 0;
	r = by_table(view, query, case_id, ret_hop, err);
	if (r < 0 && registry && fsv_hop_by_registry(registry, key, failed, false, ret_hop))
		return 0;
	return r < 0 && fsv_hop_once_more(failed, ret_hop) ? 0 : r;
}
