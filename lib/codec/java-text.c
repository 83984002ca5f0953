/* SPDX-License-Identifier: Apache-2.0 */
#include "java-text.h"

#include <stdint.h>

#include "base/buf.h"

enum { REPLACEMENT = 0xfffd };

static void put_utf8(struct fsv_buf *out, uint32_t c)
{
	char b[4];
	size_t n = 0;

	if (c < 0x80) {
		fsv_buf_putc(out, (char)c);
		return;
	}
	if (c < 0x800) {
		b[n++] = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		b[n++] = (char)(0xe0 | c >> 12);
		b[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		b[n++] = (char)(0xf0 | c >> 18);
		b[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		b[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	}
	b[n++] = (char)(0x80 | (c & 0x3f));
	fsv_buf_append(out, b, n);
}

/* Bytes that the first unit takes, 0 when it is none. */
static size_t read_unit(struct fsv_str in, uint32_t *ret_unit)
{
	const unsigned char *p = (const unsigned char *)in.p;

	if (p[0] < 0x80) {
		*ret_unit = p[0];
		return 1;
	}
	if ((p[0] & 0xe0) == 0xc0 && in.n >= 2 && (p[1] & 0xc0) == 0x80) {
		*ret_unit = (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
		return 2;
	}
	if ((p[0] & 0xf0) == 0xe0 && in.n >= 3 && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80) {
		*ret_unit = (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
		return 3;
	}
	return 0;
}

static bool convert(struct fsv_str in, struct fsv_buf *out)
{
	uint32_t high = 0, unit = 0;	/* high: a first half that waits for its second one */

	for (size_t used; in.n > 0; in = fsv_str_n(in.p + used, in.n - used)) {
		used = read_unit(in, &unit);
		if (used == 0)
			return false;
		if (high && unit >= 0xdc00 && unit <= 0xdfff) {
			put_utf8(out, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
			high = 0;
			continue;
		}
		if (high)
			put_utf8(out, REPLACEMENT);
		high = unit >= 0xd800 && unit <= 0xdbff ? unit : 0;
		if (!high)
			put_utf8(out, unit >= 0xdc00 && unit <= 0xdfff ? REPLACEMENT : unit);
	}
	if (high)
		put_utf8(out, REPLACEMENT);
	return true;
}

bool fsv_java_text_decode(struct fsv_str bytes, struct fsv_arena *arena, struct fsv_str *ret_text)
{
	struct fsv_buf out;
	size_t ascii = 0;

	while (ascii < bytes.n && (unsigned char)bytes.p[ascii] < 0x80)
		ascii++;
	if (ascii == bytes.n) {
		*ret_text = fsv_arena_str(arena, bytes);
		return true;
	}
	fsv_buf_init(&out, arena, 0);
	if (!convert(bytes, &out))
		return false;
	*ret_text = fsv_buf_str(&out);
	return true;
}
