/* SPDX-License-Identifier: Apache-2.0 */
/* What a PublishRequest asks for, checked in the order of the reference and with its texts. */
#ifndef FSV_SERVER_MODEL_PUBLISH_H
#define FSV_SERVER_MODEL_PUBLISH_H

#include "base/arena.h"
#include "base/err.h"
#include "lib/proto/model-service.pb-c.h"
#include "model/store.h"

enum fsv_load_type { FSV_LOAD_FATEFLOW, FSV_LOAD_FILE, FSV_LOAD_CACHE };

struct fsv_publish {
	struct fsv_stored_model record;	/* own names, role, party and partners; no key, no timestamp */
	enum fsv_load_type load_type;
	bool flow_named;		/* loadType says FATEFLOW in so many letters */
	bool odd_role;			/* neither guest nor host: taken for a host */
	struct fsv_str file_path;
	struct fsv_str service_id;	/* publishBind */
};

/* Views into the request and the arena. FSV_E_SYSTEM (110). [any thread] */
int fsv_publish_load(const Fsv__PublishRequest *request, struct fsv_arena *arena, struct fsv_publish *ret_publish,
		     struct fsv_err *err) FSV_MUST_CHECK;
/* Fills the names and service_id alone. */
int fsv_publish_bind(const Fsv__PublishRequest *request, struct fsv_publish *ret_publish,
		     struct fsv_err *err) FSV_MUST_CHECK;

/* Checks of a service id that is to be bound. */
int fsv_publish_service_id(struct fsv_str id, struct fsv_err *err) FSV_MUST_CHECK;

#endif
