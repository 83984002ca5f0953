/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share. */
#ifndef FSV_SVC_SVC_PRIVATE_H
#define FSV_SVC_SVC_PRIVATE_H

#include <stdatomic.h>

#include "svc.h"

enum fsv_svc_action {
	FSV_SVC_RUN,
	FSV_SVC_CHECK_CONFIG,
	FSV_SVC_DUMP_CONFIG,
	FSV_SVC_SAMPLE_CONFIG,
	FSV_SVC_MANUAL_KEYS,
	FSV_SVC_MANUAL_METRICS,
	FSV_SVC_END,		/* --help, --version: done already */
	FSV_SVC_USAGE,		/* wrong usage, told on stderr */
};

/* Reads the command line; *ret_path is the configuration file to use. */
enum fsv_svc_action fsv_svc_options(const struct fsv_svc_desc *desc, int argc, char **argv,
				    const char **ret_path);

/* Sends lines to the journal when target is 1, to stderr when 2; 0 looks whether stderr is the journal. */
void fsv_svc_log_open(unsigned target, const char *identifier);

/* Lets go of the pages of code and constants that only the start needed (trim.c). */
void fsv_svc_trim(void);

/* Sockets of LISTEN_FDS; close warns of those that nobody has asked for (sockets.c). */
void fsv_svc_sockets_open(void);
void fsv_svc_sockets_close(void);

/* What other threads may see of the daemon's life (svc-metrics.c). */
struct fsv_svc_state {
	struct fsv_svc *svc;
	const struct fsv_svc_desc *desc;
	_Atomic bool draining;
	int64_t started_ms;
};

/* From open to close /metrics shows the process. */
void fsv_svc_metrics_open(struct fsv_svc_state *state);
void fsv_svc_metrics_close(const struct fsv_svc_state *state);
void fsv_svc_count_reload(bool taken);

#endif
