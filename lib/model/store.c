/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include "base/map.h"
#include "codec/java-stream.h"

/* The stream may let many models share one map of partners, so what it can cost has a bound of its own. */
enum { PARTNERS_IN_ALL = 1 << 20 };

static const char model_class[] = "com.webank.ai.fate.serving.common.model.Model";

/* Names end up in C strings. */
static bool is_text(const struct fsv_java_value *value)
{
	return value->type == FSV_JAVA_STRING && !memchr(value->text.p, '\0', value->text.n);
}

/* Text field; null and absence are FSV_STR_NULL. False for what is no text. */
static bool text_field(const struct fsv_java_value *object, const char *name, struct fsv_str *ret_text)
{
	const struct fsv_java_value *value = fsv_java_field(object, name);

	*ret_text = FSV_STR_NULL;
	if (!value || value->type == FSV_JAVA_NULL)
		return true;
	if (!is_text(value))
		return false;
	*ret_text = value->text;
	return true;
}

/* tableName and namespace of a Model. */
static const char *read_names(const struct fsv_java_value *object, struct fsv_str *ret_table,
			      struct fsv_str *ret_space)
{
	if (object->type != FSV_JAVA_OBJECT || !fsv_str_is(object->class_name, model_class))
		return "it is not a Model";
	if (!text_field(object, "tableName", ret_table) || ret_table->n == 0)
		return "it has no tableName";
	if (!text_field(object, "namespace", ret_space) || ret_space->n == 0)
		return "it has no namespace";
	return NULL;
}

/* Names become part of a file name, which must stay in its folder. */
static bool fit_for_file(struct fsv_str name)
{
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < 0x20 || name.p[i] == 0x7f || name.p[i] == '/')
			return false;
	return true;
}

static bool is_joined(struct fsv_str key, struct fsv_str table, struct fsv_str space)
{
	return key.n == table.n + 1 + space.n && fsv_str_starts(key, table) && key.p[table.n] == '_' &&
	       fsv_str_ends(key, space);
}

struct model_reader {
	struct fsv_arena *arena;	/* of the result */
	struct fsv_arena scratch;	/* of one entry */
	struct fsv_map seen;		/* keys */
	size_t n_partners;
};

static const char *read_partners(struct model_reader *r, const struct fsv_java_value *map,
				 struct fsv_stored_model *model)
{
	struct fsv_java_pair *pairs = NULL;
	struct fsv_err err;
	size_t n = 0;

	if (!map || map->type == FSV_JAVA_NULL)
		return NULL;
	if (map->n_items > 2 * FSV_STORE_MAX_PARTNERS + 2)
		return "it has too many partners";
	if (fsv_java_map(map, &r->scratch, &pairs, &n, &err) < 0)
		return fsv_arena_printf(r->arena, "its federationModelMap is %s", err.text);
	r->n_partners += n;
	if (n > FSV_STORE_MAX_PARTNERS || r->n_partners > PARTNERS_IN_ALL)
		return "it has too many partners";
	model->partners = FSV_ARENA_NEW_N(r->arena, struct fsv_stored_partner, n);
	for (; model->n_partners < n; model->n_partners++) {
		struct fsv_stored_partner *partner = &model->partners[model->n_partners];
		const struct fsv_java_pair *pair = &pairs[model->n_partners];
		const char *fault = read_names(pair->value, &partner->table_name, &partner->name_space);

		if (fault)
			return fsv_arena_printf(r->arena, "the model of one of its partners: %s", fault);
		if (!is_text(pair->key))
			return "a partner's party id is not a text";
		partner->party_id = pair->key->text;
	}
	return NULL;
}

static const char *read_model(struct model_reader *r, const struct fsv_java_pair *pair,
			      struct fsv_stored_model *model)
{
	const struct fsv_java_value *timestamp = fsv_java_field(pair->value, "timestamp");
	const char *fault;

	if (pair->key->type != FSV_JAVA_STRING)
		return "its key is not a text";
	model->key = pair->key->text;
	fault = read_names(pair->value, &model->table_name, &model->name_space);
	if (fault)
		return fault;
	if (!is_joined(model->key, model->table_name, model->name_space))
		return "its key is not made of its tableName and its namespace";
	if (!fit_for_file(model->key))
		return "its names have a slash or a control character, which no file name can have";
	if (fsv_map_put(&r->seen, model->key, model))
		return "it stands in the store twice";
	if (!timestamp || timestamp->type != FSV_JAVA_INT)
		return "it has no timestamp";
	model->timestamp = timestamp->i;
	if (!text_field(pair->value, "role", &model->role) ||
	    !text_field(pair->value, "partId", &model->party_id) ||
	    !text_field(pair->value, "resourceAdress", &model->resource_address))
		return "its role, partId or resourceAdress is not a text";
	return read_partners(r, fsv_java_field(pair->value, "federationModelMap"), model);
}

/* Pairs of the one map in the stream. */
static int read_map(struct fsv_str bytes, size_t max, struct fsv_arena *arena,
		    struct fsv_java_pair **ret_pairs, size_t *ret_n, struct fsv_err *err)
{
	struct fsv_java_value *map = NULL;
	int r;

	if (bytes.n > FSV_STORE_MAX_BYTES)
		return fsv_err_set(err, FSV_E_LIMIT, "%zu bytes, at most %d are taken", bytes.n,
				   FSV_STORE_MAX_BYTES);
	if (bytes.n == 0)
		return fsv_err_set(err, FSV_E_SYNTAX, "it is empty");
	r = fsv_java_stream_parse(bytes, arena, &map, err);
	if (r < 0)
		return r;
	r = fsv_java_map(map, arena, ret_pairs, ret_n, err);
	if (r < 0)
		return r;
	if (*ret_n > max)
		return fsv_err_set(err, FSV_E_LIMIT, "%zu entries, at most %zu are taken", *ret_n, max);
	return 0;
}

int fsv_store_parse_models(struct fsv_str bytes, struct fsv_arena *arena,
			   struct fsv_stored_model **ret_models, size_t *ret_n, struct fsv_err *err)
{
	struct model_reader r = { .arena = arena };
	struct fsv_java_pair *pairs = NULL;
	struct fsv_stored_model *models;
	size_t n = 0;
	int e = read_map(bytes, FSV_STORE_MAX_MODELS, arena, &pairs, &n, err);

	if (e < 0)
		return e;
	models = FSV_ARENA_NEW_N(arena, struct fsv_stored_model, n);
	fsv_arena_init(&r.scratch, 0);
	fsv_map_init(&r.seen);
	for (size_t i = 0; i < n; i++) {
		models[i].fault = read_model(&r, &pairs[i], &models[i]);
		fsv_arena_reset(&r.scratch);
	}
	fsv_map_done(&r.seen);
	fsv_arena_done(&r.scratch);
	*ret_models = models;
	*ret_n = n;
	return 0;
}

int fsv_store_parse_bindings(struct fsv_str bytes, struct fsv_arena *arena,
			     struct fsv_stored_binding **ret_bindings, size_t *ret_n, struct fsv_err *err)
{
	struct fsv_stored_binding *bindings;
	struct fsv_java_pair *pairs = NULL;
	size_t n = 0;
	int e = read_map(bytes, FSV_STORE_MAX_BINDINGS, arena, &pairs, &n, err);

	if (e < 0)
		return e;
	bindings = FSV_ARENA_NEW_N(arena, struct fsv_stored_binding, n);
	for (size_t i = 0; i < n; i++) {
		bindings[i].service_id = pairs[i].key->text;
		bindings[i].model_key = pairs[i].value->text;
		if (pairs[i].key->type != FSV_JAVA_STRING || pairs[i].key->text.n == 0)
			bindings[i].fault = "its service id is not a text";
		else if (pairs[i].value->type != FSV_JAVA_STRING)
			bindings[i].fault = "its model key is not a text";
	}
	*ret_bindings = bindings;
	*ret_n = n;
	return 0;
}
