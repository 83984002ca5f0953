/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"

#include "codec/base64.h"
#include "codec/number.h"
#include "wire.h"

enum { WIDTH = 96, DEPTH_MAX = 32 };

struct shower {
	struct fsv_buf *out;
	unsigned depth;
};

static int show_fields(struct shower *s, const ProtobufCMessageDescriptor *type, struct fsv_str bytes,
		       unsigned indent);

static void blanks(struct fsv_buf *out, unsigned n)
{
	while (n-- > 0)
		fsv_buf_putc(out, ' ');
}

static int64_t zigzag(uint64_t v)
{
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

static void show_double(struct fsv_buf *out, double v)
{
	char text[FSV_DOUBLE_TEXT_MAX];

	fsv_buf_append(out, text, fsv_double_to_java(v, text));
}

static void show_float(struct fsv_buf *out, uint32_t bits)
{
	char text[FSV_DOUBLE_TEXT_MAX];
	float v;

	memcpy(&v, &bits, sizeof(v));
	fsv_buf_append(out, text, fsv_float_to_java(v, text));
}

static void show_number(struct fsv_buf *out, ProtobufCType type, uint64_t v)
{
	double d;

	switch (type) {
	case PROTOBUF_C_TYPE_BOOL:
		fsv_buf_puts(out, v ? "true" : "false");
		break;
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SINT64:
		fsv_buf_printf(out, "%lld", (long long)zigzag(v));
		break;
	case PROTOBUF_C_TYPE_SFIXED32:
		fsv_buf_printf(out, "%d", (int)(int32_t)(uint32_t)v);
		break;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FIXED64:
		fsv_buf_printf(out, "%llu", (unsigned long long)v);
		break;
	case PROTOBUF_C_TYPE_FLOAT:
		show_float(out, (uint32_t)v);
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		memcpy(&d, &v, sizeof(d));
		show_double(out, d);
		break;
	default:
		fsv_buf_printf(out, "%lld", (long long)(int64_t)v);
	}
}

static void show_bytes(struct fsv_buf *out, struct fsv_str bytes)
{
	if (fsv_str_utf8(bytes) == bytes.n) {
		fsv_yaml_scalar(out, bytes);
		return;
	}
	fsv_buf_puts(out, "{raw: ");
	fsv_base64_encode(out, bytes);
	fsv_buf_putc(out, '}');
}

/* A scalar, without a line end. */
static void show_scalar(struct fsv_buf *out, ProtobufCType type, const struct fsv_wire_record *r)
{
	if (type == PROTOBUF_C_TYPE_STRING)
		fsv_yaml_scalar(out, r->bytes);
	else if (type == PROTOBUF_C_TYPE_BYTES)
		show_bytes(out, r->bytes);
	else
		show_number(out, type, r->value);
}

/* What stands behind "name:" or "-", with its line end. */
static int show_value(struct shower *s, const ProtobufCFieldDescriptor *field, const struct fsv_wire_record *r,
		      unsigned indent)
{
	if (field->type == PROTOBUF_C_TYPE_MESSAGE && r->bytes.n > 0) {
		fsv_buf_putc(s->out, '\n');
		return show_fields(s, fsv_wire_type(field), r->bytes, indent + 2);
	}
	fsv_buf_putc(s->out, ' ');
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		fsv_buf_puts(s->out, "{}");
	else
		show_scalar(s->out, field->type, r);
	fsv_buf_putc(s->out, '\n');
	return 0;
}

/* Records of one field that follow each other. */
struct run {
	struct fsv_str rest;		/* from the first of them on */
	uint32_t number;
};

static bool run_next(struct run *run, struct fsv_wire_record *ret_record)
{
	struct fsv_str rest = run->rest;

	if (rest.n == 0 || !fsv_wire_next(&rest, ret_record) || ret_record->number != run->number)
		return false;
	run->rest = rest;
	return true;
}

static int show_map_entry(struct shower *s, const ProtobufCMessageDescriptor *entry, struct fsv_str bytes,
			  unsigned indent)
{
	struct fsv_wire_record r, part[2] = { { .bytes = FSV_STR_NULL }, { .bytes = FSV_STR_NULL } };

	while (bytes.n > 0) {
		if (!fsv_wire_next(&bytes, &r) || r.number < 1 || r.number > 2 ||
		    r.wire != fsv_wire_of(entry->fields[r.number - 1].type))
			return FSV_E_SYNTAX;
		part[r.number - 1] = r;
	}
	blanks(s->out, indent);
	show_scalar(s->out, entry->fields[0].type, &part[0]);
	fsv_buf_putc(s->out, ':');
	return show_value(s, &entry->fields[1], &part[1], indent);
}

static int show_messages(struct shower *s, const ProtobufCFieldDescriptor *field, bool map, struct run *run,
			 unsigned indent)
{
	struct fsv_wire_record r;
	int e = 0;

	fsv_buf_putc(s->out, '\n');
	while (e == 0 && run_next(run, &r)) {
		if (r.wire != FSV_WIRE_BYTES)
			return FSV_E_SYNTAX;
		if (map) {
			e = show_map_entry(s, fsv_wire_type(field), r.bytes, indent + 2);
		} else {
			blanks(s->out, indent + 2);
			fsv_buf_putc(s->out, '-');
			e = show_value(s, field, &r, indent + 2);
		}
	}
	return e;
}

struct line {
	struct fsv_buf *out;
	size_t start;			/* of the line in out */
	unsigned indent;
	bool comma;
};

static void show_item(struct line *l, ProtobufCType type, const struct fsv_wire_record *r)
{
	struct fsv_buf item;

	fsv_buf_init(&item, NULL, 0);
	show_scalar(&item, type, r);
	if (l->comma)
		fsv_buf_putc(l->out, ',');
	if (l->comma && l->out->n - l->start + item.n > WIDTH) {
		fsv_buf_putc(l->out, '\n');
		l->start = l->out->n;
		blanks(l->out, l->indent);
	} else if (l->comma) {
		fsv_buf_putc(l->out, ' ');
	}
	fsv_buf_add(l->out, fsv_buf_str(&item));
	fsv_buf_done(&item);
	l->comma = true;
}

/* A repeated scalar as a flow list, packed or not. */
static int show_list(struct shower *s, const ProtobufCFieldDescriptor *field, struct run *run, unsigned indent)
{
	struct line line = { .out = s->out, .indent = indent + 2 };
	enum fsv_wire wire = fsv_wire_of(field->type);
	struct fsv_wire_record r, item;

	line.start = s->out->n - strlen(field->name) - 1 - indent;
	fsv_buf_puts(s->out, " [");
	while (run_next(run, &r)) {
		if (r.wire == wire) {
			show_item(&line, field->type, &r);
			continue;
		}
		if (r.wire != FSV_WIRE_BYTES)
			return FSV_E_SYNTAX;
		for (struct fsv_str in = r.bytes; in.n > 0;) {
			item = r;
			if (!fsv_wire_value(&in, wire, &item))
				return FSV_E_SYNTAX;
			show_item(&line, field->type, &item);
		}
	}
	fsv_buf_puts(s->out, "]\n");
	return 0;
}

static int show_field(struct shower *s, const ProtobufCMessageDescriptor *type,
		      const ProtobufCFieldDescriptor *field, struct run *run, unsigned indent)
{
	struct fsv_wire_record r;

	blanks(s->out, indent);
	fsv_buf_puts(s->out, field->name);
	fsv_buf_putc(s->out, ':');
	if (field->label == PROTOBUF_C_LABEL_REPEATED && field->type == PROTOBUF_C_TYPE_MESSAGE)
		return show_messages(s, field, fsv_wire_is_map(type, field), run, indent);
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return show_list(s, field, run, indent);
	(void)run_next(run, &r);	/* there is one, or there were no run */
	if (r.wire != fsv_wire_of(field->type))
		return FSV_E_SYNTAX;
	return show_value(s, field, &r, indent);
}

static void show_unknown(struct shower *s, struct run *run, unsigned indent)
{
	struct fsv_str all = run->rest;
	struct fsv_wire_record r;

	while (run_next(run, &r))
		;
	blanks(s->out, indent);
	fsv_buf_printf(s->out, "\"#%u\": ", (unsigned)run->number);
	fsv_base64_encode(s->out, fsv_str_sub(all, 0, all.n - run->rest.n));
	fsv_buf_putc(s->out, '\n');
}

static int show_fields(struct shower *s, const ProtobufCMessageDescriptor *type, struct fsv_str bytes,
		       unsigned indent)
{
	struct run run = { .rest = bytes };
	struct fsv_wire_record first;
	int e = 0;

	if (s->depth == DEPTH_MAX)
		return FSV_E_LIMIT;
	s->depth++;
	while (e == 0 && run.rest.n > 0) {
		const ProtobufCFieldDescriptor *field;
		struct fsv_str rest = run.rest;

		if (!fsv_wire_next(&rest, &first)) {
			e = FSV_E_SYNTAX;
			break;
		}
		run.number = first.number;
		field = protobuf_c_message_descriptor_get_field(type, first.number);
		if (field)
			e = show_field(s, type, field, &run, indent);
		else
			show_unknown(s, &run, indent);
	}
	s->depth--;
	return e;
}

int fsv_ctl_message_show(const ProtobufCMessageDescriptor *type, struct fsv_str bytes, unsigned indent,
			 struct fsv_buf *out)
{
	struct shower s = { .out = out };

	return show_fields(&s, type, bytes, indent);
}
