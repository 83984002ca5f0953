/* SPDX-License-Identifier: Apache-2.0 */
#include "remote-part.h"

enum found { ABSENT, BROKEN, NUMBER };

static enum found read_number(struct fsv_json *j, double *ret_number)
{
	enum fsv_json_type type = fsv_json_value(j);

	if (type == FSV_JSON_INT || type == FSV_JSON_DOUBLE) {
		*ret_number = fsv_json_double(j);
		return NUMBER;
	}
	fsv_json_skip_rest(j, type);
	return type == FSV_JSON_NULL ? ABSENT : BROKEN;
}

/* Exactly n numbers. */
static enum found read_numbers(struct fsv_json *j, double *numbers, uint32_t n)
{
	enum fsv_json_type type = fsv_json_value(j);
	enum found found = NUMBER;
	uint32_t k = 0;
	double x;

	if (type != FSV_JSON_ARRAY) {
		fsv_json_skip_rest(j, type);
		return type == FSV_JSON_NULL ? ABSENT : BROKEN;
	}
	for (; fsv_json_elem(j); k++) {
		if (read_number(j, &x) != NUMBER)
			found = BROKEN;
		else if (k < n)
			numbers[k] = x;
	}
	return k == n ? found : BROKEN;
}

/* What is wanted out of a component's map. */
struct wanted {
	double *score;
	uint32_t n_score;	/* 0: a number, else an array of as many */
	double *cross;		/* or NULL */
	uint32_t n_cross;
};

static enum found read_component(struct fsv_json *j, const struct wanted *w)
{
	enum found score = BROKEN, cross = w->cross ? BROKEN : NUMBER;
	enum fsv_json_type type = fsv_json_value(j);
	struct fsv_str key;

	if (type != FSV_JSON_OBJECT) {
		fsv_json_skip_rest(j, type);
		return type == FSV_JSON_NULL ? ABSENT : BROKEN;
	}
	while (fsv_json_key(j, &key)) {
		if (fsv_str_is(key, "score"))
			score = w->n_score > 0 ? read_numbers(j, w->score, w->n_score) : read_number(j, w->score);
		else if (w->cross && fsv_str_is(key, "fm_cross"))
			cross = read_numbers(j, w->cross, w->n_cross);
		else
			fsv_json_skip(j, NULL);
	}
	return score == NUMBER && cross == NUMBER ? NUMBER : BROKEN;
}

static int unusable(const struct fsv_remote *remote, struct fsv_err *err)
{
	return fsv_err_set(err, FSV_E_SYSTEM, "party %.*s: its answer has no usable score",
			   FSV_STR_ARG(remote->party_id));
}

/* The component's map, and "prob" beside it. Negative when data is no JSON object. */
static int read_data(const struct fsv_op *op, const struct fsv_remote *remote, struct fsv_arena *arena,
		     const struct wanted *w, enum found *ret_component, enum found *ret_prob, double *prob,
		     struct fsv_err *err)
{
	enum found component = ABSENT, old = ABSENT;
	struct fsv_json j;
	struct fsv_str key;

	fsv_json_init(&j, remote->data, arena);
	if (fsv_json_value(&j) != FSV_JSON_OBJECT)
		return unusable(remote, err);
	while (fsv_json_key(&j, &key)) {
		if (fsv_str_eq(key, op->component))
			component = read_component(&j, w);
		else if (fsv_str_is(key, "prob"))
			old = read_number(&j, prob);
		else
			fsv_json_skip(&j, NULL);
	}
	if (fsv_json_failed(&j))
		return unusable(remote, err);
	*ret_component = component;
	*ret_prob = old;
	return 0;
}

int fsv_remote_sum(const struct fsv_op *op, const struct fsv_remote *remote, struct fsv_arena *arena,
		   double *ret_sum, struct fsv_err *err)
{
	enum found component, old;
	double score = 0, prob = 0;
	int r;

	r = read_data(op, remote, arena, &(struct wanted){ .score = &score }, &component, &old, &prob, err);
	if (r < 0)
		return r;
	if (component == ABSENT) {
		component = old;
		score = prob;
	}
	if (component == BROKEN)
		return unusable(remote, err);
	if (component == ABSENT)
		return fsv_err_set(err, FSV_E_MERGE, "host data score is null");
	*ret_sum = score;
	return 0;
}

static int read_all(const struct fsv_op *op, const struct fsv_remote *remote, struct fsv_arena *arena,
		    const struct wanted *w, struct fsv_err *err)
{
	enum found component, old;
	double prob;
	int r;

	r = read_data(op, remote, arena, w, &component, &old, &prob, err);
	if (r == 0 && component != NUMBER)
		return unusable(remote, err);
	return r;
}

int fsv_remote_sums(const struct fsv_op *op, const struct fsv_remote *remote, struct fsv_arena *arena, double *sums,
		    uint32_t n, struct fsv_err *err)
{
	return read_all(op, remote, arena, &(struct wanted){ .score = sums, .n_score = n }, err);
}

int fsv_remote_crossed(const struct fsv_op *op, const struct fsv_remote *remote, struct fsv_arena *arena,
		       double *ret_sum, double *cross, uint32_t n, struct fsv_err *err)
{
	double score = 0;
	int r = read_all(op, remote, arena, &(struct wanted){ .score = &score, .cross = cross, .n_cross = n }, err);

	if (r == 0)
		*ret_sum = score;
	return r;
}
