/* SPDX-License-Identifier: Apache-2.0 */
#include "span-json.h"

#include <inttypes.h>
#include <stdio.h>

enum { KIND_SERVER = 2, STATUS_ERROR = 2 };

static void begin_attribute(struct fsv_jsonw *w, const char *key)
{
	fsv_jsonw_begin(w, '{');
	fsv_jsonw_kv_str(w, "key", fsv_str(key));
	fsv_jsonw_key(w, FSV_STR("value"));
	fsv_jsonw_begin(w, '{');
}

static void end_attribute(struct fsv_jsonw *w)
{
	fsv_jsonw_end(w, '}');
	fsv_jsonw_end(w, '}');
}

static void text(struct fsv_jsonw *w, const char *key, struct fsv_str value)
{
	if (value.n == 0)
		return;
	begin_attribute(w, key);
	fsv_jsonw_kv_str(w, "stringValue", value);
	end_attribute(w);
}

/* In protobuf's JSON 64 bits are text. */
static void kv_i64(struct fsv_jsonw *w, const char *key, int64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRId64, value);
	fsv_jsonw_kv_str(w, key, fsv_str(digits));
}

static void number(struct fsv_jsonw *w, const char *key, int64_t value)
{
	begin_attribute(w, key);
	kv_i64(w, "intValue", value);
	end_attribute(w);
}

static void begin_list(struct fsv_jsonw *w, const char *key)
{
	fsv_jsonw_key(w, fsv_str(key));
	fsv_jsonw_begin(w, '[');
}

void fsv_spans_json_begin(struct fsv_jsonw *w, const struct fsv_span_source *source)
{
	fsv_jsonw_begin(w, '{');
	begin_list(w, "resourceSpans");
	fsv_jsonw_begin(w, '{');
	fsv_jsonw_key(w, FSV_STR("resource"));
	fsv_jsonw_begin(w, '{');
	begin_list(w, "attributes");
	text(w, "service.name", fsv_str(source->service));
	text(w, "service.version", FSV_STR(FSV_VERSION));
	text(w, "service.instance.id", fsv_str(source->instance));
	fsv_jsonw_end(w, ']');
	fsv_jsonw_end(w, '}');
	begin_list(w, "scopeSpans");
	fsv_jsonw_begin(w, '{');
	begin_list(w, "spans");
}

void fsv_spans_json_span(struct fsv_jsonw *w, const struct fsv_span_record *r)
{
	fsv_jsonw_begin(w, '{');
	fsv_jsonw_kv_str(w, "traceId", fsv_str_n(r->trace_id, sizeof(r->trace_id)));
	fsv_jsonw_kv_str(w, "spanId", fsv_str_n(r->span_id, sizeof(r->span_id)));
	if (!r->root)
		fsv_jsonw_kv_str(w, "parentSpanId", fsv_str_n(r->parent_id, sizeof(r->parent_id)));
	fsv_jsonw_kv_str(w, "name", fsv_str(r->name));
	fsv_jsonw_kv_int(w, "kind", KIND_SERVER);
	kv_i64(w, "startTimeUnixNano", r->start_ns);
	kv_i64(w, "endTimeUnixNano", r->end_ns);
	begin_list(w, "attributes");
	text(w, "fate.hop", fsv_str(r->hop));
	text(w, "fate.case_id", fsv_str_n(r->case_id, r->case_len));
	text(w, "fate.service_id", fsv_str_n(r->service_id, r->service_len));
	text(w, "fate.party_id", fsv_str_n(r->party_id, r->party_len));
	number(w, "fate.retcode", r->retcode);
	fsv_jsonw_end(w, ']');
	fsv_jsonw_key(w, FSV_STR("status"));
	fsv_jsonw_begin(w, '{');
	if (r->retcode != 0)
		fsv_jsonw_kv_int(w, "code", STATUS_ERROR);
	fsv_jsonw_end(w, '}');
	fsv_jsonw_end(w, '}');
}

void fsv_spans_json_end(struct fsv_jsonw *w)
{
	fsv_jsonw_end(w, ']');
	fsv_jsonw_end(w, '}');
	fsv_jsonw_end(w, ']');
	fsv_jsonw_end(w, '}');
	fsv_jsonw_end(w, ']');
	fsv_jsonw_end(w, '}');
}
