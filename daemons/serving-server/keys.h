/* SPDX-License-Identifier: Apache-2.0 */
/* What a person is looked up by: the members of sendToRemoteFeatureData, as texts. */
#ifndef FSV_SERVER_KEYS_H
#define FSV_SERVER_KEYS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

/* Value of a member as text, as Java's toString has it; false when it is absent or null. A list or an object is
 * nobody's id: empty. With text_only anything but a text counts as absent. */
bool fsv_keys_text(struct fsv_str keys, struct fsv_str name, bool text_only, struct fsv_arena *arena,
		   struct fsv_str *ret_value);

#endif
