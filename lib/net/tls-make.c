/* SPDX-License-Identifier: Apache-2.0 */
#include "tls-make.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"

enum { CERTS_MAX = 100, HOUR = 3600, DAY = 86400, NAME_MAX_CHARS = 253, COMMON_NAME_MAX = 64 };

/* What is being made: everything is freed together, whatever came of it. */
struct work {
	EVP_PKEY *key, *ca_key;
	X509 *cert, *ca_cert;
};

static void work_done(struct work *w)
{
	EVP_PKEY_free(w->key);
	EVP_PKEY_free(w->ca_key);
	X509_free(w->cert);
	X509_free(w->ca_cert);
	ERR_clear_error();
}

static int FSV_COLD fail(const char *what, struct fsv_err *err)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	return fsv_err_set(err, FSV_E_TLS, "%s: OpenSSL says: %s", what, why ? why : "unknown reason");
}

static struct fsv_str text_of(BIO *bio, struct fsv_arena *arena)
{
	char *data = NULL;
	long n = BIO_get_mem_data(bio, &data);

	return fsv_arena_str(arena, fsv_str_n(data, n > 0 ? (size_t)n : 0));
}

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX ctx;
	bool ok;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = extension && X509_add_ext(cert, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return ok;
}

/* A number that no other certificate has: 126 random bits. */
static bool set_serial(X509 *cert)
{
	unsigned char bytes[16];
	BIGNUM *number = NULL;
	bool ok = RAND_bytes(bytes, sizeof(bytes)) == 1;

	bytes[0] = (unsigned char)((bytes[0] & 0x3f) | 0x40);
	number = ok ? BN_bin2bn(bytes, sizeof(bytes), NULL) : NULL;
	ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
	BN_free(number);
	return ok;
}

/* Key and certificate but for extensions and signature. An hour back, for clocks that are not quite together. */
static bool begin(struct work *w, const char *name, unsigned days)
{
	X509_NAME *subject;

	w->key = EVP_EC_gen("P-256");
	w->cert = X509_new();
	if (!w->key || !w->cert || !set_serial(w->cert))
		return false;
	subject = X509_get_subject_name(w->cert);
	return X509_set_version(w->cert, 2) == 1 && X509_gmtime_adj(X509_getm_notBefore(w->cert), -HOUR) &&
	       X509_gmtime_adj(X509_getm_notAfter(w->cert), (long)days * DAY) &&
	       X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1 &&
	       X509_set_pubkey(w->cert, w->key) == 1;
}

static bool sign(struct work *w, X509 *issuer, EVP_PKEY *key)
{
	return X509_set_issuer_name(w->cert, X509_get_subject_name(issuer)) == 1 &&
	       add_extension(w->cert, issuer, NID_subject_key_identifier, "hash") &&
	       add_extension(w->cert, issuer, NID_authority_key_identifier, "keyid") &&
	       X509_sign(w->cert, key, EVP_sha256()) > 0;
}

static bool write_out(const struct work *w, struct fsv_arena *arena, struct fsv_tls_pair *ret_pair)
{
	BIO *cert = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_secmem());
	bool ok = cert && key && PEM_write_bio_X509(cert, w->cert) == 1 &&
		  PEM_write_bio_PKCS8PrivateKey(key, w->key, NULL, NULL, 0, NULL, NULL) == 1;

	if (ok)
		*ret_pair = (struct fsv_tls_pair){ text_of(cert, arena), text_of(key, arena) };
	BIO_free(cert);
	BIO_free(key);
	return ok;
}

static int check_days(unsigned days, struct fsv_err *err)
{
	if (days < 1 || days > FSV_TLS_DAYS_MAX)
		return fsv_err_set(err, FSV_E_RANGE, "a certificate is valid for 1 to %d days, not %u", FSV_TLS_DAYS_MAX, days);
	return 0;
}

int fsv_tls_make_ca(const char *name, unsigned days, struct fsv_arena *arena, struct fsv_tls_pair *ret_ca,
		    struct fsv_err *err)
{
	struct work w = { NULL, NULL, NULL, NULL };
	int r = check_days(days, err);

	if (r < 0)
		return r;
	if (*name == '\0' || strlen(name) > COMMON_NAME_MAX)
		return fsv_err_set(err, FSV_E_TLS, "the name of an authority has 1 to %d characters", COMMON_NAME_MAX);
	ERR_clear_error();
	if (!begin(&w, name, days) || !add_extension(w.cert, w.cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
	    !add_extension(w.cert, w.cert, NID_key_usage, "critical,keyCertSign,cRLSign") || !sign(&w, w.cert, w.key) ||
	    !write_out(&w, arena, ret_ca))
		r = fail("the authority cannot be made", err);
	work_done(&w);
	return r;
}

static bool is_address(const char *name)
{
	unsigned char bytes[16];

	return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

static bool is_host_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_*";

	return *name != '\0' && strlen(name) <= NAME_MAX_CHARS && strspn(name, allowed) == strlen(name);
}

/* "DNS:a,IP:10.0.0.1"; every name is checked, since a comma in one would make two of it. */
static int format_names(const char *const *names, struct fsv_buf *out, struct fsv_err *err)
{
	unsigned n = 0;

	for (; names[n]; n++) {
		bool address = is_address(names[n]);

		if (n >= FSV_TLS_NAMES_MAX)
			return fsv_err_set(err, FSV_E_LIMIT, "more than %d names in one certificate", FSV_TLS_NAMES_MAX);
		if (!address && !is_host_name(names[n]))
			return fsv_err_set(err, FSV_E_TLS, "\"%.100s\" is neither a host name nor an address", names[n]);
		fsv_buf_printf(out, "%s%s:%s", n > 0 ? "," : "", address ? "IP" : "DNS", names[n]);
	}
	if (n == 0)
		return fsv_err_set(err, FSV_E_TLS, "a certificate needs the name under which its owner is reached");
	return 0;
}

static int read_ca(struct work *w, const struct fsv_tls_pair *ca, struct fsv_err *err)
{
	BIO *cert = BIO_new_mem_buf(ca->cert.p, (int)ca->cert.n), *key = BIO_new_mem_buf(ca->key.p, (int)ca->key.n);
	int r = 0;

	w->ca_cert = cert ? PEM_read_bio_X509(cert, NULL, NULL, NULL) : NULL;
	w->ca_key = key ? PEM_read_bio_PrivateKey(key, NULL, NULL, (void *)"") : NULL;
	BIO_free(cert);
	BIO_free(key);
	if (!w->ca_cert)
		return fail("the authority's certificate cannot be read", err);
	if (!w->ca_key)
		return fail("the authority's key cannot be read", err);
	if (X509_check_ca(w->ca_cert) == 0)
		r = fsv_err_set(err, FSV_E_TLS, "the certificate that shall sign is none of an authority");
	else if (X509_check_private_key(w->ca_cert, w->ca_key) != 1)
		r = fsv_err_set(err, FSV_E_TLS, "the authority's key does not belong to its certificate");
	return r;
}

/* The common name is only for people to read: a long one is cut. */
static bool begin_cert(struct work *w, const char *name, unsigned days)
{
	char common[COMMON_NAME_MAX + 1];

	snprintf(common, sizeof(common), "%s", name);
	return begin(w, common, days);
}

int fsv_tls_make_cert(const struct fsv_tls_pair *ca, const char *const *names, unsigned days, struct fsv_arena *arena,
		      struct fsv_tls_pair *ret_cert, struct fsv_err *err)
{
	struct work w = { NULL, NULL, NULL, NULL };
	struct fsv_buf all;
	int r = check_days(days, err);

	fsv_buf_init(&all, arena, 0);
	if (r == 0)
		r = format_names(names, &all, err);
	ERR_clear_error();
	if (r == 0)
		r = read_ca(&w, ca, err);
	if (r == 0 && (!begin_cert(&w, names[0], days) || !add_extension(w.cert, w.ca_cert, NID_basic_constraints, "critical,CA:FALSE") ||
		       !add_extension(w.cert, w.ca_cert, NID_key_usage, "critical,digitalSignature") ||
		       !add_extension(w.cert, w.ca_cert, NID_ext_key_usage, "serverAuth,clientAuth") ||
		       !add_extension(w.cert, w.ca_cert, NID_subject_alt_name, fsv_buf_cstr(&all)) ||
		       !sign(&w, w.ca_cert, w.ca_key) || !write_out(&w, arena, ret_cert)))
		r = fail("the certificate cannot be made", err);
	work_done(&w);
	return r;
}

/* Reading -------------------------------------------------------------------------------------------- */

static int64_t seconds(const ASN1_TIME *t)
{
	struct tm tm;

	return t && ASN1_TIME_to_tm(t, &tm) == 1 ? timegm(&tm) : 0;
}

static const char *name_text(const X509_NAME *name, struct fsv_arena *arena)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const char *text = "";

	if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0)
		text = text_of(bio, arena).p;
	BIO_free(bio);
	return text;
}

static const char *alt_names(X509 *cert, struct fsv_arena *arena)
{
	int at = X509_get_ext_by_NID(cert, NID_subject_alt_name, -1);
	BIO *bio = at >= 0 ? BIO_new(BIO_s_mem()) : NULL;
	const char *text = "";

	if (bio && X509V3_EXT_print(bio, X509_get_ext(cert, at), 0, 0) == 1)
		text = text_of(bio, arena).p;
	BIO_free(bio);
	return text;
}

int fsv_tls_describe(const char *path, const char *pem, struct fsv_arena *arena, struct fsv_tls_info **ret_infos,
		     unsigned *ret_n, struct fsv_err *err)
{
	struct fsv_tls_info *infos = FSV_ARENA_NEW_N(arena, struct fsv_tls_info, CERTS_MAX);
	BIO *bio = BIO_new_mem_buf(pem, (int)strlen(pem));
	bool broken;
	unsigned n = 0;
	X509 *cert;

	ERR_clear_error();
	while (bio && n < CERTS_MAX && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		infos[n++] = (struct fsv_tls_info){
			.subject = name_text(X509_get_subject_name(cert), arena),
			.issuer = name_text(X509_get_issuer_name(cert), arena),
			.names = alt_names(cert, arena),
			.not_before = seconds(X509_get0_notBefore(cert)),
			.not_after = seconds(X509_get0_notAfter(cert)),
			.ca = X509_check_ca(cert) != 0,
		};
		X509_free(cert);
	}
	BIO_free(bio);
	/* Reading ends with "no start line" when every block was good. */
	broken = n == 0 || (n < CERTS_MAX && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE);
	ERR_clear_error();
	if (broken)
		return fsv_err_set(err, FSV_E_TLS, "%s: certificate %u cannot be read as PEM", path, n + 1);
	*ret_infos = infos;
	*ret_n = n;
	return 0;
}
