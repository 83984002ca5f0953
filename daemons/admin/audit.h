/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has changed what: a line of JSON for each login and each changing call, appended to a file and told to the
 * journal; the newest are kept in memory for the console.
 */
#ifndef FSV_ADMIN_AUDIT_H
#define FSV_ADMIN_AUDIT_H

#include "base/err.h"
#include "base/str.h"
#include "codec/json.h"

struct fsv_audit;

struct fsv_audit_entry {
	struct fsv_str user;		/* empty = not logged in */
	const char *role;
	struct fsv_str peer;
	const char *action;
	struct fsv_str target;		/* a node's address, or empty */
	struct fsv_str parameters;	/* a JSON object without secrets, or empty */
	int retcode;
	struct fsv_str retmsg, case_id;
};

/* path may be NULL; keep: entries in memory, which begin with the newest of the file. Fails when the file cannot be
 * appended to. [main thread; blocks] */
int fsv_audit_new(const char *path, size_t keep, struct fsv_audit **ret_audit, struct fsv_err *err) FSV_MUST_CHECK;
/* Writes what is left. NULL is fine. [main thread; blocks] */
struct fsv_audit *fsv_audit_free(struct fsv_audit *audit);

/* Whether there is room for further entries; else nothing may be changed. [the worker] */
bool fsv_audit_ready(const struct fsv_audit *audit);
/* Never waits for the file. [the worker] */
void fsv_audit_add(struct fsv_audit *audit, const struct fsv_audit_entry *entry);
/* Entries of the user and the action (empty = any), newest first: the number of all of them, and into w those from
 * from to to. [the worker] */
size_t fsv_audit_show(const struct fsv_audit *audit, struct fsv_str user, struct fsv_str action, size_t from, size_t to,
		      struct fsv_jsonw *w);

#endif
