/* SPDX-License-Identifier: Apache-2.0 */
/* The console's files, which are part of the program: daemons/admin/console as it was when it was built. */
#ifndef FSV_ADMIN_CONSOLE_H
#define FSV_ADMIN_CONSOLE_H

#include "net/http.h"

/* Makes the files' tags. Before the port is served. */
void fsv_console_init(void);
/* Answers: the file, 304, 404 or 405. [an HTTP thread] */
void fsv_console(struct fsv_http_req *req, struct fsv_str path);

#endif
