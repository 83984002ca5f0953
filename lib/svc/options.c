/* SPDX-License-Identifier: Apache-2.0 */
#include "svc-private.h"

#include <getopt.h>
#include <stdio.h>

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check-config", no_argument, NULL, FSV_SVC_CHECK_CONFIG },
	{ "dump-config", no_argument, NULL, FSV_SVC_DUMP_CONFIG },
	{ "sample-config", no_argument, NULL, FSV_SVC_SAMPLE_CONFIG },
	{ "manual-keys", no_argument, NULL, FSV_SVC_MANUAL_KEYS },
	{ "manual-metrics", no_argument, NULL, FSV_SVC_MANUAL_METRICS },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void help(const struct fsv_svc_desc *desc)
{
	printf("usage: %s [--config FILE] [--check-config | --dump-config | --sample-config | --manual-keys |\n"
	       "       --manual-metrics]\n"
	       "\n%s\n\n"
	       "  -c, --config FILE   configuration; default %s\n"
	       "      --check-config  check the configuration and exit: 0 good, 6 missing, 78 bad\n"
	       "      --dump-config   print every key with its effective value and exit\n"
	       "      --sample-config print a sample with every key at its default and exit\n"
	       "      --manual-keys   print the keys as a part of a manual page and exit\n"
	       "      --manual-metrics the same for the metrics\n"
	       "  -V, --version       print the version and exit\n"
	       "  -h, --help          print this and exit\n\n"
	       "SIGHUP reloads the configuration, SIGTERM stops after open requests have been answered, a second\n"
	       "SIGTERM stops at once. See %s(8).\n",
	       desc->schema->daemon, desc->summary, desc->schema->file, desc->schema->daemon);
}

enum fsv_svc_action fsv_svc_options(const struct fsv_svc_desc *desc, int argc, char **argv,
				    const char **ret_path)
{
	enum fsv_svc_action action = FSV_SVC_RUN;
	int c;

	*ret_path = desc->schema->file;
	while ((c = getopt_long(argc, argv, "c:hV", long_options, NULL)) != -1) {
		switch (c) {
		case 'c':
			*ret_path = optarg;
			break;
		case 'V':
			printf("%s %s\n", desc->schema->daemon, FSV_VERSION);
			return FSV_SVC_END;
		case 'h':
			help(desc);
			return FSV_SVC_END;
		case '?':
			fprintf(stderr, "try %s --help\n", desc->schema->daemon);
			return FSV_SVC_USAGE;
		default:
			action = (enum fsv_svc_action)c;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "%s: unexpected argument %s; try --help\n", desc->schema->daemon, argv[optind]);
		return FSV_SVC_USAGE;
	}
	return action;
}
