/* SPDX-License-Identifier: Apache-2.0 */
/* The proxy's side of the registry: what it registers; how requests find serving nodes there is fsv_proxy_route. */
#ifndef FSV_PROXY_REGISTRATION_H
#define FSV_PROXY_REGISTRATION_H

#include "base/err.h"
#include "base/loop.h"

struct fsv_proxy;

/* Connects in the background and registers what the proxy offers; nothing when useZkRouter is off or zk.url unset.
 * The ports must be bound. [main thread] */
int fsv_proxy_register(struct fsv_proxy *proxy, struct fsv_loop *loop, struct fsv_err *err) FSV_MUST_CHECK;

#endif
