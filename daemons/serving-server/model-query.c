/* SPDX-License-Identifier: Apache-2.0 */
/* queryModel: what is loaded, for the console, the command and whoever asks. */
#include "call/message.h"
#include "model-op.h"
#include "model/model-json.h"
#include "serving-server-conf.h"

enum { QUERY_ALL = 0, QUERY_BY_SERVICE = 1, QUERY_BY_NAME = 2 };

struct query {
	struct fsv_model_op *op;
	const Fsv__QueryModelRequest *request;
	Fsv__ModelInfoEx **infos;
	size_t n, bytes, max_bytes;
};

static bool wanted(const struct query *q, const struct fsv_model_listing *l)
{
	switch (q->request->querytype) {
	case QUERY_ALL:
		return true;
	case QUERY_BY_SERVICE:
		for (size_t i = 0; i < l->n_service_ids; i++)
			if (fsv_str_case_holds(l->service_ids[i], fsv_str(q->request->serviceid)))
				return true;
		return false;
	case QUERY_BY_NAME:
		return strcmp(l->model->table_name, q->request->tablename) == 0 &&
		       strcmp(l->model->name_space, q->request->namespace_) == 0;
	default:
		return false;
	}
}

static char *content(struct query *q, const struct fsv_model_listing *l)
{
	struct fsv_arena *arena = q->op->arena;
	struct fsv_str resource = fsv_str(fsv_arena_printf(arena, "M_%s", l->model->key));
	double allowed;
	bool limited = fsv_gate_limit(q->op->server->gate, resource, &allowed);
	struct fsv_buf out;

	fsv_buf_init(&out, arena, 0);
	fsv_model_content(l, limited ? &allowed : NULL, &out);
	return (char *)fsv_buf_cstr(&out);
}

/* The messages are not kept in memory; a model whose file is gone shows none. Texts must fit into one answer, so
 * beyond its size models come without them. */
static Fsv__ModelProcessorExt *pipeline(struct query *q, const struct fsv_model *model)
{
	struct fsv_arena *arena = q->op->arena;
	Fsv__ModelProcessorExt *ext = FSV_ARENA_NEW(arena, Fsv__ModelProcessorExt);
	struct fsv_package package = { .n = 0 };
	struct fsv_model_node *nodes = NULL;
	struct fsv_str json = FSV_STR_NULL;
	struct fsv_arena scratch;
	size_t n = 0, bytes = 0;
	struct fsv_err err;

	fsv__model_processor_ext__init(ext);
	if (q->bytes >= q->max_bytes)
		return ext;
	fsv_arena_init(&scratch, 0);
	if (fsv_models_read_data(q->op->server->models, fsv_str(model->table_name), fsv_str(model->name_space), &scratch,
				 &json, &err) < 0 ||
	    fsv_package_parse(json, &scratch, &package, &err) < 0 ||
	    fsv_model_nodes(&package, &scratch, &nodes, &n, &err) < 0)
		n = 0;
	for (size_t i = 0; i < n; i++)
		bytes += nodes[i].name.n + nodes[i].params.n + 16;
	q->bytes += bytes;
	if (q->bytes >= q->max_bytes)
		n = 0;
	ext->nodes = FSV_ARENA_NEW_N(arena, Fsv__PipelineNode *, n);
	for (; ext->n_nodes < n; ext->n_nodes++) {
		Fsv__PipelineNode *node = FSV_ARENA_NEW(arena, Fsv__PipelineNode);

		fsv__pipeline_node__init(node);
		node->name = fsv_arena_cstr(arena, nodes[ext->n_nodes].name);
		node->params = fsv_arena_cstr(arena, nodes[ext->n_nodes].params);
		ext->nodes[ext->n_nodes] = node;
	}
	fsv_arena_done(&scratch);
	return ext;
}

static void add(struct query *q, const struct fsv_model_listing *l)
{
	Fsv__ModelInfoEx *info = FSV_ARENA_NEW(q->op->arena, Fsv__ModelInfoEx);

	fsv__model_info_ex__init(info);
	info->tablename = l->model->table_name;
	info->namespace_ = l->model->name_space;
	info->serviceids = FSV_ARENA_NEW_N(q->op->arena, char *, l->n_service_ids);
	for (; info->n_serviceids < l->n_service_ids; info->n_serviceids++)
		info->serviceids[info->n_serviceids] = (char *)l->service_ids[info->n_serviceids].p;
	info->content = content(q, l);
	info->index = (int32_t)q->n;
	if (q->request->querytype == QUERY_ALL && !q->request->brief)
		info->modelprocessorext = pipeline(q, l->model);
	if (l->model->resource_address)
		info->resourceadress = l->model->resource_address;
	q->bytes += strlen(info->content) + 256;
	q->infos[q->n++] = info;
}

void fsv_model_query_run(struct fsv_model_op *op)
{
	Fsv__QueryModelResponse response = FSV__QUERY_MODEL_RESPONSE__INIT;
	struct query q = {
		.op = op, .request = (const Fsv__QueryModelRequest *)op->request,
		.max_bytes = (size_t)fsv_conf_int(op->view->conf, FSV_SK_MAX_MESSAGE) / 2,
	};
	struct fsv_model_listing *list = NULL;
	size_t n = fsv_models_list(op->server->models, op->arena, &list);

	q.infos = FSV_ARENA_NEW_N(op->arena, Fsv__ModelInfoEx *, n);
	for (size_t i = 0; i < n; i++)
		if (wanted(&q, &list[i]))
			add(&q, &list[i]);
	response.modelinfos = q.infos;
	response.n_modelinfos = q.n;
	op->body = fsv_message_encode(&response.base, op->arena);
	fsv_models_list_done(list, n);
}
