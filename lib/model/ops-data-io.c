/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DataIO and DataTransform: which columns there are, what stands for missing ones, what replaces
 * outliers. Sparse and tag input yield exactly the header's columns; the imputer yields exactly the
 * columns that it has a replacement for; otherwise the request's columns go through.
 */
#include "plan-private.h"

#include "lib/proto/model.pb-c.h"
#include "tokens.h"

#define NONE	UINT32_MAX

/* One column: from which slot, and what may take its value's place on the way (numbers of constants, or NONE). */
struct item {
	uint32_t from;			/* FSV_NO_SLOT when nothing comes in */
	uint32_t missing;		/* the imputer's replacement */
};

struct data_io {
	struct fsv_op op;
	struct fsv_str format;
	struct fsv_tokens missing, outliers;
	struct item *items;		/* each into the slot behind that of the one before */
	uint32_t to;			/* the first one's */
	uint32_t *cuts;			/* the outlier's replacement of each, or NULL */
	uint32_t n;
	uint32_t filled, imputed, cut;	/* for people */
	bool fill;			/* sparse and tag: an absent column has this value */
	struct fsv_cell filling;
};

/* An entry of one of the two replacement maps. */
struct pair {
	struct fsv_str column, text;
};

/* What Meta and Param say, columns interned. */
struct source {
	const char *format;
	bool sparse;			/* sparse or tag: exactly the header's columns */
	const Fsv__ImputerMeta *imputer;	/* NULL: off */
	const Fsv__OutlierMeta *cutter;		/* NULL: off */
	uint32_t *header, n_header;	/* each column once, in the header's order */
	uint32_t *imputed, n_imputed;	/* each once, in wire order */
	uint32_t *cut, n_cut;
	/* By column, sized for all columns so far. */
	bool *in_header;
	const char **missing_text, **outlier_text;
};

static int intern(struct fsv_compile *c, char *const *names, size_t n, uint32_t **ret_columns,
		  struct fsv_err *err)
{
	*ret_columns = FSV_ARENA_NEW_N(&c->scratch, uint32_t, n);
	for (size_t i = 0; i < n; i++) {
		int r = fsv_compile_column(c, fsv_str(names[i]), &(*ret_columns)[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Takes out repetitions; the first place counts. The last text wins, as in a map. */
static uint32_t distinct(struct fsv_compile *c, uint32_t *columns, size_t n, char *const *texts,
			 const char **text_of)
{
	bool *seen = FSV_ARENA_NEW_N(&c->scratch, bool, c->plan->n_columns);
	uint32_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t column = columns[i];

		if (text_of)
			text_of[column] = texts[i];
		if (!seen[column])
			columns[kept++] = column;
		seen[column] = true;
	}
	return kept;
}

static int intern_all(struct fsv_compile *c, const Fsv__DataIOParam *param, struct source *s,
		      struct fsv_err *err)
{
	size_t n_header = s->sparse ? param->n_header : 0, n_imputed = 0, n_cut = 0;
	char **names = NULL, **missing = NULL, **outlier = NULL;
	int r;

	if ((r = intern(c, param->header, n_header, &s->header, err)) < 0)
		return r;
	if (s->imputer && param->imputer_param) {
		n_imputed = param->imputer_param->n_missing_replace_value;
		names = FSV_ARENA_NEW_N(&c->scratch, char *, n_imputed);
		missing = FSV_ARENA_NEW_N(&c->scratch, char *, n_imputed);
		for (size_t i = 0; i < n_imputed; i++) {
			names[i] = param->imputer_param->missing_replace_value[i]->key;
			missing[i] = param->imputer_param->missing_replace_value[i]->value;
		}
	}
	if ((r = intern(c, names, n_imputed, &s->imputed, err)) < 0)
		return r;
	if (s->cutter && param->outlier_param) {
		n_cut = param->outlier_param->n_outlier_replace_value;
		names = FSV_ARENA_NEW_N(&c->scratch, char *, n_cut);
		outlier = FSV_ARENA_NEW_N(&c->scratch, char *, n_cut);
		for (size_t i = 0; i < n_cut; i++) {
			names[i] = param->outlier_param->outlier_replace_value[i]->key;
			outlier[i] = param->outlier_param->outlier_replace_value[i]->value;
		}
	}
	if ((r = intern(c, names, n_cut, &s->cut, err)) < 0)
		return r;
	s->in_header = FSV_ARENA_NEW_N(&c->scratch, bool, c->plan->n_columns);
	s->missing_text = FSV_ARENA_NEW_N(&c->scratch, const char *, c->plan->n_columns);
	s->outlier_text = FSV_ARENA_NEW_N(&c->scratch, const char *, c->plan->n_columns);
	s->n_header = distinct(c, s->header, n_header, NULL, NULL);
	s->n_imputed = distinct(c, s->imputed, n_imputed, missing, s->missing_text);
	s->n_cut = distinct(c, s->cut, n_cut, outlier, s->outlier_text);
	for (uint32_t i = 0; i < s->n_header; i++)
		s->in_header[s->header[i]] = true;
	return 0;
}

static int read_source(struct fsv_compile *c, const struct fsv_dsl_component *component, struct source *s,
		       struct fsv_err *err)
{
	struct ProtobufCMessage *message;
	const Fsv__DataIOMeta *meta;
	bool needed;
	int r;

	r = fsv_compile_proto(c, component, FSV_META, true, &fsv__data_iometa__descriptor, &message, err);
	if (r < 0)
		return r;
	meta = (const Fsv__DataIOMeta *)message;
	s->format = meta->input_format;
	s->sparse = strcmp(meta->input_format, "sparse") == 0 || strcmp(meta->input_format, "tag") == 0;
	s->imputer = meta->imputer_meta && meta->imputer_meta->is_imputer ? meta->imputer_meta : NULL;
	s->cutter = meta->outlier_meta && meta->outlier_meta->is_outlier ? meta->outlier_meta : NULL;
	needed = s->sparse || s->imputer || s->cutter;
	r = fsv_compile_proto(c, component, FSV_PARAM, needed, &fsv__data_ioparam__descriptor, &message, err);
	if (r < 0)
		return r;
	return intern_all(c, (const Fsv__DataIOParam *)message, s, err);
}

/* The frame behind it, and the columns whose values it makes: their number is returned. */
static uint32_t make_frame(struct fsv_compile *c, struct source *s, const struct fsv_frame *in,
			   struct fsv_frame **ret_frame, uint32_t **ret_made)
{
	uint32_t *made = s->imputer ? s->imputed : s->header, n = s->imputer ? s->n_imputed : s->n_header;
	struct fsv_frame *frame;

	if (!s->imputer && !s->sparse)
		return fsv_frame_override(c, in, s->cut, s->n_cut, ret_frame, ret_made);
	fsv_compile_java_order(c, made, n, FSV_JAVA_MAP_CAPACITY);
	frame = fsv_frame_new(c, FSV_ORDER_MODEL, NULL, false, n);
	for (uint32_t i = 0; i < n; i++)
		fsv_frame_put(frame, made[i], fsv_compile_slot(c), false);
	fsv_frame_finish(c, frame);
	*ret_frame = frame;
	*ret_made = made;
	return n;
}

static struct fsv_cell zero(void)
{
	return (struct fsv_cell){ .number = 0, .p = "0", .n = 1, .kind = FSV_CELL_INT, .numeric = true };
}

static void make_item(struct fsv_compile *c, const struct source *s, const struct fsv_frame *in, uint32_t column,
		      struct data_io *d)
{
	const char *missing = s->missing_text[column], *outlier = s->outlier_text[column];
	struct item *item = &d->items[d->n];

	item->from = fsv_frame_slot(c->plan, in, column);
	if (s->sparse && !s->in_header[column])
		item->from = FSV_NO_SLOT;
	else if (s->sparse && item->from == FSV_NO_SLOT)
		item->from = FSV_EMPTY_SLOT;
	item->missing = missing ? fsv_compile_constant(c, missing) : NONE;
	if (d->cuts)
		d->cuts[d->n] = outlier ? fsv_compile_constant(c, outlier) : NONE;
	d->filled += s->sparse && s->in_header[column];
	d->imputed += missing != NULL;
	d->cut += outlier != NULL;
	d->n++;
}

static int compile(struct fsv_compile *c, const struct fsv_dsl_component *component,
		   const struct fsv_frame *in, const struct fsv_frame **ret_out, struct fsv_err *err)
{
	struct source s = { 0 };
	struct fsv_frame *out;
	struct data_io *d;
	uint32_t *made, n;
	int r;

	r = read_source(c, component, &s, err);
	if (r < 0)
		return r;
	if (!s.imputer && !s.sparse && s.n_cut == 0)
		return 0;
	n = make_frame(c, &s, in, &out, &made);
	*ret_out = out;
	d = (struct data_io *)fsv_compile_add(c, &fsv_op_data_io, component, sizeof(*d), 0);
	d->format = fsv_arena_str(fsv_compile_arena(c), fsv_str(s.format));
	if (s.imputer)
		fsv_tokens_init(&d->missing, s.imputer->missing_value, s.imputer->n_missing_value,
				fsv_compile_arena(c));
	if (s.cutter)
		fsv_tokens_init(&d->outliers, s.cutter->outlier_value, s.cutter->n_outlier_value,
				fsv_compile_arena(c));
	d->fill = s.sparse;
	d->filling = s.imputer ? fsv_cell_const(FSV_STR("")) : zero();
	d->to = n > 0 ? fsv_frame_slot(c->plan, out, made[0]) : 0;
	d->items = FSV_ARENA_NEW_N(fsv_compile_arena(c), struct item, n);
	d->cuts = s.n_cut > 0 ? FSV_ARENA_NEW_N(fsv_compile_arena(c), uint32_t, n) : NULL;
	for (uint32_t i = 0; i < n; i++) {
		FSV_BUG_ON(fsv_frame_slot(c->plan, out, made[i]) != d->to + i);
		make_item(c, &s, in, made[i], d);
	}
	return 0;
}

static int run(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_row *row, struct fsv_err *err)
{
	static const struct fsv_cell absent = { .kind = FSV_CELL_ABSENT };
	const struct data_io *d = (const struct data_io *)op;

	(void)err;
	for (uint32_t i = 0; i < d->n; i++) {
		const struct item *item = &d->items[i];
		const struct fsv_cell *v = item->from == FSV_NO_SLOT ? &absent : &row->cells[item->from];

		/* What is in no header is for the imputer alone. */
		if (v->kind == FSV_CELL_ABSENT && d->fill && item->from != FSV_NO_SLOT)
			v = &d->filling;
		/* null is missing; the reference fails on it. */
		if (item->missing != NONE && (v->kind <= FSV_CELL_NULL || fsv_tokens_match(&d->missing, v)))
			v = &plan->constants[item->missing];
		/* An outlier without replacement stays; the reference makes it null. */
		if (d->cuts && d->cuts[i] != NONE && fsv_tokens_match(&d->outliers, v))
			v = &plan->constants[d->cuts[i]];
		row->cells[d->to + i] = *v;
	}
	return 0;
}

static void explain(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_buf *out)
{
	const struct data_io *d = (const struct data_io *)op;

	(void)plan;
	fsv_buf_printf(out, "%.*s input", FSV_STR_ARG(d->format));
	if (d->filled > 0)
		fsv_buf_printf(out, ", header columns: %u", d->filled);
	if (d->imputed > 0)
		fsv_buf_printf(out, ", columns with a replacement for missing values: %u", d->imputed);
	if (d->cut > 0)
		fsv_buf_printf(out, ", for outliers: %u", d->cut);
}

const struct fsv_op_kind fsv_op_data_io = {
	.what = "input",
	.compile = compile,
	.run = run,
	.explain = explain,
};
