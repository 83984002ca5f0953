/* SPDX-License-Identifier: Apache-2.0 */
/* What the server shows of itself: states in /metrics, and the line for STATUS=. */
#include "server-private.h"

#include "base/metrics.h"
#include "base/time.h"
#include "cache/cache.h"
#include "model-service.h"
#include "registry/registry.h"
#include "serving-server-conf.h"

FSV_METRIC(models, FSV_GAUGE, "fate_serving_models", "", "Models that are loaded.");
FSV_METRIC(cache_lookups, FSV_COUNTER, "fate_serving_cache_lookups_total", "result",
	   "Keys looked up in the cache of hosts' answers, by result: hit, miss.");
FSV_METRIC(cache_writes, FSV_COUNTER, "fate_serving_cache_writes_total", "result",
	   "Answers for that cache, by result: written, refused (not fit to be kept), fault.");
FSV_METRIC(cache_entries, FSV_GAUGE, "fate_serving_cache_entries", "", "Entries of that cache in this process.");
FSV_METRIC(cache_bytes, FSV_GAUGE, "fate_serving_cache_bytes", "", "Their size.");
FSV_METRIC(bound, FSV_GAUGE, "fate_serving_bound_services", "", "Service ids that a model is bound to.");

/* States that /metrics shows. */
static void show(struct fsv_metric *metric, struct fsv_metric_out *out, void *arg)
{
	struct fsv_server *server = arg;

	fsv_metric_value(out, metric == &models ? fsv_models_count(server->models) : fsv_models_bound(server->models));
}

static void show_cache(struct fsv_metric *metric, struct fsv_metric_out *out, void *arg)
{
	struct fsv_server *server = arg;
	struct fsv_cache_stats stats;

	fsv_cache_stats(server->cache, &stats);
	if (metric == &cache_lookups) {
		fsv_metric_value(out, (double)stats.hits, "hit");
		fsv_metric_value(out, (double)stats.misses, "miss");
	} else if (metric == &cache_writes) {
		fsv_metric_value(out, (double)stats.writes, "written");
		fsv_metric_value(out, (double)stats.refused, "refused");
		fsv_metric_value(out, (double)stats.faults, "fault");
	} else if (metric == &cache_entries) {
		fsv_metric_value(out, (double)stats.entries);
	} else {
		fsv_metric_value(out, (double)stats.bytes);
	}
}

static struct fsv_metric *const of_cache[] = { &cache_lookups, &cache_writes, &cache_entries, &cache_bytes };

void fsv_server_watch(struct fsv_server *server)
{
	for (unsigned i = 0; server->cache && i < sizeof(of_cache) / sizeof(of_cache[0]); i++)
		fsv_metric_watch(of_cache[i], show_cache, server);
	fsv_metric_watch(&models, show, server);
	fsv_metric_watch(&bound, show, server);
}

void fsv_server_unwatch(struct fsv_server *server)
{
	for (unsigned i = 0; i < sizeof(of_cache) / sizeof(of_cache[0]); i++)
		fsv_metric_unwatch(of_cache[i], server);
	fsv_metric_unwatch(&models, server);
	fsv_metric_unwatch(&bound, server);
}

static void cache_status(struct fsv_server *server, struct fsv_buf *out)
{
	struct fsv_cache_stats s;

	if (!fsv_conf_bool(server->conf, FSV_SK_RESULT_CACHE))
		return;
	fsv_cache_stats(server->cache, &s);
	fsv_buf_printf(out, "; cache: %llu of %llu answers found", (unsigned long long)s.hits,
		       (unsigned long long)(s.hits + s.misses));
	if (s.faults > 0)
		fsv_buf_printf(out, ", %llu could not be looked up or kept", (unsigned long long)s.faults);
}

void fsv_server_status(struct fsv_server *server, struct fsv_buf *out)
{
	uint64_t requests = atomic_load_explicit(&server->requests, memory_order_relaxed);
	int64_t now = fsv_now_ns();
	double seconds = (double)(now > server->shown_at ? now - server->shown_at : 1) / 1e9;

	fsv_buf_printf(out, "%u models, %u service ids bound; %u in flight, %.0f/s", fsv_models_count(server->models),
		       fsv_models_bound(server->models), atomic_load_explicit(&server->inflight, memory_order_relaxed),
		       (double)(requests - server->requests_shown) / seconds);
	if (server->registry) {
		fsv_buf_puts(out, "; ");
		fsv_registry_status(server->registry, out);
	}
	fsv_models_work_status(server->models_work, out);
	cache_status(server, out);
	server->requests_shown = requests;
	server->shown_at = now;
}
