/* SPDX-License-Identifier: Apache-2.0 */
#include "base64.h"

void fsv_base64_encode(struct fsv_buf *out, struct fsv_str bytes)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)bytes.p;
	char *o = fsv_buf_room(out, (bytes.n + 2) / 3 * 4);

	if (!o)
		return;
	out->n += (bytes.n + 2) / 3 * 4;
	for (size_t i = 0; i < bytes.n; i += 3) {
		size_t left = bytes.n - i;
		uint32_t v = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (left > 2 ? p[i + 2] : 0);

		*o++ = alphabet[v >> 18];
		*o++ = alphabet[v >> 12 & 63];
		*o++ = left > 1 ? alphabet[v >> 6 & 63] : '=';
		*o++ = left > 2 ? alphabet[v & 63] : '=';
	}
}

static int digit(unsigned char c, enum fsv_base64_rule rule)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || (c == '-' && rule == FSV_BASE64_LENIENT))
		return 62;
	if (c == '/' || (c == '_' && rule == FSV_BASE64_LENIENT))
		return 63;
	return -1;
}

int fsv_base64_decode(struct fsv_str text, enum fsv_base64_rule rule, struct fsv_arena *arena,
		      struct fsv_str *ret_bytes, struct fsv_err *err)
{
	size_t n = text.n, pad = 0, len = 0;
	uint32_t v = 0;
	char *out;

	while (pad < 2 && n > 0 && text.p[n - 1] == '=') {
		n--;
		pad++;
	}
	out = fsv_arena_alloc(arena, n / 4 * 3 + 3);
	for (size_t i = 0; i < n; i++) {
		int d = digit((unsigned char)text.p[i], rule);

		if (d < 0)
			return fsv_err_set(err, FSV_E_SYNTAX, "base64: character %zu is not of its alphabet", i + 1);
		v = v << 6 | (uint32_t)d;
		if (i % 4 == 3) {
			out[len++] = (char)(v >> 16);
			out[len++] = (char)(v >> 8);
			out[len++] = (char)v;
			v = 0;
		}
	}
	if (n % 4 == 1 || (pad > 0 && (n + pad) % 4 != 0) || (pad == 0 && n % 4 != 0 && rule == FSV_BASE64_STRICT))
		return fsv_err_set(err, FSV_E_SYNTAX, "base64: the text ends inside a group, after %zu characters",
				   text.n);
	if (n % 4 == 3) {
		out[len++] = (char)(v >> 10);
		out[len++] = (char)(v >> 2);
	} else if (n % 4 == 2) {
		out[len++] = (char)(v >> 4);
	}
	*ret_bytes = fsv_str_n(out, len);
	return 0;
}
