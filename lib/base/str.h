/* SPDX-License-Identifier: Apache-2.0 */
/* Byte slices: text that somebody else owns, not NUL-terminated. Passed by value. */
#ifndef FSV_BASE_STR_H
#define FSV_BASE_STR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <stddef.h>

struct fsv_str {
	const char *p;	/* NULL only when n is 0 */
	size_t n;
};

#define FSV_STR(literal)	((struct fsv_str){ (literal), sizeof(literal) - 1 })
#define FSV_STR_NULL		((struct fsv_str){ NULL, 0 })
/* For printf("%.*s", FSV_STR_ARG(s)). */
#define FSV_STR_ARG(s)		((int)(s).n), ((s).p ? (s).p : "")

static inline struct fsv_str fsv_str(const char *p)
{
	return (struct fsv_str){ p, p ? strlen(p) : 0 };
}

static inline struct fsv_str fsv_str_n(const char *p, size_t n)
{
	return (struct fsv_str){ p, n };
}

static inline bool fsv_str_eq(struct fsv_str a, struct fsv_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool fsv_str_is(struct fsv_str a, const char *b)
{
	return fsv_str_eq(a, fsv_str(b));
}

/* Below, at or above 0 as a comes before, with or behind b: by bytes, a text before those that it begins. */
int fsv_str_order(struct fsv_str a, struct fsv_str b);

/* ASCII letters only. */
bool fsv_str_caseeq(struct fsv_str a, struct fsv_str b);
/* Whether part, in any case, stands somewhere in s. An empty part does. */
bool fsv_str_case_holds(struct fsv_str s, struct fsv_str part);

bool fsv_str_starts(struct fsv_str s, struct fsv_str head);
bool fsv_str_ends(struct fsv_str s, struct fsv_str tail);

/* First position of c at or after from, or s.n. */
size_t fsv_str_find(struct fsv_str s, char c, size_t from);

/* From..to of s; both are cut to s.n. */
struct fsv_str fsv_str_sub(struct fsv_str s, size_t from, size_t to);

/* Without leading and trailing bytes <= 0x20 (what the reference's trim() takes away). */
struct fsv_str fsv_str_trim(struct fsv_str s);

/* Empty or nothing but bytes <= 0x20. */
bool fsv_str_blank(struct fsv_str s);

/* Whole text is an optional sign and decimal digits that fit; else false. */
bool fsv_str_to_i64(struct fsv_str s, int64_t *ret_value);

/* Valid UTF-8 (RFC 3629: no surrogates, no overlong forms). Returns the length of the valid prefix. */
size_t fsv_str_utf8(struct fsv_str s);

/* 64-bit hash for tables in memory; its seed differs from process to process. */
uint64_t fsv_str_hash(struct fsv_str s);

/* malloc'ed, NUL-terminated copy; the caller frees. Never NULL (aborts when memory is out). */
char *fsv_str_dup(struct fsv_str s);

#endif
