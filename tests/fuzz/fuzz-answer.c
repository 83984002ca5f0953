/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts' envelopes, as a single answer and as a batch's; what is read back must be in order. */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "codec/json.h"
#include "../../daemons/serving-server/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_data(struct fsv_str object)
{
	FSV_BUG_ON(object.n > 0 && (object.p[0] != '{' || object.p[object.n - 1] != '}'));
}

/* Whatever a host says, what we make of it is JSON. */
static void check_written(const struct fsv_answer *a, struct fsv_arena *arena)
{
	struct fsv_json_node *root;
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_buf out;

	fsv_buf_init(&out, arena, 0);
	fsv_envelope_write(&(struct fsv_envelope){ .retcode = a->retcode, .retmsg = a->retmsg }, arena, &out);
	FSV_BUG_ON(fsv_json_parse(fsv_buf_str(&out), arena, true, &root, &err) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int32_t asked[] = { -5, 0, 1, 2, 300 };
	struct fsv_str body = fsv_str_n((const char *)data, size);
	struct fsv_answer a;
	struct fsv_arena arena;
	struct fsv_err err = FSV_ERR_INIT;

	fsv_arena_init(&arena, 0);
	if (fsv_answer_parse(body, NULL, 0, &arena, &a, &err) == 0) {
		check_data(a.data);
		check_written(&a, &arena);
	}
	if (fsv_answer_parse(body, asked, 5, &arena, &a, &err) == 0) {
		FSV_BUG_ON(a.n_rows > 5);
		for (size_t i = 0; i < a.n_rows; i++) {
			check_data(a.rows[i].data);
			FSV_BUG_ON(i > 0 && a.rows[i - 1].index >= a.rows[i].index);
			FSV_BUG_ON(fsv_answer_row(&a, a.rows[i].index) != &a.rows[i]);
		}
	}
	fsv_arena_done(&arena);
	return 0;
}
