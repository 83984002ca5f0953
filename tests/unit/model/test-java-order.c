/* SPDX-License-Identifier: Apache-2.0 */
/* Orders and hashes as a Java virtual machine gives them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "model/java-order.h"

static struct fsv_arena arena;

static int set_up(void **state)
{
	(void)state;
	fsv_arena_init(&arena, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fsv_arena_done(&arena);
	return 0;
}

/* keys and the result: separated by blanks */
static const char *order_of(const char *text, unsigned capacity)
{
	struct fsv_str rest = fsv_str(text), keys[600];
	uint32_t order[600];
	struct fsv_buf out;
	size_t n = 0, m;

	while (rest.n > 0) {
		size_t end = fsv_str_find(rest, ' ', 0);

		assert_true(n < 600);
		keys[n++] = fsv_str_sub(rest, 0, end);
		rest = fsv_str_sub(rest, end + 1, rest.n);
	}
	m = fsv_java_order(keys, n, capacity, order);
	fsv_buf_init(&out, &arena, 0);
	for (size_t i = 0; i < m; i++)
		fsv_buf_printf(&out, "%s%.*s", i ? " " : "", FSV_STR_ARG(keys[order[i]]));
	return fsv_buf_cstr(&out);
}

/* prefix0 … prefix<n-1> */
static const char *names(const char *prefix, int n)
{
	struct fsv_buf out;

	fsv_buf_init(&out, &arena, 0);
	for (int i = 0; i < n; i++)
		fsv_buf_printf(&out, "%s%s%d", i ? " " : "", prefix, i);
	return fsv_buf_cstr(&out);
}

static void hashes_are_over_utf16_units(void **state)
{
	static const struct { struct fsv_str text; int32_t want; } cases[] = {
		{ { "", 0 }, 0 },
		{ { "a", 1 }, 97 },
		{ { "x100", 4 }, 3623545 },
		{ { "hetero_lr_0", 11 }, 1511594123 },
		{ { "Aa", 2 }, 2112 },
		{ { "BB", 2 }, 2112 },
		{ { "\303\251t\303\251", 5 }, 227742 },
		{ { "\344\270\255\346\226\207\345\210\227", 9 }, 20059229 },
		{ { "\360\237\230\200", 4 }, 1772899 },
		{ { "a\360\237\230\200b", 6 }, 57849694 },
		{ { "\357\277\277\000", 4 }, 2031585 },
		{ { "polygenelubricants", 18 }, INT32_MIN },
		{ { "a long name of a column that overflows many times", 49 }, -840758021 },
		/* Bytes that are no UTF-8, each U+FFFD. */
		{ { "a\xff", 2 }, 97 * 31 + 0xfffd },
		{ { "\xc3(", 2 }, 0xfffd * 31 + '(' },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (fsv_java_hash(cases[i].text) != cases[i].want)
			fail_msg("case %zu: got %d", i, fsv_java_hash(cases[i].text));
	assert_int_equal(fsv_java_hash(FSV_STR_NULL), 0);
}

static void small_maps_iterate_as_java_s(void **state)
{
	static const struct { unsigned capacity; const char *keys, *want; } cases[] = {
		{ 16, "10000 10001 10002 9997 9998 9999 8888", "9997 9998 10000 10002 9999 8888 10001" },
		{ 16, "10000 10001 10002 9998 1 22", "22 1 9998 10000 10002 10001" },
		{ 16, "", "" },
		{ 16, "a", "a" },
		{ 16, "income age_3 age_2 debt drop age",
		  "income drop age_3 age_2 debt age" },
		{ 8, "income age_3 age_2 debt drop age",
		  "income drop age_3 age_2 debt age" },
		{ 16, "x0 x1 x2 x3 x4 x5 x6",
		  "x0 x1 x2 x3 x4 x5 x6" },
		{ 8, "x0 x1 x2 x3 x4 x5 x6",
		  "x0 x1 x2 x3 x4 x5 x6" },
		{ 16, "x6 x5 x4 x3 x2 x1",
		  "x1 x2 x3 x4 x5 x6" },
		{ 8, "x6 x5 x4 x3 x2 x1",
		  "x1 x2 x3 x4 x5 x6" },
		{ 16, "BB Aa b AaBB BBAa AaAa BBBB",
		  "BB Aa b AaBB BBAa AaAa BBBB" },
		{ 8, "BB Aa b AaBB BBAa AaAa BBBB",
		  "BB Aa b AaBB BBAa AaAa BBBB" },
		{ 16, "f0 f1 f2 f3 f4 f5 f6 f7 f8 f9 f10 f11 f12 f13",
		  "f10 f12 f11 f13 f0 f1 f2 f3 f4 f5 f6 f7 f8 f9" },
		{ 8, "f0 f1 f2 f3 f4 f5 f6 f7 f8 f9 f10 f11 f12 f13",
		  "f10 f12 f11 f13 f0 f1 f2 f3 f4 f5 f6 f7 f8 f9" },
		{ 16, "\344\270\255 \346\226\207 \345\210\227 \360\237\230\200 \303\251",
		  "\346\226\207 \345\210\227 \360\237\230\200 \303\251 \344\270\255" },
		{ 8, "\344\270\255 \346\226\207 \345\210\227 \360\237\230\200 \303\251",
		  "\360\237\230\200 \303\251 \344\270\255 \346\226\207 \345\210\227" },
		{ 16, "a a a b a",
		  "a b" },
		{ 8, "a a a b a",
		  "a b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(order_of(cases[i].keys, cases[i].capacity), cases[i].want);
}

static void maps_grow_as_java_s(void **state)
{
	/* The beginning is from the specification of the example model. */
	static const char want[] =
		"x205 x204 x203 x202 x201 x200 x106 x227 x105 x226 x104 x225 x103 x224 x102 x223";
	const char *got = order_of(names("x", 300), 16);

	(void)state;
	assert_memory_equal(got, want, sizeof(want) - 1);
	assert_int_equal(strlen(got), strlen(names("x", 300)));
}

static void a_key_put_again_keeps_its_first_place(void **state)
{
	static const struct fsv_str keys[] = { { "BB", 2 }, { "Aa", 2 }, { "BB", 2 }, { "a", 1 }, { "Aa", 2 } };
	uint32_t order[5] = { 9, 9, 9, 9, 9 };

	(void)state;
	assert_int_equal(fsv_java_order(keys, 5, 16, order), 3);
	assert_int_equal(order[0], 0);	/* "Aa" and "BB" have the same hash */
	assert_int_equal(order[1], 1);
	assert_int_equal(order[2], 3);
	assert_int_equal(order[3], 9);
}

static void a_long_chain_grows_a_small_map(void **state)
{
	static const char chain[] =
		"\320\260 \321\260 \322\260 \323\260 \324\260 \325\260 \326\260 \327\260 \330\260 \331\260";
	const char *keys = fsv_arena_printf(&arena, "%s A B q 1 P", chain);

	(void)state;
	/* All ten in one bucket of 16, 32 and 64; the ninth and the tenth each double the table. P shares
	 * their bucket in a table of 32. */
	assert_string_equal(order_of(keys, 16), fsv_arena_printf(&arena, "A B P %s q 1", chain));
}

static void many_keys_give_a_permutation(void **state)
{
	enum { N = 100000 };
	struct fsv_str *keys = calloc(N, sizeof(*keys));
	uint32_t *order = calloc(N, sizeof(*order));
	char *seen = calloc(N, 1);

	(void)state;
	for (int i = 0; i < N; i++)
		keys[i] = fsv_str(fsv_arena_printf(&arena, "feature_%d", i));
	assert_int_equal(fsv_java_order(keys, N, 16, order), N);
	for (int i = 0; i < N; i++) {
		assert_true(order[i] < N);
		assert_int_equal(seen[order[i]], 0);
		seen[order[i]] = 1;
	}
	free(keys);
	free(order);
	free(seen);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(hashes_are_over_utf16_units),
		TEST(small_maps_iterate_as_java_s),
		TEST(maps_grow_as_java_s),
		TEST(a_key_put_again_keeps_its_first_place),
		TEST(a_long_chain_grows_a_small_map),
		TEST(many_keys_give_a_permutation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
