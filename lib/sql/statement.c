/* SPDX-License-Identifier: Apache-2.0 */
#include "statement.h"

static bool name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool name_char(char c)
{
	return name_start(c) || (c >= '0' && c <= '9');
}

static char at(struct fsv_str text, size_t i)
{
	return i < text.n ? text.p[i] : '\0';
}

/* Position behind the quoted text that begins at i; 0 when it has no end. A doubled quote reads as two texts. */
static size_t skip_quoted(struct fsv_str text, size_t i, bool backslashes)
{
	char quote = text.p[i], end = quote == '[' ? ']' : quote;

	for (i++; i < text.n; i++) {
		if (text.p[i] == '\\' && backslashes && quote != '`' && quote != '[')
			i++;
		else if (text.p[i] == end)
			return i + 1;
	}
	return 0;
}

/* The same for a comment. A line's may end with the text. */
static size_t skip_comment(struct fsv_str text, size_t i)
{
	size_t end;

	if (text.p[i] != '/')
		return fsv_str_find(text, '\n', i);
	for (end = i + 2; end + 1 < text.n; end++)
		if (text.p[end] == '*' && text.p[end + 1] == '/')
			return end + 2;
	return 0;
}

/* Length of what must be left alone at i: 0 = nothing, SIZE_MAX = it has no end. */
static size_t opaque(struct fsv_str text, size_t i, bool mariadb)
{
	char c = text.p[i], next = at(text, i + 1);
	size_t end;

	if (c == '\'' || c == '"' || c == '`' || (c == '[' && !mariadb))
		end = skip_quoted(text, i, mariadb);
	else if ((c == '-' && next == '-') || (c == '#' && mariadb) || (c == '/' && next == '*'))
		end = skip_comment(text, i);
	else
		return 0;
	return end > i ? end - i : SIZE_MAX;
}

int fsv_sql_statement(struct fsv_str text, bool backslashes, struct fsv_buf *out, struct fsv_str *names, size_t max,
		      struct fsv_err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n;) {
		size_t skip = opaque(text, i, backslashes), end;

		if (skip == SIZE_MAX)
			return fsv_err_set(err, FSV_E_SYNTAX, "the statement has a quote or comment without end at byte %zu",
					   i + 1);
		if (text.p[i] == '?' && skip == 0)
			return fsv_err_set(err, FSV_E_SYNTAX, "the statement has a ? at byte %zu; parameters are written "
					   ":name", i + 1);
		if (skip > 0 || text.p[i] != ':' || !name_start(at(text, i + 1)) ||
		    (i > 0 && (text.p[i - 1] == ':' || name_char(text.p[i - 1])))) {
			skip = skip > 0 ? skip : 1;
			fsv_buf_append(out, text.p + i, skip);
			i += skip;
			continue;
		}
		for (end = i + 1; end < text.n && name_char(text.p[end]);)
			end++;
		if (n == max)
			return fsv_err_set(err, FSV_E_LIMIT, "the statement has more than %zu parameters", max);
		names[n++] = fsv_str_sub(text, i + 1, end);
		fsv_buf_putc(out, '?');
		i = end;
	}
	return (int)n;
}
