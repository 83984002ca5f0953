/* SPDX-License-Identifier: Apache-2.0 */
#include "shared.h"

#include <stdlib.h>

#include "admin-conf.h"
#include "base/time.h"
#include "call/trace.h"
#include "visit.h"

void fsv_shared_init(struct fsv_shared *s, const struct fsv_shared_kind *kind, struct fsv_admin *admin)
{
	*s = (struct fsv_shared){ .kind = kind, .admin = admin };
}

void fsv_shared_done(struct fsv_shared *s)
{
	free(s->json);
	s->json = NULL;
}

static void over(struct fsv_round *round)
{
	struct fsv_shared *s = round->arg;
	struct fsv_visit *v = s->waiting, *next;
	struct fsv_jsonw w;
	struct fsv_buf out;

	fsv_buf_init(&out, &s->arena, 0);
	fsv_jsonw_init(&w, &out);
	s->kind->write(s, &w);
	free(s->json);
	s->json = fsv_str_dup(fsv_buf_str(&out));
	s->made_at = fsv_now_ns();
	s->running = false;
	s->waiting = NULL;
	fsv_ref_put(&round->directory->ref);
	fsv_arena_done(&s->arena);
	for (; v; v = next) {
		next = v->next;
		fsv_visit_reply(v, 0, "success", fsv_str(s->json));
	}
}

void fsv_shared_refresh(struct fsv_shared *s)
{
	char *case_id;

	if (s->running)
		return;
	s->running = true;
	fsv_arena_init(&s->arena, 0);
	case_id = fsv_arena_alloc(&s->arena, 33);
	fsv_random_hex32(case_id);
	s->round = (struct fsv_round){
		.arena = &s->arena, .directory = fsv_admin_directory(s->admin), .case_id = fsv_str(case_id),
		.timeout_ms = fsv_conf_int(s->admin->w.conf, FSV_AK_TIMEOUT), .done = over, .arg = s,
	};
	/* For what is written when the round has let go of it. */
	fsv_ref_get(&s->round.directory->ref);
	s->kind->plan(s);
	fsv_round_start(&s->admin->w.asker, &s->round);
}

void fsv_shared_answer(struct fsv_shared *s, struct fsv_visit *v, int64_t max_age_ns)
{
	if (s->json && fsv_now_ns() - s->made_at <= max_age_ns) {
		fsv_visit_reply(v, 0, "success", fsv_str(s->json));
		return;
	}
	v->next = s->waiting;
	s->waiting = v;
	fsv_shared_refresh(s);
}
