/* SPDX-License-Identifier: Apache-2.0 */
#include "feature-file.h"

#include "base/buf.h"
#include "codec/json.h"
#include "codec/number.h"
#include "model/java-order.h"

enum { JAVA_CAPACITY = 16 };

/* Names and values as they come. */
struct features {
	struct fsv_str *names;
	double *values;
	size_t n, cap;
	struct fsv_arena *arena;
};

static void add(struct features *f, struct fsv_str name, double value)
{
	if (f->n == f->cap) {
		size_t cap = f->cap ? f->cap * 2 : 32;
		struct fsv_str *names = FSV_ARENA_NEW_N(f->arena, struct fsv_str, cap);
		double *values = FSV_ARENA_NEW_N(f->arena, double, cap);

		if (f->n > 0) {
			memcpy(names, f->names, f->n * sizeof(*names));
			memcpy(values, f->values, f->n * sizeof(*values));
		}
		f->names = names;
		f->values = values;
		f->cap = cap;
	}
	f->names[f->n] = name;
	f->values[f->n++] = value;
}

/* Next piece between separators, which may be repeated; false at the end. */
static bool piece(struct fsv_str *rest, char separator, struct fsv_str *ret_piece)
{
	size_t from = 0, to;

	while (from < rest->n && rest->p[from] == separator)
		from++;
	if (from == rest->n)
		return false;
	to = fsv_str_find(*rest, separator, from);
	*ret_piece = fsv_str_sub(*rest, from, to);
	*rest = fsv_str_sub(*rest, to, rest->n);
	return true;
}

/* "name:number", of further pieces nothing is taken. */
static bool parse_pairs(struct fsv_str text, char separator, struct features *f)
{
	struct fsv_str pair, name, number;
	double value;

	while (piece(&text, separator, &pair)) {
		if (!piece(&pair, ':', &name) || !piece(&pair, ':', &number) || !fsv_double_from_java(number, &value))
			return false;
		add(f, name, value);
	}
	return true;
}

/* Of names that come twice the place of the first and the value of the last counts. */
static struct fsv_str to_json(const struct features *f, struct fsv_arena *arena)
{
	uint32_t *order = FSV_ARENA_NEW_N(f->arena, uint32_t, f->n);
	size_t n = fsv_java_order(f->names, f->n, JAVA_CAPACITY, order);
	struct fsv_map last;
	struct fsv_jsonw w;
	struct fsv_buf out;

	fsv_map_init(&last);
	for (size_t i = 0; n < f->n && i < f->n; i++)
		fsv_map_put(&last, f->names[i], &f->values[i]);
	fsv_buf_init(&out, arena, 0);
	fsv_jsonw_init(&w, &out);
	fsv_jsonw_begin(&w, '{');
	for (size_t i = 0; i < n; i++) {
		const double *again = n < f->n ? fsv_map_get(&last, f->names[order[i]]) : NULL;

		fsv_jsonw_key(&w, f->names[order[i]]);
		fsv_jsonw_double(&w, again ? *again : f->values[order[i]]);
	}
	fsv_jsonw_end(&w, '}');
	fsv_map_done(&last);
	return fsv_buf_str(&out);
}

static bool next_line(struct fsv_str *rest, struct fsv_str *ret_line)
{
	size_t end = fsv_str_find(*rest, '\n', 0);

	if (rest->n == 0)
		return false;
	*ret_line = fsv_str_sub(*rest, 0, end);
	if (ret_line->n > 0 && ret_line->p[ret_line->n - 1] == '\r')
		ret_line->n--;
	*rest = fsv_str_sub(*rest, end + 1, rest->n);
	return true;
}

static int bad_line(unsigned line, const char *shape, struct fsv_err *err)
{
	return fsv_err_set(err, FSV_E_SYNTAX, "line %u is not UTF-8 of the form %s", line, shape);
}

int fsv_feature_file_all(struct fsv_str text, struct fsv_arena *arena, struct fsv_str *ret_features,
			 struct fsv_err *err)
{
	struct fsv_arena scratch;
	struct features f = { .arena = &scratch };
	struct fsv_str line;
	int r = 0;

	fsv_arena_init(&scratch, 0);
	for (unsigned n = 1; r == 0 && next_line(&text, &line); n++)
		if (fsv_str_utf8(line) != line.n || !parse_pairs(line, ',', &f))
			r = bad_line(n, "name:number,name:number", err);
	if (r == 0)
		*ret_features = to_json(&f, arena);
	fsv_arena_done(&scratch);
	return r;
}

int fsv_feature_file_by_id(struct fsv_str text, struct fsv_arena *arena, struct fsv_map *map, struct fsv_err *err)
{
	struct fsv_arena scratch;
	struct fsv_str line;
	int r = 0;

	fsv_arena_init(&scratch, 0);
	for (unsigned n = 1; r == 0 && next_line(&text, &line); n++) {
		struct features f = { .arena = &scratch };
		size_t comma = fsv_str_find(line, ',', 0);
		struct fsv_str *features;

		if (fsv_str_blank(line))
			continue;
		if (comma == 0 || comma == line.n || fsv_str_find(line, ',', comma + 1) != line.n ||
		    fsv_str_utf8(line) != line.n || !parse_pairs(fsv_str_sub(line, comma + 1, line.n), ';', &f)) {
			r = bad_line(n, "id,name:number;name:number", err);
			continue;
		}
		features = FSV_ARENA_NEW(arena, struct fsv_str);
		*features = to_json(&f, arena);
		fsv_map_put(map, fsv_str_sub(line, 0, comma), features);
		fsv_arena_reset(&scratch);
	}
	fsv_arena_done(&scratch);
	return r;
}
