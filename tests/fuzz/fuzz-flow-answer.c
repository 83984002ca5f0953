/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as FATE-Flow's answer: a package with something in it, or one of the errors that tell who is at fault. */
#include <stdlib.h>

#include "base/err.h"
#include "model/package.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_package package = { .n = 0 };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_arena arena;
	int r;

	fsv_arena_init(&arena, 0);
	r = fsv_package_parse_flow(fsv_str_n((const char *)data, size), &arena, &package, &err);
	FSV_BUG_ON(r == 0 && package.n == 0);
	FSV_BUG_ON(r < 0 && (!err.text[0] || err.code != r));
	FSV_BUG_ON(r < 0 && r != FSV_E_MODEL_NULL && r != FSV_E_SYNTAX && r != FSV_E_LIMIT && r != FSV_E_MODEL_INIT);
	for (const char *c = err.text; *c; c++)
		FSV_BUG_ON((unsigned char)*c < 0x20 && *c != '\t');
	fsv_arena_done(&arena);
	return 0;
}
