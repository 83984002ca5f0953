/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/ref.h"
#include "base/time.h"
#include "svc.h"

FSV_METRIC(scrapes, FSV_COUNTER, "fate_serving_scrapes_total", "result",
	   "Requests for this page, by result: ok, refused (see metrics.allow).");

enum { OWN_THREADS = 1, OWN_CONNECTIONS = 32, OWN_BODY = 1024, OWN_TIMEOUT_MS = 30000 };

/* An immutable reading of the configuration, for the HTTP threads. */
struct rules {
	struct fsv_ref ref;
	struct fsv_conf *conf;
	unsigned key_allow;
};

/* Requests for the page on the daemon's own port, which would count as work of the daemon. */
static _Atomic unsigned asking;

unsigned fsv_monitor_asking(void)
{
	return atomic_load(&asking);
}

struct fsv_monitor {
	struct fsv_http *http;		/* NULL: the page is on the daemon's own port */
	struct fsv_snapshot rules;
};

/* Who may ----------------------------------------------------------------------------------------- */

struct network {
	struct in6_addr address;	/* v4 mapped */
	unsigned bits;
	bool any;
};

static bool to_v6(const char *text, struct in6_addr *out, bool *ret_v4)
{
	struct in_addr v4;

	*ret_v4 = inet_pton(AF_INET, text, &v4) == 1;
	if (!*ret_v4)
		return inet_pton(AF_INET6, text, out) == 1;
	memset(out, 0, sizeof(*out));
	out->s6_addr[10] = out->s6_addr[11] = 0xff;
	memcpy(&out->s6_addr[12], &v4, 4);
	return true;
}

static bool parse_network(const char *text, struct network *ret)
{
	struct fsv_str all = fsv_str(text), bits_text;
	size_t slash = fsv_str_find(all, '/', 0);
	struct network n = { .bits = 128 };
	char address[INET6_ADDRSTRLEN];
	int64_t bits;
	bool v4;

	if (fsv_str_is(all, "any")) {
		*ret = (struct network){ .any = true };
		return true;
	}
	if (slash >= sizeof(address))
		return false;
	snprintf(address, sizeof(address), "%.*s", (int)slash, text);
	if (!to_v6(address, &n.address, &v4))
		return false;
	if (slash < all.n) {
		bits_text = fsv_str_sub(all, slash + 1, all.n);
		if (!fsv_str_to_i64(bits_text, &bits) || bits < 0 || bits > (v4 ? 32 : 128))
			return false;
		n.bits = (unsigned)bits + (v4 ? 96 : 0);
	}
	*ret = n;
	return true;
}

static bool within(const struct in6_addr *address, const struct network *n)
{
	unsigned bytes = n->bits / 8, rest = n->bits % 8;

	if (n->any)
		return true;
	if (memcmp(address, &n->address, bytes) != 0)
		return false;
	return rest == 0 || ((address->s6_addr[bytes] ^ n->address.s6_addr[bytes]) >> (8 - rest)) == 0;
}

bool fsv_monitor_allows(const char *const *list, struct fsv_str peer)
{
	static const char *const here[] = { "127.0.0.0/8", "::1", NULL };
	const char *const *lists[] = { here, list };
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;
	struct network n;
	bool v4;

	if (peer.n >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", FSV_STR_ARG(peer));
	if (!to_v6(text, &address, &v4))
		return false;
	for (unsigned i = 0; i < 2; i++)
		for (const char *const *entry = lists[i]; *entry; entry++)
			if (parse_network(*entry, &n) && within(&address, &n))
				return true;
	return false;
}

int fsv_monitor_check(const struct fsv_conf *conf, unsigned first, struct fsv_err *err)
{
	const char *const *list = fsv_conf_list(conf, first + FSV_MK_ALLOW);
	struct network n;

	for (; *list; list++)
		if (!parse_network(*list, &n))
			return fsv_err_set(err, FSV_E_CONFIG,
					   "%s: metrics.allow: %s is no address (10.1.2.3), network (10.1.0.0/16) or any",
					   fsv_conf_where(conf, first + FSV_MK_ALLOW), *list);
	return 0;
}

/* The page ---------------------------------------------------------------------------------------- */

static bool may(struct fsv_monitor *monitor, const struct fsv_http_req *req)
{
	struct rules *rules = (struct rules *)fsv_snapshot_get(&monitor->rules);
	bool ok = fsv_monitor_allows(fsv_conf_list(rules->conf, rules->key_allow), fsv_http_peer(req));

	fsv_ref_put(&rules->ref);
	return ok;
}

static void answer(struct fsv_monitor *monitor, struct fsv_http_req *req)
{
	struct fsv_str method = fsv_http_method(req);
	struct fsv_buf page;

	if (!may(monitor, req)) {
		fsv_log_limited(FSV_LOG_WARNING, NULL, "%.*s asked for /metrics; metrics.allow does not name it",
				FSV_STR_ARG(fsv_http_peer(req)));
		fsv_metric_count(&scrapes, "refused");
		fsv_http_reply(req, 403, "text/plain", FSV_STR("metrics.allow does not name this address\n"), NULL, 0);
		return;
	}
	if (!fsv_str_is(method, "GET") && !fsv_str_is(method, "HEAD")) {
		const struct fsv_http_header_out allow = { "Allow", "GET, HEAD" };

		fsv_http_reply(req, 405, NULL, FSV_STR_NULL, &allow, 1);
		return;
	}
	fsv_metric_count(&scrapes, "ok");
	fsv_buf_init(&page, NULL, 0);
	fsv_metrics_write(&page);
	fsv_http_reply(req, 200, FSV_METRICS_TYPE, fsv_buf_str(&page), NULL, 0);
	fsv_buf_done(&page);
}

static bool is_metrics(const struct fsv_http_req *req)
{
	return fsv_str_is(fsv_http_path(req), "/metrics");
}

bool fsv_monitor_http(struct fsv_monitor *monitor, struct fsv_http_req *req)
{
	if (!monitor || monitor->http || !is_metrics(req))
		return false;
	atomic_fetch_add(&asking, 1);
	answer(monitor, req);
	atomic_fetch_sub(&asking, 1);
	return true;
}

static void on_own_port(struct fsv_http_req *req, void *user)
{
	if (is_metrics(req))
		answer(user, req);
	else
		fsv_http_reply(req, 404, "text/plain", FSV_STR("only /metrics is here\n"), NULL, 0);
}

/* Life -------------------------------------------------------------------------------------------- */

static void rules_free(struct fsv_ref *ref)
{
	struct rules *rules = (struct rules *)ref;

	fsv_conf_unref(rules->conf);
	free(rules);
}

void fsv_monitor_reload(struct fsv_monitor *monitor, const struct fsv_conf *conf, unsigned first)
{
	struct rules *rules = FSV_NEW(struct rules);

	fsv_ref_init(&rules->ref, rules_free);
	rules->conf = fsv_conf_ref((struct fsv_conf *)conf);
	rules->key_allow = first + FSV_MK_ALLOW;
	fsv_snapshot_set(&monitor->rules, &rules->ref);
}

int fsv_monitor_start(const struct fsv_conf *conf, unsigned first, struct fsv_monitor **ret_monitor,
		      struct fsv_err *err)
{
	struct fsv_monitor *monitor = FSV_NEW(struct fsv_monitor);
	const struct fsv_http_opt opt = {
		.host = fsv_conf_str(conf, first + FSV_MK_ADDRESS),
		.port = (uint16_t)fsv_conf_int(conf, first + FSV_MK_PORT),
		.listen_fd = fsv_svc_socket((uint16_t)fsv_conf_int(conf, first + FSV_MK_PORT)), .threads = OWN_THREADS,
		.max_body = OWN_BODY, .timeout_ms = OWN_TIMEOUT_MS,
		.max_connections = OWN_CONNECTIONS, .handler = on_own_port, .user = monitor,
	};
	int r;

	fsv_monitor_reload(monitor, conf, first);
	r = opt.port == 0 ? 0 : fsv_http_start(&opt, &monitor->http, err);
	if (r < 0) {
		fsv_monitor_stop(monitor);
		return r;
	}
	*ret_monitor = monitor;
	return 0;
}

struct fsv_monitor *fsv_monitor_stop(struct fsv_monitor *monitor)
{
	if (!monitor)
		return NULL;
	if (monitor->http)
		(void)fsv_http_stop(monitor->http, fsv_now_ns());	/* a page cut off is read again later */
	fsv_snapshot_set(&monitor->rules, NULL);
	free(monitor);
	return NULL;
}
