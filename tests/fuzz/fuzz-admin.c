/* SPDX-License-Identifier: Apache-2.0 */
/* What strangers and nodes send the admin daemon: bodies, cookies, route tables, metrics; and its users file. */
#include <stdint.h>
#include <stdlib.h>

#include "../../daemons/admin/accounts.h"
#include "../../daemons/admin/directory.h"
#include "../../daemons/admin/fields.h"
#include "../../daemons/admin/overview.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void body(struct fsv_str text, struct fsv_arena *arena)
{
	struct fsv_str span = fsv_field_span(text, "port", arena);
	struct fsv_json_node *root;
	struct fsv_err err;
	double rate;
	int64_t n;

	FSV_BUG_ON(span.n > text.n);
	(void)fsv_field_cookie(text, "sessionToken");
	if (fsv_json_parse(text, arena, false, &root, &err) < 0)
		return;
	if (fsv_field_int(fsv_json_get(root, "port"), &n) == FSV_FIELD_THERE)
		FSV_BUG_ON(n < INT32_MIN || n > INT32_MAX);
	(void)fsv_field_double(fsv_json_get(root, "allowQps"), &rate);
	(void)fsv_field_text(root);
}

static void answers(struct fsv_str text, struct fsv_arena *arena)
{
	struct fsv_rates rates;
	struct fsv_json_node *root;
	struct fsv_jsonw w;
	struct fsv_buf out;
	struct fsv_err err;

	fsv_rates_read(text, arena, &rates);
	fsv_buf_init(&out, arena, 0);
	fsv_jsonw_init(&w, &out);
	fsv_jsonw_begin(&w, '[');
	fsv_route_links("a:1", text, arena, &w);
	fsv_jsonw_end(&w, ']');
	FSV_BUG_ON(fsv_json_parse(fsv_buf_str(&out), arena, true, &root, &err) < 0);
}

static void names(struct fsv_str text, struct fsv_arena *arena)
{
	struct fsv_component_node node = { fsv_arena_cstr(arena, text), 0 };
	struct fsv_component component = { "serving", &node, 1 };
	const struct fsv_components registered = { .all = &component, .n = 1 };
	const char *const listed[] = { node.name, NULL };
	struct fsv_directory *d = fsv_directory_new(&registered, listed, NULL);

	FSV_BUG_ON(d->n < 1);
	if (d->nodes[0].port != 0)
		FSV_BUG_ON(fsv_directory_find(d, d->nodes[0].host, d->nodes[0].port) != &d->nodes[0]);
	fsv_ref_put(&d->ref);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_str text = fsv_str_n((const char *)data, size);
	struct fsv_accounts *accounts = fsv_accounts_new();
	struct fsv_arena arena;
	struct fsv_err err;

	fsv_arena_init(&arena, 0);
	body(text, &arena);
	answers(text, &arena);
	names(fsv_str_sub(text, 0, fsv_str_find(text, '\0', 0)), &arena);
	(void)!fsv_accounts_parse(accounts, text, "users", &err);
	fsv_ref_put(&accounts->ref);
	fsv_arena_done(&arena);
	return 0;
}
