/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions: random tokens of 256 bits, of which only the SHA-256 is kept. A session ends by itself when its user has
 * been idle for too long or it is too old. The owner gives the time, so that tests can. [the worker]
 */
#ifndef FSV_ADMIN_SESSION_H
#define FSV_ADMIN_SESSION_H

#include "accounts.h"
#include "base/str.h"

enum { FSV_TOKEN_LEN = 64 };	/* hex digits */

struct fsv_sessions;

struct fsv_session {
	char user[FSV_USER_MAX + 1];
	enum fsv_role role;
	int64_t began, active;		/* monotonic ns */
};

struct fsv_session_limits {
	int64_t idle_ns, max_ns;
	size_t sessions;
};

struct fsv_sessions *fsv_sessions_new(void);
struct fsv_sessions *fsv_sessions_free(struct fsv_sessions *sessions);
void fsv_sessions_limit(struct fsv_sessions *sessions, const struct fsv_session_limits *limits);

/* A new session; over the limit it takes the place of the one that has been idle for the longest time. */
int fsv_session_open(struct fsv_sessions *sessions, struct fsv_str user, enum fsv_role role, int64_t now,
		     char ret_token[FSV_TOKEN_LEN + 1], struct fsv_err *err) FSV_MUST_CHECK;
/* NULL when the token is unknown or its session has ended. touch: its user has done something. Valid until the next
 * call. */
const struct fsv_session *fsv_session_find(struct fsv_sessions *sessions, struct fsv_str token, bool touch, int64_t now);
bool fsv_session_close(struct fsv_sessions *sessions, struct fsv_str token);
/* Milliseconds until it ends. */
int64_t fsv_session_idle_left(const struct fsv_sessions *sessions, const struct fsv_session *session, int64_t now);
int64_t fsv_session_max_left(const struct fsv_sessions *sessions, const struct fsv_session *session, int64_t now);
/* Throws ended ones away, and those whose account has gone or has another role. */
void fsv_sessions_sweep(struct fsv_sessions *sessions, const struct fsv_accounts *accounts, int64_t now);
size_t fsv_sessions_count(const struct fsv_sessions *sessions);

#endif
