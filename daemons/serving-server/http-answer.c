/* SPDX-License-Identifier: Apache-2.0 */
#include "http-answer.h"

#include "coerce.h"

enum { FAULT = 110, REFUSED = 116, CODE_OK = 200, CODE_NOT_FOUND = 404 };

struct coded {
	int32_t code;
	bool has_code;
	struct fsv_str data;
	bool has_data;			/* an object */
	bool empty_data;		/* absent, null or {} */
};

static bool empty_object(struct fsv_str object)
{
	return fsv_str_blank(fsv_str_sub(object, 1, object.n - 1));
}

/* {"code":int,"data":object}. The outer code may be spelt as a text, the inner one may not. */
static bool read_coded(struct fsv_str text, bool inner, struct fsv_arena *arena, struct coded *ret)
{
	struct coded c = { .empty_data = true };
	struct fsv_str key;
	struct fsv_json j;
	bool fits = true;

	fsv_json_init(&j, text, arena);
	if (fsv_json_value(&j) != FSV_JSON_OBJECT)
		return false;
	while (fits && fsv_json_key(&j, &key)) {
		if (fsv_str_is(key, "code")) {
			struct fsv_json at = j;

			c.has_code = true;
			fits = inner ? fsv_json_skip(&at, NULL) == FSV_JSON_INT : true;
			fits = fits && fsv_coerce_int(&j, &c.code);
		} else if (fsv_str_is(key, "data")) {
			/* Beside an inner code that says failure anything may stand. */
			enum fsv_coerced_map map = inner ? FSV_MAP_NULL : fsv_coerce_map(&j, &c.data);

			fits = map != FSV_MAP_REFUSED;
			c.has_data = inner ? fsv_json_skip(&j, &c.data) == FSV_JSON_OBJECT : map == FSV_MAP_OBJECT;
			c.empty_data = !c.has_data || empty_object(c.data);
		} else {
			fsv_json_skip(&j, NULL);
		}
	}
	*ret = c;
	return fits && !fsv_json_failed(&j);
}

static struct fsv_http_features fault(int retcode, const char *text)
{
	return (struct fsv_http_features){ .retcode = retcode, .text = text };
}

static struct fsv_http_features nested(struct fsv_str data, struct fsv_arena *arena)
{
	struct coded inner;

	if (!read_coded(data, true, arena, &inner) || !inner.has_code)
		return fault(FAULT, "the answer's data has no code");
	if (inner.code != CODE_OK)
		return fault(REFUSED, "the code in the answer's data is not 200");
	if (!inner.has_data)
		return fault(FAULT, "the answer's data has the code 200 and no data");
	return (struct fsv_http_features){ .features = inner.data };
}

struct fsv_http_features fsv_http_features_by_code(struct fsv_str body, struct fsv_arena *arena)
{
	struct coded outer;

	if (!read_coded(body, false, arena, &outer))
		return fault(FAULT, "the answer is no JSON object with code and data");
	if (outer.code == CODE_NOT_FOUND)
		return fault(REFUSED, "data not found");
	if (outer.code != 0 && outer.code != CODE_OK)
		return fault(REFUSED, "responseCode unknown");
	if (outer.empty_data)
		return fault(REFUSED, "responseData is null");
	if (outer.code == 0)
		return nested(outer.data, arena);
	return (struct fsv_http_features){ .features = outer.data };
}

struct fsv_http_features fsv_http_features_by_status(unsigned status, struct fsv_str body, struct fsv_arena *arena)
{
	struct fsv_str object;
	struct fsv_json j;

	if (status != 200)
		return fault(REFUSED, "the HTTP status is not 200");
	fsv_json_init(&j, body, arena);
	if (fsv_coerce_map(&j, &object) != FSV_MAP_OBJECT)
		return fault(FAULT, "the answer is no JSON object");
	if (empty_object(object))
		return fault(REFUSED, "responseData is null");
	return (struct fsv_http_features){ .features = object };
}
