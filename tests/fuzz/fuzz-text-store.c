/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a text store: requests by ascending time, each key once. */
#include <stdlib.h>

#include "base/err.h"
#include "model/text-store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_text_store_line *lines = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_arena arena;
	unsigned skipped = 0;
	size_t n = 0;

	fsv_arena_init(&arena, 0);
	if (fsv_text_store_parse(fsv_str_n((const char *)data, size), &arena, &lines, &n, &skipped, &err) == 0)
		for (size_t i = 0; i < n; i++) {
			FSV_BUG_ON(lines[i].key.n == 0 || fsv_str_find(lines[i].key, '=', 0) < lines[i].key.n);
			FSV_BUG_ON(i > 0 && lines[i - 1].time > lines[i].time);
			for (size_t k = 0; k < i && i < 64; k++)
				FSV_BUG_ON(fsv_str_eq(lines[k].key, lines[i].key));
		}
	fsv_arena_done(&arena);
	return 0;
}
