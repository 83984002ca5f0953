/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FSV_CODEC_JSON_PRIVATE_H
#define FSV_CODEC_JSON_PRIVATE_H

#include "json.h"

/* Makes the reader fail here for a reason of the caller's (static text); returns FSV_JSON_ERROR. */
enum fsv_json_type fsv_json_refuse(struct fsv_json *j, const char *why);

#endif
