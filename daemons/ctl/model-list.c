/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec/json.h"
#include "ctl.h"
#include "remote.h"

enum { COLUMNS = 6, QUERY_ALL = 0, QUERY_BY_SERVICE = 1 };

struct row {
	const char *cells[COLUMNS];
};

static const char *text(struct fsv_arena *arena, struct fsv_str s)
{
	return s.n > 0 ? fsv_arena_cstr(arena, s) : "-";
}

static const char *services_of(const Fsv__ModelInfoEx *info, struct fsv_arena *arena)
{
	struct fsv_buf out;

	fsv_buf_init(&out, arena, 0);
	for (size_t i = 0; i < info->n_serviceids; i++)
		fsv_buf_printf(&out, "%s%s", i ? "," : "", info->serviceids[i]);
	return info->n_serviceids ? fsv_buf_cstr(&out) : "-";
}

static const char *partners_of(const struct fsv_json_node *content, struct fsv_arena *arena)
{
	const struct fsv_json_node *map = fsv_json_get(content, "federationModelMap");
	struct fsv_buf out;

	fsv_buf_init(&out, arena, 0);
	for (const struct fsv_json_node *node = map ? map->first : NULL; node; node = node->next)
		fsv_buf_printf(&out, "%s%.*s", node == map->first ? "" : ",", FSV_STR_ARG(node->key));
	return out.n ? fsv_buf_cstr(&out) : "-";
}

static const char *time_of(const struct fsv_json_node *content, struct fsv_arena *arena)
{
	const struct fsv_json_node *node = fsv_json_get(content, "timestamp");
	time_t seconds = node && node->type == FSV_JSON_INT ? (time_t)(node->number / 1000) : 0;
	char out[32];
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || strftime(out, sizeof(out), "%Y-%m-%d %H:%M:%S", &tm) == 0)
		return "-";
	return fsv_arena_printf(arena, "%s", out);
}

static struct row row_of(const Fsv__ModelInfoEx *info, struct fsv_arena *arena)
{
	struct fsv_json_node *content = NULL;
	struct fsv_err err;

	if (fsv_json_parse(fsv_str(info->content), arena, true, &content, &err) < 0)
		content = NULL;
	return (struct row){ {
		services_of(info, arena),
		fsv_arena_printf(arena, "%s %s", text(arena, fsv_json_get_str(content, "role")),
				 text(arena, fsv_json_get_str(content, "partId"))),
		partners_of(content, arena), time_of(content, arena), info->tablename, info->namespace_,
	} };
}

/* Characters, which take one place each in most scripts. */
static size_t width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void print_table(const struct row *rows, size_t n, struct fsv_buf *out)
{
	size_t widths[COLUMNS] = { 0 };

	for (size_t i = 0; i < n; i++)
		for (unsigned c = 0; c < COLUMNS; c++)
			widths[c] = width(rows[i].cells[c]) > widths[c] ? width(rows[i].cells[c]) : widths[c];
	for (size_t i = 0; i < n; i++)
		for (unsigned c = 0; c < COLUMNS; c++) {
			fsv_buf_puts(out, rows[i].cells[c]);
			for (size_t pad = width(rows[i].cells[c]); c + 1 < COLUMNS && pad < widths[c] + 2; pad++)
				fsv_buf_putc(out, ' ');
			if (c + 1 == COLUMNS)
				fsv_buf_putc(out, '\n');
		}
}

static int compare(const void *a, const void *b)
{
	const Fsv__ModelInfoEx *x = *(Fsv__ModelInfoEx *const *)a, *y = *(Fsv__ModelInfoEx *const *)b;
	int table = strcmp(x->tablename, y->tablename);

	return table ? table : strcmp(x->namespace_, y->namespace_);
}

static void show_table(struct fsv_ctl_remote *remote, const Fsv__QueryModelResponse *response)
{
	struct row *rows = FSV_ARENA_NEW_N(&remote->arena, struct row, response->n_modelinfos + 1);

	rows[0] = (struct row){ { "SERVICE IDS", "PARTY", "PARTNERS", "LOADED", "MODEL VERSION", "NAMESPACE" } };
	for (size_t i = 0; i < response->n_modelinfos; i++)
		rows[i + 1] = row_of(response->modelinfos[i], &remote->arena);
	print_table(rows, response->n_modelinfos + 1, &remote->out);
}

static void show_json(struct fsv_ctl_remote *remote, const Fsv__QueryModelResponse *response)
{
	for (size_t i = 0; i < response->n_modelinfos; i++)
		fsv_buf_printf(&remote->out, "%s%s", remote->n_out++ == 0 ? "[" : ",", response->modelinfos[i]->content);
}

static int list(struct fsv_ctl_remote *remote, const char *server)
{
	Fsv__QueryModelRequest request = FSV__QUERY_MODEL_REQUEST__INIT;
	Fsv__QueryModelResponse *response = NULL;
	struct fsv_err err = FSV_ERR_INIT;

	request.querytype = remote->service ? QUERY_BY_SERVICE : QUERY_ALL;
	request.serviceid = (char *)(remote->service ? remote->service : "");
	if (fsv_ctl_query(remote, server, &request, &response, &err) < 0)
		return fsv_ctl_fail(&err);
	if (response->n_modelinfos > 0)
		qsort(response->modelinfos, response->n_modelinfos, sizeof(response->modelinfos[0]), compare);
	if (remote->json)
		show_json(remote, response);
	else if (response->n_modelinfos > 0)
		show_table(remote, response);
	else if (remote->service)
		fsv_ctl_note("%s: no service id that contains \"%s\" is bound; \"fate-servingctl model list\" shows all models",
			     server, remote->service);
	else
		fsv_ctl_note("%s: no model is loaded; \"fate-servingctl model load\" loads one", server);
	return FSV_CTL_OK;
}

int fsv_ctl_model_list(int argc, char **argv)
{
	struct fsv_ctl_remote remote;
	int status = fsv_ctl_remote_parse(&remote, "sS", argc, argv);

	if (status == FSV_CTL_OK && remote.argc > 0)
		status = fsv_ctl_usage("model list takes no arguments");
	if (status == FSV_CTL_OK && remote.n_servers > 1)
		status = fsv_ctl_usage("model list takes one server");
	if (status == FSV_CTL_OK)
		status = list(&remote, remote.n_servers > 0 ? remote.servers[0] : FSV_CTL_SERVER);
	if (status == FSV_CTL_OK)
		status = fsv_ctl_remote_print(&remote, status);
	fsv_ctl_remote_done(&remote);
	return status;
}
