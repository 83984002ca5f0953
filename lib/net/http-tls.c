/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTPS: the certificate that libmicrohttpd shows at a handshake, taken from files that may be renewed at any time. The
 * only user of GnuTLS, which is what libmicrohttpd does TLS with. Its callback knows neither us nor the server, so a
 * process has one HTTPS server.
 */
#include "http-private.h"

#include <stdlib.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "base/log.h"
#include "base/mem.h"
#include "tls-private.h"

enum { CHAIN_MAX = 16 };

/* What one reading of the files gave. Handshakes may still use it when the next is there, so it stays until the end;
 * renewals are rare. */
struct shown {
	gnutls_pcert_st chain[CHAIN_MAX];
	unsigned n;
	gnutls_privkey_t key;
	struct shown *before;
};

struct fsv_http_tls {
	struct fsv_tls *tls;
	unsigned generation;		/* of newest; guarded by lock */
	pthread_mutex_t lock;
	struct shown *newest;
};

static struct fsv_http_tls *the_one;

static struct shown *shown_free(struct shown *shown)
{
	for (unsigned i = 0; i < shown->n; i++)
		gnutls_pcert_deinit(&shown->chain[i]);
	if (shown->key)
		gnutls_privkey_deinit(shown->key);
	free(shown);
	return NULL;
}

static struct shown *shown_new(const char *cert, const char *key, struct fsv_err *err)
{
	const gnutls_datum_t cert_pem = { (unsigned char *)cert, (unsigned)strlen(cert) };
	const gnutls_datum_t key_pem = { (unsigned char *)key, (unsigned)strlen(key) };
	struct shown *shown = FSV_NEW(struct shown);
	unsigned n = CHAIN_MAX;
	int r = gnutls_pcert_list_import_x509_raw(shown->chain, &n, &cert_pem, GNUTLS_X509_FMT_PEM, 0);

	if (r >= 0) {
		shown->n = n;
		r = gnutls_privkey_init(&shown->key);
	}
	if (r >= 0)
		r = gnutls_privkey_import_x509_raw(shown->key, &key_pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (r >= 0)
		return shown;
	fsv_err_set(err, FSV_E_TLS, "the certificate cannot be used for HTTPS: %s", gnutls_strerror(r));
	return shown_free(shown);
}

/* Reads again what has changed on disk; what cannot be used leaves the certificate that is shown. */
static int look(struct fsv_http_tls *t, struct fsv_err *err)
{
	struct shown *shown = NULL;
	unsigned generation;
	char *cert, *key;
	int r = 0;

	fsv_tls_refresh_sometimes(t->tls);
	pthread_mutex_lock(&t->lock);
	if (t->generation != fsv_tls_generation(t->tls)) {
		generation = fsv_tls_pems(t->tls, &cert, &key);
		shown = shown_new(cert, key, err);
		explicit_bzero(key, strlen(key));
		free(key);
		free(cert);
		t->generation = generation;
		if (shown) {
			shown->before = t->newest;
			t->newest = shown;
		} else {
			r = FSV_E_TLS;
		}
	}
	pthread_mutex_unlock(&t->lock);
	return r;
}

/* [an HTTP thread] */
int fsv_http_tls_retrieve(gnutls_session_t session, const gnutls_datum_t *req_ca_dn, int n_reqs,
			  const gnutls_pk_algorithm_t *pk_algos, int n_pk_algos, gnutls_pcert_st **ret_chain, unsigned *ret_n,
			  gnutls_privkey_t *ret_key)
{
	struct fsv_http_tls *t = the_one;
	struct fsv_err err;

	(void)session, (void)req_ca_dn, (void)n_reqs, (void)pk_algos, (void)n_pk_algos;
	if (look(t, &err) < 0)
		fsv_log_limited(FSV_LOG_WARNING, NULL, "HTTPS: %s; the certificate read before stays in use", err.text);
	pthread_mutex_lock(&t->lock);
	*ret_chain = t->newest->chain;
	*ret_n = t->newest->n;
	*ret_key = t->newest->key;
	pthread_mutex_unlock(&t->lock);
	return 0;
}

int fsv_http_tls_new(const char *cert_file, const char *key_file, struct fsv_http_tls **ret_tls, struct fsv_err *err)
{
	/* Nobody is asked for a certificate, so nobody's is checked; the chain stands in for the authorities. */
	const struct fsv_tls_opt opt = { .ca_file = cert_file, .cert_file = cert_file, .key_file = key_file };
	struct fsv_http_tls *t = FSV_NEW(struct fsv_http_tls);
	int r;

	FSV_BUG_ON(the_one);
	pthread_mutex_init(&t->lock, NULL);
	r = fsv_tls_new(&opt, &t->tls, err);
	if (r == 0)
		r = look(t, err);
	if (r < 0) {
		fsv_http_tls_free(t);
		return r;
	}
	the_one = *ret_tls = t;
	return 0;
}

struct fsv_http_tls *fsv_http_tls_free(struct fsv_http_tls *t)
{
	if (!t)
		return NULL;
	if (the_one == t)
		the_one = NULL;
	while (t->newest) {
		struct shown *before = t->newest->before;

		shown_free(t->newest);
		t->newest = before;
	}
	fsv_tls_unref(t->tls);
	pthread_mutex_destroy(&t->lock);
	free(t);
	return NULL;
}
