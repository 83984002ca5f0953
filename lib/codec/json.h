/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as RFC 8259 has it. The reader pulls tokens from bytes that stay the caller's; texts without
 * escapes point into them, others into the arena. It refuses comments, bare NaN, bad UTF-8, lone
 * surrogates, leading zeros, control characters, and anything nested or sized beyond its limits.
 * As the reference does, bytes after the first value are the caller's affair: fsv_json_end checks.
 *
 * The writer prints what the reference's encoders print: no white space, non-ASCII raw, controls as
 * \b \t \n \f \r or \u00XX (upper-case hex), doubles as Java's Double.toString.
 */
#ifndef FSV_CODEC_JSON_H
#define FSV_CODEC_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum fsv_json_type {
	FSV_JSON_ERROR = -1,	/* malformed; fsv_json_fail tells where and why; sticky */
	FSV_JSON_NONE = 0,	/* no value here: end of input */
	FSV_JSON_NULL,
	FSV_JSON_FALSE,
	FSV_JSON_TRUE,
	FSV_JSON_INT,		/* no '.', no exponent: any size; text = spelling */
	FSV_JSON_DOUBLE,	/* with '.' or exponent; text = spelling */
	FSV_JSON_STRING,	/* text = unescaped UTF-8 (may hold U+0000) */
	FSV_JSON_ARRAY,		/* begin */
	FSV_JSON_OBJECT,	/* begin */
};

enum { FSV_JSON_DEPTH_MAX = 256 };	/* default and upper bound of the depth limit */

/* Reader ------------------------------------------------------------------------------------- */

/* What the text read so far contains that a re-encoder would change. */
enum fsv_json_seen {
	FSV_JSON_SEEN_SPACE = 1,	/* white space around tokens */
	FSV_JSON_SEEN_ESCAPE = 2,	/* a backslash in a text or name */
	FSV_JSON_SEEN_NULL = 4,
	FSV_JSON_SEEN_FAR = 8,		/* a number with an exponent or so many digits that it may be beyond a double */
};

struct fsv_json {
	const char *p, *end, *start;
	struct fsv_arena *arena;
	struct fsv_str text;	/* of the newest key, string or number */
	uint64_t mantissa;	/* the newest number is mantissa / 10^places, when … */
	int places;		/* … this is not negative; otherwise fsv_json_double reads its text */
	unsigned depth, depth_max;
	bool first;		/* next is the first element of its container */
	bool limit;		/* what went wrong is a bound that was hit */
	unsigned seen;		/* enum fsv_json_seen, gathered until the caller clears it */
	const char *why;	/* set once something was malformed */
	const char *at;		/* where */
};

void fsv_json_init(struct fsv_json *j, struct fsv_str input, struct fsv_arena *arena);

/* Reads the value that begins here. Scalars are read whole; for ARRAY and OBJECT go on with
 * fsv_json_elem / fsv_json_key until they return false. */
enum fsv_json_type fsv_json_value(struct fsv_json *j);

/* Inside an object: steps to the next member and stores its name; false at '}' or on error. The
 * member's value must then be read or skipped. */
bool fsv_json_key(struct fsv_json *j, struct fsv_str *ret_key);
/* Inside an array: true when an element follows; false at ']' or on error. */
bool fsv_json_elem(struct fsv_json *j);

/* Inside an object: steps to the next member, stores its name and reads its value as fsv_json_value does; NONE at
 * '}'. Quicker than the two by themselves. */
enum fsv_json_type fsv_json_member(struct fsv_json *j, struct fsv_str *ret_key);

/* Skips the value that begins here, checking it like any other; returns its type and, when
 * ret_span is given, the bytes it took (a view of the input). */
enum fsv_json_type fsv_json_skip(struct fsv_json *j, struct fsv_str *ret_span);
/* Reads on over a value of that type that fsv_json_value has begun. */
void fsv_json_skip_rest(struct fsv_json *j, enum fsv_json_type type);

/* Where a value is due: goes on behind one that the caller has read by itself. */
static inline void fsv_json_behind(struct fsv_json *j, const char *end_of_value)
{
	j->p = end_of_value;
}

/* True when nothing but white space is left. */
bool fsv_json_end(struct fsv_json *j);

/* Number of the newest INT or DOUBLE token, correctly rounded (±Infinity beyond the range). */
double fsv_json_double(const struct fsv_json *j);
/* Newest INT token; false when it does not fit. */
bool fsv_json_i64(const struct fsv_json *j, int64_t *ret_value);

static inline bool fsv_json_failed(const struct fsv_json *j)
{
	return j->why != NULL;
}
/* Turns the sticky fault into an error: "line L column C: why". Returns FSV_E_SYNTAX, or
 * FSV_E_LIMIT for nesting and for the number of values. Never quotes the input. */
int fsv_json_fail(const struct fsv_json *j, struct fsv_err *err);

/* Tree: for configuration, DSL and answers of feature services -------------------------------- */

struct fsv_json_node {
	enum fsv_json_type type;
	struct fsv_str key;		/* inside an object */
	struct fsv_str text;		/* STRING value; INT and DOUBLE spelling */
	double number;			/* INT and DOUBLE */
	struct fsv_json_node *first;	/* of ARRAY and OBJECT */
	struct fsv_json_node *next;	/* sibling */
	size_t n;			/* children */
};

/* Whole value into the arena. A member named twice keeps its first place and its last value, as in
 * the reference's maps. More than 1,000,000 values are refused (FSV_E_LIMIT). Trailing bytes are an
 * error only with strict_end. */
int fsv_json_parse(struct fsv_str input, struct fsv_arena *arena, bool strict_end,
		   struct fsv_json_node **ret_root, struct fsv_err *err) FSV_MUST_CHECK;

/* Member by name, or NULL (also for NULL or non-objects). Linear. */
struct fsv_json_node *fsv_json_get(const struct fsv_json_node *object, const char *key);
/* Text of a STRING member, or FSV_STR_NULL. */
struct fsv_str fsv_json_get_str(const struct fsv_json_node *object, const char *key);

/* Writer ------------------------------------------------------------------------------------- */

/* Appends to a buffer; commas are the writer's affair. Values: one call each; in objects
 * fsv_jsonw_key first. */
struct fsv_jsonw {
	struct fsv_buf *out;
	bool comma;		/* a comma is due before the next element */
};

static inline void fsv_jsonw_init(struct fsv_jsonw *w, struct fsv_buf *out)
{
	w->out = out;
	w->comma = false;
}

void fsv_jsonw_begin(struct fsv_jsonw *w, char bracket);	/* '{' or '[' */
void fsv_jsonw_end(struct fsv_jsonw *w, char bracket);		/* '}' or ']' */
void fsv_jsonw_key(struct fsv_jsonw *w, struct fsv_str key);
void fsv_jsonw_key_int(struct fsv_jsonw *w, int64_t key);	/* a number for a name */
void fsv_jsonw_str(struct fsv_jsonw *w, struct fsv_str text);
void fsv_jsonw_int(struct fsv_jsonw *w, int64_t v);
void fsv_jsonw_double(struct fsv_jsonw *w, double v);	/* non-finite: the strings "NaN" … */
void fsv_jsonw_bool(struct fsv_jsonw *w, bool v);
void fsv_jsonw_null(struct fsv_jsonw *w);
/* A value that is JSON already. */
void fsv_jsonw_raw(struct fsv_jsonw *w, struct fsv_str json);
/* Key and value in one line. */
void fsv_jsonw_kv_str(struct fsv_jsonw *w, const char *key, struct fsv_str text);
void fsv_jsonw_kv_int(struct fsv_jsonw *w, const char *key, int64_t v);

/* Appends text as a quoted JSON string. */
void fsv_json_quote(struct fsv_buf *out, struct fsv_str text);

/* Appends valid JSON without white space again, three blanks deep for each bracket, as the reference writes its route
 * table. */
void fsv_json_indent(struct fsv_str json, struct fsv_buf *out);

/* Copies one value the way the reference would re-encode it after decoding: integers as they stand
 * (-0 as 0), other numbers as doubles in Java's spelling, strings with the writer's escapes, last of
 * equally named members at the place of the first; with drop_nulls null members of objects are left
 * out (nulls in arrays stay). This is the text that cache keys are made of. On failure out is as it
 * was; a limit of out that was hit is the caller's to look at. value and out must not overlap. */
int fsv_json_reencode(struct fsv_str value, bool drop_nulls, struct fsv_arena *arena,
		      struct fsv_buf *out, struct fsv_err *err) FSV_MUST_CHECK;

#endif
