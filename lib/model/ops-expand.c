/* SPDX-License-Identifier: Apache-2.0 */
/* Column expansion: columns of one constant value each, behind those that are there. */
#include "plan-private.h"

#include "lib/proto/model.pb-c.h"

struct item {
	uint32_t to;
	struct fsv_cell value;
};

struct expansion {
	struct fsv_op op;
	struct item *items;
	uint32_t n;
};

static int check_meta(const Fsv__ColumnExpandMeta *meta, struct fsv_err *err)
{
	if (meta->method[0] && strcmp(meta->method, "manual") != 0)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "its method %s is not supported, only manual", meta->method);
	if (meta->n_fill_value != 1 && meta->n_fill_value != meta->n_append_header)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "it has %zu values for %zu columns", meta->n_fill_value,
				   meta->n_append_header);
	return 0;
}

static int compile(struct fsv_compile *c, const struct fsv_dsl_component *component,
		   const struct fsv_frame *in, const struct fsv_frame **ret_out, struct fsv_err *err)
{
	struct ProtobufCMessage *message;
	const Fsv__ColumnExpandMeta *meta;
	struct expansion *x;
	struct fsv_frame *out;
	uint32_t *columns;
	int r;

	r = fsv_compile_proto(c, component, FSV_META, true, &fsv__column_expand_meta__descriptor, &message, err);
	if (r < 0)
		return r;
	meta = (const Fsv__ColumnExpandMeta *)message;
	if (!meta->need_run || meta->n_append_header == 0)
		return 0;
	r = check_meta(meta, err);
	if (r < 0)
		return r;
	columns = FSV_ARENA_NEW_N(&c->scratch, uint32_t, meta->n_append_header);
	for (size_t i = 0; i < meta->n_append_header; i++) {
		r = fsv_compile_column(c, fsv_str(meta->append_header[i]), &columns[i], err);
		if (r < 0)
			return r;
	}
	x = (struct expansion *)fsv_compile_add(c, &fsv_op_expand, component, sizeof(*x), 0);
	x->n = (uint32_t)meta->n_append_header;
	x->items = FSV_ARENA_NEW_N(fsv_compile_arena(c), struct item, x->n);
	out = fsv_frame_new(c, FSV_ORDER_APPENDED, in, in->open, in->n + x->n);
	for (uint32_t i = 0; i < in->n; i++)
		fsv_frame_put(out, in->entries[i].column, in->entries[i].slot, in->entries[i].maybe);
	for (uint32_t i = 0; i < x->n; i++) {
		const char *text = meta->fill_value[meta->n_fill_value == 1 ? 0 : i];

		x->items[i].to = fsv_compile_slot(c);
		x->items[i].value = fsv_cell_const(fsv_arena_str(fsv_compile_arena(c), fsv_str(text)));
		fsv_frame_put(out, columns[i], x->items[i].to, false);
	}
	out->appended = columns;
	out->n_appended = x->n;
	fsv_frame_finish(c, out);
	*ret_out = out;
	return 0;
}

static int run(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_row *row, struct fsv_err *err)
{
	const struct expansion *x = (const struct expansion *)op;

	(void)plan, (void)err;
	for (uint32_t i = 0; i < x->n; i++)
		row->cells[x->items[i].to] = x->items[i].value;
	return 0;
}

static void explain(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_buf *out)
{
	(void)plan;
	fsv_buf_printf(out, "expansion, columns of a constant value: %u", ((const struct expansion *)op)->n);
}

const struct fsv_op_kind fsv_op_expand = {
	.what = "expansion",
	.compile = compile,
	.run = run,
	.explain = explain,
};
