/* SPDX-License-Identifier: Apache-2.0 */
/* Spans as OTLP/HTTP wants them in JSON: the ExportTraceServiceRequest of opentelemetry-proto 1.x. */
#ifndef FSV_CALL_SPAN_JSON_H
#define FSV_CALL_SPAN_JSON_H

#include "codec/json.h"
#include "span-queue.h"

/* Who exports. */
struct fsv_span_source {
	const char *service;		/* the daemon's name */
	const char *instance;		/* which one of them */
};

/* begin, any number of spans, end. */
void fsv_spans_json_begin(struct fsv_jsonw *w, const struct fsv_span_source *source);
void fsv_spans_json_span(struct fsv_jsonw *w, const struct fsv_span_record *record);
void fsv_spans_json_end(struct fsv_jsonw *w);

#endif
