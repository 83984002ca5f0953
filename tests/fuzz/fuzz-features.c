/* SPDX-License-Identifier: Apache-2.0 */
/* What feature services, feature files and plugins say: features that are handed on must be JSON objects. */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "codec/json.h"
#include "../../daemons/serving-server/errand.h"
#include "../../daemons/serving-server/feature-file.h"
#include "../../daemons/serving-server/http-answer.h"
#include "../../daemons/serving-server/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct fsv_str features, struct fsv_arena *arena)
{
	struct fsv_json j;

	fsv_json_init(&j, features, arena);
	FSV_BUG_ON(fsv_json_skip(&j, NULL) != FSV_JSON_OBJECT || !fsv_json_end(&j));
}

static void check_answer(struct fsv_http_features f, struct fsv_arena *arena)
{
	if (f.retcode == 0)
		check(f.features, arena);
	else
		FSV_BUG_ON(!f.text);
}

/* A plugin's answer that is taken can be copied like any value. */
static void check_plugin(struct fsv_str text, struct fsv_arena *arena)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_buf out;

	if (!fsv_errand_object(text, arena))
		return;
	fsv_buf_init(&out, arena, 0);
	FSV_BUG_ON(fsv_json_reencode(text, false, arena, &out, &err) < 0);
	check(fsv_buf_str(&out), arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_str text = fsv_str_n((const char *)data, size), features, id = FSV_STR_NULL;
	struct fsv_arena arena;
	struct fsv_map people;
	struct fsv_err err = FSV_ERR_INIT;

	fsv_arena_init(&arena, 0);
	fsv_map_init(&people);
	check_plugin(text, &arena);
	if (fsv_keys_text(text, FSV_STR("id"), false, &arena, &id))
		FSV_BUG_ON(id.n > size + 32);
	check_answer(fsv_http_features_by_code(text, &arena), &arena);
	check_answer(fsv_http_features_by_status(200, text, &arena), &arena);
	if (fsv_feature_file_all(text, &arena, &features, &err) == 0)
		check(features, &arena);
	(void)!fsv_feature_file_by_id(text, &arena, &people, &err);
	for (size_t i = 0; i < people.n; i++)
		check(*(const struct fsv_str *)people.entries[i].value, &arena);
	fsv_map_done(&people);
	fsv_arena_done(&arena);
	return 0;
}
