/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs of providers: grpc://10.0.0.7:8000/serving/lr-test/inference?router_mode=ALL_ALLOWED&timestamp=…&version=216.
 * Read as leniently as the reference reads them, written exactly as it writes them.
 */
#ifndef FSV_REGISTRY_PROVIDER_H
#define FSV_REGISTRY_PROVIDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

enum { FSV_PROVIDER_MAX = 4096, FSV_PROVIDER_PARAMS_MAX = 32 };

struct fsv_provider_param {
	struct fsv_str key, value;
};

struct fsv_provider_url {
	struct fsv_str protocol;	/* empty when there is none */
	struct fsv_str host;		/* v6 addresses in brackets */
	uint16_t port;			/* 0 = none */
	struct fsv_str project, environment, service;
	struct fsv_provider_param params[FSV_PROVIDER_PARAMS_MAX];
	unsigned n_params;
};

/* Text that is decoded already. Parts point into it. False for what is no URL at all: too long, too many
 * parameters, nothing behind the last slash, a port that is none. */
bool fsv_provider_parse(struct fsv_str text, struct fsv_provider_url *ret_url);

/* Parameters in ascending order of their keys. */
void fsv_provider_format(const struct fsv_provider_url *url, struct fsv_buf *out);

/* Value of a parameter, or of "default.<key>", or FSV_STR_NULL. */
struct fsv_str fsv_provider_param(const struct fsv_provider_url *url, const char *key);
/* Adds or replaces; the text is borrowed. False when there is no room. */
bool fsv_provider_set(struct fsv_provider_url *url, const char *key, struct fsv_str value);

/* Whether a consumer of the service takes it. */
bool fsv_provider_matches(const struct fsv_provider_url *url, struct fsv_str service);

#endif
