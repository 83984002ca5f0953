/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/base64.h"
#include "codec/number.h"
#include "wire.h"

struct reader {
	const char *file;
	struct fsv_arena *arena;
	struct fsv_err *err;
};

static int read_fields(struct reader *r, const ProtobufCMessageDescriptor *type, const struct fsv_yaml *map,
		       struct fsv_buf *out);

int fsv_ctl_fault(struct fsv_err *err, const char *file, const struct fsv_yaml *node, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fsv_err_vset(err, FSV_E_SYNTAX, fmt, ap);	/* it is wrapped below */
	va_end(ap);
	if (err)
		(void)fsv_err_wrap(err, "%s:%u:%u", file, node->line, node->column);
	return FSV_E_SYNTAX;
}

const struct fsv_yaml *fsv_ctl_raw(const struct fsv_yaml *map)
{
	return map && map->type == FSV_YAML_MAP && map->n == 1 ? fsv_yaml_get(map, "raw") : NULL;
}

int fsv_ctl_read_base64(const struct fsv_yaml *node, const char *file, struct fsv_arena *arena,
			struct fsv_str *ret_bytes, struct fsv_err *err)
{
	struct fsv_err why = FSV_ERR_INIT;

	if (node->type != FSV_YAML_SCALAR)
		return fsv_ctl_fault(err, file, node, "base64 text is expected here");
	if (fsv_base64_decode(node->text, FSV_BASE64_STRICT, arena, ret_bytes, &why) < 0)
		return fsv_ctl_fault(err, file, node, "this is no base64: %s", why.text);
	return 0;
}

/* Scalars --------------------------------------------------------------------------------------- */

static bool to_u64(struct fsv_str s, uint64_t *ret_value)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned char)s.p[i] - (unsigned)'0';

		if (digit > 9 || __builtin_mul_overflow(v, UINT64_C(10), &v) ||
		    __builtin_add_overflow(v, digit, &v))
			return false;
	}
	*ret_value = v;
	return s.n > 0;
}

static bool to_signed(struct fsv_str s, int64_t min, int64_t max, bool zigzag, uint64_t *ret_value)
{
	int64_t v;

	if (!fsv_str_to_i64(s, &v) || v < min || v > max)
		return false;
	*ret_value = zigzag ? (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0) : (uint64_t)v;
	return true;
}

static bool to_floating(struct fsv_str s, bool is_float, uint64_t *ret_value)
{
	uint32_t bits;
	double d;
	float f;

	if (!fsv_double_from_java(s, &d))
		return false;
	if (!is_float) {
		memcpy(ret_value, &d, sizeof(d));
		return true;
	}
	f = (float)d;
	memcpy(&bits, &f, sizeof(bits));
	*ret_value = bits;
	return true;
}

static bool to_bool(struct fsv_str s, uint64_t *ret_value)
{
	*ret_value = fsv_str_is(s, "true");
	return *ret_value || fsv_str_is(s, "false");
}

/* *ret_what: what would have been right. */
static bool to_number(ProtobufCType type, struct fsv_str s, uint64_t *ret_value, const char **ret_what)
{
	*ret_what = "a whole number that fits the field";
	switch (type) {
	case PROTOBUF_C_TYPE_BOOL:
		*ret_what = "true or false";
		return to_bool(s, ret_value);
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
		*ret_what = "a number";
		return to_floating(s, type == PROTOBUF_C_TYPE_FLOAT, ret_value);
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		return to_u64(s, ret_value) && *ret_value <= UINT32_MAX;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return to_u64(s, ret_value);
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SINT64:
		return to_signed(s, type == PROTOBUF_C_TYPE_SINT32 ? INT32_MIN : INT64_MIN,
				 type == PROTOBUF_C_TYPE_SINT32 ? INT32_MAX : INT64_MAX, true, ret_value);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return to_signed(s, INT64_MIN, INT64_MAX, false, ret_value);
	default:
		return to_signed(s, INT32_MIN, INT32_MAX, false, ret_value);
	}
}

static int read_bytes(struct reader *r, ProtobufCType type, const struct fsv_yaml *node,
		      struct fsv_str *ret_bytes)
{
	const struct fsv_yaml *raw = fsv_ctl_raw(node);

	if (raw && type == PROTOBUF_C_TYPE_BYTES)
		return fsv_ctl_read_base64(raw, r->file, r->arena, ret_bytes, r->err);
	if (node->type != FSV_YAML_SCALAR)
		return fsv_ctl_fault(r->err, r->file, node, "a text is expected here");
	if (fsv_yaml_is_null(node))
		return fsv_ctl_fault(r->err, r->file, node,
				     "nothing is given here; put the text in quotes, \"null\" or \"\", "
				     "if that is meant");
	*ret_bytes = node->text;
	return 0;
}

/* One value; a number is put without a tag when packed. */
static int read_value(struct reader *r, const ProtobufCFieldDescriptor *field, const struct fsv_yaml *node,
		      bool packed, struct fsv_buf *out)
{
	enum fsv_wire wire = fsv_wire_of(field->type);
	struct fsv_str bytes = FSV_STR_NULL;
	struct fsv_buf inner;
	const char *what;
	uint64_t v = 0;
	int e;

	if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
		if (node->type != FSV_YAML_MAP)
			return fsv_ctl_fault(r->err, r->file, node, "the fields of a %s are expected here",
					     fsv_wire_type(field)->short_name);
		fsv_buf_init(&inner, r->arena, 0);
		e = read_fields(r, fsv_wire_type(field), node, &inner);
		if (e == 0)
			fsv_wire_put_bytes(out, field->id, fsv_buf_str(&inner));
		return e;
	}
	if (wire == FSV_WIRE_BYTES) {
		e = read_bytes(r, field->type, node, &bytes);
		if (e == 0)
			fsv_wire_put_bytes(out, field->id, bytes);
		return e;
	}
	if (node->type != FSV_YAML_SCALAR || !to_number(field->type, node->text, &v, &what))
		return fsv_ctl_fault(r->err, r->file, node, "%s is expected here",
				     node->type == FSV_YAML_SCALAR ? what : "a single value");
	if (!packed)
		fsv_wire_put_tag(out, field->id, wire);
	fsv_wire_put_value(out, wire, v);
	return 0;
}

/* Repeated fields and maps ------------------------------------------------------------------------ */

static int read_list(struct reader *r, const ProtobufCFieldDescriptor *field, const struct fsv_yaml *list,
		     struct fsv_buf *out)
{
	bool packed = field->flags & PROTOBUF_C_FIELD_FLAG_PACKED && fsv_wire_of(field->type) != FSV_WIRE_BYTES;
	struct fsv_buf items;
	int e = 0;

	if (list->type != FSV_YAML_LIST)
		return fsv_ctl_fault(r->err, r->file, list, "a list is expected here");
	fsv_buf_init(&items, r->arena, 0);
	for (const struct fsv_yaml *i = list->first; i && e == 0; i = i->next)
		e = read_value(r, field, i, packed, &items);
	if (e == 0 && packed && items.n > 0)
		fsv_wire_put_bytes(out, field->id, fsv_buf_str(&items));
	else if (e == 0)
		fsv_buf_add(out, fsv_buf_str(&items));
	return e;
}

static int read_map(struct reader *r, const ProtobufCFieldDescriptor *field, const struct fsv_yaml *map,
		    struct fsv_buf *out)
{
	const ProtobufCFieldDescriptor *parts = fsv_wire_type(field)->fields;
	struct fsv_buf entry;
	int e = 0;

	if (map->type != FSV_YAML_MAP)
		return fsv_ctl_fault(r->err, r->file, map, "a mapping is expected here");
	fsv_buf_init(&entry, r->arena, 0);
	for (const struct fsv_yaml *m = map->first; m && e == 0; m = m->next) {
		/* Its own place stands for that of its key. A text as it is, so no key is "nothing". */
		struct fsv_yaml key = { .type = FSV_YAML_SCALAR, .text = m->key, .line = m->key_line,
					.column = m->key_column };

		fsv_buf_clear(&entry);
		e = read_value(r, &parts[0], &key, false, &entry);
		if (e == 0)
			e = read_value(r, &parts[1], m, false, &entry);
		if (e == 0)
			fsv_wire_put_bytes(out, field->id, fsv_buf_str(&entry));
	}
	return e;
}

/* Messages -------------------------------------------------------------------------------------- */

static int read_field(struct reader *r, const ProtobufCMessageDescriptor *type,
		      const ProtobufCFieldDescriptor *field, const struct fsv_yaml *node, struct fsv_buf *out)
{
	if (fsv_wire_is_map(type, field))
		return read_map(r, field, node, out);
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return read_list(r, field, node, out);
	return read_value(r, field, node, false, out);
}

/* "#13": records of that number as they stand. */
static int read_unknown(struct reader *r, uint32_t number, const struct fsv_yaml *node, struct fsv_buf *out)
{
	struct fsv_wire_record record;
	struct fsv_str bytes, rest;
	int e = fsv_ctl_read_base64(node, r->file, r->arena, &bytes, r->err);

	if (e < 0)
		return e;
	for (rest = bytes; rest.n > 0;)
		if (!fsv_wire_next(&rest, &record) || record.number != number)
			return fsv_ctl_fault(r->err, r->file, node, "these bytes are not field %u",
					     (unsigned)number);
	fsv_buf_add(out, bytes);
	return 0;
}

struct member {
	uint32_t number, place;
	const ProtobufCFieldDescriptor *field;	/* NULL: by number */
	const struct fsv_yaml *node;
};

static int compare_members(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static int find_member(struct reader *r, const ProtobufCMessageDescriptor *type, const struct fsv_yaml *node,
		       struct member *member)
{
	struct fsv_yaml at = { .line = node->key_line, .column = node->key_column };
	char shown[FSV_YAML_SHOW_MAX];
	int64_t number;

	member->node = node;
	if (node->key.n > 1 && node->key.p[0] == '#') {
		if (!fsv_str_to_i64(fsv_str_sub(node->key, 1, node->key.n), &number) || number < 1 ||
		    number >= 1 << 29)
			return fsv_ctl_fault(r->err, r->file, &at, "\"%s\" is no field number",
					     fsv_yaml_show(node->key, shown));
		member->number = (uint32_t)number;
		return 0;
	}
	for (unsigned i = 0; i < type->n_fields && !member->field; i++)
		if (fsv_str_is(node->key, type->fields[i].name))
			member->field = &type->fields[i];
	if (!member->field)
		return fsv_ctl_fault(r->err, r->file, &at, "%s has no field \"%s\"", type->short_name,
				     fsv_yaml_show(node->key, shown));
	member->number = member->field->id;
	return 0;
}

static int read_fields(struct reader *r, const ProtobufCMessageDescriptor *type, const struct fsv_yaml *map,
		       struct fsv_buf *out)
{
	struct member *members = FSV_ARENA_NEW_N(r->arena, struct member, map->n);
	uint32_t n = 0;
	int e = 0;

	for (const struct fsv_yaml *m = map->first; m && e == 0; m = m->next, n++) {
		members[n].place = n;
		e = find_member(r, type, m, &members[n]);
	}
	if (e < 0)
		return e;
	qsort(members, n, sizeof(*members), compare_members);
	for (uint32_t i = 0; i < n && e == 0; i++) {
		if (members[i].field)
			e = read_field(r, type, members[i].field, members[i].node, out);
		else
			e = read_unknown(r, members[i].number, members[i].node, out);
	}
	return e;
}

int fsv_ctl_message_read(const ProtobufCMessageDescriptor *type, const struct fsv_yaml *map, const char *file,
			 struct fsv_arena *arena, struct fsv_buf *out, struct fsv_err *err)
{
	struct reader r = { .file = file, .arena = arena, .err = err };

	if (map->type != FSV_YAML_MAP)
		return fsv_ctl_fault(err, file, map, "the fields of a %s are expected here", type->short_name);
	return read_fields(&r, type, map, out);
}
