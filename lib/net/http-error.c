/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"
#include "codec/json.h"
#include "http.h"

struct fsv_str fsv_http_error_json(struct fsv_arena *arena, unsigned status, const char *error, struct fsv_str path)
{
	char now[FSV_ISO_SIZE];
	struct fsv_jsonw w;
	struct fsv_buf out;

	fsv_buf_init(&out, arena, 0);
	fsv_jsonw_init(&w, &out);
	fsv_jsonw_begin(&w, '{');
	fsv_jsonw_kv_str(&w, "timestamp", fsv_str(fsv_iso_time(fsv_wall_ms(), now)));
	fsv_jsonw_kv_int(&w, "status", status);
	fsv_jsonw_kv_str(&w, "error", fsv_str(error));
	if (path.p)
		fsv_jsonw_kv_str(&w, "path", fsv_str_sub(path, 0, fsv_str_utf8(path)));
	fsv_jsonw_end(&w, '}');
	return fsv_buf_str(&out);
}
