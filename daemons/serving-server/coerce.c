/* SPDX-License-Identifier: Apache-2.0 */
#include "coerce.h"

bool fsv_coerce_text(struct fsv_json *j, struct fsv_str *ret_text)
{
	switch (fsv_json_value(j)) {
	case FSV_JSON_STRING:
	case FSV_JSON_INT:
	case FSV_JSON_DOUBLE:
		*ret_text = j->text;
		return true;
	case FSV_JSON_TRUE:
		*ret_text = FSV_STR("true");
		return true;
	case FSV_JSON_FALSE:
		*ret_text = FSV_STR("false");
		return true;
	case FSV_JSON_NULL:
		*ret_text = FSV_STR_NULL;
		return true;
	default:
		return false;
	}
}

static bool int_in_range(int64_t v, int32_t *ret_value)
{
	if (v < INT32_MIN || v > INT32_MAX)
		return false;
	*ret_value = (int32_t)v;
	return true;
}

bool fsv_coerce_int(struct fsv_json *j, int32_t *ret_value)
{
	int64_t v = 0;
	double d;

	switch (fsv_json_value(j)) {
	case FSV_JSON_INT:
		return fsv_json_i64(j, &v) && int_in_range(v, ret_value);
	case FSV_JSON_DOUBLE:
		d = fsv_json_double(j);
		return d > -2147483649.0 && d < 2147483648.0 && int_in_range((int64_t)d, ret_value);
	case FSV_JSON_STRING:
		if (!fsv_str_blank(j->text) && !fsv_str_to_i64(fsv_str_trim(j->text), &v))
			return false;
		return int_in_range(v, ret_value);
	case FSV_JSON_NULL:
		return true;
	default:
		return false;
	}
}

bool fsv_coerce_bool(struct fsv_json *j, bool *ret_value)
{
	struct fsv_str text;
	int64_t v;

	switch (fsv_json_value(j)) {
	case FSV_JSON_TRUE:
		*ret_value = true;
		return true;
	case FSV_JSON_FALSE:
		*ret_value = false;
		return true;
	case FSV_JSON_INT:
		if (!fsv_json_i64(j, &v))
			return false;
		*ret_value = v != 0;
		return true;
	case FSV_JSON_STRING:
		text = fsv_str_trim(j->text);
		*ret_value = fsv_str_caseeq(text, FSV_STR("true"));
		return *ret_value || text.n == 0 || fsv_str_caseeq(text, FSV_STR("false"));
	case FSV_JSON_NULL:
		return true;
	default:
		return false;
	}
}

enum fsv_coerced_map fsv_coerce_map(struct fsv_json *j, struct fsv_str *ret_object)
{
	struct fsv_str span;

	switch (fsv_json_skip(j, &span)) {
	case FSV_JSON_OBJECT:
		*ret_object = span;
		return FSV_MAP_OBJECT;
	case FSV_JSON_NULL:
		return FSV_MAP_NULL;
	default:
		return FSV_MAP_REFUSED;
	}
}
