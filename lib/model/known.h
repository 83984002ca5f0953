/* SPDX-License-Identifier: Apache-2.0 */
/* Which messages components have, and under which names FATE stores them. */
#ifndef FSV_MODEL_KNOWN_H
#define FSV_MODEL_KNOWN_H

#include "base/str.h"

struct ProtobufCMessageDescriptor;

/* A class of component (last part of CodePath) and what its keys usually look like. */
struct fsv_known_class {
	const char *name;
	const char *meta, *param;	/* "model:DataTransformMeta": what stands behind "<component>." */
};

/* NULL when unknown. */
const struct fsv_known_class *fsv_known_class(struct fsv_str code_path);
/* By the message's name in the key ("DataTransformMeta"); NULL when unknown. */
const struct ProtobufCMessageDescriptor *fsv_known_message(struct fsv_str message);
const struct ProtobufCMessageDescriptor *fsv_known_pipeline(void);

#endif
