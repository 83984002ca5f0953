/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "schema.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static struct fsv_conf *load(struct fsv_str text)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_conf *conf = NULL;

	if (fsv_conf_load_text(&test_schema, text, "f", &conf, &err) != 0)
		fail_msg("%.*s: %s", FSV_STR_ARG(text), err.text);
	return conf;
}

static struct fsv_buf dump_of(struct fsv_str text)
{
	struct fsv_conf *conf = load(text);
	struct fsv_buf out;

	fsv_buf_init(&out, NULL, 0);
	fsv_conf_dump(conf, &out);
	fsv_conf_unref(conf);
	return out;
}

static const char defaults[] =
	"port: 8000\n"
	"server.port: 8185\n"
	"acl: null\n"
	"acl.enable: false\n"
	"single.inference.rpc.timeout: 3s\n"
	"redis.expire: 50min\n"
	"max.size: 16M\n"
	"batch.max: -1\n"
	"sample.ratio: 0.5\n"
	"service.name: serving\n"
	"model.cache.path: /var/lib/fate-serving\n"
	"routeType: random\n"
	"proxy: null\n"
	"http.adapter.url: null\n"
	"redis.password: null\n"
	"redis.cluster.nodes: null\n"
	"tls.files:\n  - /a.pem\n  - /b\n  - c.pem\n"
	"retry.waits:\n  - 1s\n  - 500ms\n";

static void dump_shows_effective_values(void **state)
{
	struct fsv_buf dump = dump_of(FSV_STR(""));

	(void)state;
	assert_string_equal(fsv_buf_cstr(&dump), defaults);
	fsv_buf_done(&dump);
}

static void dump_loads_to_the_same_dump(void **state)
{
	static const char *const texts[] = {
		"", "port: 1\nacl: 'a: #b'\nservice.name: \"x\\ny\"\nredis.cluster.nodes: []\nredis.expire: 0\n",
		"tls.files: ['a,b', ' c', null-x]\nsample.ratio: 1e300\nmax.size: 1536K\nsingle.inference.rpc.timeout: 1500\n",
		"redis.password: p\nservice.name: ''\nproxy: '[::1]:1'\nmodel.cache.path: ./x y/\xe6\xa8\xa1\nacl: '~'\n",
		"service.name: 'null'\nretry.waits: 61ms\nbatch.max: 0\nmax.size: 0\nsample.ratio: -0\n",
	};

	(void)state;
	for (size_t i = 0; i < N(texts); i++) {
		struct fsv_buf one = dump_of(fsv_str(texts[i])), two = dump_of(fsv_buf_str(&one));

		assert_string_equal(fsv_buf_cstr(&one), fsv_buf_cstr(&two));
		fsv_buf_done(&one);
		fsv_buf_done(&two);
	}
}

static void dump_hides_secrets(void **state)
{
	struct fsv_buf dump = dump_of(FSV_STR("redis.password: hunter2"));

	(void)state;
	assert_null(strstr(fsv_buf_cstr(&dump), "hunter2"));
	assert_non_null(strstr(fsv_buf_cstr(&dump), "\nredis.password: \"(secret)\"\n"));
	fsv_buf_done(&dump);
}

/* Takes the "#" away in front of settings, or checks that nothing else stands there. */
static void uncomment(struct fsv_str sample, struct fsv_buf *out)
{
	for (size_t at = 0; at < sample.n;) {
		size_t end = fsv_str_find(sample, '\n', at);
		struct fsv_str line = fsv_str_sub(sample, at, end);

		if (line.n > 1 && line.p[0] == '#' && line.p[1] != ' ')
			line = fsv_str_sub(line, 1, line.n);
		else
			assert_true(line.n == 0 || line.p[0] == '#');
		fsv_buf_add(out, line);
		fsv_buf_putc(out, '\n');
		at = end + 1;
	}
}

static void sample_is_the_defaults_commented_or_not(void **state)
{
	struct fsv_buf sample, bare, dump;

	(void)state;
	fsv_buf_init(&sample, NULL, 0);
	fsv_buf_init(&bare, NULL, 0);
	fsv_conf_sample(&test_schema, &sample);
	dump = dump_of(fsv_buf_str(&sample));
	assert_string_equal(fsv_buf_cstr(&dump), defaults);
	fsv_buf_done(&dump);
	uncomment(fsv_buf_str(&sample), &bare);
	dump = dump_of(fsv_buf_str(&bare));
	assert_string_equal(fsv_buf_cstr(&dump), defaults);
	fsv_buf_done(&dump);
	for (unsigned i = 0; i < N_KEYS; i++) {
		char line[100];

		snprintf(line, sizeof(line), "\n%s:", test_keys[i].name);
		if (!strstr(fsv_buf_cstr(&bare), line) != !!(test_keys[i].flags & FSV_CONF_RETIRED))
			fail_msg("%s", test_keys[i].name);
		assert_non_null(strstr(fsv_buf_cstr(&sample), test_keys[i].name));
	}
	fsv_buf_done(&sample);
	fsv_buf_done(&bare);
}

static void sample_explains_each_key(void **state)
{
	static const char *const pieces[] = {
		"\n# ---- Limits\n\n"
		"# How long the guest waits for each host before it gives up and answers with\n"
		"# the code that tells so. A batch has a limit of its own.\n"
		"# Duration, a bare number is in ms; from 1ms to 10min; default 3s.\n"
		"#single.inference.rpc.timeout: 3s\n\n"
		"# Life of an entry.\n",
		"# One of random, round_robin, consistent; default random.\n#routeType: random\n",
		"# Port, 0 means not served; default 8000; a change needs a restart.\n#port: 8000\n",
		"# Text; unset by default; secret, never shown; a change needs a restart.\n#redis.password:\n",
		"# Port; from 1024 to 65535; default 8185; a change needs a restart.\n#server.port: 8185\n",
		"# Duration, a bare number is in s; default 50min.\n#redis.expire: 50min\n",
		"# List of paths; default /a.pem, /b,c.pem.\n#tls.files: \"/a.pem, /b,c.pem\"\n",
		"# Size, a bare number is in bytes; at most 1G; default 16M.\n",
		"# redis.timeout redis.maxIdle\n",
	};
	struct fsv_buf sample;

	(void)state;
	fsv_buf_init(&sample, NULL, 0);
	fsv_conf_sample(&test_schema, &sample);
	for (size_t i = 0; i < N(pieces); i++)
		if (!strstr(fsv_buf_cstr(&sample), pieces[i]))
			fail_msg("%s is not in\n%s", pieces[i], fsv_buf_cstr(&sample));
	assert_null(strstr(fsv_buf_cstr(&sample), "---- Old"));
	fsv_buf_done(&sample);
}

static void manual_lists_each_key(void **state)
{
	static const char *const pieces[] = {
		".Sh KEYS\n.Ss Ports\n.Bl -tag -width Ds\n.It Va port\nPort of the gRPC service.\nClients connect here.\n.Pp\n"
		"Port, 0 means not served; default 8000; a change needs a restart.\n.It Va server.port\n",
		".El\n.Ss \\&No group\n.Bl",
		"A value of its own and a group, too; e.g. \\ee or \"x\" or 'y'.\n",
		".El\n.Ss Keys without effect\nAccepted with a warning, so that older files go on loading.\n"
		".Bl -tag -width Ds\n.It Va redis.timeout\nNever had an effect.\n.It Va redis.maxIdle\nThe pool has one size.\n.El\n",
	};
	struct fsv_buf man;

	(void)state;
	fsv_buf_init(&man, NULL, 0);
	fsv_conf_man(&test_schema, "fate-serving-test.yaml", &man);
	for (size_t i = 0; i < N(pieces); i++)
		if (!strstr(fsv_buf_cstr(&man), pieces[i]))
			fail_msg("%s is not in\n%s", pieces[i], fsv_buf_cstr(&man));
	fsv_buf_done(&man);
}

static void manual_escapes_what_roff_would_read(void **state)
{
	static const struct fsv_conf_key keys[] = {
		{ "x", FSV_CONF_STRING, 0, NULL, ".\\x", 0, 0, NULL, ".Sh is 'no' macro here. \\fBNor\\fP is this.", NULL },
		{ "El", FSV_CONF_STRING, 0, NULL, "", 0, 0, NULL, "'quoted' first.", NULL },
	};
	static const struct fsv_conf_schema schema = { .daemon = "d", .file = "/f", .keys = keys, .n_keys = N(keys) };
	struct fsv_buf man;

	(void)state;
	fsv_buf_init(&man, NULL, 0);
	fsv_conf_man(&schema, "d.yaml", &man);
	assert_string_equal(fsv_buf_cstr(&man),
			    ".\\\" d.yaml: the keys, written from the table in d; do not edit.\n.Sh KEYS\n"
			    ".Ss General\n.Bl -tag -width Ds\n.It Va \\&x\n"
			    "\\&.Sh is 'no' macro here. \\efBNor\\efP is this.\n.Pp\nText; default .\\ex.\n"
			    ".It Va \\&El\n\\&'quoted' first.\n.Pp\nText; default empty.\n.El\n");
	fsv_buf_done(&man);
}

static void manual_is_clean_mdoc(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char path[300], command[400];
	struct fsv_buf page;
	int rc;

	(void)state;
	if (system("command -v mandoc >/dev/null 2>&1") != 0)
		skip();
	fsv_buf_init(&page, NULL, 0);
	fsv_buf_puts(&page, ".Dd January 1, 2025\n.Dt FATE-SERVING-TEST.YAML 5\n.Os\n.Sh NAME\n.Nm fate-serving-test.yaml\n"
		     ".Nd configuration of a test\n.Sh DESCRIPTION\nText.\n");
	fsv_conf_man(&test_schema, "fate-serving-test.yaml", &page);
	snprintf(path, sizeof(path), "%s/fsv-man-%ld.5", tmp ? tmp : "/tmp", (long)getpid());
	assert_int_equal(fsv_write_file(path, page.p, page.n, 0600, NULL), 0);
	snprintf(command, sizeof(command), "mandoc -T lint -W warning '%s' >&2", path);
	rc = system(command);
	assert_int_equal(unlink(path), 0);
	if (rc != 0)
		fail_msg("mandoc complains about\n%s", fsv_buf_cstr(&page));
	fsv_buf_done(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dump_shows_effective_values),
		cmocka_unit_test(dump_loads_to_the_same_dump),
		cmocka_unit_test(dump_hides_secrets),
		cmocka_unit_test(sample_is_the_defaults_commented_or_not),
		cmocka_unit_test(sample_explains_each_key),
		cmocka_unit_test(manual_lists_each_key),
		cmocka_unit_test(manual_escapes_what_roff_would_read),
		cmocka_unit_test(manual_is_clean_mdoc),
	};

	return cmocka_run_group_tests_name("docs", tests, NULL, NULL);
}
