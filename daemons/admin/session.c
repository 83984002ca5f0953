/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/mem.h"
#include "base/time.h"
#include "codec/digest.h"

enum { TOKEN_BYTES = FSV_TOKEN_LEN / 2 };

struct fsv_sessions {
	struct fsv_map by_digest;	/* hex SHA-256 of the token → struct fsv_session */
	struct fsv_session_limits limits;
};

struct fsv_sessions *fsv_sessions_new(void)
{
	struct fsv_sessions *sessions = FSV_NEW(struct fsv_sessions);

	fsv_map_init(&sessions->by_digest);
	return sessions;
}

struct fsv_sessions *fsv_sessions_free(struct fsv_sessions *sessions)
{
	if (!sessions)
		return NULL;
	for (size_t i = 0; i < sessions->by_digest.n; i++)
		free(sessions->by_digest.entries[i].value);
	fsv_map_done(&sessions->by_digest);
	free(sessions);
	return NULL;
}

void fsv_sessions_limit(struct fsv_sessions *sessions, const struct fsv_session_limits *limits)
{
	sessions->limits = *limits;
}

size_t fsv_sessions_count(const struct fsv_sessions *sessions)
{
	return sessions->by_digest.n;
}

int64_t fsv_session_idle_left(const struct fsv_sessions *sessions, const struct fsv_session *session, int64_t now)
{
	return (session->active + sessions->limits.idle_ns - now) / FSV_MS;
}

int64_t fsv_session_max_left(const struct fsv_sessions *sessions, const struct fsv_session *session, int64_t now)
{
	return (session->began + sessions->limits.max_ns - now) / FSV_MS;
}

static bool over(const struct fsv_sessions *sessions, const struct fsv_session *session, int64_t now)
{
	return fsv_session_idle_left(sessions, session, now) <= 0 || fsv_session_max_left(sessions, session, now) <= 0;
}

static void drop(struct fsv_sessions *sessions, struct fsv_str digest)
{
	free(fsv_map_del(&sessions->by_digest, digest));
}

static void drop_idlest(struct fsv_sessions *sessions)
{
	const struct fsv_map_entry *idlest = &sessions->by_digest.entries[0];

	for (size_t i = 1; i < sessions->by_digest.n; i++) {
		const struct fsv_map_entry *e = &sessions->by_digest.entries[i];

		if (((struct fsv_session *)e->value)->active < ((struct fsv_session *)idlest->value)->active)
			idlest = e;
	}
	drop(sessions, idlest->key);
}

static int make_token(char token[FSV_TOKEN_LEN + 1], struct fsv_err *err)
{
	unsigned char bytes[TOKEN_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return fsv_err_errno(err, errno, "the system gives no random bytes for a session token");
	for (unsigned i = 0; i < TOKEN_BYTES; i++)
		snprintf(token + 2 * (size_t)i, 3, "%02x", bytes[i]);
	return 0;
}

int fsv_session_open(struct fsv_sessions *sessions, struct fsv_str user, enum fsv_role role, int64_t now,
		     char ret_token[FSV_TOKEN_LEN + 1], struct fsv_err *err)
{
	struct fsv_session *session;
	char digest[65];
	int r = make_token(ret_token, err);

	if (r < 0)
		return r;
	while (sessions->by_digest.n >= sessions->limits.sessions)
		drop_idlest(sessions);
	session = FSV_NEW(struct fsv_session);
	*session = (struct fsv_session){ .role = role, .began = now, .active = now };
	snprintf(session->user, sizeof(session->user), "%.*s", FSV_STR_ARG(user));
	fsv_sha256_hex(fsv_str(ret_token), digest);
	(void)fsv_map_put(&sessions->by_digest, fsv_str(digest), session);
	return 0;
}

const struct fsv_session *fsv_session_find(struct fsv_sessions *sessions, struct fsv_str token, bool touch, int64_t now)
{
	struct fsv_session *session;
	char digest[65];

	if (token.n != FSV_TOKEN_LEN)
		return NULL;
	fsv_sha256_hex(token, digest);
	session = fsv_map_get(&sessions->by_digest, fsv_str(digest));
	if (session && over(sessions, session, now)) {
		drop(sessions, fsv_str(digest));
		return NULL;
	}
	if (session && touch)
		session->active = now;
	return session;
}

bool fsv_session_close(struct fsv_sessions *sessions, struct fsv_str token)
{
	struct fsv_session *session;
	char digest[65];

	fsv_sha256_hex(token, digest);
	session = fsv_map_del(&sessions->by_digest, fsv_str(digest));
	free(session);
	return session != NULL;
}

void fsv_sessions_sweep(struct fsv_sessions *sessions, const struct fsv_accounts *accounts, int64_t now)
{
	for (size_t i = sessions->by_digest.n; i-- > 0;) {
		const struct fsv_map_entry *e = &sessions->by_digest.entries[i];
		const struct fsv_session *session = e->value;
		const struct fsv_account *account = fsv_map_get(&accounts->by_name, fsv_str(session->user));

		if (over(sessions, session, now) || !account || account->role != session->role)
			drop(sessions, e->key);
	}
}
