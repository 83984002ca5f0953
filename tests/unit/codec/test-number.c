/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "codec/number.h"

enum { DIGITS_MAX = 1200 };

static uint64_t bits_of(double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits;
}

static double of_bits(uint64_t bits)
{
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

/* The same numbers in every run (xorshift64*). */
static uint64_t next_random(void)
{
	static uint64_t x = 88172645463325252u;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	return x * 2685821657736338717u;
}

/* Finite; every third one subnormal, every third one with a short mantissa, which is where ties live. */
static double random_double(unsigned i)
{
	uint64_t bits = next_random();

	if (i % 3 == 1)
		bits &= ~(UINT64_C(0x7ff) << 52);
	else if (i % 3 == 2)
		bits &= ~UINT64_C(0) << (i % 52);
	if ((bits >> 52 & 0x7ff) == 0x7ff)
		bits ^= UINT64_C(1) << 62;
	return of_bits(bits);
}

static void check_read(const char *text, double want)
{
	double got = fsv_double_from_json(fsv_str(text));

	if (bits_of(got) != bits_of(want))
		fail_msg("%.60s%s: got %a, want %a", text, strlen(text) > 60 ? "…" : "", got, want);
}

static const char *java(double v, char out[FSV_DOUBLE_TEXT_MAX + 1])
{
	out[fsv_double_to_java(v, out)] = '\0';
	return out;
}

/* spec/inference.md §0.3; the rest from the text of Double.toString and from its neighbourhood. */
static void doubles_print_as_in_java(void **state)
{
	static const struct {
		double v;
		const char *want;
	} cases[] = {
		{ 1, "1.0" }, { 0.001, "0.001" }, { 9999999, "9999999.0" }, { 0.5386207970765767, "0.5386207970765767" },
		{ 1e-5, "1.0E-5" }, { 1e7, "1.0E7" }, { 12345678.9, "1.23456789E7" },
		{ 2.1893533120552499e-13, "2.1893533120552499E-13" }, { 1e22, "1.0E22" }, { 0x1p-1074, "4.9E-324" },
		{ 0.0, "0.0" }, { -0.0, "-0.0" }, { INFINITY, "Infinity" }, { -INFINITY, "-Infinity" }, { NAN, "NaN" },
		{ -NAN, "NaN" }, { -1.5, "-1.5" }, { 0.1, "0.1" }, { 0.1 + 0.2, "0.30000000000000004" }, { 100, "100.0" },
		{ 1234567, "1234567.0" }, { 9999999.999999998, "9999999.999999998" }, { 0.00099999, "9.9999E-4" },
		{ 0.0012345, "0.0012345" }, { 123456.789, "123456.789" }, { 1e23, "9.999999999999999E22" }, { 9.5e-3, "0.0095" },
		{ 2e-323, "2.0E-323" }, { 0x1p-1073, "9.9E-324" }, { 0x3p-1074, "1.5E-323" }, { 1e100, "1.0E100" },
		{ 0x1.fffffffffffffp1023, "1.7976931348623157E308" }, { 0x1p-1022, "2.2250738585072014E-308" },
		{ 0x0.fffffffffffffp-1022, "2.225073858507201E-308" }, { 9007199254740992, "9.007199254740992E15" },
		{ 9007199254740994, "9.007199254740994E15" }, { 0x1p-44, "5.6843418860808015E-14" },
		{ 9223372036854775808.0, "9.223372036854776E18" }, { 1e21, "1.0E21" }, { 123456789012345680, "1.2345678901234568E17" },
		{ -1.2345678901234568e-300, "-1.2345678901234568E-300" }, { 2e-3, "0.002" }, { 10, "10.0" }, { 1000000, "1000000.0" },
		/* Observed on Java 17, which like all before 19 has its own idea of the shortest. */
		{ 2e23, "1.9999999999999998E23" }, { -0x1p147, "-1.7840596158824499E44" },
		{ 4.6399217692233134e18, "4.6399217692233134E18" }, { -0x1.9fd39f5cf75b6p+60, "-1.87271674796636314E18" },
		{ -0x1.7cbb4eb7ee074p+56, "-1.07166437917722432E17" }, { 0x1.335f0e8f0d70ep+72, "5.670000000000001E21" },
		{ 0x1.37b547a731c02p+75, "4.6000000000000004E22" }, { 0x1.d1de3d2d5c712p+84, "3.5199999999999995E25" },
		{ 0x1.65f2ef2e5881fp+85, "5.4091717800334085E25" }, { 0x1.2f1437ccc880ep+85, "4.5799999999999996E25" },
	};
	char out[FSV_DOUBLE_TEXT_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(java(cases[i].v, out), cases[i].want);
}

/* Digits without leading and trailing zeros; returns how many. */
static size_t significant(const char *text, char out[32])
{
	size_t n = 0;

	for (const char *p = text; *p && *p != 'E' && *p != 'e'; p++)
		if (*p >= '0' && *p <= '9' && (n > 0 || *p != '0'))
			out[n++] = *p;
	while (n > 0 && out[n - 1] == '0')
		n--;
	out[n] = '\0';
	return n;
}

/* Where Java before 19 may print other digits than the shortest and nearest. */
static bool prints_more_than_it_must(double v)
{
	int e;
	bool power_of_two = fabs(frexp(v, &e)) == 0.5;

	return power_of_two || (fabs(v) >= 0x1p53 && fabs(v) < 0x1p100);
}

static void printed_doubles_are_shortest_and_read_back(void **state)
{
	char out[FSV_DOUBLE_TEXT_MAX + 1], plain[64], digits[32];
	double v;
	size_t n;

	(void)state;
	for (unsigned i = 0; i < 60000; i++) {
		v = random_double(i);
		java(v, out);
		if (bits_of(strtod(out, NULL)) != bits_of(v))
			fail_msg("%a printed as %s", v, out);
		check_read(out, v);
		if (prints_more_than_it_must(v))
			continue;
		for (n = 2; n < 17; n++) {
			snprintf(plain, sizeof(plain), "%.*e", (int)n - 1, v);
			if (strtod(plain, NULL) == v)
				break;
		}
		if (significant(out, digits) > n)
			fail_msg("%a printed as %s, %zu digits suffice", v, out, n);
	}
}

/* Of the shortest ones the nearest: what %e prints with as many digits. Not for powers of two, where that may not
 * read back. */
static void printed_doubles_are_nearest(void **state)
{
	char out[FSV_DOUBLE_TEXT_MAX + 1], plain[64], got[32], want[32];
	double v;
	size_t n;

	(void)state;
	for (unsigned i = 0; i < 40000; i++) {
		v = of_bits(bits_of(random_double(3 * i)) | 1);
		if (prints_more_than_it_must(v))
			continue;
		n = significant(java(v, out), got);
		snprintf(plain, sizeof(plain), "%.*e", (int)(n < 2 ? 2 : n) - 1, v);
		significant(plain, want);
		if (strcmp(got, want) != 0)
			fail_msg("%a printed as %s, nearest is %s", v, out, plain);
	}
}

static void floats_print_as_in_java(void **state)
{
	static const struct {
		float v;
		const char *want;
	} cases[] = {
		{ 0.1f, "0.1" }, { 33.333332f, "33.333332" }, { 0x1p-149f, "1.4E-45" }, { 0x1p-148f, "2.8E-45" },
		{ 0x1.fffffep127f, "3.4028235E38" }, { 0x1p-126f, "1.1754944E-38" }, { 16777216, "1.6777216E7" },
		{ 0, "0.0" }, { -0.0f, "-0.0" }, { INFINITY, "Infinity" }, { NAN, "NaN" }, { -12.5f, "-12.5" }, { 1e10f, "1.0E10" },
		{ 0.001f, "0.001" }, { 9999999, "9999999.0" }, { 1e-3f / 2, "5.0E-4" },
	};
	char out[FSV_DOUBLE_TEXT_MAX + 1], plain[32], digits[32];
	uint32_t bits;
	float v;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		out[fsv_float_to_java(cases[i].v, out)] = '\0';
		assert_string_equal(out, cases[i].want);
	}
	for (unsigned i = 0; i < 60000; i++) {
		bits = (uint32_t)next_random() & (i % 4 ? UINT32_MAX : ~(UINT32_C(0xff) << 23));
		memcpy(&v, &bits, sizeof(v));
		if (!isfinite(v))
			continue;
		out[fsv_float_to_java(v, out)] = '\0';
		for (n = 2; n < 9; n++) {
			snprintf(plain, sizeof(plain), "%.*e", (int)n - 1, (double)v);
			if (strtof(plain, NULL) == v)
				break;
		}
		if (strtof(out, NULL) != v || significant(out, digits) > n)
			fail_msg("%a printed as %s, %zu digits suffice", (double)v, out, n);
	}
}

static void numbers_are_read_to_the_nearest_double(void **state)
{
	static const struct {
		const char *text;
		double want;
	} cases[] = {
		{ "0", 0 }, { "-0", 0 }, { "-0.0", -0.0 }, { "-0e5", -0.0 }, { "0.0e999999999999", 0 }, { "-1", -1 },
		{ "1e400", INFINITY }, { "-1e400", -INFINITY }, { "1e-400", 0 }, { "-1e-400", -0.0 },
		{ "1e99999999999999999999999", INFINITY }, { "1e-99999999999999999999999", 0 },
		{ "1.7976931348623157e308", 0x1.fffffffffffffp1023 }, { "1.7976931348623158e308", 0x1.fffffffffffffp1023 },
		{ "1.7976931348623159e308", INFINITY }, { "5e-324", 0x1p-1074 }, { "2.4703282292062328e-324", 0x1p-1074 },
		{ "2.4703282292062327e-324", 0 }, { "2.2250738585072011e-308", 0x0.fffffffffffffp-1022 },
		{ "2.2250738585072014e-308", 0x1p-1022 }, { "9007199254740993", 9007199254740992 },
		{ "9007199254740993.0000000000000000000000000000001", 9007199254740994 },
		{ "9007199254740992.9999999999999999999999999999999", 9007199254740992 },
		{ "9007199254740995", 9007199254740996 }, { "18446744073709551615", 0x1p64 }, { "18446744073709551616", 0x1p64 },
		{ "9999999999999999999", 1e19 }, { "99999999999999999999", 1e20 }, { "10000000000000000000", 1e19 },
		{ "0.1e1", 1 }, { "10E-1", 1 }, { "1E+2", 100 }, { "0.000001", 1e-6 }, { "123456789012345678901234567890", 123456789012345678901234567890.0 },
		{ "6.02214076e23", 6.02214076e23 }, { "1e23", 1e23 }, { "8.98846567431158e307", 8.98846567431158e307 },
		{ "0.00000000000000000000000000000000000000000000000000000000000000000001", 1e-68 },
		{ "2.2250738585072012e-308", 0x1p-1022 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_read(cases[i].text, cases[i].want);
}

static void digits_of_any_count_agree_with_strtod(void **state)
{
	static const int precision[] = { 14, 15, 16, 17, 18, 19, 20, 25, 40 };
	char text[96];
	size_t n;

	(void)state;
	for (unsigned i = 0; i < 40000; i++) {
		snprintf(text, sizeof(text), "%.*e", precision[i % 9], random_double(i));
		check_read(text, strtod(text, NULL));
	}
	for (unsigned i = 0; i < 40000; i++) {
		n = 1 + i % 45;
		text[0] = '1';
		for (size_t k = 1; k < n; k++)
			text[k] = k == i % 50 ? '.' : (char)('0' + next_random() % 10);
		if (text[n - 1] == '.')
			text[n++] = '5';
		snprintf(text + n, sizeof(text) - n, "e%d", (int)(next_random() % 720) - 380);
		check_read(text, strtod(text, NULL));
	}
}

/* long double holds the middle of two doubles exactly, and printf all its digits. */
static void middles_go_to_even_and_their_neighbours_do_not(void **state)
{
	static char text[DIGITS_MAX + 8];

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		double low = fabs(random_double(i)), high = nextafter(low, INFINITY), even;
		long double middle = ((long double)low + high) / 2;
		char *e;

		if (isinf(high))
			continue;
		even = bits_of(low) & 1 ? high : low;
		snprintf(text, sizeof(text), "%.*Le", DIGITS_MAX - 20, middle);
		check_read(text, even);
		/* A digit far behind all others: a hair above. */
		e = strchr(text, 'e');
		e[-1] = '1';
		check_read(text, high);
		/* The last digit that is not zero taken away: below. */
		e[-1] = '0';
		for (char *p = e - 1; p > text; p--) {
			if (*p >= '1' && *p <= '9') {
				(*p)--;
				break;
			}
		}
		check_read(text, low);
	}
}

static void very_long_spellings_count_to_the_last_digit(void **state)
{
	enum { N = 100000 };
	char *text = fsv_malloc(N + 64);

	(void)state;
	memset(text, '0', N);
	text[0] = '1';
	memcpy(text + N, "e-99999", sizeof("e-99999"));
	check_read(text, 1);
	text[1] = '.';
	memcpy(text + N, "e0", sizeof("e0"));
	check_read(text, 1);
	memcpy(text, "0.", 2);
	memcpy(text + N, "25e99999", sizeof("25e99999"));	/* 0.[99998 zeros]25 */
	check_read(text, 2.5);
	memset(text, '9', N);
	memcpy(text + N, "e-99999", sizeof("e-99999"));
	check_read(text, 10);
	memset(text, '0', N);
	memcpy(text, "9007199254740993.", 17);
	text[N] = '\0';
	check_read(text, 9007199254740992);
	text[N - 1] = '1';
	check_read(text, 9007199254740994);
	free(text);
}

static void java_values_are_accepted(void **state)
{
	static const struct {
		const char *text;
		double want;
	} cases[] = {
		{ "1", 1 }, { "+1", 1 }, { "-1", -1 }, { " \t\r\n1.5\x01 ", 1.5 }, { "1.", 1 }, { ".5", 0.5 }, { "00012", 12 },
		{ "1e3", 1000 }, { "1E+3", 1000 }, { "1e-3", 0.001 }, { "1.e2", 100 }, { "1f", 1 }, { "1F", 1 }, { "1d", 1 },
		{ "1.5e1D", 15 }, { "0.1f", 0.1 }, { "NaN", NAN }, { "+NaN", NAN }, { "Infinity", INFINITY }, { "+Infinity", INFINITY },
		{ "-Infinity", -INFINITY }, { "-0", -0.0 }, { "-0.0", -0.0 }, { "0x1p3", 8 }, { "0X1.8P1", 3 }, { "-0x.8p0", -0.5 },
		{ "0x1.p0", 1 }, { "0x1p0f", 1 }, { "0x1p-1074", 0x1p-1074 }, { "0x1p-1075", 0 }, { "0x1.8p-1075", 0x1p-1074 },
		{ "0x1p1024", INFINITY }, { "0x1.00000000000008p0", 1 }, { "0x1.000000000000080000000000000000000001p0", 0x1.0000000000001p0 },
		{ "0x1p99999999999999999999", INFINITY }, { "0xabcdef.0p0", 11259375 }, { "1e400", INFINITY }, { "5.0", 5 },
		{ "0x100000000000000000000p-80", 1 }, { "1.0E7", 1e7 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double got = -1;

		if (!fsv_double_from_java(fsv_str(cases[i].text), &got))
			fail_msg("refused: %s", cases[i].text);
		if (isnan(cases[i].want) ? !isnan(got) : bits_of(got) != bits_of(cases[i].want))
			fail_msg("%s: got %a", cases[i].text, got);
	}
}

static void what_java_refuses_is_refused(void **state)
{
	static const char *const bad[] = {
		"", " ", "+", "-", ".", "+.", "e5", ".e5", "1e", "1e+", "1e5.", "1,5", "1_000", "0x10", "0x", "0xp1", "0x.p1", "0x1p",
		"0x1p+", "0x1g", "inf", "nan", "NAN", "infinity", "INFINITY", "Infinityf", "NaNd", "true", "false", "null", "--1", "+-1",
		"- 1", "1 2", "1ff", "1fd", "1L", "f", "d", "1..2", "1.2.3", "\302\2401", "\xef\xbc\x91", "1\x7f", "[1]",
		"0x1.1.1p1", "0x1p1.5", "1e5e5", "x1", "0b1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		double got = 42;

		if (fsv_double_from_java(fsv_str(bad[i]), &got) || got != 42)
			fail_msg("accepted or touched: '%s'", bad[i]);
	}
	assert_false(fsv_double_from_java(FSV_STR_NULL, &(double){ 0 }));
	assert_false(fsv_double_from_java(FSV_STR("1\0" "2"), &(double){ 0 }));
}

/* An exact-size copy, so that a read past the end is seen by the address checker. */
static void nothing_behind_the_text_is_read(void **state)
{
	static const char text[] = "-1234567890123456789012.125e-10";

	(void)state;
	for (size_t n = 2; n < sizeof(text); n++) {
		char *copy = fsv_malloc(n);
		double v;
		bool ok;

		memcpy(copy, text, n);
		ok = fsv_double_from_java(fsv_str_n(copy, n), &v);
		assert_true(ok == (copy[n - 1] != 'e' && copy[n - 1] != '-' && copy[n - 1] != '\0'));
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doubles_print_as_in_java),
		cmocka_unit_test(printed_doubles_are_shortest_and_read_back),
		cmocka_unit_test(printed_doubles_are_nearest),
		cmocka_unit_test(floats_print_as_in_java),
		cmocka_unit_test(numbers_are_read_to_the_nearest_double),
		cmocka_unit_test(digits_of_any_count_agree_with_strtod),
		cmocka_unit_test(middles_go_to_even_and_their_neighbours_do_not),
		cmocka_unit_test(very_long_spellings_count_to_the_last_digit),
		cmocka_unit_test(java_values_are_accepted),
		cmocka_unit_test(what_java_refuses_is_refused),
		cmocka_unit_test(nothing_behind_the_text_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
