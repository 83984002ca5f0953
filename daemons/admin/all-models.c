/* SPDX-License-Identifier: Apache-2.0 */
/* Models of all serving nodes in one table: one row for each, with the nodes that have it. */
#include "api.h"

#include <stdlib.h>

#include "call/message.h"
#include "models.h"
#include "visit.h"

enum { PAGE = 1000 };

struct copy {
	const struct fsv_dir_node *node;
	const Fsv__ModelInfoEx *model;
	struct copy *next;
};

struct row {
	const char *table, *name_space;
	struct copy *first, **end;
};

static bool wanted(const Fsv__ModelInfoEx *model, struct fsv_str service)
{
	for (size_t i = 0; i < model->n_serviceids; i++)
		if (fsv_str_case_holds(fsv_str(model->serviceids[i]), service))
			return true;
	return fsv_str_blank(service);
}

static void take(struct fsv_visit *v, struct fsv_map *rows, const struct fsv_dir_node *node, const Fsv__ModelInfoEx *model)
{
	struct fsv_str key = fsv_str(fsv_arena_printf(v->arena, "%s\n%s", model->tablename, model->namespace_));
	struct row *row = fsv_map_get(rows, key);
	struct copy *copy = FSV_ARENA_NEW(v->arena, struct copy);

	if (!row) {
		row = FSV_ARENA_NEW(v->arena, struct row);
		*row = (struct row){ .table = model->tablename, .name_space = model->namespace_ };
		row->end = &row->first;
		(void)fsv_map_put(rows, key, row);
	}
	*copy = (struct copy){ node, model, NULL };
	*row->end = copy;
	row->end = &copy->next;
}

/* A node that has not answered is told of. */
static void collect(struct fsv_visit *v, struct fsv_map *rows, struct fsv_jsonw *errors)
{
	struct fsv_str service = fsv_visit_str(v, "serviceId");

	for (unsigned i = 0; i < v->round.n; i++) {
		const struct fsv_question *q = &v->round.questions[i];
		Fsv__QueryModelResponse *answer = q->fault ? NULL :
			(Fsv__QueryModelResponse *)fsv_message_decode(&fsv__query_model_response__descriptor, q->reply, v->arena);

		if (!answer || answer->retcode != 0) {
			fsv_jsonw_begin(errors, '{');
			fsv_jsonw_kv_str(errors, "address", fsv_str(q->node->address));
			fsv_jsonw_kv_int(errors, "retcode", answer ? answer->retcode : 105);
			fsv_jsonw_kv_str(errors, "retmsg", fsv_str(q->fault ? q->fault : answer ? answer->message : "no list of models"));
			fsv_jsonw_end(errors, '}');
		}
		for (size_t k = 0; answer && k < answer->n_modelinfos; k++)
			if (wanted(answer->modelinfos[k], service))
				take(v, rows, q->node, answer->modelinfos[k]);
	}
}

static void write_ids(const Fsv__ModelInfoEx *model, struct fsv_map *all)
{
	for (size_t i = 0; i < model->n_serviceids; i++)
		(void)fsv_map_put(all, fsv_str(model->serviceids[i]), all);
}

static void write_list(const struct fsv_map *all, struct fsv_jsonw *w)
{
	fsv_jsonw_key(w, FSV_STR("serviceIds"));
	fsv_jsonw_begin(w, '[');
	for (size_t i = 0; i < all->n; i++)
		fsv_jsonw_str(w, all->entries[i].key);
	fsv_jsonw_end(w, ']');
}

static void raw_member(struct fsv_visit *v, const Fsv__ModelInfoEx *model, const char *name, struct fsv_jsonw *w)
{
	struct fsv_str span = fsv_field_span(fsv_str(model->content), name, v->arena);

	if (span.n > 0) {
		fsv_jsonw_key(w, fsv_str(name));
		fsv_jsonw_raw(w, span);
	}
}

/* The first copy's members; service ids are those of all, and each node's own stand with it. */
static void write_row(struct fsv_visit *v, const struct row *row, struct fsv_jsonw *w)
{
	struct fsv_map all, own;

	fsv_map_init(&all);
	fsv_jsonw_begin(w, '{');
	fsv_model_members(row->first->model, "serviceIds", v->arena, w);
	fsv_jsonw_key(w, FSV_STR("nodes"));
	fsv_jsonw_begin(w, '[');
	for (const struct copy *copy = row->first; copy; copy = copy->next) {
		fsv_map_init(&own);
		write_ids(copy->model, &own);
		write_ids(copy->model, &all);
		fsv_jsonw_begin(w, '{');
		fsv_jsonw_kv_str(w, "address", fsv_str(copy->node->address));
		write_list(&own, w);
		raw_member(v, copy->model, "allowQps", w);
		raw_member(v, copy->model, "timestamp", w);
		fsv_jsonw_end(w, '}');
		fsv_map_done(&own);
	}
	fsv_jsonw_end(w, ']');
	write_list(&all, w);
	fsv_jsonw_end(w, '}');
	fsv_map_done(&all);
}

static int descending(const void *a, const void *b)
{
	const struct row *left = ((const struct fsv_map_entry *)a)->value, *right = ((const struct fsv_map_entry *)b)->value;
	int order = strcmp(right->table, left->table);

	return order ? order : strcmp(left->name_space, right->name_space);
}

static void show(struct fsv_visit *v)
{
	struct fsv_buf out, errors;
	struct fsv_jsonw w, ew;
	struct fsv_page page;
	struct fsv_map rows;

	fsv_map_init(&rows);
	fsv_buf_init(&errors, v->arena, 0);
	fsv_jsonw_init(&ew, &errors);
	fsv_jsonw_begin(&ew, '[');
	collect(v, &rows, &ew);
	fsv_jsonw_end(&ew, ']');
	if (!fsv_visit_page(v, rows.n, PAGE, &page)) {
		fsv_map_done(&rows);
		return;
	}
	/* Nothing is looked up in it any more. */
	if (rows.n > 0)
		qsort(rows.entries, rows.n, sizeof(rows.entries[0]), descending);
	fsv_visit_rows(v, rows.n, &out, &w);
	for (size_t i = page.from; i < page.to; i++)
		write_row(v, rows.entries[i].value, &w);
	fsv_jsonw_end(&w, ']');
	fsv_jsonw_key(&w, FSV_STR("errors"));
	fsv_jsonw_raw(&w, fsv_buf_str(&errors));
	fsv_jsonw_end(&w, '}');
	fsv_map_done(&rows);
	fsv_visit_reply(v, 0, "success", fsv_buf_str(&out));
}

void fsv_all_models(struct fsv_visit *v)
{
	struct fsv_directory *directory = fsv_admin_directory(v->admin);
	Fsv__QueryModelRequest request = FSV__QUERY_MODEL_REQUEST__INIT;
	struct fsv_str body;

	request.brief = true;
	body = fsv_message_encode(&request.base, v->arena);
	v->round = (struct fsv_round){ .questions = FSV_ARENA_NEW_N(v->arena, struct fsv_question, directory->n),
				       .timeout_ms = fsv_visit_timeout(v) };
	for (unsigned i = 0; i < directory->n; i++)
		if (strcmp(directory->nodes[i].component, "serving") == 0)
			v->round.questions[v->round.n++] = (struct fsv_question){
				.node = &directory->nodes[i], .method = FSV_MODEL_SERVICE "queryModel", .body = body };
	fsv_visit_ask_all(v, show);
}
