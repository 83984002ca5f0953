/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the data of one or two parties (a NUL between them): a probability, or a typed error and
 * nothing written.
 */
#include <stdint.h>
#include <stdlib.h>

#include "plan-models.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_str input = fsv_str_n((const char *)data, size);
	size_t cut = fsv_str_find(input, '\0', 0);
	struct fsv_remote remotes[2] = {
		{ .party_id = FSV_STR("10000"), .data = fsv_str_sub(input, 0, cut) },
		{ .party_id = FSV_STR("10001"), .data = fsv_str_sub(input, cut + 1, size) },
	};
	struct fsv_plan *plan = fuzz_plan(1);
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_merge merge = { .retcode = -1 };
	struct fsv_arena arena;
	struct fsv_row *row;
	struct fsv_jsonw w;
	struct fsv_buf out;
	int r;

	fsv_arena_init(&arena, 0);
	FSV_BUG_ON(fsv_plan_local(plan, FSV_STR("{\"a\":0.5}"), &arena, &row, &err) < 0);
	fsv_buf_init(&out, &arena, 0);
	fsv_jsonw_init(&w, &out);
	r = fsv_plan_merge(plan, row, remotes, cut < size ? 2 : 1, &arena, &w, &merge, &err);
	FSV_BUG_ON(r == 0 && (merge.retcode != 0 || out.n == 0 || memchr(out.p, 'N', out.n)));
	FSV_BUG_ON(r < 0 && (err.code != r || !err.text[0] || out.n > 0 || merge.retcode != -1));
	FSV_BUG_ON(r < 0 && r != FSV_E_SYSTEM && r != FSV_E_MERGE);
	fsv_arena_done(&arena);
	return 0;
}
