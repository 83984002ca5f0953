/* SPDX-License-Identifier: Apache-2.0 */
#include "sql-private.h"

#include <math.h>
#include <stdio.h>

#include "codec/number.h"

int fsv_sql_put_text(struct fsv_jsonw *w, const char *column, struct fsv_str text, struct fsv_err *err)
{
	if (fsv_str_utf8(text) != text.n)
		return fsv_err_set(err, FSV_E_TYPE, "column %.64s holds a text that is not UTF-8", column);
	fsv_jsonw_str(w, text);
	return 0;
}

static size_t digits_from(struct fsv_str s, size_t i)
{
	size_t from = i;

	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return i - from;
}

int fsv_sql_put_decimal(struct fsv_jsonw *w, const char *column, struct fsv_str digits, struct fsv_err *err)
{
	bool negative = digits.n > 0 && digits.p[0] == '-';
	struct fsv_str rest = fsv_str_sub(digits, negative, digits.n);
	size_t whole = digits_from(rest, 0), fraction = 0;

	if (whole < rest.n && rest.p[whole] == '.')
		fraction = digits_from(rest, whole + 1) + 1;
	if (whole == 0 || fraction == 1 || whole + fraction != rest.n)
		return fsv_err_set(err, FSV_E_TYPE, "column %.64s holds a decimal that is no number", column);
	while (whole > 1 && rest.p[0] == '0') {
		rest = fsv_str_sub(rest, 1, rest.n);
		whole--;
	}
	fsv_jsonw_raw(w, negative ? FSV_STR("-") : FSV_STR(""));
	fsv_buf_add(w->out, rest);
	return 0;
}

void fsv_sql_put_unsigned(struct fsv_jsonw *w, uint64_t v)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)v);

	fsv_jsonw_raw(w, fsv_str_n(text, (size_t)n));
}

void fsv_sql_put_float(struct fsv_jsonw *w, float v)
{
	char text[FSV_DOUBLE_TEXT_MAX];

	if (isfinite(v))
		fsv_jsonw_raw(w, fsv_str_n(text, fsv_float_to_java(v, text)));
	else
		fsv_jsonw_double(w, (double)v);
}
