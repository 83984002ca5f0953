/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include "codec/json.h"
#include "codec/yaml.h"
#include "model/known.h"
#include "message.h"
#include "model/dsl.h"
#include "wire.h"

enum { NAME_BYTES_MAX = 200 };		/* of tableName and namespace together: they make a file's name */

struct reader {
	const char *file;
	int64_t now;
	struct fsv_arena *arena;
	struct fsv_err *err;
	struct fsv_ctl_text *text;
	size_t cap_entries;
	struct fsv_jsonw dsl;
};

#define fault(r, node, ...)	fsv_ctl_fault((r)->err, (r)->file, (node), __VA_ARGS__)

/* Of a member of a mapping: its key is what is wrong. */
static int bad_key(struct reader *r, const struct fsv_yaml *node, const char *what)
{
	struct fsv_yaml at = { .line = node->key_line, .column = node->key_column };
	char shown[FSV_YAML_SHOW_MAX];

	return fault(r, &at, "\"%s\" %s", fsv_yaml_show(node->key, shown), what);
}

static int need_map(struct reader *r, const struct fsv_yaml *node, const char *what)
{
	return node->type == FSV_YAML_MAP ? 0 : fault(r, node, "%s is a mapping", what);
}

/* One of the names, then 0; else an error. */
static int check_keys(struct reader *r, const struct fsv_yaml *map, const char *const *names)
{
	for (const struct fsv_yaml *m = map->first; m; m = m->next) {
		unsigned i = 0;

		while (names[i] && !fsv_str_is(m->key, names[i]))
			i++;
		if (!names[i])
			return bad_key(r, m, "is not known here; see fate-servingctl(1)");
	}
	return 0;
}

/* A text that is not empty and, being a part of file names and addresses, without control characters. */
static int read_text(struct reader *r, const struct fsv_yaml *node, const char *what, struct fsv_str *ret_text)
{
	if (node->type != FSV_YAML_SCALAR || fsv_yaml_is_null(node) || node->text.n == 0)
		return fault(r, node, "%s must be a text", what);
	for (size_t i = 0; i < node->text.n; i++)
		if ((unsigned char)node->text.p[i] < 0x20 || node->text.p[i] == 0x7f)
			return fault(r, node, "%s has a control character", what);
	*ret_text = node->text;
	return 0;
}

static int read_member(struct reader *r, const struct fsv_yaml *map, const char *key, struct fsv_str *ret_text)
{
	const struct fsv_yaml *node = fsv_yaml_get(map, key);

	return node ? read_text(r, node, key, ret_text) : fault(r, map, "%s is missing", key);
}

/* Identity -------------------------------------------------------------------------------------- */

static int read_partner(struct reader *r, const struct fsv_yaml *node, struct fsv_stored_partner *partner)
{
	static const char *const names[] = { "tableName", "namespace", NULL };
	int e = need_map(r, node, "a partner");

	if (e == 0)
		e = check_keys(r, node, names);
	if (e < 0)
		return e;
	if (node->key.n == 0)
		return bad_key(r, node, "is no party id");
	partner->party_id = node->key;
	partner->table_name = r->text->model.table_name;
	if (fsv_yaml_get(node, "tableName"))
		e = read_member(r, node, "tableName", &partner->table_name);
	return e < 0 ? e : read_member(r, node, "namespace", &partner->name_space);
}

static int read_partners(struct reader *r, const struct fsv_yaml *map)
{
	struct fsv_stored_model *m = &r->text->model;
	int e = need_map(r, map, "partners");

	if (e < 0)
		return e;
	if (map->n > FSV_STORE_MAX_PARTNERS)
		return fault(r, map, "more than %d partners", FSV_STORE_MAX_PARTNERS);
	m->partners = FSV_ARENA_NEW_N(r->arena, struct fsv_stored_partner, map->n);
	for (const struct fsv_yaml *p = map->first; p && e == 0; p = p->next)
		e = read_partner(r, p, &m->partners[m->n_partners++]);
	return e;
}

static int read_service_ids(struct reader *r, const struct fsv_yaml *list)
{
	struct fsv_ctl_text *t = r->text;
	int e = 0;

	if (list->type != FSV_YAML_LIST)
		return fault(r, list, "serviceIds is a list");
	t->service_ids = FSV_ARENA_NEW_N(r->arena, struct fsv_str, list->n);
	for (const struct fsv_yaml *i = list->first; i && e == 0; i = i->next) {
		struct fsv_str *id = &t->service_ids[t->n_service_ids];

		e = read_text(r, i, "a service id", id);
		/* As the reference has it when it binds. */
		for (size_t k = 0; e == 0 && k < id->n; k++)
			if (strchr("?:/&", id->p[k]))
				e = fault(r, i, "a service id may have none of ? : / &");
		t->n_service_ids += e == 0;
	}
	return e;
}

static int read_names(struct reader *r, const struct fsv_yaml *map)
{
	struct fsv_stored_model *m = &r->text->model;
	int e = read_member(r, map, "role", &m->role);

	if (e == 0 && !fsv_str_is(m->role, "guest") && !fsv_str_is(m->role, "host"))
		e = fault(r, fsv_yaml_get(map, "role"), "role is guest or host");
	if (e == 0)
		e = read_member(r, map, "partyId", &m->party_id);
	if (e == 0)
		e = read_member(r, map, "tableName", &m->table_name);
	if (e == 0)
		e = read_member(r, map, "namespace", &m->name_space);
	if (e < 0)
		return e;
	m->key = fsv_str(fsv_arena_printf(r->arena, "%.*s_%.*s", FSV_STR_ARG(m->table_name),
					  FSV_STR_ARG(m->name_space)));
	if (m->key.n > NAME_BYTES_MAX || fsv_str_find(m->key, '/', 0) < m->key.n)
		return fault(r, map, "tableName and namespace make a file's name: no slash, at most %d bytes "
			     "together", NAME_BYTES_MAX);
	return 0;
}

static int read_model(struct reader *r, const struct fsv_yaml *map)
{
	static const char *const names[] = { "role", "partyId", "tableName", "namespace", "timestamp",
					     "resourceAddress", "partners", "serviceIds", NULL };
	const struct fsv_yaml *timestamp, *node;
	int e = need_map(r, map, "model");

	if (e == 0)
		e = check_keys(r, map, names);
	if (e == 0)
		e = read_names(r, map);
	if (e < 0)
		return e;
	r->text->model.timestamp = r->now;
	timestamp = fsv_yaml_get(map, "timestamp");
	if (timestamp && (timestamp->type != FSV_YAML_SCALAR ||
			  !fsv_str_to_i64(timestamp->text, &r->text->model.timestamp)))
		return fault(r, timestamp, "timestamp is a number: milliseconds since 1970");
	if (fsv_yaml_get(map, "resourceAddress"))
		e = read_member(r, map, "resourceAddress", &r->text->model.resource_address);
	if (e == 0 && (node = fsv_yaml_get(map, "partners")))
		e = read_partners(r, node);
	if (e == 0 && (node = fsv_yaml_get(map, "serviceIds"))) {
		if (!fsv_str_is(r->text->model.role, "guest"))
			return fault(r, node, "only a guest's model is bound to service ids");
		e = read_service_ids(r, node);
	}
	return e;
}

/* Package --------------------------------------------------------------------------------------- */

static void add_entry(struct reader *r, struct fsv_str key, struct fsv_str bytes)
{
	struct fsv_package *p = &r->text->package;
	struct fsv_package_entry *more;

	if (p->n == r->cap_entries) {
		r->cap_entries = r->cap_entries ? r->cap_entries * 2 : 16;
		more = FSV_ARENA_NEW_N(r->arena, struct fsv_package_entry, r->cap_entries);
		if (p->n > 0)
			memcpy(more, p->entries, p->n * sizeof(*more));
		p->entries = more;
	}
	p->entries[p->n++] = (struct fsv_package_entry){ .key = key, .bytes = bytes.p ? bytes : FSV_STR("") };
}

/* Fields or {raw: BASE64}. type may be NULL. */
static int read_message(struct reader *r, const ProtobufCMessageDescriptor *type, const struct fsv_yaml *node,
			struct fsv_str *ret_bytes)
{
	const struct fsv_yaml *raw = fsv_ctl_raw(node);
	struct fsv_buf out;
	int e;

	if (raw)
		return fsv_ctl_read_base64(raw, r->file, r->arena, ret_bytes, r->err);
	if (!type)
		return fault(r, node, "a message of this name is not known; give its bytes as {raw: BASE64}");
	fsv_buf_init(&out, r->arena, 0);
	e = fsv_ctl_message_read(type, node, r->file, r->arena, &out, r->err);
	if (e == 0)
		*ret_bytes = fsv_buf_str(&out);
	return e;
}

/* meta or param of a component. */
static int read_part(struct reader *r, const struct fsv_yaml *component, enum fsv_package_part part,
		     const char *usual)
{
	bool meta = part == FSV_PACKAGE_META;
	const struct fsv_yaml *node = fsv_yaml_get(component, meta ? "meta" : "param");
	const struct fsv_yaml *named = fsv_yaml_get(component, meta ? "metaName" : "paramName");
	struct fsv_str name = fsv_str(usual), key, bytes = FSV_STR_NULL;
	struct fsv_package_name parsed;
	int e = 0;

	if (!node)
		return named ? fault(r, named, "this names a message that is not there") : 0;
	if (named)
		e = read_text(r, named, "the name of a message", &name);
	if (e < 0)
		return e;
	if (!name.p)
		return fault(r, node, "this class of component is not known; add %s: ALIAS:MESSAGE",
			     meta ? "metaName" : "paramName");
	key = fsv_str(fsv_arena_printf(r->arena, "%.*s.%.*s", FSV_STR_ARG(component->key), FSV_STR_ARG(name)));
	parsed = fsv_package_name(key);
	if (parsed.part != part || !fsv_str_eq(parsed.component, component->key))
		return fault(r, named ? named : node, "no server would find the message under \"%.*s\": one dot in "
			     "all, and %s at its end", FSV_STR_ARG(key), meta ? "Meta" : "Param");
	e = read_message(r, fsv_known_message(parsed.message), node, &bytes);
	if (e == 0)
		add_entry(r, key, bytes);
	return e;
}

/* Components ------------------------------------------------------------------------------------ */

static int write_input_list(struct reader *r, struct fsv_str key, const struct fsv_yaml *list)
{
	struct fsv_str from;
	int e = 0;

	if (list->type != FSV_YAML_LIST)
		return fault(r, list, "input is a list of component.data or args.NAME, or lists by name");
	fsv_jsonw_key(&r->dsl, key);
	fsv_jsonw_begin(&r->dsl, '[');
	for (const struct fsv_yaml *i = list->first; i && e == 0; i = i->next) {
		e = read_text(r, i, "an input", &from);
		if (e == 0)
			fsv_jsonw_str(&r->dsl, from);
	}
	fsv_jsonw_end(&r->dsl, ']');
	return e;
}

static int write_input(struct reader *r, const struct fsv_yaml *component, struct fsv_str before)
{
	const struct fsv_yaml *node = fsv_yaml_get(component, "input");
	int e = 0;

	if (node && node->n == 0 && node->type != FSV_YAML_SCALAR)
		return 0;
	fsv_jsonw_key(&r->dsl, FSV_STR("input"));
	fsv_jsonw_begin(&r->dsl, '{');
	fsv_jsonw_key(&r->dsl, FSV_STR("data"));
	fsv_jsonw_begin(&r->dsl, '{');
	if (!node) {
		fsv_jsonw_key(&r->dsl, FSV_STR("data"));
		fsv_jsonw_begin(&r->dsl, '[');
		fsv_jsonw_str(&r->dsl, before.p ? fsv_str(fsv_arena_printf(r->arena, "%.*s.data",
									   FSV_STR_ARG(before)))
						: FSV_STR("args.eval_data"));
		fsv_jsonw_end(&r->dsl, ']');
	} else if (node->type == FSV_YAML_MAP) {
		for (const struct fsv_yaml *m = node->first; m && e == 0; m = m->next)
			e = write_input_list(r, m->key, m);
	} else {
		e = write_input_list(r, FSV_STR("data"), node);
	}
	fsv_jsonw_end(&r->dsl, '}');
	fsv_jsonw_end(&r->dsl, '}');
	return e;
}

static int read_component(struct reader *r, const struct fsv_yaml *node, struct fsv_str *before)
{
	static const char *const names[] = { "codePath", "module", "input", "meta", "param", "metaName",
					     "paramName", NULL };
	const struct fsv_known_class *class = NULL;
	struct fsv_str path = FSV_STR_NULL, module;
	int e = need_map(r, node, "a component");

	if (e == 0)
		e = check_keys(r, node, names);
	if (e < 0)
		return e;
	if (fsv_yaml_get(node, "codePath")) {
		if ((e = read_member(r, node, "codePath", &path)) < 0)
			return e;
		class = fsv_known_class(path);
		fsv_jsonw_key(&r->dsl, node->key);
		fsv_jsonw_begin(&r->dsl, '{');
		if (fsv_yaml_get(node, "module") && (e = read_member(r, node, "module", &module)) == 0)
			fsv_jsonw_kv_str(&r->dsl, "module", module);
		fsv_jsonw_kv_str(&r->dsl, "CodePath", path);
		if (e == 0)
			e = write_input(r, node, *before);
		fsv_jsonw_end(&r->dsl, '}');
		*before = node->key;
	} else if (fsv_yaml_get(node, "module") || fsv_yaml_get(node, "input")) {
		return bad_key(r, node, "has no codePath, so nothing would run it");
	}
	if (e == 0)
		e = read_part(r, node, FSV_PACKAGE_META, class ? class->meta : NULL);
	return e < 0 ? e : read_part(r, node, FSV_PACKAGE_PARAM, class ? class->param : NULL);
}

static int read_components(struct reader *r, const struct fsv_yaml *map)
{
	struct fsv_str before = FSV_STR_NULL;
	int e = map ? need_map(r, map, "components") : 0;

	fsv_jsonw_begin(&r->dsl, '{');
	fsv_jsonw_key(&r->dsl, FSV_STR("components"));
	fsv_jsonw_begin(&r->dsl, '{');
	for (const struct fsv_yaml *m = map && e == 0 ? map->first : NULL; m && e == 0; m = m->next)
		e = read_component(r, m, &before);
	fsv_jsonw_end(&r->dsl, '}');
	fsv_jsonw_end(&r->dsl, '}');
	return e;
}

/* Pipeline and others --------------------------------------------------------------------------- */

static int add_own_dsl(struct reader *r, const struct fsv_yaml *root, struct fsv_buf *pipeline)
{
	struct fsv_err why = FSV_ERR_INIT;
	struct fsv_dsl dsl;

	if (fsv_dsl_parse(fsv_buf_str(r->dsl.out), r->arena, &dsl, &why) < 0)
		return fault(r, root, "the components do not fit together: %s", why.text);
	fsv_wire_put_bytes(pipeline, 1, fsv_buf_str(r->dsl.out));
	return 0;
}

static int read_pipeline(struct reader *r, const struct fsv_yaml *root)
{
	const struct fsv_yaml *node = fsv_yaml_get(root, "pipeline");
	const struct fsv_yaml *components = fsv_yaml_get(root, "components");
	struct fsv_str rest = FSV_STR_NULL;
	struct fsv_buf pipeline;
	int e = 0;

	if (node && fsv_yaml_is_null(node))
		return 0;
	fsv_buf_init(&pipeline, r->arena, 0);
	if (!node || (!fsv_ctl_raw(node) && !fsv_yaml_get(node, "inference_dsl")))
		e = add_own_dsl(r, components ? components : root, &pipeline);
	if (e == 0 && node)
		e = read_message(r, fsv_known_pipeline(), node, &rest);
	if (e < 0)
		return e;
	fsv_buf_add(&pipeline, rest);
	add_entry(r, FSV_STR("pipeline.pipeline:Pipeline"), fsv_buf_str(&pipeline));
	return 0;
}

static int read_others(struct reader *r, const struct fsv_yaml *map)
{
	struct fsv_str bytes = FSV_STR_NULL;
	int e = need_map(r, map, "others");

	for (const struct fsv_yaml *m = e == 0 ? map->first : NULL; m && e == 0; m = m->next) {
		e = read_message(r, NULL, m, &bytes);
		if (e == 0)
			add_entry(r, m->key, bytes);
	}
	return e;
}

static int read_root(struct reader *r, const struct fsv_yaml *root)
{
	static const char *const names[] = { "model", "components", "pipeline", "others", NULL };
	const struct fsv_yaml *node;
	int e = need_map(r, root, "the text of a model");

	if (e == 0)
		e = check_keys(r, root, names);
	if (e == 0 && (node = fsv_yaml_get(root, "model")))
		e = read_model(r, node);
	if (e == 0)
		e = read_components(r, fsv_yaml_get(root, "components"));
	if (e == 0)
		e = read_pipeline(r, root);
	if (e == 0 && (node = fsv_yaml_get(root, "others")))
		e = read_others(r, node);
	if (e < 0)
		return e;
	e = fsv_package_check(&r->text->package, r->err);
	return e < 0 ? fsv_err_wrap(r->err, "%s", r->file) : 0;
}

int fsv_ctl_text_read(struct fsv_str yaml, const char *file, int64_t now, struct fsv_arena *arena,
		      struct fsv_ctl_text *ret_text, struct fsv_err *err)
{
	struct fsv_err local = FSV_ERR_INIT;
	struct fsv_ctl_text text = { .n_service_ids = 0 };
	struct reader r = {
		.file = file, .now = now, .arena = arena, .err = err ? err : &local, .text = &text,
	};
	struct fsv_yaml *root = NULL;
	struct fsv_buf dsl;
	int e;

	if (yaml.n > FSV_CTL_TEXT_MAX)
		return fsv_err_set(err, FSV_E_LIMIT, "%s: %zu bytes, at most %d are taken", file, yaml.n,
				   FSV_CTL_TEXT_MAX);
	fsv_buf_init(&dsl, arena, 0);
	fsv_jsonw_init(&r.dsl, &dsl);
	e = fsv_yaml_parse(yaml, file, arena, &root, r.err);
	if (e == 0)
		e = read_root(&r, root);
	if (e == 0)
		*ret_text = text;
	return e;
}
