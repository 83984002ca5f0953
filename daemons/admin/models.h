/* SPDX-License-Identifier: Apache-2.0 */
/* Models as serving nodes list them. [the worker] */
#ifndef FSV_ADMIN_MODELS_H
#define FSV_ADMIN_MODELS_H

#include "codec/json.h"
#include "lib/proto/model-service.pb-c.h"

/* By table name, descending: the newest first, as they are named after times. */
void fsv_models_sort(Fsv__QueryModelResponse *response);
/* A model's members without the closing brace's company: what content has. False when that is no object. */
bool fsv_model_members(const Fsv__ModelInfoEx *model, struct fsv_arena *arena, struct fsv_jsonw *w);

#endif
