/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Factorization machine: a linear part, and for each pair of columns the product of their embeddings.
 * The pairs within a party are worked out there; for those between the parties each sends the sum of
 * its weighted embeddings. Embeddings are summed in the order of the package.
 */
#include "weights.h"

#include <math.h>

#include "java-math.h"
#include "lib/proto/model.pb-c.h"
#include "remote-part.h"

enum { EMBED_MAX = 4096 };

struct embedded {
	uint32_t column, slot;
	const double *values;	/* embed_size of them */
};

struct machine {
	struct fsv_op op;
	struct fsv_weights weights;
	struct embedded *embedded;	/* columns that the frame may have */
	uint32_t n_embedded;
	uint32_t n_embeddings;		/* for people */
	uint32_t size;
	/* How many columns a row has: those that may be there, and the request's others. */
	uint32_t *slots, n_slots;
	uint32_t always;
	const struct fsv_order *open;	/* or NULL */
};

/* Of one row; cross[size] lies behind it. */
struct found {
	double score, weight_rate, input_rate;
	double cross[];
};

static struct found *found_of(const struct fsv_op *op, const struct fsv_row *row)
{
	return (struct found *)(void *)(row->results + op->result_at);
}

/* Compiling ------------------------------------------------------------------------------------------- */

static int check_param(const struct fsv_compile *c, const Fsv__FMModelParam *param, struct fsv_err *err)
{
	if (param->need_one_vs_rest || (param->one_vs_rest_result && param->one_vs_rest_result->n_completed_models > 0))
		return fsv_err_set(err, FSV_E_MODEL_INIT, "one-vs-rest of factorization machines is not supported");
	if (c->opt->guest && c->opt->n_partners > 1)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "a factorization machine works with one host, this model "
				   "has %u", c->opt->n_partners);
	if (param->embed_size < 0 || param->embed_size > EMBED_MAX)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "embed_size %d is not within 0..%d", param->embed_size,
				   EMBED_MAX);
	for (size_t i = 0; i < param->n_embedding; i++)
		if (!param->embedding[i]->value ||
		    param->embedding[i]->value->n_weight < (size_t)param->embed_size)
			return fsv_err_set(err, FSV_E_MODEL_INIT, "the embedding of column %s is shorter than embed_size",
					   param->embedding[i]->key);
	return 0;
}

static int read_param(struct fsv_compile *c, const struct fsv_dsl_component *component,
		      const Fsv__FMModelParam **ret_param, struct fsv_err *err)
{
	struct ProtobufCMessage *message;
	int r;

	r = fsv_compile_proto(c, component, FSV_PARAM, true, &fsv__fmmodel_param__descriptor, &message, err);
	if (r < 0)
		return r;
	*ret_param = (const Fsv__FMModelParam *)message;
	return check_param(c, *ret_param, err);
}

/* A name that stands twice keeps its place and takes the later embedding. */
static int embed(struct fsv_compile *c, const struct fsv_frame *in, const Fsv__FMModelParam *param,
		 struct machine *m, struct fsv_err *err)
{
	uint32_t *columns = FSV_ARENA_NEW_N(&c->scratch, uint32_t, param->n_embedding), *place;

	for (size_t i = 0; i < param->n_embedding; i++) {
		int r = fsv_compile_column(c, fsv_str(param->embedding[i]->key), &columns[i], err);

		if (r < 0)
			return r;
	}
	m->size = (uint32_t)param->embed_size;
	m->embedded = FSV_ARENA_NEW_N(fsv_compile_arena(c), struct embedded, param->n_embedding);
	place = FSV_ARENA_NEW_N(&c->scratch, uint32_t, c->plan->n_columns);
	for (size_t i = 0; i < param->n_embedding; i++) {
		uint32_t slot = fsv_frame_slot(c->plan, in, columns[i]);
		double *values;

		if (slot == FSV_NO_SLOT)
			continue;
		if (place[columns[i]] == 0)
			place[columns[i]] = ++m->n_embedded;
		values = FSV_ARENA_NEW_N(fsv_compile_arena(c), double, m->size);
		if (m->size > 0)
			memcpy(values, param->embedding[i]->value->weight, m->size * sizeof(*values));
		m->embedded[place[columns[i]] - 1] = (struct embedded){ columns[i], slot, values };
	}
	m->n_embeddings = (uint32_t)param->n_embedding;
	return 0;
}

static void count_columns(struct fsv_compile *c, const struct fsv_frame *in, struct machine *m)
{
	m->slots = FSV_ARENA_NEW_N(fsv_compile_arena(c), uint32_t, in->n);
	for (uint32_t i = 0; i < in->n; i++) {
		if (in->entries[i].maybe)
			m->slots[m->n_slots++] = in->entries[i].slot;
		else
			m->always++;
	}
	if (in->open) {
		m->open = fsv_compile_order(c, in);
		c->plan->count_names = true;
	}
}

static int compile(struct fsv_compile *c, const struct fsv_dsl_component *component,
		   const struct fsv_frame *in, const struct fsv_frame **ret_out, struct fsv_err *err)
{
	const Fsv__FMModelParam *param;
	struct fsv_weights weights;
	struct machine *m;
	int r;

	(void)ret_out;
	r = read_param(c, component, &param, err);
	if (r < 0)
		return r;
	r = fsv_weights_compile(c, in, FSV_WEIGHTS_FROM(c, param->weight, param->n_weight), param->n_weight,
				param->intercept, false, &weights, err);
	if (r < 0)
		return r;
	m = (struct machine *)fsv_compile_add(c, &fsv_op_fm, component, sizeof(*m),
					      sizeof(struct found) + (size_t)param->embed_size * sizeof(double));
	m->weights = weights;
	count_columns(c, in, m);
	return embed(c, in, param, m, err);
}

/* Local part ------------------------------------------------------------------------------------------ */

static double count_of(const struct fsv_plan *plan, const struct machine *m, const struct fsv_row *row)
{
	uint32_t n = m->always;

	if (m->open)
		return (double)fsv_row_sequence(plan, m->open, row).n + row->n_foreign;
	for (uint32_t i = 0; i < m->n_slots; i++)
		n += row->cells[m->slots[i]].kind != FSV_CELL_ABSENT;
	return n;
}

static int cross(const struct fsv_plan *plan, const struct machine *m, const struct fsv_row *row, double *sums,
		 double *ret_pairs, struct fsv_err *err)
{
	double *squares = FSV_ARENA_NEW_N(row->arena, double, m->size), pairs = 0;

	memset(sums, 0, m->size * sizeof(*sums));
	for (uint32_t k = 0; k < m->n_embedded; k++) {
		const struct embedded *e = &m->embedded[k];
		const struct fsv_cell *cell = &row->cells[e->slot];
		double v;

		if (cell->kind == FSV_CELL_ABSENT)
			continue;
		if (!fsv_cell_number(cell, &v))
			return fsv_row_bad_value(plan, &m->op, e->column, cell, err);
		for (uint32_t i = 0; i < m->size; i++) {
			double p = e->values[i] * v;

			sums[i] += p;
			squares[i] += p * p;
		}
	}
	for (uint32_t i = 0; i < m->size; i++)
		pairs += sums[i] * sums[i] - squares[i];
	*ret_pairs = pairs;
	return 0;
}

static int run(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_row *row, struct fsv_err *err)
{
	const struct machine *m = (const struct machine *)op;
	struct found *f = found_of(op, row);
	double s, pairs = 0;
	uint32_t hits;
	int r;

	r = fsv_weights_sum(plan, op, &m->weights, row, &s, &hits, err);
	if (r < 0)
		return r;
	r = cross(plan, m, row, f->cross, &pairs, err);
	if (r < 0)
		return r;
	s += pairs * 0.5;
	f->score = s + m->weights.intercept;
	f->weight_rate = (double)hits / (double)m->weights.n_weights;
	f->input_rate = (double)hits / count_of(plan, m, row);
	return 0;
}

static int check(const struct fsv_op *op, const struct fsv_row *row, struct fsv_err *err)
{
	const struct machine *m = (const struct machine *)op;
	const struct found *f = found_of(op, row);
	bool finite = isfinite(f->score);

	for (uint32_t i = 0; i < m->size; i++)
		finite &= isfinite(f->cross[i]) != 0;
	if (finite)
		return 0;
	return fsv_err_set(err, FSV_E_SYSTEM, "%.*s: the score is not a finite number",
			   FSV_STR_ARG(op->component));
}

static void write(const struct fsv_op *op, const struct fsv_row *row, struct fsv_jsonw *out)
{
	const struct machine *m = (const struct machine *)op;
	const struct found *f = found_of(op, row);

	fsv_jsonw_key(out, FSV_STR("score"));
	fsv_jsonw_double(out, f->score);
	fsv_jsonw_key(out, FSV_STR("fm_cross"));
	fsv_jsonw_begin(out, '[');
	for (uint32_t i = 0; i < m->size; i++)
		fsv_jsonw_double(out, f->cross[i]);
	fsv_jsonw_end(out, ']');
}

/* Merge ------------------------------------------------------------------------------------------------ */

static int score(const struct fsv_plan *plan, const struct fsv_op *op, const struct fsv_row *row,
		 const struct fsv_remote *remotes, unsigned n_remotes, struct fsv_arena *arena,
		 struct fsv_result *ret_result, struct fsv_err *err)
{
	const struct machine *m = (const struct machine *)op;
	const struct found *f = found_of(op, row);
	double *theirs = FSV_ARENA_NEW_N(arena, double, m->size), s, remote = 0;
	int r;

	(void)plan;
	if (n_remotes != 1)
		return fsv_err_set(err, FSV_E_SYSTEM, "%.*s: %u parties answered, a factorization machine takes one",
				   FSV_STR_ARG(op->component), n_remotes);
	r = fsv_remote_crossed(op, &remotes[0], arena, &remote, theirs, m->size, err);
	if (r < 0)
		return r;
	s = f->score + remote;
	for (uint32_t i = 0; i < m->size; i++)
		s += theirs[i] * f->cross[i];
	ret_result->scores = FSV_ARENA_NEW(arena, double);
	ret_result->scores[0] = fsv_java_sigmoid(s);
	ret_result->n = 1;
	ret_result->has_rates = true;
	ret_result->weight_rate = f->weight_rate;
	ret_result->input_rate = f->input_rate;
	return 0;
}

static void explain(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_buf *out)
{
	const struct machine *m = (const struct machine *)op;

	(void)plan;
	fsv_buf_printf(out, "factorization machine, embeddings: %u of %u numbers, ", m->n_embeddings, m->size);
	fsv_weights_explain(&m->weights, out);
}

const struct fsv_op_kind fsv_op_fm = {
	.what = "factorization machine",
	.predictor = true,
	.broken_row_is_110 = true,
	.compile = compile,
	.run = run,
	.explain = explain,
	.check = check,
	.write = write,
	.score = score,
};
