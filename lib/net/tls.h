/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate files of one listener or one partner. Files are read when it is made and checked (they
 * parse, key and certificate belong together, valid today); later changes on disk are taken up by
 * new handshakes: a listener looks at the files' stamps at each handshake, a channel once per second
 * when it has something to send. A half-written or broken renewal keeps the old ones.
 */
#ifndef FSV_NET_TLS_H
#define FSV_NET_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct fsv_tls;

struct fsv_tls_opt {
	const char *ca_file;		/* PEM; verifies the other side; required */
	const char *cert_file;		/* PEM chain; required */
	const char *key_file;		/* PEM; required */
};

/* FSV_E_TLS names the file and the reason; an expired certificate is refused. One reference, the caller's. */
int fsv_tls_new(const struct fsv_tls_opt *opt, struct fsv_tls **ret_tls, struct fsv_err *err) FSV_MUST_CHECK;
struct fsv_tls *fsv_tls_ref(struct fsv_tls *tls);	/* [any thread] */
struct fsv_tls *fsv_tls_unref(struct fsv_tls *tls);	/* [any thread] */
/* Re-reads the files when their stamps changed; true when new, valid ones are in use now. A broken
 * renewal is logged once and keeps the old ones. [any thread; reads files] */
bool fsv_tls_refresh(struct fsv_tls *tls);
/* Count of certificates taken up so far; changes after each successful refresh. [any thread] */
unsigned fsv_tls_generation(const struct fsv_tls *tls);
/* When the certificate in use ends, seconds since 1970. [any thread] */
int64_t fsv_tls_not_after(struct fsv_tls *tls);

#endif
