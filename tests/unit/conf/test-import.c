/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "schema.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

struct imported {
	struct fsv_buf yaml, notes;
	struct fsv_conf *conf;
};

static struct imported import(struct fsv_str properties)
{
	struct imported im = { 0 };
	struct fsv_err err = FSV_ERR_INIT;

	fsv_buf_init(&im.yaml, NULL, 0);
	fsv_buf_init(&im.notes, NULL, 0);
	if (fsv_conf_import(&test_schema, properties, "p", &im.yaml, &im.notes, &err) != 0 ||
	    fsv_conf_load_text(&test_schema, fsv_buf_str(&im.yaml), "y", &im.conf, &err) != 0)
		fail_msg("%s\n%s", err.text, fsv_buf_cstr(&im.yaml));
	return im;
}

static void done(struct imported *im)
{
	fsv_buf_done(&im->yaml);
	fsv_buf_done(&im->notes);
	fsv_conf_unref(im->conf);
}

static void a_java_file_becomes_yaml_that_loads(void **state)
{
	struct imported im = import(FSV_STR(
		"# a comment\n"
		"port=9000 \n"
		"server.port : 8186\t\n"
		"acl.enable TRUE\n"
		"single.inference.rpc.timeout=2500\n"
		"redis.password=p\\u00e4ss: #1\n"
		"redis.cluster.nodes=h1:1,\\\n"
		"    h2:2\n"
		"model.cache.path=/data/models\n"
		"service.name=null\n"));

	(void)state;
	assert_string_equal(fsv_buf_cstr(&im.yaml),
			    "# For fate-serving-test, imported from p\n"
			    "port: 9000\n"
			    "server.port: 8186\n"
			    "acl.enable: true\n"
			    "single.inference.rpc.timeout: 2500\n"
			    "redis.password: \"p\xc3\xa4ss: #1\"\n"
			    "redis.cluster.nodes: \"h1:1,h2:2\"\n"
			    "model.cache.path: /data/models\n"
			    "service.name: \"null\"\n");
	assert_string_equal(fsv_buf_cstr(&im.notes), "");
	assert_int_equal(fsv_conf_int(im.conf, K_PORT), 9000);
	assert_true(fsv_conf_bool(im.conf, K_ACL_ENABLE));
	assert_string_equal(fsv_conf_str(im.conf, K_PASSWORD), "p\xc3\xa4ss: #1");
	assert_string_equal(fsv_conf_list(im.conf, K_NODES)[1], "h2:2");
	assert_string_equal(fsv_conf_str(im.conf, K_NAME), "null");
	done(&im);
}

static void what_does_not_fit_becomes_a_comment_and_a_note(void **state)
{
	static const struct {
		const char *properties, *yaml, *notes;	/* behind the first line */
	} cases[] = {
		{ "spring.application.name=x", "# line 1: a setting of the Java web framework, without effect here\n"
		  "#spring.application.name: x\n",
		  "p:1: spring.application.name: a setting of the Java web framework, without effect here\n" },
		{ "\nprot=1", "# line 2: unknown key, without effect here; did you mean port?\n#prot: 1\n",
		  "p:2: prot: unknown key, without effect here; did you mean port?\n" },
		{ "my.service={\"url\":\"jdbc\\nx\"}", "# line 1: unknown key, without effect here\n"
		  "#my.service: \"{\\\"url\\\":\\\"jdbc\\nx\\\"}\"\n", "p:1: my.service: unknown key, without effect here\n" },
		{ "xyz\\nport=1\\nport: 5", "# line 1: unknown key, without effect here\n#\"xyz\\nport\": \"1\\nport: 5\"\n",
		  "p:1: xyz?port: unknown key, without effect here\n" },
		{ "redis.timeout=2000", "# line 1: without effect here\n#redis.timeout: 2000\n",
		  "p:1: redis.timeout: without effect here\n" },
		{ "port=x", "# line 1: must be a whole decimal number, not \"x\"\n#port: x\n",
		  "p:1: port: must be a whole decimal number, not \"x\"\n" },
		{ "port=a\\u0085\\u2028", "# line 1: must be a whole decimal number, not \"a??\"\n#port: \"a\\x85\\u2028\"\n",
		  "p:1: port: must be a whole decimal number, not \"a??\"\n" },
		{ "port=", "# line 1: no value; the default applies\n#port: \"\"\n",
		  "p:1: port: no value; the default applies\n" },
		{ "redis.password= ", "# line 1: no value; the default applies\n#redis.password: \"\"\n",
		  "p:1: redis.password: no value; the default applies\n" },
		{ "service.name=", "service.name: \"\"\n", "" },
		{ "port=1\nport=2", "port: 2\n", "p:1: port: given again further down, where the value that counts is\n" },
		{ "acl.enable=yes", "acl.enable: false\n",
		  "p:1: acl.enable: neither true nor false; the Java implementation takes that for false\n" },
		{ "acl.enable=False", "acl.enable: false\n", "" },
		{ "model.cache.path=m", "model.cache.path: m\n", "p:1: model.cache.path: a relative path starts at the folder "
		  "of the configuration file here, no longer at the working directory\n" },
		{ "redis.cluster.nodes=a:1,", "# line 1: must be a list without empty items; item 2 is empty\n"
		  "#redis.cluster.nodes: \"a:1,\"\n",
		  "p:1: redis.cluster.nodes: must be a list without empty items; item 2 is empty\n" },
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct imported im = import(fsv_str(cases[i].properties));
		const char *yaml = fsv_buf_cstr(&im.yaml) + sizeof("# For fate-serving-test, imported from p\n") - 1;

		if (strcmp(yaml, cases[i].yaml) != 0 || strcmp(fsv_buf_cstr(&im.notes), cases[i].notes) != 0)
			fail_msg("%s: got\n%s%s", cases[i].properties, yaml, fsv_buf_cstr(&im.notes));
		done(&im);
	}
}

static void notes_hold_no_values_of_secrets(void **state)
{
	struct imported im = import(FSV_STR("redis.password=hunter2\nredis.password=\nredis.pasword=hunter2\n"));

	(void)state;
	assert_null(strstr(fsv_buf_cstr(&im.notes), "hunter2"));
	done(&im);
}

static void the_file_name_cannot_break_out_of_its_comment(void **state)
{
	struct fsv_buf yaml, notes;

	(void)state;
	fsv_buf_init(&yaml, NULL, 0);
	fsv_buf_init(&notes, NULL, 0);
	assert_int_equal(fsv_conf_import(&test_schema, FSV_STR(""), "a\nport: 1", &yaml, &notes, NULL), 0);
	assert_string_equal(fsv_buf_cstr(&yaml), "# For fate-serving-test, imported from \"a\\nport: 1\"\n");
	fsv_buf_done(&yaml);
	fsv_buf_done(&notes);
}

static void faulty_and_large_files_are_refused(void **state)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_buf yaml, notes;
	char *big = calloc(1, (1 << 20) + 1);

	(void)state;
	fsv_buf_init(&yaml, NULL, 0);
	fsv_buf_init(&notes, NULL, 0);
	assert_int_equal(fsv_conf_import(&test_schema, FSV_STR("port=\\u12"), "p", &yaml, &notes, &err), FSV_E_SYNTAX);
	memset(big, 'a', (1 << 20) + 1);
	assert_int_equal(fsv_conf_import(&test_schema, fsv_str_n(big, (1 << 20) + 1), "p", &yaml, &notes, &err),
			 FSV_E_LIMIT);
	assert_string_equal(err.text, "p is larger than 1048576 bytes");
	assert_int_equal(yaml.n + notes.n, 0);
	free(big);
	fsv_buf_done(&yaml);
	fsv_buf_done(&notes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_java_file_becomes_yaml_that_loads),
		cmocka_unit_test(what_does_not_fit_becomes_a_comment_and_a_note),
		cmocka_unit_test(notes_hold_no_values_of_secrets),
		cmocka_unit_test(the_file_name_cannot_break_out_of_its_comment),
		cmocka_unit_test(faulty_and_large_files_are_refused),
	};

	return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
