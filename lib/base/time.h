/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks. Deadlines are monotonic nanoseconds; what people and partners see is wall-clock ms. */
#ifndef FSV_BASE_TIME_H
#define FSV_BASE_TIME_H

#include <stdint.h>

#define FSV_NO_DEADLINE	INT64_MAX
#define FSV_MS		INT64_C(1000000)	/* nanoseconds in a millisecond */
#define FSV_S		INT64_C(1000000000)

/* CLOCK_MONOTONIC in ns. [any thread] */
int64_t fsv_now_ns(void);
/* CLOCK_REALTIME in ms since 1970. */
int64_t fsv_wall_ms(void);
enum { FSV_ISO_SIZE = 40 };
/* "2026-11-29T08:57:38.042+00:00" of ms since 1970; returns out. */
const char *fsv_iso_time(int64_t wall_ms, char out[FSV_ISO_SIZE]);
/* now + ms, without overflow. */
int64_t fsv_deadline_in_ms(int64_t ms);

static inline int64_t fsv_min_deadline(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

#endif
