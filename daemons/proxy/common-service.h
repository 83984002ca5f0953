/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What consoles and operators ask of a proxy, or change, on its intra port:
 * com.webank.ai.fate.api.networking.common.CommonService, whose updateConfig takes a new route table and nothing else,
 * and com.webank.ai.fate.serving.proxy.rpc.grpc.RouterTableService. Its methods that the reference's proxy has without
 * doing anything are answered as unsupported.
 */
#ifndef FSV_PROXY_COMMON_SERVICE_H
#define FSV_PROXY_COMMON_SERVICE_H

#include "call/services.h"
#include "net/rpc.h"

/* user: struct fsv_proxy. */
fsv_rpc_handler fsv_proxy_query_metrics, fsv_proxy_update_flow_rule, fsv_proxy_list_props, fsv_proxy_query_jvm,
	fsv_proxy_update_service, fsv_proxy_update_config, fsv_proxy_check_health;
fsv_rpc_handler fsv_proxy_query_router, fsv_proxy_save_router, fsv_proxy_no_router;

#endif
