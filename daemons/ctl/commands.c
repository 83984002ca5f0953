/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

static const struct fsv_ctl_command commands[] = {
	{ "import", "[--daemon server|proxy] [--output FILE] [--force] FILE.properties",
	  "write the YAML configuration of an existing Java installation",
	  "  -d, --daemon NAME   server or proxy: whose settings these are; default: as the file looks\n"
	  "  -o, --output FILE   write there instead of standard output\n"
	  "  -f, --force         replace FILE if it exists\n",
	  fsv_ctl_import },
	{ "model show", "[--explain] [--role guest|host] PATH...",
	  "print models as text: a model file, or a folder with stores and its models",
	  "  -e, --explain       print what a server would do with each model, or why it would refuse\n"
	  "  -r, --role ROLE     guest or host: for a model file without a store that tells\n",
	  fsv_ctl_model_show },
	{ "model score", "[--id COLUMN] [--role guest|host] --features FILE.csv [--features FILE.csv]... MODEL...",
	  "score the rows of a file without any daemon, as one party or as all of them",
	  "  -f, --features FILE file of features, its first line the columns' names; one for all models,\n"
	  "                      or one for each, rows then matched by id; - is standard input\n"
	  "  -i, --id COLUMN     names the rows; default: id\n"
	  "  -r, --role ROLE     guest or host: for a model file without a store that tells\n",
	  fsv_ctl_model_score },
	{ "model pack", "[--force] --output DIR TEXT.yaml...",
	  "turn texts into the stores and model files that a server restores",
	  "  -o, --output DIR    folder that gets (or has) the folder .fate\n"
	  "  -f, --force         replace stores and models that are there\n",
	  fsv_ctl_model_pack },
};

enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void print_usage(FILE *f)
{
	fprintf(f, "usage: fate-servingctl COMMAND [OPTION]... [ARGUMENT]...\n\n");
	for (unsigned i = 0; i < N_COMMANDS; i++)
		fprintf(f, "  %-12s %s\n", commands[i].name, commands[i].summary);
	fprintf(f, "\n  -V, --version       print the version and exit\n"
		   "  -h, --help          print this, or behind a command about that command, and exit\n\n"
		   "See fate-servingctl(1).\n");
}

static int print_help(const struct fsv_ctl_command *c)
{
	printf("usage: fate-servingctl %s %s\n\n%s\n\n%s  -h, --help          print this and exit\n",
	       c->name, c->arguments, c->summary, c->options);
	return fsv_ctl_print(FSV_STR_NULL);
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* How many words of argv the command's name takes; 0 when it is another one. */
static int match(const struct fsv_ctl_command *c, int argc, char **argv)
{
	const char *blank = strchr(c->name, ' ');
	size_t first = blank ? (size_t)(blank - c->name) : strlen(c->name);

	if (argc < 2 || strlen(argv[1]) != first || memcmp(argv[1], c->name, first) != 0)
		return 0;
	if (!blank)
		return 1;
	return argc > 2 && strcmp(argv[2], blank + 1) == 0 ? 2 : 0;
}

static int run(const struct fsv_ctl_command *c, int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (is_help(argv[i]))
			return print_help(c);
	return c->run(argc, argv);
}

int fsv_ctl_main(int argc, char **argv)
{
	for (unsigned i = 0; i < N_COMMANDS; i++) {
		int words = match(&commands[i], argc, argv);

		if (words > 0)
			return run(&commands[i], argc - words, argv + words);
	}
	for (int i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--version") == 0 || strcmp(argv[i], "-V") == 0) {
			printf("fate-servingctl %s\n", FSV_VERSION);
			return fsv_ctl_print(FSV_STR_NULL);
		}
		if (is_help(argv[i])) {
			print_usage(stdout);
			return fsv_ctl_print(FSV_STR_NULL);
		}
	}
	if (argc == 3 && strcmp(argv[1], "model") == 0 && is_help(argv[2])) {
		print_usage(stdout);
		return fsv_ctl_print(FSV_STR_NULL);
	}
	if (argc < 2) {
		print_usage(stderr);
		return FSV_CTL_USAGE;
	}
	if (strcmp(argv[1], "model") == 0)
		return fsv_ctl_usage("model is followed by show, score or pack");
	return fsv_ctl_usage("%s is no command", argv[1]);
}
