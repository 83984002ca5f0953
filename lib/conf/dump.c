/* SPDX-License-Identifier: Apache-2.0 */
/* Effective values for the operator, and what a reload could not change. */
#include "conf-private.h"

static void dump_list(const char *const *list, struct fsv_buf *out)
{
	if (!list[0])
		fsv_buf_puts(out, " []");
	for (; *list; list++) {
		fsv_buf_puts(out, "\n  - ");
		fsv_yaml_scalar(out, fsv_str(*list));
	}
}

static void dump_value(const struct fsv_conf_key *key, const struct fsv_conf_value *v, struct fsv_buf *out)
{
	if (!v->item.text && !v->list) {
		fsv_buf_puts(out, " null");
	} else if (key->flags & FSV_CONF_SECRET) {
		fsv_buf_puts(out, " \"(secret)\"");
	} else if (v->list) {
		dump_list(v->list, out);
	} else {
		fsv_buf_putc(out, ' ');
		fsv_yaml_scalar(out, fsv_str(v->item.text));
	}
}

void fsv_conf_dump(const struct fsv_conf *conf, struct fsv_buf *out)
{
	for (unsigned i = 0; i < conf->schema->n_keys; i++) {
		const struct fsv_conf_key *key = &conf->schema->keys[i];

		if (key->flags & FSV_CONF_RETIRED)
			continue;
		fsv_buf_printf(out, "%s:", key->name);
		dump_value(key, &conf->values[i], out);
		fsv_buf_putc(out, '\n');
	}
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_value(const struct fsv_conf_value *a, const struct fsv_conf_value *b)
{
	if (!same_text(a->item.text, b->item.text))
		return false;
	if (!a->list || !b->list)
		return a->list == b->list;
	for (size_t i = 0;; i++) {
		if (!same_text(a->list[i], b->list[i]))
			return false;
		if (!a->list[i])
			return true;
	}
}

unsigned fsv_conf_restart_keys(const struct fsv_conf *was, const struct fsv_conf *now, struct fsv_buf *out)
{
	unsigned n = 0;

	FSV_BUG_ON(was->schema != now->schema);
	for (unsigned i = 0; i < now->schema->n_keys; i++) {
		const struct fsv_conf_key *key = &now->schema->keys[i];

		if (!(key->flags & FSV_CONF_RESTART) || same_value(&was->values[i], &now->values[i]))
			continue;
		fsv_buf_printf(out, "%s%s", n > 0 ? ", " : "", key->name);
		n++;
	}
	return n;
}
