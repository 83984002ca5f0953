/* SPDX-License-Identifier: Apache-2.0 */
/* Route table files: the lenient converter, the reader behind it, look-ups in whatever loads. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../daemons/proxy/lenient.h"
#include "../../daemons/proxy/listeners.h"
#include "../../daemons/proxy/route-table.h"
#include "codec/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_up(const struct fsv_route_table *table)
{
	static const char *const parties[] = { "default", "10000", "9999", "x" };

	for (unsigned i = 0; i < 4; i++) {
		struct fsv_route_query query = {
			.src = { fsv_str(parties[i]), FSV_STR("serving") },
			.dst = { fsv_str(parties[3 - i]), FSV_STR("serving") }, .dst_name = FSV_STR("n"),
		};
		const struct fsv_endpoints *list;
		const struct fsv_endpoint *endpoint;
		struct fsv_err err;

		if (fsv_route_find(table, &query, &list, &err) == 0 &&
		    fsv_route_pick(list, FSV_ROUTE_CONSISTENT, FSV_STR("id"), &endpoint, &err) == 0 && !endpoint->target)
			abort();
	}
}

/* What is strict already means the same after conversion. */
static void strict_stays_strict(struct fsv_str text, const struct fsv_lenient *lenient, struct fsv_arena *arena)
{
	struct fsv_json_node *node;
	struct fsv_err err;

	if (fsv_json_parse(text, arena, true, &node, &err) < 0)
		return;
	if (fsv_json_parse(lenient->strict, arena, true, &node, &err) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fsv_listener listeners[FSV_LISTENERS] = { { NULL, 8059 }, { NULL, 8869 }, { NULL, 8879 } };
	struct fsv_str text = fsv_str_n((const char *)data, size);
	struct fsv_route_table *table;
	struct fsv_lenient lenient;
	struct fsv_arena arena;
	struct fsv_err err;

	fsv_arena_init(&arena, 0);
	if (fsv_lenient(text, &arena, &lenient, &err) == 0) {
		for (size_t i = 0; i <= lenient.strict.n; i += 1 + lenient.strict.n / 16)
			if (fsv_lenient_pos(&lenient, i).line < 1)
				abort();
		strict_stays_strict(text, &lenient, &arena);
	}
	fsv_arena_done(&arena);
	if (fsv_route_table_parse(text, "t", &table, &err) == 0) {
		fsv_listeners_refuse_own(listeners, table);
		fsv_route_table_seal(table);
		look_up(table);
		fsv_ref_put(&table->ref);
	}
	return 0;
}
