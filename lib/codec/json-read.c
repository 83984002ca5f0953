/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include "json-plain.h"
#include "json-private.h"
#include "number.h"

static enum fsv_json_type fail_at(struct fsv_json *j, const char *at, const char *why)
{
	if (!j->why) {
		j->why = why;
		j->at = at;
	}
	return FSV_JSON_ERROR;
}

static enum fsv_json_type fail(struct fsv_json *j, const char *why)
{
	return fail_at(j, j->p, why);
}

enum fsv_json_type fsv_json_refuse(struct fsv_json *j, bool limit, const char *why)
{
	if (!j->why)
		j->limit = limit;
	return fail(j, why);
}

void fsv_json_init(struct fsv_json *j, struct fsv_str input, struct fsv_arena *arena)
{
	const char *p = input.p ? input.p : "";

	*j = (struct fsv_json){ .p = p, .start = p, .end = p + input.n, .arena = arena,
				.depth_max = FSV_JSON_DEPTH_MAX };
}

static inline void white(struct fsv_json *j)
{
	const char *p;

	if (j->p == j->end || (unsigned char)*j->p > ' ')
		return;
	p = skip_white(j->p, j->end);
	if (p > j->p)
		j->seen |= FSV_JSON_SEEN_SPACE;
	j->p = p;
}

/* Code point of the sequence of n bytes (2 to 4) whose first one is right; 0 when another one is not. */
static inline uint32_t utf8_code(const unsigned char *p, size_t n)
{
	uint32_t c = p[0] & (0x7fu >> n);

	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 63);
	}
	return c;
}

/* Steps over the valid UTF-8 sequences that begin at p, which is not ASCII. Returns where they end: at an ASCII
 * byte, the end, or a byte that begins no valid sequence. */
static const char *skip_utf8(const char *p, const char *end)
{
	for (;;) {
		const unsigned char *u = (const unsigned char *)p;
		size_t left = (size_t)(end - p);

		if (left >= 3 && (u[0] & 0xf0) == 0xe0) {
			uint32_t c = utf8_code(u, 3);

			if (c < 0x800 || (c & 0xf800) == 0xd800)
				return p;
			p += 3;
		} else if (left >= 2 && (u[0] & 0xe0) == 0xc0) {
			if (utf8_code(u, 2) < 0x80)
				return p;
			p += 2;
		} else if (left >= 4 && (u[0] & 0xf8) == 0xf0) {
			uint32_t c = utf8_code(u, 4);

			if (c < 0x10000 || c > 0x10ffff)
				return p;
			p += 4;
		} else {
			return p;
		}
	}
}

static int hex4(const char *p, const char *end)
{
	int v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int c = (unsigned char)p[i], d;

		if (c >= '0' && c <= '9')
			d = c - '0';
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			d = (c | 32) - 'a' + 10;
		else
			return -1;
		v = v << 4 | d;
	}
	return v;
}

/* Code point of the \u escape whose backslash is at p (surrogate pairs are one); -1 when it is none. */
static int32_t unicode_escape(const char *p, const char *end, size_t *ret_len)
{
	int hi = hex4(p + 2, end), lo;

	*ret_len = 6;
	if (hi < 0xd800 || hi > 0xdfff)
		return hi;
	if (hi > 0xdbff || end - p < 12 || p[6] != '\\' || p[7] != 'u')
		return -1;
	lo = hex4(p + 8, end);
	if (lo < 0xdc00 || lo > 0xdfff)
		return -1;
	*ret_len = 12;
	return 0x10000 + ((hi - 0xd800) << 10) + (lo - 0xdc00);
}

static size_t put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 63));
		out[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 63));
	out[2] = (char)(0x80 | (c >> 6 & 63));
	out[3] = (char)(0x80 | (c & 63));
	return 4;
}

static char simple_escape(char c)
{
	switch (c) {
	case '"':
	case '\\':
	case '/':
		return c;
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return '\0';
	}
}

/* Unescapes checked text; the result is never longer. */
static struct fsv_str unescape(struct fsv_arena *arena, struct fsv_str raw)
{
	const char *p = raw.p, *end = raw.p + raw.n;
	char *out = fsv_arena_alloc(arena, raw.n + 1);
	size_t n = 0, len;

	while (p < end) {
		if (*p != '\\') {
			out[n++] = *p++;
		} else if (p[1] == 'u') {
			n += put_utf8(out + n, (uint32_t)unicode_escape(p, end, &len));
			p += len;
		} else {
			out[n++] = simple_escape(p[1]);
			p += 2;
		}
	}
	out[n] = '\0';
	return fsv_str_n(out, n);
}

/* At the opening quote. Checks the text and steps behind the closing quote; j->text is set only with take. */
static bool read_string(struct fsv_json *j, bool take)
{
	const char *start = j->p + 1, *p = start;
	bool escaped = false;
	size_t len;

	for (;;) {
		p = special(p, j->end);
		if (p == j->end)
			return fail(j, "a text does not end"), false;
		if (*p == '"')
			break;
		if (*p == '\\') {
			escaped = true;
			if (j->end - p < 2)
				return fail(j, "a text does not end"), false;
			if (p[1] == 'u') {
				if (unicode_escape(p, j->end, &len) < 0)
					return fail_at(j, p, "a \\u escape is malformed or half a surrogate pair"), false;
				p += len;
			} else if (simple_escape(p[1])) {
				p += 2;
			} else {
				return fail_at(j, p, "unknown escape in a text"), false;
			}
		} else if ((unsigned char)*p < 0x20) {
			return fail_at(j, p, "a control character in a text must be escaped"), false;
		} else {
			p = skip_utf8(p, j->end);
			if (p < j->end && (unsigned char)*p >= 0x80)
				return fail_at(j, p, "the text is not valid UTF-8"), false;
		}
	}
	j->p = p + 1;
	if (escaped)
		j->seen |= FSV_JSON_SEEN_ESCAPE;
	if (take) {
		j->text = fsv_str_n(start, (size_t)(p - start));
		if (escaped)
			j->text = unescape(j->arena, j->text);
	}
	return true;
}

static enum fsv_json_type read_number(struct fsv_json *j)
{
	enum fsv_json_type type = FSV_JSON_INT;
	const char *start = j->p, *p = start + (*start == '-'), *q = digits(p, j->end);

	if (q == p)
		return fail(j, "a number lacks digits");
	if (*p == '0' && q - p > 1)
		return fail(j, "a number begins with a superfluous zero");
	if (q < j->end && *q == '.') {
		type = FSV_JSON_DOUBLE;
		p = q + 1;
		q = digits(p, j->end);
		if (q == p)
			return fail_at(j, p, "a number lacks digits behind its point");
	}
	if (q < j->end && (*q | 32) == 'e') {
		type = FSV_JSON_DOUBLE;
		p = q + 1;
		if (p < j->end && (*p == '+' || *p == '-'))
			p++;
		q = digits(p, j->end);
		if (q == p)
			return fail_at(j, p, "a number lacks the digits of its exponent");
		j->seen |= FSV_JSON_SEEN_FAR;
	}
	if (q - start > SURELY_FINITE)
		j->seen |= FSV_JSON_SEEN_FAR;
	j->p = q;
	j->text = fsv_str_n(start, (size_t)(q - start));
	j->places = -1;
	return type;
}

static enum fsv_json_type read_word(struct fsv_json *j, const char *word, size_t n, enum fsv_json_type type)
{
	if ((size_t)(j->end - j->p) < n || memcmp(j->p, word, n) != 0)
		return fail(j, "unknown word where a value is expected");
	j->p += n;
	return type;
}

static enum fsv_json_type open_container(struct fsv_json *j, enum fsv_json_type type)
{
	if (j->depth >= j->depth_max || j->depth >= FSV_JSON_DEPTH_MAX)
		return fsv_json_refuse(j, true, "nested too deeply");
	j->depth++;
	j->first = true;
	j->p++;
	return type;
}

static enum fsv_json_type read_value(struct fsv_json *j, bool take)
{
	if (j->why)
		return FSV_JSON_ERROR;
	white(j);
	if (j->p == j->end)
		return j->depth ? fail(j, "the input ends where a value is expected") : FSV_JSON_NONE;
	switch (*j->p) {
	case '{':
		return open_container(j, FSV_JSON_OBJECT);
	case '[':
		return open_container(j, FSV_JSON_ARRAY);
	case '"':
		return read_string(j, take) ? FSV_JSON_STRING : FSV_JSON_ERROR;
	case 't':
		return read_word(j, "true", 4, FSV_JSON_TRUE);
	case 'f':
		return read_word(j, "false", 5, FSV_JSON_FALSE);
	case 'n':
		j->seen |= FSV_JSON_SEEN_NULL;
		return read_word(j, "null", 4, FSV_JSON_NULL);
	case '-':
	case '0' ... '9':
		return read_number(j);
	default:
		return fail(j, "a value is expected");
	}
}

enum fsv_json_type fsv_json_value(struct fsv_json *j)
{
	return read_value(j, true);
}

/* Steps to the next element of the open container; false at its end or on error. */
static bool step(struct fsv_json *j, char close)
{
	if (j->why)
		return false;
	white(j);
	if (j->p == j->end)
		return fail(j, close == '}' ? "the input ends inside an object" : "the input ends inside an array"), false;
	if (*j->p == close) {
		j->p++;
		j->depth--;
		j->first = false;
		return false;
	}
	if (!j->first) {
		if (*j->p != ',')
			return fail(j, close == '}' ? "',' or '}' is expected" : "',' or ']' is expected"), false;
		j->p++;
		white(j);
	}
	j->first = false;
	return true;
}

static bool next_key(struct fsv_json *j, bool take)
{
	if (!step(j, '}'))
		return false;
	if (j->p == j->end || *j->p != '"')
		return fail(j, "a member's name is expected"), false;
	if (!read_string(j, take))
		return false;
	white(j);
	if (j->p == j->end || *j->p != ':')
		return fail(j, "':' is expected behind a member's name"), false;
	j->p++;
	return true;
}

bool fsv_json_key(struct fsv_json *j, struct fsv_str *ret_key)
{
	if (!next_key(j, true))
		return false;
	*ret_key = j->text;
	return true;
}

bool fsv_json_elem(struct fsv_json *j)
{
	return step(j, ']');
}

/* Plain members ------------------------------------------------------------------------------------ */

static void skip_plain(struct fsv_json *j)
{
	struct plain m;

	while (plain_member(j, false, &m))
		if (m.spaced)
			j->seen |= FSV_JSON_SEEN_SPACE;
}

enum fsv_json_type fsv_json_member(struct fsv_json *j, struct fsv_str *ret_key)
{
	struct plain m = { .places = -1 };

	if (!j->why && plain_member(j, true, &m)) {
		if (m.spaced)
			j->seen |= FSV_JSON_SEEN_SPACE;
		*ret_key = m.name;
		j->text = m.value;
		j->mantissa = m.mantissa;
		j->places = m.places;
		return m.type;
	}
	if (fsv_json_key(j, ret_key))
		return read_value(j, true);
	return j->why ? FSV_JSON_ERROR : FSV_JSON_NONE;
}

enum fsv_json_type fsv_json_skip(struct fsv_json *j, struct fsv_str *ret_span)
{
	uint64_t is_object[FSV_JSON_DEPTH_MAX / 64 + 1] = { 0 };
	unsigned base = j->depth;
	enum fsv_json_type type, t;
	const char *start;

	white(j);
	start = j->p;
	t = type = read_value(j, false);
	if (type <= FSV_JSON_NONE)
		return type;
	for (;;) {
		unsigned d = j->depth;

		if (t == FSV_JSON_OBJECT)
			is_object[d / 64] |= UINT64_C(1) << d % 64;
		else if (t == FSV_JSON_ARRAY)
			is_object[d / 64] &= ~(UINT64_C(1) << d % 64);
		while (j->depth > base) {
			bool object;

			d = j->depth;
			object = is_object[d / 64] >> d % 64 & 1;
			if (object)
				skip_plain(j);
			if (object ? next_key(j, false) : step(j, ']'))
				break;
			if (j->why)
				return FSV_JSON_ERROR;
		}
		if (j->depth == base)
			break;
		t = read_value(j, false);
		if (t <= FSV_JSON_NONE)
			return FSV_JSON_ERROR;
	}
	if (ret_span)
		*ret_span = fsv_str_n(start, (size_t)(j->p - start));
	return type;
}

bool fsv_json_end(struct fsv_json *j)
{
	if (j->why)
		return false;
	white(j);
	return j->p == j->end;
}

double fsv_json_double(const struct fsv_json *j)
{
	double v;

	if (j->places < 0)
		return fsv_double_from_json(j->text);
	/* Both are exact, so one division rounds correctly. */
	v = (double)j->mantissa / ten_to[j->places];
	/* "-0" is an integer, and those have one zero. */
	return *j->text.p == '-' && !(v == 0 && j->text.n == 2) ? -v : v;
}

bool fsv_json_i64(const struct fsv_json *j, int64_t *ret_value)
{
	return fsv_str_to_i64(j->text, ret_value);
}

int fsv_json_fail(const struct fsv_json *j, struct fsv_err *err)
{
	unsigned line = 1, column = 1;

	FSV_BUG_ON(!j->why);
	for (const char *p = j->start; p < j->at; p++) {
		if (*p == '\n') {
			line++;
			column = 0;
		}
		column += ((unsigned char)*p & 0xc0) != 0x80;
	}
	return fsv_err_set(err, j->limit ? FSV_E_LIMIT : FSV_E_SYNTAX, "line %u column %u: %s", line, column,
			   j->why);
}

void fsv_json_skip_rest(struct fsv_json *j, enum fsv_json_type type)
{
	struct fsv_str key;

	if (type == FSV_JSON_ARRAY)
		while (fsv_json_elem(j))
			fsv_json_skip(j, NULL);
	else if (type == FSV_JSON_OBJECT)
		while (fsv_json_key(j, &key))
			fsv_json_skip(j, NULL);
}
