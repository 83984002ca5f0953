/* SPDX-License-Identifier: Apache-2.0 */
/* What consoles ask of a node's process. There is no heap that is collected: the process's memory stands for it. */
#ifndef FSV_SVC_PROCESS_H
#define FSV_SVC_PROCESS_H

#include <stdint.h>

#include "base/buf.h"

/* KiB of memory that this machine has, and that it could give away; both 0 when it cannot be told. [any thread] */
void fsv_machine_memory(int64_t *ret_all, int64_t *ret_left);
/* Appends the JSON array that queryJvmInfo answers. [any thread] */
void fsv_process_write(struct fsv_buf *out);

#endif
