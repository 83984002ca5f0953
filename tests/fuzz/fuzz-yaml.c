/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes: a tree or an error. Every scalar of a tree must survive being written and read again. */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "codec/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_scalars(const struct fsv_yaml *y, struct fsv_buf *out)
{
	if (y->type == FSV_YAML_SCALAR) {
		fsv_buf_puts(out, "- ");
		fsv_yaml_scalar(out, y->text);
		fsv_buf_puts(out, "\n- [");
		fsv_yaml_scalar(out, y->text);
		fsv_buf_puts(out, "]\n");
	}
	for (const struct fsv_yaml *c = y->first; c; c = c->next)
		write_scalars(c, out);
}

static void check_scalars(const struct fsv_yaml *y, const struct fsv_yaml **at)
{
	if (y->type == FSV_YAML_SCALAR) {
		const struct fsv_yaml *block = *at, *flow = block->next;

		FSV_BUG_ON(!fsv_str_eq(block->text, y->text) || !fsv_str_eq(flow->first->text, y->text));
		FSV_BUG_ON(fsv_yaml_is_null(block));
		*at = flow->next;
	}
	for (const struct fsv_yaml *c = y->first; c; c = c->next)
		check_scalars(c, at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_arena arena;
	struct fsv_yaml *root = NULL, *again = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	const struct fsv_yaml *at;
	struct fsv_buf out;
	int rc;

	fsv_arena_init(&arena, 0);
	fsv_buf_init(&out, &arena, 0);
	rc = fsv_yaml_parse(fsv_str_n((const char *)data, size), "f", &arena, &root, &err);
	FSV_BUG_ON(rc > 0 || (rc < 0 && (err.code != rc || !err.text[0] || root)));
	if (rc == 0) {
		write_scalars(root, &out);
		rc = fsv_yaml_parse(fsv_buf_str(&out), "g", &arena, &again, &err);
		/* Two nodes became up to three. */
		FSV_BUG_ON(rc < 0 && rc != FSV_E_LIMIT);
		at = rc < 0 ? NULL : again->first;
		if (at)
			check_scalars(root, &at);
		FSV_BUG_ON(at);
	}
	fsv_arena_done(&arena);
	return 0;
}
