/* SPDX-License-Identifier: Apache-2.0 */
/* Packets as proto3 JSON: what is read can be written and read again, and is the same packet. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "call/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_str text = fsv_str_n((const char *)data, size);
	Fsv__Packet *first, *second;
	struct fsv_arena arena;
	struct fsv_buf json;
	struct fsv_err err;

	fsv_arena_init(&arena, 0);
	fsv_buf_init(&json, &arena, 0);
	if (fsv_packet_from_json(text, &arena, &first, &err) == 0) {
		fsv_packet_to_json(first, &json);
		if (fsv_packet_from_json(fsv_buf_str(&json), &arena, &second, &err) < 0)
			abort();
		if (!fsv_str_eq(fsv_packet_encode(first, &arena), fsv_packet_encode(second, &arena)))
			abort();
	}
	if (fsv_packet_decode(text, &arena, &first, &err) == 0) {
		fsv_buf_clear(&json);
		fsv_packet_to_json(first, &json);
	}
	fsv_arena_done(&arena);
	return 0;
}
