/* SPDX-License-Identifier: Apache-2.0 */
/* Who may log in: the account of the configuration and those of the users file, immutable and counted. */
#ifndef FSV_ADMIN_ACCOUNTS_H
#define FSV_ADMIN_ACCOUNTS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/ref.h"
#include "conf/conf.h"

enum fsv_role { FSV_ROLE_VIEWER, FSV_ROLE_OPERATOR };

enum { FSV_USER_MAX = 64, FSV_USERS_FILE_MAX = 1 << 20 };

struct fsv_account {
	enum fsv_role role;
	const char *hash;	/* of bcrypt, else NULL */
	const char *clear;
	bool only_here;		/* the pair that the reference ships: from this machine alone */
};

struct fsv_accounts {
	struct fsv_ref ref;
	struct fsv_arena arena;
	struct fsv_map by_name;
	const char *dummy;	/* a hash that is checked for names that are none, so that they take as long */
};

const char *fsv_role_name(enum fsv_role role);

/* Names: 1 to 64 printable characters, no blank and no colon. */
bool fsv_user_name_ok(struct fsv_str name);

/* Of the configuration and the file that it names. Faults name file and line, and show no secret. [blocks] */
int fsv_accounts_read(const struct fsv_conf *conf, struct fsv_accounts **ret_accounts, struct fsv_err *err) FSV_MUST_CHECK;
/* Adds what a users file holds: "name:role:hash" lines, "#" comments. */
int fsv_accounts_parse(struct fsv_accounts *accounts, struct fsv_str text, const char *file,
		       struct fsv_err *err) FSV_MUST_CHECK;
/* None at first. */
struct fsv_accounts *fsv_accounts_new(void);

/* Whether somebody may log in from elsewhere. */
bool fsv_accounts_any(const struct fsv_accounts *accounts);

/* The account, or NULL when there is none or the password is another; here: from this machine. Names are compared as
 * they are. [any thread; slow] */
const struct fsv_account *fsv_accounts_check(const struct fsv_accounts *accounts, struct fsv_str name,
					     struct fsv_str password, bool here);

#endif
