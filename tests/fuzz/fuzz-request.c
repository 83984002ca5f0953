/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of inference requests: whatever is accepted must be fit to be sent on and to be ordered. */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "codec/json.h"
#include "../../daemons/serving-server/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_ROWS = 5 };

static void check_object(struct fsv_str object, struct fsv_arena *arena)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_buf out;

	fsv_buf_init(&out, arena, 0);
	FSV_BUG_ON(object.n < 2 || object.p[0] != '{' || object.p[object.n - 1] != '}');
	FSV_BUG_ON(fsv_json_reencode(object, true, arena, &out, &err) < 0);
}

static void check_rows(struct fsv_request *q, struct fsv_arena *arena)
{
	uint32_t *order;
	size_t n = fsv_request_order(q, arena, &order), superseded = 0;

	FSV_BUG_ON(q->n_rows > MAX_ROWS);
	for (size_t i = 0; i < q->n_rows; i++) {
		check_object(q->rows[i].features, arena);
		check_object(q->rows[i].remote, arena);
		superseded += q->rows[i].superseded;
	}
	FSV_BUG_ON(n + superseded != q->n_rows);
	for (size_t i = 1; i < n; i++)
		FSV_BUG_ON(q->rows[order[i - 1]].index >= q->rows[order[i]].index);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_str body = fsv_str_n((const char *)data, size);
	struct fsv_request_1x old;
	struct fsv_arena arena;
	struct fsv_request q;
	struct fsv_err err = FSV_ERR_INIT;

	fsv_arena_init(&arena, 0);
	if (fsv_request_parse(body, FSV_REQUEST_SINGLE, 0, &arena, &q, &err) == 0) {
		check_object(q.features, &arena);
		check_object(q.remote, &arena);
		check_object(fsv_request_join(q.features, q.remote, &arena), &arena);
		(void)!fsv_request_check(&q, FSV_REQUEST_SINGLE, 0, &err);
	}
	if (fsv_request_parse(body, FSV_REQUEST_BATCH, MAX_ROWS, &arena, &q, &err) == 0) {
		check_rows(&q, &arena);
		if (fsv_request_check(&q, FSV_REQUEST_BATCH, MAX_ROWS, &err) == 0)
			FSV_BUG_ON(q.n_rows == 0 || q.too_many || q.null_row);
	}
	if (fsv_request_parse_1x(body, &arena, &old, &err) == 0)
		check_object(old.keys, &arena);
	fsv_arena_done(&arena);
	return 0;
}
