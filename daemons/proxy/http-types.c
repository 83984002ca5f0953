/* SPDX-License-Identifier: Apache-2.0 */
#include "http-types.h"

#include <iconv.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/buf.h"

enum { TYPES_MAX = 64, TYPE_LEN_MAX = 200 };

struct media_type {
	struct fsv_str type, subtype;
	struct fsv_str charset;		/* empty = none */
	double q;
};

/* RFC 9110: token characters. */
static bool is_token(struct fsv_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char ch = (unsigned char)s.p[i];

		if (ch <= 0x20 || ch >= 0x7f || memchr("()<>@,;:\\\"/[]?={}", ch, 17))
			return false;
	}
	return s.n > 0;
}

static struct fsv_str unquote(struct fsv_str s)
{
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		return fsv_str_sub(s, 1, s.n - 1);
	return s;
}

/* "0", "1", "0.9": false for anything else. */
static bool parse_q(struct fsv_str s, double *ret_q)
{
	char text[8];

	if (s.n == 0 || s.n > 5 || (s.p[0] != '0' && s.p[0] != '1'))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (i == 1 ? s.p[i] != '.' : s.p[i] < '0' || s.p[i] > '9')
			return false;
		text[i] = s.p[i];
	}
	text[s.n] = '\0';
	*ret_q = strtod(text, NULL);
	return *ret_q <= 1;
}

static bool parse_parameter(struct fsv_str s, struct media_type *m)
{
	size_t eq = fsv_str_find(s, '=', 0);
	struct fsv_str name = fsv_str_trim(fsv_str_sub(s, 0, eq)), value;

	if (eq == s.n || !is_token(name))
		return false;
	value = unquote(fsv_str_trim(fsv_str_sub(s, eq + 1, s.n)));
	if (fsv_str_caseeq(name, FSV_STR("q")))
		return parse_q(value, &m->q);
	if (fsv_str_caseeq(name, FSV_STR("charset"))) {
		m->charset = value;
		return is_token(value);
	}
	return true;
}

static bool parse_type(struct fsv_str s, struct media_type *ret_type)
{
	struct media_type m = { .q = 1 };
	size_t end = fsv_str_find(s, ';', 0);
	struct fsv_str full = fsv_str_trim(fsv_str_sub(s, 0, end));
	size_t slash = fsv_str_find(full, '/', 0);

	if (fsv_str_is(full, "*")) {	/* older clients */
		m.type = m.subtype = full;
	} else {
		m.type = fsv_str_sub(full, 0, slash);
		m.subtype = fsv_str_sub(full, slash + 1, full.n);
		if (slash == full.n || full.n > TYPE_LEN_MAX || !is_token(m.type) || !is_token(m.subtype))
			return false;
		if (fsv_str_is(m.type, "*") && !fsv_str_is(m.subtype, "*"))
			return false;
	}
	while (end < s.n) {
		size_t next = fsv_str_find(s, ';', end + 1);
		struct fsv_str parameter = fsv_str_trim(fsv_str_sub(s, end + 1, next));

		if (parameter.n > 0 && !parse_parameter(parameter, &m))
			return false;
		end = next;
	}
	*ret_type = m;
	return true;
}

/* How exact a type is: the reference prefers named types to wildcards. */
static int rank(const struct media_type *m)
{
	return fsv_str_is(m->type, "*") ? 0 : fsv_str_is(m->subtype, "*") ? 1 : 2;
}

/* The best type of the header. 1, 0 when it is absent or empty, -1 when it is malformed. */
static int best_type(struct fsv_str accept, struct media_type *ret_type)
{
	struct media_type m;
	bool found = false;
	size_t from = 0;

	for (int n = 0; from < accept.n; n++) {
		size_t end = fsv_str_find(accept, ',', from);
		struct fsv_str one = fsv_str_trim(fsv_str_sub(accept, from, end));

		from = end + 1;
		if (one.n == 0)
			continue;
		if (n >= TYPES_MAX || !parse_type(one, &m))
			return -1;
		if (m.q > 0 && (!found || m.q > ret_type->q || (m.q >= ret_type->q && rank(&m) > rank(ret_type)))) {
			*ret_type = m;
			found = true;
		}
	}
	return found;
}

const char *fsv_accept_text(struct fsv_str accept, struct fsv_arena *arena)
{
	struct media_type m;
	struct fsv_str charset;
	int r = fsv_str_is(accept, "*/*") ? 0 : best_type(accept, &m);

	if (r < 0)
		return NULL;
	if (r == 0 || rank(&m) == 0 || (rank(&m) == 1 && fsv_str_caseeq(m.type, FSV_STR("text"))))
		return "text/plain;charset=UTF-8";
	if (rank(&m) == 1)
		return fsv_str_caseeq(m.type, FSV_STR("application")) ? FSV_TYPE_JSON : NULL;
	charset = m.charset.n > 0 ? m.charset : FSV_STR("UTF-8");
	return fsv_arena_printf(arena, "%.*s/%.*s;charset=%.*s", FSV_STR_ARG(m.type), FSV_STR_ARG(m.subtype),
				FSV_STR_ARG(fsv_str_sub(charset, 0, 64)));
}

enum fsv_accept_error fsv_accept_error(struct fsv_str accept)
{
	struct media_type m;
	size_t from = 0;

	if (best_type(accept, &m) != 1)
		return FSV_ACCEPT_JSON;
	if (fsv_str_caseeq(m.type, FSV_STR("text")) && fsv_str_caseeq(m.subtype, FSV_STR("html")))
		return FSV_ACCEPT_HTML;
	while (from < accept.n) {
		size_t end = fsv_str_find(accept, ',', from);
		struct fsv_str one = fsv_str_trim(fsv_str_sub(accept, from, end));

		from = end + 1;
		if (!parse_type(one, &m))
			continue;
		if (rank(&m) == 0 || (fsv_str_caseeq(m.type, FSV_STR("application")) &&
				      (rank(&m) == 1 || fsv_str_caseeq(m.subtype, FSV_STR("json")))))
			return FSV_ACCEPT_JSON;
	}
	return FSV_ACCEPT_NOTHING;
}

/* Bodies ------------------------------------------------------------------------------------------ */

/* Each maximal run of bad bytes is one U+FFFD. */
static struct fsv_str replace_bad_utf8(struct fsv_str body, struct fsv_arena *arena)
{
	struct fsv_buf out;
	size_t good;

	fsv_buf_init(&out, arena, 0);
	while (body.n > 0) {
		good = fsv_str_utf8(body);
		fsv_buf_append(&out, body.p, good);
		body = fsv_str_sub(body, good, body.n);
		if (body.n == 0)
			break;
		fsv_buf_puts(&out, "\xef\xbf\xbd");
		do
			body = fsv_str_sub(body, 1, body.n);
		while (body.n > 0 && ((unsigned char)body.p[0] & 0xc0) == 0x80);
	}
	return fsv_buf_str(&out);
}

static struct fsv_str from_latin1(struct fsv_str body, struct fsv_arena *arena)
{
	struct fsv_buf out;

	fsv_buf_init(&out, arena, 0);
	for (size_t i = 0; i < body.n; i++) {
		unsigned char ch = (unsigned char)body.p[i];

		if (ch >= 0x80)
			fsv_buf_putc(&out, (char)(0xc0 | ch >> 6));
		fsv_buf_putc(&out, (char)(ch >= 0x80 ? 0x80 | (ch & 0x3f) : ch));
	}
	return fsv_buf_str(&out);
}

/* name is one of a fixed list: names from outside never reach iconv. */
static bool convert(const char *name, struct fsv_str body, struct fsv_arena *arena, struct fsv_str *ret_text)
{
	size_t left = body.n, room = body.n * 3 + 16;
	char *in = (char *)body.p, *out = fsv_arena_alloc(arena, room), *end = out;
	iconv_t cd = iconv_open("UTF-8", name);
	bool ok;

	if (cd == (iconv_t)-1)
		return false;
	ok = iconv(cd, &in, &left, &end, &room) != (size_t)-1;
	iconv_close(cd);
	*ret_text = fsv_str_n(out, (size_t)(end - out));
	return ok;
}

static bool decode(struct fsv_str charset, struct fsv_str body, struct fsv_arena *arena, struct fsv_str *ret_text)
{
	static const char *const others[] = { "GBK", "GB2312", "GB18030", "Big5", "UTF-16", "UTF-16LE", "UTF-16BE" };

	if (charset.n == 0 || fsv_str_caseeq(charset, FSV_STR("UTF-8")) || fsv_str_caseeq(charset, FSV_STR("UTF8")) ||
	    fsv_str_caseeq(charset, FSV_STR("US-ASCII"))) {
		*ret_text = fsv_str_utf8(body) == body.n ? body : replace_bad_utf8(body, arena);
		return true;
	}
	if (fsv_str_caseeq(charset, FSV_STR("ISO-8859-1"))) {
		*ret_text = from_latin1(body, arena);
		return true;
	}
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (fsv_str_caseeq(charset, fsv_str(others[i])))
			return convert(others[i], body, arena, ret_text);
	return false;
}

enum fsv_body_type fsv_body_text(struct fsv_str content_type, struct fsv_str body, struct fsv_arena *arena,
				 struct fsv_str *ret_text)
{
	struct media_type m = { .q = 1 };

	if (content_type.n > 0 && !fsv_str_is(content_type, "application/json")) {
		if (!parse_type(content_type, &m) || fsv_str_caseeq(m.type, FSV_STR("multipart")))
			return FSV_BODY_BAD;
		if (fsv_str_caseeq(m.subtype, FSV_STR("x-www-form-urlencoded"))) {
			*ret_text = body;
			return FSV_BODY_FORM;
		}
	}
	return decode(m.charset, body, arena, ret_text) ? FSV_BODY_TEXT : FSV_BODY_BAD;
}
