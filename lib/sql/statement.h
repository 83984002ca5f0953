/* SPDX-License-Identifier: Apache-2.0 */
/* Statements with named parameters to such with question marks. */
#ifndef FSV_SQL_STATEMENT_H
#define FSV_SQL_STATEMENT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* Appends text to out with ? in place of each :name and stores the names, views of text. What stands in quotes and
 * comments is left alone; backslashes: they escape in quotes, as MariaDB has it. A ? of its own is refused, and so is
 * what is not closed. Returns the number of names, at most max. */
int fsv_sql_statement(struct fsv_str text, bool backslashes, struct fsv_buf *out, struct fsv_str *names, size_t max,
		      struct fsv_err *err) FSV_MUST_CHECK;

#endif
