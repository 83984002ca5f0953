/* SPDX-License-Identifier: Apache-2.0 */
/* Route tables: one document of one proxy, read and written whole. */
#include "api.h"

#include "codec/digest.h"
#include "lib/proto/common-service.pb-c.h"
#include "visit.h"

enum { CODE_PARAMETER = 124, CODE_CHANGED = 133 };

/* The proxy that is meant; NULL when the visit has been answered. */
static struct fsv_dir_node *proxy(struct fsv_visit *v)
{
	int64_t port = -1;

	if (fsv_str_blank(fsv_visit_str(v, "serverHost")))
		fsv_visit_reply(v, CODE_PARAMETER, "parameter serverHost is blank", FSV_STR_NULL);
	else if (fsv_visit_int(v, "serverPort", &port) == FSV_FIELD_THERE && port == 0)
		fsv_visit_reply(v, CODE_PARAMETER, "parameter serverPort is blank", FSV_STR_NULL);
	else
		return fsv_visit_node_at(v, "serverHost", "serverPort", "proxy");
	return NULL;
}

/* Query ---------------------------------------------------------------------------------------------------------------- */

static void show_table(struct fsv_visit *v)
{
	const Fsv__CommonResponse *answer =
		(const Fsv__CommonResponse *)fsv_visit_answer(v, &fsv__common_response__descriptor, true);
	struct fsv_str table;
	char digest[65];
	struct fsv_jsonw w;
	struct fsv_buf out;

	if (!answer)
		return;
	table = fsv_str_n((const char *)answer->data.data, answer->data.len);
	if (answer->statuscode != 0 || fsv_str_utf8(table) != table.n) {
		fsv_visit_reply(v, answer->statuscode ? answer->statuscode : 110, answer->message, FSV_STR_NULL);
		return;
	}
	fsv_sha256_hex(table, digest);
	fsv_buf_init(&out, v->arena, 0);
	fsv_jsonw_init(&w, &out);
	fsv_jsonw_begin(&w, '{');
	fsv_jsonw_kv_str(&w, "routerTable", table);
	fsv_jsonw_key(&w, FSV_STR("changeAble"));
	fsv_jsonw_bool(&w, v->session.role == FSV_ROLE_OPERATOR);
	fsv_jsonw_kv_str(&w, "hash", fsv_str(digest));
	fsv_jsonw_end(&w, '}');
	fsv_visit_reply(v, 0, answer->message, fsv_buf_str(&out));
}

static bool any_proxy(const struct fsv_directory *directory)
{
	for (unsigned i = 0; i < directory->n; i++)
		if (strcmp(directory->nodes[i].component, "proxy") == 0)
			return true;
	return false;
}

void fsv_router_query(struct fsv_visit *v)
{
	Fsv__RouterOperatetRequest request = FSV__ROUTER_OPERATET_REQUEST__INIT;
	struct fsv_dir_node *node;

	if (!any_proxy(fsv_admin_directory(v->admin))) {
		fsv_visit_reply(v, 0, "", FSV_STR_NULL);
		return;
	}
	node = proxy(v);
	if (node)
		fsv_visit_ask(v, node, FSV_ROUTER_SERVICE "queryRouter", &request.base, fsv_visit_timeout(v), show_table);
}

/* Save ----------------------------------------------------------------------------------------------------------------- */

static void save(struct fsv_visit *v)
{
	Fsv__RouterOperatetRequest request = FSV__ROUTER_OPERATET_REQUEST__INIT;

	request.routerinfo = v->data;
	fsv_visit_ask(v, v->question.node, FSV_ROUTER_SERVICE "saveRouter", &request.base,
		      fsv_visit_timeout(v), fsv_visit_pass);
}

/* Somebody else's change is not to be lost unseen. */
static void compare(struct fsv_visit *v)
{
	const Fsv__CommonResponse *answer =
		(const Fsv__CommonResponse *)fsv_visit_answer(v, &fsv__common_response__descriptor, true);
	char digest[65];

	if (!answer)
		return;
	fsv_sha256_hex(fsv_str_n((const char *)answer->data.data, answer->data.len), digest);
	if (answer->statuscode == 0 && fsv_str_is(fsv_visit_str(v, "hash"), digest))
		save(v);
	else
		fsv_visit_reply(v, CODE_CHANGED, "the route table has changed since it was read; read it again, nothing was saved",
				FSV_STR_NULL);
}

void fsv_router_save(struct fsv_visit *v)
{
	Fsv__RouterOperatetRequest request = FSV__ROUTER_OPERATET_REQUEST__INIT;
	struct fsv_str table = fsv_visit_json(v, "routerTableList");
	struct fsv_dir_node *node = proxy(v);
	char digest[65];

	if (!node)
		return;
	if (table.n == 0) {
		fsv_visit_system_error(v, "routerTableList is needed");
		return;
	}
	fsv_sha256_hex(table, digest);
	fsv_visit_note(v, "sha256", fsv_str(digest));
	v->data = fsv_arena_cstr(v->arena, table);
	v->question.node = node;
	if (fsv_visit_str(v, "hash").n == 0)
		save(v);
	else
		fsv_visit_ask(v, node, FSV_ROUTER_SERVICE "queryRouter", &request.base, fsv_visit_timeout(v), compare);
}
