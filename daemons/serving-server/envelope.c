/* SPDX-License-Identifier: Apache-2.0 */
#include "envelope.h"

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

enum { INDEX_MAX = sizeof(",\"-2147483648\":") };

/* The rows twice, as a list and as a map by index: what the list says of a row is copied into the map. */
static void write_rows(struct fsv_jsonw *w, const struct fsv_envelope *e, struct fsv_arena *arena)
{
	size_t *ends = FSV_ARENA_NEW_N(arena, size_t, e->n_rows), from;
	struct fsv_buf *out = w->out;

	fsv_jsonw_key(w, FSV_STR("batchDataList"));
	fsv_jsonw_begin(w, '[');
	from = out->n;
	for (size_t i = 0; i < e->n_rows; i++) {
		write_row(w, &e->rows[i], e->bare, arena);
		ends[i] = out->n;
	}
	fsv_jsonw_end(w, ']');
	fsv_jsonw_key(w, FSV_STR("singleInferenceResultMap"));
	fsv_jsonw_begin(w, '{');
	/* Room for all of it, so that the bytes that are copied stay where they are. */
	if (e->n_rows > 0 && !fsv_buf_room(out, ends[e->n_rows - 1] - from + e->n_rows * INDEX_MAX))
		return;
	for (size_t i = 0; i < e->n_rows; i++) {
		from += i > 0;	/* the list's comma */
		fsv_jsonw_key_int(w, e->rows[i].index);
		fsv_jsonw_raw(w, fsv_str_n(out->p + from, ends[i] - from));
		from = ends[i];
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
