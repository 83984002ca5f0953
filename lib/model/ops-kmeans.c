/* SPDX-License-Identifier: Apache-2.0 */
/*
 * k-means: the cluster whose centre is nearest. Each party sums the squared distances over its own columns,
 * in the order of the header; the guest adds the parties' sums. A host's distances are seen by the guest: that lies
 * in the method.
 */
#include "plan-private.h"

#include <math.h>

#include "lib/proto/model.pb-c.h"
#include "remote-part.h"

enum { CLUSTERS_MAX = 10000 };

struct kmeans {
	struct fsv_op op;
	uint32_t *columns, *slots;	/* of the header */
	double *centres;		/* by cluster, then column */
	struct fsv_str *labels;		/* "0", "1" ... */
	uint32_t n_columns, n;
};

static double *distances_of(const struct fsv_op *op, const struct fsv_row *row)
{
	return (double *)(void *)(row->results + op->result_at);
}

/* Compiling ------------------------------------------------------------------------------------------- */

static int check_param(const Fsv__KmeansModelParam *param, struct fsv_err *err)
{
	if (param->n_centroid_detail == 0 || param->n_centroid_detail > CLUSTERS_MAX)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "%zu clusters are not within 1..%d", param->n_centroid_detail,
				   CLUSTERS_MAX);
	for (size_t i = 0; i < param->n_centroid_detail; i++)
		if (param->centroid_detail[i]->n_centroid != param->n_header)
			return fsv_err_set(err, FSV_E_MODEL_INIT, "the centre of cluster %zu has %zu numbers, its header %zu "
					   "columns", i, param->centroid_detail[i]->n_centroid, param->n_header);
	return 0;
}

static int find_columns(struct fsv_compile *c, const struct fsv_frame *in, const Fsv__KmeansModelParam *param,
			struct kmeans *k, struct fsv_err *err)
{
	k->columns = FSV_ARENA_NEW_N(fsv_compile_arena(c), uint32_t, param->n_header);
	k->slots = FSV_ARENA_NEW_N(fsv_compile_arena(c), uint32_t, param->n_header);
	for (size_t i = 0; i < param->n_header; i++) {
		int r = fsv_compile_column(c, fsv_str(param->header[i]), &k->columns[i], err);

		if (r < 0)
			return r;
		k->slots[i] = fsv_frame_slot(c->plan, in, k->columns[i]);
		if (k->slots[i] == FSV_NO_SLOT)
			return fsv_err_set(err, FSV_E_MODEL_INIT, "nothing in front of it hands on column %s", param->header[i]);
	}
	k->n_columns = (uint32_t)param->n_header;
	return 0;
}

static void copy_centres(struct fsv_compile *c, const Fsv__KmeansModelParam *param, struct kmeans *k)
{
	k->n = (uint32_t)param->n_centroid_detail;
	k->centres = FSV_ARENA_NEW_N(fsv_compile_arena(c), double, (size_t)k->n * k->n_columns);
	k->labels = FSV_ARENA_NEW_N(fsv_compile_arena(c), struct fsv_str, k->n);
	for (uint32_t i = 0; i < k->n; i++) {
		k->labels[i] = fsv_str(fsv_arena_printf(fsv_compile_arena(c), "%u", i));
		for (uint32_t f = 0; f < k->n_columns; f++)
			k->centres[(size_t)i * k->n_columns + f] = param->centroid_detail[i]->centroid[f];
	}
}

static int compile(struct fsv_compile *c, const struct fsv_dsl_component *component,
		   const struct fsv_frame *in, const struct fsv_frame **ret_out, struct fsv_err *err)
{
	const Fsv__KmeansModelParam *param;
	struct ProtobufCMessage *message;
	struct kmeans *k;
	int r;

	(void)ret_out;
	r = fsv_compile_proto(c, component, FSV_PARAM, true, &fsv__kmeans_model_param__descriptor, &message, err);
	if (r < 0)
		return r;
	param = (const Fsv__KmeansModelParam *)message;
	r = check_param(param, err);
	if (r < 0)
		return r;
	k = (struct kmeans *)fsv_compile_add(c, &fsv_op_kmeans, component, sizeof(*k),
					     param->n_centroid_detail * sizeof(double));
	r = find_columns(c, in, param, k, err);
	if (r == 0)
		copy_centres(c, param, k);
	return r;
}

/* Local part ------------------------------------------------------------------------------------------ */

static int run(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_row *row, struct fsv_err *err)
{
	const struct kmeans *k = (const struct kmeans *)op;
	double *distances = distances_of(op, row);

	memset(distances, 0, k->n * sizeof(*distances));
	for (uint32_t f = 0; f < k->n_columns; f++) {
		const struct fsv_cell *cell = &row->cells[k->slots[f]];
		double x;

		/* A column that is absent has no distance. */
		if (!fsv_cell_number(cell, &x))
			return fsv_row_bad_value(plan, op, k->columns[f], cell, err);
		for (uint32_t i = 0; i < k->n; i++) {
			double d = k->centres[(size_t)i * k->n_columns + f] - x;

			distances[i] += d * d;
		}
	}
	return 0;
}

static int check(const struct fsv_op *op, const struct fsv_row *row, struct fsv_err *err)
{
	const struct kmeans *k = (const struct kmeans *)op;

	for (uint32_t i = 0; i < k->n; i++)
		if (!isfinite(distances_of(op, row)[i]))
			return fsv_err_set(err, FSV_E_SYSTEM, "%.*s: a distance is not a finite number",
					   FSV_STR_ARG(op->component));
	return 0;
}

static void write(const struct fsv_op *op, const struct fsv_row *row, struct fsv_jsonw *out)
{
	const struct kmeans *k = (const struct kmeans *)op;

	fsv_jsonw_key(out, FSV_STR("score"));
	fsv_jsonw_begin(out, '[');
	for (uint32_t i = 0; i < k->n; i++)
		fsv_jsonw_double(out, distances_of(op, row)[i]);
	fsv_jsonw_end(out, ']');
}

/* Merge ------------------------------------------------------------------------------------------------ */

static int score(const struct fsv_plan *plan, const struct fsv_op *op, const struct fsv_row *row,
		 const struct fsv_remote *remotes, unsigned n_remotes, struct fsv_arena *arena,
		 struct fsv_result *ret_result, struct fsv_err *err)
{
	const struct kmeans *k = (const struct kmeans *)op;
	double *sums = FSV_ARENA_NEW_N(arena, double, k->n), *theirs = FSV_ARENA_NEW_N(arena, double, k->n);
	uint32_t nearest = 0;

	(void)plan;
	memcpy(sums, distances_of(op, row), k->n * sizeof(*sums));
	for (unsigned p = 0; p < n_remotes; p++) {
		int r = fsv_remote_sums(op, &remotes[p], arena, theirs, k->n, err);

		if (r < 0)
			return r;
		for (uint32_t i = 0; i < k->n; i++)
			sums[i] += theirs[i];
	}
	for (uint32_t i = 1; i < k->n; i++)
		if (sums[i] < sums[nearest])
			nearest = i;
	ret_result->scores = sums;
	ret_result->n = k->n;
	ret_result->list = true;
	ret_result->label = k->labels[nearest];
	return 0;
}

static void explain(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_buf *out)
{
	const struct kmeans *k = (const struct kmeans *)op;

	(void)plan;
	fsv_buf_printf(out, "k-means, clusters: %u, columns: %u", k->n, k->n_columns);
}

const struct fsv_op_kind fsv_op_kmeans = {
	.what = "k-means",
	.predictor = true,
	.compile = compile,
	.run = run,
	.explain = explain,
	.check = check,
	.write = write,
	.score = score,
};
