/* SPDX-License-Identifier: Apache-2.0 */
/* /metrics of a daemon, read and looked into. */
#ifndef FSV_CTL_SCRAPE_H
#define FSV_CTL_SCRAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { FSV_SCRAPE_LABELS = 6 };

struct fsv_sample {
	struct fsv_str name;
	struct fsv_str labels[FSV_SCRAPE_LABELS], values[FSV_SCRAPE_LABELS];
	unsigned n_labels;
	double value;
};

struct fsv_scrape {
	struct fsv_sample *samples;
	size_t n;
	int64_t at;		/* when, monotonic ns; set by get */
};

/* Samples of a page in Prometheus' text format; comments are left out. Everything lives in the arena and in the text.
 * FSV_E_SYNTAX names the line. */
int fsv_scrape_parse(struct fsv_str text, struct fsv_arena *arena, struct fsv_scrape *ret, struct fsv_err *err) FSV_MUST_CHECK;

/* Asks host:port for it; 5 s at most. [blocks] */
int fsv_scrape_get(const char *host, uint16_t port, struct fsv_arena *arena, struct fsv_scrape *ret,
		   struct fsv_err *err) FSV_MUST_CHECK;

/* Value of a label, or FSV_STR_NULL. */
struct fsv_str fsv_sample_label(const struct fsv_sample *sample, const char *label);
/* Sum over the samples of that name which have the label at that value (label NULL: all). */
double fsv_scrape_sum(const struct fsv_scrape *s, const char *name, const char *label, struct fsv_str value);
static inline double fsv_scrape_total(const struct fsv_scrape *s, const char *name)
{
	return fsv_scrape_sum(s, name, 0, FSV_STR_NULL);
}

/* The duration, in seconds, that a share q of a latency's observations (since was, which may be NULL) did not exceed: the
 * upper bound of its bucket. Negative when there are none. Restricted by label as above. */
double fsv_scrape_quantile(const struct fsv_scrape *now, const struct fsv_scrape *was, const char *name, const char *label,
			   struct fsv_str value, double q);

#endif
