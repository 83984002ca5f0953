/* SPDX-License-Identifier: Apache-2.0 */
/* What rpc*.c need of a struct fsv_tls: gRPC's credentials made of it. */
#ifndef FSV_NET_TLS_PRIVATE_H
#define FSV_NET_TLS_PRIVATE_H

#include <grpc/grpc_security.h>

#include "tls.h"

/* A listener's view; lives in the server as long as its credentials do. */
struct fsv_tls_listener {
	struct fsv_tls *tls;	/* borrowed */
	unsigned given;		/* generation that core holds, 0 = none yet */
};

/* Credentials that demand and verify a client certificate, and look at the files at each handshake. */
grpc_server_credentials *fsv_tls_server_credentials(struct fsv_tls_listener *listener);

/* Credentials of the certificates in use now, and their generation. [any thread] */
grpc_channel_credentials *fsv_tls_channel_credentials(struct fsv_tls *tls, unsigned *ret_generation);

/* Copies of certificate chain and key in use, the caller's to clear and free; returns their generation. [any thread] */
unsigned fsv_tls_pems(struct fsv_tls *tls, char **ret_cert, char **ret_key);

/* fsv_tls_refresh at most once per second, whoever calls. Cheap enough for every request. */
void fsv_tls_refresh_sometimes(struct fsv_tls *tls);

#endif
