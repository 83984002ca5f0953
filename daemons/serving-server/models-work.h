/* SPDX-License-Identifier: Apache-2.0 */
/* Insides of struct fsv_models_work, shared by model-*.c. */
#ifndef FSV_SERVER_MODELS_WORK_H
#define FSV_SERVER_MODELS_WORK_H

#include <pthread.h>

struct fsv_http_client;
struct fsv_model_op;
struct fsv_pool;

struct fsv_models_work {
	struct fsv_pool *pool;
	struct fsv_http_client *client;
	unsigned max_loads;

	pthread_cond_t awaited;		/* a download that somebody waits for has ended */
	pthread_mutex_t lock;		/* for what follows; held for a few steps */
	struct fsv_model_op *loads;
	unsigned n_loads;
};

#endif
