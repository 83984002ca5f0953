/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands for models on running servers share: options, servers, outcomes. */
#ifndef FSV_CTL_REMOTE_H
#define FSV_CTL_REMOTE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "lib/proto/model-service.pb-c.h"

enum { FSV_CTL_SERVERS_MAX = 64 };

#define FSV_CTL_SERVER	"127.0.0.1:8000"	/* where nothing else is said */

struct fsv_ctl_remote {
	struct fsv_arena arena;
	const char *servers[FSV_CTL_SERVERS_MAX];
	unsigned n_servers;
	const char *service, *role, *party, *type, *from, *source;
	bool json;
	int64_t timeout_ms;		/* 0 = the command's own */
	int argc;			/* what is left */
	char **argv;
	struct fsv_buf out;		/* table, or JSON list under way */
	unsigned n_out;
};

/* letters: which of the options the command has: s(erver) S(ervice) r(ole) p(arty) t(ype) f(rom) o (source).
 * FSV_CTL_OK, or FSV_CTL_USAGE with a message. In any case fsv_ctl_remote_done. */
int fsv_ctl_remote_parse(struct fsv_ctl_remote *remote, const char *letters, int argc, char **argv);
void fsv_ctl_remote_done(struct fsv_ctl_remote *remote);

/* One server's answer to a change: a line for people, or an object for scripts. */
void fsv_ctl_remote_outcome(struct fsv_ctl_remote *remote, const char *server, int code, const char *message,
			    const char *detail, const char *success);
/* Prints what was gathered; status is returned unless printing fails. */
int fsv_ctl_remote_print(struct fsv_ctl_remote *remote, int status);

/* queryModel; the answer is in the arena. */
int fsv_ctl_query(struct fsv_ctl_remote *remote, const char *server, const Fsv__QueryModelRequest *request,
		  Fsv__QueryModelResponse **ret_response, struct fsv_err *err) FSV_MUST_CHECK;

#endif
