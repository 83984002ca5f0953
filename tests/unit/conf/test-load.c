/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "schema.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static char folder[200];	/* of this test, below $TMPDIR */

static int setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof(folder), "%s/fsv-conf-XXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[300];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static char *in_folder(const char *name)
{
	static char path[4][300];
	static unsigned turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", folder, name);
	return p;
}

static void write_file(const char *name, const char *text)
{
	struct fsv_err err;

	assert_int_equal(fsv_write_file(in_folder(name), text, strlen(text), 0600, &err), 0);
}

static struct fsv_conf *load_text(const char *text)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_conf *conf = NULL;

	if (fsv_conf_load_text(&test_schema, fsv_str(text), "f", &conf, &err) != 0)
		fail_msg("%s: %s", text, err.text);
	return conf;
}

static char warnings[4096];

static void catch_warning(int level, const struct fsv_log_tags *tags, const char *file, int line, const char *func,
			  const char *text)
{
	(void)tags;
	(void)file;
	(void)line;
	(void)func;
	assert_int_equal(level, FSV_LOG_WARNING);
	snprintf(warnings + strlen(warnings), sizeof(warnings) - strlen(warnings), "%s\n", text);
}

static void nothing_set_means_defaults(void **state)
{
	struct fsv_conf *conf = load_text("");

	(void)state;
	assert_int_equal(fsv_conf_int(conf, K_PORT), 8000);
	assert_int_equal(fsv_conf_int(conf, K_TIMEOUT), 3000);
	assert_int_equal(fsv_conf_int(conf, K_EXPIRE), 3000000);
	assert_int_equal(fsv_conf_int(conf, K_SIZE), 16 << 20);
	assert_false(fsv_conf_bool(conf, K_ACL_ENABLE));
	assert_true(fsv_conf_double(conf, K_RATIO) == 0.5);
	assert_int_equal(fsv_conf_enum(conf, K_ROUTE), 0);
	assert_string_equal(fsv_conf_str(conf, K_ROUTE), "random");
	assert_null(fsv_conf_str(conf, K_PROXY));
	assert_null(fsv_conf_list(conf, K_NODES)[0]);
	assert_string_equal(fsv_conf_list(conf, K_CERTS)[1], "/b");
	assert_string_equal(fsv_conf_list(conf, K_WAITS)[1], "500ms");
	assert_false(fsv_conf_is_set(conf, K_PORT));
	assert_string_equal(fsv_conf_where(conf, K_PORT), "default");
	assert_null(fsv_conf_unref(conf));
}

static void every_type_is_read(void **state)
{
	struct fsv_conf *conf = load_text(
		"port: 9000\nacl.enable: on\nsingle.inference.rpc.timeout: 2s\nredis.expire: 10\nmax.size: 64K\n"
		"batch.max: 17\nsample.ratio: 1e-3\nservice.name: 'a: b'\nmodel.cache.path: models\n"
		"routeType: consistent\nproxy: '[::1]:8879'\nredis.password: \"\"\n"
		"redis.cluster.nodes: [h1:1, h2:2]\ntls.files: a , /b\nretry.waits:\n  - 2\n  - 5ms\n");

	(void)state;
	assert_int_equal(fsv_conf_int(conf, K_PORT), 9000);
	assert_true(fsv_conf_bool(conf, K_ACL_ENABLE));
	assert_int_equal(fsv_conf_int(conf, K_TIMEOUT), 2000);
	assert_int_equal(fsv_conf_int(conf, K_EXPIRE), 10000);
	assert_int_equal(fsv_conf_int(conf, K_SIZE), 65536);
	assert_int_equal(fsv_conf_int(conf, K_COUNT), 17);
	assert_true(fsv_conf_double(conf, K_RATIO) == 1e-3);
	assert_string_equal(fsv_conf_str(conf, K_NAME), "a: b");
	assert_string_equal(fsv_conf_str(conf, K_PATH), "models");
	assert_int_equal(fsv_conf_enum(conf, K_ROUTE), 2);
	assert_string_equal(fsv_conf_str(conf, K_PROXY), "[::1]:8879");
	assert_string_equal(fsv_conf_str(conf, K_PASSWORD), "");
	assert_true(fsv_conf_is_set(conf, K_PASSWORD));
	assert_string_equal(fsv_conf_list(conf, K_NODES)[0], "h1:1");
	assert_string_equal(fsv_conf_list(conf, K_NODES)[1], "h2:2");
	assert_null(fsv_conf_list(conf, K_NODES)[2]);
	assert_string_equal(fsv_conf_list(conf, K_CERTS)[0], "a");
	assert_string_equal(fsv_conf_list(conf, K_WAITS)[0], "2s");
	assert_string_equal(fsv_conf_list(conf, K_WAITS)[1], "5ms");
	assert_string_equal(fsv_conf_where(conf, K_COUNT), "f:6:1");
	fsv_conf_unref(conf);
}

static void flat_nested_and_mixed_spellings_are_the_same(void **state)
{
	static const char *const texts[] = {
		"http.adapter.url: u\nacl: x\nacl.enable: true\n",
		"http:\n  adapter:\n    url: u\nacl: x\nacl.enable: true\n",
		"http.adapter: {url: u}\nacl: x\nacl.enable: true\n",
		"http: {adapter.url: u}\nacl.enable: true\nacl: x\n",
	};

	(void)state;
	for (size_t i = 0; i < N(texts); i++) {
		struct fsv_conf *conf = load_text(texts[i]);

		assert_string_equal(fsv_conf_str(conf, K_URL), "u");
		assert_string_equal(fsv_conf_str(conf, K_ACL), "x");
		assert_true(fsv_conf_bool(conf, K_ACL_ENABLE));
		fsv_conf_unref(conf);
	}
}

static void null_means_default(void **state)
{
	struct fsv_conf *conf = load_text("port: null\nserver.port:\nredis.cluster.nodes: ~\nhttp:\nmax: {}\nservice.name: 'null'\n");

	(void)state;
	assert_int_equal(fsv_conf_int(conf, K_PORT), 8000);
	assert_int_equal(fsv_conf_int(conf, K_SERVER_PORT), 8185);
	assert_false(fsv_conf_is_set(conf, K_PORT));
	assert_string_equal(fsv_conf_where(conf, K_PORT), "default");
	assert_string_equal(fsv_conf_str(conf, K_NAME), "null");
	fsv_conf_unref(conf);
}

static void faults_name_place_key_and_reason(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *want;
	} cases[] = {
		{ "port: 1\nprot: 2\n", FSV_E_UNKNOWN_KEY, "f:2:1: prot: unknown key; did you mean port?" },
		{ "http:\n  adaptor:\n    url: u\n", FSV_E_UNKNOWN_KEY,
		  "f:3:5: http.adaptor.url: unknown key; did you mean http.adapter.url?" },
		{ "ROUTETYPE: random\n", FSV_E_UNKNOWN_KEY, "f:1:1: ROUTETYPE: unknown key; did you mean routeType?" },
		{ "redis.timeuot: 1\n", FSV_E_UNKNOWN_KEY,
		  "f:1:1: redis.timeuot: unknown key; fate-serving-test has no key of this name" },
		{ "something.else: 1\n", FSV_E_UNKNOWN_KEY,
		  "f:1:1: something.else: unknown key; fate-serving-test has no key of this name" },
		{ "foo: {}\n", FSV_E_UNKNOWN_KEY, "f:1:1: foo: unknown key; fate-serving-test has no key of this name" },
		{ "'': {port: 1}\n", FSV_E_UNKNOWN_KEY, "f:1:6: .port: unknown key; did you mean port?" },
		{ "port.: 1\n", FSV_E_UNKNOWN_KEY, "f:1:1: port.: unknown key; did you mean port?" },
		{ "port: 1\n\nport: 2\n", FSV_E_SYNTAX,
		  "f:3:1: port: this key is given twice, first at line 1 column 1" },
		{ "acl.enable: true\nacl:\n  enable: true\n", FSV_E_SYNTAX,
		  "f:3:3: acl.enable: this key is given twice, first at line 1 column 1" },
		{ "acl.enable: ~\nacl:\n  enable: ~\n", FSV_E_SYNTAX,
		  "f:3:3: acl.enable: this key is given twice, first at line 1 column 1" },
		{ "port: {a: 1}\n", FSV_E_TYPE, "f:1:7: port: takes a value, not a mapping" },
		{ "redis.password: {tellnobody: 1}\n", FSV_E_TYPE, "f:1:17: redis.password: takes a value, not a mapping" },
		{ "port: [1]\n", FSV_E_TYPE, "f:1:7: port: takes one value, not a list" },
		{ "http: 5\n", FSV_E_TYPE, "f:1:7: http: is a group of keys and takes no value itself" },
		{ "http: []\n", FSV_E_TYPE, "f:1:7: http: is a group of keys and takes no value itself" },
		{ "redis.cluster.nodes: [h:1, h]\n", FSV_E_TYPE,
		  "f:1:28: redis.cluster.nodes: must be host:port or [v6]:port; the port is missing" },
		{ "redis.cluster.nodes: [h:1, [h:2]]\n", FSV_E_TYPE,
		  "f:1:28: redis.cluster.nodes: every item of the list must be a value" },
		{ "redis.cluster.nodes: [h:1, ~]\n", FSV_E_TYPE,
		  "f:1:28: redis.cluster.nodes: every item of the list must be a value" },
		{ "redis.cluster.nodes: h:1,,h:2\n", FSV_E_TYPE,
		  "f:1:22: redis.cluster.nodes: must be a list without empty items; item 2 is empty" },
		{ "retry.waits: [1, 61]\n", FSV_E_RANGE, "f:1:18: retry.waits: must be at most 1min, not \"61\"" },
		{ "acl:\n  enable: maybe\n", FSV_E_TYPE,
		  "f:2:11: acl.enable: must be true or false (yes, no, on and off do, too), not \"maybe\"" },
		{ "- port\n", FSV_E_TYPE, "f:1:1: the file must hold lines of the form \"key: value\"" },
		{ "redis.password:tellnobody\n", FSV_E_TYPE, "f:1:1: the file must hold lines of the form \"key: value\"" },
		{ "redis.password: \"tell\\0nobody\"\n", FSV_E_TYPE,
		  "f:1:17: redis.password: must be text without a NUL character" },
		{ "port: &a 1\n", FSV_E_SYNTAX, "f:1:7: anchors (&name) are not supported; write the value out" },
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_conf *conf = NULL;
		int rc = fsv_conf_load_text(&test_schema, fsv_str(cases[i].text), "f", &conf, &err);

		if (rc != cases[i].code || err.code != rc || strcmp(err.text, cases[i].want) != 0)
			fail_msg("case %zu: got %d %s\nwant %s", i, rc, err.text, cases[i].want);
		assert_null(conf);
		assert_null(strstr(err.text, "nobody"));
		assert_int_equal(fsv_conf_load_text(&test_schema, fsv_str(cases[i].text), "f", &conf, NULL), cases[i].code);
	}
}

static void retired_keys_warn_once_and_do_nothing(void **state)
{
	struct fsv_conf *conf;

	(void)state;
	warnings[0] = '\0';
	fsv_log_set_sink(catch_warning);
	conf = load_text("redis:\n  timeout: what ever\nredis.maxIdle: [1]\n");
	fsv_log_set_sink(NULL);
	assert_string_equal(warnings, "f: 2 keys without effect here, can be removed: redis.timeout (f:2), "
				      "redis.maxIdle (f:3)\n");
	assert_false(fsv_conf_is_set(conf, K_OLD));
	fsv_conf_unref(conf);
}

static void snippets_are_merged_in_name_order(void **state)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_conf *conf = NULL;
	char want[400];

	(void)state;
	assert_int_equal(mkdir(in_folder("t.yaml.d"), 0700), 0);
	write_file("t.yaml", "port: 1\nserver.port: 2000\nbatch.max: 1\nredis.cluster.nodes: [a:1, b:1]\nmodel.cache.path: m\n");
	write_file("t.yaml.d/20-b.yaml", "port: 20\nbatch.max: null\n");
	write_file("t.yaml.d/10-a.yaml", "port: 10\nserver: {port: 3000}\nredis.cluster.nodes: c:1\n");
	write_file("t.yaml.d/30.yml", "nonsense: 1\n");
	write_file("t.yaml.d/.40.yaml", "nonsense: 1\n");
	write_file("t.yaml.d/50.yaml~", "nonsense: 1\n");
	if (fsv_conf_load(&test_schema, in_folder("t.yaml"), &conf, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(fsv_conf_int(conf, K_PORT), 20);
	assert_int_equal(fsv_conf_int(conf, K_SERVER_PORT), 3000);
	assert_int_equal(fsv_conf_int(conf, K_COUNT), -1);
	assert_string_equal(fsv_conf_list(conf, K_NODES)[0], "c:1");
	assert_null(fsv_conf_list(conf, K_NODES)[1]);
	snprintf(want, sizeof(want), "%s/t.yaml.d/10-a.yaml:2:10", folder);
	assert_string_equal(fsv_conf_where(conf, K_SERVER_PORT), want);
	snprintf(want, sizeof(want), "%s/m", folder);
	assert_string_equal(fsv_conf_str(conf, K_PATH), want);
	fsv_conf_unref(conf);

	write_file("t.yaml.d/15.yaml", "port: 1\nprt: 1\n");
	assert_int_equal(fsv_conf_load(&test_schema, in_folder("t.yaml"), &conf, &err), FSV_E_UNKNOWN_KEY);
	snprintf(want, sizeof(want), "%s/t.yaml.d/15.yaml:2:1: prt: unknown key; did you mean port?", folder);
	assert_string_equal(err.text, want);
}

static void files_that_cannot_be_read_are_named(void **state)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_conf *conf = NULL;
	char want[400];
	char *big = calloc(1, (1 << 20) + 2);

	(void)state;
	assert_int_equal(fsv_conf_load(&test_schema, in_folder("none.yaml"), &conf, &err), -ENOENT);
	snprintf(want, sizeof(want), "cannot open %s/none.yaml: No such file or directory", folder);
	assert_string_equal(err.text, want);
	assert_int_equal(fsv_conf_load(&test_schema, folder, &conf, &err), -EISDIR);
	assert_non_null(strstr(err.text, folder));

	memset(big, '#', (1 << 20) + 1);
	write_file("big.yaml", big);
	assert_int_equal(fsv_conf_load(&test_schema, in_folder("big.yaml"), &conf, &err), FSV_E_LIMIT);
	assert_non_null(strstr(err.text, "big.yaml is larger than 1048576 bytes"));
	big[1 << 20] = '\0';
	write_file("big.yaml", big);
	assert_int_equal(fsv_conf_load(&test_schema, in_folder("big.yaml"), &conf, &err), 0);
	conf = fsv_conf_unref(conf);
	free(big);

	write_file("t.yaml", "port: 1\n");
	write_file("t.yaml.d", "a file where a folder belongs");
	assert_int_equal(fsv_conf_load(&test_schema, in_folder("t.yaml"), &conf, &err), -ENOTDIR);
	assert_non_null(strstr(err.text, "t.yaml.d"));
	assert_int_equal(unlink(in_folder("t.yaml.d")), 0);
	assert_int_equal(mkdir(in_folder("t.yaml.d"), 0700), 0);
	assert_int_equal(symlink("nowhere", in_folder("t.yaml.d/x.yaml")), 0);
	assert_int_equal(fsv_conf_load(&test_schema, in_folder("t.yaml"), &conf, &err), FSV_E_CONFIG);
	assert_non_null(strstr(err.text, "t.yaml.d/x.yaml: No such file or directory"));
	assert_null(conf);
	if (geteuid() != 0) {
		assert_int_equal(chmod(in_folder("t.yaml"), 0), 0);
		assert_int_equal(fsv_conf_load(&test_schema, in_folder("t.yaml"), &conf, &err), -EACCES);
	}
}

static void too_many_snippets_are_refused(void **state)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_conf *conf = NULL;

	(void)state;
	write_file("t.yaml", "");
	assert_int_equal(mkdir(in_folder("t.yaml.d"), 0700), 0);
	for (int i = 0; i <= 256; i++) {
		char name[40];
		FILE *f;

		snprintf(name, sizeof(name), "t.yaml.d/%03d.yaml", i);
		f = fopen(in_folder(name), "we");
		assert_non_null(f);
		fclose(f);
	}
	assert_int_equal(fsv_conf_load(&test_schema, in_folder("t.yaml"), &conf, &err), FSV_E_LIMIT);
	assert_int_equal(unlink(in_folder("t.yaml.d/000.yaml")), 0);
	assert_int_equal(fsv_conf_load(&test_schema, in_folder("t.yaml"), &conf, &err), 0);
	fsv_conf_unref(conf);
}

static void relative_paths_start_at_the_file(void **state)
{
	struct fsv_conf *conf = NULL;
	char cwd[300], want[400];

	(void)state;
	write_file("t.yaml", "model.cache.path: ./a/b\ntls.files: [x, /y]\n");
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(fsv_conf_load(&test_schema, "t.yaml", &conf, NULL), 0);
	snprintf(want, sizeof(want), "%s/a/b", folder);
	assert_string_equal(fsv_conf_str(conf, K_PATH), want);
	snprintf(want, sizeof(want), "%s/x", folder);
	assert_string_equal(fsv_conf_list(conf, K_CERTS)[0], want);
	assert_string_equal(fsv_conf_list(conf, K_CERTS)[1], "/y");
	conf = fsv_conf_unref(conf);
	assert_int_equal(chdir(".."), 0);
	snprintf(want, sizeof(want), "%s/t.yaml", strrchr(folder, '/') + 1);
	assert_int_equal(fsv_conf_load(&test_schema, want, &conf, NULL), 0);
	snprintf(want, sizeof(want), "%s/a/b", folder);
	assert_string_equal(fsv_conf_str(conf, K_PATH), want);
	fsv_conf_unref(conf);
	assert_int_equal(chdir(cwd), 0);
}

static int needs_proxy(const struct fsv_conf *conf, struct fsv_err *err)
{
	if (fsv_conf_bool(conf, K_ACL_ENABLE) && !fsv_conf_str(conf, K_PROXY))
		return fsv_err_set(err, FSV_E_CONFIG, "%s: acl.enable: needs proxy", fsv_conf_where(conf, K_ACL_ENABLE));
	return 0;
}

static void the_check_sees_the_merged_values(void **state)
{
	struct fsv_conf_schema schema = test_schema;
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_conf *conf = NULL;

	(void)state;
	schema.check = needs_proxy;
	assert_int_equal(fsv_conf_load_text(&schema, FSV_STR("acl.enable: yes"), "f", &conf, &err), FSV_E_CONFIG);
	assert_string_equal(err.text, "f:1:1: acl.enable: needs proxy");
	assert_null(conf);
	assert_int_equal(fsv_conf_load_text(&schema, FSV_STR("acl.enable: yes\nproxy: a:1"), "f", &conf, &err), 0);
	fsv_conf_unref(conf);
}

static void references_keep_it_alive(void **state)
{
	struct fsv_conf *conf = load_text("port: 5");

	(void)state;
	assert_ptr_equal(fsv_conf_ref(conf), conf);
	fsv_conf_unref(conf);
	assert_int_equal(fsv_conf_int(conf, K_PORT), 5);
	fsv_conf_unref(conf);
	assert_null(fsv_conf_unref(NULL));
}

static void changed_restart_keys_are_named(void **state)
{
	static const struct {
		const char *was, *now, *want;
		unsigned n;
	} cases[] = {
		{ "", "", "", 0 },
		{ "port: 8000", "", "", 0 },			/* its default */
		{ "batch.max: 1", "batch.max: 2", "", 0 },	/* needs no restart */
		{ "port: 1", "port: 2", "port", 1 },
		{ "", "port: 1\nmodel.cache.path: /x\nredis.password: p", "port, model.cache.path, redis.password", 3 },
		{ "redis.cluster.nodes: a:1,b:1", "redis.cluster.nodes: [a:1, 'b:1']", "", 0 },
		{ "redis.cluster.nodes: a:1,b:1", "redis.cluster.nodes: [a:1]", "redis.cluster.nodes", 1 },
		{ "redis.cluster.nodes: a:1", "redis.cluster.nodes: [a:1, b:1]", "redis.cluster.nodes", 1 },
		{ "redis.cluster.nodes: a:1", "", "redis.cluster.nodes", 1 },
		{ "redis.password: a", "redis.password: b", "redis.password", 1 },
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct fsv_conf *was = load_text(cases[i].was), *now = load_text(cases[i].now);
		struct fsv_buf out;
		unsigned n;

		fsv_buf_init(&out, NULL, 0);
		n = fsv_conf_restart_keys(was, now, &out);
		if (n != cases[i].n || strcmp(fsv_buf_cstr(&out), cases[i].want) != 0)
			fail_msg("case %zu: got %u %s", i, n, fsv_buf_cstr(&out));
		fsv_buf_done(&out);
		fsv_conf_unref(was);
		fsv_conf_unref(now);
	}
}

static void long_and_deep_names_are_just_unknown(void **state)
{
	enum { SIZE = 1 << 20 };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_conf *conf = NULL;
	struct fsv_buf text;

	(void)state;
	fsv_buf_init(&text, NULL, 0);
	fsv_buf_puts(&text, "? ");
	for (int i = 0; i < 500000; i++)
		fsv_buf_putc(&text, 'k');
	fsv_buf_puts(&text, "\n: {");
	for (int i = 0; i < 40000; i++)
		fsv_buf_printf(&text, "k%d: 1, ", i);
	fsv_buf_puts(&text, "}\n");
	assert_int_equal(fsv_conf_load_text(&test_schema, fsv_buf_str(&text), "f", &conf, &err), FSV_E_UNKNOWN_KEY);
	fsv_buf_clear(&text);
	for (int i = 0; i < 60; i++)
		fsv_buf_puts(&text, "{a: ");
	fsv_buf_puts(&text, "1");
	for (int i = 0; i < 60; i++)
		fsv_buf_puts(&text, "}");
	assert_int_equal(fsv_conf_load_text(&test_schema, fsv_buf_str(&text), "f", &conf, &err), FSV_E_UNKNOWN_KEY);
	fsv_buf_clear(&text);
	for (int i = 0; i < SIZE; i++)
		fsv_buf_putc(&text, (char)((unsigned)i * 2654435761u >> 24 & 0x7f));
	assert_true(fsv_conf_load_text(&test_schema, fsv_buf_str(&text), "f", &conf, &err) < 0);
	assert_null(conf);
	fsv_buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_set_means_defaults),
		cmocka_unit_test(every_type_is_read),
		cmocka_unit_test(flat_nested_and_mixed_spellings_are_the_same),
		cmocka_unit_test(null_means_default),
		cmocka_unit_test(faults_name_place_key_and_reason),
		cmocka_unit_test(retired_keys_warn_once_and_do_nothing),
		cmocka_unit_test_setup_teardown(snippets_are_merged_in_name_order, setup, teardown),
		cmocka_unit_test_setup_teardown(files_that_cannot_be_read_are_named, setup, teardown),
		cmocka_unit_test_setup_teardown(too_many_snippets_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(relative_paths_start_at_the_file, setup, teardown),
		cmocka_unit_test(the_check_sees_the_merged_values),
		cmocka_unit_test(references_keep_it_alive),
		cmocka_unit_test(changed_restart_keys_are_named),
		cmocka_unit_test(long_and_deep_names_are_just_unknown),
	};

	return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
