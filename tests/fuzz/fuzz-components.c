/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as Meta and Param of a component between an input and a predictor, or as the predictor: a plan that
 * scores or fails with a typed error, or the reason why there is none. First byte: which class and whether the
 * input is open; second: how many bytes are Meta, the rest is Param.
 */
#include <stdint.h>
#include <stdlib.h>

#include "../unit/model/maker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const char *name;
	bool predicts, guest;
} classes[] = {
	{ "HeteroFeatureBinning", false, false }, { "FeatureSelection", false, false }, { "OneHotEncoder", false, false },
	{ "Scale", false, false }, { "FeatureImputation", false, false }, { "ColumnExpand", false, false },
	{ "HeteroLRGuest", true, true }, { "HeteroLinRGuest", true, true }, { "HeteroPoissonGuest", true, true },
	{ "HeteroFMGuest", true, true }, { "LocalBaseline", true, true }, { "HeteroKmeansGuest", true, true },
	{ "HeteroFMHost", true, false }, { "LabelTransformer", false, true }, { "Scorecard", false, true },
};

enum { N_CLASSES = sizeof(classes) / sizeof(classes[0]) };

static const struct weight weights[] = { { "a", 1.5 }, { "a_1", -2 }, { "b", 0.25 }, { "c", 1 }, { NULL } };

static void build(struct maker *m, unsigned which, bool open, struct fsv_str meta, struct fsv_str param)
{
	static const struct text_pair replacements[] = { { "a", "1" }, { "b", "0.5" }, { "c", "0" }, { NULL } };
	bool behind = strcmp(classes[which].name, "LabelTransformer") == 0 || strcmp(classes[which].name, "Scorecard") == 0;

	maker_init(m);
	if (open)
		maker_dense(m);
	else
		maker_imputed(m, replacements);
	if (behind)
		maker_linear(m, "HomoLRClient", weights, 0.5);
	maker_add(m, classes[which].name);
	fsv_buf_add(&m->meta, meta);
	fsv_buf_add(&m->param, param);
	if (!classes[which].predicts && !behind)
		maker_linear(m, classes[which].guest ? "HeteroLRGuest" : "HeteroLRHost", weights, 0.5);
}

static void score(const struct fsv_plan *plan, bool guest, struct fsv_str features, struct fsv_arena *arena)
{
	struct fsv_remote remote = { .party_id = FSV_STR("10000"), .data = FSV_STR("{\"c2_0\":{\"score\":0.5,\"fm_cross\":[1.0]}}") };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_merge merge;
	struct fsv_row *row;
	struct fsv_jsonw w;
	struct fsv_buf out;
	int r;

	r = fsv_plan_local(plan, features, arena, &row, &err);
	FSV_BUG_ON(r > 0 || (r < 0 && (err.code != r || !err.text[0])));
	if (r < 0)
		return;
	fsv_buf_init(&out, arena, 0);
	fsv_jsonw_init(&w, &out);
	if (guest)
		r = fsv_plan_merge(plan, row, &remote, 1, arena, &w, &merge, &err);
	else
		r = fsv_plan_write_local(plan, row, false, &w, &err);
	FSV_BUG_ON(r > 0 || (r < 0 && (err.code != r || !err.text[0] || out.n > 0)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_plan_opt opt = { .n_partners = 1, .lr_split = 2, .lr_parallel = true };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_plan *plan = NULL;
	struct fsv_str rest;
	struct fsv_buf text;
	struct maker m;
	size_t n_meta;
	int r;

	if (size < 2)
		return 0;
	rest = fsv_str_n((const char *)data + 2, size - 2);
	n_meta = data[1] < rest.n ? data[1] : rest.n;
	opt.guest = classes[data[0] % N_CLASSES].guest;
	build(&m, data[0] % N_CLASSES, data[0] / N_CLASSES % 2, fsv_str_sub(rest, 0, n_meta), fsv_str_sub(rest, n_meta, rest.n));
	r = maker_compile(&m, &opt, NULL, &plan, &err);
	FSV_BUG_ON(r > 0 || (r < 0 && (r != FSV_E_MODEL_INIT || err.code != r || !err.text[0] || plan)));
	if (r == 0) {
		score(plan, opt.guest, FSV_STR("{\"a\":1,\"b\":2.5,\"c\":\"1\",\"a_1\":4,\"d\":5}"), &m.model.arena);
		score(plan, opt.guest, FSV_STR("{\"c\":\"x\",\"a_1\":null,\"a\":true}"), &m.model.arena);
		score(plan, opt.guest, FSV_STR("{}"), &m.model.arena);
		fsv_buf_init(&text, &m.model.arena, 0);
		fsv_plan_explain(plan, &text);
	}
	fsv_plan_free(plan);
	maker_done(&m);
	return 0;
}
