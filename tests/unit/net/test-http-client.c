/* SPDX-License-Identifier: Apache-2.0 */
#include "http-peer.h"

#include "net/http-client.h"
#include "net/http.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/time.h"

enum { FAR_MS = 20000 };

/* Collects the outcome of one transfer. */
struct result {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool done;
	int code;
	unsigned status;
	char *body;
	size_t n;
	char text[512];
};

static struct fsv_http_client *client;
static struct fsv_http *server;
static char server_url[64];
static char seen_head[512];

static void result_init(struct result *r)
{
	*r = (struct result){ .done = false };
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
}

static void result_done(struct result *r)
{
	free(r->body);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->changed);
}

static void on_done(void *arg, const struct fsv_http_answer *answer)
{
	struct result *r = arg;

	pthread_mutex_lock(&r->lock);
	assert_false(r->done);
	r->done = true;
	r->code = answer->result;
	r->status = answer->status;
	r->body = fsv_str_dup(answer->body);
	r->n = answer->body.n;
	snprintf(r->text, sizeof(r->text), "%s", answer->text);
	pthread_cond_signal(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

static void result_wait(struct result *r)
{
	pthread_mutex_lock(&r->lock);
	while (!r->done)
		pthread_cond_wait(&r->changed, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

static struct fsv_http_post_opt usual(const char *url, const char *body)
{
	return (struct fsv_http_post_opt){
		.url = url, .body = fsv_str(body), .connect_timeout_ms = FAR_MS, .read_timeout_ms = FAR_MS,
		.deadline = FSV_NO_DEADLINE, .max_answer = 1 << 20,
	};
}

static void post(struct result *r, const struct fsv_http_post_opt *opt)
{
	result_init(r);
	assert_int_equal(fsv_http_post(client, opt, on_done, r), 0);
	result_wait(r);
}

/* A transfer that must fail with this code and these words. */
static void expect_failure(const struct fsv_http_post_opt *opt, int code, const char *words)
{
	struct result r;

	post(&r, opt);
	if (r.code != code || !strstr(r.text, words))
		fail_msg("got %d \"%s\", want %d \"%s\"", r.code, r.text, code, words);
	assert_int_equal(r.n, 0);
	result_done(&r);
}

static void answer_request(struct fsv_http_req *req, void *user)
{
	struct fsv_str path = fsv_http_path(req), type = fsv_http_header(req, "Content-Type");
	static char big[200000];

	(void)user;
	snprintf(seen_head, sizeof(seen_head), "%.*s type=%.*s expect=%d encoding=%d q=%.*s id=%.*s",
		 FSV_STR_ARG(fsv_http_method(req)), FSV_STR_ARG(type), (int)fsv_http_header(req, "Expect").n,
		 (int)fsv_http_header(req, "Accept-Encoding").n, FSV_STR_ARG(fsv_http_query(req, "q")),
		 FSV_STR_ARG(fsv_http_header(req, "X-Id")));
	if (fsv_str_is(path, "/500"))
		fsv_http_reply(req, 500, "text/plain", FSV_STR("no luck"), NULL, 0);
	else if (fsv_str_is(path, "/302"))
		fsv_http_reply(req, 302, NULL, FSV_STR("moved"),
			       &(struct fsv_http_header_out){ "Location", "http://127.0.0.1:1/" }, 1);
	else if (fsv_str_is(path, "/big"))
		fsv_http_reply(req, 200, NULL, fsv_str_n(big, sizeof(big)), NULL, 0);
	else
		fsv_http_reply(req, 200, "text/plain", fsv_http_body(req), NULL, 0);
}

static int setup(void **state)
{
	const struct fsv_http_opt opt = {
		.host = "127.0.0.1", .max_body = 1 << 20, .handler = answer_request,
	};
	const struct fsv_http_client_opt client_opt = { .max_transfers = 8, .max_connections = 8 };
	struct fsv_err err;

	(void)state;
	fsv_log_set_level(FSV_LOG_OFF);
	/* Must not matter. */
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	if (fsv_http_start(&opt, &server, &err) < 0 || fsv_http_client_new(&client_opt, &client, &err) < 0)
		return -1;
	snprintf(server_url, sizeof(server_url), "http://127.0.0.1:%u", fsv_http_port(server));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	client = fsv_http_client_free(client);
	return fsv_http_stop(server, fsv_deadline_in_ms(5000)) == 0 ? 0 : -1;
}

static const char *url_of(const char *path)
{
	static char url[128];

	snprintf(url, sizeof(url), "%s%s", server_url, path);
	return url;
}

/* A listening socket; backlog 0 and never accepted where a peer is to hang. */
static int listener(uint16_t *ret_port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 0), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &n), 0);
	*ret_port = ntohs(addr.sin_port);
	return fd;
}

/* A peer that takes one connection, reads the request's header and sends these bytes. */
struct fake {
	pthread_t thread;
	int fd;
	const char *answer;
	char url[64];
};

static void *run_fake(void *arg)
{
	struct fake *fake = arg;
	int fd = accept(fake->fd, NULL, NULL);
	char buf[4096];

	assert_true(fd >= 0);
	(void)!recv(fd, buf, sizeof(buf), 0);
	(void)peer_puts(fd, fake->answer);
	shutdown(fd, SHUT_WR);
	while (recv(fd, buf, sizeof(buf), 0) > 0)
		;
	close(fd);
	return NULL;
}

static void fake_start(struct fake *fake, const char *answer)
{
	struct fsv_err err;
	uint16_t port;

	fake->fd = listener(&port);
	fake->answer = answer;
	snprintf(fake->url, sizeof(fake->url), "http://127.0.0.1:%u/x", port);
	assert_int_equal(fsv_thread_start(&fake->thread, "fake", run_fake, fake, &err), 0);
}

static void fake_stop(struct fake *fake)
{
	pthread_join(fake->thread, NULL);
	close(fake->fd);
}

static void post_brings_the_answer(void **state)
{
	static const char *const more[] = { "X-Bad: a\r\nX-Id: 8", "X-Id: 7" };
	struct fsv_http_post_opt opt = usual(url_of("/echo?q=a%20b"), "{\"a\":1}");
	struct result r;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		post(&r, &opt);
		assert_int_equal(r.code, 0);
		assert_int_equal(r.status, 200);
		assert_string_equal(r.body, "{\"a\":1}");
		assert_string_equal(r.text, "");
		result_done(&r);
	}
	assert_string_equal(seen_head, "POST type=application/json;charset=UTF-8 expect=0 encoding=0 q=a b id=");
	opt.content_type = "text/x; a=b";
	opt.body = FSV_STR_NULL;
	opt.headers = more;
	opt.n_headers = 2;
	post(&r, &opt);
	assert_int_equal(r.status, 200);
	assert_int_equal(r.n, 0);
	assert_string_equal(seen_head, "POST type=text/x; a=b expect=0 encoding=0 q=a b id=7");
	result_done(&r);
}

static void bodies_are_binary_and_may_be_large(void **state)
{
	static char body[300000];
	struct fsv_http_post_opt opt = usual(url_of("/"), "");
	struct result r;

	(void)state;
	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (char)(i * 31);
	opt.body = fsv_str_n(body, sizeof(body));
	post(&r, &opt);
	assert_int_equal(r.code, 0);
	assert_int_equal(r.n, sizeof(body));
	assert_memory_equal(r.body, body, sizeof(body));
	result_done(&r);
}

static void error_statuses_are_answers(void **state)
{
	struct fsv_http_post_opt opt = usual(url_of("/500"), "x");
	struct result r;

	(void)state;
	post(&r, &opt);
	assert_int_equal(r.code, 0);
	assert_int_equal(r.status, 500);
	assert_string_equal(r.body, "no luck");
	result_done(&r);
	opt = usual(url_of("/302"), "x");	/* not followed */
	post(&r, &opt);
	assert_int_equal(r.code, 0);
	assert_int_equal(r.status, 302);
	assert_string_equal(r.body, "moved");
	result_done(&r);
}

static void refused_connection_is_named(void **state)
{
	struct fsv_http_post_opt opt;
	char url[64], words[64];
	uint16_t port;

	(void)state;
	close(listener(&port));
	snprintf(url, sizeof(url), "http://user:secret@127.0.0.1:%u/p?token=secret", port);
	snprintf(words, sizeof(words), "connection refused by 127.0.0.1:%u", port);
	opt = usual(url, "x");
	expect_failure(&opt, -ECONNREFUSED, words);
}

static void bad_urls_are_refused(void **state)
{
	static const char *const urls[] = {
		"", "http://", "ftp://127.0.0.1/x", "file:///etc/passwd", "gopher://127.0.0.1:1/x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct fsv_http_post_opt opt = usual(urls[i], "x");

		expect_failure(&opt, -EINVAL, "URL");
	}
}

static void large_answers_are_cut_off(void **state)
{
	struct fsv_http_post_opt opt = usual(url_of("/big"), "x");
	struct fake fake;

	(void)state;
	opt.max_answer = 100;
	expect_failure(&opt, FSV_E_LIMIT, "larger than 100 bytes");
	fake_start(&fake, "HTTP/1.1 200 OK\r\n\r\n01234567890123456789");	/* no length announced */
	opt = usual(fake.url, "x");
	opt.max_answer = 19;
	expect_failure(&opt, FSV_E_LIMIT, "larger than 19 bytes");
	fake_stop(&fake);
}

static void broken_answers_are_told_apart(void **state)
{
	static const struct {
		const char *answer;
		int code;
		const char *words;
	} cases[] = {
		{ "", FSV_E_NET, "without an answer" },
		{ "garbage\r\n\r\n", FSV_E_NET, "does not speak HTTP" },
		{ "\x16\x03\x01\x02", FSV_E_NET, "does not speak HTTP" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", FSV_E_NET, "in the middle" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", FSV_E_NET, "127.0.0.1" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", FSV_E_NET, "127.0.0.1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_http_post_opt opt;
		struct fake fake;

		fake_start(&fake, cases[i].answer);
		opt = usual(fake.url, "x");
		expect_failure(&opt, cases[i].code, cases[i].words);
		fake_stop(&fake);
	}
}

static void times_are_kept(void **state)
{
	static const struct {
		int64_t connect, read, deadline;
		bool full;
		const char *words;
	} cases[] = {
		{ FAR_MS, 150, 0, false, "no complete answer" },
		{ FAR_MS, FAR_MS, 150, false, "no complete answer" },
		{ 150, FAR_MS, 0, true, "no connection" },
		{ FAR_MS, FAR_MS, 150, true, "no connection" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_http_post_opt opt;
		uint16_t port;
		char url[64];
		int fd = listener(&port), fill[8], n_fill = 0;
		int64_t start;

		/* Nobody accepts: a full backlog lets further connections hang. */
		for (; cases[i].full && n_fill < 8; n_fill++) {
			struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port),
						    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

			fill[n_fill] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
			(void)connect(fill[n_fill], (struct sockaddr *)&addr, sizeof(addr));
		}
		snprintf(url, sizeof(url), "http://127.0.0.1:%u/", port);
		opt = usual(url, "x");
		opt.connect_timeout_ms = cases[i].connect;
		opt.read_timeout_ms = cases[i].read;
		if (cases[i].deadline)
			opt.deadline = fsv_deadline_in_ms(cases[i].deadline);
		start = fsv_now_ns();
		expect_failure(&opt, -ETIMEDOUT, cases[i].words);
		assert_in_range((fsv_now_ns() - start) / FSV_MS, 145, 3000);
		while (n_fill > 0)
			close(fill[--n_fill]);
		close(fd);
	}
}

static void passed_deadline_ends_at_once(void **state)
{
	struct fsv_http_post_opt opt = usual(url_of("/"), "x");

	(void)state;
	opt.deadline = fsv_now_ns() - 1;
	expect_failure(&opt, -ETIMEDOUT, "in time");
}

static void transfers_are_bounded_and_stop_cancels_them(void **state)
{
	const struct fsv_http_client_opt client_opt = { .max_transfers = 3, .max_connections = 2 };
	struct fsv_http_client *small;
	struct fsv_http_post_opt opt;
	struct result r[3], refused;
	struct fsv_err err;
	uint16_t port;
	char url[64];
	int fd = listener(&port);

	(void)state;
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", port);
	opt = usual(url, "x");
	assert_int_equal(fsv_http_client_new(&client_opt, &small, &err), 0);
	for (unsigned i = 0; i < 3; i++) {
		result_init(&r[i]);
		assert_int_equal(fsv_http_post(small, &opt, on_done, &r[i]), 0);
	}
	result_init(&refused);
	assert_int_equal(fsv_http_post(small, &opt, on_done, &refused), -EAGAIN);
	assert_false(refused.done);
	fsv_http_client_stop(small);
	assert_int_equal(fsv_http_post(small, &opt, on_done, &refused), -EAGAIN);
	assert_false(refused.done);
	fsv_http_client_free(small);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(r[i].done);
		assert_int_equal(r[i].code, -ECANCELED);
		assert_int_not_equal(r[i].text[0], '\0');
		result_done(&r[i]);
	}
	result_done(&refused);
	close(fd);
}

static void *post_many(void *arg)
{
	struct fsv_http_post_opt opt = usual(arg, "abc");

	for (unsigned i = 0; i < 50; i++) {
		struct result r;

		post(&r, &opt);
		assert_int_equal(r.code, 0);
		assert_string_equal(r.body, "abc");
		result_done(&r);
	}
	return NULL;
}

static void threads_share_the_client(void **state)
{
	pthread_t threads[4];
	struct fsv_err err;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(fsv_thread_start(&threads[i], "post", post_many, server_url, &err), 0);
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

struct chain {
	struct result result;
	unsigned left;
	const struct fsv_http_post_opt *opt;
};

static void post_next(void *arg, const struct fsv_http_answer *answer)
{
	struct chain *chain = arg;

	if (answer->result == 0 && --chain->left > 0)
		assert_int_equal(fsv_http_post(client, chain->opt, post_next, chain), 0);
	else
		on_done(&chain->result, answer);
}

static void done_may_post_again(void **state)
{
	struct fsv_http_post_opt opt = usual(url_of("/"), "abc");
	struct chain chain = { .left = 200, .opt = &opt };
	int64_t start = fsv_now_ns();

	(void)state;
	result_init(&chain.result);
	assert_int_equal(fsv_http_post(client, &opt, post_next, &chain), 0);
	result_wait(&chain.result);
	assert_int_equal(chain.result.code, 0);
	assert_int_equal(chain.left, 0);
	result_done(&chain.result);
	print_message("# %lld us a request\n", (long long)((fsv_now_ns() - start) / 1000 / 200));
}

/* TLS --------------------------------------------------------------------------------------------- */

enum { TLS_CONNS = 8 };

struct tls_conn {
	pthread_t thread;
	SSL *ssl;
};

struct tls_peer {
	pthread_t thread;
	SSL_CTX *ctx;
	int fd;
	struct tls_conn conns[TLS_CONNS];
	unsigned n;
	char url[64];
};

static X509 *make_cert(EVP_PKEY *key, EVP_PKEY *signer, const char *issuer, const char *alt_name, long days)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alt_name);

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -200 * 86400L);
	X509_gmtime_adj(X509_getm_notAfter(cert), days * 86400L);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"peer", -1, -1, 0);
	if (issuer) {
		X509_NAME *other = X509_NAME_new();

		X509_NAME_add_entry_by_txt(other, "CN", MBSTRING_ASC, (const unsigned char *)issuer,
					   -1, -1, 0);
		X509_set_issuer_name(cert, other);
		X509_NAME_free(other);
	} else {
		X509_set_issuer_name(cert, name);
	}
	X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);
	X509_set_pubkey(cert, key);
	assert_true(X509_sign(cert, signer, EVP_sha256()) > 0);
	return cert;
}

/* Keeps its connection, so that a client that mixed them up would be found out. */
static void *run_tls_conn(void *arg)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	struct tls_conn *conn = arg;
	char buf[4096];

	if (SSL_accept(conn->ssl) == 1)
		while (SSL_read(conn->ssl, buf, sizeof(buf)) > 0)
			(void)SSL_write(conn->ssl, answer, sizeof(answer) - 1);
	shutdown(SSL_get_fd(conn->ssl), SHUT_RDWR);
	return NULL;
}

static void *run_tls(void *arg)
{
	struct tls_peer *peer = arg;
	struct fsv_err err;
	int fd;

	while (peer->n < TLS_CONNS && (fd = accept(peer->fd, NULL, NULL)) >= 0) {
		struct tls_conn *conn = &peer->conns[peer->n++];

		conn->ssl = SSL_new(peer->ctx);
		SSL_set_fd(conn->ssl, fd);
		assert_int_equal(fsv_thread_start(&conn->thread, "tls-conn", run_tls_conn, conn, &err), 0);
	}
	return NULL;
}

static void tls_start(struct tls_peer *peer, const char *alt_name, bool self_signed, long days)
{
	EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
	X509 *cert = self_signed ? make_cert(key, key, NULL, alt_name, days) :
				   make_cert(key, other, "unknown CA", alt_name, days);
	struct fsv_err err;
	uint16_t port;

	peer->n = 0;
	peer->ctx = SSL_CTX_new(TLS_server_method());
	assert_int_equal(SSL_CTX_use_certificate(peer->ctx, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(peer->ctx, key), 1);
	X509_free(cert);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	peer->fd = listener(&port);
	snprintf(peer->url, sizeof(peer->url), "https://127.0.0.1:%u/", port);
	assert_int_equal(fsv_thread_start(&peer->thread, "tls", run_tls, peer, &err), 0);
}

static void tls_stop(struct tls_peer *peer)
{
	shutdown(peer->fd, SHUT_RDWR);
	pthread_join(peer->thread, NULL);
	for (unsigned i = 0; i < peer->n; i++) {
		int fd = SSL_get_fd(peer->conns[i].ssl);

		shutdown(fd, SHUT_RDWR);	/* the client keeps it */
		pthread_join(peer->conns[i].thread, NULL);
		SSL_free(peer->conns[i].ssl);
		close(fd);
	}
	close(peer->fd);
	SSL_CTX_free(peer->ctx);
}

static void self_signed_certificate_is_accepted_only_when_asked_for(void **state)
{
	struct fsv_http_post_opt opt;
	struct tls_peer peer;
	struct result r;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	tls_start(&peer, "IP:127.0.0.1", true, 10);
	for (unsigned i = 0; i < 2; i++) {
		opt = usual(peer.url, "x");
		opt.accept_self_signed = true;
		post(&r, &opt);
		if (r.code != 0)
			fail_msg("%d %s", r.code, r.text);
		assert_int_equal(r.status, 200);
		assert_string_equal(r.body, "ok");
		result_done(&r);
		opt.accept_self_signed = false;
		expect_failure(&opt, FSV_E_TLS, "TLS with 127.0.0.1");
	}
	tls_stop(&peer);
}

static void other_faults_of_a_certificate_are_refused(void **state)
{
	static const struct {
		const char *alt_name;
		bool self_signed;
		long days;
	} cases[] = {
		{ "IP:127.0.0.2", true, 10 },	/* another host's */
		{ "DNS:localhost", true, 10 },
		{ "IP:127.0.0.1", false, 10 },	/* of an unknown CA */
		{ "IP:127.0.0.1", true, -10 },	/* expired */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsv_http_post_opt opt;
		struct tls_peer peer;

		tls_start(&peer, cases[i].alt_name, cases[i].self_signed, cases[i].days);
		opt = usual(peer.url, "x");
		opt.accept_self_signed = true;
		expect_failure(&opt, FSV_E_TLS, "TLS with 127.0.0.1");
		tls_stop(&peer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(post_brings_the_answer),
		cmocka_unit_test(bodies_are_binary_and_may_be_large),
		cmocka_unit_test(error_statuses_are_answers),
		cmocka_unit_test(refused_connection_is_named),
		cmocka_unit_test(bad_urls_are_refused),
		cmocka_unit_test(large_answers_are_cut_off),
		cmocka_unit_test(broken_answers_are_told_apart),
		cmocka_unit_test(times_are_kept),
		cmocka_unit_test(passed_deadline_ends_at_once),
		cmocka_unit_test(transfers_are_bounded_and_stop_cancels_them),
		cmocka_unit_test(threads_share_the_client),
		cmocka_unit_test(done_may_post_again),
		cmocka_unit_test(self_signed_certificate_is_accepted_only_when_asked_for),
		cmocka_unit_test(other_faults_of_a_certificate_are_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
