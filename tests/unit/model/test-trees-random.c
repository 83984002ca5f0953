/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random forests, random people, one to three parties: plans against a plain evaluator that knows all
 * parties' splits and walks node by node, written from the description alone. Doubles must be equal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "codec/json.h"
#include "model/java-math.h"
#include "trees-helper.h"

static uint64_t state_of_dice;

static unsigned dice(unsigned sides)
{
	state_of_dice ^= state_of_dice << 13;
	state_of_dice ^= state_of_dice >> 7;
	state_of_dice ^= state_of_dice << 17;
	return (unsigned)((state_of_dice >> 20) % sides);
}

/* Values and thresholds come from the same short list, so that they meet. */
static double grid(void)
{
	static const double values[] = { -3.25, -1, -0.5, 0, 1e-9, 0.1, 0.30000000000000004, 1, 2.5, 7, 1e6, 1e-300 };

	return values[dice(sizeof(values) / sizeof(*values))];
}

/* Forests ----------------------------------------------------------------------------------------- */

static int grow_node(struct t_forest *f, struct t_tree *t, int id, unsigned depth)
{
	struct t_node *node = &t->nodes[id];

	node->owner = t->holder >= 0 ? (unsigned)t->holder : f->homo ? 0 : dice(f->n_parties);
	node->leaf = depth == 0 || t->n + 2 > T_NODES || (id != 0 && dice(5) == 0);
	for (unsigned k = 0; k < T_CLASSES; k++)
		node->weights[k] = (dice(2001) - 1000.0) / 777;
	node->weight = (dice(2001) - 1000.0) / 333;
	if (node->leaf)
		return id;
	node->fid = dice(f->n_columns);
	node->limit = grid();
	node->missing = f->homo || t->holder > 0 ? (int)dice(3) - 1 : (int[]){ -1, 1, 0, 9 }[dice(4)];
	/* Ids in no order but the root's. */
	node->left = (int)t->n++;
	node->right = (int)t->n++;
	if (dice(2)) {
		int swap = node->left;

		node->left = node->right;
		node->right = swap;
	}
	grow_node(f, t, t->nodes[id].left, depth - 1);
	grow_node(f, t, t->nodes[id].right, depth - 1);
	return id;
}

static void grow_forest(struct t_forest *f)
{
	memset(f, 0, sizeof(*f));
	f->n_parties = 1 + dice(T_PARTIES);
	f->n_columns = 1 + dice(7);
	f->classes = (unsigned[]){ 2, 1, 3, 5 }[dice(4)];
	f->homo = dice(6) == 0;
	f->mix = !f->homo && dice(3) == 0;
	f->several = f->classes > 2 && !f->mix && dice(2);
	f->tweedie = f->classes == 1 && dice(2);
	f->use_missing = dice(2);
	f->zero_missing = dice(2);
	f->rate = (double[]){ 0.1, 0.3, 1, 0.05 }[dice(4)];
	f->n_trees = 1 + dice(T_TREES);
	f->plan_by_round = f->mix && f->classes > 2 && dice(2);
	if (f->plan_by_round)
		f->n_trees = f->classes * (1 + dice(T_TREES / f->classes));
	for (unsigned k = 0; k < T_CLASSES; k++)
		f->init[k] = f->classes == 2 && !f->homo ? 0 : (dice(200) - 100.0) / 77;
	if (f->homo || f->n_parties == 1)
		f->n_parties = f->homo ? 1 : 2;
	for (unsigned t = 0; t < f->n_trees; t++) {
		f->trees[t].n = 1;
		f->trees[t].holder = f->mix ? (int)dice(f->n_parties + 1) - 1 : -1;
		if (f->plan_by_round && t % f->classes > 0)
			f->trees[t].holder = f->trees[t - 1].holder;
		grow_node(f, &f->trees[t], 0, 1 + dice(5));
	}
}

/* People ------------------------------------------------------------------------------------------ */

enum kind { ABSENT, NUMBER, TEXT_NUMBER, NAN_TEXT, NULL_VALUE, NO_NUMBER };

struct value {
	enum kind kind;
	double number;
};

struct person {
	struct value values[T_PARTIES][8];
	const char *json[T_PARTIES];
};

/* How often something odd comes up: never, rarely, often. */
static void make_person(const struct t_forest *f, unsigned odd, struct person *p, struct fsv_arena *arena)
{
	for (unsigned i = 0; i < f->n_parties; i++) {
		struct fsv_buf *out = FSV_ARENA_NEW(arena, struct fsv_buf);
		struct fsv_jsonw w;

		fsv_buf_init(out, arena, 0);
		fsv_jsonw_init(&w, out);
		fsv_jsonw_begin(&w, '{');
		for (unsigned c = 0; c < f->n_columns; c++) {
			struct value *v = &p->values[i][c];

			*v = (struct value){ NUMBER, grid() + (double[]){ 0, 0, 0, 0.5e-8, 1e-8, 2e-8 }[dice(6)] };
			if (odd > 0 && dice(100) < odd)
				v->kind = (enum kind)dice(odd > 20 ? 6 : 4);
			if (v->kind == ABSENT)
				continue;
			fsv_jsonw_key(&w, fsv_str(t_column(arena, i, c)));
			if (v->kind == NUMBER)
				fsv_jsonw_double(&w, v->number);
			else if (v->kind == TEXT_NUMBER)
				fsv_jsonw_str(&w, fsv_str(fsv_arena_printf(arena, " %.17g", v->number)));
			else if (v->kind == NULL_VALUE)
				fsv_jsonw_null(&w);
			else
				fsv_jsonw_str(&w, v->kind == NAN_TEXT ? FSV_STR("NaN") : FSV_STR("much"));
		}
		fsv_jsonw_end(&w, '}');
		p->json[i] = fsv_buf_cstr(out);
	}
}

/* The plain evaluator ------------------------------------------------------------------------------- */

enum way { LEFT, RIGHT, FAILS };

/* As the description of the reference has it; with zero as missing as training has it. */
static enum way way_online(const struct t_forest *f, const struct t_node *n, const struct value *v)
{
	bool zero_missing = f->use_missing && f->zero_missing;
	bool missing = v->kind == ABSENT;

	if (v->kind == NULL_VALUE || v->kind == NO_NUMBER)
		return FAILS;
	if (zero_missing && (v->kind == NAN_TEXT || fabs(v->number) < 1e-8))
		missing = true;
	if (missing)
		return n->missing == -1 ? LEFT : RIGHT;
	if (v->kind == NAN_TEXT)
		return RIGHT;
	return v->number <= n->limit + 1e-8 ? LEFT : RIGHT;
}

/* Trees that one party holds. */
static enum way way_offline(const struct t_forest *f, const struct t_node *n, const struct value *v, double slack)
{
	bool zero_missing = f->use_missing && f->zero_missing;
	double x = v->kind == ABSENT ? 0 : v->number;
	bool missing = v->kind == NULL_VALUE || v->kind == NAN_TEXT;

	if (v->kind == NO_NUMBER)
		return FAILS;
	if (zero_missing && (v->kind == ABSENT || fabs(x) < 1e-8))
		missing = true;
	if (missing)
		return n->missing == 1 ? RIGHT : LEFT;
	return x <= n->limit + slack ? LEFT : RIGHT;
}

static enum way way_at(const struct t_forest *f, const struct t_tree *t, const struct t_node *n, const struct person *p)
{
	const struct value *v = &p->values[n->owner][n->fid];

	if (f->homo)
		return way_offline(f, n, v, 1e-8);
	return t->holder > 0 ? way_offline(f, n, v, 0) : way_online(f, n, v);
}

/* A host fails when any of its splits does, reached or not; in trees that it holds, when the walk gets there. */
static bool host_fails(const struct t_forest *f, unsigned host, const struct person *p)
{
	for (unsigned t = 0; t < f->n_trees; t++) {
		const struct t_tree *tree = &f->trees[t];
		int at = 0;

		for (unsigned i = 0; i < tree->n && tree->holder < 0; i++)
			if (!tree->nodes[i].leaf && tree->nodes[i].owner == host && way_at(f, tree, &tree->nodes[i], p) == FAILS)
				return true;
		while (tree->holder == (int)host && !tree->nodes[at].leaf) {
			enum way way = way_at(f, tree, &tree->nodes[at], p);

			if (way == FAILS)
				return true;
			at = way == LEFT ? tree->nodes[at].left : tree->nodes[at].right;
		}
	}
	return false;
}

/* Leaf of a tree; NULL when the guest's own value is no number. own: stop at the first split of a host. */
static bool walk(const struct t_forest *f, const struct t_tree *t, const struct person *p, bool own,
		 const struct t_node **ret_leaf)
{
	int at = 0;

	if (own && t->holder > 0)
		return true;
	while (!t->nodes[at].leaf) {
		enum way way;

		if (own && t->nodes[at].owner != 0)
			return true;
		way = way_at(f, t, &t->nodes[at], p);
		if (way == FAILS)
			return false;
		at = way == LEFT ? t->nodes[at].left : t->nodes[at].right;
	}
	*ret_leaf = &t->nodes[at];
	return true;
}

struct expected {
	int code;
	double score[T_CLASSES];
	unsigned label;
};

static void expect_classes(const struct t_forest *f, const struct t_node *const *leaves, struct expected *e)
{
	double z[T_CLASSES] = { 0 }, sum = 0;

	for (unsigned t = 0; t < f->n_trees; t++) {
		if (!f->several)
			z[t % f->classes] += leaves[t]->weight * f->rate;
		for (unsigned k = 0; f->several && k < f->classes; k++)
			z[k] += leaves[t]->weights[k] * f->rate;
	}
	for (unsigned k = 0; k < f->classes; k++) {
		z[k] += f->init[k];
		e->label = z[k] > z[e->label] ? k : e->label;
	}
	for (unsigned k = 0; k < f->classes; k++) {
		e->score[k] = fsv_java_exp(z[k] - z[e->label]);
		sum += e->score[k];
	}
	for (unsigned k = 0; k < f->classes; k++)
		e->score[k] /= sum;
}

static void expect(const struct t_forest *f, const struct person *p, struct expected *e)
{
	const struct t_node *leaves[T_TREES] = { NULL };
	double s = 0;

	memset(e, 0, sizeof(*e));
	for (unsigned t = 0; t < f->n_trees; t++)
		if (!walk(f, &f->trees[t], p, true, &leaves[t]))
			e->code = 110;
	for (unsigned i = 1; i < f->n_parties && e->code == 0; i++)
		if (host_fails(f, i, p))
			e->code = 2110;
	for (unsigned t = 0; t < f->n_trees && e->code == 0; t++)
		if (!walk(f, &f->trees[t], p, false, &leaves[t]))
			e->code = 110;
	if (e->code)
		return;
	if (f->classes > 2) {
		expect_classes(f, leaves, e);
		return;
	}
	s = f->classes == 1 || f->homo ? f->init[0] : 0;
	for (unsigned t = 0; t < f->n_trees; t++)
		s += leaves[t]->weight * f->rate;
	if (f->classes == 2)
		s = 1 / (1 + fsv_java_exp(-s));
	e->score[0] = f->tweedie ? fsv_java_exp(s) : s;
}

static const char *expected_text(const struct t_forest *f, const struct expected *e, struct fsv_arena *arena)
{
	static const char *const names[] = { "zero", "one", "two", "three", "four" };
	struct fsv_buf *out = FSV_ARENA_NEW(arena, struct fsv_buf);
	struct fsv_jsonw w;

	fsv_buf_init(out, arena, 0);
	fsv_jsonw_init(&w, out);
	fsv_jsonw_key(&w, FSV_STR("score"));
	if (f->classes <= 2) {
		fsv_jsonw_double(&w, e->score[0]);
		return fsv_buf_cstr(out);
	}
	fsv_jsonw_begin(&w, '[');
	for (unsigned k = 0; k < f->classes; k++)
		fsv_jsonw_double(&w, e->score[k]);
	fsv_jsonw_end(&w, ']');
	fsv_jsonw_kv_str(&w, "label", fsv_str(names[e->label]));
	return fsv_buf_cstr(out);
}

/* --------------------------------------------------------------------------------------------------- */

struct tally {
	unsigned scores, own, hosts, mix, homo;
};

enum { BATCH = 37 };	/* more than go through the operators together */

/* What a row of the guest comes to with the answers of this person's hosts. */
static const char *merged(const struct t_plans *plans, const struct fsv_row *row, const struct person *p,
			  struct fsv_arena *arena)
{
	struct fsv_buf *out = FSV_ARENA_NEW(arena, struct fsv_buf);
	struct fsv_remote answers[T_PARTIES];
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_merge merge;
	struct fsv_jsonw w;

	for (unsigned i = 1; i < plans->n; i++)
		t_ask(plans->plan[i], t_party[i], p->json[i], arena, &answers[i - 1]);
	fsv_buf_init(out, arena, 0);
	fsv_jsonw_init(&w, out);
	if (fsv_plan_merge(plans->plan[0], row, answers, plans->n - 1, arena, &w, &merge, &err) < 0)
		return fsv_arena_cstr(arena, fsv_str(err.text));
	return merge.retcode ? fsv_arena_cstr(arena, merge.retmsg) : fsv_buf_cstr(out);
}

/* Rows of a batch come to what each comes to alone, and fail alone. */
static void check_batch(const struct t_forest *f, const struct t_plans *plans, uint64_t seed)
{
	struct fsv_plan_row rows[BATCH] = { 0 };
	struct person people[BATCH];
	struct fsv_arena arena;
	unsigned failed = 0;

	fsv_arena_init(&arena, 1 << 16);
	for (unsigned i = 0; i < BATCH; i++) {
		make_person(f, (unsigned[]){ 0, 15, 40 }[i % 3], &people[i], &arena);
		rows[i].features = i == 20 ? FSV_STR_NULL : fsv_str(people[i].json[0]);
	}
	fsv_plan_local_rows(plans->plan[0], rows, BATCH, &arena);
	for (unsigned i = 0; i < BATCH; i++) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_row *alone = NULL;
		int r = i == 20 ? FSV_E_SYSTEM : fsv_plan_local(plans->plan[0], rows[i].features, &arena, &alone, &err);

		if ((r < 0) != !rows[i].row || r != rows[i].code)
			fail_msg("seed %llu, row %u: %d in the batch, %d alone", (unsigned long long)seed, i, rows[i].code, r);
		failed += r < 0;
		if (i == 20)
			continue;
		if (r < 0)
			assert_true(fsv_str_is(rows[i].why, err.text));
		else
			assert_string_equal(merged(plans, rows[i].row, &people[i], &arena), merged(plans, alone, &people[i], &arena));
	}
	assert_in_range(failed, 1, BATCH - 1);
	fsv_arena_done(&arena);
}

static void check_forest(const struct t_forest *f, uint64_t seed, struct tally *tally)
{
	struct fsv_arena arena;
	struct t_plans plans;

	t_open(&plans, f);
	fsv_arena_init(&arena, 1 << 16);
	for (unsigned i = 0; i < 30; i++) {
		struct expected e;
		struct person p;
		const char *text;
		int code;

		make_person(f, (unsigned[]){ 0, 15, 40 }[i % 3], &p, &arena);
		expect(f, &p, &e);
		code = t_score(&plans, p.json, &arena, &text);
		if (code != e.code || (code == 0 && strcmp(text, expected_text(f, &e, &arena)) != 0))
			fail_msg("seed %llu, person %u: got %d %s, want %d %s", (unsigned long long)seed, i, code, text,
				 e.code, expected_text(f, &e, &arena));
		tally->scores += code == 0;
		tally->own += code == 110;
		tally->hosts += code == 2110;
		tally->mix += code == 0 && f->mix;
		tally->homo += code == 0 && f->homo;
		fsv_arena_reset(&arena);
	}
	fsv_arena_done(&arena);
	check_batch(f, &plans, seed);
	t_close(&plans);
}

static void plans_and_the_plain_evaluator_agree(void **state)
{
	static struct t_forest forest;
	struct tally tally = { 0 };

	(void)state;
	for (uint64_t seed = 1; seed <= 600; seed++) {
		state_of_dice = seed * 0x9e3779b97f4a7c15u;
		grow_forest(&forest);
		check_forest(&forest, seed, &tally);
	}
	print_message("%u scores (%u mix, %u homo), %u own faults, %u faults of hosts\n", tally.scores, tally.mix, tally.homo,
		      tally.own, tally.hosts);
	assert_true(tally.scores > 9000 && tally.mix > 1000 && tally.homo > 1000 && tally.own > 200 && tally.hosts > 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans_and_the_plain_evaluator_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
