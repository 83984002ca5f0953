/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names: exact look-up, and the nearest key for a name that is none. Tables have about a hundred keys
 * and a load stops at the first unknown one, so plain scans do.
 */
#include "conf-private.h"

enum { NAME_MAX_BYTES = 96 };

int fsv_conf_find(const struct fsv_conf_schema *schema, struct fsv_str name)
{
	for (unsigned i = 0; i < schema->n_keys; i++)
		if (fsv_str_is(name, schema->keys[i].name))
			return (int)i;
	return FSV_CONF_NONE;
}

bool fsv_conf_is_group(const struct fsv_conf_schema *schema, struct fsv_str name)
{
	for (unsigned i = 0; i < schema->n_keys; i++) {
		struct fsv_str key = fsv_str(schema->keys[i].name);

		if (key.n > name.n && key.p[name.n] == '.' && fsv_str_starts(key, name))
			return true;
	}
	return false;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Edits (insert, drop, change, swap neighbours) from a to b, whatever the case. Both at most
 * NAME_MAX_BYTES long. */
static unsigned distance(struct fsv_str a, struct fsv_str b)
{
	unsigned rows[3][NAME_MAX_BYTES + 1];
	unsigned *older = rows[0], *old = rows[1], *now = rows[2];

	for (unsigned j = 0; j <= b.n; j++)
		old[j] = j;
	for (unsigned i = 1; i <= a.n; i++) {
		unsigned *free_row = older;

		now[0] = i;
		for (unsigned j = 1; j <= b.n; j++) {
			char ca = lower(a.p[i - 1]), cb = lower(b.p[j - 1]);

			now[j] = min3(old[j] + 1, now[j - 1] + 1, old[j - 1] + (ca != cb));
			if (i > 1 && j > 1 && ca == lower(b.p[j - 2]) && cb == lower(a.p[i - 2]) &&
			    older[j - 2] + 1 < now[j])
				now[j] = older[j - 2] + 1;
		}
		older = old;
		old = now;
		now = free_row;
	}
	return old[b.n];
}

const char *fsv_conf_nearest(const struct fsv_conf_schema *schema, struct fsv_str name)
{
	/* One slip in a short name, up to four in a long one; more is another word. */
	unsigned best = name.n <= 4 ? 1 : name.n <= 10 ? 2 : name.n <= 20 ? 3 : 4;
	const char *nearest = NULL;

	if (name.n > NAME_MAX_BYTES)
		return NULL;
	for (unsigned i = 0; i < schema->n_keys; i++) {
		const struct fsv_conf_key *key = &schema->keys[i];
		struct fsv_str known = fsv_str(key->name);
		unsigned d;

		if ((key->flags & FSV_CONF_RETIRED) || known.n > NAME_MAX_BYTES || known.n > name.n + best ||
		    name.n > known.n + best)
			continue;
		d = distance(name, known);
		if (d < best || (d == best && !nearest)) {
			best = d;
			nearest = key->name;
		}
	}
	return nearest;
}
