/* SPDX-License-Identifier: Apache-2.0 */
/* What a node's traffic and process are like. */
#include "api.h"

#include <stdlib.h>

#include "base/time.h"
#include "lib/proto/common-service.pb-c.h"
#include "visit.h"

enum { WINDOW_MS = 15000, WINDOW_MAX_MS = 3600000, INTERFACES = 0, MODELS = 1 };

struct window {
	int64_t begin, end;		/* ms since 1970 */
};

struct record {
	int64_t timestamp;
	struct fsv_str resource, json;
};

static int by_time(const void *a, const void *b)
{
	const struct record *left = a, *right = b;

	return (left->timestamp > right->timestamp) - (left->timestamp < right->timestamp);
}

static void read_record(struct fsv_str json, struct fsv_arena *arena, struct record *ret_record)
{
	struct fsv_str key;
	struct fsv_json j;

	*ret_record = (struct record){ .json = json };
	fsv_json_init(&j, json, arena);
	if (fsv_json_value(&j) != FSV_JSON_OBJECT)
		return;
	while (fsv_json_key(&j, &key)) {
		bool is_time = fsv_str_is(key, "timestamp"), is_name = fsv_str_is(key, "resource");
		enum fsv_json_type type = is_time || is_name ? fsv_json_value(&j) : fsv_json_skip(&j, NULL);

		if (is_time && type == FSV_JSON_INT)
			(void)fsv_json_i64(&j, &ret_record->timestamp);
		else if (is_name && type == FSV_JSON_STRING)
			ret_record->resource = j.text;
		else if (is_time || is_name)
			fsv_json_skip_rest(&j, type);
	}
}

/* Of a node's list, which may be empty or null, in ascending order of time. */
static size_t read_records(struct fsv_visit *v, struct fsv_str json, struct record **ret_records)
{
	struct record *all = NULL;
	size_t n = 0, cap = 0;
	struct fsv_str span;
	struct fsv_json j;

	fsv_json_init(&j, json, v->arena);
	if (fsv_json_value(&j) != FSV_JSON_ARRAY)
		return 0;
	while (fsv_json_elem(&j) && fsv_json_skip(&j, &span) != FSV_JSON_ERROR) {
		FSV_ARENA_MORE(v->arena, all, n, cap, 64);
		read_record(span, v->arena, &all[n++]);
	}
	if (n > 0)
		qsort(all, n, sizeof(*all), by_time);
	*ret_records = all;
	return n;
}

/* False when the visit has been answered. */
static bool take(struct fsv_visit *v, struct record **ret_records, size_t *ret_n)
{
	const Fsv__CommonResponse *answer =
		(const Fsv__CommonResponse *)fsv_visit_answer(v, &fsv__common_response__descriptor, true);

	if (!answer)
		return false;
	*ret_n = read_records(v, fsv_str_n((const char *)answer->data.data, answer->data.len), ret_records);
	return true;
}

/* The process --------------------------------------------------------------------------------------------------- */

static void show_jvm(struct fsv_visit *v)
{
	struct record *all = NULL;
	struct fsv_jsonw w;
	struct fsv_buf out;
	size_t n = 0;

	if (!take(v, &all, &n))
		return;
	fsv_visit_rows(v, n, &out, &w);
	for (size_t i = 0; i < n; i++)
		fsv_jsonw_raw(&w, all[i].json);
	fsv_visit_reply_rows(v, 0, "success", &w);
}

void fsv_monitor_jvm(struct fsv_visit *v)
{
	struct fsv_dir_node *node = fsv_visit_node(v, NULL);
	Fsv__AnyRequest request = FSV__ANY_REQUEST__INIT;

	if (node)
		fsv_visit_ask(v, node, FSV_COMMON_SERVICE "queryJvmInfo", &request.base, fsv_visit_timeout(v), show_jvm);
}

/* Traffic --------------------------------------------------------------------------------------------------------- */

/* Without a source nodes may answer with records from beyond the end. */
static size_t within(const struct window *window, struct record *all, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (all[i].timestamp >= window->begin && all[i].timestamp <= window->end)
			all[kept++] = all[i];
	return kept;
}

static void show_metrics(struct fsv_visit *v)
{
	struct record *all = NULL;
	struct fsv_map resources;
	struct fsv_jsonw w;
	struct fsv_buf out;
	size_t n = 0;

	if (!take(v, &all, &n))
		return;
	n = within(v->data, all, n);
	fsv_map_init(&resources);
	for (size_t i = 0; i < n; i++)
		if (all[i].resource.n > 0)
			(void)fsv_map_put(&resources, all[i].resource, v);
	fsv_buf_init(&out, v->arena, 0);
	fsv_jsonw_init(&w, &out);
	fsv_jsonw_begin(&w, '{');
	for (size_t r = 0; r < resources.n; r++) {
		fsv_jsonw_key(&w, resources.entries[r].key);
		fsv_jsonw_begin(&w, '[');
		for (size_t i = 0; i < n; i++)
			if (fsv_str_eq(all[i].resource, resources.entries[r].key))
				fsv_jsonw_raw(&w, all[i].json);
		fsv_jsonw_end(&w, ']');
	}
	fsv_jsonw_end(&w, '}');
	fsv_map_done(&resources);
	fsv_visit_reply(v, 0, "success", fsv_buf_str(&out));
}

/* The last fifteen seconds, unless the caller says which. A second's record bears its first millisecond. */
static bool take_window(struct fsv_visit *v, struct window *w)
{
	struct fsv_str begin = fsv_http_query(v->req, "beginMs"), end = fsv_http_query(v->req, "endMs");
	bool good = true;

	w->end = fsv_wall_ms();
	if (end.n > 0)
		good = fsv_str_to_i64(end, &w->end);
	w->begin = w->end - WINDOW_MS;
	if (begin.n > 0)
		good = fsv_str_to_i64(begin, &w->begin) && good;
	if (good && w->begin >= 0 && w->end >= w->begin && w->end - w->begin <= WINDOW_MAX_MS)
		return true;
	fsv_visit_bad_parameter(v, "beginMs and endMs are milliseconds since 1970, at most an hour apart");
	return false;
}

static void query(struct fsv_visit *v, struct fsv_dir_node *node, int type)
{
	Fsv__QueryMetricRequest request = FSV__QUERY_METRIC_REQUEST__INIT;
	struct window *w = FSV_ARENA_NEW(v->arena, struct window);

	if (!take_window(v, w))
		return;
	v->data = w;
	request.beginms = w->begin;
	request.endms = w->end;
	request.source = fsv_arena_cstr(v->arena, fsv_http_query(v->req, "source"));
	request.type = type;
	fsv_visit_ask(v, node, FSV_COMMON_SERVICE "queryMetrics", &request.base, fsv_visit_timeout(v), show_metrics);
}

void fsv_monitor_query(struct fsv_visit *v)
{
	struct fsv_dir_node *node = fsv_visit_node(v, NULL);

	if (node)
		query(v, node, INTERFACES);
}

void fsv_monitor_model(struct fsv_visit *v)
{
	struct fsv_dir_node *node;

	if (fsv_str_blank(fsv_http_query(v->req, "source"))) {
		fsv_visit_bad_parameter(v, "source is needed");
		return;
	}
	node = fsv_visit_node(v, NULL);
	if (node)
		query(v, node, MODELS);
}
