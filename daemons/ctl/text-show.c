/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <inttypes.h>

#include "base/map.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "model/known.h"
#include "message.h"
#include "model/dsl.h"
#include "wire.h"

enum { NAME_MAX_SHOWN = 1000 };		/* YAML's keys end at 1024 bytes */

struct component {
	struct fsv_str name;
	const struct fsv_package_entry *meta, *param;
	const struct fsv_json_node *dsl;	/* NULL: the DSL does not name it */
};

struct shower {
	const struct fsv_ctl_text *text;
	struct fsv_arena *arena;
	struct fsv_buf *out;
	struct component *components;
	size_t n;
	struct fsv_map by_name;			/* place + 1 */
	const struct fsv_json_node *dsl;	/* its components; NULL when it cannot be told that way */
};

/* What the reader of texts takes as a name. */
static bool plain_text(struct fsv_str text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f)
			return false;
	return text.n > 0 && text.n <= NAME_MAX_SHOWN;
}

static void member(struct fsv_buf *out, const char *key, struct fsv_str value)
{
	fsv_buf_puts(out, key);
	fsv_buf_puts(out, ": ");
	fsv_yaml_scalar(out, value);
	fsv_buf_putc(out, '\n');
}

/* Identity -------------------------------------------------------------------------------------- */

static void show_partners(struct fsv_buf *out, const struct fsv_stored_model *m)
{
	fsv_buf_puts(out, "  partners:\n");
	for (unsigned i = 0; i < m->n_partners; i++) {
		const struct fsv_stored_partner *p = &m->partners[i];

		fsv_buf_puts(out, "    ");
		fsv_yaml_scalar(out, p->party_id);
		fsv_buf_puts(out, ": {");
		if (!fsv_str_eq(p->table_name, m->table_name)) {
			fsv_buf_puts(out, "tableName: ");
			fsv_yaml_scalar(out, p->table_name);
			fsv_buf_puts(out, ", ");
		}
		fsv_buf_puts(out, "namespace: ");
		fsv_yaml_scalar(out, p->name_space);
		fsv_buf_puts(out, "}\n");
	}
}

static void show_model(struct shower *s)
{
	const struct fsv_stored_model *m = &s->text->model;

	if (m->key.n == 0)
		return;
	fsv_buf_puts(s->out, "model:\n");
	if (m->role.n > 0)
		member(s->out, "  role", m->role);
	if (m->party_id.n > 0)
		member(s->out, "  partyId", m->party_id);
	member(s->out, "  tableName", m->table_name);
	member(s->out, "  namespace", m->name_space);
	if (m->timestamp != 0)
		fsv_buf_printf(s->out, "  timestamp: %" PRId64 "\n", m->timestamp);
	if (m->resource_address.p)
		member(s->out, "  resourceAddress", m->resource_address);
	if (m->n_partners > 0)
		show_partners(s->out, m);
	if (s->text->n_service_ids == 0)
		return;
	fsv_buf_puts(s->out, "  serviceIds: [");
	for (unsigned i = 0; i < s->text->n_service_ids; i++) {
		fsv_buf_puts(s->out, i > 0 ? ", " : "");
		fsv_yaml_scalar(s->out, s->text->service_ids[i]);
	}
	fsv_buf_puts(s->out, "]\n");
}

/* Messages -------------------------------------------------------------------------------------- */

/* Whether the text gives these very bytes again. One that is too long to be read at all passes: it is for
 * people then. */
static bool reads_back(const ProtobufCMessageDescriptor *type, struct fsv_str text, struct fsv_str bytes)
{
	struct fsv_yaml *map = NULL;
	struct fsv_arena arena;
	struct fsv_buf again;
	bool same = false;
	int e;

	fsv_arena_init(&arena, 0);
	fsv_buf_init(&again, &arena, 0);
	e = fsv_yaml_parse(text, "", &arena, &map, NULL);
	if (e == FSV_E_LIMIT)
		same = true;
	else if (e == 0 && fsv_ctl_message_read(type, map, "", &arena, &again, NULL) == 0)
		same = fsv_str_eq(fsv_buf_str(&again), bytes);
	fsv_arena_done(&arena);
	return same;
}

static void show_raw(struct fsv_buf *out, struct fsv_str bytes)
{
	fsv_buf_puts(out, "{raw: ");
	if (bytes.n == 0)
		fsv_buf_puts(out, "\"\"");
	fsv_base64_encode(out, bytes);
	fsv_buf_printf(out, "}\t# %zu bytes\n", bytes.n);
}

/* Behind "key:". type may be NULL. */
static void show_message(struct fsv_buf *out, const ProtobufCMessageDescriptor *type, struct fsv_str bytes,
			 unsigned indent)
{
	struct fsv_buf text;

	fsv_buf_init(&text, NULL, 0);
	if (!type || fsv_ctl_message_show(type, bytes, indent, &text) < 0 ||
	    !reads_back(type, fsv_buf_str(&text), bytes)) {
		fsv_buf_putc(out, ' ');
		show_raw(out, bytes);
	} else if (text.n == 0) {
		fsv_buf_puts(out, " {}\n");
	} else {
		fsv_buf_putc(out, '\n');
		fsv_buf_add(out, fsv_buf_str(&text));
	}
	fsv_buf_done(&text);
}

/* The part of a key behind "<component>.". */
static struct fsv_str stored_name(const struct fsv_package_entry *entry)
{
	return fsv_str_sub(entry->key, fsv_str_find(entry->key, '.', 0) + 1, entry->key.n);
}

static void show_part(struct fsv_buf *out, const char *part, const struct fsv_package_entry *entry,
		      const char *usual)
{
	if (!entry)
		return;
	if (!usual || !fsv_str_is(stored_name(entry), usual)) {
		fsv_buf_printf(out, "    %sName: ", part);
		fsv_yaml_scalar(out, stored_name(entry));
		fsv_buf_putc(out, '\n');
	}
	fsv_buf_printf(out, "    %s:", part);
	show_message(out, fsv_known_message(fsv_package_name(entry->key).message), entry->bytes, 6);
}

/* Components ------------------------------------------------------------------------------------ */

static void show_inputs(struct fsv_buf *out, const struct fsv_json_node *list)
{
	fsv_buf_putc(out, '[');
	for (const struct fsv_json_node *i = list->first; i; i = i->next) {
		fsv_yaml_scalar(out, i->text);
		fsv_buf_puts(out, i->next ? ", " : "");
	}
	fsv_buf_putc(out, ']');
}

static void show_input(struct fsv_buf *out, const struct fsv_json_node *component)
{
	const struct fsv_json_node *data = fsv_json_get(fsv_json_get(component, "input"), "data");

	fsv_buf_puts(out, "    input: ");
	if (!data || data->n == 0) {
		fsv_buf_puts(out, "[]\n");
		return;
	}
	if (data->n == 1 && fsv_str_is(data->first->key, "data")) {
		show_inputs(out, data->first);
	} else {
		fsv_buf_putc(out, '{');
		for (const struct fsv_json_node *list = data->first; list; list = list->next) {
			fsv_yaml_scalar(out, list->key);
			fsv_buf_puts(out, ": ");
			show_inputs(out, list);
			fsv_buf_puts(out, list->next ? ", " : "}");
		}
	}
	fsv_buf_putc(out, '\n');
}

static void show_component(struct shower *s, const struct component *c)
{
	struct fsv_str path = fsv_json_get_str(c->dsl, "CodePath"), module = fsv_json_get_str(c->dsl, "module");
	const struct fsv_known_class *class = fsv_known_class(path);

	fsv_buf_puts(s->out, "  ");
	fsv_yaml_scalar(s->out, c->name);
	if (!c->dsl && !c->meta && !c->param) {
		fsv_buf_puts(s->out, ": {}\n");
		return;
	}
	fsv_buf_puts(s->out, ":\n");
	if (c->dsl) {
		member(s->out, "    codePath", path);
		if (plain_text(module))
			member(s->out, "    module", module);
		show_input(s->out, c->dsl);
	}
	show_part(s->out, "meta", c->meta, class ? class->meta : NULL);
	show_part(s->out, "param", c->param, class ? class->param : NULL);
}

/* By name, made when it is new. */
static struct component *component(struct shower *s, struct fsv_str name)
{
	uintptr_t at = (uintptr_t)fsv_map_get(&s->by_name, name);

	if (at == 0) {
		at = ++s->n;
		(void)fsv_map_put(&s->by_name, name, (void *)at);	/* there was none */
		s->components[at - 1].name = name;
	}
	return &s->components[at - 1];
}

/* Whether the text can say what inference reads of a component. */
static bool tellable(const struct fsv_json_node *component)
{
	const struct fsv_json_node *data = fsv_json_get(fsv_json_get(component, "input"), "data");

	if (!component || !plain_text(component->key) || !plain_text(fsv_json_get_str(component, "CodePath")))
		return false;
	for (const struct fsv_json_node *list = data ? data->first : NULL; list; list = list->next) {
		if (!plain_text(list->key))
			return false;
		for (const struct fsv_json_node *i = list->first; i; i = i->next)
			if (!plain_text(i->text))
				return false;
	}
	return true;
}

/* The DSL's components first, in the order in which they run. */
static void list_dsl(struct shower *s, const struct fsv_dsl *dsl)
{
	for (unsigned i = 0; i < dsl->n; i++) {
		struct component *c = component(s, dsl->components[i].name);

		c->dsl = fsv_json_get(s->dsl, fsv_arena_cstr(s->arena, c->name));
	}
}

/* The object "components" of a DSL that can be told component by component; else NULL. */
static const struct fsv_json_node *read_dsl(struct shower *s, struct fsv_str json, struct fsv_dsl *dsl)
{
	struct fsv_json_node *root = NULL, *components;

	if (!json.p || fsv_dsl_parse(json, s->arena, dsl, NULL) < 0 ||
	    fsv_json_parse(json, s->arena, true, &root, NULL) < 0)
		return NULL;
	components = fsv_json_get(root, "components");
	for (const struct fsv_json_node *c = components->first; c; c = c->next)
		if (!tellable(c))
			return NULL;
	return components;
}

static void list_components(struct shower *s, struct fsv_str inference_dsl)
{
	const struct fsv_package *package = &s->text->package;
	struct fsv_dsl dsl = { .n = 0 };

	s->dsl = read_dsl(s, inference_dsl, &dsl);
	s->components = FSV_ARENA_NEW_N(s->arena, struct component, package->n + (s->dsl ? dsl.n : 0));
	if (s->dsl)
		list_dsl(s, &dsl);
	for (size_t i = 0; i < package->n; i++) {
		const struct fsv_package_entry *entry = &package->entries[i];
		struct fsv_package_name name = fsv_package_name(entry->key);

		if (name.part == FSV_PACKAGE_META)
			component(s, name.component)->meta = entry;
		else if (name.part == FSV_PACKAGE_PARAM)
			component(s, name.component)->param = entry;
	}
}

/* Pipeline and others --------------------------------------------------------------------------- */

/* Field 1 of the Pipeline; .p NULL when it has none. False when this is no message. */
static bool take_dsl(struct fsv_str pipeline, struct fsv_str *ret_dsl, struct fsv_buf *rest)
{
	struct fsv_wire_record r;

	*ret_dsl = FSV_STR_NULL;
	while (pipeline.n > 0) {
		if (!fsv_wire_next(&pipeline, &r))
			return false;
		if (r.number != 1)
			fsv_buf_add(rest, r.whole);
		else if (r.wire != FSV_WIRE_BYTES || ret_dsl->p)
			return false;
		else
			*ret_dsl = r.bytes;
	}
	return true;
}

static void show_pipeline(struct shower *s, struct fsv_str pipeline, struct fsv_str rest)
{
	if (!pipeline.p) {
		fsv_buf_puts(s->out, "pipeline: null\t# this model has none\n");
	} else if (!s->dsl || rest.n > 0) {
		fsv_buf_puts(s->out, "pipeline:");
		show_message(s->out, fsv_known_pipeline(), s->dsl ? rest : pipeline, 2);
	}
}

static void show_others(struct shower *s)
{
	bool first = true;

	for (size_t i = 0; i < s->text->package.n; i++) {
		const struct fsv_package_entry *entry = &s->text->package.entries[i];

		if (fsv_package_name(entry->key).part != FSV_PACKAGE_UNUSED)
			continue;
		fsv_buf_puts(s->out, first ? "others:\n  " : "  ");
		first = false;
		fsv_yaml_scalar(s->out, entry->key);
		fsv_buf_puts(s->out, ": ");
		show_raw(s->out, entry->bytes);
	}
}

void fsv_ctl_text_show(const struct fsv_ctl_text *text, struct fsv_arena *arena, struct fsv_buf *out)
{
	struct shower s = { .text = text, .arena = arena, .out = out };
	struct fsv_str pipeline = fsv_package_pipeline(&text->package), dsl = FSV_STR_NULL;
	struct fsv_buf rest;

	fsv_map_init(&s.by_name);
	fsv_buf_init(&rest, arena, 0);
	if (!take_dsl(pipeline, &dsl, &rest))
		dsl = FSV_STR_NULL;
	list_components(&s, dsl);
	show_model(&s);
	if (s.n > 0)
		fsv_buf_puts(out, "components:\n");
	for (size_t i = 0; i < s.n; i++)
		show_component(&s, &s.components[i]);
	show_pipeline(&s, pipeline, fsv_buf_str(&rest));
	show_others(&s);
	fsv_map_done(&s.by_name);
}
