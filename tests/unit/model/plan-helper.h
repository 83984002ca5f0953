/* SPDX-License-Identifier: Apache-2.0 */
/* Small models for the tests of plans: packages built message by message. */
#ifndef FSV_TEST_PLAN_HELPER_H
#define FSV_TEST_PLAN_HELPER_H

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "lib/proto/model.pb-c.h"
#include "model/package.h"
#include "model/plan.h"

#define UNUSED	__attribute__((unused))

struct text_pair {
	const char *key, *value;
};

struct weight {
	const char *column;
	double weight;
};

struct test_model {
	struct fsv_arena arena;
	struct fsv_package_entry entries[48];
	struct fsv_package package;
};

static UNUSED void model_init(struct test_model *m)
{
	memset(m, 0, sizeof(*m));
	fsv_arena_init(&m->arena, 0);
	m->package.entries = m->entries;
}

static UNUSED void model_done(struct test_model *m)
{
	fsv_arena_done(&m->arena);
}

static UNUSED void model_add_bytes(struct test_model *m, const char *key, struct fsv_str bytes)
{
	m->entries[m->package.n++] = (struct fsv_package_entry){ fsv_str(key), bytes };
}

static UNUSED void model_add(struct test_model *m, const char *key, const ProtobufCMessage *message)
{
	size_t n = protobuf_c_message_get_packed_size(message);
	uint8_t *bytes = fsv_arena_alloc(&m->arena, n + 1);

	protobuf_c_message_pack(message, bytes);
	model_add_bytes(m, key, fsv_str_n((char *)bytes, n));
}

static UNUSED void model_add_dsl(struct test_model *m, const char *dsl)
{
	Fsv__Pipeline pipeline = FSV__PIPELINE__INIT;

	pipeline.inference_dsl.data = (uint8_t *)dsl;
	pipeline.inference_dsl.len = strlen(dsl);
	model_add(m, "pipeline.pipeline:Pipeline", &pipeline.base);
}

/* Logistic regression of that name. weights end with a NULL column. */
static UNUSED void model_add_lr(struct test_model *m, const char *name, const struct weight *weights,
				double intercept)
{
	Fsv__LRModelParam param = FSV__LRMODEL_PARAM__INIT;
	Fsv__LRModelMeta meta = FSV__LRMODEL_META__INIT;
	Fsv__LRModelParam__WeightEntry *entries;
	size_t n = 0;

	while (weights[n].column)
		n++;
	entries = FSV_ARENA_NEW_N(&m->arena, Fsv__LRModelParam__WeightEntry, n);
	param.weight = FSV_ARENA_NEW_N(&m->arena, Fsv__LRModelParam__WeightEntry *, n);
	param.n_weight = n;
	param.intercept = intercept;
	for (size_t i = 0; i < n; i++) {
		fsv__lrmodel_param__weight_entry__init(&entries[i]);
		entries[i].key = (char *)weights[i].column;
		entries[i].value = weights[i].weight;
		param.weight[i] = &entries[i];
	}
	model_add(m, fsv_arena_printf(&m->arena, "%s.model:HeteroLogisticRegressionParam", name),
		&param.base);
	model_add(m, fsv_arena_printf(&m->arena, "%s.model:HeteroLogisticRegressionMeta", name), &meta.base);
}

struct input_spec {
	const char *format;
	const char *const *header;		/* NULL-terminated, or NULL */
	const char *const *missing;		/* imputer's tokens; NULL: no imputer */
	const struct text_pair *replacements;	/* ends with a NULL key */
	const char *const *outliers;		/* NULL: off */
	const struct text_pair *outlier_replacements;
};

static UNUSED size_t count_texts(const char *const *texts)
{
	size_t n = 0;

	while (texts && texts[n])
		n++;
	return n;
}

static UNUSED void model_add_input(struct test_model *m, const char *name, const struct input_spec *s)
{
	Fsv__DataIOMeta meta = FSV__DATA_IOMETA__INIT;
	Fsv__DataIOParam param = FSV__DATA_IOPARAM__INIT;
	Fsv__ImputerMeta imputer = FSV__IMPUTER_META__INIT;
	Fsv__OutlierMeta outlier = FSV__OUTLIER_META__INIT;
	Fsv__ImputerParam imputer_param = FSV__IMPUTER_PARAM__INIT;
	Fsv__OutlierParam outlier_param = FSV__OUTLIER_PARAM__INIT;

	meta.input_format = (char *)s->format;
	param.header = (char **)s->header;
	param.n_header = count_texts(s->header);
	imputer.is_imputer = s->missing != NULL;
	imputer.missing_value = (char **)s->missing;
	imputer.n_missing_value = count_texts(s->missing);
	outlier.is_outlier = s->outliers != NULL;
	outlier.outlier_value = (char **)s->outliers;
	outlier.n_outlier_value = count_texts(s->outliers);
	imputer_param.missing_replace_value =
		FSV_ARENA_NEW_N(&m->arena, Fsv__ImputerParam__MissingReplaceValueEntry *, 64);
	for (const struct text_pair *p = s->replacements; p && p->key; p++) {
		Fsv__ImputerParam__MissingReplaceValueEntry *e =
			FSV_ARENA_NEW(&m->arena, Fsv__ImputerParam__MissingReplaceValueEntry);

		fsv__imputer_param__missing_replace_value_entry__init(e);
		e->key = (char *)p->key;
		e->value = (char *)p->value;
		imputer_param.missing_replace_value[imputer_param.n_missing_replace_value++] = e;
	}
	outlier_param.outlier_replace_value =
		FSV_ARENA_NEW_N(&m->arena, Fsv__OutlierParam__OutlierReplaceValueEntry *, 64);
	for (const struct text_pair *p = s->outlier_replacements; p && p->key; p++) {
		Fsv__OutlierParam__OutlierReplaceValueEntry *e =
			FSV_ARENA_NEW(&m->arena, Fsv__OutlierParam__OutlierReplaceValueEntry);

		fsv__outlier_param__outlier_replace_value_entry__init(e);
		e->key = (char *)p->key;
		e->value = (char *)p->value;
		outlier_param.outlier_replace_value[outlier_param.n_outlier_replace_value++] = e;
	}
	meta.imputer_meta = &imputer;
	meta.outlier_meta = &outlier;
	param.imputer_param = &imputer_param;
	param.outlier_param = &outlier_param;
	model_add(m, fsv_arena_printf(&m->arena, "%s.x:DataTransformMeta", name), &meta.base);
	model_add(m, fsv_arena_printf(&m->arena, "%s.x:DataTransformParam", name), &param.base);
}

/* Input, intersection, logistic regression: what most models are. */
#define DSL_LR(role) \
	"{\"components\":{\"in_0\":{\"CodePath\":\"DataTransform\"}," \
	"\"cross_0\":{\"CodePath\":\"Intersect" role "\"," \
	"\"input\":{\"data\":{\"data\":[\"in_0.data\"]}}}," \
	"\"lr_0\":{\"CodePath\":\"HeteroLR" role "\"," \
	"\"input\":{\"data\":{\"test_data\":[\"cross_0.data\"]}}}}}"

static UNUSED int model_compile(struct test_model *m, bool guest, struct fsv_plan **ret_plan,
	struct fsv_err *err)
{
	struct fsv_plan_opt opt = {
		.guest = guest, .party_id = guest ? FSV_STR("9999") : FSV_STR("10000"), .n_partners = 1,
	};

	return fsv_plan_compile(&m->package, &opt, ret_plan, err);
}

/* The members that a host writes for these features, "" with err set when that fails. */
static UNUSED const char *local_text(const struct fsv_plan *plan, const char *features, bool spread,
				     struct fsv_arena *arena, struct fsv_err *err)
{
	struct fsv_buf *out = FSV_ARENA_NEW(arena, struct fsv_buf);
	struct fsv_jsonw w;
	struct fsv_row *row;

	fsv_buf_init(out, arena, 0);
	fsv_jsonw_init(&w, out);
	*err = (struct fsv_err)FSV_ERR_INIT;
	if (fsv_plan_local(plan, fsv_str(features), arena, &row, err) < 0)
		return "";
	if (fsv_plan_write_local(plan, row, spread, &w, err) < 0)
		return "";
	return fsv_buf_cstr(out);
}

#endif
