/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf's wire format, record by record. */
#ifndef FSV_CTL_WIRE_H
#define FSV_CTL_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "lib/proto/model.pb-c.h"

enum fsv_wire { FSV_WIRE_VARINT = 0, FSV_WIRE_64 = 1, FSV_WIRE_BYTES = 2, FSV_WIRE_32 = 5 };

struct fsv_wire_record {
	uint32_t number;
	enum fsv_wire wire;
	uint64_t value;			/* VARINT, 64, 32 */
	struct fsv_str bytes;		/* BYTES */
	struct fsv_str whole;		/* with the tag */
};

/* Takes a varint off the front. False at the end or for more than 64 bits. */
bool fsv_wire_varint(struct fsv_str *in, uint64_t *ret_value);
/* Takes a value without tag off the front. */
bool fsv_wire_value(struct fsv_str *in, enum fsv_wire wire, struct fsv_wire_record *ret_record);
/* Takes a record off the front. False for what is none. */
bool fsv_wire_next(struct fsv_str *in, struct fsv_wire_record *ret_record);

void fsv_wire_put_varint(struct fsv_buf *out, uint64_t v);
void fsv_wire_put_tag(struct fsv_buf *out, uint32_t number, enum fsv_wire wire);
void fsv_wire_put_bytes(struct fsv_buf *out, uint32_t number, struct fsv_str bytes);
/* Without tag. */
void fsv_wire_put_value(struct fsv_buf *out, enum fsv_wire wire, uint64_t v);

/* How a type travels when it is not packed. */
enum fsv_wire fsv_wire_of(ProtobufCType type);
/* protoc-c makes messages of maps: repeated, named <parent>.…Entry, with key and value. */
bool fsv_wire_is_map(const ProtobufCMessageDescriptor *parent, const ProtobufCFieldDescriptor *field);
static inline const ProtobufCMessageDescriptor *fsv_wire_type(const ProtobufCFieldDescriptor *field)
{
	return field->descriptor;
}

#endif
