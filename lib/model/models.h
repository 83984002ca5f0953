/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The models of this server: loaded ones by model key (<tableName>_<namespace>), bindings from service
 * id to model, host models by partner key. A table is an immutable snapshot; readers take a reference
 * for the time of one request, writers build the next one, put it on disk, and swap it in.
 *
 * On disk a change is there wholly or not at all, whenever the process dies: each store is replaced in one
 * step, and a model's data is laid down beside its place before the store names the load that it belongs to.
 */
#ifndef FSV_MODEL_MODELS_H
#define FSV_MODEL_MODELS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/ref.h"
#include "base/str.h"

struct fsv_package;
struct fsv_plan;
struct fsv_stored_model;

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
	unsigned max_models, max_bindings;	/* further ones are refused; 0 = as many as a store may hold */
};

struct fsv_models_report {
	unsigned restored, failed;	/* models that the store names */
	unsigned bound, dropped_bindings;
};

/* Restores what the stores under <cache_path>/.fate name; makes that folder when it is missing. A broken
 * model costs that model and its bindings alone, a broken store what it holds; each is logged with the
 * reason, and stays in the stores until it is loaded again or unloaded. A store that cannot be read is kept
 * as <name>.corrupt. A missing store is an empty one. What a crash has left half done is finished or
 * cleared away first. progress (may be NULL) runs after each model. An error only
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
/* All models in one state, with the service ids bound to each. */
struct fsv_model_listing {
	struct fsv_model *model;	/* counted */
	struct fsv_str *service_ids;
	size_t n_service_ids;
};
/* Returns how many; the list is in the arena, its references end with fsv_models_list_done. [any thread] */
size_t fsv_models_list(struct fsv_models *models, struct fsv_arena *arena, struct fsv_model_listing **ret_list);
void fsv_models_list_done(struct fsv_model_listing *list, size_t n);

unsigned fsv_models_count(struct fsv_models *models);
unsigned fsv_models_bound(struct fsv_models *models);

/* Changing. What these return 0 for is on disk and in force; on failure memory and disk are as before.
 * Writers take turns by themselves. [any thread; blocks] */

/* Compiles the package for what record says of it (tableName, namespace, role, party id, partners, resource
 * address; key is made of the names; timestamp 0 = now) and puts the model in, in the place of one of the
 * same names; service ids bound to that stay bound. FSV_E_MODEL_INIT for a package that cannot be served,
 * FSV_E_PARAM for names that cannot be kept, FSV_E_LIMIT. ret_sha256 (may be NULL) gets the digest of the
 * data file. */
int fsv_models_load(struct fsv_models *models, const struct fsv_stored_model *record,
		    const struct fsv_package *package, char ret_sha256[65], struct fsv_err *err) FSV_MUST_CHECK;
/* An id bound to another model is bound anew. FSV_E_MODEL_NULL when the model is not loaded. */
int fsv_models_bind(struct fsv_models *models, struct fsv_str service_id, struct fsv_str table_name,
		    struct fsv_str name_space, struct fsv_err *err) FSV_MUST_CHECK;
/* All of them or none. FSV_E_MODEL_NULL when the model is not loaded, or an id is not bound to it. */
int fsv_models_unbind(struct fsv_models *models, const struct fsv_str *service_ids, size_t n,
		      struct fsv_str table_name, struct fsv_str name_space, struct fsv_err *err) FSV_MUST_CHECK;
/* With its bindings and its data. Also a model that the stores name but that could not be restored.
 * FSV_E_MODEL_NULL when there is none. */
int fsv_models_unload(struct fsv_models *models, struct fsv_str table_name, struct fsv_str name_space,
		      struct fsv_err *err) FSV_MUST_CHECK;

/* The model's data file as it is, loaded or left over from before; in the arena. -ENOENT when there is none. */
int fsv_models_read_data(struct fsv_models *models, struct fsv_str table_name, struct fsv_str name_space,
			 struct fsv_arena *arena, struct fsv_str *ret_json, struct fsv_err *err) FSV_MUST_CHECK;

#endif
