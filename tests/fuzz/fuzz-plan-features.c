/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a person's features, the first of them choosing the plan: a finite score or a typed error. */
#include <stdint.h>
#include <stdlib.h>

#include "plan-models.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_arena arena;
	struct fsv_row *row = NULL;
	struct fsv_plan *plan;
	struct fsv_jsonw w;
	struct fsv_buf out;
	int r;

	if (size == 0)
		return 0;
	plan = fuzz_plan(data[0]);
	fsv_arena_init(&arena, 0);
	r = fsv_plan_local(plan, fsv_str_n((const char *)data + 1, size - 1), &arena, &row, &err);
	FSV_BUG_ON(r > 0 || (r < 0 && (row || err.code != r || !err.text[0])));
	if (r == 0) {
		fsv_buf_init(&out, &arena, 0);
		fsv_jsonw_init(&w, &out);
		r = fsv_plan_write_local(plan, row, data[0] & 1, &w, &err);
		FSV_BUG_ON(r < 0 && (r != FSV_E_SYSTEM || out.n > 0));
		FSV_BUG_ON(r == 0 && (out.n == 0 || memchr(out.p, 'N', out.n) || memchr(out.p, 'I', out.n)));
	}
	fsv_arena_done(&arena);
	return 0;
}
