/* SPDX-License-Identifier: Apache-2.0 */
/* "tls show": until when certificates are valid, those in use or those in given files. */
#include "ctl.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../proxy/proxy-conf.h"
#include "../proxy/route-table.h"
#include "base/fd.h"
#include "base/map.h"
#include "net/tls-make.h"

enum { FILE_MAX = 1 << 20, WARN_DAYS = 30, DAY = 86400 };

struct show {
	struct fsv_arena arena;
	struct fsv_buf out;
	struct fsv_map seen;		/* paths that were printed */
	int64_t now, warn;		/* seconds since 1970; seconds */
	unsigned n, n_bad;
};

static void print_one(struct show *s, const struct fsv_tls_info *info)
{
	int64_t left = info->not_after - s->now;
	time_t end = (time_t)info->not_after;
	char day[32] = "?";
	struct tm tm;

	if (gmtime_r(&end, &tm))
		(void)strftime(day, sizeof(day), "%Y-%m-%d", &tm);	/* fits */
	if (info->not_before > s->now)
		fsv_buf_printf(&s->out, "  NOT YET VALID: is the clock right?");
	else if (left < 0)
		fsv_buf_printf(&s->out, "  ENDED on %s", day);
	else
		fsv_buf_printf(&s->out, "  %s on %s, in %lld days", left < s->warn ? "ENDS SOON," : "ends", day, (long long)((left + DAY / 2) / DAY));
	fsv_buf_printf(&s->out, "  %s%s%s%s\n", info->ca ? "authority " : "", info->subject, *info->names ? "; for " : "", info->names);
	s->n++;
	s->n_bad += left < s->warn || info->not_before > s->now;
}

/* A file that cannot be read is one that is not in order. */
static void print_file(struct show *s, const char *path, const char *use)
{
	struct fsv_tls_info *infos = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	char *pem = NULL;
	unsigned n = 0;
	size_t size;

	if (fsv_map_get(&s->seen, fsv_str(path)))
		return;
	(void)fsv_map_put(&s->seen, fsv_arena_str(&s->arena, fsv_str(path)), s);
	fsv_buf_printf(&s->out, "%s%s%s%s\n", path, *use ? " (" : "", use, *use ? ")" : "");
	if (fsv_read_file(path, FILE_MAX, &pem, &size, &err) < 0 ||
	    fsv_tls_describe(path, pem, &s->arena, &infos, &n, &err) < 0) {
		fsv_buf_printf(&s->out, "  NOT READABLE: %s\n", err.text);
		s->n++;
		s->n_bad++;
	}
	for (unsigned i = 0; i < n; i++)
		print_one(s, &infos[i]);
	free(pem);
}

static void print_endpoint(struct fsv_route_table *table, struct fsv_endpoint *e, void *arg)
{
	(void)table;
	if (!e->tls)
		return;
	if (e->ca_file)
		print_file(arg, e->ca_file, e->name);
	if (e->cert_file)
		print_file(arg, e->cert_file, e->name);
}

static int print_routes(struct show *s, const char *path, struct fsv_err *err)
{
	struct fsv_route_table *table = NULL;
	char *text = NULL;
	size_t n;
	int r = fsv_read_file(path, FSV_ROUTE_FILE_MAX, &text, &n, err);

	if (r == 0)
		r = fsv_route_table_parse(fsv_str_n(text, n), path, &table, err);
	if (r == 0) {
		fsv_route_table_each(table, print_endpoint, s);
		fsv_ref_put(&table->ref);
	}
	free(text);
	return r;
}

/* What the proxy of this machine uses: its inter port, and the routes to its partners. */
static int print_configured(struct show *s, const char *path, struct fsv_err *err)
{
	static const enum fsv_proxy_key files[] = { FSV_PK_INTER_CA, FSV_PK_INTER_CERT };
	struct fsv_conf *conf = NULL;
	int r = fsv_conf_load(&fsv_proxy_schema, path, &conf, err);

	if (r < 0)
		return r;
	for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (fsv_conf_str(conf, files[i]))
			print_file(s, fsv_conf_str(conf, files[i]), "inter port");
	r = print_routes(s, fsv_conf_str(conf, FSV_PK_ROUTE_TABLE), err);
	(void)fsv_conf_unref(conf);
	return r;
}

static int show(struct show *s, const char *config, char *const *files)
{
	struct fsv_err err = FSV_ERR_INIT;

	for (unsigned i = 0; files[i]; i++)
		print_file(s, files[i], "");
	if (!files[0] && print_configured(s, config, &err) < 0)
		return fsv_ctl_fail(&err);
	if (s->n == 0)
		fsv_buf_printf(&s->out, "%s and its route table name no certificates: partners are reached in plaintext\n", config);
	if (fsv_ctl_print(fsv_buf_str(&s->out)) != FSV_CTL_OK)
		return FSV_CTL_FAILURE;
	return s->n_bad > 0 ? FSV_CTL_FAILURE : FSV_CTL_OK;
}

static int parse(int argc, char **argv, const char **config, int64_t *warn_days)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "warn", required_argument, NULL, 'w' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "c:w:", longs, NULL)) != -1) {
		if (c == 'c')
			*config = optarg;
		else if (c == 'w' && (!fsv_str_to_i64(fsv_str(optarg), warn_days) || *warn_days < 0 || *warn_days > FSV_TLS_DAYS_MAX))
			return fsv_ctl_usage("--warn is a number of days, not %s", optarg);
		else if (c == '?')
			return FSV_CTL_USAGE;
	}
	return FSV_CTL_OK;
}

int fsv_ctl_tls_show(int argc, char **argv)
{
	const char *config = fsv_proxy_schema.file;
	int64_t warn_days = WARN_DAYS;
	int status = parse(argc, argv, &config, &warn_days);
	struct show s = { .now = (int64_t)time(NULL), .warn = warn_days * DAY };

	if (status != FSV_CTL_OK)
		return status;
	fsv_arena_init(&s.arena, 0);
	fsv_buf_init(&s.out, &s.arena, 0);
	fsv_map_init(&s.seen);
	status = show(&s, config, argv + optind);
	fsv_map_done(&s.seen);
	fsv_arena_done(&s.arena);
	return status;
}
