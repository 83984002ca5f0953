/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What /metrics shows. A metric is a static descriptor beside the code that counts; the linker collects the
 * descriptors of a program, so there is nothing to register, and the manual page is made from them.
 *
 *	FSV_METRIC(lookups, FSV_COUNTER, "fate_serving_cache_lookups_total", "cache,result",
 *		   "Look-ups in a cache, by cache and result (hit, miss, error).");
 *	…
 *	fsv_metric_count(&lookups, "result", "hit");
 *
 * Counting takes no lock and, but for the first time that a combination of label values is seen, no memory:
 * every combination is a series with a few shards, and a thread adds to its own. A metric keeps 256 series;
 * what comes beyond is counted together under the label values "other", so that values which peers choose
 * (party ids) cannot make it grow. Never a feature value, key or person as a label.
 *
 * States that somebody else keeps (open connections, models loaded) are asked for when the page is written:
 * fsv_metric_watch. Who keeps none (no registry is configured) is not on the page.
 */
#ifndef FSV_BASE_METRICS_H
#define FSV_BASE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "buf.h"

enum fsv_metric_type {
	FSV_COUNTER,		/* only grows; its name ends with _total */
	FSV_GAUGE,		/* goes up and down */
	FSV_LATENCY,		/* histogram of durations; its name ends with _seconds */
};

enum { FSV_METRIC_LABELS = 4, FSV_METRIC_SERIES = 256 };

struct fsv_metric;
struct fsv_metric_table;
struct fsv_metric_out;
struct fsv_series;		/* one combination of label values; lives as long as the process */

/* Adds samples to the page, with fsv_metric_value. Must not block for long. [any thread] */
typedef void fsv_metric_fn(struct fsv_metric *metric, struct fsv_metric_out *out, void *arg);

struct fsv_metric {
	const char *name;
	enum fsv_metric_type type;
	const char *labels;		/* names, "service,code"; "" = none */
	const char *help;		/* a sentence, with its full stop; for the page and for the manual */
	/* Insides. */
	_Atomic(struct fsv_metric_table *) table;
	fsv_metric_fn *fn;
	void *arg;
};

/* Defines the metric, static to the file. */
#define FSV_METRIC(variable, kind, metric_name, label_names, words) \
	static struct fsv_metric variable = { \
		.name = (metric_name), .type = (kind), .labels = (label_names), .help = (words), \
	}; \
	static struct fsv_metric *const variable##_link \
		__attribute__((section("fsv_metrics"), used)) = &variable

/* Label values in the descriptor's order; too few are "". Copied when seen first, cut at 128 bytes. */
#define FSV_LABELS(...)		((const char *const[FSV_METRIC_LABELS]){ __VA_ARGS__ })

/* Counting [any thread] -------------------------------------------------------------------------- */

/* fsv_metric_count(&m, "a", "b"): one more. fsv_metric_add(&m, -1, "a"): gauges go down too.
 * fsv_metric_observe(&m, ns, "a"): a duration of a FSV_LATENCY. */
#define fsv_metric_count(metric, ...)		fsv_series_add(fsv_series_of((metric), FSV_LABELS(__VA_ARGS__)), 1)
#define fsv_metric_add(metric, n, ...)		fsv_series_add(fsv_series_of((metric), FSV_LABELS(__VA_ARGS__)), (n))
#define fsv_metric_observe(metric, ns, ...)	fsv_series_observe(fsv_series_of((metric), FSV_LABELS(__VA_ARGS__)), (ns))

/* The series, made when it is new. Whoever counts the same one all the time keeps it. */
struct fsv_series *fsv_series_of(struct fsv_metric *metric, const char *const *values);
void fsv_series_add(struct fsv_series *series, int64_t n);
void fsv_series_observe(struct fsv_series *series, int64_t ns);

/* A number as a label value. */
const char *fsv_metric_number(int64_t number, char text[24]);

/* States ------------------------------------------------------------------------------------------ */

/* fn is asked for the metric's samples from now on; one at a time, the newest counts. The page is written under
 * the lock that these two take, so that fn does not run any more when unwatch has returned. [any thread, not in fn] */
void fsv_metric_watch(struct fsv_metric *metric, fsv_metric_fn *fn, void *arg);
/* Only when it is still arg's. */
void fsv_metric_unwatch(struct fsv_metric *metric, const void *arg);
/* Inside fn. */
#define fsv_metric_value(out, value, ...)	fsv_metric_put((out), (value), FSV_LABELS(__VA_ARGS__))
void fsv_metric_put(struct fsv_metric_out *out, double value, const char *const *values);

/* The page ----------------------------------------------------------------------------------------- */

#define FSV_METRICS_TYPE	"text/plain; version=0.0.4; charset=utf-8"

/* Every metric of this program with its samples, by name. [any thread] */
void fsv_metrics_write(struct fsv_buf *out);
/* The list of them as a part of a manual page, mdoc(7). */
void fsv_metrics_man(struct fsv_buf *out);

#endif
