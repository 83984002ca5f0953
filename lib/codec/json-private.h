/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FSV_CODEC_JSON_PRIVATE_H
#define FSV_CODEC_JSON_PRIVATE_H

#include "json.h"

/* Makes the reader fail here for a reason of the caller's (static text); limit: a bound was hit, the input may be
 * well-formed. Returns FSV_JSON_ERROR. */
enum fsv_json_type fsv_json_refuse(struct fsv_json *j, bool limit, const char *why);

#endif
