/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The models of this server: loaded ones by model key (<tableName>_<namespace>), bindings from service
 * id to model, host models by partner key. A table is an immutable snapshot; readers take a reference
 * for the time of one request, writers build the next one and swap it in.
 */
#ifndef FSV_MODEL_MODELS_H
#define FSV_MODEL_MODELS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ref.h"
#include "base/str.h"

struct fsv_plan;

struct fsv_partner {
	char *party_id, *table_name, *name_space;
};

/* Immutable once in a table; counted. */
struct fsv_model {
	struct fsv_ref ref;
	char *table_name, *name_space;
	char *key;			/* <tableName>_<namespace> */
	char *party_id;
	bool guest;
	int64_t timestamp;		/* ms, when it was loaded first; shown in answers */
	struct fsv_partner *partners;	/* in the order of the reference's party map (java-order.h) */
	unsigned n_partners;
	struct fsv_plan *plan;
	/* For going back to the reference's store unchanged. */
	char *resource_address;		/* or NULL */
};

/* Both accept NULL. unref returns NULL. [any thread] */
struct fsv_model *fsv_model_ref(struct fsv_model *model);
struct fsv_model *fsv_model_unref(struct fsv_model *model);

struct fsv_models;	/* the holder: one per server */

struct fsv_models_opt {
	const char *cache_path;		/* model.cache.path: the folder that holds .fate; NULL or "": "." */
	bool lr_parallel;
	unsigned lr_split;
	bool pass_unknown;
};

struct fsv_models_report {
	unsigned restored, failed;	/* models that the store names */
	unsigned bound, dropped_bindings;
};

/* Restores what the stores under <cache_path>/.fate name; makes that folder when it is missing. A broken
 * model costs that model and its bindings alone, a broken store what it holds; each is logged with the
 * reason. A missing store is an empty one. progress (may be NULL) runs after each model. An error only
 * when the folder itself cannot be used. [blocks] */
int fsv_models_open(const struct fsv_models_opt *opt, void (*progress)(void *arg, unsigned done, unsigned of),
		    void *arg, struct fsv_models **ret_models, struct fsv_models_report *ret_report,
		    struct fsv_err *err) FSV_MUST_CHECK;
/* No look-up may be under way; models that were looked up live on. NULL is fine. Returns NULL. */
struct fsv_models *fsv_models_free(struct fsv_models *models);

/* Look-ups return a counted model (fsv_model_unref) or NULL. [any thread, no lock, no allocation] */

/* By service id. *ret_bound tells an id that nobody bound from one whose model is gone. */
struct fsv_model *fsv_models_by_service(struct fsv_models *models, struct fsv_str service_id,
					bool *ret_bound);
struct fsv_model *fsv_models_by_name(struct fsv_models *models, struct fsv_str table_name,
				     struct fsv_str name_space);
/* Host model whose partner (a guest model, named by its own names) this is: 1.x guests. */
struct fsv_model *fsv_models_by_partner(struct fsv_models *models, struct fsv_str table_name,
					struct fsv_str name_space);
/* Names that others ask for this server's models by: fn for each bound service id whose model is there, and, with an
 * empty one, for each host model. [any thread] */
void fsv_models_names(struct fsv_models *models,
		      void (*fn)(void *arg, struct fsv_str service_id, const struct fsv_model *model), void *arg);
unsigned fsv_models_count(struct fsv_models *models);
unsigned fsv_models_bound(struct fsv_models *models);

#endif
