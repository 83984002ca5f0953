/* SPDX-License-Identifier: Apache-2.0 */
/* The local part: one row through the operators. */
#include "plan-private.h"

size_t fsv_plan_row_memory(const struct fsv_plan *plan)
{
	size_t arrival = plan->keep_arrival ? (size_t)plan->n_columns * sizeof(uint32_t) : 0;

	return sizeof(struct fsv_row) + plan->results_size + (size_t)plan->n_slots * sizeof(struct fsv_cell) + arrival;
}

static struct fsv_row *new_row(const struct fsv_plan *plan, struct fsv_arena *arena)
{
	size_t cells = (size_t)plan->n_slots * sizeof(struct fsv_cell);
	size_t head = sizeof(struct fsv_row) + plan->results_size;
	char *block = fsv_arena_alloc(arena, fsv_plan_row_memory(plan));
	struct fsv_row *row = (struct fsv_row *)block;

	*row = (struct fsv_row){
		.results = block + sizeof(*row),
		.cells = (struct fsv_cell *)(block + head),
		.arrival = (uint32_t *)(block + head + cells),
		.arena = arena,
	};
	memset(row->cells, 0, cells);
	return row;
}

int fsv_plan_local(const struct fsv_plan *plan, struct fsv_str features, struct fsv_arena *arena,
		   struct fsv_row **ret_row, struct fsv_err *err)
{
	struct fsv_row *row = new_row(plan, arena);
	int r;

	r = fsv_plan_scan(plan, features, arena, row, err);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < plan->n_ops; i++) {
		const struct fsv_op *op = plan->ops[i];

		r = op->kind->run(plan, op, row, err);
		if (r < 0)
			return r;
	}
	*ret_row = row;
	return 0;
}

/* Rows that are taken through the operators together: what an operator reads of the model stays in the cache
 * meanwhile, and so do the rows. */
enum { TOGETHER = 16 };

static void fail_row(struct fsv_plan_row *row, const struct fsv_err *err, struct fsv_arena *arena)
{
	row->row = NULL;
	row->code = err->code;
	row->why = fsv_arena_str(arena, fsv_str(err->text));
}

static void scan_row(const struct fsv_plan *plan, struct fsv_plan_row *row, struct fsv_arena *arena)
{
	struct fsv_err err;
	int r;

	row->row = new_row(plan, arena);
	if (row->features.p)
		r = fsv_plan_scan(plan, row->features, arena, row->row, &err);
	else
		r = fsv_err_set(&err, FSV_E_SYSTEM, "there are no features");
	if (r < 0)
		fail_row(row, &err, arena);
}

static void run_op(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_plan_row *rows, size_t n,
		   struct fsv_arena *arena)
{
	struct fsv_err err;

	for (size_t i = 0; i < n; i++)
		if (rows[i].row && op->kind->run(plan, op, rows[i].row, &err) < 0)
			fail_row(&rows[i], &err, arena);
}

void fsv_plan_local_rows(const struct fsv_plan *plan, struct fsv_plan_row *rows, size_t n, struct fsv_arena *arena)
{
	for (size_t from = 0; from < n; from += TOGETHER) {
		size_t len = n - from < TOGETHER ? n - from : TOGETHER;

		for (size_t i = 0; i < len; i++)
			scan_row(plan, &rows[from + i], arena);
		for (unsigned i = 0; i < plan->n_ops; i++)
			run_op(plan, plan->ops[i], &rows[from], len, arena);
	}
}

int fsv_row_bad_value(const struct fsv_plan *plan, const struct fsv_op *op, uint32_t column,
		      const struct fsv_cell *cell, struct fsv_err *err)
{
	struct fsv_str name = fsv_column_name(&plan->columns[column]);

	return fsv_err_set(err, FSV_E_SYSTEM, "%.*s: column %.*s %s", FSV_STR_ARG(op->component),
			   FSV_STR_ARG(name), cell->kind == FSV_CELL_NULL ? "is null" : "is not a number");
}

/* Does a component have members in the answer of a host? */
static bool writes(const struct fsv_op *op)
{
	return op->kind->write != NULL;
}

/* A later component of the same kind writes the same member names. */
static bool shadowed(const struct fsv_plan *plan, unsigned at)
{
	for (unsigned i = at + 1; i < plan->n_ops; i++)
		if (plan->ops[i]->kind == plan->ops[at]->kind)
			return true;
	return false;
}

int fsv_plan_write_local(const struct fsv_plan *plan, const struct fsv_row *row, bool spread,
			 struct fsv_jsonw *out, struct fsv_err *err)
{
	for (unsigned i = 0; i < plan->n_ops; i++) {
		const struct fsv_op *op = plan->ops[i];
		int r = op->kind->check ? op->kind->check(op, row, err) : 0;

		if (r < 0)
			return r;
	}
	for (unsigned i = 0; i < plan->n_ops; i++) {
		const struct fsv_op *op = plan->ops[i];

		if (!writes(op))
			continue;
		fsv_jsonw_key(out, op->component);
		fsv_jsonw_begin(out, '{');
		op->kind->write(op, row, out);
		fsv_jsonw_end(out, '}');
		if (spread && !shadowed(plan, i))
			op->kind->write(op, row, out);
	}
	return 0;
}
