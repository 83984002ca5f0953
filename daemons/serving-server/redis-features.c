/* SPDX-License-Identifier: Apache-2.0 */
#include "redis-features.h"

#include "codec/json.h"

/* What is no UTF-8 is no feature's name or value. */
static bool write_member(struct fsv_jsonw *w, struct fsv_str name, const struct fsv_redis_reply *value)
{
	if (value->type == FSV_REDIS_NIL)
		return true;
	if (value->type != FSV_REDIS_TEXT || fsv_str_utf8(name) < name.n || fsv_str_utf8(value->text) < value->text.n)
		return false;
	fsv_jsonw_key(w, name);
	fsv_jsonw_str(w, value->text);
	return true;
}

bool fsv_redis_features(const struct fsv_redis_reply *reply, const struct fsv_str *fields, size_t n_fields,
			struct fsv_arena *arena, struct fsv_str *ret_features)
{
	struct fsv_jsonw w;
	struct fsv_buf out;

	if (reply->type != FSV_REDIS_ARRAY || (fields ? reply->n != n_fields : reply->n % 2 != 0))
		return false;
	fsv_buf_init(&out, arena, 0);
	fsv_jsonw_init(&w, &out);
	fsv_jsonw_begin(&w, '{');
	for (size_t i = 0; i < reply->n; i += fields ? 1 : 2) {
		bool good;

		if (fields)
			good = write_member(&w, fields[i], reply->elems[i]);
		else
			good = reply->elems[i]->type == FSV_REDIS_TEXT && write_member(&w, reply->elems[i]->text, reply->elems[i + 1]);
		if (!good)
			return false;
	}
	fsv_jsonw_end(&w, '}');
	*ret_features = out.n > 2 ? fsv_buf_str(&out) : FSV_STR_NULL;
	return true;
}
