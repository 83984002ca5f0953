/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recorded answers of the reference, calculated in-process: host parts, guest part, merge. Needs the
 * recordings: $FSV_SHARED/golden or ../shared/golden; skipped without them.
 */
#ifndef FSV_TEST_GOLDEN_HELPER_H
#define FSV_TEST_GOLDEN_HELPER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "codec/json.h"
#include "model/java-order.h"
#include "model/package.h"
#include "model/plan.h"

enum { HOSTS_MAX = 2 };

enum { SCENARIOS_MAX = 256 };

struct host {
	struct fsv_str party;
	struct fsv_plan *plan;
	struct fsv_map people;		/* device_id -> struct fsv_str * */
};

struct scenario {
	const char *name;
	char folder[512];
	struct fsv_arena arena;
	struct fsv_plan *guest;
	struct host hosts[HOSTS_MAX];
	unsigned n_hosts;
	struct fsv_plan_opt opt;
	unsigned scores, failures;
};

static const char *golden_folder(void)
{
	static char folder[400];
	const char *shared = getenv("FSV_SHARED");

	snprintf(folder, sizeof(folder), "%s/golden", shared ? shared : "../shared");
	return access(folder, R_OK) == 0 ? folder : NULL;
}

static struct fsv_str read_all(FILE *f, struct fsv_arena *arena)
{
	struct fsv_buf b;
	size_t n;

	fsv_buf_init(&b, arena, 0);
	while (f && (n = fread(fsv_buf_room(&b, 65536), 1, 65536, f)) > 0)
		b.n += n;
	return fsv_buf_str(&b);
}

/* The file, or what gzip unpacks of the file with .gz behind its name. */
static struct fsv_str slurp(struct scenario *s, const char *name)
{
	char command[1200];
	struct fsv_str text;
	FILE *f;

	snprintf(command, sizeof(command), "%s/%s", s->folder, name);
	f = fopen(command, "re");
	if (f) {
		text = read_all(f, &s->arena);
		fclose(f);
		return text;
	}
	snprintf(command, sizeof(command), "gzip -dc '%s/%s.gz'", s->folder, name);
	f = popen(command, "re");
	text = read_all(f, &s->arena);
	assert_int_equal(pclose(f), 0);
	return text;
}

static struct fsv_plan *load(struct scenario *s, const char *folder, struct fsv_str party, bool guest)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_package package;
	struct fsv_plan *plan = NULL;
	char path[800], name[1100] = "";
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "%s/%s/.fate", s->folder, folder);
	d = opendir(path);
	assert_non_null(d);
	while ((e = readdir(d)))
		if (strncmp(e->d_name, "model_", 6) == 0)
			snprintf(name, sizeof(name), "%s/.fate/%s", folder, e->d_name);
	closedir(d);
	s->opt.guest = guest;
	s->opt.party_id = party;
	s->opt.n_partners = s->n_hosts;
	if (fsv_package_parse(slurp(s, name), &s->arena, &package, &err) < 0 ||
	    fsv_plan_compile(&package, &s->opt, &plan, &err) < 0)
		fail_msg("%s/%s: %s", s->name, folder, err.text);
	return plan;
}

static struct fsv_json_node *parse(struct scenario *s, struct fsv_str text)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_json_node *root;

	if (fsv_json_parse(text, &s->arena, false, &root, &err) < 0)
		fail_msg("%s: %s", s->name, err.text);
	return root;
}

/* Member of an object as it is written; empty when there is none. */
static struct fsv_str member(struct fsv_str object, const char *name, struct fsv_arena *arena)
{
	struct fsv_str key, span, found = FSV_STR_NULL;
	struct fsv_json j;

	fsv_json_init(&j, object, arena);
	if (object.n == 0 || fsv_json_value(&j) != FSV_JSON_OBJECT)
		return found;
	while (fsv_json_key(&j, &key)) {
		fsv_json_skip(&j, &span);
		if (fsv_str_is(key, name))
			found = span;
	}
	return found;
}

static void load_people(struct scenario *s, struct host *h, struct fsv_str features)
{
	struct fsv_str key, span;
	struct fsv_json j;

	fsv_map_init(&h->people);
	fsv_json_init(&j, member(features, fsv_arena_cstr(&s->arena, h->party), &s->arena), &s->arena);
	assert_int_equal(fsv_json_value(&j), FSV_JSON_OBJECT);
	while (fsv_json_key(&j, &key)) {
		struct fsv_str *kept = FSV_ARENA_NEW(&s->arena, struct fsv_str);

		fsv_json_skip(&j, &span);
		*kept = span;
		fsv_map_put(&h->people, key, kept);
	}
}

static void open_scenario(struct scenario *s, const char *root, const char *name)
{
	struct fsv_str names[HOSTS_MAX], features, split;
	const struct fsv_json_node *about, *config;
	uint32_t order[HOSTS_MAX];
	char folder[64];

	*s = (struct scenario){ .name = name };
	snprintf(s->folder, sizeof(s->folder), "%s/%s", root, name);
	fsv_arena_init(&s->arena, 1 << 20);
	about = parse(s, slurp(s, "about.json"));
	config = fsv_json_get(about, "serverConfig");
	s->opt.lr_parallel = fsv_str_is(fsv_json_get_str(config, "lr.use.parallel"), "true");
	split = fsv_json_get_str(config, "lr.split.size");
	s->opt.lr_split = split.n > 0 ? (unsigned)strtoul(fsv_arena_cstr(&s->arena, split), NULL, 10) : 500;
	for (const struct fsv_json_node *h = fsv_json_get(about, "hosts")->first; h; h = h->next)
		names[s->n_hosts++] = h->text;
	fsv_java_order(names, s->n_hosts, 16, order);
	features = slurp(s, "features.json");
	for (unsigned i = 0; i < s->n_hosts; i++) {
		s->hosts[i].party = names[order[i]];
		load_people(s, &s->hosts[i], features);
		snprintf(folder, sizeof(folder), "host-%.*s", FSV_STR_ARG(s->hosts[i].party));
		s->hosts[i].plan = load(s, folder, names[order[i]], false);
	}
	s->guest = load(s, "guest", fsv_json_get_str(about, "guest"), true);
}

static void close_scenario(struct scenario *s)
{
	for (unsigned i = 0; i < s->n_hosts; i++) {
		fsv_plan_free(s->hosts[i].plan);
		fsv_map_done(&s->hosts[i].people);
	}
	fsv_plan_free(s->guest);
	fsv_arena_done(&s->arena);
}

/* The host's features of a person as its feature service tells them; empty when it knows nobody. */
static struct fsv_str person(const struct host *h, struct fsv_str remote, struct fsv_arena *arena)
{
	struct fsv_str id = member(remote, "device_id", arena);
	const struct fsv_str *features;
	struct fsv_json j;

	if (id.n == 0)
		return FSV_STR_NULL;
	fsv_json_init(&j, id, arena);
	fsv_json_value(&j);
	features = fsv_map_get(&h->people, j.text);
	return features && member(*features, "$answer", arena).n == 0 ? *features : FSV_STR_NULL;
}

/* Local part of a host. False when the person is unknown: that is not the plan's affair. */
static bool ask(const struct host *h, struct fsv_str remote, bool row, struct fsv_arena *arena,
		struct fsv_remote *answer)
{
	struct fsv_buf *out = FSV_ARENA_NEW(arena, struct fsv_buf);
	struct fsv_str features = person(h, remote, arena);
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_row *local;
	struct fsv_jsonw w;

	if (features.n == 0)
		return false;
	/* Batch rows without features are marked "no feature" by the server. */
	if (row && fsv_str_eq(features, FSV_STR("{}")))
		return false;
	fsv_buf_init(out, arena, 0);
	fsv_jsonw_init(&w, out);
	fsv_jsonw_begin(&w, '{');
	*answer = (struct fsv_remote){ .party_id = h->party };
	if (fsv_plan_local(h->plan, features, arena, &local, &err) < 0 ||
	    fsv_plan_write_local(h->plan, local, false, &w, &err) < 0)
		answer->retcode = fsv_err_fate(err.code);
	fsv_jsonw_end(&w, '}');
	answer->data = fsv_buf_str(out);
	return true;
}

/* What an answer says of a person, each as it is spelt. */
struct told {
	struct fsv_str score, label, rate;
};

static struct told told(struct fsv_str data, struct fsv_arena *arena)
{
	return (struct told){
		member(data, "score", arena), member(data, "label", arena), member(data, "guestInputDataHitRate", arena),
	};
}

static bool same(const struct told *a, const struct told *b)
{
	return fsv_str_eq(a->score, b->score) && fsv_str_eq(a->label, b->label) && fsv_str_eq(a->rate, b->rate);
}

/* One row: what is the answer's code, and what does it say? */
static bool score(struct scenario *s, struct fsv_str features, struct fsv_str remote, bool row,
		  struct fsv_arena *arena, int *ret_code, struct told *ret_told)
{
	struct fsv_buf *out = FSV_ARENA_NEW(arena, struct fsv_buf), sent;
	struct fsv_remote remotes[HOSTS_MAX];
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_row *local = NULL;
	struct fsv_merge merge;
	struct fsv_jsonw w;
	int r;

	/* The proxy drops nulls on the way to the guest, featureData itself included. */
	fsv_buf_init(&sent, arena, 0);
	if (features.n > 0 && !fsv_str_is(features, "null"))
		assert_int_equal(fsv_json_reencode(features, true, arena, &sent, &err), 0);
	else
		fsv_buf_puts(&sent, "{}");
	for (unsigned i = 0; i < s->n_hosts; i++)
		if (!ask(&s->hosts[i], remote, row, arena, &remotes[i]))
			return false;
	r = fsv_plan_local(s->guest, fsv_buf_str(&sent), arena, &local, &err);
	if (r < 0 && !row) {
		*ret_code = fsv_err_fate(err.code);
		return true;
	}
	fsv_buf_init(out, arena, 0);
	fsv_jsonw_init(&w, out);
	fsv_jsonw_begin(&w, '{');
	r = fsv_plan_merge(s->guest, r < 0 ? NULL : local, remotes, s->n_hosts, arena, &w, &merge, &err);
	fsv_jsonw_end(&w, '}');
	*ret_code = r < 0 ? fsv_err_fate(err.code) : merge.retcode;
	*ret_told = told(fsv_buf_str(out), arena);
	return true;
}

static void check_row(struct scenario *s, int line, struct fsv_str request, struct fsv_str answer, bool row,
		      struct fsv_arena *arena)
{
	struct fsv_str code = member(answer, "retcode", arena);
	struct told got = { FSV_STR_NULL, FSV_STR_NULL, FSV_STR_NULL }, want = told(member(answer, "data", arena), arena);
	struct fsv_str features = member(request, "featureData", arena);
	int got_code = 0, want_code = (int)strtol(fsv_arena_cstr(arena, code), NULL, 10);

	/* Only codes that a plan decides about: the others are the server's. */
	if (want_code != 0 && want_code != 110 && want_code != 108 && want_code != 2110)
		return;
	if (!score(s, features, member(request, "sendToRemoteFeatureData", arena), row, arena, &got_code, &got)) {
		/* Nobody there: the host's server answers for it. */
		assert_int_not_equal(want_code, 0);
		return;
	}
	if (got_code != want_code || !same(&got, &want))
		fail_msg("%s line %d: got %d %.*s %.*s, want %d %.*s %.*s (%.*s)", s->name, line, got_code,
			 FSV_STR_ARG(got.score), FSV_STR_ARG(got.label), want_code, FSV_STR_ARG(want.score),
			 FSV_STR_ARG(want.label), FSV_STR_ARG(features));
	s->scores += want_code == 0;
	s->failures += want_code != 0;
}

static void check_line(struct scenario *s, int n, struct fsv_str line, struct fsv_arena *arena)
{
	const struct fsv_json_node *root = parse(s, line);
	struct fsv_str body = member(member(line, "request", arena), "body", arena);
	struct fsv_str answer = fsv_json_get_str(root, "responseText");
	struct fsv_str rows, results;
	struct fsv_json j, k;

	if (body.n == 0 || answer.n == 0 || fsv_json_get(root, "alsoRetcode"))
		return;
	if (fsv_str_is(fsv_json_get_str(root, "kind"), "single")) {
		check_row(s, n, body, answer, false, arena);
		return;
	}
	rows = member(body, "batchDataList", arena);
	results = member(answer, "batchDataList", arena);
	fsv_json_init(&j, rows, arena);
	if (rows.n == 0 || fsv_json_value(&j) != FSV_JSON_ARRAY)
		return;
	while (fsv_json_elem(&j)) {
		struct fsv_str row, result;

		fsv_json_skip(&j, &row);
		fsv_json_init(&k, results, arena);
		if (fsv_json_value(&k) != FSV_JSON_ARRAY)
			return;
		while (fsv_json_elem(&k)) {
			fsv_json_skip(&k, &result);
			if (fsv_str_eq(member(row, "index", arena), member(result, "index", arena)))
				check_row(s, n, row, result, true, arena);
		}
	}
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of the folder's scenarios, in the arena: those of trees, or the others. */
static size_t list_scenarios(const char *root, bool trees, struct fsv_arena *arena, const char **names)
{
	DIR *d = opendir(root);
	struct dirent *e;
	size_t n = 0;

	assert_non_null(d);
	while ((e = readdir(d))) {
		const char *about = fsv_arena_printf(arena, "%s/%s/about.json", root, e->d_name);

		if ((strncmp(e->d_name, "sbt-", 4) == 0) != trees || access(about, R_OK) < 0)
			continue;
		assert_in_range(n, 0, SCENARIOS_MAX - 1);
		names[n++] = fsv_arena_cstr(arena, fsv_str(e->d_name));
	}
	closedir(d);
	if (n > 0)
		qsort(names, n, sizeof(*names), compare_names);
	return n;
}

static void run_scenario(const char *root, const char *name)
{
	struct fsv_arena arena;
	struct fsv_str all;
	struct scenario s;
	size_t at = 0;
	int n = 1;

	open_scenario(&s, root, name);
	fsv_arena_init(&arena, 1 << 20);
	all = slurp(&s, "requests.jsonl");
	for (; at < all.n; n++) {
		size_t end = fsv_str_find(all, '\n', at);

		check_line(&s, n, fsv_str_sub(all, at, end), &arena);
		fsv_arena_reset(&arena);
		at = end + 1;
	}
	print_message("%s: %u scores, %u failures\n", s.name, s.scores, s.failures);
	assert_in_range(s.scores, 100, 10000);
	assert_in_range(s.failures, 1, 10000);
	fsv_arena_done(&arena);
	close_scenario(&s);
}

/* All lines of all of them; each must have some scores and some failures. */
static void check_scenarios(bool trees, size_t at_least)
{
	const char *root = golden_folder(), *names[SCENARIOS_MAX];
	struct fsv_arena arena;
	size_t n;

	if (!root)
		skip();
	fsv_arena_init(&arena, 0);
	n = list_scenarios(root, trees, &arena, names);
	assert_in_range(n, at_least, SCENARIOS_MAX);
	for (size_t i = 0; i < n; i++)
		run_scenario(root, names[i]);
	fsv_arena_done(&arena);
}

#endif
