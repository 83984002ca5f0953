/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failed logins are counted by name and address together, by address and by name; over a limit further ones are not
 * even tried for a while. The last keeps many addresses from guessing one password, at a limit that a stranger does
 * not reach by accident. Bounded: what has been quiet for the longest time makes room. [the worker]
 */
#ifndef FSV_ADMIN_THROTTLE_H
#define FSV_ADMIN_THROTTLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct fsv_throttle;

struct fsv_throttle_limits {
	unsigned failures;
	int64_t lockout_ns;
	size_t tracked;
};

struct fsv_throttle *fsv_throttle_new(void);
struct fsv_throttle *fsv_throttle_free(struct fsv_throttle *throttle);
void fsv_throttle_limit(struct fsv_throttle *throttle, const struct fsv_throttle_limits *limits);

/* How long a login has to wait, ns; 0 = it may be tried. */
int64_t fsv_throttle_wait(const struct fsv_throttle *throttle, struct fsv_str user, struct fsv_str peer, int64_t now);
/* Counted before the password is looked at, so that many at once are no way around. */
void fsv_throttle_failed(struct fsv_throttle *throttle, struct fsv_str user, struct fsv_str peer, int64_t now);
/* It was right after all: the pair is forgotten, address and name lose the one failure. */
void fsv_throttle_passed(struct fsv_throttle *throttle, struct fsv_str user, struct fsv_str peer);

#endif
