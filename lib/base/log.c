/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#include "metrics.h"
#include "time.h"

FSV_METRIC(lines, FSV_COUNTER, "fate_serving_log_lines_total", "level",
	   "Lines logged, by level: err, warning, notice, info, debug. Those that were left out as repeats do not count.");

enum { LINE_MAX_BYTES = 2048, LIMIT_LINES = 10 };

static void stderr_sink(int level, const struct fsv_log_tags *tags, const char *file, int line,
			const char *func, const char *text)
{
	char out[LINE_MAX_BYTES + 256];
	int n;

	(void)file;
	(void)line;
	(void)func;
	n = snprintf(out, sizeof(out), "<%d>%s%s%s%s\n", level, text,
		     tags && tags->case_id ? " [case " : "", tags && tags->case_id ? tags->case_id : "",
		     tags && tags->case_id ? "]" : "");
	if (n >= (int)sizeof(out)) {
		n = sizeof(out) - 1;
		out[n - 1] = '\n';
	}
	/* One write, so that lines of several threads do not mix; a closed stderr is nobody's loss. */
	if (n > 0 && write(STDERR_FILENO, out, (size_t)n) < 0)
		return;
}

static _Atomic(fsv_log_sink *) sink = stderr_sink;
static _Atomic int max_level = FSV_LOG_INFO;

void fsv_log_set_sink(fsv_log_sink *s)
{
	/* Zeros from the start, so that the first error is an increase. */
	(void)fsv_series_of(&lines, FSV_LABELS("err"));
	(void)fsv_series_of(&lines, FSV_LABELS("warning"));
	atomic_store(&sink, s ? s : stderr_sink);
}

void fsv_log_set_level(int level)
{
	atomic_store(&max_level, level);
}

int fsv_log_level(void)
{
	return atomic_load_explicit(&max_level, memory_order_relaxed);
}

bool fsv_log_on(int level)
{
	return level <= fsv_log_level();
}

void fsv_log_write(int level, const struct fsv_log_tags *tags, const char *file, int line,
		   const char *func, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES];
	static const char *const levels[] = { "err", "err", "err", "err", "warning", "notice", "info", "debug" };
	va_list ap;
	int n;

	fsv_metric_count(&lines, levels[level < 0 ? 0 : level > FSV_LOG_DEBUG ? FSV_LOG_DEBUG : level]);
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	/* A line is a line: what a peer sent must not start another one. */
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 && *p != '\t')
			*p = ' ';
	atomic_load(&sink)(level, tags, file, line, func, text);
}

bool fsv_log_limit_pass(struct fsv_log_limit *limit, unsigned *ret_dropped)
{
	int64_t now = fsv_now_ns();
	int64_t start = atomic_load(&limit->window);

	*ret_dropped = 0;
	if (start == 0 || now - start > 5 * FSV_S) {
		if (atomic_compare_exchange_strong(&limit->window, &start, now)) {
			atomic_store(&limit->seen, 0);
			*ret_dropped = atomic_exchange(&limit->dropped, 0);
		}
	}
	if (atomic_fetch_add(&limit->seen, 1) < LIMIT_LINES)
		return true;
	atomic_fetch_add(&limit->dropped, 1);
	return false;
}

bool fsv_log_level_parse(const char *name, int *ret_level)
{
	static const struct {
		const char *name;
		int level;
	} names[] = {
		{ "off", FSV_LOG_OFF },		{ "fatal", FSV_LOG_ERR },   { "err", FSV_LOG_ERR },
		{ "error", FSV_LOG_ERR },	{ "warn", FSV_LOG_WARNING }, { "warning", FSV_LOG_WARNING },
		{ "notice", FSV_LOG_NOTICE },	{ "info", FSV_LOG_INFO },   { "debug", FSV_LOG_DEBUG },
		{ "trace", FSV_LOG_DEBUG },	{ "all", FSV_LOG_DEBUG },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(name, names[i].name) == 0) {
			*ret_level = names[i].level;
			return true;
		}
	}
	return false;
}
