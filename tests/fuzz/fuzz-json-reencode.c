/* SPDX-License-Identifier: Apache-2.0 */
/* Re-encoding takes what the reader takes, keeps every value but dropped nulls, and is at rest: what it
 * wrote it writes again. Doubles are spelt as printing them would. */
#include <stdint.h>

#include "base/err.h"
#include "codec/json.h"
#include "codec/number.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_number(const struct fsv_json_node *in, const struct fsv_json_node *out)
{
	char text[FSV_DOUBLE_TEXT_MAX];

	if (in->type == FSV_JSON_DOUBLE && __builtin_isinf(in->number)) {
		FSV_BUG_ON(!fsv_str_is(out->text, in->number > 0 ? "Infinity" : "-Infinity"));
		return;
	}
	FSV_BUG_ON(out->type != in->type || out->number != in->number);
	if (in->type == FSV_JSON_DOUBLE)
		FSV_BUG_ON(!fsv_str_eq(out->text, fsv_str_n(text, fsv_double_to_java(in->number, text))));
	else
		FSV_BUG_ON(!fsv_str_eq(out->text, in->text) && !fsv_str_is(in->text, "-0"));
}

static void check_node(const struct fsv_json_node *in, const struct fsv_json_node *out, bool drop)
{
	bool object;

	if (in->type == FSV_JSON_INT || in->type == FSV_JSON_DOUBLE) {
		check_number(in, out);
		return;
	}
	FSV_BUG_ON(in->type != out->type || !fsv_str_eq(in->text, out->text));
	object = in->type == FSV_JSON_OBJECT;
	out = out->first;
	for (in = in->first; in; in = in->next) {
		if (drop && object && in->type == FSV_JSON_NULL)
			continue;
		FSV_BUG_ON(!out || !fsv_str_eq(in->key, out->key));
		check_node(in, out, drop);
		out = out->next;
	}
	FSV_BUG_ON(out);
}

static void check(struct fsv_str input, bool drop, struct fsv_arena *arena)
{
	struct fsv_json_node *in = NULL, *out = NULL;
	struct fsv_err err = FSV_ERR_INIT, none;
	struct fsv_buf first, second;
	int rc;

	fsv_buf_init(&first, arena, 0);
	fsv_buf_init(&second, arena, 0);
	rc = fsv_json_reencode(input, drop, arena, &first, &err);
	FSV_BUG_ON(rc != fsv_json_parse(input, arena, false, &in, &none));
	if (rc < 0) {
		FSV_BUG_ON(first.n || !err.text[0]);
		return;
	}
	FSV_BUG_ON(fsv_json_parse(fsv_buf_str(&first), arena, true, &out, &err) < 0);
	check_node(in, out, drop);
	FSV_BUG_ON(fsv_json_reencode(fsv_buf_str(&first), drop, arena, &second, &err) < 0);
	FSV_BUG_ON(!fsv_str_eq(fsv_buf_str(&first), fsv_buf_str(&second)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_arena arena;

	fsv_arena_init(&arena, 0);
	check(fsv_str_n((const char *)data, size), false, &arena);
	check(fsv_str_n((const char *)data, size), true, &arena);
	fsv_arena_done(&arena);
	return 0;
}
