/* SPDX-License-Identifier: Apache-2.0 */
#include "message-json.h"

#include "codec/base64.h"
#include "codec/json.h"
#include "codec/number.h"

struct printer {
	struct fsv_buf *out;
	unsigned indent;
};

static void print_message(struct printer *p, const ProtobufCMessage *message);

static void new_line(struct printer *p)
{
	fsv_buf_putc(p->out, '\n');
	for (unsigned i = 0; i < p->indent; i++)
		fsv_buf_puts(p->out, "  ");
}

/* Java's encoder guards against being put into HTML. */
static void print_text(struct printer *p, const char *text)
{
	struct fsv_buf quoted;

	fsv_buf_init(&quoted, NULL, 0);
	fsv_json_quote(&quoted, fsv_str(text));
	for (size_t i = 0; i < quoted.n; i++) {
		unsigned char c = (unsigned char)quoted.p[i];

		if (c == '<' || c == '>' || c == '&' || c == '=' || c == '\'')
			fsv_buf_printf(p->out, "\\u%04x", c);
		else
			fsv_buf_putc(p->out, (char)c);
	}
	fsv_buf_done(&quoted);
}

static void print_double(struct printer *p, double v, bool single)
{
	char text[FSV_DOUBLE_TEXT_MAX];
	struct fsv_str s = fsv_str_n(text, single ? fsv_float_to_java((float)v, text) : fsv_double_to_java(v, text));
	bool finite = v - v == 0;

	if (!finite)
		fsv_buf_putc(p->out, '"');
	fsv_buf_add(p->out, s);
	if (!finite)
		fsv_buf_putc(p->out, '"');
}

static void print_enum(struct printer *p, const ProtobufCEnumDescriptor *type, int value)
{
	const ProtobufCEnumValue *named = protobuf_c_enum_descriptor_get_value(type, value);

	if (named)
		fsv_buf_printf(p->out, "\"%s\"", named->name);
	else
		fsv_buf_printf(p->out, "%d", value);
}

/* A key of a map stands in quotes whatever it is. */
static void print_value(struct printer *p, const ProtobufCFieldDescriptor *f, const void *at, bool key)
{
	const ProtobufCBinaryData *bytes = at;
	const char *quote = key ? "\"" : "";

	switch (f->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		fsv_buf_printf(p->out, "%s%d%s", quote, *(const int32_t *)at, quote);
		break;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		fsv_buf_printf(p->out, "%s%u%s", quote, *(const uint32_t *)at, quote);
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		fsv_buf_printf(p->out, "\"%lld\"", (long long)*(const int64_t *)at);
		break;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		fsv_buf_printf(p->out, "\"%llu\"", (unsigned long long)*(const uint64_t *)at);
		break;
	case PROTOBUF_C_TYPE_FLOAT:
		print_double(p, (double)*(const float *)at, true);
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		print_double(p, *(const double *)at, false);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		fsv_buf_printf(p->out, "%s%s%s", quote, *(const protobuf_c_boolean *)at ? "true" : "false", quote);
		break;
	case PROTOBUF_C_TYPE_ENUM:
		print_enum(p, f->descriptor, *(const int *)at);
		break;
	case PROTOBUF_C_TYPE_STRING:
		print_text(p, *(const char *const *)at);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		fsv_buf_putc(p->out, '"');
		fsv_base64_encode(p->out, fsv_str_n((const char *)bytes->data, bytes->len));
		fsv_buf_putc(p->out, '"');
		break;
	default:
		print_message(p, *(const ProtobufCMessage *const *)at);
	}
}

static size_t size_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return 8;
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	default:
		return 4;
	}
}

/* protoc-c makes a message of a map's entry; its name tells, as every list of key and value would be meant so. */
static bool is_map(const ProtobufCFieldDescriptor *f)
{
	const ProtobufCMessageDescriptor *entry = f->descriptor;

	return f->label == PROTOBUF_C_LABEL_REPEATED && f->type == PROTOBUF_C_TYPE_MESSAGE && entry->n_fields == 2 &&
	       fsv_str_ends(fsv_str(entry->short_name), FSV_STR("Entry")) && strcmp(entry->fields[0].name, "key") == 0 &&
	       strcmp(entry->fields[1].name, "value") == 0;
}

static void print_entry(struct printer *p, const ProtobufCMessage *entry)
{
	const ProtobufCFieldDescriptor *key = &entry->descriptor->fields[0], *value = &entry->descriptor->fields[1];
	const char *at = (const char *)entry;

	print_value(p, key, at + key->offset, true);
	fsv_buf_puts(p->out, ": ");
	if (value->type == PROTOBUF_C_TYPE_MESSAGE && !*(const ProtobufCMessage *const *)(at + value->offset)) {
		fsv_buf_putc(p->out, '{');
		new_line(p);
		fsv_buf_putc(p->out, '}');
	} else {
		print_value(p, value, at + value->offset, false);
	}
}

static void print_map(struct printer *p, ProtobufCMessage *const *entries, size_t n)
{
	fsv_buf_putc(p->out, '{');
	p->indent++;
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			fsv_buf_putc(p->out, ',');
		new_line(p);
		print_entry(p, entries[i]);
	}
	p->indent--;
	new_line(p);
	fsv_buf_putc(p->out, '}');
}

static void print_list(struct printer *p, const ProtobufCFieldDescriptor *f, const char *items, size_t n)
{
	fsv_buf_putc(p->out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			fsv_buf_puts(p->out, ", ");
		print_value(p, f, items + i * size_of(f->type), false);
	}
	fsv_buf_putc(p->out, ']');
}

/* As proto3 has it: zero, false and empty are not told from absent. */
static bool is_set(const ProtobufCFieldDescriptor *f, const char *message)
{
	static const char zeros[sizeof(ProtobufCBinaryData)];
	const void *at = message + f->offset;

	if (f->label == PROTOBUF_C_LABEL_REPEATED)
		return *(const size_t *)(message + f->quantifier_offset) > 0;
	if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF && *(const uint32_t *)(message + f->quantifier_offset) != f->id)
		return false;
	if (f->type == PROTOBUF_C_TYPE_STRING)
		return *(const char *const *)at && **(const char *const *)at;
	if (f->type == PROTOBUF_C_TYPE_BYTES)
		return ((const ProtobufCBinaryData *)at)->len > 0;
	return memcmp(at, zeros, size_of(f->type)) != 0;
}

static void print_name(struct printer *p, const char *name)
{
	fsv_buf_putc(p->out, '"');
	for (bool up = false; *name; name++) {
		if (*name == '_') {
			up = true;
			continue;
		}
		fsv_buf_putc(p->out, up && *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name);
		up = false;
	}
	fsv_buf_puts(p->out, "\": ");
}

static void print_message(struct printer *p, const ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;
	const char *at = (const char *)message;
	bool comma = false;

	fsv_buf_putc(p->out, '{');
	p->indent++;
	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &type->fields[i];
		size_t n;

		if (!is_set(f, at))
			continue;
		if (comma)
			fsv_buf_putc(p->out, ',');
		comma = true;
		new_line(p);
		print_name(p, f->name);
		if (f->label != PROTOBUF_C_LABEL_REPEATED) {
			print_value(p, f, at + f->offset, false);
			continue;
		}
		n = *(const size_t *)(at + f->quantifier_offset);
		if (is_map(f))
			print_map(p, *(ProtobufCMessage *const *const *)(at + f->offset), n);
		else
			print_list(p, f, *(const char *const *)(at + f->offset), n);
	}
	p->indent--;
	new_line(p);
	fsv_buf_putc(p->out, '}');
}

void fsv_message_json(const ProtobufCMessage *message, struct fsv_buf *out)
{
	struct printer p = { .out = out };

	print_message(&p, message);
}
