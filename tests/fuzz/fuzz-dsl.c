/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes: components in an order in which each stands behind all it reads from, or an error. */
#include <stdint.h>
#include <stdlib.h>

#include "model/dsl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_arena arena;
	struct fsv_dsl dsl;
	int r;

	fsv_arena_init(&arena, 0);
	r = fsv_dsl_parse(fsv_str_n((const char *)data, size), &arena, &dsl, &err);
	FSV_BUG_ON(r > 0 || (r < 0 && (r != FSV_E_MODEL_INIT || err.code != r || !err.text[0])));
	for (unsigned i = 0; r == 0 && i < dsl.n; i++) {
		const struct fsv_dsl_component *c = &dsl.components[i];

		for (unsigned k = 0; k < c->n_inputs; k++) {
			FSV_BUG_ON(c->inputs[k] < FSV_DSL_ARGS || c->inputs[k] >= (int)i);
			for (unsigned n = 0; n < k; n++)
				FSV_BUG_ON(c->inputs[k] == c->inputs[n]);
		}
	}
	fsv_arena_done(&arena);
	return 0;
}
