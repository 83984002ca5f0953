/* SPDX-License-Identifier: Apache-2.0 */
/* What OpenSSL says about the text of certificate files, in words that name the file. */
#ifndef FSV_NET_TLS_CHECK_H
#define FSV_NET_TLS_CHECK_H

#include <stdint.h>

#include "base/err.h"

struct fsv_tls_files {
	const char *ca_path, *cert_path, *key_path;
	const char *ca, *cert, *key;	/* PEM */
};

/* All parse, key and certificate belong together, the certificate and at least one CA are valid now.
 * *ret_not_after: when the certificate ends, seconds since 1970. FSV_E_TLS. [any thread] */
int fsv_tls_check(const struct fsv_tls_files *files, int64_t *ret_not_after, struct fsv_err *err) FSV_MUST_CHECK;

#endif
