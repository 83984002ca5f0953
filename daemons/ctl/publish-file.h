/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publish_load_model.json and bind_model_service.json, as FATE-Flow's users have them: initiator, role, job_parameters
 * with model_id and model_version, servings, service_id. They become the PublishRequest that FATE-Flow would send.
 */
#ifndef FSV_CTL_PUBLISH_FILE_H
#define FSV_CTL_PUBLISH_FILE_H

#include "base/arena.h"
#include "base/err.h"
#include "lib/proto/model-service.pb-c.h"

struct fsv_ctl_publish {
	Fsv__PublishRequest request;
	const char **servings;		/* "host:port" */
	unsigned n_servings;
	const char **others;		/* the parties of the other role that must have the model as well: "host 10000" */
	unsigned n_others;
};

/* role and party: whose half of the model is meant; NULL = the initiator's. Errors name the member. */
int fsv_ctl_publish_read(const char *path, const char *role, const char *party, struct fsv_arena *arena,
			 struct fsv_ctl_publish *ret_publish, struct fsv_err *err) FSV_MUST_CHECK;

#endif
