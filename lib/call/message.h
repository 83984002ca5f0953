/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf messages decoded into and encoded from a request's arena, first the two of the inference path. */
#ifndef FSV_CALL_MESSAGE_H
#define FSV_CALL_MESSAGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "lib/proto/packet.pb-c.h"

/* Any message: into and from an arena. decode: NULL when the bytes are none of the type. */
ProtobufCMessage *fsv_message_decode(const ProtobufCMessageDescriptor *type, struct fsv_str bytes,
				     struct fsv_arena *arena);
struct fsv_str fsv_message_encode(const ProtobufCMessage *message, struct fsv_arena *arena);

/* FSV_E_SYNTAX when the bytes are no such message. The result lives in the arena. */
int fsv_packet_decode(struct fsv_str bytes, struct fsv_arena *arena, Fsv__Packet **ret_packet,
		      struct fsv_err *err) FSV_MUST_CHECK;
struct fsv_str fsv_packet_encode(const Fsv__Packet *packet, struct fsv_arena *arena);
/* Packet that has nothing but body.value. */
struct fsv_str fsv_packet_encode_body(struct fsv_str value, struct fsv_arena *arena);
struct fsv_str fsv_packet_body(const Fsv__Packet *packet);	/* body.value or empty */

int fsv_inference_decode(struct fsv_str bytes, struct fsv_arena *arena, struct fsv_str *ret_body,
			 struct fsv_err *err) FSV_MUST_CHECK;
struct fsv_str fsv_inference_encode(struct fsv_str body, struct fsv_arena *arena);

/* Packet in proto3 JSON, as over HTTP /unary: pretty-printed with two blanks; on reading unknown members
 * are refused, numbers accepted for texts, base64 in both alphabets. */
void fsv_packet_to_json(const Fsv__Packet *packet, struct fsv_buf *out);
int fsv_packet_from_json(struct fsv_str json, struct fsv_arena *arena, Fsv__Packet **ret_packet,
			 struct fsv_err *err) FSV_MUST_CHECK;

/* Appends the form that signatures are made over: proto3 JSON without white space; NULL is {}. html_safe: with the
 * escapes of < > & = ' that the reference writes since 2.1.6. */
void fsv_message_canonical(const ProtobufCMessage *message, bool html_safe, struct fsv_buf *out);

#endif
