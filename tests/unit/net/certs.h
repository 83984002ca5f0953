/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates made on the spot, for tests of TLS. */
#ifndef FSV_TEST_CERTS_H
#define FSV_TEST_CERTS_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct cert {
	EVP_PKEY *key;
	X509 *x509;
};

struct cert_opt {
	const struct cert *issuer;	/* NULL = signs itself */
	const char *cn;			/* NULL = no common name */
	const char *san;		/* "IP:127.0.0.1,DNS:x"; NULL = none */
	long from_s, to_s;		/* relative to now */
	int ca;
};

static inline void cert_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	X509V3_set_ctx(&ctx, issuer, x509, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(ext);
	X509_add_ext(x509, ext, -1);
	X509_EXTENSION_free(ext);
}

static inline struct cert cert_new(const struct cert_opt *opt)
{
	static long serial = 1000;
	struct cert c = { EVP_EC_gen("P-256"), X509_new() };
	const struct cert *issuer = opt->issuer ? opt->issuer : &c;
	X509_NAME *name = X509_get_subject_name(c.x509);

	X509_set_version(c.x509, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c.x509), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(c.x509), opt->from_s);
	X509_gmtime_adj(X509_getm_notAfter(c.x509), opt->to_s);
	X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
	if (opt->cn)
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)opt->cn, -1, -1, 0);
	X509_set_issuer_name(c.x509, X509_get_subject_name(issuer->x509));
	X509_set_pubkey(c.x509, c.key);
	cert_extension(c.x509, issuer->x509, NID_basic_constraints, opt->ca ? "critical,CA:TRUE" : "CA:FALSE");
	if (opt->san)
		cert_extension(c.x509, issuer->x509, NID_subject_alt_name, opt->san);
	assert_true(X509_sign(c.x509, issuer->key, EVP_sha256()) > 0);
	return c;
}

static inline void cert_free(struct cert *c)
{
	EVP_PKEY_free(c->key);
	X509_free(c->x509);
}

static inline void cert_write(const struct cert *c, const char *cert_path, const char *key_path)
{
	FILE *f;

	if (cert_path) {
		f = fopen(cert_path, "we");
		assert_non_null(f);
		PEM_write_X509(f, c->x509);
		fclose(f);
	}
	if (key_path) {
		f = fopen(key_path, "we");
		assert_non_null(f);
		PEM_write_PKCS8PrivateKey(f, c->key, NULL, NULL, 0, NULL, NULL);
		fclose(f);
	}
}

#endif
