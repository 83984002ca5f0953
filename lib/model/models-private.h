/* SPDX-License-Identifier: Apache-2.0 */
/* Insides of struct fsv_models, shared by models*.c. */
#ifndef FSV_MODEL_MODELS_PRIVATE_H
#define FSV_MODEL_MODELS_PRIVATE_H

#include <pthread.h>

#include "model-table.h"
#include "models.h"
#include "store.h"

#define FSV_MODELS_STORE	"loadModelStore.cache"
#define FSV_BINDINGS_STORE	"bindModelStore.cache"

struct fsv_models {
	struct fsv_snapshot table;	/* struct fsv_model_table, never empty while this lives */
	struct fsv_models_opt opt;	/* without cache_path */
	char *folder;			/* with .fate */
	pthread_mutex_t lock;		/* one writer at a time; held while the stores are written */
};

/* Counted. */
static inline struct fsv_model_table *fsv_models_table(struct fsv_models *models)
{
	return (struct fsv_model_table *)fsv_snapshot_get(&models->table);
}

/* Without plan. */
struct fsv_model *fsv_model_new(const struct fsv_stored_model *stored);

/* Fills model->plan. */
int fsv_model_compile(struct fsv_model *model, const struct fsv_package *package, const struct fsv_models_opt *opt,
		      struct fsv_err *err) FSV_MUST_CHECK;

/* Files ------------------------------------------------------------------------------------------ */

/* <folder>/model_<key>_cache */
char *fsv_models_data_path(const char *folder, struct fsv_str key, struct fsv_arena *arena);
/* Where the data waits until the load store names the load by its timestamp: <folder>/load-<md5 of key>-<timestamp> */
char *fsv_models_staged_path(const char *folder, struct fsv_str key, int64_t timestamp, struct fsv_arena *arena);
/* Removes what a crash has left: half-written files, and data of loads that no entry of the store names. */
void fsv_models_clear(const char *folder, const struct fsv_stored_model *models, size_t n);

/* Both stores, or one of them, as the table has them. 0 or the first error. */
enum { FSV_WRITE_MODELS = 1, FSV_WRITE_BINDINGS = 2 };
int fsv_models_write(const char *folder, const struct fsv_model_table *table, unsigned which,
		     struct fsv_err *err) FSV_MUST_CHECK;

#endif
