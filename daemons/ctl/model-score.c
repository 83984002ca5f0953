/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model score: what a model answers to the rows of a file, without any daemon. With the models of all parties
 * the scores are those that a cluster would give; with one party's alone it is that party's part.
 */
#include "ctl.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/time.h"
#include "codec/json.h"
#include "csv.h"
#include "folder.h"
#include "model/java-order.h"
#include "model/plan.h"

enum { PARTIES_MAX = 64 };

/* A file of features: its columns as members of a JSON object, "name": ready to be followed by a value. */
struct table {
	struct fsv_ctl_csv csv;
	struct fsv_str *keys;
	size_t n, id;
	off_t size;
};

struct party {
	const char *path;
	struct fsv_str id;
	bool guest;
	struct fsv_plan *plan;
	unsigned n_partners;
	struct table *table;
	struct fsv_map rows;		/* id -> struct fsv_str: its own file's rows, unless it is the first file */
	bool own_rows;
};

struct score {
	struct fsv_arena arena;		/* the run's */
	const char *role, *id_column;
	const char *files[PARTIES_MAX];
	unsigned n_files;
	struct table *tables[PARTIES_MAX];
	struct party parties[PARTIES_MAX];
	unsigned n;
	struct party *guest;		/* NULL: none */
	struct party *hosts[PARTIES_MAX];	/* in the order in which a guest merges them */
	unsigned n_hosts;
	bool whole;			/* all parties are here */
	size_t n_rows, n_failed;
	int64_t began, shown;
};

/* Models ---------------------------------------------------------------------------------------------------- */

static int find_file(struct score *s, const char *path, struct fsv_ctl_folder *folder, const char **ret_file,
		     struct fsv_err *err)
{
	const char *slash = strrchr(path, '/'), *dir;
	struct stat st;
	int r;

	if (stat(path, &st) == -1)
		return fsv_err_errno(err, errno, "%s", path);
	if (!S_ISDIR(st.st_mode)) {
		dir = slash ? fsv_arena_cstr(&s->arena, fsv_str_n(path, (size_t)(slash - path) + (slash == path))) : ".";
		*ret_file = path;
		return fsv_ctl_folder_read(dir, &s->arena, folder, err);
	}
	dir = fsv_arena_printf(&s->arena, "%s/.fate", path);
	if (stat(dir, &st) == -1)
		dir = path;
	r = fsv_ctl_folder_read(dir, &s->arena, folder, err);
	if (r < 0)
		return r;
	if (folder->n_models != 1)
		return fsv_err_set(err, -EINVAL, "%s has %zu models; name one model file", path, folder->n_models);
	*ret_file = fsv_arena_printf(&s->arena, "%s/%s", dir, fsv_ctl_file_name(folder->models[0].key, &s->arena));
	return 0;
}

static int load_model(struct score *s, struct party *p, struct fsv_err *err)
{
	struct fsv_plan_opt opt = { .lr_split = 500 };
	struct fsv_ctl_folder folder = { .n_models = 0 };
	struct fsv_ctl_text text;
	const char *file = p->path;
	struct fsv_str role;
	int r;

	r = find_file(s, p->path, &folder, &file, err);
	if (r == 0)
		r = fsv_ctl_file_read(&folder, file, &s->arena, &text, err);
	if (r < 0)
		return r;
	role = s->role ? fsv_str(s->role) : text.model.role;
	if (role.n == 0)
		return fsv_err_set(err, -EINVAL, "%s: neither a store nor the file's name tells the role; say --role", file);
	p->guest = fsv_str_is(role, "guest");
	p->id = text.model.party_id;
	p->n_partners = text.model.n_partners;
	opt.guest = p->guest;
	opt.party_id = p->id;
	opt.n_partners = p->n_partners > 0 ? p->n_partners : 1;
	r = fsv_plan_compile(&text.package, &opt, &p->plan, err);
	if (r < 0)
		(void)fsv_err_wrap(err, "%s", file);	/* r says it all */
	return r;
}

/* Hosts in the order of the reference's party map; is everybody there? */
static int arrange(struct score *s, struct fsv_err *err)
{
	struct fsv_str ids[PARTIES_MAX];
	struct party *hosts[PARTIES_MAX];
	uint32_t order[PARTIES_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < s->n; i++) {
		if (s->parties[i].guest && s->guest)
			return fsv_err_set(err, -EINVAL, "%s and %s are both a guest's", s->guest->path, s->parties[i].path);
		if (s->parties[i].guest) {
			s->guest = &s->parties[i];
			continue;
		}
		hosts[n] = &s->parties[i];
		ids[n++] = s->parties[i].id;
	}
	s->n_hosts = (unsigned)fsv_java_order(ids, n, 16, order);
	if (s->n_hosts < n)
		return fsv_err_set(err, -EINVAL, "two of the models belong to one host");
	for (unsigned i = 0; i < n; i++)
		s->hosts[i] = hosts[order[i]];
	if (!s->guest && s->n > 1)
		return fsv_err_set(err, -EINVAL, "several hosts without a guest give no score");
	s->whole = s->guest && (!fsv_plan_asks_partners(s->guest->plan) ||
				(s->n_hosts > 0 && s->n_hosts >= s->guest->n_partners));
	if (s->guest && s->n_hosts > 0 && !s->whole)
		return fsv_err_set(err, -EINVAL, "the guest's model has %u partners, but models of %u are here",
				   s->guest->n_partners, s->n_hosts);
	return 0;
}

/* Features -------------------------------------------------------------------------------------------------- */

static bool is_number(struct fsv_str cell, struct fsv_arena *arena)
{
	enum fsv_json_type type;
	struct fsv_json j;

	fsv_json_init(&j, cell, arena);
	type = fsv_json_value(&j);
	return (type == FSV_JSON_INT || type == FSV_JSON_DOUBLE) && fsv_json_end(&j);
}

static int open_table(struct score *s, const char *file, struct table **ret_table, struct fsv_err *err)
{
	struct table *t = FSV_ARENA_NEW(&s->arena, struct table);
	struct fsv_ctl_csv_row head;
	struct stat st;
	int r;

	t->csv = (struct fsv_ctl_csv){ .file = file, .f = strcmp(file, "-") == 0 ? stdin : fopen(file, "re") };
	if (!t->csv.f)
		return fsv_err_errno(err, errno, "%s", file);
	t->size = fstat(fileno(t->csv.f), &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : 0;
	*ret_table = t;
	r = fsv_ctl_csv_next(&t->csv, &s->arena, &head, err);
	if (r < 0)
		return r;
	if (r == 0)
		return fsv_err_set(err, FSV_E_SYNTAX, "%s: a first line with the names of the columns is expected", file);
	t->n = t->id = head.n;
	t->keys = FSV_ARENA_NEW_N(&s->arena, struct fsv_str, t->n);
	for (size_t i = 0; i < t->n; i++) {
		struct fsv_jsonw w;
		struct fsv_buf key;

		fsv_buf_init(&key, &s->arena, 0);
		fsv_jsonw_init(&w, &key);
		fsv_jsonw_key(&w, head.cells[i]);
		t->keys[i] = fsv_buf_str(&key);
		if (fsv_str_is(head.cells[i], s->id_column ? s->id_column : "id"))
			t->id = i;
	}
	if (t->id == t->n && s->id_column)
		return fsv_err_set(err, -EINVAL, "%s has no column %s", file, s->id_column);
	if (t->id == t->n && s->n_files > 1)
		return fsv_err_set(err, -EINVAL, "%s has no column id to match its rows by; --id names another", file);
	return 0;
}

/* One row as a JSON object; an empty cell is no feature. */
static struct fsv_str row_features(const struct table *t, const struct fsv_ctl_csv_row *row, struct fsv_arena *arena)
{
	struct fsv_buf *out = FSV_ARENA_NEW(arena, struct fsv_buf);
	struct fsv_jsonw text;
	bool first = true;

	fsv_buf_init(out, arena, 0);
	fsv_buf_putc(out, '{');
	for (size_t i = 0; i < row->n; i++) {
		if (i == t->id || row->cells[i].n == 0)
			continue;
		if (!first)
			fsv_buf_putc(out, ',');
		first = false;
		fsv_buf_add(out, t->keys[i]);
		if (is_number(row->cells[i], arena)) {
			fsv_buf_add(out, row->cells[i]);
		} else {
			fsv_jsonw_init(&text, out);
			fsv_jsonw_str(&text, row->cells[i]);
		}
	}
	fsv_buf_putc(out, '}');
	return fsv_buf_str(out);
}

static int read_row(struct table *t, struct fsv_arena *arena, struct fsv_ctl_csv_row *row, struct fsv_err *err)
{
	int r = fsv_ctl_csv_next(&t->csv, arena, row, err);

	if (r > 0 && row->n != t->n)
		return fsv_err_set(err, FSV_E_SYNTAX, "%s:%zu: %zu cells, but %zu columns", t->csv.file, t->csv.line, row->n,
				   t->n);
	return r;
}

/* A party's own file: all of it, by id. */
static int keep_rows(struct score *s, struct party *p, struct fsv_err *err)
{
	struct fsv_ctl_csv_row row;
	int r;

	fsv_map_init(&p->rows);
	p->own_rows = true;
	while ((r = read_row(p->table, &s->arena, &row, err)) > 0) {
		struct fsv_str *kept = FSV_ARENA_NEW(&s->arena, struct fsv_str);

		*kept = row_features(p->table, &row, &s->arena);
		if (fsv_map_put(&p->rows, row.cells[p->table->id], kept))
			return fsv_err_set(err, -EINVAL, "%s:%zu: an id that was there before", p->table->csv.file,
					   p->table->csv.line);
	}
	return r;
}

static int open_tables(struct score *s, struct fsv_err *err)
{
	if (s->n_files != 1 && s->n_files != s->n)
		return fsv_err_set(err, -EINVAL, "%u files of features for %u models: one for all, or one for each", s->n_files,
				   s->n);
	for (unsigned i = 0; i < s->n_files; i++) {
		int r = open_table(s, s->files[i], &s->tables[i], err);

		if (r < 0)
			return r;
	}
	for (unsigned i = 0; i < s->n; i++) {
		struct party *p = &s->parties[i];
		int r;

		p->table = s->tables[s->n_files == 1 ? 0 : i];
		/* The first model's rows lead; the others' are looked up. */
		r = p->table == s->tables[0] ? 0 : keep_rows(s, p, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Scores ---------------------------------------------------------------------------------------------------- */

/* What a row's features are for a party; NULL .p when its file has none. */
static struct fsv_str features_of(const struct party *p, struct fsv_str first, struct fsv_str id)
{
	const struct fsv_str *kept;

	if (!p->own_rows)
		return first;
	kept = fsv_map_get(&p->rows, id);
	return kept ? *kept : FSV_STR_NULL;
}

static int own_part(const struct party *p, struct fsv_str features, struct fsv_arena *arena, struct fsv_row **ret_row,
		    struct fsv_str *ret_part, struct fsv_err *err)
{
	struct fsv_buf *out = FSV_ARENA_NEW(arena, struct fsv_buf);
	struct fsv_jsonw w;
	int r;

	if (!features.p)
		return fsv_err_set(err, -ENOENT, "party %.*s has no row of this id", FSV_STR_ARG(p->id));
	r = fsv_plan_local(p->plan, features, arena, ret_row, err);
	if (r < 0 || !ret_part)
		return r;
	fsv_buf_init(out, arena, 0);
	fsv_jsonw_init(&w, out);
	fsv_jsonw_begin(&w, '{');
	r = fsv_plan_write_local(p->plan, *ret_row, false, &w, err);
	fsv_jsonw_end(&w, '}');
	*ret_part = fsv_buf_str(out);
	return r;
}

static int merged(const struct score *s, struct fsv_str features, struct fsv_str id, struct fsv_arena *arena,
		  struct fsv_str *ret_answer, struct fsv_err *err)
{
	struct fsv_buf *out = FSV_ARENA_NEW(arena, struct fsv_buf);
	struct fsv_remote remotes[PARTIES_MAX];
	unsigned n = fsv_plan_asks_partners(s->guest->plan) ? s->n_hosts : 0;
	struct fsv_merge merge;
	struct fsv_row *row;
	struct fsv_jsonw w;
	int r;

	for (unsigned i = 0; i < n; i++) {
		remotes[i] = (struct fsv_remote){ .party_id = s->hosts[i]->id };
		r = own_part(s->hosts[i], features_of(s->hosts[i], features, id), arena, &row, &remotes[i].data, err);
		if (r < 0)
			return r;
	}
	r = own_part(s->guest, features_of(s->guest, features, id), arena, &row, NULL, err);
	if (r < 0)
		return r;
	fsv_buf_init(out, arena, 0);
	fsv_jsonw_init(&w, out);
	fsv_jsonw_begin(&w, '{');
	r = fsv_plan_merge(s->guest->plan, row, remotes, n, arena, &w, &merge, err);
	fsv_jsonw_end(&w, '}');
	*ret_answer = fsv_buf_str(out);
	return r;
}

static struct fsv_str member(struct fsv_str object, const char *name, struct fsv_arena *arena)
{
	struct fsv_str key, span, found = FSV_STR_NULL;
	struct fsv_json j;

	fsv_json_init(&j, object, arena);
	if (fsv_json_value(&j) != FSV_JSON_OBJECT)
		return found;
	while (fsv_json_key(&j, &key)) {
		enum fsv_json_type type = fsv_json_skip(&j, &span);

		if (fsv_str_is(key, name))
			found = type == FSV_JSON_STRING ? fsv_str_sub(span, 1, span.n - 1) : span;
	}
	return found;
}

/* id, score, label, error; or id, part, error. */
static void put_row(struct score *s, struct fsv_str id, struct fsv_str features, struct fsv_arena *arena,
		    struct fsv_buf *out)
{
	struct fsv_str answer = FSV_STR_NULL;
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_row *row;
	int r;

	if (s->whole)
		r = merged(s, features, id, arena, &answer, &err);
	else
		r = own_part(&s->parties[0], features, arena, &row, &answer, &err);
	s->n_rows++;
	s->n_failed += r < 0;
	fsv_ctl_csv_put(out, id);
	fsv_buf_putc(out, ',');
	if (s->whole) {
		fsv_ctl_csv_put(out, r < 0 ? FSV_STR_NULL : member(answer, "score", arena));
		fsv_buf_putc(out, ',');
		fsv_ctl_csv_put(out, r < 0 ? FSV_STR_NULL : member(answer, "label", arena));
	} else {
		fsv_ctl_csv_put(out, r < 0 ? FSV_STR_NULL : answer);
	}
	fsv_buf_putc(out, ',');
	if (r < 0)
		fsv_ctl_csv_put(out, fsv_str(err.text));
	fsv_buf_putc(out, '\n');
}

static void show_progress(struct score *s, bool end)
{
	int64_t now = fsv_now_ns(), ms = (now - s->began) / 1000000;
	off_t at = s->tables[0]->size > 0 ? ftello(s->tables[0]->csv.f) : -1;
	bool terminal = isatty(STDERR_FILENO);

	if (!end && (!terminal || now - s->shown < 200000000))
		return;
	s->shown = now;
	fprintf(stderr, "%s%zu rows, %zu without a score, %lld rows/s", terminal ? "\r" : "", s->n_rows, s->n_failed,
		(long long)((int64_t)s->n_rows * 1000 / (ms > 0 ? ms : 1)));
	if (!end && at >= 0)
		fprintf(stderr, ", %d %%  ", (int)(at * 100 / s->tables[0]->size));
	if (end)
		fprintf(stderr, "%s\n", terminal ? "        " : "");
}

static int score_rows(struct score *s, struct fsv_err *err)
{
	struct fsv_ctl_csv_row row;
	struct fsv_arena arena;
	struct fsv_buf out;
	char number[32];
	int r, status = FSV_CTL_OK;

	fsv_arena_init(&arena, 1 << 16);
	fsv_buf_init(&out, NULL, 0);
	fsv_buf_puts(&out, s->whole ? "id,score,label,error\n" : "id,part,error\n");
	s->began = fsv_now_ns();
	while ((r = read_row(s->tables[0], &arena, &row, err)) > 0 && status == FSV_CTL_OK) {
		int n = snprintf(number, sizeof(number), "%zu", s->n_rows + 1);
		bool has_id = s->tables[0]->id < row.n;

		put_row(s, has_id ? row.cells[s->tables[0]->id] : fsv_str_n(number, (size_t)n),
			row_features(s->tables[0], &row, &arena), &arena, &out);
		fsv_arena_reset(&arena);
		if (out.n > 1 << 16) {
			status = fsv_ctl_print(fsv_buf_str(&out));
			fsv_buf_clear(&out);
		}
		show_progress(s, false);
	}
	if (status == FSV_CTL_OK)
		status = fsv_ctl_print(fsv_buf_str(&out));
	show_progress(s, true);
	fsv_buf_done(&out);
	fsv_arena_done(&arena);
	return r < 0 ? r : status;
}

static int run(struct score *s, struct fsv_err *err)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < s->n; i++)
		r = load_model(s, &s->parties[i], err);
	if (r == 0)
		r = arrange(s, err);
	if (r == 0)
		r = open_tables(s, err);
	return r < 0 ? r : score_rows(s, err);
}

static void done(struct score *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		(void)fsv_plan_free(s->parties[i].plan);
		if (s->parties[i].own_rows)
			fsv_map_done(&s->parties[i].rows);
	}
	for (unsigned i = 0; i < s->n_files; i++)
		if (s->tables[i] && s->tables[i]->csv.f && s->tables[i]->csv.f != stdin)
			fclose(s->tables[i]->csv.f);
	fsv_arena_done(&s->arena);
}

static int take_option(struct score *s, int c)
{
	if (c == 'f' && s->n_files == PARTIES_MAX)
		return fsv_ctl_usage("at most %d files of features", PARTIES_MAX);
	if (c == 'f')
		s->files[s->n_files++] = optarg;
	else if (c == 'i')
		s->id_column = optarg;
	else if (c == 'r' && (strcmp(optarg, "guest") == 0 || strcmp(optarg, "host") == 0))
		s->role = optarg;
	else if (c == 'r')
		return fsv_ctl_usage("--role is guest or host, not %s", optarg);
	else
		return FSV_CTL_USAGE;
	return FSV_CTL_OK;
}

int fsv_ctl_model_score(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "features", required_argument, NULL, 'f' },
		{ "id", required_argument, NULL, 'i' },
		{ "role", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	struct score *s = FSV_NEW(struct score);
	struct fsv_err err = FSV_ERR_INIT;
	int c, r = FSV_CTL_OK;

	optind = 0;
	fsv_arena_init(&s->arena, 0);
	while (r == FSV_CTL_OK && (c = getopt_long(argc, argv, "f:i:r:", longs, NULL)) != -1)
		r = take_option(s, c);
	if (r == FSV_CTL_OK && (optind == argc || s->n_files == 0))
		r = fsv_ctl_usage("model score takes models and --features FILE.csv");
	if (r == FSV_CTL_OK && argc - optind > PARTIES_MAX)
		r = fsv_ctl_usage("at most %d models", PARTIES_MAX);
	if (r == FSV_CTL_OK && s->role && argc - optind > 1)
		r = fsv_ctl_usage("--role is for one model alone");
	for (; r == FSV_CTL_OK && optind < argc; optind++)
		s->parties[s->n++].path = argv[optind];
	if (r == FSV_CTL_OK) {
		r = run(s, &err);
		if (r < 0)
			r = fsv_ctl_fail(&err);
	}
	done(s);
	free(s);
	return r;
}
