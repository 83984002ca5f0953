/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's merge: its own row with the answers of the other parties. Texts are the reference's. */
#include "plan-private.h"

#include <stdio.h>

#include "base/err.h"

/* "2" and the host's code, as texts: 113 becomes 2113. */
static int guest_code(int host_code, int *ret_code)
{
	char text[16];
	int64_t code;
	int n = snprintf(text, sizeof(text), "2%d", host_code);

	if (host_code < 0 || !fsv_str_to_i64(fsv_str_n(text, (size_t)n), &code) || code > INT32_MAX)
		return -1;
	*ret_code = (int)code;
	return 0;
}

/* First party that failed, or NULL. (The reference lets later parties overwrite its text.) */
static const struct fsv_remote *first_failure(const struct fsv_remote *remotes, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (remotes[i].retcode != 0)
			return &remotes[i];
	return NULL;
}

static int pass_failure(const struct fsv_remote *failed, struct fsv_arena *arena, struct fsv_merge *ret_merge,
			struct fsv_err *err)
{
	struct fsv_buf text;
	int code;

	if (guest_code(failed->retcode, &code) < 0)
		return fsv_err_set(err, FSV_E_SYSTEM, "party %.*s: its return code is out of range",
				   FSV_STR_ARG(failed->party_id));
	fsv_buf_init(&text, arena, 0);
	fsv_buf_printf(&text, "host return code %d host msg :", failed->retcode);
	fsv_buf_add(&text, failed->message);
	*ret_merge = (struct fsv_merge){ .retcode = code, .retmsg = fsv_buf_str(&text) };
	return 0;
}

static const struct fsv_op *last_predictor(const struct fsv_plan *plan)
{
	unsigned i = plan->n_ops;

	while (i > 0)
		if (plan->ops[--i]->kind->predictor)
			return plan->ops[i];
	return NULL;
}

int fsv_plan_merge(const struct fsv_plan *plan, const struct fsv_row *row, const struct fsv_remote *remotes,
		   unsigned n_remotes, struct fsv_arena *arena, struct fsv_jsonw *out,
		   struct fsv_merge *ret_merge, struct fsv_err *err)
{
	const struct fsv_op *last = last_predictor(plan);
	const struct fsv_remote *failed;

	if (n_remotes == 0)
		return fsv_err_set(err, FSV_E_MERGE, "remote inference result is null");
	failed = first_failure(remotes, n_remotes);
	if (failed)
		return pass_failure(failed, arena, ret_merge, err);
	if (!row)
		return fsv_err_set(err, FSV_E_MERGE, "local result is invalid ");
	for (unsigned i = 0; i < n_remotes; i++)
		if (remotes[i].data.n == 0)
			return fsv_err_set(err, FSV_E_MERGE, "remote inference result is null");
	/* Every predictor must merge; the answer is that of the last one in the DSL's order. */
	for (unsigned i = 0; i < plan->n_ops; i++) {
		const struct fsv_op *op = plan->ops[i];
		int r;

		if (!op->kind->predictor)
			continue;
		r = op->kind->merge(op, row, remotes, n_remotes, arena, op == last ? out : NULL, err);
		if (r < 0)
			return r;
	}
	*ret_merge = (struct fsv_merge){ .retcode = 0, .retmsg = remotes[n_remotes - 1].message };
	return 0;
}
