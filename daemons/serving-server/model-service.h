/* SPDX-License-Identifier: Apache-2.0 */
/*
 * com.webank.ai.fate.api.mlmodel.manager.ModelService: FATE-Flow and operators load, bind, unbind, unload,
 * list and copy models here. What blocks runs on the model pool; a download waits on curl's thread alone.
 */
#ifndef FSV_SERVER_MODEL_SERVICE_H
#define FSV_SERVER_MODEL_SERVICE_H

#include "base/buf.h"
#include "base/err.h"
#include "call/services.h"
#include "net/rpc.h"

struct fsv_server;
struct fsv_models_work;

fsv_rpc_handler fsv_model_publish_load, fsv_model_publish_bind, fsv_model_publish_online, fsv_model_query,
	fsv_model_unload, fsv_model_unbind, fsv_model_fetch, fsv_model_transfer;

/* The pool, the download client, the loads under way. */
int fsv_models_work_new(unsigned max_loads, struct fsv_models_work **ret_work, struct fsv_err *err) FSV_MUST_CHECK;
/* Ends downloads now: their calls are answered that the server is shutting down. */
void fsv_models_work_cut(struct fsv_models_work *work);
/* After the last call. NULL is fine. */
struct fsv_models_work *fsv_models_work_free(struct fsv_models_work *work);
/* "; loading 2 models: t1_guest#… 12 of 40 MiB, …", or nothing. [any thread] */
void fsv_models_work_status(struct fsv_models_work *work, struct fsv_buf *out);

#endif
