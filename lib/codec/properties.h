/* SPDX-License-Identifier: Apache-2.0 */
/* Java .properties files: comments, '=' ':' or blank as separator, line continuation, \uXXXX. */
#ifndef FSV_CODEC_PROPERTIES_H
#define FSV_CODEC_PROPERTIES_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct fsv_property {
	struct fsv_str key, value;	/* UTF-8; trailing blanks of the value kept */
	unsigned line;
	struct fsv_property *next;
};

/* Bytes above 0x7F are taken as UTF-8 when the file is valid UTF-8, else as ISO-8859-1. In file
 * order; a key given twice appears twice (the last one counts). */
int fsv_properties_parse(struct fsv_str input, const char *file, struct fsv_arena *arena,
			 struct fsv_property **ret_first, struct fsv_err *err) FSV_MUST_CHECK;

#endif
