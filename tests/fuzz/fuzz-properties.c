/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as .properties: UTF-8 texts in the order of their lines; escaped they read back the same. */
#include <stdint.h>

#include "base/buf.h"
#include "codec/properties.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Escapes whatever could mean something; multi-byte characters stay. */
static void put(struct fsv_buf *out, struct fsv_str text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < 0x80)
			fsv_buf_printf(out, "\\u%04x", c);
		else
			fsv_buf_putc(out, (char)c);
	}
}

static void check_again(const struct fsv_property *p, struct fsv_arena *arena)
{
	struct fsv_property *again;
	struct fsv_err err;
	struct fsv_buf out;

	fsv_buf_init(&out, arena, 0);
	for (const struct fsv_property *q = p; q; q = q->next) {
		put(&out, q->key);
		fsv_buf_puts(&out, " = ");
		put(&out, q->value);
		fsv_buf_puts(&out, "\r\n");
	}
	FSV_BUG_ON(fsv_properties_parse(fsv_buf_str(&out), "g", arena, &again, &err) < 0);
	for (; p && again; p = p->next, again = again->next)
		FSV_BUG_ON(!fsv_str_eq(p->key, again->key) || !fsv_str_eq(p->value, again->value));
	FSV_BUG_ON(p || again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_property *first = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_arena arena;
	unsigned line = 0;
	int rc;

	fsv_arena_init(&arena, 0);
	rc = fsv_properties_parse(fsv_str_n((const char *)data, size), "f", &arena, &first, &err);
	if (rc < 0) {
		FSV_BUG_ON(rc != FSV_E_SYNTAX || !err.text[0] || first);
	} else {
		for (struct fsv_property *p = first; p; p = p->next) {
			FSV_BUG_ON(p->line <= line || fsv_str_utf8(p->key) != p->key.n || fsv_str_utf8(p->value) != p->value.n);
			line = p->line;
		}
		check_again(first, &arena);
	}
	fsv_arena_done(&arena);
	return 0;
}
