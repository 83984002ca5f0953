/* SPDX-License-Identifier: Apache-2.0 */
/* How long a daemon's gRPC requests wait for a target that is not there, as its configuration says. */
#ifndef FSV_SVC_WAITS_H
#define FSV_SVC_WAITS_H

#include "conf/conf.h"
#include "net/rpc.h"

/* Keys for a daemon's table; first is the index of the first of them. */
#define FSV_WAITS_KEYS \
	{ "grpc.wait.restart", FSV_CONF_DURATION, 0, "ms", "10s", 0, 600000, NULL, \
	  "How long gRPC requests wait for a target that has said that it is being restarted, within their own time " \
	  "limits. Raise it where a server takes longer to restore its models.", "Targets that are not there" }, \
	{ "grpc.wait.absent", FSV_CONF_DURATION, 0, "ms", "2s", 0, 600000, NULL, \
	  "How long they wait for one that cannot be reached and has not said why, counted from the first that failed; " \
	  "then they fail at once until it has been reached again. 0 = they never wait.", NULL }

enum fsv_waits_key { FSV_WK_RESTART, FSV_WK_ABSENT, FSV_WAITS_N_KEYS };

/* At start and at each reload. [main thread] */
static inline void fsv_waits_set(struct fsv_rpc *rpc, const struct fsv_conf *conf, unsigned first)
{
	fsv_rpc_set_waits(rpc, fsv_conf_int(conf, first + FSV_WK_RESTART), fsv_conf_int(conf, first + FSV_WK_ABSENT));
}

#endif
