/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes: entries whose names can be part of a file name, entries with a reason, or an error. */
#include <stdlib.h>

#include "base/err.h"
#include "model/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(struct fsv_str name)
{
	FSV_BUG_ON(name.n == 0 || fsv_str_utf8(name) != name.n);
	FSV_BUG_ON(memchr(name.p, '\0', name.n) || memchr(name.p, '\n', name.n));
}

static void check_model(const struct fsv_stored_model *model)
{
	if (model->fault)
		return;
	check_name(model->table_name);
	check_name(model->name_space);
	FSV_BUG_ON(memchr(model->key.p, '/', model->key.n));
	FSV_BUG_ON(model->key.n != model->table_name.n + 1 + model->name_space.n);
	FSV_BUG_ON(model->n_partners > FSV_STORE_MAX_PARTNERS);
	for (unsigned i = 0; i < model->n_partners; i++) {
		FSV_BUG_ON(model->partners[i].table_name.n == 0 || model->partners[i].name_space.n == 0);
		FSV_BUG_ON(model->partners[i].party_id.n > 0 &&
			   memchr(model->partners[i].party_id.p, '\0', model->partners[i].party_id.n));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_str bytes = fsv_str_n((const char *)data, size);
	struct fsv_stored_binding *bindings = NULL;
	struct fsv_stored_model *models = NULL;
	struct fsv_arena arena;
	struct fsv_err err;
	size_t n = 0;

	fsv_arena_init(&arena, 0);
	if (fsv_store_parse_models(bytes, &arena, &models, &n, &err) == 0)
		for (size_t i = 0; i < n; i++)
			check_model(&models[i]);
	if (fsv_store_parse_bindings(bytes, &arena, &bindings, &n, &err) == 0)
		for (size_t i = 0; i < n; i++)
			FSV_BUG_ON(!bindings[i].fault && bindings[i].service_id.n == 0);
	fsv_arena_done(&arena);
	return 0;
}
