/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies from server to server. fetchModel is called on the one that wants a model; it asks the source with
 * modelTransfer. Both have to be told by model.synchronize that this is wanted.
 */
#include <stdio.h>

#include "base/log.h"
#include "base/time.h"
#include "call/message.h"
#include "lib/proto/relay.pb-c.h"
#include "model-op.h"
#include "model-service.h"
#include "model/model-json.h"
#include "models-work.h"
#include "registration.h"
#include "serving-server-conf.h"

static int check_allowed(struct fsv_model_op *op)
{
	if (fsv_conf_bool(op->view->conf, FSV_SK_SYNCHRONIZE))
		return 0;
	return fsv_model_op_set(op, FSV_E_MODEL_SYNC, "no synchronization allowed, to use this function, please configure "
				"model.synchronize=true");
}

/* modelTransfer: gives [the pool] ------------------------------------------------------------------------ */

static const struct fsv_model_listing *find(const struct fsv_model_listing *list, size_t n, const char *table,
					    const char *space)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].model->table_name, table) == 0 && strcmp(list[i].model->name_space, space) == 0)
			return &list[i];
	return NULL;
}

static struct fsv_str encode_transfer(struct fsv_model_op *op, const struct fsv_model_listing *listing,
				      struct fsv_str data)
{
	Fsv__ModelTransferResponse response = FSV__MODEL_TRANSFER_RESPONSE__INIT;
	struct fsv_buf json;

	fsv_buf_init(&json, op->arena, 0);
	fsv_model_data(listing, &json);
	response.message = (char *)"success";
	response.modeldata = (ProtobufCBinaryData){ json.n, (uint8_t *)json.p };
	response.cachedata = (ProtobufCBinaryData){ data.n, (uint8_t *)data.p };
	return fsv_message_encode(&response.base, op->arena);
}

void fsv_model_transfer_run(struct fsv_model_op *op)
{
	const Fsv__ModelTransferRequest *m = (const Fsv__ModelTransferRequest *)op->request;
	struct fsv_model_listing *list = NULL;
	const struct fsv_model_listing *listing;
	struct fsv_str data = FSV_STR_NULL;
	struct fsv_err err = FSV_ERR_INIT;
	size_t n;

	if (check_allowed(op) < 0)
		return;
	n = fsv_models_list(op->server->models, op->arena, &list);
	listing = find(list, n, m->tablename, m->namespace_);
	if (!listing)
		(void)fsv_model_op_set(op, FSV_E_MODEL_NULL, "model is not exist");
	else if (fsv_models_read_data(op->server->models, fsv_str(m->tablename), fsv_str(m->namespace_), op->arena, &data,
				      &err) < 0 || data.n == 0)
		(void)fsv_model_op_set(op, FSV_E_MODEL_NULL, "model cache data is null");
	else
		op->body = encode_transfer(op, listing, data);
	fsv_models_list_done(list, n);
}

/* fetchModel: takes ---------------------------------------------------------------------------------------- */

static int parse_answer(struct fsv_model_op *op, struct fsv_str **ret_ids, size_t *ret_n, struct fsv_package *package,
			struct fsv_err *err)
{
	Fsv__ModelTransferResponse *m = (Fsv__ModelTransferResponse *)
		fsv_message_decode(&fsv__model_transfer_response__descriptor, op->answer, op->arena);
	const Fsv__FetchModelRequest *wanted = (const Fsv__FetchModelRequest *)op->request;
	struct fsv_stored_model *record = &op->publish.record;
	int r;

	if (!m)
		return fsv_err_set(err, FSV_E_SYSTEM, "the source's answer is no ModelTransferResponse");
	if (m->statuscode != 0 || m->modeldata.len == 0) {
		/* An empty answer is how older servers say that something went wrong. */
		(void)fsv_err_set(err, FSV_E_SYSTEM, "%s", m->message[0] ? m->message : "the source's answer is empty");
		op->status = m->statuscode > 0 ? (unsigned)m->statuscode : 0;
		return FSV_E_SYSTEM;
	}
	r = fsv_model_data_parse(fsv_str_n((const char *)m->modeldata.data, m->modeldata.len), op->arena, record, ret_ids,
				 ret_n, err);
	if (r == 0)
		r = fsv_package_parse(fsv_str_n((const char *)m->cachedata.data, m->cachedata.len), op->arena, package, err);
	if (r < 0) {
		(void)fsv_err_wrap(err, "the source's answer");
		return fsv_err_set(err, FSV_E_SYSTEM, "%s", fsv_arena_printf(op->arena, "%s", err->text));
	}
	if (!fsv_str_is(record->table_name, wanted->tablename) || !fsv_str_is(record->name_space, wanted->namespace_))
		return fsv_err_set(err, FSV_E_SYSTEM, "the source answered with another model");
	return 0;
}

static int bind_all(struct fsv_model_op *op, const struct fsv_str *ids, size_t n, struct fsv_err *err)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		r = fsv_publish_service_id(ids[i], err);
		if (r == 0)
			r = fsv_models_bind(op->server->models, ids[i], op->publish.record.table_name,
					    op->publish.record.name_space, err);
	}
	return r;
}

static const char *source(const struct fsv_model_op *op)
{
	return fsv_rpc_channel_target(op->channel);
}

/* [the pool] */
static void install(struct fsv_model_op *op)
{
	const struct fsv_log_tags tags = { .case_id = op->case_id };
	const struct fsv_stored_model *m = &op->publish.record;
	struct fsv_package package = { .n = 0 };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_str *ids = NULL;
	char sha256[65];
	size_t n = 0;
	int r = parse_answer(op, &ids, &n, &package, &err);

	if (r == 0)
		r = fsv_models_load(op->server->models, m, &package, sha256, &err);
	if (r == 0) {
		fsv_log(FSV_LOG_INFO, &tags, "model %.*s_%.*s copied from %s, sha256 %s", FSV_STR_ARG(m->table_name),
			FSV_STR_ARG(m->name_space), source(op), sha256);
		r = bind_all(op, ids, n, &err);
		fsv_server_models_changed(op->server);
	}
	if (r == FSV_E_MODEL_INIT)
		r = fsv_err_set(&err, FSV_E_SYSTEM, "initModel error: %s", fsv_arena_printf(op->arena, "%s", err.text));
	(void)fsv_model_op_set(op, r, r < 0 ? err.text : "success");
	/* The source's own code counts as it is. */
	if (r < 0 && op->status > 0) {
		Fsv__NodeResponse response = FSV__NODE_RESPONSE__INIT;

		response.statuscode = (int32_t)op->status;
		response.message = fsv_arena_cstr(op->arena, op->message);
		op->body = fsv_message_encode(&response.base, op->arena);
	}
}

/* [its worker] */
static void on_answer(void *arg, int status, struct fsv_rpc_msg *reply, const char *text)
{
	struct fsv_model_op *op = arg;

	fsv_rpc_call_on_cancel(op->call, NULL, NULL);
	op->asked = NULL;
	if (status == FSV_RPC_OK) {
		op->answer = fsv_arena_str(op->arena, fsv_rpc_msg_body(reply));
		fsv_model_op_submit(op, install);
		return;
	}
	(void)fsv_model_op_set(op, FSV_E_NET, fsv_arena_printf(op->arena, "%s did not answer: %s %s", source(op),
							       fsv_rpc_status_name(status), text));
	fsv_model_op_end(op);
}

static void on_cancel(void *arg)
{
	struct fsv_model_op *op = arg;

	fsv_rpc_cancel(op->asked);
}

/* 1.2.3.4:5 with one to three and one to five digits. */
static bool is_address(const char *ip, int port)
{
	unsigned fields = 0;

	for (; fields < 4; fields++) {
		size_t n = strspn(ip, "0123456789");

		if (n < 1 || n > 3 || (fields < 3 && ip[n] != '.'))
			return false;
		ip += n + (fields < 3);
	}
	return *ip == '\0' && port > 0 && port <= 65535;
}

static int ask(struct fsv_model_op *op, struct fsv_err *err)
{
	const Fsv__FetchModelRequest *m = (const Fsv__FetchModelRequest *)op->request;
	Fsv__ModelTransferRequest request = FSV__MODEL_TRANSFER_REQUEST__INIT;
	char target[32];
	int r;

	if (!is_address(m->sourceip, m->sourceport))
		return fsv_err_set(err, FSV_E_SYSTEM, "invalid address");
	snprintf(target, sizeof(target), "%s:%d", m->sourceip, (int)m->sourceport);
	r = fsv_rpc_channel_new(target, NULL, (size_t)fsv_conf_int(op->view->conf, FSV_SK_MAX_MESSAGE), &op->channel, err);
	if (r < 0)
		return r;
	request.tablename = m->tablename;
	request.namespace_ = m->namespace_;
	op->publish.record.table_name = fsv_str(m->tablename);	/* for STATUS= */
	op->publish.record.name_space = fsv_str(m->namespace_);
	op->asked = fsv_rpc_send(op->worker, &(struct fsv_rpc_request_opt){
		.channel = op->channel, .method = FSV_MODEL_SERVICE "modelTransfer",
		.body = fsv_message_encode(&request.base, op->arena),
		.deadline = fsv_deadline_in_ms(fsv_conf_int(op->view->conf, FSV_SK_GRPC_TIMEOUT)),
	}, on_answer, op);
	fsv_rpc_call_on_cancel(op->call, on_cancel, op);
	return 0;
}

void fsv_model_fetch_begin(struct fsv_model_op *op)
{
	struct fsv_err err = FSV_ERR_INIT;
	int r;

	if (check_allowed(op) < 0 || !fsv_model_op_count(op)) {
		fsv_model_op_end(op);
		return;
	}
	r = ask(op, &err);
	if (r < 0) {
		(void)fsv_model_op_set(op, r, err.text);
		fsv_model_op_end(op);
	}
}
