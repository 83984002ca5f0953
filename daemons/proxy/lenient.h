/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hand-written JSON made strict. The reference reads its route table and /unary bodies leniently, and
 * operators' files use that: comments (two slashes, slash-star, #), single quotes, names and texts
 * without quotes, ';' for ',', '=' and '=>' for ':', line breaks inside texts, words in any case. The
 * strict text that comes out is for the one JSON reader of the suite; positions in it lead back to
 * the original.
 */
#ifndef FSV_PROXY_LENIENT_H
#define FSV_PROXY_LENIENT_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct fsv_lenient {
	struct fsv_str original;
	struct fsv_str strict;
	struct fsv_lenient_shift *shifts;
	size_t n_shifts;
};

/* FSV_E_SYNTAX with line and column for what no reader could take (open comment or text), FSV_E_LIMIT
 * for nesting. Other mistakes are left in place for the strict reader to find. The result lives in
 * the arena. */
int fsv_lenient(struct fsv_str text, struct fsv_arena *arena, struct fsv_lenient *ret_lenient,
		struct fsv_err *err) FSV_MUST_CHECK;

struct fsv_text_pos {
	unsigned line, column;	/* from 1; columns in bytes */
};

/* Where the byte at offset of the strict text comes from. */
struct fsv_text_pos fsv_lenient_pos(const struct fsv_lenient *lenient, size_t offset);

#endif
