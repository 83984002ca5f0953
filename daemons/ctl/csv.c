/* SPDX-License-Identifier: Apache-2.0 */
#include "csv.h"

#include <errno.h>
#include <string.h>

static int fault(const struct fsv_ctl_csv *csv, struct fsv_err *err, const char *what)
{
	return fsv_err_set(err, FSV_E_SYNTAX, "%s:%zu: %s", csv->file, csv->line, what);
}

static int next_char(struct fsv_ctl_csv *csv)
{
	int c = getc_unlocked(csv->f);

	if (c == '\n')
		csv->next_line++;
	return c;
}

static int peek_char(struct fsv_ctl_csv *csv)
{
	int c = getc_unlocked(csv->f);

	if (c != EOF)
		(void)ungetc(c, csv->f);	/* one is always taken back */
	return c;
}

/* One row's text while it is read, and where its cells end. */
struct reading {
	struct fsv_ctl_csv *csv;
	struct fsv_buf text;
	struct fsv_buf ends;		/* of size_t */
	struct fsv_err *err;
};

static int put_char(struct reading *r, int c)
{
	if (c == '\0')
		return fault(r->csv, r->err, "a NUL is no text");
	if (r->text.n >= FSV_CTL_CSV_ROW_MAX)
		return fsv_err_set(r->err, FSV_E_LIMIT, "%s:%zu: a row of more than %d bytes", r->csv->file, r->csv->line,
				   FSV_CTL_CSV_ROW_MAX);
	fsv_buf_putc(&r->text, (char)c);
	return 0;
}

static int end_cell(struct reading *r)
{
	if (r->ends.n / sizeof(size_t) >= FSV_CTL_CSV_CELLS_MAX)
		return fsv_err_set(r->err, FSV_E_LIMIT, "%s:%zu: more than %d cells", r->csv->file, r->csv->line,
				   FSV_CTL_CSV_CELLS_MAX);
	fsv_buf_append(&r->ends, &r->text.n, sizeof(r->text.n));
	return 0;
}

/* Behind the opening quote, up to what follows the closing one; returns that, or a negative error below EOF. */
static int quoted_cell(struct reading *r, int *ret_next)
{
	for (;;) {
		int c = next_char(r->csv), e;

		if (c == EOF)
			return fault(r->csv, r->err, "a quoted cell has no end");
		if (c == '"') {
			c = next_char(r->csv);
			if (c != '"') {
				*ret_next = c;
				return 0;
			}
		}
		e = put_char(r, c);
		if (e < 0)
			return e;
	}
}

static bool is_row_end(struct reading *r, int c)
{
	if (c == '\r' && peek_char(r->csv) == '\n')
		c = next_char(r->csv);
	return c == '\n' || c == EOF;
}

/* First character in hand; reads to the row's end. */
static int read_row(struct reading *r, int c)
{
	bool begins = true;
	int e = 0;

	for (;;) {
		if (begins && c == '"') {
			e = quoted_cell(r, &c);
			if (e == 0 && c != ',' && !is_row_end(r, c))
				e = fault(r->csv, r->err, "a comma or the line's end is expected behind a quoted cell");
			if (e < 0)
				return e;
			if (c != ',')
				return end_cell(r);
		} else if (is_row_end(r, c)) {
			return end_cell(r);
		}
		begins = c == ',';
		e = begins ? end_cell(r) : put_char(r, c);
		if (e < 0)
			return e;
		c = next_char(r->csv);
	}
}

/* First character of the next row that is not an empty line. */
static int first_char(struct fsv_ctl_csv *csv)
{
	int c;

	do {
		csv->line = csv->next_line;
		c = next_char(csv);
		if (c == '\r' && peek_char(csv) == '\n')
			c = next_char(csv);
	} while (c == '\n');
	return c;
}

static int skip_mark(struct fsv_ctl_csv *csv)
{
	int c = next_char(csv);

	if (c != 0xef) {
		if (c != EOF)
			(void)ungetc(c, csv->f);
		csv->next_line = 1;
		return 0;
	}
	csv->next_line = 1;
	return next_char(csv) == 0xbb && next_char(csv) == 0xbf ? 0 : -1;
}

static int split(struct reading *r, struct fsv_arena *arena, struct fsv_ctl_csv_row *row)
{
	const char *ends = r->ends.p;
	size_t from = 0;

	if (fsv_str_utf8(fsv_buf_str(&r->text)) != r->text.n)
		return fault(r->csv, r->err, "it is not UTF-8");
	row->n = r->ends.n / sizeof(size_t);
	row->cells = FSV_ARENA_NEW_N(arena, struct fsv_str, row->n);
	for (size_t i = 0; i < row->n; i++) {
		size_t end;

		memcpy(&end, ends + i * sizeof(end), sizeof(end));
		row->cells[i] = fsv_str_n(r->text.p + from, end - from);
		from = end;
	}
	return 1;
}

int fsv_ctl_csv_next(struct fsv_ctl_csv *csv, struct fsv_arena *arena, struct fsv_ctl_csv_row *ret_row,
		     struct fsv_err *err)
{
	struct reading r = { .csv = csv, .err = err };
	int c, e;

	if (csv->next_line == 0 && skip_mark(csv) < 0)
		return fault(csv, err, "it is not UTF-8");
	c = first_char(csv);
	if (c == EOF && ferror(csv->f))
		return fsv_err_errno(err, errno, "%s cannot be read", csv->file);
	if (c == EOF)
		return 0;
	fsv_buf_init(&r.text, arena, 0);
	fsv_buf_init(&r.ends, arena, 0);
	e = read_row(&r, c);
	if (e < 0)
		return e;
	return split(&r, arena, ret_row);
}

void fsv_ctl_csv_put(struct fsv_buf *out, struct fsv_str cell)
{
	bool quote = false;

	for (size_t i = 0; i < cell.n && !quote; i++)
		quote = cell.p[i] == ',' || cell.p[i] == '"' || cell.p[i] == '\n' || cell.p[i] == '\r';
	if (!quote) {
		fsv_buf_add(out, cell);
		return;
	}
	fsv_buf_putc(out, '"');
	for (size_t i = 0; i < cell.n; i++) {
		if (cell.p[i] == '"')
			fsv_buf_putc(out, '"');
		fsv_buf_putc(out, cell.p[i]);
	}
	fsv_buf_putc(out, '"');
}
