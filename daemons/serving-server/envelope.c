/* SPDX-License-Identifier: Apache-2.0 */
#include "envelope.h"

#include <stdio.h>

#include "codec/json.h"
#include "model/models.h"

/* A text that is no UTF-8 keeps what can be read of it. */
static struct fsv_str valid_utf8(struct fsv_str text, struct fsv_arena *arena)
{
	char *copy;

	if (fsv_str_utf8(text) == text.n)
		return text;
	copy = fsv_arena_cstr(arena, text);
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)copy[i] >= 0x80)
			copy[i] = '?';
	return fsv_str_n(copy, text.n);
}

static void write_model(struct fsv_jsonw *w, const struct fsv_model *model)
{
	fsv_jsonw_kv_str(w, "modelId", fsv_str(model->name_space));
	fsv_jsonw_kv_str(w, "modelVersion", fsv_str(model->table_name));
	fsv_jsonw_kv_int(w, "timestamp", model->timestamp);
}

static void write_data(struct fsv_jsonw *w, struct fsv_str members, const struct fsv_model *model)
{
	fsv_jsonw_key(w, FSV_STR("data"));
	fsv_jsonw_begin(w, '{');
	if (members.n > 0)
		fsv_jsonw_raw(w, members);
	if (model)
		write_model(w, model);
	fsv_jsonw_end(w, '}');
}

static void write_row(struct fsv_jsonw *w, const struct fsv_envelope_row *row, bool bare, struct fsv_arena *arena)
{
	fsv_jsonw_begin(w, '{');
	fsv_jsonw_kv_int(w, "index", row->index);
	fsv_jsonw_kv_int(w, "retcode", row->retcode);
	if (row->retmsg.p)
		fsv_jsonw_kv_str(w, "retmsg", valid_utf8(row->retmsg, arena));
	if (!row->data_null) {
		write_data(w, row->members, NULL);
	} else if (!bare) {
		fsv_jsonw_key(w, FSV_STR("data"));
		fsv_jsonw_null(w);
	}
	fsv_jsonw_end(w, '}');
}

/* The rows twice, as a list and as a map by index. */
static void write_rows(struct fsv_jsonw *w, const struct fsv_envelope *e, struct fsv_arena *arena)
{
	char index[16];

	fsv_jsonw_key(w, FSV_STR("batchDataList"));
	fsv_jsonw_begin(w, '[');
	for (size_t i = 0; i < e->n_rows; i++)
		write_row(w, &e->rows[i], e->bare, arena);
	fsv_jsonw_end(w, ']');
	fsv_jsonw_key(w, FSV_STR("singleInferenceResultMap"));
	fsv_jsonw_begin(w, '{');
	for (size_t i = 0; i < e->n_rows; i++) {
		int n = snprintf(index, sizeof(index), "%d", (int)e->rows[i].index);

		fsv_jsonw_key(w, fsv_str_n(index, (size_t)n));
		write_row(w, &e->rows[i], e->bare, arena);
	}
	fsv_jsonw_end(w, '}');
}

void fsv_envelope_write(const struct fsv_envelope *e, struct fsv_arena *arena, struct fsv_buf *out)
{
	struct fsv_jsonw w;

	fsv_jsonw_init(&w, out);
	fsv_jsonw_begin(&w, '{');
	fsv_jsonw_kv_int(&w, "retcode", e->retcode);
	fsv_jsonw_kv_str(&w, "retmsg", valid_utf8(e->retmsg, arena));
	if (!e->bare)
		fsv_jsonw_kv_str(&w, "caseid", e->case_id);
	write_data(&w, e->members, e->model);
	if (!e->bare) {
		fsv_jsonw_key(&w, FSV_STR("log"));
		fsv_jsonw_raw(&w, FSV_STR("{}"));
		fsv_jsonw_key(&w, FSV_STR("warn"));
		fsv_jsonw_raw(&w, FSV_STR("{}"));
	}
	fsv_jsonw_kv_int(&w, "flag", 0);
	if (e->batch)
		write_rows(&w, e, arena);
	fsv_jsonw_end(&w, '}');
}
