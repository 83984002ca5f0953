/* SPDX-License-Identifier: Apache-2.0 */
/* A loaded configuration: life and values. It never changes, so any thread may read it. */
#include "conf-private.h"

#include "base/mem.h"

static void conf_free(struct fsv_ref *ref)
{
	struct fsv_conf *conf = (struct fsv_conf *)ref;

	fsv_arena_done(&conf->arena);
	free(conf);
}

static bool well_formed(const struct fsv_conf_key *key)
{
	if (!key->name || !key->name[0] || !key->doc)
		return false;
	if (key->type == FSV_CONF_DURATION)
		return key->unit && (strcmp(key->unit, "ms") == 0 || strcmp(key->unit, "s") == 0);
	if (key->type == FSV_CONF_ENUM && !key->choices)
		return false;
	/* Only whole numbers have a range. */
	return (key->min == 0 && key->max == 0) || key->type == FSV_CONF_INT || key->type == FSV_CONF_PORT ||
	       key->type == FSV_CONF_SIZE;
}

static void check_table(const struct fsv_conf_schema *schema)
{
	for (unsigned i = 0; i < schema->n_keys; i++) {
		const struct fsv_conf_key *key = &schema->keys[i];

		FSV_BUG_ON(!well_formed(key));
		FSV_BUG_ON(fsv_conf_find(schema, fsv_str(key->name)) != (int)i);
		/* What is nested below a secret by mistake would be named in an error. */
		FSV_BUG_ON((key->flags & FSV_CONF_SECRET) && fsv_conf_is_group(schema, fsv_str(key->name)));
	}
}

void fsv_conf_set_default(struct fsv_conf *conf, unsigned i)
{
	const struct fsv_conf_key *key = &conf->schema->keys[i];
	struct fsv_conf_value *v = &conf->values[i];
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_str def = fsv_str(key->def);
	int rc = 0;

	v->item = (struct fsv_conf_item){ 0 };
	v->list = NULL;
	v->set = false;
	v->where = "default";
	if (key->def && (key->flags & FSV_CONF_LIST))
		rc = fsv_conf_parse_list(key, def, conf->folder, &conf->arena, &v->list, &err);
	else if (key->def)
		rc = fsv_conf_parse_item(key, def, conf->folder, &conf->arena, &v->item, &err);
	FSV_BUG_ON(rc < 0);
}

struct fsv_conf *fsv_conf_new(const struct fsv_conf_schema *schema, const char *folder)
{
	struct fsv_conf *conf = FSV_NEW(struct fsv_conf);

	fsv_ref_init(&conf->ref, conf_free);
	conf->schema = schema;
	fsv_arena_init(&conf->arena, 0);
	conf->folder = folder ? fsv_arena_cstr(&conf->arena, fsv_str(folder)) : NULL;
	conf->values = FSV_ARENA_NEW_N(&conf->arena, struct fsv_conf_value, schema->n_keys);
	check_table(schema);
	for (unsigned i = 0; i < schema->n_keys; i++)
		fsv_conf_set_default(conf, i);
	return conf;
}

struct fsv_conf *fsv_conf_ref(struct fsv_conf *conf)
{
	fsv_ref_get(&conf->ref);
	return conf;
}

struct fsv_conf *fsv_conf_unref(struct fsv_conf *conf)
{
	if (conf)
		fsv_ref_put(&conf->ref);
	return NULL;
}

/* Asking for a value as what it is not is a bug at the caller. */
static const struct fsv_conf_value *value(const struct fsv_conf *conf, unsigned key, unsigned types,
					  bool list)
{
	FSV_BUG_ON(key >= conf->schema->n_keys);
	FSV_BUG_ON(!(types & 1u << conf->schema->keys[key].type));
	FSV_BUG_ON(!!(conf->schema->keys[key].flags & FSV_CONF_LIST) != list);
	return &conf->values[key];
}

#define TYPE(name)	(1u << FSV_CONF_##name)
enum { ANY_TYPE = ~0 };

bool fsv_conf_bool(const struct fsv_conf *conf, unsigned key)
{
	return value(conf, key, TYPE(BOOL), false)->item.number != 0;
}

int64_t fsv_conf_int(const struct fsv_conf *conf, unsigned key)
{
	return value(conf, key, TYPE(INT) | TYPE(PORT) | TYPE(DURATION) | TYPE(SIZE), false)->item.number;
}

double fsv_conf_double(const struct fsv_conf *conf, unsigned key)
{
	return value(conf, key, TYPE(DOUBLE), false)->item.real;
}

const char *fsv_conf_str(const struct fsv_conf *conf, unsigned key)
{
	return value(conf, key, TYPE(STRING) | TYPE(PATH) | TYPE(ENUM) | TYPE(ADDRESS), false)->item.text;
}

const char *const *fsv_conf_list(const struct fsv_conf *conf, unsigned key)
{
	static const char *const none[] = { NULL };
	const struct fsv_conf_value *v = value(conf, key, (unsigned)ANY_TYPE, true);

	return v->list ? v->list : none;
}

unsigned fsv_conf_enum(const struct fsv_conf *conf, unsigned key)
{
	return (unsigned)value(conf, key, TYPE(ENUM), false)->item.number;
}

bool fsv_conf_is_set(const struct fsv_conf *conf, unsigned key)
{
	FSV_BUG_ON(key >= conf->schema->n_keys);
	return conf->values[key].set;
}

const char *fsv_conf_where(const struct fsv_conf *conf, unsigned key)
{
	FSV_BUG_ON(key >= conf->schema->n_keys);
	return conf->values[key].where;
}
