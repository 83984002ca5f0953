/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stores of FATE-Serving 1.2 and 1.3, publishLoadStore.cache and publishOnlineStore.cache: one line for each
 * request that had been answered, KEY=BASE64 or KEY=BASE64:MILLISECONDS, where BASE64 is a PublishRequest.
 */
#ifndef FSV_MODEL_TEXT_STORE_H
#define FSV_MODEL_TEXT_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { FSV_TEXT_STORE_MAX_BYTES = 64 << 20, FSV_TEXT_STORE_MAX_LINES = 100000 };

struct fsv_text_store_line {
	struct fsv_str key;		/* tells lines of the same request: the last one counts */
	struct fsv_str request;		/* decoded */
	int64_t time;			/* or the line's number where it has none */
};

/* By ascending time, in the arena. Lines that are none are left out and counted. FSV_E_LIMIT. */
int fsv_text_store_parse(struct fsv_str text, struct fsv_arena *arena, struct fsv_text_store_line **ret_lines,
			 size_t *ret_n, unsigned *ret_skipped, struct fsv_err *err) FSV_MUST_CHECK;

#endif
