/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the reference keeps about its models on disk: loadModelStore.cache (model key to Model) and
 * bindModelStore.cache (service id to model key), each one ConcurrentHashMap as a Java object stream.
 *
 * A stream that cannot be read is an error. An entry that cannot be used is not: it comes with the reason,
 * so that the others go on.
 */
#ifndef FSV_MODEL_STORE_H
#define FSV_MODEL_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
	FSV_STORE_MAX_BYTES = 64 << 20,
	FSV_STORE_MAX_MODELS = 100000,
	FSV_STORE_MAX_BINDINGS = 1000000,
	FSV_STORE_MAX_PARTNERS = 1024,		/* of one model */
};

struct fsv_stored_partner {
	struct fsv_str party_id, table_name, name_space;
};

struct fsv_stored_model {
	struct fsv_str key;
	const char *fault;		/* why it is of no use, then nothing below counts; or NULL */
	struct fsv_str table_name, name_space;	/* not empty, fit for a file name, in accord with key */
	struct fsv_str role, party_id;	/* as stored; empty for null */
	struct fsv_str resource_address;	/* .p NULL for null */
	int64_t timestamp;
	struct fsv_stored_partner *partners;	/* in stream order, names not empty */
	unsigned n_partners;
};

struct fsv_stored_binding {
	struct fsv_str service_id, model_key;
	const char *fault;		/* as above */
};

/* All entries in stream order, in the arena; nothing points into bytes. */
int fsv_store_parse_models(struct fsv_str bytes, struct fsv_arena *arena,
			   struct fsv_stored_model **ret_models, size_t *ret_n,
			   struct fsv_err *err) FSV_MUST_CHECK;
int fsv_store_parse_bindings(struct fsv_str bytes, struct fsv_arena *arena,
			     struct fsv_stored_binding **ret_bindings, size_t *ret_n,
			     struct fsv_err *err) FSV_MUST_CHECK;

#endif
