/* SPDX-License-Identifier: Apache-2.0 */
/* "tls ca" and "tls cert": certificates for a try of two parties, named as the sample of the proxy names them. */
#include "ctl.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "net/tls-make.h"

enum { FILE_MAX = 1 << 20, DAYS_CA = 3650, DAYS_CERT = 365 };

struct options {
	const char *output, *ca, *name;
	unsigned days;
	bool force;
	const char *const *names;	/* what stands behind the options, NULL-terminated */
};

/* Both commands take the same options but for --name and --ca. */
static int parse(int argc, char **argv, const char *own, struct options *o)
{
	static const struct option longs[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "days", required_argument, NULL, 'D' },
		{ "force", no_argument, NULL, 'f' },
		{ "name", required_argument, NULL, 'n' },
		{ "ca", required_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 },
	};
	int64_t days;
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "o:f", longs, NULL)) != -1) {
		if (c == 'o')
			o->output = optarg;
		else if (c == 'f')
			o->force = true;
		else if (c == 'D' && fsv_str_to_i64(fsv_str(optarg), &days) && days >= 1 && days <= FSV_TLS_DAYS_MAX)
			o->days = (unsigned)days;
		else if (c == 'D')
			return fsv_ctl_usage("--days is a number from 1 to %d, not %s", FSV_TLS_DAYS_MAX, optarg);
		else if (c == 'n' && strcmp(own, "name") == 0)
			o->name = optarg;
		else if (c == 'c' && strcmp(own, "ca") == 0)
			o->ca = optarg;
		else
			return c == '?' ? FSV_CTL_USAGE : fsv_ctl_usage("%s has no such option", argv[0]);
	}
	if (!o->output)
		return fsv_ctl_usage("--output DIR is missing");
	o->names = (const char *const *)argv + optind;
	return FSV_CTL_OK;
}

static const char *in(struct fsv_arena *arena, const char *dir, const char *file)
{
	return fsv_arena_printf(arena, "%s/%s", dir, file);
}

/* Certificate and key under their names in a folder that is made for its owner alone. */
static int save(const struct options *o, const struct fsv_tls_pair *pair, const char *cert, const char *key,
		struct fsv_arena *arena, struct fsv_err *err)
{
	int r;

	if (mkdir(o->output, 0700) == -1 && errno != EEXIST)
		return fsv_err_errno(err, errno, "%s cannot be made", o->output);
	r = fsv_ctl_write(in(arena, o->output, key), pair->key, o->force, err);
	if (r == 0)
		r = fsv_ctl_write(in(arena, o->output, cert), pair->cert, o->force, err);
	return r;
}

static int make_ca(const struct options *o, struct fsv_arena *arena)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_tls_pair ca;

	if (fsv_tls_make_ca(o->name, o->days, arena, &ca, &err) < 0 || save(o, &ca, "ca.pem", "ca.key", arena, &err) < 0)
		return fsv_ctl_fail(&err);
	fsv_ctl_note("%s/ca.pem goes to every party; keep %s/ca.key, which signs, where no daemon runs", o->output, o->output);
	return FSV_CTL_OK;
}

int fsv_ctl_tls_ca(int argc, char **argv)
{
	struct options o = { .name = "FATE-Serving test authority", .days = DAYS_CA };
	struct fsv_arena arena;
	int status = parse(argc, argv, "name", &o);

	if (status != FSV_CTL_OK)
		return status;
	if (o.names[0])
		return fsv_ctl_usage("tls ca takes no argument");
	fsv_arena_init(&arena, 0);
	status = make_ca(&o, &arena);
	fsv_arena_done(&arena);
	return status;
}

static int read_file(const char *path, struct fsv_arena *arena, struct fsv_str *ret_text, struct fsv_err *err)
{
	char *data = NULL;
	size_t n = 0;
	int r = fsv_read_file(path, FILE_MAX, &data, &n, err);

	if (r < 0)
		return r;
	*ret_text = fsv_arena_str(arena, fsv_str_n(data, n));
	explicit_bzero(data, n);
	free(data);
	return 0;
}

static int make_cert(const struct options *o, struct fsv_arena *arena)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_tls_pair ca, cert;

	if (read_file(in(arena, o->ca, "ca.pem"), arena, &ca.cert, &err) < 0 ||
	    read_file(in(arena, o->ca, "ca.key"), arena, &ca.key, &err) < 0 ||
	    fsv_tls_make_cert(&ca, o->names, o->days, arena, &cert, &err) < 0 ||
	    save(o, &cert, "server.pem", "server.key", arena, &err) < 0)
		return fsv_ctl_fail(&err);
	if (strcmp(o->ca, o->output) != 0 && fsv_ctl_write(in(arena, o->output, "ca.pem"), ca.cert, o->force, &err) < 0)
		return fsv_ctl_fail(&err);
	return FSV_CTL_OK;
}

int fsv_ctl_tls_cert(int argc, char **argv)
{
	struct options o = { .days = DAYS_CERT };
	struct fsv_arena arena;
	int status = parse(argc, argv, "ca", &o);

	if (status != FSV_CTL_OK)
		return status;
	if (!o.ca)
		return fsv_ctl_usage("--ca DIR is missing: the folder that tls ca wrote");
	if (!o.names[0])
		return fsv_ctl_usage("tls cert takes the names under which the party is reached");
	fsv_arena_init(&arena, 0);
	status = make_cert(&o, &arena);
	fsv_arena_done(&arena);
	return status;
}
