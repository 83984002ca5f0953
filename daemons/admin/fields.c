/* SPDX-License-Identifier: Apache-2.0 */
#include "fields.h"

#include <math.h>

#include "codec/number.h"

struct fsv_str fsv_field_text(const struct fsv_json_node *node)
{
	if (!node)
		return FSV_STR_NULL;
	switch (node->type) {
	case FSV_JSON_STRING:
	case FSV_JSON_INT:
	case FSV_JSON_DOUBLE:
		return node->text.p ? node->text : FSV_STR("");
	case FSV_JSON_TRUE:
		return FSV_STR("true");
	case FSV_JSON_FALSE:
		return FSV_STR("false");
	default:
		return FSV_STR_NULL;
	}
}

enum fsv_field fsv_field_int_text(struct fsv_str text, int64_t *ret_value)
{
	int64_t value;

	text = fsv_str_trim(text);
	if (text.n == 0)
		return FSV_FIELD_ABSENT;
	if (!fsv_str_to_i64(text, &value) || value < INT32_MIN || value > INT32_MAX)
		return FSV_FIELD_BAD;
	*ret_value = value;
	return FSV_FIELD_THERE;
}

enum fsv_field fsv_field_int(const struct fsv_json_node *node, int64_t *ret_value)
{
	if (!node || node->type == FSV_JSON_NULL)
		return FSV_FIELD_ABSENT;
	if (node->type == FSV_JSON_INT || node->type == FSV_JSON_STRING)
		return fsv_field_int_text(node->text, ret_value);
	if (node->type != FSV_JSON_DOUBLE || !(node->number > -2147483649.0 && node->number < 2147483648.0))
		return FSV_FIELD_BAD;
	*ret_value = (int64_t)node->number;
	return FSV_FIELD_THERE;
}

enum fsv_field fsv_field_double(const struct fsv_json_node *node, double *ret_value)
{
	double value;

	if (!node || node->type == FSV_JSON_NULL || (node->type == FSV_JSON_STRING && fsv_str_blank(node->text)))
		return FSV_FIELD_ABSENT;
	if (node->type == FSV_JSON_INT || node->type == FSV_JSON_DOUBLE)
		value = node->number;
	else if (node->type != FSV_JSON_STRING || !fsv_double_from_java(fsv_str_trim(node->text), &value))
		return FSV_FIELD_BAD;
	if (!isfinite(value))
		return FSV_FIELD_BAD;
	*ret_value = value;
	return FSV_FIELD_THERE;
}

struct fsv_str fsv_field_span(struct fsv_str text, const char *name, struct fsv_arena *arena)
{
	struct fsv_str found = FSV_STR_NULL, key, span;
	struct fsv_json j;

	fsv_json_init(&j, text, arena);
	if (fsv_json_value(&j) != FSV_JSON_OBJECT)
		return FSV_STR_NULL;
	while (fsv_json_key(&j, &key)) {
		enum fsv_json_type type = fsv_json_skip(&j, &span);

		if (fsv_str_is(key, name))
			found = type == FSV_JSON_NULL ? FSV_STR_NULL : span;
	}
	return fsv_json_failed(&j) ? FSV_STR_NULL : found;
}

struct fsv_str fsv_field_cookie(struct fsv_str header, const char *name)
{
	for (size_t from = 0; from < header.n;) {
		size_t end = fsv_str_find(header, ';', from);
		struct fsv_str pair = fsv_str_trim(fsv_str_sub(header, from, end));
		size_t equals = fsv_str_find(pair, '=', 0);

		if (equals < pair.n && fsv_str_is(fsv_str_trim(fsv_str_sub(pair, 0, equals)), name))
			return fsv_str_trim(fsv_str_sub(pair, equals + 1, pair.n));
		from = end + 1;
	}
	return FSV_STR_NULL;
}
