/* SPDX-License-Identifier: Apache-2.0 */
#include "health.h"

#include <unistd.h>

#include "base/time.h"
#include "codec/url.h"
#include "net/probe.h"
#include "proxy-conf.h"
#include "registry/registry.h"
#include "svc/health.h"

/* An endpoint of the table and whose it is. */
struct place {
	const struct fsv_endpoint *endpoint;
	const char *owner;		/* "serving_10000" */
	const char *target;		/* as it is shown */
	struct fsv_probe *probe;	/* NULL when it is not tried */
};

struct report {
	const struct fsv_proxy_view *view;
	struct fsv_arena *arena;
	struct fsv_health *health;
	struct place *places;
	struct fsv_probe *probes;
	size_t n_places, n_probes;
};

static void add_place(struct report *r, const struct fsv_endpoint *endpoint, const char *owner)
{
	struct place *place = &r->places[r->n_places++];
	struct fsv_probe *probe = &r->probes[r->n_probes];
	char host[FSV_URL_HOST_MAX];

	*place = (struct place){ .endpoint = endpoint, .owner = owner, .target = endpoint->target };
	if (endpoint->refused)
		return;
	*probe = (struct fsv_probe){ .host = endpoint->host, .port = endpoint->port };
	if (endpoint->url) {
		if (!fsv_url_address(endpoint->url, host, &probe->port))
			return;
		probe->host = fsv_arena_cstr(r->arena, fsv_str(host));
		place->target = fsv_arena_printf(r->arena, "%s:%u", host, probe->port);
	}
	place->probe = probe;
	r->n_probes++;
}

static void collect(struct report *r)
{
	const struct fsv_route_table *table = r->view->table;

	r->places = FSV_ARENA_NEW_N(r->arena, struct place, table->n_endpoints);
	r->probes = FSV_ARENA_NEW_N(r->arena, struct fsv_probe, table->n_endpoints);
	for (size_t p = 0; p < table->parties.n; p++) {
		const struct fsv_route_party *party = table->parties.entries[p].value;

		for (size_t k = 0; k < party->roles.n; k++) {
			const struct fsv_endpoints *list = party->roles.entries[k].value;
			const char *owner = fsv_arena_printf(r->arena, "%.*s_%.*s", FSV_STR_ARG(party->roles.entries[k].key),
							     FSV_STR_ARG(table->parties.entries[p].key));

			for (unsigned i = 0; i < list->n && r->n_places < table->n_endpoints; i++)
				add_place(r, &list->all[i], owner);
		}
	}
}

static void check_table(const struct report *r, bool broken)
{
	const char *item = "check route_table.json exist";

	if (!r->view->table)
		fsv_health_record(r->health, item, "error", "check router file : router file is not found");
	else if (broken)
		fsv_health_record(r->health, item, "error",
				  "check router file : router file is missing or broken, the previous one stays in use");
	else
		fsv_health_record(r->health, item, "ok", "check router file : router file is found");
}

static void check_registry(const struct report *r, const struct fsv_registry *registry)
{
	const char *item = "check zk config";

	if (!registry)
		fsv_health_record(r->health, item, "warn", "zookeeper is not used or config is invalid");
	else if (fsv_registry_connected(registry))
		fsv_health_record(r->health, item, "ok", "zookeeper is touched");
	else
		fsv_health_record(r->health, item, "error", "zookeeper can not touched");
}

static void check_endpoints(const struct report *r)
{
	const char *item = "check router";

	fsv_probe_all(r->probes, r->n_probes, fsv_deadline_in_ms(fsv_conf_int(r->view->conf, FSV_PK_HEALTH_TIMEOUT)));
	for (size_t i = 0; i < r->n_places; i++) {
		const struct place *place = &r->places[i];

		if (place->endpoint->refused)
			fsv_health_record(r->health, item, "error", fsv_arena_printf(r->arena, "%s: is left out: %s", place->target,
										     place->endpoint->refused));
		else if (place->probe && place->probe->reached)
			fsv_health_record(r->health, item, "ok", fsv_arena_printf(r->arena, "%s: telneted ok", place->target));
		else
			fsv_health_record(r->health, item, "error",
					  fsv_arena_printf(r->arena, "%s: can not be telneted", place->target));
	}
}

static void check_file(const struct report *r, const struct place *place, const char *what, const char *path)
{
	bool blank = !path || !*path, found = !blank && access(path, R_OK) == 0;

	fsv_health_record(r->health, "check cert file", blank ? "warn" : found ? "ok" : "error",
			  fsv_arena_printf(r->arena, "%s check %s file :%s is %sfound", place->owner, what, blank ? "" : path,
					   found ? "" : "not "));
}

static void check_certificates(const struct report *r)
{
	for (size_t i = 0; i < r->n_places; i++) {
		const struct place *place = &r->places[i];

		if (place->endpoint->url)
			continue;
		if (!place->endpoint->tls) {
			fsv_health_record(r->health, "check cert file", "ok",
					  fsv_arena_printf(r->arena, "%s No CA authentication configured", place->owner));
			continue;
		}
		check_file(r, place, "cert", place->endpoint->cert_file);
		check_file(r, place, "privateKey", place->endpoint->key_file);
		check_file(r, place, "ca", place->endpoint->ca_file);
	}
}

void fsv_proxy_health(struct fsv_proxy *proxy, const struct fsv_proxy_view *view, struct fsv_arena *arena, struct fsv_buf *out)
{
	struct fsv_health health;
	struct report r = { .view = view, .arena = arena, .health = &health };

	fsv_health_begin(&health, out);
	if (fsv_conf_bool(view->conf, FSV_PK_HEALTH_CHECK)) {
		if (view->table)
			collect(&r);
		check_table(&r, atomic_load(&proxy->routes_broken));
		check_registry(&r, atomic_load(&proxy->registry));
		check_endpoints(&r);
		fsv_health_memory(&health);
		check_certificates(&r);
	}
	fsv_health_end(&health);
}
