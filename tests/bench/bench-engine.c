/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine costs, one line for each kind of model: time of a row when its JSON has been read, heap
 * allocations, memory of the plan beside what the model's parameters take.
 *
 *   bench-engine [--forest FILE]    FILE gets the forest and the rows, for others to measure themselves with
 */
#include <stdio.h>
#include <stdlib.h>

#include "../../lib/model/plan-private.h"
#include "../unit/model/maker.h"
#include "base/time.h"

enum { TREES = 100, DEPTH = 5, SPLITS = (1 << DEPTH) - 1, NODES = 2 * SPLITS + 1, COLUMNS = 30, WIDE = 1000, ROWS = 4096, BLOCK = 16,
       ROUNDS = 60 };

/* Allocations -------------------------------------------------------------------------------------- */

static uint64_t allocations;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_malloc(size_t n)
{
	allocations++;
	return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	allocations++;
	return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	allocations++;
	return __real_realloc(p, n);
}

/* A forest: full trees, all thresholds and columns random ---------------------------------------------- */

static uint64_t dice = 88172645463325252u;

static double unit(void)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return (double)(dice >> 11) / (double)(1ull << 53);
}

struct split {
	unsigned column;
	double limit;
	bool host;
};

struct forest {
	struct split splits[TREES][SPLITS];
	double weights[TREES][SPLITS + 1];
	unsigned columns;
};

static void grow(struct forest *f, unsigned columns, bool shared)
{
	f->columns = columns;
	for (unsigned t = 0; t < TREES; t++) {
		for (unsigned i = 0; i < SPLITS; i++)
			f->splits[t][i] = (struct split){ (unsigned)(unit() * columns), unit(), shared && unit() < 0.5 };
		for (unsigned i = 0; i <= SPLITS; i++)
			f->weights[t][i] = unit() - 0.5;
	}
}

static Fsv__NodeParam *node_message(struct fsv_arena *a, const struct forest *f, unsigned t, unsigned i, bool guest)
{
	Fsv__NodeParam *n = FSV_ARENA_NEW(a, Fsv__NodeParam);
	bool leaf = i >= SPLITS;

	fsv__node_param__init(n);
	n->id = (int32_t)i;
	n->is_leaf = leaf;
	n->sitename = (char *)(!leaf && f->splits[t][i].host ? "host:10000" : "guest:9999");
	n->left_nodeid = leaf ? -1 : (int32_t)(2 * i + 1);
	n->right_nodeid = leaf ? -1 : (int32_t)(2 * i + 2);
	n->weight = leaf && guest ? f->weights[t][i - SPLITS] : 0;
	n->fid = !leaf && f->splits[t][i].host != guest ? (int32_t)f->splits[t][i].column : -1;
	return n;
}

static Fsv__DecisionTreeModelParam *tree_message(struct fsv_arena *a, const struct forest *f, unsigned t, bool guest)
{
	Fsv__DecisionTreeModelParam *m = FSV_ARENA_NEW(a, Fsv__DecisionTreeModelParam);

	fsv__decision_tree_model_param__init(m);
	m->tree_ = FSV_ARENA_NEW_N(a, Fsv__NodeParam *, NODES);
	m->split_maskdict = FSV_ARENA_NEW_N(a, Fsv__DecisionTreeModelParam__SplitMaskdictEntry *, SPLITS);
	for (unsigned i = 0; i < NODES; i++)
		m->tree_[m->n_tree_++] = node_message(a, f, t, i, guest);
	for (unsigned i = 0; i < SPLITS; i++) {
		Fsv__DecisionTreeModelParam__SplitMaskdictEntry *e;

		if (f->splits[t][i].host == guest)
			continue;
		e = FSV_ARENA_NEW(a, Fsv__DecisionTreeModelParam__SplitMaskdictEntry);
		fsv__decision_tree_model_param__split_maskdict_entry__init(e);
		e->key = (int32_t)i;
		e->value = f->splits[t][i].limit;
		m->split_maskdict[m->n_split_maskdict++] = e;
	}
	return m;
}

static void forest_package(struct test_model *m, const struct forest *f, bool guest)
{
	Fsv__BoostingTreeModelParam p = FSV__BOOSTING_TREE_MODEL_PARAM__INIT;
	Fsv__BoostingTreeModelMeta meta = FSV__BOOSTING_TREE_MODEL_META__INIT;
	struct fsv_arena *a = &m->arena;

	p.tree_num = TREES;
	p.num_classes = 2;
	p.tree_dim = 1;
	p.trees_ = FSV_ARENA_NEW_N(a, Fsv__DecisionTreeModelParam *, TREES);
	p.feature_name_fid_mapping = FSV_ARENA_NEW_N(a, Fsv__BoostingTreeModelParam__FeatureNameFidMappingEntry *, f->columns);
	for (unsigned t = 0; t < TREES; t++)
		p.trees_[p.n_trees_++] = tree_message(a, f, t, guest);
	for (unsigned i = 0; i < f->columns; i++) {
		Fsv__BoostingTreeModelParam__FeatureNameFidMappingEntry *e =
			FSV_ARENA_NEW(a, Fsv__BoostingTreeModelParam__FeatureNameFidMappingEntry);

		fsv__boosting_tree_model_param__feature_name_fid_mapping_entry__init(e);
		e->key = (int32_t)i;
		e->value = fsv_arena_printf(a, "x%u", i);
		p.feature_name_fid_mapping[p.n_feature_name_fid_mapping++] = e;
	}
	meta.learning_rate = 0.3;
	model_add_dsl(m, guest ? "{\"components\":{\"sbt_0\":{\"CodePath\":\"HeteroSecureBoostingTreeGuest\"}}}" :
				 "{\"components\":{\"sbt_0\":{\"CodePath\":\"HeteroSecureBoostingTreeHost\"}}}");
	model_add(m, "sbt_0.model:Meta", &meta.base);
	model_add(m, "sbt_0.model:Param", &p.base);
}

static struct fsv_plan *compile(const struct test_model *m, bool guest)
{
	struct fsv_plan_opt opt = {
		.guest = guest, .party_id = guest ? FSV_STR("9999") : FSV_STR("10000"), .n_partners = 1,
	};
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_plan *plan = NULL;

	if (fsv_plan_compile(&m->package, &opt, &plan, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	return plan;
}

/* Rows ------------------------------------------------------------------------------------------------ */

struct rows {
	struct fsv_arena arena;
	struct fsv_row *rows[ROWS];
	double values[ROWS][COLUMNS];
	size_t json_bytes;
};

/* Reads the JSON of all rows; what follows is measured. */
static void read_rows(struct rows *r, const struct fsv_plan *plan)
{
	struct fsv_err err;

	fsv_arena_init(&r->arena, 1 << 20);
	for (unsigned i = 0; i < ROWS; i++) {
		struct fsv_buf json;

		fsv_buf_init(&json, &r->arena, 0);
		for (unsigned c = 0; c < COLUMNS; c++) {
			r->values[i][c] = unit();
			fsv_buf_printf(&json, "%c\"x%u\":%.6f", c ? ',' : '{', c, r->values[i][c]);
		}
		fsv_buf_putc(&json, '}');
		r->json_bytes = json.n;
		r->rows[i] = FSV_ARENA_NEW(&r->arena, struct fsv_row);
		r->rows[i]->cells = FSV_ARENA_NEW_N(&r->arena, struct fsv_cell, plan->n_slots);
		r->rows[i]->results = fsv_arena_zalloc(&r->arena, plan->results_size);
		r->rows[i]->arrival = FSV_ARENA_NEW_N(&r->arena, uint32_t, plan->n_columns);
		r->rows[i]->arena = &r->arena;
		FSV_BUG_ON(fsv_plan_scan(plan, fsv_buf_str(&json), &r->arena, r->rows[i], &err) < 0);
	}
}

static void run_rows(const struct fsv_plan *plan, struct rows *r, unsigned from, unsigned n)
{
	struct fsv_err err;

	for (unsigned o = 0; o < plan->n_ops; o++)
		for (unsigned i = from; i < from + n; i++)
			FSV_BUG_ON(plan->ops[o]->kind->run(plan, plan->ops[o], r->rows[i], &err) < 0);
}

static void merge_rows(const struct fsv_plan *plan, struct rows *r, unsigned from, unsigned n,
		       const struct fsv_remote *remote, struct fsv_arena *scratch)
{
	struct fsv_merge merge;
	struct fsv_err err;
	struct fsv_jsonw w;
	struct fsv_buf out;

	for (unsigned i = from; i < from + n; i++) {
		fsv_buf_init(&out, scratch, 0);
		fsv_jsonw_init(&w, &out);
		FSV_BUG_ON(fsv_plan_merge(plan, r->rows[i], remote, 1, scratch, &w, &merge, &err) < 0);
		fsv_arena_reset(scratch);
	}
}

struct measured {
	double us;
	double allocations;
};

/* The fastest of some rounds over all rows, so many at a time. remote NULL: no merge. */
static struct measured measure(const struct fsv_plan *plan, struct rows *r, unsigned at_once,
			       const struct fsv_remote *remote)
{
	struct measured m = { 1e9, 0 };
	struct fsv_arena scratch;

	fsv_arena_init(&scratch, 1 << 16);
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t before = allocations;
		int64_t began = fsv_now_ns();
		double us;

		for (unsigned i = 0; i < ROWS; i += at_once) {
			run_rows(plan, r, i, at_once);
			if (remote)
				merge_rows(plan, r, i, at_once, remote, &scratch);
		}
		us = (double)(fsv_now_ns() - began) / 1e3 / ROWS;
		m.us = us < m.us ? us : m.us;
		m.allocations = (double)(allocations - before) / ROWS;
	}
	fsv_arena_done(&scratch);
	return m;
}

static void show(const char *what, struct measured m, double goal)
{
	printf("%-64s %7.2f us a row", what, m.us);
	if (goal > 0)
		printf("  (goal %.1f)", goal);
	printf("  %.2f allocations\n", m.allocations);
}

/* ----------------------------------------------------------------------------------------------------- */

static void bench_own(const char *file)
{
	static const struct fsv_remote nothing = { .party_id = { "10000", 5 }, .data = { "{\"sbt_0\":{}}", 12 } };
	struct forest *f = malloc(sizeof(*f));
	struct rows *r = calloc(1, sizeof(*r));
	struct fsv_plan *plan;
	struct test_model m;

	grow(f, COLUMNS, false);
	model_init(&m);
	forest_package(&m, f, true);
	plan = compile(&m, true);
	read_rows(r, plan);
	show("100 trees of depth 5, own columns: single", measure(plan, r, 1, &nothing), 4);
	show("100 trees of depth 5, own columns: batch", measure(plan, r, BLOCK, &nothing), 1.5);
	if (file) {
		FILE *o = fopen(file, "we");

		FSV_BUG_ON(!o || fwrite(f, sizeof(*f), 1, o) != 1 || fwrite(r->values, sizeof(r->values), 1, o) != 1);
		fclose(o);
	}
	fsv_plan_free(plan);
	fsv_arena_done(&r->arena);
	model_done(&m);
	free(r);
	free(f);
}

static struct fsv_str host_answer(const struct fsv_plan *host, struct fsv_row *row, struct fsv_arena *arena)
{
	struct fsv_buf *out = FSV_ARENA_NEW(arena, struct fsv_buf);
	struct fsv_jsonw w;
	struct fsv_err err;

	fsv_buf_init(out, arena, 0);
	fsv_jsonw_init(&w, out);
	fsv_jsonw_begin(&w, '{');
	FSV_BUG_ON(fsv_plan_write_local(host, row, false, &w, &err) < 0);
	fsv_jsonw_end(&w, '}');
	return fsv_buf_str(out);
}

static struct measured measure_answers(const struct fsv_plan *host, struct rows *r)
{
	struct measured m = { 1e9, 0 };
	struct fsv_arena arena;

	fsv_arena_init(&arena, 1 << 16);
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t before = allocations;
		int64_t began = fsv_now_ns();
		double us;

		for (unsigned i = 0; i < ROWS; i++) {
			(void)host_answer(host, r->rows[i], &arena);
			fsv_arena_reset(&arena);
		}
		us = (double)(fsv_now_ns() - began) / 1e3 / ROWS;
		m.us = us < m.us ? us : m.us;
		m.allocations = (double)(allocations - before) / ROWS;
	}
	fsv_arena_done(&arena);
	return m;
}

static void bench_shared(void)
{
	struct forest *f = malloc(sizeof(*f));
	struct rows *of_guest = calloc(1, sizeof(*of_guest)), *of_host = calloc(1, sizeof(*of_host));
	struct fsv_plan *guest, *host;
	struct fsv_remote remote = { .party_id = FSV_STR("10000") };
	struct test_model g, h;
	char what[80];

	grow(f, COLUMNS, true);
	model_init(&g);
	model_init(&h);
	forest_package(&g, f, true);
	forest_package(&h, f, false);
	guest = compile(&g, true);
	host = compile(&h, false);
	read_rows(of_guest, guest);
	read_rows(of_host, host);
	show("the same, half of the splits a host's: directions, host", measure(host, of_host, BLOCK, NULL), 0);
	remote.data = host_answer(host, of_host->rows[0], &of_host->arena);
	snprintf(what, sizeof(what), "  its answer, %zu bytes, written", remote.data.n);
	show(what, measure_answers(host, of_host), 0);
	show("  the answer read, walked, scored, guest", measure(guest, of_guest, BLOCK, &remote), 0);
	fsv_plan_free(guest);
	fsv_plan_free(host);
	fsv_arena_done(&of_guest->arena);
	fsv_arena_done(&of_host->arena);
	model_done(&g);
	model_done(&h);
	free(of_guest);
	free(of_host);
	free(f);
}

static void bench_load(void)
{
	struct forest *f = malloc(sizeof(*f));
	size_t parameters = 0, memory = 0;
	struct test_model m;
	struct fsv_buf text;
	double best = 1e9;

	grow(f, WIDE, false);
	model_init(&m);
	forest_package(&m, f, true);
	fsv_buf_init(&text, &m.arena, 0);
	fsv_package_format(&m.package, &text);
	for (size_t i = 0; i < m.package.n; i++)
		parameters += m.package.entries[i].bytes.n;
	for (unsigned round = 0; round < ROUNDS; round++) {
		int64_t began = fsv_now_ns();
		struct fsv_package package;
		struct fsv_arena arena;
		struct test_model read = { 0 };
		struct fsv_plan *plan;
		struct fsv_err err;
		double ms;

		fsv_arena_init(&arena, 1 << 16);
		FSV_BUG_ON(fsv_package_parse(fsv_buf_str(&text), &arena, &package, &err) < 0);
		read.package = package;
		plan = compile(&read, true);
		memory = fsv_plan_memory(plan);
		fsv_arena_done(&arena);
		ms = (double)(fsv_now_ns() - began) / 1e6;
		best = ms < best ? ms : best;
		fsv_plan_free(plan);
	}
	printf("%-64s %7.2f ms  (goal 20)\n", "load of 100 trees on 1,000 columns", best);
	printf("%-64s %7.2f times its parameters (%zu KB)  (goal 2)\n", "  memory of the plan",
	       (double)memory / (double)parameters, parameters / 1024);
	model_done(&m);
	free(f);
}

/* Linear models ----------------------------------------------------------------------------------------- */

enum { LINES = 256, BINS = 10 };

struct lines {
	struct fsv_arena arena;
	struct fsv_row *rows[LINES];
	struct fsv_str texts[LINES];
};

static void read_lines(struct lines *l, const struct fsv_plan *plan, unsigned columns)
{
	struct fsv_err err;

	fsv_arena_init(&l->arena, 1 << 20);
	for (unsigned i = 0; i < LINES; i++) {
		struct fsv_buf json;

		fsv_buf_init(&json, &l->arena, 0);
		for (unsigned c = 0; c < columns; c++)
			fsv_buf_printf(&json, "%c\"x%u\":%.6f", c ? ',' : '{', c, unit() * BINS);
		fsv_buf_putc(&json, '}');
		l->texts[i] = fsv_buf_str(&json);
		FSV_BUG_ON(fsv_plan_local(plan, l->texts[i], &l->arena, &l->rows[i], &err) < 0);
	}
}

static double fastest(double best, int64_t began)
{
	double us = (double)(fsv_now_ns() - began) / 1e3 / LINES;

	return us < best ? us : best;
}

/* Once with the JSON read, once from the text on. */
static void measure_lines(const char *what, const struct fsv_plan *plan, struct lines *l, double goal)
{
	struct measured run = { 1e9, 0 }, whole = { 1e9, 0 };
	struct fsv_arena scratch;
	struct fsv_row *row;
	struct fsv_err err;

	fsv_arena_init(&scratch, 1 << 20);
	for (unsigned round = 0; round < 8 * ROUNDS; round++) {
		uint64_t before = allocations;
		int64_t began = fsv_now_ns();

		for (unsigned i = 0; i < LINES; i++)
			for (unsigned o = 0; o < plan->n_ops; o++)
				FSV_BUG_ON(plan->ops[o]->kind->run(plan, plan->ops[o], l->rows[i], &err) < 0);
		run.us = fastest(run.us, began);
		run.allocations = (double)(allocations - before) / LINES;
		before = allocations;
		began = fsv_now_ns();
		for (unsigned i = 0; i < LINES; i++) {
			FSV_BUG_ON(fsv_plan_local(plan, l->texts[i], &scratch, &row, &err) < 0);
			fsv_arena_reset(&scratch);
		}
		whole.us = fastest(whole.us, began);
		whole.allocations = (double)(allocations - before) / LINES;
	}
	show(what, run, goal);
	show("  from its JSON on", whole, 0);
	fsv_arena_done(&scratch);
}

static void show_memory(struct maker *k, const struct fsv_plan *plan, double goal)
{
	size_t parameters = 0;

	for (size_t i = 0; i < k->model.package.n; i++)
		parameters += k->model.package.entries[i].bytes.n;
	printf("%-64s %7.2f times its parameters (%zu KB)  (goal %.0f)\n", "  memory of the plan",
	       (double)fsv_plan_memory(plan) / (double)parameters, parameters / 1024, goal);
}

/* The columns of a DataTransform, with imputer. */
static void add_columns(struct maker *k, unsigned columns)
{
	struct text_pair *pairs = FSV_ARENA_NEW_N(&k->model.arena, struct text_pair, columns + 1);

	for (unsigned i = 0; i < columns; i++)
		pairs[i] = (struct text_pair){ fsv_arena_printf(&k->model.arena, "x%u", i), "0.5" };
	maker_imputed(k, pairs);
	/* FATE writes the header, too. */
	for (unsigned i = 0; i < columns; i++)
		wire_text(&k->param, 1, pairs[i].key);
}

static void add_header(struct maker *k, const struct weight *weights)
{
	for (; weights->column; weights++)
		wire_text(&k->param, 6, weights->column);
}

static void bench_lr(const char *what, unsigned columns, bool sparse, double goal)
{
	struct weight *weights = calloc(columns + 1, sizeof(*weights));
	struct lines *l = calloc(1, sizeof(*l));
	struct fsv_plan *plan;
	struct maker k;
	struct fsv_err err;

	maker_init(&k);
	if (sparse) {
		maker_add(&k, "DataTransform");
		wire_text(&k.meta, 1, "sparse");
		for (unsigned i = 0; i < columns; i++)
			wire_text(&k.param, 1, fsv_arena_printf(&k.model.arena, "x%u", i));
	} else {
		add_columns(&k, columns);
	}
	for (unsigned i = 0; i < columns; i++)
		weights[i] = (struct weight){ fsv_arena_printf(&k.model.arena, "x%u", i), unit() };
	maker_linear(&k, "HeteroLRHost", weights, 0.5);
	add_header(&k, weights);
	FSV_BUG_ON(maker_compile(&k, &(struct fsv_plan_opt){ .guest = false }, NULL, &plan, &err) < 0);
	read_lines(l, plan, sparse ? columns / 10 : columns);
	measure_lines(what, plan, l, goal);
	show_memory(&k, plan, 2);
	fsv_plan_free(plan);
	fsv_arena_done(&l->arena);
	maker_done(&k);
	free(l);
	free(weights);
}

/* n_woe 0: a host's package without statistics of bins. */
static void bench_bins(const char *what, unsigned n_woe)
{
	struct weight *weights = calloc(COLUMNS * BINS + 1, sizeof(*weights));
	struct bins *bins = calloc(COLUMNS + 1, sizeof(*bins));
	static const char *const values[] = { "0", "1", "2", "3", "4", "5", "6", "7", NULL };
	struct lines *l = calloc(1, sizeof(*l));
	struct fsv_plan_opt opt = { .guest = false };
	struct fsv_plan *plan;
	struct maker k;
	struct fsv_err err;
	unsigned n = 0;

	maker_init(&k);
	add_columns(&k, COLUMNS);
	for (unsigned i = 0; i < COLUMNS; i++) {
		bins[i] = (struct bins){ .column = fsv_arena_printf(&k.model.arena, "x%u", i), .n_points = 8,
					 .n_woe = n_woe };	/* the least of the statistics that FATE writes */
		for (unsigned b = 0; b < 8; b++)
			bins[i].points[b] = bins[i].woe[b] = b + 1;
	}
	maker_binning(&k, "HeteroFeatureBinningHost", bins, "bin_num");
	maker_one_hot(&k, "OneHotEncoder");
	for (unsigned i = 0; i < COLUMNS; i++)
		maker_categories(&k, bins[i].column, values);
	for (unsigned i = 0; i < COLUMNS; i++)
		for (unsigned b = 0; b < 8; b++)
			weights[n++] = (struct weight){ fsv_arena_printf(&k.model.arena, "x%u_%u", i, b), unit() };
	maker_linear(&k, "HeteroLRHost", weights, 0.5);
	add_header(&k, weights);
	FSV_BUG_ON(maker_compile(&k, &opt, NULL, &plan, &err) < 0);
	read_lines(l, plan, COLUMNS);
	measure_lines(what, plan, l, 3);
	show_memory(&k, plan, 2);
	fsv_plan_free(plan);
	fsv_arena_done(&l->arena);
	opt.no_fusing = true;
	FSV_BUG_ON(fsv_plan_compile(&k.model.package, &opt, &plan, &err) < 0);
	read_lines(l, plan, COLUMNS);
	measure_lines("  each operator by itself", plan, l, 0);
	fsv_plan_free(plan);
	fsv_arena_done(&l->arena);
	maker_done(&k);
	free(l);
	free(bins);
	free(weights);
}

int main(int argc, char **argv)
{
	bench_lr("logistic regression, 30 columns, imputer", COLUMNS, false, 1.5);
	bench_lr("logistic regression, 1,000 sparse columns, 100 given", WIDE, true, 25);
	bench_lr("logistic regression, 1,000 columns, imputer", WIDE, false, 0);
	bench_bins("binning, one-hot, logistic regression, 30 columns of 8 bins", 8);
	bench_bins("the same model without statistics of bins", 0);
	bench_own(argc == 3 && strcmp(argv[1], "--forest") == 0 ? argv[2] : NULL);
	bench_shared();
	bench_load();
	return 0;
}
