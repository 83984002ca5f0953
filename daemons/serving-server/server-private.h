/* SPDX-License-Identifier: Apache-2.0 */
/* What the files server*.c share. */
#ifndef FSV_SERVER_SERVER_PRIVATE_H
#define FSV_SERVER_SERVER_PRIVATE_H

#include "server.h"

/* Of a configuration, with the connection to the proxy that the present view has. [main thread] */
int fsv_server_view_new(const struct fsv_server *server, struct fsv_conf *conf, struct fsv_server_view **ret_view,
			struct fsv_err *err) FSV_MUST_CHECK;

/* From watch to unwatch /metrics shows models and cache. */
void fsv_server_watch(struct fsv_server *server);
void fsv_server_unwatch(struct fsv_server *server);

#endif
