/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a person's features stand, made of what the guest sent: "features:${id|device_id}" is "features:" and the value
 * of the member id, or, where that is missing or empty, of device_id.
 */
#ifndef FSV_SERVER_FEATURE_KEY_H
#define FSV_SERVER_FEATURE_KEY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct fsv_feature_key;

enum { FSV_FEATURE_KEY_MAX = 4096 };	/* bytes of a key */

/* In the arena, pointing into pattern. FSV_E_CONFIG tells what is wrong with it. */
int fsv_feature_key_parse(struct fsv_str pattern, struct fsv_arena *arena, struct fsv_feature_key **ret_key,
			  struct fsv_err *err) FSV_MUST_CHECK;
/* keys: JSON object. False when a value is missing, is a list or an object, or the key becomes too long. [any thread] */
bool fsv_feature_key_format(const struct fsv_feature_key *key, struct fsv_str keys, struct fsv_arena *arena,
			    struct fsv_str *ret_text);

#endif
