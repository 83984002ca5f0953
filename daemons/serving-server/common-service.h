/* SPDX-License-Identifier: Apache-2.0 */
/* com.webank.ai.fate.api.networking.common.CommonService: what the console and operators ask every node. */
#ifndef FSV_SERVER_COMMON_SERVICE_H
#define FSV_SERVER_COMMON_SERVICE_H

#include "call/services.h"
#include "net/rpc.h"

fsv_rpc_handler fsv_common_query_metrics, fsv_common_update_flow_rule, fsv_common_list_props, fsv_common_query_jvm,
	fsv_common_update_service, fsv_common_check_health, fsv_common_update_config;

#endif
