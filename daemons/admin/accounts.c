/* SPDX-License-Identifier: Apache-2.0 */
#include "accounts.h"

#include <stdlib.h>

#include "admin-conf.h"
#include "base/fd.h"
#include "base/mem.h"
#include "password.h"

/* Of no password; its cost is what fate-servingctl gives new ones. */
#define DUMMY	"$2b$12$......................7w1cvYqKYQ9VEzGm9QmD6QnPqKDTyEa"

static const char *const roles[] = { [FSV_ROLE_VIEWER] = "viewer", [FSV_ROLE_OPERATOR] = "operator" };

const char *fsv_role_name(enum fsv_role role)
{
	return roles[role];
}

bool fsv_user_name_ok(struct fsv_str name)
{
	if (name.n == 0 || name.n > FSV_USER_MAX || fsv_str_utf8(name) != name.n)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= 0x20 || name.p[i] == 0x7f || name.p[i] == ':')
			return false;
	return true;
}

static void free_accounts(struct fsv_ref *ref)
{
	struct fsv_accounts *accounts = (struct fsv_accounts *)ref;

	fsv_map_done(&accounts->by_name);
	fsv_arena_done(&accounts->arena);
	free(accounts);
}

struct fsv_accounts *fsv_accounts_new(void)
{
	struct fsv_accounts *accounts = FSV_NEW(struct fsv_accounts);

	fsv_ref_init(&accounts->ref, free_accounts);
	fsv_arena_init(&accounts->arena, 0);
	fsv_map_init(&accounts->by_name);
	return accounts;
}

static int add(struct fsv_accounts *accounts, struct fsv_str name, enum fsv_role role, struct fsv_str hash,
	       struct fsv_str clear, struct fsv_err *err)
{
	struct fsv_account *account;

	if (!fsv_user_name_ok(name))
		return fsv_err_set(err, FSV_E_CONFIG, "a name has 1 to %d characters, none of them a blank or a colon", FSV_USER_MAX);
	if (fsv_map_get(&accounts->by_name, name))
		return fsv_err_set(err, FSV_E_CONFIG, "there is an account \"%.*s\" already", FSV_STR_ARG(name));
	account = FSV_ARENA_NEW(&accounts->arena, struct fsv_account);
	*account = (struct fsv_account){
		.role = role, .hash = hash.n > 0 ? fsv_arena_cstr(&accounts->arena, hash) : NULL,
		.clear = clear.n > 0 ? fsv_arena_cstr(&accounts->arena, clear) : NULL,
		.only_here = fsv_str_is(name, "admin") && fsv_str_is(clear, "admin"),
	};
	if (account->hash)
		accounts->dummy = DUMMY;
	(void)fsv_map_put(&accounts->by_name, name, account);
	return 0;
}

static int take_line(struct fsv_accounts *accounts, struct fsv_str line, struct fsv_err *err)
{
	size_t first = fsv_str_find(line, ':', 0), second = fsv_str_find(line, ':', first + 1);
	struct fsv_str name = fsv_str_sub(line, 0, first), role = fsv_str_sub(line, first + 1, second);
	struct fsv_str hash = fsv_str_sub(line, second + 1, line.n);
	bool operator = fsv_str_is(role, roles[FSV_ROLE_OPERATOR]);

	if (second >= line.n)
		return fsv_err_set(err, FSV_E_SYNTAX, "an account is name:role:hash, as \"fate-servingctl admin passwd\" writes it");
	if (!operator && !fsv_str_is(role, roles[FSV_ROLE_VIEWER]))
		return fsv_err_set(err, FSV_E_CONFIG, "the role is viewer or operator");
	if (!fsv_password_is_hash(hash))
		return fsv_err_set(err, FSV_E_CONFIG, "what stands behind the role is no bcrypt hash ($2b$…, 60 characters)");
	return add(accounts, name, operator ? FSV_ROLE_OPERATOR : FSV_ROLE_VIEWER, hash, FSV_STR_NULL, err);
}

int fsv_accounts_parse(struct fsv_accounts *accounts, struct fsv_str text, const char *file, struct fsv_err *err)
{
	unsigned number = 1;

	for (size_t from = 0; from < text.n; number++) {
		size_t end = fsv_str_find(text, '\n', from);
		struct fsv_str line = fsv_str_trim(fsv_str_sub(text, from, end));

		if (line.n > 0 && line.p[0] != '#' && take_line(accounts, line, err) < 0)
			return fsv_err_wrap(err, "%s:%u", file, number);
		from = end + 1;
	}
	return 0;
}

static int read_file(struct fsv_accounts *accounts, const char *path, struct fsv_err *err)
{
	char *data;
	size_t n;
	int r = fsv_read_file(path, FSV_USERS_FILE_MAX, &data, &n, err);

	if (r < 0)
		return fsv_err_wrap(err, "admin.users.file");
	r = fsv_accounts_parse(accounts, fsv_str_n(data, n), path, err);
	free(data);
	return r;
}

static int read_conf(struct fsv_accounts *accounts, const struct fsv_conf *conf, struct fsv_err *err)
{
	struct fsv_str name = fsv_str(fsv_conf_str(conf, FSV_AK_USERNAME)), secret = fsv_str(fsv_conf_str(conf, FSV_AK_PASSWORD));
	bool hashed = fsv_conf_bool(conf, FSV_AK_IS_ENCRYPT);
	int r;

	if (name.n == 0 || secret.n == 0)
		return 0;
	if (hashed && !fsv_password_is_hash(secret))
		return fsv_err_set(err, FSV_E_CONFIG, "%s: admin.isEncrypt is true, but admin.password is no bcrypt hash ($2a$, $2b$ "
				   "or $2y$, 60 characters)", fsv_conf_where(conf, FSV_AK_PASSWORD));
	r = add(accounts, name, FSV_ROLE_OPERATOR, hashed ? secret : FSV_STR_NULL, hashed ? FSV_STR_NULL : secret, err);
	return r < 0 ? fsv_err_wrap(err, "%s: admin.username", fsv_conf_where(conf, FSV_AK_USERNAME)) : 0;
}

int fsv_accounts_read(const struct fsv_conf *conf, struct fsv_accounts **ret_accounts, struct fsv_err *err)
{
	struct fsv_accounts *accounts = fsv_accounts_new();
	const char *path = fsv_conf_str(conf, FSV_AK_USERS_FILE);
	int r = read_conf(accounts, conf, err);

	if (r == 0 && path && *path)
		r = read_file(accounts, path, err);
	if (r < 0)
		fsv_ref_put(&accounts->ref);
	else
		*ret_accounts = accounts;
	return r;
}

bool fsv_accounts_any(const struct fsv_accounts *accounts)
{
	for (size_t i = 0; i < accounts->by_name.n; i++)
		if (!((struct fsv_account *)accounts->by_name.entries[i].value)->only_here)
			return true;
	return false;
}

const struct fsv_account *fsv_accounts_check(const struct fsv_accounts *accounts, struct fsv_str name,
					     struct fsv_str password, bool here)
{
	const struct fsv_account *account = fsv_map_get(&accounts->by_name, name);
	bool good;

	if (account && account->hash)
		good = fsv_password_matches_hash(password, account->hash);
	else if (account)
		good = fsv_password_same(password, fsv_str(account->clear));
	else
		good = accounts->dummy && fsv_password_matches_hash(password, accounts->dummy) && false;
	return good && (here || !account->only_here) ? account : NULL;
}
