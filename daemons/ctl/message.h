/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protobuf messages as YAML and back, by their descriptors. A message is a mapping of its fields by their
 * names in the .proto file; what it states is what is on the wire, in ascending order of field numbers:
 *
 *   - strings and bytes are texts, bytes that are no text are {raw: BASE64}
 *   - repeated fields are lists, maps are mappings whose order is that on the wire
 *   - doubles have Java's spelling, which reads back to the same bits
 *   - a field that the .proto file does not have is "#NUMBER": BASE64, tag included
 *
 * Not every encoding can be told this way (a field twice, fields out of order). Whoever needs the very
 * bytes back reads the text again and compares.
 */
#ifndef FSV_CTL_MESSAGE_H
#define FSV_CTL_MESSAGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/yaml.h"

struct ProtobufCMessageDescriptor;

/* Appends the fields, each on lines of its own that begin with indent blanks; nothing for a message
 * without fields. FSV_E_SYNTAX or FSV_E_LIMIT for what is no such message. */
int fsv_ctl_message_show(const struct ProtobufCMessageDescriptor *type, struct fsv_str bytes, unsigned indent,
			 struct fsv_buf *out) FSV_MUST_CHECK;

/* Appends the bytes. map must be a mapping. Errors name file, line and column. */
int fsv_ctl_message_read(const struct ProtobufCMessageDescriptor *type, const struct fsv_yaml *map,
			 const char *file, struct fsv_arena *arena, struct fsv_buf *out,
			 struct fsv_err *err) FSV_MUST_CHECK;

/* A scalar's bytes in base64, into the arena. */
int fsv_ctl_read_base64(const struct fsv_yaml *node, const char *file, struct fsv_arena *arena,
			struct fsv_str *ret_bytes, struct fsv_err *err) FSV_MUST_CHECK;
/* The node under "raw" when map has that one member; else NULL. */
const struct fsv_yaml *fsv_ctl_raw(const struct fsv_yaml *map);

/* "FILE:LINE:COLUMN: <text>". */
int fsv_ctl_fault(struct fsv_err *err, const char *file, const struct fsv_yaml *node, const char *fmt, ...)
	FSV_PRINTF(4, 5) FSV_COLD;

#endif
