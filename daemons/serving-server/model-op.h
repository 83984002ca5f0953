/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call of ModelService (or of CommonService, which takes the same way) on its way: decoded and checked on its worker, carried out on a thread of the model
 * pool (after a download or a question to another server, where there is one), answered on its worker. Only
 * one of these threads has it at a time.
 */
#ifndef FSV_SERVER_MODEL_OP_H
#define FSV_SERVER_MODEL_OP_H

#include <stdatomic.h>

#include "lib/proto/model-service.pb-c.h"
#include "model-publish.h"
#include "model/package.h"
#include "net/http-client.h"
#include "server.h"

struct fsv_model_op;

struct fsv_model_method {
	struct fsv_interface interface;
	const char *service, *verb;	/* "modelService", "load": for the log */
	const ProtobufCMessageDescriptor *type;
	void (*begin)(struct fsv_model_op *op);		/* [its worker] */
	bool publish;			/* answers PublishResponse */
};

struct fsv_model_op {
	struct fsv_server *server;
	struct fsv_server_view *view;		/* NULL when it was not admitted */
	struct fsv_rpc_call *call;
	struct fsv_rpc_worker *worker;
	struct fsv_arena *arena;		/* the call's */
	const struct fsv_model_method *method;
	char case_id[33];
	int64_t began, deadline;
	ProtobufCMessage *request;

	int code;				/* 0 or negative: what it came to */
	struct fsv_str message;			/* with success too, where there is something to say */
	struct fsv_str detail;			/* PublishResponse.error: what the reference has no words for */
	struct fsv_str body;			/* the answer when it is more than code and message */

	/* Loads. */
	struct fsv_publish publish;
	const char *url;			/* of the download, or NULL */
	int got;				/* its outcome: fsv_http_answer.result */
	unsigned status;
	struct fsv_str answer;
	_Atomic size_t bytes, of;		/* how far it is */
	int64_t told_at;			/* the last line about it in the log */
	bool counted;
	struct fsv_model_op *next, **prev;	/* loads under way */
	/* fetchModel. */
	struct fsv_rpc_channel *channel;
	struct fsv_rpc_request *asked;
};

/* A call comes in. [its worker] */
void fsv_model_op_start(struct fsv_rpc_call *call, struct fsv_server *server, const struct fsv_model_method *method);
/* Keeps the outcome; the text is copied. Returns code. */
int fsv_model_op_set(struct fsv_model_op *op, int code, const char *text);
/* Answers, from whatever thread has it. */
void fsv_model_op_end(struct fsv_model_op *op);
/* Goes on with run on the pool. */
void fsv_model_op_submit(struct fsv_model_op *op, void (*run)(struct fsv_model_op *op));

/* Loads under way: counted, and shown in STATUS=. Refused above model.load.max. */
bool fsv_model_op_count(struct fsv_model_op *op);

/* A load outside of any call: op->publish in, the outcome out. [at start, blocks] */
void fsv_model_load_now(struct fsv_model_op *op, bool ask_flow);
/* publishLoad, fetchModel: begin on the worker. */
void fsv_model_load_begin(struct fsv_model_op *op);
void fsv_model_fetch_begin(struct fsv_model_op *op);
/* queryModel, modelTransfer: on the pool. */
void fsv_model_query_run(struct fsv_model_op *op);
void fsv_model_transfer_run(struct fsv_model_op *op);

#endif
