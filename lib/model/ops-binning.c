/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binning: a number becomes the number of the bin that it falls into, or that bin's weight of evidence.
 * What is no number drops out, and with it its column. The result goes into a new map.
 */
#include "binning.h"

#include <string.h>

#include "lib/proto/model.pb-c.h"

/* The reference's initial capacity of the maps behind binning and selection. */
enum { CAPACITY = 8 };

struct source {
	const Fsv__FeatureBinningMeta *meta;
	const Fsv__FeatureBinningParam *param;
	uint32_t *columns;		/* binned, in the order of the package */
	const Fsv__IVParam **bins;	/* of these */
	uint32_t n;
	bool woe;
};

uint32_t fsv_binning_search(const double *points, uint32_t n, double x)
{
	int64_t lo = 0, hi = (int64_t)n - 1;

	while (lo <= hi) {
		int64_t mid = (lo + hi) / 2;
		double m = points[mid];
		int below;

		if (m < x)
			below = 1;
		else if (m > x)
			below = -1;
		else if (isnan(m) || isnan(x))
			below = isnan(x) - isnan(m) != 0 ? (isnan(x) ? 1 : -1) : 0;
		else
			below = (signbit(m) != 0) - (signbit(x) != 0);
		if (below == 0)
			return (uint32_t)mid;
		if (below > 0)
			lo = mid + 1;
		else
			hi = mid - 1;
	}
	return lo < n ? (uint32_t)lo : n - 1;
}

/* Compiling ------------------------------------------------------------------------------------------- */

/* Names of the header to their index + 1; the first place of a name counts. */
static void index_header(const struct source *s, struct fsv_map *index)
{
	for (size_t i = 0; i < s->param->n_header; i++) {
		struct fsv_str name = fsv_str(s->param->header[i]);

		if (!fsv_map_get(index, name))
			(void)fsv_map_put(index, name, (void *)(uintptr_t)(i + 1)); /* there was none */
	}
}

static int check_bins(const struct source *s, const char *name, const Fsv__IVParam *bins, struct fsv_err *err)
{
	if (bins->n_split_points > UINT32_MAX / 2)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "column %s has too many split points", name);
	if (s->woe && (bins->n_woe_array == 0 || bins->n_woe_array < bins->n_split_points))
		return fsv_err_set(err, FSV_E_MODEL_INIT, "column %s is to become its weight of evidence, but has %zu "
				   "such values for %zu bins", name, bins->n_woe_array, bins->n_split_points);
	return 0;
}

/* Indexes in the header that are transformed, as flags. */
static bool *transformed_flags(struct fsv_compile *c, const struct source *s)
{
	bool *flags = FSV_ARENA_NEW_N(&c->scratch, bool, s->param->n_header);

	for (size_t i = 0; s->meta->transform_param && i < s->meta->transform_param->n_transform_cols; i++) {
		int64_t at = s->meta->transform_param->transform_cols[i];

		if (at >= 0 && (uint64_t)at < s->param->n_header)
			flags[at] = true;
	}
	return flags;
}

static int pick_columns(struct fsv_compile *c, struct source *s, struct fsv_map *index, struct fsv_err *err)
{
	const Fsv__FeatureBinningResult *result = s->param->binning_result;
	size_t n = result ? result->n_binning_result : 0;
	const bool *flags = transformed_flags(c, s);

	s->columns = FSV_ARENA_NEW_N(&c->scratch, uint32_t, n);
	s->bins = FSV_ARENA_NEW_N(&c->scratch, const Fsv__IVParam *, n);
	for (size_t i = 0; i < n; i++) {
		const char *name = result->binning_result[i]->key;
		const Fsv__IVParam *bins = result->binning_result[i]->value;
		size_t at = (size_t)(uintptr_t)fsv_map_get(index, fsv_str(name));
		int r;

		if (at == 0 || !flags[at - 1])
			continue;
		if (!bins)
			return fsv_err_set(err, FSV_E_MODEL_INIT, "column %s has no bins", name);
		r = check_bins(s, name, bins, err);
		if (r == 0)
			r = fsv_compile_column(c, fsv_str(name), &s->columns[s->n], err);
		if (r < 0)
			return r;
		s->bins[s->n++] = bins;
	}
	return 0;
}

static int read_source(struct fsv_compile *c, const struct fsv_dsl_component *component, struct source *s,
		       struct fsv_err *err)
{
	struct ProtobufCMessage *message;
	struct fsv_map index;
	int r;

	r = fsv_compile_proto(c, component, FSV_META, true, &fsv__feature_binning_meta__descriptor, &message, err);
	if (r < 0)
		return r;
	s->meta = (const Fsv__FeatureBinningMeta *)message;
	if (!s->meta->need_run)
		return 0;
	r = fsv_compile_proto(c, component, FSV_PARAM, true, &fsv__feature_binning_param__descriptor, &message, err);
	if (r < 0)
		return r;
	s->param = (const Fsv__FeatureBinningParam *)message;
	s->woe = s->meta->transform_param && strcmp(s->meta->transform_param->transform_type, "woe") == 0;
	fsv_map_init(&index);
	index_header(s, &index);
	r = pick_columns(c, s, &index, err);
	fsv_map_done(&index);
	return r;
}

/* Column to its place in the source + 1; the last of equal names counts. */
static uint32_t *places(struct fsv_compile *c, const struct source *s)
{
	uint32_t *place = FSV_ARENA_NEW_N(&c->scratch, uint32_t, c->plan->n_columns);

	for (uint32_t i = 0; i < s->n; i++)
		place[s->columns[i]] = i + 1;
	return place;
}

/* Then the bin is the number of points below a value. */
static bool points_ascend(const double *points, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (isnan(points[i]) || (points[i] == 0 && signbit(points[i])) || (i > 0 && points[i] <= points[i - 1]))
			return false;
	return n > 0;
}

static void add_item(struct fsv_binning *b, uint32_t from, uint32_t to, const Fsv__IVParam *bins, uint32_t *n_points,
		     uint32_t *n_woe)
{
	struct fsv_binning_item *item = &b->items[b->n++];

	*item = (struct fsv_binning_item){
		.from = from, .to = to, .points = *n_points, .n_points = (uint32_t)bins->n_split_points, .woe = *n_woe,
		.has_missing = bins->n_split_points > 0 && bins->n_woe_array > bins->n_split_points,
		.ascending = points_ascend(bins->split_points, bins->n_split_points),
	};
	for (uint32_t i = 0; i < item->n_points; i++)
		b->points[(*n_points)++] = bins->split_points[i];
	for (size_t i = 0; b->woe_wanted && i < bins->n_woe_array; i++)
		b->woe[(*n_woe)++] = bins->woe_array[i];
}

static struct fsv_frame *make_frame(struct fsv_compile *c, const struct fsv_frame *in, const struct source *s,
				    const uint32_t *place)
{
	struct fsv_frame *out = fsv_frame_new(c, FSV_ORDER_HASHED, in, in->open, in->n + s->n);

	out->capacity = CAPACITY;
	for (uint32_t i = 0; i < in->n; i++) {
		const struct fsv_frame_entry *e = &in->entries[i];
		bool binned = place[e->column] > 0 && e->slot != FSV_EMPTY_SLOT;

		fsv_frame_put(out, e->column, binned ? fsv_compile_slot(c) : e->slot, e->maybe || binned);
	}
	for (uint32_t i = 0; in->open && i < s->n; i++)
		if (!fsv_frame_entry(out, s->columns[i]))
			fsv_frame_put(out, s->columns[i], fsv_compile_slot(c), true);
	fsv_frame_finish(c, out);
	return out;
}

static void make_items(struct fsv_compile *c, const struct source *s, const struct fsv_frame *in,
		       const struct fsv_frame *out, const uint32_t *place, struct fsv_binning *b)
{
	size_t n_points = 0, n_woe = 0;
	uint32_t at_point = 0, at_woe = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		n_points += s->bins[i]->n_split_points;
		n_woe += s->woe ? s->bins[i]->n_woe_array : 0;
	}
	b->points = FSV_ARENA_NEW_N(fsv_compile_arena(c), double, n_points);
	b->woe = FSV_ARENA_NEW_N(fsv_compile_arena(c), double, n_woe);
	b->items = FSV_ARENA_NEW_N(fsv_compile_arena(c), struct fsv_binning_item, s->n);
	for (uint32_t i = 0; i < s->n; i++) {
		uint32_t from = fsv_frame_slot(c->plan, in, s->columns[i]);

		if (from != FSV_NO_SLOT && place[s->columns[i]] == i + 1)
			add_item(b, from, fsv_frame_slot(c->plan, out, s->columns[i]), s->bins[i], &at_point, &at_woe);
	}
}

static int compile(struct fsv_compile *c, const struct fsv_dsl_component *component,
		   const struct fsv_frame *in, const struct fsv_frame **ret_out, struct fsv_err *err)
{
	struct source s = { 0 };
	struct fsv_frame *out;
	struct fsv_binning *b;
	uint32_t *place;
	int r;

	r = read_source(c, component, &s, err);
	if (r < 0 || !s.param)
		return r;
	place = places(c, &s);
	out = make_frame(c, in, &s, place);
	*ret_out = out;
	b = (struct fsv_binning *)fsv_compile_add(c, &fsv_op_binning, component, sizeof(*b), 0);
	b->woe_wanted = s.woe;
	make_items(c, &s, in, out, place, b);
	return 0;
}

/* A row ------------------------------------------------------------------------------------------------ */

static int run(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_row *row, struct fsv_err *err)
{
	const struct fsv_binning *b = (const struct fsv_binning *)op;

	(void)plan, (void)err;
	for (uint32_t i = 0; i < b->n; i++) {
		const struct fsv_binning_item *item = &b->items[i];
		const struct fsv_cell *from = &row->cells[item->from];
		double x;

		if (from->kind == FSV_CELL_ABSENT || !fsv_cell_number(from, &x))
			row->cells[item->to].kind = FSV_CELL_ABSENT;
		else
			fsv_binning_put(b, item, fsv_binning_bin(b, item, x), &row->cells[item->to]);
	}
	return 0;
}

static void explain(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_buf *out)
{
	const struct fsv_binning *b = (const struct fsv_binning *)op;

	(void)plan;
	fsv_buf_printf(out, "binning, columns: %u, as %s", b->n, b->woe_wanted ? "weight of evidence" : "bin numbers");
}

const struct fsv_op_kind fsv_op_binning = {
	.what = "binning",
	.compile = compile,
	.run = run,
	.explain = explain,
};
