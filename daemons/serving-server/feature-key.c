/* SPDX-License-Identifier: Apache-2.0 */
#include "feature-key.h"

#include "base/buf.h"
#include "coerce.h"

/* Text, then the value of the first of these names; at the end there may be no names. */
struct part {
	struct part *next;
	struct fsv_str text;
	struct fsv_str names;		/* "id|device_id" */
};

struct fsv_feature_key {
	struct part *first;
};

static size_t find_place(struct fsv_str s, size_t from)
{
	for (size_t i = from; i + 1 < s.n; i++)
		if (s.p[i] == '$' && s.p[i + 1] == '{')
			return i;
	return s.n;
}

static bool next_name(struct fsv_str names, size_t *at, struct fsv_str *ret_name)
{
	size_t end;

	if (*at > names.n)
		return false;
	end = fsv_str_find(names, '|', *at);
	*ret_name = fsv_str_sub(names, *at, end);
	*at = end + 1;
	return true;
}

static bool names_good(struct fsv_str names)
{
	struct fsv_str name;
	size_t at = 0;

	while (next_name(names, &at, &name))
		if (name.n == 0)
			return false;
	return true;
}

int fsv_feature_key_parse(struct fsv_str pattern, struct fsv_arena *arena, struct fsv_feature_key **ret_key,
			  struct fsv_err *err)
{
	struct fsv_feature_key *key = FSV_ARENA_NEW(arena, struct fsv_feature_key);
	struct part **end = &key->first;
	size_t at = 0, places = 0;

	while (at < pattern.n) {
		size_t open = find_place(pattern, at), close = fsv_str_find(pattern, '}', open);
		struct part *part = FSV_ARENA_NEW(arena, struct part);

		part->text = fsv_str_sub(pattern, at, open);
		if (open < pattern.n) {
			part->names = fsv_str_sub(pattern, open + 2, close);
			if (close >= pattern.n || !names_good(part->names))
				return fsv_err_set(err, FSV_E_CONFIG, "at character %zu there is no ${name} or ${name|other}",
						   open + 1);
			places++;
		}
		at = open < pattern.n ? close + 1 : pattern.n;
		*end = part;
		end = &part->next;
	}
	if (places == 0)
		return fsv_err_set(err, FSV_E_CONFIG, "no ${name} stands in it, so everybody would have the same features");
	*ret_key = key;
	return 0;
}

/* The text of a member; of equally named ones the last counts. */
static struct fsv_str member(struct fsv_str keys, struct fsv_str name, struct fsv_arena *arena)
{
	struct fsv_str key, value = FSV_STR_NULL;
	struct fsv_json j, at;

	fsv_json_init(&j, keys, arena);
	if (fsv_json_value(&j) != FSV_JSON_OBJECT)
		return FSV_STR_NULL;
	while (fsv_json_key(&j, &key)) {
		at = j;
		fsv_json_skip(&j, NULL);
		if (fsv_str_eq(key, name) && !fsv_coerce_text(&at, &value))
			value = FSV_STR_NULL;
	}
	return fsv_json_failed(&j) ? FSV_STR_NULL : value;
}

bool fsv_feature_key_format(const struct fsv_feature_key *key, struct fsv_str keys, struct fsv_arena *arena,
			    struct fsv_str *ret_text)
{
	struct fsv_buf out;

	fsv_buf_init(&out, arena, FSV_FEATURE_KEY_MAX);
	for (const struct part *part = key->first; part; part = part->next) {
		struct fsv_str name, value = FSV_STR_NULL;
		size_t at = 0;

		fsv_buf_add(&out, part->text);
		while (part->names.n > 0 && value.n == 0 && next_name(part->names, &at, &name))
			value = member(keys, name, arena);
		if (part->names.n > 0 && value.n == 0)
			return false;
		fsv_buf_add(&out, value);
	}
	if (fsv_buf_failed(&out))
		return false;
	*ret_text = fsv_buf_str(&out);
	return true;
}
