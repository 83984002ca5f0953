/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The route table: which endpoints a party's role has, and who may talk to whom. A table is built from
 * one file, checked whole, and never changes afterwards; requests read it without a lock. Its endpoints
 * hold their connection, so that a request goes from one look-up straight to sending.
 */
#ifndef FSV_PROXY_ROUTE_TABLE_H
#define FSV_PROXY_ROUTE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/ref.h"
#include "base/str.h"

struct fsv_rpc_channel;

enum { FSV_ROUTE_FILE_MAX = 16 << 20 };

enum fsv_route_type {	/* order of the choices of routeType */
	FSV_ROUTE_RANDOM,
	FSV_ROUTE_ROUND_ROBIN,
	FSV_ROUTE_CONSISTENT,
};

struct fsv_endpoint {
	const char *host;		/* "" when only url is given */
	uint16_t port;
	const char *target;		/* "host:port" or "[v6]:port"; for url endpoints without host the url */
	const char *url;		/* packets go there over HTTP; NULL = gRPC */
	bool tls;
	const char *ca_file, *cert_file, *key_file;
	const char *name;		/* "party 10000, role serving, endpoint 0" */
	unsigned line;			/* in the file */

	/* Set before the table is published. */
	struct fsv_rpc_channel *channel;
	/* Never used; requests that have no other endpoint get this code and text. */
	int refused_code;
	const char *refused;
};

struct fsv_endpoints {
	struct fsv_endpoint *all;	/* usable ones first */
	unsigned n, n_usable;
};

struct fsv_route_party {
	struct fsv_map roles;		/* struct fsv_endpoints */
	struct fsv_endpoints *other;	/* role "default" */
};

/* Rules of one list: who → to whom. */
struct fsv_route_rules {
	struct fsv_map from;		/* "party\0role" → struct fsv_map of "party\0role" */
};

struct fsv_route_table {
	struct fsv_ref ref;
	struct fsv_arena arena;
	struct fsv_map parties;		/* struct fsv_route_party */
	struct fsv_route_party *other;	/* party "default" */
	struct fsv_route_rules allow, deny;
	bool default_allow;
	unsigned n_endpoints;
	struct fsv_str text;		/* the file's, without white space */
};

/* Parses and checks a whole file. Errors name file, line and column and what the entry belongs to.
 * The table starts with one reference. [any thread] */
int fsv_route_table_parse(struct fsv_str text, const char *file, struct fsv_route_table **ret_table,
			  struct fsv_err *err) FSV_MUST_CHECK;

/* Marks an endpoint as not to be used. Only before fsv_route_table_seal. */
void fsv_endpoint_refuse(struct fsv_route_table *table, struct fsv_endpoint *endpoint, int code,
			 const char *text);
/* Calls fn for every endpoint of the table. */
void fsv_route_table_each(struct fsv_route_table *table,
			  void (*fn)(struct fsv_route_table *table, struct fsv_endpoint *endpoint, void *arg),
			  void *arg);
/* Puts usable endpoints first; the table is ready for readers then. */
void fsv_route_table_seal(struct fsv_route_table *table);

struct fsv_route_side {
	struct fsv_str party, role;
};

struct fsv_route_query {
	struct fsv_route_side src, dst;
	struct fsv_str dst_name;
};

/* Permission, then the endpoints of (dst party, dst role). FSV_E_PROXY_ROUTER when refused or table
 * is NULL, FSV_E_SYSTEM with the reference's text when nothing fits. [any thread] */
int fsv_route_find(const struct fsv_route_table *table, const struct fsv_route_query *query,
		   const struct fsv_endpoints **ret_endpoints, struct fsv_err *err) FSV_MUST_CHECK;

bool fsv_route_permitted(const struct fsv_route_table *table, const struct fsv_route_side *src,
			 const struct fsv_route_side *dst);

/* One endpoint of the list. case_id is what FSV_ROUTE_CONSISTENT goes by. Fails with the code and text
 * of a refused endpoint when there is no other. [any thread] */
int fsv_route_pick(const struct fsv_endpoints *endpoints, enum fsv_route_type type, struct fsv_str case_id,
		   const struct fsv_endpoint **ret_endpoint, struct fsv_err *err) FSV_MUST_CHECK;

#endif
