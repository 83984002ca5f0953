/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../../daemons/ctl/text.h"
#include "base/fd.h"

enum { NOW = 12345 };

static struct fsv_arena arena;

static int set_up(void **state)
{
	(void)state;
	fsv_arena_init(&arena, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fsv_arena_done(&arena);
	return 0;
}

static struct fsv_ctl_text read_text(struct fsv_str yaml)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_ctl_text text;

	if (fsv_ctl_text_read(yaml, "t.yaml", NOW, &arena, &text, &err) < 0)
		fail_msg("%s\n%.*s", err.text, FSV_STR_ARG(yaml));
	return text;
}

static const struct fsv_package *read_package(struct fsv_str yaml)
{
	struct fsv_package *package = FSV_ARENA_NEW(&arena, struct fsv_package);

	*package = read_text(yaml).package;
	return package;
}

static struct fsv_str show(const struct fsv_package *package)
{
	struct fsv_ctl_text text = { .package = *package };
	struct fsv_buf out;

	fsv_buf_init(&out, &arena, 0);
	fsv_ctl_text_show(&text, &arena, &out);
	return fsv_buf_str(&out);
}

static const struct fsv_package_entry *find(const struct fsv_package *package, struct fsv_str key)
{
	for (size_t i = 0; i < package->n; i++)
		if (fsv_str_eq(package->entries[i].key, key))
			return &package->entries[i];
	return NULL;
}

/* Same keys, same bytes but for the Pipeline. */
static void assert_same(const struct fsv_package *got, const struct fsv_package *want)
{
	assert_int_equal(got->n, want->n);
	for (size_t i = 0; i < want->n; i++) {
		const struct fsv_package_entry *a = &want->entries[i], *b = find(got, a->key);

		if (!b)
			fail_msg("%.*s is lost", FSV_STR_ARG(a->key));
		if (fsv_package_name(a->key).part != FSV_PACKAGE_PIPELINE && !fsv_str_eq(a->bytes, b->bytes))
			fail_msg("%.*s comes back with other bytes", FSV_STR_ARG(a->key));
	}
}

static bool has(struct fsv_str text, const char *part)
{
	return memmem(text.p, text.n, part, strlen(part)) != NULL;
}

/* Reading --------------------------------------------------------------------------------------- */

#define MODEL "model:\n  role: guest\n  partyId: 9999\n  tableName: 1\n  namespace: guest#9999#m\n"

static void identity_is_read(void **state)
{
	struct fsv_ctl_text t = read_text(FSV_STR(MODEL
		"  partners: {\"10000\": {namespace: 'host#10000#m'}, 10001: {tableName: 2, namespace: h}}\n"
		"  serviceIds: [a, b-c]\n"));

	(void)state;
	assert_true(fsv_str_is(t.model.key, "1_guest#9999#m"));
	assert_true(fsv_str_is(t.model.role, "guest"));
	assert_true(fsv_str_is(t.model.party_id, "9999"));
	assert_int_equal(t.model.timestamp, NOW);
	assert_null(t.model.resource_address.p);
	assert_int_equal(t.model.n_partners, 2);
	assert_true(fsv_str_is(t.model.partners[0].party_id, "10000"));
	assert_true(fsv_str_is(t.model.partners[0].table_name, "1"));
	assert_true(fsv_str_is(t.model.partners[0].name_space, "host#10000#m"));
	assert_true(fsv_str_is(t.model.partners[1].table_name, "2"));
	assert_int_equal(t.n_service_ids, 2);
	assert_true(fsv_str_is(t.service_ids[1], "b-c"));
}

static void components_get_the_usual_keys_and_inputs(void **state)
{
	struct fsv_ctl_text t = read_text(FSV_STR(
		"components:\n"
		"  dataio_0:\n    codePath: a/b.py/DataIO\n    meta: {input_format: dense}\n    param: {}\n"
		"  x_0:\n    codePath: Reader\n    input: []\n"
		"  lr_0:\n    codePath: HeteroLRHost\n    module: HeteroLR\n    meta: {}\n"
		"  y_0:\n    codePath: Union\n    input: {data: [lr_0.data, x_0.data], t: [args.z]}\n"));
	struct fsv_str pipeline = fsv_package_pipeline(&t.package);

	(void)state;
	assert_int_equal(t.package.n, 4);
	assert_true(fsv_str_is(t.package.entries[0].key, "dataio_0.dataio:DataIOMeta"));
	assert_true(fsv_str_is(t.package.entries[0].bytes, "\n\5dense"));
	assert_true(fsv_str_is(t.package.entries[1].key, "dataio_0.dataio:DataIOParam"));
	assert_true(fsv_str_is(t.package.entries[2].key, "lr_0.model:HeteroLogisticRegressionMeta"));
	assert_true(fsv_str_is(fsv_str_sub(pipeline, 3, pipeline.n), "{\"components\":{"
		"\"dataio_0\":{\"CodePath\":\"a/b.py/DataIO\",\"input\":{\"data\":{\"data\":[\"args.eval_data\"]}}},"
		"\"x_0\":{\"CodePath\":\"Reader\"},"
		"\"lr_0\":{\"module\":\"HeteroLR\",\"CodePath\":\"HeteroLRHost\",\"input\":{\"data\":{\"data\":[\"x_0.data\"]}}},"
		"\"y_0\":{\"CodePath\":\"Union\",\"input\":{\"data\":{\"data\":[\"lr_0.data\",\"x_0.data\"],\"t\":[\"args.z\"]}}}"
		"}}"));
}

static void fields_are_written_in_order_of_their_numbers(void **state)
{
	struct fsv_ctl_text t = read_text(FSV_STR(
		"components:\n  lr_0:\n    metaName: m:HeteroLogisticRegressionMeta\n"
		"    meta: {max_iter: -1, penalty: L2, \"#13\": aAE=, fit_intercept: true, tol: -0.0}\n"
		"pipeline: null\n"));
	static const char want[] = "\n\2L2" "\x11\0\0\0\0\0\0\0\x80" "\x40\xff\xff\xff\xff\xff\xff\xff\xff\xff\1" "\x58\1" "\x68\1";

	(void)state;
	assert_int_equal(t.package.n, 1);
	assert_true(fsv_str_eq(t.package.entries[0].bytes, fsv_str_n(want, sizeof(want) - 1)));
}

static void map_entries_keep_key_value_and_order(void **state)
{
	struct fsv_ctl_text t = read_text(FSV_STR(
		"components:\n  d_0:\n    codePath: DataTransform\n"
		"    param: {imputer_param: {missing_replace_value: {b: 0, a: \"\", null: \"null\"}}}\n"));

	(void)state;
	assert_true(fsv_str_eq(t.package.entries[0].bytes, FSV_STR("\x22\x1d"
		"\n\6\n\1b\x12\1" "0" "\n\5\n\1a\x12\0" "\n\x0c\n\4null\x12\4null")));
}

static void faults_name_their_place(void **state)
{
	static const struct { const char *yaml, *want; } cases[] = {
		{ "model: {}", "t.yaml:1:8: role is missing" },
		{ "modell: {}", "t.yaml:1:1: \"modell\" is not known here" },
		{ "model: {role: arbiter, partyId: 1}", "t.yaml:1:15: role is guest or host" },
		{ "model: {role: guest, partyId: }", "t.yaml:1:31: partyId must be a text" },
		{ "model: {role: guest, partyId: 1, tableName: a/b, namespace: c}", "no slash" },
		{ "model: {role: guest, partyId: 1, tableName: \"a\\n\", namespace: c}", "control character" },
		{ "model: {role: host, partyId: 1, tableName: a, namespace: c, serviceIds: [x]}", "only a guest" },
		{ MODEL "  serviceIds: [a/b]", "t.yaml:6:16: a service id may have none of" },
		{ MODEL "  timestamp: soon", "t.yaml:6:14: timestamp is a number" },
		{ MODEL "  partners: {1: {}}", "namespace is missing" },
		{ "components: [a]", "t.yaml:1:13: components is a mapping" },
		{ "components: {a: {codePath: X, meta: {}}}", "add metaName" },
		{ "components: {a: {codePath: DataIO, meta: {colour: 1}}}", "t.yaml:1:43: DataIOMeta has no field \"colour\"" },
		{ "components: {a: {codePath: DataIO, meta: {with_label: 1}}}", "true or false is expected here" },
		{ "components: {a: {codePath: DataIO, meta: {input_format: null}}}", "put the text in quotes" },
		{ "components: {a: {codePath: DataIO, meta: {imputer_meta: {missing_value: a}}}}", "a list is expected" },
		{ "components: {a: {codePath: DataIO, meta: {imputer_meta: [a]}}}", "the fields of a ImputerMeta" },
		{ "components: {a: {codePath: DataIO, meta: {raw: \"?\"}}}", "this is no base64" },
		{ "components: {a: {codePath: DataIO, meta: {\"#13\": aAE=, \"#0\": aAE=}}}", "is no field number" },
		{ "components: {a: {codePath: DataIO, meta: {\"#14\": aAE=}}}", "these bytes are not field 14" },
		{ "components: {a: {codePath: HeteroLRHost, meta: {max_iter: 9223372036854775808}}}", "a whole number" },
		{ "components: {a: {codePath: HeteroLRHost, param: {iters: 2147483648}}}", "a whole number" },
		{ "components: {a: {codePath: HeteroLRHost, param: {intercept: much}}}", "a number is expected" },
		{ "components: {a: {codePath: HeteroLRHost, param: {weight: {x: [1]}}}}", "a single value is expected" },
		{ "components: {a.b: {codePath: DataIO, meta: {}}}", "no server would find the message" },
		{ "components: {a: {input: [b.data]}}", "\"a\" has no codePath" },
		{ "components: {a: {codePath: X, input: [b.data]}}", "the components do not fit together" },
		{ "components: {a: {codePath: X, input: b}}", "input is a list" },
		{ "components: {a: {codePath: X, metaName: m:XMeta}}", "names a message that is not there" },
		{ "components: {a: {metaName: a:XMeta, meta: {raw: \"\"}}}\nothers: {a.b:YMeta: {raw: \"\"}}", "mean the same" },
		{ "others: {a: b}", "a message of this name is not known" },
		{ "a: b: c", "t.yaml:1:" },
	};
	struct fsv_err err;
	struct fsv_ctl_text text;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		err = (struct fsv_err)FSV_ERR_INIT;
		if (fsv_ctl_text_read(fsv_str(cases[i].yaml), "t.yaml", NOW, &arena, &text, &err) == 0)
			fail_msg("%s: is taken", cases[i].yaml);
		if (!strstr(err.text, cases[i].want) || strncmp(err.text, "t.yaml", 6) != 0)
			fail_msg("%s: got \"%s\", want \"%s\"", cases[i].yaml, err.text, cases[i].want);
	}
}

/* Showing and reading again ---------------------------------------------------------------------- */

#define PIPELINE(dsl)	{ { "pipeline.pipeline:Pipeline", 26 }, dsl }

static void odd_packages_come_back(void **state)
{
	struct fsv_package_entry entries[] = {
		{ FSV_STR("a_0.model:FutureMeta"), FSV_STR("\1\2\3") },
		{ FSV_STR("a_0.other:FutureParam"), FSV_STR("") },
		{ FSV_STR("lr_0.model:HeteroLogisticRegressionMeta"), FSV_STR("\n\3set") },
		{ FSV_STR("lr_0.model:HeteroLogisticRegressionParam"), FSV_STR("\"\5\n\3\xff\xfe\xfd") },	/* no UTF-8 */
		{ FSV_STR("b.model:HeteroLogisticRegressionMeta"), FSV_STR("\n\1a\n\1b") },	/* a field twice */
		{ FSV_STR("c.model:HeteroLogisticRegressionMeta"), FSV_STR("\x40\1\n\1b") },	/* out of order */
		{ FSV_STR("d.model:HeteroLogisticRegressionMeta"), FSV_STR("\n\7b") },	/* cut off */
		{ FSV_STR("e.model:HeteroLogisticRegressionMeta"), FSV_STR("\n\0\x58\0") },	/* defaults, stated */
		{ FSV_STR("f.model:HeteroLogisticRegressionParam"), FSV_STR("\x11\0\0\0\0\0\0\xf0\x3f") },	/* unpacked */
		{ FSV_STR("g.model:HeteroLogisticRegressionParam"), FSV_STR("\"\3\n\1x") },	/* entry without value */
		{ FSV_STR("no dot"), FSV_STR("x") },
		{ FSV_STR("two.dots.here:FooMeta"), FSV_STR("x") },
		{ FSV_STR("c.neither"), FSV_STR("y") },
		PIPELINE(FSV_STR("\n\2{}\x12\1\xff\x1a\4text")),
	};
	struct fsv_package package = { .entries = entries, .n = sizeof(entries) / sizeof(entries[0]) };
	struct fsv_ctl_text again = read_text(show(&package));

	(void)state;
	assert_same(&again.package, &package);
	assert_true(fsv_str_eq(fsv_package_pipeline(&again.package), fsv_package_pipeline(&package)));
}

static void a_dsl_comes_back_with_its_names_and_inputs(void **state)
{
	static const char dsl[] = "{\"components\":{"
		"\"b\":{\"CodePath\":\"x/HeteroLRGuest\",\"input\":{\"data\":{\"test_data\":[\"a.data\"]}},\"output\":{}},"
		"\"a\":{\"module\":\"M\",\"CodePath\":\"Future\"}}}";
	struct fsv_buf pipeline;
	struct fsv_package_entry entry = { .key = FSV_STR("pipeline.pipeline:Pipeline") };
	struct fsv_package package = { .entries = &entry, .n = 1 };
	struct fsv_str text;

	(void)state;
	fsv_buf_init(&pipeline, &arena, 0);
	fsv_buf_printf(&pipeline, "\n%c\1%s\x22\3" "1.4", (char)(0x80 | (sizeof(dsl) - 1 - 128)), dsl);
	entry.bytes = fsv_buf_str(&pipeline);
	text = show(&package);
	assert_true(fsv_str_is(text, "components:\n"
		"  a:\n    codePath: Future\n    module: M\n    input: []\n"
		"  b:\n    codePath: x/HeteroLRGuest\n    input: {test_data: [a.data]}\n"
		"pipeline:\n  fate_version: 1.4\n"));
	assert_true(has(fsv_package_pipeline(read_package(text)), "\"b\":{\"CodePath\":\"x/HeteroLRGuest\","
			"\"input\":{\"data\":{\"test_data\":[\"a.data\"]}}}}}\x22\3" "1.4"));
}

static void a_model_without_pipeline_stays_so(void **state)
{
	struct fsv_package none = { .n = 0 };
	struct fsv_str text = show(&none);

	(void)state;
	assert_true(fsv_str_starts(text, FSV_STR("pipeline: null")));
	assert_int_equal(read_text(text).package.n, 0);
}

static void fields_of_known_messages_are_shown_by_name(void **state)
{
	struct fsv_ctl_text t = read_text(FSV_STR(
		"components:\n  lr_0:\n    codePath: HeteroLRHost\n"
		"    param:\n      weight: {\"\xe5\xb9\xb4\xe9\xbe\x84\": 0.1, x: 1.0E-5, \"y: z\": -3}\n"
		"      loss_history: [0.6, 0.25]\n"
		"      one_vs_rest_result:\n        completed_models:\n        - {iters: 3}\n        - {}\n"
		"        one_vs_rest_classes: [\"1\", null_]\n"));
	struct fsv_str text = show(&t.package);

	(void)state;
	assert_true(fsv_str_is(text, "components:\n  lr_0:\n    codePath: HeteroLRHost\n    input: [args.eval_data]\n"
		"    param:\n      loss_history: [0.6, 0.25]\n"
		"      weight:\n        \"\xe5\xb9\xb4\xe9\xbe\x84\": 0.1\n        x: 1.0E-5\n        \"y: z\": -3.0\n"
		"      one_vs_rest_result:\n        completed_models:\n          -\n            iters: 3\n          - {}\n"
		"        one_vs_rest_classes: [1, null_]\n"));
	assert_same(read_package(text), &t.package);
}

/* Models of the reference's world ----------------------------------------------------------------- */

static void round_trip(const char *path)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_package package;
	struct fsv_ctl_text again;
	struct fsv_str text;
	char *data = NULL;
	size_t n = 0;

	if (fsv_read_file(path, FSV_PACKAGE_MAX_BYTES, &data, &n, &err) < 0 ||
	    fsv_package_parse(fsv_str_n(data, n), &arena, &package, &err) < 0)
		fail_msg("%s: %s", path, err.text);
	free(data);
	text = show(&package);
	again = read_text(text);
	assert_same(&again.package, &package);
	/* Nothing of these is beyond words. */
	if (has(text, "HeteroLR") && (has(text, "LogisticRegressionMeta: {raw") || has(text, "inference_dsl")))
		fail_msg("%s is shown in base64", path);
}

/* Of a path in the recordings of the reference. */
static const char *shared(const char *path)
{
	const char *folder = getenv("FSV_SHARED");

	return fsv_arena_printf(&arena, "%s/%s", folder ? folder : "../shared", path);
}

static unsigned round_trip_all(const char *pattern)
{
	glob_t g = { .gl_pathc = 0 };
	unsigned n = 0;

	if (glob(pattern, GLOB_PERIOD, NULL, &g) == 0)
		for (; n < g.gl_pathc; n++)
			round_trip(g.gl_pathv[n]);
	globfree(&g);
	return n;
}

static void models_of_fate_1_11_come_back(void **state)
{
	(void)state;
	if (round_trip_all(shared("golden/lr-*/*/.fate/model_*_cache")) == 0)
		skip();
}

static void models_of_other_kinds_come_back(void **state)
{
	(void)state;
	if (round_trip_all(shared("golden/[fs]*/*/.fate/model_*_cache")) == 0)
		skip();
}

static void the_reference_s_example_comes_back(void **state)
{
	const char *tmp = getenv("TMPDIR"), *zip = shared("data/model_cache_example.zip");
	char command[1200], dir[500];

	(void)state;
	if (access(zip, R_OK) != 0)
		skip();
	snprintf(dir, sizeof(dir), "%s/fsv-example-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(dir));
	snprintf(command, sizeof(command), "unzip -q '%s' -d '%s'", zip, dir);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof(command), "%s/model_*_cache", dir);
	assert_int_equal(round_trip_all(command), 2);
	snprintf(command, sizeof(command), "rm -r '%s'", dir);
	assert_int_equal(system(command), 0);
}

static void the_examples_are_good_texts(void **state)
{
	static const char *const files[] = {
		"examples/credit/guest.yaml", "examples/credit/host.yaml", "examples/two-hosts/guest.yaml",
		"examples/two-hosts/host-10000.yaml", "examples/two-hosts/host-10001.yaml",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_ctl_text text;
		char *data = NULL;
		size_t n = 0;

		assert_int_equal(fsv_read_file(files[i], FSV_CTL_TEXT_MAX, &data, &n, &err), 0);
		text = read_text(fsv_arena_str(&arena, fsv_str_n(data, n)));
		free(data);
		assert_true(text.model.key.n > 0);
		assert_same(read_package(show(&text.package)), &text.package);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(identity_is_read),
		T(components_get_the_usual_keys_and_inputs),
		T(fields_are_written_in_order_of_their_numbers),
		T(map_entries_keep_key_value_and_order),
		T(faults_name_their_place),
		T(odd_packages_come_back),
		T(a_dsl_comes_back_with_its_names_and_inputs),
		T(a_model_without_pipeline_stays_so),
		T(fields_of_known_messages_are_shown_by_name),
		T(models_of_fate_1_11_come_back),
		T(models_of_other_kinds_come_back),
		T(the_reference_s_example_comes_back),
		T(the_examples_are_good_texts),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
