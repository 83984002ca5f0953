/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass copies value by value. Only when an object turns out to name a member twice, which honest clients
 * do not do, its text is thrown away and written again from a tree.
 */
#include "json.h"

#include "json-names.h"

static bool copy_value(struct fsv_json *j, bool drop_nulls, struct fsv_jsonw *w);

static void write_int(struct fsv_jsonw *w, struct fsv_str spelling)
{
	fsv_jsonw_raw(w, fsv_str_is(spelling, "-0") ? FSV_STR("0") : spelling);
}

static void write_node(const struct fsv_json_node *node, bool drop_nulls, struct fsv_jsonw *w)
{
	switch (node->type) {
	case FSV_JSON_OBJECT:
	case FSV_JSON_ARRAY:
		fsv_jsonw_begin(w, node->type == FSV_JSON_OBJECT ? '{' : '[');
		for (const struct fsv_json_node *m = node->first; m; m = m->next) {
			if (node->type == FSV_JSON_OBJECT) {
				if (drop_nulls && m->type == FSV_JSON_NULL)
					continue;
				fsv_jsonw_key(w, m->key);
			}
			write_node(m, drop_nulls, w);
		}
		fsv_jsonw_end(w, node->type == FSV_JSON_OBJECT ? '}' : ']');
		break;
	case FSV_JSON_STRING:
		fsv_jsonw_str(w, node->text);
		break;
	case FSV_JSON_INT:
		write_int(w, node->text);
		break;
	case FSV_JSON_DOUBLE:
		fsv_jsonw_double(w, node->number);
		break;
	case FSV_JSON_TRUE:
	case FSV_JSON_FALSE:
		fsv_jsonw_bool(w, node->type == FSV_JSON_TRUE);
		break;
	default:
		fsv_jsonw_null(w);
	}
}

/* False with the reader unharmed: a name came twice. */
static bool copy_members(struct fsv_json *j, bool drop_nulls, struct fsv_jsonw *w)
{
	struct fsv_json_names names;
	struct fsv_str key;

	fsv_json_names_init(&names);
	while (fsv_json_key(j, &key)) {
		if (fsv_json_names_add(&names, key, j, j->arena))
			return false;
		while (j->p < j->end && (*j->p == ' ' || *j->p == '\n' || *j->p == '\r' || *j->p == '\t'))
			j->p++;
		if (drop_nulls && j->p < j->end && *j->p == 'n') {
			fsv_json_value(j);
			continue;
		}
		fsv_jsonw_key(w, key);
		if (!copy_value(j, drop_nulls, w))
			return false;
	}
	return true;
}

static bool copy_object(struct fsv_json *j, bool drop_nulls, struct fsv_jsonw *w)
{
	fsv_jsonw_begin(w, '{');
	if (!copy_members(j, drop_nulls, w))
		return false;
	fsv_jsonw_end(w, '}');
	return true;
}

static bool copy_array(struct fsv_json *j, bool drop_nulls, struct fsv_jsonw *w)
{
	fsv_jsonw_begin(w, '[');
	while (fsv_json_elem(j))
		if (!copy_value(j, drop_nulls, w))
			return false;
	fsv_jsonw_end(w, ']');
	return true;
}

/* Faults of the reader end the copy like an end of input; they are looked at once, at the end. */
static bool copy_value(struct fsv_json *j, bool drop_nulls, struct fsv_jsonw *w)
{
	switch (fsv_json_value(j)) {
	case FSV_JSON_OBJECT:
		return copy_object(j, drop_nulls, w);
	case FSV_JSON_ARRAY:
		return copy_array(j, drop_nulls, w);
	case FSV_JSON_STRING:
		fsv_jsonw_str(w, j->text);
		return true;
	case FSV_JSON_INT:
		write_int(w, j->text);
		return true;
	case FSV_JSON_DOUBLE:
		fsv_jsonw_double(w, fsv_json_double(j));
		return true;
	case FSV_JSON_TRUE:
		fsv_jsonw_bool(w, true);
		return true;
	case FSV_JSON_FALSE:
		fsv_jsonw_bool(w, false);
		return true;
	case FSV_JSON_NULL:
		fsv_jsonw_null(w);
		return true;
	default:
		return true;
	}
}

int fsv_json_reencode(struct fsv_str value, bool drop_nulls, struct fsv_arena *arena, struct fsv_buf *out,
		      struct fsv_err *err)
{
	size_t before = out->n;
	struct fsv_json_node *root;
	struct fsv_jsonw w;
	struct fsv_json j;
	int r;

	fsv_json_init(&j, value, arena);
	fsv_jsonw_init(&w, out);
	if (copy_value(&j, drop_nulls, &w)) {
		if (!fsv_json_failed(&j) && out->n > before)
			return 0;
		out->n = before;
		return fsv_json_failed(&j) ? fsv_json_fail(&j, err) : fsv_err_set(err, FSV_E_SYNTAX, "no JSON value");
	}
	out->n = before;
	r = fsv_json_parse(value, arena, false, &root, err);
	if (r < 0)
		return r;
	fsv_jsonw_init(&w, out);
	write_node(root, drop_nulls, &w);
	return 0;
}
