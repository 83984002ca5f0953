/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model package: proto key ("hetero_lr_0.model:HeteroLogisticRegressionParam") to protobuf bytes. On
 * disk and on the wire it is a JSON object of base64 texts; see "model_<T>_<N>_cache".
 */
#ifndef FSV_MODEL_PACKAGE_H
#define FSV_MODEL_PACKAGE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct fsv_package_entry {
	struct fsv_str key;
	struct fsv_str bytes;
};

struct fsv_package {
	struct fsv_package_entry *entries;
	size_t n;
};

enum {
	FSV_PACKAGE_MAX_BYTES = 1 << 30,
	FSV_PACKAGE_MAX_ENTRIES = 1 << 16,
};

/* Whole JSON text. Everything lives in the arena, nothing points into json. FSV_E_SYNTAX for what is no
 * JSON object of base64 texts (standard alphabet, padded) with nothing behind it, FSV_E_LIMIT, and what
 * fsv_package_check finds. Errors name the key. [any thread] */
int fsv_package_parse(struct fsv_str json, struct fsv_arena *arena, struct fsv_package *ret_package,
		      struct fsv_err *err) FSV_MUST_CHECK;

/* FATE-Flow's answer to a transfer: {"retcode":0,"retmsg":…,"data":{…}}. FSV_E_MODEL_NULL when it says that it
 * does not have the model, with its own words; FSV_E_SYNTAX for what is no such answer; else as above. */
int fsv_package_parse_flow(struct fsv_str json, struct fsv_arena *arena, struct fsv_package *ret_package,
			   struct fsv_err *err) FSV_MUST_CHECK;

/* A key that stands twice, or two keys that mean the same message of one component ("x.a:FooMeta" and
 * "x.b:BarMeta"), of which the reference would take either: FSV_E_MODEL_INIT. */
int fsv_package_check(const struct fsv_package *package, struct fsv_err *err) FSV_MUST_CHECK;

/* Appends the JSON text, entries as they stand. */
void fsv_package_format(const struct fsv_package *package, struct fsv_buf *out);

/* Bytes of "pipeline.pipeline:Pipeline"; .p is NULL when the package has none. */
struct fsv_str fsv_package_pipeline(const struct fsv_package *package);

/* Bytes of <component>.…Meta / …Param; false when absent. The filler 0A 03 73 65 74 that FATE-Flow writes
 * for an empty message comes back as empty bytes. */
bool fsv_package_meta(const struct fsv_package *package, struct fsv_str component,
		      struct fsv_str *ret_bytes);
bool fsv_package_param(const struct fsv_package *package, struct fsv_str component,
		       struct fsv_str *ret_bytes);

/* What a key means: "hetero_lr_0.model:HeteroLogisticRegressionParam" is the Param of hetero_lr_0. Alias
 * and message name are for people. */
enum fsv_package_part {
	FSV_PACKAGE_UNUSED,	/* nothing that a component would read */
	FSV_PACKAGE_PIPELINE,
	FSV_PACKAGE_META,
	FSV_PACKAGE_PARAM,
};
struct fsv_package_name {
	enum fsv_package_part part;
	struct fsv_str component, alias, message;
};
struct fsv_package_name fsv_package_name(struct fsv_str key);

#endif
