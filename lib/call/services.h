/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the gRPC services, as method paths begin, for those that serve them and those that ask. */
#ifndef FSV_CALL_SERVICES_H
#define FSV_CALL_SERVICES_H

#define FSV_COMMON_SERVICE	"/com.webank.ai.fate.api.networking.common.CommonService/"
#define FSV_MODEL_SERVICE	"/com.webank.ai.fate.api.mlmodel.manager.ModelService/"
#define FSV_INFERENCE_SERVICE	"/com.webank.ai.fate.api.serving.InferenceService/"
#define FSV_UNARY_METHOD	"/com.webank.ai.fate.api.networking.proxy.DataTransferService/unaryCall"
#define FSV_ROUTER_SERVICE	"/com.webank.ai.fate.serving.proxy.rpc.grpc.RouterTableService/"

#endif
