/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain members of JSON objects: the name is ASCII without escapes, the value a scalar that needs no closer look.
 * Features and answers are full of them, so they are stepped over at once. Whatever is not plain is left to the reader,
 * which also finds the words for what is malformed.
 */
#ifndef FSV_CODEC_JSON_PLAIN_H
#define FSV_CODEC_JSON_PLAIN_H

#include "json.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "number-private.h"

/* Each caller has its own copy, without what it does not take. */
#define INLINE static inline __attribute__((always_inline))

INLINE const char *skip_white(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	return p;
}

/* First byte at or after p that is a quote, a backslash, a control or not ASCII; end when there is none. */
INLINE const char *special(const char *p, const char *end)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), blank = _mm_set1_epi8(' ');

	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)p);
		/* Signed comparison: bytes from 0x80 on count as below the blank too. */
		__m128i hit = _mm_or_si128(_mm_cmplt_epi8(v, blank),
					   _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)));
		int mask = _mm_movemask_epi8(hit);

		if (mask)
			return p + __builtin_ctz((unsigned)mask);
	}
#endif
	while (p < end && (signed char)*p >= ' ' && *p != '"' && *p != '\\')
		p++;
	return p;
}

INLINE const char *digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

enum { SURELY_FINITE = 300 };	/* characters of a number without exponent */

/* Exact, as doubles too. */
enum { PLACES_MAX = 8 };
static const uint32_t ten_to[PLACES_MAX + 1] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000 };

struct plain {
	struct fsv_str name;
	struct fsv_str value;		/* without quotes */
	enum fsv_json_type type;
	uint64_t mantissa;		/* a number is mantissa / 10^places, when … */
	int places;			/* … this is not negative; otherwise its text has to be read */
	bool spaced;
};

/* At the opening quote. Returns where the text ends, NULL when it is not plain. */
INLINE const char *plain_text(const char *p, const char *end, struct fsv_str *ret_text)
{
	const char *q = special(++p, end);

	if (q == end || *q != '"')
		return NULL;
	*ret_text = fsv_str_n(p, (size_t)(q - p));
	return q + 1;
}

#ifdef __SSE2__
enum { BLOCK = 16, WHOLE_MAX = 6 };

/* Value of the n digits at p, at most eight; eight bytes can be read there. */
INLINE uint64_t few_digits(const char *p, unsigned n)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	/* Zeros in front: the first digit is the lowest byte. */
	return fsv_eight_digits((v - UINT64_C(0x3030303030303030)) << (64 - 8 * n));
}

/* A number that lies in one block, as nearly all do, with its value. NULL when it is another one, or none. */
INLINE const char *block_number(const char *p, struct plain *m)
{
	const char *q = p + (*p == '-');
	__m128i v = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)q), _mm_set1_epi8('0'));
	unsigned other = ~(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(9)), v));
	unsigned whole = (unsigned)__builtin_ctz(other), fraction = 0, n = whole;

	if (whole == 0 || whole > WHOLE_MAX || (*q == '0' && whole > 1))
		return NULL;
	m->type = FSV_JSON_INT;
	m->mantissa = few_digits(q, whole);
	if (q[whole] == '.') {
		fraction = (unsigned)__builtin_ctz(other >> (whole + 1));
		if (fraction == 0 || fraction > PLACES_MAX)
			return NULL;
		m->type = FSV_JSON_DOUBLE;
		m->mantissa = m->mantissa * ten_to[fraction] + few_digits(q + whole + 1, fraction);
		n += 1 + fraction;
	}
	m->places = (int)fraction;
	m->value = fsv_str_n(p, (size_t)(q - p) + n);
	return (q[n] | 32) == 'e' ? NULL : q + n;
}
#endif

/* No exponent, few digits and something behind it. take: its value is wanted, not only its text. */
INLINE const char *plain_number(const char *p, const char *end, bool take, struct plain *m)
{
	const char *start = p, *q;

#ifdef __SSE2__
	if (take && end - p > BLOCK + 1 && (q = block_number(p, m)))
		return q;
#endif
	m->mantissa = 0;
	m->places = -1;
	m->type = FSV_JSON_INT;
	p += *p == '-';
	q = digits(p, end);
	if (q == p || (*p == '0' && q - p > 1))
		return NULL;
	if (q < end && *q == '.') {
		m->type = FSV_JSON_DOUBLE;
		p = q + 1;
		q = digits(p, end);
		if (q == p)
			return NULL;
	}
	m->value = fsv_str_n(start, (size_t)(q - start));
	return q < end && (*q | 32) != 'e' && q - start <= SURELY_FINITE ? q : NULL;
}

INLINE const char *plain_value(const char *p, const char *end, bool take, struct plain *m)
{
	if (p == end)
		return NULL;
	/* One branch, for nobody can foretell a sign. */
	if ((*p == '-') | ((unsigned char)(*p - '0') < 10))
		return plain_number(p, end, take, m);
	switch (*p) {
	case '"':
		m->type = FSV_JSON_STRING;
		return plain_text(p, end, &m->value);
	case 't':
		m->type = FSV_JSON_TRUE;
		return end - p > 4 && memcmp(p, "true", 4) == 0 ? p + 4 : NULL;
	case 'f':
		m->type = FSV_JSON_FALSE;
		return end - p > 5 && memcmp(p, "false", 5) == 0 ? p + 5 : NULL;
	default:
		return NULL;
	}
}

/* Steps over the next member of the open object when it is plain; otherwise nothing has changed. */
INLINE bool plain_member(struct fsv_json *j, bool take, struct plain *m)
{
	const char *end = j->end, *p = skip_white(j->p, end), *q;
	size_t spaces = (size_t)(p - j->p);

	if (!j->first && (p == end || *p++ != ','))
		return false;
	q = skip_white(p, end);
	spaces += (size_t)(q - p);
	p = q < end && *q == '"' ? plain_text(q, end, &m->name) : NULL;
	if (!p)
		return false;
	q = skip_white(p, end);
	spaces += (size_t)(q - p);
	if (q == end || *q++ != ':')
		return false;
	p = skip_white(q, end);
	spaces += (size_t)(p - q);
	p = plain_value(p, end, take, m);
	if (!p)
		return false;
	j->p = p;
	j->first = false;
	m->spaced = spaces > 0;
	return true;
}

#undef INLINE
#endif
