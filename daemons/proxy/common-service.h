/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What consoles and operators ask a proxy on its intra port: of com.webank.ai.fate.api.networking.common.CommonService
 * listProps and queryJvmInfo, of com.webank.ai.fate.serving.proxy.rpc.grpc.RouterTableService queryRouter; the methods
 * that the reference's proxy has without doing anything are answered as unsupported. They read, and change nothing.
 */
#ifndef FSV_PROXY_COMMON_SERVICE_H
#define FSV_PROXY_COMMON_SERVICE_H

#include "net/rpc.h"

#define FSV_COMMON_SERVICE	"/com.webank.ai.fate.api.networking.common.CommonService/"
#define FSV_ROUTER_SERVICE	"/com.webank.ai.fate.serving.proxy.rpc.grpc.RouterTableService/"

/* user: struct fsv_proxy. */
fsv_rpc_handler fsv_proxy_list_props, fsv_proxy_query_jvm, fsv_proxy_query_router, fsv_proxy_no_router;

#endif
