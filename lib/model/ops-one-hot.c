/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One-hot encoding: a column becomes one column for each category that training saw, 1.0 where the value
 * is that category, else 0.0. Categories that are numbers match by value ("1", 1 and 1.0 are one
 * category, as in training), others letter by letter; a value never seen gives zeros only.
 */
#include "one-hot.h"

#include "lib/proto/model.pb-c.h"

/* Compiling ------------------------------------------------------------------------------------------- */

struct source {
	bool *consumed;			/* by column, for all columns so far */
	const Fsv__ColsMap **maps;	/* by column */
	uint32_t *columns, n;		/* consumed ones, each once */
};

static int intern_made(struct fsv_compile *c, const Fsv__ColsMap *map, size_t *n_made, struct fsv_err *err)
{
	size_t n = map->n_values < map->n_transformed_headers ? map->n_values : map->n_transformed_headers;
	uint32_t column;

	for (size_t i = 0; i < n; i++) {
		int r = fsv_compile_column(c, fsv_str(map->transformed_headers[i]), &column, err);

		if (r < 0)
			return r;
	}
	*n_made += n;
	return 0;
}

static int read_source(struct fsv_compile *c, const Fsv__OneHotMeta *meta, const Fsv__OneHotParam *param,
		       struct source *s, size_t *n_made, struct fsv_err *err)
{
	uint32_t *named = FSV_ARENA_NEW_N(&c->scratch, uint32_t, meta->n_transform_col_names);
	uint32_t *mapped = FSV_ARENA_NEW_N(&c->scratch, uint32_t, param->n_col_map);
	int r = 0;

	for (size_t i = 0; r == 0 && i < meta->n_transform_col_names; i++)
		r = fsv_compile_column(c, fsv_str(meta->transform_col_names[i]), &named[i], err);
	for (size_t i = 0; r == 0 && i < param->n_col_map; i++) {
		r = fsv_compile_column(c, fsv_str(param->col_map[i]->key), &mapped[i], err);
		if (r == 0 && param->col_map[i]->value)
			r = intern_made(c, param->col_map[i]->value, n_made, err);
	}
	if (r < 0)
		return r;
	s->consumed = FSV_ARENA_NEW_N(&c->scratch, bool, c->plan->n_columns);
	s->maps = FSV_ARENA_NEW_N(&c->scratch, const Fsv__ColsMap *, c->plan->n_columns);
	s->columns = FSV_ARENA_NEW_N(&c->scratch, uint32_t, meta->n_transform_col_names);
	for (size_t i = 0; i < meta->n_transform_col_names; i++) {
		if (!s->consumed[named[i]])
			s->columns[s->n++] = named[i];
		s->consumed[named[i]] = true;
	}
	for (size_t i = 0; i < param->n_col_map; i++)
		s->maps[mapped[i]] = param->col_map[i]->value;
	return 0;
}

/* The columns that stand in the place of one. */
static int expand(struct fsv_compile *c, const struct source *s, const struct fsv_frame *in, struct fsv_frame *out,
		  uint32_t column, bool maybe, struct fsv_one_hot *o, struct fsv_err *err)
{
	const Fsv__ColsMap *map = s->maps[column];
	struct fsv_one_hot_item *item = &o->items[o->n];

	*item = (struct fsv_one_hot_item){
		.column = column, .from = fsv_frame_slot(c->plan, in, column), .first = o->n_categories,
	};
	out->spread->first[column] = o->n_categories;
	for (size_t i = 0; map && i < map->n_values && i < map->n_transformed_headers; i++) {
		uint32_t made, own, slot;
		int r = fsv_compile_column(c, fsv_str(map->transformed_headers[i]), &made, err);

		if (r < 0)
			return r;
		own = s->consumed[made] ? FSV_NO_SLOT : fsv_frame_slot(c->plan, in, made);
		if (fsv_frame_entry(out, made) || (own != FSV_NO_SLOT && !in->open))
			return fsv_err_set(err, FSV_E_MODEL_INIT, "it makes a column %s of which there is one already",
					   map->transformed_headers[i]);
		slot = fsv_compile_slot(c);
		if (o->n_categories == 0)
			o->to = slot;
		FSV_BUG_ON(slot != o->to + o->n_categories);
		o->categories[o->n_categories] = fsv_compile_constant(c, map->values[i]);
		if (o->own)
			o->own[o->n_categories] = (struct fsv_one_hot_own){ made, own };
		fsv_frame_put(out, made, slot, maybe || in->open);
		out->spread->columns[o->n_categories++] = made;
		item->n++;
	}
	out->spread->n[column] = item->n;
	o->n += item->n > 0;
	return 0;
}

static struct fsv_spread *new_spread(struct fsv_compile *c, size_t n_made)
{
	struct fsv_spread *spread = FSV_ARENA_NEW(&c->scratch, struct fsv_spread);

	spread->n_first = c->plan->n_columns;
	spread->first = FSV_ARENA_NEW_N(&c->scratch, uint32_t, spread->n_first);
	spread->n = FSV_ARENA_NEW_N(&c->scratch, uint32_t, spread->n_first);
	spread->columns = FSV_ARENA_NEW_N(&c->scratch, uint32_t, n_made);
	return spread;
}

/* In the order in which the reference fills its new map. */
static int fill_closed(struct fsv_compile *c, const struct source *s, const struct fsv_frame *in,
		       struct fsv_frame *out, struct fsv_one_hot *o, struct fsv_err *err)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < in->n; i++) {
		const struct fsv_frame_entry *e = &in->entries[i];

		if (s->consumed[e->column])
			r = expand(c, s, in, out, e->column, e->maybe, o, err);
		else if (fsv_frame_entry(out, e->column))
			r = fsv_err_set(err, FSV_E_MODEL_INIT, "it makes a column of which there is one already");
		else
			fsv_frame_put(out, e->column, e->slot, e->maybe);
	}
	return r;
}

/* Behind an open input the order is each row's own affair. */
static int fill_open(struct fsv_compile *c, const struct source *s, const struct fsv_frame *in, struct fsv_frame *out,
		     struct fsv_one_hot *o, struct fsv_err *err)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < s->n; i++)
		if (fsv_frame_slot(c->plan, in, s->columns[i]) != FSV_NO_SLOT)
			r = expand(c, s, in, out, s->columns[i], true, o, err);
	for (uint32_t i = 0; r == 0 && i < s->n; i++)
		if (!fsv_frame_entry(out, s->columns[i]))
			fsv_frame_put(out, s->columns[i], FSV_EMPTY_SLOT, true);
	for (uint32_t i = 0; r == 0 && i < in->n; i++)
		if (!fsv_frame_entry(out, in->entries[i].column))
			fsv_frame_put(out, in->entries[i].column, in->entries[i].slot, in->entries[i].maybe);
	return r;
}

static int compile(struct fsv_compile *c, const struct fsv_dsl_component *component,
		   const struct fsv_frame *in, const struct fsv_frame **ret_out, struct fsv_err *err)
{
	struct ProtobufCMessage *meta, *param;
	struct source s = { 0 };
	struct fsv_frame *out;
	struct fsv_one_hot *o;
	size_t n_made = 0;
	int r;

	r = fsv_compile_proto(c, component, FSV_META, true, &fsv__one_hot_meta__descriptor, &meta, err);
	if (r < 0 || !((const Fsv__OneHotMeta *)meta)->need_run)
		return r;
	r = fsv_compile_proto(c, component, FSV_PARAM, true, &fsv__one_hot_param__descriptor, &param, err);
	if (r < 0)
		return r;
	r = read_source(c, (const Fsv__OneHotMeta *)meta, (const Fsv__OneHotParam *)param, &s, &n_made, err);
	if (r < 0)
		return r;
	out = fsv_frame_new(c, FSV_ORDER_HASHED, in, in->open, (uint32_t)n_made + in->n + s.n);
	out->spread = new_spread(c, n_made);
	o = (struct fsv_one_hot *)fsv_compile_add(c, &fsv_op_one_hot, component, sizeof(*o), 0);
	o->items = FSV_ARENA_NEW_N(fsv_compile_arena(c), struct fsv_one_hot_item, s.n);
	o->categories = FSV_ARENA_NEW_N(fsv_compile_arena(c), uint32_t, n_made);
	o->own = in->open ? FSV_ARENA_NEW_N(fsv_compile_arena(c), struct fsv_one_hot_own, n_made) : NULL;
	r = in->open ? fill_open(c, &s, in, out, o, err) : fill_closed(c, &s, in, out, o, err);
	if (r < 0)
		return r;
	fsv_frame_finish(c, out);
	o->order = in->open ? fsv_compile_order(c, in) : NULL;
	*ret_out = out;
	return 0;
}

/* A row ------------------------------------------------------------------------------------------------ */

static bool same(const struct fsv_cell *category, const struct fsv_cell *v, bool numeric, double number)
{
	if (numeric && category->numeric && number == category->number)
		return true;
	return (v->kind == FSV_CELL_TEXT || v->kind == FSV_CELL_BOOL) &&
	       fsv_str_eq(fsv_str_n(category->p, category->n), fsv_str_n(v->p, v->n));
}

/* Where in the row's order a column stands. */
static uint32_t place_of(struct fsv_sequence sequence, uint32_t column)
{
	uint32_t at = 0;

	while (at < sequence.n && sequence.columns[at] != column)
		at++;
	return at;
}

/* The request brings a column of a name that is made here too: the later of the two stays. */
static bool own_stays(const struct fsv_plan *plan, const struct fsv_one_hot *o, const struct fsv_row *row,
		      uint32_t made, uint32_t from)
{
	struct fsv_sequence sequence = fsv_row_sequence(plan, o->order, row);

	return place_of(sequence, made) > place_of(sequence, from);
}

void fsv_one_hot_encode(const struct fsv_plan *plan, const struct fsv_one_hot *o, const struct fsv_one_hot_item *item,
			struct fsv_row *row)
{
	const struct fsv_cell *v = &row->cells[item->from];
	bool there = v->kind != FSV_CELL_ABSENT, numeric;
	double number = 0;

	numeric = there && fsv_cell_number(v, &number);
	for (uint32_t i = item->first; i < item->first + item->n; i++) {
		const struct fsv_one_hot_own *own = o->own ? &o->own[i] : NULL;
		struct fsv_cell *to = &row->cells[o->to + i];

		if (own && own->slot != FSV_NO_SLOT && row->cells[own->slot].kind != FSV_CELL_ABSENT &&
		    (!there || own_stays(plan, o, row, own->column, item->column))) {
			*to = row->cells[own->slot];
			continue;
		}
		to->kind = there ? FSV_CELL_DOUBLE : FSV_CELL_ABSENT;
		to->numeric = there;
		to->number = same(&plan->constants[o->categories[i]], v, numeric, number);
	}
}

static int run(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_row *row, struct fsv_err *err)
{
	const struct fsv_one_hot *o = (const struct fsv_one_hot *)op;

	(void)err;
	for (uint32_t i = 0; i < o->n; i++)
		fsv_one_hot_encode(plan, o, &o->items[i], row);
	return 0;
}

static void explain(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_buf *out)
{
	const struct fsv_one_hot *o = (const struct fsv_one_hot *)op;

	(void)plan;
	fsv_buf_printf(out, "one-hot, columns: %u, made of them: %u", o->n, o->n_categories);
}

const struct fsv_op_kind fsv_op_one_hot = {
	.what = "one-hot",
	.compile = compile,
	.run = run,
	.explain = explain,
};
