/* SPDX-License-Identifier: Apache-2.0 */
/* What others write into the registry, and its cache files. The first byte chooses the parser. URLs that are read come out
 * the same after being written; names of nodes become lists, and requests pick from them. */
#include <stdint.h>
#include <stdlib.h>

#include "codec/url.h"
#include "registry/provider.h"
#include "registry/registry-private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void url(struct fsv_str text)
{
	struct fsv_provider_url a, b;
	struct fsv_buf first, second;

	if (!fsv_provider_parse(text, &a))
		return;
	FSV_BUG_ON(a.service.n == 0 || a.n_params > FSV_PROVIDER_PARAMS_MAX);
	(void)fsv_provider_matches(&a, a.service);
	fsv_buf_init(&first, NULL, 0);
	fsv_buf_init(&second, NULL, 0);
	fsv_provider_format(&a, &first);
	/* What is missing or odd may read otherwise when it is written; but then it stays so. */
	if (fsv_provider_parse(fsv_buf_str(&first), &b) && a.protocol.n > 0 && a.host.n > 0 && a.port > 0) {
		fsv_provider_format(&b, &second);
		FSV_BUG_ON(!fsv_str_eq(a.host, b.host) || a.port != b.port || !fsv_str_eq(a.protocol, b.protocol));
	}
	fsv_buf_done(&first);
	fsv_buf_done(&second);
}

static void names(struct fsv_str text)
{
	struct fsv_retired retired = { NULL };
	struct fsv_view *view = fsv_view_new(&retired, 1);
	struct fsv_str urls[64];
	struct fsv_providers *p;
	struct fsv_nodes nodes;
	struct fsv_arena arena;
	const char *found[4];
	unsigned n = 0;

	fsv_arena_init(&arena, 0);
	fsv_nodes_init(&nodes, 1024);
	for (size_t from = 0; from < text.n && n < 64;) {
		size_t to = fsv_str_find(text, '\n', from);

		if (fsv_url_decode(fsv_str_sub(text, from, to), true, &arena, &urls[n]))
			n++;
		from = to + 1;
	}
	p = fsv_providers_new(&nodes, FSV_STR("flow/online/transfer"), urls, n);
	fsv_view_add(view, p);
	for (unsigned how = 0; how < 4; how++) {
		struct fsv_node *node = fsv_providers_pick(p, &(struct fsv_pick){ .balance = how, .version = how == 3 ? 216 : 0 });

		FSV_BUG_ON((how < 3) && (node == NULL) != (p->n == 0));
	}
	FSV_BUG_ON(fsv_view_model_urls(view, FSV_STR("1"), FSV_STR("guest#1"), found, 4) > 4);
	fsv_ref_put(&p->ref);
	fsv_ref_put(&view->ref);
	fsv_retired_free(&retired);
	fsv_nodes_sweep(&nodes, true);
	fsv_arena_done(&arena);
}

static void take(void *arg, struct fsv_str key, const struct fsv_str *urls, unsigned n)
{
	(void)arg;
	FSV_BUG_ON(n == 0 || key.n == 0);
	for (unsigned i = 0; i < n; i++)
		url(urls[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_str text = fsv_str_n((const char *)data + 1, size ? size - 1 : 0);
	struct fsv_map settings;
	struct fsv_err err;

	if (size == 0)
		return 0;
	switch (data[0]) {
	case 'u':
		url(text);
		break;
	case 'n':
		names(text);
		break;
	case 'c':
		if (fsv_cache_parse(text, 1000, take, NULL, &err) < 0)
			FSV_BUG_ON(err.text[0] == '\0');
		break;
	case 's':
		fsv_map_init(&settings);
		if (fsv_settings_parse(text, &settings, &err) < 0)
			FSV_BUG_ON(err.text[0] == '\0');
		for (size_t i = 0; i < settings.n; i++)
			free(settings.entries[i].value);
		fsv_map_done(&settings);
		break;
	}
	return 0;
}
