/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of FATE-Flow, whole and with parts missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../../daemons/serving-server/model-publish.h"

static struct fsv_arena arena;

static int set_up(void **state)
{
	(void)state;
	fsv_arena_init(&arena, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fsv_arena_done(&arena);
	return 0;
}

struct whole {
	Fsv__PublishRequest m;
	Fsv__LocalInfo local;
	Fsv__RoleEntry roles[2], *role_list[2];
	Fsv__Party parties[2];
	char *ids[2][2];
	Fsv__RoleModelEntry models[2], *model_list[2];
	Fsv__RoleModelInfo infos[2];
	Fsv__ModelInfoEntry entries[2][2], *entry_list[2][2];
	Fsv__ModelInfo info[2][2];
};

/* Guest 9999 (and 9998), hosts 10000 and 10001. */
static void init(struct whole *w, const char *role, const char *party)
{
	static const char *const names[] = { "guest", "host" };
	static const char *const ids[2][2] = { { "9998", "9999" }, { "10000", "10001" } };
	static const char *const spaces[2][2] = { { "g8", "g9" }, { "h0", "h1" } };

	fsv__publish_request__init(&w->m);
	fsv__local_info__init(&w->local);
	w->local.role = (char *)role;
	w->local.partyid = (char *)party;
	w->m.local = &w->local;
	for (unsigned i = 0; i < 2; i++) {
		fsv__role_entry__init(&w->roles[i]);
		fsv__party__init(&w->parties[i]);
		fsv__role_model_entry__init(&w->models[i]);
		fsv__role_model_info__init(&w->infos[i]);
		w->roles[i].key = w->models[i].key = (char *)names[i];
		w->roles[i].value = &w->parties[i];
		w->models[i].value = &w->infos[i];
		w->role_list[i] = &w->roles[i];
		w->model_list[i] = &w->models[i];
		w->parties[i].partyid = w->ids[i];
		w->parties[i].n_partyid = w->infos[i].n_rolemodelinfo = 2;
		w->infos[i].rolemodelinfo = w->entry_list[i];
		for (unsigned k = 0; k < 2; k++) {
			fsv__model_info_entry__init(&w->entries[i][k]);
			fsv__model_info__init(&w->info[i][k]);
			w->ids[i][k] = w->entries[i][k].key = (char *)ids[i][k];
			w->info[i][k].tablename = (char *)"v1";
			w->info[i][k].namespace_ = (char *)spaces[i][k];
			w->entries[i][k].value = &w->info[i][k];
			w->entry_list[i][k] = &w->entries[i][k];
		}
	}
	w->m.role = w->role_list;
	w->m.model = w->model_list;
	w->m.n_role = w->m.n_model = 2;
	w->m.serviceid = (char *)"s1";
}

static void a_load_names_the_own_model_and_its_partners(void **state)
{
	struct fsv_publish p;
	struct fsv_err err = FSV_ERR_INIT;
	struct whole w;

	(void)state;
	init(&w, "guest", "9999");
	assert_int_equal(fsv_publish_load(&w.m, &arena, &p, &err), 0);
	assert_true(fsv_str_is(p.record.name_space, "g9"));
	assert_true(fsv_str_is(p.record.role, "guest"));
	assert_true(fsv_str_is(p.record.party_id, "9999"));
	assert_int_equal(p.record.n_partners, 2);
	assert_true(fsv_str_is(p.record.partners[1].party_id, "10001"));
	assert_true(fsv_str_is(p.record.partners[1].name_space, "h1"));
	assert_int_equal(p.load_type, FSV_LOAD_FATEFLOW);
	assert_false(p.flow_named);
	assert_false(p.odd_role);
	w.m.loadtype = (char *)"FATEFLOW";
	assert_int_equal(fsv_publish_load(&w.m, &arena, &p, &err), 0);
	assert_true(p.flow_named);
	/* Any role but guest is a host's. */
	init(&w, "arbiter", "10001");
	assert_int_equal(fsv_publish_load(&w.m, &arena, &p, &err), 0);
	assert_true(fsv_str_is(p.record.role, "host"));
	assert_true(fsv_str_is(p.record.name_space, "h1"));
	assert_int_equal(p.record.n_partners, 2);
	assert_true(p.odd_role);
	/* Without partners. */
	init(&w, "guest", "9999");
	w.parties[1].n_partyid = 0;
	assert_int_equal(fsv_publish_load(&w.m, &arena, &p, &err), 0);
	assert_int_equal(p.record.n_partners, 0);
}

static void assert_refused(const struct whole *w, const char *words)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_publish p;

	assert_int_equal(fsv_publish_load(&w->m, &arena, &p, &err), FSV_E_SYSTEM);
	if (!strstr(err.text, words))
		fail_msg("%s: %s", words, err.text);
}

static void what_is_missing_is_named_in_the_reference_s_order(void **state)
{
	struct whole w;

	(void)state;
	init(&w, "guest", "9999");
	w.m.n_model = w.m.n_role = 0;
	assert_refused(&w, "model[\"guest\"]");
	init(&w, "guest", "9999");
	w.m.n_role = 1;
	w.parties[0].n_partyid = 0;
	assert_refused(&w, "role[\"host\"]");
	init(&w, "guest", "9999");
	w.infos[1].n_rolemodelinfo = 1;
	w.parties[0].n_partyid = 0;
	assert_refused(&w, "party 10001");
	init(&w, "guest", "9998");
	w.parties[0].n_partyid = 0;
	assert_refused(&w, "Index 0 out of bounds for length 0");
	init(&w, "guest", "7777");
	assert_refused(&w, "model info is invalid");
	init(&w, "guest", "9999");
	w.m.loadtype = (char *)"fateflow";
	assert_refused(&w, "No enum constant com.webank.ai.fate.serving.model.ModelLoader.LoadModelType.fateflow");
	init(&w, "guest", "9999");
	w.m.local = NULL;
	assert_refused(&w, "model info is invalid");
}

static void a_bind_goes_by_the_local_party_and_falls_back_to_the_first(void **state)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_publish p;
	struct whole w;

	(void)state;
	init(&w, "guest", "9999");
	assert_int_equal(fsv_publish_bind(&w.m, &p, &err), 0);
	assert_true(fsv_str_is(p.record.name_space, "g9"));
	assert_true(fsv_str_is(p.service_id, "s1"));
	init(&w, "guest", "");
	assert_int_equal(fsv_publish_bind(&w.m, &p, &err), 0);
	assert_true(fsv_str_is(p.record.name_space, "g8"));
	w.m.serviceid = (char *)" ";
	assert_int_equal(fsv_publish_bind(&w.m, &p, &err), FSV_E_SYSTEM);
	assert_string_equal(err.text, "param service id is blank");
	w.m.serviceid = (char *)"a?b";
	assert_int_equal(fsv_publish_bind(&w.m, &p, &err), FSV_E_SYSTEM);
	assert_string_equal(err.text, "Service id contains special characters, [\"?\",\":\",\"/\",\"&\"]");
}

/* Of several entries with one key the last counts, as protobuf has it for maps; a value that is left out is empty. */
static void maps_are_read_as_maps(void **state)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_publish p;
	struct whole w;

	(void)state;
	init(&w, "guest", "9999");
	w.entries[0][0].key = (char *)"9999";
	assert_int_equal(fsv_publish_load(&w.m, &arena, &p, &err), 0);
	assert_true(fsv_str_is(p.record.name_space, "g9"));
	w.entries[0][1].value = NULL;
	assert_int_equal(fsv_publish_load(&w.m, &arena, &p, &err), 0);
	assert_int_equal(p.record.name_space.n, 0);
	w.models[0].value = NULL;
	assert_int_equal(fsv_publish_load(&w.m, &arena, &p, &err), FSV_E_SYSTEM);
	assert_string_equal(err.text, "model info is invalid");
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_load_names_the_own_model_and_its_partners),
		TEST(what_is_missing_is_named_in_the_reference_s_order),
		TEST(a_bind_goes_by_the_local_party_and_falls_back_to_the_first),
		TEST(maps_are_read_as_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
