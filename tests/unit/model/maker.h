/* SPDX-License-Identifier: Apache-2.0 */
/* Models of many components for tests: each component's Meta and Param are written field by field. */
#ifndef FSV_TEST_MAKER_H
#define FSV_TEST_MAKER_H

#include <stdio.h>

#include "plan-helper.h"
#include "wire.h"

struct maker {
	struct test_model model;
	struct fsv_buf dsl, meta, param;
	char name[48], last[48];	/* of the component under way, and the one before: c1_0, c2_0 … */
	unsigned n;
};

WIRE void maker_init(struct maker *m)
{
	model_init(&m->model);
	fsv_buf_init(&m->dsl, &m->model.arena, 0);
	fsv_buf_puts(&m->dsl, "{\"components\":{");
	snprintf(m->last, sizeof(m->last), "args");
	m->name[0] = '\0';
	m->n = 0;
}

WIRE void maker_flush(struct maker *m)
{
	if (!m->name[0])
		return;
	/* FATE-Flow's filler for messages without content. */
	model_add_bytes(&m->model, fsv_arena_printf(&m->model.arena, "%s.x:Meta", m->name),
			m->meta.n > 0 ? fsv_buf_str(&m->meta) : FSV_STR("\n\3set"));
	model_add_bytes(&m->model, fsv_arena_printf(&m->model.arena, "%s.x:Param", m->name),
			m->param.n > 0 ? fsv_buf_str(&m->param) : FSV_STR("\n\3set"));
	snprintf(m->last, sizeof(m->last), "%s", m->name);
	m->name[0] = '\0';
}

/* Begins a component behind the one before; fill m->meta and m->param then. */
WIRE void maker_add(struct maker *m, const char *class_name)
{
	maker_flush(m);
	snprintf(m->name, sizeof(m->name), "c%u_0", ++m->n);
	fsv_buf_printf(&m->dsl, "%s\"%s\":{\"CodePath\":\"%s\",\"input\":{\"data\":{\"data\":[\"%s.d\"]}}}",
		       m->n == 1 ? "" : ",", m->name, class_name, m->last);
	fsv_buf_init(&m->meta, &m->model.arena, 0);
	fsv_buf_init(&m->param, &m->model.arena, 0);
}

/* After the last component. train_conf: JSON or NULL. */
WIRE int maker_compile(struct maker *m, const struct fsv_plan_opt *opt, const char *train_conf,
		       struct fsv_plan **ret_plan, struct fsv_err *err)
{
	struct fsv_buf pipeline;

	maker_flush(m);
	fsv_buf_puts(&m->dsl, "}}");
	fsv_buf_init(&pipeline, &m->model.arena, 0);
	wire_bytes(&pipeline, 1, fsv_buf_str(&m->dsl));
	if (train_conf)
		wire_text(&pipeline, 3, train_conf);
	model_add_bytes(&m->model, "pipeline.pipeline:Pipeline", fsv_buf_str(&pipeline));
	return fsv_plan_compile(&m->model.package, opt, ret_plan, err);
}

WIRE void maker_done(struct maker *m)
{
	model_done(&m->model);
}

/* Components -------------------------------------------------------------------------------------------- */

WIRE void maker_dense(struct maker *m)
{
	maker_add(m, "DataTransform");
	wire_text(&m->meta, 1, "dense");
}

/* Dense with imputer: tokens of FATE, these replacements. */
WIRE void maker_imputed(struct maker *m, const struct text_pair *replacements)
{
	static const char *const tokens[] = { "", "none", "null", "na" };
	struct fsv_buf imputer;

	maker_dense(m);
	fsv_buf_init(&imputer, &m->model.arena, 0);
	wire_int(&imputer, 1, 1);
	for (int i = 0; i < 4; i++)
		wire_text(&imputer, 3, tokens[i]);
	wire_message(&m->meta, 10, &imputer);
	fsv_buf_init(&imputer, &m->model.arena, 0);
	for (const struct text_pair *p = replacements; p->key; p++)
		wire_pair(&imputer, 1, p->key, p->value);
	wire_message(&m->param, 4, &imputer);
}

/* LRModelParam, LinRModelParam, PoissonModelParam. weights end with a NULL column. */
WIRE void maker_linear(struct maker *m, const char *class_name, const struct weight *weights, double intercept)
{
	maker_add(m, class_name);
	wire_text(&m->meta, 1, "L2");
	for (const struct weight *w = weights; w->column; w++)
		wire_weight(&m->param, 4, w->column, w->weight);
	wire_double(&m->param, 5, intercept);
}

struct bins {
	const char *column;
	double points[8];
	unsigned n_points;
	double woe[8];
	unsigned n_woe;
};

/* All of these columns are transformed. bins end with a NULL column. */
WIRE void maker_binning(struct maker *m, const char *class_name, const struct bins *bins, const char *type)
{
	struct fsv_buf transform, result, iv;
	uint64_t n = 0;

	maker_add(m, class_name);
	wire_int(&m->meta, 1, 1);
	fsv_buf_init(&transform, &m->model.arena, 0);
	fsv_buf_init(&result, &m->model.arena, 0);
	for (const struct bins *b = bins; b->column; b++) {
		fsv_buf_init(&iv, &m->model.arena, 0);
		for (unsigned i = 0; i < b->n_woe; i++)
			wire_double(&iv, 1, b->woe[i]);
		for (unsigned i = 0; i < b->n_points; i++)
			wire_double(&iv, 7, b->points[i]);
		wire_entry(&result, 1, b->column, &iv);
		wire_text(&m->param, 3, b->column);
		wire_int(&transform, 1, n++);
	}
	wire_text(&transform, 2, type);
	wire_message(&m->meta, 9, &transform);
	wire_message(&m->param, 1, &result);
}

/* names end with NULL. */
WIRE void maker_selection(struct maker *m, const char *class_name, const char *const *names)
{
	struct fsv_buf left, entry;

	maker_add(m, class_name);
	wire_int(&m->meta, 10, 1);
	fsv_buf_init(&left, &m->model.arena, 0);
	for (; *names; names++) {
		fsv_buf_init(&entry, &m->model.arena, 0);
		wire_text(&entry, 1, *names);
		wire_int(&entry, 2, 1);
		wire_message(&left, 2, &entry);
	}
	wire_message(&m->param, 2, &left);
}

/* One encoded column; categories are named column_value. values end with NULL. Call again for more. */
WIRE void maker_one_hot(struct maker *m, const char *class_name)
{
	maker_add(m, class_name);
	wire_int(&m->meta, 3, 1);
}

WIRE void maker_categories(struct maker *m, const char *column, const char *const *values)
{
	struct fsv_buf map;

	wire_text(&m->meta, 1, column);
	fsv_buf_init(&map, &m->model.arena, 0);
	for (const char *const *v = values; *v; v++) {
		wire_text(&map, 1, *v);
		wire_text(&map, 2, fsv_arena_printf(&m->model.arena, "%s_%s", column, *v));
	}
	wire_entry(&m->param, 1, column, &map);
}

struct scaling {
	const char *column;
	double upper, lower, mean, std;
};

WIRE void maker_scale(struct maker *m, const char *method, const struct scaling *scalings)
{
	struct fsv_buf p;

	maker_add(m, "Scale");
	wire_text(&m->meta, 1, method);
	wire_int(&m->meta, 9, 1);
	for (; scalings->column; scalings++) {
		fsv_buf_init(&p, &m->model.arena, 0);
		wire_double(&p, 3, scalings->upper);
		wire_double(&p, 4, scalings->lower);
		wire_double(&p, 5, scalings->mean);
		wire_double(&p, 6, scalings->std);
		wire_entry(&m->param, 1, scalings->column, &p);
	}
}

/* What a guest answers to these features and the hosts' texts ("" ends), or the error's text in < >. */
WIRE const char *merged_text(const struct fsv_plan *plan, const char *features, const char *const *hosts,
			     struct fsv_arena *arena)
{
	struct fsv_buf *out = FSV_ARENA_NEW(arena, struct fsv_buf);
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_remote remotes[4];
	struct fsv_merge merge;
	struct fsv_jsonw w;
	struct fsv_row *row;
	unsigned n = 0;

	for (; hosts && hosts[n]; n++)
		remotes[n] = (struct fsv_remote){ .party_id = FSV_STR("10000"), .data = fsv_str(hosts[n]) };
	fsv_buf_init(out, arena, 0);
	fsv_jsonw_init(&w, out);
	if (fsv_plan_local(plan, fsv_str(features), arena, &row, &err) < 0 ||
	    fsv_plan_merge(plan, row, remotes, n, arena, &w, &merge, &err) < 0)
		return fsv_arena_printf(arena, "<%s>", err.text);
	return fsv_buf_cstr(out);
}

#endif
