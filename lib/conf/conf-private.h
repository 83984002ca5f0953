/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share. */
#ifndef FSV_CONF_CONF_PRIVATE_H
#define FSV_CONF_CONF_PRIVATE_H

#include "conf.h"
#include "base/ref.h"
#include "codec/yaml.h"

enum { FSV_CONF_FILE_MAX = 1 << 20 };	/* bytes of one file */

/* One value, checked. text is the canonical spelling: equal values have equal texts, and reading the
 * text again gives the same value. */
struct fsv_conf_item {
	const char *text;	/* NULL = unset */
	int64_t number;		/* BOOL, INT, PORT, DURATION, SIZE, ENUM (position) */
	double real;		/* DOUBLE */
};

struct fsv_conf_value {
	struct fsv_conf_item item;
	const char *const *list;	/* LIST: the items' texts, NULL-terminated; NULL = unset */
	bool set;			/* by a file */
	const char *where;		/* "FILE:LINE:COLUMN" or "default" */
	unsigned file;			/* ordinal of the last file that names the key, 0 = none */
	unsigned line, column;		/* there */
};

struct fsv_conf {
	struct fsv_ref ref;
	const struct fsv_conf_schema *schema;
	struct fsv_arena arena;
	struct fsv_conf_value *values;	/* one per key of the schema */
	const char *folder;		/* relative paths start here; NULL = they stay as they are */
};

/* conf.c: an object with every key at its default, one reference. A fault in the table is our bug. */
struct fsv_conf *fsv_conf_new(const struct fsv_conf_schema *schema, const char *folder);
void fsv_conf_set_default(struct fsv_conf *conf, unsigned key);

/* value.c: text to value by the key's type. Errors are the sentence alone ("must be …"), without
 * file and key, and show no text of keys that could hold a secret. */
int fsv_conf_parse_item(const struct fsv_conf_key *key, struct fsv_str text, const char *folder,
			struct fsv_arena *arena, struct fsv_conf_item *ret_item,
			struct fsv_err *err) FSV_MUST_CHECK;
/* Comma-separated text to a list. */
int fsv_conf_parse_list(const struct fsv_conf_key *key, struct fsv_str text, const char *folder,
			struct fsv_arena *arena, const char *const **ret_list,
			struct fsv_err *err) FSV_MUST_CHECK;
/* Canonical spelling of a number of an INT, DURATION or SIZE key. */
enum { FSV_CONF_NUMBER_MAX = 32, FSV_CONF_RANGE_MAX = 3 * FSV_CONF_NUMBER_MAX };
const char *fsv_conf_format_number(enum fsv_conf_type type, int64_t n, char out[FSV_CONF_NUMBER_MAX]);
/* "from 1ms to 10min", "at least 1", "at most 1G", or "" when any number will do. */
const char *fsv_conf_format_range(const struct fsv_conf_key *key, char out[FSV_CONF_RANGE_MAX]);

/* suggest.c */
enum { FSV_CONF_NONE = -1 };
/* Index of the key of this name, or FSV_CONF_NONE. */
int fsv_conf_find(const struct fsv_conf_schema *schema, struct fsv_str name);
/* Whether some key's name starts with "<name>.". */
bool fsv_conf_is_group(const struct fsv_conf_schema *schema, struct fsv_str name);
/* The key whose name looks most like name, when it is close enough to be meant; else NULL. */
const char *fsv_conf_nearest(const struct fsv_conf_schema *schema, struct fsv_str name);

#endif
