/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as Meta and Param of a SecureBoost model: refused with the reason, or people can be scored with it.
 * The first byte chooses the class, the second is the length of Meta.
 */
#include <stdint.h>
#include <stdlib.h>

#include "../unit/model/trees-helper.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const people[] = {
	"{}", "{\"g0\":1,\"g1\":-3,\"a0\":\"2\",\"a1\":\"NaN\",\"b0\":0}", "{\"g0\":null,\"a0\":\"x\",\"b0\":true}",
};

static void score(const struct fsv_plan *plan, bool guest, const char *features)
{
	struct fsv_remote remote = { .party_id = FSV_STR("10000"), .data = FSV_STR("{\"sbt_0\":{\"0\":{\"0\":true,\"1\":false}}}") };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_merge merge;
	struct fsv_arena arena;
	struct fsv_row *row;
	struct fsv_jsonw w;
	struct fsv_buf out;
	int r;

	fsv_arena_init(&arena, 0);
	fsv_buf_init(&out, &arena, 0);
	fsv_jsonw_init(&w, &out);
	r = fsv_plan_local(plan, fsv_str(features), &arena, &row, &err);
	if (r == 0 && guest)
		r = fsv_plan_merge(plan, row, &remote, 1, &arena, &w, &merge, &err);
	else if (r == 0)
		r = fsv_plan_write_local(plan, row, false, &w, &err);
	FSV_BUG_ON(r < 0 && (err.code != r || !err.text[0] || out.n > 0));
	FSV_BUG_ON(r == 0 && out.n == 0);
	fsv_arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const dsl[] = {
		T_DSL("HeteroSecureBoostingTreeGuest"), T_DSL("HeteroSecureBoostingTreeHost"), T_DSL("HomoSecureBoostingTreeClient"),
	};
	struct fsv_str input = fsv_str_n((const char *)data, size);
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_plan *plan = NULL;
	struct test_model m;
	unsigned which;

	if (size < 2)
		return 0;
	which = data[0] % 3;
	model_init(&m);
	model_add_dsl(&m, dsl[which]);
	model_add_bytes(&m, "sbt_0.x:Meta", fsv_str_sub(input, 2, 2 + (size_t)data[1]));
	model_add_bytes(&m, "sbt_0.x:Param", fsv_str_sub(input, 2 + (size_t)data[1], size));
	if (model_compile(&m, which != 1, &plan, &err) < 0)
		FSV_BUG_ON(plan || !err.text[0]);
	for (size_t i = 0; plan && i < sizeof(people) / sizeof(*people); i++)
		score(plan, which != 1, people[i]);
	fsv_plan_free(plan);
	model_done(&m);
	return 0;
}
