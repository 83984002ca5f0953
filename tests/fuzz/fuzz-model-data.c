/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as modelData of a copy: a record that can be used, or an error. */
#include <stdlib.h>

#include "base/err.h"
#include "model/model-json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct fsv_str text)
{
	FSV_BUG_ON(text.n > 0 && memchr(text.p, '\0', text.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_stored_model record = { .partners = NULL };
	struct fsv_str *ids = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_arena arena;
	size_t n = 0;

	fsv_arena_init(&arena, 0);
	if (fsv_model_data_parse(fsv_str_n((const char *)data, size), &arena, &record, &ids, &n, &err) == 0) {
		FSV_BUG_ON(record.table_name.n == 0 || record.name_space.n == 0 || record.timestamp <= 0);
		check_text(record.table_name);
		check_text(record.name_space);
		check_text(record.party_id);
		check_text(record.resource_address);
		FSV_BUG_ON(record.n_partners > FSV_STORE_MAX_PARTNERS);
		for (unsigned i = 0; i < record.n_partners; i++) {
			FSV_BUG_ON(record.partners[i].table_name.n == 0 || record.partners[i].name_space.n == 0);
			check_text(record.partners[i].party_id);
		}
		for (size_t i = 0; i < n; i++)
			FSV_BUG_ON(ids[i].n == 0);
	} else {
		FSV_BUG_ON(!err.text[0]);
	}
	fsv_arena_done(&arena);
	return 0;
}
