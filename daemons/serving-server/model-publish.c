/* SPDX-License-Identifier: Apache-2.0 */
#include "model-publish.h"

/* Maps: of several entries with one key the last counts. ------------------------------------------- */

static const Fsv__Party *find_role(const Fsv__PublishRequest *m, const char *role)
{
	static const Fsv__Party none = FSV__PARTY__INIT;

	for (size_t i = m->n_role; i-- > 0;)
		if (strcmp(m->role[i]->key, role) == 0)
			return m->role[i]->value ? m->role[i]->value : &none;
	return NULL;
}

static const Fsv__RoleModelInfo *find_models(const Fsv__PublishRequest *m, const char *role)
{
	static const Fsv__RoleModelInfo none = FSV__ROLE_MODEL_INFO__INIT;

	for (size_t i = m->n_model; i-- > 0;)
		if (strcmp(m->model[i]->key, role) == 0)
			return m->model[i]->value ? m->model[i]->value : &none;
	return NULL;
}

static const Fsv__ModelInfo *find_model(const Fsv__RoleModelInfo *models, const char *party_id)
{
	static const Fsv__ModelInfo none = FSV__MODEL_INFO__INIT;

	for (size_t i = models->n_rolemodelinfo; i-- > 0;)
		if (strcmp(models->rolemodelinfo[i]->key, party_id) == 0)
			return models->rolemodelinfo[i]->value ? models->rolemodelinfo[i]->value : &none;
	return NULL;
}

/* Both --------------------------------------------------------------------------------------------- */

struct sides {
	const char *own, *other;	/* roles */
	const char *party_id;		/* local.partyId */
	const Fsv__RoleModelInfo *models;
	bool odd;
};

/* Any role but guest is a host's, as the reference has it. */
static int read_sides(const Fsv__PublishRequest *m, struct sides *s, struct fsv_err *err)
{
	bool guest = m->local && strcmp(m->local->role, "guest") == 0;

	*s = (struct sides){
		.own = guest ? "guest" : "host", .other = guest ? "host" : "guest",
		.party_id = m->local ? m->local->partyid : "",
		.odd = !guest && !(m->local && strcmp(m->local->role, "host") == 0),
	};
	s->models = find_models(m, s->own);
	if (!s->models)
		return fsv_err_set(err, FSV_E_SYSTEM, "the request names no model for the local role %s (model[\"%s\"])",
				   s->own, s->own);
	return 0;
}

static int check_own_parties(const Fsv__PublishRequest *m, const struct sides *s, const Fsv__Party **ret_party,
			     struct fsv_err *err)
{
	*ret_party = find_role(m, s->own);
	if (!*ret_party)
		return fsv_err_set(err, FSV_E_SYSTEM, "the request lists no parties for the local role %s (role[\"%s\"])",
				   s->own, s->own);
	if ((*ret_party)->n_partyid == 0)	/* the reference's words */
		return fsv_err_set(err, FSV_E_SYSTEM, "Index 0 out of bounds for length 0");
	return 0;
}

/* publishLoad ---------------------------------------------------------------------------------------- */

static int read_partners(const Fsv__PublishRequest *m, const struct sides *s, struct fsv_arena *arena,
			 struct fsv_stored_model *record, struct fsv_err *err)
{
	const Fsv__Party *parties = find_role(m, s->other);
	const Fsv__RoleModelInfo *models = find_models(m, s->other);

	if (!parties)
		return fsv_err_set(err, FSV_E_SYSTEM, "the request lists no parties for the role %s (role[\"%s\"])",
				   s->other, s->other);
	record->partners = FSV_ARENA_NEW_N(arena, struct fsv_stored_partner, parties->n_partyid);
	for (size_t i = 0; i < parties->n_partyid; i++) {
		const char *id = parties->partyid[i];
		const Fsv__ModelInfo *model = models ? find_model(models, id) : NULL;

		if (!model)
			return fsv_err_set(err, FSV_E_SYSTEM, "the request names no model of party %s for the role %s", id,
					   s->other);
		record->partners[record->n_partners++] = (struct fsv_stored_partner){
			.party_id = fsv_str(id), .table_name = fsv_str(model->tablename),
			.name_space = fsv_str(model->namespace_),
		};
	}
	return 0;
}

static int read_load_type(const char *text, struct fsv_publish *p, struct fsv_err *err)
{
	static const char *const names[] = {
		[FSV_LOAD_FATEFLOW] = "FATEFLOW", [FSV_LOAD_FILE] = "FILE", [FSV_LOAD_CACHE] = "CACHE",
	};

	p->load_type = FSV_LOAD_FATEFLOW;
	if (!*text)
		return 0;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text, names[i]) == 0) {
			p->load_type = (enum fsv_load_type)i;
			p->flow_named = i == FSV_LOAD_FATEFLOW;
			return 0;
		}
	return fsv_err_set(err, FSV_E_SYSTEM,
			   "No enum constant com.webank.ai.fate.serving.model.ModelLoader.LoadModelType.%s", text);
}

int fsv_publish_load(const Fsv__PublishRequest *m, struct fsv_arena *arena, struct fsv_publish *ret_publish,
		     struct fsv_err *err)
{
	struct fsv_publish p = { .file_path = fsv_str(m->filepath) };
	const Fsv__ModelInfo *own;
	const Fsv__Party *parties;
	struct sides s;
	int r = read_sides(m, &s, err);

	if (r == 0)
		r = read_partners(m, &s, arena, &p.record, err);
	if (r == 0)
		r = check_own_parties(m, &s, &parties, err);
	if (r < 0)
		return r;
	own = find_model(s.models, s.party_id);
	if (!own)
		return fsv_err_set(err, FSV_E_SYSTEM, "model info is invalid");
	p.odd_role = s.odd;
	p.record.table_name = fsv_str(own->tablename);
	p.record.name_space = fsv_str(own->namespace_);
	p.record.role = fsv_str(s.own);
	p.record.party_id = fsv_str(s.party_id);
	r = read_load_type(m->loadtype, &p, err);
	if (r == 0)
		*ret_publish = p;
	return r;
}

/* publishBind ---------------------------------------------------------------------------------------- */

int fsv_publish_service_id(struct fsv_str id, struct fsv_err *err)
{
	if (fsv_str_blank(id))
		return fsv_err_set(err, FSV_E_SYSTEM, "param service id is blank");
	for (const char *c = "?:/&"; *c; c++)
		if (fsv_str_find(id, *c, 0) < id.n)
			return fsv_err_set(err, FSV_E_SYSTEM,
					   "Service id contains special characters, [\"?\",\":\",\"/\",\"&\"]");
	return 0;
}

int fsv_publish_bind(const Fsv__PublishRequest *m, struct fsv_publish *ret_publish, struct fsv_err *err)
{
	struct fsv_publish p = { .service_id = fsv_str(m->serviceid) };
	const Fsv__ModelInfo *own;
	const Fsv__Party *parties;
	struct sides s;
	int r = fsv_publish_service_id(p.service_id, err);

	if (r == 0)
		r = read_sides(m, &s, err);
	if (r == 0)
		r = check_own_parties(m, &s, &parties, err);
	if (r < 0)
		return r;
	/* The reference takes the first party of the role whoever the local one is; that is the way out when the
	 * request does not say. */
	own = find_model(s.models, s.party_id);
	if (!own)
		own = find_model(s.models, parties->partyid[0]);
	if (!own)
		return fsv_err_set(err, FSV_E_SYSTEM, "the request names no model of the local party %s for the role %s",
				   s.party_id, s.own);
	p.odd_role = s.odd;
	p.record.table_name = fsv_str(own->tablename);
	p.record.name_space = fsv_str(own->namespace_);
	*ret_publish = p;
	return 0;
}
