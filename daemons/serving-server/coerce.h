/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of typed JSON objects, read as the reference's decoder reads them: a text may be written as a
 * number or a truth value, a number as a text. Each function reads the value that begins at the reader and
 * returns false when it is of no use as that type; null leaves the output alone and is fine.
 */
#ifndef FSV_SERVER_COERCE_H
#define FSV_SERVER_COERCE_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/json.h"

/* Lists and objects are refused. */
bool fsv_coerce_text(struct fsv_json *j, struct fsv_str *ret_text);
/* 5, 1.7 (cut to 1), "5", "" (0). */
bool fsv_coerce_int(struct fsv_json *j, int32_t *ret_value);
/* true, false, 0, 1, "true", "False", "". */
bool fsv_coerce_bool(struct fsv_json *j, bool *ret_value);

enum fsv_coerced_map { FSV_MAP_REFUSED, FSV_MAP_NULL, FSV_MAP_OBJECT };
/* An object's text, or null. */
enum fsv_coerced_map fsv_coerce_map(struct fsv_json *j, struct fsv_str *ret_object);

#endif
