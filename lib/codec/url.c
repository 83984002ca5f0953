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

bool fsv_url_address(const char *url, char ret_host[FSV_URL_HOST_MAX], uint16_t *ret_port)
{
	bool https = fsv_str_starts(fsv_str(url), FSV_STR("https://"));
	const char *at = url + (https ? 8 : 7);
	struct fsv_str place, host;
	size_t user, end;
	int64_t port = https ? 443 : 80;

	if (!https && !fsv_str_starts(fsv_str(url), FSV_STR("http://")))
		return false;
	place = fsv_str_n(at, strcspn(at, "/?#"));
	user = fsv_str_find(place, '@', 0);
	if (user < place.n)
		place = fsv_str_sub(place, user + 1, place.n);
	if (place.n > 0 && place.p[0] == '[') {
		end = fsv_str_find(place, ']', 0);
		host = fsv_str_sub(place, 1, end++);
	} else {
		end = fsv_str_find(place, ':', 0);
		host = fsv_str_sub(place, 0, end);
	}
	if (end > place.n || host.n == 0 || host.n >= FSV_URL_HOST_MAX)
		return false;
	if (end < place.n && place.p[end] != ':')
		return false;
	if (end + 1 < place.n && !fsv_str_to_i64(fsv_str_sub(place, end + 1, place.n), &port))
		return false;
	if (port < 1 || port > 65535)
		return false;
	memcpy(ret_host, host.p, host.n);
	ret_host[host.n] = '\0';
	*ret_port = (uint16_t)port;
	return true;
}
