/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as JSON: skipping and parsing agree, texts are UTF-8, and a tree written out reads back the
 * same. */
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "codec/json.h"
#include "codec/number.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_node(const struct fsv_json_node *node, struct fsv_jsonw *w)
{
	bool object = node->type == FSV_JSON_OBJECT;

	if (object || node->type == FSV_JSON_ARRAY) {
		fsv_jsonw_begin(w, object ? '{' : '[');
		for (const struct fsv_json_node *m = node->first; m; m = m->next) {
			if (object)
				fsv_jsonw_key(w, m->key);
			write_node(m, w);
		}
		fsv_jsonw_end(w, object ? '}' : ']');
	} else if (node->type == FSV_JSON_STRING) {
		fsv_jsonw_str(w, node->text);
	} else if (node->type == FSV_JSON_INT || node->type == FSV_JSON_DOUBLE) {
		fsv_jsonw_raw(w, node->text);
	} else if (node->type == FSV_JSON_NULL) {
		fsv_jsonw_null(w);
	} else {
		fsv_jsonw_bool(w, node->type == FSV_JSON_TRUE);
	}
}

static void check_same(const struct fsv_json_node *a, const struct fsv_json_node *b)
{
	size_t n = 0;

	FSV_BUG_ON(a->type != b->type || a->n != b->n || !fsv_str_eq(a->text, b->text) || !fsv_str_eq(a->key, b->key));
	FSV_BUG_ON(fsv_str_utf8(a->text) != a->text.n || fsv_str_utf8(a->key) != a->key.n);
	for (a = a->first, b = b->first; a && b; a = a->next, b = b->next, n++)
		check_same(a, b);
	FSV_BUG_ON(a || b);
}

static void check_tree(const struct fsv_json_node *root, struct fsv_arena *arena)
{
	struct fsv_json_node *again;
	struct fsv_err err;
	struct fsv_jsonw w;
	struct fsv_buf out;

	fsv_buf_init(&out, arena, 0);
	fsv_jsonw_init(&w, &out);
	write_node(root, &w);
	FSV_BUG_ON(fsv_json_parse(fsv_buf_str(&out), arena, true, &again, &err) < 0);
	check_same(root, again);
}

static void check_same_double(double a, double b)
{
	FSV_BUG_ON(memcmp(&a, &b, sizeof(a)) != 0);
}

/* Members read in one step are those read in two. */
static void check_members(struct fsv_str object, struct fsv_arena *arena)
{
	enum fsv_json_type one, two;
	struct fsv_json j, k;
	struct fsv_str a, b;

	fsv_json_init(&j, object, arena);
	fsv_json_init(&k, object, arena);
	fsv_json_value(&j);
	fsv_json_value(&k);
	do {
		one = fsv_json_member(&j, &a);
		two = fsv_json_key(&k, &b) ? fsv_json_value(&k) : fsv_json_failed(&k) ? FSV_JSON_ERROR : FSV_JSON_NONE;
		FSV_BUG_ON(one != two || (one > FSV_JSON_NONE && !fsv_str_eq(a, b)) || j.p != k.p || j.seen != k.seen);
		if (one == FSV_JSON_INT || one == FSV_JSON_DOUBLE)
			check_same_double(fsv_json_double(&j), fsv_double_from_json(k.text));
		fsv_json_skip_rest(&j, one);
		fsv_json_skip_rest(&k, two);
	} while (one > FSV_JSON_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_str input = fsv_str_n((const char *)data, size), span = FSV_STR_NULL;
	struct fsv_json_node *root = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_arena arena;
	enum fsv_json_type type;
	struct fsv_json j;
	int rc;

	fsv_arena_init(&arena, 0);
	fsv_json_init(&j, input, &arena);
	type = fsv_json_skip(&j, &span);
	if (type == FSV_JSON_OBJECT)
		check_members(span, &arena);
	rc = fsv_json_parse(input, &arena, false, &root, &err);
	FSV_BUG_ON((type > FSV_JSON_NONE) != (rc == 0));
	FSV_BUG_ON(fsv_json_failed(&j) != (type == FSV_JSON_ERROR));
	if (rc < 0) {
		FSV_BUG_ON((rc != FSV_E_SYNTAX && rc != FSV_E_LIMIT) || !err.text[0] || root);
	} else {
		FSV_BUG_ON(root->type != type || span.p < (const char *)data || j.p != span.p + span.n);
		FSV_BUG_ON((fsv_json_parse(input, &arena, true, &root, &err) == 0) != fsv_json_end(&j));
		check_tree(root, &arena);
	}
	fsv_arena_done(&arena);
	return 0;
}
