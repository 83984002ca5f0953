/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes survive encoding, and decoded text is written again as it was but for its left-over bits. */
#include <stdint.h>

#include "base/err.h"
#include "codec/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fsv_str encoded(struct fsv_str bytes, struct fsv_arena *arena)
{
	struct fsv_buf out;

	fsv_buf_init(&out, arena, 0);
	fsv_base64_encode(&out, bytes);
	FSV_BUG_ON(out.n != (bytes.n + 2) / 3 * 4);
	return fsv_buf_str(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_str input = fsv_str_n((const char *)data, size), strict, lenient, back;
	struct fsv_arena arena;
	struct fsv_err err;
	int rs, rl;

	fsv_arena_init(&arena, 0);
	FSV_BUG_ON(fsv_base64_decode(encoded(input, &arena), FSV_BASE64_STRICT, &arena, &back, &err) < 0);
	FSV_BUG_ON(!fsv_str_eq(back, input));

	rs = fsv_base64_decode(input, FSV_BASE64_STRICT, &arena, &strict, &err);
	rl = fsv_base64_decode(input, FSV_BASE64_LENIENT, &arena, &lenient, &err);
	FSV_BUG_ON((rs < 0 && rs != FSV_E_SYNTAX) || (rl < 0 && rl != FSV_E_SYNTAX) || (rs == 0 && rl < 0));
	if (rs == 0) {
		back = encoded(strict, &arena);
		FSV_BUG_ON(!fsv_str_eq(strict, lenient) || back.n != input.n);
		/* The last digit before the padding may carry bits that mean nothing. */
		FSV_BUG_ON(size >= 4 && memcmp(back.p, input.p, size - 4) != 0);
	}
	if (rl == 0)
		FSV_BUG_ON(fsv_base64_decode(encoded(lenient, &arena), FSV_BASE64_STRICT, &arena, &back, &err) < 0 ||
			   !fsv_str_eq(back, lenient));
	fsv_arena_done(&arena);
	return 0;
}
