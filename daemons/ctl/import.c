/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../admin/admin-conf.h"
#include "../proxy/proxy-conf.h"
#include "../serving-server/serving-server-conf.h"
#include "base/fd.h"
#include "codec/properties.h"
#include "conf/conf.h"

enum { FILE_MAX = 1 << 20 };

/* What tells one daemon's file from the other's: its usual name, or a setting that only it has. */
static const struct daemon {
	const char *name;
	const char *file;
	const char *keys[8];		/* ending in '.': everything that begins so */
	const struct fsv_conf_schema *schema;
} daemons[] = {
	{ "server", "serving-server.properties",
	  { "serviceRoleName", "feature.", "model.", "lr.", "single.inference.rpc.timeout", "proxy", "port" },
	  &fsv_server_schema },
	{ "proxy", "application.properties",
	  { "coordinator", "proxy.", "route.table", "routeType", "inference.service.name" }, &fsv_proxy_schema },
	{ "admin", "application.properties",
	  { "admin.", "local.cache.", "health.check.time", "grpc.timeout" }, &fsv_admin_schema },
};

enum { N_DAEMONS = sizeof(daemons) / sizeof(daemons[0]) };

static const struct daemon *by_name(const char *name)
{
	for (unsigned i = 0; i < N_DAEMONS; i++)
		if (strcmp(daemons[i].name, name) == 0)
			return &daemons[i];
	return NULL;
}

static bool has_key(const struct daemon *d, struct fsv_str key)
{
	for (unsigned i = 0; d->keys[i]; i++) {
		struct fsv_str known = fsv_str(d->keys[i]);

		if (fsv_str_eq(key, known) || (fsv_str_ends(known, FSV_STR(".")) && fsv_str_starts(key, known)))
			return true;
	}
	return false;
}

static unsigned count_keys(const struct daemon *d, const struct fsv_property *first)
{
	unsigned n = 0;

	for (const struct fsv_property *p = first; p; p = p->next)
		n += has_key(d, p->key);
	return n;
}

/* Whose file it is, or NULL. What it says counts more than how it is called. */
static const struct daemon *guess(const char *path, struct fsv_str text, struct fsv_arena *arena)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	struct fsv_property *first = NULL;
	const struct daemon *found = NULL;
	unsigned best = 0;

	if (fsv_properties_parse(text, path, arena, &first, NULL) < 0)
		return NULL;
	for (unsigned i = 0; i < N_DAEMONS; i++) {
		unsigned n = count_keys(&daemons[i], first);

		if (n > best) {
			best = n;
			found = &daemons[i];
		}
	}
	for (unsigned i = 0; i < N_DAEMONS && !found; i++)
		if (strcmp(base, daemons[i].file) == 0)
			found = &daemons[i];
	return found;
}

struct options {
	const struct daemon *daemon;
	const char *output, *path;
	bool force;
};

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "daemon", required_argument, NULL, 'd' },
		{ "output", required_argument, NULL, 'o' },
		{ "force", no_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "d:o:f", longs, NULL)) != -1) {
		if (c == 'd' && !(o->daemon = by_name(optarg)))
			return fsv_ctl_usage("--daemon is server, proxy or admin, not %s", optarg);
		else if (c == 'o')
			o->output = optarg;
		else if (c == 'f')
			o->force = true;
		else if (c == '?')
			return FSV_CTL_USAGE;
	}
	if (argc - optind != 1)
		return fsv_ctl_usage("import takes one file");
	o->path = argv[optind];
	return FSV_CTL_OK;
}

static int write_out(const struct options *o, struct fsv_str yaml, struct fsv_str notes)
{
	struct fsv_err err = FSV_ERR_INIT;

	fwrite(notes.p ? notes.p : "", 1, notes.n, stderr);
	if (!o->output)
		return fsv_ctl_print(yaml);
	if (fsv_ctl_write(o->output, yaml, o->force, &err) < 0)
		return fsv_ctl_fail(&err);
	return FSV_CTL_OK;
}

static int import(const struct options *o, struct fsv_str text, struct fsv_arena *arena)
{
	const struct daemon *daemon = o->daemon ? o->daemon : guess(o->path, text, arena);
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_conf *conf = NULL;
	struct fsv_buf yaml, notes;

	if (!daemon)
		return fsv_ctl_usage("%s: cannot tell whose settings these are; "
				     "say --daemon server, --daemon proxy or --daemon admin", o->path);
	fsv_buf_init(&yaml, arena, 0);
	fsv_buf_init(&notes, arena, 0);
	if (fsv_conf_import(daemon->schema, text, o->path, &yaml, &notes, &err) < 0)
		return fsv_ctl_fail(&err);
	/* What more than one key decides: the file is written all the same, for it is to be edited. */
	if (fsv_conf_load_text(daemon->schema, fsv_buf_str(&yaml), o->output ? o->output : "the result",
			       &conf, &err) < 0)
		fsv_buf_printf(&notes, "%s would not start with this: %s\n", daemon->schema->daemon, err.text);
	(void)fsv_conf_unref(conf);
	return write_out(o, fsv_buf_str(&yaml), fsv_buf_str(&notes));
}

int fsv_ctl_import(int argc, char **argv)
{
	struct options o = { .daemon = NULL };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_arena arena;
	char *data = NULL;
	size_t n = 0;
	int status = parse(argc, argv, &o);

	if (status != FSV_CTL_OK)
		return status;
	if (fsv_read_file(o.path, FILE_MAX, &data, &n, &err) < 0)
		return fsv_ctl_fail(&err);
	fsv_arena_init(&arena, 0);
	status = import(&o, fsv_str_n(data, n), &arena);
	fsv_arena_done(&arena);
	free(data);
	return status;
}
