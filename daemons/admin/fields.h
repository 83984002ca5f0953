/* SPDX-License-Identifier: Apache-2.0 */
/* Members of a request body as leniently as the reference reads them. [any thread] */
#ifndef FSV_ADMIN_FIELDS_H
#define FSV_ADMIN_FIELDS_H

#include "codec/json.h"

enum fsv_field { FSV_FIELD_BAD = -1, FSV_FIELD_ABSENT, FSV_FIELD_THERE };

/* Numbers and booleans count as their text; FSV_STR_NULL for null, lists, objects and NULL. */
struct fsv_str fsv_field_text(const struct fsv_json_node *node);
/* 32-bit: 8000 and "8000"; 90.7 is 90, "90.7" is bad; "" and null are absent. */
enum fsv_field fsv_field_int(const struct fsv_json_node *node, int64_t *ret_value);
enum fsv_field fsv_field_double(const struct fsv_json_node *node, double *ret_value);
/* A 32-bit integer as text, of a query. */
enum fsv_field fsv_field_int_text(struct fsv_str text, int64_t *ret_value);
/* The bytes of a member of the object that text is, the last of that name; FSV_STR_NULL when absent or null. */
struct fsv_str fsv_field_span(struct fsv_str text, const char *name, struct fsv_arena *arena);
/* The value of a cookie in the header line's text; FSV_STR_NULL when there is none. */
struct fsv_str fsv_field_cookie(struct fsv_str header, const char *name);

#endif
