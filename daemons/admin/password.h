/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords: bcrypt through libxcrypt, and comparison that takes as long for a near miss as for a far one. */
#ifndef FSV_ADMIN_PASSWORD_H
#define FSV_ADMIN_PASSWORD_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

enum { FSV_BCRYPT_LEN = 60, FSV_BCRYPT_COST = 12, FSV_PASSWORD_MAX = 512 };

/* Whether text is a hash of bcrypt: $2a$, $2b$ or $2y$, a cost of 4 to 31, 60 characters. */
bool fsv_password_is_hash(struct fsv_str text);
/* hash: NUL-terminated. Takes tens of milliseconds and more. [any thread; slow] */
bool fsv_password_matches_hash(struct fsv_str password, const char *hash);
/* Constant time in what they hold. [any thread] */
bool fsv_password_same(struct fsv_str a, struct fsv_str b);
/* A hash with a salt of its own. FSV_E_PARAM for what bcrypt cannot take whole: more than 72 bytes, or NUL. [slow] */
int fsv_password_hash(struct fsv_str password, unsigned cost, char ret_hash[FSV_BCRYPT_LEN + 1],
		      struct fsv_err *err) FSV_MUST_CHECK;

#endif
