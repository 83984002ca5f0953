/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doubles from text, correctly rounded and independent of the locale. Nineteen digits fit into 64
 * bits and are rounded by the method of Eisel and Lemire (D. Lemire, "Number parsing at a gigabyte
 * per second", 2021; N. Mushtak and D. Lemire, 2023, show that it never has to give up). More
 * digits are between w and w + 1; only when these two round differently strtod has to decide.
 */
#include "number.h"

#include <endian.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number-private.h"

struct decimal {
	uint64_t w;		/* the first 19 significant digits at most */
	int64_t exp;		/* value = w × 10^exp, or up to one w more when inexact */
	bool inexact;		/* there are further digits */
	const char *digits;	/* the mantissa as it stands, with or without a point */
	const char *digits_end;
};

static bool is_digit(char c)
{
	return (unsigned)(c - '0') < 10;
}

static uint64_t load_eight(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static bool all_digits(uint64_t v)
{
	return ((v + UINT64_C(0x4646464646464646)) | (v - UINT64_C(0x3030303030303030))) >> 7 &
	       UINT64_C(0x0101010101010101) ? false : true;
}

/* Appends the digits at p to *w (modulo 2^64); returns where they end. */
static const char *take_digits(const char *p, const char *end, uint64_t *w)
{
	uint64_t v;

	for (; end - p >= 8 && all_digits(v = load_eight(p)); p += 8)
		*w = *w * 100000000 + fsv_eight_digits(v - UINT64_C(0x3030303030303030));
	for (; p < end && is_digit(*p); p++)
		*w = *w * 10 + (unsigned)(*p - '0');
	return p;
}

/* More digits than fit: the first 19 of them again. */
static void cut_digits(struct decimal *d)
{
	unsigned kept = 0;

	d->w = 0;
	for (const char *p = d->digits; p < d->digits_end; p++) {
		if (*p == '.' || (kept == 0 && *p == '0'))
			continue;
		if (kept < 19) {
			d->w = d->w * 10 + (unsigned)(*p - '0');
			kept++;
		} else {
			d->exp++;
			d->inexact = true;
		}
	}
}

/* Behind the 'e'. The cap is far beyond what the digits of any text in memory can make up for. */
static const char *read_exponent(const char *p, const char *end, int64_t *exp)
{
	bool neg = false;
	int64_t x = 0;

	if (p < end && (*p == '-' || *p == '+'))
		neg = *p++ == '-';
	if (p == end || !is_digit(*p))
		return NULL;
	for (; p < end && is_digit(*p); p++)
		if (x < INT64_C(1000000000000000))
			x = x * 10 + (*p - '0');
	*exp += neg ? -x : x;
	return p;
}

/* Digits with an optional point and exponent; returns where it ends, NULL when malformed. */
static const char *read_decimal(const char *p, const char *end, struct decimal *d)
{
	ptrdiff_t n;

	*d = (struct decimal){ .digits = p };
	p = take_digits(p, end, &d->w);
	n = p - d->digits;
	if (p < end && *p == '.') {
		const char *fraction = ++p;

		p = take_digits(p, end, &d->w);
		d->exp = fraction - p;
		n += p - fraction;
	}
	d->digits_end = p;
	if (n == 0)
		return NULL;
	if (n > 19)
		cut_digits(d);
	if (p < end && (*p | 0x20) == 'e')
		p = read_exponent(p + 1, end, &d->exp);
	return p;
}

static double from_bits(uint64_t bits)
{
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

/* Bits of w × 10^exp, rounded to nearest, ties to even. */
static uint64_t round_decimal(uint64_t w, int64_t exp)
{
	const struct fsv_pow10 *g;
	unsigned __int128 product;
	uint64_t upper, lower, m;
	int lz, q, top, e;

	if (w == 0 || exp < FSV_POW10_MIN)
		return 0;
	if (exp > 308)
		return UINT64_C(0x7ff) << 52;
	q = (int)exp;
	g = &fsv_pow10[q - FSV_POW10_MIN];
	lz = __builtin_clzll(w);
	w <<= lz;
	product = (unsigned __int128)w * g->hi;
	/* The second half of the power counts only when it could carry into what we look at. */
	if (((uint64_t)(product >> 64) & 0x1ff) == 0x1ff)
		product += (uint64_t)((unsigned __int128)w * g->lo >> 64);
	upper = (uint64_t)(product >> 64);
	lower = (uint64_t)product;
	top = (int)(upper >> 63);
	m = upper >> (top + 9);		/* 54 bits: the mantissa and one to round by */
	e = fsv_log2_pow10(q) + 63 + top - lz + 1023;
	if (e <= 0) {			/* subnormal; a tie cannot happen here */
		if (e <= -63)
			return 0;
		m >>= 1 - e;
		return (m + (m & 1)) >> 1;	/* 2^52 is the smallest normal one, as it should be */
	}
	/* Exactly between two doubles: possible only while 5^q is small. Round down to even. */
	if (lower <= 1 && q >= -4 && q <= 23 && (m & 3) == 1 && m << (top + 9) == upper)
		m &= ~UINT64_C(1);
	m = (m + (m & 1)) >> 1;
	if (m >> 53) {
		m >>= 1;
		e++;
	}
	if (e >= 0x7ff)
		return UINT64_C(0x7ff) << 52;
	return (m & ~(UINT64_C(1) << 52)) | (uint64_t)e << 52;
}

/*
 * All digits count. A tie has 767 of them at most, so behind the first 800 only their being zero
 * or not matters. Written without a point, for that is what strtod takes from the locale.
 */
static double round_long(const struct decimal *d)
{
	enum { KEEP = 800 };
	char text[KEEP + 32];
	size_t n = 0;
	int64_t exp = d->exp;
	bool rest = false;

	for (const char *p = d->digits; p < d->digits_end; p++) {
		if (*p == '.' || (n == 0 && *p == '0'))
			continue;
		if (n < KEEP)
			text[n++] = *p;
		else if (*p != '0')
			rest = true;
	}
	exp -= (int64_t)(n < 19 ? 0 : n - 19);	/* d->exp belongs to 19 digits */
	if (rest) {
		text[n++] = '1';
		exp--;
	}
	snprintf(text + n, sizeof(text) - n, "e%lld", (long long)exp);
	return strtod(text, NULL);
}

static double finish(const struct decimal *d)
{
	uint64_t bits = round_decimal(d->w, d->exp);

	if (d->inexact && bits != round_decimal(d->w + 1, d->exp))
		return round_long(d);
	return from_bits(bits);
}

double fsv_double_from_json(struct fsv_str spelling)
{
	const char *p = spelling.p, *end = p + spelling.n;
	struct decimal d;
	double v;
	bool neg = p < end && *p == '-';

	if (!read_decimal(p + neg, end, &d))
		return NAN;
	v = finish(&d);
	/* "-0" is an integer, and those have one zero. */
	return neg && !(v == 0 && spelling.n == 2) ? -v : v;
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Behind "0x": hex digits with an optional point, then 'p' and an exponent of two. */
static const char *read_hex(const char *p, const char *end, double *ret_value)
{
	uint64_t w = 0;
	int64_t exp = 0;
	bool point = false, sticky = false, any_whole = false, any_fraction = false;
	char text[64];
	int x;

	for (; p < end; p++) {
		if (*p == '.' && !point) {
			point = true;
			continue;
		}
		x = hex_digit(*p);
		if (x < 0)
			break;
		*(point ? &any_fraction : &any_whole) = true;
		if (w >> 60) {
			sticky |= x != 0;
			exp += point ? 0 : 4;
		} else {
			w = w << 4 | (unsigned)x;
			exp -= point ? 4 : 0;
		}
	}
	if (!any_whole && !any_fraction)
		return NULL;
	if (p == end || (*p | 0x20) != 'p')
		return NULL;
	p = read_exponent(p + 1, end, &exp);
	if (!p)
		return NULL;
	/* w has 61 bits or more when sticky is set: its last one is below anything that is kept. */
	snprintf(text, sizeof(text), "0x%llxp%lld", (unsigned long long)(w | sticky),
		 (long long)exp);
	*ret_value = strtod(text, NULL);
	return p;
}

/* What may stand between the sign and the end, "NaN" and "Infinity" apart. */
static bool read_unsigned(const char *p, const char *end, double *ret_value)
{
	struct decimal d;

	if (end - p > 2 && p[0] == '0' && (p[1] | 0x20) == 'x') {
		p = read_hex(p + 2, end, ret_value);
	} else {
		p = read_decimal(p, end, &d);
		if (p)
			*ret_value = finish(&d);
	}
	if (p && p < end && ((*p | 0x20) == 'f' || (*p | 0x20) == 'd'))
		p++;
	return p == end;
}

bool fsv_double_from_java(struct fsv_str text, double *ret_value)
{
	struct fsv_str s = fsv_str_trim(text);
	bool neg = false;
	double v = 0;

	if (s.n == 0)
		return false;
	if (*s.p == '-' || *s.p == '+') {
		neg = *s.p == '-';
		s = fsv_str_sub(s, 1, s.n);
	}
	if (fsv_str_eq(s, FSV_STR("NaN")))
		v = NAN;
	else if (fsv_str_eq(s, FSV_STR("Infinity")))
		v = INFINITY;
	else if (!read_unsigned(s.p, s.p + s.n, &v))
		return false;
	*ret_value = neg ? -v : v;
	return true;
}
