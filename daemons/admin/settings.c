/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon itself: who has changed what, and the log's level. */
#include "api.h"

#include "base/log.h"
#include "visit.h"

enum { PAGE = 50 };

void fsv_audit_query(struct fsv_visit *v)
{
	struct fsv_str user = fsv_visit_str(v, "user"), action = fsv_visit_str(v, "action");
	struct fsv_jsonw w, entries;
	struct fsv_buf out, text;
	struct fsv_page page;
	size_t n;

	if (!fsv_visit_page(v, SIZE_MAX, PAGE, &page))	/* how many there are is known once they have been looked at */
		return;
	fsv_buf_init(&text, v->arena, 0);
	fsv_jsonw_init(&entries, &text);
	n = fsv_audit_show(v->admin->audit, user, action, page.from, page.to, &entries);
	fsv_visit_rows(v, n, &out, &w);
	fsv_jsonw_raw(&w, fsv_buf_str(&text));
	fsv_visit_reply_rows(v, 0, "success", &w);
}

/* Log levels ---------------------------------------------------------------------------------------------------------------- */

static void set_level(struct fsv_visit *v, struct fsv_str name, bool concerns_us)
{
	char *level_name = fsv_arena_cstr(v->arena, name);
	int level;

	fsv_visit_note(v, "level", name);
	if (!fsv_log_level_parse(level_name, &level)) {
		fsv_visit_text(v, "failed", 120);
		return;
	}
	if (concerns_us) {
		fsv_log_set_level(level);
		fsv_log_notice("log level set to %s by %s", level_name, v->session.user);
	}
	fsv_visit_text(v, "ok", 0);
}

void fsv_level_system(struct fsv_visit *v)
{
	set_level(v, v->tail, true);
}

/* What the reference would log under other packages does not exist here. */
void fsv_level_package(struct fsv_visit *v)
{
	struct fsv_str level = fsv_http_query(v->req, "level"), package = fsv_http_query(v->req, "pkgName");

	if (!level.p || !package.p)
		fsv_visit_system_error(v, NULL);
	else
		set_level(v, level, package.n == 0 || fsv_str_starts(package, FSV_STR("com.webank.ai")));
}
