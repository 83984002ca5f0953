/* SPDX-License-Identifier: Apache-2.0 */
#include "package.h"

#include "base/map.h"
#include "codec/base64.h"
#include "codec/json.h"

static const char pipeline_key[] = "pipeline.pipeline:Pipeline";

/* What stands for a message without any field set. */
static const char filler[] = "\n\3set";

struct fsv_package_name fsv_package_name(struct fsv_str key)
{
	struct fsv_package_name name = { .part = FSV_PACKAGE_UNUSED };
	size_t dot = fsv_str_find(key, '.', 0), colon;
	struct fsv_str rest;

	if (dot == key.n || fsv_str_find(key, '.', dot + 1) < key.n)
		return name;
	rest = fsv_str_sub(key, dot + 1, key.n);
	colon = fsv_str_find(rest, ':', 0);
	name.component = fsv_str_sub(key, 0, dot);
	name.alias = fsv_str_sub(rest, 0, colon);
	name.message = fsv_str_sub(rest, colon < rest.n ? colon + 1 : rest.n, rest.n);
	if (fsv_str_is(key, pipeline_key))
		name.part = FSV_PACKAGE_PIPELINE;
	else if (fsv_str_ends(rest, FSV_STR("Meta")))
		name.part = FSV_PACKAGE_META;
	else if (fsv_str_ends(rest, FSV_STR("Param")))
		name.part = FSV_PACKAGE_PARAM;
	return name;
}

/* Reading --------------------------------------------------------------------------------------- */

struct entries {
	struct fsv_package_entry *list;
	size_t n, cap;
};

static void add_entry(struct entries *e, struct fsv_arena *arena, struct fsv_package_entry entry)
{
	FSV_ARENA_MORE(arena, e->list, e->n, e->cap, 16);
	e->list[e->n++] = entry;
}

/* Keys are quoted in errors, as far as they fit there, and on one line. */
enum { KEY_SHOWN = 200 };

static const char *shown(struct fsv_str key, char out[KEY_SHOWN + 1])
{
	size_t n = key.n < KEY_SHOWN ? key.n : KEY_SHOWN;

	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)key.p[i] < 0x20 || key.p[i] == 0x7f ? '?' : key.p[i];
	out[n] = '\0';
	return out;
}

static int read_entry(struct fsv_json *j, struct fsv_str key, struct fsv_package_entry *ret_entry,
		      struct fsv_err *err)
{
	enum fsv_json_type type;
	struct fsv_str bytes = FSV_STR_NULL;
	char text[KEY_SHOWN + 1];
	int r;

	key = fsv_arena_str(j->arena, key);
	type = fsv_json_value(j);
	if (type == FSV_JSON_ERROR)
		return fsv_json_fail(j, err);
	if (type != FSV_JSON_STRING)
		return fsv_err_set(err, FSV_E_SYNTAX, "the value of \"%s\" is not a text", shown(key, text));
	r = fsv_base64_decode(j->text, FSV_BASE64_STRICT, j->arena, &bytes, err);
	if (r < 0)
		return fsv_err_wrap(err, "the value of \"%s\"", shown(key, text));
	*ret_entry = (struct fsv_package_entry){ .key = key, .bytes = bytes };
	return 0;
}

static int read_entries(struct fsv_json *j, struct entries *entries, struct fsv_err *err)
{
	struct fsv_package_entry entry = { .key = FSV_STR_NULL };
	struct fsv_str key;
	int r;

	if (fsv_json_value(j) != FSV_JSON_OBJECT)
		return fsv_json_failed(j) ? fsv_json_fail(j, err) :
		       fsv_err_set(err, FSV_E_SYNTAX, "not a JSON object");
	while (fsv_json_key(j, &key)) {
		if (entries->n == FSV_PACKAGE_MAX_ENTRIES)
			return fsv_err_set(err, FSV_E_LIMIT, "more than %d entries", FSV_PACKAGE_MAX_ENTRIES);
		r = read_entry(j, key, &entry, err);
		if (r < 0)
			return r;
		add_entry(entries, j->arena, entry);
	}
	if (fsv_json_failed(j))
		return fsv_json_fail(j, err);
	if (!fsv_json_end(j))
		return fsv_err_set(err, FSV_E_SYNTAX, "more text behind the JSON object");
	return 0;
}

int fsv_package_parse(struct fsv_str json, struct fsv_arena *arena, struct fsv_package *ret_package,
		      struct fsv_err *err)
{
	struct entries entries = { .list = NULL };
	struct fsv_package package;
	struct fsv_json j;
	int r;

	if (json.n > FSV_PACKAGE_MAX_BYTES)
		return fsv_err_set(err, FSV_E_LIMIT, "%zu bytes, at most %d are taken", json.n,
				   FSV_PACKAGE_MAX_BYTES);
	fsv_json_init(&j, json, arena);
	r = read_entries(&j, &entries, err);
	if (r < 0)
		return r;
	package = (struct fsv_package){ .entries = entries.list, .n = entries.n };
	r = fsv_package_check(&package, err);
	if (r < 0)
		return r;
	*ret_package = package;
	return 0;
}

/* FATE-Flow's answer ------------------------------------------------------------------------------ */

struct flow_answer {
	bool has_code;
	int64_t code;
	struct fsv_str message, data;
	enum fsv_json_type data_type;
};

static bool flow_member(struct fsv_json *j, struct fsv_str key, struct flow_answer *a)
{
	enum fsv_json_type type;

	if (fsv_str_is(key, "data")) {
		a->data_type = fsv_json_skip(j, &a->data);
		return true;
	}
	if (!fsv_str_is(key, "retcode") && !fsv_str_is(key, "retmsg")) {
		(void)fsv_json_skip(j, NULL);	/* a fault is sticky */
		return true;
	}
	type = fsv_json_value(j);
	if (type == FSV_JSON_ARRAY || type == FSV_JSON_OBJECT)
		return false;
	if (fsv_str_is(key, "retmsg") && type == FSV_JSON_STRING)
		a->message = j->text;
	if (fsv_str_is(key, "retmsg") || type == FSV_JSON_NULL)
		return true;
	a->has_code = true;
	return type == FSV_JSON_INT && fsv_json_i64(j, &a->code);
}

/* A peer's words in a line of ours. */
static const char *one_line(struct fsv_str text, struct fsv_arena *arena)
{
	char *line = fsv_arena_cstr(arena, fsv_str_sub(text, 0, 200));

	for (char *p = line; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	return line;
}

int fsv_package_parse_flow(struct fsv_str json, struct fsv_arena *arena, struct fsv_package *ret_package,
			   struct fsv_err *err)
{
	struct flow_answer a = { .data_type = FSV_JSON_NULL };
	struct fsv_str key;
	struct fsv_json j;
	bool fits;

	fsv_json_init(&j, json, arena);
	fits = fsv_json_value(&j) == FSV_JSON_OBJECT;
	while (fits && fsv_json_key(&j, &key))
		fits = flow_member(&j, key, &a);
	if (fsv_json_failed(&j))
		return fsv_json_fail(&j, err);
	if (!fits)
		return fsv_err_set(err, FSV_E_SYNTAX, "it is no answer of FATE-Flow");
	if (a.has_code && a.code != 0)
		return fsv_err_set(err, FSV_E_MODEL_NULL, "FATE-Flow answered %lld: %s", (long long)a.code,
				   one_line(a.message, arena));
	if (a.data_type != FSV_JSON_OBJECT)
		return fsv_err_set(err, FSV_E_MODEL_NULL, "FATE-Flow's answer has no data");
	if (fsv_package_parse(a.data, arena, ret_package, err) < 0)
		return fsv_err_wrap(err, "data in FATE-Flow's answer");
	if (ret_package->n == 0)
		return fsv_err_set(err, FSV_E_MODEL_NULL, "FATE-Flow's answer has no data");
	return 0;
}

/* Checking -------------------------------------------------------------------------------------- */

/* What two entries must not share: the key, and with it the meaning. */
static struct fsv_str meaning(struct fsv_str key, struct fsv_buf *text)
{
	struct fsv_package_name name = fsv_package_name(key);

	if (name.part != FSV_PACKAGE_META && name.part != FSV_PACKAGE_PARAM)
		return key;
	fsv_buf_clear(text);
	fsv_buf_add(text, name.component);
	fsv_buf_puts(text, name.part == FSV_PACKAGE_META ? ".Meta" : ".Param");
	return fsv_buf_str(text);
}

int fsv_package_check(const struct fsv_package *package, struct fsv_err *err)
{
	const struct fsv_package_entry *entry, *other = NULL;
	char key[KEY_SHOWN + 1], other_key[KEY_SHOWN + 1];
	struct fsv_buf text;
	struct fsv_map seen;
	int r = 0;

	fsv_buf_init(&text, NULL, 0);
	fsv_map_init(&seen);
	for (size_t i = 0; i < package->n && !other; i++) {
		entry = &package->entries[i];
		other = fsv_map_put(&seen, meaning(entry->key, &text), &package->entries[i]);
		if (other && fsv_str_eq(entry->key, other->key))
			r = fsv_err_set(err, FSV_E_MODEL_INIT, "the key \"%s\" stands twice", shown(entry->key, key));
		else if (other)
			r = fsv_err_set(err, FSV_E_MODEL_INIT, "the keys \"%s\" and \"%s\" mean the same message",
					shown(other->key, other_key), shown(entry->key, key));
	}
	fsv_map_done(&seen);
	fsv_buf_done(&text);
	return r;
}

/* Writing and looking up ------------------------------------------------------------------------- */

void fsv_package_format(const struct fsv_package *package, struct fsv_buf *out)
{
	struct fsv_jsonw w;

	fsv_jsonw_init(&w, out);
	fsv_jsonw_begin(&w, '{');
	for (size_t i = 0; i < package->n; i++) {
		fsv_jsonw_key(&w, package->entries[i].key);
		fsv_buf_putc(out, '"');
		fsv_base64_encode(out, package->entries[i].bytes);
		fsv_buf_putc(out, '"');
		w.comma = true;
	}
	fsv_jsonw_end(&w, '}');
}

struct fsv_str fsv_package_pipeline(const struct fsv_package *package)
{
	for (size_t i = 0; i < package->n; i++)
		if (fsv_str_is(package->entries[i].key, pipeline_key))
			return package->entries[i].bytes.p ? package->entries[i].bytes : FSV_STR("");
	return FSV_STR_NULL;
}

static bool find(const struct fsv_package *package, struct fsv_str component, enum fsv_package_part part,
		 struct fsv_str *ret_bytes)
{
	for (size_t i = 0; i < package->n; i++) {
		const struct fsv_package_entry *entry = &package->entries[i];
		struct fsv_package_name name;

		/* Cheap first: most entries are another component's. */
		if (!fsv_str_starts(entry->key, component))
			continue;
		name = fsv_package_name(entry->key);
		if (name.part != part || !fsv_str_eq(name.component, component))
			continue;
		*ret_bytes = fsv_str_is(entry->bytes, filler) ? FSV_STR("") : entry->bytes;
		return true;
	}
	return false;
}

bool fsv_package_meta(const struct fsv_package *package, struct fsv_str component, struct fsv_str *ret_bytes)
{
	return find(package, component, FSV_PACKAGE_META, ret_bytes);
}

bool fsv_package_param(const struct fsv_package *package, struct fsv_str component, struct fsv_str *ret_bytes)
{
	return find(package, component, FSV_PACKAGE_PARAM, ret_bytes);
}
