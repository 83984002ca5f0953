/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request's features into a row: one pass over the JSON text, one probe for each name. Of members
 * named twice the last value counts, at the place of the first, as in the reference's maps.
 */
#include "plan-private.h"

#include <stdlib.h>

#include "codec/number.h"
#include "plan-hash.h"

bool fsv_cell_text_number(const struct fsv_cell *cell, double *ret_number)
{
	if (cell->kind != FSV_CELL_TEXT)
		return false;
	return fsv_double_from_java(fsv_str_n(cell->p, cell->n), ret_number);
}

struct fsv_cell fsv_cell_const(struct fsv_str text)
{
	struct fsv_cell cell = { .kind = FSV_CELL_TEXT, .p = text.p, .n = (uint32_t)text.n };
	double number;

	if (fsv_double_from_java(text, &number)) {
		cell.number = number;
		cell.numeric = true;
	}
	return cell;
}

static void set_text(struct fsv_cell *cell, enum fsv_cell_kind kind, struct fsv_str text)
{
	cell->kind = (uint8_t)kind;
	cell->p = text.p;
	cell->n = (uint32_t)text.n;
	cell->numeric = false;
}

static void set_number(struct fsv_cell *cell, enum fsv_cell_kind kind, const struct fsv_json *j)
{
	set_text(cell, kind, j->text);
	cell->number = fsv_json_double(j);
	cell->numeric = true;
	/* The integer -0 is 0, in Java as in mathematics. */
	if (kind == FSV_CELL_INT && cell->number == 0) {
		cell->number = 0;
		set_text(cell, kind, FSV_STR("0"));
		cell->numeric = true;
	}
}

/* The value of that type that has been read or begun. */
static void set_cell(struct fsv_json *j, enum fsv_json_type type, struct fsv_cell *cell)
{
	switch (type) {
	case FSV_JSON_INT:
		set_number(cell, FSV_CELL_INT, j);
		break;
	case FSV_JSON_DOUBLE:
		set_number(cell, FSV_CELL_DOUBLE, j);
		break;
	case FSV_JSON_STRING:
		set_text(cell, FSV_CELL_TEXT, j->text);
		break;
	case FSV_JSON_TRUE:
		set_text(cell, FSV_CELL_BOOL, FSV_STR("true"));
		break;
	case FSV_JSON_FALSE:
		set_text(cell, FSV_CELL_BOOL, FSV_STR("false"));
		break;
	case FSV_JSON_NULL:
		set_text(cell, FSV_CELL_NULL, FSV_STR_NULL);
		break;
	case FSV_JSON_ARRAY:
	case FSV_JSON_OBJECT:
		set_text(cell, FSV_CELL_OTHER, FSV_STR_NULL);
		fsv_json_skip_rest(j, type);
		break;
	case FSV_JSON_NONE:
	case FSV_JSON_ERROR:
		break;
	}
}

/* Names that the model does not read, for counting the distinct ones. */
struct foreign_name {
	uint64_t hash;
	struct fsv_str name;
};

struct foreign_names {
	struct foreign_name *names;
	size_t n, cap;
};

static void add_foreign(struct foreign_names *f, struct fsv_str name, struct fsv_arena *arena)
{
	FSV_ARENA_MORE(arena, f->names, f->n, f->cap, 64);
	f->names[f->n++] = (struct foreign_name){ fsv_str_hash(name), name };
}

static int compare_foreign(const void *a, const void *b)
{
	const struct foreign_name *x = a, *y = b;
	int r;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->name.n != y->name.n)
		return x->name.n < y->name.n ? -1 : 1;
	r = x->name.n ? memcmp(x->name.p, y->name.p, x->name.n) : 0;
	return r;
}

static uint32_t count_distinct(struct foreign_names *f)
{
	uint32_t n = 0;

	if (f->n > 0)
		qsort(f->names, f->n, sizeof(*f->names), compare_foreign);
	for (size_t i = 0; i < f->n; i++)
		n += i == 0 || compare_foreign(&f->names[i - 1], &f->names[i]) != 0;
	return n;
}

int fsv_plan_scan(const struct fsv_plan *plan, struct fsv_str features, struct fsv_arena *arena,
		  struct fsv_row *row, struct fsv_err *err)
{
	struct foreign_names foreign = { 0 };
	enum fsv_json_type type;
	struct fsv_json j;
	struct fsv_str name;
	int r;

	/* Cells measure texts in 32 bits. */
	if (features.n > UINT32_MAX)
		return fsv_err_set(err, FSV_E_LIMIT, "features: %zu bytes are too many", features.n);
	fsv_json_init(&j, features, arena);
	if (fsv_json_value(&j) != FSV_JSON_OBJECT) {
		if (fsv_json_failed(&j))
			goto failed;
		return fsv_err_set(err, FSV_E_TYPE, "features are not a JSON object");
	}
	while ((type = fsv_json_member(&j, &name)) > FSV_JSON_NONE) {
		uint32_t column = fsv_plan_find_column(plan, name);
		struct fsv_cell *cell;

		if (column == plan->n_columns) {
			if (plan->count_names)
				add_foreign(&foreign, name, arena);
			fsv_json_skip_rest(&j, type);
			continue;
		}
		cell = &row->cells[plan->columns[column].slot];
		if (cell->kind == FSV_CELL_ABSENT && plan->keep_arrival)
			row->arrival[row->n_arrival++] = column;
		set_cell(&j, type, cell);
	}
	if (fsv_json_failed(&j))
		goto failed;
	if (plan->count_names)
		row->n_foreign = count_distinct(&foreign);
	return 0;
failed:
	r = fsv_json_fail(&j, err);
	(void)fsv_err_wrap(err, "features"); /* r says it all */
	return r;
}
