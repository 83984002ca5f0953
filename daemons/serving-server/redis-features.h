/* SPDX-License-Identifier: Apache-2.0 */
/* Features out of Redis' replies. */
#ifndef FSV_SERVER_REDIS_FEATURES_H
#define FSV_SERVER_REDIS_FEATURES_H

#include "base/arena.h"
#include "base/str.h"
#include "net/redis.h"

/* The reply to HGETALL (fields NULL) or to HMGET of n_fields fields as a JSON object of texts, exactly as they are
 * stored; a field that does not exist is left out. *ret_features is empty when there is no such hash, or none of the
 * fields in it. False when it is no such reply. */
bool fsv_redis_features(const struct fsv_redis_reply *reply, const struct fsv_str *fields, size_t n_fields,
			struct fsv_arena *arena, struct fsv_str *ret_features);

#endif
