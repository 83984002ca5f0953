/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes what store.h reads: the reference's stores, so that its own server restores them. For the same
 * entries in the same order the bytes are those of the reference, as long as it loaded them itself
 * (a model copied from another server keeps its party map in another class there).
 */
#ifndef FSV_MODEL_STORE_WRITE_H
#define FSV_MODEL_STORE_WRITE_H

#include "base/buf.h"
#include "store.h"

/* Append the whole stream. Faulty entries are left out. Texts that are no UTF-8 are written with U+FFFD. */
void fsv_store_write_models(const struct fsv_stored_model *models, size_t n, struct fsv_buf *out);
void fsv_store_write_bindings(const struct fsv_stored_binding *bindings, size_t n, struct fsv_buf *out);

#endif
