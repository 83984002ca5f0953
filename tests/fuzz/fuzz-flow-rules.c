/* SPDX-License-Identifier: Apache-2.0 */
/* Rules files of flow control: what is read is written so that it is read the same again. */
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "call/flow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const struct fsv_flow *flow, const struct fsv_flow *again)
{
	FSV_BUG_ON(again->rules.n != flow->rules.n || again->has_models != flow->has_models);
	for (size_t i = 0; i < flow->rules.n; i++) {
		const struct fsv_flow_rule *rule = flow->rules.entries[i].value;
		const struct fsv_flow_rule *same = fsv_flow_rule(again, flow->rules.entries[i].key);

		FSV_BUG_ON(flow->rules.entries[i].key.n == 0 || !(rule->allowed >= 0));
		FSV_BUG_ON(!same || memcmp(&same->allowed, &rule->allowed, sizeof(rule->allowed)) != 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_flow *flow, *again;
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_buf text, more;
	unsigned skipped;

	if (fsv_flow_parse(fsv_str_n((const char *)data, size), &flow, &skipped, &err) < 0) {
		FSV_BUG_ON(err.text[0] == '\0');
		return 0;
	}
	fsv_buf_init(&text, NULL, 0);
	fsv_buf_init(&more, NULL, 0);
	fsv_flow_format(flow, &text);
	FSV_BUG_ON(fsv_flow_parse(fsv_buf_str(&text), &again, &skipped, &err) < 0 || skipped > 0);
	check_same(flow, again);
	fsv_flow_format(again, &more);
	FSV_BUG_ON(!fsv_str_eq(fsv_buf_str(&text), fsv_buf_str(&more)));
	fsv_buf_done(&text);
	fsv_buf_done(&more);
	fsv_ref_put(&flow->ref);
	fsv_ref_put(&again->ref);
	return 0;
}
