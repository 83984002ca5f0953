/* SPDX-License-Identifier: Apache-2.0 */
/* Powers of ten that reading and printing of doubles share. */
#ifndef FSV_CODEC_NUMBER_PRIVATE_H
#define FSV_CODEC_NUMBER_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

enum { FSV_POW10_MIN = -342, FSV_POW10_MAX = 324 };

/*
 * The leading 128 bits of 10^q, top bit set. Exact for 0 <= q <= 55; else rounded down, except for
 * -27 <= q <= -1, rounded up, which makes quotients that are exact come out exact.
 */
struct fsv_pow10 {
	uint64_t hi, lo;
};
extern const struct fsv_pow10 fsv_pow10[FSV_POW10_MAX - FSV_POW10_MIN + 1];

/* floor(log2(10^q)), for |q| <= 1200. Right shift of a negative int is arithmetic in gcc and clang. */
static inline int fsv_log2_pow10(int q)
{
	return (q * 1741647) >> 19;
}

/* Digits and power of ten of c * 2^q, c with its top bit (2^52) set, where Java before 19 prints others than the
 * shortest ones; false where it does not. */
bool fsv_jdk_digits(uint64_t c, int q, uint64_t *ret_digits, int *ret_exponent);

/* Number that eight digits make, the first one in the lowest byte, without their '0'. */
static inline uint32_t fsv_eight_digits(uint64_t v)
{
	v = v * 10 + (v >> 8);
	return (uint32_t)(((v & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064) +
			   (v >> 16 & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x0000271000000001)) >> 32);
}

#endif
