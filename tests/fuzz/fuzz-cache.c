/* SPDX-License-Identifier: Apache-2.0 */
/* Values that others have written into a shared cache: what is believed is one JSON object, and can be merged. */
#include <stdint.h>
#include <stdlib.h>

#include "../../daemons/serving-server/feature-key.h"
#include "base/arena.h"
#include "cache/cache.h"
#include "codec/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_str value = fsv_str_n((const char *)data, size), text;
	struct fsv_feature_key *key;
	struct fsv_json_node *root;
	struct fsv_arena arena;
	struct fsv_err err = FSV_ERR_INIT;

	fsv_arena_init(&arena, 0);
	if (fsv_cache_value_good(value, 1 << 16, &arena)) {
		FSV_BUG_ON(size > 1 << 16);
		FSV_BUG_ON(fsv_json_parse(value, &arena, true, &root, &err) < 0 || root->type != FSV_JSON_OBJECT);
		if (fsv_feature_key_parse(FSV_STR("a${id|device_id}b"), &arena, &key, &err) == 0 &&
		    fsv_feature_key_format(key, value, &arena, &text))
			FSV_BUG_ON(text.n < 3 || text.n > FSV_FEATURE_KEY_MAX);
	}
	if (fsv_feature_key_parse(value, &arena, &key, &err) == 0 &&
	    fsv_feature_key_format(key, FSV_STR("{\"id\":\"x\",\"a\":1}"), &arena, &text))
		FSV_BUG_ON(text.n > FSV_FEATURE_KEY_MAX);
	fsv_arena_done(&arena);
	return 0;
}
