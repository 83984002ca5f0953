/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digits as Java before 19 chooses them, where they are not the shortest: of whole numbers from 2^53 on, of
 * numbers whose interval of rounding ends at a short decimal, and of powers of two. There it either rounds
 * the exact integer to as many digits as its last bit is worth, or generates digits from an exact fraction
 * until what is left lies within half a unit of the last place, with ends that do not count and, for
 * powers of two, half as far away. Slow and exact: these numbers are rare.
 */
#include "number-private.h"

#include <math.h>
#include <string.h>

enum { WORDS = 48, FRACTION_BITS = 52 };

struct big {
	uint32_t w[WORDS];	/* least significant first */
	int n;
};

static struct big big_from(uint64_t v)
{
	struct big b = { .w = { (uint32_t)v, (uint32_t)(v >> 32) }, .n = 2 };

	return b;
}

static void multiply(struct big *b, uint32_t by)
{
	uint64_t carry = 0;

	for (int i = 0; i < b->n; i++) {
		carry += (uint64_t)b->w[i] * by;
		b->w[i] = (uint32_t)carry;
		carry >>= 32;
	}
	if (carry && b->n < WORDS)
		b->w[b->n++] = (uint32_t)carry;
}

static void scale(struct big *b, int fives, int twos)
{
	for (; fives > 0; fives--)
		multiply(b, 5);
	for (; twos >= 31; twos -= 31)
		multiply(b, UINT32_C(1) << 31);
	multiply(b, UINT32_C(1) << twos);
}

static int compare(const struct big *a, const struct big *b)
{
	for (int i = (a->n > b->n ? a->n : b->n) - 1; i >= 0; i--) {
		uint32_t x = i < a->n ? a->w[i] : 0, y = i < b->n ? b->w[i] : 0;

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

static void add(struct big *a, const struct big *b)
{
	int n = a->n > b->n ? a->n : b->n;
	uint64_t carry = 0;

	for (int i = 0; i < n; i++) {
		carry += (uint64_t)(i < a->n ? a->w[i] : 0) + (i < b->n ? b->w[i] : 0);
		a->w[i] = (uint32_t)carry;
		carry >>= 32;
	}
	a->n = n;
	if (carry && a->n < WORDS)
		a->w[a->n++] = (uint32_t)carry;
}

/* a >= b */
static void subtract(struct big *a, const struct big *b)
{
	int64_t borrow = 0;

	for (int i = 0; i < a->n; i++) {
		borrow += (int64_t)a->w[i] - (i < b->n ? b->w[i] : 0);
		a->w[i] = (uint32_t)borrow;
		borrow >>= 32;
	}
}

static unsigned divide(struct big *b, const struct big *s)
{
	unsigned q = 0;

	for (; compare(b, s) >= 0; q++)
		subtract(b, s);
	return q;
}

/* Java's guess at the exponent of the first digit: right or one too high. */
static int guess_exponent(uint64_t c, int binary)
{
	uint64_t bits = UINT64_C(0x3ff0000000000000) | (c & ((UINT64_C(1) << FRACTION_BITS) - 1));
	double d;

	memcpy(&d, &bits, sizeof(d));
	return (int)floor((d - 1.5) * 0.289529654 + 0.176091259 + (double)binary * 0.301029995663981);
}

/* b / s is the number, m / s half a unit of its last place, both over ten to the exponent. */
struct fraction {
	struct big b, s, m;
	int bits;		/* 32, 64: Java works in integers of that size, which may wrap; 0: exactly */
};

static struct fraction make_fraction(uint64_t c, int binary, int exponent)
{
	int tail = __builtin_ctzll(c), n_bits = FRACTION_BITS + 1 - tail;
	int tiny = n_bits - binary - 1 > 0 ? n_bits - binary - 1 : 0;
	int b5 = exponent < 0 ? -exponent : 0, s5 = exponent > 0 ? exponent : 0;
	int b2 = b5 + tiny + binary, s2 = s5 + tiny, m2 = b2 - (FRACTION_BITS + 1), common, b_bits, tens_bits;
	const double log2_5 = 2.321928094887362;
	struct fraction f;

	b2 -= n_bits - 1;
	common = b2 < s2 ? b2 : s2;
	b2 -= common;
	s2 -= common;
	m2 -= common;
	if (n_bits == 1)
		m2--;
	if (m2 < 0) {
		b2 -= m2;
		s2 -= m2;
		m2 = 0;
	}
	b_bits = n_bits + b2 + (int)ceil(b5 * log2_5);
	tens_bits = s2 + 1 + (int)ceil((s5 + 1) * log2_5);
	f.bits = b_bits < 32 && tens_bits < 32 ? 32 : b_bits < 64 && tens_bits < 64 ? 64 : 0;
	f.b = big_from(c >> tail);
	f.s = big_from(1);
	f.m = big_from(1);
	scale(&f.b, b5, b2);
	scale(&f.s, s5, s2);
	scale(&f.m, b5, m2);
	return f;
}

static uint64_t low_64(const struct big *b)
{
	return b->w[0] | (uint64_t)(b->n > 1 ? b->w[1] : 0) << 32;
}

static bool near_top(const struct fraction *f, const struct big *tens)
{
	struct big sum = f->b;

	add(&sum, &f->m);
	if (f->bits == 0)
		return compare(&sum, tens) >= 0;
	if (f->bits == 32)
		return (int32_t)sum.w[0] > (int32_t)tens->w[0];
	return (int64_t)low_64(&sum) > (int64_t)low_64(tens);
}

/* Has half a unit outgrown Java's integers? */
static bool wrapped(const struct fraction *f)
{
	if (f->bits == 32)
		return (int32_t)f->m.w[0] <= 0;
	return f->bits == 64 && (int64_t)low_64(&f->m) <= 0;
}

static void generate(struct fraction *f, int exponent, uint64_t *ret_digits, int *ret_exponent)
{
	struct big tens = f->s;
	uint64_t digits = 0;
	bool low, high;
	int n = 0;

	multiply(&tens, 10);
	do {
		digits = digits * 10 + divide(&f->b, &f->s);
		multiply(&f->b, 10);
		multiply(&f->m, 10);
		low = compare(&f->b, &f->m) < 0;
		high = near_top(f, &tens);
		if (n > 0 && wrapped(f))
			low = high = true;
		if (digits == 0 && !high && n == 0) {
			exponent--;
			/* The leading zero is none of the digits. */
			low = high = false;
			continue;
		}
		/* With an exponent there are two digits at least. */
		if (n++ == 0)
			low = high = false;
	} while (!low && !high);
	if (high && low) {
		multiply(&f->b, 2);
		digits += compare(&f->b, &tens) > 0 || (compare(&f->b, &tens) == 0 && digits % 2 == 1);
	} else {
		digits += high;
	}
	*ret_digits = digits;
	*ret_exponent = exponent - (n - 1);
}

/* 2^53 <= v < 2^63: the exact integer, less the digits that its last bit does not reach. */
static void round_whole(uint64_t v, uint64_t *ret_digits, int *ret_exponent)
{
	int worth = 63 - __builtin_clzll(v) - (FRACTION_BITS + 1) - 1;
	int drop = worth >= 7 ? 2 : worth >= 4 ? 1 : 0;
	uint64_t unit = drop == 2 ? 100 : drop == 1 ? 10 : 1;

	*ret_digits = (v + unit / 2) / unit;
	*ret_exponent = drop;
}

bool fsv_jdk_digits(uint64_t c, int q, uint64_t *ret_digits, int *ret_exponent)
{
	int binary = q + FRACTION_BITS, exponent;
	struct fraction f;

	if (binary > FRACTION_BITS && binary < 63)
		round_whole(c << q, ret_digits, ret_exponent);
	else if ((binary >= 63 && binary < 100) || (c == UINT64_C(1) << FRACTION_BITS && (binary >= 63 || binary < 0))) {
		exponent = guess_exponent(c, binary);
		f = make_fraction(c, binary, exponent);
		generate(&f, exponent, ret_digits, ret_exponent);
	} else {
		return false;
	}
	while (*ret_digits % 10 == 0) {
		*ret_digits /= 10;
		++*ret_exponent;
	}
	return true;
}
