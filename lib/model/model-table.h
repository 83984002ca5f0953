/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One state of a server's models: built by one thread, then put into a snapshot and never changed. The
 * three look-ups are hash tables over pairs of texts, so that nobody has to join names in order to ask.
 */
#ifndef FSV_MODEL_MODEL_TABLE_H
#define FSV_MODEL_MODEL_TABLE_H

#include "base/arena.h"
#include "models.h"

struct fsv_model_entry {
	struct fsv_str first, second;
	uint64_t hash;
	struct fsv_model *model;
};

struct fsv_model_index {
	struct fsv_model_entry *entries;	/* in the order in which they came */
	size_t n, cap;
	uint32_t *slots;		/* place + 1, 0 = free; at most half full */
	size_t n_slots;			/* power of two or 0 */
};

struct fsv_model_table {
	struct fsv_ref ref;
	struct fsv_model_index by_name;		/* (tableName, namespace); holds the references */
	struct fsv_model_index by_service;	/* (service id, "") */
	struct fsv_model_index by_partner;	/* (partner's tableName, namespace), host models only */
	/* What the stores name and nobody serves: models without plan that could not be restored, and bindings
	 * to them. Kept so that writing the stores does not forget them. */
	struct fsv_model **lost;
	size_t n_lost;
	struct fsv_lost_binding *lost_bindings;
	size_t n_lost_bindings;
	struct fsv_arena arena;			/* service ids, lost bindings */
};

struct fsv_lost_binding {
	struct fsv_str service_id, model_key;
};

/* Empty; one reference, the caller's. */
struct fsv_model_table *fsv_model_table_new(void);

/* Takes the caller's reference over. Two host models with the same partner: the one loaded last answers
 * for it. No two models of the same names. */
void fsv_model_table_add(struct fsv_model_table *table, struct fsv_model *model);
/* model must be in the table. An id bound before is bound anew. */
void fsv_model_table_bind(struct fsv_model_table *table, struct fsv_str service_id, struct fsv_model *model);

/* Takes the caller's reference over. */
void fsv_model_table_add_lost(struct fsv_model_table *table, struct fsv_model *model);
void fsv_model_table_add_lost_binding(struct fsv_model_table *table, struct fsv_lost_binding binding);

/* Borrowed or NULL. [any thread] */
const struct fsv_model_entry *fsv_model_index_find(const struct fsv_model_index *index, struct fsv_str first,
						   struct fsv_str second);

#endif
