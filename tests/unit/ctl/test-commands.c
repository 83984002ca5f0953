/* SPDX-License-Identifier: Apache-2.0 */
/* The command as an operator calls it: arguments in, exit status, output and files out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../daemons/ctl/ctl.h"
#include "base/fd.h"
#include "model/store.h"

static char dir[500];
static struct fsv_arena arena;

static int set_up(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	fsv_arena_init(&arena, 0);
	snprintf(dir, sizeof(dir), "%s/fsv-ctl-XXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[600];

	(void)state;
	fsv_arena_done(&arena);
	snprintf(command, sizeof(command), "rm -r '%s'", dir);
	return system(command);
}

static const char *in_dir(const char *name)
{
	return fsv_arena_printf(&arena, "%s/%s", dir, name);
}

static struct fsv_str content(const char *path)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_str text;
	char *data = NULL;
	size_t n = 0;

	if (fsv_read_file(path, 1 << 20, &data, &n, &err) < 0)
		fail_msg("%s", err.text);
	text = fsv_arena_str(&arena, fsv_str_n(data, n));
	free(data);
	return text;
}

static const char *put(const char *name, const char *text)
{
	const char *path = in_dir(name);
	struct fsv_err err = FSV_ERR_INIT;

	if (fsv_write_file(path, text, strlen(text), 0600, &err) < 0)
		fail_msg("%s", err.text);
	return path;
}

/* Runs with stdout and stderr in files. */
static int run(const char *const *words, struct fsv_str *ret_out, struct fsv_str *ret_err)
{
	int out = dup(1), errors = dup(2), argc = 0, status;
	char *argv[16];

	for (; words[argc]; argc++)
		argv[argc] = fsv_arena_cstr(&arena, fsv_str(words[argc]));
	argv[argc] = NULL;
	fflush(stdout);
	fflush(stderr);
	assert_non_null(freopen(in_dir("stdout"), "w", stdout));
	assert_non_null(freopen(in_dir("stderr"), "w", stderr));
	status = fsv_ctl_main(argc, argv);
	fflush(stdout);
	fflush(stderr);
	dup2(out, 1);
	dup2(errors, 2);
	close(out);
	close(errors);
	*ret_out = content(in_dir("stdout"));
	*ret_err = content(in_dir("stderr"));
	return status;
}

#define RUN(...) run((const char *const[]){ "fate-servingctl", __VA_ARGS__, NULL }, &out, &errors)

static struct fsv_str out, errors;

static bool has(struct fsv_str text, const char *part)
{
	return memmem(text.p, text.n, part, strlen(part)) != NULL;
}

static void want_status(int got, int want, const char *what)
{
	if (got != want)
		fail_msg("%s: status %d instead of %d: %.*s", what, got, want, FSV_STR_ARG(errors));
}

static void wrong_usage_is_status_2(void **state)
{
	(void)state;
	want_status(RUN("frobnicate"), 2, "unknown command");
	assert_true(has(errors, "frobnicate is no command"));
	want_status(RUN("model"), 2, "half a command");
	want_status(RUN("model", "show"), 2, "no path");
	want_status(RUN("model", "show", "--role", "arbiter", "x"), 2, "role");
	want_status(RUN("model", "pack", "x.yaml"), 2, "no output");
	want_status(RUN("model", "pack", "--output", dir), 2, "no text");
	want_status(RUN("import"), 2, "no file");
	want_status(RUN("import", "--colour", "x"), 2, "unknown option");
	want_status(RUN("import", "--daemon", "other", "x"), 2, "unknown daemon");
	assert_int_equal(out.n, 0);
}

static void help_and_version_go_to_stdout(void **state)
{
	(void)state;
	want_status(RUN("--version"), 0, "version");
	assert_true(has(out, FSV_VERSION));
	want_status(RUN("--help"), 0, "help");
	assert_true(has(out, "model pack"));
	want_status(RUN("model", "pack", "--help"), 0, "help of a command");
	assert_true(has(out, "--output DIR"));
	want_status(RUN("import", "-h"), 0, "help of a command");
	assert_true(has(out, "--daemon NAME"));
}

/* Import ---------------------------------------------------------------------------------------- */

static const char *proxy_properties(void)
{
	return put("old.properties", "coordinator=9999\nserver.port=18059\nacl.password=hush\nnonsense=1\n");
}

static void a_proxy_s_settings_are_known_by_their_keys(void **state)
{
	(void)state;
	want_status(RUN("import", proxy_properties()), 0, "import");
	assert_true(has(out, "\ncoordinator: 9999\n"));
	assert_true(has(out, "\nserver.port: 18059\n"));
	assert_true(has(errors, "nonsense"));
	assert_false(has(errors, "hush"));
}

static void a_server_s_settings_are_known_by_their_keys(void **state)
{
	(void)state;
	want_status(RUN("import", put("old.properties", "port=18000\nproxy=127.0.0.1:8879\nserver.port=1\n")), 0, "import");
	assert_true(has(out, "\nport: 18000\n"));
	assert_true(has(out, "\nproxy: 127.0.0.1:8879\n"));
	want_status(RUN("import", put("serving-server.properties", "server.port=18185\n")), 0, "by its name");
	assert_true(has(out, "\nserver.port: 18185\n"));
	want_status(RUN("import", "--daemon", "server", put("x.properties", "coordinator=9999\n")), 0, "as told");
	assert_true(has(out, "#coordinator: 9999\n"));
}

static void settings_of_nobody_need_a_daemon(void **state)
{
	const char *path = put("x.properties", "# nothing\n");

	(void)state;
	want_status(RUN("import", path), 2, "import");
	assert_true(has(errors, "say --daemon"));
	want_status(RUN("import", "--daemon", "proxy", path), 0, "import");
	want_status(RUN("import", put("application.properties", "# nothing\n")), 0, "by its name");
}

static void import_never_overwrites_without_force(void **state)
{
	const char *path = proxy_properties(), *to = in_dir("new.yaml");
	struct stat st;

	(void)state;
	want_status(RUN("import", "--output", to, path), 0, "import");
	assert_int_equal(out.n, 0);
	assert_int_equal(stat(to, &st), 0);
	assert_int_equal(st.st_mode & 0777 & ~0640, 0);
	assert_true(has(content(to), "coordinator: 9999"));
	put("new.yaml", "mine");
	want_status(RUN("import", "--output", to, path), 1, "import");
	assert_true(has(errors, "new.yaml exists; --force replaces it"));
	assert_true(fsv_str_is(content(to), "mine"));
	want_status(RUN("import", "--force", "--output", to, path), 0, "import");
	assert_true(has(content(to), "coordinator: 9999"));
}

static void a_missing_file_is_status_1(void **state)
{
	(void)state;
	want_status(RUN("import", in_dir("none")), 1, "import");
	want_status(RUN("model", "show", in_dir("none")), 1, "show");
	want_status(RUN("model", "pack", "-o", in_dir("o"), in_dir("none")), 1, "pack");
	assert_int_equal(access(in_dir("o"), F_OK), -1);
}

/* Models ---------------------------------------------------------------------------------------- */

#define CREDIT_KEY "2026010100000000000001_guest#9999#arbiter-10000#guest-9999#host-10000#model"

static void packed_texts_are_stores_that_name_them(void **state)
{
	struct fsv_stored_binding *bindings = NULL;
	struct fsv_stored_model *models = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	size_t n = 0;

	(void)state;
	want_status(RUN("model", "pack", "examples/credit/guest.yaml", "examples/credit/host.yaml", "-o", in_dir("m")),
		    0, "pack");
	assert_int_equal(errors.n, 0);
	assert_int_equal(fsv_store_parse_models(content(in_dir("m/.fate/loadModelStore.cache")), &arena, &models, &n,
						&err), 0);
	assert_int_equal(n, 2);
	assert_null(models[0].fault);
	assert_true(fsv_str_is(models[0].key, CREDIT_KEY));
	assert_true(models[0].timestamp == INT64_C(1767225600000));
	assert_true(fsv_str_is(models[1].role, "host"));
	assert_int_equal(fsv_store_parse_bindings(content(in_dir("m/.fate/bindModelStore.cache")), &arena, &bindings,
						  &n, &err), 0);
	assert_int_equal(n, 1);
	assert_true(fsv_str_is(bindings->service_id, "credit-score"));
	assert_true(fsv_str_is(bindings->model_key, CREDIT_KEY));
}

static void pack_never_replaces_a_store_without_force(void **state)
{
	const char *to = in_dir("m");

	(void)state;
	want_status(RUN("model", "pack", "examples/credit/guest.yaml", "-o", to), 0, "pack");
	want_status(RUN("model", "pack", "examples/credit/host.yaml", "-o", to), 1, "pack");
	assert_true(has(errors, "--force"));
	assert_true(has(content(in_dir("m/.fate/loadModelStore.cache")), CREDIT_KEY));
	want_status(RUN("model", "pack", "--force", "examples/credit/host.yaml", "-o", to), 0, "pack");
	assert_false(has(content(in_dir("m/.fate/loadModelStore.cache")), CREDIT_KEY));
}

static void nothing_is_written_when_a_text_is_wrong(void **state)
{
	const char *bad = put("bad.yaml", "components: 1\n"), *nameless = put("nameless.yaml", "components: {}\n");

	(void)state;
	want_status(RUN("model", "pack", "examples/credit/guest.yaml", bad, "-o", in_dir("m")), 1, "pack");
	assert_true(has(errors, "bad.yaml:1:13: components is a mapping"));
	want_status(RUN("model", "pack", nameless, "-o", in_dir("m")), 1, "pack");
	assert_true(has(errors, "\"model\" is missing"));
	want_status(RUN("model", "pack", "examples/credit/guest.yaml", "examples/credit/guest.yaml", "-o", in_dir("m")),
		    1, "pack");
	assert_true(has(errors, "another text is the same model"));
	assert_int_equal(access(in_dir("m"), F_OK), -1);
}

static void one_service_id_is_bound_once(void **state)
{
	static const char text[] = "model: {role: guest, partyId: 1, tableName: %u, namespace: n, serviceIds: [x]}\n";
	const char *a = put("a.yaml", fsv_arena_printf(&arena, text, 1)), *b = put("b.yaml", fsv_arena_printf(&arena, text, 2));

	(void)state;
	want_status(RUN("model", "pack", a, b, "-o", in_dir("m")), 1, "pack");
	assert_true(has(errors, "service id x is bound twice"));
}

/* It may be meant for another version; the operator hears about it. */
static void a_model_that_no_server_takes_is_packed_with_a_word(void **state)
{
	const char *text = put("t.yaml", "model: {role: host, partyId: 1, tableName: 1, namespace: n}\n"
					 "components: {a: {codePath: FutureThing}}\n");

	(void)state;
	want_status(RUN("model", "pack", text, "-o", in_dir("m")), 0, "pack");
	assert_true(has(errors, "would refuse this model"));
	want_status(RUN("model", "show", "--explain", in_dir("m")), 1, "explain");
	assert_true(has(out, "A server would refuse this model: "));
	assert_true(has(out, "FutureThing"));
}

static void shown_models_pack_to_the_same_files(void **state)
{
	static const char *const files[] = { "loadModelStore.cache", "bindModelStore.cache", "model_" CREDIT_KEY "_cache" };

	(void)state;
	want_status(RUN("model", "pack", "examples/credit/guest.yaml", "-o", in_dir("a")), 0, "pack");
	want_status(RUN("model", "show", in_dir("a")), 0, "show");
	put("again.yaml", fsv_arena_cstr(&arena, out));
	want_status(RUN("model", "pack", in_dir("again.yaml"), "-o", in_dir("b")), 0, "pack");
	for (unsigned i = 0; i < 3; i++)
		assert_true(fsv_str_eq(content(fsv_arena_printf(&arena, "%s/a/.fate/%s", dir, files[i])),
				       content(fsv_arena_printf(&arena, "%s/b/.fate/%s", dir, files[i]))));
}

static void one_file_is_shown_with_what_is_known_about_it(void **state)
{
	const char *file = in_dir("a/.fate/model_" CREDIT_KEY "_cache");

	(void)state;
	want_status(RUN("model", "pack", "examples/credit/guest.yaml", "-o", in_dir("a")), 0, "pack");
	want_status(RUN("model", "show", file), 0, "show");
	assert_true(has(out, "serviceIds: [credit-score]"));
	assert_int_equal(unlink(in_dir("a/.fate/loadModelStore.cache")), 0);
	assert_int_equal(unlink(in_dir("a/.fate/bindModelStore.cache")), 0);
	want_status(RUN("model", "show", file), 0, "show without stores");
	assert_true(has(out, "  role: guest\n  partyId: 9999\n  tableName: 2026010100000000000001\n"));
	assert_false(has(out, "serviceIds"));
	want_status(RUN("model", "show", "--explain", file), 0, "explain");
	assert_true(has(out, "hetero_lr_0 (HeteroLRGuest)"));
	assert_int_equal(rename(file, in_dir("nameless")), 0);
	want_status(RUN("model", "show", in_dir("nameless")), 0, "show without names");
	assert_true(has(out, "components:\n") && !has(out, "model:\n"));
	want_status(RUN("model", "show", "--explain", in_dir("nameless")), 1, "explain without role");
	assert_true(has(errors, "say --role"));
	want_status(RUN("model", "show", "--explain", "--role", "guest", in_dir("nameless")), 0, "explain with role");
}

static void a_folder_without_models_is_an_error(void **state)
{
	(void)state;
	want_status(RUN("model", "show", dir), 1, "show");
	assert_true(has(errors, "neither .fate nor"));
}

static void a_lost_model_file_does_not_hide_the_others(void **state)
{
	(void)state;
	want_status(RUN("model", "pack", "examples/credit/guest.yaml", "examples/credit/host.yaml", "-o", in_dir("a")),
		    0, "pack");
	assert_int_equal(unlink(in_dir("a/.fate/model_" CREDIT_KEY "_cache")), 0);
	want_status(RUN("model", "show", in_dir("a")), 1, "show");
	assert_true(has(out, "role: host"));
	assert_true(has(errors, "cannot open"));
}

/* Certificates ------------------------------------------------------------------------------------ */

static void certificates_are_made_and_shown(void **state)
{
	struct stat st;

	(void)state;
	want_status(RUN("tls", "ca", "--name", "our authority", "--output", in_dir("ca")), 0, "ca");
	want_status(RUN("tls", "cert", "--ca", in_dir("ca"), "--output", in_dir("guest"), "guest.example", "10.0.0.1"), 0, "cert");
	assert_int_equal(stat(in_dir("guest/server.key"), &st), 0);
	assert_int_equal(st.st_mode & 0007, 0);
	assert_true(fsv_str_eq(content(in_dir("ca/ca.pem")), content(in_dir("guest/ca.pem"))));
	want_status(RUN("tls", "show", in_dir("guest/server.pem"), in_dir("guest/ca.pem")), 0, "show");
	assert_true(has(out, "CN=guest.example; for DNS:guest.example, IP Address:10.0.0.1"));
	assert_true(has(out, "authority CN=our authority"));
	assert_true(has(out, "in 365 days") && has(out, "in 3650 days"));
	want_status(RUN("tls", "cert", "--ca", in_dir("ca"), "--output", in_dir("guest"), "x"), 1, "again");
	assert_true(has(errors, "--force replaces it"));
}

static void a_certificate_that_ends_soon_is_status_1(void **state)
{
	(void)state;
	want_status(RUN("tls", "ca", "--output", in_dir("ca")), 0, "ca");
	want_status(RUN("tls", "cert", "--days", "20", "--ca", in_dir("ca"), "--output", in_dir("host"), "host"), 0, "cert");
	want_status(RUN("tls", "show", in_dir("host/server.pem")), 1, "ends within 30 days");
	assert_true(has(out, "ENDS SOON"));
	want_status(RUN("tls", "show", "--warn", "10", in_dir("host/server.pem")), 0, "does not end within 10");
	want_status(RUN("tls", "show", in_dir("host/server.key")), 1, "no certificate");
	assert_true(has(out, "NOT READABLE"));
}

static void certificates_in_use_are_those_of_the_proxy(void **state)
{
	const char *config = put("proxy.yaml", "proxy.grpc.inter.negotiationType: TLS\nproxy.grpc.inter.CA.file: host/ca.pem\n"
				 "proxy.grpc.inter.server.certChain.file: host/server.pem\n"
				 "proxy.grpc.inter.server.privateKey.file: host/server.key\nroute.table: routes.json\n");

	(void)state;
	want_status(RUN("tls", "ca", "--output", in_dir("ca")), 0, "ca");
	want_status(RUN("tls", "cert", "--ca", in_dir("ca"), "--output", in_dir("host"), "host"), 0, "cert");
	put("routes.json", fsv_arena_printf(&arena, "{\"route_table\":{\"9999\":{\"serving\":[{\"ip\":\"g\",\"port\":1,\"useSSL\":true,"
					    "\"negotiationType\":\"TLS\",\"caFile\":\"%s\",\"certChainFile\":\"/nowhere.pem\","
					    "\"privateKeyFile\":\"/x\"}]}},\"permission\":{\"default_allow\":true}}",
					    in_dir("ca/ca.pem")));
	want_status(RUN("tls", "show", "--config", config), 1, "one is missing");
	assert_true(has(out, "host/server.pem (inter port)\n  ends on"));
	assert_true(has(out, "ca/ca.pem (party 9999, role serving, endpoint 0)\n  ends on"));
	assert_true(has(out, "/nowhere.pem") && has(out, "NOT READABLE"));
}

static void wrong_certificate_requests_are_told(void **state)
{
	(void)state;
	want_status(RUN("tls"), 2, "half a command");
	want_status(RUN("tls", "ca"), 2, "no output");
	want_status(RUN("tls", "ca", "--days", "0", "--output", dir), 2, "no days");
	want_status(RUN("tls", "cert", "--ca", dir, "--output", dir), 2, "no name");
	want_status(RUN("tls", "cert", "--ca", in_dir("none"), "--output", dir, "a"), 1, "no authority");
	want_status(RUN("tls", "ca", "--output", in_dir("ca")), 0, "ca");
	want_status(RUN("tls", "cert", "--ca", in_dir("ca"), "--output", in_dir("a"), "good", "a,DNS:b"), 1, "two names in one");
	assert_true(has(errors, "neither a host name nor an address"));
	want_status(RUN("tls", "cert", "--ca", in_dir("ca"), "--output", in_dir("a"), "good"), 0, "nothing was left behind");
	/* A certificate signs nothing. */
	assert_int_equal(rename(in_dir("a/server.pem"), in_dir("a/ca.pem")), 0);
	assert_int_equal(rename(in_dir("a/server.key"), in_dir("a/ca.key")), 0);
	want_status(RUN("tls", "cert", "--ca", in_dir("a"), "--output", in_dir("b"), "good"), 1, "signed by none");
	assert_true(has(errors, "none of an authority"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(wrong_usage_is_status_2),
		T(help_and_version_go_to_stdout),
		T(a_proxy_s_settings_are_known_by_their_keys),
		T(a_server_s_settings_are_known_by_their_keys),
		T(settings_of_nobody_need_a_daemon),
		T(import_never_overwrites_without_force),
		T(a_missing_file_is_status_1),
		T(packed_texts_are_stores_that_name_them),
		T(pack_never_replaces_a_store_without_force),
		T(nothing_is_written_when_a_text_is_wrong),
		T(one_service_id_is_bound_once),
		T(a_model_that_no_server_takes_is_packed_with_a_word),
		T(shown_models_pack_to_the_same_files),
		T(one_file_is_shown_with_what_is_known_about_it),
		T(a_folder_without_models_is_an_error),
		T(a_lost_model_file_does_not_hide_the_others),
		T(certificates_are_made_and_shown),
		T(a_certificate_that_ends_soon_is_status_1),
		T(certificates_in_use_are_those_of_the_proxy),
		T(wrong_certificate_requests_are_told),
	};

	return cmocka_run_group_tests_name("commands", tests, NULL, NULL);
}
