/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include "codec/json.h"
#include "codec/number.h"

static bool id_text(struct fsv_json *j, struct fsv_arena *arena, struct fsv_str *ret_id)
{
	enum fsv_json_type type = fsv_json_value(j);
	char *digits;

	switch (type) {
	case FSV_JSON_STRING:
	case FSV_JSON_INT:
		*ret_id = j->text;
		return true;
	case FSV_JSON_DOUBLE:
		digits = fsv_arena_alloc(arena, FSV_DOUBLE_TEXT_MAX);
		*ret_id = fsv_str_n(digits, fsv_double_to_java(fsv_json_double(j), digits));
		return true;
	case FSV_JSON_TRUE:
	case FSV_JSON_FALSE:
		*ret_id = type == FSV_JSON_TRUE ? FSV_STR("true") : FSV_STR("false");
		return true;
	case FSV_JSON_NULL:
		return false;
	default:
		fsv_json_skip_rest(j, type);
		*ret_id = FSV_STR_NULL;
		return true;
	}
}

bool fsv_keys_text(struct fsv_str keys, struct fsv_str name, bool text_only, struct fsv_arena *arena,
		   struct fsv_str *ret_value)
{
	struct fsv_json j, at;
	struct fsv_str key;
	bool found = false;

	fsv_json_init(&j, keys, arena);
	if (fsv_json_value(&j) != FSV_JSON_OBJECT)
		return false;
	while (fsv_json_key(&j, &key)) {
		enum fsv_json_type type;

		at = j;
		type = fsv_json_skip(&j, NULL);
		if (fsv_str_eq(key, name))
			found = (!text_only || type == FSV_JSON_STRING) && id_text(&at, arena, ret_value);
	}
	return found;
}
