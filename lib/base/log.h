/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines. A line says what failed, on what, why, and what we do next; never feature values,
 * keys or tokens. The sink is stderr with "<N>" prefixes until lib/svc installs the journal's.
 *
 *   error    someone must act, damage goes beyond this item
 *   warning  someone should look
 *   info     a state change that `status` can also show
 *   debug    on demand
 */
#ifndef FSV_BASE_LOG_H
#define FSV_BASE_LOG_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum fsv_log_level {	/* syslog's numbers */
	FSV_LOG_OFF = -1,
	FSV_LOG_ERR = 3,
	FSV_LOG_WARNING = 4,
	FSV_LOG_NOTICE = 5,
	FSV_LOG_INFO = 6,
	FSV_LOG_DEBUG = 7,
};

/* Journal fields CASE_ID, SERVICE_ID, PARTY_ID; NULL members are left out. */
struct fsv_log_tags {
	const char *case_id;
	const char *service_id;
	const char *party_id;
};

/* Receives one finished line without newline. [any thread] */
typedef void fsv_log_sink(int level, const struct fsv_log_tags *tags, const char *file, int line,
			  const char *func, const char *text);

void fsv_log_set_sink(fsv_log_sink *sink);	/* NULL = stderr */
void fsv_log_set_level(int level);		/* lines above it are dropped; default info */
int fsv_log_level(void);
bool fsv_log_on(int level);

void fsv_log_write(int level, const struct fsv_log_tags *tags, const char *file, int line,
		   const char *func, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

#define fsv_log(level, tags, ...) \
	do { \
		if (fsv_log_on(level)) \
			fsv_log_write((level), (tags), __FILE__, __LINE__, __func__, __VA_ARGS__); \
	} while (0)

#define fsv_log_err(...)	fsv_log(FSV_LOG_ERR, NULL, __VA_ARGS__)
#define fsv_log_warn(...)	fsv_log(FSV_LOG_WARNING, NULL, __VA_ARGS__)
#define fsv_log_notice(...)	fsv_log(FSV_LOG_NOTICE, NULL, __VA_ARGS__)
#define fsv_log_info(...)	fsv_log(FSV_LOG_INFO, NULL, __VA_ARGS__)
#define fsv_log_debug(...)	fsv_log(FSV_LOG_DEBUG, NULL, __VA_ARGS__)

/* For lines that a peer can cause: at most 10 in 5 s from one place; the next line that gets
 * through is followed by the number of lines left out. */
struct fsv_log_limit {
	_Atomic int64_t window;		/* start, monotonic ns */
	_Atomic unsigned seen, dropped;
};
bool fsv_log_limit_pass(struct fsv_log_limit *limit, unsigned *ret_dropped);

#define fsv_log_limited(level, tags, ...) \
	do { \
		static struct fsv_log_limit fsv_limit; \
		unsigned fsv_dropped; \
		if (fsv_log_on(level) && fsv_log_limit_pass(&fsv_limit, &fsv_dropped)) { \
			fsv_log_write((level), (tags), __FILE__, __LINE__, __func__, __VA_ARGS__); \
			if (fsv_dropped > 0) \
				fsv_log_write((level), NULL, __FILE__, __LINE__, __func__, \
					      "%u lines like this one were left out", fsv_dropped); \
		} \
	} while (0)

/* "err", "warning", "notice", "info", "debug", "off" and the reference's OFF FATAL ERROR WARN INFO
 * DEBUG TRACE ALL, any case. Returns false on anything else. */
bool fsv_log_level_parse(const char *name, int *ret_level);

#endif
