/* SPDX-License-Identifier: Apache-2.0 */
/* Names to columns and back. */
#include "plan-private.h"

#include <stdlib.h>

#include "base/mem.h"
#include "java-order.h"
#include "plan-hash.h"

int fsv_compile_column(struct fsv_compile *c, struct fsv_str name, uint32_t *ret_column, struct fsv_err *err)
{
	struct fsv_plan *plan = c->plan;
	size_t known = (size_t)(uintptr_t)fsv_map_get(&c->names, name);

	if (known > 0) {
		*ret_column = (uint32_t)(known - 1);
		return 0;
	}
	if (fsv_str_utf8(name) != name.n)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "a column name is not UTF-8");
	if (plan->n_columns >= FSV_PLAN_MAX_COLUMNS)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "more than %d columns", FSV_PLAN_MAX_COLUMNS);
	FSV_ARENA_MORE(&c->scratch, plan->columns, plan->n_columns, c->cap_columns, 64);
	plan->columns[plan->n_columns] = (struct fsv_column){
		.name = fsv_arena_cstr(&c->scratch, name),	/* until fsv_compile_index */
		.name_n = (uint32_t)name.n,
		.slot = fsv_compile_slot(c),
	};
	*ret_column = plan->n_columns++;
	(void)fsv_map_put(&c->names, name, (void *)(uintptr_t)plan->n_columns); /* there was none */
	return 0;
}

uint32_t fsv_compile_constant(struct fsv_compile *c, const char *text)
{
	struct fsv_plan *plan = c->plan;
	size_t known = (size_t)(uintptr_t)fsv_map_get(&c->constants, fsv_str(text));

	if (known > 0)
		return (uint32_t)(known - 1);
	FSV_ARENA_MORE(&c->scratch, plan->constants, plan->n_constants, c->cap_constants, 64);
	plan->constants[plan->n_constants++] = fsv_cell_const(fsv_arena_str(&c->scratch, fsv_str(text)));
	(void)fsv_map_put(&c->constants, fsv_str(text), (void *)(uintptr_t)plan->n_constants); /* there was none */
	return plan->n_constants - 1;
}

void fsv_compile_java_order(struct fsv_compile *c, uint32_t *columns, uint32_t n, unsigned capacity)
{
	struct fsv_str *names = FSV_ARENA_NEW_N(&c->scratch, struct fsv_str, n);
	uint32_t *order = FSV_ARENA_NEW_N(&c->scratch, uint32_t, n);

	for (uint32_t i = 0; i < n; i++)
		names[i] = fsv_column_name(&c->plan->columns[columns[i]]);
	(void)fsv_java_order(names, n, capacity, order); /* n: no column twice */
	for (uint32_t i = 0; i < n; i++)
		order[i] = columns[order[i]];
	if (n > 0)
		memcpy(columns, order, n * sizeof(*columns));
}

/* The columns as they stay, names one behind the other. */
static void move_names(struct fsv_compile *c, struct fsv_column *columns)
{
	struct fsv_plan *plan = c->plan;
	size_t total = 0;
	char *at;

	for (uint32_t i = 0; i < plan->n_columns; i++)
		total += plan->columns[i].name_n;
	at = fsv_arena_alloc(&plan->arena, total);
	for (uint32_t i = 0; i < plan->n_columns; i++) {
		columns[i] = plan->columns[i];
		columns[i].name = at;
		if (columns[i].name_n > 0)
			memcpy(at, plan->columns[i].name, columns[i].name_n);
		at += columns[i].name_n;
	}
}

static void move_constants(struct fsv_compile *c)
{
	struct fsv_plan *plan = c->plan;
	struct fsv_cell *constants = FSV_ARENA_NEW_N(&plan->arena, struct fsv_cell, plan->n_constants);
	size_t total = 0;
	char *at;

	for (uint32_t i = 0; i < plan->n_constants; i++)
		total += plan->constants[i].n;
	at = fsv_arena_alloc(&plan->arena, total);
	for (uint32_t i = 0; i < plan->n_constants; i++) {
		constants[i] = plan->constants[i];
		constants[i].p = at;
		if (constants[i].n > 0)
			memcpy(at, plan->constants[i].p, constants[i].n);
		at += constants[i].n;
	}
	plan->constants = constants;
}

void fsv_compile_index(struct fsv_compile *c)
{
	struct fsv_plan *plan = c->plan;
	struct fsv_column *columns = FSV_ARENA_NEW_N(&plan->arena, struct fsv_column, plan->n_columns);
	uint32_t size = 16;

	move_names(c, columns);
	move_constants(c);
	plan->columns = columns;
	/* At most five eighths full: most names of a request cost one or two probes. */
	while (size / 8 * 5 < plan->n_columns)
		size *= 2;
	plan->probe = FSV_ARENA_NEW_N(&plan->arena, uint32_t, size);
	plan->probe_mask = size - 1;
	for (uint32_t i = 0; i < plan->n_columns; i++) {
		uint32_t at = (uint32_t)fsv_name_hash(fsv_column_name(&columns[i])) & plan->probe_mask;

		while (plan->probe[at])
			at = (at + 1) & plan->probe_mask;
		plan->probe[at] = i + 1;
	}
	if (!plan->needs_hashes)
		return;
	plan->hashes = FSV_ARENA_NEW_N(&plan->arena, uint32_t, plan->n_columns);
	for (uint32_t i = 0; i < plan->n_columns; i++)
		plan->hashes[i] = fsv_java_spread(fsv_java_hash(fsv_column_name(&columns[i])));
}

uint32_t fsv_plan_find_column(const struct fsv_plan *plan, struct fsv_str name)
{
	uint32_t at = (uint32_t)fsv_name_hash(name) & plan->probe_mask;

	for (uint32_t i; (i = plan->probe[at]) != 0; at = (at + 1) & plan->probe_mask) {
		const struct fsv_column *known = &plan->columns[i - 1];

		if (known->name_n == name.n && fsv_name_same(known->name, name.p, name.n))
			return i - 1;
	}
	return plan->n_columns;
}
