/* SPDX-License-Identifier: Apache-2.0 */
#include "request.h"

#include <stdlib.h>

#include "base/buf.h"
#include "coerce.h"

enum { ROWS_FIRST = 16 };

#define EMPTY_OBJECT	FSV_STR("{}")

/* Members ------------------------------------------------------------------------------------------ */

static bool read_map(struct fsv_json *j, struct fsv_str *ret_object, bool *ret_null)
{
	enum fsv_coerced_map map = fsv_coerce_map(j, ret_object);

	*ret_null = map == FSV_MAP_NULL;
	if (*ret_null)
		*ret_object = EMPTY_OBJECT;
	return map != FSV_MAP_REFUSED;
}

/* A member of the reference's request classes that nobody reads, but whose type its decoder insists on. */
static bool unused_text(struct fsv_str key)
{
	static const char *const names[] = { "seqno", "appid", "partyId", "modelId", "modelVersion" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (fsv_str_is(key, names[i]))
			return true;
	return false;
}

/* Only plain values can be a case id; whatever else stands there is not worth refusing a request for. */
static bool read_lower_case_id(struct fsv_json *j, struct fsv_str *ret_id)
{
	enum fsv_json_type type = fsv_json_value(j);

	if (type == FSV_JSON_STRING || type == FSV_JSON_INT)
		*ret_id = j->text;
	else
		fsv_json_skip_rest(j, type);
	return true;
}

/* Rows --------------------------------------------------------------------------------------------- */

static bool row_member(struct fsv_json *j, struct fsv_str key, struct fsv_request_row *row)
{
	bool ignored;

	if (fsv_str_is(key, "index"))
		return fsv_coerce_int(j, &row->index);
	if (fsv_str_is(key, "featureData"))
		return read_map(j, &row->features, &row->features_null);
	if (fsv_str_is(key, "sendToRemoteFeatureData"))
		return read_map(j, &row->remote, &ignored);
	if (fsv_str_is(key, "needCheckFeature"))
		return fsv_coerce_bool(j, &ignored);
	fsv_json_skip(j, NULL);
	return true;
}

static bool read_row(struct fsv_json *j, struct fsv_request_row *row, bool *ret_null)
{
	enum fsv_json_type type = fsv_json_value(j);
	struct fsv_str key;

	*row = (struct fsv_request_row){ .features = EMPTY_OBJECT, .remote = EMPTY_OBJECT };
	if (type == FSV_JSON_NULL) {
		*ret_null = true;
		return true;
	}
	if (type != FSV_JSON_OBJECT)
		return false;
	while (fsv_json_key(j, &key))
		if (!row_member(j, key, row))
			return false;
	return true;
}

static void grow(struct fsv_request *request, size_t *cap, size_t max_rows, struct fsv_arena *arena)
{
	size_t more = *cap ? *cap * 2 : ROWS_FIRST;
	struct fsv_request_row *rows;

	if (more > max_rows)
		more = max_rows;
	rows = FSV_ARENA_NEW_N(arena, struct fsv_request_row, more);
	if (request->n_rows > 0)
		memcpy(rows, request->rows, request->n_rows * sizeof(*rows));
	request->rows = rows;
	*cap = more;
}

/* All rows are checked, but only so many are kept. */
static bool read_rows(struct fsv_json *j, size_t max_rows, struct fsv_arena *arena, struct fsv_request *request)
{
	enum fsv_json_type type = fsv_json_value(j);
	struct fsv_request_row spare, *row;
	size_t cap = 0;

	request->n_rows = 0;
	request->too_many = request->null_row = false;
	if (type != FSV_JSON_ARRAY)
		return type == FSV_JSON_NULL;
	while (fsv_json_elem(j)) {
		if (request->n_rows == cap && cap < max_rows)
			grow(request, &cap, max_rows, arena);
		request->too_many = request->n_rows == max_rows;
		row = request->too_many ? &spare : &request->rows[request->n_rows++];
		if (!read_row(j, row, &request->null_row))
			return false;
	}
	return true;
}

/* Requests ----------------------------------------------------------------------------------------- */

struct reading {
	struct fsv_json j;
	enum fsv_request_kind kind;
	size_t max_rows;
	struct fsv_arena *arena;
	struct fsv_request request;
	struct fsv_str caseid;		/* spelt in lower case: of use when the other is absent */
};

static bool member(struct reading *r, struct fsv_str key)
{
	struct fsv_request *q = &r->request;
	struct fsv_str ignored;

	if (fsv_str_is(key, "featureData"))
		return read_map(&r->j, &q->features, &q->features_null);
	if (fsv_str_is(key, "sendToRemoteFeatureData"))
		return read_map(&r->j, &q->remote, &q->remote_null);
	if (fsv_str_is(key, "serviceId"))
		return fsv_coerce_text(&r->j, &q->service_id);
	if (fsv_str_is(key, "caseId"))
		return fsv_coerce_text(&r->j, &q->case_id);
	if (fsv_str_is(key, "caseid"))
		return read_lower_case_id(&r->j, &r->caseid);
	if (fsv_str_is(key, "applyId"))
		return fsv_coerce_text(&r->j, &q->apply_id);
	if (r->kind == FSV_REQUEST_BATCH && fsv_str_is(key, "batchDataList"))
		return read_rows(&r->j, r->max_rows, r->arena, q);
	if (unused_text(key))
		return fsv_coerce_text(&r->j, &ignored);
	fsv_json_skip(&r->j, NULL);
	return true;
}

int fsv_request_parse(struct fsv_str body, enum fsv_request_kind kind, size_t max_rows, struct fsv_arena *arena,
		      struct fsv_request *ret_request, struct fsv_err *err)
{
	struct reading r = {
		.kind = kind, .max_rows = max_rows, .arena = arena,
		.request = { .features = EMPTY_OBJECT, .remote = EMPTY_OBJECT },
	};
	struct fsv_str key;
	bool fits = true;

	fsv_json_init(&r.j, body, arena);
	if (fsv_json_value(&r.j) != FSV_JSON_OBJECT)
		return fsv_err_set(err, FSV_E_PARAM, "request message parse error");
	while (fits && fsv_json_key(&r.j, &key))
		fits = member(&r, key);
	if (!fits || fsv_json_failed(&r.j))
		return fsv_err_set(err, FSV_E_PARAM, "request message parse error");
	if (r.request.case_id.n == 0)
		r.request.case_id = r.caseid;
	*ret_request = r.request;
	return 0;
}

int fsv_request_check(const struct fsv_request *request, enum fsv_request_kind kind, size_t max_rows,
		      struct fsv_err *err)
{
	if (kind == FSV_REQUEST_SINGLE && request->features_null)
		return fsv_err_set(err, FSV_E_PARAM, "no feature data");
	if (kind == FSV_REQUEST_SINGLE && request->remote_null)
		return fsv_err_set(err, FSV_E_PARAM, "no send to remote feature data");
	if (fsv_str_blank(request->service_id))
		return fsv_err_set(err, FSV_E_PARAM, "no service id");
	return kind == FSV_REQUEST_BATCH ? fsv_request_check_rows(request, max_rows, err) : 0;
}

int fsv_request_check_rows(const struct fsv_request *request, size_t max_rows, struct fsv_err *err)
{
	if (request->too_many)
		return fsv_err_set(err, FSV_E_PARAM, "batch size is big than %zu", max_rows);
	if (request->n_rows == 0)
		return fsv_err_set(err, FSV_E_PARAM, "batchDataList is missing or empty");
	if (request->null_row)
		return fsv_err_set(err, FSV_E_PARAM, "a row of batchDataList is null");
	return 0;
}

struct place {
	int32_t index;
	uint32_t at;
};

static int compare_places(const void *pa, const void *pb)
{
	const struct place *a = pa, *b = pb;

	if (a->index != b->index)
		return a->index < b->index ? -1 : 1;
	return a->at < b->at ? -1 : a->at > b->at;
}

/* Nearly all requests count their rows up from 0 and need no sorting. */
static bool ascending(const struct fsv_request *request)
{
	for (size_t i = 1; i < request->n_rows; i++)
		if (request->rows[i].index <= request->rows[i - 1].index)
			return false;
	return true;
}

size_t fsv_request_order(struct fsv_request *request, struct fsv_arena *arena, uint32_t **ret_order)
{
	uint32_t *order = FSV_ARENA_NEW_N(arena, uint32_t, request->n_rows);
	struct place *places;
	size_t n = 0;

	*ret_order = order;
	if (ascending(request)) {
		for (; n < request->n_rows; n++)
			order[n] = (uint32_t)n;
		return n;
	}
	places = FSV_ARENA_NEW_N(arena, struct place, request->n_rows);
	for (size_t i = 0; i < request->n_rows; i++)
		places[i] = (struct place){ request->rows[i].index, (uint32_t)i };
	qsort(places, request->n_rows, sizeof(*places), compare_places);
	for (size_t i = 0; i < request->n_rows; i++) {
		if (i + 1 < request->n_rows && places[i + 1].index == places[i].index)
			request->rows[places[i].at].superseded = true;
		else
			order[n++] = places[i].at;
	}
	return n;
}

/* Guests before 2.0 -------------------------------------------------------------------------------- */

struct fsv_str fsv_request_join(struct fsv_str a, struct fsv_str b, struct fsv_arena *arena)
{
	struct fsv_str in_a = fsv_str_trim(fsv_str_sub(a, 1, a.n - 1)), in_b = fsv_str_trim(fsv_str_sub(b, 1, b.n - 1));
	struct fsv_buf out;

	if (in_b.n == 0)
		return a;
	if (in_a.n == 0)
		return b;
	fsv_buf_init(&out, arena, 0);
	fsv_buf_room(&out, in_a.n + in_b.n + 3);
	fsv_buf_putc(&out, '{');
	fsv_buf_add(&out, in_a);
	fsv_buf_putc(&out, ',');
	fsv_buf_add(&out, in_b);
	fsv_buf_putc(&out, '}');
	return fsv_buf_str(&out);
}

static bool read_partner_model(struct fsv_json *j, struct fsv_request_1x *q)
{
	enum fsv_json_type type = fsv_json_value(j);
	struct fsv_str key;

	if (type != FSV_JSON_OBJECT) {
		fsv_json_skip_rest(j, type);
		return false;
	}
	while (fsv_json_key(j, &key)) {
		bool fits = true;

		if (fsv_str_is(key, "name"))
			fits = fsv_coerce_text(j, &q->table_name);
		else if (fsv_str_is(key, "namespace"))
			fits = fsv_coerce_text(j, &q->name_space);
		else
			fsv_json_skip(j, NULL);
		if (!fits)
			return false;
	}
	return true;
}

int fsv_request_parse_1x(struct fsv_str body, struct fsv_arena *arena, struct fsv_request_1x *ret_request,
			 struct fsv_err *err)
{
	struct fsv_str key, ids = FSV_STR_NULL, remote = EMPTY_OBJECT;
	struct fsv_request_1x q = { .keys = EMPTY_OBJECT };
	bool ids_null = true, remote_null, fits = true;
	struct fsv_json j;

	fsv_json_init(&j, body, arena);
	if (fsv_json_value(&j) != FSV_JSON_OBJECT)
		return fsv_err_set(err, FSV_E_PARAM, "parse inference params error");
	while (fits && fsv_json_key(&j, &key)) {
		if (fsv_str_is(key, "partnerModelInfo"))
			fits = read_partner_model(&j, &q);
		else if (fsv_str_is(key, "featureIdMap"))
			fits = read_map(&j, &ids, &ids_null);
		else if (fsv_str_is(key, "sendToRemoteFeatureData"))
			fits = read_map(&j, &remote, &remote_null);
		else
			fsv_json_skip(&j, NULL);
	}
	if (!fits || fsv_json_failed(&j) || q.table_name.n == 0 || q.name_space.n == 0 || ids_null)
		return fsv_err_set(err, FSV_E_PARAM,
				   "a packet without a protocol number of 200 or more needs partnerModelInfo and "
				   "featureIdMap");
	q.keys = fsv_request_join(remote, ids, arena);
	*ret_request = q;
	return 0;
}
