/* SPDX-License-Identifier: Apache-2.0 */
/* The serving server's side of the registry: what it registers, and where it finds its proxy. */
#ifndef FSV_SERVER_REGISTRATION_H
#define FSV_SERVER_REGISTRATION_H

#include "base/arena.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"
#include "registry/hop.h"

struct fsv_server;
struct fsv_server_view;

/* Connects in the background and registers what the server offers; nothing when useRegister is off or zk.url unset.
 * The ports must be bound. [main thread] */
int fsv_server_register(struct fsv_server *server, struct fsv_loop *loop, struct fsv_err *err) FSV_MUST_CHECK;
/* After every load, bind, unbind and unload: what the models are asked for by is registered soon, as they are then.
 * Nothing without a registry. [any thread] */
void fsv_server_models_changed(struct fsv_server *server);

/* Whether there is a registry that can be asked. [any thread] */
bool fsv_server_has_registry(struct fsv_server *server);
/* The URL under which FATE-Flow has registered this very model, or, failing that, one for all models; in the arena with
 * a NUL behind it. FSV_STR_NULL when nobody has. [any thread] */
struct fsv_str fsv_server_flow_url(struct fsv_server *server, struct fsv_str table_name, struct fsv_str name_space,
				   struct fsv_arena *arena);
/* Whether somebody has registered a FATE-Flow; false too without a registry. [any thread] */
bool fsv_server_flow_known(struct fsv_server *server);

/* The one place that decides where packets to other parties go: a proxy of the registry that works, else the one under
 * the key proxy, else whatever the registry knows. failed: where it has just failed, NULL at first; there is no second
 * try over the same way, unless that went without waiting for it, as there were others, and now they are gone.
 * FSV_E_ROUTER. End it with fsv_hop_done. [any thread] */
int fsv_server_hop(struct fsv_server *server, const struct fsv_server_view *view, const struct fsv_hop *failed,
		   struct fsv_hop *ret_hop, struct fsv_err *err) FSV_MUST_CHECK;

#endif
