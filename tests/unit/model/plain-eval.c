/* SPDX-License-Identifier: Apache-2.0 */
#include "plain-eval.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Java's maps -------------------------------------------------------------------------------------------- */

/* String.hashCode of names whose characters are of one UTF-16 unit. */
static uint32_t hash_code(const char *name)
{
	uint32_t h = 0;

	while (*name) {
		unsigned char c = (unsigned char)*name++;
		uint32_t unit = c;

		if (c >= 0xe0) {
			unit = (c & 15u) << 12 | (((unsigned char)name[0] & 63u) << 6) | ((unsigned char)name[1] & 63u);
			name += 2;
		} else if (c >= 0xc0) {
			unit = (c & 31u) << 6 | ((unsigned char)name[0] & 63u);
			name++;
		}
		h = h * 31 + unit;
	}
	return h ^ h >> 16;
}

static int find(const struct plain_map *map, const char *name)
{
	for (unsigned i = 0; i < map->n; i++)
		if (strcmp(map->entries[i].name, name) == 0)
			return (int)i;
	return -1;
}

void plain_put(struct plain_map *map, const char *name, const struct plain_value *value)
{
	int at = find(map, name);

	if (at < 0) {
		if (map->n == PLAIN_COLUMNS)
			abort();
		at = (int)map->n++;
		snprintf(map->entries[at].name, sizeof(map->entries[at].name), "%s", name);
		if (map->capacity > 0 && map->n * 4 > map->capacity * 3)
			map->capacity *= 2;
	}
	map->entries[at].value = *value;
}

/* Entries as they are iterated; returns how many. */
static unsigned walk(const struct plain_map *map, const struct plain_entry **out)
{
	unsigned n = 0;

	for (unsigned b = 0; b < (map->capacity ? map->capacity : 1); b++)
		for (unsigned i = 0; i < map->n; i++)
			if (map->capacity == 0 || (hash_code(map->entries[i].name) & (map->capacity - 1)) == b)
				out[n++] = &map->entries[i];
	return n;
}

/* Values ------------------------------------------------------------------------------------------------- */

static bool number_text(const char *text, double *ret)
{
	const char *digits = "0123456789+-.eE";
	char *end;
	size_t n;

	while (*text == ' ')
		text++;
	n = strlen(text);
	while (n > 0 && text[n - 1] == ' ')
		n--;
	if (strcmp(text, "NaN") == 0) {
		*ret = NAN;
		return true;
	}
	if (n == 0 || strspn(text, digits) != n)
		return false;
	*ret = strtod(text, &end);
	return end == text + n;
}

static bool num(const struct plain_value *v, double *ret)
{
	if (v->kind == PLAIN_INT || v->kind == PLAIN_DOUBLE) {
		*ret = v->number;
		return true;
	}
	return v->kind == PLAIN_STRING && number_text(v->text, ret);
}

static const char *text_of(const struct plain_value *v)
{
	if (v->kind == PLAIN_BOOL)
		return v->number != 0 ? "true" : "false";
	return v->kind == PLAIN_STRING ? v->text : NULL;
}

static struct plain_value string(const char *text)
{
	struct plain_value v = { .kind = PLAIN_STRING };

	snprintf(v.text, sizeof(v.text), "%s", text);
	return v;
}

static struct plain_value number(enum plain_kind kind, double x)
{
	return (struct plain_value){ .kind = kind, .number = x };
}

/* DataTransform's lists: texts as they stand or in lower case, numbers by value. */
static bool listed(const struct plain_value *v, const char (*tokens)[PLAIN_TEXT], unsigned n)
{
	const char *text = text_of(v);
	char lower[PLAIN_TEXT] = "";
	double x;

	for (unsigned i = 0; text && text[i]; i++)
		lower[i] = (char)tolower((unsigned char)text[i]);
	for (unsigned i = 0; i < n; i++) {
		if (text && (strcmp(text, tokens[i]) == 0 || strcmp(lower, tokens[i]) == 0))
			return true;
		if (!text && v->kind != PLAIN_NULL && number_text(tokens[i], &x) && x == v->number)
			return true;
	}
	return false;
}

static const struct plain_column *column_of(const struct plain_component *c, const char *name)
{
	for (unsigned i = 0; i < c->n; i++)
		if (strcmp(c->columns[i].name, name) == 0)
			return &c->columns[i];
	return NULL;
}

/* Components --------------------------------------------------------------------------------------------- */

static void input(const struct plain_component *c, struct plain_map *map)
{
	static struct plain_map from;
	struct plain_value missing;

	if (c->sparse) {
		from = *map;
		*map = (struct plain_map){ .capacity = 16 };
		missing = c->imputer ? string("") : number(PLAIN_INT, 0);
		for (unsigned i = 0; i < c->n; i++) {
			int at = find(&from, c->columns[i].name);

			if (c->columns[i].outside)
				continue;
			plain_put(map, c->columns[i].name, at < 0 ? &missing : &from.entries[at].value);
		}
	}
	if (c->imputer) {
		from = *map;
		*map = (struct plain_map){ .capacity = 16 };
		for (unsigned i = 0; i < c->n; i++) {
			int at = find(&from, c->columns[i].name);
			struct plain_value replacement = string(c->columns[i].replacement);
			bool gone;

			if (!c->columns[i].imputed)
				continue;
			gone = at < 0 || from.entries[at].value.kind == PLAIN_NULL ||
			       listed(&from.entries[at].value, c->tokens, c->n_tokens);
			plain_put(map, c->columns[i].name, gone ? &replacement : &from.entries[at].value);
		}
	}
	for (unsigned i = 0; c->outlier && i < map->n; i++) {
		const struct plain_column *k = column_of(c, map->entries[i].name);

		if (k && k->cut && listed(&map->entries[i].value, c->cuts, c->n_cuts))
			map->entries[i].value = string(k->outlier);
	}
}

/* -0.0 is below 0.0. */
static bool below(double a, double b)
{
	return a < b || (a == b && signbit(a) && !signbit(b));
}

static void bin(const struct plain_component *c, const struct plain_entry **in, unsigned n, struct plain_map *out)
{
	out->capacity = 8;
	for (unsigned i = 0; i < n; i++) {
		const struct plain_column *k = column_of(c, in[i]->name);
		struct plain_value v;
		unsigned at = 0;
		double x;

		if (!k) {
			plain_put(out, in[i]->name, &in[i]->value);
			continue;
		}
		if (!num(&in[i]->value, &x))
			continue;
		while (at < k->n_points && below(k->points[at], x))
			at++;
		if (isnan(x))
			at = k->n_points;
		else if (at == k->n_points && at > 0)
			at--;
		/* Only columns with weights of evidence have a bin for NaN. */
		if (isnan(x) && !c->woe)
			at = k->n_points - 1;
		v = c->woe ? number(PLAIN_DOUBLE, k->woe[at]) : number(PLAIN_INT, at);
		plain_put(out, in[i]->name, &v);
	}
}

static bool is_category(const struct plain_value *v, const char *category)
{
	const char *text = text_of(v);
	double x, y;

	if (text && strcmp(text, category) == 0)
		return true;
	return num(v, &x) && number_text(category, &y) && x == y;
}

static void one_hot(const struct plain_component *c, const struct plain_entry **in, unsigned n, struct plain_map *out)
{
	char name[3 * PLAIN_TEXT];

	out->capacity = 16;
	for (unsigned i = 0; i < n; i++) {
		const struct plain_column *k = column_of(c, in[i]->name);

		if (!k)
			plain_put(out, in[i]->name, &in[i]->value);
		for (unsigned j = 0; k && j < k->n_values; j++) {
			struct plain_value hot = number(PLAIN_DOUBLE, is_category(&in[i]->value, k->values[j]));

			snprintf(name, sizeof(name), "%s_%s", k->name, k->values[j]);
			plain_put(out, name, &hot);
		}
	}
}

static void scale(const struct plain_component *c, struct plain_map *map)
{
	for (unsigned i = 0; i < map->n; i++) {
		const struct plain_column *k = column_of(c, map->entries[i].name);
		double x, r;

		if (!k || !num(&map->entries[i].value, &x))
			continue;
		if (c->standard) {
			x = x > k->upper ? k->upper : x < k->lower ? k->lower : x;
			x = (x - k->mean) / (k->std == 0 ? 1 : k->std);
		} else {
			r = k->upper - k->lower;
			if (x > k->upper)
				x = 1;
			else if (x < k->lower || r < 0)
				x = 0;
			else
				x = (x - k->lower) / (r < 1e-6 ? 1 : r);
		}
		map->entries[i].value = number(PLAIN_DOUBLE, x);
	}
}

/* New columns come last: the map is one of insertion from here on. */
static void append(const struct plain_component *c, const struct plain_entry **in, unsigned n, struct plain_map *out)
{
	out->capacity = 0;
	for (unsigned i = 0; i < n; i++)
		plain_put(out, in[i]->name, &in[i]->value);
	for (unsigned i = 0; i < c->n; i++) {
		struct plain_value v = string(c->columns[i].replacement);
		int at = find(out, c->columns[i].name);
		bool missing = at < 0 || c->step == PLAIN_EXPAND;
		double x;

		if (!missing) {
			const struct plain_value *old = &out->entries[at].value;

			missing = old->kind == PLAIN_NULL || (num(old, &x) && isnan(x));
			for (unsigned t = 0; t < c->n_tokens; t++)
				missing = missing || is_category(old, c->tokens[t]);
		}
		if (missing)
			plain_put(out, c->columns[i].name, &v);
	}
}

static void select_columns(const struct plain_component *c, const struct plain_entry **in, unsigned n,
			   struct plain_map *out)
{
	out->capacity = 8;
	for (unsigned i = 0; i < n; i++)
		if (column_of(c, in[i]->name))
			plain_put(out, in[i]->name, &in[i]->value);
}

/* Predictors ----------------------------------------------------------------------------------------------- */

static bool sum(const struct plain_component *c, const struct plain_map *map, unsigned class, unsigned chunk, double *ret)
{
	static struct plain_map set;
	const struct plain_entry *in[PLAIN_COLUMNS];
	unsigned n = walk(map, in), k = 0;
	double whole = 0, part = 0, x;

	if (chunk > 0) {
		set = (struct plain_map){ .capacity = 16 };
		for (unsigned i = 0; i < n; i++)
			plain_put(&set, in[i]->name, &in[i]->value);
		n = walk(&set, in);
	}
	for (unsigned i = 0; i < n; i++) {
		const struct plain_column *w = column_of(c, in[i]->name);

		if (!w)
			continue;
		if (!num(&in[i]->value, &x))
			return false;
		part += w->weight[class] * x;
		if (chunk > 0 && ++k % chunk == 0) {
			whole += part;
			part = 0;
		}
	}
	*ret = whole + part + c->intercept[class];
	return true;
}

static bool machine(const struct plain_component *c, const struct plain_map *map, struct plain_result *r)
{
	const struct plain_entry *in[PLAIN_COLUMNS];
	unsigned n = walk(map, in);
	double s = 0, squares[PLAIN_EMBED] = { 0 }, pairs = 0, x;

	for (unsigned i = 0; i < n; i++) {
		const struct plain_column *w = column_of(c, in[i]->name);

		if (!w)
			continue;
		if (!num(&in[i]->value, &x))
			return false;
		s += w->weight[0] * x;
	}
	for (unsigned i = 0; i < c->n; i++) {
		int at = find(map, c->columns[i].name);

		if (at < 0)
			continue;
		if (!num(&map->entries[at].value, &x))
			return false;
		for (unsigned e = 0; e < c->embed; e++) {
			r->cross[e] += c->columns[i].embedding[e] * x;
			squares[e] += (c->columns[i].embedding[e] * x) * (c->columns[i].embedding[e] * x);
		}
	}
	for (unsigned e = 0; e < c->embed; e++)
		pairs += r->cross[e] * r->cross[e] - squares[e];
	s += pairs * 0.5;
	r->scores[0] = s + c->intercept[0];
	r->n_scores = 1;
	r->n_cross = c->embed;
	return true;
}

static bool predict(const struct plain_component *c, const struct plain_map *map, unsigned chunk, struct plain_result *r)
{
	*r = (struct plain_result){ .n_scores = c->n_classes };
	if (c->step == PLAIN_MACHINE && !machine(c, map, r))
		return false;
	for (unsigned i = 0; c->step != PLAIN_MACHINE && i < c->n_classes; i++)
		if (!sum(c, map, i, chunk, &r->scores[i]))
			return false;
	for (unsigned i = 0; i < r->n_scores; i++)
		if (!isfinite(r->scores[i]))
			return false;
	for (unsigned i = 0; i < r->n_cross; i++)
		if (!isfinite(r->cross[i]))
			return false;
	return true;
}

bool plain_run(const struct plain_component *components, unsigned n, const struct plain_map *request, unsigned chunk,
	       struct plain_result *ret_result)
{
	static struct plain_map map, out;

	map = *request;
	for (unsigned i = 0; i < n; i++) {
		const struct plain_component *c = &components[i];
		const struct plain_entry *in[PLAIN_COLUMNS];
		unsigned n_in = walk(&map, in);

		out.n = 0;
		switch (c->step) {
		case PLAIN_INPUT:
			input(c, &map);
			continue;
		case PLAIN_SCALE:
			scale(c, &map);
			continue;
		case PLAIN_BIN:
			bin(c, in, n_in, &out);
			break;
		case PLAIN_SELECT:
			select_columns(c, in, n_in, &out);
			break;
		case PLAIN_ONE_HOT:
			one_hot(c, in, n_in, &out);
			break;
		case PLAIN_IMPUTE:
		case PLAIN_EXPAND:
			append(c, in, n_in, &out);
			break;
		default:
			return predict(c, &map, chunk, ret_result);
		}
		map = out;
	}
	return false;
}
