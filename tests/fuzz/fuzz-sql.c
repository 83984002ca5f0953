/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the statement of a configuration, and as values of a database: a statement that is taken keeps all but its
 * parameters; what is written of values is JSON.
 */
#include <stdint.h>
#include <stdlib.h>

#include "../../lib/sql/sql-private.h"
#include "../../lib/sql/statement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void statement(struct fsv_str text, bool backslashes, struct fsv_arena *arena)
{
	struct fsv_str names[4];
	struct fsv_err err = FSV_ERR_INIT;
	size_t given = 0, marks = 0;
	struct fsv_buf out;
	int n;

	fsv_buf_init(&out, arena, 0);
	n = fsv_sql_statement(text, backslashes, &out, names, 4, &err);
	if (n < 0) {
		FSV_BUG_ON(!err.text[0]);
		return;
	}
	for (int i = 0; i < n; i++) {
		FSV_BUG_ON(names[i].n == 0 || names[i].p < text.p || names[i].p + names[i].n > text.p + text.n);
		given += names[i].n;
	}
	FSV_BUG_ON(out.n + given != text.n);	/* ":name" is "?" */
	for (size_t i = 0; i < out.n; i++)
		marks += out.p[i] == '?';
	FSV_BUG_ON(marks < (size_t)n);
}

/* As a column's value. */
static void values(struct fsv_str text, struct fsv_arena *arena)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_json j;
	struct fsv_jsonw w;
	struct fsv_buf out;
	uint32_t bits = 0;
	float f;

	fsv_buf_init(&out, arena, 0);
	fsv_jsonw_init(&w, &out);
	fsv_jsonw_begin(&w, '[');
	if (fsv_sql_put_text(&w, "c", text, &err) < 0 || fsv_sql_put_decimal(&w, "c", text, &err) < 0)
		FSV_BUG_ON(err.code != FSV_E_TYPE);
	memcpy(&bits, text.p, text.n < sizeof(bits) ? text.n : sizeof(bits));
	memcpy(&f, &bits, sizeof(f));
	fsv_sql_put_float(&w, f);
	fsv_sql_put_unsigned(&w, bits);
	fsv_jsonw_end(&w, ']');
	fsv_json_init(&j, fsv_buf_str(&out), arena);
	FSV_BUG_ON(fsv_json_skip(&j, NULL) != FSV_JSON_ARRAY || !fsv_json_end(&j));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_str text = fsv_str_n(size ? (const char *)data : "", size);
	struct fsv_arena arena;

	fsv_arena_init(&arena, 0);
	statement(text, true, &arena);
	statement(text, false, &arena);
	values(text, &arena);
	fsv_arena_done(&arena);
	return 0;
}
