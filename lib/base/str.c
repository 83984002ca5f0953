/* SPDX-License-Identifier: Apache-2.0 */
#include "str.h"

#include <sys/random.h>

#include "mem.h"

static unsigned char lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

int fsv_str_order(struct fsv_str a, struct fsv_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

bool fsv_str_caseeq(struct fsv_str a, struct fsv_str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower((unsigned char)a.p[i]) != lower((unsigned char)b.p[i]))
			return false;
	return true;
}

bool fsv_str_case_holds(struct fsv_str s, struct fsv_str part)
{
	for (size_t i = 0; i + part.n <= s.n; i++)
		if (fsv_str_caseeq(fsv_str_n(s.p + i, part.n), part))
			return true;
	return false;
}

bool fsv_str_starts(struct fsv_str s, struct fsv_str head)
{
	return s.n >= head.n && fsv_str_eq(fsv_str_n(s.p, head.n), head);
}

bool fsv_str_ends(struct fsv_str s, struct fsv_str tail)
{
	return s.n >= tail.n && (tail.n == 0 || memcmp(s.p + s.n - tail.n, tail.p, tail.n) == 0);
}

size_t fsv_str_find(struct fsv_str s, char c, size_t from)
{
	const char *hit;

	if (from >= s.n)
		return s.n;
	hit = memchr(s.p + from, c, s.n - from);
	return hit ? (size_t)(hit - s.p) : s.n;
}

struct fsv_str fsv_str_sub(struct fsv_str s, size_t from, size_t to)
{
	if (to > s.n)
		to = s.n;
	if (from > to)
		from = to;
	return (struct fsv_str){ s.p ? s.p + from : NULL, to - from };
}

struct fsv_str fsv_str_trim(struct fsv_str s)
{
	while (s.n > 0 && (unsigned char)s.p[0] <= 0x20) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && (unsigned char)s.p[s.n - 1] <= 0x20)
		s.n--;
	return s;
}

bool fsv_str_blank(struct fsv_str s)
{
	return fsv_str_trim(s).n == 0;
}

bool fsv_str_to_i64(struct fsv_str s, int64_t *ret_value)
{
	bool neg = false;
	uint64_t v = 0, max = INT64_MAX;
	size_t i = 0;

	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+')) {
		neg = s.p[0] == '-';
		max += neg;
		i = 1;
	}
	if (i == s.n)
		return false;
	for (; i < s.n; i++) {
		unsigned d = (unsigned char)s.p[i] - '0';

		if (d > 9 || v > (max - d) / 10)
			return false;
		v = v * 10 + d;
	}
	*ret_value = neg ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

static uint64_t load64(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

size_t fsv_str_utf8(struct fsv_str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t i = 0;

	while (i < s.n) {
		unsigned char c = p[i];
		size_t need;
		unsigned lo = 0x80, hi = 0xbf;

		if (c < 0x80) {
			i++;
			while (s.n - i >= 8 && !(load64(s.p + i) & 0x8080808080808080u))
				i += 8;
			continue;
		}
		if (c >= 0xc2 && c <= 0xdf) {
			need = 1;
		} else if (c >= 0xe0 && c <= 0xef) {
			need = 2;
			if (c == 0xe0)
				lo = 0xa0;
			else if (c == 0xed)
				hi = 0x9f;
		} else if (c >= 0xf0 && c <= 0xf4) {
			need = 3;
			if (c == 0xf0)
				lo = 0x90;
			else if (c == 0xf4)
				hi = 0x8f;
		} else {
			return i;
		}
		if (s.n - i <= need || p[i + 1] < lo || p[i + 1] > hi)
			return i;
		for (size_t k = 2; k <= need; k++)
			if ((p[i + k] & 0xc0) != 0x80)
				return i;
		i += need + 1;
	}
	return i;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	__uint128_t m = (__uint128_t)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Differs in each process, so that names chosen by a client cannot be made to collide on purpose. */
static uint64_t seed = 0x9e3779b97f4a7c15u;

__attribute__((constructor)) static void choose_seed(void)
{
	uint64_t random;

	/* Without randomness yet, early at boot, the constant must do. */
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) == (ssize_t)sizeof(random))
		seed = random;
}

/* Up to seven bytes as one number; different ones for different texts of one length. */
static uint64_t load_tail(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;
	uint32_t first, last;

	if (n < 4)
		return u[0] | (uint64_t)u[n / 2] << 8 | (uint64_t)u[n - 1] << 16;
	memcpy(&first, p, sizeof(first));
	memcpy(&last, p + n - 4, sizeof(last));
	return first | (uint64_t)last << 32;
}

uint64_t fsv_str_hash(struct fsv_str s)
{
	uint64_t h = seed ^ s.n;
	const char *p = s.p;
	size_t n = s.n;

	for (; n >= 8; n -= 8, p += 8)
		h = mix(h ^ load64(p), 0xe7037ed1a0b428dbu);
	if (n > 0)
		h = mix(h ^ load_tail(p, n), 0x8ebc6af09c88c6e3u);
	return h ^ (h >> 29);
}

char *fsv_str_dup(struct fsv_str s)
{
	char *p = fsv_malloc(s.n + 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}
