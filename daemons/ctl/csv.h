/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV as spreadsheets and data frames write it: commas, cells in double quotes where they hold commas, quotes or
 * line ends, lines that end in LF or CRLF, a byte order mark at most. Read row by row, never as a whole.
 */
#ifndef FSV_CTL_CSV_H
#define FSV_CTL_CSV_H

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum {
	FSV_CTL_CSV_ROW_MAX = 64 << 20,		/* bytes */
	FSV_CTL_CSV_CELLS_MAX = 1 << 20,
};

struct fsv_ctl_csv {
	FILE *f;			/* the caller's */
	const char *file;		/* for errors */
	size_t line;			/* of the newest row, where it begins */
	size_t next_line;
};

struct fsv_ctl_csv_row {
	struct fsv_str *cells;		/* in the arena */
	size_t n;
};

/* 1: a row; 0: the end. Empty lines are skipped. Errors name file and line: a quote in the wrong place, bytes
 * that are no UTF-8, a NUL, limits. */
int fsv_ctl_csv_next(struct fsv_ctl_csv *csv, struct fsv_arena *arena, struct fsv_ctl_csv_row *ret_row,
		     struct fsv_err *err) FSV_MUST_CHECK;

/* A cell, quoted if it must be. */
void fsv_ctl_csv_put(struct fsv_buf *out, struct fsv_str cell);

#endif
