/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass copies value by value. Only when an object turns out to name a member twice, which honest clients
 * do not do, its text is thrown away and written again from a tree.
 */
#include "json.h"

#include "json-names.h"
#include "json-private.h"

static bool copy_begun(struct fsv_json *j, enum fsv_json_type type, bool drop_nulls, struct fsv_jsonw *w);

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

/* A text without escapes lies in the input still, and there it is spelt as the writer would spell it. */
static void copy_text(const struct fsv_json *j, struct fsv_str text, struct fsv_jsonw *w)
{
	if ((uintptr_t)text.p >= (uintptr_t)j->start && (uintptr_t)text.p < (uintptr_t)j->end)
		fsv_jsonw_raw(w, fsv_str_n(text.p - 1, text.n + 2));
	else
		fsv_jsonw_str(w, text);
}

static void copy_key(const struct fsv_json *j, struct fsv_str key, struct fsv_jsonw *w)
{
	copy_text(j, key, w);
	fsv_buf_putc(w->out, ':');
	w->comma = false;
}

/*
 * Whether Double.toString of a number spelt so gives the same spelling. It does for at most 15 significant digits
 * without exponent, between 0.001 and 10 million, whose fraction has no superfluous zero: two different decimals
 * of that length never mean the same double, so there is no shorter one that does. Most features look like that.
 */
static bool is_java_spelling(struct fsv_str s)
{
	size_t sign = s.p[0] == '-', point = sign, fraction;

	while (point < s.n && s.p[point] != '.')
		point++;
	if (point == s.n || s.n - sign > 16 || point - sign > 7)
		return false;
	fraction = s.n - point - 1;
	if (s.p[s.n - 1] == '0' && fraction > 1)
		return false;
	for (size_t i = point + 1; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	/* 0.00… is below 0.001 from the third zero on; 0.0 is a spelling of its own. */
	return s.p[sign] != '0' || fraction < 3 || s.p[point + 1] != '0' || s.p[point + 2] != '0' || s.p[point + 3] != '0';
}

static void write_double(struct fsv_jsonw *w, const struct fsv_json *j)
{
	if (is_java_spelling(j->text))
		fsv_jsonw_raw(w, j->text);
	else
		fsv_jsonw_double(w, fsv_json_double(j));
}

/* False with the reader unharmed: a name came twice. */
static bool copy_members(struct fsv_json *j, bool drop_nulls, struct fsv_jsonw *w)
{
	struct fsv_json_names names;
	enum fsv_json_type type;
	struct fsv_str key;

	fsv_json_names_init(&names);
	while ((type = fsv_json_member(j, &key)) > FSV_JSON_NONE) {
		if (fsv_json_names_add(&names, key, j, j->arena))
			return false;
		if (drop_nulls && type == FSV_JSON_NULL)
			continue;
		copy_key(j, key, w);
		if (!copy_begun(j, type, drop_nulls, w))
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
		if (!copy_begun(j, fsv_json_value(j), drop_nulls, w))
			return false;
	fsv_jsonw_end(w, ']');
	return true;
}

/* A value that was begun. Faults of the reader end the copy like an end of input; they are looked at once, at the end. */
static bool copy_begun(struct fsv_json *j, enum fsv_json_type type, bool drop_nulls, struct fsv_jsonw *w)
{
	switch (type) {
	case FSV_JSON_OBJECT:
		return copy_object(j, drop_nulls, w);
	case FSV_JSON_ARRAY:
		return copy_array(j, drop_nulls, w);
	case FSV_JSON_STRING:
		copy_text(j, j->text, w);
		return true;
	case FSV_JSON_INT:
		write_int(w, j->text);
		return true;
	case FSV_JSON_DOUBLE:
		write_double(w, j);
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
	case FSV_JSON_NONE:
		fsv_json_refuse(j, false, "the input is empty");
		return true;
	default:
		return true;
	}
}

static int copy_tree(struct fsv_str value, bool drop_nulls, struct fsv_arena *arena, struct fsv_jsonw *w,
		     struct fsv_err *err)
{
	struct fsv_json_node *root;
	int r = fsv_json_parse(value, arena, false, &root, err);

	if (r < 0)
		return r;
	write_node(root, drop_nulls, w);
	return 0;
}

int fsv_json_reencode(struct fsv_str value, bool drop_nulls, struct fsv_arena *arena, struct fsv_buf *out,
		      struct fsv_err *err)
{
	size_t before = out->n;
	bool failed_before = out->failed;
	struct fsv_jsonw w;
	struct fsv_json j;

	fsv_json_init(&j, value, arena);
	fsv_jsonw_init(&w, out);
	if (copy_begun(&j, fsv_json_value(&j), drop_nulls, &w) && !fsv_json_failed(&j))
		return 0;
	out->n = before;
	out->failed = failed_before;
	if (fsv_json_failed(&j))
		return fsv_json_fail(&j, err);
	fsv_jsonw_init(&w, out);
	return copy_tree(value, drop_nulls, arena, &w, err);
}
