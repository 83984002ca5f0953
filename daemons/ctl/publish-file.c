/* SPDX-License-Identifier: Apache-2.0 */
#include "publish-file.h"

#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "codec/json.h"

enum { FILE_MAX = 4 << 20 };

struct reader {
	const char *path;
	struct fsv_arena *arena;
	const char *model_id, *version;
	struct fsv_ctl_publish *out;
	struct fsv_err *err;
};

static int wrong(const struct reader *r, const char *what)
{
	return fsv_err_set(r->err, FSV_E_SYNTAX, "%s: %s", r->path, what);
}

/* Party ids are numbers in some files and texts in others. NULL for anything else. */
static char *text_of(const struct reader *r, const struct fsv_json_node *node)
{
	if (!node || (node->type != FSV_JSON_STRING && node->type != FSV_JSON_INT) || node->text.n == 0 ||
	    memchr(node->text.p, '\0', node->text.n))
		return NULL;
	return fsv_arena_cstr(r->arena, node->text);
}

static char *text_in(const struct reader *r, const struct fsv_json_node *object, const char *key)
{
	return text_of(r, fsv_json_get(object, key));
}

/* "guest#9999#<model id>"; a model_id that is one already, as some write it, stays. */
static char *name_space(const struct reader *r, const char *role, const char *party)
{
	return fsv_arena_printf(r->arena, "%s#%s#%s", role, party, r->model_id);
}

static int read_parties(struct reader *r, const char *role, const struct fsv_json_node *list, Fsv__RoleEntry *parties,
			Fsv__RoleModelEntry *models)
{
	fsv__role_entry__init(parties);
	fsv__role_model_entry__init(models);
	parties->key = models->key = (char *)role;
	parties->value = FSV_ARENA_NEW(r->arena, Fsv__Party);
	models->value = FSV_ARENA_NEW(r->arena, Fsv__RoleModelInfo);
	fsv__party__init(parties->value);
	fsv__role_model_info__init(models->value);
	parties->value->partyid = FSV_ARENA_NEW_N(r->arena, char *, list->n);
	models->value->rolemodelinfo = FSV_ARENA_NEW_N(r->arena, Fsv__ModelInfoEntry *, list->n);
	for (const struct fsv_json_node *node = list->first; node; node = node->next) {
		Fsv__ModelInfoEntry *entry = FSV_ARENA_NEW(r->arena, Fsv__ModelInfoEntry);
		char *party = text_of(r, node);

		if (!party)
			return wrong(r, "\"role\": a party id is neither a number nor a text");
		fsv__model_info_entry__init(entry);
		entry->key = party;
		entry->value = FSV_ARENA_NEW(r->arena, Fsv__ModelInfo);
		fsv__model_info__init(entry->value);
		entry->value->tablename = (char *)r->version;
		entry->value->namespace_ = name_space(r, role, party);
		parties->value->partyid[parties->value->n_partyid++] = party;
		models->value->rolemodelinfo[models->value->n_rolemodelinfo++] = entry;
	}
	return 0;
}

static int read_roles(struct reader *r, const struct fsv_json_node *roles)
{
	Fsv__PublishRequest *m = &r->out->request;
	int e;

	if (!roles || roles->type != FSV_JSON_OBJECT)
		return wrong(r, "\"role\" is missing: it lists the parties, {\"guest\": [\"9999\"], \"host\": [\"10000\"]}");
	m->role = FSV_ARENA_NEW_N(r->arena, Fsv__RoleEntry *, roles->n);
	m->model = FSV_ARENA_NEW_N(r->arena, Fsv__RoleModelEntry *, roles->n);
	for (const struct fsv_json_node *node = roles->first; node; node = node->next) {
		m->role[m->n_role] = FSV_ARENA_NEW(r->arena, Fsv__RoleEntry);
		m->model[m->n_model] = FSV_ARENA_NEW(r->arena, Fsv__RoleModelEntry);
		if (node->type != FSV_JSON_ARRAY)
			return wrong(r, "\"role\": a role's parties are no list");
		e = read_parties(r, fsv_arena_cstr(r->arena, node->key), node, m->role[m->n_role], m->model[m->n_model]);
		if (e < 0)
			return e;
		m->n_role++;
		m->n_model++;
	}
	return 0;
}

static void list_others(struct reader *r)
{
	const Fsv__PublishRequest *m = &r->out->request;
	size_t n = 0;

	for (size_t i = 0; i < m->n_role; i++)
		n += m->role[i]->value->n_partyid;
	r->out->others = FSV_ARENA_NEW_N(r->arena, const char *, n);
	for (size_t i = 0; i < m->n_role; i++)
		for (size_t k = 0; k < m->role[i]->value->n_partyid; k++)
			if (strcmp(m->role[i]->key, "arbiter") != 0 &&
			    (strcmp(m->role[i]->key, m->local->role) != 0 ||
			     strcmp(m->role[i]->value->partyid[k], m->local->partyid) != 0))
				r->out->others[r->out->n_others++] = fsv_arena_printf(r->arena, "%s %s", m->role[i]->key,
										    m->role[i]->value->partyid[k]);
}

/* A list of addresses, or, as newer files have it, {"hosts": [...]}. */
static int read_servings(struct reader *r, const struct fsv_json_node *list)
{
	if (list && list->type == FSV_JSON_OBJECT)
		list = fsv_json_get(list, "hosts");
	if (!list || list->type == FSV_JSON_NULL)
		return 0;
	if (list->type != FSV_JSON_ARRAY)
		return wrong(r, "\"servings\" is no list of addresses, [\"127.0.0.1:8000\"]");
	r->out->servings = FSV_ARENA_NEW_N(r->arena, const char *, list->n);
	for (const struct fsv_json_node *node = list->first; node; node = node->next) {
		const char *address = text_of(r, node);

		if (!address)
			return wrong(r, "\"servings\": an address is not a text");
		r->out->servings[r->out->n_servings++] = address;
	}
	return 0;
}

static int read_local(struct reader *r, const struct fsv_json_node *root, const char *role, const char *party)
{
	const struct fsv_json_node *initiator = fsv_json_get(root, "initiator");
	Fsv__LocalInfo *local = FSV_ARENA_NEW(r->arena, Fsv__LocalInfo);
	const char *own = text_in(r, initiator, "role");

	fsv__local_info__init(local);
	if (!role)
		role = own;
	/* A role alone is enough where it has one party. */
	if (!party && role && own && strcmp(role, own) == 0)
		party = text_in(r, initiator, "party_id");
	if (!party && role) {
		const struct fsv_json_node *list = fsv_json_get(fsv_json_get(root, "role"), role);

		if (list && list->n > 1)
			return fsv_err_set(r->err, FSV_E_SYNTAX, "%s has several parties of the role %s; say which with --party",
					   r->path, role);
		party = list ? text_of(r, list->first) : NULL;
	}
	if (!role || !party)
		return wrong(r, "\"initiator\" is missing: it says who loads, {\"role\": \"guest\", \"party_id\": \"9999\"}; "
				"--role and --party say it too");
	local->role = (char *)role;
	local->partyid = (char *)party;
	r->out->request.local = local;
	return 0;
}

static int read_root(struct reader *r, const struct fsv_json_node *root, const char *role, const char *party)
{
	const struct fsv_json_node *job = fsv_json_get(root, "job_parameters");
	Fsv__PublishRequest *m = &r->out->request;
	int e;

	if (root->type != FSV_JSON_OBJECT)
		return wrong(r, "it is no JSON object");
	r->model_id = text_in(r, job, "model_id");
	r->version = text_in(r, job, "model_version");
	if (!r->model_id || !r->version)
		return wrong(r, "\"job_parameters\" has no model_id or no model_version; FATE-Flow prints both when a model is "
				"deployed");
	e = read_roles(r, fsv_json_get(root, "role"));
	if (e == 0)
		e = read_local(r, root, role, party);
	if (e == 0)
		e = read_servings(r, fsv_json_get(root, "servings"));
	if (e < 0)
		return e;
	if (text_in(r, job, "load_type"))
		m->loadtype = text_in(r, job, "load_type");
	if (text_in(r, job, "file_path"))
		m->filepath = text_in(r, job, "file_path");
	if (text_in(r, root, "service_id"))
		m->serviceid = text_in(r, root, "service_id");
	list_others(r);
	return 0;
}

int fsv_ctl_publish_read(const char *path, const char *role, const char *party, struct fsv_arena *arena,
			 struct fsv_ctl_publish *ret_publish, struct fsv_err *err)
{
	struct fsv_ctl_publish out = { .n_servings = 0 };
	struct reader r = { .path = path, .arena = arena, .out = &out, .err = err };
	struct fsv_json_node *root = NULL;
	FSV_AUTO_MEM char *data = NULL;
	size_t n = 0;
	int e = fsv_read_file(path, FILE_MAX, &data, &n, err);

	if (e < 0)
		return e;
	fsv__publish_request__init(&out.request);
	e = fsv_json_parse(fsv_arena_str(arena, fsv_str_n(data, n)), arena, true, &root, err);
	if (e < 0)
		return fsv_err_wrap(err, "%s", path);
	e = read_root(&r, root, role, party);
	if (e == 0)
		*ret_publish = out;
	return e;
}
