/* SPDX-License-Identifier: Apache-2.0 */
/* Scaling: to the range of 0 to 1, or to mean and deviation. What is no number stays as it is. */
#include "plan-private.h"

#include <math.h>
#include <strings.h>

#include "lib/proto/model.pb-c.h"

struct item {
	uint32_t from, to;
	double upper, lower;
	double shift, divisor;		/* (x - shift) / divisor */
	bool zero;			/* min-max whose upper end lies below the lower: 0 */
};

struct scale {
	struct fsv_op op;
	bool standard;
	struct item *items;
	uint32_t n;
};

static struct item min_max_item(const Fsv__ColumnScaleParam *p)
{
	double range = p->column_upper - p->column_lower;

	return (struct item){
		.upper = p->column_upper, .lower = p->column_lower, .shift = p->column_lower,
		.divisor = fabs(range) < 1e-6 ? 1 : range, .zero = range < 0,
	};
}

static struct item standard_item(const Fsv__ColumnScaleParam *p)
{
	return (struct item){
		.upper = p->column_upper, .lower = p->column_lower, .shift = p->mean,
		.divisor = p->std == 0 ? 1 : p->std,
	};
}

static int add_columns(struct fsv_compile *c, const Fsv__ScaleParam *param, uint32_t **ret_columns,
		       const Fsv__ColumnScaleParam ***ret_of, uint32_t *ret_n, struct fsv_err *err)
{
	static const Fsv__ColumnScaleParam empty = FSV__COLUMN_SCALE_PARAM__INIT;
	uint32_t *columns = FSV_ARENA_NEW_N(&c->scratch, uint32_t, param->n_col_scale_param), n = 0;
	const Fsv__ColumnScaleParam **of;

	for (size_t i = 0; i < param->n_col_scale_param; i++) {
		int r = fsv_compile_column(c, fsv_str(param->col_scale_param[i]->key), &columns[i], err);

		if (r < 0)
			return r;
	}
	of = FSV_ARENA_NEW_N(&c->scratch, const Fsv__ColumnScaleParam *, c->plan->n_columns);
	for (size_t i = 0; i < param->n_col_scale_param; i++) {
		const Fsv__ColumnScaleParam *p = param->col_scale_param[i]->value;

		if (!of[columns[i]])
			columns[n++] = columns[i];
		of[columns[i]] = p ? p : &empty;
	}
	*ret_columns = columns;
	*ret_of = of;
	*ret_n = n;
	return 0;
}

static int compile(struct fsv_compile *c, const struct fsv_dsl_component *component,
		   const struct fsv_frame *in, const struct fsv_frame **ret_out, struct fsv_err *err)
{
	const Fsv__ColumnScaleParam **of;
	struct ProtobufCMessage *message;
	const Fsv__ScaleMeta *meta;
	struct fsv_frame *out;
	uint32_t *columns, n;
	struct scale *s;
	bool standard;
	int r;

	r = fsv_compile_proto(c, component, FSV_META, true, &fsv__scale_meta__descriptor, &message, err);
	if (r < 0)
		return r;
	meta = (const Fsv__ScaleMeta *)message;
	standard = strcasecmp(meta->method, "standard_scale") == 0;
	/* Other methods leave the input alone: "set" stands for no method at all. */
	if (!meta->need_run || (!standard && strcasecmp(meta->method, "min_max_scale") != 0))
		return 0;
	r = fsv_compile_proto(c, component, FSV_PARAM, true, &fsv__scale_param__descriptor, &message, err);
	if (r < 0)
		return r;
	r = add_columns(c, (const Fsv__ScaleParam *)message, &columns, &of, &n, err);
	if (r < 0)
		return r;
	n = fsv_frame_override(c, in, columns, n, &out, &columns);
	*ret_out = out;
	s = (struct scale *)fsv_compile_add(c, &fsv_op_scale, component, sizeof(*s), 0);
	s->standard = standard;
	s->n = n;
	s->items = FSV_ARENA_NEW_N(fsv_compile_arena(c), struct item, n);
	for (uint32_t i = 0; i < n; i++) {
		s->items[i] = standard ? standard_item(of[columns[i]]) : min_max_item(of[columns[i]]);
		s->items[i].from = fsv_frame_slot(c->plan, in, columns[i]);
		s->items[i].to = fsv_frame_slot(c->plan, out, columns[i]);
	}
	return 0;
}

static double min_max(const struct item *i, double x)
{
	if (x > i->upper)
		return 1;
	if (x < i->lower || i->zero)
		return 0;
	return (x - i->shift) / i->divisor;
}

static double standard(const struct item *i, double x)
{
	if (x > i->upper)
		x = i->upper;
	else if (x < i->lower)
		x = i->lower;
	return (x - i->shift) / i->divisor;
}

static int run(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_row *row, struct fsv_err *err)
{
	const struct scale *s = (const struct scale *)op;

	(void)plan, (void)err;
	for (uint32_t i = 0; i < s->n; i++) {
		const struct item *item = &s->items[i];
		const struct fsv_cell *from = &row->cells[item->from];
		struct fsv_cell *to = &row->cells[item->to];
		double x;

		if (from->kind == FSV_CELL_ABSENT || !fsv_cell_number(from, &x)) {
			*to = *from;
			continue;
		}
		to->number = s->standard ? standard(item, x) : min_max(item, x);
		to->numeric = true;
		to->kind = FSV_CELL_DOUBLE;
	}
	return 0;
}

static void explain(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_buf *out)
{
	const struct scale *s = (const struct scale *)op;

	(void)plan;
	fsv_buf_printf(out, "scaling to %s, columns: %u", s->standard ? "mean and deviation" : "0..1", s->n);
}

const struct fsv_op_kind fsv_op_scale = {
	.what = "scaling",
	.compile = compile,
	.run = run,
	.explain = explain,
};
