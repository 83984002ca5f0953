/* SPDX-License-Identifier: Apache-2.0 */
/* What consoles ask of a node's process. There is no heap that is collected: the process's memory stands for it. */
#ifndef FSV_SVC_PROCESS_H
#define FSV_SVC_PROCESS_H

#include <stdint.h>

#include "base/buf.h"

/* The number behind "name:" in a file of /proc; 0 when there is none. [any thread] */
int64_t fsv_proc_number(const char *path, const char *name);
/* Appends the JSON array that queryJvmInfo answers. [any thread] */
void fsv_process_write(struct fsv_buf *out);

#endif
