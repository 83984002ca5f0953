/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

#include "daemons.h"

#define SERVER \
	"  -s, --server HOST:PORT  gRPC address of the server; default: 127.0.0.1:8000\n"
#define SERVERS \
	"  -s, --server HOST:PORT  gRPC address of a server, several times for several; default: \"servings\" in FILE.json\n"
#define HALF \
	"      --role ROLE     guest or host: whose half of the model; default: the initiator's\n" \
	"      --party ID      and which party's\n"
#define JSON \
	"      --timeout N     seconds to wait for an answer\n" \
	"  -j, --json          print JSON, for scripts\n"

#define REGISTRY_OPTIONS \
	"  -z, --zk HOST:PORT,...    ZooKeeper servers; default: those of the configuration\n" \
	"  -c, --config FILE         of a server or proxy, for zk.url and acl.*; default: in its usual place\n" \
	"  -u, --user NAME           with --password-file, for a protected tree\n" \
	"  -w, --password-file FILE  file with nothing but the password\n" \
	"  -p, --project NAME        only this one: serving, proxy, flow, ...\n" \
	"  -j, --json                for scripts\n"

static const struct fsv_ctl_command commands[] = {
	{ "import", "[--daemon server|proxy|admin] [--output FILE] [--force] FILE.properties",
	  "write the YAML configuration of an existing Java installation",
	  "  -d, --daemon NAME   server, proxy or admin: whose settings these are; default: as the file looks\n"
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
	{ "model list", "[--server HOST:PORT] [--service TEXT] [--json]",
	  "show the models of a running server and what is bound to them",
	  SERVER
	  "      --service TEXT  only models with a service id that contains it\n" JSON,
	  fsv_ctl_model_list },
	{ "model load", "[--server HOST:PORT]... [--role ROLE] [--party ID] [--type TYPE] [--from WHERE] FILE.json",
	  "load the model that a publish_load_model.json names",
	  SERVERS HALF
	  "      --type TYPE     FATEFLOW, FILE (an archive) or CACHE (a model file); default: as FILE.json says\n"
	  "      --from WHERE    URL or path for it; default: as FILE.json or the server's configuration says\n" JSON,
	  fsv_ctl_model_load },
	{ "model bind", "[--server HOST:PORT]... [--service ID] [--role ROLE] [--party ID] FILE.json",
	  "bind a service id to the model that a bind_model_service.json names",
	  SERVERS
	  "      --service ID    the service id; default: as FILE.json says\n" HALF JSON,
	  fsv_ctl_model_bind },
	{ "model unbind", "[--server HOST:PORT]... [--json] SERVICE-ID...",
	  "take service ids away from their models",
	  SERVER JSON, fsv_ctl_model_unbind },
	{ "model unload", "[--server HOST:PORT]... [--json] --service ID | MODEL-VERSION NAMESPACE",
	  "unload a model, with everything that is bound to it",
	  SERVER
	  "      --service ID    the model that this is bound to\n" JSON, fsv_ctl_model_unload },
	{ "model fetch", "[--server HOST:PORT] --source HOST:PORT [--json] MODEL-VERSION NAMESPACE",
	  "have a server copy a model, with its service ids, from another one",
	  SERVER
	  "      --source HOST:PORT  the server that has the model\n" JSON, fsv_ctl_model_fetch },
	{ "status", "[--json] [--server FILE] [--proxy FILE] [--admin FILE]",
	  "show the daemons of this machine: state, models, partners, errors",
	  "  -j, --json          as JSON, with all metrics\n"
	  FSV_CTL_PLACE_HELP,
	  fsv_ctl_status },
	{ "top", "[--once] [--interval SECONDS] [--server FILE] [--proxy FILE] [--admin FILE]",
	  "show what they do right now, again and again",
	  "  -1, --once          once, and without clearing the screen\n"
	  "  -i, --interval S    seconds between looks; default 1\n"
	  FSV_CTL_PLACE_HELP,
	  fsv_ctl_top },
	{ "trace", "[--since TIME] [--directory DIR | --log FILE...] CASEID",
	  "show what all daemons logged of one request",
	  "  -S, --since TIME    lines of the journal from then on, as journalctl has it\n"
	  "  -D, --directory DIR journal files of that folder, for instance of several hosts\n"
	  "  -l, --log FILE      what a daemon wrote to standard error; may be repeated\n",
	  fsv_ctl_trace },
	{ "tls ca", "[--name NAME] [--days N] [--force] --output DIR",
	  "make an authority for tries, which signs certificates",
	  "  -o, --output DIR    folder for ca.pem and ca.key\n"
	  "      --name NAME     what it is called\n"
	  "      --days N        how long it is valid; default: 3650\n"
	  "  -f, --force         replace files that are there\n",
	  fsv_ctl_tls_ca },
	{ "tls cert", "[--days N] [--force] --ca DIR --output DIR NAME...",
	  "make the certificate of a party, for the names under which it is reached",
	  "      --ca DIR        folder that tls ca wrote\n"
	  "  -o, --output DIR    folder for ca.pem, server.pem and server.key\n"
	  "      --days N        how long it is valid; default: 365\n"
	  "  -f, --force         replace files that are there\n",
	  fsv_ctl_tls_cert },
	{ "tls show", "[--config FILE] [--warn DAYS] [FILE.pem...]",
	  "print until when certificates are valid; status 1 when one ends soon",
	  "  -c, --config FILE   the proxy's configuration, whose certificates are shown when no FILE.pem is given\n"
	  "  -w, --warn DAYS     what soon means; default: 30\n",
	  fsv_ctl_tls_show },
	{ "admin passwd", "[--role viewer|operator] [--file FILE] NAME",
	  "set the password of an account of the console, from the terminal or standard input",
	  "  -f, --file FILE     the file of admin.users.file, where the account is set; default: print its line\n"
	  "  -r, --role ROLE     what it may: viewer or operator; default: as before, else operator\n"
	  "      --cost N        of the bcrypt hash, 10 to 16; default: 12\n",
	  fsv_ctl_admin_passwd },
	{ "registry tree", "[--zk HOST:PORT,...] [--config FILE] [--project NAME] [--json]",
	  "print the registry's tree as it is in ZooKeeper", REGISTRY_OPTIONS, fsv_ctl_registry_tree },
	{ "registry services", "[--zk HOST:PORT,...] [--config FILE] [--project NAME] [--json]",
	  "print who offers what: components, services, addresses, weights", REGISTRY_OPTIONS, fsv_ctl_registry_services },
};

enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void print_usage(FILE *f)
{
	fprintf(f, "usage: fate-servingctl COMMAND [OPTION]... [ARGUMENT]...\n\n");
	for (unsigned i = 0; i < N_COMMANDS; i++)
		fprintf(f, "  %-18s %s\n", commands[i].name, commands[i].summary);
	fprintf(f, "\n  -V, --version             print the version and exit\n"
		   "  -h, --help                print this, or behind a command about that command, and exit\n\n"
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

/* The first command from this one on that is that word and a second one; NULL when there is none. */
static const struct fsv_ctl_command *with_first_word(const struct fsv_ctl_command *from, const char *word)
{
	size_t n = strlen(word);

	for (; from < commands + N_COMMANDS; from++)
		if (strncmp(from->name, word, n) == 0 && from->name[n] == ' ')
			return from;
	return NULL;
}

/* No command, or one that goes on with a second word. */
static int complain(const char *word)
{
	const struct fsv_ctl_command *c = with_first_word(commands, word);
	char list[256] = "";
	size_t n = 0;

	if (!c)
		return fsv_ctl_usage("%s is no command", word);
	for (; c; c = with_first_word(c + 1, word))
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "", c->name + strlen(word) + 1);
	return fsv_ctl_usage("%s is followed by one of: %s", word, list);
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
	if (argc == 3 && with_first_word(commands, argv[1]) && is_help(argv[2])) {
		print_usage(stdout);
		return fsv_ctl_print(FSV_STR_NULL);
	}
	if (argc < 2) {
		print_usage(stderr);
		return FSV_CTL_USAGE;
	}
	return complain(argv[1]);
}
