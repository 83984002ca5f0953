/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf messages written field by field, as FATE would, without the generated code that reads them. */
#ifndef FSV_TEST_WIRE_H
#define FSV_TEST_WIRE_H

#include <string.h>

#include "base/buf.h"

#define WIRE	static __attribute__((unused))

WIRE void wire_varint(struct fsv_buf *b, uint64_t v)
{
	for (; v >= 128; v >>= 7)
		fsv_buf_putc(b, (char)(v | 128));
	fsv_buf_putc(b, (char)v);
}

WIRE void wire_int(struct fsv_buf *b, unsigned field, uint64_t v)
{
	wire_varint(b, field << 3);
	wire_varint(b, v);
}

WIRE void wire_bytes(struct fsv_buf *b, unsigned field, struct fsv_str bytes)
{
	wire_varint(b, field << 3 | 2);
	wire_varint(b, bytes.n);
	fsv_buf_add(b, bytes);
}

WIRE void wire_text(struct fsv_buf *b, unsigned field, const char *text)
{
	wire_bytes(b, field, fsv_str(text));
}

WIRE void wire_double(struct fsv_buf *b, unsigned field, double v)
{
	char raw[8];

	memcpy(raw, &v, sizeof(raw));	/* little endian, as the machines this runs on */
	wire_varint(b, field << 3 | 1);
	fsv_buf_add(b, fsv_str_n(raw, sizeof(raw)));
}

/* Closes a message that was written to inner and puts it into b. */
WIRE void wire_message(struct fsv_buf *b, unsigned field, struct fsv_buf *inner)
{
	wire_bytes(b, field, fsv_buf_str(inner));
}

/* Entries of maps. */
WIRE void wire_pair(struct fsv_buf *b, unsigned field, const char *key, const char *value)
{
	struct fsv_buf e;

	fsv_buf_init(&e, b->arena, 0);
	wire_text(&e, 1, key);
	wire_text(&e, 2, value);
	wire_message(b, field, &e);
}

WIRE void wire_weight(struct fsv_buf *b, unsigned field, const char *key, double value)
{
	struct fsv_buf e;

	fsv_buf_init(&e, b->arena, 0);
	wire_text(&e, 1, key);
	wire_double(&e, 2, value);
	wire_message(b, field, &e);
}

WIRE void wire_entry(struct fsv_buf *b, unsigned field, const char *key, struct fsv_buf *value)
{
	struct fsv_buf e;

	fsv_buf_init(&e, b->arena, 0);
	wire_text(&e, 1, key);
	wire_message(&e, 2, value);
	wire_message(b, field, &e);
}

#endif
