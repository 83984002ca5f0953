/* SPDX-License-Identifier: Apache-2.0 */
#include "call/trace.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/random.h>

#include "base/time.h"

/* 00-<32 hex>-<16 hex>-<2 hex>; the low 56 bits of the trace id are the random ones. */
enum { TRACEPARENT_LEN = 55, SPAN_AT = 36, RANDOM_AT = 21, RANDOM_DIGITS = 14, RANDOM_BITS = 56 };

/* 0: nothing is sampled; else 1 + the bound that the random bits of a sampled trace id are below. */
static _Atomic uint64_t sampled_below;

static uint64_t rotl(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

/* xoroshiro128++, one state per thread: ids must differ, nobody has to be unable to guess them. */
static uint64_t random64(void)
{
	static _Thread_local uint64_t s[2];
	uint64_t a, b, r;

	if (s[0] == 0 && s[1] == 0 && getrandom(s, sizeof(s), 0) != (ssize_t)sizeof(s)) {
		s[0] = (uint64_t)fsv_now_ns() ^ (uint64_t)(uintptr_t)s;
		s[1] = (uint64_t)fsv_wall_ms() | 1;
	}
	a = s[0];
	b = s[1];
	r = rotl(a + b, 17) + a;
	b ^= a;
	s[0] = rotl(a, 49) ^ b ^ b << 21;
	s[1] = rotl(b, 28);
	return r;
}

static void hex16(char *out, uint64_t v)
{
	for (int i = 15; i >= 0; i--, v >>= 4)
		out[i] = "0123456789abcdef"[v & 15];
}

void fsv_random_hex32(char out[33])
{
	hex16(out, random64());
	hex16(out + 16, random64());
	out[32] = '\0';
}

static bool printable(struct fsv_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return true;
}

static struct fsv_str take_case_id(struct fsv_arena *arena, struct fsv_str given)
{
	char fresh[33];

	given = fsv_str_sub(given, 0, FSV_CASE_ID_MAX);
	if (!fsv_str_blank(given) && printable(given))
		return fsv_arena_str(arena, given);
	fsv_random_hex32(fresh);
	return fsv_arena_str(arena, FSV_STR(fresh));
}

/* n hex digits at s, lower case as the standard demands, not all of them zero. */
static bool is_id(const char *s, size_t n)
{
	bool zero = true;

	for (size_t i = 0; i < n; i++) {
		if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f')))
			return false;
		zero = zero && s[i] == '0';
	}
	return !zero;
}

static bool valid_traceparent(struct fsv_str s)
{
	return s.n == TRACEPARENT_LEN && memcmp(s.p, "00-", 3) == 0 && s.p[35] == '-' && s.p[52] == '-' &&
	       is_id(s.p + 3, 32) && is_id(s.p + 36, 16) && (memcmp(s.p + 53, "00", 2) == 0 || is_id(s.p + 53, 2));
}

void fsv_trace_sample(double share)
{
	atomic_store(&sampled_below, 1 + (uint64_t)(share * (double)(UINT64_C(1) << RANDOM_BITS)));
}

void fsv_trace_sample_none(void)
{
	atomic_store(&sampled_below, 0);
}

static unsigned hex_digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Marks the traceparent when it is. */
static bool sample(char *traceparent, uint64_t below)
{
	char *flags = traceparent + TRACEPARENT_LEN - 1;
	uint64_t random = 0;

	for (int i = 0; i < RANDOM_DIGITS; i++)
		random = random << 4 | hex_digit(traceparent[RANDOM_AT + i]);
	if ((hex_digit(*flags) & 1) == 0) {
		if (random >= below - 1)
			return false;
		*flags = "0123456789abcdef"[hex_digit(*flags) | 1];
	}
	return true;
}

static void take_traceparent(struct fsv_arena *arena, struct fsv_str given, struct fsv_trace *t)
{
	uint64_t below = atomic_load_explicit(&sampled_below, memory_order_relaxed);
	char *out = fsv_arena_alloc(arena, TRACEPARENT_LEN + 1);
	char fresh[33];

	memset(t->parent_id, 0, sizeof(t->parent_id));
	if (valid_traceparent(given)) {
		memcpy(out, given.p, TRACEPARENT_LEN);
		memcpy(t->parent_id, given.p + SPAN_AT, sizeof(t->parent_id) - 1);
	} else {
		fsv_random_hex32(fresh);
		memcpy(out, "00-", 3);
		memcpy(out + 3, fresh, 32);
		memcpy(out + 35, "-0000000000000000-00", 20);
	}
	do
		hex16(out + SPAN_AT, random64());
	while (!is_id(out + SPAN_AT, 16));
	out[TRACEPARENT_LEN] = '\0';
	t->traceparent = fsv_str_n(out, TRACEPARENT_LEN);
	t->sampled = below > 0 && sample(out, below);
}

struct fsv_trace fsv_trace_start(struct fsv_arena *arena, struct fsv_str case_id, struct fsv_str traceparent,
				 struct fsv_str hops)
{
	struct fsv_trace t;
	int64_t n;

	t.case_id = take_case_id(arena, case_id);
	take_traceparent(arena, traceparent, &t);
	/* Nonsense counts as the bound: whoever sends it is not one of us and must not get round it. */
	if (hops.n == 0)
		t.hops = 0;
	else
		t.hops = fsv_str_to_i64(hops, &n) && n >= 0 && n < FSV_HOPS_MAX ? (unsigned)n : FSV_HOPS_MAX;
	return t;
}
