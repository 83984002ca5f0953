/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the answers of two hosts of a SecureBoost model (a NUL between them), the first byte choosing the
 * model: a finite score, or a typed error and nothing written.
 */
#include <stdint.h>
#include <stdlib.h>

#include "../unit/model/trees-helper.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fsv_plan *guest(unsigned which)
{
	static struct fsv_plan *plans[2];
	struct fsv_err err = FSV_ERR_INIT;

	if (!plans[which])
		FSV_BUG_ON(t_compile(which ? &t_mix : &t_two_hosts, 0, &plans[which], &err) < 0);
	return plans[which];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_str input = fsv_str_n((const char *)data, size), rest = fsv_str_sub(input, 1, size);
	size_t cut = fsv_str_find(rest, '\0', 0);
	struct fsv_remote remotes[2] = {
		{ .party_id = FSV_STR("10000"), .data = fsv_str_sub(rest, 0, cut) },
		{ .party_id = FSV_STR("10001"), .data = fsv_str_sub(rest, cut + 1, size) },
	};
	struct fsv_merge merge = { .retcode = -1 };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_plan *plan;
	struct fsv_arena arena;
	struct fsv_row *row;
	struct fsv_jsonw w;
	struct fsv_buf out;
	int r;

	if (size == 0)
		return 0;
	plan = guest(data[0] & 1);
	fsv_arena_init(&arena, 0);
	FSV_BUG_ON(fsv_plan_local(plan, FSV_STR("{\"g0\":1.5,\"g1\":-3}"), &arena, &row, &err) < 0);
	fsv_buf_init(&out, &arena, 0);
	fsv_jsonw_init(&w, &out);
	r = fsv_plan_merge(plan, row, remotes, cut < rest.n ? 2 : 1, &arena, &w, &merge, &err);
	FSV_BUG_ON(r == 0 && (merge.retcode != 0 || out.n == 0 || memchr(out.p, 'N', out.n)));
	FSV_BUG_ON(r < 0 && (err.code != r || !err.text[0] || out.n > 0 || merge.retcode != -1));
	FSV_BUG_ON(r < 0 && r != FSV_E_SYSTEM && r != FSV_E_MERGE && r != FSV_E_SBT_DATA);
	fsv_arena_done(&arena);
	return 0;
}
