/* SPDX-License-Identifier: Apache-2.0 */
/* Services as they are registered, and what a node is told about one of them: weight, router mode, limits. */
#include "api.h"

#include <math.h>
#include <stdlib.h>

#include "lib/proto/common-service.pb-c.h"
#include "lib/proto/relay.pb-c.h"
#include "registry/provider.h"
#include "registry/registry.h"
#include "visit.h"

enum { PAGE = 10, USUAL_WEIGHT = 100, USUAL_VERSION = 100 };

/* The list ------------------------------------------------------------------------------------------------------------- */

struct row {
	const char *key;	/* "serving/lr-test/inference" */
	size_t group;		/* bytes of "serving/lr-test" in it */
	const char *url;
	unsigned index;
};

static int by_group(const void *a, const void *b)
{
	const struct row *left = a, *right = b;
	int order = fsv_str_order(fsv_str_n(left->key, left->group), fsv_str_n(right->key, right->group));

	return order ? order : (left->index > right->index) - (left->index < right->index);
}

static bool listed(const char *key, size_t *ret_group)
{
	const char *slash = strrchr(key, '/');

	if (!slash)
		return false;
	*ret_group = (size_t)(slash - key);
	return strcmp(slash + 1, "inference") == 0 || strcmp(slash + 1, "batchInference") == 0 || strcmp(slash + 1, "unaryCall") == 0;
}

static size_t collect(const struct fsv_view *view, struct fsv_arena *arena, struct row **ret_rows)
{
	size_t n = 0, cap = 0, group;

	for (size_t i = 0; i < view->lists.n; i++)
		cap += ((struct fsv_providers *)view->lists.entries[i].value)->n_urls;
	*ret_rows = FSV_ARENA_NEW_N(arena, struct row, cap + 1);
	for (size_t i = 0; i < view->lists.n; i++) {
		const struct fsv_providers *p = view->lists.entries[i].value;

		if (p->stale || !listed(p->key, &group))
			continue;
		for (unsigned k = 0; k < p->n_urls; k++, n++)
			(*ret_rows)[n] = (struct row){ p->key, group, p->urls[k], (unsigned)n };
	}
	if (n > 0)
		qsort(*ret_rows, n, sizeof(**ret_rows), by_group);
	return n;
}

static int64_t number(const struct fsv_provider_url *url, const char *name, int64_t usual)
{
	int64_t value;

	return fsv_str_to_i64(fsv_provider_param(url, name), &value) ? value : usual;
}

static void write_row(const struct row *row, struct fsv_jsonw *w)
{
	struct fsv_str key = fsv_str(row->key), mode;
	size_t slash = fsv_str_find(key, '/', 0);
	struct fsv_str call = fsv_str_sub(key, row->group + 1, key.n);
	struct fsv_provider_url url;

	if (!fsv_provider_parse(fsv_str(row->url), &url))
		return;
	mode = fsv_provider_param(&url, "router_mode");
	fsv_jsonw_begin(w, '{');
	fsv_jsonw_kv_str(w, "url", fsv_str(row->url));
	fsv_jsonw_kv_str(w, "project", fsv_str_sub(key, 0, slash));
	fsv_jsonw_kv_str(w, "environment", fsv_str_sub(key, slash + 1, row->group));
	fsv_jsonw_kv_str(w, "name", key);
	fsv_jsonw_kv_str(w, "callName", call);
	fsv_jsonw_kv_str(w, "host", url.host);
	fsv_jsonw_kv_int(w, "port", url.port);
	fsv_jsonw_kv_str(w, "routerMode", mode.p ? mode : FSV_STR("null"));
	fsv_jsonw_kv_int(w, "version", number(&url, "version", USUAL_VERSION));
	fsv_jsonw_kv_int(w, "weight", number(&url, "weight", USUAL_WEIGHT));
	fsv_jsonw_kv_int(w, "index", row->index);
	fsv_jsonw_key(w, FSV_STR("needVerify"));
	fsv_jsonw_bool(w, !fsv_str_is(call, "unaryCall"));
	fsv_jsonw_end(w, '}');
}

void fsv_service_list(struct fsv_visit *v)
{
	struct fsv_registry *registry = atomic_load(&v->admin->registry);
	struct fsv_view *view = registry ? fsv_registry_view(registry) : NULL;
	struct row *rows = NULL;
	size_t n = view ? collect(view, v->arena, &rows) : 0;
	struct fsv_page page;
	struct fsv_jsonw w;
	struct fsv_buf out;

	if (fsv_visit_page(v, n, PAGE, &page)) {
		fsv_visit_rows(v, n, &out, &w);
		for (size_t i = page.from; i < page.to; i++)
			write_row(&rows[i], &w);
		fsv_visit_reply_rows(v, 0, "success", &w);
	}
	if (view)
		fsv_ref_put(&view->ref);
}

/* Changes --------------------------------------------------------------------------------------------------------------- */

static void note(struct fsv_visit *v, const char *name)
{
	struct fsv_str text = fsv_visit_str(v, name);

	if (text.n > 0)
		fsv_visit_note(v, name, text);
}

void fsv_service_update(struct fsv_visit *v)
{
	Fsv__UpdateServiceRequest request = FSV__UPDATE_SERVICE_REQUEST__INIT;
	struct fsv_str url = fsv_visit_str(v, "url");
	int64_t weight = -1, version = -1;
	struct fsv_dir_node *node;

	note(v, "url");
	note(v, "routerMode");
	note(v, "weight");
	if (fsv_str_blank(url)) {
		fsv_visit_bad_parameter(v, "url is needed");
		return;
	}
	if (fsv_visit_int(v, "weight", &weight) == FSV_FIELD_BAD || fsv_visit_int(v, "version", &version) == FSV_FIELD_BAD) {
		fsv_visit_system_error(v, "weight and version are integers");
		return;
	}
	node = fsv_visit_node(v, NULL);
	if (!node)
		return;
	request.url = fsv_arena_cstr(v->arena, url);
	request.routermode = fsv_arena_cstr(v->arena, fsv_visit_str(v, "routerMode"));
	request.weight = (int32_t)weight;
	request.version = version;
	fsv_visit_ask(v, node, FSV_COMMON_SERVICE "updateService", &request.base,
		      fsv_visit_timeout(v), fsv_visit_pass_async);
}

static void set_flow(struct fsv_visit *v, double allowed)
{
	Fsv__UpdateFlowRuleRequest request = FSV__UPDATE_FLOW_RULE_REQUEST__INIT;
	struct fsv_dir_node *node = fsv_visit_node(v, NULL);

	if (!node)
		return;
	request.source = fsv_arena_cstr(v->arena, fsv_visit_str(v, "source"));
	request.allowqps = allowed;
	fsv_visit_ask(v, node, FSV_COMMON_SERVICE "updateFlowRule", &request.base,
		      fsv_visit_timeout(v), fsv_visit_pass_async);
}

void fsv_service_flow(struct fsv_visit *v)
{
	double allowed = 0;
	enum fsv_field there = fsv_field_double(fsv_json_get(v->body, "allowQps"), &allowed);

	note(v, "source");
	note(v, "allowQps");
	if (there == FSV_FIELD_BAD)
		fsv_visit_system_error(v, "allowQps is no number");
	else if (there == FSV_FIELD_ABSENT || fsv_str_blank(fsv_visit_str(v, "source")))
		fsv_visit_bad_parameter(v, "source and allowQps are needed");
	else if (allowed < 0)
		fsv_visit_bad_parameter(v, "allowQps is not negative; deleteFlowRule takes a limit away");
	else
		set_flow(v, allowed);
}

/* Nothing exceeds infinity: nodes of the reference then let everything pass, ours forget the limit. */
void fsv_service_flow_delete(struct fsv_visit *v)
{
	note(v, "source");
	if (fsv_str_blank(fsv_visit_str(v, "source")))
		fsv_visit_bad_parameter(v, "source is needed");
	else
		set_flow(v, INFINITY);
}
