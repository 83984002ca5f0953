/* SPDX-License-Identifier: Apache-2.0 */
/* Models as serving nodes list them. [the worker] */
#ifndef FSV_ADMIN_MODELS_H
#define FSV_ADMIN_MODELS_H

#include "codec/json.h"
#include "lib/proto/model-service.pb-c.h"

/* By table name, descending: the newest first, as they are named after times. */
void fsv_models_sort(Fsv__QueryModelResponse *response);
/* Writes a model's members as the node told them, but for its components and for one more; NULL = none. What is no object
 * has none. */
void fsv_model_members(const Fsv__ModelInfoEx *model, const char *without, struct fsv_arena *arena, struct fsv_jsonw *w);

#endif
