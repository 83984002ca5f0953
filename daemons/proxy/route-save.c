/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A route table that comes over the network: checked as the file is, then put in its place so that a crash leaves the old
 * or the new one. The former file stays beside it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/json.h"
#include "proxy-conf.h"
#include "proxy.h"

enum { LOAD_PATIENCE_MS = 4000, MODE = 0640 };

/* What will stand in the file: a text that somebody has laid out stays as it is, with its comments; what a program made
 * is laid out as the reference does. */
static int check(struct fsv_str text, struct fsv_buf *out, struct fsv_err *err)
{
	struct fsv_route_table *table;
	struct fsv_err why = FSV_ERR_INIT;

	if (text.n > FSV_ROUTE_FILE_MAX)
		return fsv_err_set(err, FSV_E_ROUTE_UPDATE, "validate route_table.json format error:larger than %d bytes",
				   FSV_ROUTE_FILE_MAX);
	if (fsv_route_table_parse(text, "routerInfo", &table, &why) < 0)
		return fsv_err_set(err, FSV_E_ROUTE_UPDATE, "validate route_table.json format error:%s", why.text);
	if (fsv_str_find(text, '\n', 0) < text.n)
		fsv_buf_add(out, text);
	else
		fsv_json_indent(table->text, out);
	fsv_ref_put(&table->ref);
	if (out->n > 0 && out->p[out->n - 1] != '\n')
		fsv_buf_putc(out, '\n');
	return 0;
}

/* The former file, with its rights; 0 and NULL when there was none. */
static int former(const char *path, char **ret_data, size_t *ret_n, mode_t *ret_mode, struct fsv_err *err)
{
	struct stat st;
	int r = fsv_read_file(path, FSV_ROUTE_FILE_MAX, ret_data, ret_n, err);

	*ret_mode = r == 0 && stat(path, &st) == 0 ? st.st_mode & 0777 : MODE;
	if (r == -ENOENT) {
		*ret_data = NULL;
		r = 0;
	}
	return r;
}

/* A link to the file stays one. */
static int replace(const char *path, const struct fsv_buf *text, struct fsv_err *err)
{
	FSV_AUTO_MEM char *real = realpath(path, NULL), *was = NULL;
	const char *file = real ? real : path;
	struct fsv_buf backup;
	size_t n = 0;
	mode_t mode;
	int r = former(file, &was, &n, &mode, err);

	if (r < 0)
		return r;
	if (was && n == text->n && memcmp(was, text->p, n) == 0)
		return 0;	/* the backup is worth more than this */
	if (was) {
		fsv_buf_init(&backup, NULL, 0);
		fsv_buf_printf(&backup, "%s.bak", file);
		r = fsv_write_file(fsv_buf_cstr(&backup), was, n, mode, err);
		fsv_buf_done(&backup);
	}
	return r < 0 ? r : fsv_write_file(file, text->p, text->n, mode, err);
}

static void load(void *arg)
{
	fsv_proxy_load_routes(arg, FSV_ROUTES_IF_CHANGED);
}

int fsv_proxy_save_routes(struct fsv_proxy *proxy, const struct fsv_proxy_view *view, struct fsv_str text, struct fsv_arena *arena,
			  struct fsv_err *err)
{
	const char *path = fsv_conf_str(view->conf, FSV_PK_ROUTE_TABLE);
	struct fsv_err why = FSV_ERR_INIT;
	struct fsv_buf out;
	int r;

	if (!fsv_conf_bool(view->conf, FSV_PK_ROUTE_CHANGE))
		return fsv_err_set(err, FSV_E_ROUTE_UPDATE, "this proxy's route table is not changed over the network: "
				   "route.table.change.allow is false; change the file");
	fsv_buf_init(&out, arena, 0);
	r = check(text, &out, err);
	if (r < 0)
		return r;
	pthread_mutex_lock(&proxy->save_lock);
	r = replace(path, &out, &why);
	pthread_mutex_unlock(&proxy->save_lock);
	if (r < 0) {
		fsv_log_warn("route table: a new one came over the network and could not be put in place: %s", why.text);
		return fsv_err_set(err, FSV_E_ROUTE_UPDATE, "route_table.json : %s", why.text);
	}
	fsv_log_info("route table: %s was replaced by one that came over the network; the former one is in %s.bak", path, path);
	if (fsv_loop_call(proxy->loop, load, proxy, LOAD_PATIENCE_MS) < 0)
		fsv_log_debug("route table: the main thread is busy; it finds the new one by itself");
	return 0;
}
