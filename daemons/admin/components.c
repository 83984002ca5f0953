/* SPDX-License-Identifier: Apache-2.0 */
/* What nodes there are and what their settings are. */
#include "api.h"

#include <stdlib.h>

#include "lib/proto/common-service.pb-c.h"
#include "visit.h"

void fsv_component_list(struct fsv_visit *v)
{
	struct fsv_jsonw w;
	struct fsv_buf out;

	fsv_buf_init(&out, v->arena, 0);
	fsv_jsonw_init(&w, &out);
	fsv_directory_tree(fsv_admin_directory(v->admin), &w);
	fsv_visit_reply(v, 0, "success", fsv_buf_str(&out));
}

/* Properties ------------------------------------------------------------------------------------------------- */

struct property {
	struct fsv_str key, value;	/* value: JSON */
};

static int by_key(const void *a, const void *b)
{
	return fsv_str_order(((const struct property *)a)->key, ((const struct property *)b)->key);
}

/* Our daemons mask their secrets, the reference's do not. */
static bool is_secret(struct fsv_str key)
{
	static const char *const words[] = { "password", "secret", "privatekey.content", "token" };

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (fsv_str_case_holds(key, fsv_str(words[i])))
			return !fsv_str_case_holds(key, FSV_STR("file"));
	return false;
}

static size_t read_properties(struct fsv_visit *v, struct fsv_str json, struct property **ret_all)
{
	struct property *all = NULL;
	size_t n = 0, cap = 0;
	struct fsv_str key;
	struct fsv_json j;

	fsv_json_init(&j, json, v->arena);
	if (fsv_json_value(&j) != FSV_JSON_OBJECT)
		return 0;
	while (fsv_json_key(&j, &key)) {
		struct property p = { .key = key };

		if (fsv_json_skip(&j, &p.value) == FSV_JSON_ERROR)
			break;
		if (is_secret(key))
			p.value = FSV_STR("\"******\"");
		FSV_ARENA_MORE(v->arena, all, n, cap, 64);
		all[n++] = p;
	}
	*ret_all = all;
	return n;
}

static void show_props(struct fsv_visit *v)
{
	const Fsv__CommonResponse *answer =
		(const Fsv__CommonResponse *)fsv_visit_answer(v, &fsv__common_response__descriptor, true);
	struct property *all = NULL;
	struct fsv_jsonw w;
	struct fsv_buf out;
	size_t n;

	if (!answer)
		return;
	n = read_properties(v, fsv_str_n((const char *)answer->data.data, answer->data.len), &all);
	if (n > 0)
		qsort(all, n, sizeof(*all), by_key);
	fsv_visit_rows(v, n, &out, &w);
	for (size_t i = 0; i < n; i++) {
		fsv_jsonw_begin(&w, '{');
		fsv_jsonw_kv_str(&w, "key", all[i].key);
		fsv_jsonw_key(&w, FSV_STR("value"));
		fsv_jsonw_raw(&w, all[i].value);
		fsv_jsonw_end(&w, '}');
	}
	fsv_visit_reply_rows(v, answer->statuscode, answer->message, &w);
}

void fsv_component_props(struct fsv_visit *v)
{
	struct fsv_dir_node *node = fsv_visit_node(v, NULL);
	Fsv__QueryPropsRequest request = FSV__QUERY_PROPS_REQUEST__INIT;

	if (!node)
		return;
	request.keyword = fsv_arena_cstr(v->arena, fsv_visit_str(v, "keyword"));
	fsv_visit_ask(v, node, FSV_COMMON_SERVICE "listProps", &request.base, fsv_visit_timeout(v), show_props);
}

/* updateConfig ------------------------------------------------------------------------------------------------ */

void fsv_component_config(struct fsv_visit *v)
{
	struct fsv_str path = fsv_visit_str(v, "filePath"), data = fsv_visit_str(v, "data"), name = path;
	Fsv__UpdateConfigRequest request = FSV__UPDATE_CONFIG_REQUEST__INIT;
	struct fsv_dir_node *node;

	if (fsv_str_blank(path) || fsv_str_blank(data)) {
		fsv_visit_bad_parameter(v, "filePath and data are needed");
		return;
	}
	for (size_t i = 0; i < path.n; i++)
		if (path.p[i] == '/' || path.p[i] == '\\')
			name = fsv_str_sub(path, i + 1, path.n);
	fsv_visit_note(v, "filePath", path);
	node = fsv_visit_node(v, NULL);
	if (!node)
		return;
	if (strcmp(node->component, "proxy") != 0 || !fsv_str_is(name, "route_table.json")) {
		fsv_visit_system_error(v, "only route_table.json of a proxy can be changed");
		return;
	}
	/* Which folder it lies in is the proxy's affair. */
	request.filepath = fsv_arena_cstr(v->arena, name);
	request.data = fsv_arena_cstr(v->arena, data);
	fsv_visit_ask(v, node, FSV_COMMON_SERVICE "updateConfig", &request.base, fsv_visit_timeout(v), fsv_visit_pass);
}
