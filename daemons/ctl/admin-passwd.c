/* SPDX-License-Identifier: Apache-2.0 */
/* "admin passwd": an account of the console. The password comes from the terminal or from standard input, never from
 * the arguments, which everybody on the machine can read. */
#include "ctl.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "../admin/accounts.h"
#include "../admin/password.h"
#include "base/fd.h"
#include "base/mem.h"

enum { PASSWORD_MIN = 8, COST_MIN = 10, COST_MAX = 16 };

struct options {
	const char *name, *file, *role;
	unsigned cost;
};

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "file", required_argument, NULL, 'f' }, { "role", required_argument, NULL, 'r' },
		{ "cost", required_argument, NULL, 'c' }, { NULL, 0, NULL, 0 },
	};
	int64_t cost;
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "f:r:", longs, NULL)) != -1) {
		if (c == 'f')
			o->file = optarg;
		else if (c == 'r' && (strcmp(optarg, "viewer") == 0 || strcmp(optarg, "operator") == 0))
			o->role = optarg;
		else if (c == 'r')
			return fsv_ctl_usage("--role is viewer or operator, not %s", optarg);
		else if (c == 'c' && fsv_str_to_i64(fsv_str(optarg), &cost) && cost >= COST_MIN && cost <= COST_MAX)
			o->cost = (unsigned)cost;
		else if (c == 'c')
			return fsv_ctl_usage("--cost is a number from %d to %d, not %s", COST_MIN, COST_MAX, optarg);
		else
			return FSV_CTL_USAGE;
	}
	if (argc - optind != 1)
		return fsv_ctl_usage("admin passwd takes one name");
	o->name = argv[optind];
	if (!fsv_user_name_ok(fsv_str(o->name)))
		return fsv_ctl_usage("a name has 1 to %d characters, none of them a blank or a colon", FSV_USER_MAX);
	return FSV_CTL_OK;
}

/* The password ------------------------------------------------------------------------------------ */

/* One line, without its end. False at the end of input. */
static bool read_line(FILE *from, char text[FSV_PASSWORD_MAX])
{
	size_t n;

	if (!fgets(text, FSV_PASSWORD_MAX, from))
		return false;
	n = strlen(text);
	if (n > 0 && text[n - 1] == '\n')
		text[n - 1] = '\0';
	return true;
}

static bool ask(const char *what, char text[FSV_PASSWORD_MAX])
{
	struct termios was, quiet;
	bool terminal = tcgetattr(STDIN_FILENO, &was) == 0, good;

	if (terminal) {
		fprintf(stderr, "%s: ", what);
		quiet = was;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);	/* then it is seen */
	}
	good = read_line(stdin, text);
	if (terminal) {
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
		fputc('\n', stderr);
	}
	return good;
}

static int get_password(const char *name, char text[FSV_PASSWORD_MAX], struct fsv_err *err)
{
	char again[FSV_PASSWORD_MAX];
	bool same;

	if (!ask("New password", text))
		return fsv_err_set(err, FSV_E_PARAM, "no password came");
	if (strlen(text) < PASSWORD_MIN)
		return fsv_err_set(err, FSV_E_PARAM, "a password has %d characters at least", PASSWORD_MIN);
	if (strcmp(text, name) == 0)
		return fsv_err_set(err, FSV_E_PARAM, "the password is the name");
	if (!isatty(STDIN_FILENO))
		return 0;
	same = ask("Once more", again) && strcmp(text, again) == 0;
	explicit_bzero(again, sizeof(again));
	return same ? 0 : fsv_err_set(err, FSV_E_PARAM, "these were two different passwords");
}

/* The file ------------------------------------------------------------------------------------------ */

static bool is_of(struct fsv_str line, const char *name)
{
	return fsv_str_is(fsv_str_sub(line, 0, fsv_str_find(line, ':', 0)), name);
}

/* Every line but the account's, which is replaced in its place or comes last; its role stays unless one is given. */
static void replace(struct fsv_str text, const struct options *o, const char *hash, struct fsv_buf *out)
{
	bool done = false;

	for (size_t from = 0; from < text.n;) {
		size_t end = fsv_str_find(text, '\n', from), first;
		struct fsv_str line = fsv_str_sub(text, from, end), role;

		first = fsv_str_find(line, ':', 0) + 1;
		role = fsv_str_sub(line, first, fsv_str_find(line, ':', first));
		if (is_of(line, o->name)) {
			if (!done)
				fsv_buf_printf(out, "%s:%.*s:%s\n", o->name, FSV_STR_ARG(o->role ? fsv_str(o->role) : role), hash);
			done = true;
		} else {
			fsv_buf_printf(out, "%.*s\n", FSV_STR_ARG(line));
		}
		from = end + 1;
	}
	if (!done)
		fsv_buf_printf(out, "%s:%s:%s\n", o->name, o->role ? o->role : "operator", hash);
}

/* The daemon reads it by its group, which the folder has. */
static int write_file(const char *path, struct fsv_str text, struct fsv_err *err)
{
	FSV_AUTO_MEM char *folder = fsv_str_dup(fsv_str(path));
	char *slash = strrchr(folder, '/');
	struct stat st;
	int r = fsv_write_file(path, text.p, text.n, 0640, err);

	if (slash)
		slash[slash == folder] = '\0';
	if (r == 0 && stat(slash ? folder : ".", &st) == 0 && geteuid() == 0 && chown(path, (uid_t)-1, st.st_gid) < 0)
		r = fsv_err_errno(err, errno, "%s was written, but its group cannot be set", path);
	return r;
}

static int update(const struct options *o, const char *hash, struct fsv_buf *out, struct fsv_err *err)
{
	struct fsv_accounts *accounts;
	char *data = NULL;
	size_t n = 0;
	int r = fsv_read_file(o->file, FSV_USERS_FILE_MAX, &data, &n, err);

	if (r < 0 && r != -ENOENT)
		return r;
	replace(fsv_str_n(data, n), o, hash, out);
	free(data);
	/* What the daemon would refuse is not written. */
	accounts = fsv_accounts_new();
	r = fsv_accounts_parse(accounts, fsv_buf_str(out), o->file, err);
	fsv_ref_put(&accounts->ref);
	return r < 0 ? r : write_file(o->file, fsv_buf_str(out), err);
}

int fsv_ctl_admin_passwd(int argc, char **argv)
{
	struct options o = { .cost = FSV_BCRYPT_COST };
	char password[FSV_PASSWORD_MAX], hash[FSV_BCRYPT_LEN + 1];
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_buf out;
	int status = parse(argc, argv, &o), r;

	if (status != FSV_CTL_OK)
		return status;
	r = get_password(o.name, password, &err);
	if (r == 0)
		r = fsv_password_hash(fsv_str(password), o.cost, hash, &err);
	explicit_bzero(password, sizeof(password));
	fsv_buf_init(&out, NULL, 0);
	if (r == 0 && o.file)
		r = update(&o, hash, &out, &err);
	else if (r == 0)
		fsv_buf_printf(&out, "%s:%s:%s\n", o.name, o.role ? o.role : "operator", hash);
	if (r < 0)
		status = fsv_ctl_fail(&err);
	else if (o.file)
		fsv_ctl_note("%s: account %s is set; \"systemctl reload fate-serving-admin\" takes it up", o.file, o.name);
	else
		status = fsv_ctl_print(fsv_buf_str(&out));
	fsv_buf_done(&out);
	return status;
}
