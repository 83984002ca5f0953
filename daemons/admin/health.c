/* SPDX-License-Identifier: Apache-2.0 */
#include "health.h"

#include "api.h"
#include "base/time.h"
#include "call/message.h"
#include "lib/proto/common-service.pb-c.h"
#include "visit.h"

enum { FRESH_S = 10 };

static const char *const components[] = { "proxy", "serving" };

/* Reports ----------------------------------------------------------------------------------------------------- */

static struct fsv_health_record *record(struct fsv_arena *arena, const char *item, const char *message)
{
	struct fsv_health_record *r = FSV_ARENA_NEW(arena, struct fsv_health_record);

	*r = (struct fsv_health_record){ fsv_str(item), fsv_str(message), FSV_STR("error"), FSV_HEALTH_ERROR, NULL };
	return r;
}

static enum fsv_health_state state_of(struct fsv_str status)
{
	if (fsv_str_is(status, "ok"))
		return FSV_HEALTH_OK;
	return fsv_str_is(status, "warn") ? FSV_HEALTH_WARN : FSV_HEALTH_ERROR;
}

static struct fsv_health_record *read_records(const struct fsv_json_node *list, struct fsv_arena *arena)
{
	struct fsv_health_record *first = NULL, **end = &first;

	for (const struct fsv_json_node *node = list ? list->first : NULL; node; node = node->next) {
		struct fsv_health_record *r = record(arena, "", "");

		r->item = fsv_json_get_str(node, "checkItemName");
		r->message = fsv_json_get_str(node, "msg");
		r->status = fsv_json_get_str(node, "healthCheckStatus");
		r->state = state_of(r->status);
		*end = r;
		end = &r->next;
	}
	return first;
}

struct fsv_health_record *fsv_health_records(const struct fsv_question *q, struct fsv_arena *arena)
{
	const Fsv__CommonResponse *answer;
	struct fsv_json_node *root = NULL;
	struct fsv_err err;

	if (q->fault)
		return record(arena, "reach node", q->fault);
	answer = (const Fsv__CommonResponse *)fsv_message_decode(&fsv__common_response__descriptor, q->reply, arena);
	if (!answer)
		return record(arena, "read report", "the answer is no report");
	if (answer->statuscode != 0)
		return record(arena, "read report", fsv_arena_printf(arena, "%d %s", (int)answer->statuscode, answer->message));
	if (answer->data.len > 0 &&
	    fsv_json_parse(fsv_str_n((const char *)answer->data.data, answer->data.len), arena, false, &root, &err) < 0)
		return record(arena, "read report", fsv_arena_printf(arena, "the report is no JSON: %s", err.text));
	return read_records(fsv_json_get(root, "records"), arena);
}

/* Rounds ------------------------------------------------------------------------------------------------------- */

static void plan(struct fsv_shared *s)
{
	struct fsv_round *round = &s->round;

	round->questions = FSV_ARENA_NEW_N(round->arena, struct fsv_question, round->directory->n);
	for (unsigned c = 0; c < sizeof(components) / sizeof(components[0]); c++)
		for (unsigned i = 0; i < round->directory->n; i++)
			if (strcmp(round->directory->nodes[i].component, components[c]) == 0)
				round->questions[round->n++] = (struct fsv_question){
					.node = &round->directory->nodes[i], .method = FSV_COMMON_SERVICE "checkHealthService" };
}

static void write_list(const struct fsv_health_record *first, enum fsv_health_state state, const char *name, struct fsv_jsonw *w)
{
	fsv_jsonw_key(w, fsv_str(name));
	fsv_jsonw_begin(w, '[');
	for (const struct fsv_health_record *r = first; r; r = r->next) {
		if (r->state != state)
			continue;
		fsv_jsonw_begin(w, '{');
		fsv_jsonw_kv_str(w, "checkItemName", r->item);
		fsv_jsonw_kv_str(w, "msg", r->message);
		fsv_jsonw_key(w, FSV_STR("healthCheckStatus"));
		if (r->status.p)
			fsv_jsonw_str(w, r->status);
		else
			fsv_jsonw_null(w);
		fsv_jsonw_end(w, '}');
	}
	fsv_jsonw_end(w, ']');
}

static void write_node(const char *address, const struct fsv_health_record *first, struct fsv_jsonw *w)
{
	fsv_jsonw_key(w, fsv_str(address));
	fsv_jsonw_begin(w, '{');
	write_list(first, FSV_HEALTH_OK, "okList", w);
	write_list(first, FSV_HEALTH_WARN, "warnList", w);
	write_list(first, FSV_HEALTH_ERROR, "errorList", w);
	fsv_jsonw_end(w, '}');
}

/* The reference's word for a component that nobody is of. */
static void write_nobody(struct fsv_jsonw *w)
{
	const struct fsv_health_record nobody = { FSV_STR(" "), FSV_STR(" "), FSV_STR_NULL, FSV_HEALTH_WARN, NULL };

	write_node("No instance founded", &nobody, w);
}

static void write(struct fsv_shared *s, struct fsv_jsonw *w)
{
	fsv_jsonw_begin(w, '{');
	fsv_jsonw_kv_int(w, "timestamp", fsv_wall_ms());
	for (unsigned c = 0; c < sizeof(components) / sizeof(components[0]); c++) {
		unsigned n = 0;

		fsv_jsonw_key(w, fsv_str(components[c]));
		fsv_jsonw_begin(w, '{');
		for (unsigned i = 0; i < s->round.n; i++) {
			const struct fsv_question *q = &s->round.questions[i];

			if (strcmp(q->node->component, components[c]) == 0 && ++n)
				write_node(q->node->address, fsv_health_records(q, &s->arena), w);
		}
		if (n == 0)
			write_nobody(w);
		fsv_jsonw_end(w, '}');
	}
	fsv_jsonw_end(w, '}');
}

const struct fsv_shared_kind fsv_health_kind = { .plan = plan, .write = write };

/* Calls --------------------------------------------------------------------------------------------------------- */

void fsv_health_last(struct fsv_visit *v)
{
	const char *json = v->admin->w.health.json;

	fsv_visit_reply(v, 0, "success", fsv_str(json ? json : "{\"proxy\":{},\"serving\":{}}"));
}

void fsv_health_check(struct fsv_visit *v)
{
	fsv_shared_answer(&v->admin->w.health, v, FRESH_S * FSV_S);
}
