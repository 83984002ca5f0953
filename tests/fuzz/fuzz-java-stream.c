/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes: a graph of values whose texts are UTF-8, or an error. */
#include <stdlib.h>

#include "base/err.h"
#include "base/str.h"
#include "codec/java-stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Values may be shared and so be found at any depth: the walk has an end of its own. */
static void walk(const struct fsv_java_value *value, struct fsv_arena *arena, unsigned *budget)
{
	struct fsv_java_pair *pairs = NULL;
	struct fsv_err err;
	size_t n = 0;

	FSV_BUG_ON(!value);
	if (*budget == 0)
		return;
	--*budget;
	if (value->type == FSV_JAVA_STRING)
		FSV_BUG_ON(fsv_str_utf8(value->text) != value->text.n);
	(void)fsv_java_field(value, "key");
	for (const struct fsv_java_field *f = value->fields; f; f = f->next) {
		FSV_BUG_ON(fsv_str_utf8(f->name) != f->name.n);
		walk(f->value, arena, budget);
	}
	for (size_t i = 0; i < value->n_items; i++)
		if (value->items[i].value)
			walk(value->items[i].value, arena, budget);
	if (fsv_java_map(value, arena, &pairs, &n, &err) == 0)
		FSV_BUG_ON(n * 2 > value->n_items);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_java_value *value = NULL;
	unsigned budget = 2000;
	struct fsv_arena arena;
	struct fsv_err err;

	fsv_arena_init(&arena, 0);
	if (fsv_java_stream_parse(fsv_str_n((const char *)data, size), &arena, &value, &err) == 0)
		walk(value, &arena, &budget);
	else
		FSV_BUG_ON(value || !err.text[0]);
	fsv_arena_done(&arena);
	return 0;
}
