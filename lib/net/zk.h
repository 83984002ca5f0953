/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session with ZooKeeper: the only user of its C library. The library's threads do nothing but put results
 * in a list; every callback runs in the loop's thread. Names are looked up and handles are opened and closed
 * on a thread of our own, so that nothing here ever blocks. A session that has ended is followed by a new one
 * by itself; what is asked while there is no connection fails at once.
 */
#ifndef FSV_NET_ZK_H
#define FSV_NET_ZK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"

struct fsv_zk;

enum fsv_zk_state {
	FSV_ZK_DOWN,		/* not connected; the session may still be alive */
	FSV_ZK_UP,		/* connected, session as before */
	FSV_ZK_NEW,		/* connected, with a session that owns nothing and watches nothing yet */
};

enum fsv_zk_rc {
	FSV_ZK_OK,
	FSV_ZK_NO_NODE,
	FSV_ZK_EXISTS,
	FSV_ZK_NOT_EMPTY,
	FSV_ZK_NO_AUTH,		/* the ACL of the node keeps us out */
	FSV_ZK_LOST,		/* no connection, or lost before the answer: it may have happened or not */
	FSV_ZK_OTHER,
};

struct fsv_zk_result {
	enum fsv_zk_rc rc;
	const char *text;		/* the library's words for it */
	const char *const *children;	/* of fsv_zk_list */
	unsigned n_children;
	struct fsv_str data;		/* of fsv_zk_get */
	bool ours;			/* fsv_zk_exists, fsv_zk_get: ephemeral node of this very session */
	bool ephemeral;
};

typedef void fsv_zk_done(void *arg, const struct fsv_zk_result *result);

struct fsv_zk_opt {
	const char *hosts;		/* "host:port,…" with an optional "/chroot" */
	const char *user, *password;	/* NULL = nodes are open to everyone */
	int64_t session_ms;
	void (*on_state)(void *arg, enum fsv_zk_state state);
	/* A watched node was made, deleted, or its children changed. */
	void (*on_event)(void *arg, const char *path);
	void *arg;
};

int fsv_zk_new(struct fsv_loop *loop, const struct fsv_zk_opt *opt, struct fsv_zk **ret_zk,
	       struct fsv_err *err) FSV_MUST_CHECK;
/* Ends the session, waiting a few seconds at most. Callbacks that have not run never will. */
struct fsv_zk *fsv_zk_free(struct fsv_zk *zk);

/* Each calls done exactly once (never inside the call, never after fsv_zk_free). done may be NULL. */
void fsv_zk_list(struct fsv_zk *zk, const char *path, bool watch, fsv_zk_done *done, void *arg);
void fsv_zk_exists(struct fsv_zk *zk, const char *path, bool watch, fsv_zk_done *done, void *arg);
void fsv_zk_get(struct fsv_zk *zk, const char *path, fsv_zk_done *done, void *arg);
void fsv_zk_create(struct fsv_zk *zk, const char *path, struct fsv_str data, bool ephemeral, fsv_zk_done *done,
		   void *arg);
void fsv_zk_delete(struct fsv_zk *zk, const char *path, fsv_zk_done *done, void *arg);

/* "<user>:" and Base64 of SHA-1 of "<user>:<password>", as it stands in an ACL. malloc'ed. [any thread] */
char *fsv_zk_digest_id(const char *user, const char *password);

#endif
