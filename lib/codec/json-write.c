/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "number.h"

/* First byte that cannot stand in a JSON text as it is. */
static const char *special(const char *p, const char *end)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), top = _mm_set1_epi8(0x1f);

	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)p);
		__m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, top), v);
		__m128i hit = _mm_or_si128(control, _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)));
		int mask = _mm_movemask_epi8(hit);

		if (mask)
			return p + __builtin_ctz((unsigned)mask);
	}
#endif
	while (p < end && (unsigned char)*p >= 0x20 && *p != '"' && *p != '\\')
		p++;
	return p;
}

static void escape(struct fsv_buf *out, unsigned char c)
{
	static const char hex[] = "0123456789ABCDEF";
	char text[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
	size_t n = 2;

	switch (c) {
	case '"':
	case '\\':
		text[1] = (char)c;
		break;
	case '\b':
		text[1] = 'b';
		break;
	case '\t':
		text[1] = 't';
		break;
	case '\n':
		text[1] = 'n';
		break;
	case '\f':
		text[1] = 'f';
		break;
	case '\r':
		text[1] = 'r';
		break;
	default:
		n = 6;
	}
	fsv_buf_append(out, text, n);
}

void fsv_json_quote(struct fsv_buf *out, struct fsv_str text)
{
	const char *p = text.p ? text.p : "", *end = p + text.n;

	fsv_buf_putc(out, '"');
	for (;;) {
		const char *stop = special(p, end);

		fsv_buf_append(out, p, (size_t)(stop - p));
		if (stop == end)
			break;
		escape(out, (unsigned char)*stop);
		p = stop + 1;
	}
	fsv_buf_putc(out, '"');
}

static void element(struct fsv_jsonw *w)
{
	if (w->comma)
		fsv_buf_putc(w->out, ',');
	w->comma = true;
}

void fsv_jsonw_begin(struct fsv_jsonw *w, char bracket)
{
	element(w);
	fsv_buf_putc(w->out, bracket);
	w->comma = false;
}

void fsv_jsonw_end(struct fsv_jsonw *w, char bracket)
{
	fsv_buf_putc(w->out, bracket);
	w->comma = true;
}

/* A name that stands as it is, which is nearly every one, in one go; false when it is another, or there is no room. */
static bool plain_key(struct fsv_jsonw *w, struct fsv_str key)
{
	struct fsv_buf *out = w->out;
	char *p = out->p + out->n;

	if (key.n == 0 || key.n + 4 > out->cap - out->n || out->failed || special(key.p, key.p + key.n) != key.p + key.n)
		return false;
	if (w->comma)
		*p++ = ',';
	*p++ = '"';
	memcpy(p, key.p, key.n);
	p += key.n;
	*p++ = '"';
	*p++ = ':';
	out->n = (size_t)(p - out->p);
	return true;
}

void fsv_jsonw_key(struct fsv_jsonw *w, struct fsv_str key)
{
	if (plain_key(w, key)) {
		w->comma = false;
		return;
	}
	element(w);
	fsv_json_quote(w->out, key);
	fsv_buf_putc(w->out, ':');
	w->comma = false;
}

void fsv_jsonw_str(struct fsv_jsonw *w, struct fsv_str text)
{
	element(w);
	fsv_json_quote(w->out, text);
}

enum { INT_MAX_TEXT = sizeof("-9223372036854775808") - 1 };

/* Its digits, at the end of text. */
static struct fsv_str int_text(char text[INT_MAX_TEXT], int64_t v)
{
	char *end = text + INT_MAX_TEXT, *p = end;
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do {
		*--p = (char)('0' + u % 10);
		u /= 10;
	} while (u);
	if (v < 0)
		*--p = '-';
	return fsv_str_n(p, (size_t)(end - p));
}

void fsv_jsonw_key_int(struct fsv_jsonw *w, int64_t key)
{
	char text[INT_MAX_TEXT];

	fsv_jsonw_key(w, int_text(text, key));
}

void fsv_jsonw_int(struct fsv_jsonw *w, int64_t v)
{
	char text[INT_MAX_TEXT];

	element(w);
	fsv_buf_add(w->out, int_text(text, v));
}

void fsv_jsonw_double(struct fsv_jsonw *w, double v)
{
	char text[FSV_DOUBLE_TEXT_MAX + 2];
	size_t n = fsv_double_to_java(v, text + 1);

	element(w);
	if (__builtin_isfinite(v)) {
		fsv_buf_append(w->out, text + 1, n);
	} else {
		text[0] = text[n + 1] = '"';
		fsv_buf_append(w->out, text, n + 2);
	}
}

void fsv_jsonw_bool(struct fsv_jsonw *w, bool v)
{
	element(w);
	fsv_buf_add(w->out, v ? FSV_STR("true") : FSV_STR("false"));
}

void fsv_jsonw_null(struct fsv_jsonw *w)
{
	element(w);
	fsv_buf_add(w->out, FSV_STR("null"));
}

void fsv_jsonw_raw(struct fsv_jsonw *w, struct fsv_str json)
{
	element(w);
	fsv_buf_add(w->out, json);
}

void fsv_jsonw_kv_str(struct fsv_jsonw *w, const char *key, struct fsv_str text)
{
	fsv_jsonw_key(w, fsv_str(key));
	fsv_jsonw_str(w, text);
}

void fsv_jsonw_kv_int(struct fsv_jsonw *w, const char *key, int64_t v)
{
	fsv_jsonw_key(w, fsv_str(key));
	fsv_jsonw_int(w, v);
}

static void new_line(struct fsv_buf *out, unsigned depth)
{
	fsv_buf_putc(out, '\n');
	while (depth-- > 0)
		fsv_buf_puts(out, "   ");
}

void fsv_json_indent(struct fsv_str json, struct fsv_buf *out)
{
	bool in_string = false;
	unsigned depth = 0;

	for (size_t i = 0; i < json.n; i++) {
		char c = json.p[i];
		bool escape = in_string && c == '\\' && i + 1 < json.n;

		if (!in_string && (c == '}' || c == ']') && depth > 0)
			new_line(out, --depth);
		fsv_buf_putc(out, c);
		if (escape)
			fsv_buf_putc(out, json.p[++i]);
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '['))
			new_line(out, ++depth);
		else if (!in_string && c == ',')
			new_line(out, depth);
	}
}
