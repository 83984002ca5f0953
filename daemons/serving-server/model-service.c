/* SPDX-License-Identifier: Apache-2.0 */
#include "model-service.h"

#include <pthread.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/time.h"
#include "call/message.h"
#include "call/trace.h"
#include "lib/proto/relay.pb-c.h"
#include "model-op.h"
#include "models-work.h"
#include "registration.h"
#include "registry/registry.h"
#include "serving-server-conf.h"

enum { POOL_THREADS = 2, POOL_QUEUE = 1024, SHOWN_LOADS = 3, NAME_SHOWN = 60 };

/* Outcome ------------------------------------------------------------------------------------------- */

int fsv_model_op_set(struct fsv_model_op *op, int code, const char *text)
{
	op->code = code;
	op->message = fsv_arena_str(op->arena, fsv_str(text));
	return code;
}

static struct fsv_str encode(const struct fsv_model_op *op)
{
	Fsv__PublishResponse publish = FSV__PUBLISH_RESPONSE__INIT;
	Fsv__NodeResponse node = FSV__NODE_RESPONSE__INIT;

	if (op->body.n > 0)
		return op->body;
	if (op->method->publish) {
		publish.statuscode = fsv_err_fate(op->code);
		publish.message = fsv_arena_cstr(op->arena, op->message);
		publish.error = fsv_arena_cstr(op->arena, op->detail);
		publish.data = (ProtobufCBinaryData){ 2, (uint8_t *)"{}" };
		return fsv_message_encode(&publish.base, op->arena);
	}
	/* QueryModelResponse and ModelTransferResponse begin alike. */
	node.statuscode = fsv_err_fate(op->code);
	node.message = fsv_arena_cstr(op->arena, op->message);
	return fsv_message_encode(&node.base, op->arena);
}

static void uncount(struct fsv_model_op *op)
{
	struct fsv_models_work *work = op->server->models_work;

	if (!op->counted)
		return;
	pthread_mutex_lock(&work->lock);
	*op->prev = op->next;
	if (op->next)
		op->next->prev = op->prev;
	work->n_loads--;
	pthread_mutex_unlock(&work->lock);
}

/* [its worker] */
static void answer(void *arg)
{
	struct fsv_model_op *op = arg;
	const struct fsv_log_tags tags = { .case_id = op->case_id };
	struct fsv_str body = encode(op);

	uncount(op);
	if (op->channel)
		fsv_rpc_channel_unref(op->channel);
	fsv_log(op->code < 0 ? FSV_LOG_INFO : FSV_LOG_DEBUG, &tags, "case %s: %s.%s ended with %d in %lld ms%s%.*s%s%.*s",
		op->case_id, op->method->service, op->method->verb, fsv_err_fate(op->code), (long long)((fsv_now_ns() - op->began) / FSV_MS),
		op->message.n ? ": " : "", (int)fsv_str_sub(op->message, 0, 400).n, op->message.n ? op->message.p : "",
		op->detail.n ? "; " : "", (int)fsv_str_sub(op->detail, 0, 400).n, op->detail.n ? op->detail.p : "");
	fsv_server_count(op->server, &op->method->interface, NULL, fsv_err_fate(op->code), 0, 0);
	fsv_server_leave(op->server, op->view);
	fsv_rpc_reply(op->call, body);
}

void fsv_model_op_end(struct fsv_model_op *op)
{
	fsv_rpc_post(op->worker, answer, op);
}

/* The pool -------------------------------------------------------------------------------------------- */

struct job {
	struct fsv_model_op *op;
	void (*run)(struct fsv_model_op *op);
};

static void run_job(void *arg)
{
	struct job *job = arg;

	job->run(job->op);
	fsv_model_op_end(job->op);
}

static int over_load(struct fsv_model_op *op)
{
	return fsv_model_op_set(op, FSV_E_OVERLOAD, fsv_arena_printf(op->arena, "request was block by over load, service name: %s",
								     op->method->service));
}

void fsv_model_op_submit(struct fsv_model_op *op, void (*run)(struct fsv_model_op *op))
{
	struct job *job = FSV_ARENA_NEW(op->arena, struct job);

	*job = (struct job){ .op = op, .run = run };
	if (fsv_pool_submit(op->server->models_work->pool, run_job, job) < 0) {
		(void)over_load(op);
		fsv_model_op_end(op);
	}
}

bool fsv_model_op_count(struct fsv_model_op *op)
{
	struct fsv_models_work *work = op->server->models_work;
	bool room;

	pthread_mutex_lock(&work->lock);
	room = work->n_loads < work->max_loads;
	if (room) {
		work->n_loads++;
		op->next = work->loads;
		op->prev = &work->loads;
		if (op->next)
			op->next->prev = &op->next;
		work->loads = op;
	}
	pthread_mutex_unlock(&work->lock);
	op->counted = room;
	if (!room)
		(void)over_load(op);
	return room;
}

int fsv_models_work_new(unsigned max_loads, struct fsv_models_work **ret_work, struct fsv_err *err)
{
	const struct fsv_http_client_opt client = { .max_transfers = max_loads, .max_connections = max_loads };
	struct fsv_models_work *work = FSV_NEW(struct fsv_models_work);
	int r;

	pthread_mutex_init(&work->lock, NULL);
	pthread_cond_init(&work->awaited, NULL);
	work->max_loads = max_loads;
	r = fsv_pool_new("models", POOL_THREADS, POOL_QUEUE, &work->pool, err);
	if (r == 0)
		r = fsv_http_client_new(&client, &work->client, err);
	if (r < 0)
		fsv_models_work_free(work);
	else
		*ret_work = work;
	return r;
}

void fsv_models_work_cut(struct fsv_models_work *work)
{
	fsv_http_client_stop(work->client);
}

struct fsv_models_work *fsv_models_work_free(struct fsv_models_work *work)
{
	if (!work)
		return NULL;
	if (work->client)
		fsv_http_client_free(work->client);
	if (work->pool)
		fsv_pool_free(work->pool);
	pthread_cond_destroy(&work->awaited);
	pthread_mutex_destroy(&work->lock);
	free(work);
	return NULL;
}

static void show_load(const struct fsv_model_op *op, struct fsv_buf *out)
{
	const struct fsv_stored_model *m = &op->publish.record;
	size_t bytes = atomic_load_explicit(&op->bytes, memory_order_relaxed);
	size_t of = atomic_load_explicit(&op->of, memory_order_relaxed);

	fsv_buf_printf(out, "%.*s_%.*s", (int)fsv_str_sub(m->table_name, 0, NAME_SHOWN).n, m->table_name.p,
		       (int)fsv_str_sub(m->name_space, 0, NAME_SHOWN).n, m->name_space.p);
	if (of > 0)
		fsv_buf_printf(out, " %zu of %zu KiB", bytes >> 10, of >> 10);
	else if (bytes > 0)
		fsv_buf_printf(out, " %zu KiB", bytes >> 10);
}

void fsv_models_work_status(struct fsv_models_work *work, struct fsv_buf *out)
{
	unsigned shown = 0;

	pthread_mutex_lock(&work->lock);
	if (work->n_loads > 0)
		fsv_buf_printf(out, "; loading %u models: ", work->n_loads);
	for (const struct fsv_model_op *op = work->loads; op && shown < SHOWN_LOADS; op = op->next) {
		fsv_buf_puts(out, shown++ > 0 ? ", " : "");
		show_load(op, out);
	}
	pthread_mutex_unlock(&work->lock);
}

/* Small methods --------------------------------------------------------------------------------------- */

static void changed(struct fsv_model_op *op, const char *what, int r, const struct fsv_err *err)
{
	const struct fsv_log_tags tags = { .case_id = op->case_id };

	if (r < 0) {
		(void)fsv_model_op_set(op, r, err->text);
		return;
	}
	fsv_log(FSV_LOG_INFO, &tags, "%s", what);
	fsv_server_models_changed(op->server);
}

static void run_bind(struct fsv_model_op *op)
{
	const struct fsv_stored_model *m = &op->publish.record;
	struct fsv_err err = FSV_ERR_INIT;
	int r = fsv_models_bind(op->server->models, op->publish.service_id, m->table_name, m->name_space, &err);

	changed(op, fsv_arena_printf(op->arena, "service id %.*s bound to model %.*s_%.*s",
				     FSV_STR_ARG(op->publish.service_id), FSV_STR_ARG(m->table_name),
				     FSV_STR_ARG(m->name_space)), r, &err);
}

static void begin_bind(struct fsv_model_op *op)
{
	struct fsv_err err = FSV_ERR_INIT;
	int r = fsv_publish_bind((const Fsv__PublishRequest *)op->request, &op->publish, &err);

	/* An id that cannot be registered would be bound where nobody finds it. */
	if (r == 0 && fsv_server_has_registry(op->server) && fsv_registry_check_service_id(op->publish.service_id, &err) < 0)
		r = FSV_E_SYSTEM;
	if (r == 0) {
		fsv_model_op_submit(op, run_bind);
		return;
	}
	(void)fsv_model_op_set(op, r, err.text);
	fsv_model_op_end(op);
}

static void run_unload(struct fsv_model_op *op)
{
	const Fsv__UnloadRequest *m = (const Fsv__UnloadRequest *)op->request;
	struct fsv_err err = FSV_ERR_INIT;
	int r = fsv_models_unload(op->server->models, fsv_str(m->tablename), fsv_str(m->namespace_), &err);

	changed(op, fsv_arena_printf(op->arena, "model %s_%s unloaded", m->tablename, m->namespace_), r, &err);
}

static void begin_unload(struct fsv_model_op *op)
{
	fsv_model_op_submit(op, run_unload);
}

static void run_unbind(struct fsv_model_op *op)
{
	const Fsv__UnbindRequest *m = (const Fsv__UnbindRequest *)op->request;
	struct fsv_str *ids = FSV_ARENA_NEW_N(op->arena, struct fsv_str, m->n_serviceids);
	struct fsv_err err = FSV_ERR_INIT;
	int r;

	for (size_t i = 0; i < m->n_serviceids; i++)
		ids[i] = fsv_str(m->serviceids[i]);
	if (m->n_serviceids == 0)
		r = fsv_err_set(&err, FSV_E_SYSTEM, "param service id is blank");
	else
		r = fsv_models_unbind(op->server->models, ids, m->n_serviceids, fsv_str(m->tablename),
				      fsv_str(m->namespace_), &err);
	changed(op, fsv_arena_printf(op->arena, "%zu service ids unbound from model %s_%s", m->n_serviceids, m->tablename,
				     m->namespace_), r, &err);
}

static void begin_unbind(struct fsv_model_op *op)
{
	fsv_model_op_submit(op, run_unbind);
}

static void begin_query(struct fsv_model_op *op)
{
	fsv_model_op_submit(op, fsv_model_query_run);
}

static void begin_transfer(struct fsv_model_op *op)
{
	fsv_model_op_submit(op, fsv_model_transfer_run);
}

/* Calls ------------------------------------------------------------------------------------------------ */

void fsv_model_op_start(struct fsv_rpc_call *call, struct fsv_server *server, const struct fsv_model_method *method)
{
	struct fsv_arena *arena = fsv_rpc_call_arena(call);
	struct fsv_model_op *op = FSV_ARENA_NEW(arena, struct fsv_model_op);
	struct fsv_err err = FSV_ERR_INIT;
	int r;

	*op = (struct fsv_model_op){
		.server = server, .call = call, .worker = fsv_rpc_call_worker(call), .arena = arena, .method = method,
		.began = fsv_now_ns(),
	};
	fsv_random_hex32(op->case_id);
	op->request = fsv_message_decode(method->type, fsv_rpc_call_body(call), arena);
	if (!op->request) {
		fsv_rpc_fail(call, FSV_RPC_UNKNOWN, "");	/* as the reference */
		return;
	}
	r = fsv_server_enter(server, &method->interface, fsv_rpc_call_too_late(call), &op->view, &err);
	if (r < 0) {
		(void)fsv_model_op_set(op, r, err.text);
		answer(op);
		return;
	}
	op->deadline = fsv_deadline_in_ms(fsv_conf_int(op->view->conf, FSV_SK_LOAD_TIMEOUT));
	method->begin(op);
}

#define HANDLER(name, resource, verb, type, begin, publish) \
	void fsv_model_##name(struct fsv_rpc_call *call, void *user) \
	{ \
		static const struct fsv_model_method method = { \
			{ "I_" resource, "modelService" }, "modelService", verb, type, begin, publish, \
		}; \
\
		fsv_model_op_start(call, user, &method); \
	}

HANDLER(publish_load, "MODEL_LOAD", "load", &fsv__publish_request__descriptor, fsv_model_load_begin, true)
HANDLER(publish_bind, "MODEL_PUBLISH_ONLINE", "bind", &fsv__publish_request__descriptor, begin_bind, true)
HANDLER(publish_online, "MODEL_PUBLISH_ONLINE", "bind", &fsv__publish_request__descriptor, begin_bind, true)
HANDLER(query, "QUERY_MODEL", "queryModel", &fsv__query_model_request__descriptor, begin_query, false)
HANDLER(unload, "UNLOAD", "unload", &fsv__unload_request__descriptor, begin_unload, false)
HANDLER(unbind, "UNBIND", "unbind", &fsv__unbind_request__descriptor, begin_unbind, false)
HANDLER(fetch, "FETCH_MODEL", "fetchModel", &fsv__fetch_model_request__descriptor, fsv_model_fetch_begin, false)
HANDLER(transfer, "MODEL_TRANSFER", "modelTransfer", &fsv__model_transfer_request__descriptor, begin_transfer, false)
