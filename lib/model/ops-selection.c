/* SPDX-License-Identifier: Apache-2.0 */
/* Feature selection: only the columns that training kept go on, in a new map. */
#include "plan-private.h"

#include "lib/proto/model.pb-c.h"

enum { CAPACITY = 8 };

struct selection {
	struct fsv_op op;
	uint32_t n;
};

/* Columns that stay; of equal names the last counts. */
static int read_kept(struct fsv_compile *c, const Fsv__FeatureSelectionParam *param, uint32_t **ret_columns,
		     uint32_t *ret_n, bool **ret_kept, struct fsv_err *err)
{
	const Fsv__LeftCols *left = param->final_left_cols;
	size_t n = left ? left->n_left_cols : 0;
	uint32_t *columns = FSV_ARENA_NEW_N(&c->scratch, uint32_t, n);

	for (size_t i = 0; i < n; i++) {
		int r = fsv_compile_column(c, fsv_str(left->left_cols[i]->key), &columns[i], err);

		if (r < 0)
			return r;
	}
	*ret_kept = FSV_ARENA_NEW_N(&c->scratch, bool, c->plan->n_columns);
	for (size_t i = 0; i < n; i++)
		(*ret_kept)[columns[i]] = left->left_cols[i]->value != 0;
	*ret_columns = columns;
	*ret_n = (uint32_t)n;
	return 0;
}

static struct fsv_frame *make_frame(struct fsv_compile *c, const struct fsv_frame *in, const uint32_t *columns,
				    uint32_t n, const bool *kept)
{
	struct fsv_frame *out = fsv_frame_new(c, FSV_ORDER_HASHED, in, false, in->open ? n : in->n);

	out->capacity = CAPACITY;
	for (uint32_t i = 0; !in->open && i < in->n; i++)
		if (kept[in->entries[i].column])
			fsv_frame_put(out, in->entries[i].column, in->entries[i].slot, in->entries[i].maybe);
	for (uint32_t i = 0; in->open && i < n; i++) {
		uint32_t slot = fsv_frame_slot(c->plan, in, columns[i]);

		if (kept[columns[i]] && slot != FSV_NO_SLOT && !fsv_frame_entry(out, columns[i]))
			fsv_frame_put(out, columns[i], slot, true);
	}
	fsv_frame_finish(c, out);
	return out;
}

static int compile(struct fsv_compile *c, const struct fsv_dsl_component *component,
		   const struct fsv_frame *in, const struct fsv_frame **ret_out, struct fsv_err *err)
{
	struct ProtobufCMessage *message;
	struct fsv_frame *out;
	struct selection *s;
	uint32_t *columns, n;
	bool *kept;
	int r;

	r = fsv_compile_proto(c, component, FSV_META, true, &fsv__feature_selection_meta__descriptor, &message, err);
	if (r < 0 || !((const Fsv__FeatureSelectionMeta *)message)->need_run)
		return r;
	r = fsv_compile_proto(c, component, FSV_PARAM, true, &fsv__feature_selection_param__descriptor, &message, err);
	if (r < 0)
		return r;
	r = read_kept(c, (const Fsv__FeatureSelectionParam *)message, &columns, &n, &kept, err);
	if (r < 0)
		return r;
	out = make_frame(c, in, columns, n, kept);
	*ret_out = out;
	s = (struct selection *)fsv_compile_add(c, &fsv_op_selection, component, sizeof(*s), 0);
	s->n = out->n;
	return 0;
}

/* It is a matter of frames alone. */
static int run(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_row *row, struct fsv_err *err)
{
	(void)plan, (void)op, (void)row, (void)err;
	return 0;
}

static void explain(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_buf *out)
{
	(void)plan;
	fsv_buf_printf(out, "selection, columns kept: %u", ((const struct selection *)op)->n);
}

const struct fsv_op_kind fsv_op_selection = {
	.what = "selection",
	.compile = compile,
	.run = run,
	.explain = explain,
};
