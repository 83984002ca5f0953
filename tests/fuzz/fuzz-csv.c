/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes: rows, or an error; what is written of a row's cells reads back as them. */
#include <stdint.h>
#include <stdio.h>

#include "../../daemons/ctl/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct fsv_ctl_csv_row *row, struct fsv_arena *arena)
{
	struct fsv_ctl_csv_row again;
	struct fsv_ctl_csv csv = { .file = "again" };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_buf text;

	fsv_buf_init(&text, arena, 0);
	for (size_t i = 0; i < row->n; i++) {
		if (i > 0)
			fsv_buf_putc(&text, ',');
		fsv_ctl_csv_put(&text, row->cells[i]);
	}
	/* A row of one empty cell is an empty line. */
	if (text.n == 0 || fsv_str_utf8(fsv_buf_str(&text)) != text.n || (unsigned char)text.p[0] == 0xef)
		return;
	csv.f = fmemopen(text.p, text.n, "r");
	FSV_BUG_ON(!csv.f || fsv_ctl_csv_next(&csv, arena, &again, &err) != 1 || again.n != row->n);
	for (size_t i = 0; i < row->n; i++)
		FSV_BUG_ON(!fsv_str_eq(again.cells[i], row->cells[i]));
	fclose(csv.f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_ctl_csv csv = { .file = "fuzz" };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_ctl_csv_row row;
	struct fsv_arena arena;
	int r = 0;

	if (size == 0)
		return 0;
	fsv_arena_init(&arena, 0);
	csv.f = fmemopen((void *)(uintptr_t)data, size, "r");
	FSV_BUG_ON(!csv.f);
	while ((r = fsv_ctl_csv_next(&csv, &arena, &row, &err)) > 0) {
		FSV_BUG_ON(row.n == 0);
		check_again(&row, &arena);
	}
	FSV_BUG_ON(r < 0 && !err.text[0]);
	fclose(csv.f);
	fsv_arena_done(&arena);
	return 0;
}
