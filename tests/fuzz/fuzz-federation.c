/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of /federation, and serving nodes' answers: whatever comes out is JSON that reads back. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../daemons/proxy/federation.h"
#include "../../daemons/proxy/http-types.h"
#include "codec/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_object(const struct fsv_buf *out, struct fsv_arena *arena)
{
	struct fsv_json_node *node;
	struct fsv_err err;

	if (fsv_json_parse(fsv_buf_str(out), arena, true, &node, &err) < 0 || node->type != FSV_JSON_OBJECT)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_str text = fsv_str_n((const char *)data, size);
	struct fsv_federation federation;
	struct fsv_arena arena;
	struct fsv_buf out;
	struct fsv_err err;

	fsv_arena_init(&arena, 0);
	fsv_buf_init(&out, &arena, 0);
	if (fsv_federation_read(text, &arena, &federation, &err) == 0 &&
	    fsv_federation_write(&federation, FSV_STR("id"), &arena, &out, &err) == 0)
		must_be_object(&out, &arena);
	fsv_buf_clear(&out);
	fsv_federation_answer(text, &arena, &out);
	if (out.n > 0)
		must_be_object(&out, &arena);
	/* The same bytes as headers. */
	(void)fsv_accept_text(text, &arena);
	(void)fsv_accept_error(text);
	if (size > 0)
		(void)fsv_body_text(fsv_str_sub(text, 0, size / 2), fsv_str_sub(text, size / 2, size), &arena, &text);
	fsv_arena_done(&arena);
	return 0;
}
