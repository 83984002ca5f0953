/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a zip archive: a package within its limits, or an error that says something. */
#include <stdlib.h>

#include "base/err.h"
#include "base/time.h"
#include "model/archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fsv_archive_limits limits = { .max_bytes = 64 * 1024, .max_entries = 32, .deadline = FSV_NO_DEADLINE };
	struct fsv_package package = { .n = 0 };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_arena arena;
	unsigned missing = 0;
	size_t bytes = 0;

	fsv_arena_init(&arena, 0);
	if (fsv_archive_parse(fsv_str_n((const char *)data, size), &limits, &arena, &package, &missing, &err) == 0) {
		for (size_t i = 0; i < package.n; i++) {
			bytes += package.entries[i].bytes.n;
			FSV_BUG_ON(package.entries[i].bytes.n == 0);
			FSV_BUG_ON(fsv_str_find(package.entries[i].key, '/', 0) < package.entries[i].key.n);
		}
		FSV_BUG_ON(bytes > limits.max_bytes);
	} else {
		FSV_BUG_ON(!err.text[0]);
	}
	fsv_arena_done(&arena);
	return 0;
}
