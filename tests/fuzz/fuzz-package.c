/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes: a package that is found, written and read again as it was, or an error. */
#include <stdlib.h>

#include "base/err.h"
#include "model/package.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_lookup(const struct fsv_package *package, struct fsv_str key)
{
	struct fsv_package_name name = fsv_package_name(key);
	struct fsv_str bytes;

	FSV_BUG_ON(name.part == FSV_PACKAGE_META && !fsv_package_meta(package, name.component, &bytes));
	FSV_BUG_ON(name.part == FSV_PACKAGE_PARAM && !fsv_package_param(package, name.component, &bytes));
	FSV_BUG_ON(name.part == FSV_PACKAGE_PIPELINE && !fsv_package_pipeline(package).p);
}

/* What was read is written and read again without change. */
static void check_round_trip(const struct fsv_package *package, struct fsv_arena *arena)
{
	struct fsv_package again = { .n = 0 };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_buf out;

	fsv_buf_init(&out, arena, 0);
	fsv_package_format(package, &out);
	FSV_BUG_ON(fsv_package_parse(fsv_buf_str(&out), arena, &again, &err) < 0);
	FSV_BUG_ON(again.n != package->n);
	for (size_t i = 0; i < again.n; i++) {
		FSV_BUG_ON(!fsv_str_eq(again.entries[i].key, package->entries[i].key));
		FSV_BUG_ON(!fsv_str_eq(again.entries[i].bytes, package->entries[i].bytes));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_package package = { .n = 0 };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_arena arena;

	fsv_arena_init(&arena, 0);
	if (fsv_package_parse(fsv_str_n((const char *)data, size), &arena, &package, &err) == 0) {
		for (size_t i = 0; i < package.n; i++)
			check_lookup(&package, package.entries[i].key);
		check_round_trip(&package, &arena);
	} else {
		FSV_BUG_ON(!err.text[0]);
	}
	fsv_arena_done(&arena);
	return 0;
}
