/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON of /federation: request and answer. Nothing here knows of HTTP or gRPC. */
#include "federation.h"

#include <limits.h>

#include "codec/json.h"

struct fsv_federation_member {
	struct fsv_str key;
	struct fsv_str value;	/* span of the text, checked */
	unsigned seen;		/* in value; enum fsv_json_seen */
};

/* Request ---------------------------------------------------------------------------------------- */

struct list {
	struct fsv_federation_member *members;
	size_t n, cap;
};

static void list_add(struct list *list, struct fsv_federation_member member, struct fsv_arena *arena)
{
	FSV_ARENA_MORE(arena, list->members, list->n, list->cap, 64);
	list->members[list->n++] = member;
}

/* Members of the object that begins here. 1 when it is null, FSV_E_PARAM for other types. */
static int read_object(struct fsv_json *j, struct list *list, const char *name, struct fsv_err *err)
{
	enum fsv_json_type type = fsv_json_value(j);
	struct fsv_federation_member m;

	list->n = 0;	/* the last of two heads counts */
	if (type == FSV_JSON_NULL)
		return 1;
	if (type != FSV_JSON_OBJECT)
		return fsv_err_set(err, FSV_E_PARAM, "%s is no object", name);
	while (fsv_json_key(j, &m.key)) {
		j->seen = 0;
		if (fsv_json_skip(j, &m.value) == FSV_JSON_ERROR)
			break;
		m.seen = j->seen;
		list_add(list, m, j->arena);
	}
	return fsv_json_failed(j) ? fsv_json_fail(j, err) : 0;
}

/* The text of a string value, or empty for anything else. */
static struct fsv_str text_of(struct fsv_str value, struct fsv_arena *arena)
{
	struct fsv_json j;

	if (value.n == 0 || value.p[0] != '"')
		return FSV_STR_NULL;
	fsv_json_init(&j, value, arena);
	return fsv_json_value(&j) == FSV_JSON_STRING ? j.text : FSV_STR_NULL;
}

static bool is_null(struct fsv_str value)
{
	return value.n > 0 && value.p[0] == 'n';
}

static int look_at_head(struct fsv_federation *f, const struct list *head, struct fsv_arena *arena, struct fsv_err *err)
{
	struct fsv_str second = FSV_STR_NULL;

	for (size_t i = 0; i < head->n; i++) {
		const struct fsv_federation_member *m = &head->members[i];

		if (fsv_str_is(m->key, "caseid"))
			f->case_id = text_of(m->value, arena);
		else if (fsv_str_is(m->key, "caseId"))
			second = text_of(m->value, arena);
		else if (fsv_str_is(m->key, "serviceId"))
			f->service_id = text_of(m->value, arena);
		else if (fsv_str_is(m->key, "appid") && m->value.p[0] != '"' && !is_null(m->value))
			return fsv_err_set(err, FSV_E_PARAM, "head.appid is no text");
	}
	if (f->case_id.n == 0)
		f->case_id = second;
	return 0;
}

static void join(struct fsv_federation *f, const struct list *head, const struct list *body, struct fsv_arena *arena)
{
	f->n = head->n + body->n;
	f->members = fsv_arena_alloc(arena, f->n * sizeof(*f->members));
	if (head->n > 0)
		memcpy(f->members, head->members, head->n * sizeof(*f->members));
	if (body->n > 0)
		memcpy(f->members + head->n, body->members, body->n * sizeof(*f->members));
	for (size_t i = 0; i < f->n; i++) {
		f->has_caseid = f->has_caseid || (fsv_str_is(f->members[i].key, "caseid") && !is_null(f->members[i].value));
		f->has_camel = f->has_camel || (fsv_str_is(f->members[i].key, "caseId") && !is_null(f->members[i].value));
	}
}

int fsv_federation_read(struct fsv_str text, struct fsv_arena *arena, struct fsv_federation *ret_body,
			struct fsv_err *err)
{
	struct fsv_federation f = { 0 };
	struct list head = { 0 }, body = { 0 };
	bool head_null = false;
	struct fsv_json j;
	struct fsv_str key;
	int r = 0;

	fsv_json_init(&j, text, arena);
	if (fsv_json_value(&j) != FSV_JSON_OBJECT)
		return fsv_err_set(err, FSV_E_PARAM, "the body is no JSON object");
	while (r >= 0 && fsv_json_key(&j, &key)) {
		if (fsv_str_is(key, "head"))
			head_null = (r = read_object(&j, &head, "head", err)) == 1;
		else if (fsv_str_is(key, "body"))
			f.body_null = (r = read_object(&j, &body, "body", err)) == 1;
		else
			(void)fsv_json_skip(&j, NULL);	/* a fault is sticky and found below */
	}
	if (r < 0)
		return r;
	if (fsv_json_failed(&j))
		return fsv_json_fail(&j, err);
	if (head_null)
		return fsv_err_set(err, FSV_E_PARAM, "head is null");
	r = look_at_head(&f, &head, arena, err);
	if (r < 0)
		return r;
	join(&f, &head, &body, arena);
	*ret_body = f;
	return 0;
}

/* Writing ---------------------------------------------------------------------------------------- */

enum { FEW = 16 };	/* up to here looking is quicker than hashing */

/* Of equal names the last value counts, at the place of the first. The other place is left without value. */
static void supersede(struct fsv_federation_member *first, struct fsv_federation_member *last)
{
	first->value = last->value;
	first->seen = last->seen;
	last->value = FSV_STR_NULL;
}

static void settle_few(struct fsv_federation_member *m, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		for (size_t k = 0; k < i; k++) {
			if (m[k].value.n > 0 && fsv_str_eq(m[k].key, m[i].key)) {
				supersede(&m[k], &m[i]);
				break;
			}
		}
	}
}

static void settle_many(struct fsv_federation_member *m, size_t n, struct fsv_arena *arena)
{
	size_t n_slots = 64;
	uint32_t *slots;

	while (n_slots < n * 2)
		n_slots *= 2;
	slots = FSV_ARENA_NEW_N(arena, uint32_t, n_slots);
	for (size_t i = 0; i < n; i++) {
		size_t at = fsv_str_hash(m[i].key) & (n_slots - 1);

		while (slots[at] && !fsv_str_eq(m[slots[at] - 1].key, m[i].key))
			at = (at + 1) & (n_slots - 1);
		if (slots[at])
			supersede(&m[slots[at] - 1], &m[i]);
		else
			slots[at] = (uint32_t)i + 1;
	}
}

/*
 * The reference decodes a value and prints it again, without its nulls and with what is beyond a double as a text. Any
 * other value means the same to who reads it, in whatever spelling, and goes on as it came.
 */
static int put_member(struct fsv_jsonw *w, const struct fsv_federation_member *m, struct fsv_arena *arena,
		      struct fsv_err *err)
{
	int r = 0;

	fsv_jsonw_key(w, m->key);
	if (m->seen & (FSV_JSON_SEEN_NULL | FSV_JSON_SEEN_FAR))
		r = fsv_json_reencode(m->value, true, arena, w->out, err);
	else
		fsv_jsonw_raw(w, m->value);
	w->comma = true;
	return r;
}

/* Bytes that the members take when they go on as they came. */
static size_t expected(const struct fsv_federation *f, struct fsv_str case_id)
{
	size_t n = 2 * (sizeof("\"caseid\":\"\",") + case_id.n) + sizeof("{}");

	for (size_t i = 0; i < f->n; i++)
		n += sizeof("\"\":,") + f->members[i].key.n + f->members[i].value.n;
	return n;
}

int fsv_federation_write(const struct fsv_federation *f, struct fsv_str case_id, struct fsv_arena *arena,
			 struct fsv_buf *out, struct fsv_err *err)
{
	struct fsv_jsonw w;
	int r = 0;

	if (f->n <= FEW)
		settle_few(f->members, f->n);
	else
		settle_many(f->members, f->n, arena);
	(void)fsv_buf_room(out, expected(f, case_id));	/* a hint */
	fsv_jsonw_init(&w, out);
	fsv_jsonw_begin(&w, '{');
	if (!f->has_caseid)
		fsv_jsonw_kv_str(&w, "caseid", case_id);
	if (!f->has_camel)
		fsv_jsonw_kv_str(&w, "caseId", case_id);
	for (size_t i = 0; i < f->n && r == 0; i++)
		if (f->members[i].value.n > 0 && !is_null(f->members[i].value))
			r = put_member(&w, &f->members[i], arena, err);
	fsv_jsonw_end(&w, '}');
	return r;
}

/* Answer ----------------------------------------------------------------------------------------- */

static bool kept(struct fsv_str key)
{
	return !fsv_str_is(key, "log") && !fsv_str_is(key, "warn") && !fsv_str_is(key, "caseid");
}

/* What the answer contains goes to seen. False with nothing appended: it is no JSON object. */
static bool strip(struct fsv_str answer, struct fsv_arena *arena, struct fsv_buf *out, int *retcode, unsigned *seen)
{
	size_t before = out->n;
	struct fsv_str key, value;
	struct fsv_jsonw w;
	struct fsv_json j;
	int64_t code;

	fsv_json_init(&j, answer, arena);
	if (fsv_json_value(&j) != FSV_JSON_OBJECT)
		return false;
	fsv_jsonw_init(&w, out);
	fsv_jsonw_begin(&w, '{');
	while (fsv_json_key(&j, &key)) {
		if (fsv_json_skip(&j, &value) == FSV_JSON_ERROR)
			break;
		if (fsv_str_is(key, "retcode") && fsv_str_to_i64(value, &code) && code >= 0 && code <= INT_MAX)
			*retcode = (int)code;
		if (kept(key)) {
			fsv_jsonw_key(&w, key);
			fsv_jsonw_raw(&w, value);
		}
	}
	fsv_jsonw_end(&w, '}');
	*seen = j.seen;
	if (fsv_json_failed(&j))
		out->n = before;
	return !fsv_json_failed(&j);
}

/* An answer as serving nodes write it has no white space, nulls or escapes. Its numbers are in the right spelling
 * then, since both implementations print them as Java does. Any other is encoded anew. */
int fsv_federation_answer(struct fsv_str answer, struct fsv_arena *arena, struct fsv_buf *out)
{
	size_t before = out->n;
	int retcode = -1;
	unsigned seen;
	struct fsv_err err;
	struct fsv_buf again;

	if (answer.n == 0) {
		fsv_buf_puts(out, "{}");
		return -1;
	}
	if (!strip(answer, arena, out, &retcode, &seen) ||
	    !(seen & (FSV_JSON_SEEN_SPACE | FSV_JSON_SEEN_ESCAPE | FSV_JSON_SEEN_NULL)))
		return retcode;
	out->n = before;
	fsv_buf_init(&again, arena, 0);
	if (fsv_json_reencode(answer, true, arena, &again, &err) == 0)
		(void)strip(fsv_buf_str(&again), arena, out, &retcode, &seen);	/* it was an object before */
	return retcode;
}
