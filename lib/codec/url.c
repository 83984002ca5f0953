/* SPDX-License-Identifier: Apache-2.0 */
#include "url.h"

void fsv_url_encode(struct fsv_buf *out, struct fsv_str text)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
		    c == '-' || c == '*' || c == '_') {
			fsv_buf_putc(out, (char)c);
		} else if (c == ' ') {
			fsv_buf_putc(out, '+');
		} else {
			char code[3] = { '%', hex[c >> 4], hex[c & 15] };

			fsv_buf_append(out, code, sizeof(code));
		}
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 32) >= 'a' && (c | 32) <= 'f')
		return (c | 32) - 'a' + 10;
	return -1;
}

bool fsv_url_decode(struct fsv_str text, bool plus, struct fsv_arena *arena, struct fsv_str *ret_text)
{
	char *out = fsv_arena_alloc(arena, text.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '%') {
			int hi = text.n - i > 2 ? hex_digit(text.p[i + 1]) : -1;
			int lo = hi >= 0 ? hex_digit(text.p[i + 2]) : -1;

			if (lo < 0)
				return false;
			c = (char)(hi << 4 | lo);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		out[n++] = c;
	}
	out[n] = '\0';
	if (fsv_str_utf8(fsv_str_n(out, n)) != n)
		return false;
	*ret_text = fsv_str_n(out, n);
	return true;
}
