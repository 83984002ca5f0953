/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

enum { MAX_NUMBER = (1 << 29) - 1 };

bool fsv_wire_varint(struct fsv_str *in, uint64_t *ret_value)
{
	uint64_t v = 0;

	for (size_t i = 0; i < in->n && i < 10; i++) {
		uint64_t byte = (unsigned char)in->p[i];

		if (i == 9 && byte > 1)
			return false;
		v |= (byte & 0x7f) << 7 * i;
		if (byte < 0x80) {
			*in = fsv_str_sub(*in, i + 1, in->n);
			*ret_value = v;
			return true;
		}
	}
	return false;
}

static bool fixed(struct fsv_str *in, unsigned bytes, uint64_t *ret_value)
{
	uint64_t v = 0;

	if (in->n < bytes)
		return false;
	for (unsigned i = 0; i < bytes; i++)
		v |= (uint64_t)(unsigned char)in->p[i] << 8 * i;
	*in = fsv_str_sub(*in, bytes, in->n);
	*ret_value = v;
	return true;
}

bool fsv_wire_value(struct fsv_str *in, enum fsv_wire wire, struct fsv_wire_record *ret_record)
{
	uint64_t n;

	switch (wire) {
	case FSV_WIRE_VARINT:
		return fsv_wire_varint(in, &ret_record->value);
	case FSV_WIRE_64:
		return fixed(in, 8, &ret_record->value);
	case FSV_WIRE_32:
		return fixed(in, 4, &ret_record->value);
	case FSV_WIRE_BYTES:
		if (!fsv_wire_varint(in, &n) || n > in->n)
			return false;
		ret_record->bytes = fsv_str_sub(*in, 0, (size_t)n);
		*in = fsv_str_sub(*in, (size_t)n, in->n);
		return true;
	}
	return false;		/* groups and what never was */
}

bool fsv_wire_next(struct fsv_str *in, struct fsv_wire_record *ret_record)
{
	struct fsv_wire_record r = { .bytes = FSV_STR_NULL };
	struct fsv_str rest = *in;
	uint64_t tag;

	if (!fsv_wire_varint(&rest, &tag) || tag >> 3 == 0 || tag >> 3 > MAX_NUMBER)
		return false;
	r.number = (uint32_t)(tag >> 3);
	r.wire = (enum fsv_wire)(tag & 7);
	if (!fsv_wire_value(&rest, r.wire, &r))
		return false;
	r.whole = fsv_str_sub(*in, 0, in->n - rest.n);
	*ret_record = r;
	*in = rest;
	return true;
}

void fsv_wire_put_varint(struct fsv_buf *out, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		fsv_buf_putc(out, (char)(v | 0x80));
	fsv_buf_putc(out, (char)v);
}

void fsv_wire_put_tag(struct fsv_buf *out, uint32_t number, enum fsv_wire wire)
{
	fsv_wire_put_varint(out, (uint64_t)number << 3 | wire);
}

void fsv_wire_put_bytes(struct fsv_buf *out, uint32_t number, struct fsv_str bytes)
{
	fsv_wire_put_tag(out, number, FSV_WIRE_BYTES);
	fsv_wire_put_varint(out, bytes.n);
	fsv_buf_add(out, bytes);
}

void fsv_wire_put_value(struct fsv_buf *out, enum fsv_wire wire, uint64_t v)
{
	unsigned bytes = wire == FSV_WIRE_64 ? 8 : 4;

	if (wire == FSV_WIRE_VARINT) {
		fsv_wire_put_varint(out, v);
		return;
	}
	for (unsigned i = 0; i < bytes; i++)
		fsv_buf_putc(out, (char)(v >> 8 * i));
}

enum fsv_wire fsv_wire_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return FSV_WIRE_32;
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return FSV_WIRE_64;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return FSV_WIRE_BYTES;
	default:
		return FSV_WIRE_VARINT;
	}
}

bool fsv_wire_is_map(const ProtobufCMessageDescriptor *parent, const ProtobufCFieldDescriptor *field)
{
	const ProtobufCMessageDescriptor *entry;
	struct fsv_str name, outer = fsv_str(parent->name);

	if (field->label != PROTOBUF_C_LABEL_REPEATED || field->type != PROTOBUF_C_TYPE_MESSAGE)
		return false;
	entry = fsv_wire_type(field);
	name = fsv_str(entry->name);
	return fsv_str_starts(name, outer) && name.n > outer.n && name.p[outer.n] == '.' &&
	       fsv_str_ends(name, FSV_STR("Entry")) && entry->n_fields == 2 &&
	       fsv_str_is(fsv_str("key"), entry->fields[0].name) &&
	       fsv_str_is(fsv_str("value"), entry->fields[1].name);
}
