/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One party's model as YAML that people read and write: who it belongs to ("model"), its components in
 * order with their messages ("components"), what else the Pipeline message holds ("pipeline"), and entries
 * that no component would read ("others"). fate-servingctl(1) describes it.
 *
 * Reading what was shown gives a package with the same keys, and the same bytes but for the Pipeline, whose
 * inference DSL is put together again from the components (unless it could not be told that way: then it
 * stands in the text as it is).
 */
#ifndef FSV_CTL_TEXT_H
#define FSV_CTL_TEXT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/package.h"
#include "model/store.h"

struct fsv_ctl_text {
	/* key is empty when nobody knows whose model this is; role and party_id may be, too. */
	struct fsv_stored_model model;
	struct fsv_str *service_ids;
	unsigned n_service_ids;
	struct fsv_package package;
};

enum { FSV_CTL_TEXT_MAX = 64 << 20 };

/* Everything lives in the arena. now is the timestamp of a model that states none. Errors name file, line
 * and column. */
int fsv_ctl_text_read(struct fsv_str yaml, const char *file, int64_t now, struct fsv_arena *arena,
		      struct fsv_ctl_text *ret_text, struct fsv_err *err) FSV_MUST_CHECK;

/* Never fails: what is not understood is shown as base64. arena is for scratch. */
void fsv_ctl_text_show(const struct fsv_ctl_text *text, struct fsv_arena *arena, struct fsv_buf *out);

#endif
