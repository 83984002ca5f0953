/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader of Java object streams (java.io.ObjectOutputStream, protocol 2), enough for the reference's
 * stores: objects with fields by name, strings, arrays, block data, references. Nothing is executed
 * or instantiated; the result is a graph of values. Hostile input: nesting (64), lengths and the number
 * of values (8 million) are bounded, cycles are refused. A value that the stream refers to again has
 * several parents, so the graph can be deeper and have more paths than the stream: whoever walks it
 * bounds his own work.
 */
#ifndef FSV_CODEC_JAVA_STREAM_H
#define FSV_CODEC_JAVA_STREAM_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum fsv_java_type {
	FSV_JAVA_NULL,
	FSV_JAVA_STRING,	/* text: UTF-8 (modified UTF-8 of the stream is converted) */
	FSV_JAVA_OBJECT,
	FSV_JAVA_ARRAY,		/* items */
	FSV_JAVA_INT,		/* primitive B C I J S Z */
	FSV_JAVA_FLOAT,		/* primitive F D */
};

struct fsv_java_field;

struct fsv_java_value {
	enum fsv_java_type type;
	struct fsv_str text;		/* STRING; ARRAY of bytes: all of them; enumeration: the name */
	struct fsv_str class_name;	/* OBJECT, ARRAY: "java.util.HashMap", "[B" */
	int64_t i;
	double f;
	struct fsv_java_field *fields;	/* OBJECT: of all its classes, superclass first */
	struct fsv_java_item *items;	/* ARRAY elements; OBJECT: what writeObject wrote, in order */
	size_t n_items;
};

struct fsv_java_field {
	struct fsv_str name;
	struct fsv_java_value *value;
	struct fsv_java_field *next;
};

/* An element: a value, or raw block data. */
struct fsv_java_item {
	struct fsv_java_value *value;	/* NULL for block data */
	struct fsv_str block;
};

/* The one object of the stream, copied into the arena. Trailing bytes are refused. FSV_E_SYNTAX or
 * FSV_E_LIMIT with the place and the reason. */
int fsv_java_stream_parse(struct fsv_str input, struct fsv_arena *arena,
			  struct fsv_java_value **ret_value, struct fsv_err *err) FSV_MUST_CHECK;

/* Field by name, or NULL (also for what is no object). Linear. */
const struct fsv_java_value *fsv_java_field(const struct fsv_java_value *object, const char *name);

/* Key and value pairs of a HashMap, LinkedHashMap or ConcurrentHashMap, in stream order. */
struct fsv_java_pair {
	const struct fsv_java_value *key, *value;
};
int fsv_java_map(const struct fsv_java_value *map, struct fsv_arena *arena,
		 struct fsv_java_pair **ret_pairs, size_t *ret_n, struct fsv_err *err) FSV_MUST_CHECK;

#endif
