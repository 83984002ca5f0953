/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's side: a guest's packet names a model of ours and a person; the adaptor finds the features, the
 * model gives our part of the score.
 */
#ifndef FSV_SERVER_HOST_H
#define FSV_SERVER_HOST_H

#include "net/rpc.h"

/* DataTransferService/unaryCall; user: struct fsv_server. Every packet is answered. */
void fsv_host_unary_call(struct fsv_rpc_call *call, void *user);

#endif
