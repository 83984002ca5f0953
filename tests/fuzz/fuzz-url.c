/* SPDX-License-Identifier: Apache-2.0 */
/* Texts survive encoding; what is decoded is UTF-8 and survives as well. */
#include <stdint.h>

#include "base/err.h"
#include "codec/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round(struct fsv_str text, struct fsv_arena *arena)
{
	struct fsv_str back;
	struct fsv_buf out;

	fsv_buf_init(&out, arena, 0);
	fsv_url_encode(&out, text);
	for (size_t i = 0; i < out.n; i++)
		FSV_BUG_ON(out.p[i] <= ' ' || out.p[i] > 'z' || out.p[i] == '/');
	FSV_BUG_ON(fsv_url_decode(fsv_buf_str(&out), true, arena, &back) != (fsv_str_utf8(text) == text.n));
	if (fsv_str_utf8(text) == text.n)
		FSV_BUG_ON(!fsv_str_eq(back, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_str input = fsv_str_n((const char *)data, size), plain, form;
	struct fsv_arena arena;

	fsv_arena_init(&arena, 0);
	check_round(input, &arena);
	if (fsv_url_decode(input, false, &arena, &plain)) {
		FSV_BUG_ON(fsv_str_utf8(plain) != plain.n || plain.n > size);
		FSV_BUG_ON(!fsv_url_decode(input, true, &arena, &form) || form.n != plain.n);
		check_round(plain, &arena);
	}
	fsv_arena_done(&arena);
	return 0;
}
