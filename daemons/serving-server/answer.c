/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's reading of a host's envelope. */
#include "envelope.h"

#include <stdlib.h>
#include <string.h>

#include "coerce.h"

struct reading {
	struct fsv_json j;
	const int32_t *asked;
	size_t n_asked;
	struct fsv_arena *arena;
	struct fsv_answer_row **by_place;	/* n_asked; NULL where no row came */
	bool mapped;			/* there was a singleInferenceResultMap */
};

static struct fsv_answer_row **place_of(const struct reading *r, int32_t index)
{
	size_t low = 0, high = r->n_asked;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (r->asked[mid] == index)
			return &r->by_place[mid];
		if (r->asked[mid] < index)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* The text that goes with a row's code stands inside its data. */
static struct fsv_str message_of(struct fsv_str data, struct fsv_arena *arena)
{
	struct fsv_str key, message = FSV_STR_NULL;
	enum fsv_json_type type;
	struct fsv_json j;

	fsv_json_init(&j, data, arena);
	if (data.n == 0 || fsv_json_value(&j) != FSV_JSON_OBJECT)
		return FSV_STR_NULL;
	while ((type = fsv_json_member(&j, &key)) > FSV_JSON_NONE) {
		if (fsv_str_is(key, "message"))
			message = type == FSV_JSON_STRING ? j.text : FSV_STR_NULL;
		fsv_json_skip_rest(&j, type);
	}
	return message;
}

/* One row's object. index keeps what it was when the object does not name one. */
static bool read_row(struct reading *r, int32_t *index, struct fsv_answer_row *ret_row)
{
	enum fsv_json_type type = fsv_json_value(&r->j);
	struct fsv_answer_row row = { 0 };
	struct fsv_str key;

	if (type != FSV_JSON_OBJECT) {
		fsv_json_skip_rest(&r->j, type);
		return type == FSV_JSON_NULL;
	}
	while (fsv_json_key(&r->j, &key)) {
		bool fits = true;

		if (fsv_str_is(key, "index")) {
			fits = fsv_coerce_int(&r->j, index);
		} else if (fsv_str_is(key, "retcode")) {
			fits = fsv_coerce_int(&r->j, &row.retcode);
		} else if (fsv_str_is(key, "data")) {
			enum fsv_coerced_map map = fsv_coerce_map(&r->j, &row.data);

			fits = map != FSV_MAP_REFUSED;
			if (map == FSV_MAP_NULL)
				row.data = FSV_STR_NULL;
		} else {
			fsv_json_skip(&r->j, NULL);
		}
		if (!fits)
			return false;
	}
	*ret_row = row;
	return true;
}

static void keep_row(struct reading *r, int32_t index, const struct fsv_answer_row *row)
{
	struct fsv_answer_row **place = place_of(r, index);

	if (!place)
		return;
	if (!*place)
		*place = FSV_ARENA_NEW(r->arena, struct fsv_answer_row);
	**place = *row;
	(*place)->index = index;
}

static bool read_list(struct reading *r, struct fsv_str span)
{
	fsv_json_init(&r->j, span, r->arena);
	fsv_json_value(&r->j);
	while (fsv_json_elem(&r->j)) {
		struct fsv_answer_row row = { 0 };
		int32_t index = 0;

		if (!read_row(r, &index, &row))
			return false;
		keep_row(r, index, &row);
	}
	return true;
}

/* In place, since it is most of an answer. Here the member's name is the index, whatever stands inside. */
static bool read_map(struct reading *r)
{
	struct fsv_str key;

	while (fsv_json_key(&r->j, &key)) {
		struct fsv_answer_row row = { 0 };
		int32_t inside = 0;
		int64_t index;

		if (!fsv_str_to_i64(key, &index) || index < INT32_MIN || index > INT32_MAX ||
		    !read_row(r, &inside, &row))
			return false;
		keep_row(r, (int32_t)index, &row);
	}
	return true;
}

static void collect_rows(const struct reading *r, struct fsv_answer *answer)
{
	answer->rows = FSV_ARENA_NEW_N(r->arena, struct fsv_answer_row, r->n_asked);
	for (size_t i = 0; i < r->n_asked; i++) {
		struct fsv_answer_row *row = r->by_place[i];

		if (!row)
			continue;
		if (row->retcode != 0)
			row->message = message_of(row->data, r->arena);
		answer->rows[answer->n_rows++] = *row;
	}
}

/* The map counts where there is one; of several the last. */
static bool member_map(struct reading *r)
{
	enum fsv_json_type type = fsv_json_value(&r->j);

	memset(r->by_place, 0, r->n_asked * sizeof(*r->by_place));
	r->mapped = type == FSV_JSON_OBJECT;
	if (r->mapped)
		return read_map(r);
	fsv_json_skip_rest(&r->j, type);
	return type == FSV_JSON_NULL;
}

static bool member(struct reading *r, struct fsv_str key, struct fsv_answer *answer, struct fsv_str *list)
{
	enum fsv_json_type type;

	if (fsv_str_is(key, "retcode"))
		return fsv_coerce_int(&r->j, &answer->retcode);
	if (fsv_str_is(key, "retmsg"))
		return fsv_coerce_text(&r->j, &answer->retmsg);
	if (fsv_str_is(key, "data")) {
		enum fsv_coerced_map map = fsv_coerce_map(&r->j, &answer->data);

		if (map == FSV_MAP_NULL)
			answer->data = FSV_STR_NULL;
		return map != FSV_MAP_REFUSED;
	}
	if (r->n_asked > 0 && fsv_str_is(key, "batchDataList")) {
		type = fsv_json_skip(&r->j, list);
		if (type == FSV_JSON_NULL)
			*list = FSV_STR_NULL;
		return type == FSV_JSON_ARRAY || type == FSV_JSON_NULL;
	}
	if (r->n_asked > 0 && fsv_str_is(key, "singleInferenceResultMap"))
		return member_map(r);
	fsv_json_skip(&r->j, NULL);
	return true;
}

int fsv_answer_parse(struct fsv_str body, const int32_t *asked, size_t n_asked, struct fsv_arena *arena,
		     struct fsv_answer *ret_answer, struct fsv_err *err)
{
	struct reading r = { .asked = asked, .n_asked = n_asked, .arena = arena };
	struct fsv_answer answer = { .data = FSV_STR("{}") };
	struct fsv_str key, list = FSV_STR_NULL;
	bool fits;

	r.by_place = FSV_ARENA_NEW_N(arena, struct fsv_answer_row *, n_asked);
	fsv_json_init(&r.j, body, arena);
	fits = fsv_json_value(&r.j) == FSV_JSON_OBJECT;
	while (fits && fsv_json_key(&r.j, &key))
		fits = member(&r, key, &answer, &list);
	if (fits && !fsv_json_failed(&r.j) && !r.mapped && list.n > 0)
		fits = read_list(&r, list);
	if (!fits || fsv_json_failed(&r.j))
		return fsv_err_set(err, FSV_E_RESPONSE, "the answer is no result envelope");
	if (n_asked > 0)
		collect_rows(&r, &answer);
	*ret_answer = answer;
	return 0;
}

const struct fsv_answer_row *fsv_answer_row(const struct fsv_answer *answer, int32_t index)
{
	size_t low = 0, high = answer->n_rows;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (answer->rows[mid].index == index)
			return &answer->rows[mid];
		if (answer->rows[mid].index < index)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}
