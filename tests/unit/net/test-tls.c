/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate files: what is refused and in which words, mutual TLS, renewal without a restart. */
#include "rpc-fixture.h"

#include <ftw.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/support/time.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/log.h"
#include "certs.h"

enum { DAY = 86400 };

static char dir[256];

static const char *in_dir(const char *name)
{
	static char paths[8][320];
	static unsigned n;
	char *path = paths[n++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static int make_dir(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(dir, sizeof(dir), "%s/fsv-tls-XXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int remove_dir(void **state)
{
	(void)state;
	return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(in_dir(name), "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	fclose(f);
}

static struct cert ca_new(const char *name, long from, long to)
{
	return cert_new(&(struct cert_opt){ .cn = name, .ca = 1, .from_s = from, .to_s = to });
}

/* Issues NAME.pem and NAME.key. */
static void issue(const struct cert *ca, const char *name, const char *cn, long from, long to)
{
	struct cert c = cert_new(&(struct cert_opt){ .issuer = ca, .cn = cn, .san = "IP:127.0.0.1,DNS:party.example",
						     .from_s = from, .to_s = to });
	char cert_name[64], key_name[64];

	snprintf(cert_name, sizeof(cert_name), "%s.pem", name);
	snprintf(key_name, sizeof(key_name), "%s.key", name);
	cert_write(&c, in_dir(cert_name), in_dir(key_name));
	cert_free(&c);
}

static int open_tls(const char *ca, const char *cert, const char *key, struct fsv_tls **ret_tls, struct fsv_err *err)
{
	struct fsv_tls_opt opt = { .ca_file = in_dir(ca), .cert_file = in_dir(cert), .key_file = in_dir(key) };

	return fsv_tls_new(&opt, ret_tls, err);
}

static struct fsv_tls *tls_of(const char *ca, const char *name)
{
	struct fsv_tls *tls = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	char cert[64], key[64];

	snprintf(cert, sizeof(cert), "%s.pem", name);
	snprintf(key, sizeof(key), "%s.key", name);
	if (open_tls(ca, cert, key, &tls, &err) != 0)
		fail_msg("%s", err.text);
	return tls;
}

static void bad_files_are_refused_in_words(void **state)
{
	static const struct {
		const char *ca, *cert, *key, *file, *reason;
	} cases[] = {
		{ "ca.pem", "none.pem", "a.key", "none.pem", "No such file" },
		{ "none.pem", "a.pem", "a.key", "none.pem", "No such file" },
		{ "ca.pem", "a.pem", "none.key", "none.key", "No such file" },
		{ "text.pem", "a.pem", "a.key", "text.pem", "holds no CA certificate in PEM form" },
		{ "ca.pem", "text.pem", "a.key", "text.pem", "holds no certificate in PEM form" },
		{ "ca.pem", "a.pem", "text.pem", "text.pem", "holds no private key in PEM form" },
		{ "ca.pem", "broken.pem", "a.key", "broken.pem", "cannot be read" },
		{ "broken.pem", "a.pem", "a.key", "broken.pem", "cannot be read" },
		{ "mixed.pem", "a.pem", "a.key", "mixed.pem", "cannot be read" },
		{ "ca.pem", "a.pem", "b.key", "b.key", "does not belong to the certificate" },
		{ "ca.pem", "a.pem", "locked.key", "locked.key", "is encrypted" },
		{ "ca.pem", "old.pem", "old.key", "old.pem", "expired on 20" },
		{ "ca.pem", "young.pem", "young.key", "young.pem", "is not valid before 20" },
		{ "oldca.pem", "a.pem", "a.key", "oldca.pem", "no CA certificate" },
	};
	struct cert ca = ca_new("ca", -DAY, DAY), old = ca_new("old", -2 * DAY, -DAY), locked;
	FILE *f;

	(void)state;
	cert_write(&ca, in_dir("ca.pem"), NULL);
	cert_write(&old, in_dir("oldca.pem"), NULL);
	issue(&ca, "a", "a", -DAY, DAY);
	issue(&ca, "b", "b", -DAY, DAY);
	issue(&ca, "old", "old", -2 * DAY, -60);
	issue(&ca, "young", "young", DAY, 2 * DAY);
	put("text.pem", "not a certificate\n");
	put("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	cert_write(&ca, in_dir("mixed.pem"), NULL);
	f = fopen(in_dir("mixed.pem"), "ae");
	fputs("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", f);
	fclose(f);
	locked = cert_new(&(struct cert_opt){ .cn = "locked", .from_s = -DAY, .to_s = DAY });
	f = fopen(in_dir("locked.key"), "we");
	PEM_write_PKCS8PrivateKey(f, locked.key, EVP_aes_128_cbc(), "secret", 6, NULL, NULL);
	fclose(f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_tls *tls = NULL;
		struct fsv_err err = FSV_ERR_INIT;

		assert_int_equal(open_tls(cases[i].ca, cases[i].cert, cases[i].key, &tls, &err), FSV_E_TLS);
		assert_int_equal(err.code, FSV_E_TLS);
		assert_null(tls);
		if (!strstr(err.text, cases[i].file) || !strstr(err.text, cases[i].reason))
			fail_msg("case %zu: \"%s\"", i, err.text);
	}
	cert_free(&ca);
	cert_free(&old);
	cert_free(&locked);
}

static void all_three_files_are_needed(void **state)
{
	struct fsv_tls_opt opt = { .ca_file = "x", .cert_file = "", .key_file = "y" };
	struct fsv_tls *tls = NULL;
	struct fsv_err err;

	(void)state;
	assert_int_equal(fsv_tls_new(&opt, &tls, &err), FSV_E_TLS);
	assert_string_equal(err.text, "TLS needs a certificate file");
}

static _Atomic unsigned n_warnings;

static void count_warnings(int level, const struct fsv_log_tags *tags, const char *file, int line, const char *func,
			   const char *text)
{
	(void)tags;
	(void)file;
	(void)line;
	(void)func;
	if (level == FSV_LOG_WARNING && strncmp(text, "TLS: ", 5) == 0)
		atomic_fetch_add(&n_warnings, 1);
}

static void a_broken_renewal_keeps_the_old_and_warns_once(void **state)
{
	struct cert ca = ca_new("ca", -DAY, DAY);
	struct fsv_tls *tls;
	int64_t not_after;

	(void)state;
	cert_write(&ca, in_dir("rca.pem"), NULL);
	issue(&ca, "r", "r", -DAY, DAY);
	tls = tls_of("rca.pem", "r");
	not_after = fsv_tls_not_after(tls);
	assert_int_equal(fsv_tls_generation(tls), 1);
	assert_false(fsv_tls_refresh(tls));
	fsv_log_set_sink(count_warnings);
	put("r.pem", "half-writ");
	for (int i = 0; i < 3; i++)
		assert_false(fsv_tls_refresh(tls));
	assert_int_equal(n_warnings, 1);
	unlink(in_dir("r.pem"));
	for (int i = 0; i < 3; i++)
		assert_false(fsv_tls_refresh(tls));
	assert_int_equal(n_warnings, 2);
	assert_int_equal(fsv_tls_generation(tls), 1);
	assert_int_equal(fsv_tls_not_after(tls), not_after);
	fsv_log_set_sink(NULL);
	issue(&ca, "r", "r2", -DAY, 2 * DAY);
	assert_true(fsv_tls_refresh(tls));
	assert_false(fsv_tls_refresh(tls));
	assert_int_equal(fsv_tls_generation(tls), 2);
	assert_true(fsv_tls_not_after(tls) >= not_after + DAY - 60);
	fsv_tls_unref(tls);
	cert_free(&ca);
}

/* Over the wire -------------------------------------------------------------------------------- */

struct wire {
	struct fsv_rpc *rpc, *client;
	struct app app;
	struct fsv_rpc_server *server;
	uint16_t port;
};

static void wire_up(struct wire *w, struct fsv_tls *tls)
{
	memset(w, 0, sizeof(*w));
	w->rpc = workers(2);
	w->client = workers(1);
	w->server = serve(w->rpc, &w->app, tls, 0, 100, MIB);
	w->port = fsv_rpc_server_port(w->server);
}

static void wire_down(struct wire *w)
{
	fsv_rpc_server_stop(w->server, fsv_deadline_in_ms(5000));
	fsv_rpc_free(w->rpc);
	fsv_rpc_free(w->client);
}

/* The caller's name as the server sees it, or "" when the call fails. */
static void who_am_i(struct wire *w, struct fsv_rpc_channel *channel, char *name, size_t size)
{
	struct answer a;
	char *from, *to;

	*name = '\0';
	if (ask(w->client, channel, "/t.T/describe", FSV_STR("x"), 5000, &a) == FSV_RPC_OK) {
		a.body = fsv_realloc(a.body, a.n + 1, 1);
		a.body[a.n] = '\0';
		from = strstr(a.body, "absent|") + 7;
		to = strchr(from, '|');
		snprintf(name, size, "%.*s", (int)(to - from), from);
	}
	answer_done(&a);
}

static void mutual_tls_tells_who_calls(void **state)
{
	struct cert ca = ca_new("ca", -DAY, DAY);
	struct fsv_tls *server_tls, *client_tls, *nameless_tls;
	struct fsv_rpc_channel *channel, *nameless;
	char name[64];
	struct wire w;

	(void)state;
	cert_write(&ca, in_dir("mca.pem"), NULL);
	issue(&ca, "ms", "server", -DAY, DAY);
	issue(&ca, "mc", "bank-a", -DAY, DAY);
	issue(&ca, "mn", NULL, -DAY, DAY);
	server_tls = tls_of("mca.pem", "ms");
	client_tls = tls_of("mca.pem", "mc");
	nameless_tls = tls_of("mca.pem", "mn");
	wire_up(&w, server_tls);
	channel = connect_to(w.port, "127.0.0.1", client_tls, MIB);
	nameless = connect_to(w.port, "127.0.0.1", nameless_tls, MIB);
	who_am_i(&w, channel, name, sizeof(name));
	assert_string_equal(name, "bank-a");
	who_am_i(&w, nameless, name, sizeof(name));
	assert_string_equal(name, "party.example");
	fsv_rpc_channel_unref(channel);
	fsv_rpc_channel_unref(nameless);
	wire_down(&w);
	fsv_tls_unref(server_tls);
	fsv_tls_unref(client_tls);
	fsv_tls_unref(nameless_tls);
	cert_free(&ca);
}

/* A client without a certificate, of the same CA as the server: only core itself can play it. */
static int call_without_certificate(struct wire *w, const struct cert *ca)
{
	BIO *bio = BIO_new(BIO_s_mem());
	grpc_channel_credentials *credentials;
	grpc_completion_queue *cq = grpc_completion_queue_create_for_next(NULL);
	grpc_metadata_array trailing = { 0 };
	grpc_status_code status = GRPC_STATUS_OK;
	grpc_slice details;
	grpc_op ops[2] = { { .op = GRPC_OP_SEND_INITIAL_METADATA }, { .op = GRPC_OP_RECV_STATUS_ON_CLIENT } };
	char target[32], *pem;
	grpc_channel *channel;
	grpc_call *call;

	PEM_write_bio_X509(bio, ca->x509);
	BIO_write(bio, "", 1);
	BIO_get_mem_data(bio, &pem);
	credentials = grpc_ssl_credentials_create_ex(pem, NULL, NULL, NULL);
	snprintf(target, sizeof(target), "127.0.0.1:%u", w->port);
	channel = grpc_channel_create(target, credentials, NULL);
	call = grpc_channel_create_call(channel, NULL, 0, cq, grpc_slice_from_static_string("/t.T/echo"), NULL,
					gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(5, GPR_TIMESPAN)),
					NULL);
	ops[1].data.recv_status_on_client.trailing_metadata = &trailing;
	ops[1].data.recv_status_on_client.status = &status;
	ops[1].data.recv_status_on_client.status_details = &details;
	assert_int_equal(grpc_call_start_batch(call, ops, 2, NULL, NULL), GRPC_CALL_OK);
	assert_int_equal(grpc_completion_queue_next(cq, gpr_inf_future(GPR_CLOCK_REALTIME), NULL).type,
			 GRPC_OP_COMPLETE);
	grpc_slice_unref(details);
	grpc_metadata_array_destroy(&trailing);
	grpc_call_unref(call);
	grpc_channel_destroy(channel);
	grpc_channel_credentials_release(credentials);
	grpc_completion_queue_shutdown(cq);
	while (grpc_completion_queue_next(cq, gpr_inf_future(GPR_CLOCK_REALTIME), NULL).type != GRPC_QUEUE_SHUTDOWN)
		;
	grpc_completion_queue_destroy(cq);
	BIO_free(bio);
	return (int)status;
}

static void strangers_are_kept_out(void **state)
{
	struct cert ca = ca_new("ca", -DAY, DAY), other = ca_new("other", -DAY, DAY);
	struct fsv_tls *server_tls, *stranger_tls, *doubter_tls;
	struct fsv_rpc_channel *plain, *stranger, *doubter;
	struct wire w;

	(void)state;
	cert_write(&ca, in_dir("sca.pem"), NULL);
	cert_write(&other, in_dir("oca.pem"), NULL);
	issue(&ca, "ss", "server", -DAY, DAY);
	issue(&other, "so", "stranger", -DAY, DAY);
	server_tls = tls_of("sca.pem", "ss");
	stranger_tls = tls_of("sca.pem", "so");	/* trusts the server, is not trusted */
	doubter_tls = tls_of("oca.pem", "ss");	/* is trusted, does not trust the server */
	wire_up(&w, server_tls);
	plain = connect_to(w.port, "127.0.0.1", NULL, MIB);
	stranger = connect_to(w.port, "127.0.0.1", stranger_tls, MIB);
	doubter = connect_to(w.port, "127.0.0.1", doubter_tls, MIB);
	assert_int_equal(ask_echo(w.client, plain, 3000), FSV_RPC_UNAVAILABLE);
	assert_int_equal(ask_echo(w.client, stranger, 3000), FSV_RPC_UNAVAILABLE);
	assert_int_equal(ask_echo(w.client, doubter, 3000), FSV_RPC_UNAVAILABLE);
	assert_int_equal(call_without_certificate(&w, &ca), FSV_RPC_UNAVAILABLE);
	assert_int_equal(w.app.handled, 0);
	fsv_rpc_channel_unref(plain);
	fsv_rpc_channel_unref(stranger);
	fsv_rpc_channel_unref(doubter);
	wire_down(&w);
	fsv_tls_unref(server_tls);
	fsv_tls_unref(stranger_tls);
	fsv_tls_unref(doubter_tls);
	cert_free(&ca);
	cert_free(&other);
}

static void the_servers_name_is_checked(void **state)
{
	struct cert ca = ca_new("ca", -DAY, DAY);
	struct cert elsewhere = cert_new(&(struct cert_opt){ .issuer = &ca, .cn = "elsewhere", .san = "DNS:elsewhere",
							     .from_s = -DAY, .to_s = DAY });
	struct fsv_tls *tls;
	struct fsv_rpc_channel *channel;
	struct wire w;

	(void)state;
	cert_write(&ca, in_dir("nca.pem"), NULL);
	cert_write(&elsewhere, in_dir("n.pem"), in_dir("n.key"));
	tls = tls_of("nca.pem", "n");
	wire_up(&w, tls);
	channel = connect_to(w.port, "127.0.0.1", tls, MIB);
	assert_int_not_equal(ask_echo(w.client, channel, 3000), FSV_RPC_OK);
	assert_int_equal(w.app.handled, 0);
	fsv_rpc_channel_unref(channel);
	wire_down(&w);
	fsv_tls_unref(tls);
	cert_free(&elsewhere);
	cert_free(&ca);
}

/* Both sides move to another CA while they run: neither old certificate would do. */
static void renewed_certificates_are_taken_up_by_both_sides(void **state)
{
	struct cert old = ca_new("old", -DAY, DAY), new = ca_new("new", -DAY, DAY);
	struct fsv_tls *server_tls, *client_tls;
	struct fsv_rpc_channel *channel, *fresh;
	int64_t end = fsv_deadline_in_ms(15000);
	char name[64];
	struct wire w;

	(void)state;
	cert_write(&old, in_dir("xca.pem"), NULL);
	issue(&old, "xs", "server", -DAY, DAY);
	issue(&old, "xc", "before", -DAY, DAY);
	server_tls = tls_of("xca.pem", "xs");
	client_tls = tls_of("xca.pem", "xc");
	wire_up(&w, server_tls);
	channel = connect_to(w.port, "127.0.0.1", client_tls, MIB);
	who_am_i(&w, channel, name, sizeof(name));
	assert_string_equal(name, "before");
	cert_write(&new, in_dir("xca.pem"), NULL);
	issue(&new, "xs", "server", -DAY, DAY);
	issue(&new, "xc", "after", -DAY, DAY);
	/* The client looks once per second. */
	do {
		assert_true(fsv_now_ns() < end);
		usleep(50000);
		who_am_i(&w, channel, name, sizeof(name));
	} while (strcmp(name, "after") != 0);
	assert_int_equal(fsv_tls_generation(server_tls), 2);
	assert_int_equal(fsv_tls_generation(client_tls), 2);
	fresh = connect_to(w.port, "127.0.0.1", client_tls, MIB);
	assert_int_equal(ask_echo(w.client, fresh, 5000), FSV_RPC_OK);
	fsv_rpc_channel_unref(fresh);
	fsv_rpc_channel_unref(channel);
	wire_down(&w);
	fsv_tls_unref(server_tls);
	fsv_tls_unref(client_tls);
	cert_free(&old);
	cert_free(&new);
}

static void a_held_port_cannot_have_tls(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct cert ca = ca_new("ca", -DAY, DAY);
	struct fsv_rpc_server_opt opt = { .listen_fd = fd, .methods = app_methods, .n_methods = 1, .max_message = MIB };
	struct fsv_rpc *rpc = workers(1);
	struct fsv_rpc_server *server = NULL;
	struct fsv_err err = FSV_ERR_INIT;

	(void)state;
	cert_write(&ca, in_dir("hca.pem"), NULL);
	issue(&ca, "hs", "server", -DAY, DAY);
	opt.tls = tls_of("hca.pem", "hs");
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 10), 0);
	assert_int_equal(fsv_rpc_server_start(rpc, &opt, &server, &err), FSV_E_CONFIG);
	assert_non_null(strstr(err.text, "is held by a socket unit, which works for plaintext only"));
	fsv_tls_unref(opt.tls);
	fsv_rpc_free(rpc);
	cert_free(&ca);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_held_port_cannot_have_tls),
		cmocka_unit_test(bad_files_are_refused_in_words),
		cmocka_unit_test(all_three_files_are_needed),
		cmocka_unit_test(a_broken_renewal_keeps_the_old_and_warns_once),
		cmocka_unit_test(mutual_tls_tells_who_calls),
		cmocka_unit_test(strangers_are_kept_out),
		cmocka_unit_test(the_servers_name_is_checked),
		cmocka_unit_test(renewed_certificates_are_taken_up_by_both_sides),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
