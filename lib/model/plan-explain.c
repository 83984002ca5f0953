/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan does, for people. */
#include "plan-private.h"

void fsv_plan_explain(const struct fsv_plan *plan, struct fsv_buf *out)
{
	fsv_buf_printf(out, "role: %s\n", plan->guest ? "guest" : "host");
	fsv_buf_printf(out, "columns read: %u\n", plan->n_columns);
	for (unsigned i = 0; i < plan->n_steps; i++) {
		const struct fsv_step *step = &plan->steps[i];

		fsv_buf_printf(out, "%.*s (%.*s): ", FSV_STR_ARG(step->component),
			       FSV_STR_ARG(step->class_name));
		if (step->op)
			step->op->kind->explain(plan, step->op, out);
		else if (step->known)
			fsv_buf_puts(out, "passes its input on");
		else
			fsv_buf_puts(out, "unknown, passes its input on");
		fsv_buf_putc(out, '\n');
	}
}
