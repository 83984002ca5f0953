/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shortest digits by Schubfach (R. Giulietti, "The Schubfach way to render doubles", 2021), which
 * is also what the JDK uses since 19: the interval of decimals that read back to the value is
 * scaled by a power of ten such that it holds at most a few integers; one of them is the answer.
 */
#include "number.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "number-private.h"

/* value = digits × 10^exp; at most 17 digits, trailing zeros allowed. */
struct decimal {
	uint64_t digits;
	int exp;
};

/* g × cp / 2^128, rounded to odd: the lowest bit stays set when anything was cut off. */
static uint64_t scale(unsigned __int128 g, uint64_t cp)
{
	unsigned __int128 x = (unsigned __int128)(uint64_t)g * cp;
	unsigned __int128 y = (unsigned __int128)(uint64_t)(g >> 64) * cp + (uint64_t)(x >> 64);

	return (uint64_t)(y >> 64) | ((uint64_t)y > 1);
}

/* Here the table must be rounded up wherever it is not exact. */
static unsigned __int128 pow10_up(int q)
{
	const struct fsv_pow10 *g = &fsv_pow10[q - FSV_POW10_MIN];

	return ((unsigned __int128)g->hi << 64 | g->lo) + (q < -27 || q > 55);
}

/* Shortest decimal for c × 2^q; of several the nearest. narrow: the neighbour below is half as far
 * as the one above (c is a power of two). */
static struct decimal shortest(uint64_t c, int q, bool narrow)
{
	unsigned odd = c & 1;	/* then the ends of the interval read back to a neighbour */
	/* floor(log10(2^q)), or of 3/4 × 2^q */
	int k = (q * 1262611 - (narrow ? 524031 : 0)) >> 22;
	int h = q + fsv_log2_pow10(-k) + 1;
	unsigned __int128 g = pow10_up(-k);
	uint64_t low = scale(g, ((c << 2) - (narrow ? 1 : 2)) << h) + odd;
	uint64_t mid = scale(g, (c << 2) << h);
	uint64_t high = scale(g, ((c << 2) + 2) << h) - odd;
	uint64_t s = mid >> 2;
	bool down, up;

	/* One digit less, as long as two remain: Java prints 4.9E-324, not 5.0E-324. */
	if (s >= 100) {
		uint64_t tens = s / 10 * 10;

		down = low <= tens << 2;
		up = (tens + 10) << 2 <= high;
		if (down != up)
			return (struct decimal){ down ? tens : tens + 10, k };
	}
	down = low <= s << 2;
	up = (s + 1) << 2 <= high;
	if (down == up) {
		uint64_t half = (s << 2) + 2;

		down = mid < half || (mid == half && (s & 1) == 0);
	}
	return (struct decimal){ down ? s : s + 1, k };
}

/* Values this small have one digit at the scale of `shortest`; Java wants the nearest of two. */
static struct decimal shortest_tiny(uint64_t c, int q)
{
	struct decimal d = shortest(10 * c, q, false);

	d.exp--;
	return d;
}

static struct decimal double_digits(uint64_t bits)
{
	uint64_t c = bits & ((UINT64_C(1) << 52) - 1);
	int biased = (int)(bits >> 52 & 0x7ff);
	int q = biased - 1075;
	bool power_of_two = c == 0;
	struct decimal d;

	if (biased == 0)
		return c < 3 ? shortest_tiny(c, -1074) : shortest(c, -1074, false);
	c |= UINT64_C(1) << 52;
	if (q < 0 && q > -53 && c >> -q << -q == c)
		return (struct decimal){ c >> -q, 0 };	/* a whole number */
	if (fsv_jdk_digits(c, q, &d.digits, &d.exp))
		return d;
	return shortest(c, q, power_of_two && biased > 1);
}

static struct decimal float_digits(uint32_t bits)
{
	uint32_t c = bits & ((UINT32_C(1) << 23) - 1);
	int biased = (int)(bits >> 23 & 0xff);
	int q = biased - 150;
	bool power_of_two = c == 0;

	if (biased == 0)
		return c < 8 ? shortest_tiny(c, -149) : shortest(c, -149, false);
	c |= UINT32_C(1) << 23;
	if (q < 0 && q > -24 && c >> -q << -q == c)
		return (struct decimal){ c >> -q, 0 };
	return shortest(c, q, power_of_two && biased > 1);
}

/* The eight decimal digits of x < 10^8 as bytes 0..9, the most significant one in the lowest byte. */
static uint64_t eight_digits(uint32_t x)
{
	uint64_t v = x / 10000 | (uint64_t)(x % 10000) << 32;
	uint64_t tens = v * 10486 >> 20 & UINT64_C(0x0000007f0000007f);

	v = tens | (v - 100 * tens) << 16;
	tens = v * 103 >> 10 & UINT64_C(0x000f000f000f000f);
	return tens | (v - 10 * tens) << 8;
}

static void put_eight(char *out, uint64_t digits)
{
	digits = htole64(digits | UINT64_C(0x3030303030303030));
	memcpy(out, &digits, 8);
}

static unsigned count_digits(uint64_t v)
{
	static const uint64_t pow10[] = {
		1u, 10u, 100u, 1000u, 10000u, 100000u, 1000000u, 10000000u, 100000000u,
		1000000000u, 10000000000u, 100000000000u, 1000000000000u, 10000000000000u,
		100000000000000u, 1000000000000000u, 10000000000000000u, 100000000000000000u,
	};
	unsigned n = (64 - (unsigned)__builtin_clzll(v)) * 1233 >> 12;	/* floor(log10), or one more */

	return n + (v >= pow10[n]);
}

enum { DIGITS = 17, PADDED = 24 };

/* Left-justified digits, filled up with '0' to PADDED; returns how many are significant. */
static unsigned put_digits(char out[PADDED], uint64_t v, unsigned n)
{
	static const uint64_t pow10[] = {
		10000000000000000u, 1000000000000000u, 100000000000000u, 10000000000000u,
		1000000000000u, 100000000000u, 10000000000u, 1000000000u, 100000000u, 10000000u,
		1000000u, 100000u, 10000u, 1000u, 100u, 10u, 1u,
	};
	uint64_t high, low;

	if (n > DIGITS) {
		/* Only of whole numbers, whose last digit then is not 0. */
		(void)put_digits(out, v / 10, DIGITS);
		out[DIGITS] = (char)('0' + v % 10);
		return DIGITS + 1;
	}
	v *= pow10[n - 1];
	high = eight_digits((uint32_t)(v / 100000000 % 100000000));
	low = eight_digits((uint32_t)(v % 100000000));
	out[0] = (char)('0' + v / 10000000000000000);
	put_eight(out + 1, high);
	put_eight(out + 9, low);
	memset(out + DIGITS, '0', PADDED - DIGITS);
	if (low)
		return DIGITS - (unsigned)__builtin_clzll(low) / 8;
	return high ? 9 - (unsigned)__builtin_clzll(high) / 8 : 1;
}

static char *put_exponent(char *p, int e)
{
	*p++ = 'E';
	if (e < 0) {
		*p++ = '-';
		e = -e;
	}
	if (e >= 100)
		*p++ = (char)('0' + e / 100);
	if (e >= 10)
		*p++ = (char)('0' + e / 10 % 10);
	*p++ = (char)('0' + e % 10);
	return p;
}

/* The fixed-size copies write past the end of the number, but not past FSV_DOUBLE_TEXT_MAX. */
static char *put_java(char *p, struct decimal d)
{
	char digits[PADDED];
	unsigned n = count_digits(d.digits);
	int e = d.exp + (int)n - 1;	/* of the first digit */

	n = put_digits(digits, d.digits, n);
	if (e >= 0 && e < 7) {
		unsigned whole = (unsigned)e + 1;

		memcpy(p, digits, 8);
		p[whole] = '.';
		memcpy(p + whole + 1, digits + whole, 16);
		return p + 1 + (n > whole ? n : whole + 1);
	}
	if (e < 0 && e >= -3) {
		memcpy(p, "0.00", 4);
		p += 1 - e;
		memcpy(p, digits, PADDED);
		return p + n;
	}
	p[0] = digits[0];
	p[1] = '.';
	memcpy(p + 2, digits + 1, DIGITS);
	return put_exponent(p + 1 + (n > 1 ? n : 2), e);
}

static size_t put_text(char *out, const char *text)
{
	size_t n = strlen(text);

	memcpy(out, text, n);
	return n;
}

size_t fsv_double_to_java(double v, char out[FSV_DOUBLE_TEXT_MAX])
{
	uint64_t bits;
	char *p = out;

	memcpy(&bits, &v, sizeof(bits));
	if (v != v)
		return put_text(out, "NaN");
	if (bits >> 63)
		*p++ = '-';
	bits &= INT64_MAX;
	if (bits == 0)
		return (size_t)(p - out) + put_text(p, "0.0");
	if (bits >> 52 == 0x7ff)
		return (size_t)(p - out) + put_text(p, "Infinity");
	return (size_t)(put_java(p, double_digits(bits)) - out);
}

size_t fsv_float_to_java(float v, char out[FSV_DOUBLE_TEXT_MAX])
{
	uint32_t bits;
	char *p = out;

	memcpy(&bits, &v, sizeof(bits));
	bits &= INT32_MAX;
	if (bits == 0 || bits >> 23 == 0xff)
		return fsv_double_to_java(v, out);
	if (v < 0)
		*p++ = '-';
	return (size_t)(put_java(p, float_digits(bits)) - out);
}
