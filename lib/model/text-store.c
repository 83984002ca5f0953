/* SPDX-License-Identifier: Apache-2.0 */
#include "text-store.h"

#include <stdlib.h>

#include "base/map.h"
#include "codec/base64.h"

/* False for what is no such line. */
static bool read_line(struct fsv_str line, int64_t number, struct fsv_arena *arena, struct fsv_text_store_line *ret_line)
{
	size_t equals = fsv_str_find(line, '=', 0), colon = fsv_str_find(line, ':', equals);
	struct fsv_text_store_line l = { .key = fsv_str_sub(line, 0, equals), .time = number };
	struct fsv_err err;

	if (equals == 0 || equals == line.n)
		return false;
	if (colon < line.n && !fsv_str_to_i64(fsv_str_trim(fsv_str_sub(line, colon + 1, line.n)), &l.time))
		return false;
	if (fsv_base64_decode(fsv_str_trim(fsv_str_sub(line, equals + 1, colon)), FSV_BASE64_STRICT, arena, &l.request,
			      &err) < 0)
		return false;
	*ret_line = l;
	return true;
}

static int by_time(const void *a, const void *b)
{
	const struct fsv_text_store_line *x = a, *y = b;

	return x->time < y->time ? -1 : x->time > y->time;
}

int fsv_text_store_parse(struct fsv_str text, struct fsv_arena *arena, struct fsv_text_store_line **ret_lines,
			 size_t *ret_n, unsigned *ret_skipped, struct fsv_err *err)
{
	struct fsv_text_store_line *lines = NULL, line;
	size_t n_lines = 1, n = 0, from, to, at;
	unsigned skipped = 0;
	struct fsv_map seen;

	for (from = 0; from < text.n; from++)
		n_lines += text.p[from] == '\n';
	if (text.n > FSV_TEXT_STORE_MAX_BYTES || n_lines > FSV_TEXT_STORE_MAX_LINES)
		return fsv_err_set(err, FSV_E_LIMIT, "more than %d bytes or %d lines", FSV_TEXT_STORE_MAX_BYTES,
				   FSV_TEXT_STORE_MAX_LINES);
	lines = FSV_ARENA_NEW_N(arena, struct fsv_text_store_line, n_lines);
	fsv_map_init(&seen);
	n_lines = 0;
	for (from = 0; from < text.n; from = to + 1) {
		struct fsv_str whole;

		to = fsv_str_find(text, '\n', from);
		whole = fsv_str_trim(fsv_str_sub(text, from, to));
		n_lines++;
		if (whole.n == 0)
			continue;
		if (!read_line(whole, (int64_t)n_lines, arena, &line)) {
			skipped++;
			continue;
		}
		/* A map's value cannot be 0. */
		at = (size_t)(uintptr_t)fsv_map_get(&seen, line.key);
		if (at == 0) {
			at = ++n;
			fsv_map_put(&seen, line.key, (void *)(uintptr_t)at);
		}
		lines[at - 1] = line;
	}
	fsv_map_done(&seen);
	if (n > 0)
		qsort(lines, n, sizeof(*lines), by_time);
	*ret_lines = lines;
	*ret_n = n;
	*ret_skipped = skipped;
	return 0;
}
