/* SPDX-License-Identifier: Apache-2.0 */
#include "time.h"

#include <stdio.h>
#include <time.h>

int64_t fsv_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * FSV_S + t.tv_nsec;
}

int64_t fsv_wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / FSV_MS;
}

const char *fsv_iso_time(int64_t wall_ms, char out[FSV_ISO_SIZE])
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;
	size_t n;

	gmtime_r(&seconds, &tm);	/* the year fits */
	n = strftime(out, FSV_ISO_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, FSV_ISO_SIZE - n, ".%03d+00:00", (int)(wall_ms % 1000));
	return out;
}

int64_t fsv_deadline_in_ms(int64_t ms)
{
	int64_t ns, at;

	if (__builtin_mul_overflow(ms, FSV_MS, &ns) || __builtin_add_overflow(fsv_now_ns(), ns, &at))
		return FSV_NO_DEADLINE;
	return at;
}
