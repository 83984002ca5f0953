/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feature imputation: a value that is missing (absent, null, not a number, or one that the model counts as
 * missing) is replaced. Unlike the imputer of DataTransform it leaves other columns alone. Columns that
 * were not there come last.
 */
#include "plan-private.h"

#include <math.h>

#include "codec/number.h"
#include "lib/proto/model.pb-c.h"

/* A value that counts as missing. */
struct token {
	struct fsv_str text;
	double number;
	bool numeric;		/* equal numbers match, however spelt */
	bool literal;		/* equal texts match */
};

struct item {
	uint32_t from, to;	/* from: FSV_NO_SLOT when nothing comes in */
	struct fsv_cell replacement;
};

struct imputation {
	struct fsv_op op;
	struct token *tokens;
	uint32_t n_tokens;
	struct item *items;
	uint32_t n;
};

static bool is_number_type(const char *type)
{
	static const char *const types[] = { "int", "int64", "float", "float64", "double" };

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

static bool is_type(const char *type)
{
	return is_number_type(type) || strcmp(type, "str") == 0 || strcmp(type, "NoneType") == 0 || type[0] == '\0';
}

static int make_token(struct fsv_compile *c, const char *text, const char *type, struct token *token,
		      struct fsv_err *err)
{
	if (!is_type(type))
		return fsv_err_set(err, FSV_E_MODEL_INIT, "a value that counts as missing is of an unknown type %s", type);
	token->text = fsv_arena_str(fsv_compile_arena(c), fsv_str(text));
	token->literal = strcmp(type, "NoneType") != 0;
	if (is_number_type(type) || type[0] == '\0')
		token->numeric = fsv_double_from_java(token->text, &token->number);
	if (is_number_type(type) && !token->numeric)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "a value that counts as missing is no %s", type);
	return 0;
}

static int make_replacement(struct fsv_compile *c, const char *column, const char *text, const char *type,
			    struct fsv_cell *ret_cell, struct fsv_err *err)
{
	struct fsv_cell cell = fsv_cell_const(fsv_arena_str(fsv_compile_arena(c), fsv_str(text)));

	if (!is_type(type))
		return fsv_err_set(err, FSV_E_MODEL_INIT, "the replacement of column %s is of an unknown type %s", column,
				   type);
	if (is_number_type(type)) {
		if (!cell.numeric)
			return fsv_err_set(err, FSV_E_MODEL_INIT, "the replacement of column %s is no %s", column, type);
		cell.kind = FSV_CELL_DOUBLE;
	}
	*ret_cell = cell;
	return 0;
}

struct source {
	const Fsv__FeatureImputerMeta *meta;
	const Fsv__FeatureImputerParam *param;
	uint32_t *columns, n;		/* each once, in the order of the package */
	struct fsv_cell *replacements;	/* by column */
};

/* Column to the type of its replacement, and those that are skipped: by name. */
struct about {
	struct fsv_map types, skipped;
};

static void read_about(const Fsv__FeatureImputerParam *param, struct about *about)
{
	fsv_map_init(&about->types);
	fsv_map_init(&about->skipped);
	for (size_t i = 0; i < param->n_missing_replace_value_type; i++)
		(void)fsv_map_put(&about->types, fsv_str(param->missing_replace_value_type[i]->key),
				  param->missing_replace_value_type[i]->value);	/* the last counts */
	for (size_t i = 0; i < param->n_skip_cols; i++)
		(void)fsv_map_put(&about->skipped, fsv_str(param->skip_cols[i]), about);	/* as good as any */
}

static int pick_columns(struct fsv_compile *c, struct source *s, const struct about *about, struct fsv_err *err)
{
	const Fsv__FeatureImputerParam *param = s->param;
	size_t n = param->n_missing_replace_value, n_picked = 0;
	uint32_t *columns = FSV_ARENA_NEW_N(&c->scratch, uint32_t, n);
	const char **names = FSV_ARENA_NEW_N(&c->scratch, const char *, n);
	bool *seen;

	for (size_t i = 0; i < n; i++) {
		const char *name = param->missing_replace_value[i]->key;
		int r;

		if (fsv_map_get(&about->skipped, fsv_str(name)))
			continue;
		r = fsv_compile_column(c, fsv_str(name), &columns[n_picked], err);
		if (r < 0)
			return r;
		names[n_picked++] = param->missing_replace_value[i]->value;
	}
	s->replacements = FSV_ARENA_NEW_N(&c->scratch, struct fsv_cell, c->plan->n_columns);
	seen = FSV_ARENA_NEW_N(&c->scratch, bool, c->plan->n_columns);
	for (size_t i = 0; i < n_picked; i++) {
		const struct fsv_column *column = &c->plan->columns[columns[i]];
		const char *type = fsv_map_get(&about->types, fsv_column_name(column));
		int r;

		r = make_replacement(c, column->name, names[i], type ? type : "", &s->replacements[columns[i]], err);
		if (r < 0)
			return r;
		if (!seen[columns[i]])
			columns[s->n++] = columns[i];
		seen[columns[i]] = true;
	}
	s->columns = columns;
	return 0;
}

static int read_source(struct fsv_compile *c, const struct fsv_dsl_component *component, struct source *s,
		       struct fsv_err *err)
{
	struct ProtobufCMessage *message;
	const Fsv__FeatureImputationMeta *meta;
	struct about about;
	int r;

	r = fsv_compile_proto(c, component, FSV_META, true, &fsv__feature_imputation_meta__descriptor, &message, err);
	if (r < 0)
		return r;
	meta = (const Fsv__FeatureImputationMeta *)message;
	if (!meta->need_run || !meta->imputer_meta || !meta->imputer_meta->is_imputer)
		return 0;
	r = fsv_compile_proto(c, component, FSV_PARAM, true, &fsv__feature_imputation_param__descriptor, &message, err);
	if (r < 0)
		return r;
	s->meta = meta->imputer_meta;
	s->param = ((const Fsv__FeatureImputationParam *)message)->imputer_param;
	if (!s->param)
		return 0;
	read_about(s->param, &about);
	r = pick_columns(c, s, &about, err);
	fsv_map_done(&about.types);
	fsv_map_done(&about.skipped);
	return r;
}

static struct fsv_frame *make_frame(struct fsv_compile *c, const struct fsv_frame *in, const struct source *s)
{
	struct fsv_frame *out = fsv_frame_new(c, FSV_ORDER_APPENDED, in, in->open, in->n + s->n);

	for (uint32_t i = 0; i < in->n; i++)
		fsv_frame_put(out, in->entries[i].column, in->entries[i].slot, in->entries[i].maybe);
	for (uint32_t i = 0; i < s->n; i++)
		fsv_frame_put(out, s->columns[i], fsv_compile_slot(c), false);
	out->appended = s->columns;
	out->n_appended = s->n;
	fsv_frame_finish(c, out);
	return out;
}

static int compile(struct fsv_compile *c, const struct fsv_dsl_component *component,
		   const struct fsv_frame *in, const struct fsv_frame **ret_out, struct fsv_err *err)
{
	struct source s = { 0 };
	struct imputation *m;
	struct fsv_frame *out;
	int r;

	r = read_source(c, component, &s, err);
	if (r < 0 || s.n == 0)
		return r;
	out = make_frame(c, in, &s);
	m = (struct imputation *)fsv_compile_add(c, &fsv_op_imputation, component, sizeof(*m), 0);
	m->tokens = FSV_ARENA_NEW_N(fsv_compile_arena(c), struct token, s.meta->n_missing_value);
	for (size_t i = 0; i < s.meta->n_missing_value; i++) {
		r = make_token(c, s.meta->missing_value[i],
			       i < s.meta->n_missing_value_type ? s.meta->missing_value_type[i] : "",
			       &m->tokens[m->n_tokens++], err);
		if (r < 0)
			return r;
	}
	m->n = s.n;
	m->items = FSV_ARENA_NEW_N(fsv_compile_arena(c), struct item, s.n);
	for (uint32_t i = 0; i < s.n; i++)
		m->items[i] = (struct item){
			.from = fsv_frame_slot(c->plan, in, s.columns[i]),
			.to = fsv_frame_slot(c->plan, out, s.columns[i]),
			.replacement = s.replacements[s.columns[i]],
		};
	*ret_out = out;
	return 0;
}

static bool matches(const struct token *token, const struct fsv_cell *v, bool numeric, double number)
{
	if (numeric && token->numeric && number == token->number)
		return true;
	return token->literal && (v->kind == FSV_CELL_TEXT || v->kind == FSV_CELL_BOOL) &&
	       fsv_str_eq(token->text, fsv_str_n(v->p, v->n));
}

static bool is_missing(const struct imputation *m, const struct fsv_cell *v)
{
	double number = 0;
	bool numeric;

	if (v->kind <= FSV_CELL_NULL)
		return true;
	numeric = fsv_cell_number(v, &number);
	if (numeric && isnan(number))
		return true;
	for (uint32_t i = 0; i < m->n_tokens; i++)
		if (matches(&m->tokens[i], v, numeric, number))
			return true;
	return false;
}

static int run(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_row *row, struct fsv_err *err)
{
	static const struct fsv_cell absent = { .kind = FSV_CELL_ABSENT };
	const struct imputation *m = (const struct imputation *)op;

	(void)plan, (void)err;
	for (uint32_t i = 0; i < m->n; i++) {
		const struct item *item = &m->items[i];
		const struct fsv_cell *v = item->from == FSV_NO_SLOT ? &absent : &row->cells[item->from];

		row->cells[item->to] = is_missing(m, v) ? item->replacement : *v;
	}
	return 0;
}

static void explain(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_buf *out)
{
	(void)plan;
	fsv_buf_printf(out, "imputation, columns with a replacement for missing values: %u",
		       ((const struct imputation *)op)->n);
}

const struct fsv_op_kind fsv_op_imputation = {
	.what = "imputation",
	.compile = compile,
	.run = run,
	.explain = explain,
};
