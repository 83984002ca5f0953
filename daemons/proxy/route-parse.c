/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads route_table.json. Every member that has a meaning is checked here, with the place of the mistake
 * in the message, so that a table that loads is a table that can be used. Unknown members are ignored,
 * as in the reference.
 */
#include "route-table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "codec/json.h"
#include "lenient.h"
#include "net/rpc.h"

enum { SIDE_MAX = 200, PATH_MAX_BYTES = 4096, PARTIES_MAX = 100000, ENDPOINTS_MAX = 100000 };

struct parse {
	struct fsv_route_table *table;
	struct fsv_lenient source;
	struct fsv_json json;
	const char *file;
	const char *what;	/* the entry that is being read: "party 10000, role serving, endpoint 0" */
	struct fsv_err *err;
};

static void table_free(struct fsv_ref *ref);

/* Reading ---------------------------------------------------------------------------------------- */

/* Offset of the next value in the strict text. */
static size_t here(const struct parse *p)
{
	const char *at = p->json.p;

	while (at < p->json.end && (*at == ' ' || *at == ':' || *at == ','))
		at++;
	return (size_t)(at - p->json.start);
}

static int FSV_PRINTF(4, 5) FSV_COLD fail_at(struct parse *p, size_t offset, const char *member, const char *fmt, ...)
{
	struct fsv_text_pos pos = fsv_lenient_pos(&p->source, offset);
	char why[FSV_ERR_TEXT_MAX / 2];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	FSV_BUG_ON(n < 0);
	return fsv_err_set(p->err, FSV_E_ROUTE_LOAD, "%s:%u:%u: %s%s%s%s%s", p->file, pos.line, pos.column,
			   p->what ? p->what : "", p->what ? ": " : "", member ? member : "", member ? ": " : "", why);
}

static int FSV_COLD fail_json(struct parse *p)
{
	size_t at = p->json.at ? (size_t)(p->json.at - p->json.start) : p->source.strict.n;

	return fail_at(p, at, NULL, "%s", p->json.why ? p->json.why : "the text ends too early");
}

/* 0, or the error when the value is not of that type. at: its offset. */
static int expect(struct parse *p, enum fsv_json_type want, const char *member, const char *must_be, size_t *ret_at)
{
	size_t at = here(p);
	enum fsv_json_type type = fsv_json_value(&p->json);

	if (type == FSV_JSON_ERROR || type == FSV_JSON_NONE)
		return fail_json(p);
	if (type != want)
		return fail_at(p, at, member, "must be %s", must_be);
	*ret_at = at;
	return 0;
}

/* A text, or a number taken as text. */
static int read_text(struct parse *p, const char *member, bool number_too, const char **ret_text)
{
	size_t at = here(p);
	enum fsv_json_type type = fsv_json_value(&p->json);

	if (type == FSV_JSON_ERROR || type == FSV_JSON_NONE)
		return fail_json(p);
	if (type != FSV_JSON_STRING && !(number_too && (type == FSV_JSON_INT || type == FSV_JSON_DOUBLE)))
		return fail_at(p, at, member, "must be a text");
	if (p->json.text.n > PATH_MAX_BYTES)
		return fail_at(p, at, member, "longer than %d bytes", PATH_MAX_BYTES);
	if (p->json.text.n > 0 && memchr(p->json.text.p, '\0', p->json.text.n))
		return fail_at(p, at, member, "must not hold a NUL character");
	*ret_text = fsv_arena_cstr(&p->table->arena, p->json.text);
	return 0;
}

static int read_bool(struct parse *p, const char *member, bool *ret_value)
{
	size_t at = here(p);
	enum fsv_json_type type = fsv_json_value(&p->json);

	if (type == FSV_JSON_ERROR || type == FSV_JSON_NONE)
		return fail_json(p);
	if (type == FSV_JSON_STRING && fsv_str_caseeq(p->json.text, FSV_STR("true")))
		type = FSV_JSON_TRUE;
	else if (type == FSV_JSON_STRING && fsv_str_caseeq(p->json.text, FSV_STR("false")))
		type = FSV_JSON_FALSE;
	if (type != FSV_JSON_TRUE && type != FSV_JSON_FALSE)
		return fail_at(p, at, member, "must be true or false");
	*ret_value = type == FSV_JSON_TRUE;
	return 0;
}

static int read_port(struct parse *p, uint16_t *ret_port)
{
	size_t at = here(p);
	enum fsv_json_type type = fsv_json_value(&p->json);
	int64_t port;

	if (type == FSV_JSON_ERROR || type == FSV_JSON_NONE)
		return fail_json(p);
	if ((type != FSV_JSON_INT && type != FSV_JSON_STRING) || !fsv_str_to_i64(p->json.text, &port))
		return fail_at(p, at, "port", "must be a number");
	if (port < 0 || port > 65535)
		return fail_at(p, at, "port", "must be between 1 and 65535");
	*ret_port = (uint16_t)port;
	return 0;
}

static int skip(struct parse *p)
{
	enum fsv_json_type type = fsv_json_skip(&p->json, NULL);

	return type == FSV_JSON_ERROR || type == FSV_JSON_NONE ? fail_json(p) : 0;
}

/* Endpoints ---------------------------------------------------------------------------------------- */

struct raw_endpoint {
	const char *ip, *hostname, *url, *negotiation, *cert, *key, *ca;
	uint16_t port;
	bool tls;
};

static int read_member(struct parse *p, struct fsv_str name, struct raw_endpoint *raw)
{
	const struct {
		const char *name;
		const char **text;
	} texts[] = {
		{ "ip", &raw->ip }, { "hostname", &raw->hostname }, { "url", &raw->url },
		{ "negotiationType", &raw->negotiation }, { "certChainFile", &raw->cert },
		{ "privateKeyFile", &raw->key }, { "caFile", &raw->ca },
	};

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (fsv_str_is(name, texts[i].name))
			return read_text(p, texts[i].name, false, texts[i].text);
	if (fsv_str_is(name, "port"))
		return read_port(p, &raw->port);
	if (fsv_str_is(name, "useSSL"))
		return read_bool(p, "useSSL", &raw->tls);
	return skip(p);
}

/* NULL when blank. */
static const char *filled(const char *text)
{
	return text && !fsv_str_blank(fsv_str(text)) ? text : NULL;
}

static bool valid_host(const char *host)
{
	for (; *host; host++)
		if ((unsigned char)*host <= 0x20 || (unsigned char)*host >= 0x7f || strchr("/\\\"'<>@?#", *host))
			return false;
	return true;
}

/* What makes an endpoint unusable without making the file wrong: the others still work. */
static void judge_tls(struct parse *p, struct fsv_endpoint *e, const struct raw_endpoint *raw)
{
	const char *why = NULL;

	e->tls = raw->tls;
	if (!raw->tls || e->url)
		return;
	if (!filled(raw->negotiation) || strcmp(raw->negotiation, "TLS") != 0)
		why = "useSSL is true, but negotiationType is not TLS";
	else if (!filled(raw->ca) || !filled(raw->cert) || !filled(raw->key))
		why = "useSSL is true, but caFile, certChainFile and privateKeyFile are not all given";
	e->ca_file = filled(raw->ca);
	e->cert_file = filled(raw->cert);
	e->key_file = filled(raw->key);
	if (why)
		fsv_endpoint_refuse(p->table, e, FSV_E_NET, why);
}

static int finish_endpoint(struct parse *p, size_t at, const struct raw_endpoint *raw, struct fsv_endpoint *e)
{
	const char *host = filled(raw->ip) ? raw->ip : filled(raw->hostname);

	*e = (struct fsv_endpoint){ .host = "", .name = p->what, .line = fsv_lenient_pos(&p->source, at).line };
	e->url = filled(raw->url);
	if (e->url && strncmp(e->url, "http://", 7) != 0 && strncmp(e->url, "https://", 8) != 0)
		return fail_at(p, at, "url", "must begin with http:// or https://");
	if (!host && !e->url)
		return fail_at(p, at, "ip", "none of ip, hostname and url is given");
	if (host && !valid_host(host))
		return fail_at(p, at, filled(raw->ip) ? "ip" : "hostname", "is no host name or address");
	if (host && raw->port == 0 && !e->url)
		return fail_at(p, at, "port", "must be given, between 1 and 65535");
	if (host && raw->port != 0) {
		e->host = host;
		e->port = raw->port;
		e->target = fsv_arena_printf(&p->table->arena, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, raw->port);
	} else {
		e->target = e->url;
	}
	judge_tls(p, e, raw);
	p->table->n_endpoints++;
	return 0;
}

static int read_endpoint(struct parse *p, struct fsv_endpoint *ret_endpoint)
{
	struct raw_endpoint raw = { 0 };
	struct fsv_str name;
	size_t at;
	int r = expect(p, FSV_JSON_OBJECT, NULL, "an object with ip and port", &at);

	while (r == 0 && fsv_json_key(&p->json, &name))
		r = read_member(p, name, &raw);
	if (r < 0)
		return r;
	if (fsv_json_failed(&p->json))
		return fail_json(p);
	return finish_endpoint(p, at, &raw, ret_endpoint);
}

static int read_endpoints(struct parse *p, const char *of, struct fsv_endpoints *list)
{
	struct fsv_endpoint one;
	size_t at, cap = 0;
	int r;

	p->what = of;
	r = expect(p, FSV_JSON_ARRAY, NULL, "a list of endpoints", &at);
	while (r == 0 && fsv_json_elem(&p->json)) {
		if (p->table->n_endpoints >= ENDPOINTS_MAX)
			return fail_at(p, here(p), NULL, "more than %d endpoints in the file", ENDPOINTS_MAX);
		p->what = fsv_arena_printf(&p->table->arena, "%s, endpoint %u", of, list->n);
		r = read_endpoint(p, &one);
		if (r < 0)
			return r;
		FSV_ARENA_MORE(&p->table->arena, list->all, list->n, cap, 4);
		list->all[list->n++] = one;
	}
	if (r == 0 && fsv_json_failed(&p->json))
		r = fail_json(p);
	p->what = NULL;
	return r;
}

/* Parties and roles ---------------------------------------------------------------------------------- */

/* The name of a member, as text that lives as long as the table. */
static int member_name(struct parse *p, struct fsv_str name, const char *kind, struct fsv_str *ret_name)
{
	if (name.n == 0 || name.n > SIDE_MAX || memchr(name.p, '\0', name.n))
		return fail_at(p, here(p), NULL, "a %s must have between 1 and %d characters", kind, SIDE_MAX);
	*ret_name = fsv_arena_str(&p->table->arena, name);
	return 0;
}

static int read_role(struct parse *p, struct fsv_route_party *party, struct fsv_str party_name, struct fsv_str role)
{
	struct fsv_endpoints *list = FSV_ARENA_NEW(&p->table->arena, struct fsv_endpoints);
	const char *of;
	int r = member_name(p, role, "role", &role);

	if (r < 0)
		return r;
	of = fsv_arena_printf(&p->table->arena, "party %.*s, role %.*s", FSV_STR_ARG(party_name), FSV_STR_ARG(role));
	r = read_endpoints(p, of, list);
	if (r < 0)
		return r;
	(void)fsv_map_put(&party->roles, role, list);	/* the last of equal names counts */
	if (fsv_str_is(role, "default"))
		party->other = list;
	return 0;
}

static struct fsv_route_party *party_of(struct fsv_route_table *table, struct fsv_str name)
{
	struct fsv_route_party *party = fsv_map_get(&table->parties, name);

	if (party) {	/* named twice: the last one counts */
		fsv_map_done(&party->roles);
		party->other = NULL;
		return party;
	}
	party = FSV_ARENA_NEW(&table->arena, struct fsv_route_party);
	fsv_map_init(&party->roles);
	(void)fsv_map_put(&table->parties, name, party);
	if (fsv_str_is(name, "default"))
		table->other = party;
	return party;
}

static int read_party(struct parse *p, struct fsv_str name)
{
	struct fsv_route_party *party;
	struct fsv_str role;
	size_t at;
	int r = member_name(p, name, "party id", &name);

	if (r == 0) {
		p->what = fsv_arena_printf(&p->table->arena, "party %.*s", FSV_STR_ARG(name));
		r = expect(p, FSV_JSON_OBJECT, NULL, "an object of roles", &at);
	}
	if (r < 0)
		return r;
	if (p->table->parties.n >= PARTIES_MAX)
		return fail_at(p, at, NULL, "more than %d parties in the file", PARTIES_MAX);
	party = party_of(p->table, name);
	while (r == 0 && fsv_json_key(&p->json, &role)) {
		if (fsv_str_is(role, "createTime") || fsv_str_is(role, "updateTime"))
			r = skip(p);
		else
			r = read_role(p, party, name, role);
	}
	if (r == 0 && fsv_json_failed(&p->json))
		r = fail_json(p);
	p->what = NULL;
	return r;
}

static int read_table(struct parse *p)
{
	struct fsv_str name;
	size_t at;
	int r = expect(p, FSV_JSON_OBJECT, "route_table", "an object of parties", &at);

	while (r == 0 && fsv_json_key(&p->json, &name))
		r = read_party(p, name);
	if (r == 0 && fsv_json_failed(&p->json))
		r = fail_json(p);
	return r;
}

/* Permission ------------------------------------------------------------------------------------------ */

static int read_side(struct parse *p, const char *member, struct fsv_str *ret_pair)
{
	const char *party = "", *role = "";
	struct fsv_str name;
	size_t at;
	int r = expect(p, FSV_JSON_OBJECT, member, "an object with coordinator and role", &at);

	while (r == 0 && fsv_json_key(&p->json, &name)) {
		if (fsv_str_is(name, "coordinator"))
			r = read_text(p, "coordinator", true, &party);
		else if (fsv_str_is(name, "role"))
			r = read_text(p, "role", true, &role);
		else
			r = skip(p);
	}
	if (r < 0)
		return r;
	if (fsv_json_failed(&p->json))
		return fail_json(p);
	if (strlen(party) > SIDE_MAX || strlen(role) > SIDE_MAX)
		return fail_at(p, at, member, "coordinator and role must have at most %d characters", SIDE_MAX);
	/* "party\0role": both are free of NUL. */
	ret_pair->n = strlen(party) + 1 + strlen(role);
	ret_pair->p = fsv_arena_alloc(&p->table->arena, ret_pair->n + 1);
	memcpy((char *)ret_pair->p, party, strlen(party) + 1);
	memcpy((char *)ret_pair->p + strlen(party) + 1, role, strlen(role) + 1);
	return 0;
}

static void add_rule(struct fsv_route_table *table, struct fsv_route_rules *rules, struct fsv_str from, struct fsv_str to)
{
	struct fsv_map *group = fsv_map_get(&rules->from, from);

	if (!group) {
		group = FSV_ARENA_NEW(&table->arena, struct fsv_map);
		fsv_map_init(group);
		(void)fsv_map_put(&rules->from, from, group);
	}
	(void)fsv_map_put(group, to, rules);	/* any value but NULL: the map is a set */
}

static int read_rule(struct parse *p, struct fsv_route_rules *rules)
{
	struct fsv_str from = FSV_STR_NULL, to = FSV_STR_NULL, name;
	size_t at;
	int r = expect(p, FSV_JSON_OBJECT, NULL, "an object with from and to", &at);

	while (r == 0 && fsv_json_key(&p->json, &name)) {
		if (fsv_str_is(name, "from"))
			r = read_side(p, "from", &from);
		else if (fsv_str_is(name, "to"))
			r = read_side(p, "to", &to);
		else
			r = skip(p);
	}
	if (r < 0)
		return r;
	if (fsv_json_failed(&p->json))
		return fail_json(p);
	if (!from.p || !to.p)
		return fail_at(p, at, NULL, "%s is missing", from.p ? "to" : "from");
	add_rule(p->table, rules, from, to);
	return 0;
}

static int read_rules(struct parse *p, const char *list, struct fsv_route_rules *rules)
{
	unsigned n = 0;
	size_t at;
	int r;

	p->what = list;
	r = expect(p, FSV_JSON_ARRAY, NULL, "a list of rules", &at);
	while (r == 0 && fsv_json_elem(&p->json)) {
		p->what = fsv_arena_printf(&p->table->arena, "%s, rule %u", list, n++);
		r = read_rule(p, rules);
	}
	if (r == 0 && fsv_json_failed(&p->json))
		r = fail_json(p);
	p->what = NULL;
	return r;
}

static int read_permission(struct parse *p)
{
	struct fsv_str name;
	size_t at;
	int r = expect(p, FSV_JSON_OBJECT, "permission", "an object", &at);

	while (r == 0 && fsv_json_key(&p->json, &name)) {
		if (fsv_str_is(name, "default_allow"))
			r = read_bool(p, "permission: default_allow", &p->table->default_allow);
		else if (fsv_str_is(name, "allow"))
			r = read_rules(p, "permission allow", &p->table->allow);
		else if (fsv_str_is(name, "deny"))
			r = read_rules(p, "permission deny", &p->table->deny);
		else
			r = skip(p);
	}
	if (r == 0 && fsv_json_failed(&p->json))
		r = fail_json(p);
	return r;
}

/* File -------------------------------------------------------------------------------------------------- */

/* A part that is given twice would be half of each: refused instead. */
static int once(struct parse *p, bool *seen, const char *part)
{
	if (*seen)
		return fail_at(p, here(p), part, "is given twice");
	*seen = true;
	return 0;
}

static int read_file(struct parse *p)
{
	bool routes = false, permission = false;
	struct fsv_str name;
	size_t at;
	int r = expect(p, FSV_JSON_OBJECT, NULL, "an object with route_table and permission", &at);

	while (r == 0 && fsv_json_key(&p->json, &name)) {
		if (fsv_str_is(name, "route_table")) {
			r = once(p, &routes, "route_table");
			r = r < 0 ? r : read_table(p);
		} else if (fsv_str_is(name, "permission")) {
			r = once(p, &permission, "permission");
			r = r < 0 ? r : read_permission(p);
		} else {
			r = skip(p);
		}
	}
	if (r < 0)
		return r;
	if (fsv_json_failed(&p->json))
		return fail_json(p);
	if (!fsv_json_end(&p->json))
		return fail_at(p, here(p), NULL, "there is more text behind the end of the table");
	if (!routes)
		return fail_at(p, at, "route_table", "is missing");
	if (!permission)
		return fail_at(p, at, "permission", "is missing; without it nothing would be allowed. To allow everything "
			       "that is not denied, add \"permission\": {\"default_allow\": true}");
	return 0;
}

/* For those who ask what the table is. */
static int keep_text(struct fsv_route_table *table, struct fsv_str strict, struct fsv_arena *scratch, struct fsv_err *err)
{
	struct fsv_buf out;
	int r;

	fsv_buf_init(&out, scratch, 0);
	r = fsv_json_reencode(strict, false, scratch, &out, err);
	if (r == 0)
		table->text = fsv_arena_str(&table->arena, fsv_buf_str(&out));
	return r;
}

int fsv_route_table_parse(struct fsv_str text, const char *file, struct fsv_route_table **ret_table,
			  struct fsv_err *err)
{
	struct fsv_route_table *table = FSV_NEW(struct fsv_route_table);
	struct parse p = { .table = table, .file = file, .err = err };
	struct fsv_arena scratch;	/* the text is not needed after reading */
	int r;

	fsv_ref_init(&table->ref, table_free);
	fsv_arena_init(&table->arena, 0);
	fsv_arena_init(&scratch, 0);
	r = fsv_lenient(text, &scratch, &p.source, err);
	if (r < 0) {
		struct fsv_err why = *err;

		r = fsv_err_set(err, FSV_E_ROUTE_LOAD, "%s: %s", file, why.text);
	} else {
		fsv_json_init(&p.json, p.source.strict, &scratch);
		r = read_file(&p);
	}
	if (r == 0)
		r = keep_text(table, p.source.strict, &scratch, err);
	fsv_arena_done(&scratch);
	if (r < 0) {
		fsv_ref_put(&table->ref);
		return r;
	}
	*ret_table = table;
	return 0;
}

static void release_endpoint(struct fsv_route_table *table, struct fsv_endpoint *endpoint, void *arg)
{
	(void)table;
	(void)arg;
	if (endpoint->channel)
		endpoint->channel = fsv_rpc_channel_unref(endpoint->channel);
}

static void rules_done(struct fsv_route_rules *rules)
{
	for (size_t i = 0; i < rules->from.n; i++)
		fsv_map_done(rules->from.entries[i].value);
	fsv_map_done(&rules->from);
}

static void table_free(struct fsv_ref *ref)
{
	struct fsv_route_table *table = (struct fsv_route_table *)ref;

	fsv_route_table_each(table, release_endpoint, NULL);
	for (size_t i = 0; i < table->parties.n; i++)
		fsv_map_done(&((struct fsv_route_party *)table->parties.entries[i].value)->roles);
	fsv_map_done(&table->parties);
	rules_done(&table->allow);
	rules_done(&table->deny);
	fsv_arena_done(&table->arena);
	free(table);
}
