/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes the text stores of FATE-Serving 1.2 and 1.3 over, once: when this version has no stores yet, the requests
 * in them are carried out again, loads first. Afterwards the old files have ".migrated" behind their names. A start
 * that was cut off goes on where it was.
 */
#ifndef FSV_SERVER_MODEL_MIGRATE_H
#define FSV_SERVER_MODEL_MIGRATE_H

struct fsv_server;

/* A request that fails costs itself alone and is logged. progress as in fsv_models_open. [at start, blocks] */
void fsv_model_migrate(struct fsv_server *server, void (*progress)(void *arg, unsigned done, unsigned of), void *arg);

#endif
