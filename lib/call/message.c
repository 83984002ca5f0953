/* SPDX-License-Identifier: Apache-2.0 */
#include "call/message.h"

static void *arena_alloc(void *arena, size_t size)
{
	return fsv_arena_alloc(arena, size);
}

static void arena_free(void *arena, void *p)
{
	(void)arena;	/* dropped as a whole */
	(void)p;
}

ProtobufCMessage *fsv_message_decode(const ProtobufCMessageDescriptor *type, struct fsv_str bytes,
				     struct fsv_arena *arena)
{
	ProtobufCAllocator allocator = { arena_alloc, arena_free, arena };

	return protobuf_c_message_unpack(type, &allocator, bytes.n, (const uint8_t *)bytes.p);
}

struct fsv_str fsv_message_encode(const ProtobufCMessage *message, struct fsv_arena *arena)
{
	size_t n = protobuf_c_message_get_packed_size(message);
	char *out = fsv_arena_alloc(arena, n);

	return fsv_str_n(out, protobuf_c_message_pack(message, (uint8_t *)out));
}

int fsv_packet_decode(struct fsv_str bytes, struct fsv_arena *arena, Fsv__Packet **ret_packet, struct fsv_err *err)
{
	ProtobufCMessage *message = fsv_message_decode(&fsv__packet__descriptor, bytes, arena);

	if (!message)
		return fsv_err_set(err, FSV_E_SYNTAX, "the message is no Packet");
	*ret_packet = (Fsv__Packet *)message;
	return 0;
}

struct fsv_str fsv_packet_encode(const Fsv__Packet *packet, struct fsv_arena *arena)
{
	return fsv_message_encode(&packet->base, arena);
}

struct fsv_str fsv_packet_encode_body(struct fsv_str value, struct fsv_arena *arena)
{
	Fsv__Packet packet = FSV__PACKET__INIT;
	Fsv__Data body = FSV__DATA__INIT;

	body.value = (ProtobufCBinaryData){ value.n, (uint8_t *)value.p };
	packet.body = &body;
	return fsv_message_encode(&packet.base, arena);
}

struct fsv_str fsv_packet_body(const Fsv__Packet *packet)
{
	if (!packet->body)
		return FSV_STR_NULL;
	return fsv_str_n((const char *)packet->body->value.data, packet->body->value.len);
}

int fsv_inference_decode(struct fsv_str bytes, struct fsv_arena *arena, struct fsv_str *ret_body,
			 struct fsv_err *err)
{
	ProtobufCMessage *message = fsv_message_decode(&fsv__inference_message__descriptor, bytes, arena);
	const Fsv__InferenceMessage *m = (const Fsv__InferenceMessage *)message;

	if (!m)
		return fsv_err_set(err, FSV_E_SYNTAX, "the message is no InferenceMessage");
	*ret_body = fsv_str_n((const char *)m->body.data, m->body.len);
	return 0;
}

struct fsv_str fsv_inference_encode(struct fsv_str body, struct fsv_arena *arena)
{
	Fsv__InferenceMessage m = FSV__INFERENCE_MESSAGE__INIT;

	m.body = (ProtobufCBinaryData){ body.n, (uint8_t *)body.p };
	return fsv_message_encode(&m.base, arena);
}
