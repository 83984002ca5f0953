/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/time.h"
#include "net/rpc.h"
#include "registry/registry.h"
#include "registry/registry-private.h"

static struct fsv_nodes nodes;

static int begin(void **state)
{
	(void)state;
	fsv_nodes_init(&nodes, 1 << 20);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fsv_nodes_sweep(&nodes, true);
	return 0;
}

/* Providers a, b, c… of s with these parameters. */
static struct fsv_providers *list_of(unsigned n, const char *const *params)
{
	struct fsv_str urls[300];
	char text[300][128];
	struct fsv_providers *p;

	for (unsigned i = 0; i < n; i++) {
		snprintf(text[i], sizeof(text[i]), "grpc://%c%u:1/serving/e/s%s%s", 'a' + (int)(i % 26), i / 26, params ? "?" : "", params ? params[i] : "");
		urls[i] = fsv_str(text[i]);
	}
	p = fsv_providers_new(&nodes, FSV_STR("serving/e/s"), urls, n);
	assert_int_equal(p->n, n);
	return p;
}

enum { DRAWS = 20000 };

static void draw(const struct fsv_providers *p, enum fsv_balance balance, unsigned *counts)
{
	for (unsigned i = 0; i < DRAWS; i++) {
		struct fsv_node *node = fsv_providers_pick(p, &(struct fsv_pick){ .balance = balance });

		assert_non_null(node);
		counts[node->target[0] - 'a']++;
	}
}

static void assert_share(unsigned got, double want)
{
	if ((double)got < want * DRAWS - DRAWS / 20.0 || (double)got > want * DRAWS + DRAWS / 20.0)
		fail_msg("%u of %u, wanted a share of %.3f", got, (unsigned)DRAWS, want);
}

static void weights_make_the_shares(void **state)
{
	static const struct {
		const char *params[3];
		enum fsv_balance balance;
		double share[3];
	} cases[] = {
		{ { "weight=100", "weight=50", "weight=0" }, FSV_BALANCE_RANDOM_WEIGHTED, { 2 / 3.0, 1 / 3.0, 0 } },
		{ { "version=1", "weight=300", "weight=0" }, FSV_BALANCE_RANDOM_WEIGHTED, { 0.25, 0.75, 0 } },
		{ { "weight=0", "weight=0", "weight=0" }, FSV_BALANCE_RANDOM_WEIGHTED, { 1 / 3.0, 1 / 3.0, 1 / 3.0 } },
		{ { "weight=-5", "weight=1", "weight=1" }, FSV_BALANCE_RANDOM_WEIGHTED, { 0, 0.5, 0.5 } },
		{ { "weight=100", "weight=50", "weight=0" }, FSV_BALANCE_RANDOM, { 1 / 3.0, 1 / 3.0, 1 / 3.0 } },
		{ { "weight=100", "weight=50", "weight=0" }, FSV_BALANCE_ROUND_ROBIN, { 1 / 3.0, 1 / 3.0, 1 / 3.0 } },
		{ { "weight=100", "weight=50", "weight=0" }, FSV_BALANCE_ROUND_ROBIN_WEIGHTED, { 2 / 3.0, 1 / 3.0, 0 } },
		{ { "weight=x", "weight=", "version=216" }, FSV_BALANCE_ROUND_ROBIN_WEIGHTED, { 1 / 3.0, 1 / 3.0, 1 / 3.0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_providers *p = list_of(3, cases[i].params);
		unsigned counts[26] = { 0 };

		draw(p, cases[i].balance, counts);
		for (unsigned k = 0; k < 3; k++)
			assert_share(counts[k], cases[i].share[k]);
		fsv_ref_put(&p->ref);
	}
}

static void router_modes_compare_versions(void **state)
{
	static const struct {
		const char *params;
		int64_t asked;
		bool want;
	} cases[] = {
		{ "router_mode=ALL_ALLOWED", 5, true }, { "router_mode=VERSION_BIGER&version=4", 5, true },
		{ "router_mode=VERSION_BIGER&version=5", 5, false }, { "router_mode=VERSION_BIGTHAN_OR_EQUAL&version=5", 5, true },
		{ "router_mode=VERSION_BIGTHAN_OR_EQUAL&version=6", 5, false }, { "router_mode=VERSION_SMALLER&version=6", 5, true },
		{ "router_mode=VERSION_SMALLER&version=5", 5, false }, { "router_mode=version_equals&version=5", 5, true },
		{ "router_mode=VERSION_EQUALS&version=6", 5, false }, { "router_mode=VERSION_EQUALS&version=6", 0, true },
		{ "router_mode=VERSION_EQUALS", 5, false }, { "router_mode=VERSION_EQUALS&version=x", 5, false },
		{ "router_mode=other&version=9", 5, true }, { "router_mode=other", 5, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_providers *p = list_of(1, &cases[i].params);

		if ((fsv_providers_pick(p, &(struct fsv_pick){ .version = cases[i].asked }) != NULL) != cases[i].want)
			fail_msg("%s asked for %d", cases[i].params, (int)cases[i].asked);
		fsv_ref_put(&p->ref);
	}
	assert_null(fsv_providers_pick(NULL, &(struct fsv_pick){ .version = 0 }));
}

static void nodes_that_fail_are_left_out(void **state)
{
	struct fsv_providers *p = list_of(2, NULL);
	struct fsv_node *a = p->all[0].node, *b = p->all[1].node;
	const struct fsv_pick any = { .healthy = false }, healthy = { .healthy = true };
	unsigned counts[26] = { 0 };

	(void)state;
	fsv_node_report(a, FSV_RPC_UNAVAILABLE);
	draw(p, FSV_BALANCE_RANDOM, counts);
	assert_int_equal(counts[0], 0);
	fsv_node_report(b, FSV_RPC_DEADLINE_EXCEEDED);
	fsv_node_report(b, FSV_RPC_DEADLINE_EXCEEDED);
	assert_ptr_equal(fsv_providers_pick(p, &healthy), b);
	fsv_node_report(b, FSV_RPC_DEADLINE_EXCEEDED);
	assert_null(fsv_providers_pick(p, &healthy));
	assert_non_null(fsv_providers_pick(p, &any));
	fsv_node_report(a, FSV_RPC_OK);
	assert_ptr_equal(fsv_providers_pick(p, &any), a);
	assert_ptr_equal(fsv_providers_pick(p, &(struct fsv_pick){ .not_this = a }), b);
	fsv_ref_put(&p->ref);
}

static void long_lists_are_used_whole(void **state)
{
	struct fsv_providers *p = list_of(300, NULL);
	unsigned seen = 0;

	(void)state;
	for (unsigned i = 0; i < DRAWS; i++)
		fsv_node_report(fsv_providers_pick(p, &(struct fsv_pick){ .healthy = false }), FSV_RPC_UNAVAILABLE);
	for (unsigned i = 0; i < p->n; i++)
		seen += atomic_load(&p->all[i].node->failures) > 0;
	assert_int_equal(seen, 300);
	fsv_ref_put(&p->ref);
}

/* FATE-Flow writes '~' as it is, older ones as %7E; both are decoded before they get here. */
static void models_of_fate_flow_are_found(void **state)
{
	const struct fsv_str urls[] = {
		FSV_STR("http://10.0.0.1:9380/v1/model/transfer/guest~9999~arbiter-10000~model/2021"),
		FSV_STR("http://10.0.0.2:9380/v1/model/transfer"),
		FSV_STR("http://10.0.0.3:9380/v1/model/transfer/guest~9999~arbiter-10000~model/2022"),
		FSV_STR("http://10.0.0.4:9380/v1/model/transfer/xguest~9999~arbiter-10000~model/2021"),
		FSV_STR("http://10.0.0.5:9380/v1/model/transfer/guest~9999~arbiter-10000~model/12021"),
	};
	struct fsv_retired retired = { NULL };
	struct fsv_view *view = fsv_view_new(&retired, 1);
	struct fsv_providers *p = fsv_providers_new(&nodes, FSV_STR("flow/online/transfer"), urls, 5);
	const char *got[4];

	(void)state;
	fsv_view_add(view, p);
	fsv_ref_put(&p->ref);
	assert_int_equal(fsv_view_model_urls(view, FSV_STR("2021"), FSV_STR("guest#9999#arbiter-10000#model"), got, 4), 2);
	assert_string_equal(got[0], urls[0].p);
	assert_string_equal(got[1], urls[1].p);
	assert_int_equal(fsv_view_model_urls(view, FSV_STR("2021"), FSV_STR("guest#9999#arbiter-10000#model"), got, 1), 1);
	assert_int_equal(fsv_view_model_urls(view, FSV_STR("2021"), FSV_STR("host#1"), got, 4), 1);
	assert_int_equal(fsv_view_model_urls(NULL, FSV_STR("2021"), FSV_STR("host#1"), got, 4), 0);
	fsv_ref_put(&view->ref);
	fsv_retired_free(&retired);
}

/* What a reader lets go is left for the main thread. */
static void views_are_freed_by_the_main_thread(void **state)
{
	struct fsv_retired retired = { NULL };
	struct fsv_view *view = fsv_view_new(&retired, 1);

	(void)state;
	assert_null(fsv_view_find(view, FSV_STR("x")));
	fsv_ref_put(&view->ref);
	assert_ptr_equal(atomic_load(&retired.first), view);
	fsv_retired_free(&retired);
	assert_null(atomic_load(&retired.first));
}

/* The registry at its largest: how long each step takes is shown, and that each list is found. */
enum { LARGE = 10000 };

static double since_ms(int64_t *at)
{
	int64_t now = fsv_now_ns(), before = *at;

	*at = now;
	return (double)(now - before) / 1e6;
}

static struct fsv_view *large_view(struct fsv_retired *retired, struct fsv_providers **lists)
{
	struct fsv_view *view = fsv_view_new(retired, LARGE);

	for (unsigned i = 0; i < LARGE; i++)
		fsv_view_add(view, lists[i]);
	return view;
}

static void large_views_are_swapped(void **state)
{
	struct fsv_providers **lists = fsv_calloc(LARGE, sizeof(*lists));
	struct fsv_retired retired = { NULL };
	struct fsv_snapshot place = { 0 };
	char key[64], url[96];
	struct fsv_str urls[] = { FSV_STR_NULL };
	struct fsv_view *view;
	int64_t at = fsv_now_ns();
	double made, swapped[3], freed, swept;

	(void)state;
	fsv_nodes_sweep(&nodes, false);		/* those of the tests before */
	for (unsigned i = 0; i < LARGE; i++) {
		snprintf(key, sizeof(key), "serving/e%u/inference", i);
		snprintf(url, sizeof(url), "grpc://10.1.%u.%u:8000/serving/e%u/inference?version=216", i / 250, i % 250, i);
		urls[0] = fsv_str(url);
		lists[i] = fsv_providers_new(&nodes, fsv_str(key), urls, 1);
	}
	made = since_ms(&at);
	for (unsigned i = 0; i < 3; i++) {
		fsv_snapshot_set(&place, &large_view(&retired, lists)->ref);
		swapped[i] = since_ms(&at);
	}
	view = (struct fsv_view *)fsv_snapshot_get(&place);
	assert_int_equal(view->lists.n, LARGE);
	assert_ptr_equal(fsv_view_find(view, fsv_str(key)), lists[LARGE - 1]);
	fsv_ref_put(&view->ref);
	for (unsigned i = 0; i < LARGE; i++)
		fsv_ref_put(&lists[i]->ref);
	(void)since_ms(&at);
	fsv_snapshot_set(&place, NULL);
	fsv_retired_free(&retired);
	freed = since_ms(&at);
	assert_int_equal(nodes.by_target.n, LARGE);
	fsv_nodes_sweep(&nodes, false);
	swept = since_ms(&at);
	assert_int_equal(nodes.by_target.n, 0);
	print_message("# %u nodes: lists %.1f ms, swaps %.1f %.1f %.1f ms, freed %.1f ms, nodes forgotten %.1f ms\n", LARGE, made,
		      swapped[0], swapped[1], swapped[2], freed, swept);
	free(lists);
}

static void host_keys_are_those_of_the_reference(void **state)
{
	char key[33];

	(void)state;
	fsv_registry_host_key(FSV_STR("2020072814115256400000"), FSV_STR("host#10000#arbiter-10000#guest-9999#host-10000#model"), key);
	assert_string_equal(key, "b9358cc359f75545fc732bfdd795c496");
}

static void acl_ids_are_those_of_the_reference(void **state)
{
	FSV_AUTO_MEM char *id = fsv_zk_digest_id("fate", "pw");

	(void)state;
	assert_string_equal(id, "fate:jqGLqCUi6pAqbQ7C2Dyyj2DlNK4=");
}

static void service_ids_that_break_the_tree_are_refused(void **state)
{
	static const char *const good[] = { "lr-test", "lr test#2", "\xe6\xa8\xa1~*+1", "9999" };
	static const char *const bad[] = { "", " ", "online", "a/b", "a?b", "a&b", "a:b", "a%b", "a\nb", ".", ".." };
	struct fsv_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(fsv_registry_check_service_id(fsv_str(good[i]), &err), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(fsv_registry_check_service_id(fsv_str(bad[i]), &err), FSV_E_PARAM);
}

static void host_lists_are_checked(void **state)
{
	static const char *const good[] = { "zk:2181", "a:1,b:2, c:3", "a:1,b:2/chroot", "[::1]:2181" };
	static const char *const bad[] = { "", "zk", "zk:", "zk:0", "zk:70000", "a:1,", ",a:1", "a:1,b", ":2181", "/x" };
	struct fsv_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(fsv_registry_check_hosts(good[i], &err), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (fsv_registry_check_hosts(bad[i], &err) != FSV_E_CONFIG)
			fail_msg("\"%s\" was taken", bad[i]);
}

/* The cache file: ours reads back what it wrote, and reads the reference's. */
struct taken {
	unsigned n;
	char text[2048];
};

static void take(void *arg, struct fsv_str key, const struct fsv_str *urls, unsigned n)
{
	struct taken *t = arg;
	size_t used = strlen(t->text);

	t->n++;
	used += (size_t)snprintf(t->text + used, sizeof(t->text) - used, "%.*s", FSV_STR_ARG(key));
	for (unsigned i = 0; i < n; i++)
		used += (size_t)snprintf(t->text + used, sizeof(t->text) - used, " [%.*s]", FSV_STR_ARG(urls[i]));
	snprintf(t->text + used, sizeof(t->text) - used, "\n");
}

static void cache_files_are_read(void **state)
{
	static const char reference[] =
		"#Fate Registry Cache\n#Mon Nov 23 06:00:15 UTC 2026\n"
		"serving/lr-test/inference=grpc\\://192.0.2.2\\:8000/serving/lr-test/inference?router_mode\\=ALL_ALLOWED&version\\=216 "
		"grpc\\://192.0.2.3\\:8000/serving/lr-test/inference?version\\=216\n"
		"serving/gone/inference=empty\\:///serving/online/publishLoad?category\\=providers\nshort=x\\://y\n";
	char *urls[] = { (char *)"grpc://h:1/serving/lr test#2/s?a=b", (char *)"http://h:1/v1/\xe6\xa8\xa1~*+1/x", (char *)"grpc://h:2/a/b/c" };
	struct taken t = { .n = 0 };
	struct fsv_buf out;
	struct fsv_err err;

	(void)state;
	assert_int_equal(fsv_cache_parse(fsv_str(reference), 10, take, &t, &err), 0);
	assert_string_equal(t.text, "serving/lr-test/inference [grpc://192.0.2.2:8000/serving/lr-test/inference?router_mode=ALL_ALLOWED&version=216] "
			    "[grpc://192.0.2.3:8000/serving/lr-test/inference?version=216]\n");
	t = (struct taken){ .n = 0 };
	fsv_buf_init(&out, NULL, 0);
	fsv_cache_line(&out, "serving/lr test#2/s", urls, 3);
	assert_int_equal(fsv_cache_parse(fsv_buf_str(&out), 10, take, &t, &err), 0);
	assert_string_equal(t.text, "serving/lr test#2/s [http://h:1/v1/\xe6\xa8\xa1~*+1/x] [grpc://h:2/a/b/c]\n");
	fsv_buf_done(&out);
}

static void settings_are_read(void **state)
{
	/* {"online/publishLoad":{"weight":50,"routerMode":"VERSION_EQUALS"},"lr/inference":{"weight":-3},"x":{},"a/b":7} */
	static const char text[] = "eyJvbmxpbmUvcHVibGlzaExvYWQiOnsid2VpZ2h0Ijo1MCwicm91dGVyTW9kZSI6IlZFUlNJT05fRVFVQUxTIn0sImxyL2luZmVyZW5jZSI6"
				   "eyJ3ZWlnaHQiOi0zfSwieCI6e30sImEvYiI6N30=\n";
	const struct fsv_reg_setting *setting;
	struct fsv_map settings;
	struct fsv_err err;

	(void)state;
	fsv_map_init(&settings);
	assert_int_equal(fsv_settings_parse(fsv_str(text), &settings, &err), 0);
	assert_int_equal(settings.n, 2);
	setting = fsv_map_get(&settings, FSV_STR("online/publishLoad"));
	assert_int_equal(setting->weight, 50);
	assert_int_equal(setting->mode, FSV_ROUTER_VERSION_EQUALS);
	setting = fsv_map_get(&settings, FSV_STR("lr/inference"));
	assert_int_equal(setting->weight, -1);
	assert_int_equal(setting->mode, FSV_ROUTER_NONE);
	assert_true(fsv_settings_parse(FSV_STR("no base64!"), &settings, &err) < 0);
	for (size_t i = 0; i < settings.n; i++)
		free(settings.entries[i].value);
	fsv_map_done(&settings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights_make_the_shares),
		cmocka_unit_test(router_modes_compare_versions),
		cmocka_unit_test(nodes_that_fail_are_left_out),
		cmocka_unit_test(long_lists_are_used_whole),
		cmocka_unit_test(models_of_fate_flow_are_found),
		cmocka_unit_test(views_are_freed_by_the_main_thread),
		cmocka_unit_test(large_views_are_swapped),
		cmocka_unit_test(host_keys_are_those_of_the_reference),
		cmocka_unit_test(acl_ids_are_those_of_the_reference),
		cmocka_unit_test(service_ids_that_break_the_tree_are_refused),
		cmocka_unit_test(host_lists_are_checked),
		cmocka_unit_test(cache_files_are_read),
		cmocka_unit_test(settings_are_read),
	};

	return cmocka_run_group_tests_name("registry/view", tests, begin, end);
}
