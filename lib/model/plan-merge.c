/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's merge: its own row with the answers of the other parties. Texts are the reference's. */
#include "plan-private.h"

#include <math.h>
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

/* Has it a result? Predictors, and those that change one. */
static bool merges(const struct fsv_op *op)
{
	return op->kind->predictor || op->kind->adjust;
}

static unsigned last_merging(const struct fsv_plan *plan)
{
	unsigned i = plan->n_ops;

	while (i > 0 && !merges(plan->ops[i - 1]))
		i--;
	return i - 1;
}

static int check_result(const struct fsv_op *op, const struct fsv_result *result, struct fsv_err *err)
{
	for (uint32_t i = 0; i < result->n; i++)
		if (!isfinite(result->scores[i]))
			return fsv_err_set(err, FSV_E_SYSTEM, "%.*s: the score is not a finite number",
					   FSV_STR_ARG(op->component));
	return 0;
}

static void write_double(struct fsv_jsonw *out, const char *key, double v)
{
	fsv_jsonw_key(out, fsv_str(key));
	fsv_jsonw_double(out, v);
}

static void write_result(const struct fsv_result *result, struct fsv_jsonw *out)
{
	if (result->list) {
		fsv_jsonw_key(out, FSV_STR("score"));
		fsv_jsonw_begin(out, '[');
		for (uint32_t i = 0; i < result->n; i++)
			fsv_jsonw_double(out, result->scores[i]);
		fsv_jsonw_end(out, ']');
	} else {
		write_double(out, "score", result->scores[0]);
	}
	if (result->label.p) {
		fsv_jsonw_key(out, FSV_STR("label"));
		fsv_jsonw_str(out, result->label);
	}
	if (result->has_rates) {
		write_double(out, "guestModelWeightHitRate", result->weight_rate);
		write_double(out, "guestInputDataHitRate", result->input_rate);
	}
	if (result->has_probability)
		write_double(out, "probability", result->probability);
}

struct parties {
	const struct fsv_remote *remotes;
	unsigned n;
};

/* The result of a component: a predictor's own, or what has become of another's. */
static int find_result(const struct fsv_plan *plan, const struct fsv_op *op, const struct fsv_row *row,
		       struct parties parties, struct fsv_arena *arena, struct fsv_result *result, struct fsv_err *err)
{
	int r;

	if (op->kind->predictor) {
		r = op->kind->score(plan, op, row, parties.remotes, parties.n, arena, result, err);
		return r < 0 ? r : check_result(op, result, err);
	}
	r = find_result(plan, op->upstream, row, parties, arena, result, err);
	return r < 0 ? r : op->kind->adjust(op, arena, result, err);
}

static int merge_op(const struct fsv_plan *plan, const struct fsv_op *op, const struct fsv_row *row,
		    struct parties parties, struct fsv_arena *arena, struct fsv_jsonw *out, struct fsv_err *err)
{
	struct fsv_result result = { 0 };
	int r;

	r = find_result(plan, op, row, parties, arena, &result, err);
	if (r == 0 && out)
		write_result(&result, out);
	return r;
}

/* A batch row whose local part failed: the reference's code depends on the predictor. */
static int no_row(const struct fsv_plan *plan, struct fsv_err *err)
{
	for (unsigned i = 0; i < plan->n_ops; i++)
		if (plan->ops[i]->kind->predictor && plan->ops[i]->kind->broken_row_is_110)
			return fsv_err_set(err, FSV_E_SYSTEM, "local result is invalid");
	return fsv_err_set(err, FSV_E_MERGE, "local result is invalid ");
}

static const struct fsv_op *predictor_of(const struct fsv_op *op)
{
	while (!op->kind->predictor)
		op = op->upstream;
	return op;
}

static int check_parties(const struct fsv_plan *plan, struct parties parties, struct fsv_err *err)
{
	if (parties.n == 0 && !plan->local)
		return fsv_err_set(err, FSV_E_MERGE, "remote inference result is null");
	for (unsigned i = 0; i < parties.n; i++)
		if (parties.remotes[i].data.n == 0)
			return fsv_err_set(err, FSV_E_MERGE, "remote inference result is null");
	return 0;
}

int fsv_plan_merge(const struct fsv_plan *plan, const struct fsv_row *row, const struct fsv_remote *remotes,
		   unsigned n_remotes, struct fsv_arena *arena, struct fsv_jsonw *out,
		   struct fsv_merge *ret_merge, struct fsv_err *err)
{
	const struct fsv_remote *failed = first_failure(remotes, n_remotes);
	unsigned last = last_merging(plan);
	int r;

	if (failed)
		return pass_failure(failed, arena, ret_merge, err);
	if (!row && (n_remotes > 0 || plan->local))
		return no_row(plan, err);
	r = check_parties(plan, (struct parties){ remotes, n_remotes }, err);
	/* Every predictor must merge; the answer is that of the last component in the DSL's order. */
	for (unsigned i = 0; r == 0 && i <= last; i++)
		if (merges(plan->ops[i]))
			r = merge_op(plan, plan->ops[i], row, (struct parties){ remotes, n_remotes }, arena,
				     i == last ? out : NULL, err);
	if (r < 0)
		return r;
	*ret_merge = (struct fsv_merge){ .retcode = 0, .retmsg = FSV_STR("") };
	if (n_remotes > 0 && !predictor_of(plan->ops[last])->kind->drops_host_text)
		ret_merge->retmsg = remotes[n_remotes - 1].message;
	return 0;
}

bool fsv_plan_asks_partners(const struct fsv_plan *plan)
{
	return !plan->local;
}
