/* SPDX-License-Identifier: Apache-2.0 */
#include "tls-check.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

enum { CERTS_MAX = 1000 };	/* in one CA file; the system's own bundle has about 150 */

static const char *reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	return text ? text : "unknown reason";
}

/* A file without any PEM block is told from one whose block is broken. */
static int bad_pem(const char *path, const char *what, const char *begin, const char *pem, struct fsv_err *err)
{
	if (!strstr(pem, begin))
		return fsv_err_set(err, FSV_E_TLS, "%s holds no %s in PEM form (no \"%s\" line)", path, what, begin);
	return fsv_err_set(err, FSV_E_TLS, "%s: the %s cannot be read: %s", path, what, reason());
}

static BIO *open_text(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)strlen(pem));

	FSV_BUG_ON(!bio);
	return bio;
}

static bool in_future(const ASN1_TIME *t)
{
	return X509_cmp_current_time(t) > 0;
}

static int64_t seconds(const ASN1_TIME *t)
{
	struct tm tm;

	if (!t || ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	return timegm(&tm);
}

static const char *day(const ASN1_TIME *t, char *text, size_t size)
{
	time_t at = seconds(t);
	struct tm tm;

	if (!gmtime_r(&at, &tm) || strftime(text, size, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		return "a date that cannot be read";
	return text;
}

static bool valid_now(const X509 *cert)
{
	return !in_future(X509_get0_notBefore(cert)) && in_future(X509_get0_notAfter(cert));
}

static int check_ca(const struct fsv_tls_files *files, struct fsv_err *err)
{
	BIO *bio = open_text(files->ca);
	unsigned n = 0, n_valid = 0;
	bool broken;
	X509 *cert;

	while (n < CERTS_MAX && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		n++;
		n_valid += valid_now(cert);
		X509_free(cert);
	}
	BIO_free(bio);
	/* The last read ends with "no start line" when all blocks were good. */
	broken = n < CERTS_MAX && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;
	if (n == 0 || broken)
		return bad_pem(files->ca_path, "CA certificate", "-----BEGIN CERTIFICATE-----", files->ca, err);
	if (n_valid == 0)
		return fsv_err_set(err, FSV_E_TLS, "no CA certificate in %s is valid today", files->ca_path);
	return 0;
}

/* Kept keys have no password: nobody is there to type it when a daemon starts. */
static int no_password(char *buf, int size, int writing, void *user)
{
	(void)buf;
	(void)size;
	(void)writing;
	*(bool *)user = true;
	return -1;
}

static int check_key(const struct fsv_tls_files *files, X509 *cert, struct fsv_err *err)
{
	bool encrypted = false;
	BIO *bio = open_text(files->key);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_password, &encrypted);
	int match;

	BIO_free(bio);
	if (!key && encrypted)
		return fsv_err_set(err, FSV_E_TLS, "the key in %s is encrypted; store it without a password and "
				   "protect the file by its mode", files->key_path);
	if (!key)
		return strstr(files->key, "PRIVATE KEY-----")
			       ? fsv_err_set(err, FSV_E_TLS, "%s: the key cannot be read: %s", files->key_path, reason())
			       : fsv_err_set(err, FSV_E_TLS, "%s holds no private key in PEM form", files->key_path);
	match = X509_check_private_key(cert, key);
	EVP_PKEY_free(key);
	if (match != 1)
		return fsv_err_set(err, FSV_E_TLS, "the key in %s does not belong to the certificate in %s",
				   files->key_path, files->cert_path);
	return 0;
}

static int check_dates(const char *path, const X509 *cert, struct fsv_err *err)
{
	char text[40];

	if (in_future(X509_get0_notBefore(cert)))
		return fsv_err_set(err, FSV_E_TLS, "the certificate in %s is not valid before %s; is the clock right?",
				   path, day(X509_get0_notBefore(cert), text, sizeof(text)));
	if (!in_future(X509_get0_notAfter(cert)))
		return fsv_err_set(err, FSV_E_TLS, "the certificate in %s expired on %s; renew it", path,
				   day(X509_get0_notAfter(cert), text, sizeof(text)));
	return 0;
}

static int check_cert(const struct fsv_tls_files *files, int64_t *ret_not_after, struct fsv_err *err)
{
	BIO *bio = open_text(files->cert);
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	int r;

	BIO_free(bio);
	if (!cert)
		return bad_pem(files->cert_path, "certificate", "-----BEGIN CERTIFICATE-----", files->cert, err);
	r = check_key(files, cert, err);
	if (r == 0)
		r = check_dates(files->cert_path, cert, err);
	if (r == 0)
		*ret_not_after = seconds(X509_get0_notAfter(cert));
	X509_free(cert);
	return r;
}

int fsv_tls_check(const struct fsv_tls_files *files, int64_t *ret_not_after, struct fsv_err *err)
{
	int r;

	ERR_clear_error();
	r = check_ca(files, err);
	ERR_clear_error();
	if (r == 0)
		r = check_cert(files, ret_not_after, err);
	ERR_clear_error();
	return r;
}
