/* SPDX-License-Identifier: Apache-2.0 */
/* Order of sums, and the worked examples of the documentation's example model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "plan-helper.h"

/* 1e16 + 1 = 1e16: which of the three comes last decides between 0 and 1. */
static const struct weight abc[] = { { "a", 1 }, { "b", 1 }, { "c", 1 }, { NULL } };

static void check_sum(const struct input_spec *input, const struct weight *weights, unsigned split,
		      const char *features, const char *want)
{
	struct fsv_plan_opt opt = { .guest = false, .lr_parallel = split > 0, .lr_split = split };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_plan *plan;
	struct test_model m;
	const char *got;

	model_init(&m);
	model_add_dsl(&m, DSL_LR("Host"));
	model_add_input(&m, "in_0", input);
	model_add_lr(&m, "lr_0", weights, 0);
	if (fsv_plan_compile(&m.package, &opt, &plan, &err) < 0)
		fail_msg("%s", err.text);
	got = local_text(plan, features, false, &m.arena, &err);
	if (strcmp(got, want) != 0)
		fail_msg("%s: got %s (%s), want %s", features, got, err.text, want);
	fsv_plan_free(plan);
	model_done(&m);
}

#define SCORE(s)	"\"lr_0\":{\"score\":" s "}"

static void dense_input_is_summed_in_the_order_of_the_request(void **state)
{
	static const struct input_spec dense = { .format = "dense" };

	(void)state;
	check_sum(&dense, abc, 0, "{\"a\":1e16,\"b\":1,\"c\":-1e16}", SCORE("0.0"));
	check_sum(&dense, abc, 0, "{\"z\":7,\"c\":-1e16,\"y\":[],\"a\":1e16,\"b\":1}", SCORE("1.0"));
	/* Named twice: the first place, the last value. */
	check_sum(&dense, abc, 0, "{\"a\":1e16,\"b\":5,\"c\":-1e16,\"b\":1}", SCORE("0.0"));
	check_sum(&dense, abc, 0, "{\"a\":1e16,\"c\":null,\"b\":1,\"c\":-1e16}", SCORE("1.0"));
}

static void other_input_is_summed_in_the_order_of_a_java_map(void **state)
{
	static const char *const header[] = { "c", "a", "b", NULL };
	static const struct input_spec sparse = { .format = "sparse", .header = header };
	static const char *const tokens[] = { "na", NULL };
	static const struct text_pair replacements[] = { { "c", "-1e16" }, { "a", "1e16" }, { "b",
		"1" }, { NULL } };
	static const struct input_spec imputed = {
		.format = "dense", .missing = tokens, .replacements = replacements,
	};

	(void)state;
	check_sum(&sparse, abc, 0, "{\"c\":-1e16,\"a\":1e16,\"b\":1}", SCORE("0.0"));
	check_sum(&imputed, abc, 0, "{}", SCORE("0.0"));
	check_sum(&imputed, abc, 0, "{\"c\":\"na\",\"a\":1e16,\"b\":1}", SCORE("0.0"));
}

/* Hash 97, 113, 98: buckets 1, 1, 2 of 16, but 1, 17, 2 of 32. */
static const struct weight aqb[] = { { "a", 1 }, { "q", 1 }, { "b", 1 }, { NULL } };

static void parallel_sums_depend_on_how_many_columns_the_request_has(void **state)
{
	static const struct input_spec dense = { .format = "dense" };

	(void)state;
	check_sum(&dense, aqb, 500, "{\"b\":1,\"a\":1e16,\"q\":-1e16}", SCORE("1.0"));
	check_sum(&dense, aqb, 500,
		  "{\"1\":0,\"2\":0,\"3\":0,\"4\":0,\"5\":0,\"6\":0,\"7\":0,\"8\":0,"
		  "\"9\":0,\"9\":1,\"b\":1,\"a\":1e16,\"q\":-1e16}",
		  SCORE("1.0"));
	check_sum(&dense, aqb, 500,
		  "{\"1\":0,\"2\":0,\"3\":0,\"4\":0,\"5\":0,\"6\":0,\"7\":0,\"8\":0,"
		  "\"9\":0,\"10\":1,\"b\":1,\"a\":1e16,\"q\":-1e16}",
		  SCORE("0.0"));
}

static void parallel_sums_add_chunks(void **state)
{
	static const struct weight abcd[] = { { "a", 1 }, { "b", 1 }, { "c", 1 }, { "d", 1 }, { NULL } };
	static const struct input_spec dense = { .format = "dense" };
	static const char *const header[] = { "a", "b", "c", "d", NULL };
	static const struct input_spec sparse = { .format = "sparse", .header = header };
	const char *features = "{\"d\":1,\"c\":1,\"b\":0,\"a\":1e16}";

	(void)state;
	check_sum(&sparse, abcd, 0, features, SCORE("1.0E16"));
	check_sum(&sparse, abcd, 4, features, SCORE("1.0E16"));
	check_sum(&sparse, abcd, 3, features, SCORE("1.0E16"));
	check_sum(&sparse, abcd, 2, features, SCORE("1.0000000000000002E16"));
	check_sum(&dense, abcd, 4, features, SCORE("1.0E16"));
	check_sum(&dense, abcd, 2, features, SCORE("1.0000000000000002E16"));
}

static void a_chunk_of_nothing_is_refused(void **state)
{
	static const struct input_spec dense = { .format = "dense" };
	struct fsv_plan_opt opt = { .guest = false, .lr_parallel = true };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_plan *plan = NULL;
	struct test_model m;

	(void)state;
	model_init(&m);
	model_add_dsl(&m, DSL_LR("Host"));
	model_add_input(&m, "in_0", &dense);
	model_add_lr(&m, "lr_0", abc, 0);
	assert_int_equal(fsv_plan_compile(&m.package, &opt, &plan, &err), FSV_E_RANGE);
	assert_null(plan);
	model_done(&m);
}

/* The example model ----------------------------------------------------------------------------- */

/* Plan of one side, or NULL where the archive or unzip is not there. */
static struct fsv_plan *example(bool guest, unsigned split, struct fsv_arena *arena)
{
	const char *shared = getenv("FSV_SHARED");
	struct fsv_plan_opt opt = { .guest = guest, .n_partners = 1, .lr_parallel = split > 0,
		.lr_split = split };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_package package;
	struct fsv_plan *plan = NULL;
	struct fsv_buf text;
	char command[600];
	size_t n;
	FILE *f;

	fsv_buf_init(&text, arena, 0);
	snprintf(command, sizeof(command),
		"unzip -p '%s/data/model_cache_example.zip' 'model_*%s#*' 2>/dev/null",
		 shared ? shared : "../shared", guest ? "_guest" : "_host");
	f = popen(command, "re");
	while (f && (n = fread(fsv_buf_room(&text, 65536), 1, 65536, f)) > 0)
		text.n += n;
	if (!f || pclose(f) != 0)
		return NULL;
	if (fsv_package_parse(fsv_buf_str(&text), arena, &package, &err) < 0 ||
	    fsv_plan_compile(&package, &opt, &plan, &err) < 0)
		fail_msg("%s", err.text);
	return plan;
}

static const double sample[] = {
	-0.320167, 0.58883, -0.18408, -0.384207, 2.201839, 1.68401, 1.219096, 1.150692, 1.9656,
		1.572462, -0.35685,
	-0.389818, -0.227743, -0.352403, -0.436677, 0.53329, 0.120568, 0.075243, 0.107482, -0.017363,
};

/* {"x<first>":v0, …} */
static struct fsv_str features(unsigned first, const double *values, size_t n, struct fsv_arena *arena)
{
	struct fsv_jsonw w;
	struct fsv_buf b;

	fsv_buf_init(&b, arena, 0);
	fsv_jsonw_init(&w, &b);
	fsv_jsonw_begin(&w, '{');
	for (size_t i = 0; i < n; i++) {
		fsv_jsonw_key(&w, fsv_str(fsv_arena_printf(arena, "x%zu", first + i)));
		fsv_jsonw_double(&w, values[i]);
	}
	fsv_jsonw_end(&w, '}');
	return fsv_buf_str(&b);
}

/* Both local results and the merged one, as they are spelt: "guest host score". */
static const char *run_example(const struct fsv_plan *guest, const struct fsv_plan *host,
	struct fsv_str guest_features,
			       struct fsv_str host_features, struct fsv_arena *arena)
{
	struct fsv_remote remote = { .party_id = FSV_STR("10000") };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_row *guest_row, *host_row;
	struct fsv_merge merge;
	struct fsv_buf out, data;
	struct fsv_jsonw w;

	fsv_buf_init(&out, arena, 0);
	fsv_buf_init(&data, arena, 0);
	assert_int_equal(fsv_plan_local(guest, guest_features, arena, &guest_row, &err), 0);
	assert_int_equal(fsv_plan_local(host, host_features, arena, &host_row, &err), 0);
	fsv_jsonw_init(&w, &data);
	fsv_jsonw_begin(&w, '{');
	assert_int_equal(fsv_plan_write_local(host, host_row, false, &w, &err), 0);
	fsv_jsonw_end(&w, '}');
	remote.data = fsv_buf_str(&data);
	fsv_jsonw_init(&w, &out);
	assert_int_equal(fsv_plan_write_local(guest, guest_row, false, &w, &err), 0);
	fsv_buf_putc(&out, ' ');
	fsv_buf_add(&out, remote.data);
	fsv_buf_putc(&out, ' ');
	fsv_jsonw_init(&w, &out);
	assert_int_equal(fsv_plan_merge(guest, guest_row, &remote, 1, arena, &w, &merge, &err), 0);
	return fsv_buf_cstr(&out);
}

#define RESULT(g, h, s) \
	"\"hetero_lr_0\":{\"score\":" g "} {\"hetero_lr_0\":{\"score\":" h "}} \"score\":" s

static void the_example_model_scores_as_documented(void **state)
{
	static const double none[1], batch[] = { -0.161357, 0.822813, -0.031609, -0.248363,
		1.662757, 1.81831 };
	static const double single[] = { 1.88669, -1.359293, 2.303601, 2.00137, 1.307686 };
	static const double sdk[] = { 0.100016, 1.21, 2.321, 3.432, 4.543, 5.654, 5.654, 0.102345 };
	static const double mock[] = { 1, 5, 13, 58, 95, 352, 418, 833, 888, 937, 32776 };
	static const struct {
		const double *guest, *host;
		unsigned n_guest, n_host, host_first;
		const char *want;
	} cases[] = {
		{ sample, mock, 20, 11, 0, RESULT("0.7266247268820591", "0.0", "0.6740641555627144") },
		{ single, mock, 5, 11, 0, RESULT("0.6637774564263206", "0.0", "0.6601084304494412") },
		{ batch, mock, 6, 11, 0, RESULT("0.4555745047461709", "0.0", "0.6119638020304035") },
		{ sdk, mock, 8, 11, 0, RESULT("2.9573044354884086", "0.0", "0.9506075832188068") },
		{ sample, sample, 20, 20, 300,
		  RESULT("0.7266247268820591", "-0.5006253310300264", "0.5562605900164601") },
		{ none, sample, 0, 20, 300,
		  RESULT("-0.09251526464632587", "-0.5006253310300264", "0.3559145807204991") },
	};
	struct fsv_plan *guest, *host;
	struct fsv_arena arena;
	bool there;

	(void)state;
	fsv_arena_init(&arena, 0);
	guest = example(true, 0, &arena);
	host = example(false, 0, &arena);
	there = guest && host;
	for (size_t i = 0; there && i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(run_example(guest, host,
						features(0, cases[i].guest, cases[i].n_guest, &arena),
						features(cases[i].host_first, cases[i].host,
							cases[i].n_host, &arena),
						&arena),
				    cases[i].want);
	fsv_plan_free(guest);
	fsv_plan_free(host);
	fsv_arena_done(&arena);
	if (!there)
		skip();
}

static void the_order_of_a_thousand_terms_is_that_of_the_reference(void **state)
{
	static const struct {
		unsigned split;
		const char *want;
	} cases[] = {
		{ 0, RESULT("-12.867916675755765", "-5.263462169253823", "1.3354948343226328E-8") },
		{ 500, RESULT("-12.867916675755765", "-5.26346216925382", "1.3354948343226376E-8") },
		{ 100, RESULT("-12.867916675755765", "-5.263462169253796", "1.3354948343226706E-8") },
		{ 7, RESULT("-12.867916675755765", "-5.2634621692538035", "1.3354948343226612E-8") },
	};
	double guest_values[300], host_values[1000];
	struct fsv_plan *guest, *host;
	struct fsv_arena arena;
	bool there = true;

	(void)state;
	for (int i = 0; i < 300; i++)
		guest_values[i] = (37 * i % 101 - 50) / 17.0;
	for (int i = 0; i < 1000; i++)
		host_values[i] = (53 * i % 97 - 48) / 13.0;
	fsv_arena_init(&arena, 0);
	for (size_t i = 0; there && i < sizeof(cases) / sizeof(*cases); i++) {
		guest = example(true, cases[i].split, &arena);
		host = example(false, cases[i].split, &arena);
		there = guest && host;
		if (there)
			assert_string_equal(run_example(guest, host, features(0, guest_values, 300, &arena),
							features(300, host_values, 1000, &arena), &arena),
					    cases[i].want);
		fsv_plan_free(guest);
		fsv_plan_free(host);
	}
	fsv_arena_done(&arena);
	if (!there)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dense_input_is_summed_in_the_order_of_the_request),
		cmocka_unit_test(other_input_is_summed_in_the_order_of_a_java_map),
		cmocka_unit_test(parallel_sums_depend_on_how_many_columns_the_request_has),
		cmocka_unit_test(parallel_sums_add_chunks),
		cmocka_unit_test(a_chunk_of_nothing_is_refused),
		cmocka_unit_test(the_example_model_scores_as_documented),
		cmocka_unit_test(the_order_of_a_thousand_terms_is_that_of_the_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
