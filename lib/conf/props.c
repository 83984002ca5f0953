/* SPDX-License-Identifier: Apache-2.0 */
/* Effective values as JSON members, for listProps. */
#include "conf-private.h"

#include "codec/json.h"

static void write_list(struct fsv_jsonw *w, const char *const *list)
{
	fsv_jsonw_begin(w, '[');
	for (; *list; list++)
		fsv_jsonw_str(w, fsv_str(*list));
	fsv_jsonw_end(w, ']');
}

static void write_value(struct fsv_jsonw *w, const struct fsv_conf_key *key, const struct fsv_conf_value *v)
{
	if (key->flags & FSV_CONF_SECRET) {
		fsv_jsonw_str(w, FSV_STR("******"));
	} else if (v->list) {
		write_list(w, v->list);
	} else if (key->type == FSV_CONF_BOOL) {
		fsv_jsonw_bool(w, v->item.number != 0);
	} else if (key->type == FSV_CONF_DOUBLE) {
		fsv_jsonw_double(w, v->item.real);
	} else if (key->type == FSV_CONF_DURATION) {
		/* As a bare number would stand in the file. */
		fsv_jsonw_int(w, key->unit && strcmp(key->unit, "s") == 0 ? v->item.number / 1000 : v->item.number);
	} else if (key->type == FSV_CONF_INT || key->type == FSV_CONF_PORT || key->type == FSV_CONF_SIZE) {
		fsv_jsonw_int(w, v->item.number);
	} else {
		fsv_jsonw_str(w, fsv_str(v->item.text));
	}
}

bool fsv_conf_wanted(const char *name, struct fsv_str keyword)
{
	return fsv_str_blank(keyword) || fsv_str_case_holds(fsv_str(name), keyword);
}

void fsv_conf_props(const struct fsv_conf *conf, struct fsv_str keyword, const char *without, struct fsv_jsonw *w)
{
	for (unsigned i = 0; i < conf->schema->n_keys; i++) {
		const struct fsv_conf_key *key = &conf->schema->keys[i];
		const struct fsv_conf_value *v = &conf->values[i];

		if (key->flags & FSV_CONF_RETIRED || (!v->item.text && !v->list) || strcmp(key->name, without) == 0 ||
		    !fsv_conf_wanted(key->name, keyword))
			continue;
		fsv_jsonw_key(w, fsv_str(key->name));
		write_value(w, key, v);
	}
}
