/* SPDX-License-Identifier: Apache-2.0 */
#include "directory.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "net/rpc.h"

enum { ADDRESS_MAX = 300 };

static struct fsv_str without_brackets(struct fsv_str host)
{
	return host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']' ? fsv_str_sub(host, 1, host.n - 1) : host;
}

/* host:port, [v6]:port; false for what is neither. */
static bool split_address(struct fsv_str address, struct fsv_str *ret_host, uint16_t *ret_port)
{
	size_t colon = address.n;
	int64_t port;

	while (colon > 0 && address.p[colon - 1] != ':')
		colon--;
	if (colon < 2 || address.n > ADDRESS_MAX || !fsv_str_to_i64(fsv_str_sub(address, colon, address.n), &port) || port < 1 ||
	    port > 65535)
		return false;
	*ret_host = without_brackets(fsv_str_sub(address, 0, colon - 1));
	*ret_port = (uint16_t)port;
	return true;
}

static bool take_listed(const char *text, struct fsv_str *ret_component, struct fsv_str *ret_address)
{
	struct fsv_str all = fsv_str_trim(fsv_str(text)), host;
	size_t blank = fsv_str_find(all, ' ', 0);
	uint16_t port;

	*ret_component = fsv_str_sub(all, 0, blank);
	*ret_address = fsv_str_trim(fsv_str_sub(all, blank, all.n));
	return (fsv_str_is(*ret_component, "serving") || fsv_str_is(*ret_component, "proxy")) &&
	       split_address(*ret_address, &host, &port);
}

int fsv_directory_check(const char *const *listed, struct fsv_err *err)
{
	struct fsv_str component, address;

	for (; *listed; listed++)
		if (!take_listed(*listed, &component, &address))
			return fsv_err_set(err, FSV_E_CONFIG, "\"%.100s\" is no node; write \"serving host:port\" or \"proxy host:port\" with "
					   "its gRPC port", *listed);
	return 0;
}

static void directory_free(struct fsv_ref *ref)
{
	struct fsv_directory *directory = (struct fsv_directory *)ref;

	for (unsigned i = 0; i < directory->n; i++)
		fsv_rpc_channel_unref(directory->nodes[i].channel);
	fsv_map_done(&directory->by_address);
	fsv_arena_done(&directory->arena);
	free(directory);
}

/* Letters of names and of v6 addresses count in any case; a v6 address stands in no brackets here. */
static struct fsv_str key_of(struct fsv_arena *arena, struct fsv_str host, int64_t port)
{
	char *key = fsv_arena_printf(arena, "%.*s %lld", FSV_STR_ARG(host), (long long)port);

	for (char *p = key; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return fsv_str(key);
}

/* What is no address has itself for a host, and port 0. */
static struct fsv_str key_of_address(struct fsv_arena *arena, struct fsv_str address)
{
	struct fsv_str host = address;
	uint16_t port = 0;

	(void)split_address(address, &host, &port);	/* as said */
	return key_of(arena, host, port);
}

static void add(struct fsv_directory *d, const char *component, struct fsv_str address, int64_t registered,
		const struct fsv_directory *was)
{
	struct fsv_dir_node *node = &d->nodes[d->n], *earlier;
	struct fsv_str key = key_of_address(&d->arena, address);

	*node = (struct fsv_dir_node){ .registered = registered };
	node->component = fsv_arena_cstr(&d->arena, fsv_str(component));
	node->address = fsv_arena_cstr(&d->arena, address);
	/* What is no address is shown, and cannot be asked. */
	if (!split_address(fsv_str(node->address), &node->host, &node->port))
		node->host = fsv_str(node->address);
	earlier = was ? fsv_map_get(&was->by_address, key) : NULL;
	if (earlier && earlier->channel)
		node->channel = fsv_rpc_channel_ref(earlier->channel);
	if (!fsv_map_get(&d->by_address, key))
		(void)fsv_map_put(&d->by_address, key, node);
	d->n++;
}

static unsigned count(const struct fsv_components *registered, const char *const *listed)
{
	unsigned n = 0;

	for (unsigned i = 0; registered && i < registered->n; i++)
		n += registered->all[i].n;
	for (; *listed; listed++)
		n++;
	return n;
}

struct fsv_directory *fsv_directory_new(const struct fsv_components *registered, const char *const *listed,
					struct fsv_directory *was)
{
	struct fsv_directory *d = FSV_NEW(struct fsv_directory);

	fsv_ref_init(&d->ref, directory_free);
	fsv_arena_init(&d->arena, 0);
	fsv_map_init(&d->by_address);
	d->nodes = FSV_ARENA_NEW_N(&d->arena, struct fsv_dir_node, count(registered, listed));
	for (unsigned i = 0; registered && i < registered->n; i++) {
		const struct fsv_component *c = &registered->all[i];

		for (unsigned k = 0; k < c->n; k++)
			add(d, c->name, fsv_str(c->nodes[k].name), c->nodes[k].timestamp, was);
	}
	for (; *listed; listed++) {
		struct fsv_str component, address;

		if (take_listed(*listed, &component, &address) &&
		    !fsv_map_get(&d->by_address, key_of_address(&d->arena, address)))
			add(d, fsv_arena_cstr(&d->arena, component), address, 0, was);
	}
	return d;
}

struct fsv_dir_node *fsv_directory_find(const struct fsv_directory *d, struct fsv_str host, int64_t port)
{
	struct fsv_dir_node *node;
	struct fsv_arena scratch;

	if (host.n == 0 || host.n > ADDRESS_MAX || port < 1)
		return NULL;
	fsv_arena_init(&scratch, 0);
	node = fsv_map_get(&d->by_address, key_of(&scratch, without_brackets(host), port));
	fsv_arena_done(&scratch);
	return node;
}

struct fsv_rpc_channel *fsv_dir_node_channel(struct fsv_dir_node *node, size_t max_message)
{
	struct fsv_err err;

	if (!node->channel && (node->port == 0 || fsv_rpc_channel_new(node->address, NULL, max_message, &node->channel, &err) < 0))
		return NULL;
	return node->channel;
}

/* The tree ----------------------------------------------------------------------------------------------- */

static void begin(struct fsv_jsonw *w, const char *name, bool leaf, int64_t timestamp, const char *component)
{
	char label[2 * ADDRESS_MAX];

	snprintf(label, sizeof(label), "cluster%s%s%s%s", component ? "-" : "", component ? component : "", leaf ? "-" : "",
		 leaf ? name : "");
	fsv_jsonw_begin(w, '{');
	fsv_jsonw_kv_str(w, "name", fsv_str(name));
	fsv_jsonw_key(w, FSV_STR("leaf"));
	fsv_jsonw_bool(w, leaf);
	fsv_jsonw_kv_str(w, "label", fsv_str_n(label, fsv_str_utf8(fsv_str(label))));
	fsv_jsonw_kv_int(w, "timestamp", timestamp);
	fsv_jsonw_key(w, FSV_STR("children"));
	fsv_jsonw_begin(w, '[');
}

static void end(struct fsv_jsonw *w)
{
	fsv_jsonw_end(w, ']');
	fsv_jsonw_end(w, '}');
}

/* Nodes of one component need not stand together: those of admin.nodes come last. */
static void component(const struct fsv_directory *d, const char *name, struct fsv_jsonw *w)
{
	begin(w, name, false, 0, name);
	for (unsigned i = 0; i < d->n; i++) {
		const struct fsv_dir_node *node = &d->nodes[i];

		if (strcmp(node->component, name) != 0)
			continue;
		begin(w, node->address, true, node->registered, name);
		end(w);
	}
	end(w);
}

static bool is_first(const struct fsv_directory *d, unsigned at)
{
	for (unsigned i = 0; i < at; i++)
		if (strcmp(d->nodes[i].component, d->nodes[at].component) == 0)
			return false;
	return true;
}

void fsv_directory_tree(const struct fsv_directory *d, struct fsv_jsonw *w)
{
	begin(w, "cluster", false, 0, NULL);
	for (unsigned i = 0; i < d->n; i++)
		if (is_first(d, i))
			component(d, d->nodes[i].component, w);
	end(w);
}
