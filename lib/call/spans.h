/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Export of spans over OTLP/HTTP, to an OpenTelemetry collector, Jaeger, Tempo …: one span for each sampled request and
 * daemon. Off unless trace.otlp.url is set. Workers put spans in a bounded queue, a thread sends them in batches;
 * what does not fit is dropped and counted, so that a collector that is dead or slow costs requests nothing.
 */
#ifndef FSV_CALL_SPANS_H
#define FSV_CALL_SPANS_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "conf/conf.h"

struct fsv_spans;
struct fsv_trace;

/* Keys for a daemon's table; first is the index of the first of them. */
#define FSV_SPANS_KEYS \
	{ "trace.otlp.url", FSV_CONF_STRING, FSV_CONF_RESTART, NULL, NULL, 0, 0, NULL, \
	  "Collector that spans are sent to over OTLP/HTTP in JSON, such as http://127.0.0.1:4318/v1/traces; unset = none " \
	  "are made.", "Traces" }, \
	{ "trace.otlp.sample", FSV_CONF_DOUBLE, FSV_CONF_RESTART, NULL, "1", 0, 0, NULL, \
	  "Share of requests that have spans, 0 to 1. Daemons with the same share choose the same requests; those whose " \
	  "traceparent header says sampled always have them.", NULL }, \
	{ "trace.otlp.queue", FSV_CONF_INT, FSV_CONF_RESTART, NULL, "8192", 64, 1000000, NULL, \
	  "Spans that wait to be sent, about 400 bytes each; further ones are dropped and counted.", NULL }

enum fsv_spans_key { FSV_OK_URL, FSV_OK_SAMPLE, FSV_OK_QUEUE, FSV_SPANS_N_KEYS };

/* For a schema's check. */
int fsv_spans_check(const struct fsv_conf *conf, unsigned first, struct fsv_err *err) FSV_MUST_CHECK;

/* *ret_spans stays as it is when no collector is set; else requests are sampled from now on. service: the daemon's name,
 * static. [main thread] */
int fsv_spans_start(const struct fsv_conf *conf, unsigned first, const char *service, struct fsv_spans **ret_spans,
		    struct fsv_err *err) FSV_MUST_CHECK;
/* When no request is left. What waits is sent if the collector takes it within five seconds. NULL is fine. Returns
 * NULL. [main thread] */
struct fsv_spans *fsv_spans_stop(struct fsv_spans *spans);

/* A request that has ended. */
struct fsv_span {
	const struct fsv_trace *trace;
	const char *hop;			/* as for fsv_count_request; static */
	const char *name;			/* its service; static */
	struct fsv_str service_id, party_id;	/* may be empty; cut where they are too long */
	int64_t retcode;
	int64_t began;				/* monotonic ns */
};

/* Only when trace->sampled. [any thread] */
void fsv_spans_put(struct fsv_spans *spans, const struct fsv_span *span);

#endif
