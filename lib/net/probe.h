/* SPDX-License-Identifier: Apache-2.0 */
/* Whether somebody listens at an address: a TCP connection that is closed again at once. */
#ifndef FSV_NET_PROBE_H
#define FSV_NET_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fsv_probe {
	const char *host;	/* address or name */
	uint16_t port;
	bool reached;		/* out */
};

/* Tries all of them, several at the same time, for a second and a half each. What has no outcome by the deadline counts
 * as not reached; a name server that does not answer cannot hold the caller up. [any thread; blocks until the deadline
 * at most] */
void fsv_probe_all(struct fsv_probe *probes, size_t n, int64_t deadline_ns);
/* Nobody in this process waits for probes beyond this, who has begun already neither: a stop has its own deadline.
 * [any thread] */
void fsv_probe_limit(int64_t deadline_ns);

#endif
