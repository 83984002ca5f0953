/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes an authority and certificates for tries and tests, and reads what certificates say. What parties use in
 * earnest comes from their own authorities. Keys are P-256, stored without a password (PKCS#8).
 */
#ifndef FSV_NET_TLS_MAKE_H
#define FSV_NET_TLS_MAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum { FSV_TLS_DAYS_MAX = 36500, FSV_TLS_NAMES_MAX = 64 };

struct fsv_tls_pair {
	struct fsv_str cert, key;	/* PEM, in the arena */
};

/* An authority that signs itself, valid from an hour ago on. [any thread] */
int fsv_tls_make_ca(const char *name, unsigned days, struct fsv_arena *arena, struct fsv_tls_pair *ret_ca,
		    struct fsv_err *err) FSV_MUST_CHECK;

/* A certificate for both sides of a connection, signed by ca. names: host names and addresses, NULL-terminated, at
 * least one; the first is its common name too. FSV_E_TLS, among others when a name is none. [any thread] */
int fsv_tls_make_cert(const struct fsv_tls_pair *ca, const char *const *names, unsigned days, struct fsv_arena *arena,
		      struct fsv_tls_pair *ret_cert, struct fsv_err *err) FSV_MUST_CHECK;

struct fsv_tls_info {
	const char *subject, *issuer, *names;	/* names: "DNS:a, IP Address:10.0.0.1", "" when it has none */
	int64_t not_before, not_after;		/* seconds since 1970 */
	bool ca;
};

/* What each certificate of a PEM text says, in order. *ret_infos in the arena. path is for errors. [any thread] */
int fsv_tls_describe(const char *path, const char *pem, struct fsv_arena *arena, struct fsv_tls_info **ret_infos,
		     unsigned *ret_n, struct fsv_err *err) FSV_MUST_CHECK;

#endif
