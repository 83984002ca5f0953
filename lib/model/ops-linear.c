/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linear predictors. Each party sums weight times value over its columns; the guest adds the parties'
 * sums and applies the link function. The order of the sum is that of the map which the reference
 * would iterate: it belongs to the score, to the last bit.
 */
#include "plan-private.h"

#include <math.h>
#include <stdlib.h>

#include "java-math.h"
#include "java-order.h"
#include "lib/proto/model.pb-c.h"

struct term {
	double weight;
	uint32_t column;
	uint32_t slot;			/* FSV_NO_SLOT: the column has no weight */
};

struct linear {
	struct fsv_op op;
	double intercept;
	uint32_t n_weights;		/* for people */
	bool arrival;			/* sum in the request's order; terms are by column then */
	struct term *terms;		/* else in the order of the sum */
	uint32_t n;
	unsigned chunk;			/* parallel sum: length of its chunks; 0: one sum */
	uint32_t *hashes;		/* parallel and arrival: Java's, of the names, by column */
};

static double *score_of(const struct fsv_op *op, const struct fsv_row *row)
{
	return (double *)(void *)(row->results + op->result_at);
}

/* Compiling ------------------------------------------------------------------------------------- */

static int refuse_unsupported(const Fsv__LRModelMeta *meta, const Fsv__LRModelParam *param,
			      struct fsv_err *err)
{
	if (meta->need_one_vs_rest || param->need_one_vs_rest ||
	    (param->one_vs_rest_result && param->one_vs_rest_result->n_completed_models > 0))
		return fsv_err_set(err, FSV_E_MODEL_INIT, "one-vs-rest models are not supported");
	if (param->n_encrypted_weight > 0)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "encrypted weights are not supported");
	return 0;
}

static int read_param(struct fsv_compile *c, const struct fsv_dsl_component *component,
		      const Fsv__LRModelParam **ret_param, struct fsv_err *err)
{
	struct ProtobufCMessage *meta, *param;
	int r;

	r = fsv_compile_proto(c, component, FSV_META, false, &fsv__lrmodel_meta__descriptor, &meta, err);
	if (r < 0)
		return r;
	r = fsv_compile_proto(c, component, FSV_PARAM, true, &fsv__lrmodel_param__descriptor, &param, err);
	if (r < 0)
		return r;
	*ret_param = (const Fsv__LRModelParam *)param;
	return refuse_unsupported((const Fsv__LRModelMeta *)meta, *ret_param, err);
}

/* Weights by column, for all columns so far; of equal names the last counts, as in a map. */
static int weigh_columns(struct fsv_compile *c, const Fsv__LRModelParam *param, const struct fsv_frame *in,
			 struct linear *l, struct fsv_err *err)
{
	uint32_t *columns = FSV_ARENA_NEW_N(&c->scratch, uint32_t, param->n_weight);

	for (size_t i = 0; i < param->n_weight; i++) {
		int r = fsv_compile_column(c, fsv_str(param->weight[i]->key), &columns[i], err);

		if (r < 0)
			return r;
	}
	l->n = c->plan->n_columns;
	l->terms = FSV_ARENA_NEW_N(fsv_compile_arena(c), struct term, l->n);
	for (uint32_t i = 0; i < l->n; i++)
		l->terms[i] = (struct term){ .column = i, .slot = FSV_NO_SLOT };
	for (size_t i = 0; i < param->n_weight; i++) {
		struct term *term = &l->terms[columns[i]];

		term->weight = param->weight[i]->value;
		term->slot = fsv_frame_slot(c->plan, in, columns[i]);
	}
	for (uint32_t i = 0; i < l->n; i++)
		l->n_weights += l->terms[i].slot != FSV_NO_SLOT;
	return 0;
}

/* The frame's order is the model's: keep just the columns that count. */
static void fix_order(struct fsv_compile *c, const struct fsv_frame *in, struct linear *l)
{
	uint32_t *columns = FSV_ARENA_NEW_N(&c->scratch, uint32_t, in->n), n = 0;
	struct term *terms = FSV_ARENA_NEW_N(fsv_compile_arena(c), struct term, l->n_weights);

	for (uint32_t i = 0; i < in->n; i++)
		columns[i] = in->entries[i].column;
	if (l->chunk > 0)
		fsv_compile_java_order(c, columns, in->n, FSV_JAVA_MAP_CAPACITY);
	for (uint32_t i = 0; i < in->n; i++)
		if (columns[i] < l->n && l->terms[columns[i]].slot != FSV_NO_SLOT)
			terms[n++] = l->terms[columns[i]];
	l->terms = terms;
	l->n = n;
}

static void hash_names(struct fsv_compile *c, struct linear *l)
{
	l->hashes = FSV_ARENA_NEW_N(fsv_compile_arena(c), uint32_t, l->n);
	for (uint32_t i = 0; i < l->n; i++)
		l->hashes[i] = fsv_java_spread(fsv_java_hash(c->plan->columns[i].name));
}

static int compile(struct fsv_compile *c, const struct fsv_dsl_component *component,
		   const struct fsv_frame *in, const struct fsv_frame **ret_out, struct fsv_err *err)
{
	const Fsv__LRModelParam *param;
	struct linear *l;
	int r;

	(void)ret_out;
	r = read_param(c, component, &param, err);
	if (r < 0)
		return r;
	if (c->opt->lr_parallel && c->opt->lr_split == 0)
		return fsv_err_set(err, FSV_E_RANGE, "lr.split.size must be at least 1");
	l = (struct linear *)fsv_compile_add(c, &fsv_op_logistic, component, sizeof(*l), sizeof(double));
	l->intercept = param->intercept;
	l->arrival = in->arrival;
	if (c->opt->lr_parallel && !c->opt->guest)
		l->chunk = c->opt->lr_split;
	r = weigh_columns(c, param, in, l, err);
	if (r < 0)
		return r;
	if (!l->arrival)
		fix_order(c, in, l);
	else if (l->chunk > 0)
		hash_names(c, l);
	c->plan->keep_arrival |= l->arrival;
	c->plan->count_names |= l->arrival && l->chunk > 0;
	return 0;
}

/* Local part ------------------------------------------------------------------------------------ */

/* Sum of some terms, from 0.0 on: a term whose column is absent counts as nothing. */
static int sum(const struct fsv_plan *plan, const struct linear *l, const struct fsv_row *row,
	       const struct term *terms, uint32_t n, double *ret_sum, struct fsv_err *err)
{
	double s = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct fsv_cell *cell = &row->cells[terms[i].slot];
		double x;

		if (cell->kind == FSV_CELL_ABSENT)
			continue;
		if (!fsv_cell_number(cell, &x))
			return fsv_row_bad_value(plan, &l->op, terms[i].column, cell, err);
		s += terms[i].weight * x;
	}
	*ret_sum = s;
	return 0;
}

/* The reference's fork-join sum: whole when it is short, else chunks, their sums added in order. */
static int sum_chunks(const struct fsv_plan *plan, const struct linear *l, const struct fsv_row *row,
		      const struct term *terms, uint32_t n, double *ret_sum, struct fsv_err *err)
{
	double s = 0, part;

	if (l->chunk == 0 || n <= l->chunk)
		return sum(plan, l, row, terms, n, ret_sum, err);
	for (uint32_t i = 0; i < n; i += l->chunk) {
		uint32_t len = n - i < l->chunk ? n - i : l->chunk;
		int r = sum(plan, l, row, terms + i, len, &part, err);

		if (r < 0)
			return r;
		s += part;
		if (n - i <= l->chunk)
			break;
	}
	*ret_sum = s;
	return 0;
}

static int sum_arrival(const struct fsv_plan *plan, const struct linear *l, const struct fsv_row *row,
		       double *ret_sum, struct fsv_err *err)
{
	double s = 0;

	for (uint32_t i = 0; i < row->n_arrival; i++) {
		uint32_t column = row->arrival[i];
		const struct fsv_cell *cell;
		double x;

		if (column >= l->n || l->terms[column].slot == FSV_NO_SLOT)
			continue;
		cell = &row->cells[l->terms[column].slot];
		if (!fsv_cell_number(cell, &x))
			return fsv_row_bad_value(plan, &l->op, column, cell, err);
		s += l->terms[column].weight * x;
	}
	*ret_sum = s;
	return 0;
}

struct placed {
	uint32_t bucket, arrival;
};

static int compare_placed(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	return x->arrival < y->arrival ? -1 : 1;
}

/* Buckets of a HashSet that n names were put into one by one. */
static uint32_t buckets(uint32_t n)
{
	uint32_t capacity = FSV_JAVA_MAP_CAPACITY;

	while (n > capacity / 4 * 3 && capacity < 1u << 30)
		capacity *= 2;
	return capacity;
}

/* The request's columns as a HashSet iterates them into which all of its names were put; weighted
 * ones only. */
static int sum_hashed(const struct fsv_plan *plan, const struct linear *l, struct fsv_row *row,
		      double *ret_sum, struct fsv_err *err)
{
	struct placed *placed = FSV_ARENA_NEW_N(row->arena, struct placed, row->n_arrival);
	struct term *terms = FSV_ARENA_NEW_N(row->arena, struct term, row->n_arrival);
	uint32_t mask = buckets(row->n_names) - 1, n = 0;

	for (uint32_t i = 0; i < row->n_arrival; i++) {
		uint32_t column = row->arrival[i];

		if (column < l->n && l->terms[column].slot != FSV_NO_SLOT)
			placed[n++] = (struct placed){ l->hashes[column] & mask, i };
	}
	if (n > 0)
		qsort(placed, n, sizeof(*placed), compare_placed);
	for (uint32_t i = 0; i < n; i++)
		terms[i] = l->terms[row->arrival[placed[i].arrival]];
	return sum_chunks(plan, l, row, terms, n, ret_sum, err);
}

static int run(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_row *row, struct fsv_err *err)
{
	const struct linear *l = (const struct linear *)op;
	double s;
	int r;

	if (!l->arrival)
		r = sum_chunks(plan, l, row, l->terms, l->n, &s, err);
	else if (l->chunk > 0)
		r = sum_hashed(plan, l, row, &s, err);
	else
		r = sum_arrival(plan, l, row, &s, err);
	if (r < 0)
		return r;
	*score_of(op, row) = s + l->intercept;
	return 0;
}

static int check(const struct fsv_op *op, const struct fsv_row *row, struct fsv_err *err)
{
	if (isfinite(*score_of(op, row)))
		return 0;
	return fsv_err_set(err, FSV_E_SYSTEM, "%.*s: the score is not a finite number",
			   FSV_STR_ARG(op->component));
}

static void write(const struct fsv_op *op, const struct fsv_row *row, struct fsv_jsonw *out)
{
	fsv_jsonw_key(out, FSV_STR("score"));
	fsv_jsonw_double(out, *score_of(op, row));
}

/* Merge ----------------------------------------------------------------------------------------- */

enum found { ABSENT, BROKEN, NUMBER };

static enum found read_number(struct fsv_json *j, double *ret_number)
{
	enum fsv_json_type type = fsv_json_value(j);

	if (type == FSV_JSON_INT || type == FSV_JSON_DOUBLE) {
		*ret_number = fsv_json_double(j);
		return NUMBER;
	}
	fsv_plan_skip_rest(j, type);
	return type == FSV_JSON_NULL ? ABSENT : BROKEN;
}

/* A component's map: its score, which must be there. */
static enum found read_component(struct fsv_json *j, double *ret_number)
{
	enum fsv_json_type type = fsv_json_value(j);
	enum found found = BROKEN;
	struct fsv_str key;

	if (type != FSV_JSON_OBJECT) {
		fsv_plan_skip_rest(j, type);
		return type == FSV_JSON_NULL ? ABSENT : BROKEN;
	}
	while (fsv_json_key(j, &key)) {
		if (fsv_str_is(key, "score"))
			found = read_number(j, ret_number) == NUMBER ? NUMBER : BROKEN;
		else
			fsv_json_skip(j, NULL);
	}
	return found;
}

/* The party's sum: that of the component, or "prob" from parties before 2.0. */
static int remote_score(const struct fsv_op *op, const struct fsv_remote *remote, struct fsv_arena *arena,
			double *ret_score, struct fsv_err *err)
{
	enum found component = ABSENT, prob = ABSENT;
	double component_score = 0, prob_score = 0;
	struct fsv_json j;
	struct fsv_str key;

	fsv_json_init(&j, remote->data, arena);
	if (fsv_json_value(&j) == FSV_JSON_OBJECT) {
		while (fsv_json_key(&j, &key)) {
			if (fsv_str_eq(key, op->component))
				component = read_component(&j, &component_score);
			else if (fsv_str_is(key, "prob"))
				prob = read_number(&j, &prob_score);
			else
				fsv_json_skip(&j, NULL);
		}
	} else {
		component = BROKEN;
	}
	if (component == ABSENT) {
		component = prob;
		component_score = prob_score;
	}
	if (fsv_json_failed(&j) || component == BROKEN)
		return fsv_err_set(err, FSV_E_SYSTEM, "party %.*s: its answer has no usable score",
				   FSV_STR_ARG(remote->party_id));
	if (component == ABSENT)
		return fsv_err_set(err, FSV_E_MERGE, "host data score is null");
	*ret_score = component_score;
	return 0;
}

static int merge(const struct fsv_op *op, const struct fsv_row *row, const struct fsv_remote *remotes,
		 unsigned n_remotes, struct fsv_arena *arena, struct fsv_jsonw *out, struct fsv_err *err)
{
	double s = *score_of(op, row);

	for (unsigned i = 0; i < n_remotes; i++) {
		double remote = 0;
		int r = remote_score(op, &remotes[i], arena, &remote, err);

		if (r < 0)
			return r;
		s += remote;
	}
	s = fsv_java_sigmoid(s);
	if (!isfinite(s))
		return fsv_err_set(err, FSV_E_SYSTEM, "%.*s: the score is not a finite number",
				   FSV_STR_ARG(op->component));
	if (out) {
		fsv_jsonw_key(out, FSV_STR("score"));
		fsv_jsonw_double(out, s);
	}
	return 0;
}

static void explain(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_buf *out)
{
	const struct linear *l = (const struct linear *)op;

	(void)plan;
	fsv_buf_printf(out, "logistic regression, weights: %u", l->n_weights);
	if (l->arrival)
		fsv_buf_puts(out, ", summed in the order of the request");
	if (l->chunk > 0)
		fsv_buf_printf(out, ", in chunks of %u", l->chunk);
}

const struct fsv_op_kind fsv_op_logistic = {
	.what = "logistic regression",
	.predictor = true,
	.compile = compile,
	.run = run,
	.explain = explain,
	.check = check,
	.write = write,
	.merge = merge,
};
