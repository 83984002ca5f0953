/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors. A fallible function returns 0 (or a positive answer) or a negative code: -errno for the
 * system's own, FSV_E_… for ours (err.def). The words travel in a struct fsv_err on the caller's
 * stack; whoever decides what happens next logs them, once.
 */
#ifndef FSV_BASE_ERR_H
#define FSV_BASE_ERR_H

#include <stdarg.h>
#include <stddef.h>

#define FSV_PRINTF(fmt, args)	__attribute__((format(printf, fmt, args)))
#define FSV_MUST_CHECK		__attribute__((warn_unused_result))
#define FSV_COLD		__attribute__((cold))

enum fsv_err_code {
#define FSV_E(name, number, text, fate, grpc) FSV_E_##name = -number,
#include "err.def"
#undef FSV_E
};

enum { FSV_ERR_TEXT_MAX = 768 };

struct fsv_err {
	int code;			/* 0 = no error */
	char text[FSV_ERR_TEXT_MAX];	/* one sentence, no final full stop, NUL-terminated */
};

#define FSV_ERR_INIT { .code = 0, .text = "" }

/* Fills *err (may be NULL) and returns code, so that `return fsv_err_set(err, …)` is one line.
 * Texts that do not fit are cut at a UTF-8 boundary. [any thread] */
int fsv_err_set(struct fsv_err *err, int code, const char *fmt, ...) FSV_PRINTF(3, 4) FSV_COLD;
int fsv_err_vset(struct fsv_err *err, int code, const char *fmt, va_list ap) FSV_PRINTF(3, 0) FSV_COLD;

/* As fsv_err_set with the system's words for errnum behind the text; returns -errnum. */
int fsv_err_errno(struct fsv_err *err, int errnum, const char *fmt, ...) FSV_PRINTF(3, 4) FSV_COLD;

/* Puts context before the text: "loading x: <old text>". Returns err->code. */
int fsv_err_wrap(struct fsv_err *err, const char *fmt, ...) FSV_PRINTF(2, 3) FSV_COLD;

/* Table look-ups; codes that are no FSV_E_… are system faults. */
const char *fsv_err_name(int code);	/* "MODEL_NULL", "errno 2" family: "ENOENT"-like name, never NULL */
const char *fsv_err_words(int code);	/* table text or strerror */
int fsv_err_fate(int code);		/* retcode on the wire; 0 for 0, 110 when not in the table */
int fsv_err_grpc(int code);		/* gRPC status code; 0 for 0, 13 when not in the table */

/* Our own bugs: prints where, aborts, also in production. Never for lengths from outside. */
#define FSV_BUG_ON(cond) \
	do { \
		if (__builtin_expect(!!(cond), 0)) \
			fsv_bug(#cond, __FILE__, __LINE__, __func__); \
	} while (0)
__attribute__((noreturn)) void fsv_bug(const char *cond, const char *file, int line, const char *func);

#endif
