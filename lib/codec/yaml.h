/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML through libyaml's event parser, as a tree that remembers line and column of every node.
 * Scalars stay text (the schema decides their type). Refused: anchors and aliases, tags, several
 * documents, keys given twice in one mapping, non-scalar keys, bad UTF-8, more than 64 levels,
 * more than 100,000 nodes. Columns count characters, not bytes.
 */
#ifndef FSV_CODEC_YAML_H
#define FSV_CODEC_YAML_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
	FSV_YAML_DEPTH_MAX = 64,
	FSV_YAML_NODES_MAX = 100000,
	FSV_YAML_SHOW_MAX = 64,
};

enum fsv_yaml_type { FSV_YAML_SCALAR, FSV_YAML_LIST, FSV_YAML_MAP };

struct fsv_yaml {
	enum fsv_yaml_type type;
	unsigned line, column;		/* of the node, from 1 */
	unsigned key_line, key_column;	/* of its key, inside a map */
	struct fsv_str key;		/* inside a map */
	struct fsv_str text;		/* scalar */
	bool plain;			/* scalar written without quotes: null, true … may be meant */
	struct fsv_yaml *first, *next;
	size_t n;
};

/* An empty document gives an empty map. Errors: "FILE:LINE:COLUMN: …"; file is only for them. */
int fsv_yaml_parse(struct fsv_str input, const char *file, struct fsv_arena *arena,
		   struct fsv_yaml **ret_root, struct fsv_err *err) FSV_MUST_CHECK;

/* Member by name, or NULL (also for NULL or anything but a map). Linear. */
struct fsv_yaml *fsv_yaml_get(const struct fsv_yaml *map, const char *key);

/* Whether a scalar means "nothing": null or ~ without quotes, or no text at all. */
bool fsv_yaml_is_null(const struct fsv_yaml *node);

/* Text as it may stand in a message: one line, cut to fit, NUL-terminated. Returns out. */
const char *fsv_yaml_show(struct fsv_str text, char out[FSV_YAML_SHOW_MAX]);

/* Appends text as a YAML scalar: plain where that reads back as the same text, else quoted. It may
 * stand anywhere a scalar may, flow lists included. Bytes that are no UTF-8 become U+FFFD. */
struct fsv_buf;
void fsv_yaml_scalar(struct fsv_buf *out, struct fsv_str text);

#endif
