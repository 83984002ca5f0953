/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan does, for people. */
#include "plan-fuse.h"

static void explain_columns(const struct fsv_plan *plan, struct fsv_buf *out)
{
	fsv_buf_printf(out, "columns known: %u", plan->n_columns);
	for (uint32_t i = 0; i < plan->n_columns; i++) {
		fsv_buf_puts(out, i > 0 ? ", " : ": ");
		fsv_buf_add(out, fsv_column_name(&plan->columns[i]));
	}
	fsv_buf_putc(out, '\n');
	fsv_buf_printf(out, "values of a row: %u, operators: %u", plan->n_slots - 1, plan->n_ops + plan->n_fused);
	if (plan->n_fused > 0)
		fsv_buf_printf(out, ", fused to %u", plan->n_ops);
	fsv_buf_putc(out, '\n');
	fsv_buf_printf(out, "memory: %zu bytes, and %zu for each row\n", fsv_plan_memory(plan), fsv_plan_row_memory(plan));
	if (plan->guest && plan->local)
		fsv_buf_puts(out, "no partner is asked\n");
}

void fsv_plan_explain(const struct fsv_plan *plan, struct fsv_buf *out)
{
	fsv_buf_printf(out, "role: %s\n", plan->guest ? "guest" : "host");
	explain_columns(plan, out);
	for (unsigned i = 0; i < plan->n_steps; i++) {
		const struct fsv_step *step = &plan->steps[i];

		fsv_buf_printf(out, "%.*s (%.*s): ", FSV_STR_ARG(step->component),
			       FSV_STR_ARG(step->class_name));
		if (step->op) {
			step->op->kind->explain(plan, step->op, out);
			fsv_fused_explain(plan, step->op, out);
		} else if (step->known) {
			fsv_buf_puts(out, "passes its input on");
		} else {
			fsv_buf_puts(out, "unknown, passes its input on");
		}
		fsv_buf_putc(out, '\n');
	}
}
