/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of the API: which path is which, who may, and what the request must look like. */
#ifndef FSV_ADMIN_API_H
#define FSV_ADMIN_API_H

#include "net/http.h"

struct fsv_admin;
struct fsv_visit;

/* path: below /api or /admin, without a slash at its end. [an HTTP thread] */
void fsv_api(struct fsv_admin *admin, struct fsv_http_req *req, struct fsv_str path);

/* Handlers [the worker], by the file that has them. */
void fsv_login(struct fsv_visit *visit);			/* login.c */
void fsv_logout(struct fsv_visit *visit);
void fsv_session_show(struct fsv_visit *visit);
void fsv_component_list(struct fsv_visit *visit);		/* components.c */
void fsv_component_props(struct fsv_visit *visit);
void fsv_component_config(struct fsv_visit *visit);
void fsv_model_query(struct fsv_visit *visit);			/* models.c */
void fsv_model_transfer(struct fsv_visit *visit);
void fsv_model_unload(struct fsv_visit *visit);
void fsv_model_unbind(struct fsv_visit *visit);
void fsv_monitor_jvm(struct fsv_visit *visit);			/* monitor.c */
void fsv_monitor_query(struct fsv_visit *visit);
void fsv_monitor_model(struct fsv_visit *visit);
void fsv_health_last(struct fsv_visit *visit);			/* health.c */
void fsv_health_check(struct fsv_visit *visit);
void fsv_router_query(struct fsv_visit *visit);			/* router.c */
void fsv_router_save(struct fsv_visit *visit);
void fsv_service_list(struct fsv_visit *visit);			/* services.c */
void fsv_service_update(struct fsv_visit *visit);
void fsv_service_flow(struct fsv_visit *visit);
void fsv_service_flow_delete(struct fsv_visit *visit);
void fsv_validate(struct fsv_visit *visit);			/* validate.c */
void fsv_overview(struct fsv_visit *visit);			/* overview.c */
void fsv_all_models(struct fsv_visit *visit);			/* all-models.c */
void fsv_audit_query(struct fsv_visit *visit);			/* settings.c */
void fsv_level_system(struct fsv_visit *visit);
void fsv_level_package(struct fsv_visit *visit);

#endif
