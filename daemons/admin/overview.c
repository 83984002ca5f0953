/* SPDX-License-Identifier: Apache-2.0 */
#include "overview.h"

#include "admin-conf.h"
#include "api.h"
#include "base/time.h"
#include "call/message.h"
#include "health.h"
#include "lib/proto/common-service.pb-c.h"
#include "lib/proto/model-service.pb-c.h"
#include "registry/registry.h"
#include "visit.h"

/* Asked of each node, in this order; the last is about models of a serving node, about routes of a proxy. */
enum { HEALTH, METRICS, PROPS, OWN, QUESTIONS };
enum { WINDOW_S = 10 };

static bool is_serving(const struct fsv_dir_node *node)
{
	return strcmp(node->component, "serving") == 0;
}

static bool is_asked(const struct fsv_dir_node *node)
{
	return is_serving(node) || strcmp(node->component, "proxy") == 0;
}

/* The round ---------------------------------------------------------------------------------------------------------------- */

static void plan(struct fsv_shared *s)
{
	Fsv__QueryModelRequest models = FSV__QUERY_MODEL_REQUEST__INIT;
	Fsv__QueryMetricRequest metrics = FSV__QUERY_METRIC_REQUEST__INIT;
	Fsv__QueryPropsRequest props = FSV__QUERY_PROPS_REQUEST__INIT;
	struct fsv_round *round = &s->round;
	struct fsv_arena *arena = round->arena;
	struct fsv_str bodies[QUESTIONS] = { FSV_STR_NULL };

	metrics.endms = fsv_wall_ms() / 1000 * 1000;
	metrics.beginms = metrics.endms - WINDOW_S * 1000;
	props.keyword = (char *)"currentVersion";
	models.brief = true;
	bodies[METRICS] = fsv_message_encode(&metrics.base, arena);
	bodies[PROPS] = fsv_message_encode(&props.base, arena);
	bodies[OWN] = fsv_message_encode(&models.base, arena);
	round->questions = FSV_ARENA_NEW_N(arena, struct fsv_question, (size_t)round->directory->n * QUESTIONS);
	for (unsigned i = 0; i < round->directory->n; i++) {
		struct fsv_dir_node *node = &round->directory->nodes[i];
		struct fsv_question *q = &round->questions[round->n];

		if (!is_asked(node))
			continue;
		q[HEALTH] = (struct fsv_question){ node, FSV_COMMON_SERVICE "checkHealthService", .body = bodies[HEALTH] };
		q[METRICS] = (struct fsv_question){ node, FSV_COMMON_SERVICE "queryMetrics", .body = bodies[METRICS] };
		q[PROPS] = (struct fsv_question){ node, FSV_COMMON_SERVICE "listProps", .body = bodies[PROPS] };
		q[OWN] = is_serving(node) ?
			(struct fsv_question){ node, FSV_MODEL_SERVICE "queryModel", .body = bodies[OWN] } :
			(struct fsv_question){ .node = node, .method = FSV_ROUTER_SERVICE "queryRouter" };
		round->n += QUESTIONS;
	}
}

/* Data of a CommonResponse, or FSV_STR_NULL. */
static struct fsv_str data_of(const struct fsv_question *q, struct fsv_arena *arena)
{
	const Fsv__CommonResponse *answer;

	if (q->fault)
		return FSV_STR_NULL;
	answer = (const Fsv__CommonResponse *)fsv_message_decode(&fsv__common_response__descriptor, q->reply, arena);
	return answer && answer->statuscode == 0 ? fsv_str_n((const char *)answer->data.data, answer->data.len) : FSV_STR_NULL;
}

/* Traffic -------------------------------------------------------------------------------------------------------------------- */

/* Of the reference's nodes and of ours; management is left out. */
static bool is_inference(struct fsv_str resource)
{
	static const char *const names[] = {
		"I_inference", "I_singleInference", "I_batchInference", "I_unaryCall", "I_hostInferenceProvider",
		"I_federatedInference", "I_batch",
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (fsv_str_is(resource, names[i]))
			return true;
	return false;
}

static double number(const struct fsv_json_node *record, const char *name)
{
	const struct fsv_json_node *node = fsv_json_get(record, name);

	return node && (node->type == FSV_JSON_INT || node->type == FSV_JSON_DOUBLE) ? node->number : 0;
}

void fsv_rates_read(struct fsv_str json, struct fsv_arena *arena, struct fsv_rates *ret_rates)
{
	struct fsv_rates sum = { 0 };
	struct fsv_json_node *root;
	double weight = 0;
	struct fsv_err err;

	*ret_rates = sum;
	if (fsv_json_parse(json, arena, false, &root, &err) < 0 || root->type != FSV_JSON_ARRAY)
		return;
	for (const struct fsv_json_node *record = root->first; record; record = record->next) {
		double succeeded = number(record, "successQps");

		if (!is_inference(fsv_json_get_str(record, "resource")))
			continue;
		sum.passed += number(record, "passQps");
		sum.blocked += number(record, "blockQps");
		sum.failed += number(record, "exceptionQps");
		sum.latency_ms += number(record, "rt") * succeeded;
		weight += succeeded;
	}
	ret_rates->passed = sum.passed / WINDOW_S;
	ret_rates->blocked = sum.blocked / WINDOW_S;
	ret_rates->failed = sum.failed / WINDOW_S;
	if (weight > 0)
		ret_rates->latency_ms = sum.latency_ms / weight;
}

static void kv_double(struct fsv_jsonw *w, const char *name, bool known, double value)
{
	fsv_jsonw_key(w, fsv_str(name));
	if (known)
		fsv_jsonw_double(w, value);
	else
		fsv_jsonw_null(w);
}

static void write_rates(const struct fsv_question *q, struct fsv_arena *arena, struct fsv_jsonw *w)
{
	bool known = !q->fault;
	struct fsv_rates rates;

	fsv_rates_read(data_of(q, arena), arena, &rates);
	kv_double(w, "qps", known, rates.passed);
	kv_double(w, "blockedPerSecond", known, rates.blocked);
	kv_double(w, "errorsPerSecond", known, rates.failed);
	kv_double(w, "latencyMs", known && rates.latency_ms > 0, rates.latency_ms);
}

/* Nodes ---------------------------------------------------------------------------------------------------------------------- */

static void write_state(const struct fsv_question *q, struct fsv_arena *arena, struct fsv_jsonw *w)
{
	static const char *const names[] = { [FSV_HEALTH_OK] = "ok", [FSV_HEALTH_WARN] = "warn", [FSV_HEALTH_ERROR] = "error" };
	const struct fsv_health_record *worst = NULL;

	if (q->fault) {
		/* Whoever has no such call answers at least. */
		fsv_jsonw_kv_str(w, "state", fsv_str(q->status == FSV_RPC_UNIMPLEMENTED ? "unknown" : "unreachable"));
		fsv_jsonw_kv_str(w, "reason", fsv_str(q->fault));
		return;
	}
	for (const struct fsv_health_record *r = fsv_health_records(q, arena); r; r = r->next)
		if (!worst || r->state > worst->state)
			worst = r;
	fsv_jsonw_kv_str(w, "state", fsv_str(names[worst ? worst->state : FSV_HEALTH_OK]));
	fsv_jsonw_kv_str(w, "reason", worst && worst->state != FSV_HEALTH_OK ?
			 fsv_str(fsv_arena_printf(arena, "%.*s: %.*s", FSV_STR_ARG(worst->item), FSV_STR_ARG(worst->message))) :
			 FSV_STR(""));
}

static void write_version(const struct fsv_question *q, struct fsv_arena *arena, struct fsv_jsonw *w)
{
	struct fsv_str json = data_of(q, arena), version = fsv_field_span(json, "currentVersion", arena);

	fsv_jsonw_key(w, FSV_STR("version"));
	fsv_jsonw_raw(w, version.n > 0 ? version : FSV_STR("null"));
}

static void write_models(const struct fsv_question *q, struct fsv_arena *arena, struct fsv_jsonw *w)
{
	const Fsv__QueryModelResponse *answer = q->fault ? NULL :
		(const Fsv__QueryModelResponse *)fsv_message_decode(&fsv__query_model_response__descriptor, q->reply, arena);

	fsv_jsonw_key(w, FSV_STR("models"));
	if (answer && answer->retcode == 0)
		fsv_jsonw_int(w, (int64_t)answer->n_modelinfos);
	else
		fsv_jsonw_null(w);
}

static void begin_node(const struct fsv_dir_node *node, struct fsv_jsonw *w)
{
	fsv_jsonw_begin(w, '{');
	fsv_jsonw_kv_str(w, "component", fsv_str(node->component));
	fsv_jsonw_kv_str(w, "address", fsv_str(node->address));
	fsv_jsonw_kv_str(w, "host", node->host);
	fsv_jsonw_kv_int(w, "port", node->port);
	fsv_jsonw_kv_int(w, "registered", node->registered);
	fsv_jsonw_key(w, FSV_STR("uptimeSeconds"));
	if (node->registered > 0)
		fsv_jsonw_int(w, (fsv_wall_ms() - node->registered) / 1000);
	else
		fsv_jsonw_null(w);
}

static void write_node(const struct fsv_question q[QUESTIONS], struct fsv_arena *arena, struct fsv_jsonw *w)
{
	begin_node(q->node, w);
	write_state(&q[HEALTH], arena, w);
	kv_double(w, "askMs", !q[HEALTH].fault, (double)q[HEALTH].took_ns / 1e6);
	write_version(&q[PROPS], arena, w);
	if (is_serving(q->node))
		write_models(&q[OWN], arena, w);
	write_rates(&q[METRICS], arena, w);
	fsv_jsonw_end(w, '}');
}

/* Admins and whatever else is registered are not asked anything. */
static void write_other(const struct fsv_dir_node *node, struct fsv_jsonw *w)
{
	begin_node(node, w);
	fsv_jsonw_kv_str(w, "state", FSV_STR("unknown"));
	fsv_jsonw_kv_str(w, "reason", FSV_STR(""));
	fsv_jsonw_end(w, '}');
}

/* Links ---------------------------------------------------------------------------------------------------------------------- */

static void write_link(const char *from, struct fsv_str to, const char *kind, struct fsv_str party, struct fsv_str role,
		       bool secure, struct fsv_jsonw *w)
{
	fsv_jsonw_begin(w, '{');
	fsv_jsonw_kv_str(w, "from", fsv_str(from));
	fsv_jsonw_kv_str(w, "to", to);
	fsv_jsonw_kv_str(w, "kind", fsv_str(kind));
	fsv_jsonw_key(w, FSV_STR("party"));
	if (party.n > 0)
		fsv_jsonw_str(w, party);
	else
		fsv_jsonw_null(w);
	if (role.n > 0)
		fsv_jsonw_kv_str(w, "role", role);
	fsv_jsonw_key(w, FSV_STR("secure"));
	fsv_jsonw_bool(w, secure);
	fsv_jsonw_end(w, '}');
}

static struct fsv_str endpoint_address(const struct fsv_json_node *e, struct fsv_arena *arena)
{
	struct fsv_str host = fsv_json_get_str(e, "ip"), url = fsv_json_get_str(e, "url");
	const char *text;

	if (host.n == 0)
		host = fsv_json_get_str(e, "hostname");
	if (host.n == 0)
		return url;
	text = fsv_arena_printf(arena, fsv_str_find(host, ':', 0) < host.n && host.p[0] != '[' ? "[%.*s]:%.0f" : "%.*s:%.0f",
				FSV_STR_ARG(host), number(e, "port"));
	return fsv_str(text);
}

void fsv_route_links(const char *from, struct fsv_str json, struct fsv_arena *arena, struct fsv_jsonw *w)
{
	const struct fsv_json_node *table, *party, *role, *e;
	struct fsv_json_node *root;
	struct fsv_err err;

	if (fsv_json_parse(json, arena, false, &root, &err) < 0)
		return;
	table = fsv_json_get(root, "route_table");
	if (!table || table->type != FSV_JSON_OBJECT)
		return;
	for (party = table->first; party; party = party->next)
		for (role = party->type == FSV_JSON_OBJECT ? party->first : NULL; role; role = role->next)
			for (e = role->type == FSV_JSON_ARRAY ? role->first : NULL; e; e = e->next) {
				const struct fsv_json_node *tls = fsv_json_get(e, "useSSL");
				struct fsv_str to = endpoint_address(e, arena);

				if (to.n > 0)
					write_link(from, to, "route", party->key, role->key,
						   (tls && tls->type == FSV_JSON_TRUE) || fsv_str_starts(to, FSV_STR("https:")), w);
			}
}

/* Proxies look for inference and for host models, serving nodes for a proxy. */
static const char *finder(const struct fsv_providers *p)
{
	struct fsv_str key = fsv_str(p->key);

	if (p->stale)
		return NULL;
	if (fsv_str_is(key, "proxy/online/unaryCall"))
		return "serving";
	if (fsv_str_starts(key, FSV_STR("serving/")) &&
	    (fsv_str_ends(key, FSV_STR("/inference")) || fsv_str_ends(key, FSV_STR("/unaryCall"))))
		return "proxy";
	return NULL;
}

/* Every pair once, however many services join the two. */
static void registry_links(const struct fsv_directory *directory, const struct fsv_view *view, struct fsv_arena *arena,
			   struct fsv_jsonw *w)
{
	struct fsv_map seen;

	fsv_map_init(&seen);
	for (size_t i = 0; i < view->lists.n; i++) {
		const struct fsv_providers *p = view->lists.entries[i].value;
		const char *component = finder(p);

		for (unsigned k = 0; component && k < p->n; k++)
			(void)fsv_map_put(&seen, fsv_str(fsv_arena_printf(arena, "%s %s", component, p->all[k].node->target)), (void *)component);
	}
	for (size_t i = 0; i < seen.n; i++) {
		const char *component = seen.entries[i].value;
		struct fsv_str to = fsv_str_sub(seen.entries[i].key, strlen(component) + 1, seen.entries[i].key.n);

		for (unsigned k = 0; k < directory->n; k++)
			if (strcmp(directory->nodes[k].component, component) == 0)
				write_link(directory->nodes[k].address, to, "registry", FSV_STR_NULL, FSV_STR_NULL, false, w);
	}
	fsv_map_done(&seen);
}

static void write_links(struct fsv_shared *s, struct fsv_jsonw *w)
{
	struct fsv_registry *registry = atomic_load(&s->admin->registry);
	struct fsv_view *view = registry ? fsv_registry_view(registry) : NULL;

	fsv_jsonw_key(w, FSV_STR("links"));
	fsv_jsonw_begin(w, '[');
	if (view) {
		registry_links(s->round.directory, view, &s->arena, w);
		fsv_ref_put(&view->ref);
	}
	for (unsigned i = 0; i < s->round.n; i += QUESTIONS) {
		const struct fsv_question *q = &s->round.questions[i];

		if (!is_serving(q->node))
			fsv_route_links(q->node->address, data_of(&q[OWN], &s->arena), &s->arena, w);
	}
	fsv_jsonw_end(w, ']');
}

static void write(struct fsv_shared *s, struct fsv_jsonw *w)
{
	struct fsv_registry *registry = atomic_load(&s->admin->registry);
	const struct fsv_directory *directory = s->round.directory;

	fsv_jsonw_begin(w, '{');
	fsv_jsonw_kv_int(w, "timestamp", fsv_wall_ms());
	fsv_jsonw_kv_str(w, "registry", !registry ? FSV_STR("none") :
			 fsv_registry_connected(registry) ? FSV_STR("connected") : FSV_STR("not connected"));
	fsv_jsonw_key(w, FSV_STR("nodes"));
	fsv_jsonw_begin(w, '[');
	for (unsigned i = 0; i < s->round.n; i += QUESTIONS)
		write_node(&s->round.questions[i], &s->arena, w);
	for (unsigned i = 0; i < directory->n; i++)
		if (!is_asked(&directory->nodes[i]))
			write_other(&directory->nodes[i], w);
	fsv_jsonw_end(w, ']');
	write_links(s, w);
	fsv_jsonw_end(w, '}');
}

const struct fsv_shared_kind fsv_overview_kind = { .plan = plan, .write = write };

void fsv_overview(struct fsv_visit *v)
{
	fsv_shared_answer(&v->admin->w.overview, v, fsv_conf_int(v->admin->w.conf, FSV_AK_SURVEY_AGE) * FSV_MS);
}
