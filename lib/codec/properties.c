/* SPDX-License-Identifier: Apache-2.0 */
#include "properties.h"

#include <stdbool.h>

#include "base/buf.h"

/* One logical line: natural lines joined where one ends with an odd number of backslashes. */
struct reader {
	const char *p, *end;
	unsigned line;
	bool latin1;
	struct fsv_arena *arena;
	const char *file;
};

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\f';
}

static void put_code_point(struct fsv_buf *out, uint32_t c)
{
	if (c < 0x80) {
		fsv_buf_putc(out, (char)c);
		return;
	}
	if (c >= 0x10000) {
		fsv_buf_putc(out, (char)(0xf0 | c >> 18));
		fsv_buf_putc(out, (char)(0x80 | (c >> 12 & 63)));
	} else if (c >= 0x800) {
		fsv_buf_putc(out, (char)(0xe0 | c >> 12));
	}
	fsv_buf_putc(out, (char)(c >= 0x800 ? 0x80 | (c >> 6 & 63) : 0xc0 | c >> 6));
	fsv_buf_putc(out, (char)(0x80 | (c & 63)));
}

static int hex4(const char *p, const char *end)
{
	int v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			v = v << 4 | (c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			v = v << 4 | ((c | 32) - 'a' + 10);
		else
			return -1;
	}
	return v;
}

/* Behind "\u"; a surrogate pair may be spelt as two escapes. Halves alone become U+FFFD. */
static int unicode(struct reader *r, struct fsv_buf *out, struct fsv_err *err)
{
	int c = hex4(r->p, r->end), low;

	if (c < 0)
		return fsv_err_set(err, FSV_E_SYNTAX, "%s:%u: \\u is not followed by four hex digits", r->file, r->line);
	r->p += 4;
	if (c >= 0xd800 && c <= 0xdfff) {
		low = r->end - r->p >= 6 && r->p[0] == '\\' && r->p[1] == 'u' ? hex4(r->p + 2, r->end) : -1;
		if (c <= 0xdbff && low >= 0xdc00 && low <= 0xdfff) {
			r->p += 6;
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		} else {
			c = 0xfffd;
		}
	}
	put_code_point(out, (uint32_t)c);
	return 0;
}

static void end_of_line(struct reader *r)
{
	if (r->p < r->end && *r->p == '\r')
		r->p++;
	if (r->p < r->end && *r->p == '\n')
		r->p++;
	r->line++;
}

static void skip_blanks(struct reader *r)
{
	while (r->p < r->end && blank(*r->p))
		r->p++;
}

/* Blanks before the key or around the separator: the line may be continued among them. */
static void skip_gap(struct reader *r)
{
	for (;;) {
		skip_blanks(r);
		if (r->end - r->p < 2 || r->p[0] != '\\' || (r->p[1] != '\n' && r->p[1] != '\r'))
			return;
		r->p++;
		end_of_line(r);
	}
}

static void put_byte(const struct reader *r, struct fsv_buf *out, char c)
{
	if ((unsigned char)c >= 0x80 && r->latin1)
		put_code_point(out, (unsigned char)c);
	else
		fsv_buf_putc(out, c);
}

/* Behind a backslash. */
static int escape(struct reader *r, struct fsv_buf *out, struct fsv_err *err)
{
	char c;

	if (r->p == r->end)
		return 0;
	c = *r->p;
	if (c == '\n' || c == '\r') {
		end_of_line(r);
		skip_blanks(r);
		return 0;
	}
	r->p++;
	switch (c) {
	case 'u':
		return unicode(r, out, err);
	case 't':
		c = '\t';
		break;
	case 'n':
		c = '\n';
		break;
	case 'r':
		c = '\r';
		break;
	case 'f':
		c = '\f';
		break;
	}
	put_byte(r, out, c);
	return 0;
}

/* Reads to the end of the line, or in a key to its separator. */
static int text(struct reader *r, bool key, struct fsv_str *ret, struct fsv_err *err)
{
	struct fsv_buf out;

	fsv_buf_init(&out, r->arena, 0);
	while (r->p < r->end && *r->p != '\n' && *r->p != '\r') {
		char c = *r->p;

		if (key && (c == '=' || c == ':' || blank(c)))
			break;
		r->p++;
		if (c == '\\') {
			int e = escape(r, &out, err);

			if (e < 0)
				return e;
		} else {
			put_byte(r, &out, c);
		}
	}
	*ret = fsv_str_n(fsv_buf_cstr(&out), out.n);
	return 0;
}

static int property(struct reader *r, struct fsv_property **ret_property, struct fsv_err *err)
{
	struct fsv_property *prop = FSV_ARENA_NEW(r->arena, struct fsv_property);
	int e;

	prop->line = r->line;
	e = text(r, true, &prop->key, err);
	if (e < 0)
		return e;
	skip_gap(r);
	if (r->p < r->end && (*r->p == '=' || *r->p == ':')) {
		r->p++;
		skip_gap(r);
	}
	e = text(r, false, &prop->value, err);
	if (e < 0)
		return e;
	*ret_property = prop;
	return 0;
}

int fsv_properties_parse(struct fsv_str input, const char *file, struct fsv_arena *arena,
			 struct fsv_property **ret_first, struct fsv_err *err)
{
	const char *p = input.p ? input.p : "";
	struct reader r = { .p = p, .end = p + input.n, .line = 1, .arena = arena, .file = file,
			    .latin1 = fsv_str_utf8(input) != input.n };
	struct fsv_property *first = NULL, **tail = &first;
	int e;

	while (r.p < r.end) {
		skip_gap(&r);
		if (r.p < r.end && (*r.p == '#' || *r.p == '!')) {
			while (r.p < r.end && *r.p != '\n' && *r.p != '\r')
				r.p++;
		} else if (r.p < r.end && *r.p != '\n' && *r.p != '\r') {
			e = property(&r, tail, err);
			if (e < 0)
				return e;
			tail = &(*tail)->next;
		}
		end_of_line(&r);
	}
	*ret_first = first;
	return 0;
}
