/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf messages as pretty-printed proto3 JSON, in the layout of Java's JsonFormat. */
#ifndef FSV_MODEL_MESSAGE_JSON_H
#define FSV_MODEL_MESSAGE_JSON_H

#include "base/buf.h"
#include "lib/proto/model.pb-c.h"

/* Two blanks a level, lowerCamelCase names, fields without value left out, 64-bit integers as texts, lists of
 * scalars on one line. */
void fsv_message_json(const ProtobufCMessage *message, struct fsv_buf *out);

#endif
