/* SPDX-License-Identifier: Apache-2.0 */
#include "model-json.h"

#include "codec/json.h"

enum { SERVICE_IDS_MAX = 100000 };

struct record {
	const char *table_name, *name_space, *party_id;
	int64_t timestamp;
	bool guest, resource;		/* resource: with its resource name */
};

/* Members that every level has. */
static void write_head(struct fsv_jsonw *w, const struct record *r)
{
	if (r->resource) {
		struct fsv_buf name;

		fsv_buf_init(&name, NULL, 0);
		fsv_buf_printf(&name, "M_%s_%s", r->table_name, r->name_space);
		fsv_jsonw_kv_str(w, "resourceName", fsv_buf_str(&name));
		fsv_buf_done(&name);
	}
	fsv_jsonw_kv_int(w, "timestamp", r->timestamp);
	fsv_jsonw_kv_str(w, "tableName", fsv_str(r->table_name));
	fsv_jsonw_kv_str(w, "namespace", fsv_str(r->name_space));
	fsv_jsonw_kv_str(w, "role", r->guest ? FSV_STR("guest") : FSV_STR("host"));
	fsv_jsonw_kv_str(w, "partId", fsv_str(r->party_id));
	fsv_jsonw_key(w, FSV_STR("federationModelMap"));
}

static void write_empty(struct fsv_jsonw *w, char open, char close)
{
	fsv_jsonw_begin(w, open);
	fsv_jsonw_end(w, close);
}

static void write_partners(struct fsv_jsonw *w, const struct fsv_model *model, bool resources)
{
	fsv_jsonw_begin(w, '{');
	for (unsigned i = 0; i < model->n_partners; i++) {
		const struct fsv_partner *p = &model->partners[i];
		const struct record r = { p->table_name, p->name_space, p->party_id, model->timestamp, !model->guest,
					  resources };

		fsv_jsonw_key(w, fsv_str(p->party_id));
		fsv_jsonw_begin(w, '{');
		write_head(w, &r);
		write_empty(w, '{', '}');
		fsv_jsonw_key(w, FSV_STR("serviceIds"));
		write_empty(w, '[', ']');
		fsv_jsonw_end(w, '}');
	}
	fsv_jsonw_end(w, '}');
}

static void write_model(struct fsv_jsonw *w, const struct fsv_model_listing *l, bool resources)
{
	const struct fsv_model *model = l->model;
	const struct record r = { model->table_name, model->name_space, model->party_id, model->timestamp, model->guest,
				  true };

	write_head(w, &r);
	write_partners(w, model, resources);
	fsv_jsonw_key(w, FSV_STR("serviceIds"));
	fsv_jsonw_begin(w, '[');
	for (size_t i = 0; i < l->n_service_ids; i++)
		fsv_jsonw_str(w, l->service_ids[i]);
	fsv_jsonw_end(w, ']');
}

static void write_party(struct fsv_jsonw *w, bool guest, const char *id)
{
	fsv_jsonw_begin(w, '{');
	fsv_jsonw_kv_str(w, "role", guest ? FSV_STR("guest") : FSV_STR("host"));
	fsv_jsonw_kv_str(w, "partId", fsv_str(id));
	fsv_jsonw_end(w, '}');
}

static void write_parties(struct fsv_jsonw *w, const struct fsv_model *model)
{
	fsv_jsonw_key(w, FSV_STR("rolePartyMapList"));
	fsv_jsonw_begin(w, '[');
	write_party(w, model->guest, model->party_id);
	for (unsigned i = 0; i < model->n_partners; i++)
		write_party(w, !model->guest, model->partners[i].party_id);
	fsv_jsonw_end(w, ']');
}

static void write_address(struct fsv_jsonw *w, const struct fsv_model *model)
{
	if (model->resource_address)
		fsv_jsonw_kv_str(w, "resourceAdress", fsv_str(model->resource_address));
	fsv_jsonw_end(w, '}');
}

/* These stand nowhere but in texts. */
static void escape(struct fsv_str json, struct fsv_buf *out)
{
	for (size_t i = 0; i < json.n; i++) {
		unsigned char c = (unsigned char)json.p[i];

		if (c == '<' || c == '>' || c == '&' || c == '=' || c == '\'')
			fsv_buf_printf(out, "\\u%04x", c);
		else
			fsv_buf_putc(out, (char)c);
	}
}

void fsv_model_content(const struct fsv_model_listing *listing, const double *allow_qps, struct fsv_buf *out)
{
	struct fsv_buf json;
	struct fsv_jsonw w;

	fsv_buf_init(&json, NULL, 0);
	fsv_jsonw_init(&w, &json);
	fsv_jsonw_begin(&w, '{');
	write_model(&w, listing, false);
	write_parties(&w, listing->model);
	if (allow_qps) {
		fsv_jsonw_key(&w, FSV_STR("allowQps"));
		fsv_jsonw_double(&w, *allow_qps);
	}
	write_address(&w, listing->model);
	escape(fsv_buf_str(&json), out);
	fsv_buf_done(&json);
}

void fsv_model_data(const struct fsv_model_listing *listing, struct fsv_buf *out)
{
	struct fsv_jsonw w;

	fsv_jsonw_init(&w, out);
	fsv_jsonw_begin(&w, '{');
	write_model(&w, listing, true);
	write_address(&w, listing->model);
}

/* Reading ---------------------------------------------------------------------------------------- */

static bool usable(const struct fsv_json_node *node)
{
	return node && node->type == FSV_JSON_STRING && node->text.n > 0 && !memchr(node->text.p, '\0', node->text.n);
}

static bool names_of(const struct fsv_json_node *object, struct fsv_str *ret_table, struct fsv_str *ret_space)
{
	const struct fsv_json_node *table = fsv_json_get(object, "tableName"), *space = fsv_json_get(object, "namespace");

	if (!usable(table) || !usable(space))
		return false;
	*ret_table = table->text;
	*ret_space = space->text;
	return true;
}

static int read_partners(const struct fsv_json_node *map, struct fsv_arena *arena, struct fsv_stored_model *record,
			 struct fsv_err *err)
{
	if (!map || map->type == FSV_JSON_NULL)
		return 0;
	if (map->type != FSV_JSON_OBJECT)
		return fsv_err_set(err, FSV_E_SYNTAX, "federationModelMap is no object");
	if (map->n > FSV_STORE_MAX_PARTNERS)
		return fsv_err_set(err, FSV_E_LIMIT, "more than %d partners", FSV_STORE_MAX_PARTNERS);
	record->partners = FSV_ARENA_NEW_N(arena, struct fsv_stored_partner, map->n);
	for (const struct fsv_json_node *node = map->first; node; node = node->next) {
		struct fsv_stored_partner *p = &record->partners[record->n_partners++];

		p->party_id = node->key;
		if (memchr(node->key.n ? node->key.p : "", '\0', node->key.n) ||
		    !names_of(node, &p->table_name, &p->name_space))
			return fsv_err_set(err, FSV_E_SYNTAX, "a partner has no tableName and namespace");
	}
	return 0;
}

static int read_service_ids(const struct fsv_json_node *list, struct fsv_arena *arena, struct fsv_str **ret_ids,
			    size_t *ret_n, struct fsv_err *err)
{
	*ret_n = 0;
	if (!list || list->type == FSV_JSON_NULL)
		return 0;
	if (list->type != FSV_JSON_ARRAY || list->n > SERVICE_IDS_MAX)
		return fsv_err_set(err, FSV_E_SYNTAX, "serviceIds is no list, or a very long one");
	*ret_ids = FSV_ARENA_NEW_N(arena, struct fsv_str, list->n);
	for (const struct fsv_json_node *node = list->first; node; node = node->next) {
		if (!usable(node))
			return fsv_err_set(err, FSV_E_SYNTAX, "a service id is not a text");
		(*ret_ids)[(*ret_n)++] = node->text;
	}
	return 0;
}

int fsv_model_data_parse(struct fsv_str json, struct fsv_arena *arena, struct fsv_stored_model *ret_record,
			 struct fsv_str **ret_service_ids, size_t *ret_n, struct fsv_err *err)
{
	struct fsv_stored_model record = { .partners = NULL };
	const struct fsv_json_node *node;
	struct fsv_json_node *root = NULL;
	int r = fsv_json_parse(json, arena, true, &root, err);

	if (r < 0)
		return r;
	if (!names_of(root, &record.table_name, &record.name_space))
		return fsv_err_set(err, FSV_E_SYNTAX, "the model has no tableName and namespace");
	record.role = fsv_json_get_str(root, "role");
	node = fsv_json_get(root, "partId");
	if (usable(node))
		record.party_id = node->text;
	node = fsv_json_get(root, "resourceAdress");
	if (usable(node))
		record.resource_address = node->text;
	node = fsv_json_get(root, "timestamp");
	if (!node || node->type != FSV_JSON_INT || !fsv_str_to_i64(node->text, &record.timestamp) || record.timestamp <= 0)
		return fsv_err_set(err, FSV_E_SYNTAX, "the model has no timestamp");
	r = read_partners(fsv_json_get(root, "federationModelMap"), arena, &record, err);
	if (r == 0)
		r = read_service_ids(fsv_json_get(root, "serviceIds"), arena, ret_service_ids, ret_n, err);
	if (r == 0)
		*ret_record = record;
	return r;
}
