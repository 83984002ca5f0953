/* SPDX-License-Identifier: Apache-2.0 */
/* What a feature service answers: the two success shapes of HttpAdapter, and that of HttpAdapterByHeader. */
#ifndef FSV_SERVER_HTTP_ANSWER_H
#define FSV_SERVER_HTTP_ANSWER_H

#include "base/arena.h"
#include "base/str.h"

struct fsv_http_features {
	int retcode;			/* 0, 116 (the service says no), 110 (its answer is of no use) */
	const char *text;		/* why, for the log; never what the service sent */
	struct fsv_str features;	/* JSON object, points into the body */
};

/* {"code":0,"data":{"code":200,"data":{…}}} or {"code":200,"data":{…}}. */
struct fsv_http_features fsv_http_features_by_code(struct fsv_str body, struct fsv_arena *arena);
/* HTTP status 200 and the features themselves. */
struct fsv_http_features fsv_http_features_by_status(unsigned status, struct fsv_str body, struct fsv_arena *arena);

#endif
