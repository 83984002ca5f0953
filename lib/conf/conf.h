/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration. One table of struct fsv_conf_key per daemon drives everything: loading, checking,
 * dumping, the full sample and the section-5 manual page. Keys have the reference's names; in the
 * file `a.b.c: v` and nested mappings mean the same. A loaded configuration is immutable and
 * reference-counted; reload builds a new one, checks it, swaps.
 */
#ifndef FSV_CONF_CONF_H
#define FSV_CONF_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum fsv_conf_type {
	FSV_CONF_BOOL,		/* true, false, yes, no, on, off */
	FSV_CONF_INT,		/* decimal */
	FSV_CONF_PORT,		/* 0..65535; 0 = not served */
	FSV_CONF_DURATION,	/* 250ms, 3s, 5min, 2h; a bare number is in the key's unit */
	FSV_CONF_SIZE,		/* 64K, 16M, 1G; a bare number is bytes */
	FSV_CONF_STRING,
	FSV_CONF_PATH,		/* relative ones are taken from the configuration file's folder */
	FSV_CONF_ENUM,		/* one of key->choices, exact case */
	FSV_CONF_ADDRESS,	/* host:port, [v6]:port */
	FSV_CONF_DOUBLE,
};

enum fsv_conf_flag {
	FSV_CONF_RESTART = 1,	/* a change takes effect at the next start only */
	FSV_CONF_SECRET = 2,	/* never shown */
	FSV_CONF_RETIRED = 4,	/* the reference's key, accepted, warned about, without effect here */
	FSV_CONF_LIST = 8,	/* YAML list or comma-separated text; read with fsv_conf_list */
};

struct fsv_conf;

struct fsv_conf_key {
	const char *name;		/* "single.inference.rpc.timeout" */
	enum fsv_conf_type type;
	unsigned flags;
	const char *unit;		/* DURATION: unit of a bare number, "ms" or "s"; shown in docs */
	const char *def;		/* default as it would stand in the file; NULL = unset */
	int64_t min, max;		/* INT, DURATION (ms), SIZE (bytes); both 0 = unchecked */
	const char *choices;		/* ENUM: "random|round_robin|consistent" */
	const char *doc;		/* a sentence or two, ends with a full stop */
	const char *group;		/* heading in sample and manual; NULL = as the key before */
};

struct fsv_conf_schema {
	const char *daemon;		/* "fate-serving-server" */
	const char *file;		/* default path, "/etc/fate-serving/serving-server.yaml" */
	const struct fsv_conf_key *keys;
	unsigned n_keys;
	/* What needs more than one key to judge; may be NULL. */
	int (*check)(const struct fsv_conf *conf, struct fsv_err *err);
};

/* Loads path, then every *.yaml in "<path>.d/" in name order (later wins), fills in defaults,
 * checks. Errors read "FILE:LINE:COLUMN: key: sentence"; unknown keys come with the nearest known
 * one, values of SECRET keys are never shown. -ENOENT means that path itself does not exist. A file
 * may have 1 MiB, the folder 256 files. null, ~ or no value at all is the default, also over an
 * earlier file's setting. Retired keys are logged in one warning per load. *ret_conf starts with
 * one reference. Faults in the table (a bad default, a name twice) abort. */
int fsv_conf_load(const struct fsv_conf_schema *schema, const char *path, struct fsv_conf **ret_conf,
		  struct fsv_err *err) FSV_MUST_CHECK;

/* As fsv_conf_load from one text; file is only for messages, relative paths stay as they are, and
 * there is no limit. For tests, import and embedding. */
int fsv_conf_load_text(const struct fsv_conf_schema *schema, struct fsv_str text, const char *file,
		       struct fsv_conf **ret_conf, struct fsv_err *err) FSV_MUST_CHECK;

struct fsv_conf *fsv_conf_ref(struct fsv_conf *conf);			/* [any thread] */
struct fsv_conf *fsv_conf_unref(struct fsv_conf *conf);			/* [any thread] */

/* Values by the key's index in the table (an enum beside it). Durations in ms; what is unset and has
 * no default is false or 0. Reading a key as another type than its own is a bug and aborts. [any thread] */
bool fsv_conf_bool(const struct fsv_conf *conf, unsigned key);
int64_t fsv_conf_int(const struct fsv_conf *conf, unsigned key);
double fsv_conf_double(const struct fsv_conf *conf, unsigned key);
/* NULL when unset; lives as long as conf. An ENUM's text too. */
const char *fsv_conf_str(const struct fsv_conf *conf, unsigned key);
/* Of a LIST key: the items' texts, checked by the key's type; NULL-terminated, empty when unset. */
const char *const *fsv_conf_list(const struct fsv_conf *conf, unsigned key);
/* Position of an ENUM's value in its choices. */
unsigned fsv_conf_enum(const struct fsv_conf *conf, unsigned key);
/* Whether a file set it; never for RETIRED keys. */
bool fsv_conf_is_set(const struct fsv_conf *conf, unsigned key);
/* "FILE:LINE:COLUMN" of the setting, or "default". */
const char *fsv_conf_where(const struct fsv_conf *conf, unsigned key);

/* YAML of all effective values in canonical spelling, secrets as "(secret)", unset ones as null.
 * Loading it gives the same values, secrets apart. */
void fsv_conf_dump(const struct fsv_conf *conf, struct fsv_buf *out);
/* Members of a JSON object, one for each key that is set and whose name contains keyword (in any case; blank = all):
 * numbers and booleans as such, durations in the key's unit, secrets as "******". The key without is left out. */
struct fsv_jsonw;
void fsv_conf_props(const struct fsv_conf *conf, struct fsv_str keyword, const char *without, struct fsv_jsonw *w);
/* Whether a name is meant by a keyword. */
bool fsv_conf_wanted(const char *name, struct fsv_str keyword);
/* Names of RESTART keys whose values differ, comma-separated, in out; returns how many. */
unsigned fsv_conf_restart_keys(const struct fsv_conf *was, const struct fsv_conf *now, struct fsv_buf *out);

/* The full sample: explanations in lines that begin with "# ", each key at its default in one that
 * begins with "#" alone. With and without those it loads to the defaults. */
void fsv_conf_sample(const struct fsv_conf_schema *schema, struct fsv_buf *out);
/* The section "KEYS" of a page of this name ("fate-serving-server.yaml"), mdoc(7). */
void fsv_conf_man(const struct fsv_conf_schema *schema, const char *page, struct fsv_buf *out);

/* Java properties to our YAML, which names the daemon in its first line and always loads (but for what schema->check
 * may say). Values are trimmed and keep their meaning there. Unknown and retired keys and unusable values become comments;
 * each has a line "FILE:LINE: key: sentence" in notes, which hold no secrets. At most 1 MiB. */
int fsv_conf_import(const struct fsv_conf_schema *schema, struct fsv_str properties, const char *file,
		    struct fsv_buf *out, struct fsv_buf *notes, struct fsv_err *err) FSV_MUST_CHECK;

#endif
