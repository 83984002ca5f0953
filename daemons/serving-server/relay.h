/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of an operator over HTTP that are passed on over gRPC to the node they name: a service's weight,
 * a model's bindings, a model's copy. Nobody proves who he is here, so only nodes of this machine and those
 * listed in http.relay.allow are called.
 */
#ifndef FSV_SERVER_RELAY_H
#define FSV_SERVER_RELAY_H

#include "base/arena.h"
#include "base/err.h"
#include "net/http.h"

struct fsv_server;

enum fsv_relay { FSV_RELAY_WEIGHT, FSV_RELAY_UNBIND, FSV_RELAY_TRANSFER };

/* Replies to req, a POST. [an HTTP thread] */
void fsv_relay(struct fsv_http_req *req, struct fsv_server *server, enum fsv_relay relay);

/* What a request says. */
struct fsv_relay_order {
	struct fsv_str host, target_host, table_name, name_space, url, router_mode;
	int32_t port, target_port, weight;
	int64_t version;
	struct fsv_str *service_ids;
	size_t n_service_ids;
};

/* FSV_E_SYNTAX for what is no JSON object of the right shape. */
int fsv_relay_parse(struct fsv_str body, struct fsv_arena *arena, struct fsv_relay_order *ret_order,
		    struct fsv_err *err) FSV_MUST_CHECK;
/* FSV_E_PARAM for what is missing, and for a node that must not be called. allow: as fsv_conf_list gives it. */
int fsv_relay_check(const struct fsv_relay_order *order, enum fsv_relay relay, const char *const *allow,
		    struct fsv_err *err) FSV_MUST_CHECK;

#endif
