/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the text of a model, and any bytes as messages: what can be read can be shown, and what was
 * shown reads back to the same keys and bytes.
 */
#include <stdint.h>
#include <stdlib.h>

#include "../../daemons/ctl/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool shows_and_reads_back(const struct fsv_ctl_text *text, struct fsv_arena *arena)
{
	struct fsv_ctl_text again;
	struct fsv_buf out;

	fsv_buf_init(&out, arena, 0);
	fsv_ctl_text_show(text, arena, &out);
	if (fsv_ctl_text_read(fsv_buf_str(&out), "shown", 0, arena, &again, NULL) < 0)
		return false;
	FSV_BUG_ON(again.package.n != text->package.n);
	for (size_t i = 0; i < text->package.n; i++) {
		const struct fsv_package_entry *a = &text->package.entries[i];
		size_t k = 0;

		while (k < again.package.n && !fsv_str_eq(again.package.entries[k].key, a->key))
			k++;
		FSV_BUG_ON(k == again.package.n);
		FSV_BUG_ON(fsv_package_name(a->key).part != FSV_PACKAGE_PIPELINE &&
			   !fsv_str_eq(a->bytes, again.package.entries[k].bytes));
	}
	return true;
}

/* Messages of every known kind, and a Pipeline, out of the same bytes. */
static void as_messages(struct fsv_str bytes, struct fsv_arena *arena)
{
	struct fsv_package_entry entries[] = {
		{ FSV_STR("a.x:DataIOMeta"), bytes },
		{ FSV_STR("a.x:DataTransformParam"), bytes },
		{ FSV_STR("b.x:HeteroLogisticRegressionMeta"), bytes },
		{ FSV_STR("b.x:HeteroLogisticRegressionParam"), bytes },
		{ FSV_STR("c.x:UnknownMeta"), bytes },
		{ FSV_STR("pipeline.pipeline:Pipeline"), bytes },
	};
	struct fsv_ctl_text text = { .package = { .entries = entries, .n = sizeof(entries) / sizeof(entries[0]) } };

	FSV_BUG_ON(!shows_and_reads_back(&text, arena));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_ctl_text text;
	struct fsv_arena arena;
	int e;

	fsv_arena_init(&arena, 0);
	e = fsv_ctl_text_read(fsv_str_n((const char *)data, size), "f", 0, &arena, &text, &err);
	FSV_BUG_ON(e > 0 || (e < 0 && (err.code != e || !err.text[0])));
	/* Only names too long for a key of YAML may keep it from being read again. */
	if (e == 0 && size < 1000)
		FSV_BUG_ON(!shows_and_reads_back(&text, &arena));
	as_messages(fsv_str_n((const char *)data, size < 1000 ? size : 1000), &arena);
	fsv_arena_done(&arena);
	return 0;
}
