/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grpc.health.v1.Health on every gRPC port. Check answers for the port as a whole ("") and for each service that
 * has methods there: serving, or not serving from the moment draining begins. Watch is a stream, which this
 * layer does not have; clients that prefer it fall back to Check when it is answered UNIMPLEMENTED.
 */
#include "rpc-private.h"

#include "lib/proto/health.pb-c.h"

enum { SERVING = 1, NOT_SERVING = 2, NOT_FOUND = 5 };

/* "/package.Service/method" belongs to package.Service. */
static bool is_of(const char *path, struct fsv_str service)
{
	struct fsv_str all = fsv_str_sub(fsv_str(path), 1, strlen(path));

	return fsv_str_eq(fsv_str_sub(all, 0, fsv_str_find(all, '/', 0)), service);
}

static bool is_served(const struct fsv_rpc_server *server, struct fsv_str service)
{
	if (service.n == 0)
		return true;
	for (unsigned i = 0; i < server->n_kinds; i++)
		if (server->kinds[i].method && is_of(server->kinds[i].method->path, service))
			return true;
	return false;
}

static void *alloc(void *arena, size_t n)
{
	return fsv_arena_alloc(arena, n);
}

static void release(void *arena, void *p)
{
	(void)arena;
	(void)p;
}

static void check(struct fsv_rpc_call *call, void *user)
{
	const struct fsv_rpc_server *server = fsv_rpc_call_server(call);
	ProtobufCAllocator in_arena = { alloc, release, fsv_rpc_call_arena(call) };
	struct fsv_str body = fsv_rpc_call_body(call);
	Fsv__HealthCheckRequest *request =
		fsv__health_check_request__unpack(&in_arena, body.n, (const uint8_t *)body.p);
	bool unready = atomic_load(&server->unready);
	char answer[2] = { 0x08, unready ? NOT_SERVING : SERVING };	/* field 1, a varint */

	(void)user;
	if (!request)
		fsv_rpc_fail(call, FSV_RPC_INVALID_ARGUMENT, "the message is no HealthCheckRequest");
	else if (!is_served(server, fsv_str(request->service)))
		fsv_rpc_fail(call, NOT_FOUND, "unknown service");
	else
		fsv_rpc_reply(call, fsv_str_n(answer, sizeof(answer)));
}

static void watch(struct fsv_rpc_call *call, void *user)
{
	(void)user;
	fsv_rpc_fail(call, FSV_RPC_UNIMPLEMENTED, "Watch is not served here; ask Check");
}

const struct fsv_rpc_method fsv_rpc_health_methods[FSV_RPC_HEALTH_METHODS] = {
	{ "/grpc.health.v1.Health/Check", check, false },
	{ "/grpc.health.v1.Health/Watch", watch, false },
};
