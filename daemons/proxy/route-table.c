/* SPDX-License-Identifier: Apache-2.0 */
#include "route-table.h"

#include <stdatomic.h>

#include "base/buf.h"
#include "base/random.h"

void fsv_endpoint_refuse(struct fsv_route_table *table, struct fsv_endpoint *endpoint, int code,
			 const char *text)
{
	endpoint->refused_code = code;
	endpoint->refused = fsv_arena_cstr(&table->arena, fsv_str(text));
}

void fsv_route_table_each(struct fsv_route_table *table,
			  void (*fn)(struct fsv_route_table *table, struct fsv_endpoint *endpoint, void *arg),
			  void *arg)
{
	for (size_t p = 0; p < table->parties.n; p++) {
		struct fsv_route_party *party = table->parties.entries[p].value;

		for (size_t r = 0; r < party->roles.n; r++) {
			struct fsv_endpoints *list = party->roles.entries[r].value;

			for (unsigned i = 0; i < list->n; i++)
				fn(table, &list->all[i], arg);
		}
	}
}

static void seal_list(struct fsv_endpoints *list)
{
	list->n_usable = 0;
	for (unsigned i = 0; i < list->n; i++) {
		struct fsv_endpoint endpoint = list->all[i];

		if (endpoint.refused)
			continue;
		/* Moving the refused ones up one by one keeps the file's order among the usable. */
		for (unsigned k = i; k > list->n_usable; k--)
			list->all[k] = list->all[k - 1];
		list->all[list->n_usable++] = endpoint;
	}
}

void fsv_route_table_seal(struct fsv_route_table *table)
{
	for (size_t p = 0; p < table->parties.n; p++) {
		struct fsv_route_party *party = table->parties.entries[p].value;

		for (size_t r = 0; r < party->roles.n; r++)
			seal_list(party->roles.entries[r].value);
	}
}

/* Permission ----------------------------------------------------------------------------------- */

enum { PAIR_MAX = 512 };

/* "party\0role"; empty when it is longer than any rule may be. */
static struct fsv_str pair(char buf[PAIR_MAX], struct fsv_str party, struct fsv_str role)
{
	if (party.n > PAIR_MAX || role.n > PAIR_MAX || party.n + role.n + 1 > PAIR_MAX)
		return FSV_STR_NULL;
	if (party.n > 0)
		memcpy(buf, party.p, party.n);
	buf[party.n] = '\0';
	if (role.n > 0)
		memcpy(buf + party.n + 1, role.p, role.n);
	return fsv_str_n(buf, party.n + 1 + role.n);
}

/* The side itself, then (party, *), then (*, *): the first of them that stands in the map. */
static void *match(const struct fsv_map *map, const struct fsv_route_side *side)
{
	const struct fsv_str any = FSV_STR("*");
	char buf[PAIR_MAX];
	void *found = fsv_map_get(map, pair(buf, side->party, side->role));

	if (!found)
		found = fsv_map_get(map, pair(buf, side->party, any));
	if (!found)
		found = fsv_map_get(map, pair(buf, any, any));
	return found;
}

static bool rules_match(const struct fsv_route_rules *rules, const struct fsv_route_side *src,
			const struct fsv_route_side *dst)
{
	const struct fsv_map *to;

	if (rules->from.n == 0)
		return false;
	to = match(&rules->from, src);
	return to && match(to, dst);
}

bool fsv_route_permitted(const struct fsv_route_table *table, const struct fsv_route_side *src,
			 const struct fsv_route_side *dst)
{
	if (rules_match(&table->deny, src, dst))
		return false;
	return rules_match(&table->allow, src, dst) || table->default_allow;
}

/* Look-up -------------------------------------------------------------------------------------- */

/* As protobuf's text form prints it, which is what the reference shows in its message. */
static void text_field(struct fsv_buf *out, const char *name, struct fsv_str value)
{
	if (value.n == 0)
		return;
	fsv_buf_printf(out, "%s: \"", name);
	for (size_t i = 0; i < value.n; i++) {
		unsigned char ch = (unsigned char)value.p[i];

		if (ch == '\n')
			fsv_buf_puts(out, "\\n");
		else if (ch == '"' || ch == '\\')
			fsv_buf_printf(out, "\\%c", ch);
		else if (ch < 0x20 || ch >= 0x7f)
			fsv_buf_printf(out, "\\%03o", ch);
		else
			fsv_buf_putc(out, (char)ch);
	}
	fsv_buf_puts(out, "\"\n");
}

static int FSV_COLD blank_topic(const struct fsv_route_query *query, struct fsv_err *err)
{
	struct fsv_buf text;
	int r;

	fsv_buf_init(&text, NULL, FSV_ERR_TEXT_MAX);
	text_field(&text, "name", query->dst_name);
	text_field(&text, "partyId", query->dst.party);
	text_field(&text, "role", query->dst.role);
	r = fsv_err_set(err, FSV_E_SYSTEM, "one of dstTopic name, coordinator, role is null. dstTopic: %s",
			fsv_buf_failed(&text) ? "" : fsv_buf_cstr(&text));
	fsv_buf_done(&text);
	return r;
}

/* What a partner sent is shown back to it, cut to a length that fits. */
static struct fsv_str shown(struct fsv_str s)
{
	return fsv_str_sub(s, 0, 128);
}

int fsv_route_find(const struct fsv_route_table *table, const struct fsv_route_query *query,
		   const struct fsv_endpoints **ret_endpoints, struct fsv_err *err)
{
	const struct fsv_route_party *party;
	const struct fsv_endpoints *list;

	if (!table || !fsv_route_permitted(table, &query->src, &query->dst))
		return fsv_err_set(err, FSV_E_PROXY_ROUTER, "serving-proxy can not find router info ");
	if (fsv_str_blank(query->dst_name) || fsv_str_blank(query->dst.party) || fsv_str_blank(query->dst.role))
		return blank_topic(query, err);
	party = fsv_map_get(&table->parties, query->dst.party);
	if (!party)
		party = table->other;
	if (!party)
		return fsv_err_set(err, FSV_E_SYSTEM,
				   "No available endpoint for the coordinator: %.*s. Considering adding a default endpoint?",
				   FSV_STR_ARG(shown(query->dst.party)));
	list = fsv_map_get(&party->roles, query->dst.role);
	if (!list)
		list = party->other;
	if (!list || list->n == 0)
		return fsv_err_set(err, FSV_E_SYSTEM,
				   "No available endpoint for this service: %.*s. Considering adding a default endpoint, "
				   "or check if the list is empty?", FSV_STR_ARG(shown(query->dst.role)));
	*ret_endpoints = list;
	return 0;
}

/* Selection ------------------------------------------------------------------------------------ */

/* FNV-1a: every proxy of a party sends the same case id to the same place, also after a restart, which
 * the seeded hash of our tables would not do. */
static uint64_t stable_hash(struct fsv_str s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
	return fsv_mix64(h);
}

static uint64_t choice(enum fsv_route_type type, struct fsv_str case_id)
{
	static _Atomic uint64_t turn;

	if (type == FSV_ROUTE_ROUND_ROBIN)
		return atomic_fetch_add_explicit(&turn, 1, memory_order_relaxed);
	if (type == FSV_ROUTE_CONSISTENT && case_id.n > 0)
		return stable_hash(case_id);
	return fsv_random64();
}

int fsv_route_pick(const struct fsv_endpoints *endpoints, enum fsv_route_type type, struct fsv_str case_id,
		   const struct fsv_endpoint **ret_endpoint, struct fsv_err *err)
{
	unsigned n = endpoints->n_usable;

	if (n == 0)
		return fsv_err_set(err, endpoints->all[0].refused_code, "%s", endpoints->all[0].refused);
	*ret_endpoint = n == 1 ? &endpoints->all[0] : &endpoints->all[choice(type, case_id) % n];
	return 0;
}
