/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An existing Java installation's properties as our YAML. The result always loads: what is unknown,
 * without effect or not understood here stays in the file as a comment, with the reason, and is named
 * in the notes. Values keep the meaning they had there.
 */
#include "conf-private.h"

#include <stdio.h>

#include "base/map.h"
#include "codec/properties.h"

struct import {
	const struct fsv_conf_schema *schema;
	const char *file;
	struct fsv_arena arena;
	struct fsv_buf *out, *notes;
};

static void note(struct import *im, const struct fsv_property *p, const char *why)
{
	char name[FSV_YAML_SHOW_MAX];

	fsv_buf_printf(im->notes, "%s:%u: %s: %s\n", im->file, p->line, fsv_yaml_show(p->key, name), why);
}

static void setting(struct import *im, struct fsv_str key, struct fsv_str value)
{
	fsv_yaml_scalar(im->out, key);
	fsv_buf_puts(im->out, ": ");
	fsv_yaml_scalar(im->out, value);
	fsv_buf_putc(im->out, '\n');
}

static void comment(struct import *im, const struct fsv_property *p, struct fsv_str value, const char *why)
{
	fsv_buf_printf(im->out, "# line %u: %s\n#", p->line, why);
	setting(im, p->key, value);
	note(im, p, why);
}

static void unknown(struct import *im, const struct fsv_property *p, struct fsv_str value)
{
	const char *nearest = fsv_conf_nearest(im->schema, p->key);
	char why[200];

	if (fsv_str_starts(p->key, FSV_STR("spring.")) || fsv_str_starts(p->key, FSV_STR("server.")))
		snprintf(why, sizeof(why), "a setting of the Java web framework, without effect here");
	else if (nearest)
		snprintf(why, sizeof(why), "unknown key, without effect here; did you mean %s?", nearest);
	else
		snprintf(why, sizeof(why), "unknown key, without effect here");
	comment(im, p, value, why);
}

/* Boolean.valueOf: "true" in any case is true, everything else false. What we would read as true
 * (yes, on) must not become so by moving here. */
static void import_bool(struct import *im, const struct fsv_property *p, struct fsv_str value)
{
	bool v = fsv_str_caseeq(value, FSV_STR("true"));

	if (!v && !fsv_str_caseeq(value, FSV_STR("false")))
		note(im, p, "neither true nor false; the Java implementation takes that for false");
	setting(im, p->key, v ? FSV_STR("true") : FSV_STR("false"));
}

static int try_value(struct import *im, const struct fsv_conf_key *key, struct fsv_str value,
		     struct fsv_err *err)
{
	const char *const *list;
	struct fsv_conf_item item;

	if (key->flags & FSV_CONF_LIST)
		return fsv_conf_parse_list(key, value, NULL, &im->arena, &list, err);
	return fsv_conf_parse_item(key, value, NULL, &im->arena, &item, err);
}

static void import_key(struct import *im, const struct fsv_conf_key *key, const struct fsv_property *p,
		       struct fsv_str value)
{
	struct fsv_err err = FSV_ERR_INIT;

	if (key->flags & FSV_CONF_RETIRED) {
		comment(im, p, value, "without effect here");
	} else if (key->type == FSV_CONF_BOOL && !(key->flags & FSV_CONF_LIST)) {
		import_bool(im, p, value);
	} else if (value.n == 0 && !(key->type == FSV_CONF_STRING && key->def)) {
		comment(im, p, value, "no value; the default applies");
	} else if (try_value(im, key, value, &err) < 0) {
		comment(im, p, value, err.text);
	} else {
		if (key->type == FSV_CONF_PATH && value.p[0] != '/')
			note(im, p, "a relative path starts at the folder of the configuration file here, "
				    "no longer at the working directory");
		setting(im, p->key, value);
	}
}

static void import_property(struct import *im, const struct fsv_property *p, bool last)
{
	struct fsv_str value = fsv_str_trim(p->value);
	int i = fsv_conf_find(im->schema, p->key);

	if (!last)
		note(im, p, "given again further down, where the value that counts is");
	else if (i == FSV_CONF_NONE)
		unknown(im, p, value);
	else
		import_key(im, &im->schema->keys[i], p, value);
}

static void import_all(struct import *im, struct fsv_property *first)
{
	struct fsv_map last;

	fsv_map_init(&last);
	for (struct fsv_property *p = first; p; p = p->next)
		(void)fsv_map_put(&last, p->key, p);	/* an earlier one of the name gives way */
	fsv_buf_printf(im->out, "# For %s, imported from ", im->schema->daemon);
	fsv_yaml_scalar(im->out, fsv_str(im->file));
	fsv_buf_puts(im->out, "\n");
	for (struct fsv_property *p = first; p; p = p->next)
		import_property(im, p, fsv_map_get(&last, p->key) == p);
	fsv_map_done(&last);
}

int fsv_conf_import(const struct fsv_conf_schema *schema, struct fsv_str properties, const char *file,
		    struct fsv_buf *out, struct fsv_buf *notes, struct fsv_err *err)
{
	struct import im = { .schema = schema, .file = file, .out = out, .notes = notes };
	struct fsv_property *first = NULL;
	int rc;

	if (properties.n > FSV_CONF_FILE_MAX)
		return fsv_err_set(err, FSV_E_LIMIT, "%s is larger than %d bytes", file, FSV_CONF_FILE_MAX);
	fsv_arena_init(&im.arena, 0);
	rc = fsv_properties_parse(properties, file, &im.arena, &first, err);
	if (rc == 0)
		import_all(&im, first);
	fsv_arena_done(&im.arena);
	return rc;
}
