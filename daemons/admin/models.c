/* SPDX-License-Identifier: Apache-2.0 */
/* Models of one serving node: what is there, copying, unloading, unbinding. */
#include "models.h"

#include <stdlib.h>

#include "api.h"
#include "lib/proto/relay.pb-c.h"
#include "visit.h"

enum { ALL = 0, BY_SERVICE = 1, BY_NAME = 2, PAGE = 10 };

/* The list --------------------------------------------------------------------------------------------------------- */

static int descending(const void *a, const void *b)
{
	return strcmp((*(Fsv__ModelInfoEx *const *)b)->tablename, (*(Fsv__ModelInfoEx *const *)a)->tablename);
}

void fsv_models_sort(Fsv__QueryModelResponse *response)
{
	if (response->n_modelinfos > 0)
		qsort(response->modelinfos, response->n_modelinfos, sizeof(response->modelinfos[0]), descending);
}

void fsv_model_members(const Fsv__ModelInfoEx *model, const char *without, struct fsv_arena *arena, struct fsv_jsonw *w)
{
	struct fsv_str key, span;
	struct fsv_json j;

	fsv_json_init(&j, fsv_str(model->content), arena);
	if (fsv_json_value(&j) != FSV_JSON_OBJECT)
		return;
	while (fsv_json_key(&j, &key)) {
		if (fsv_json_skip(&j, &span) == FSV_JSON_ERROR)
			return;
		if (fsv_str_is(key, "components") || (without && fsv_str_is(key, without)))
			continue;
		fsv_jsonw_key(w, key);
		fsv_jsonw_raw(w, span);
	}
}

/* Parameters are JSON in a text; what is none stays a text. */
static void write_components(const Fsv__ModelProcessorExt *ext, struct fsv_arena *arena, struct fsv_jsonw *w)
{
	fsv_jsonw_key(w, FSV_STR("components"));
	fsv_jsonw_begin(w, '[');
	for (size_t i = 0; ext && i < ext->n_nodes; i++) {
		struct fsv_str params = fsv_str(ext->nodes[i]->params);
		struct fsv_json j;

		fsv_jsonw_begin(w, '{');
		fsv_jsonw_kv_str(w, "name", fsv_str(ext->nodes[i]->name));
		fsv_jsonw_key(w, FSV_STR("params"));
		fsv_json_init(&j, params, arena);
		if (fsv_json_skip(&j, &params) > FSV_JSON_NONE && fsv_json_end(&j))
			fsv_jsonw_raw(w, params);
		else if (fsv_str_blank(fsv_str(ext->nodes[i]->params)))
			fsv_jsonw_null(w);
		else
			fsv_jsonw_str(w, fsv_str(ext->nodes[i]->params));
		fsv_jsonw_end(w, '}');
	}
	fsv_jsonw_end(w, ']');
}

static void show_models(struct fsv_visit *v)
{
	Fsv__QueryModelResponse *answer =
		(Fsv__QueryModelResponse *)fsv_visit_answer(v, &fsv__query_model_response__descriptor, true);
	struct fsv_page page;
	struct fsv_jsonw w;
	struct fsv_buf out;

	if (!answer || !fsv_visit_page(v, answer->n_modelinfos, PAGE, &page))
		return;
	fsv_models_sort(answer);
	fsv_visit_rows(v, answer->n_modelinfos, &out, &w);
	for (size_t i = page.from; i < page.to; i++) {
		fsv_jsonw_begin(&w, '{');
		fsv_model_members(answer->modelinfos[i], NULL, v->arena, &w);
		write_components(answer->modelinfos[i]->modelprocessorext, v->arena, &w);
		fsv_jsonw_end(&w, '}');
	}
	fsv_visit_reply_rows(v, answer->retcode, answer->message, &w);
}

void fsv_model_query(struct fsv_visit *v)
{
	struct fsv_str service = fsv_visit_str(v, "serviceId"), table = fsv_visit_str(v, "tableName");
	struct fsv_str name_space = fsv_visit_str(v, "namespace");
	Fsv__QueryModelRequest request = FSV__QUERY_MODEL_REQUEST__INIT;
	struct fsv_dir_node *node = fsv_visit_node(v, "serving");

	if (!node)
		return;
	request.serviceid = fsv_arena_cstr(v->arena, service);
	request.tablename = fsv_arena_cstr(v->arena, table);
	request.namespace_ = fsv_arena_cstr(v->arena, name_space);
	if (!fsv_str_blank(service))
		request.querytype = BY_SERVICE;
	else if (!fsv_str_blank(table) && !fsv_str_blank(name_space))
		request.querytype = BY_NAME;
	fsv_visit_ask(v, node, FSV_MODEL_SERVICE "queryModel", &request.base, fsv_visit_timeout(v), show_models);
}

/* Changes -------------------------------------------------------------------------------------------------------------- */

/* The model that is meant; false when the visit has been answered. */
static bool take_name(struct fsv_visit *v, char **ret_table, char **ret_namespace)
{
	struct fsv_str table = fsv_visit_str(v, "tableName"), name_space = fsv_visit_str(v, "namespace");

	fsv_visit_note(v, "tableName", table);
	fsv_visit_note(v, "namespace", name_space);
	if (fsv_str_blank(table) || fsv_str_blank(name_space)) {
		fsv_visit_bad_parameter(v, "tableName and namespace are needed");
		return false;
	}
	*ret_table = fsv_arena_cstr(v->arena, table);
	*ret_namespace = fsv_arena_cstr(v->arena, name_space);
	return true;
}

/* The target fetches from the source, so both must be ours. */
void fsv_model_transfer(struct fsv_visit *v)
{
	Fsv__FetchModelRequest request = FSV__FETCH_MODEL_REQUEST__INIT;
	struct fsv_dir_node *from, *to;

	if (!take_name(v, &request.tablename, &request.namespace_))
		return;
	to = fsv_visit_node_at(v, "targetHost", "targetPort", "serving");
	from = to ? fsv_visit_node(v, "serving") : NULL;
	if (!from)
		return;
	fsv_visit_note(v, "from", fsv_str(from->address));
	request.sourceip = fsv_arena_cstr(v->arena, from->host);
	request.sourceport = from->port;
	fsv_visit_ask(v, to, FSV_MODEL_SERVICE "fetchModel", &request.base, fsv_visit_timeout(v), fsv_visit_pass_async);
}

void fsv_model_unload(struct fsv_visit *v)
{
	Fsv__UnloadRequest request = FSV__UNLOAD_REQUEST__INIT;
	struct fsv_dir_node *node;

	if (!take_name(v, &request.tablename, &request.namespace_))
		return;
	node = fsv_visit_node(v, "serving");
	if (node)
		fsv_visit_ask(v, node, FSV_MODEL_SERVICE "unload", &request.base,
			      fsv_visit_timeout(v), fsv_visit_pass_async);
}

/* A list of texts that is not empty. */
static bool take_ids(struct fsv_visit *v, Fsv__UnbindRequest *request)
{
	const struct fsv_json_node *list = fsv_json_get(v->body, "serviceIds");
	struct fsv_buf all;

	if (!list || list->type != FSV_JSON_ARRAY || list->n == 0)
		return false;
	fsv_buf_init(&all, v->arena, 0);
	request->serviceids = FSV_ARENA_NEW_N(v->arena, char *, list->n);
	for (const struct fsv_json_node *id = list->first; id; id = id->next) {
		struct fsv_str text = fsv_field_text(id);

		if (fsv_str_blank(text))
			return false;
		request->serviceids[request->n_serviceids++] = fsv_arena_cstr(v->arena, text);
		fsv_buf_printf(&all, "%s%.*s", all.n > 0 ? ", " : "", FSV_STR_ARG(text));
	}
	fsv_visit_note(v, "serviceIds", fsv_buf_str(&all));
	return true;
}

void fsv_model_unbind(struct fsv_visit *v)
{
	Fsv__UnbindRequest request = FSV__UNBIND_REQUEST__INIT;
	struct fsv_dir_node *node;

	if (!take_name(v, &request.tablename, &request.namespace_))
		return;
	if (!take_ids(v, &request)) {
		fsv_visit_bad_parameter(v, "serviceIds is a list with one service id at least");
		return;
	}
	node = fsv_visit_node(v, "serving");
	if (node)
		fsv_visit_ask(v, node, FSV_MODEL_SERVICE "unbind", &request.base,
			      fsv_visit_timeout(v), fsv_visit_pass_async);
}
